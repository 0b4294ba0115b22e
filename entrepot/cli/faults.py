"""Faults of a sandbox from the command line: receivers that time out, fail, hear everything twice or out of order."""

from entrepot import app as house
from entrepot.settings import Settings
from entrepot.storage import deliveries


async def make(settings: Settings, receiver: str, kind: str | None, times: int | None) -> str:
    """Makes a fault, or with no kind clears it; tells what there is now."""
    async with house.build(settings) as parts:
        await deliveries.make_fault(parts.pool, receiver, kind, times)
        return await _told(parts)


async def show(settings: Settings) -> str:
    """The faults that there are."""
    async with house.build(settings) as parts:
        return await _told(parts)


async def _told(parts: house.Application) -> str:
    found = await deliveries.faults(parts.pool)
    lines = [f"{name}: {kind}, {f'{left} more' if left else 'until it is cleared'}" for name, kind, left in found]
    return "\n".join(lines) or "No faults."
