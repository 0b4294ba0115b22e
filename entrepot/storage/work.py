"""What goes on beside the requests: sealing the trail, delivering events, doing what falls due, sweeping up."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime
from typing import Any

import asyncpg
import structlog

from entrepot.storage import sessions
from entrepot.storage.deliveries import SWEPT, Deliveries
from entrepot.storage.due import Job, next_due, next_stop, run_due
from entrepot.storage.files import Files
from entrepot.storage.heads import Heads
from entrepot.storage.process import holder
from entrepot.storage.sealer import LeaseLost, release, seal, unsealed

LOG = structlog.get_logger()

CHANNEL = "entrepot"
WRITTEN, MADE = "written", "made"
"""What is told of: something was written, or deliveries are there to be made."""

NOTIFY = "select pg_notify('entrepot', $1)"
SEALED_ELSEWHERE = "select holder <> $1 and leased_until > clock_timestamp() from sealer"
BUSY_S, IDLE_S = 0.2, 1.0
FOLLOWED_S, UNFOLLOWED_S, TOGETHER_S = 0.01, 2.0, 0.005
"""How long sealing rests where somebody is sent what happens; how often it is looked whether somebody is; and how long
attempts that are over wait for others, to be written down together."""

AFTER_FAULT_S, AFTER_FAULT_MOST_S = 0.5, 5.0
SEAL_S_MAX, DUE_S_MAX, SWEEP_S_MAX, DELIVER_S_MAX = 120.0, 600.0, 600.0, 120.0
SWEEP_S = 600.0
DUE_AT_ONCE = 50
SETTLE_S = 0.02
PATIENCE = 4
"""How many attempts at a job `settle` waits for before it goes on without it."""

SWEEP = (
    "delete from idempotency where created_at < now() - interval '24 hours'",
    "delete from due where done_at < now() - interval '7 days'",
    *sessions.SWEEP,
    SWEPT,
)


class Work:
    """The background work of one process. Any number of processes may do it on one database.

    `jobs` says by name what is done when it falls due. The timer is what can be relied on; a hint, from this process
    or by a notification from another one, only makes it quicker. For jobs that are `passing` a clock that is moved does
    not stop: however often they should have been done, once makes up for it.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        jobs: Mapping[str, Job],
        heads: Heads | None = None,
        files: Files | None = None,
        deliveries: Deliveries | None = None,
        passing: Collection[str] = (),
    ):
        self._pool = pool
        self._passing = passing
        self._files = files or Files(pool)
        self._jobs = jobs
        self._heads = heads
        self._deliveries = deliveries
        self._holder = holder()
        self._hints = asyncio.Event(), asyncio.Event()
        self._sealed = asyncio.Event()
        self._written = False
        self._followed = False

    def hint(self) -> None:
        """There may be something to do. Costs next to nothing; call it after a write."""
        self._written = True
        self._look()

    def _look(self) -> None:
        for each in self._hints:
            each.set()

    async def run(self) -> None:
        """Works until cancelled. Nothing else ends it: neither a fault nor a database that goes away."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._keep("sealing", self._seal, SEAL_S_MAX, self._hints[0]))
                group.create_task(self._keep("due work", self._do_due, DUE_S_MAX, self._hints[1]))
                group.create_task(self._keep("sweeping", self._sweep, SWEEP_S_MAX))
                group.create_task(self._keep("listening", self._listen, None))
                if self._deliveries is not None:
                    moved = self._deliveries.moved
                    group.create_task(self._keep("following", self._take_on, DELIVER_S_MAX, self._sealed))
                    group.create_task(self._keep("delivering", self._deliver, DELIVER_S_MAX, moved))
        finally:
            with contextlib.suppress(Exception):
                async with asyncio.timeout(2):
                    if self._deliveries is not None:
                        await self._deliveries.stop()
                    await self._seal_once(last=True)
                    await release(self._pool, self._holder)

    async def tell(self) -> None:
        """Where this process does no work: others hear of what it writes, as long as somebody is sent what happens."""
        await self._keep("telling", self._tell, DUE_S_MAX, self._hints[0])

    async def settle(self, *, sealed: bool = True) -> list[str]:
        """Works until nothing is due and, unless told otherwise, all is sealed, whoever does it.

        Gives back what failed again and again, and was left for later.
        """
        while True:
            done = await run_due(self._pool, await self._now(), self._jobs, DUE_AT_ONCE)
            if sealed:
                done += await self._seal_once()
            if done:
                continue
            left = await self._left()
            if all(row["stuck"] for row in left) and not (sealed and await unsealed(self._pool)):
                return [f"{row['job']} of {row['object_id']}: {row['fault']}" for row in left]
            await asyncio.sleep(SETTLE_S)

    async def next_stop(self, after: datetime) -> datetime | None:
        """When the next work falls due for which a clock that is moved stops."""
        return await next_stop(self._pool, after, self._passing)

    # Each of these does what there is, and says in how many seconds to look again ----------------

    async def _seal(self) -> float:
        written, self._written = self._written, False
        if await self._seal_once():
            return FOLLOWED_S if self._followed else BUSY_S
        if written and self._followed and await self._pool.fetchval(SEALED_ELSEWHERE, self._holder):
            await self._pool.execute(NOTIFY, WRITTEN)
        return IDLE_S

    async def _tell(self) -> float:
        written, self._written = self._written, False
        if not written or self._deliveries is None or not await self._deliveries.wanted():
            return UNFOLLOWED_S
        await self._pool.execute(NOTIFY, WRITTEN)
        return FOLLOWED_S

    async def _take_on(self) -> float:
        assert self._deliveries is not None
        if not await self._deliveries.take_on():
            self._followed = await self._deliveries.wanted()
            return IDLE_S if self._followed else UNFOLLOWED_S
        self._followed = True
        if self._deliveries.much:
            await self._pool.execute(NOTIFY, MADE)
        return 0.0

    async def _deliver(self) -> float:
        assert self._deliveries is not None
        begun = await self._deliveries.go_on()
        if self._deliveries.behind:
            self._sealed.set()
        if begun:
            return TOGETHER_S
        return IDLE_S if self._followed else UNFOLLOWED_S

    async def _seal_once(self, *, last: bool = False) -> int:
        try:
            return await seal(self._pool, self._holder, self._heads, last=last, sealed=self._sealed.set)
        except LeaseLost:
            return 0

    async def _do_due(self) -> float:
        now = await self._now()
        if await run_due(self._pool, now, self._jobs, DUE_AT_ONCE) == DUE_AT_ONCE:
            return 0.0
        moment = await next_due(self._pool, now)
        return min(IDLE_S, (moment - now).total_seconds()) if moment is not None else IDLE_S

    async def _sweep(self) -> float:
        for each in SWEEP:
            await self._pool.execute(each)
        await self._files.sweep()
        return SWEEP_S

    async def _listen(self) -> float:
        """Turns notifications into hints for as long as the connection lives."""
        conn = await self._pool.acquire(timeout=10)
        closed = asyncio.Event()

        def ended(*_: Any) -> None:
            closed.set()

        try:
            conn.add_termination_listener(ended)
            await conn.add_listener(CHANNEL, self._heard)
            await closed.wait()
            return BUSY_S
        finally:
            conn.remove_termination_listener(ended)
            with contextlib.suppress(Exception):
                await conn.remove_listener(CHANNEL, self._heard)
            await self._pool.release(conn)

    # ---------------------------------------------------------------------------------------------

    async def _keep(
        self,
        what: str,
        once: Callable[[], Awaitable[float]],
        seconds_max: float | None,
        hint: asyncio.Event | None = None,
    ) -> None:
        """Does it again and again. A fault is logged when it is new, and the next try comes a little later.

        The bound is for a connection that hangs. After a pass that did something the next one waits a moment
        whatever is hinted: many small writes make few passes.
        """
        hint = hint or asyncio.Event()
        wait, last = AFTER_FAULT_S, ""
        while True:
            try:
                async with asyncio.timeout(seconds_max):
                    pause = await once()
                wait, last = AFTER_FAULT_S, ""
            except Exception as fault:
                if repr(fault) != last:
                    LOG.warning(f"{what} failed and goes on", exc_info=True)
                await asyncio.sleep(wait)
                wait, last = min(wait * 2, AFTER_FAULT_MOST_S), repr(fault)
                continue
            if pause <= BUSY_S:
                await asyncio.sleep(max(pause, 0.0))
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await hint.wait()
            hint.clear()

    def _heard(self, _conn: Any, _pid: int, _channel: str, what: str) -> None:
        if what == MADE and self._deliveries is not None:
            self._deliveries.moved.set()
        else:
            self._look()

    async def _now(self) -> datetime:
        return await self._pool.fetchval("select entrepot_now()")

    async def _left(self) -> list[asyncpg.Record]:
        """What is due and not done, and whether it failed so often that nobody should wait for it."""
        return await self._pool.fetch(
            "select job, object_id, fault, attempts >= $1 and retry_at > clock_timestamp() as stuck from due"
            " where done_at is null and at <= entrepot_now() and (not real or at <= clock_timestamp())"
            " and job = any($2) order by at, id",
            PATIENCE,
            list(self._jobs),
        )
