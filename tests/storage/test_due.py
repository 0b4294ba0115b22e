"""Work that falls due is done in order of time, at least once, by whichever worker is there."""

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta

import asyncpg

from entrepot.storage.due import Due, next_due, next_stop, run_due
from tests.storage.trails import NOON, story

MINUTE = timedelta(minutes=1)
DUE = "insert into due (job, kind, object_id, at) values ($1, 'commerce/orders', $2, $3)"


class Diary:
    """A job that writes down what it was asked to do."""

    def __init__(self, failing: Iterable[str] = ()) -> None:
        self.seen: list[str] = []
        self.failing = set(failing)

    async def __call__(self, due: Due) -> None:
        self.seen.append(due.object_id)
        await asyncio.sleep(0)
        if due.object_id in self.failing:
            raise RuntimeError("the vendor's machine is away")


async def set_due(pool: asyncpg.Pool, thing: str, at: datetime, job: str = "note") -> None:
    await pool.execute(DUE, job, thing, at)


async def let_retries_come(pool: asyncpg.Pool) -> None:
    await pool.execute("update due set retry_at = clock_timestamp() where retry_at is not null")


@story
async def test_it_is_done_once_in_order_of_time_and_not_before_its_time(pool: asyncpg.Pool):
    diary = Diary()
    for thing, minutes in (("third", 3), ("first", 1), ("second", 2), ("later", 5)):
        await set_due(pool, thing, NOON + minutes * MINUTE)
    assert await next_due(pool) == NOON + MINUTE
    assert await run_due(pool, NOON, {"note": diary}, 10) == 0
    assert await run_due(pool, NOON + 4 * MINUTE, {"note": diary}, 10) == 3
    assert diary.seen == ["first", "second", "third"]
    assert await run_due(pool, NOON + 4 * MINUTE, {"note": diary}, 10) == 0
    assert await next_due(pool) == NOON + 5 * MINUTE
    assert await next_due(pool, NOON + 5 * MINUTE) is None


@story
async def test_no_more_is_begun_than_asked_for(pool: asyncpg.Pool):
    diary = Diary()
    for number in range(5):
        await set_due(pool, str(number), NOON + number * MINUTE)
    assert await run_due(pool, NOON + 10 * MINUTE, {"note": diary}, 2) == 2
    assert diary.seen == ["0", "1"]


@story
async def test_a_job_that_this_program_does_not_know_is_left_for_one_that_does(pool: asyncpg.Pool):
    await set_due(pool, "a", NOON, job="of a later version")
    assert await run_due(pool, NOON, {"note": Diary()}, 10) == 0
    assert await pool.fetchval("select attempts from due") == 0


@story
async def test_what_fails_is_tried_again_after_a_while_that_doubles(pool: asyncpg.Pool):
    diary = Diary(failing=["a"])
    await set_due(pool, "a", NOON)
    await set_due(pool, "b", NOON + MINUTE)
    now = NOON + 2 * MINUTE
    assert await run_due(pool, now, {"note": diary}, 10) == 2
    assert diary.seen == ["a", "b"]
    waits: list[float] = []
    for _ in range(10):
        row = await pool.fetchrow("select fault, retry_at - clock_timestamp() as wait from due where done_at is null")
        assert row["fault"] == "RuntimeError: the vendor's machine is away"
        waits.append(row["wait"].total_seconds())
        assert await run_due(pool, now, {"note": diary}, 10) == 0
        await let_retries_come(pool)
        assert await run_due(pool, now, {"note": diary}, 10) == 1
    assert [round(wait) for wait in waits] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]
    diary.failing.clear()
    await let_retries_come(pool)
    assert await run_due(pool, now, {"note": diary}, 10) == 1
    assert await pool.fetchval("select count(*) from due where done_at is not null and fault is null") == 2


@story
async def test_a_job_whose_worker_was_killed_is_taken_again_when_its_lease_has_run_out(pool: asyncpg.Pool):
    diary, never = Diary(), asyncio.Event()
    begun = asyncio.Event()

    async def hang(due: Due) -> None:
        begun.set()
        await never.wait()

    await set_due(pool, "a", NOON)
    # A killed process writes nothing more: here its connections are gone before it can.
    its_own = await asyncpg.create_pool(pool._connect_args[0], min_size=1, max_size=1)
    worker = asyncio.create_task(run_due(its_own, NOON, {"note": hang}, 1, lease=timedelta(seconds=0.5)))
    await begun.wait()
    its_own.terminate()
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)
    assert await run_due(pool, NOON, {"note": diary}, 1) == 0
    await asyncio.sleep(0.55)
    assert await run_due(pool, NOON, {"note": diary}, 1) == 1
    assert diary.seen == ["a"]
    assert await pool.fetchval("select attempts from due") == 2


@story
async def test_a_worker_that_is_told_to_stop_gives_its_row_back_at_once(pool: asyncpg.Pool):
    begun = asyncio.Event()

    async def hang(due: Due) -> None:
        begun.set()
        await asyncio.sleep(60)

    await set_due(pool, "a", NOON)
    worker = asyncio.create_task(run_due(pool, NOON, {"note": hang}, 1))
    await begun.wait()
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)
    diary = Diary()
    assert await run_due(pool, NOON, {"note": diary}, 1) == 1
    assert diary.seen == ["a"]


@story
async def test_a_job_that_takes_longer_than_its_lease_is_given_up(pool: asyncpg.Pool):
    async def hang(due: Due) -> None:
        await asyncio.sleep(60)

    await set_due(pool, "a", NOON)
    assert await run_due(pool, NOON, {"note": hang}, 1, lease=timedelta(seconds=0.3)) == 1
    assert (await pool.fetchval("select fault from due")).startswith("TimeoutError")


@story
async def test_who_comes_late_does_not_undo_what_another_has_done(pool: asyncpg.Pool):
    """The first is taken for dead; the second does the work; then the first fails."""
    go_on = asyncio.Event()
    begun = asyncio.Event()

    async def slow_and_failing(due: Due) -> None:
        begun.set()
        await go_on.wait()
        raise RuntimeError("too late")

    await set_due(pool, "a", NOON)
    first = asyncio.create_task(run_due(pool, NOON, {"note": slow_and_failing}, 1))
    await begun.wait()
    await pool.execute("update due set leased_until = clock_timestamp()")
    assert await run_due(pool, NOON, {"note": Diary()}, 1) == 1
    go_on.set()
    await first
    row = await pool.fetchrow("select done_at, fault from due")
    assert row["done_at"] is not None and row["fault"] is None


@story
async def test_two_workers_share_the_work_and_nothing_is_done_twice(pool: asyncpg.Pool):
    things = [f"{number:03d}" for number in range(60)]
    for number, thing in enumerate(things):
        await set_due(pool, thing, NOON + number * timedelta(seconds=1))
    diaries = Diary(), Diary()

    async def work(diary: Diary) -> None:
        async def do(due: Due) -> None:
            await diary(due)
            await asyncio.sleep(0.003)

        while await run_due(pool, NOON + 5 * MINUTE, {"note": do}, 7):
            pass

    await asyncio.gather(*(work(diary) for diary in diaries))
    assert sorted(diaries[0].seen + diaries[1].seen) == things
    for diary in diaries:
        assert len(diary.seen) > 5
        assert diary.seen == sorted(diary.seen)


@story
async def test_what_waits_for_real_time_is_not_brought_forward_with_the_business_clock(pool: asyncpg.Pool):
    diary = Diary()
    await pool.execute("update installation set clock_offset = interval '30 days'")
    await pool.execute(
        "insert into due (job, kind, object_id, at, real) values"
        " ('note', 'system/tasks', 'over', clock_timestamp() - interval '1 second', true),"
        " ('note', 'system/tasks', 'not yet', clock_timestamp() + interval '1 hour', true)"
    )
    now = await pool.fetchval("select date_trunc('milliseconds', entrepot_now())")
    assert await run_due(pool, now, {"note": diary}, 10) == 1
    assert diary.seen == ["over"]
    following = await next_due(pool, now)
    assert following is not None
    assert abs(following - now - timedelta(hours=1)) < MINUTE, "as the business clock will show then"
    assert await next_stop(pool, now, ()) is None, "a clock that is moved does not stop for it"
    await set_due(pool, "business", now + MINUTE)
    assert await next_due(pool, now) == now + MINUTE
    assert await next_stop(pool, now, ()) == now + MINUTE
    assert await next_stop(pool, now, ("note",)) is None
