"""A user is a person who works for one or more accounts."""

import sqlalchemy as sa

from entrepot.accounts.dealings import SEE_ALL, exists
from entrepot.kernel.access import Who
from entrepot.kernel.field import audited, enum, icon, moment, ref, refs, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun

LIFE = Machine(
    initial="Invited",
    final="Deleted",
    moves=(
        #     verb       from                         to                   by
        move("expire",  "Invited",                   "InvitationExpired", "kernel"),  # after seven days
        move("invite",  "InvitationExpired Disabled", "Invited",          "client vendor operations"),
        move("accept",  "Invited",                   "Active",            "client vendor operations kernel"),
        move("detach",  "Active",                    "Disabled",          "kernel"),  # left its last account
        move("block",   "Active Disabled",           "Blocked",           "operations"),
        move("unblock", "Blocked",                   "Active",            "operations"),
        move("release", "Blocked",                   "Disabled",          "operations"),  # it was disabled
        move("delete",  "Disabled Blocked",          "Deleted",           "operations"),
    ),
)  # fmt: skip
"""Source: platform spec 1.6."""


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Operations all; a client or vendor those of its own account."""
    if who.actor in SEE_ALL:
        return sa.true()
    member = USER.link(USER.field("accounts")).alias()
    mine = exists(member, member.c.owner_id == row.c.id, member.c.target_id == who.account)
    return sa.and_(mine, row.c.status != "Deleted")


SELF = "client vendor operations"

USER = Noun(
    name="User",
    path="accounts/users",
    table_name="users",
    ids=Ids("USR", 2),
    life=LIFE,
    sees=sees,
    audience=("current_account_id",),
    fields=(
        text("name", longest=201, core=True),
        *icon(),
        text("email", longest=320),
        text("firstName", longest=100, writes=SELF),
        text("lastName", longest=100, writes=SELF),
        text("phone.prefix", longest=10, writes=SELF),
        text("phone.number", longest=50, writes=SELF),
        enum("status", " ".join(LIFE.states)),
        text("settings.cultureCode", longest=20, writes=SELF),
        text("settings.languageCode", longest=20, writes=SELF),
        ref("currentAccount", "accounts/accounts"),
        refs("accounts", "accounts/accounts", sees="operations", heavy=True),
        refs("groups", "accounts/user-groups", heavy=True),
        moment("lastLoginAt"),
        text("passwordHash", longest=500, sees="kernel", filterable=False),
        moment("audit.invitationAcceptedAt", heavy=True),
        *audited("created", "updated"),
    ),
)
