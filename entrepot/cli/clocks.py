"""The business clock from the command line."""

from entrepot import app as house
from entrepot.kernel.wire import moment_text
from entrepot.settings import Settings
from entrepot.storage import clock


async def show(settings: Settings) -> str:
    """The business time, and how far it is ahead of real time."""
    async with house.build(settings) as parts:
        return _told(await clock.show(parts.pool))


async def advance(settings: Settings, duration: str) -> str:
    """Moves the clock on, and returns when what fell due on the way is done."""
    distance = clock.parse_duration(duration)
    async with house.build(settings) as parts:
        left = await clock.advance(parts.pool, distance, parts.work)
        told = _told(await clock.show(parts.pool))
    return "\n".join((told, *(f"not done yet: {each}" for each in left)))


def _told(now: clock.Clock) -> str:
    ahead = f" ({now.ahead} ahead)" if now.ahead else ""
    return f"{moment_text(now.now)}{ahead}"
