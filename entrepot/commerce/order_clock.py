"""How long an order may wait: where its product sets a clock, somebody is reminded, then told, then it may fail.

Counted in business time from the moment at which the order came into its state. Events are all that comes of a
reminder and an escalation: who is to be told follows from subscriptions to events.
"""

from typing import Any

from entrepot.catalog.product import STEPS, order_clock
from entrepot.commerce import basket_progress, order_effect
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call, Got
from entrepot.kernel.thing import Thing

JOBS = {step: f"order {step}" for step in STEPS}
"""The names of the work that falls due."""

TOLD = {"remind": "order.reminded", "escalate": "order.escalated", "due": "order.overdue"}


def start(call: Call, order: Thing, product: Thing) -> None:
    """The clock of the state that the order is in now."""
    steps, _ = order_clock(product, str(order.status))
    for step, after in steps.items():
        call.due(JOBS[step], order, call.now + after)


def _reached(call: Call, order: Thing, got: Got, step: str) -> bool:
    """Whether the order has been in its state that long: it may have left it, and come back since."""
    since: Any = order.get(f"audit_{str(order.status).lower()}_at")
    steps, _ = order_clock(got.product, str(order.status))
    return since is not None and step in steps and since + steps[step] <= call.now


def remind(call: Call, order: Thing, body: Body, got: Got) -> None:
    """Whoever is to act is reminded."""
    _tell(call, order, got, "remind")


def escalate(call: Call, order: Thing, body: Body, got: Got) -> None:
    """Whoever oversees is told."""
    _tell(call, order, got, "escalate")


def due(call: Call, order: Thing, body: Body, got: Got) -> None:
    """It is overdue, and where the product says so it fails."""
    state = str(order.status)
    if not _tell(call, order, got, "due"):
        return
    steps, fails = order_clock(got.product, state)
    if not fails:
        return
    call.move(order, "fail", by="kernel")
    order.status_notes = {"id": "ORDER-OVERDUE", "message": f"It was {state} for longer than {steps['due']}."}
    order_effect.discard_drafts(call, order)
    order_effect.revert(call, order, got)
    call.record("order.failed", order, by="clock")
    basket_progress.follow(call, order, got)


def _tell(call: Call, order: Thing, got: Got, step: str) -> bool:
    if not _reached(call, order, got, step):
        return False
    call.record(TOLD[step], order, state=order.status)
    return True
