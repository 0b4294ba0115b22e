"""What an order is about, of what the agreement holds already, is copied into it under the same ids.

The copies mirror what is live until the order ends: lines with the quantity that was (`oldQuantity`), subscriptions
and assets with what the vendor may change on them. What was live changes when the order completes, and not before.
"""

from collections.abc import Iterable

from entrepot.commerce import mirror
from entrepot.commerce.order_asset import ORDER_ASSET
from entrepot.commerce.order_subscription import ORDER_SUBSCRIPTION
from entrepot.kernel.call import Call
from entrepot.kernel.thing import Thing

COPIED = {ORDER_SUBSCRIPTION.path: mirror.OF_SUBSCRIPTION, ORDER_ASSET.path: mirror.OF_ASSET}


def follow_lines(call: Call, order: Thing, agreement: Thing, named: Iterable[str] = ()) -> None:
    """Brings in what is named or what the lines belong to, and takes out all other copies."""
    for name, target, bring in (
        ("subscriptions", "subscription_id", bring_subscription),
        ("assets", "asset_id", bring_asset),
    ):
        wanted = {getattr(line, target) for line in order.lines if getattr(line, target)} | {*named}
        here = {str(each.id) for each in order.parts[name]}
        for live in agreement.parts[name]:
            if live.id in wanted and live.id not in here:
                bring(call, order, live)
        for copy in [each for each in order.parts[name] if each.status != "Draft" and each.id not in wanted]:
            order.parts[name].remove(copy)
            call.erase(copy)
        for copy in order.parts[name]:
            copy.parts["lines"] = [line for line in order.lines if getattr(line, target) == copy.id]


def bring_subscription(call: Call, order: Thing, live: Thing) -> Thing:
    """A live subscription as the order shows it. While another order is in flight it is shown as it will be after."""
    status = "Suspended" if live.status in ("Suspended", "Suspending", "Resuming") else "Active"
    copy = call.new(
        ORDER_SUBSCRIPTION,
        id=live.id,
        status=status,
        agreement_id=order.agreement_id,
        **_parties(order),
        **{column: getattr(live, column) for column in mirror.OF_SUBSCRIPTION},
    )
    order.parts["subscriptions"].append(copy)
    return copy


def refresh(call: Call, copy: Thing, live: Thing, order: Thing) -> None:
    """What happened to what is live since it was brought in; what the order itself asks for stays."""
    for column in COPIED[copy.noun.path]:
        if not (column == "auto_renew" and order.type == "Configuration"):
            setattr(copy, column, getattr(live, column))
    if copy.status != live.status and "Suspended" in (copy.status, live.status):
        call.move(copy, "follow", by="kernel")


def bring_asset(call: Call, order: Thing, live: Thing) -> Thing:
    """A live asset as the order shows it."""
    copied = {column: getattr(live, column) for column in mirror.OF_ASSET}
    copy = call.new(ORDER_ASSET, id=live.id, status="Active", **_parties(order), **copied)
    order.parts["assets"].append(copy)
    return copy


def _parties(order: Thing) -> dict[str, object]:
    names = ("product_id", "client_id", "vendor_id", "buyer_id")
    return {"order_id": order.id, **{name: getattr(order, name) for name in names}}
