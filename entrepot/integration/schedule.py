"""A schedule is what an extension does by the clock: at its times it is called for each account that has installed it.

What extensions tell of themselves is kept here with the times at which they run. Who is called, and that one which has
not been begun makes up for those that come meanwhile, stands beside the table (migration 0020).
"""

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from entrepot.accounts.dealings import SEE_ALL, count, vendor_unseen
from entrepot.integration.cron import following
from entrepot.kernel.access import Who
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call
from entrepot.kernel.field import audited, counted, moment, ref, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, given

FIRE = "integration.schedule.fire"
FIRED = "platform.integration.schedule.fired"
"""What the letter is about. It is in no feed: the task that goes with it tells of it."""

TOLD = ("name", "description", "cron", "path")


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Operations, and the vendor whose extension it is."""
    return sa.true() if who.actor in SEE_ALL or who.actor == "kernel" else row.c.vendor_id == who.account


def _running(row: sa.FromClause, who: Who) -> sa.ScalarSelect[int]:
    """For how many accounts it was asked for and has not ended."""
    names = ("object_id", "event", "status")
    task = sa.table("tasks", *(sa.column(name, sa.Text()) for name in names)).alias()
    # As they stand in the index of these tasks.
    of_schedule = task.c.event == sa.literal_column(f"'{FIRED}'")
    is_open = task.c.status.not_in([sa.literal_column("'Completed'"), sa.literal_column("'Failed'")])
    return count(task, task.c.object_id == row.c.id, of_schedule, is_open)


SCHEDULE = Noun(
    name="Schedule",
    path="integration/schedules",
    table_name="extension_schedules",
    ids=Ids("SCH", 3),
    sees=sees,
    keeper="vendor_id",
    trailed=False,
    fields=(
        text("name", longest=500, core=True),
        text("externalId", longest=200),
        text("description", longest=2000),
        text("cron", longest=200),
        text("path", longest=600),
        moment("nextRun"),
        moment("lastRun"),
        text("runFor", sees="kernel", filterable=False),
        counted("statistics.running", _running, heavy=True),
        ref("extension", "integration/extensions"),
        vendor_unseen(),
        *audited("created", "updated"),
    ),
)
"""`externalId` is what the extension calls it. `cron` counts in UTC, by the business clock.

It runs as long as the extension is reached: without a `nextRun` it stands still. `runFor` is the installation for which
somebody has it run by hand. A change of what is scheduled is on the trail of the extension, and each run is a task.
"""

OF_EXTENSION = Want(SCHEDULE, lambda row: row.c.extension_id == given("extension"), alone=False, held=True)


def arrange(call: Call, extension: Thing, there: Iterable[Thing]) -> None:
    """The schedules of an extension are those that it tells of, each with its next time.

    One whose times are the same goes on as it was. They stand still while nobody knows where it is called.
    """
    had = {str(each.external_id): each for each in there}
    told = {} if extension.status == "Deleted" else schedules_of(extension.meta)
    for external_id in had.keys() - told.keys():
        call.spare(FIRE, had[external_id])
        call.erase(had[external_id])
    call.ahead(SCHEDULE, {"": len(told.keys() - had.keys())})
    for external_id, entry in told.items():
        schedule = had.get(external_id) or call.new(
            SCHEDULE, external_id=external_id, extension_id=extension.id, vendor_id=extension.vendor_id
        )
        cron = schedule.cron
        for name in TOLD:
            setattr(schedule, name, entry.get(name))
        schedule.name = schedule.name or external_id
        if not extension.address:
            _stop(call, schedule)
        elif schedule.cron != cron or schedule.next_run is None:
            _stop(call, schedule)
            _plan(call, schedule)


def stop(call: Call, there: Iterable[Thing]) -> None:
    """They stand still until the extension tells anew where it is called."""
    for each in there:
        _stop(call, each)


def fire(call: Call, schedule: Thing, body: Body, got: None) -> None:
    """One of its times has come. Those that were missed meanwhile are made up for by this one."""
    if schedule.next_run is None or call.now < schedule.next_run:
        return  # it was planned anew
    schedule.last_run, schedule.run_for = call.now, None
    _plan(call, schedule)


def schedules_of(meta: object) -> Mapping[str, Mapping[str, Any]]:
    """What an extension tells of itself, as far as it is about schedules: each by its own id."""
    entries = meta.get("schedules") if isinstance(meta, dict) else None
    return {str(each["id"]): each for each in entries or ()}


def _plan(call: Call, schedule: Thing) -> None:
    schedule.next_run = following(str(schedule.cron), call.now)
    if schedule.next_run is not None:
        call.due(FIRE, schedule, schedule.next_run)


def _stop(call: Call, schedule: Thing) -> None:
    if schedule.next_run is not None:
        schedule.next_run = None
        call.spare(FIRE, schedule)
