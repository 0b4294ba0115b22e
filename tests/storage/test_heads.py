"""Heads of the chain are signed and kept outside: a chain made up anew, or cut off at its end, contradicts them."""

import asyncio
import json
from hashlib import sha256
from pathlib import Path

import asyncpg
import pytest

from entrepot.storage.heads import Heads, read
from entrepot.storage.sealer import CANONICAL, seal
from entrepot.storage.vault import Vault
from tests.storage.trails import happen, story, verify

A, B = "ORD-1000-0000-0001", "ORD-1000-0000-0002"


@pytest.fixture
def heads(tmp_path: Path) -> Heads:
    """Heads in a file of their own."""
    return Heads(Vault("a key"), tmp_path / "heads.jsonl")


def lines(heads: Heads) -> list[dict[str, object]]:
    """What the file says."""
    assert heads.file is not None
    return [json.loads(line) for line in heads.file.read_text().splitlines()]


async def grown(pool: asyncpg.Pool, heads: Heads, revisions: range) -> None:
    """A chain with a head after each revision of two things."""
    for revision in revisions:
        for thing in (A, B):
            await happen(pool, thing, revision)
        await seal(pool, "one", heads, last=True)


async def tampered(pool: asyncpg.Pool, text: str) -> None:
    """Done by somebody who may write everything."""
    async with pool.acquire() as conn:
        await conn.execute("set session_replication_role = replica")
        await conn.execute(text)
        await conn.execute("reset all")


async def made_up_anew(pool: asyncpg.Pool) -> None:
    """Every hash as it would be had the rows always been what they are now."""
    objects: dict[str, bytes] = {}
    before, sealed = b"", []
    text = f"select s.position, t.kind || t.object_id || t.owner_id, {CANONICAL}"
    for position, thing, row in await pool.fetch(f"{text} from seals s join trail t on t.id = s.trail_id order by 1"):
        objects[thing] = sha256(objects.get(thing, b"") + row.encode()).digest()
        before = sha256(before + objects[thing]).digest()
        sealed.append((position, objects[thing], before))
    async with pool.acquire() as conn:
        await conn.execute("set session_replication_role = replica")
        await conn.executemany("update seals set object_hash = $2, hash = $3 where position = $1", sealed)
        await conn.execute("update sealer set hash = $1", before)
        await conn.execute("delete from heads")
        await conn.execute("reset all")


def test_a_head_is_signed_each_second_at_most_and_at_the_end(database: str, heads: Heads):
    @story
    async def told(pool: asyncpg.Pool) -> None:
        for revision in range(1, 6):
            await happen(pool, A, revision)
            await seal(pool, "one", heads)
        position = await pool.fetchval("select position from sealer")
        assert [each["position"] for each in lines(heads)] == [position - 4]
        await seal(pool, "one", heads, last=True)
        await seal(pool, "one", heads, last=True)
        assert [each["position"] for each in lines(heads)] == [position - 4, position]
        assert await pool.fetchval("select count(*) from heads") == 2
        assert await verify(pool, heads) == []

    told(database)
    assert heads.file is not None
    assert heads.file.stat().st_mode & 0o777 == 0o600


def test_a_program_that_starts_goes_on_where_the_file_ends(database: str, heads: Heads):
    @story
    async def told(pool: asyncpg.Pool) -> None:
        await grown(pool, heads, range(1, 3))
        again = Heads(heads.vault, heads.file)
        await seal(pool, "one", again, last=True)
        assert len(lines(heads)) == 2
        await grown(pool, again, range(3, 4))
        assert len(lines(heads)) == 3
        assert await verify(pool, again) == []

    told(database)


def test_a_half_written_line_harms_no_later_one(database: str, heads: Heads):
    @story
    async def told(pool: asyncpg.Pool) -> None:
        await grown(pool, heads, range(1, 2))
        assert heads.file is not None
        with heads.file.open("a") as file:
            file.write('{"chain": "')
        assert await verify(pool, heads) == []
        await grown(pool, heads, range(2, 3))
        (finding,) = await verify(pool, heads)
        assert finding == f"heads: line 2 of {heads.file} is not a head that this key signed"

    told(database)


WHOLE = {
    "an edit": "update trail set delta = '{{}}' where id = {row}",
    "another who": "update trail set actor_id = 'SVC-0001' where id = {row}",
    "two things swapped": "update seals set trail_id = case trail_id when {row} then {row} + 1 else {row} end"
    " where trail_id in ({row}, {row} + 1)",
}


@pytest.mark.parametrize("what", WHOLE)
def test_a_chain_that_was_made_up_anew_is_found(database: str, heads: Heads, what: str):
    @story
    async def told(pool: asyncpg.Pool) -> None:
        await pool.execute("drop index seals_trail")
        await grown(pool, heads, range(1, 6))
        row = await pool.fetchval("select id from trail where object_id = $1 and revision = 3", A)
        await tampered(pool, WHOLE[what].format(row=row))
        await made_up_anew(pool)
        assert await verify(pool) == [], "without the heads nothing shows"
        (finding,) = await verify(pool, heads)
        assert "another hash is there now" in finding

    told(database)


def test_the_newest_cut_off_is_found(database: str, heads: Heads):
    @story
    async def told(pool: asyncpg.Pool) -> None:
        await grown(pool, heads, range(1, 6))
        position = await pool.fetchval("select position from sealer") - 3
        await tampered(
            pool,
            f"delete from trail where id in (select trail_id from seals where position > {position});"
            f" delete from seals where position > {position}; delete from heads where position > {position};"
            f" update sealer set position = {position}, hash = (select hash from seals where position = {position})",
        )
        assert await verify(pool) == [], "without the heads nothing shows"
        (finding,) = await verify(pool, heads)
        assert "that position is gone: the newest were cut off" in finding
        for revision in range(5, 9):  # and it does not help to write on
            await happen(pool, A, revision)
        await seal(pool, "one", heads, last=True)
        findings = await verify(pool, heads)
        assert any("another hash is there now" in each for each in findings), findings

    told(database)


def test_a_head_that_another_key_signed_is_none(database: str, heads: Heads):
    @story
    async def told(pool: asyncpg.Pool) -> None:
        await grown(pool, heads, range(1, 3))
        other = Heads(Vault("another key"), heads.file)
        assert heads.file is not None
        findings = await verify(pool, other)
        assert f"heads: line 1 of {heads.file} is not a head that this key signed" in findings
        assert sum("is not signed by this key" in each for each in findings) == 2

    told(database)


def test_a_file_that_is_gone_is_found(database: str, heads: Heads):
    @story
    async def told(pool: asyncpg.Pool) -> None:
        await grown(pool, heads, range(1, 3))
        assert heads.file is not None
        heads.file.unlink()
        assert await verify(pool, heads) == [f"heads: {heads.file} has none of this database, which has signed 2"]

    told(database)


def test_heads_in_the_database_are_verified_too(database: str, heads: Heads):
    @story
    async def told(pool: asyncpg.Pool) -> None:
        await grown(pool, heads, range(1, 3))
        await tampered(pool, "update heads set hash = sha256('x') where position = (select min(position) from heads)")
        position = await pool.fetchval("select min(position) from heads")
        assert await verify(pool, heads) == [f"heads: that of position {position} is not signed by this key"]

    told(database)


def test_several_databases_share_a_file(database: str, heads: Heads):
    @story
    async def told(pool: asyncpg.Pool) -> None:
        await grown(pool, heads, range(1, 3))
        await pool.execute("update installation set id_key = sha256('another')")
        other = Heads(heads.vault, heads.file)
        await grown(pool, other, range(3, 4))
        assert len({each["chain"] for each in lines(heads)}) == 2
        findings = await verify(pool, other)
        assert all("in the database" in each or "not signed" in each for each in findings)

    told(database)


def test_after_a_restore_later_heads_no_longer_count(database: str, heads: Heads):
    @story
    async def told(pool: asyncpg.Pool) -> None:
        await grown(pool, heads, range(1, 6))
        position = await pool.fetchval("select position from sealer") - 3
        await tampered(
            pool,
            f"delete from trail where id in (select trail_id from seals where position > {position});"
            f" delete from seals where position > {position}; delete from heads where position > {position};"
            f" update sealer set position = {position}, hash = (select hash from seals where position = {position})",
        )
        again = Heads(heads.vault, heads.file)
        await again.accept(pool)
        await again.accept(pool)
        assert [each for each in lines(heads) if each.get("restored")] == [lines(heads)[-1]]
        assert await verify(pool, again) == []
        await happen(pool, A, 5)
        await seal(pool, "one", again, last=True)
        assert await verify(pool, again) == []

    told(database)


def test_a_line_says_what_was_signed():
    vault = Vault("a key")
    heads = Heads(vault)

    class Installation:
        async def fetchval(self, text: str) -> bytes:
            return b"key"

    head = asyncio.run(heads.sign(Installation(), 7, b"\x01" * 32))
    assert read(head.line()) == head
    assert heads.genuine(head)
    assert not Heads(Vault("another")).genuine(head)
    for part in ("position", "hash", "at", "chain"):
        said = json.loads(head.line())
        said[part] = {"position": 8, "hash": "02" * 32, "at": "2020-01-01T00:00:00.000Z", "chain": "x"}[part]
        assert not heads.genuine(read(json.dumps(said).encode())), part
    said = {**json.loads(head.line()), "restored": True}
    assert not heads.genuine(read(json.dumps(said).encode()))
