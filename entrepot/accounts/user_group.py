"""A user group opens modules to its users, and may keep them to some of the account's buyers."""

import sqlalchemy as sa

from entrepot.accounts.account import ACCOUNT
from entrepot.accounts.buyer import BUYER
from entrepot.accounts.dealings import SEE_ALL
from entrepot.accounts.module import MODULE
from entrepot.accounts.permission import check_modules, covers_group
from entrepot.kernel import plain
from entrepot.kernel.access import Who
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Load
from entrepot.kernel.errors import Conflict, Forbidden
from entrepot.kernel.field import audited, enum, flag, ref, refs, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, among, given

EVERY = "client vendor operations"

LIFE = Machine(
    initial="Active",
    final="Deleted",
    moves=(move("delete", "Active", "Deleted", EVERY),),
)
"""Known to the platform alone: on the wire a deleted group is just gone. Source: platform spec 1.7."""


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Operations all; a client or vendor those of its own account."""
    if who.actor == "kernel":
        return sa.true()
    own = sa.true() if who.actor in SEE_ALL else row.c.account_id == who.account
    return sa.and_(own, row.c.status != "Deleted")


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
        flag("isDefault", default=False, core=True, writes=EVERY),
        ref("account", "accounts/accounts", writes="operations:create"),
        refs("modules", "accounts/modules", writes=EVERY),  # none: every module of the account
        refs("buyers", "accounts/buyers", writes=EVERY),  # none: every buyer of the account
        refs("users", "accounts/users", derived=True, heavy=True),
        enum("status", " ".join(LIFE.states), sees="kernel", default="Active", filterable=False),
        *audited("created", "updated"),
    ),
)
"""Who is in it follows from the members of the account."""

BESIDE = {
    "accounts": Want(ACCOUNT, lambda row: row.c.id == given("account_id"), visible=True),
    "modules": Want(MODULE, lambda row: sa.true()),
    "buyers": Want(BUYER, lambda row: row.c.id == among("buyer_ids")),
    "defaults": Want(
        USER_GROUP,
        lambda row: sa.and_(row.c.account_id == given("account_id"), row.c.is_default, row.c.status == "Active"),
        held=True,
        alone=False,
    ),
}


async def beside(load: Load, call: Call, group: Thing | None, body: Body | None) -> Got:
    """The account, its default group, the modules that there are, and the buyers that are named."""
    body = body or Body({})
    account_id = str(group.account_id) if group is not None else body.id_of(call, "account") or call.caller.account_id
    if not call.by("operations"):
        account_id = call.caller.account_id
    got = await load(BESIDE, account_id=account_id, buyer_ids=body.ids_of("buyers"))
    got.account = next(iter(got.accounts), None)
    got.modules = {str(each.id): each for each in got.modules}
    return got


def create(call: Call, _: None, body: Body, got: Got) -> Thing:
    """A new group, empty as yet. The first of an account is its default."""
    if got.account is None:
        call.fault(body.path("account.id"), "This account was not found.")
        call.stop_on_faults()
    assert got.account is not None
    group = plain.begin(call, USER_GROUP, body, account_id=got.account.id, is_default=not got.defaults)
    _require_sound(call, group, body, got)
    plain.take_over(call, group, got.defaults)
    return group


def update(call: Call, group: Thing, body: Body, got: Got) -> None:
    """What it is called, what it opens, and for which buyers."""
    _require_reach(call, group, got)
    was_default = group.is_default
    plain.write(call, group, body)
    if was_default and not group.is_default:
        call.fault(body.path("isDefault"), "An account has a default group: make another one that instead.")
    _require_sound(call, group, body, got)
    plain.take_over(call, group, got.defaults)


def delete(call: Call, group: Thing, body: None, got: Got) -> None:
    """It is gone. Nobody may be in it any more (platform spec 1.7)."""
    _require_reach(call, group, got)
    if group.users:
        raise Conflict(f"User group {group.id} has {len(group.users)} users; take them out first.", unblocks=EVERY)
    if group.is_default:
        raise Conflict(f"User group {group.id} is the default; make another one that first.", unblocks=EVERY)
    call.move(group, "delete")


# Steps that several verbs share -------------------------------------------------------------------


def modules_of(group: Thing, got: Got) -> list[Thing]:
    """What it opens; nothing told is everything."""
    return [got.modules[each] for each in group.modules if each in got.modules]


def is_covered(call: Call, group: Thing, got: Got) -> bool:
    """Whether the caller has all that the group gives."""
    return covers_group(call, modules_of(group, got), group.buyers)


def _require_reach(call: Call, group: Thing, got: Got) -> None:
    if not is_covered(call, group, got):
        raise Forbidden(f"User group {group.id} opens more than the caller has.")


def _require_sound(call: Call, group: Thing, body: Body, got: Got) -> None:
    """Modules and buyers are the account's, and the caller has all that it gives."""
    check_modules(call, body.path("modules"), got.account, modules_of(group, got))
    whose = {str(each.id): each.account_id for each in got.buyers}
    for at, buyer_id in enumerate(group.buyers):
        if whose.get(buyer_id, group.account_id) != group.account_id:
            call.fault(body.path(f"buyers[{at}].id"), f"Buyer {buyer_id!r} was not found.")
    if not call.faults and not is_covered(call, group, got):
        call.fault(body.path("modules"), "This is more than the caller has: a group cannot open more, nor for more.")
