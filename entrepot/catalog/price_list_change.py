"""Price lists are made and changed by the vendor of the product, and by operations, who says what is put on top."""

import sqlalchemy as sa

from entrepot.catalog import markup, price_list_item
from entrepot.catalog.item import ITEM
from entrepot.catalog.listing import LISTING
from entrepot.catalog.price_list import PRICE_LIST
from entrepot.catalog.price_list_item import PRICE_LIST_ITEM
from entrepot.catalog.product import PRODUCT
from entrepot.kernel import plain
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Load
from entrepot.kernel.errors import Conflict
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, given

LIVE = "Idle"
UNBORN = [sa.literal_column(f"'{state}'") for state in ("Draft", "Deleted")]
"""States of an item in which no price list has it."""


def _usual(row: sa.FromClause) -> sa.ColumnElement[bool]:
    """The list that a product is priced by in a currency unless another is named."""
    return sa.and_(
        row.c.product_id == given("product"),
        row.c.currency == given("currency"),
        row.c.is_default,
        row.c.status == LIVE,
    )


USUAL = Want(PRICE_LIST, _usual, held=True)

FOR_NEW = {
    "usual": USUAL,
    "products": Want(PRODUCT, lambda row: row.c.id == given("product"), visible=True),
    "items": Want(ITEM, lambda row: sa.and_(row.c.product_id == given("product"), row.c.status.not_in(UNBORN))),
}

FOLLOWING = {
    "usual": USUAL,
    "entries": Want(
        PRICE_LIST_ITEM, lambda row: sa.and_(row.c.price_list_id == given("list"), row.c.markup.is_(None)), held=True
    ),
    "items": Want(
        ITEM,
        lambda row: row.c.id.in_(
            sa.select(PRICE_LIST_ITEM.table.c.item_id).where(PRICE_LIST_ITEM.table.c.price_list_id == given("list"))
        ),
    ),
}


async def for_new(load: Load, call: Call, _: None, body: Body) -> Got:
    """The product with its items, and the list that is its usual one so far."""
    product_id, currency = body.id_of(call, "product"), body.get("currency")
    return await load(FOR_NEW, product=product_id or "", currency=currency if isinstance(currency, str) else "")


async def to_change(load: Load, call: Call, prices: Thing, body: Body) -> Got:
    """The usual list, and where the usual markup is spoken of, all items that follow it."""
    spoken = call.by("operations") and ("defaultMarkup" in body or "defaultMargin" in body)
    wants = FOLLOWING if spoken else {"usual": USUAL}
    return await load(wants, product=prices.product_id, currency=prices.currency, list=prices.id)


async def to_remove(load: Load, call: Call, prices: Thing, body: Body | None) -> Got:
    """A listing that sells by it, if there is one."""
    return await load(IN_USE, list=prices.id)


IN_USE = {"listings": Want(LISTING, lambda row: sa.and_(row.c.price_list_id == given("list"), row.c.status == LIVE))}


def create(call: Call, _: None, body: Body, got: Got) -> Thing:
    """A list with every item of the product that has left its draft; none of them is priced yet (platform spec 2.9).

    An item that leaves its draft in the same moment finds its place when it is published.
    """
    prices = plain.begin(call, PRICE_LIST, body)
    call.stop_on_faults()
    if not got.products:
        raise Conflict("The product is being taken away.")
    product = got.products[0]
    prices.vendor_id = product.vendor_id
    markup.agree(prices, "defaultMarkup", "defaultMargin")
    plain.take_over(call, prices, got.usual)
    for item in got.items:
        price_list_item.begin(call, prices, item)
    return prices


def update(call: Call, prices: Thing, body: Body, got: Got) -> None:
    """What is said of the list. Items without a markup of their own follow its usual one, at once."""
    before = prices.default_markup
    plain.write(call, prices, body)
    call.stop_on_faults()
    markup.agree(prices, "defaultMarkup", "defaultMargin")
    plain.take_over(call, prices, got.usual)
    if prices.default_markup != before:
        items = {each.id: each for each in got.items}
        for entry in got.entries:
            price_list_item.reprice(entry, prices, items[entry.item_id])


def delete(call: Call, prices: Thing, body: None, got: Got) -> None:
    """It is gone, unless somebody sells by it (platform spec 2.9)."""
    if got.listings:
        raise Conflict(f"Price list {prices.id} is in use by listing {got.listings[0].id}.", unblocks="operations")
    call.move(prices, "delete")
