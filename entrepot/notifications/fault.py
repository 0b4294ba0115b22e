"""A fault is made at a receiver in a sandbox, to see how it takes it when things go wrong."""

from entrepot.kernel.body import Body
from entrepot.kernel.call import Call
from entrepot.kernel.errors import Conflict
from entrepot.kernel.field import Field, enum, integer, moment
from entrepot.kernel.thing import Thing

KINDS = "timeout error twice reorder"
TIMES_MAX = 1_000_000

TAKES = (enum("kind", KINDS), integer("times", least=1))
"""What the body holds."""


def fault_fields(sees: str = "") -> tuple[Field, ...]:
    """What was made last. `at` lets the same be made once more when it is spent."""
    return (
        enum("fault.kind", KINDS, column="fault", heavy=True, sees=sees),
        integer("fault.times", column="fault_times", heavy=True, sees=sees),
        moment("fault.at", heavy=True, sees=sees),
    )


def make(call: Call, receiver: Thing, body: Body, got: None) -> None:
    """In a sandbox: so many attempts go wrong as told, all of them unless a number is said; without a kind, none."""
    if not call.sandbox:
        raise Conflict("Faults are made in a sandbox alone.")
    kind, times = body.get("kind"), body.get("times")
    if kind is not None and kind not in KINDS.split():
        call.fault(body.path("kind"), f"One of {', '.join(KINDS.split())} was expected.")
    if times is not None and (isinstance(times, bool) or not isinstance(times, int) or not 1 <= times <= TIMES_MAX):
        call.fault(body.path("times"), f"A number from 1 to {TIMES_MAX} was expected.")
    call.stop_on_faults()
    receiver.fault = kind
    receiver.fault_times = times if kind is not None else None
    receiver.fault_at = call.now if kind is not None else None
