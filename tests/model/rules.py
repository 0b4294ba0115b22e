"""The rules of orders once more, apart from the program and in as few words as they take (spec 2).

`judge` takes a deal and a request, and gives what must come of it: the deal as it is then, or the refusal. Nothing here
is taken from the program: where the two differ, one of them misreads the specification.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from tests.model import price
from tests.model.deal import Agreement, Deal, Draft, Holding, Line, Order, Parameter, Thing, settle
from tests.model.market import EVERYBODY, ITEMS, LICENSEES, VENDORS, Somebody
from tests.world import USER

Body = dict[str, Any]

CLIENT, VENDOR, OPERATIONS = "client", "vendor", "operations"
UNDER_WAY = ("Draft", "Quoted", "Processing", "Querying")
TEXT = {"Quoted": 1, "Processing": 1, "Querying": 2, "Completed": 3}
"""The product's text that an order in that state shows (spec 2.3.7)."""
QUESTION = 9
"""A text of the product's own for questions, which the vendor may choose."""
LONGEST = 4000
COMPANY_OF_USER = EVERYBODY["client"].account


@dataclass
class Request:
    """Who asks for what, of which order (or draft within it), with what."""

    who: Somebody
    verb: str
    order: int | None = None
    draft: int | None = None
    body: Body = field(default_factory=dict)
    stale: bool = False
    """It is meant for a revision that is no longer."""


@dataclass
class Refused(Exception):
    """The status of the refusal, and for bad content where it is bad."""

    status: int
    paths: set[str] = field(default_factory=set)


def judge(deal: Deal, request: Request) -> tuple[Deal, Thing]:
    """The deal as it is after the request, and the thing that the answer shows. Raises Refused."""
    who = request.who
    if not deal.seen_by(who):
        raise Refused(404)
    after = deal.copy()
    order = after.order(request.order or 0)
    rule, actors = RULES[request.verb]
    draft = None
    if request.draft is not None:
        draft = next((each for each in order.drafts if each.key == request.draft), None)
        if draft is None:
            raise Refused(404)
    if who.actor not in actors.split():
        raise Refused(403)
    if request.stale:
        raise Refused(412)
    command = Command(after, order, who, request.body, draft)
    shown = rule(command) or draft or order
    command.stop()
    settle(deal, after, who)
    return after, shown


class Command:
    """One request while it is judged: what it is about, and what was found wrong so far."""

    def __init__(self, deal: Deal, order: Order, who: Somebody, body: Body, draft: Draft | None = None):
        self.deal, self.order, self.who, self.body = deal, order, who, body
        self.state = order.status
        self.given_draft = draft
        self.faults: set[str] = set()

    def by(self, *actors: str) -> bool:
        """Whether one of these asks."""
        return self.who.actor in actors

    def stop(self) -> None:
        """All that is wrong is told at once."""
        if self.faults:
            raise Refused(400, self.faults)

    def require(self, *states: str) -> None:
        """Not now, unless it is in one of these states."""
        if self.state not in states:
            raise Refused(409)

    def move(self, status: str) -> None:
        """The order goes on, and shows the text of its new state."""
        self.order.move(status, self.who)
        if status in TEXT:
            self.order.template = self.deal.text(TEXT[status])

    @property
    def draft(self) -> Draft:
        """The draft that the request names."""
        assert self.given_draft is not None
        return self.given_draft


# The life of an order (spec 2.2 and 2.4) --------------------------------------------------------------


def buy(who: Somebody, body: Body) -> tuple[Deal, Order]:
    """A client begins a purchase: a draft, a quote, or placed at once. Raises Refused."""
    if who.actor != CLIENT:
        raise Refused(403)
    licensee, product = body["agreement"]["licensee"]["id"], body["agreement"]["product"]["id"]
    account, buyer = LICENSEES.get(licensee, ("", ""))
    faults: set[str] = set()
    if account != who.account or (who.buyers and buyer not in who.buyers):
        faults.add("agreement.licensee.id")
    if product not in VENDORS:
        faults.add("agreement.product.id")
    if body["status"] not in ("Draft", "Quoted", "Processing"):
        faults.add("status")
    if faults:
        raise Refused(400, faults)
    deal = Deal(product, licensee, Agreement("Agreement", "Draft"))
    order = Order("Order", "Draft")
    deal.orders.append(order)
    command = Command(deal, order, who, body)
    write(command)
    command.stop()
    if body["status"] == "Quoted":
        command.move("Quoted")
    if body["status"] == "Processing":
        put_before_vendor(command)
    command.stop()
    settle(None, deal, who)
    return deal, order


def edit(command: Command) -> None:
    """Each writes their own; an edit by Operations makes a quote of a draft (T4, T5)."""
    write(command)
    if command.by(OPERATIONS) and command.state == "Draft":
        command.move("Quoted")


def validate(command: Command) -> None:
    """Keeps the changes, and moves nothing (2.10)."""
    command.require("Draft", "Querying")
    write(command)


def quote(command: Command) -> None:
    """The client asks for an offer (T5)."""
    command.require("Draft")
    write(command)
    command.move("Quoted")


def process(command: Command) -> None:
    """The client places; or whoever answered the vendor's question puts the order back (T6, T8, T13)."""
    if command.state == "Querying":
        write(command)
        if not command.by(VENDOR):
            command.faults |= {f"parameters.ordering.{name}" for name in invalid(command.order.ordering)}
        command.stop()
        command.order.error = None
        command.move("Processing")
        return
    command.require(*(("Draft", "Quoted") if command.by(CLIENT) else ()))
    if command.deal.agreement.status in ("Provisioning", "Updating"):
        raise Refused(409)
    write(command)
    put_before_vendor(command)


def put_before_vendor(command: Command) -> None:
    """The client commits. What is not answered as it should be is asked at once."""
    order = command.order
    if not order.lines:
        command.faults.add("lines")
    for at, line in enumerate(order.lines):
        if line.item.counted and line.quantity < 1:
            command.faults.add(f"lines[{at}].quantity")
    command.stop()
    command.deal.agreement.move("Provisioning", command.who)
    command.move("Processing")
    if invalid(order.ordering):
        command.move("Querying")


def query(command: Command) -> None:
    """The vendor asks back (T12)."""
    command.require("Processing")
    write(command)
    command.move("Querying")
    chosen = command.body.get("template")
    if chosen is not None:
        command.order.template = chosen["id"]
        if chosen["id"] not in (command.deal.text(TEXT["Querying"]), command.deal.text(QUESTION)):
            command.faults.add("template.id")


def complete(command: Command) -> None:
    """The vendor has delivered: what was ordered goes live (T10)."""
    command.require("Processing")
    write(command)
    order, deal = command.order, command.deal
    order.drafts = [each for each in order.drafts if order.lines_of(each)]
    for at, line in enumerate(order.lines):
        if line.draft is None and not line.item.once:
            command.faults.add(f"lines[{at}].subscription")
    command.faults |= {f"parameters.fulfillment.{name}" for name in invalid(order.fulfillment)}
    command.stop()
    for line in order.lines:
        if line.draft is None:
            made = Draft("OrderAsset", "Draft")
            order.drafts.append(made)
            line.draft = made.key
    order.reprice()
    for draft in order.drafts:
        draft.move("Active", command.who)
        live = Holding(draft.kind.removeprefix("Order"), "Active", draft.id, name=draft.name)
        live.lines = order.lines_of(draft)
        live.stamp(command.who)
        deal.holdings.append(live)
    agreement = deal.agreement
    agreement.move("Active", command.who)
    command.move("Completed")
    agreement.template = order.template
    agreement.ordering, agreement.fulfillment = (
        {name: replace(each, error=None) for name, each in bag.items() if each.scope == "Agreement"}
        for bag in (order.ordering, order.fulfillment)
    )


def fail(command: Command) -> None:
    """Nothing comes of it, for a reason; a purchase takes its agreement along (T11, T14)."""
    command.require("Processing", *(("Querying",) if command.by(OPERATIONS) else ()))
    write(command)
    reason = (command.body.get("statusNotes") or {}).get("message")
    if not reason or not reason.strip():
        command.faults.add("statusNotes")
    command.stop()
    for draft in command.order.drafts:
        if draft.kind == "OrderSubscription":
            draft.move("Deleted", command.who)
    discard(command.order, [each for each in command.order.drafts if each.kind == "OrderAsset"])
    command.deal.agreement.move("Failed", command.who)
    command.move("Failed")


def delete(command: Command) -> None:
    """A draft or quote is given up; with the last one goes the agreement that it was to begin (T7, T9)."""
    command.require("Draft", "Quoted")
    command.move("Deleted")
    if not any(each.status in UNDER_WAY for each in command.deal.orders):
        command.deal.agreement.move("Deleted", command.who)


def notify(command: Command) -> None:
    """Somebody is to be told: only the trail says so."""
    if command.state == "Deleted":
        raise Refused(409)
    known = command.by(OPERATIONS) or command.who.account == COMPANY_OF_USER
    if command.body.get("userId") != USER or not known:
        command.faults.add("userId")
    command.order.history.mentioned = True


# What the vendor prepares (spec 2.8 and 2.9) ----------------------------------------------------------


def add_subscription(command: Command) -> Thing:
    """Recurring lines of the same terms become a subscription."""
    command.require("Quoted", "Processing", "Querying")
    return add(command, "OrderSubscription")


def add_asset(command: Command) -> Thing:
    """Lines that are bought once become an asset; from Draft on."""
    command.require(*UNDER_WAY)
    return add(command, "OrderAsset")


def add(command: Command, kind: str) -> Thing:
    """A new draft, with its lines."""
    draft = Draft(kind, "Draft", name=command.body.get("name") or "")
    if not draft.name:
        command.faults.add("name")
    if not command.body["lines"]:
        command.faults.add("lines")
    command.order.drafts.append(draft)
    command.order.history.mentioned = True
    if command.by(VENDOR) and "externalIds" in command.body:
        draft.external_ids[VENDOR] = command.body["externalIds"][VENDOR]
    put_lines(command, draft)
    return draft


def edit_draft(command: Command) -> None:
    """The vendor corrects it; others write their own name for it."""
    draft, body = command.draft, command.body
    if command.by(VENDOR):
        states = UNDER_WAY if draft.kind == "OrderAsset" else ("Quoted", "Processing", "Querying")
        command.require(*states)
        if "name" in body:
            draft.name = body["name"]
        if "lines" in body:
            put_lines(command, draft)
            if not body["lines"] and draft.kind == "OrderSubscription":
                discard(command.order, [draft])
    if command.who.actor in body.get("externalIds", {}):
        draft.external_ids[command.who.actor] = body["externalIds"][command.who.actor]


def drop_draft(command: Command) -> None:
    """Its lines are free again."""
    if command.draft.status != "Draft":
        raise Refused(409)
    discard(command.order, [command.draft])


def discard(order: Order, drafts: list[Draft]) -> None:
    """Takes drafts away."""
    for draft in drafts:
        for line in order.lines_of(draft):
            line.draft = None
        order.drafts.remove(draft)


def put_lines(command: Command, draft: Draft) -> None:
    """Exactly these lines: of the right kind, not another's, and all on the same terms."""
    order, chosen = command.order, []
    for at, entry in enumerate(command.body["lines"]):
        line = next((each for each in order.lines if command.deal.line_id(each) == entry["id"]), None)
        fits = line is not None and line.item.once == (draft.kind == "OrderAsset")
        if line is None or not fits or line.draft not in (None, draft.key):
            command.faults.add(f"lines[{at}].id")
        else:
            chosen.append(line)
    if len({(each.item.period, each.item.counted) for each in chosen}) > 1:
        command.faults.add("lines")
    for line in order.lines:
        if line.draft == draft.key or line in chosen:
            line.draft = draft.key if line in chosen else None
    order.reprice()


# Who writes what (spec 2.1, 2.5, 2.6) -----------------------------------------------------------------


def write(command: Command) -> None:
    """Applies the body: what is not the caller's to write now is passed over in silence."""
    body, order, state = command.body, command.order, command.state
    if "notes" in body and command.by(CLIENT, OPERATIONS):
        order.notes = body["notes"]
        check_length(command, "notes", body["notes"])
    if "comments" in body and command.by(OPERATIONS):
        order.comments = body["comments"]
        check_length(command, "comments", body["comments"])
    external_ids = body.get("externalIds", {})
    if command.who.actor in external_ids:
        order.external_ids[command.who.actor] = external_ids[command.who.actor]
    if body.get("statusNotes") and (state == "Processing" or (state == "Querying" and command.by(OPERATIONS))):
        order.status_notes = body["statusNotes"].get("message")
        check_length(command, "statusNotes", order.status_notes)
    if "error" in body and command.by(VENDOR) and state == "Processing":
        order.error = (body["error"] or {}).get("message")
    write_parameters(command)
    if "lines" in body:
        if command.by(CLIENT) and state == "Draft":
            write_lines(command)
        elif (command.by(VENDOR) and state == "Processing") or (command.by(OPERATIONS) and state in UNDER_WAY):
            write_prices(command)
    order.reprice()


def check_length(command: Command, path: str, words: str | None) -> None:
    """Texts have an end."""
    if words is not None and len(words) > LONGEST:
        command.faults.add(path)


def write_parameters(command: Command) -> None:
    """Ordering: the client in Draft and Querying, the vendor in Processing. Fulfilment: the vendor in Processing."""
    given = command.body.get("parameters", {})
    by_client = command.by(CLIENT) and command.state in ("Draft", "Querying")
    by_vendor = command.by(VENDOR) and command.state == "Processing"
    for bag, writable in (("ordering", by_client or by_vendor), ("fulfillment", by_vendor)):
        before: dict[str, Parameter] = getattr(command.order, bag)
        parameters, faulty = deepcopy(before), False
        for at, entry in enumerate(given.get(bag, []) if writable else []):
            parameter = parameters.get(entry["externalId"])
            if parameter is None:
                command.faults.add(f"parameters.{bag}[{at}]")
                faulty = True
            elif by_vendor:
                write_as_vendor(parameter, entry)
            elif not parameter.hidden and entry["value"] != parameter.value:
                parameter.value, parameter.error = entry["value"], None  # a new answer, no objection
        setattr(command.order, bag, before if faulty else parameters)


def write_as_vendor(parameter: Parameter, entry: Body) -> None:
    """The vendor may object, ask for more or less, and answer itself."""
    if "error" in entry:
        parameter.error = entry["error"] and entry["error"]["message"]
    for name, wanted in entry.get("constraints", {}).items():
        setattr(parameter, name, wanted)
    if "value" in entry:
        parameter.value = entry["value"]


def invalid(bag: dict[str, Parameter]) -> set[str]:
    """Questions that keep an order from going on."""
    return {name for name, each in bag.items() if not each.valid}


def write_lines(command: Command) -> None:
    """The client gives the whole set: what it leaves out is gone, what has no id is new (2.5)."""
    deal, order = command.deal, command.order
    here = {deal.line_id(line): line for line in order.lines}
    entries = list(enumerate(command.body["lines"]))
    taken = {here[entry["id"]].item.id for _, entry in entries if entry.get("id") in here}
    kept: list[Line] = []
    for at, entry in entries:
        quantity = entry.get("quantity")
        if "id" in entry:
            line = here.get(entry["id"])
            if line is None or line in kept:
                command.faults.add(f"lines[{at}].id")
                continue
            kept.append(line)
        else:
            line = new_line(command, at, entry["item"]["id"], taken)
            if line is None:
                continue
            order.lines.append(line)
            kept.append(line)
            if quantity is None and line.item.counted:
                command.faults.add(f"lines[{at}].quantity")
        if isinstance(quantity, str):
            command.faults.add(f"lines[{at}].quantity")
        elif quantity is not None:
            line.quantity = max(quantity, 0)
    order.lines = [line for line in order.lines if line in kept]


def new_line(command: Command, at: int, item_id: str, taken: set[str]) -> Line | None:
    """A line for an item that may be ordered, with the next number of the agreement."""
    item = ITEMS.get(item_id)
    if item is None or item.product != command.deal.product or not item.for_sale or item_id in taken:
        command.faults.add(f"lines[{at}].item.id")
        return None
    taken.add(item_id)
    command.deal.agreement.allocated += 1
    return Line(command.deal.agreement.allocated, item, 0, item.unit_pp, item.markup)


def write_prices(command: Command) -> None:
    """The vendor sets what it asks for a unit, Operations what comes on top; neither sees the other's."""
    for at, entry in enumerate(command.body["lines"]):
        line = next((each for each in command.order.lines if command.deal.line_id(each) == entry.get("id")), None)
        if line is None:
            command.faults.add(f"lines[{at}].id")
            continue
        given = {name: Decimal(str(amount)) for name, amount in entry.get("price", {}).items()}
        if command.by(VENDOR):
            if "unitPP" in given:
                line.unit_pp = given["unitPP"]
                if line.unit_pp < 0:
                    command.faults.add(f"lines[{at}].price.unitPP")
            continue
        for name, amount in given.items():
            if name == "unitPP" or amount == line.price.get(name):
                continue
            markup = markup_of(name, amount, line)
            if markup is None or markup < -100:
                command.faults.add(f"lines[{at}].price.{name}")
            else:
                line.markup = markup


def markup_of(name: str, amount: Decimal, line: Line) -> Decimal | None:
    """The markup from which a margin or a sales price follows (4.3)."""
    if name == "markup":
        return amount
    part, whole = (amount, 100 - amount) if name == "margin" else (amount - line.unit_pp, line.unit_pp)
    return price.percent(part, whole) if whole else None


ANY = f"{CLIENT} {VENDOR} {OPERATIONS}"
RULES: dict[str, tuple[Callable[[Command], Thing | None], str]] = {
    # verb             rule              who may ever do it
    "edit":            (edit,             ANY),
    "validate":        (validate,         ANY),
    "quote":           (quote,            CLIENT),
    "process":         (process,          ANY),
    "query":           (query,            VENDOR),
    "complete":        (complete,         VENDOR),
    "fail":            (fail,             f"{VENDOR} {OPERATIONS}"),
    "delete":          (delete,           ANY),
    "notify":          (notify,           f"{CLIENT} {OPERATIONS}"),
    "add subscription": (add_subscription, VENDOR),
    "add asset":       (add_asset,        VENDOR),
    "edit subscription": (edit_draft,     ANY),
    "edit asset":      (edit_draft,       ANY),
    "drop subscription": (drop_draft,     f"{CLIENT} {VENDOR}"),
    "drop asset":      (drop_draft,       VENDOR),
}  # fmt: skip
