"""The engine that delivers, with receivers made for the test: nothing is skipped, each object in order, at least once."""

import asyncio
import contextlib
import itertools
import json
import random
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from entrepot.kernel.doors import Happened
from entrepot.kernel.letter import Letter, Reply, Unreachable
from entrepot.kernel.receiver import Arrived, Delivery, Gone, Later, Outcome, Receiver, Refused
from entrepot.storage.deliveries import Deliveries, Patience
from entrepot.storage.sealer import seal
from tests.storage.trails import happen, story, until

QUICK = Patience(
    reading=timedelta(seconds=0.3), retries_s=(0.05,), probe_first_s=0.05, probe_most_s=0.1, lease=timedelta(seconds=2)
)
OK = Reply(200, {}, b"", 0.0)
numbers = itertools.count(1)


@dataclass
class World:
    """Receivers of one kind, what they were sent, and how they answer."""

    pool: asyncpg.Pool
    answer: Callable[[str, str], Reply | Outcome] = lambda receiver, event: OK
    sent: list[tuple[str, str, int]] = field(default_factory=list)
    began: list[tuple[str, str, int]] = field(default_factory=list)
    told: list[tuple[str, ...]] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)
    slow_s: float = 0.0
    at_once: int = 0
    most_at_once: int = 0

    async def receivers(self, ids: Sequence[str]) -> Mapping[str, Receiver]:
        return {each: One(self, each) for each in ids if each not in self.closed}

    async def pause(self, receiver_id: str, reason: str) -> None:
        self.told.append(("pause", receiver_id, reason))
        await self.pool.execute("update receivers set active = false where id = $1", receiver_id)

    async def give_up(self, receiver_id: str, delivery_id: str) -> None:
        self.told.append(("give up", receiver_id, delivery_id))

    async def send(self, letter: Letter) -> Reply:
        receiver, thing, revision = letter.url.split(" ")
        self.began.append((receiver, thing, int(revision)))
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        try:
            await asyncio.sleep(self.slow_s)
            said = self.answer(receiver, f"{thing} {revision}")
            if isinstance(said, Reply):
                self.sent.append((receiver, thing, int(revision)))
                return said
            raise Unreachable("nobody is there")
        finally:
            self.at_once -= 1

    def engine(self, patience: Patience = QUICK) -> Deliveries:
        async def ids(count: int) -> list[str]:
            return [f"DLV-{next(numbers):016}" for _ in range(count)]

        return Deliveries(self.pool, {"test": self}, self.send, ids, patience)

    async def receiver(self, name: str, **more: Any) -> None:
        at = await self.pool.fetchval("select position from sealer")
        await self.pool.execute(
            "insert into receivers (id, kind, account_id, position, active) values ($1, 'test', $2, $3, true)",
            name, "ACC-2001-0001", at,
        )  # fmt: skip

    async def happen(self, *things: tuple[str, int]) -> None:
        for thing, revision in things:
            await happen(self.pool, thing, revision)
        while await seal(self.pool, "test"):
            pass

    async def rows(self) -> list[asyncpg.Record]:
        return await self.pool.fetch("select * from deliveries order by receiver_id, position")


@dataclass
class One:
    """One of the receivers."""

    world: World
    name: str

    async def follow(self, after: int) -> Happened:
        async with self.world.pool.acquire() as conn:
            newest = await conn.fetchval("select position from sealer")
            rows = await conn.fetch(
                "select position, event, object_id, object_type, revision from events"
                " where position > $1 and position <= $2 order by position limit 100", after, newest,
            )  # fmt: skip
        events = [
            (row[0], {"event": row[1], "object": {"id": row[2], "objectType": row[3]}, "revision": row[4]})
            for row in rows
        ]
        return Happened(events, events[-1][0] if len(events) == 100 else newest, newest)

    async def letter(self, delivery: Delivery) -> Letter:
        revision = delivery.payload.split(b'"revision": ')[1].split(b",")[0].rstrip(b"}").decode()
        return Letter(f"{self.name} {delivery.object_id} {revision}", delivery.payload)

    async def understand(self, delivery: Delivery, reply: Reply) -> Outcome:
        return {
            200: Arrived(),
            410: Gone("gone"),
            409: Refused("no"),
            408: Refused("Not\0 like this."),
            202: Later(seconds=0.05, asked=True),
        }.get(reply.status, Later(f"{reply.status}"))


@contextlib.asynccontextmanager
async def running(*engines: Deliveries) -> AsyncIterator[None]:
    """Each takes on and delivers, as the background work would have it."""

    async def run(engine: Deliveries) -> None:
        while True:
            await engine.take_on()
            await engine.go_on()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.02):
                    await engine.moved.wait()
            engine.moved.clear()

    tasks = [asyncio.create_task(run(each)) for each in engines]
    try:
        yield
        assert not any(task.done() for task in tasks), [task.exception() for task in tasks if task.done()]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for each in engines:
            await each.stop()


def in_order(sent: list[tuple[str, str, int]], receiver: str, thing: str) -> list[int]:
    """The revisions in the order in which each was received first."""
    return list(dict.fromkeys(revision for r, t, revision in sent if (r, t) == (receiver, thing)))


async def all_delivered(world: World, count: int) -> None:
    async def are() -> bool:
        return await world.pool.fetchval("select count(*) = $1 from deliveries where status = 'Delivered'", count)

    await until(are, 30)


@story
async def test_every_event_arrives_once_at_each_receiver_in_order(pool: asyncpg.Pool):
    world = World(pool)
    for name in ("A", "B"):
        await world.receiver(name)
    async with running(world.engine()):
        for revision in range(1, 11):
            await world.happen(*((f"ORD-{n}", revision) for n in range(5)))
        await all_delivered(world, 100)
    assert len(world.sent) == len(set(world.sent)) == 100
    for name, n in itertools.product("AB", range(5)):
        assert in_order(world.sent, name, f"ORD-{n}") == list(range(1, 11))
    assert await pool.fetchval("select array_agg(delivered order by id) from receivers where kind = 'test'") == [50, 50]


@story
async def test_two_workers_share_the_load_and_keep_the_order(pool: asyncpg.Pool):
    first, second = World(pool, slow_s=0.005), World(pool, slow_s=0.005)
    await first.receiver("A")
    second.sent = first.sent
    second.answer = first.answer = lambda receiver, event: OK if random.random() < 0.8 else Later()
    await first.happen(*((f"ORD-{n}", revision) for revision in range(1, 6) for n in range(40)))
    async with running(first.engine(), second.engine()):
        await all_delivered(first, 200)
    for n in range(40):
        assert in_order(first.sent, "A", f"ORD-{n}") == [1, 2, 3, 4, 5]
    assert len(first.began) > 20 and len(second.began) > 20
    assert await pool.fetchval("select count(*) from deliveries") == 200


@story
async def test_of_one_object_nothing_later_goes_out_before_the_earlier_has_arrived(pool: asyncpg.Pool):
    world = World(pool)
    await world.receiver("A")
    tried = itertools.count()
    world.answer = lambda _, event: Later() if event == "ORD-1 1" and next(tried) < 4 else OK
    await world.happen(("ORD-1", 1), ("ORD-1", 2), ("ORD-2", 1), ("ORD-1", 3))
    async with running(world.engine()):
        await all_delivered(world, 4)
    assert in_order(world.sent, "A", "ORD-1") == [1, 2, 3]
    assert world.sent[0] == ("A", "ORD-2", 1), "another object does not wait"
    assert world.began.count(("A", "ORD-1", 1)) == 5
    row = (await world.rows())[0]
    assert (row["tries"], row["status"]) == (5, "Delivered")


@story
async def test_a_worker_that_dies_leaves_its_deliveries_to_another(pool: asyncpg.Pool):
    dead, alive = World(pool, slow_s=60), World(pool)
    await dead.receiver("A")
    await dead.happen(("ORD-1", 1), ("ORD-2", 1))
    engine = dead.engine()
    await engine.take_on()
    assert await engine.go_on() == 2
    async with running(alive.engine()):
        await asyncio.sleep(0.5)
        assert alive.began == [], "they are leased"
        await all_delivered(alive, 2)
    for task in engine._in_flight:
        task.cancel()
    assert sorted(alive.sent) == [("A", "ORD-1", 1), ("A", "ORD-2", 1)]


@story
async def test_a_worker_that_was_only_slow_writes_nothing_over_the_other(pool: asyncpg.Pool):
    slow, quick = World(pool), World(pool)
    await slow.receiver("A")
    go_on = asyncio.Event()
    await slow.happen(("ORD-1", 1))
    sending, _ = slow.send, setattr(slow, "answer", lambda *_: Reply(500, {}, b"", 0.0))

    async def late(letter: Letter) -> Reply:
        await go_on.wait()
        return await sending(letter)

    slow.send = late
    engine = slow.engine()
    await engine.take_on()
    await engine.go_on()
    async with running(quick.engine()):
        await all_delivered(quick, 1)
    go_on.set()
    await asyncio.gather(*engine._in_flight)
    await engine._settle()
    row = (await quick.rows())[0]
    assert (row["status"], row["tries"], len(row["attempts"])) == ("Delivered", 2, len(row["attempts"]))
    assert await pool.fetchval("select failures from receivers where id = 'A'") == 0


@story
async def test_a_worker_that_stood_still_sends_nothing_that_another_has_sent_since(pool: asyncpg.Pool):
    stopped, quick = World(pool), World(pool)
    await stopped.receiver("A")
    await stopped.happen(("ORD-1", 1), ("ORD-1", 2))
    go_on = asyncio.Event()

    class Stopped(One):
        async def letter(self, delivery: Delivery) -> Letter:
            await go_on.wait()
            return await super().letter(delivery)

    async def receivers(ids: Sequence[str]) -> Mapping[str, Receiver]:
        return {each: Stopped(stopped, each) for each in ids}

    stopped.receivers = receivers
    engine = stopped.engine()
    await engine.take_on()
    assert await engine.go_on() == 1
    async with running(quick.engine()):
        await all_delivered(quick, 2)
    go_on.set()
    await asyncio.gather(*engine._in_flight)
    await engine._settle()
    assert stopped.began == []
    assert quick.sent == [("A", "ORD-1", 1), ("A", "ORD-1", 2)]
    assert [(row["status"], row["tries"]) for row in await quick.rows()] == [("Delivered", 2), ("Delivered", 1)]


@story
async def test_an_attempt_ends_before_its_lease_does(pool: asyncpg.Pool):
    """Else another worker would begin again what nobody answers, and it would never count as a failure."""
    world = World(pool)
    await world.receiver("A")
    await world.receiver("B")
    await pool.execute("update receivers set fault = 'twice' where id = 'B'")
    await world.happen(("ORD-1", 1))

    async def silent(letter: Letter) -> Reply:
        await asyncio.sleep(letter.seconds)
        raise Unreachable("nobody answered")

    world.send = silent
    engine = world.engine(replace(QUICK, lease=timedelta(seconds=0.5)))
    await engine.take_on()
    assert await engine.go_on() == 2
    async with asyncio.timeout(1):
        await asyncio.gather(*engine._in_flight)
        await engine._settle()
    assert [row[0] for row in await pool.fetch("select failures from receivers")] == [1, 1]
    assert not await pool.fetchval("select exists (select from deliveries where leased_until is not null)")


@story
async def test_nothing_is_sent_before_the_delivery_is_on_disk(pool: asyncpg.Pool):
    """Else a database that dies would send the same under another id."""
    world = World(pool)
    await world.receiver("A")
    await world.happen(*((f"ORD-{n}", 1) for n in range(3)))
    engine, sending, durable = world.engine(), world.send, list[bool]()

    async def send(letter: Letter) -> Reply:
        durable.append(await pool.fetchval("select pg_current_wal_flush_lsn() >= $1::text::pg_lsn", written))
        return await sending(letter)

    engine._send = send
    await engine.take_on()
    written = await pool.fetchval("select pg_current_wal_insert_lsn()::text")
    await engine.go_on()
    await asyncio.gather(*engine._in_flight)
    assert durable == [True] * 3
    await engine.stop()


@story
async def test_a_receiver_for_which_nothing_can_be_read_holds_up_no_other(pool: asyncpg.Pool):
    world = World(pool)
    for name in "ABCDEFGH":
        await world.receiver(name)
    await world.happen(("ORD-1", 1))

    class Broken(One):
        async def follow(self, after: int) -> Happened:
            raise ZeroDivisionError

    async def receivers(ids: Sequence[str]) -> Mapping[str, Receiver]:
        return {each: (One if each == "H" else Broken)(world, each) for each in ids}

    world.receivers = receivers
    engine = world.engine()
    assert await engine.take_on() == 8
    assert await engine.go_on() == 1
    await asyncio.gather(*engine._in_flight)
    assert world.sent == [("H", "ORD-1", 1)]


@story
async def test_two_passes_over_the_same_stretch_write_it_once(pool: asyncpg.Pool):
    world = World(pool)
    await world.receiver("A")
    await world.happen(*(("ORD-1", n) for n in range(1, 31)))
    claimed = {"id": "A", "kind": "test", "position": await pool.fetchval("select position from receivers")}
    engine = world.engine()
    happened = await One(world, "A").follow(claimed["position"])
    await asyncio.gather(*(engine._write(claimed, happened) for _ in range(5)))  # pyright: ignore[reportArgumentType]
    assert await pool.fetchval("select count(*) from deliveries") == 30
    assert await pool.fetchval("select position from receivers") == happened.position


@story
async def test_no_more_is_taken_on_than_can_be_under_way(pool: asyncpg.Pool):
    world = World(pool, answer=lambda *_: Later())
    await world.receiver("A")
    await world.happen(*((f"ORD-{n}", 1) for n in range(400)))
    engine = world.engine(replace(QUICK, under_way_max=200))
    for _ in range(20):
        await engine.take_on()
        await pool.execute("update receivers set leased_until = null")
    assert await pool.fetchval("select count(*) from deliveries") == 100
    world.answer = lambda *_: OK
    async with running(engine):
        await all_delivered(world, 400)
    assert sorted(world.sent) == sorted(("A", f"ORD-{n}", 1) for n in range(400))


@story
async def test_a_receiver_has_so_many_at_a_time(pool: asyncpg.Pool):
    world = World(pool, slow_s=0.02)
    await world.receiver("A")
    await world.happen(*((f"ORD-{n}", 1) for n in range(60)))
    async with running(world.engine(replace(QUICK, at_once=5))):
        await all_delivered(world, 60)
    assert world.most_at_once == 5


@story
async def test_a_dead_receiver_holds_up_nobody_and_is_only_probed(pool: asyncpg.Pool):
    world = World(pool)
    for name in ("dead", "well"):
        await world.receiver(name)
    world.answer = lambda receiver, _: OK if receiver == "well" else Later()
    await world.happen(*((f"ORD-{n}", 1) for n in range(100)))
    async with running(world.engine(replace(QUICK, probe_first_s=0.3, probe_most_s=0.3, retries_s=(100.0,)))):

        async def well() -> bool:
            return sum(r == "well" for r, _, _ in world.sent) == 100

        await until(well, 10)
        before = len([1 for r, _, _ in world.began if r == "dead"])
        await asyncio.sleep(1.0)
        probes = [thing for r, thing, _ in world.began if r == "dead"][before:]
        assert 1 <= len(probes) <= 5
        assert len(set(probes)) == len(probes), "each probe is another delivery"
        world.answer = lambda *_: OK
        await all_delivered(world, 200)  # at once, though each was to wait for a hundred seconds
    assert await pool.fetchval("select failures from receivers where id = 'dead'") == 0


@story
async def test_what_is_beside_the_feed_keeps_its_time_though_its_receiver_fails(pool: asyncpg.Pool):
    """It goes out without waiting for a probe, and not again and again without a pause."""
    world = World(pool, answer=lambda *_: Later())
    await world.receiver("dead")
    await pool.execute("update receivers set failures = 10, retry_at = clock_timestamp() + interval '1 hour'")
    await pool.execute(
        "insert into deliveries (id, receiver_id, kind, event, object_id, object_type, payload)"
        " values ('beside', 'dead', 'test', 'ping', 'ORD-1', 'Order', '{\"revision\": 1}')"
    )
    async with running(world.engine(replace(QUICK, probe_first_s=100.0, probe_most_s=100.0, retries_s=(100.0,)))):

        async def begun() -> bool:
            return bool(world.began)

        await until(begun, 5)
        await asyncio.sleep(0.5)
        assert len(world.began) == 1


@story
async def test_who_cannot_be_sent_to_now_is_left_alone_though_it_failed_before(pool: asyncpg.Pool):
    """Its account is closed, or it is known no more where it is: nobody looks again and again without a pause."""
    world = World(pool, closed={"A"})
    await world.receiver("A")
    await pool.execute("update receivers set failures = 10, retry_at = clock_timestamp()")
    await pool.execute(
        "insert into deliveries (id, receiver_id, kind, position, event, object_id, object_type, payload)"
        " values ('under way', 'A', 'test', 1, 'event', 'ORD-1', 'Order', '{\"revision\": 1}')"
    )
    async with running(world.engine(replace(QUICK, away=timedelta(seconds=100)))):

        async def taken_on() -> bool:
            return await pool.fetchval("select exists (select from deliveries where next_at > clock_timestamp())")

        await until(taken_on, 5)
        written = "select xmin::text from deliveries"
        before = await pool.fetchval(written)
        await asyncio.sleep(0.5)
        assert await pool.fetchval(written) == before


@story
async def test_after_days_of_failures_a_receiver_is_paused_and_nothing_of_it_is_lost(pool: asyncpg.Pool):
    world = World(pool, answer=lambda *_: Later())
    await world.receiver("A")
    await world.happen(("ORD-1", 1), ("ORD-1", 2))
    async with running(world.engine(replace(QUICK, gives_up_after=timedelta(seconds=1)))):

        async def paused() -> bool:
            return bool(world.told)

        await until(paused, 10)
        assert [each[:2] for each in world.told] == [("pause", "A")]
        await world.happen(("ORD-1", 3))
        began = len(world.began)
        await asyncio.sleep(0.3)
        assert len(world.began) == began
        world.answer = lambda *_: OK
        await pool.execute("update receivers set active = true, failures = 0, failing_since = null, retry_at = null")
        await all_delivered(world, 3)
    assert in_order(world.sent, "A", "ORD-1") == [1, 2, 3]


@story
async def test_one_delivery_that_never_arrives_is_skipped_with_a_notice_while_others_arrive(pool: asyncpg.Pool):
    world = World(pool)
    await world.receiver("A")
    world.answer = lambda _, event: Later() if event == "ORD-1 1" else OK
    await world.happen(("ORD-1", 1), ("ORD-1", 2))
    async with running(world.engine(replace(QUICK, gives_up_after=timedelta(seconds=0.6)))):
        for revision in range(1, 40):
            await world.happen(("ORD-2", revision))
            await asyncio.sleep(0.02)
        await all_delivered(world, 40)
    rows = await world.rows()
    assert [row["status"] for row in rows if row["object_id"] == "ORD-1"] == ["Failed", "Delivered"]
    assert world.told == [("give up", "A", rows[0]["id"])]
    assert await pool.fetchval("select failed from receivers where id = 'A'") == 1


@story
async def test_who_wants_no_more_is_paused_at_once(pool: asyncpg.Pool):
    world = World(pool, answer=lambda *_: Reply(410, {}, b"", 0.0))
    await world.receiver("A")
    await world.happen(("ORD-1", 1))
    async with running(world.engine()):

        async def paused() -> bool:
            return bool(world.told)

        await until(paused)
    assert world.told[0][:2] == ("pause", "A")
    assert (await world.rows())[0]["status"] == "Pending"


@story
async def test_a_delivery_may_be_put_off_or_refused_by_a_receiver_that_is_well(pool: asyncpg.Pool):
    world = World(pool)
    await world.receiver("A")
    waits = iter([202, 202, 200])
    world.answer = lambda _, event: Reply({"ORD-1 1": next(waits, 200), "ORD-2 1": 409}.get(event, 200), {}, b"", 0.0) \
        if event != "ORD-2 1" else Reply(409, {}, b"", 0.0)  # fmt: skip
    await world.happen(("ORD-1", 1), ("ORD-2", 1), ("ORD-2", 2))
    async with running(world.engine()):
        await all_delivered(world, 2)
    assert {(row["object_id"], row["status"]) for row in await world.rows()} >= {("ORD-2", "Failed")}
    assert await pool.fetchval("select failures from receivers where id = 'A'") == 0
    assert world.told == []


@story
async def test_no_words_of_a_receiver_keep_what_came_of_others_from_being_written(pool: asyncpg.Pool):
    world = World(pool)
    await world.receiver("A")
    await world.receiver("B")
    world.answer = lambda receiver, _: Reply(408 if receiver == "A" else 200, {}, b"\0\xed\xa0\x80 no", 0.0)
    await world.happen(*((f"ORD-{n}", 1) for n in range(5)))
    async with running(world.engine()):
        await all_delivered(world, 5)
    told = {row["receiver_id"]: json.loads(row["attempts"])[0] for row in await world.rows()}
    assert told["A"]["error"] == "Not like this."
    assert told["A"]["answer"].endswith(" no")


@story
async def test_a_receiver_that_is_not_there_just_now_keeps_everything(pool: asyncpg.Pool):
    world = World(pool, closed={"A"})
    await world.receiver("A")
    at = await pool.fetchval("select position from receivers")
    await world.happen(("ORD-1", 1))
    async with running(world.engine(replace(QUICK, away=timedelta(seconds=0.1), lease=timedelta(seconds=0.3)))):
        await asyncio.sleep(0.2)
        assert await pool.fetchval("select position from receivers") == at
        world.closed.clear()
        await all_delivered(world, 1)
        world.closed.add("A")
        await pool.execute("update deliveries set status = 'Pending'")
        await asyncio.sleep(0.3)
        assert (await world.rows())[0]["tries"] == 1, "an attempt that was none is not counted"
        world.closed.clear()
        await all_delivered(world, 1)


@pytest.mark.parametrize("kind", ["timeout", "error", "twice", "reorder"])
def test_faults_come_between_as_often_as_was_said(kind: str, database: str):
    @story
    async def told(pool: asyncpg.Pool) -> None:
        world = World(pool)
        await world.receiver("A")
        await pool.execute("update receivers set fault = $1, fault_left = 3", kind)
        await world.happen(*((f"ORD-{n}", revision) for revision in (1, 2) for n in range(5)))
        async with running(world.engine()):
            await all_delivered(world, 10)
        assert await pool.fetchval("select fault from receivers") is None
        attempts = await pool.fetchval("select sum(jsonb_array_length(attempts)) from deliveries")
        assert attempts == (13 if kind in ("timeout", "error") else 10)
        assert len(world.sent) == (13 if kind == "twice" else 10)
        for n in range(5):
            assert in_order(world.sent, "A", f"ORD-{n}") == [1, 2]

    told(database)


@story
async def test_what_is_done_is_swept_away_after_a_month_and_what_is_under_way_is_not(pool: asyncpg.Pool):
    from entrepot.storage.deliveries import SWEPT

    world = World(pool)
    await world.receiver("A")
    await world.happen(("ORD-1", 1), ("ORD-2", 1), ("ORD-3", 1))
    async with running(world.engine()):
        await all_delivered(world, 3)
    await pool.execute(
        "update deliveries set made_at = clock_timestamp() - interval '31 days' where object_id <> 'ORD-3'"
    )
    await pool.execute("update deliveries set status = 'Pending' where object_id = 'ORD-2'")
    await pool.execute(SWEPT)
    assert [row["object_id"] for row in await world.rows()] == ["ORD-2", "ORD-3"]
