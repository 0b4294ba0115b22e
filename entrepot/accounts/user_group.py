"""A user group opens modules to its users, and may keep them to some of the account's buyers."""

import sqlalchemy as sa

from entrepot.accounts.dealings import SEE_ALL
from entrepot.kernel.access import Who
from entrepot.kernel.field import audited, enum, flag, ref, refs, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun

LIFE = Machine(
    initial="Active",
    final="Deleted",
    moves=(move("delete", "Active", "Deleted", "client vendor operations"),),
)
"""Known to the platform alone: on the wire a deleted group is just gone. Source: platform spec 1.7."""


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Operations all; a client or vendor those of its own account."""
    if who.actor == "kernel":
        return sa.true()
    own = sa.true() if who.actor in SEE_ALL else row.c.account_id == who.account
    return sa.and_(own, row.c.status != "Deleted")


EVERY = "client vendor operations"

USER_GROUP = Noun(
    name="UserGroup",
    path="accounts/user-groups",
    table_name="user_groups",
    ids=Ids("UGR", 2),
    life=LIFE,
    sees=sees,
    audience=("account_id",),
    fields=(
        text("name", longest=500, required=True, core=True, writes=EVERY),
        text("description", longest=2000, core=True, writes=EVERY),
        text("logo", longest=2000, core=True, writes=EVERY),
        flag("isDefault", default=False, core=True),
        ref("account", "accounts/accounts"),
        refs("modules", "accounts/modules", writes=EVERY),
        refs("buyers", "accounts/buyers", writes=EVERY),  # none: every buyer of the account
        enum("status", " ".join(LIFE.states), sees="kernel", default="Active", filterable=False),
        *audited("created", "updated"),
    ),
)
"""Who is in it is told by the users' `groups`: one link table serves both ways."""
