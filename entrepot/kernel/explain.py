"""What may be done with a thing now, and what keeps the rest from being done: found by trying, so never out of date.

Each action is tried as a dry run without content: the same rules judge it that judge the real one.
"""

from collections.abc import Awaitable, Callable, Iterable

from entrepot.kernel.access import Caller
from entrepot.kernel.errors import Conflict, Forbidden, Invalid, Missing, Refusal
from entrepot.kernel.machine import Machine
from entrepot.kernel.resource import ALL, Action, Resource

OPEN, NEEDS, BLOCKED = "Open", "NeedsContent", "Blocked"
"""It may be done as it is; it may be once what `errors` names is given or mended; not now, or not by this caller."""

Try = Callable[[Action], Awaitable[object]]


async def explain(
    caller: Caller, resource: Resource, status: str, actions: Iterable[Action], attempt: Try
) -> list[dict[str, object]]:
    """One entry for each action that anybody may be offered. Raises Missing where the thing is gone meanwhile."""
    return [await _one(caller, resource, status, each, attempt) for each in actions if each.actors(resource.noun) & ALL]


async def _one(caller: Caller, resource: Resource, status: str, action: Action, attempt: Try) -> dict[str, object]:
    by = action.actors(resource.noun) & ALL
    told: dict[str, object] = {"name": action.name, "by": sorted(by)}
    try:
        await attempt(action)
    except Missing:
        raise
    except Invalid as refusal:
        return told | {"state": NEEDS, **_because(refusal)}
    except Refusal as refusal:
        return told | {
            "state": BLOCKED,
            **_because(refusal),
            "unblockedBy": sorted(_unblockers(caller, resource, status, action, refusal)),
        }
    return told | {"state": OPEN}


def _because(refusal: Refusal) -> dict[str, object]:
    told: dict[str, object] = {"reason": {"status": refusal.status, "detail": refusal.detail or refusal.title}}
    if refusal.errors:
        told["errors"] = refusal.errors
    return told


def _unblockers(caller: Caller, resource: Resource, status: str, action: Action, refusal: Refusal) -> frozenset[str]:
    """Who can bring about that it may be done: whoever may do it, or may lead the thing to where it may be done."""
    if isinstance(refusal, Forbidden):
        return action.actors(resource.noun) & ALL
    if isinstance(refusal, Conflict) and refusal.unblocks:
        return frozenset(refusal.unblocks.split())
    life = resource.noun.life
    return _leading(life, status, action, caller.actor) if life is not None and action.moves else frozenset()


def _leading(life: Machine, status: str, action: Action, actor: str) -> frozenset[str]:
    """Those on a move from this state to one in which the caller may act; nobody when there is no such move."""
    verbs = action.moves.split()
    sources = {state for row in life.moves if row.verb in verbs and actor in row.by for state in row.sources}
    return (
        frozenset(who for row in life.moves if status in row.sources and row.target in sources for who in row.by) & ALL
    )
