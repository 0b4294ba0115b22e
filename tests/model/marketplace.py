"""The marketplace under a random crowd: each rule is something that somebody tries over HTTP.

A step draws who asks for what, and in which manner; `rules.judge` says what must come of it; then the program is asked,
and everything that it shows is held against the model: the answer, the agreement and all that belongs to it, revisions,
who did what, and the records of the trail.
"""

import os
from collections import Counter
from collections.abc import Callable
from itertools import count
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from tests import world
from tests.model import rules
from tests.model.deal import Deal, Draft, Holding, Order, Thing
from tests.model.market import (
    BY_DEFAULT,
    BY_LIST_PRICE,
    EVERYBODY,
    ITEMS,
    LICENSEES,
    OPERATIONS,
    THREE_YEARS,
    USAGE,
    VENDORS,
    Somebody,
)
from tests.model.rules import Body, Refused, Request
from tests.model.views import document_of, expected, seen, without_what_passes
from tests.serving import Reply, Served

ORDERS = "/commerce/orders"
RUN = os.urandom(4).hex()
KEYS = count(1)
"""Keys of this run are not those of an earlier one."""

# Strategies -------------------------------------------------------------------------------------------


def one_of(*choices: Any) -> st.SearchStrategy[Any]:
    """One of these; what is there twice comes twice as often."""
    return st.sampled_from(choices)


PARTIES = st.sampled_from([EVERYBODY[name] for name in EVERYBODY])
MANNERS = one_of("plain", "plain", "plain", "exact", "stale", "repeated", "rehearsed")
"""Simply, for one revision, for a revision that is no longer, twice under one key, or tried dry before."""

MOSTLY = one_of(True, True, True, False)
"""Whether the one who may do it asks, or whoever was drawn."""

QUANTITIES = one_of(1, 1, 3, 10, 0, -2, 999_999, None, "ten")
ITEM_CHOICES = one_of(*ITEMS, *ITEMS, "ITM-0000-0000-0000")
GOOD_ITEMS = one_of(
    world.YEARLY, world.YEARLY, world.MONTHLY, world.ONCE, THREE_YEARS, BY_LIST_PRICE, BY_DEFAULT, USAGE
)
COMPANIES = one_of("Northwind", "Contoso", None)
WORDS = one_of(None, "a", "b", "Zażółć ☂ <b>", "x" * (rules.LONGEST + 1))

optional = st.one_of


def some(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[Body]:
    """An object with some of these members."""
    return st.fixed_dictionaries({}, optional=members)


def new_lines(items: st.SearchStrategy[str], quantities: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Body]]:
    """Lines of a new order, as a client writes them."""
    entry = st.fixed_dictionaries({"item": items.map(world.refer), "quantity": quantities})
    return st.lists(entry, max_size=4)


ANSWERS = st.lists(
    st.one_of(
        st.fixed_dictionaries({"externalId": st.just("company"), "value": COMPANIES}),
        st.fixed_dictionaries({"externalId": one_of("note", "secret", "nonsense"), "value": one_of("n", "m", None)}),
    ),
    max_size=2,
    unique_by=lambda entry: entry["externalId"],
)
OBJECTIONS = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {"externalId": one_of("company", "note")}, optional={"error": one_of(None, {"message": "No."})}
        ),
        st.fixed_dictionaries(
            {"externalId": one_of("company", "note", "secret")},
            optional={
                "value": one_of("by the vendor", None),
                "constraints": some(hidden=st.booleans(), required=st.booleans()),
            },
        ),
    ),
    max_size=2,
    unique_by=lambda entry: entry["externalId"],
)
NOTED = st.lists(
    st.fixed_dictionaries(
        {"externalId": one_of("customerId", "customerId", "nonsense")},
        optional={"value": one_of("C-1", None), "constraints": some(required=st.booleans())},
    ),
    max_size=1,
)
LINE_PICKS = st.lists(st.tuples(st.integers(0, 5), ITEM_CHOICES, QUANTITIES, st.booleans()), max_size=4)
"""Which line (or a new one of an item), how many, and whether by its id."""
PRICES = st.one_of(
    some(unitPP=one_of(118.5, 0.335, 0, 1000, -1)),
    some(unitSP=one_of(150, 99.99, 0), unitPP=st.just(118.5)),
    some(markup=one_of(25, 7.125, 0, -100, -101)),
    some(margin=one_of(20, 33.3333, 100)),
)
EXTERNAL_IDS = some(**{actor: one_of("A-1", "A-2") for actor in ("client", "vendor", "operations")})


class Marketplace(RuleBasedStateMachine):
    """Deals under way, as the model has them, beside the program that has them too."""

    served: ClassVar[Served]
    steps: ClassVar[int] = 0
    requests: ClassVar[int] = 0
    outcomes: ClassVar[Counter[tuple[str, int]]] = Counter()
    """How often each verb came to each answer."""
    watchers: ClassVar[list[Callable[[], None]]] = []
    """Who is told of each step."""

    orders = Bundle("orders")
    """The key of each order that was begun."""

    def __init__(self) -> None:
        super().__init__()
        self.deals: list[Deal] = []
        self.sound = True
        """Nothing differed so far."""

    # Rules: the life of an order ------------------------------------------------------------------

    @initialize(
        target=orders,
        wanted=st.lists(
            st.tuples(one_of("client", "other client"), one_of("Draft", "Draft", "Processing"), st.booleans()),
            min_size=2, max_size=4,
        ),
    )  # fmt: skip
    def open_market(self, wanted: list[tuple[str, str, bool]]) -> Any:
        """A few purchases of several clients, from several vendors, that may be placed as they are."""
        keys = []
        for who, status, second in wanted:
            product = world.OTHER_PRODUCT if second else world.PRODUCT
            licensee = world.LICENSEE if who == "client" else world.OTHER_LICENSEE
            body = world.purchase(product=product, licensee=licensee, status=status)
            keys.append(self.begin(EVERYBODY[who], body, "plain"))
        return multiple(*keys)

    @rule(order=orders, manner=MANNERS, objects=st.booleans())
    def go_on(self, order: int, manner: str, objects: bool) -> None:
        """Whoever has to do the next step of an order does it, and does it right."""
        found = self.find(order)
        if found.status in ("Draft", "Quoted", "Querying"):
            answers = [{"externalId": "company", "value": "Fabrikam"}, {"externalId": "note", "value": "as asked"}]
            body: Body = {"parameters": {"ordering": answers}}
            self.ask(Request(self.whose(order, "client", True, OPERATIONS), "process", order, body=body), manner)
        elif found.status == "Processing" and any(line.draft is None for line in found.lines):
            self.map_all(order, manner, split=False)
        elif found.status == "Processing":
            last = [{"externalId": "company", "error": {"message": "Spelt wrongly."}}] if objects else []
            noted = {"parameters": {"ordering": last, "fulfillment": [{"externalId": "customerId", "value": "C-7"}]}}
            self.ask(Request(self.vendor_of(order), "complete", order, body=noted), manner)

    @rule(
        target=orders,
        who=one_of(*[EVERYBODY[name] for name in ("client", "client", "other client", "restricted")]),
        product=one_of(world.PRODUCT, world.PRODUCT, world.OTHER_PRODUCT),
        status=one_of("Draft", "Draft", "Quoted", "Processing"),
        lines=new_lines(GOOD_ITEMS, one_of(1, 3, 10)),
        company=COMPANIES,
        second=st.booleans(),
        manner=MANNERS,
    )
    def buy(
        self,
        who: Somebody,
        product: str,
        status: str,
        lines: list[Body],
        company: str | None,
        second: bool,
        manner: str,
    ) -> Any:
        """A client begins a purchase that mostly can be placed."""
        licensees = [each for each, (account, _) in LICENSEES.items() if account == who.account]
        wanted = {each["item"]["id"]: each for each in lines}
        mine = [
            each | {"item": world.refer(each["item"]["id"].replace("5001-0001", product[4:]))}
            for each in wanted.values()
        ]
        ordering = [{"externalId": "company", "value": company}]
        body = world.purchase(product=product, licensee=licensees[second and -1], status=status, lines=mine,
                              parameters={"ordering": ordering})  # fmt: skip
        return self.begin(who, body, manner)

    @rule(
        target=orders,
        who=PARTIES,
        licensee=one_of(*LICENSEES, "LCE-0000-0000-0000"),
        product=one_of(*VENDORS, "PRD-0000-0000"),
        status=one_of("Draft", "Quoted", "Processing", "Completed"),
        lines=new_lines(ITEM_CHOICES, QUANTITIES),
        more=some(notes=WORDS, comments=WORDS, externalIds=EXTERNAL_IDS),
        answers=ANSWERS,
        manner=MANNERS,
    )
    def buy_anything(
        self, who: Somebody, licensee: str, product: str, status: str, lines: list[Body], more: Body, answers: list[Body],
        manner: str,
    ) -> Any:  # fmt: skip
        """Anybody tries to buy whatever there is, or is not."""
        body = world.purchase(product=product, licensee=licensee, status=status, lines=lines,
                              parameters={"ordering": answers}, **more)  # fmt: skip
        return self.begin(who, body, manner)

    @rule(
        order=orders,
        who=PARTIES,
        mine=MOSTLY,
        verb=one_of("edit", "edit", "validate", "quote"),
        body=some(
            notes=WORDS, comments=WORDS, status=st.just("Completed"), externalIds=EXTERNAL_IDS,
            parameters=some(ordering=ANSWERS),
        ),
        lines=st.none() | LINE_PICKS,
        manner=MANNERS,
    )  # fmt: skip
    def write(self, order: int, who: Somebody, mine: bool, verb: str, body: Body, lines: Any, manner: str) -> None:
        """Somebody writes on an order, by itself or while asking for an offer."""
        self.ask(
            Request(self.whose(order, "client", mine, who), verb, order, body=body | self.lines_wanted(order, lines)),
            manner,
        )

    @rule(
        order=orders,
        who=one_of(EVERYBODY["vendor"], EVERYBODY["other vendor"], OPERATIONS),
        body=some(
            comments=WORDS, externalIds=EXTERNAL_IDS, error=one_of(None, {"message": "Why?"}),
            parameters=some(ordering=OBJECTIONS, fulfillment=NOTED),
        ),
        prices=st.none() | st.lists(st.tuples(st.integers(0, 4), PRICES), max_size=3),
        manner=MANNERS,
    )  # fmt: skip
    def work(self, order: int, who: Somebody, body: Body, prices: Any, manner: str) -> None:
        """A vendor notes what comes of it and sets its prices; Operations set theirs."""
        found = self.find(order)
        if prices is not None:
            ids = [self.deal_of(order).line_id(line) for line in found.lines] + ["ALI-0000-0000-0000-0001"]
            body = body | {"lines": [{"id": ids[at % len(ids)], "price": each} for at, each in prices]}
        self.ask(Request(who, "edit", order, body=body), manner)

    @rule(order=orders, who=PARTIES, mine=MOSTLY, answers=st.none() | ANSWERS, manner=MANNERS)
    def process(self, order: int, who: Somebody, mine: bool, answers: Any, manner: str) -> None:
        """Somebody places an order, or puts it back to the vendor."""
        body = {} if answers is None else {"parameters": {"ordering": answers}}
        self.ask(Request(self.whose(order, "client", mine, who), "process", order, body=body), manner)

    @rule(
        order=orders,
        who=PARTIES,
        mine=MOSTLY,
        body=some(
            parameters=some(ordering=OBJECTIONS, fulfillment=NOTED), error=one_of(None, {"message": "Why?"}),
        ),
        text=one_of(None, None, 1, 2, rules.QUESTION),
        manner=MANNERS,
    )  # fmt: skip
    def query(self, order: int, who: Somebody, mine: bool, body: Body, text: int | None, manner: str) -> None:
        """A vendor asks back, in its own words or in the product's."""
        if text is not None:
            body = body | {"template": {"id": self.deal_of(order).text(text)}}
        self.ask(Request(self.whose(order, "vendor", mine, who), "query", order, body=body), manner)

    @rule(
        order=orders,
        who=PARTIES,
        mine=MOSTLY,
        body=some(parameters=some(ordering=OBJECTIONS, fulfillment=NOTED)),
        manner=MANNERS,
    )
    def complete(self, order: int, who: Somebody, mine: bool, body: Body, manner: str) -> None:
        """A vendor says that it has delivered."""
        self.ask(Request(self.whose(order, "vendor", mine, who), "complete", order, body=body), manner)

    @rule(
        order=orders,
        who=PARTIES,
        mine=st.booleans(),
        reason=one_of({"message": "Out of stock."}, {"message": "Out of stock."}, None, {}, {"message": " "},
                      {"message": "x" * (rules.LONGEST + 1)}),
        manner=MANNERS,
    )  # fmt: skip
    def fail(self, order: int, who: Somebody, mine: bool, reason: Body | None, manner: str) -> None:
        """Somebody gives an order up for a reason."""
        who = self.whose(order, "vendor", mine, who)
        self.ask(Request(who, "fail", order, body={} if reason is None else {"statusNotes": reason}), manner)

    @rule(order=orders, who=PARTIES, manner=MANNERS)
    def delete(self, order: int, who: Somebody, manner: str) -> None:
        """Somebody deletes it."""
        self.ask(Request(who, "delete", order), manner)

    @rule(order=orders, who=PARTIES, user=one_of(world.USER, world.USER, "USR-0000-0000", None), manner=MANNERS)
    def notify(self, order: int, who: Somebody, user: str | None, manner: str) -> None:
        """Somebody wants somebody told."""
        self.ask(Request(who, "notify", order, body={"userId": user}), manner)

    # Rules: what the vendor prepares --------------------------------------------------------------

    @rule(order=orders, manner=MANNERS, split=st.booleans())
    def prepare(self, order: int, manner: str, split: bool) -> None:
        """The vendor of an order maps every line of it."""
        self.map_all(order, manner, split=split)

    def map_all(self, order: int, manner: str, *, split: bool) -> None:
        """Lines of the same terms to one subscription or asset, or the first of them to one of its own."""
        for terms in sorted({(line.item.period, line.item.counted) for line in self.find(order).lines}):
            found, deal = self.find(order), self.deal_of(order)
            free = [
                line for line in found.lines if (line.item.period, line.item.counted) == terms and line.draft is None
            ]
            verb = "add asset" if terms[0] == "one-time" else "add subscription"
            for part in [free[:1], free[1:]] if split else [free]:
                if part:
                    body = {"name": f"For {terms[0]}", "lines": [world.refer(deal.line_id(line)) for line in part]}
                    self.ask(Request(self.vendor_of(order), verb, order, body=body), manner)

    @rule(
        order=orders,
        who=PARTIES,
        mine=MOSTLY,
        kind=one_of("subscription", "asset"),
        name=one_of("One", "Two", None),
        picks=st.lists(st.integers(0, 5), max_size=3, unique=True),
        manner=MANNERS,
    )
    def add(
        self, order: int, who: Somebody, mine: bool, kind: str, name: str | None, picks: list[int], manner: str
    ) -> None:
        """Somebody maps some lines to something new, whether or not they fit."""
        body: Body = {"lines": self.lines_picked(order, picks)}
        if name is not None:
            body["name"] = name
        self.ask(Request(self.whose(order, "vendor", mine, who), f"add {kind}", order, body=body), manner)

    @rule(
        order=orders,
        who=PARTIES,
        mine=MOSTLY,
        at=st.integers(0, 3),
        body=some(name=one_of("Three", "Four"), externalIds=EXTERNAL_IDS),
        picks=st.none() | st.lists(st.integers(0, 5), max_size=3, unique=True),
        manner=MANNERS,
    )
    def edit_draft(
        self, order: int, who: Somebody, mine: bool, at: int, body: Body, picks: list[int] | None, manner: str
    ) -> None:
        """Somebody corrects what the vendor prepared."""
        if picks is not None:
            body = body | {"lines": self.lines_picked(order, picks)}
        self.ask_of_draft(self.whose(order, "vendor", mine, who), "edit", order, at, body, manner)

    @rule(order=orders, who=PARTIES, at=st.integers(0, 3), manner=MANNERS)
    def drop_draft(self, order: int, who: Somebody, at: int, manner: str) -> None:
        """Somebody takes back what the vendor prepared."""
        self.ask_of_draft(who, "drop", order, at, {}, manner)

    # Rules: reading -------------------------------------------------------------------------------

    @rule(order=orders, who=PARTIES)
    def look(self, order: int, who: Somebody) -> None:
        """Somebody looks at an order and everything around it."""
        deal = self.deal_of(order)
        for thing in deal.things():
            self.hold(deal, thing, who)
        for draft in deal.order(order).drafts:
            if draft.id not in {each.id for each in deal.holdings}:
                path = "subscriptions" if draft.kind == "OrderSubscription" else "assets"
                assert self.send(who, "GET", f"/commerce/{path}/{draft.id}").status == 404, "not live yet"

    @rule(who=PARTIES, state=one_of("Draft", "Quoted", "Processing", "Querying", "Completed", "Failed", "Deleted"))
    def list_orders(self, who: Somebody, state: str) -> None:
        """Somebody lists orders: their own, and no others."""
        mine = [(each, deal) for deal in self.deals for each in deal.orders]
        if not mine:
            return
        among = f"in(id,({','.join(order.id for order, _ in mine)}))"
        visible = [order for order, deal in mine if deal.seen_by(who)]
        for question, wanted in (
            ("", visible),
            (f"&eq(status,{state.lower()})", [each for each in visible if each.status == state]),
            (f"&ne(status,{state})", [each for each in visible if each.status != state]),
        ):
            page = document_of(self.send(who, "GET", f"{ORDERS}?{among}{question}&order=id&limit=1000"))
            assert [each["id"] for each in page["data"]] == sorted(each.id for each in wanted)
            assert page["$meta"]["pagination"]["total"] == len(wanted)

    @rule(order=orders, who=PARTIES)
    def read_trail(self, order: int, who: Somebody) -> None:
        """Somebody reads what happened."""
        self.hold_trail(self.deal_of(order), who)

    def teardown(self) -> None:
        """In the end everybody looks at everything, Operations at least, and the trail is whole."""
        for deal in self.deals if self.sound else ():
            self.hold_all(deal)
            self.hold_trail(deal, OPERATIONS)

    # What bodies name -----------------------------------------------------------------------------

    def lines_wanted(self, order: int, picks: list[tuple[int, str, Any, bool]] | None) -> Body:
        """The set of lines that a client sends: some of what is there, some that are new."""
        if picks is None:
            return {}
        deal = self.deal_of(order)
        ids = [deal.line_id(line) for line in self.find(order).lines]
        entries: list[Body] = []
        for at, wanted, quantity, by_id in picks:
            entry: Body = {"item": world.refer(wanted)}
            if by_id:
                entry = {"id": ids[at % len(ids)] if ids and at < 5 else "ALI-0000-0000-0000-0001"}
            entries.append(entry if quantity is None else entry | {"quantity": quantity})
        return {"lines": entries}

    def lines_picked(self, order: int, picks: list[int]) -> list[Body]:
        """Lines by where they stand; beyond the last there is one that is nobody's."""
        deal = self.deal_of(order)
        ids = [deal.line_id(line) for line in self.find(order).lines]
        return [world.refer(ids[at] if at < len(ids) else f"ALI-0000-0000-0000-000{at}") for at in picks]

    def whose(self, order: int, actor: str, mine: bool, otherwise: Somebody) -> Somebody:
        """The order's own client or vendor, or whoever was drawn."""
        if not mine:
            return otherwise
        parties = [each for each in EVERYBODY.values() if each.actor == actor and self.deal_of(order).seen_by(each)]
        return parties[0]

    def vendor_of(self, order: int) -> Somebody:
        """Whose product it is."""
        return self.whose(order, "vendor", True, OPERATIONS)

    def deal_of(self, order: int) -> Deal:
        """The deal to which an order belongs."""
        return next(deal for deal in self.deals if any(each.key == order for each in deal.orders))

    def find(self, order: int) -> Order:
        """The order as it is now."""
        return self.deal_of(order).order(order)

    # Asking ---------------------------------------------------------------------------------------

    def begin(self, who: Somebody, body: Body, manner: str) -> Any:
        """A new order: its key for other rules to go on with, unless it was refused."""

        def judged() -> tuple[Deal, Thing]:
            return rules.buy(who, body)

        found = self.attempt(Request(who, "buy", body=body), ORDERS, "POST", judged, None, manner)
        return multiple() if found is None else found.key

    def ask(self, request: Request, manner: str) -> None:
        """Something that is asked of an order."""
        assert request.order is not None
        deal, order = self.deal_of(request.order), self.find(request.order)
        method, path = WAY[request.verb]
        if request.verb.startswith("add") and manner == "stale":
            manner = "plain"  # what is yet to be made has no revision
        request.stale = manner == "stale"
        drafts = {each.key: each.id for each in order.drafts}
        where = f"{ORDERS}/{order.id}{path}".replace("{draft}", drafts.get(request.draft or 0, "-"))

        def judged() -> tuple[Deal, Thing]:
            return rules.judge(deal, request)

        target = deal.find(request.draft) if request.draft else order
        self.attempt(request, where, method, judged, target, manner)

    def ask_of_draft(self, who: Somebody, verb: str, order: int, at: int, body: Body, manner: str) -> None:
        """Something that is asked of a subscription or asset within an order, if there is one."""
        drafts = self.find(order).drafts
        if drafts:
            draft = drafts[at % len(drafts)]
            word = "subscription" if draft.kind == "OrderSubscription" else "asset"
            self.ask(Request(who, f"{verb} {word}", order, draft.key, body), manner)

    def attempt(
        self,
        request: Request,
        path: str,
        method: str,
        judged: Callable[[], tuple[Deal, Thing]],
        target: Thing | None,
        manner: str,
    ) -> Thing | None:
        """Judges, asks in the manner given, and holds what comes of it; gives the thing where it was done."""
        try:
            after, shown = judged()
            wanted, refused = SUCCESS.get(request.verb, 200), None
        except Refused as refusal:
            after, shown, wanted, refused = None, None, refusal.status, refusal
        self.sound = False
        body = None if method == "DELETE" else request.body
        headers: dict[str, str] = {}
        if target is not None and manner in ("exact", "stale"):
            headers["if_match"] = f'"{target.history.revision + (manner == "stale")}"'
        if manner == "repeated":
            headers["idempotency_key"] = f"{RUN} {next(KEYS)}"

        def send(what: Body | None = body, **more: str) -> Reply:
            return self.send(request.who, method, path, what, **headers, **more)

        sent = str(request.body).replace("x" * rules.LONGEST, "x…")
        context = (request.who.name, request.verb, manner, path, sent, refused)
        dry = None
        if manner == "rehearsed":
            dry = send(prefer="dry-run")
            assert dry.status == wanted, (*context, dry.status, dry.json)
            assert wanted >= 300 or dry.headers["preference-applied"] == "dry-run"
            if target is not None:
                self.hold_all(self.deal_with(target))
        reply = send()
        assert reply.status == wanted, (*context, reply.status, reply.json)
        self.outcomes[request.verb, wanted] += 1
        if manner == "repeated":
            again = send()
            assert again.status == wanted, (*context, again.status, again.json)
            if refused is None:
                assert again.body == reply.body and again.headers["idempotent-replayed"] == "true"
                other = send({**(body or {}), "notes": "something else"})
                assert other.status == 422, (*context, other.status)
        if refused is not None:
            problem = document_of(reply)
            assert problem["status"] == wanted and problem["title"] and problem["traceId"]
            assert set(problem.get("errors", {})) == refused.paths, (*context, problem)
            if target is not None:
                self.hold_all(self.deal_with(target))
            self.sound = True
            return None
        assert after is not None and shown is not None
        self.keep(after, shown, reply)
        if dry is not None and reply.body:
            assert without_what_passes(dry.json) == without_what_passes(reply.json), context
        if reply.body and after.find(shown.key):
            assert reply.etag == f'"{shown.history.revision}"'
            self.compare(after, shown, request.who, reply, context)
        self.hold_all(after)
        self.sound = True
        return shown

    def deal_with(self, thing: Thing) -> Deal:
        """The deal to which a thing belongs."""
        return next(deal for deal in self.deals if deal.find(thing.key))

    def keep(self, after: Deal, shown: Thing, reply: Reply) -> None:
        """The model goes on from here. Ids that the program drew are taken over from its answer."""
        document = document_of(reply) if reply.body else {}
        if not shown.id:
            shown.id = document["id"]
        if not after.agreement.id:
            after.agreement.id = document["agreement"]["id"]
        if isinstance(shown, Order):
            drawn = {line["id"]: line["asset"]["id"] for line in document.get("lines", []) if "asset" in line}
            for order in after.orders:
                for draft in order.drafts:
                    if not draft.id:  # made by completion for a line that is bought once
                        (line,) = order.lines_of(draft)
                        draft.id = drawn[after.line_id(line)]
                        draft.name = next(each["name"] for each in document["assets"] if each["id"] == draft.id)
                        (live,) = [each for each in after.holdings if each.lines == [line] and not each.id]
                        live.id, live.name = draft.id, draft.name
        self.deals = [each for each in self.deals if each.agreement.key != after.agreement.key] + [after]

    def send(self, who: Somebody, method: str, path: str, body: Body | None = None, **headers: str) -> Reply:
        """One request; nothing that is asked may ever be our own fault."""
        Marketplace.requests += 1
        reply = self.served.call(who.name, method, path, body, raw=None, **headers)
        assert reply.status < 500, (who.name, method, path, body, reply.status, reply.json)
        return reply

    # Holding --------------------------------------------------------------------------------------

    def hold_all(self, deal: Deal) -> None:
        """All of a deal, as Operations sees it."""
        for thing in deal.things():
            self.hold(deal, thing, OPERATIONS)

    def hold(self, deal: Deal, thing: Thing, who: Somebody) -> None:
        """One thing, as somebody sees it, or does not."""
        reply = self.send(who, "GET", path_of(deal, thing))
        if not deal.seen_by(who):
            assert reply.status == 404, (who.name, thing.kind, reply.status)
            return
        assert reply.status == 200, (who.name, thing.kind, thing.id, reply.json)
        self.compare(deal, thing, who, reply, (who.name, "GET", thing.kind))

    def compare(self, deal: Deal, thing: Thing, who: Somebody, reply: Reply, context: tuple[object, ...]) -> None:
        """What is shown is what must be."""
        wanted, found = expected(deal, thing, who), seen(document_of(reply), thing.kind)
        assert found.keys() == wanted.keys()
        different = {name: (wanted[name], found[name]) for name in wanted if wanted[name] != found[name]}
        assert not different, ("wanted, found", different, *context)

    def hold_trail(self, deal: Deal, who: Somebody) -> None:
        """Every change was told, once, with its revision and who made it; to nobody but the parties."""
        for thing in deal.things():
            query = f"eq(object.id,{thing.id})&eq(object.objectType,{thing.kind})&select=object,actor&limit=1000"
            records = document_of(self.send(who, "GET", f"/audit/records?{query}"))["data"]
            found = sorted(
                (each["object"]["revision"], each["event"].rpartition(".")[2], each["actor"]["id"]) for each in records
            )
            told = sorted((revision, event, by) for event, revision, by in thing.history.records)
            assert found == (told if deal.seen_by(who) else []), (who.name, thing.kind, told, found)

    @invariant()
    def counted(self) -> None:
        """A step is done."""
        Marketplace.steps += 1
        for told in Marketplace.watchers:
            told()


def path_of(deal: Deal, thing: Thing) -> str:
    """Where a thing is found."""
    if isinstance(thing, Order):
        return f"{ORDERS}/{thing.id}"
    if isinstance(thing, Draft):
        order = next(each for each in deal.orders if thing in each.drafts)
        return f"{ORDERS}/{order.id}/{'subscriptions' if thing.kind == 'OrderSubscription' else 'assets'}/{thing.id}"
    if isinstance(thing, Holding):
        return f"/commerce/{thing.kind.lower()}s/{thing.id}"
    return f"/commerce/agreements/{thing.id}"


WAY = {
    # verb               method    path below the order
    "edit":              ("PUT",    ""),
    "validate":          ("POST",   "/validate"),
    "quote":             ("POST",   "/quote"),
    "process":           ("POST",   "/process"),
    "query":             ("POST",   "/query"),
    "complete":          ("POST",   "/complete"),
    "fail":              ("POST",   "/fail"),
    "delete":            ("DELETE", ""),
    "notify":            ("POST",   "/notify"),
    "add subscription":  ("POST",   "/subscriptions"),
    "add asset":         ("POST",   "/assets"),
    "edit subscription": ("PUT",    "/subscriptions/{draft}"),
    "edit asset":        ("PUT",    "/assets/{draft}"),
    "drop subscription": ("DELETE", "/subscriptions/{draft}"),
    "drop asset":        ("DELETE", "/assets/{draft}"),
}  # fmt: skip

SUCCESS = {
    "buy": 201, "add subscription": 201, "add asset": 201,
    "delete": 204, "drop subscription": 204, "drop asset": 204, "notify": 204,
}  # fmt: skip
"""What a success says, where it is not 200."""
