"""An account is a party to the marketplace with users of its own: a client, a vendor or the distributor."""

import sqlalchemy as sa

from entrepot.accounts.address import ADDRESS
from entrepot.accounts.dealings import SEE_ALL
from entrepot.accounts.eligibility import eligibility
from entrepot.accounts.validation import ERRORS
from entrepot.kernel.access import Who
from entrepot.kernel.field import audited, document, enum, icon, part, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing

LIFE = Machine(
    initial="Enabled Active",
    moves=(
        #     verb          from              to          by
        move("activate",   "Enabled",        "Active",   "operations"),  # a customer discount group is given
        move("deactivate", "Active",         "Enabled",  "operations"),
        move("disable",    "Enabled Active", "Disabled", "operations"),
        move("enable",     "Disabled",       "Enabled",  "operations"),
        move("reinstate",  "Disabled",       "Active",   "operations"),  # enabled, with its group still there
    ),
)  # fmt: skip
"""Source: platform spec 1.1."""


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Operations all; a client or vendor its own. Of others it knows what travels in references."""
    return sa.true() if who.actor in SEE_ALL else row.c.id == who.account


EVERY = "client vendor operations"

ACCOUNT = Noun(
    name="Account",
    path="accounts/accounts",
    table_name="accounts",
    ids=Ids("ACC", 2),
    life=LIFE,
    sees=sees,
    audience=("id",),
    fields=(
        text("name", longest=500, required=True, core=True, writes=EVERY),
        *icon(),
        enum("type", "Client Vendor Operations", required=True, core=True, writes="operations:create"),
        enum("status", " ".join(LIFE.states), core=True),
        text("description", longest=2000, writes=EVERY),
        text("externalId", longest=250, writes="operations"),
        text("externalName", writes="operations"),
        enum(
            "serviceLevel",
            "Express Essential Elite Dsc Focus Runners Strategics NotApplicable",
            writes="operations",
        ),
        document("address", schema=ADDRESS, writes=EVERY),
        text("website", longest=2000, writes=EVERY),
        text("technicalSupportEmail", longest=320, writes=EVERY),
        text("defaultLanguageCode", longest=20, writes=EVERY),
        text("externalIds.pyraTenantId", writes="operations"),
        *eligibility(writes="operations"),
        document("errors", schema=ERRORS, sees="operations"),
        part("groups", "accounts/user-groups", by="account_id", heavy=True, screened=True),
        part("buyers", "accounts/buyers", by="account_id", heavy=True, asked=True, screened=True),
        *audited("created", "updated", "activated", "enabled", "disabled"),
    ),
)


TRADES_AT_ONCE = ("Vendor", "Operations")
"""Types of accounts that have no customer discount group to wait for."""


def may_start_orders(account: Thing) -> bool:
    """Enabled is enough to start: only a disabled account trades no more. Source: platform spec 1.1."""
    return account.status != "Disabled"


def may_complete_orders(account: Thing) -> bool:
    """What was started is completed once the account is active."""
    return account.status == "Active"
