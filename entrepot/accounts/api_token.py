"""An API token speaks for an account: whoever has its value acts as the account, within its modules."""

import sqlalchemy as sa

from entrepot.accounts.account import ACCOUNT
from entrepot.accounts.dealings import exists
from entrepot.accounts.module import MODULE
from entrepot.accounts.permission import check_modules, covers_modules
from entrepot.kernel import plain
from entrepot.kernel.access import Who
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Load
from entrepot.kernel.field import audited, enum, moment, ref, refs, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, given

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
    that reaches further than the one in hand: who is held to some buyers, those of the same person alone; who has
    some modules, those that open no others; an agent, itself alone."""
    if who.actor == "kernel":
        return sa.true()
    own = sa.and_(row.c.account_id == who.account, sa.or_(row.c.id == who.token, _covered(row, who)))
    if who.restricted:
        own = sa.and_(own, sa.or_(row.c.id == who.token, row.c.user_id == who.user))
    return own if who.actor == "operations" else sa.and_(own, row.c.status != "Deleted")


def _covered(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Whether the caller has all the modules of the token. One that names none has them all."""
    link, module = API_TOKEN.link(API_TOKEN.field("modules")).alias(), MODULE.table.alias()
    some = sa.exists().where(link.c.owner_id == row.c.id)
    further = exists(
        link.join(module, module.c.id == link.c.target_id),
        link.c.owner_id == row.c.id,
        module.c.code != sa.all_(who.codes),
    )
    return sa.and_(sa.not_(who.agent), sa.or_(who.codes.is_(None), sa.and_(some, sa.not_(further))))


ONCE = "client:create vendor:create operations:create"

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
        refs("modules", "accounts/modules", required=True, writes=EVERY),
        ref("user", "accounts/users"),
        enum("heldBy", "person service agent", default="service", writes=ONCE),
        moment("lastAccessAt"),
        text("token", longest=500, secret=True, heavy=True, filterable=False),
        text("tokenHash", longest=500, sees="kernel", filterable=False, untold=True),
        *audited("created", "updated"),
    ),
)

BESIDE = {
    "accounts": Want(ACCOUNT, lambda row: row.c.id == given("account_id")),
    "modules": Want(MODULE, lambda row: sa.true()),
}


async def beside(load: Load, call: Call, token: Thing | None, body: Body | None) -> Got:
    """The account, and the modules that there are."""
    got = await load(BESIDE, account_id=call.caller.account_id)
    got.modules = {str(each.id): each for each in got.modules}
    return got


def create(call: Call, _: None, body: Body, got: Got) -> Thing:
    """A new key to the account, for some of its modules. Whoever is held to some buyers makes keys of that kind alone.

    Its value is in the answer, and in that of `GET …/{id}`, for who may do as much.
    """
    caller = call.caller
    token = plain.begin(
        call,
        API_TOKEN,
        body,
        account_id=caller.account_id,
        user_id=caller.user_id if caller.buyers is not None else None,
    )
    if body.get("modules") is None and "modules" not in call.faults:
        call.missing(body.path("modules"))
    _require_modules(call, token, body, got)
    secret = call.secrets.new()
    token.token = call.secrets.seal(f"idt:{token.id}:{secret}")
    token.token_hash = call.secrets.digest(secret)
    return token


def update(call: Call, token: Thing, body: Body, got: Got) -> None:
    """What it is called, and which modules it opens."""
    before = list(token.modules)
    plain.write(call, token, body)
    if token.modules != before:
        _require_modules(call, token, body, got)


def _require_modules(call: Call, token: Thing, body: Body, got: Got) -> None:
    """Some of the account's, and none that the caller has not."""
    path = body.path("modules")
    if any(name.startswith(path) for name in call.faults):
        return
    modules = [got.modules[each] for each in token.modules if each in got.modules]
    if not modules:
        call.fault(path, "One module at least is required.")
        return
    check_modules(call, path, got.accounts[0], modules)
    if not covers_modules(call, modules):
        call.fault(path, "This is more than the caller has: a token cannot open more.")
