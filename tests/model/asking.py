"""How the crowd asks over HTTP, and how all that is shown is held against the model."""

import os
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any, ClassVar

from hypothesis.stateful import RuleBasedStateMachine, multiple

from entrepot.storage.clock import advance, show
from tests.model import held, rules
from tests.model.command import Body, Refused, Request
from tests.model.deal import Agreement, Deal, Draft, Holding, Order, Thing
from tests.model.effect import TYPES
from tests.model.market import EVERYBODY, OPERATIONS, Somebody
from tests.model.views import document_of, expected, seen, without_what_passes
from tests.serving import Reply, Served

ORDERS = "/commerce/orders"
AGREEMENTS = "/commerce/agreements"
RUN = os.urandom(4).hex()
KEYS = count(1)
"""Keys of this run are not those of an earlier one."""


class Asking(RuleBasedStateMachine):
    """Deals under way, as the model has them, beside the program that has them too."""

    served: ClassVar[Served]
    steps: ClassVar[int] = 0
    requests: ClassVar[int] = 0
    outcomes: ClassVar[Counter[tuple[str, int]]] = Counter()
    """How often each verb came to each answer."""
    watchers: ClassVar[list[Callable[[], None]]] = []
    """Who is told of each step."""

    def __init__(self) -> None:
        super().__init__()
        self.deals: list[Deal] = []
        self.sound = True
        """Nothing differed so far."""

    # Asking ---------------------------------------------------------------------------------------

    def begin(self, who: Somebody, body: Body, manner: str) -> Any:
        """A new purchase: its key for other rules to go on with, unless it was refused."""
        found = self.attempt(Request(who, "buy", body=body), ORDERS, "POST", lambda: rules.buy(who, body), None, manner)
        return multiple() if found is None else found.key

    def begin_about(self, who: Somebody, deal: Deal, body: Body, manner: str) -> Any:
        """A new order about an agreement, likewise."""
        request = Request(who, body["type"], body=body)
        found = self.attempt(
            request, ORDERS, "POST", lambda: rules.order_about(deal, who, body), None, manner, beside=deal
        )
        return multiple() if found is None else found.key

    def resubmit(self, who: Somebody, order: int, body: Body, manner: str) -> Any:
        """A new order of the same, likewise."""
        deal, old = self.deal_of(order), self.find(order)
        request = Request(who, "resubmit", order, body=body, stale=manner == "stale")
        found = self.attempt(
            request, f"{ORDERS}/{old.id}/resubmit", "POST", lambda: rules.resubmit(deal, request), old, manner
        )
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
        target = deal.find(request.draft) if request.draft else order
        self.attempt(request, where, method, lambda: rules.judge(deal, request), target, manner)

    def ask_of_draft(self, who: Somebody, verb: str, order: int, at: int, body: Body, manner: str) -> None:
        """Something that is asked of a subscription or asset within an order, if there is one."""
        drafts = self.find(order).drafts
        if drafts:
            draft = drafts[at % len(drafts)]
            self.ask(
                Request(who, f"{verb} {'asset' if draft.is_asset else 'subscription'}", order, draft.key, body), manner
            )

    def ask_of_held(self, request: Request, thing: Holding | Agreement, manner: str) -> None:
        """Something that is asked of what is held, or of the agreement that holds it."""
        deal = self.deal_with(thing)
        request.held, request.stale = thing.key, manner == "stale"
        way = "/terminate" if request.verb.startswith("terminate") else ""
        method = "POST" if way else "PUT"
        self.attempt(request, path_of(deal, thing) + way, method, lambda: rules.judge(deal, request), thing, manner)

    def enter(self, who: Somebody, deal: Deal, kind: str, body: Body, manner: str) -> None:
        """The vendor enters something into an agreement, without an order."""
        request = Request(who, f"enter {kind}", body=body)
        body["agreement"] = {"id": deal.agreement.id}

        def judged() -> tuple[Deal, Thing]:
            if who.actor == "vendor" and not deal.seen_by(who):
                raise Refused(400, {"agreement.id"})
            if who.actor != "vendor":
                raise Refused(403)
            return rules.judge(deal, request)

        self.attempt(request, f"/commerce/{kind}s", "POST", judged, None, manner, beside=deal)

    def enter_agreement(self, who: Somebody, body: Body, manner: str) -> None:
        """Operations enters an agreement."""
        request = Request(who, "enter agreement", body=body)
        self.attempt(request, AGREEMENTS, "POST", lambda: held.enter_agreement(who, body), None, manner)

    def attempt(
        self,
        request: Request,
        path: str,
        method: str,
        judged: Callable[[], tuple[Deal, Thing]],
        target: Thing | None,
        manner: str,
        beside: Deal | None = None,
    ) -> Thing | None:
        """Judges, asks in the manner given, and holds what comes of it; gives the thing where it was done."""
        try:
            after, shown = judged()
            wanted, refused = SUCCESS.get(request.verb, 200), None
        except Refused as refusal:
            after, shown, wanted, refused = None, None, refusal.status, refusal
        self.sound = False
        if target is not None:
            beside = self.deal_with(target)
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
            if beside is not None:
                self.hold_all(beside)
        reply = send()
        assert reply.status == wanted, (*context, reply.status, reply.json)
        of_type = f" {self.find(request.order).type}" if request.order is not None else ""
        self.outcomes[request.verb + of_type, wanted] += 1
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
            if beside is not None:
                self.hold_all(beside)
            self.sound = True
            return None
        assert after is not None and shown is not None
        self.keep(after, shown, reply)
        if dry is not None and reply.body:
            assert without_what_passes(dry.json) == without_what_passes(reply.json), context
        if reply.body and after.find(shown.key):
            assert reply.etag == f'"{shown.history.revision}"'
            self.compare(after, shown, request.who, reply, context)
        self.catch_up()
        self.hold_all(self.deal_with(shown) if after.find(shown.key) else self.deal_with(after.agreement))
        self.sound = True
        return shown

    # Time -----------------------------------------------------------------------------------------

    def now(self) -> datetime:
        """What the business clock shows."""
        return self.served.run(show(self.served.parts.pool)).now

    def wait(self, distance: timedelta) -> None:
        """The clock moves on; whatever falls due on the way is done when it stands."""
        self.sound = False
        assert self.served.run(advance(self.served.parts.pool, distance, self.served.parts.work)) == []
        for deal in self.catch_up():
            self.hold_all(deal)
        self.sound = True

    def catch_up(self) -> list[Deal]:
        """What an order held up, or was entered late, is due at once. Gives the deals to which something happened."""
        now = self.now()
        late = [deal for deal in self.deals if held.overdue(deal, now)]
        if late:
            assert self.served.run(self.served.parts.work.settle()) == []
        changed = [held.pass_time(deal, now) for deal in late]
        for after in changed:
            self.replace(after)
        return changed

    def deal_with(self, thing: Thing) -> Deal:
        """The deal to which a thing belongs."""
        return next(deal for deal in self.deals if deal.find(thing.key))

    def keep(self, after: Deal, shown: Thing, reply: Reply) -> None:
        """The model goes on from here. What the program drew, ids and the moment, is taken over from its answers."""
        document = document_of(reply) if reply.body else {}
        if not shown.id:
            shown.id = document["id"]
        if isinstance(shown, Order) and document:
            after.agreement.id = document["agreement"]["id"]
            after.agreement.name = after.agreement.name or document["agreement"]["name"]
            drawn = {line["id"]: line["asset"]["id"] for line in document.get("lines", []) if "asset" in line}
            for draft in shown.drafts:
                if not draft.id:  # made by completion for a line that is bought once
                    (line,) = shown.lines_of(draft)
                    draft.id = drawn[after.line_id(line)]
                    draft.name = next(each["name"] for each in document["assets"] if each["id"] == draft.id)
                    live = after.holding(draft.live)
                    live.id, live.name = draft.id, draft.name
        for each in after.holdings:
            if not each.is_asset and each.start is None:
                begun = document_of(self.send(OPERATIONS, "GET", path_of(after, each)))["startDate"]
                each.start = datetime.fromisoformat(begun)
                assert timedelta() <= self.now() - each.start < timedelta(minutes=1)
                each.commitment = held.months_later(each.start, each.term)
        self.replace(after)

    def replace(self, after: Deal) -> None:
        """The deal as it is now stands for the deal as it was."""
        self.deals = [each for each in self.deals if each.agreement.key != after.agreement.key] + [after]

    def send(self, who: Somebody, method: str, path: str, body: Body | None = None, **headers: str) -> Reply:
        """One request; nothing that is asked may ever be our own fault."""
        Asking.requests += 1
        reply = self.served.call(who.name, method, path, body, raw=None, **headers)
        assert reply.status < 500, (who.name, method, path, body, reply.status, reply.json)
        return reply

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
        told: dict[tuple[str, str], list[tuple[int, str, str]]] = {}
        for thing in (*deal.things(), *deal.gone):  # copies of one subscription, in many orders, have one id
            records = told.setdefault((thing.kind, thing.id), [])
            records += [(revision, event, by) for event, revision, by in thing.history.records]
        for (kind, thing_id), wanted in told.items():
            query = f"eq(object.id,{thing_id})&eq(object.objectType,{kind})&select=object,actor&limit=1000"
            records = document_of(self.send(who, "GET", f"/audit/records?{query}"))["data"]
            found = sorted(
                (each["object"]["revision"], each["event"].rpartition(".")[2], each["actor"]["id"]) for each in records
            )
            assert found == (sorted(wanted) if deal.seen_by(who) else []), (who.name, kind, thing_id, wanted, found)


def path_of(deal: Deal, thing: Thing) -> str:
    """Where a thing is found."""
    if isinstance(thing, Order):
        return f"{ORDERS}/{thing.id}"
    if isinstance(thing, Draft):
        order = next(each for each in deal.orders if thing in each.drafts)
        return f"{ORDERS}/{order.id}/{'subscriptions' if thing.kind == 'OrderSubscription' else 'assets'}/{thing.id}"
    if isinstance(thing, Holding):
        return f"/commerce/{thing.kind.lower()}s/{thing.id}"
    return f"{AGREEMENTS}/{thing.id}"


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
    "buy": 201, **dict.fromkeys(TYPES, 201), "resubmit": 201,
    "enter agreement": 201, "enter subscription": 201, "enter asset": 201, "add subscription": 201, "add asset": 201,
    "delete": 204, "drop subscription": 204, "drop asset": 204, "notify": 204,
}  # fmt: skip
"""What a success says, where it is not 200."""
