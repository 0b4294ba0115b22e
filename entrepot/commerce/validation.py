"""Vendors validate: before an order is placed, its vendor's webhook is asked what it makes of it (spec 2.10 and 5.3).

The order is not locked meanwhile. What comes back is written under the vendor's own rules, and the order says what
came of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from entrepot.catalog.product import PRODUCT, pre_validates, refuses_unvalidated, selects_items, validated_within
from entrepot.commerce import order as orders
from entrepot.commerce.order import ORDER
from entrepot.commerce.parameters import FULFILLMENT, ORDERING
from entrepot.kernel.access import Caller
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Doors, Options
from entrepot.kernel.errors import Conflict, Invalid, Missing, Precondition
from entrepot.kernel.identity import SERVICES
from entrepot.kernel.resource import Action, Consult, Question, Resource
from entrepot.kernel.shape import Known
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, given
from entrepot.kernel.wire import decode, encode
from entrepot.notifications import webhook_call
from entrepot.notifications.webhook import WEBHOOK, criteria_filter
from entrepot.notifications.webhook_call import PLATFORM, Heard

OUTCOME = "$outcome"
"""Under which name what came of asking travels with the answer to its verb: no field is called so."""

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


def _of_order(column: str) -> sa.ScalarSelect[str]:
    order = ORDER.table.alias()
    return sa.select(order.c[column]).where(order.c.id == given("order_id")).scalar_subquery()


WANTS = {
    "orders": Want(ORDER, lambda row: row.c.id == given("order_id"), alone=False),
    "products": Want(PRODUCT, lambda row: row.c.id == _of_order("product_id")),
    "webhooks": Want(
        WEBHOOK,
        lambda row: sa.and_(
            row.c.object_id == _of_order("product_id"),
            row.c.object_type == sa.literal_column("'Order'"),
            row.c.status == sa.literal_column("'Enabled'"),
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: which order, as it was then, of which webhook, and on whose product's terms."""

    resource: Resource
    order_id: str
    etag: str
    webhook: Thing
    product: Thing
    content: bytes


def of_orders(webhooks: Resource) -> Consult:
    """How the vendor is asked when an order is validated."""

    async def ask(doors: Doors, question: Question) -> object:
        asked: Asked = question.content  # pyright: ignore[reportAssignmentType]
        heard = await webhook_call.ask(
            doors, webhooks, asked.webhook, asked.content, ("Order", asked.order_id), validated_within(asked.product)
        )
        if heard.words is not None:
            return {**_copied(heard), OUTCOME: {"webhook": asked.webhook.id}}
        if heard.refusal:
            await _note(doors, asked, "Refused", heard.refusal)
            raise Invalid({"order": [heard.refusal]}, heard.refusal)
        return await _unanswered(doors, asked, heard.silence)

    return Consult(prepare, ask, apply, instead)


async def prepare(doors: Doors, caller: Caller, resource: Resource, order_id: str) -> Question | None:
    """The question, where the product wants its vendor asked and the vendor's webhook is about such orders."""
    async with doors.store.session() as session:
        found = await session.gather(PLATFORM, WANTS, {"order_id": order_id}, Known())
    order, product = found["orders"][0], found["products"][0]
    kind = _asked_of(order, product)
    webhook = next((each for each in found["webhooks"] if each.type == kind), None)
    if webhook is None:
        return None
    vendor = Caller("vendor", str(order.vendor_id), SERVICES["validation"], token_id=SERVICES["validation"])
    if not await _concerns(doors, vendor, resource, webhook, order_id):
        return None
    answer = await doors.get(vendor, resource, order_id, SHOWN)
    content = encode(without_objections(decode(answer.body)))
    return Question(vendor, Asked(resource, order_id, answer.etag, webhook, product, content))


def _asked_of(order: Thing, product: Thing) -> str | None:
    """Of which type the webhook is that is asked now. Lines are selected where there are none (our reading)."""
    if order.type == "Purchase" and order.status == "Draft" and not order.lines and selects_items(product):
        return SELECTING
    flag, kind = POINTS.get((str(order.type), str(order.status)), ("", None))
    return kind if kind is not None and pre_validates(product, flag) else None


async def _concerns(doors: Doors, vendor: Caller, resource: Resource, webhook: Thing, order_id: str) -> bool:
    """Whether the webhook's further criteria are met by the order, as the vendor sees it."""
    further = criteria_filter(webhook)
    if not further:
        return True
    found = await doors.search(vendor, resource, f"eq(id,{order_id})&{further}&limit=0")
    meta: Any = found["$meta"]
    return meta["pagination"]["total"] == 1


def without_objections(shown: Any) -> Any:
    """The order without what the vendor objected to before: what it sends back would be an objection anew."""
    shown.pop("error", None)
    for entries in (shown.get("parameters") or {}).values():
        for each in entries:
            each.pop("error", None)
    return shown


def _copied(heard: Heard) -> dict[str, object]:
    said = Body(heard.words or {})
    return {name: said.get(name) for name in COPIED if name in said}


async def _unanswered(doors: Doors, asked: Asked, reason: str) -> object:
    """The product says what follows: all stays as it was given, or the validation is refused. Raises Conflict."""
    if refuses_unvalidated(asked.product):
        await _note(doors, asked, "Unanswered", reason)
        raise Conflict("The vendor could not be asked to validate the order; try again later.")
    return {OUTCOME: {"webhook": asked.webhook.id, "status": "Unanswered", "reason": reason}}


async def instead(doors: Doors, question: Question, fault: Invalid) -> object:
    """An answer that cannot be written is as good as none; its faults are for the vendor, not for who asks."""
    told = "; ".join(f"{path}: {' '.join(words)}" for path, words in fault.errors.items())
    asked: Asked = question.content  # pyright: ignore[reportAssignmentType]
    return await _unanswered(doors, asked, f"The answer could not be taken: {told}"[:4000])


def apply(call: Call, order: Thing, body: Body, got: Got) -> None:
    """What the vendor said is written, and what came of asking it is told on the order."""
    outcome: Any = body.get(OUTCOME)
    if "status" in outcome:
        _tell(call, order, outcome)
        return
    orders.take_answer(call, order, body, got)
    _tell(call, order, {**outcome, "status": "Invalid" if _objected(order) else "Valid"})


def _objected(order: Thing) -> bool:
    return bool(order.error) or any(each.get("error") for phase in (ORDERING, FULFILLMENT) for each in order.now[phase])


def _tell(call: Call, order: Thing, outcome: Mapping[str, Any]) -> None:
    order.validation_status, order.validation_at = outcome["status"], call.now
    order.validation_webhook_id, order.validation_reason = outcome["webhook"], outcome.get("reason")


def note(call: Call, order: Thing, body: Body, got: Got) -> None:
    """Why nothing came of asking the vendor, where the validation is refused for it."""
    _tell(call, order, body.raw)


NOTE = Action("note validation", note, by="kernel", answers=204, alone=True)
"""By the platform alone, so it has no address."""


async def _note(doors: Doors, asked: Asked, status: str, reason: str) -> None:
    """An order that changed meanwhile is another one: nothing is told of it."""
    told = {"status": status, "reason": reason, "webhook": asked.webhook.id}
    try:
        await doors.act(PLATFORM, asked.resource, NOTE, asked.order_id, told, Options(if_match=asked.etag))
    except (Missing, Precondition, Conflict):
        return
