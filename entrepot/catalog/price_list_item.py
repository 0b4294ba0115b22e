"""A price list item is what one item costs: what the vendor takes and what the client pays."""

from decimal import Decimal

import sqlalchemy as sa

from entrepot.accounts.dealings import exists, vendor_unseen
from entrepot.catalog.item import ITEM
from entrepot.catalog.price_list import PRICE_LIST
from entrepot.catalog.publication import kept, seen
from entrepot.catalog.unit_price import margin_of, markup_for, markup_of, sales_price, spread
from entrepot.kernel import plain
from entrepot.kernel.access import Who
from entrepot.kernel.body import Body, convert
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Load
from entrepot.kernel.errors import Conflict
from entrepot.kernel.field import audited, enum, flag, number, ref, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, given

LIFE = Machine(
    initial="Draft",
    moves=(
        #     verb      from             to         by
        move("offer", "Draft Private", "ForSale", "vendor operations"),
        move("reserve", "Draft ForSale", "Private", "vendor operations"),
    ),
)
"""Once priced it is never a draft again. Source: platform spec 2.10."""


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Whoever sees the list and the item; a client only what has left its draft.

    The item is one of the list's product and no draft: whoever sees the list has to ask of its state alone.
    """
    listed = sa.and_(kept(row, who, "ForSale", "Private"), seen(PRICE_LIST, row.c.price_list_id, who))
    if who.actor != "client":
        return listed
    item = ITEM.table.alias()
    return sa.and_(listed, exists(item, item.c.id == row.c.item_id, kept(item, who, "Published", "Unpublished")))


PURCHASE = "vendor operations"
"""Who sees what the vendor takes. Source: commerce spec 4.2."""

SALES = "client operations"
"""Who sees what the client pays."""


def _is_price(value: object) -> list[str]:
    return [] if isinstance(value, Decimal) and value >= 0 else ["A price is not negative."]


def _is_markup(value: object) -> list[str]:
    return [] if isinstance(value, Decimal) and value > -100 else ["More than -100 percent is allowed."]


PRICE_LIST_ITEM = Noun(
    name="PriceListItem",
    path="catalog/price-lists/{priceList}/items",
    table_name="price_list_items",
    ids=Ids("PRI", 4, child_of="priceList"),
    owner="priceList",
    life=LIFE,
    sees=sees,
    audience=("vendor_id",),
    fields=(
        enum("status", " ".join(LIFE.states), core=True),
        text("description", longest=2000, writes=PURCHASE),
        text("reasonForChange", longest=2000, sees="operations", writes="operations"),
        flag("info.visible", writes=PURCHASE),
        text("info.description", longest=2000, writes=PURCHASE),
        number("unitLP", check=_is_price, writes=PURCHASE),
        number("unitPP", sees=PURCHASE, check=_is_price, writes=PURCHASE),
        number("unitSP", sees=SALES, check=_is_price, writes="operations"),
        number("markup", sees="operations", check=_is_markup, writes="operations"),
        number("margin", sees="operations"),
        *(number(f"PP{each}", sees=PURCHASE) for each in ("x1", "xM", "xY")),
        *(number(f"SP{each}", sees=SALES) for each in ("x1", "xM", "xY")),
        *(number(f"LP{each}") for each in ("x1", "xM", "xY")),
        ref("priceList", "catalog/price-lists"),
        ref("item", "catalog/items", core=True),
        vendor_unseen(),
        *audited("created", "updated", "published", "unpublished"),
    ),
)

STATUS = enum("status", " ".join(LIFE.states))
"""By saying another status a body asks for a move (platform spec 2.10)."""


# How it is priced -----------------------------------------------------------------------------------------


def begin(call: Call, prices: Thing, item: Thing) -> Thing:
    """An item that is no draft any more gets its place on a price list; it has no price yet (platform spec 2.9)."""
    return call.new(
        PRICE_LIST_ITEM, price_list_id=prices.id, item_id=item.id, vendor_id=prices.vendor_id, status="Draft"
    )


async def beside(load: Load, call: Call, entry: Thing, body: Body) -> Got:
    """The list that it stands on, and what it is the price of."""
    return await load(BESIDE, list=entry.price_list_id, item=entry.item_id)


BESIDE = {
    "lists": Want(PRICE_LIST, lambda row: row.c.id == given("list")),
    "items": Want(ITEM, lambda row: row.c.id == given("item")),
}


def update(call: Call, entry: Thing, body: Body, got: Got) -> None:
    """The vendor says what it takes, operations what clients pay; whatever follows from that is computed anew."""
    prices = got.lists[0]
    plain.write(call, entry, body)
    asked = entry.unit_sp
    if asked is not None and entry.was is not None and asked != entry.was["unit_sp"]:
        entry.markup = markup_of(entry.unit_pp, asked)
        if entry.markup is None and "unitSP" not in call.faults:
            call.fault(body.path("unitSP"), "It follows from a purchase price above zero; there is none.")
    call.stop_on_faults()
    reprice(entry, prices, got.items[0])
    call.rely(prices)
    _move(call, entry, body)


def _move(call: Call, entry: Thing, body: Body) -> None:
    said = body.get("status")
    status = convert(call, STATUS, body.path("status"), said) if said is not None else None
    if status is None or status == entry.status:
        return
    if status == "Draft":
        raise Conflict(f"Price list item {entry.id} is {entry.status}; it is never a draft again.")
    call.move(entry, "offer" if status == "ForSale" else "reserve")
    call.stamp(entry, "published" if status == "ForSale" else "unpublished")


SPREADS = (
    # unit,     once,   each month, each year
    ("unit_pp", "ppx1", "ppx_m", "ppx_y"),
    ("unit_sp", "spx1", "spx_m", "spx_y"),
    ("unit_lp", "lpx1", "lpx_m", "lpx_y"),
)


def reprice(entry: Thing, prices: Thing, item: Thing) -> None:
    """What follows from its purchase price, its list price, and its own markup or that of the list.

    The sales price is what a new order line would have (commerce spec 4.3).
    """
    usual, _ = markup_for(entry.unit_pp, entry.unit_lp, entry.markup, prices.default_markup, None)
    entry.unit_sp = sales_price(entry.unit_pp, usual, prices.precision)
    entry.margin = margin_of(usual) if entry.unit_pp is not None else None
    for unit, *amounts in SPREADS:
        for column, amount in zip(
            amounts, spread(entry.now[unit], item.terms_period, 1, prices.precision), strict=True
        ):
            entry.now[column] = amount


def is_for_sale(entry: Thing) -> bool:
    """Whether it may be bought anew. Source: commerce spec 2.3, rule 3."""
    return entry.status == "ForSale"


def is_in_use(entry: Thing) -> bool:
    """Whether more of it may be had where it is owned already."""
    return entry.status in ("ForSale", "Private")
