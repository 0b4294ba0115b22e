"""A task is a piece of work that somebody outside does: it is queued, taken on, and ends well or badly."""

from decimal import Decimal

import sqlalchemy as sa

from entrepot.accounts.dealings import SEE_ALL, vendor_unseen
from entrepot.kernel import plain
from entrepot.kernel.access import Who
from entrepot.kernel.body import ABSENT, Body, apply
from entrepot.kernel.call import Call
from entrepot.kernel.field import audited, document, enum, number, ref, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing

WORKERS = "vendor operations kernel"

LIFE = Machine(
    initial="Queued Blocked",
    final="Completed Failed",
    moves=(
        #     verb          from                                    to             by
        move("queue",      "Blocked Rescheduled",                  "Queued",      WORKERS),
        move("execute",    "Queued Rescheduled",                   "Processing",  WORKERS),
        move("reschedule", "Processing",                           "Rescheduled", WORKERS),
        move("complete",   "Processing",                           "Completed",   WORKERS),
        move("fail",       "Blocked Queued Rescheduled Processing", "Failed",     WORKERS),
        move("settle",     "Queued",                               "Completed",   "kernel"),
    ),
)  # fmt: skip
"""Source: platform spec 9 and 11, commerce spec 5.4. One that has ended stays as it is: 409."""

OPEN = "Blocked,Queued,Rescheduled,Processing"
WRITES = f"vendor:create,{OPEN} operations:create,{OPEN}"
BORN = "vendor:create operations:create"

STARTED = {"Processing": "started"}
"""What others call it when a state is entered."""


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Operations all; whoever works on it, and the account for which it is done.

    A token whose modules do not open the room of what it is about does not hear of it.
    """
    if who.actor in SEE_ALL:
        return sa.true()
    mine = sa.or_(row.c.account_id == who.account, row.c.vendor_id == who.account)
    return sa.and_(mine, sa.or_(row.c.object_kind.is_(None), who.opens(row.c.object_kind)), _unheld(who))


def _unheld(who: Who) -> sa.ColumnElement[bool]:
    """Which buyer it is about is not said: so who is held to some buyers sees none."""
    return sa.false() if who.restricted else sa.true()


TASK = Noun(
    name="Task",
    path="system/tasks",
    table_name="tasks",
    ids=Ids("TSK", 4),
    life=LIFE,
    sees=sees,
    audience=("account_id", "vendor_id"),
    keeper="vendor_id",
    fields=(
        text("name", longest=500, required=True, core=True, writes=WRITES),
        text("description", longest=2000, writes=WRITES),
        enum("status", " ".join(LIFE.states), core=True),
        number("progress", writes=WRITES),
        text("result", longest=2000, writes=WRITES),
        text("reason", longest=4000),
        document("parameters", schema={"type": "object"}, default={}, writes=WRITES),
        text("event", longest=200),
        text("object.id"),
        text("object.name", longest=500),
        text("object.objectType"),
        text("object.kind", sees="kernel", filterable=False),
        text("delivery", sees="kernel", filterable=False, untold=True),
        ref("account", "accounts/accounts"),
        ref("extension", "integration/extensions"),
        vendor_unseen(),
        *audited("created", "updated", "queued", "started", "rescheduled", "completed", "failed", "blocked"),
    ),
)
"""The account for which it is done sees it, and leaves it to those who do it.

`parameters` are replaced as a whole; those that the platform publishes with a task stay as they are.

`progress` is in percent. `result` is the address of what came of it. Source: commerce spec 5.4.
"""

PROCESSING, LIFETIME = "maxTaskProcessingSeconds", "maxTaskLifetimeSeconds"
RESERVED = ("extensionId", PROCESSING, LIFETIME)
"""Parameters that the platform says; whoever works on the task reads its limits there. They count in real time, since
it is machines that work."""

LIMITS = {PROCESSING: "system.task.overrun", LIFETIME: "system.task.outlive"}
"""What is done about a task that is over a limit."""

ENDED = ("Completed", "Failed")

ASKED = (
    "name", "parameters", "event", "object.id", "object.name", "object.objectType", "object.kind", "delivery",
    "account", "extension", "vendor",
)  # fmt: skip
"""What the platform says of a task when it asks."""

BLOCKED = enum("status", "Queued Blocked")
REASON = TASK.field("reason")
"""What bodies hold beside the fields that may be written."""


def create(call: Call, _: None, body: Body, got: None) -> Thing:
    """Somebody has something to do for its own account. One that is Blocked waits until it is queued."""
    account_id = call.caller.account_id
    blocked = str(body.get("status") or "").lower() == "blocked"
    task = plain.begin(
        call, TASK, body, status="Blocked" if blocked else "Queued", account_id=account_id, vendor_id=account_id
    )
    _check(call, task, body, {})
    return task


def ask(call: Call, _: None, body: Body, got: None) -> Thing:
    """The platform asks an extension to do something about what happened, for an account that has installed it."""
    said = {each.column: body.dig(call, each.path) for each in TASK.all_fields if each.name in ASKED}
    task = call.new(TASK, status="Queued", **{column: value for column, value in said.items() if value is not ABSENT})
    _watch(call, task, LIFETIME)
    return task


def update(call: Call, task: Thing, body: Body, got: None) -> None:
    """How far it is, what came of it, and what whoever works on it keeps with it."""
    before = task.parameters
    plain.write(call, task, body)
    _check(call, task, body, before)


def execute(call: Call, task: Thing, body: Body, got: None) -> None:
    """Somebody takes it on. Two who would do so at once: the second is told (409)."""
    _move(call, task, "execute")


def complete(call: Call, task: Thing, body: Body, got: None) -> None:
    """It is done."""
    apply(call, task, body)
    _check(call, task, body, task.was["parameters"] if task.was else {})
    _move(call, task, "complete")
    if task.progress is not None:
        task.progress = 100


def fail(call: Call, task: Thing, body: Body, got: None) -> None:
    """It will not be done, and why."""
    _move(call, task, "fail")
    reason = body.get("reason")
    if reason is not None and not isinstance(reason, str):
        call.fault(body.path("reason"), "A text was expected.")
    elif reason is not None and (len(reason) > REASON.longest or "\0" in reason):
        call.fault(body.path("reason"), f"A text of at most {REASON.longest} characters was expected.")
    else:
        task.reason = reason


def reschedule(call: Call, task: Thing, body: Body, got: None) -> None:
    """Not now: it may be taken on again."""
    _move(call, task, "reschedule")


def queue(call: Call, task: Thing, body: Body, got: None) -> None:
    """It may be taken on."""
    _move(call, task, "queue")


def accept(call: Call, task: Thing, body: Body, got: None) -> None:
    """Whoever was told of it says that all is well, and has not taken it on: it is done. What somebody has taken on
    is theirs to end."""
    if task.status == "Queued":
        _move(call, task, "settle")


def cancel(call: Call, task: Thing, body: Body, got: None) -> None:
    """Whoever was told of it will not do it, and says why. One that has failed without a reason gets this one."""
    if task.status not in ENDED:
        _move(call, task, "fail")
    if task.status == "Failed" and not task.reason:
        task.reason = str(body.get("reason") or "")[: REASON.longest] or None


def overrun(call: Call, task: Thing, body: Body, got: None) -> None:
    """Whoever works on it has done so for too long."""
    if task.status == "Processing":
        _give_up(call, task, f"It was worked on for longer than {limit_of(task, PROCESSING):g} seconds.")


def outlive(call: Call, task: Thing, body: Body, got: None) -> None:
    """It has been there for too long, whatever was done about it."""
    if task.status not in ENDED:
        _give_up(call, task, f"It was not done within {limit_of(task, LIFETIME):g} seconds.")


def limit_of(task: Thing, name: str) -> float | None:
    """How many seconds the platform gives; None where it gives no limit."""
    parameters = task.parameters if isinstance(task.parameters, dict) else {}
    seconds = parameters.get(name)
    return None if isinstance(seconds, bool) or not isinstance(seconds, int | float | Decimal) else float(seconds)


def _give_up(call: Call, task: Thing, reason: str) -> None:
    _move(call, task, "fail")
    task.reason = reason


def _move(call: Call, task: Thing, verb: str) -> None:
    before = call.move(task, verb)
    word = STARTED.get(str(task.status))
    if word is not None:
        call.stamp(task, word)
    if before == "Processing":
        _unwatch(call, task, PROCESSING)
    if task.status == "Processing":
        _watch(call, task, PROCESSING)
    if task.status in ENDED:
        _unwatch(call, task, LIFETIME)


def _watch(call: Call, task: Thing, name: str) -> None:
    seconds = limit_of(task, name)
    if seconds is not None:
        call.within(LIMITS[name], task, seconds)


def _unwatch(call: Call, task: Thing, name: str) -> None:
    if limit_of(task, name) is not None:
        call.spare(LIMITS[name], task)


def _check(call: Call, task: Thing, body: Body, before: object) -> None:
    """Progress in percent; what the platform published with it stays."""
    if task.progress is not None and not 0 <= task.progress <= 100:
        call.fault(body.path("progress"), "A number from 0 to 100 was expected.")
    path = body.path("parameters")
    if task.parameters is None:
        task.parameters = {}
    if not isinstance(task.parameters, dict):
        if path not in call.faults:
            call.fault(path, "An object was expected.")
        return
    published = before if isinstance(before, dict) else {}
    for name in RESERVED:
        task.parameters = {key: value for key, value in task.parameters.items() if key != name}
        if name in published:
            task.parameters[name] = published[name]


def result(call: Call, task: Thing, got: None) -> str:
    """Where what came of it is found; empty as long as there is nothing."""
    return str(task.result or "")
