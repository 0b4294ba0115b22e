"""A price list item is what one item costs: what the vendor takes and what the client pays."""

import sqlalchemy as sa

from entrepot.catalog.item import ITEM
from entrepot.catalog.price_list import PRICE_LIST
from entrepot.catalog.publication import kept, seen
from entrepot.kernel.access import Who
from entrepot.kernel.field import audited, enum, flag, number, ref, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing

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
    """Whoever sees the list and the item; a client only what has left its draft."""
    return sa.and_(
        kept(row, who, "ForSale", "Private"),
        seen(PRICE_LIST, row.c.price_list_id, who),
        seen(ITEM, row.c.item_id, who),
    )


PURCHASE = "vendor operations"
"""Who sees what the vendor takes. Source: commerce spec 4.2."""

SALES = "client operations"
"""Who sees what the client pays."""

PRICE_LIST_ITEM = Noun(
    name="PriceListItem",
    path="catalog/price-lists/{priceList}/items",
    table_name="price_list_items",
    ids=Ids("PRI", 4, child_of="priceList"),
    owner="priceList",
    life=LIFE,
    sees=sees,
    fields=(
        enum("status", " ".join(LIFE.states), core=True),
        text("description", longest=2000, writes=PURCHASE),
        text("reasonForChange", longest=2000, sees="operations", writes="operations"),
        flag("info.visible", writes=PURCHASE),
        text("info.description", longest=2000, writes=PURCHASE),
        number("unitLP", writes=PURCHASE),
        number("unitPP", sees=PURCHASE, writes=PURCHASE),
        number("unitSP", sees=SALES, writes="operations"),
        number("markup", sees="operations", writes="operations"),
        number("margin", sees="operations"),
        *(number(f"PP{each}", sees=PURCHASE) for each in ("x1", "xM", "xY")),
        *(number(f"SP{each}", sees=SALES) for each in ("x1", "xM", "xY")),
        *(number(f"LP{each}") for each in ("x1", "xM", "xY")),
        ref("priceList", "catalog/price-lists"),
        ref("item", "catalog/items", core=True),
        *audited("created", "updated", "published", "unpublished"),
    ),
)


def is_for_sale(entry: Thing) -> bool:
    """Whether it may be bought anew. Source: commerce spec 2.3, rule 3."""
    return entry.status == "ForSale"


def is_in_use(entry: Thing) -> bool:
    """Whether more of it may be had where it is owned already."""
    return entry.status in ("ForSale", "Private")
