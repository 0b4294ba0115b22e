"""An authorization is a vendor's leave for a seller to trade a product in one currency."""

from typing import Any

import sqlalchemy as sa

from entrepot.accounts.dealings import AGREEMENTS
from entrepot.accounts.eligibility import eligibility
from entrepot.catalog.price_list import LISTINGS, is_currency
from entrepot.catalog.product import PRODUCT
from entrepot.catalog.publication import kept, seen
from entrepot.kernel import plain
from entrepot.kernel.access import Who
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Load
from entrepot.kernel.errors import Conflict
from entrepot.kernel.field import Field, audited, counted, enum, moment, ref, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, given

LIFE = Machine(initial="Idle", final="Deleted", moves=(move("delete", "Idle", "Deleted", "operations"),))
"""Known to the platform alone: on the wire it has no status (platform spec 14), and a deleted one is gone."""


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Whoever sees the product."""
    return sa.and_(kept(row, who), seen(PRODUCT, row.c.product_id, who))


TRADE = "vendor operations"
ONCE = "operations:create"

# What is held under agreements stands in a later room, too.
SUBSCRIPTIONS = sa.table("subscriptions", sa.column("agreement_id", sa.Text()))


def agreed(column: str) -> tuple[Field, Field]:
    """How many agreements came about by it, and what is subscribed to under them: known to those who trade by it."""

    def agreements(row: sa.FromClause, who: Who) -> sa.ScalarSelect[int]:
        return sa.select(sa.func.count()).where(AGREEMENTS.c[column] == row.c.id).scalar_subquery()

    def subscriptions(row: sa.FromClause, who: Who) -> sa.ScalarSelect[int]:
        under = AGREEMENTS.join(SUBSCRIPTIONS, SUBSCRIPTIONS.c.agreement_id == AGREEMENTS.c.id)
        found = sa.select(sa.func.count()).select_from(under).where(AGREEMENTS.c[column] == row.c.id)
        return found.scalar_subquery()

    return (
        counted("statistics.agreements", agreements, sees=TRADE, heavy=True),
        counted("statistics.subscriptions", subscriptions, sees=TRADE, heavy=True),
    )


def _listed(what: sa.ColumnElement[int]) -> Any:
    """A number about the listings that sell by it."""
    return lambda row, who: (
        sa.select(what).where(LISTINGS.c.authorization_id == row.c.id, LISTINGS.c.status != "Deleted").scalar_subquery()
    )


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
        # Listings and agreements rest on it.
        text("currency", longest=3, required=True, core=True, check=is_currency, writes=ONCE),
        ref("product", "catalog/products", required=True, writes=ONCE),
        ref("vendor", "accounts/accounts"),
        ref("owner", "accounts/sellers", required=True, writes=ONCE),
        # Vendors' extensions find their own account at the distributor by it (commerce spec 5.1).
        text("externalIds.operations", longest=500, sees=TRADE, writes="operations"),
        moment("journal.firstInvoiceDate", writes="operations"),
        enum("journal.frequency", "1m 3m 6m 1y 3y one-time", writes="operations"),
        *eligibility(writes="operations"),
        text("notes", longest=2000, writes="operations"),
        text("settings", longest=20_000, heavy=True, sees=TRADE, writes="operations", filterable=False),
        enum("status", " ".join(LIFE.states), sees="kernel", default="Idle", filterable=False),
        counted("statistics.sellers", _listed(sa.func.count(LISTINGS.c.seller_id.distinct())), sees=TRADE, heavy=True),
        counted("statistics.listings", _listed(sa.func.count()), sees=TRADE, heavy=True),
        *agreed("authorization_id"),
        *audited("created", "updated"),
    ),
)


async def for_new(load: Load, call: Call, _: None, body: Body) -> Got:
    """The product."""
    return await load(PRODUCTS, product=body.id_of(call, "product") or "")


PRODUCTS = {"products": Want(PRODUCT, lambda row: row.c.id == given("product"))}


def create(call: Call, _: None, body: Body, got: Got) -> Thing:
    """The distributor enters what its vendor has allowed."""
    authorization = plain.begin(call, AUTHORIZATION, body)
    call.stop_on_faults()
    authorization.vendor_id = got.products[0].vendor_id
    return authorization


def delete(call: Call, authorization: Thing, body: None, got: Got) -> None:
    """It is gone, unless somebody sells by it, or has bought (platform spec 2.12)."""
    if authorization.statistics_listings or authorization.statistics_agreements:
        raise Conflict(f"Authorization {authorization.id} is in use.", unblocks="operations")
    call.move(authorization, "delete")
