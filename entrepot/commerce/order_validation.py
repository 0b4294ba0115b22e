"""Vendors validate orders: before one is placed, its vendor's webhook is asked what it makes of it (spec 2.10)."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from entrepot.catalog.product import PRODUCT, pre_validates, selects_items
from entrepot.commerce import order as orders
from entrepot.commerce.order import ORDER
from entrepot.commerce.parameters import FULFILLMENT, ORDERING
from entrepot.kernel.access import Caller
from entrepot.kernel.doors import Answer, Doors
from entrepot.kernel.resource import Consult, Question, Resource
from entrepot.kernel.shape import Known
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, given
from entrepot.notifications import validation
from entrepot.notifications.webhook_call import PLATFORM, Asking

COPIED = ("parameters", "lines", "error")
"""What is taken of an answer. Source: platform spec 5.1."""

SELECTING = "SelectOrderLines"
POINTS: Mapping[tuple[str, str], tuple[str, str]] = {
    # type            state        flag of the product             type of the webhook
    ("Purchase",      "Draft"):    ("purchaseOrderDraft",      "ValidatePurchaseOrderDraft"),
    ("Purchase",      "Querying"): ("purchaseOrderQuerying",   "ValidatePurchaseOrderQuerying"),
    ("Change",        "Draft"):    ("changeOrderDraft",        "ValidateChangeOrderDraft"),
    ("Configuration", "Draft"):    ("configurationOrderDraft", "ValidateConfigurationOrderDraft"),
    ("Termination",   "Draft"):    ("terminationOrder",        "ValidateTerminateOrder"),
}  # fmt: skip
"""When a vendor is asked. Source: spec 2.10."""

SHOWN = (
    b"select=agreement,agreement.licensee,agreement.buyer,agreement.seller,agreement.product,agreement.listing,"
    b"agreement.parameters,agreement.lines,agreement.subscriptions,authorization,buyer,client,licensee,listing,"
    b"product,seller,vendor,lines,lines.item,subscriptions,subscriptions.lines,assets,parameters"
)
"""The order as extensions look for it: with its agreement, the parties, and what it is about."""


def _product_id() -> sa.ScalarSelect[str]:
    order = ORDER.table.alias()
    return sa.select(order.c.product_id).where(order.c.id == given("order_id")).scalar_subquery()


WANTS = {
    "orders": Want(ORDER, lambda row: row.c.id == given("order_id"), alone=False),
    "products": Want(PRODUCT, lambda row: row.c.id == _product_id()),
    "webhooks": validation.of_product(_product_id(), ORDER.name),
}


def of_orders(asking: Asking) -> Consult:
    """How the vendor is asked when an order is validated."""
    return validation.consult(asking, prepare, COPIED, orders.take_answer, _objected)


async def prepare(doors: Doors, caller: Caller, resource: Resource, order_id: str, _: Answer) -> Question | None:
    """The question, where the product wants its vendor asked and the vendor's webhook is about such orders."""
    async with doors.store.session() as session:
        found = await session.gather(PLATFORM, WANTS, {"order_id": order_id}, Known())
    order, product = found["orders"][0], found["products"][0]
    kind = _asked_of(order, product)
    webhook = next((each for each in found["webhooks"] if each.type == kind), None)
    if webhook is None:
        return None
    return await validation.to_vendor(doors, resource, order, webhook, product, SHOWN, without_objections)


def _asked_of(order: Thing, product: Thing) -> str | None:
    """Of which type the webhook is that is asked now. Lines are selected where there are none (our reading)."""
    if order.type == "Purchase" and order.status == "Draft" and not order.lines and selects_items(product):
        return SELECTING
    flag, kind = POINTS.get((str(order.type), str(order.status)), ("", None))
    return kind if kind is not None and pre_validates(product, flag) else None


def without_objections(shown: Any) -> Any:
    """The order without what the vendor objected to before."""
    shown.pop("error", None)
    for entries in (shown.get("parameters") or {}).values():
        for each in entries:
            each.pop("error", None)
    return shown


def _objected(order: Thing) -> bool:
    return bool(order.error) or any(each.get("error") for phase in (ORDERING, FULFILLMENT) for each in order.now[phase])
