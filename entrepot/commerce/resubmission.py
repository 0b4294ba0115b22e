"""An order that came to nothing is asked for again: a new draft of the same, at the prices of today."""

from typing import Any

from entrepot.commerce import order_needs
from entrepot.commerce.agreement import AGREEMENT
from entrepot.commerce.order import create
from entrepot.commerce.order_type import type_of
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Load
from entrepot.kernel.errors import Conflict
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, given

KEPT = ("type", "agreement", "authorization")
"""What a new order takes over in any case; of all else the client may say something new."""


FORMER = {"former": Want(AGREEMENT, lambda row: row.c.id == given("agreement_id"))}


async def needs(load: Load, call: Call, order: Thing, body: Body) -> Got:
    """What the new order rests on, as if it had been asked for from nothing. Raises Conflict for one that lives."""
    if order.status not in ("Failed", "Deleted"):
        raise Conflict(f"Order {order.id} is {order.status}; only a Failed or Deleted one is asked for again.")
    said = {name: value for name, value in body.raw.items() if name.lower() not in KEPT}
    former = (await load(FORMER, agreement_id=order.agreement_id)).former[0]
    asked = Body(_as_asked(order, former) | said)
    got = await order_needs.for_new(load, call, None, asked)
    got.asked = asked
    return got


def resubmit(call: Call, order: Thing, body: Body, got: Got) -> Thing:
    """The same once more, as a draft unless another beginning is asked for."""
    again = create(call, None, got.asked, got)
    call.record("order.resubmitted", again, of=order.id)
    return again


def _as_asked(order: Thing, former: Thing) -> dict[str, object]:
    """The order as its client would ask for it."""
    asked: dict[str, object] = {
        "type": order.type,
        "notes": order.notes,
        "externalIds": {"client": order.external_ids_client},
    }
    if order.type == "Purchase":
        parties = {name: {"id": order.get(f"{name}_id")} for name in ("licensee", "product", "listing")}
        asked["agreement"] = {name: each for name, each in parties.items() if each["id"]} | {
            "name": former.name,
            "externalIds": {"client": former.external_ids_client},
        }
    else:
        asked["agreement"] = {"id": order.agreement_id}
    asked["lines"] = [_line(order, each) for each in order.lines]
    if type_of(order).whole:
        asked["lines"] = None
        asked["subscriptions"] = [{"id": each.id, "autoRenew": each.auto_renew} for each in order.subscriptions]
    given = [each for each in order.ordering if each.get("value") is not None]
    asked["parameters"] = {"ordering": [{"id": each["id"], "value": each["value"]} for each in given]}
    asked["certificates"] = [{"id": each} for each in order.certificates]
    return asked


def _line(order: Thing, line: Thing) -> dict[str, Any]:
    """A line of what is held by its id, of something new by its item."""
    live = {str(each.id) for each in (*order.subscriptions, *order.assets) if each.status not in ("Draft", "Deleted")}
    if order.type == "Change" and live & {line.subscription_id, line.asset_id}:
        return {"id": line.id, "quantity": line.quantity}
    return {"item": {"id": line.item_id}, "quantity": line.quantity}
