"""The business clock moves forwards, in a sandbox, and what falls due on the way is done at its own time."""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from entrepot.storage.clock import ClockError, advance, parse_duration, show
from entrepot.storage.due import Due
from entrepot.storage.work import Work
from tests.storage.trails import happen, story

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("30d", 30 * DAY),
        ("12h", 12 * HOUR),
        ("90m", 1.5 * HOUR),
        ("45s", timedelta(seconds=45)),
        ("2w", 14 * DAY),
        ("1h30m", 1.5 * HOUR),
        ("1d 12h", 1.5 * DAY),
        ("PT5M", timedelta(minutes=5)),
        ("P1D", DAY),
        ("P1W", 7 * DAY),
        ("P1DT12H", 1.5 * DAY),
        ("pt90s", timedelta(seconds=90)),
        ("0d", timedelta()),
    ],
)
def test_durations_are_read_as_people_and_as_iso_8601_write_them(text: str, duration: timedelta):
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "30",
        "d",
        "-1d",
        "1y",
        "1.5h",
        "P",
        "PT",
        "P1DT",
        "P1M",
        "P1Y",
        "1d?",
        "99999999d",
        "P9999999999D",
        "9" * 5000 + "d",
    ],
)
def test_what_is_no_duration_is_told(text: str):
    with pytest.raises(ClockError):
        parse_duration(text)


async def set_due(pool: asyncpg.Pool, job: str, thing: str, at: datetime) -> None:
    await pool.execute("insert into due (job, kind, object_id, at) values ($1, 'x', $2, $3)", job, thing, at)


@story
async def test_it_shows_real_time_until_it_is_moved(pool: asyncpg.Pool):
    clock = await show(pool)
    assert abs(clock.now - datetime.now(UTC)) < timedelta(seconds=5)
    assert clock.ahead == timedelta() and clock.sandbox
    await advance(pool, 30 * DAY, Work(pool, {}))
    moved = await show(pool)
    assert timedelta() <= moved.now - clock.now - 30 * DAY < timedelta(seconds=20)
    assert abs(moved.ahead - 30 * DAY) < timedelta(seconds=20)


@story
async def test_it_moves_only_in_a_sandbox_and_only_forwards(pool: asyncpg.Pool):
    work = Work(pool, {})
    for back in (timedelta(), -DAY):
        with pytest.raises(ClockError, match="forwards"):
            await advance(pool, back, work)
    await pool.execute("update installation set sandbox = false")
    with pytest.raises(ClockError, match="sandbox"):
        await advance(pool, DAY, work)
    assert (await show(pool)).ahead == timedelta()


@story
async def test_each_thing_is_done_at_its_own_time_and_so_is_what_follows_from_it(pool: asyncpg.Pool):
    """A renewal each ten days sets the next one; a reminder lies between."""
    start = (await show(pool)).now
    done: list[tuple[str, int]] = []

    async def renew(due: Due) -> None:
        now = (await show(pool)).now
        assert timedelta() <= now - due.at < timedelta(seconds=5)
        done.append((due.job, (now - start).days))
        await set_due(pool, "renew", due.object_id, due.at + 10 * DAY)

    async def remind(due: Due) -> None:
        done.append((due.job, ((await show(pool)).now - start).days))
        await happen(pool, due.object_id, 1)

    await set_due(pool, "remind", "ORD-1", start + 15 * DAY)
    await set_due(pool, "renew", "SUB-1", start + 10 * DAY)
    left = await advance(pool, 35 * DAY, Work(pool, {"renew": renew, "remind": remind}))
    assert left == []
    assert done == [("renew", 10), ("remind", 15), ("renew", 20), ("renew", 30)]
    assert (await show(pool)).now >= start + 35 * DAY
    assert await pool.fetchval("select count(*) from trail") == await pool.fetchval("select count(*) from seals")


@story
async def test_what_fails_for_good_does_not_hold_the_clock_and_is_told(pool: asyncpg.Pool):
    async def fail(due: Due) -> None:
        raise RuntimeError("no")

    await set_due(pool, "hopeless", "ORD-1", (await show(pool)).now + DAY)

    async def hurry() -> None:
        """Retries wait for real seconds: here they come at once."""
        while True:
            await asyncio.sleep(0.02)
            await pool.execute("update due set retry_at = clock_timestamp() where attempts < 4")

    hurrying = asyncio.create_task(hurry())
    left = await advance(pool, 2 * DAY, Work(pool, {"hopeless": fail}))
    hurrying.cancel()
    assert left == ["hopeless of ORD-1: RuntimeError: no"]


@story
async def test_two_do_not_move_it_at_once(pool: asyncpg.Pool):
    held = asyncio.Event()
    go_on = asyncio.Event()

    async def hold(due: Due) -> None:
        held.set()
        await go_on.wait()

    await set_due(pool, "hold", "ORD-1", (await show(pool)).now)
    first = asyncio.create_task(advance(pool, DAY, Work(pool, {"hold": hold})))
    await held.wait()
    with pytest.raises(ClockError, match="Another"):
        await advance(pool, DAY, Work(pool, {}))
    go_on.set()
    await first
    assert (await show(pool)).ahead < 1.1 * DAY
