"""An instance is an extension as it runs somewhere: it tells where it is, and which events it wants."""

import re

import sqlalchemy as sa

from entrepot.accounts.dealings import SEE_ALL, exists, vendor_unseen
from entrepot.accounts.module import MODULE
from entrepot.integration import schedule
from entrepot.integration.extension import EXTENSION, require_manager
from entrepot.integration.meta import META, check_meta, require_conditions
from entrepot.kernel import plain
from entrepot.kernel.access import Who
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Load
from entrepot.kernel.errors import Forbidden
from entrepot.kernel.field import audited, document, enum, ref, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, given

LIFE = Machine(
    initial="Connecting Running",
    final="Deleted",
    moves=(
        #     verb          from                              to              by
        move("connect",    "Connecting Disconnected",        "Running",      "kernel vendor operations"),
        move("disconnect", "Running",                        "Disconnected", "kernel"),
        move("delete",     "Connecting Running Disconnected", "Deleted",     "kernel"),
    ),
)  # fmt: skip
"""One whose address is known is reached over plain HTTP, and runs from the start. Source: platform spec 9."""

BORN = "vendor:create operations:create"
ADDRESS = re.compile(r"https?://[^\s/?#@]+(?:/[^\s?#]*)?", re.IGNORECASE)


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Operations, and the vendor whose extension it is."""
    if who.actor == "kernel":
        return sa.true()
    extension = EXTENSION.table.alias()
    of_one = exists(extension, extension.c.id == row.c.extension_id, EXTENSION.sees(extension, who))
    mine = sa.true() if who.actor in SEE_ALL else row.c.vendor_id == who.account
    return sa.and_(mine, row.c.status != "Deleted", of_one)


INSTANCE = Noun(
    name="ExtensionInstance",
    path="integration/extensions/{extension}/instances",
    table_name="extension_instances",
    ids=Ids("INS", 3, child_of="extension"),
    owner="extension",
    life=LIFE,
    sees=sees,
    audience=("vendor_id",),
    keeper="vendor_id",
    fields=(
        text("name", longest=500, core=True, writes=BORN),
        text("externalId", longest=500, required=True, writes=BORN),
        text("version", longest=100, writes=BORN),
        enum("status", " ".join(LIFE.states), core=True),
        document("meta", schema=META, check=check_meta, default={}, heavy=True, writes=BORN),
        document("channel", schema={"type": "object"}, heavy=True),
        ref("extension", "integration/extensions"),
        vendor_unseen(),
        *audited("created", "updated", "connecting", "running", "disconnected"),
    ),
)
"""Which runs under an `externalId` is told anew whenever it starts. There is no overlay network: `channel` is empty.

Source: commerce spec 5.4.
"""


def _is_addressed(row: sa.FromClause) -> sa.ColumnElement[bool]:
    return row.c.id == given("extension")


def _is_same(row: sa.FromClause) -> sa.ColumnElement[bool]:
    same = sa.and_(row.c.extension_id == given("extension"), row.c.external_id == given("external_id"))
    return sa.and_(same, row.c.status != "Deleted")


NEEDS = {
    "extensions": Want(EXTENSION, _is_addressed, alone=False, held=True),
    "instances": Want(INSTANCE, _is_same, alone=False, held=True),
    "modules": Want(MODULE, lambda row: sa.true()),
    "schedules": schedule.OF_EXTENSION,
}


async def needs(load: Load, call: Call, _: None, body: Body) -> Got:
    """The extension with its schedules, and the instance that has told of itself before."""
    named = body.get("externalId")
    external_id = named if isinstance(named, str) and "\0" not in named else ""
    return await load(NEEDS, extension=call.owner_id, external_id=external_id)


def register(call: Call, _: None, body: Body, got: Got) -> Thing:
    """An extension starts somewhere: with its own key it tells where it is reached, and which events it wants.

    From then on these are the extension's. One that starts again under the same name is the same instance.
    """
    extension = got.extensions[0]
    _require_right(call, extension, got)
    instance = _instance(call, extension, body, got)
    if instance.meta is None:
        instance.meta = {}
    require_conditions(call, instance.meta, body.path("meta"))
    instance.name = instance.name or instance.external_id
    instance.channel = {}
    extension.meta = instance.meta
    extension.address = address_of(instance, extension)
    schedule.arrange(call, extension, got.schedules)
    if instance.status != "Running" and extension.address:
        call.move(instance, "connect")
    else:
        call.stamp(instance, str(instance.status))
    return instance


RUNNING = {
    "instances": Want(
        INSTANCE,
        lambda row: sa.and_(row.c.extension_id == given("extension"), row.c.status == "Running"),
        alone=False,
        held=True,
    ),
    "schedules": schedule.OF_EXTENSION,
}


async def running(load: Load, call: Call, extension: Thing, body: Body | None) -> Got:
    """Instances that are said to run, and the schedules."""
    return await load(RUNNING, extension=extension.id)


def lose(call: Call, extension: Thing, body: Body, got: Got) -> None:
    """Nobody has answered for days: it is called no more until it tells anew where it is. Its vendor is told."""
    for each in got.instances:
        call.move(each, "disconnect")
    extension.address = None
    schedule.stop(call, got.schedules)
    call.record("extension.unreachable", extension, reason=body.get("reason"))


def _instance(call: Call, extension: Thing, body: Body, got: Got) -> Thing:
    if not got.instances:
        return plain.begin(call, INSTANCE, body, status="Connecting", vendor_id=extension.vendor_id)
    found = got.instances[0]
    plain.apply(call, found, body, "create")
    plain.require(call, found, body)
    return found


def address_of(instance: Thing, extension: Thing) -> str | None:
    """Where it is called: at its own name when that is an address, else where the vendor says."""
    named = str(instance.external_id or "")
    return named.rstrip("/") if ADDRESS.fullmatch(named) else (extension.service_url or None)


def _require_right(call: Call, extension: Thing, got: Got) -> None:
    if call.by("vendor") and extension.vendor_id != call.caller.account_id:
        raise Forbidden(f"Extension {extension.id} is another account's.")
    if call.caller.identity_id != extension.id:
        have = set(extension.modules)
        require_manager(call, extension, [each for each in got.modules if each.id in have])
