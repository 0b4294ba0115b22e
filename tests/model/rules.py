"""The rules of orders once more, apart from the program and in as few words as they take (spec 2).

`judge` takes a deal and a request, and gives what must come of it: the deal as it is then, or the refusal. Nothing here
is taken from the program: where the two differ, one of them misreads the specification.
"""

from collections.abc import Callable
from copy import deepcopy

from tests.model import effect, held, lines
from tests.model.command import (
    ANY,
    CLIENT,
    OPERATIONS,
    TEXT,
    UNDER_WAY,
    VENDOR,
    Body,
    Command,
    Refused,
    Request,
)
from tests.model.deal import Agreement, Deal, Draft, Line, Order, Parameter, Thing, fulfillment, ordering, settle
from tests.model.effect import TYPES
from tests.model.market import EVERYBODY, ITEMS, LICENSEES, VENDORS, Somebody
from tests.world import USER

QUESTION = 9
"""A text of the product's own for questions, which the vendor may choose."""
LONGEST = 4000
COMPANY_OF_USER = EVERYBODY["client"].account


def judge(deal: Deal, request: Request) -> tuple[Deal, Thing]:
    """The deal as it is after the request, and the thing that the answer shows. Raises Refused."""
    who = request.who
    if not deal.seen_by(who):
        raise Refused(404)
    after = deal.copy()
    if request.order is None:
        return held.judge(deal, after, request)
    order = after.order(request.order)
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
    command = Command(after, who, request.body, order=order, draft=draft)
    shown = rule(command) or draft or order
    command.stop()
    settle(deal, after, who)
    return after, shown


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
    deal = Deal(product, licensee, Agreement("Agreement", "Draft", name=body["agreement"].get("name", "")))
    deal.agreement.external_ids = {
        name: each for name, each in body["agreement"].get("externalIds", {}).items() if name == CLIENT
    }
    order = begin(deal, who, body, Order("Order", "Draft", ordering=ordering(), fulfillment=fulfillment()))
    settle(None, deal, who)
    return deal, order


def order_about(deal: Deal, who: Somebody, body: Body) -> tuple[Deal, Order]:
    """Somebody begins an order about an agreement: whose type of order it is. Raises Refused."""
    if who.actor != TYPES[body["type"]].by:
        raise Refused(403)
    if body["status"] not in ("Draft", "Quoted", "Processing"):
        raise Refused(400, {"status"})
    if not deal.seen_by(who):
        raise Refused(400, {"agreement.id"})
    if deal.agreement.status not in ("Active", "Updating"):
        raise Refused(409)
    after = deal.copy()
    asked = {name: each for name, each in ordering().items() if each.scope == "Order"}
    known = fulfillment() | deepcopy(after.agreement.fulfillment)
    after.agreement.history.mentioned = True
    order = begin(after, who, body, Order("Order", "Draft", type=body["type"], ordering=asked, fulfillment=known))
    settle(deal, after, who)
    return after, order


def begin(deal: Deal, who: Somebody, body: Body, order: Order) -> Order:
    """A new order, in the state in which it is to begin."""
    deal.orders.append(order)
    command = Command(deal, who, body, order=order)
    write(command)
    command.stop()
    if body["status"] == "Quoted":
        if who.actor != CLIENT:  # nobody else asks for an offer
            raise Refused(403)
        command.move("Quoted")
    if body["status"] == "Processing":
        effect.reserve(deal, order, who)
        put_before_vendor(command)
    return order


def resubmit(deal: Deal, request: Request) -> tuple[Deal, Order]:
    """What came to nothing is asked for again, with what the client says anew (beyond the platform)."""
    if not deal.seen_by(request.who):
        raise Refused(404)
    if request.who.actor != CLIENT:
        raise Refused(403)
    if request.stale:
        raise Refused(412)
    order = deal.order(request.order or 0)
    if order.status not in ("Failed", "Deleted"):
        raise Refused(409)
    body = as_asked(deal, order) | {"status": "Draft"} | request.body
    after, again = buy(request.who, body) if order.type == "Purchase" else order_about(deal, request.who, body)
    again.history.records.append(("resubmitted", again.history.revision, request.who.identity))
    return after, again


def as_asked(deal: Deal, order: Order) -> Body:
    """The order as its client would ask for it: what is held by its line, what is new by its item."""
    asked: Body = {
        "type": order.type,
        "notes": order.notes,
        "externalIds": {name: each for name, each in order.external_ids.items() if name == CLIENT},
        "parameters": {
            "ordering": [{"externalId": name, "value": e.value} for name, e in order.ordering.items() if e.value]
        },
    }
    if order.type == "Purchase":
        asked["agreement"] = {"licensee": {"id": deal.licensee}, "product": {"id": deal.product}} | {
            "name": deal.agreement.name, "externalIds": deal.agreement.external_ids}  # fmt: skip
    if TYPES[order.type].whole:
        return asked | {"subscriptions": [{"id": each.id, "autoRenew": each.auto_renew} for each in order.drafts]}
    held_here = {each.number for each in deal.agreement.lines}
    return asked | {
        "lines": [
            {"quantity": line.quantity}
            | ({"id": deal.line_id(line)} if line.number in held_here else {"item": {"id": line.item.id}})
            for line in order.lines
        ]
    }


def edit(command: Command) -> None:
    """Each writes their own; an edit by Operations makes a quote of a draft (T4, T5)."""
    write(command)
    if command.by(OPERATIONS) and command.state == "Draft" and TYPES[command.order.type].by == CLIENT:
        command.move("Quoted")


def validate(command: Command) -> None:
    """Keeps the changes, and moves nothing (2.10)."""
    command.require("Draft", *(("Querying",) if command.order.type == "Purchase" else ()))
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
    command.require(*(("Draft", "Quoted") if command.by(TYPES[command.order.type].by) else ()))
    effect.reserve(command.deal, command.order, command.who)
    write(command)
    put_before_vendor(command)


def put_before_vendor(command: Command) -> None:
    """It is placed. What is not answered as it should be is asked at once."""
    order, deal = command.order, command.deal
    effect.place(command)
    if not order.lines and order.type != "Configuration":
        command.faults.add("lines")
    numbers = {each.number for each in deal.agreement.lines}
    for at, line in enumerate(order.lines):
        if line.item.counted and line.quantity < 1 and line.number not in numbers:
            command.faults.add(f"lines[{at}].quantity")
    effect.require_rest(command)
    command.stop()
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
    order = command.order
    order.drafts = [each for each in order.drafts if order.lines_of(each)]
    for at, line in enumerate(order.lines):
        if line.draft is None and not line.item.once:
            command.faults.add(f"lines[{at}].subscription")
    effect.require_rest(command)
    command.faults |= {f"parameters.fulfillment.{name}" for name in invalid(order.fulfillment)}
    command.stop()
    for line in order.lines:
        if line.draft is None:
            made = Draft("OrderAsset", "Draft")
            order.drafts.append(made)
            line.draft = made.key
    order.reprice()
    command.move("Completed")
    effect.complete(command)


def fail(command: Command) -> None:
    """Nothing comes of it, for a reason; a purchase takes its agreement along (T11, T14)."""
    command.require("Processing", *(("Querying",) if command.by(OPERATIONS) else ()))
    write(command)
    reason = (command.body.get("statusNotes") or {}).get("message")
    if not reason or not reason.strip():
        command.faults.add("statusNotes")
    command.stop()
    prepared = [each for each in command.order.drafts if each.live is None]
    for draft in prepared:
        if not draft.is_asset:
            draft.move("Deleted", command.who)
    discard(command.order, [each for each in prepared if each.is_asset])
    command.move("Failed")
    if command.order.type == "Purchase":
        command.deal.agreement.move("Failed", command.who)
    else:
        effect.revert(command)


def delete(command: Command) -> None:
    """A draft or quote is given up; with the last one goes the agreement that it was to begin (T7, T9)."""
    command.require("Draft", "Quoted")
    command.move("Deleted")
    if command.deal.agreement.status == "Draft" and not any(each.under_way for each in command.deal.orders):
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
        if draft.live is not None and command.state in ("Draft", "Quoted"):
            raise Refused(409)  # what is live is changed on an order once it is placed
        draft.name = body.get("name", draft.name)
        if not draft.is_asset:
            draft.auto_renew = body.get("autoRenew", draft.auto_renew)
        if "lines" in body:
            put_lines(command, draft)
            if not body["lines"] and not draft.is_asset and draft.live is None:
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
    live = {each.number for each in command.deal.agreement.lines}
    if any(line.number in live and line not in chosen for line in order.lines_of(draft)):
        command.faults.add("lines")  # what lives on it stays on it
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
    kind = TYPES[order.type]
    if kind.whole and command.by(kind.by) and state == "Draft":
        effect.write_targets(command)
    elif "lines" in body:
        if command.by(CLIENT) and state == "Draft" and not kind.whole:
            write_lines(command)
            effect.follow_lines(command)
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
    brought = {deal.line_id(line): line for line in deal.agreement.lines if order.type == "Change"} | here
    taken = {brought[entry["id"]].item.id for _, entry in entries if entry.get("id") in brought}
    kept: list[Line] = []
    for at, entry in entries:
        quantity = entry.get("quantity")
        if "id" in entry:
            line = here.get(entry["id"])
            if line is None and order.type == "Change":
                line = bring(command, at, entry)
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


def bring(command: Command, at: int, entry: Body) -> Line | None:
    """Something that is held comes into a change, and it is said how much of it is to be left."""
    deal, order = command.deal, command.order
    live = next((each for each in deal.agreement.lines if deal.line_id(each) == entry["id"]), None)
    if live is None or live.status != "Active":
        return None
    if any(each.number == live.number for each in order.lines):
        return next(each for each in order.lines if each.number == live.number)
    if entry.get("quantity") is None and live.item.counted:
        command.faults.add(f"lines[{at}].quantity")
    return effect.bring_line(deal, order, live, live.quantity)


def new_line(command: Command, at: int, item_id: str, taken: set[str]) -> Line | None:
    """A line for an item that may be ordered and is not held yet, with the next number of the agreement."""
    item = ITEMS.get(item_id)
    change = command.order.type == "Change"
    held_already = any(each.item.id == item_id and each.status == "Active" for each in command.deal.agreement.lines)
    if (
        item is None
        or item.product != command.deal.product
        or not (item.for_sale or (change and item.more))
        or item_id in taken
        or (held_already and not item.once)
    ):
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
        lines.write_prices(command, line, f"lines[{at}]", entry)


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
