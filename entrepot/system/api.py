"""What the system's room offers: tasks, and who may work on them."""

from entrepot.kernel.resource import Action, Resource, Text, create, update
from entrepot.system import task, task_log
from entrepot.system.task import TASK
from entrepot.system.task_log import TASK_LOG

NOUNS = (TASK, TASK_LOG)

WORKERS = "vendor operations"

TASKS = Resource(
    TASK,
    create=create(task.create, by=WORKERS, takes=(task.BLOCKED,)),
    update=update(task.update, by=WORKERS),
    actions=(
        Action("execute", task.execute, moves="execute"),
        Action("complete", task.complete, moves="complete"),
        Action("fail", task.fail, moves="fail", takes=(task.REASON,)),
        Action("reschedule", task.reschedule, moves="reschedule"),
        Action("queue", task.queue, moves="queue"),
    ),
    texts=(Text("result", task.result, summary="Where what came of a task is found."),),
    summary="Work that somebody outside does: from being queued to its end.",
)

ASKING = Resource(TASK, create=create(task.ask, by="kernel"))
PUT_BACK = Action("reschedule", task.reschedule, by="kernel")
ACCEPT = Action("accept", task.accept, by="kernel")
CANCEL = Action("cancel", task.cancel, by="kernel", takes=(task.REASON,))
OVERDUE = {
    task.LIMITS[task.PROCESSING]: Action("overrun", task.overrun, by="kernel"),
    task.LIMITS[task.LIFETIME]: Action("outlive", task.outlive, by="kernel"),
}
"""What the platform itself does with tasks: it has no address."""

OFFERS = (
    TASKS,
    Resource(
        TASK_LOG,
        create=create(task_log.create, by=WORKERS, loads=task_log.of_task),
        reads=frozenset(("vendor", "operations")),
        summary="What whoever works on a task has noted.",
    ),
)
