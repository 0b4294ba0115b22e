"""An extension is a vendor's program beside the platform: accounts install it, and it acts for them."""

from collections.abc import Iterable

import sqlalchemy as sa

from entrepot.accounts.account import ACCOUNT
from entrepot.accounts.dealings import SEE_ALL, count, exists
from entrepot.accounts.module import MODULE
from entrepot.accounts.permission import MANAGE, covers_modules
from entrepot.catalog.paper import is_address
from entrepot.integration import schedule
from entrepot.integration.extension_token import account_token
from entrepot.integration.meta import META, check_meta, require_conditions
from entrepot.kernel import plain
from entrepot.kernel.access import Who
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Load
from entrepot.kernel.errors import Conflict, Forbidden
from entrepot.kernel.field import audited, computed, counted, document, enum, icon, ref, refs, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun, Nouns
from entrepot.kernel.shape import Known
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, among, given

LIFE = Machine(
    initial="Private",
    final="Deleted",
    moves=(
        #     verb         from       to         by
        move("publish",   "Private", "Public",  "operations"),
        move("unpublish", "Public",  "Private", "vendor operations"),
        move("delete",    "Private", "Deleted", "vendor operations"),
    ),
)  # fmt: skip
"""Source: platform spec 9."""

WRITES = "vendor:create,Private,Public operations:Private,Public"
SERVED = "vendor:create,Private,Public"

# Who has installed it is told in a later file; here only the columns that are asked for are known.
INSTALLATIONS = sa.table(
    "extension_installations",
    *(sa.column(name, sa.Text()) for name in ("id", "extension_id", "account_id", "status")),
)


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Operations all; its vendor; others what is public, and what they were asked to install.

    What was deleted is gone for everybody but the platform itself.
    """
    if who.actor == "kernel":
        return sa.true()
    here = row.c.status != "Deleted"
    if who.actor in SEE_ALL:
        return here
    asked = INSTALLATIONS.alias()
    own = row.c.vendor_id == who.account if who.actor == "vendor" else sa.false()
    theirs = exists(asked, asked.c.extension_id == row.c.id, asked.c.account_id == who.account)
    return sa.and_(sa.or_(own, row.c.status == "Public", theirs), here)


def _installed(row: sa.FromClause, who: Who) -> sa.ScalarSelect[int]:
    each = INSTALLATIONS.alias()
    return count(each, each.c.extension_id == row.c.id, each.c.status == "Installed")


def _secret(extension: Thing, known: Known, actor: str, nouns: Nouns) -> object:
    return known.told.get(str(extension.id))


EXTENSION = Noun(
    name="Extension",
    path="integration/extensions",
    table_name="extensions",
    ids=Ids("EXT", 2),
    life=LIFE,
    sees=sees,
    audience=("vendor_id",),
    keeper="vendor_id",
    fields=(
        text("name", longest=500, required=True, core=True, writes=WRITES),
        *icon(),
        enum("status", " ".join(LIFE.states), core=True),
        text("website", longest=2000, check=is_address, writes=WRITES),
        text("shortDescription", longest=2000, writes=WRITES),
        text("longDescription", longest=20_000, writes=WRITES),
        ref("vendor", "accounts/accounts"),
        refs("categories", "integration/categories", writes=WRITES),
        refs("modules", "accounts/modules", writes=SERVED),
        counted("statistics.installations", _installed, heavy=True),
        document("configuration", schema={"type": "object"}, default={}, heavy=True, writes=WRITES),
        document("meta", schema=META, check=check_meta, default={}, heavy=True, own="vendor_id", writes=SERVED),
        text("service.url", longest=2000, check=is_address, filterable=False, own="vendor_id", writes=SERVED),
        # Its bearer key. It is told to who makes it, in that one answer, and kept as a hash alone.
        computed("service.secret", "id", _secret, schema={"type": "string"}, secret=True),
        text("secretHash", longest=100, sees="kernel", filterable=False, untold=True),
        text("address", longest=2000, sees="kernel", filterable=False, untold=True),
        *audited("created", "updated", "private", "public"),
    ),
)
"""`modules` are what it may open of an account that installs it, and of its vendor's own by its key.

`meta` is what its instances tell of it: which events it wants, where it is shown. `service` is where it is called, and
the key by which it calls. `address` is where its newest instance is reached. Source: platform spec 9.
"""

# What verbs need ---------------------------------------------------------------------------------------

MODULES = {"modules": Want(MODULE, lambda row: row.c.id == among("module_ids"))}
BESIDE = {**MODULES, "schedules": schedule.OF_EXTENSION}


async def beside(load: Load, call: Call, extension: Thing | None, body: Body | None) -> Got:
    """The modules that it has, and those that are named; its schedules."""
    wanted = [*(extension.modules if extension is not None else ()), *(body.ids_of("modules") if body else ())]
    got = await load(BESIDE, module_ids=wanted, extension=extension.id if extension is not None else "")
    got.modules = {str(each.id): each for each in got.modules}
    return got


WITH_ACCOUNT = {**MODULES, "accounts": Want(ACCOUNT, lambda row: row.c.id == given("account"))}


async def with_account(load: Load, call: Call, extension: Thing, body: Body | None) -> Got:
    """The modules that it has, and its vendor."""
    return await load(WITH_ACCOUNT, module_ids=list(extension.modules), account=extension.vendor_id)


def is_open(row: sa.FromClause) -> sa.ColumnElement[bool]:
    """Whether an installation is there, or may yet be."""
    return sa.or_(row.c.status == "Invited", row.c.status == "Installed")


def _is_in_use(row: sa.FromClause) -> sa.ColumnElement[bool]:
    each = INSTALLATIONS.alias()
    return sa.and_(row.c.id == given("extension"), exists(each, each.c.extension_id == row.c.id, is_open(each)))


IN_USE = {"used": Want(EXTENSION, _is_in_use), "schedules": schedule.OF_EXTENSION}


async def in_use(load: Load, call: Call, extension: Thing, body: Body | None) -> Got:
    """Whether somebody has it, or is asked to; its schedules."""
    return await load(IN_USE, extension=extension.id)


# Verbs -------------------------------------------------------------------------------------------------


def create(call: Call, _: None, body: Body, got: Got) -> Thing:
    """A vendor brings a program. Its key is in the answer, and never again."""
    extension = plain.begin(call, EXTENSION, body, vendor_id=call.caller.account_id)
    extension.meta = extension.meta or {}
    extension.address = extension.service_url
    require_conditions(call, extension.meta, body.path("meta"))
    _require_modules(call, extension, body, got, ())
    _tell_secret(call, extension)
    schedule.arrange(call, extension, ())
    return extension


def update(call: Call, extension: Thing, body: Body, got: Got) -> None:
    """What is said of it, what it may open, and where it is called."""
    before, url = list(extension.modules), extension.service_url
    plain.write(call, extension, body)
    extension.meta = extension.meta or {}
    require_conditions(call, extension.meta, body.path("meta"))
    if extension.modules != before:
        _require_modules(call, extension, body, got, before)
    if extension.service_url != url:
        require_manager(call, extension, got.modules.values())
        if extension.address in (None, url):
            extension.address = extension.service_url
    schedule.arrange(call, extension, got.schedules)


def delete(call: Call, extension: Thing, body: None, got: Got) -> None:
    """It is gone, as long as nobody has it (platform spec 9)."""
    call.move(extension, "delete")
    if got.used:
        raise Conflict(f"Extension {extension.id} is installed, or somebody was invited to install it.")
    schedule.arrange(call, extension, got.schedules)


def regenerate(call: Call, extension: Thing, body: Body, got: Got) -> None:
    """It has a new key, told in this answer alone; the old one and every token that was got by it open nothing more."""
    require_manager(call, extension, got.modules.values())
    _tell_secret(call, extension)


def token(call: Call, extension: Thing, body: Body, got: Got) -> dict[str, object]:
    """A token by which the extension acts for its own vendor, for a few minutes."""
    if call.caller.identity_id != extension.id:
        require_manager(call, extension, got.modules)
    codes = [str(each.code) for each in got.modules]
    return account_token(call, str(extension.id), extension, got.accounts[0], codes)


def _tell_secret(call: Call, extension: Thing) -> None:
    secret = call.secrets.new()
    extension.secret_hash = call.secrets.digest(secret)
    call.known.told[str(extension.id)] = secret


def _require_modules(call: Call, extension: Thing, body: Body, got: Got, before: Iterable[str]) -> None:
    """Nobody gives a program more than they have themselves."""
    path = body.path("modules")
    had = set(before)
    new = [got.modules[each] for each in extension.modules if each not in had and each in got.modules]
    if new and not covers_modules(call, new):
        call.fault(path, "This is more than the caller has: an extension cannot open more.")


def require_manager(call: Call, extension: Thing, modules: Iterable[Thing]) -> None:
    """Whoever has its key, or is where it is called, may do what it may: so nobody sets these who may do less."""
    found = list(modules)
    if not call.caller.manages(MANAGE) or call.caller.buyers is not None or (found and not covers_modules(call, found)):
        raise Forbidden(f"Extension {extension.id} may do more than this token.")
