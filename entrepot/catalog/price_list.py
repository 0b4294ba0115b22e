"""A price list holds what every item of a product costs in one currency."""

import re
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from entrepot.accounts.dealings import exists
from entrepot.accounts.licensee import LICENSEE
from entrepot.catalog.markup import markup_and_margin
from entrepot.catalog.product import PRODUCT
from entrepot.catalog.publication import kept, seen
from entrepot.kernel.access import Who
from entrepot.kernel.field import audited, counted, enum, flag, integer, ref, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.money import PERCENT_DECIMALS
from entrepot.kernel.noun import Noun

LIFE = Machine(initial="Idle", final="Deleted", moves=(move("delete", "Idle", "Deleted", "vendor operations"),))
"""Known to the platform alone: on the wire a deleted list is just gone. Source: platform spec 2.9."""

BOTH = "vendor operations"

Counts = Callable[[Any, Who], sa.ScalarSelect[Any]]

# Listings refer to price lists, and stand in a later file.
LISTINGS = sa.table(
    "listings",
    *(sa.column(name, sa.Text()) for name in ("price_list_id", "authorization_id", "seller_id", "status")),
)


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Whoever sees the product; a client only the lists by which a seller of its licensees sells."""
    whose = sa.and_(kept(row, who), seen(PRODUCT, row.c.product_id, who))
    return sa.and_(whose, _sold_by(row, who)) if who.actor == "client" else whose


def _sold_by(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    listing, licensee = LISTINGS.alias(), LICENSEE.table.alias()
    served = exists(licensee, licensee.c.seller_id == listing.c.seller_id, LICENSEE.sees(licensee, who))
    return exists(listing, listing.c.price_list_id == row.c.id, listing.c.status != "Deleted", served)


def is_currency(value: object) -> list[str]:
    """What is wrong with the code of a currency (ISO 4217)."""
    return [] if re.fullmatch("[A-Z]{3}", str(value)) else ["A currency such as EUR was expected."]


PRECISION_MAX = 6


def _is_precision(value: object) -> list[str]:
    few = isinstance(value, int) and value <= PRECISION_MAX
    return [] if few else [f"At most {PRECISION_MAX} decimals are allowed."]


# What is counted ------------------------------------------------------------------------------------------

# Its items stand in a later file, too.
ENTRIES = sa.table(
    "price_list_items", sa.column("price_list_id", sa.Text()),
    *(sa.column(name, sa.Numeric()) for name in ("unit_pp", "unit_sp", "markup", "margin")),
)  # fmt: skip


def _listed(what: sa.ColumnElement[int]) -> Counts:
    """A number about the listings that sell by a list."""
    return lambda row, who: (
        sa.select(what).where(LISTINGS.c.price_list_id == row.c.id, LISTINGS.c.status != "Deleted").scalar_subquery()
    )


def _among(what: sa.ColumnElement[Any]) -> Counts:
    """A number about the items of a list."""
    return lambda row, who: sa.select(what).where(ENTRIES.c.price_list_id == row.c.id).scalar_subquery()


def _complete(column: str) -> sa.ColumnElement[int]:
    """How many in a hundred have that price, whole ones."""
    priced = sa.func.count(ENTRIES.c[column]) * 100 / sa.func.nullif(sa.func.count(), 0)
    return sa.cast(sa.func.coalesce(priced, 0), sa.Integer)


def _average(value: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return sa.func.trim_scale(sa.func.round(sa.func.avg(value), PERCENT_DECIMALS))


# A markup that follows from the list stands nowhere but in the margin.
MARKUP = sa.func.coalesce(ENTRIES.c.markup, ENTRIES.c.margin * 100 / sa.func.nullif(100 - ENTRIES.c.margin, 0))

PERCENT = {"type": "number"}

STATISTICS = (
    counted("statistics.sellers", _listed(sa.func.count(LISTINGS.c.seller_id.distinct())), sees=BOTH, heavy=True),
    counted("statistics.listings", _listed(sa.func.count()), sees=BOTH, heavy=True),
    counted("statistics.priceListItems", _among(sa.func.count()), sees=BOTH, heavy=True),
    counted("statistics.purchasePriceItems", _among(sa.func.count(ENTRIES.c.unit_pp)), sees=BOTH, heavy=True),
    counted("statistics.purchasePriceCompleteness", _among(_complete("unit_pp")), sees=BOTH, heavy=True),
    counted("statistics.salesPriceItems", _among(sa.func.count(ENTRIES.c.unit_sp)), sees="operations", heavy=True),
    counted("statistics.salesPriceCompleteness", _among(_complete("unit_sp")), sees="operations", heavy=True),
    counted("statistics.averageMarkup", _among(_average(MARKUP)), schema=PERCENT, sees="operations", heavy=True),
    counted(
        "statistics.averageMargin", _among(_average(ENTRIES.c.margin)), schema=PERCENT, sees="operations", heavy=True
    ),
)
"""Source: platform spec 2.9. What clients pay, and what the distributor earns by it, is for operations alone."""

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
        text("currency", longest=3, required=True, core=True, check=is_currency, writes=ONCE),
        integer("precision", least=0, default=2, check=_is_precision, writes=ONCE),
        # The official command line takes no list out that says nothing of its markup.
        *markup_and_margin("defaultMarkup", "defaultMargin", told=True),
        text("notes", longest=2000, writes=BOTH),
        # Operations keeps lists too, and then gives them the vendor's number.
        text("externalIds.vendor", longest=500, sees=BOTH, writes=BOTH),
        flag("default", column="is_default", default=False, writes=BOTH),
        ref("product", "catalog/products", required=True, writes=ONCE),
        ref("vendor", "accounts/accounts"),
        enum("status", " ".join(LIFE.states), sees="kernel", default="Idle", filterable=False),
        *STATISTICS,
        *audited("created", "updated"),
    ),
)
