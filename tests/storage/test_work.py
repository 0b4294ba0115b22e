"""The background work goes on, whatever happens to the database, and takes what is there to do within a moment."""

import asyncio
import contextlib
import time
from datetime import timedelta

import asyncpg

from entrepot.storage.deliveries import Deliveries
from entrepot.storage.due import Due
from entrepot.storage.work import Work
from tests.storage.trails import happen, story, until


@contextlib.asynccontextmanager
async def working(*works: Work):
    tasks = [asyncio.create_task(work.run()) for work in works]
    try:
        yield
        assert not any(task.done() for task in tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until_sealed(pool: asyncpg.Pool, row: int, seconds: float = 5) -> None:
    async def is_sealed() -> bool:
        return await pool.fetchval("select exists (select from seals where trail_id = $1)", row)

    await until(is_sealed, seconds)


@story
async def test_it_seals_and_does_what_is_due_without_being_told(pool: asyncpg.Pool):
    done = asyncio.Event()

    async def note(due: Due) -> None:
        done.set()

    async with working(Work(pool, {"note": note})):
        row = await happen(pool, "ORD-1", 1)
        await pool.execute("insert into due (job, kind, object_id, at) values ('note', 'x', 'ORD-1', entrepot_now())")
        await until_sealed(pool, row)
        await asyncio.wait_for(done.wait(), 5)


@story
async def test_a_hint_and_a_notification_make_it_quicker(pool: asyncpg.Pool):
    work = Work(pool, {})
    async with working(work):
        await asyncio.sleep(0.4)
        for revision, hint in ((1, work.hint), (2, None)):
            await asyncio.sleep(0.35)
            row = await happen(pool, "ORD-1", revision)
            began = time.monotonic()
            if hint is not None:
                hint()
            else:
                await pool.execute("select pg_notify('entrepot', '')")
            await until_sealed(pool, row)
            assert time.monotonic() - began < 0.5


@story
async def test_it_survives_that_the_database_goes_away(pool: asyncpg.Pool):
    url = pool._connect_args[0]
    its_own = await asyncpg.create_pool(url, min_size=1, max_size=4)
    async with working(Work(its_own, {})):
        await until_sealed(pool, await happen(pool, "ORD-1", 1))
        for _ in range(5):
            await pool.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
            await asyncio.sleep(0.1)
        await until_sealed(pool, await happen(pool, "ORD-1", 2), 10)
    its_own.terminate()


@story
async def test_a_node_that_stops_leaves_the_sealing_to_the_other_at_once(pool: asyncpg.Pool):
    first, second = Work(pool, {}), Work(pool, {})
    async with working(second):
        async with working(first):
            await asyncio.sleep(0.1)
            await until_sealed(pool, await happen(pool, "ORD-1", 1))
        await until_sealed(pool, await happen(pool, "ORD-1", 2), 3)
    assert await pool.fetchval("select leased_until from sealer") is None


@story
async def test_old_answers_are_swept_away(pool: asyncpg.Pool):
    for key, age in (("old", timedelta(hours=25)), ("young", timedelta(hours=23))):
        await pool.execute(
            "insert into idempotency (token_id, key, fingerprint, status, etag, body, sealed, created_at)"
            " values ('TKN-1', $1, '', 200, '', '', false, now() - $2::interval)",
            key,
            age,
        )

    async def is_swept() -> bool:
        return await pool.fetchval("select count(*) = 1 from idempotency")

    async with working(Work(pool, {})):
        await until(is_swept)
    assert await pool.fetchval("select key from idempotency") == "young"


@story
async def test_settling_waits_for_work_that_another_has_in_hand(pool: asyncpg.Pool):
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(due: Due) -> None:
        begun.set()
        await go_on.wait()

    await pool.execute("insert into due (job, kind, object_id, at) values ('slow', 'x', 'ORD-1', entrepot_now())")
    async with working(Work(pool, {"slow": slow})):
        await begun.wait()
        settling = asyncio.create_task(Work(pool, {"slow": slow}).settle())
        await asyncio.sleep(0.2)
        assert not settling.done()
        go_on.set()
        assert await asyncio.wait_for(settling, 15) == []


@story
async def test_a_process_that_only_answers_tells_those_who_work_while_somebody_is_sent_what_happens(pool: asyncpg.Pool):
    async def nobody(count: int) -> list[str]:
        return []

    def deliveries() -> Deliveries:
        return Deliveries(pool, {}, None, nobody)  # pyright: ignore[reportArgumentType]

    answering, heard = Work(pool, {}, deliveries=deliveries()), []
    telling = asyncio.create_task(answering.tell())
    async with pool.acquire() as conn:
        await conn.add_listener("entrepot", lambda *what: heard.append(what[-1]))
        answering.hint()
        await asyncio.sleep(0.3)
        assert heard == []
        await pool.execute("insert into receivers (id, kind, position) values ('R', 'test', 0)")
        answering.hint()
        await asyncio.sleep(0.3)
        assert heard == ["written"]
        await conn.reset()
    telling.cancel()
    await asyncio.gather(telling, return_exceptions=True)
