"""How far a basket has come: its lines follow the orders that they became part of, and it follows its lines."""

from collections.abc import Collection

from entrepot.catalog.product import fulfilment
from entrepot.commerce.basket_line import PRICES
from entrepot.kernel.call import Call, Got
from entrepot.kernel.thing import Thing

VERBS = {"Processing": "proceed", "PendingManual": "wait", "Completed": "complete", "Failed": "fail"}
BY_HAND = "A person at the vendor sets this up."


def folded(states: Collection[str]) -> str:
    """The state of a basket from those of its lines. A line that was cancelled counts while no other is left."""
    here = set(states)
    if here == {"Cancelled"}:
        return "Cancelled"
    here -= {"Cancelled"}
    if here <= {"Submitted"}:
        return "Submitted"
    if "PendingManual" in here:
        return "PendingManual"
    if here & {"Submitted", "Processing"}:
        return "Processing"
    return "Failed" if "Failed" in here else "Completed"


def state_of(status: str, mode: str) -> str:
    """The state of a line from that of its order, and how its product is fulfilled."""
    if status == "Querying" or (status == "Processing" and mode == "manual"):
        return "PendingManual"
    return status if status in ("Completed", "Failed") else "Processing"


def follow(call: Call, order: Thing, got: Got, *, waits: str = "") -> None:
    """The order has moved, and so have the lines of a basket that are in it. Nothing for an order of no basket.

    `waits` says what a person has to do although the order is as it was.
    """
    for basket in getattr(got, "baskets", ()):
        for line in basket.lines:
            if line.order_id == order.id:
                put(line, order, got.product, waits=waits)
        fold(call, basket)


def put(line: Thing, order: Thing, product: Thing, *, waits: str = "") -> None:
    """Where a line stands now, why, at what price, and what came of it."""
    line.status = "PendingManual" if waits else state_of(str(order.status), fulfilment(product)[0])
    line.reason = waits or _reason(order, str(line.status))
    asked = next(each for each in order.lines if each.item_id == line.item_id)
    for column in PRICES:
        setattr(line, column, getattr(asked, column))
    if order.status == "Completed":
        line.subscription_id = asked.subscription_id


def fold(call: Call, basket: Thing) -> None:
    """The basket goes where its lines are."""
    target = folded([str(line.status) for line in basket.lines])
    if basket.status in ("PendingApproval", target):
        return
    call.move(basket, VERBS[target], by="kernel")
    call.record(f"basket.{VERBS[target]}", basket)


def _reason(order: Thing, state: str) -> str | None:
    """In the vendor's own words where it said something."""
    if state not in ("PendingManual", "Failed"):
        return None
    if order.status == "Processing":
        return BY_HAND
    for said in (order.status_notes, order.error):
        if isinstance(said, dict) and said.get("message"):
            return str(said["message"])
    return f"The vendor asks back about order {order.id}." if order.status == "Querying" else None
