"""A basket is one request of a client for several items of several products, for one licensee.

    {"licensee": {"id": "LCE-…"}, "orderedBy": {"type": "Partner", "email": "…"}, "notes": "…",
     "externalIds": {"client": "…"},
     "lines": [{"number": 1, "item": {"id": "ITM-…"}, "quantity": 25, "startDate": "2026-03-01T00:00:00Z",
                "parameters": {"ordering": [{"externalId": "company", "value": "Northwind"}]}},
               {"number": 2, "parentNumber": 1, "item": {"id": "ITM-…"}, "quantity": 25}]}

A line answers beside that: `status`, `reason`, its `price` (`currency`, `unitSP`, `SPx1`, `SPxM`, `SPxY`: also before
it is placed, and in a dry run), its `order` once it is placed, and its `subscription` once that is live. The commitment
is the item's own (`item.terms`). `parentSubscription` names a base that is held already.

Its lines are placed in one transaction, all or nothing: one purchase and one new agreement for each product. Lines for
a later day wait for it, as `Submitted`, and are placed together on that day. From then on each line follows its order,
and the basket follows its lines, in the transaction that moves the order.

| state           | what it says                                              | who moves it on
|-----------------|-----------------------------------------------------------|-----------------------------
| PendingApproval | the licensee ordered by itself; its partner is to be asked | approve, refuse, cancel, PUT
| Submitted       | nothing is placed yet: every line waits for its day        | the day; cancel, PUT
| Processing      | some part is open                                          | the orders; cancel, for later days
| PendingManual   | some open part waits for a person                          | the orders; cancel, for later days
| Completed       | all parts are done                                         |
| Failed          | all parts are over, and one failed; each line says why     |
| Cancelled       | refused or cancelled before anything was placed            |

Source: pax8 spec 3.1, the states that the seed tells.
"""

from typing import Any

from entrepot.commerce import basket_line, basket_placing, basket_progress
from entrepot.commerce.basket_line import buyers_own
from entrepot.commerce.party import MESSAGE
from entrepot.kernel.body import Body, apply, convert
from entrepot.kernel.call import Call, Got
from entrepot.kernel.field import audited, document, enum, externals, part, ref, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing

LIFE = Machine(
    initial="Submitted PendingApproval",
    final="Completed Failed Cancelled",
    moves=(
        #     verb       from                                   to               by
        move("approve",  "PendingApproval",                     "Submitted",     "client"),
        move("refuse",   "PendingApproval",                     "Cancelled",     "client"),
        move("cancel",   "PendingApproval Submitted",           "Cancelled",     "client operations"),
        move("proceed",  "Submitted PendingManual",             "Processing",    "kernel"),
        move("wait",     "Submitted Processing",                "PendingManual", "kernel"),
        move("complete", "Processing PendingManual",            "Completed",     "kernel"),
        move("fail",     "Submitted Processing PendingManual",  "Failed",        "kernel"),
    ),
)  # fmt: skip

OPEN = "create,PendingApproval,Submitted"
"""While it may be changed: nothing is placed yet."""

BASKET = Noun(
    name="Basket",
    path="commerce/baskets",
    table_name="baskets",
    ids=Ids("BSK", 3),
    life=LIFE,
    sees=buyers_own,
    audience=("client_id",),
    scope="buyer_id",
    party="client_id",
    fields=(
        enum("status", " ".join(LIFE.states), core=True),
        document("statusNotes", schema=MESSAGE),
        text("notes", longest=4000, writes="client"),
        enum("orderedBy.type", "Partner Customer Distributor", default="Partner", writes="client:create"),
        text("orderedBy.email", longest=320, writes="client:create"),
        ref("licensee", "accounts/licensees", required=True, writes="client:create"),
        ref("client", "accounts/accounts"),
        ref("buyer", "accounts/buyers"),
        ref("seller", "accounts/sellers"),
        *externals("client", "operations"),
        part("lines", "commerce/baskets/{basket}/lines", by="basket_id", heavy=True, writes=f"client:{OPEN}"),
        *audited(
            "created", "updated", "pendingApproval", "submitted", "processing", "pendingManual", "completed", "failed",
            "cancelled",
        ),
    ),
)  # fmt: skip

PLACE = "basket place"
"""The work that falls due on the day from which a line is wanted."""


# Verbs, in the order of life ------------------------------------------------------------------------


def create(call: Call, _: None, body: Body, got: Got) -> Thing:
    """A client asks for all of it at once. What is due is placed, unless the partner wants to be asked first."""
    licensee = got.licensee
    by_customer = _ordered_by(call, body) == "Customer"
    if by_customer and not licensee.settings_self_service_allowed:
        call.fault(body.path("orderedBy.type"), f"Licensee {licensee.id} does not order by itself.")
    held = by_customer and licensee.settings_order_approval_required
    basket = call.new(
        BASKET,
        status="PendingApproval" if held else "Submitted",
        client_id=licensee.account_id,
        buyer_id=licensee.buyer_id,
        seller_id=licensee.seller_id,
    )
    _write(call, basket, body, got)
    call.record("basket.created", basket)
    _go_on(call, basket, got)
    return basket


def edit(call: Call, basket: Thing, body: Body, got: Got) -> None:
    """Notes at any time; lines as long as nothing is placed, the partner's change of what waits for it included."""
    changes = "lines" in body and BASKET.field("lines").writable(call.caller.actor, str(basket.status))
    _write(call, basket, body, got)
    if changes:
        _go_on(call, basket, got)


def approve(call: Call, basket: Thing, body: Body, got: Got) -> None:
    """The partner agrees to what its customer ordered."""
    call.move(basket, "approve")
    call.record("basket.approved", basket)
    _go_on(call, basket, got)


def refuse(call: Call, basket: Thing, body: Body, got: Got) -> None:
    """The partner does not agree, and may say why."""
    _end(call, basket, body, "refuse")
    call.record("basket.refused", basket)


def cancel(call: Call, basket: Thing, body: Body, got: Got) -> None:
    """What is not placed yet will not be: all of it, or the lines whose day is still to come."""
    waiting = [line for line in basket.lines if line.status == "Submitted"]
    if basket.status not in ("Processing", "PendingManual") or not waiting:
        _end(call, basket, body, "cancel")
        call.record("basket.cancelled", basket)
        return
    _write_words(call, basket, body)
    for line in waiting:
        line.status = "Cancelled"
    call.record("basket.later_lines_cancelled", basket, lines=[int(line.number) for line in waiting])
    basket_progress.fold(call, basket)


def place(call: Call, basket: Thing, body: Body, got: Got) -> None:
    """The day has come for some lines. They may be placed or gone already: then there is nothing to do."""
    if basket.status in ("Cancelled", "PendingApproval"):
        return
    basket_placing.place(call, basket, basket_placing.due(basket.lines, call.now), got)
    basket_progress.fold(call, basket)


def give_up(call: Call, basket: Thing, body: Body, got: Got) -> None:
    """On their day lines could not be placed: what is wrong with them is told, and they fail."""
    if basket.status in ("Cancelled", "PendingApproval"):
        return
    for line in basket_placing.due(basket.lines, call.now):
        line.status = "Failed"
        line.reason = str(body.get("reason") or "")[:4000] or None
    basket_progress.fold(call, basket)


# Steps that several verbs share ---------------------------------------------------------------------


def _ordered_by(call: Call, body: Body) -> object:
    each = BASKET.field("orderedBy.type")
    said: Any = body.dig(call, each.path)
    found = convert(call, each, each.name, said) if isinstance(said, str) else None
    call.faults.pop(each.name, None)  # told once, where it is written
    return found


def _write(call: Call, basket: Thing, body: Body, got: Got) -> None:
    state = "create" if basket.is_new else str(basket.status)
    apply(call, basket, body, state)
    if BASKET.field("lines").writable(call.caller.actor, state):
        basket_line.write(call, basket, body, got)
    call.stop_on_faults()


def _go_on(call: Call, basket: Thing, got: Got) -> None:
    """Holds all of it to the rules, then places what is due and may be placed; the rest waits for its day."""
    basket_placing.require(call, basket, got)
    waiting = [line for line in basket.lines if line.status == "Submitted"]
    due = basket_placing.due(waiting, call.now) if basket.status == "Submitted" else []
    basket_placing.probe(call, basket, [line for line in waiting if line not in due], got)
    basket_placing.place(call, basket, due, got)
    if basket.status == "Submitted":
        for day in sorted({line.start_date for line in waiting if line not in due}):
            call.due(PLACE, basket, day)
    basket_progress.fold(call, basket)


def _end(call: Call, basket: Thing, body: Body, verb: str) -> None:
    _write_words(call, basket, body)
    call.move(basket, verb)
    for line in basket.lines:
        line.status = "Cancelled"


def _write_words(call: Call, basket: Thing, body: Body) -> None:
    notes = body.object(call, "statusNotes")
    if notes is not None:
        basket.status_notes = convert(call, BASKET.field("statusNotes"), "statusNotes", notes.raw)
    call.stop_on_faults()
