"""What the verbs of a basket need beside it: its licensee, the items that it names, and the sale of each product."""

import sqlalchemy as sa

from entrepot.accounts.licensee import LICENSEE
from entrepot.catalog import seat_rules
from entrepot.catalog.item import ITEM
from entrepot.commerce import order_needs
from entrepot.commerce.agreement import AGREEMENT
from entrepot.commerce.basket_placing import in_stead
from entrepot.commerce.line import LINE
from entrepot.commerce.subscription import SUBSCRIPTION
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Load
from entrepot.kernel.errors import Invalid
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, among, given

NAMED = {
    "licensees": Want(LICENSEE, lambda row: row.c.id == given("licensee_id"), visible=True),
    "items": Want(ITEM, lambda row: row.c.id == among("item_ids"), visible=True),
    "bases": Want(SUBSCRIPTION, lambda row: row.c.id == among("base_ids"), visible=True),
}


def _live_of_licensee(row: sa.FromClause) -> sa.ColumnElement[bool]:
    agreement = AGREEMENT.table.alias()
    theirs = sa.select(agreement.c.id).where(agreement.c.licensee_id == given("licensee_id"))
    live = sa.literal_column("'Active'")
    return sa.and_(row.c.item_id == among("required_ids"), row.c.status == live, row.c.agreement_id.in_(theirs))


HELD = {
    "held": Want(LINE, _live_of_licensee),
    "required": Want(ITEM, lambda row: row.c.id == among("required_ids"), visible=True),
}
"""What the licensee holds of the items that others of the basket require."""


async def for_new(load: Load, call: Call, _: None, body: Body) -> Got:
    """What a new basket rests on."""
    licensee_id = body.id_of(call, "licensee")
    if licensee_id is None and not call.faults:
        call.fault(body.path("licensee"), "A licensee is required.")
    call.stop_on_faults()
    got = await _gather(load, call, str(licensee_id), body, [])
    if not got.licensees:
        call.fault(body.path("licensee.id"), "This licensee was not found.")
        call.stop_on_faults()
    return got


async def beside(load: Load, call: Call, basket: Thing, body: Body) -> Got:
    """What a basket rests on that is there: its own items, and those of the body."""
    return await _gather(load, call, str(basket.licensee_id), body, basket.lines)


async def _gather(load: Load, call: Call, licensee_id: str, body: Body, lines: list[Thing]) -> Got:
    got = await load(
        NAMED,
        licensee_id=licensee_id,
        item_ids=[*(str(each.item_id) for each in lines), *order_needs.named(body.get("lines"), "item")],
        base_ids=[
            *(str(each.parent_subscription_id) for each in lines if each.parent_subscription_id),
            *order_needs.named(body.get("lines"), "parentSubscription"),
        ],
    )
    got.licensee = got.licensees[0] if got.licensees else None
    required = {each for item in got.items for each in seat_rules.rules_of(item.settings, None).requires}
    got.held, got.required = [], []
    if required:
        await load(HELD, licensee_id=licensee_id, required_ids=sorted(required))
    got.sales = {}
    client_id = str(got.licensee.account_id) if got.licensee is not None else call.caller.account_id
    for product_id in dict.fromkeys(str(each.product_id) for each in got.items) if got.licensee else ():
        items = [str(each.id) for each in got.items if each.product_id == product_id]
        got.sales[product_id] = await _sale(load, in_stead(call, client_id), licensee_id, product_id, items)
    return got


async def _sale(load: Load, call: Call, licensee_id: str, product_id: str, items: list[str]) -> Got | Invalid:
    """The sale of one product, or why there is none: the verb tells that together with all else."""
    asked = {
        "agreement": {"licensee": {"id": licensee_id}, "product": {"id": product_id}},
        "status": "Processing",
        "lines": [{"item": {"id": each}} for each in items],
    }
    try:
        return await order_needs.for_purchase(Load(load.session, call), call, Body(asked))
    except Invalid as refused:
        call.faults.clear()
        return refused
