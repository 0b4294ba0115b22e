"""Where a thing stands, told to its parties: the template that was put on it, filled with its parameters."""

import sqlalchemy as sa

from entrepot.catalog.parameter import PARAMETER
from entrepot.catalog.template import TEMPLATE
from entrepot.commerce import parameters
from entrepot.commerce.order import ORDER
from entrepot.commerce.text import render, values_of
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Load
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, given

CANNED = {
    "Draft": "This agreement is a draft: its first order has not been placed yet.",
    "Deleted": "This agreement was deleted before its first order was placed.",
}


async def beside(load: Load, call: Call, thing: Thing, body: Body) -> Got:
    """The product's texts, and the definitions that say which parameters the client may read."""
    got = load.got
    got.templates = await load.definitions(TEMPLATE, str(thing.product_id))
    got.definitions = await load.definitions(PARAMETER, str(thing.product_id))
    return got


FAILED = Want(ORDER, lambda row: sa.and_(row.c.agreement_id == given("agreement_id"), row.c.status == "Failed"))


async def beside_agreement(load: Load, call: Call, agreement: Thing, body: Body) -> Got:
    """As for any thing, and the order on which the agreement failed."""
    await load({"failed": FAILED}, agreement_id=agreement.id)
    return await beside(load, call, agreement, body)


def of_thing(call: Call, thing: Thing, got: Got) -> str:
    """The text of its template; values that the reader may not see stay out of it."""
    template = next((each for each in got.templates if each.id == thing.template_id), None)
    if template is None:
        return ""
    bags = [getattr(thing, phase) for phase in ("ordering", "fulfillment") if phase in thing.now]
    shown = [parameters.wire(bag, got.definitions, call.caller.actor) for bag in bags]
    return render(str(template.content), values_of(*shown))


def of_agreement(call: Call, agreement: Thing, got: Got) -> str:
    """Drafts and deleted agreements have words of their own (spec 3.1)."""
    if agreement.status in CANNED:
        return CANNED[str(agreement.status)]
    if agreement.status == "Failed":
        reasons = [str((each.status_notes or {}).get("message") or "") for each in got.failed]
        return "\n\n".join(("The order of this agreement failed.", *filter(None, reasons)))
    return of_thing(call, agreement, got)
