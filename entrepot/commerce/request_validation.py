"""Vendors validate requests: before one goes out, the webhook of whoever is asked says what it makes of the answers."""

from typing import Any

import sqlalchemy as sa

from entrepot.catalog.product import PRODUCT, pre_validates
from entrepot.commerce import request as requests
from entrepot.commerce.request import REQUEST
from entrepot.kernel.access import Caller
from entrepot.kernel.doors import Answer, Doors
from entrepot.kernel.resource import Consult, Question, Resource
from entrepot.kernel.shape import Known
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, given
from entrepot.notifications import validation
from entrepot.notifications.webhook_call import PLATFORM, Asking

COPIED = ("parameters", "error")
"""What is taken of an answer: as of one about an order, which has lines too."""

FLAG, KIND = "productRequest", "ValidateRequest"
WAITING = ("Draft", "Querying")
"""States in which whoever asks works on a request, as with orders. Source: our reading; the spec names no states."""

SHOWN = b"select=client,product,requester,parameters"


def _product_id() -> sa.ScalarSelect[str]:
    request = REQUEST.table.alias()
    return sa.select(request.c.product_id).where(request.c.id == given("request_id")).scalar_subquery()


WANTS = {
    "requests": Want(REQUEST, lambda row: row.c.id == given("request_id")),
    "products": Want(PRODUCT, lambda row: row.c.id == _product_id()),
    "webhooks": validation.of_product(_product_id(), REQUEST.name),
}


def of_requests(asking: Asking) -> Consult:
    """How the vendor is asked when a request is validated."""
    return validation.consult(asking, prepare, COPIED, requests.take_answer, requests.objected, requests.validate)


async def prepare(doors: Doors, caller: Caller, resource: Resource, request_id: str, _: Answer) -> Question | None:
    """The question, where the product wants its vendor asked, and it is the vendor to whom the request goes.

    Of a request to operations a vendor is no more than a reader: it could not write what it answers.
    """
    async with doors.store.session() as session:
        found = await session.gather(PLATFORM, WANTS, {"request_id": request_id}, Known())
    request = found["requests"][0]
    product = next(iter(found["products"]), None)
    webhook = next((each for each in found["webhooks"] if each.type == KIND), None)
    if product is None or webhook is None or not _is_asked_of(request, product):
        return None
    return await validation.to_vendor(doors, resource, request, webhook, product, SHOWN, without_objections)


def _is_asked_of(request: Thing, product: Thing) -> bool:
    return request.status in WAITING and request.to_id == product.vendor_id and pre_validates(product, FLAG)


def without_objections(shown: Any) -> Any:
    """The request without what the vendor objected to before."""
    shown.pop("error", None)
    for each in shown.get("parameters") or ():
        each.pop("errorMessage", None)
        each.pop("errorCode", None)
    return shown
