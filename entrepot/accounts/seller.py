"""A seller is a company of the distributor that sells in one country, and invoices there."""

import sqlalchemy as sa

from entrepot.accounts.address import ADDRESS
from entrepot.accounts.dealings import SEE_ALL
from entrepot.kernel.access import Who
from entrepot.kernel.field import audited, document, enum, icon, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing

LIFE = Machine(
    initial="Active",
    final="Deleted",
    moves=(
        #     verb          from                to          by
        move("deactivate", "Active",           "Offline",  "operations"),
        move("disable",    "Active",           "Disabled", "operations"),
        move("activate",   "Offline Disabled", "Active",   "operations"),
        move("delete",     "Active",           "Deleted",  "operations"),
    ),
)  # fmt: skip
"""Source: platform spec 1.3."""


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Everybody: clients choose a seller for a licensee, vendors need its address to fulfil."""
    return sa.true() if who.actor in SEE_ALL else row.c.status != "Deleted"


CURRENCIES = {"type": "array", "items": {"type": "string"}, "examples": [["EUR", "CHF"]]}

SELLER = Noun(
    name="Seller",
    path="accounts/sellers",
    table_name="sellers",
    ids=Ids("SEL", 2),
    life=LIFE,
    sees=sees,
    fields=(
        text("name", longest=500, required=True, core=True, writes="operations"),
        *icon(),
        text("externalId", longest=250, core=True, writes="operations"),
        enum("status", " ".join(LIFE.states)),
        document("currencies", schema=CURRENCIES, required=True, default=[], writes="operations"),
        document("address", schema=ADDRESS, writes="operations"),
        *audited("created", "updated"),
    ),
)


def currencies(seller: Thing) -> frozenset[str]:
    """What it sells in. Clients write a list of codes, or of `{value, billingEnabled, isDefault}`."""
    return frozenset(each["value"] if isinstance(each, dict) else each for each in seller.currencies or ())
