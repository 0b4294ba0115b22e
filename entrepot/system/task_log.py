"""A line of a task's log tells what whoever works on it is doing."""

import sqlalchemy as sa

from entrepot.accounts.dealings import SEE_ALL, exists, vendor_unseen
from entrepot.kernel import plain
from entrepot.kernel.access import Who
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Load
from entrepot.kernel.errors import Conflict, Forbidden
from entrepot.kernel.field import audited, document, enum, moment, number, ref, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, given
from entrepot.system.task import TASK

LINES_MAX = 1000
"""In the log of one task."""

BORN = "vendor:create operations:create"


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Operations, and whoever works on the task."""
    if who.actor in SEE_ALL:
        return sa.true()
    task = TASK.table.alias()
    return exists(task, task.c.id == row.c.task_id, task.c.vendor_id == who.account, TASK.sees(task, who))


TASK_LOG = Noun(
    name="TaskLog",
    path="system/tasks/{task}/logs",
    table_name="task_logs",
    ids=Ids("TLG", 5, child_of="task"),
    owner="task",
    sees=sees,
    audience=("vendor_id",),
    fields=(
        text("message", longest=4000, required=True, writes=BORN),
        enum("severity", "Debug Info Warning Error Failure", default="Info", writes=BORN),
        document("parameters", schema={"type": "object"}, writes=BORN),
        number("progress", writes=BORN),
        moment("eta", writes=BORN),
        moment("timestamp", writes=BORN),
        ref("task", "system/tasks"),
        vendor_unseen(),
        *audited("created"),
    ),
)
"""A `message` may hold placeholders such as `{{Name}}`, whose values are among the `parameters`."""

TASKS = {"tasks": Want(TASK, lambda row: row.c.id == given("task"))}


async def of_task(load: Load, call: Call, _: None, body: Body) -> Got:
    """The task in the address."""
    return await load(TASKS, task=call.owner_id)


def create(call: Call, _: None, body: Body, got: Got) -> Thing:
    """What is being done is noted, also after the end of it."""
    task = got.tasks[0]
    if call.by("vendor") and task.vendor_id != call.caller.account_id:
        raise Forbidden(f"Task {task.id} is for somebody else to do.")
    line = plain.begin(call, TASK_LOG, body, vendor_id=task.vendor_id)
    if line.timestamp is None:
        line.timestamp = call.now
    if int(str(line.id).rpartition("-")[2]) > LINES_MAX:
        raise Conflict(f"The log of task {task.id} is full: {LINES_MAX} lines.")
    return line
