"""Work that falls due by the business clock: fulfilling after a delay, and later renewals, due dates, expiries.

A row of `due` is leased, its job is run, and it is marked done. A job that fails is tried again after a while that
doubles; one whose process was killed is tried again when its lease has run out. So a job runs at least once, and must
be one that does no harm when it runs again. Leases and retries use real time, and so does a row that is `real`: what a
machine may take for its work does not shrink when the business clock is moved.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
import structlog

LOG = structlog.get_logger()

LEASE = timedelta(seconds=60)
RETRY_FIRST_S, RETRY_MOST_S = 1.0, 300.0
FAULT_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Due:
    """One row: what is to be done, about which thing, since when, and how often it has been begun."""

    id: int
    job: str
    kind: str
    object_id: str
    at: datetime
    attempts: int


Job = Callable[[Due], Awaitable[object]]


async def run_due(
    pool: asyncpg.Pool, now: datetime, jobs: Mapping[str, Job], limit: int, *, lease: timedelta = LEASE
) -> int:
    """Runs what is due at `now`, in order of time, up to `limit` rows. Gives back how many were begun.

    Any number of workers may do so at once: each row is leased by one of them. Rows whose job is not among `jobs`
    are left alone, for a program that knows it.
    """
    for begun in range(limit):
        due = await _lease(pool, now, list(jobs), lease)
        if due is None:
            return begun
        await _run(pool, due, jobs[due.job], lease)
    return limit


async def next_due(pool: asyncpg.Pool, after: datetime | None = None) -> datetime | None:
    """When the next work falls due that is not done yet: the very next, or the next after a moment."""
    return await pool.fetchval(
        "select least((select min(at) from due where done_at is null and not real and at > f.after),"
        " (select min(at) + f.ahead from due where done_at is null and real and at > f.after - f.ahead))"
        " from (select coalesce($1, '-infinity'::timestamptz) as after, entrepot_now() - clock_timestamp() as ahead) f",
        after,
    )


async def next_stop(pool: asyncpg.Pool, after: datetime, passing: Collection[str]) -> datetime | None:
    """When the next work falls due for which a clock that is moved stops: none that waits for real time, and no job
    of which once makes up for many."""
    return await pool.fetchval(
        "select min(at) from due where done_at is null and not real and at > $1 and job <> all($2)",
        after,
        list(passing),
    )


async def _lease(pool: asyncpg.Pool, now: datetime, jobs: list[str], lease: timedelta) -> Due | None:
    row = await pool.fetchrow(
        "update due set leased_until = clock_timestamp() + $3::interval, attempts = attempts + 1 where id = ("
        "select id from due where done_at is null and at <= $1 and job = any($2)"
        " and (not real or at <= clock_timestamp())"
        " and (leased_until is null or leased_until <= clock_timestamp())"
        " and (retry_at is null or retry_at <= clock_timestamp())"
        " order by at, id limit 1 for update skip locked"
        ") returning id, job, kind, object_id, at, attempts",
        now,
        jobs,
        lease,
    )
    return Due(**row) if row is not None else None


async def _run(pool: asyncpg.Pool, due: Due, job: Job, lease: timedelta) -> None:
    """Runs one job within its lease, and writes down what came of it."""
    try:
        async with asyncio.timeout(lease.total_seconds() * 0.9):
            await job(due)
    except asyncio.CancelledError:
        # The program is told to stop: whoever goes on need not wait for the end of the lease.
        with contextlib.suppress(Exception):
            await _put(pool, due, "leased_until = null")
        raise
    except Exception as fault:
        wait = min(RETRY_FIRST_S * 2 ** (due.attempts - 1), RETRY_MOST_S)
        LOG.warning(
            "due work failed", job=due.job, thing=due.object_id, attempt=due.attempts, wait_s=wait, exc_info=True
        )
        words = f"{type(fault).__name__}: {fault}".replace("\0", "")[:FAULT_LONGEST]
        await _put(
            pool,
            due,
            "leased_until = null, fault = $3, retry_at = clock_timestamp() + $4::interval",
            words,
            timedelta(seconds=wait),
        )
    else:
        await _put(pool, due, "done_at = clock_timestamp(), leased_until = null, retry_at = null, fault = null")


async def _put(pool: asyncpg.Pool, due: Due, what: str, *values: object) -> None:
    """Unless somebody else has taken the row since: the count of attempts is its fence."""
    await pool.execute(
        f"update due set {what} where id = $1 and attempts = $2 and done_at is null", due.id, due.attempts, *values
    )
