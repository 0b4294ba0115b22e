"""The sealer gives each row of the trail one place for good, whatever is slow, dead, or tampered with."""

import asyncio
import contextlib
from datetime import timedelta

import asyncpg
import pytest

from entrepot.storage import sealer
from entrepot.storage.sealer import LeaseLost, release, seal, unsealed
from tests.storage.trails import happen, sealed, story, until, verify

A, B, C = "ORD-1000-0000-0001", "ORD-1000-0000-0002", "ORD-1000-0000-0003"


@story
async def test_what_has_committed_is_numbered_without_gaps_and_each_thing_in_order(pool: asyncpg.Pool):
    rows = [await happen(pool, thing, revision, place) for revision in (1, 2) for thing in (A, B) for place in (0, 1)]
    await seal(pool, "one", batch=3)
    assert await sealed(pool, *rows) == rows
    positions = [row[0] for row in await pool.fetch("select position from seals order by position")]
    assert positions == list(range(1, len(positions) + 1))
    assert await seal(pool, "one") == 0
    assert not await unsealed(pool)
    assert await verify(pool) == []


@story
async def test_a_slow_transaction_holds_nobody_up_and_is_not_skipped(pool: asyncpg.Pool):
    async with pool.acquire() as slow:
        transaction = slow.transaction()
        await transaction.start()
        late = await happen(slow, A, 1)
        quick = []
        for number in range(5):
            quick.append(await happen(pool, B, number + 1))
            assert await seal(pool, "one") == 1
        assert await sealed(pool, late, *quick) == quick
        await transaction.commit()
    assert await unsealed(pool)
    assert await seal(pool, "one") == 1
    assert await sealed(pool, late, *quick) == [*quick, late]
    assert await verify(pool) == []


@story
async def test_what_is_rolled_back_has_no_place(pool: asyncpg.Pool):
    async with pool.acquire() as conn:
        transaction = conn.transaction()
        await transaction.start()
        gone = await happen(conn, A, 1)
        await seal(pool, "one")
        await transaction.rollback()
    stays = await happen(pool, B, 1)
    await seal(pool, "one")
    assert await sealed(pool, gone, stays) == [stays]
    assert await verify(pool) == []


@story
async def test_the_horizon_follows_so_that_a_pass_looks_at_little(pool: asyncpg.Pool):
    await happen(pool, A, 1)
    await seal(pool, "one")
    last = await happen(pool, A, 2)
    await seal(pool, "one")
    await seal(pool, "one")
    beyond = "select count(*) from trail where xid >= (select horizon from sealer)"
    assert await pool.fetchval(beyond) <= 1
    assert await sealed(pool, last) == [last]


@story
async def test_transaction_ids_that_begin_anew_after_a_restore_hide_nothing(pool: asyncpg.Pool):
    await happen(pool, A, 1)
    await seal(pool, "one")
    await pool.execute("update sealer set horizon = '999999999'")
    row = await happen(pool, A, 2)
    assert await seal(pool, "one") == 1
    assert await sealed(pool, row) == [row]


@story
async def test_one_seals_while_it_holds_the_lease_and_the_other_takes_over_when_it_is_given_back(pool: asyncpg.Pool):
    row = await happen(pool, A, 1)
    await seal(pool, "one")
    before = await pool.fetchval("select fence from sealer")
    next_row = await happen(pool, A, 2)
    assert await seal(pool, "other") == 0
    assert await sealed(pool, row, next_row) == [row]
    await release(pool, "other")
    assert await seal(pool, "other") == 0
    await release(pool, "one")
    assert await seal(pool, "other") == 1
    assert await pool.fetchval("select fence from sealer") == before + 1
    assert await seal(pool, "one") == 0


@story
async def test_the_lease_of_a_dead_sealer_is_taken_over_when_it_has_run_out(pool: asyncpg.Pool):
    await seal(pool, "dead", lease=timedelta(seconds=0.3))
    row = await happen(pool, A, 1)
    assert await seal(pool, "other") == 0
    await asyncio.sleep(0.35)
    assert await seal(pool, "other") == 1
    assert await sealed(pool, row) == [row]


@story
async def test_a_sealer_that_was_only_slow_writes_nothing_after_another_took_over(pool: asyncpg.Pool):
    """It is stopped between reading and writing, and goes on when its lease is another's."""
    rows = [await happen(pool, A, revision) for revision in (1, 2)]
    going_on = asyncio.Event()
    stopped = asyncio.Event()
    fenced = sealer._fenced

    async def slow(*words: object) -> None:
        stopped.set()
        await going_on.wait()
        await fenced(*words)  # pyright: ignore[reportArgumentType]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sealer, "_fenced", slow)
        first = asyncio.create_task(seal(pool, "slow", lease=timedelta(seconds=0.2)))
        await stopped.wait()
        patch.undo()
    await asyncio.sleep(0.25)
    await happen(pool, B, 1)
    taken = await seal(pool, "other")
    assert taken >= 3
    chain = await pool.fetch("select * from seals order by position")
    going_on.set()
    with pytest.raises(LeaseLost):
        await first
    assert await pool.fetch("select * from seals order by position") == chain
    assert await sealed(pool, *rows) == rows
    assert await verify(pool) == []


@story
async def test_writers_and_four_sealers_at_once_make_one_chain(pool: asyncpg.Pool):
    stop = asyncio.Event()

    async def write(thing: str) -> None:
        for revision in range(1, 40):
            await happen(pool, thing, revision)

    async def keep_sealing(name: str) -> None:
        while not stop.is_set():
            with contextlib.suppress(LeaseLost):
                await seal(pool, name, lease=timedelta(seconds=0.02), batch=7)
            await asyncio.sleep(0.005)

    async def all_is_sealed() -> bool:
        return not await unsealed(pool)

    async with asyncio.TaskGroup() as group:
        for name in ("one", "two", "three", "four"):
            group.create_task(keep_sealing(name))
        await asyncio.gather(*(write(thing) for thing in (A, B, C)))
        await until(all_is_sealed, 20)
        stop.set()
    assert await pool.fetchval("select fence from sealer") > 1
    assert await verify(pool) == []
    assert await pool.fetchval("select count(*) from seals") == await pool.fetchval("select count(*) from trail")


@pytest.mark.parametrize("table", ("trail", "seals"))
def test_nothing_is_changed_or_taken_away_by_accident(database: str, table: str):
    @story
    async def told(pool: asyncpg.Pool) -> None:
        await happen(pool, A, 1)
        await seal(pool, "one")
        for what in (f"delete from {table}", f"truncate {table}", f"update {table} set {LAST[table]}"):
            with pytest.raises(asyncpg.ObjectNotInPrerequisiteStateError):
                await pool.execute(what)

    told(database)


LAST = {"trail": "name = 'x'", "seals": "hash = ''"}

TAMPERINGS = {
    "an edit of what changed": "update trail set delta = '{{}}' where id = {row}",
    "an edit of who did it": "update trail set actor_id = 'SVC-0001' where id = {row}",
    "an edit of when": "update trail set at = at + interval '1 second' where id = {row}",
    "another audience": "update trail set accounts = '{{}}' where id = {row}",
    "a deletion": "delete from trail where id = {row}",
    "a deletion with its seal": "delete from seals where trail_id = {row}; delete from trail where id = {row}",
    "a seal taken away": "delete from seals where trail_id = {row}",
    "a swap of two": "update seals set trail_id = case trail_id when {row} then {row} + 1 else {row} end"
    " where trail_id in ({row}, {row} + 1)",
    "a hash made up": "update seals set hash = sha256('x') where trail_id = {row}",
    "an end cut off": "delete from seals where trail_id > {row}; delete from trail where id > {row}",
    "a row slipped in": "insert into trail (xid, kind, object_id, revision, place, event, name, at, actor_id, accounts,"
    " delta, details) select '3', kind, object_id, 99, place, event, name, at, actor_id, accounts, delta, details"
    " from trail where id = {row}",
}


@pytest.mark.parametrize("what", TAMPERINGS)
def test_tampering_is_found(database: str, what: str):
    @story
    async def told(pool: asyncpg.Pool) -> None:
        rows = [await happen(pool, A, revision) for revision in range(1, 6)]
        await seal(pool, "one")
        await seal(pool, "one")
        assert await verify(pool) == []
        async with pool.acquire() as conn:
            await conn.execute("drop index seals_trail; set session_replication_role = replica")
            await conn.execute(TAMPERINGS[what].format(row=rows[2]))
            await conn.execute("reset all")
        found = await verify(pool)
        assert found, what
        assert len(found) <= 4, found

    told(database)


@story
async def test_a_finding_says_where(pool: asyncpg.Pool):
    row = await happen(pool, A, 1)
    await seal(pool, "one")
    position = await pool.fetchval("select position from seals where trail_id = $1", row)
    await pool.execute("alter table trail disable trigger all")
    await pool.execute("update trail set name = 'other' where id = $1", row)
    assert await verify(pool) == [
        f"trail: row {row} (commerce/orders {A}) at position {position} is not what was sealed"
    ]


@story
async def test_the_time_zone_and_style_of_a_session_change_no_hash(pool: asyncpg.Pool):
    await happen(pool, A, 1)
    await seal(pool, "one")
    name = await pool.fetchval("select current_database()")
    for setting in ("timezone = 'Asia/Kathmandu'", "datestyle = 'SQL, DMY'", "extra_float_digits = 0"):
        await pool.execute(f'alter database "{name}" set {setting}')
    dsn = pool._connect_args[0]
    foreign = await asyncpg.create_pool(dsn, min_size=1, max_size=1)
    assert await foreign.fetchval("show timezone") == "Asia/Kathmandu"
    assert await verify(foreign) == []
    await foreign.close()
