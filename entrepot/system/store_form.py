"""What a world file may leave out about tasks: whoever has an extension works on what was asked of it."""

from entrepot.kernel.store_form import Form, World, inherit
from entrepot.kernel.thing import Thing
from entrepot.system.task import ENDED, LIFETIME, LIMITS, TASK, limit_of
from entrepot.system.task_log import TASK_LOG


def _task(task: Thing, world: World) -> None:
    if task.vendor_id is None:
        task.vendor_id = task.account_id
    for name, job in LIMITS.items():
        seconds = limit_of(task, name)
        if seconds is not None and task.status not in ENDED and (name == LIFETIME or task.status == "Processing"):
            world.within(job, task, seconds)


def _log(line: Thing, world: World) -> None:
    inherit(line, world.one(TASK.path, line.task_id), "vendor_id")


FORMS = (Form(TASK, _task, needs=("account",), keeps=True), Form(TASK_LOG, _log, needs=("message",)))
