"""What a world file may leave out about tasks: whoever has an extension works on what was asked of it."""

from entrepot.kernel.store_form import Form, World, inherit
from entrepot.kernel.thing import Thing
from entrepot.system.task import TASK
from entrepot.system.task_log import TASK_LOG


def _task(task: Thing, world: World) -> None:
    if task.vendor_id is None:
        task.vendor_id = task.account_id


def _log(line: Thing, world: World) -> None:
    inherit(line, world.one(TASK.path, line.task_id), "vendor_id")


FORMS = (Form(TASK, _task, needs=("account",), keeps=True), Form(TASK_LOG, _log, needs=("message",)))
