"""An account user is a person as a member of one account: invited by a link, in some of its user groups."""

import asyncio
import hmac
import re
from collections.abc import Iterable, Mapping
from datetime import timedelta

import sqlalchemy as sa

from entrepot.accounts.account import ACCOUNT
from entrepot.accounts.dealings import SEE_ALL
from entrepot.accounts.module import MODULE
from entrepot.accounts.user import USER, full_name, password_faults
from entrepot.accounts.user_group import EVERY, USER_GROUP, is_covered
from entrepot.kernel.access import Who
from entrepot.kernel.body import Body, apply
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Load
from entrepot.kernel.errors import Conflict, Forbidden
from entrepot.kernel.field import audited, computed, enum, ref, refs, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun, Nouns
from entrepot.kernel.shape import Known
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, among, given

LIFE = Machine(
    initial="Invited Active",  # Active where a world file says so
    moves=(
        #     verb       from                              to                   by
        move("invite",  "Removed",                        "Invited",           EVERY),
        move("resend",  "Invited",                        "Invited",           EVERY),
        move("expire",  "Invited",                        "InvitationExpired", "kernel"),
        move("renew",   "InvitationExpired",              "Invited",           EVERY),
        move("accept",  "Invited",                        "Active",            EVERY + " kernel"),
        move("remove",  "Invited InvitationExpired Active", "Removed",         EVERY),
    ),
)  # fmt: skip
"""Of the invitation. Removed is known to the platform alone. Source: platform spec 1.6 and 1.8."""

INVITED_FOR = timedelta(days=7)
EXPIRE = "accounts.account_user.expire"
EMAIL = re.compile(r"[^@\s\0]{1,64}@[^@\s\0]{1,255}")


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Operations all; a client or vendor those of its own account."""
    if who.actor == "kernel":
        return sa.true()
    own = sa.true() if who.actor in SEE_ALL else row.c.account_id == who.account
    return sa.and_(own, row.c.status != "Removed")


def _code(account_user: Thing, known: Known, actor: str, nouns: Nouns) -> object:
    return known.told.get(str(account_user.id))


def _url(account_user: Thing, known: Known, actor: str, nouns: Nouns) -> object:
    code = known.told.get(str(account_user.id))
    return f"{LINK}?code={code}" if code else None


LINK = "/auth/invitation"
"""Where an invitation is accepted in a browser."""

ACCOUNT_USER = Noun(
    name="AccountUser",
    path="accounts/account-users",
    table_name="account_users",
    ids=Ids("AUSR", 4),
    life=LIFE,
    sees=sees,
    owner="account",
    aka="user",
    audience=("account_id",),
    fields=(
        ref("user", "accounts/users"),
        ref("account", "accounts/accounts", writes="operations:create"),
        refs("groups", "accounts/user-groups", required=True, writes=EVERY),
        refs("modules", "accounts/modules", derived=True, heavy=True),
        refs("buyers", "accounts/buyers", derived=True, heavy=True),
        enum("invitation.status", " ".join(LIFE.states), column="status", default="Active"),
        # A secret: whoever has it may say yes. It is told to who invites, in that one answer, and kept as a hash alone.
        computed("invitation.code", "id", _code, schema={"type": "string"}, secret=True),
        computed("invitation.url", "id", _url, schema={"type": "string"}, secret=True),
        text("invitationHash", longest=100, sees="kernel", filterable=False, untold=True),
        *audited("created", "updated", "invited", "joined"),
    ),
)


def id_of(user_id: object, account_id: object) -> str:
    """There is one for each user and account, under an id that has the digits of both."""
    return f"AUSR-{str(user_id).partition('-')[2]}-{str(account_id).partition('-')[2]}"


# What verbs need -------------------------------------------------------------------------------------


def _users_by_email(row: sa.FromClause) -> sa.ColumnElement[bool]:
    return sa.func.lower(row.c.email) == given("email")


def _with_email(row: sa.FromClause) -> sa.ColumnElement[bool]:
    user = USER.table.alias()
    named = sa.select(user.c.id).where(_users_by_email(user)).scalar_subquery()
    return sa.and_(row.c.user_id == named, row.c.account_id == given("account_id"))


MODULES = {"modules": Want(MODULE, lambda row: sa.true())}
GROUPS = {
    **MODULES,
    "groups": Want(
        USER_GROUP, lambda row: sa.and_(row.c.id == among("group_ids"), row.c.status == "Active"), alone=False
    ),
}
INVITED = {
    **GROUPS,
    "accounts": Want(ACCOUNT, lambda row: row.c.id == given("account_id"), visible=True),
    "users": Want(USER, _users_by_email, alone=False, held=True),
    "members": Want(ACCOUNT_USER, _with_email, alone=False, held=True),
}
PERSON = {
    **GROUPS,
    "users": Want(USER, lambda row: row.c.id == given("user_id"), alone=False, held=True),
    "others": Want(ACCOUNT_USER, lambda row: sa.and_(row.c.user_id == given("user_id"), row.c.id != given("id"))),
}


async def for_new(load: Load, call: Call, _: None, body: Body) -> Got:
    """Who has that e-mail, whether they are a member already, and the groups."""
    account_id = call.owner_id or call.caller.account_id
    if call.by("operations") and not call.owner_id:
        account_id = body.id_of(call, "account") or account_id
    person = body.object(call, "user")
    email = person.get("email") if person is not None else None
    got = await load(
        INVITED,
        account_id=account_id,
        email=_normal(email) if isinstance(email, str) else "",
        group_ids=body.ids_of("groups"),
    )
    return _sorted(got)


async def beside(load: Load, call: Call, account_user: Thing, body: Body | None) -> Got:
    """The person, their other memberships, and the groups: those they are in, and those that are named."""
    wanted = [*account_user.groups, *(_named_groups(body) if body is not None else ())]
    got = await load(PERSON, user_id=account_user.user_id, id=account_user.id, group_ids=wanted)
    return _sorted(got)


async def leaving(load: Load, call: Call, group: Thing, body: None) -> Got:
    """Whoever leaves a group, as the address names them."""
    return await load({"members": Want(ACCOUNT_USER, _is_addressed, alone=False, held=True)}, id=call.owner_id)


def _is_addressed(row: sa.FromClause) -> sa.ColumnElement[bool]:
    return row.c.id == given("id")


def _sorted(got: Got) -> Got:
    got.modules = {str(each.id): each for each in got.modules}
    got.groups = {str(each.id): each for each in got.groups}
    return got


def _named_groups(body: Body) -> list[str]:
    """Several as a list, or one as it is."""
    one = body.get("id")
    return [*body.ids_of("groups"), *([one] if isinstance(one, str) and "\0" not in one else [])]


# Verbs ------------------------------------------------------------------------------------------------


def invite(call: Call, _: None, body: Body, got: Got) -> Thing:
    """Somebody is asked to work for the account, by a link that holds a secret code; a new person becomes a user.

    The answer alone tells the link: whoever invites hands it on. It is good for seven days.
    """
    account = next(iter(got.accounts), None)
    if account is None:
        call.fault(body.path("account.id"), "This account was not found.")
    person = body.object(call, "user")
    if person is None and "user" not in call.faults:
        call.missing(body.path("user"))
    email = person.get("email") if person is not None else None
    if person is not None and email is None:
        call.missing(person.path("email"))
    elif person is not None and (not isinstance(email, str) or not EMAIL.fullmatch(email) or len(email) > 320):
        call.fault(person.path("email"), "An e-mail address was expected.")
    if body.get("groups") is None:
        call.missing(body.path("groups"))
    call.stop_on_faults()
    assert account is not None and person is not None and isinstance(email, str)
    user = next(iter(got.users), None)
    if user is None:
        user = call.new(USER, status="Invited", email=_normal(email), current_account_id=account.id)
        apply(call, user, person, "Invited")
        user.name = full_name(user) or user.email
        call.record("user.created", user)
    elif user.status in ("InvitationExpired", "Disabled"):
        call.move(user, "invite")
        user.current_account_id = user.current_account_id or account.id
    account_user = next(iter(got.members), None)
    if account_user is not None:
        if account_user.status != "Removed":
            raise Conflict(f"{_normal(email)} is {_told(account_user)} already.")
        call.move(account_user, "invite")
    else:
        account_user = call.new(
            ACCOUNT_USER, id=id_of(user.id, account.id), status="Invited", user_id=user.id, account_id=account.id
        )
    apply(call, account_user, body, "Invited")
    _require_groups(call, account_user, body.path("groups"), got)
    call.stop_on_faults()
    call.record("account_user.invited", account_user)
    return _tell_code(call, account_user)


def update(call: Call, account_user: Thing, body: Body, got: Got) -> None:
    """The groups that they are in."""
    before = list(account_user.groups)
    apply(call, account_user, body)
    _require_groups(call, account_user, body.path("groups"), got, before)


def join(call: Call, account_user: Thing, body: Body, got: Got) -> None:
    """They are in these groups too: `[{"id": …}]`, or one `{"id": …}`."""
    before = list(account_user.groups)
    named = _named_groups(body)
    if not named:
        call.missing(body.path("groups"))
    call.link(account_user, "groups", dict.fromkeys((*before, *named)))
    _require_groups(call, account_user, body.path("groups"), got, before)


def regroup(call: Call, account_user: Thing, body: Body, got: Got) -> None:
    """They are in these groups, and no others: `[{"id": …}]`."""
    if body.get("groups") is None and body.get("id") is None:
        call.missing(body.path("groups"))
    before = list(account_user.groups)
    call.link(account_user, "groups", dict.fromkeys(_named_groups(body)))
    _require_groups(call, account_user, body.path("groups"), got, before)


def leave(call: Call, group: Thing, body: None, got: Got) -> Thing:
    """They are no longer in the group. In one they must be."""
    account_user: Thing = got.members[0]
    left = [each for each in account_user.groups if each != group.id]
    if not left:
        raise Conflict("A member is in one group at least: add another one first, or remove the member.")
    call.link(account_user, "groups", left)
    return account_user


def resend(call: Call, account_user: Thing, body: Body, got: Got) -> None:
    """A new link in place of the last one, good for seven days from now."""
    _again(call, account_user, "resend", got)


def renew(call: Call, account_user: Thing, body: Body, got: Got) -> None:
    """A new invitation where the last one has expired."""
    _again(call, account_user, "renew", got)


def accept(call: Call, account_user: Thing, body: Body, got: Got) -> None:
    """Yes, with the code of the invitation. A person who is a user already says it in person."""
    user: Thing = got.users[0]
    if account_user.status != "Invited":
        LIFE.require("accept", str(account_user.status), call.caller.actor, f"account user {account_user.id}")
    if user.status in ("Blocked", "Deleted"):
        raise Conflict(f"User {user.id} is {user.status}.", unblocks="operations")
    if user.status == "Active" and call.caller.user_id != user.id:
        raise Forbidden(f"User {user.id} accepts this in person, by the link.")
    invitation = body.object(call, "invitation") or body
    code = invitation.get("code")
    if code is None:
        call.missing(body.path("invitation.code"))
    elif not isinstance(code, str) or not is_code_of(call, account_user, code):
        call.fault(body.path("invitation.code"), "This is not the code of the invitation.")
    call.stop_on_faults()
    begin(call, account_user, user)


async def welcoming(load: Load, call: Call, account_user: Thing, body: Body) -> Got:
    """As `beside`; and of a new person, the verifier of the password that they choose."""
    got = await beside(load, call, account_user, None)
    got.verifier = None
    password = body.get("password")
    if got.users[0].status == "Active":
        return got
    for words in password_faults(password) if isinstance(password, str) else ["A password is required."]:
        call.fault(body.path("password"), words)
    if not call.faults:
        got.verifier = await asyncio.to_thread(call.secrets.verifier, str(password))
    return got


def welcome(call: Call, account_user: Thing, body: Body, got: Got) -> None:
    """Somebody followed the link: a new person chooses a password, one who is known is signed in already."""
    accept(call, account_user, body, got)
    if got.verifier is not None:
        got.users[0].password_hash = got.verifier


def begin(call: Call, account_user: Thing, user: Thing) -> None:
    """They work for the account from now on."""
    call.move(account_user, "accept")
    call.stamp(account_user, "joined")
    account_user.invitation_hash = None
    if user.status != "Active":
        call.move(user, "accept")
    user.current_account_id = user.current_account_id or account_user.account_id
    user.audit_invitation_accepted_at = call.now


def remove(call: Call, account_user: Thing, body: None, got: Got) -> None:
    """They work for the account no more. The user stays, disabled where this was the last account."""
    user: Thing = got.users[0]
    call.move(account_user, "remove")
    call.link(account_user, "groups", [])
    account_user.invitation_hash = None
    left = [each for each in got.others if each.status == "Active"]
    pending = [each for each in got.others if each.status == "Invited"]
    if not left and (user.status == "Active" or (not pending and user.status in ("Invited", "InvitationExpired"))):
        call.move(user, "detach", by="kernel")
    if user.current_account_id == account_user.account_id:
        user.current_account_id = left[0].account_id if left else None
    call.record("user.left_account", user)  # two who remove them at once must not both find another account


def expire(call: Call, account_user: Thing, body: Body, got: Got) -> None:
    """Nobody said yes within seven days."""
    since = account_user.audit_invited_at or account_user.audit_created_at
    if account_user.status != "Invited" or call.now < since + INVITED_FOR:
        return
    user: Thing = got.users[0]
    call.move(account_user, "expire", by="kernel")
    account_user.invitation_hash = None
    if user.status == "Invited" and all(each.status in ("InvitationExpired", "Removed") for each in got.others):
        call.move(user, "expire", by="kernel")


# Steps that several verbs share -----------------------------------------------------------------------


def is_code_of(call: Call, account_user: Thing, code: str) -> bool:
    """Whether that is the secret of the link."""
    return hmac.compare_digest(call.secrets.digest(code), account_user.invitation_hash or "")


def _again(call: Call, account_user: Thing, verb: str, got: Got) -> None:
    """Whoever has the link may become that member: so nobody is told it who may do less."""
    user: Thing = got.users[0]
    if not all(is_covered(call, group, got) for group in got.groups.values()):
        raise Forbidden(f"Account user {account_user.id} is in groups that open more than the caller has.")
    call.move(account_user, verb)
    if user.status == "InvitationExpired":
        call.move(user, "invite")
    _tell_code(call, account_user)


def _tell_code(call: Call, account_user: Thing) -> Thing:
    secret = call.secrets.new()
    account_user.invitation_hash = call.secrets.digest(f"{account_user.id}.{secret}")
    call.known.told[str(account_user.id)] = f"{account_user.id}.{secret}"
    call.due(EXPIRE, account_user, call.now + INVITED_FOR)
    return account_user


def _require_groups(call: Call, account_user: Thing, path: str, got: Got, before: Iterable[str] = ()) -> None:
    """One at least; each of the account; each new one gives nothing that the caller has not.

    A group that is on its way out meanwhile takes nobody in.
    """
    groups: Mapping[str, Thing] = got.groups
    before = set(before)
    for at, group_id in enumerate(account_user.groups):
        group = groups.get(group_id)
        if group is None or group.account_id != account_user.account_id:
            call.fault(f"{path}[{at}].id", f"UserGroup {group_id!r} was not found.")
        elif group_id not in before:
            call.rely(group)
            if not is_covered(call, group, got):
                call.fault(f"{path}[{at}].id", "This group opens more than the caller has.")
    if not account_user.groups and path not in call.faults:
        call.fault(path, "One group at least is required.")


def _normal(email: str) -> str:
    """Addresses are compared without case."""
    return email.strip().lower()


def _told(account_user: Thing) -> str:
    return "a member" if account_user.status == "Active" else f"invited ({account_user.status})"
