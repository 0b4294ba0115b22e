"""An authorization is a vendor's leave for a seller to trade a product in one currency."""

import sqlalchemy as sa

from entrepot.accounts.eligibility import eligibility
from entrepot.catalog.product import PRODUCT
from entrepot.catalog.publication import kept, seen
from entrepot.kernel.access import Who
from entrepot.kernel.field import audited, enum, moment, ref, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun

LIFE = Machine(initial="Idle", final="Deleted", moves=(move("delete", "Idle", "Deleted", "operations"),))
"""Known to the platform alone: on the wire it has no status (platform spec 14), and a deleted one is gone."""


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Whoever sees the product."""
    return sa.and_(kept(row, who), seen(PRODUCT, row.c.product_id, who))


TRADE = "vendor operations"

AUTHORIZATION = Noun(
    name="Authorization",
    path="catalog/authorizations",
    table_name="authorizations",
    ids=Ids("AUT", 2),
    life=LIFE,
    sees=sees,
    audience=("vendor_id",),
    fields=(
        text("name", longest=500, required=True, core=True, writes="operations"),
        text("currency", longest=3, required=True, core=True, writes="operations"),
        ref("product", "catalog/products", required=True, writes="operations:create"),
        ref("vendor", "accounts/accounts"),
        ref("owner", "accounts/sellers", required=True, writes="operations:create"),
        # Vendors' extensions find their own account at the distributor by it (commerce spec 5.1).
        text("externalIds.operations", longest=500, sees=TRADE, writes="operations"),
        moment("journal.firstInvoiceDate", writes="operations"),
        enum("journal.frequency", "1m 3m 6m 1y 3y one-time", writes="operations"),
        *eligibility(writes="operations"),
        text("notes", longest=2000, writes="operations"),
        text("settings", longest=20_000, heavy=True, sees=TRADE, writes="operations", filterable=False),
        enum("status", " ".join(LIFE.states), sees="kernel", default="Idle", filterable=False),
        *audited("created", "updated"),
    ),
)
