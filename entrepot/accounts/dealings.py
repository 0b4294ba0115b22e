"""Who deals with whom: parties see one another's companies through the agreements between them."""

import sqlalchemy as sa

from entrepot.kernel.access import Who
from entrepot.kernel.field import Field, ref

SEE_ALL = frozenset(("operations", "kernel"))
"""The distributor and the platform itself."""

# Agreements are made in commerce, a later room; here only the columns that name the parties are known.
AGREEMENTS = sa.table(
    "agreements",
    *(
        sa.column(name, sa.Text())
        for name in (
            "id",
            "client_id",
            "vendor_id",
            "buyer_id",
            "licensee_id",
            "seller_id",
            "product_id",
            "listing_id",
            "authorization_id",
        )
    ),
)


def dealt_with(what: str, thing_id: sa.ColumnElement[str], who: Who) -> sa.ColumnElement[bool]:
    """Whether the caller has an agreement whose `what` is that thing, for a buyer within its reach."""
    agreement = AGREEMENTS.alias()
    party = agreement.c.client_id if who.actor == "client" else agreement.c.vendor_id
    return exists(agreement, agreement.c[what] == thing_id, party == who.account, who.reach(agreement.c.buyer_id))


def of_own_buyers(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Operations all, a client what is about those of its buyers that it may reach; no vendor anything."""
    if who.actor in SEE_ALL:
        return sa.true()
    if who.actor == "client":
        return sa.and_(row.c.account_id == who.account, who.reach(row.c.buyer_id))
    return sa.false()


def exists(among: sa.FromClause, *conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Whether there is such a row; every other table in the conditions is that of the statement around it."""
    found = sa.select(sa.literal_column("1")).select_from(among).where(*conditions)
    return found.correlate_except(among).exists()


def count(among: sa.FromClause, *conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    """How many such rows there are; every other table in the conditions is that of the statement around it."""
    return sa.select(sa.func.count()).select_from(among).where(*conditions).correlate_except(among).scalar_subquery()


def vendor_unseen() -> Field:
    """The vendor that a thing belongs to by what it is part of: it reads in the trail what becomes of the thing."""
    return ref("vendor", "accounts/accounts", sees="kernel", filterable=False)
