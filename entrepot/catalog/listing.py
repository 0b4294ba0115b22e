"""A listing offers a product to the clients of one seller, at the prices of one price list."""

from collections.abc import Iterable

import sqlalchemy as sa

from entrepot.accounts.eligibility import eligibility, fits
from entrepot.catalog.product import PRODUCT
from entrepot.catalog.publication import kept, seen
from entrepot.kernel.access import Who
from entrepot.kernel.field import audited, enum, flag, ref, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing

LIFE = Machine(initial="Idle", final="Deleted", moves=(move("delete", "Idle", "Deleted", "operations"),))
"""Known to the platform alone: on the wire it has no status (platform spec 14), and a deleted one is gone."""


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Whoever sees the product."""
    return sa.and_(kept(row, who), seen(PRODUCT, row.c.product_id, who))


ONCE = "operations:create"

LISTING = Noun(
    name="Listing",
    path="catalog/listings",
    table_name="listings",
    ids=Ids("LST", 2),
    life=LIFE,
    sees=sees,
    audience=("vendor_id",),
    fields=(
        text("name", longest=500, core=True, writes="operations"),
        ref("product", "catalog/products", required=True, writes=ONCE),
        ref("vendor", "accounts/accounts"),
        ref("seller", "accounts/sellers", required=True, writes=ONCE),
        ref("authorization", "catalog/authorizations", required=True, writes=ONCE),
        ref("priceList", "catalog/price-lists", required=True, writes=ONCE),
        flag("primary", column="is_primary", default=False, writes="operations"),
        *eligibility(writes="operations"),
        text("notes", longest=2000, writes="operations"),
        enum("status", " ".join(LIFE.states), sees="kernel", default="Idle", filterable=False),
        *audited("created", "updated"),
    ),
)


def serves(listing: Thing, licensee: Thing) -> bool:
    """Whether the licensee may buy by it: its own seller sells, and it is meant for such a company."""
    return listing.status == "Idle" and listing.seller_id == licensee.seller_id and fits(listing, licensee)


def choose(listings: Iterable[Thing], licensee: Thing, authorization_id: str | None = None) -> Thing | None:
    """The listing of a purchase that names none: the primary one of those that serve the licensee, under the
    authorization if one is given. Source: platform spec 2.13."""
    fitting = (
        each for each in listings if serves(each, licensee) and authorization_id in (None, each.authorization_id)
    )
    return min(fitting, key=lambda each: (not each.is_primary, str(each.id)), default=None)
