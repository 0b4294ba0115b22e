"""The six types of order: who asks for each, and what each does to the subscriptions that it is about."""

from dataclasses import dataclass

from entrepot.kernel.body import Body
from entrepot.kernel.call import Call
from entrepot.kernel.errors import Forbidden
from entrepot.kernel.thing import Thing


@dataclass(frozen=True, slots=True)
class OrderType:
    """One type. `placed`, `completed` and `failed` are moves of the subscriptions that the order is about."""

    name: str
    by: str
    placed: str = ""
    completed: str = ""
    failed: str = ""
    whole: bool = False
    """Whether it is about whole subscriptions, and leaves their quantities to the platform."""

    closes_drafts: bool = False
    """Whether its completion takes back all other drafts of the agreement."""


TYPES = {
    each.name: each
    for each in (
        #         type             by            placed      completed    failed
        OrderType("Purchase",      "client"),
        OrderType("Change",        "client",     "update",   "settle",    "settle", closes_drafts=True),
        OrderType("Termination",   "client",     "end",      "terminate", "revert", whole=True, closes_drafts=True),
        OrderType("Configuration", "client",     "update",   "settle",    "settle", whole=True),
        OrderType("Suspend",       "operations", "suspend",  "rest",      "revert", whole=True),
        OrderType("Resume",        "operations", "resume",   "settle",    "revert", whole=True),
    )
}  # fmt: skip
"""Source: spec 2.2 to 2.5."""


def type_of(order: Thing) -> OrderType:
    """The type of an order."""
    return TYPES[str(order.type)]


def asked_type(call: Call, body: Body) -> OrderType | None:
    """The type that a new order names, a purchase if none; an unknown one is a fault.

    Raises Forbidden for whoever does not ask for orders of that type.
    """
    said = body.get("type", "Purchase")
    found = next((each for each in TYPES.values() if isinstance(said, str) and each.name.lower() == said.lower()), None)
    if found is None:
        call.fault(body.path("type"), f"One of {', '.join(TYPES)} was expected.")
        if not call.by("client"):
            raise Forbidden(f"{call.caller.actor.capitalize()} may not create this order.")
    elif not call.by(found.by):
        raise Forbidden(f"Orders of type {found.name} are created by {found.by}.")
    return found
