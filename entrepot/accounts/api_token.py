"""An API token speaks for an account: whoever has its value acts as the account, within its modules."""

import sqlalchemy as sa

from entrepot.kernel.access import Who
from entrepot.kernel.field import audited, enum, moment, ref, refs, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun

EVERY = "client vendor operations"

LIFE = Machine(
    initial="Active",
    final="Deleted",
    moves=(
        #     verb       from               to          by
        move("disable", "Active",          "Disabled", EVERY),
        move("enable",  "Disabled",        "Active",   EVERY),
        move("delete",  "Active Disabled", "Deleted",  EVERY),
    ),
)  # fmt: skip
"""Source: platform spec 1.9."""


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Those of the caller's own account, for operations too: a token is given out with its secret, so whoever
    read another account's could act as that account. Deleted ones are left to operations. Nobody sees a token
    that reaches further than the one in hand: who is held to some buyers, those of the same person alone; a
    token of some modules, or an agent's, itself alone."""
    if who.actor == "kernel":
        return sa.true()
    own = sa.and_(row.c.account_id == who.account, sa.or_(sa.not_(who.limited), row.c.id == who.token))
    if who.restricted:
        own = sa.and_(own, sa.or_(row.c.id == who.token, row.c.user_id == who.user))
    return own if who.actor == "operations" else sa.and_(own, row.c.status != "Deleted")


API_TOKEN = Noun(
    name="ApiToken",
    path="accounts/api-tokens",
    table_name="api_tokens",
    ids=Ids("TKN", 2),
    life=LIFE,
    sees=sees,
    audience=("account_id",),
    fields=(
        text("name", longest=500, required=True, core=True, writes=EVERY),
        text("icon", longest=2000, core=True, writes=EVERY),
        text("description", longest=2000, writes=EVERY),
        enum("status", " ".join(LIFE.states)),
        ref("account", "accounts/accounts"),
        refs("modules", "accounts/modules", writes=EVERY),
        ref("user", "accounts/users"),
        enum("heldBy", "person service agent", default="service"),
        moment("lastAccessAt"),
        text("token", longest=500, secret=True, heavy=True, filterable=False),
        text("tokenHash", longest=500, sees="kernel", filterable=False),
        *audited("created", "updated"),
    ),
)
