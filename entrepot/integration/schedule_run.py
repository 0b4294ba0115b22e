"""A schedule is run by hand, at once: by whoever writes the extension, to see what it does."""

import sqlalchemy as sa

from entrepot.accounts.dealings import exists
from entrepot.integration.extension import EXTENSION, INSTALLATIONS
from entrepot.integration.installation import INSTALLATION
from entrepot.kernel import plain
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Load
from entrepot.kernel.errors import Conflict
from entrepot.kernel.field import ref
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, given

FOR = ref("installation", "integration/installations")
"""What the body may hold: for which installation alone."""


def _is_installed(row: sa.FromClause) -> sa.ColumnElement[bool]:
    each = INSTALLATIONS.alias()
    of = sa.and_(each.c.extension_id == row.c.id, each.c.status == "Installed")
    chosen = sa.or_(given("installation") == "", each.c.id == given("installation"))
    return sa.and_(row.c.id == given("extension"), exists(each, of, chosen))


def _is_of_extension(row: sa.FromClause) -> sa.ColumnElement[bool]:
    return sa.and_(row.c.id == given("installation"), row.c.extension_id == given("extension"))


NEEDS = {
    "extensions": Want(EXTENSION, lambda row: row.c.id == given("extension"), alone=False, held=True),
    "installations": Want(INSTALLATION, _is_of_extension),
    "installed": Want(EXTENSION, _is_installed),
}


async def needs(load: Load, call: Call, schedule: Thing, body: Body) -> Got:
    """The extension, whether there is anybody for whom it can be called, and the installation that is named."""
    chosen = plain.named(body, FOR.name) or ""
    return await load(NEEDS, extension=schedule.extension_id, installation=chosen)


def run(call: Call, schedule: Thing, body: Body, got: Got) -> None:
    """It runs now, for all installations or for one, beside its times. The trail of the extension tells of it."""
    extension = got.extensions[0]
    if not extension.address:
        raise Conflict(f"Extension {extension.id} has not told where it is called.")
    chosen = body.id_of(call, FOR.name)
    if chosen is not None and not got.installations:
        call.fault(body.path(f"{FOR.name}.id"), f"Installation {chosen!r} was not found.")
    call.stop_on_faults()
    if not got.installed:
        raise Conflict(f"Installation {chosen} has ended." if chosen else f"Nobody has installed {extension.id}.")
    schedule.last_run, schedule.run_for = call.now, chosen
    call.record("extension.schedule_run", extension, schedule=schedule.id, name=schedule.name)
