"""The marketplace under a random crowd: each rule is something that somebody tries over HTTP.

A step draws who asks for what, and in which manner; `rules.judge` says what must come of it; then the program is asked,
and everything that it shows is held against the model: the answer, the agreement and all that belongs to it, revisions,
who did what, and the records of the trail.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, invariant, multiple, rule

from tests import world
from tests.model import rules
from tests.model.asking import ORDERS, Asking
from tests.model.command import Body, Request
from tests.model.deal import Deal
from tests.model.effect import TYPES
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
from tests.model.views import document_of

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

BEGINNINGS = one_of("Draft", "Draft", "Quoted", "Processing", "Processing", "Processing")
PICK = st.integers(0, 11)
"""Which one of what is there, however many that are."""


def pick[T](at: int, choices: Sequence[T]) -> T | None:
    """One of these, if there are any."""
    return choices[at % len(choices)] if choices else None


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


class Marketplace(Asking):
    """Deals under way, as the model has them, beside the program that has them too."""

    orders = Bundle("orders")
    """The key of each order that was begun."""

    # Rules: the life of an order ------------------------------------------------------------------

    @initialize(
        target=orders,
        wanted=st.lists(
            st.tuples(one_of("client", "other client"), one_of("Draft", "Processing", "live", "live"), st.booleans()),
            min_size=2, max_size=4,
        ),
    )  # fmt: skip
    def open_market(self, wanted: list[tuple[str, str, bool]]) -> Any:
        """A few purchases of several clients, from several vendors, that may be placed as they are, or are live."""
        keys = []
        for who, status, second in wanted:
            product = world.OTHER_PRODUCT if second else world.PRODUCT
            licensee = world.LICENSEE if who == "client" else world.OTHER_LICENSEE
            lines = [{"item": world.refer(f"ITM-{product[4:]}-000{n}"), "quantity": 10 * n} for n in (1, 2, 3)]
            begins = "Processing" if status == "live" else status
            body = world.purchase(product=product, licensee=licensee, status=begins, lines=lines)
            keys.append(self.begin(EVERYBODY[who], body, "plain"))
            if status == "live":
                self.map_all(keys[-1], "plain", split=False)
                self.ask(Request(self.vendor_of(keys[-1]), "complete", keys[-1]), "plain")
        return multiple(*keys)

    @rule(at=PICK, manner=MANNERS, objects=st.booleans())
    def go_on(self, at: int, manner: str, objects: bool) -> None:
        """Whoever has to do the next step of an order does it, and does it right."""
        under_way = [each for deal in self.deals for each in deal.orders if each.under_way]
        # what is before the vendor comes first, so that agreements are free again
        found = pick(at, [each for each in under_way if each.status in ("Processing", "Querying")] or under_way)
        if found is None:
            return
        order = found.key
        if found.status in ("Draft", "Quoted", "Querying"):
            names = ("company", "note") if found.type == "Purchase" else ("note",)
            body: Body = {"parameters": {"ordering": [{"externalId": name, "value": "as asked"} for name in names]}}
            who = OPERATIONS if TYPES[found.type].by == "operations" else self.whose(order, "client", True, OPERATIONS)
            self.ask(Request(who, "process", order, body=body), manner)
        elif any(line.draft is None for line in found.lines):
            self.map_all(order, manner, split=False)
        else:
            last = [{"externalId": "company", "error": {"message": "Spelt wrongly."}}] if objects else []
            noted: Body = {"fulfillment": [{"externalId": "customerId", "value": "C-7"}]}
            if found.type == "Purchase":
                noted["ordering"] = last
            self.ask(Request(self.vendor_of(order), "complete", order, body={"parameters": noted}), manner)

    @rule(at=PICK, fails=one_of(False, False, False, True), manner=MANNERS)
    def deliver(self, at: int, fails: bool, manner: str) -> None:
        """An order about what is held comes to its end, mostly a good one."""
        about_held = [each for deal in self.deals for each in deal.orders if each.under_way and each.type != "Purchase"]
        found = pick(at, [each for each in about_held if each.status == "Processing"] or about_held)
        if found is None:
            return
        order = found.key
        if found.status != "Processing":
            who = OPERATIONS if TYPES[found.type].by == "operations" else self.whose(order, "client", True, OPERATIONS)
            self.ask(Request(who, "process", order), "plain")
        if self.find(order).status == "Processing":
            self.map_all(order, "plain", split=False)
            body: Body = {"statusNotes": {"message": "Not to be had."}} if fails else {}
            self.ask(Request(self.vendor_of(order), "fail" if fails else "complete", order, body=body), manner)

    @rule(
        at=PICK,
        notes=one_of("for the team", "soon"),
        lines=LINE_PICKS,
        verb=one_of("edit", "quote", "validate"),
        manner=MANNERS,
    )
    def prepare_draft(self, at: int, notes: str, lines: Any, verb: str, manner: str) -> None:
        """The client of a draft works on it, or asks for an offer."""
        drafts = [each for deal in self.deals for each in deal.orders if each.status == "Draft"]
        found = pick(at, drafts)
        if found is not None:
            body: Body = {"notes": notes, "externalIds": {"client": "P-1"}}
            if verb == "edit" and found.type == "Purchase":
                body |= self.lines_wanted(found.key, [each for each in lines if isinstance(each[2], int)])
            self.ask(Request(self.whose(found.key, "client", True, OPERATIONS), verb, found.key, body=body), manner)

    # Rules: orders about what is held -------------------------------------------------------------

    @rule(
        target=orders,
        at=PICK,
        who=PARTIES,
        mine=MOSTLY,
        status=BEGINNINGS,
        held=st.lists(st.tuples(PICK, one_of(1, 2, 12, 0)), min_size=1, max_size=3, unique_by=lambda each: each[0]),
        more=st.lists(st.tuples(GOOD_ITEMS | ITEM_CHOICES, one_of(1, 3)), max_size=2),
        right=MOSTLY,
        manner=MANNERS,
    )
    def change(
        self, at: int, who: Somebody, mine: bool, status: str, held: list[tuple[int, int]], more: list[tuple[str, int]],
        right: bool, manner: str,
    ) -> Any:  # fmt: skip
        """A client wants more of what it holds, or less, or something else beside."""
        deal = self.live_deal(at)
        if deal is None:
            return multiple()
        lines: list[Body] = []
        for place, quantity in held:
            line = pick(place, [each for each in deal.agreement.lines if each.status == "Active" or not right])
            if line is not None and all(each["id"] != deal.line_id(line) for each in lines):
                lines.append({"id": deal.line_id(line), "quantity": quantity})
        kept = {each.item.id for each in deal.agreement.lines if each.status == "Active"}
        for item, quantity in more:
            of_this = item.replace("5001-0001", deal.product[4:])
            if right and (of_this in kept or of_this not in ITEMS or not ITEMS[of_this].more):
                continue
            kept.add(of_this)
            lines.append({"item": world.refer(of_this), "quantity": quantity})
        body = self.about(deal, "Change", status) | {"lines": lines}
        return self.begin_about(self.party(deal, "client", mine, who), deal, body, manner)

    @rule(
        target=orders,
        at=PICK,
        who=PARTIES,
        mine=MOSTLY,
        kind=one_of("Termination", "Configuration", "Configuration", "Suspend", "Resume"),
        status=BEGINNINGS,
        places=st.lists(PICK, min_size=1, max_size=2, unique=True),
        renew=one_of(None, True, False, False),
        by_line=one_of(False, False, True),
        quantity=one_of(None, None, 0, "ten", 10),
        manner=MANNERS,
    )
    def about_whole(
        self, at: int, who: Somebody, mine: bool, kind: str, status: str, places: list[int], renew: bool | None,
        by_line: bool, quantity: Any, manner: str,
    ) -> Any:  # fmt: skip
        """A client ends subscriptions or says whether they renew; Operations suspend and resume them."""
        deal = self.live_deal(at)
        if deal is None:
            return multiple()
        wanted = TYPES[kind].before
        whole = [each for each in deal.holdings if not each.is_asset and each.status == wanted] or deal.holdings
        chosen = {found.key: found for place in places if (found := pick(place, whole)) is not None}.values()
        body = self.about(deal, kind, status)
        if by_line:
            extra = {} if quantity is None else {"quantity": quantity}
            body["lines"] = [
                {"id": deal.line_id(line)} | extra for each in chosen for line in deal.agreement.lines_of(each)
            ]
        else:
            entry = {} if renew is None else {"autoRenew": renew}
            body["subscriptions"] = [{"id": each.id} | entry for each in chosen]
        actor = TYPES[kind].by
        return self.begin_about(self.party(deal, actor, mine, who), deal, body, manner)

    @rule(
        target=orders,
        at=PICK,
        who=PARTIES,
        mine=MOSTLY,
        body=some(notes=one_of("again", None), status=BEGINNINGS),
        manner=MANNERS,
    )
    def resubmit_order(self, at: int, who: Somebody, mine: bool, body: Body, manner: str) -> Any:
        """A client asks once more for what came to nothing."""
        everything = [each for deal in self.deals for each in deal.orders]
        found = pick(at, [each for each in everything if each.status in ("Failed", "Deleted")] or everything)
        if found is None:
            return multiple()
        return self.resubmit(self.whose(found.key, "client", mine, who), found.key, body, manner)

    # Rules: without an order ----------------------------------------------------------------------

    @rule(
        at=PICK,
        who=PARTIES,
        mine=MOSTLY,
        kind=one_of("subscription", "subscription", "asset"),
        name=one_of("Migrated", "Migrated", None),
        items=st.lists(
            st.tuples(
                one_of(world.MONTHLY, world.YEARLY, world.ONCE, USAGE, BY_DEFAULT, world.PRIVATE_ITEM, world.DRAFT_ITEM),
                one_of(5, 5, 5, 5, 5, 5, 0, None, "ten"),
                some(unitPP=one_of(8, 0, 8, -1)),
            ),
            min_size=1,
            max_size=2,
        ),
        more=some(autoRenew=st.booleans(), startDate=one_of("2026-01-31T00:00:00.000Z"), externalIds=EXTERNAL_IDS),
        manner=MANNERS,
    )  # fmt: skip
    def migrate(
        self, at: int, who: Somebody, mine: bool, kind: str, name: str | None, items: list[tuple[str, Any, Body]],
        more: Body, manner: str,
    ) -> None:  # fmt: skip
        """A vendor enters what is held already."""
        deal = self.live_deal(at)
        if deal is None:
            return
        body = more | ({} if name is None else {"name": name})
        if "vendor" not in body.get("externalIds", {}):
            body.pop("externalIds", None)
        body["lines"] = [
            {"item": world.refer(item.replace("5001-0001", deal.product[4:])), "price": price}
            | ({} if quantity is None else {"quantity": quantity})
            for item, quantity, price in items
        ]
        self.enter(self.party(deal, "vendor", mine, who), deal, kind, body, manner)

    @rule(
        at=PICK,
        who=PARTIES,
        name=st.none() | one_of("Mine", "Ours"),
        renew=st.none() | st.booleans(),
        until=st.none() | one_of(2, 45, 300),
        ids=st.none() | EXTERNAL_IDS,
        lines=st.none() | st.lists(st.tuples(PICK, one_of(None, 4, 7, 0), st.none() | PRICES), max_size=2),
        manner=MANNERS,
    )
    def edit_held(
        self, at: int, who: Somebody, name: str | None, renew: bool | None, until: int | None, ids: Body | None,
        lines: list[tuple[int, Any, Body | None]] | None, manner: str,
    ) -> None:  # fmt: skip
        """Everybody writes their own of what is held: the vendor how much, to when and at which price."""
        held = pick(at, [each for deal in self.deals for each in deal.holdings])
        if held is None:
            return
        deal = self.deal_with(held)
        until_when = None if until is None else (self.now() + timedelta(days=until)).replace(microsecond=0)
        body: Body = {
            "name": name, "autoRenew": renew, "externalIds": ids,
            "commitmentDate": until_when and until_when.isoformat(),
        }  # fmt: skip
        if lines is not None:
            own = deal.agreement.lines_of(held)
            body["lines"] = [
                {"id": deal.line_id(line), "quantity": quantity, "price": price}
                for place, quantity, price in lines
                if (line := pick(place, own)) is not None
            ]
            body["lines"] = [{key: each for key, each in line.items() if each is not None} for line in body["lines"]]
        body = {key: each for key, each in body.items() if each is not None}
        if who.actor != "operations":
            who = self.party(deal, who.actor, True, who)
        self.ask_of_held(Request(who, "edit held", body=body), held, manner)

    @rule(at=PICK, who=PARTIES, mine=MOSTLY, manner=MANNERS)
    def terminate_held(self, at: int, who: Somebody, mine: bool, manner: str) -> None:
        """A vendor ends something without an order."""
        held = pick(at, [each for deal in self.deals for each in deal.holdings])
        if held is not None:
            who = self.party(self.deal_with(held), "vendor", mine, who)
            self.ask_of_held(Request(who, "terminate held"), held, manner)

    @rule(
        at=PICK, who=PARTIES, manner=MANNERS,
        body=some(
            name=one_of("Frame contract", "Old contract"), externalIds=EXTERNAL_IDS,
            parameters=some(fulfillment=st.lists(
                st.fixed_dictionaries({"externalId": st.just("customerId"), "value": one_of("C-1", "C-2")}), max_size=1
            )),
        ),
    )  # fmt: skip
    def edit_agreement(self, at: int, who: Somebody, body: Body, manner: str) -> None:
        """Everybody writes their own of an agreement."""
        deal = pick(at, self.deals)
        if deal is not None:
            self.ask_of_held(Request(who, "edit agreement", body=body), deal.agreement, manner)

    @rule(
        who=one_of(OPERATIONS, OPERATIONS, EVERYBODY["vendor"]),
        licensee=one_of(*LICENSEES),
        product=one_of(*VENDORS),
        status=one_of("Active", "Active", "Terminated", "Draft"),
        right=MOSTLY,
        manner=MANNERS,
    )
    def enter_agreements(
        self, who: Somebody, licensee: str, product: str, status: str, right: bool, manner: str
    ) -> None:
        """Operations enters an agreement that was made elsewhere."""
        authorization = f"AUT-{product[4:]}" if right else "AUT-5002-0001"
        body = {"name": "From before", "status": status, "licensee": world.refer(licensee), "product": world.refer(product),
                "authorization": world.refer(authorization)}  # fmt: skip
        self.enter_agreement(who, body, manner)

    # Rules: time ----------------------------------------------------------------------------------

    @rule(days=one_of(1, 40, 200, 370))
    def days_pass(self, days: int) -> None:
        """Nobody does anything for a while."""
        self.wait(timedelta(days=days))

    # Rules: purchases -----------------------------------------------------------------------------

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
        # What is left here would be renewed for ever: the next run has a clock, and deals, of its own.
        self.served.fetch("delete from due")

    # Whom and what rules choose -------------------------------------------------------------------

    def live_deal(self, at: int) -> Deal | None:
        """An agreement about which orders are possible; any, if there is none."""
        return pick(at, [each for each in self.deals if each.agreement.status in ("Active", "Updating")] or self.deals)

    def about(self, deal: Deal, kind: str, status: str) -> Body:
        """The beginning of an order about an agreement."""
        return {"type": kind, "status": status, "agreement": world.refer(deal.agreement.id)}

    def party(self, deal: Deal, actor: str, mine: bool, otherwise: Somebody) -> Somebody:
        """The deal's own client or vendor, or whoever was drawn."""
        parties = [each for each in EVERYBODY.values() if each.actor == actor and deal.seen_by(each)]
        return parties[0] if mine else otherwise

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

    @invariant()
    def counted(self) -> None:
        """A step is done."""
        Marketplace.steps += 1
        for told in Marketplace.watchers:
            told()
