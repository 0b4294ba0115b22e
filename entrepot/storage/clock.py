"""The business clock: real time, and in a sandbox moved on, with everything done that falls due on the way."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import asyncpg

LOCK = int.from_bytes(b"clock")
"""The advisory lock under which the clock is moved."""

_PART = re.compile(r"(\d+)\s*([wdhms])", re.ASCII)
_DURATION = re.compile(r"(?:\d+\s*[wdhms]\s*)+", re.ASCII)
_ISO = re.compile(r"p(?:\d+w)?(?:\d+d)?(?:t(?=\d)(?:\d+h)?(?:\d+m)?(?:\d+s)?)?", re.ASCII)
_SECONDS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
LONGEST = timedelta(days=36_525)
TEXT_LONGEST = 60


class ClockError(Exception):
    """The clock does not move like that; the message is for the person at the keyboard."""


class Worker(Protocol):
    """Whoever does what falls due, as the clock knows it."""

    async def settle(self, *, sealed: bool = True) -> list[str]: ...
    async def next_stop(self, after: datetime) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class Clock:
    """The business time, how far it is ahead of real time, and whether it may be moved."""

    now: datetime
    ahead: timedelta
    sandbox: bool


async def show(pool: asyncpg.Pool) -> Clock:
    """What the clock says."""
    row = await pool.fetchrow(
        "select date_trunc('milliseconds', entrepot_now()) as now,"
        " make_interval(secs => extract(epoch from clock_offset)::double precision) as ahead, sandbox from installation"
    )
    return Clock(row["now"], row["ahead"], row["sandbox"])


async def advance(pool: asyncpg.Pool, duration: timedelta, work: Worker) -> list[str]:
    """Moves the clock of a sandbox on, and returns when all that fell due on the way has settled.

    The clock stops at each moment at which something falls due, so that the work is done at its own time and may
    itself set work for later; not so for what comes again and again, of which once makes up for many. Gives back what
    could not be done. Raises ClockError.
    """
    clock = await show(pool)
    if not clock.sandbox:
        raise ClockError("Only the clock of a sandbox moves: a database that was made with --sandbox.")
    if duration <= timedelta():
        raise ClockError("The clock moves only forwards.")
    async with pool.acquire(timeout=10) as conn:
        if not await conn.fetchval("select pg_try_advisory_lock($1)", LOCK):
            raise ClockError("Another program is moving the clock just now; try again when it is done.")
        try:
            end = (await show(pool)).now + duration
            await work.settle(sealed=False)
            while (moment := await work.next_stop((await show(pool)).now)) is not None and moment < end:
                await _move_to(pool, moment)
                await work.settle(sealed=False)
            await _move_to(pool, end)
            return await work.settle()
        finally:
            await conn.execute("select pg_advisory_unlock($1)", LOCK)


async def _move_to(pool: asyncpg.Pool, moment: datetime) -> None:
    """Never back: real time may have brought the moment meanwhile."""
    await pool.execute(
        "update installation set clock_offset = clock_offset + ($1 - entrepot_now()) where entrepot_now() < $1", moment
    )
    await pool.execute("select pg_notify('entrepot', 'clock')")


def parse_duration(text: str) -> timedelta:
    """`30d`, `12h`, `90m`, `1h30m`, or as ISO 8601 has it: `P1D`, `PT5M`. Raises ClockError.

    Months and years are not among the units: how long they are depends on when they begin.
    """
    said = text.strip().lower()
    known = _DURATION.fullmatch(said) or _ISO.fullmatch(said)
    if not known or len(said) > TEXT_LONGEST or not any(each.isdigit() for each in said):
        raise ClockError(f"{text[:TEXT_LONGEST]!r} is no duration: say 30d, 12h, 90m, 1h30m, P1D or PT5M.")
    seconds = sum(int(amount) * _SECONDS[unit] for amount, unit in _PART.findall(said))
    if seconds > LONGEST.total_seconds():
        raise ClockError(f"{text!r} is longer than a hundred years.")
    return timedelta(seconds=seconds)
