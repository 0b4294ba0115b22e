"""A user is a person who works for one or more accounts. How one becomes a member of one: account_user.py."""

import asyncio

import sqlalchemy as sa

from entrepot.accounts.dealings import SEE_ALL, exists
from entrepot.accounts.permission import MANAGE
from entrepot.kernel import plain
from entrepot.kernel.access import Who
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Load
from entrepot.kernel.errors import Forbidden
from entrepot.kernel.field import audited, enum, icon, moment, ref, refs, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing

LIFE = Machine(
    initial="Invited",
    final="Deleted",
    moves=(
        #     verb       from                                to                   by
        move("expire",  "Invited",                           "InvitationExpired", "kernel"),  # after seven days
        move("invite",  "InvitationExpired Disabled",        "Invited",           "client vendor operations"),
        move("accept",  "Invited Disabled",                  "Active",            "client vendor operations kernel"),
        move("detach",  "Active Invited InvitationExpired",  "Disabled",          "kernel"),  # left its last account
        move("block",   "Active Disabled",                   "Blocked",           "operations"),
        move("unblock", "Blocked",                           "Active",            "operations"),
        move("release", "Blocked",                           "Disabled",          "operations"),  # it is in no account
        move("delete",  "Disabled Blocked",                  "Deleted",           "operations"),
    ),
)  # fmt: skip
"""Source: platform spec 1.6."""

MEMBERS = sa.table("account_users", *(sa.column(name, sa.Text()) for name in ("user_id", "account_id", "status")))
"""Which accounts somebody belongs to: the columns of `account_user.py` that are read here."""

PASSWORD_SHORTEST, PASSWORD_LONGEST = 8, 200


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Operations all; a client or vendor the members of its own account, and whom it was the first to invite.

    Who is invited by one more account is no more to it than a name, until that person says yes.
    """
    if who.actor in SEE_ALL:
        return sa.true()
    member = MEMBERS.alias()
    joined = sa.or_(
        member.c.status == "Active",
        sa.and_(member.c.status != "Removed", row.c.current_account_id == who.account),
    )
    mine = exists(member, member.c.user_id == row.c.id, member.c.account_id == who.account, joined)
    return sa.and_(mine, row.c.status != "Deleted")


SELF = "client vendor operations"

USER = Noun(
    name="User",
    path="accounts/users",
    table_name="users",
    ids=Ids("USR", 2),
    life=LIFE,
    sees=sees,
    aka="email",
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
        # Which other accounts a person works for is not for each of them to know.
        ref("currentAccount", "accounts/accounts", sees="operations"),
        refs("accounts", "accounts/accounts", sees="operations", derived=True, heavy=True),
        refs("groups", "accounts/user-groups", sees="operations", derived=True, heavy=True),
        moment("lastLoginAt"),
        text("passwordHash", longest=500, sees="kernel", filterable=False, untold=True),
        moment("audit.invitationAcceptedAt", heavy=True),
        *audited("created", "updated"),
    ),
)


def full_name(user: Thing) -> str | None:
    """First and last name as one."""
    return " ".join(filter(None, (user.first_name, user.last_name))) or None


# Verbs ------------------------------------------------------------------------------------------------


def update(call: Call, user: Thing, body: Body, got: None) -> None:
    """A person changes what is told of them; so does whoever manages the users of their only account."""
    require_managed(call, user)
    named = user.first_name, user.last_name
    plain.write(call, user, body)
    if named != (user.first_name, user.last_name):
        user.name = full_name(user)


def require_managed(call: Call, user: Thing) -> None:
    """Raises Forbidden unless it is the person, or who manages users where this one works and nowhere else."""
    if call.caller.user_id != user.id and not (call.caller.manages(MANAGE) and works_here_alone(call, user)):
        raise Forbidden(f"User {user.id} is for that person to change, and for the managers of their only account.")


def works_here_alone(call: Call, user: Thing) -> bool:
    """Whether the caller's account is the only one that the person works for, or operations ask."""
    return call.by("operations") or set(user.accounts) <= {call.caller.account_id}


def block(call: Call, user: Thing, body: Body, got: None) -> None:
    """Operations shut somebody out, whatever account they work for."""
    call.move(user, "block")


def unblock(call: Call, user: Thing, body: Body, got: None) -> None:
    """Back to where they were: disabled, unless there is an account that they work for."""
    call.move(user, "unblock" if user.accounts else "release")


async def hashed(load: Load, call: Call, user: Thing, body: Body) -> Got:
    """The password's verifier, made on the side since that takes a while."""
    got = Got(verifier=None)
    password = body.get("password")
    if password is None:
        call.missing(body.path("password"))
    elif not isinstance(password, str):
        call.fault(body.path("password"), "A text was expected.")
    else:
        for words in password_faults(password):
            call.fault(body.path("password"), words)
    if _may_set_password(call, user) and not call.faults:
        got.verifier = await asyncio.to_thread(call.secrets.verifier, str(password))
    return got


def password_faults(password: str) -> list[str]:
    """What is wrong with a password. Length is what makes it strong; nothing else is asked of it."""
    if not PASSWORD_SHORTEST <= len(password) <= PASSWORD_LONGEST:
        return [f"Between {PASSWORD_SHORTEST} and {PASSWORD_LONGEST} characters are expected."]
    return ["A text cannot hold the character NUL."] if "\0" in password else []


def set_password(call: Call, user: Thing, body: Body, got: Got) -> None:
    """A person chooses a password; operations may do it for them. Whoever was signed in with the old one no more is."""
    if not _may_set_password(call, user):
        raise Forbidden("A password is set by that very person, or by operations, with a token that may do everything.")
    call.stop_on_faults()
    user.password_hash = got.verifier
    call.record("user.password_set", user)


def _may_set_password(call: Call, user: Thing) -> bool:
    """Whoever has the password may do all that the person may: so no token may set it that may do less."""
    caller = call.caller
    if caller.narrow:
        return False
    return caller.user_id == user.id or (call.by("operations") and caller.whole)


def delete(call: Call, user: Thing, body: None, got: None) -> None:
    """Nobody any more. What identifies the person is erased, but for the name that stands by what they did."""
    call.move(user, "delete")
    user.email = user.phone_prefix = user.phone_number = user.password_hash = None
