"""Waiting for something to be sealed: one look at the database for everybody who waits in this process."""

import asyncio
import contextlib

import asyncpg

from entrepot.storage.store import GONE

LOOK_S = 0.25
"""How long an event that has its position may go unseen by those who wait."""


class Watch:
    """Wakes those who wait for what lies beyond a position. What is there they read for themselves.

    It looks while somebody waits, and at no other time. No signal is involved that could get lost, so any node may
    have sealed it.
    """

    def __init__(self, pool: asyncpg.Pool):
        self._pool = pool
        self._newest = 0
        self._waiting = 0
        self._looking: asyncio.Task[None] | None = None
        self._moved = asyncio.Event()
        self.closed = False

    async def beyond(self, position: int, seconds: float) -> bool:
        """Whether there is something beyond that position: as soon as there is, or else after so many seconds.

        Nobody waits any longer once the process stops.
        """
        self._waiting += 1
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    while self._newest <= position and not self.closed:
                        await self._moved.wait()
        finally:
            self._waiting -= 1
        return self._newest > position

    def close(self) -> None:
        """Nobody waits any longer: the process stops."""
        self.closed = True
        self._wake()

    async def _look(self) -> None:
        while self._waiting and not self.closed:
            with contextlib.suppress(*GONE):  # those who wait find out for themselves that the database is away
                newest = await self._pool.fetchval("select position from sealer", timeout=10)
                if newest != self._newest:
                    self._newest = newest
                    self._wake()
            await asyncio.sleep(LOOK_S)

    def _wake(self) -> None:
        """Whoever waits looks again, and whoever comes later waits for the next time."""
        self._moved.set()
        self._moved = asyncio.Event()
