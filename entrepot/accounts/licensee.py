"""A licensee is a company that uses what a buyer pays for, served by one seller."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from entrepot.accounts.address import ADDRESS
from entrepot.accounts.contact import contact
from entrepot.accounts.dealings import SEE_ALL, dealt_with
from entrepot.accounts.eligibility import eligibility
from entrepot.kernel.access import Who
from entrepot.kernel.field import Field, audited, document, enum, flag, icon, part, ref, refs, sought, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing

LIFE = Machine(
    initial="Active Enabled",  # Active where the ERP links its buyer with its seller
    final="Deleted",
    moves=(
        #     verb         from              to          by
        move("link",      "Enabled",        "Active",   "operations kernel"),
        move("unlink",    "Active",         "Enabled",  "operations kernel"),
        move("disable",   "Enabled Active", "Disabled", "client operations"),
        move("enable",    "Disabled",       "Enabled",  "client operations"),
        move("reinstate", "Disabled",       "Active",   "client operations"),  # enabled, with the link there
        move("delete",    "Enabled Active Disabled", "Deleted", "client operations"),
    ),
)  # fmt: skip
"""Source: platform spec 1.4."""


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Operations all; a client its own whose buyer it may reach; a vendor those it has agreements with."""
    if who.actor in SEE_ALL:
        return sa.true()
    mine = (
        sa.and_(row.c.account_id == who.account, who.reach(row.c.buyer_id))
        if who.actor == "client"
        else dealt_with("licensee_id", row.c.id, who)
    )
    return sa.and_(mine, row.c.status != "Deleted")


# Buyers are told in terms of licensees in `dealings`; here only the column that says where they are is known.
BUYERS = sa.table("buyers", sa.column("id", sa.Text()), sa.column("address", JSONB()))

PLACES = ("addressLine1", "city", "state", "postCode", "country")


def _site(member: str) -> Field:
    """Where a licensee is: at its own address, or at its buyer's where it uses that. Compared without case."""

    def seeks(row: sa.FromClause) -> sa.ColumnElement[str]:
        buyer, name = BUYERS.alias(), sa.literal_column(f"'{member}'")
        of_buyer = sa.select(buyer.c.address.op("->>")(name)).where(buyer.c.id == row.c.buyer_id).scalar_subquery()
        at_buyer = row.c.use_buyer_address | row.c.address.is_(None)
        found = sa.case((at_buyer, of_buyer), else_=row.c.address.op("->>")(name))
        return sa.func.lower(sa.func.coalesce(sa.cast(found, sa.Text()), sa.literal_column("''"))).collate("C")

    return sought(f"site.{member}", seeks, sees="client operations")


BOTH = "client operations"
ONCE = "client:create operations:create"

LICENSEE = Noun(
    name="Licensee",
    path="accounts/licensees",
    table_name="licensees",
    ids=Ids("LCE", 3),
    life=LIFE,
    sees=sees,
    audience=("account_id",),
    scope="buyer_id",
    party="account_id",
    sought=tuple(_site(each) for each in PLACES),
    fields=(
        text("name", longest=500, core=True, writes=BOTH),
        *icon(),
        text("externalId", longest=250, core=True, writes=BOTH),
        enum("status", " ".join(LIFE.states)),
        ref("account", "accounts/accounts"),
        ref("buyer", "accounts/buyers", required=True, writes=ONCE),
        ref("seller", "accounts/sellers", required=True, writes=ONCE),
        flag("useBuyerAddress", required=True, default=True, writes=BOTH),
        document("address", schema=ADDRESS, writes=BOTH),
        # The vendors' SDK refuses a licensee without a contact name, at any depth (platform spec 13).
        *contact(writes=BOTH, core=True),
        text("description", longest=2000, writes=BOTH),
        text("website", longest=2000, writes=BOTH),
        text("type"),
        text("defaultLanguage", longest=20, writes=BOTH),
        *eligibility(writes=BOTH),
        flag("settings.selfServiceAllowed", default=False, writes=BOTH),
        flag("settings.orderApprovalRequired", default=False, writes=BOTH),
        flag("settings.billOnBehalfOf", default=False, writes=BOTH),
        refs("groups", "accounts/user-groups", heavy=True),
        part(
            "contacts",
            "accounts/licensees/{licensee}/contacts",
            by="licensee_id",
            heavy=True,
            sees=BOTH,
            writes=ONCE,
        ),
        flag("awaitsContacts", sees="kernel", default=False),
        *audited("created", "updated", "disabled"),
    ),
)


def may_order(licensee: Thing, buyer: Thing) -> bool:
    """Both must be active, and belong together."""
    return licensee.status == buyer.status == "Active" and licensee.buyer_id == buyer.id
