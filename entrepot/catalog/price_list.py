"""A price list holds what every item of a product costs in one currency."""

import sqlalchemy as sa

from entrepot.accounts.dealings import exists
from entrepot.accounts.licensee import LICENSEE
from entrepot.catalog.product import PRODUCT
from entrepot.catalog.publication import kept, seen
from entrepot.kernel.access import Who
from entrepot.kernel.field import audited, enum, flag, integer, number, ref, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun

LIFE = Machine(initial="Idle", final="Deleted", moves=(move("delete", "Idle", "Deleted", "vendor operations"),))
"""Known to the platform alone: on the wire a deleted list is just gone. Source: platform spec 2.9."""

# Listings refer to price lists, and stand in a later file.
LISTINGS = sa.table("listings", *(sa.column(name, sa.Text()) for name in ("price_list_id", "seller_id", "status")))


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Whoever sees the product; a client only the lists by which a seller of its licensees sells."""
    whose = sa.and_(kept(row, who), seen(PRODUCT, row.c.product_id, who))
    return sa.and_(whose, _sold_by(row, who)) if who.actor == "client" else whose


def _sold_by(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    listing, licensee = LISTINGS.alias(), LICENSEE.table.alias()
    served = exists(licensee, licensee.c.seller_id == listing.c.seller_id, LICENSEE.sees(licensee, who))
    return exists(listing, listing.c.price_list_id == row.c.id, listing.c.status != "Deleted", served)


BOTH = "vendor operations"
ONCE = "vendor:create operations:create"

PRICE_LIST = Noun(
    name="PriceList",
    path="catalog/price-lists",
    table_name="price_lists",
    ids=Ids("PRC", 3, child_of="product"),
    life=LIFE,
    sees=sees,
    audience=("vendor_id",),
    fields=(
        text("currency", longest=3, required=True, core=True, writes=ONCE),
        integer("precision", least=0, default=2, writes=ONCE),
        number("defaultMarkup", sees="operations", writes="operations"),
        number("defaultMargin", sees="operations", writes="operations"),
        text("notes", longest=2000, writes=BOTH),
        # Operations keeps lists too, and then gives them the vendor's number.
        text("externalIds.vendor", longest=500, sees=BOTH, writes=BOTH),
        flag("default", column="is_default", default=False, writes=BOTH),
        ref("product", "catalog/products", required=True, writes=ONCE),
        ref("vendor", "accounts/accounts"),
        enum("status", " ".join(LIFE.states), sees="kernel", default="Idle", filterable=False),
        *audited("created", "updated"),
    ),
)
