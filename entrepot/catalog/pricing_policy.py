"""A pricing policy gives one client its own markup on some products."""

import sqlalchemy as sa

from entrepot.accounts.dealings import SEE_ALL
from entrepot.accounts.eligibility import eligibility, fits
from entrepot.kernel.access import Who
from entrepot.kernel.field import audited, enum, externals, number, ref, refs, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing

LIFE = Machine(
    initial="Active",
    final="Deleted",
    moves=(
        #     verb        from               to          by
        move("disable",  "Active",          "Disabled", "operations"),
        move("activate", "Disabled",        "Active",   "operations"),
        move("delete",   "Active Disabled", "Deleted",  "operations"),
    ),
)  # fmt: skip
"""Source: platform spec 2.11."""


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Operations all; a client knows of its own, but not what they do to the price."""
    if who.actor in SEE_ALL:
        return sa.true()
    if who.actor == "client":
        return sa.and_(row.c.client_id == who.account, row.c.status != "Deleted")
    return sa.false()


PRICING_POLICY = Noun(
    name="PricingPolicy",
    path="catalog/pricing-policies",
    table_name="pricing_policies",
    ids=Ids("PRP", 3),
    life=LIFE,
    sees=sees,
    fields=(
        text("name", longest=500, required=True, core=True, writes="operations"),
        ref("client", "accounts/accounts", required=True, core=True, writes="operations:create"),
        refs("products", "catalog/products", writes="operations"),
        *eligibility(writes="operations", core=True),
        number("markup", sees="operations", writes="operations"),
        number("margin", sees="operations", writes="operations"),
        text("notes", longest=2000, sees="operations", writes="operations"),
        *externals("operations"),
        enum("status", " ".join(LIFE.states)),
        *audited("created", "updated", "activated", "deactivated"),
    ),
)


def applies_to(policy: Thing, client_id: str, product_id: str, licensee: Thing) -> bool:
    """Whether its markup goes before the price list's. The policy must be loaded with its products."""
    return (
        policy.status == "Active"
        and policy.client_id == client_id
        and product_id in policy.products
        and fits(policy, licensee)
    )
