"""Verifies the trail, its chains and its heads: each edit, deletion, reordering and cut-off is found and named.

Everything is read from one snapshot, through cursors: memory does not grow with the database.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from hashlib import sha256
from itertools import batched
from typing import Any

from entrepot.kernel.wire import moment_text
from entrepot.storage.heads import Head, Heads, read
from entrepot.storage.sealer import CANONICAL

AT_A_TIME = 2000
TELL_EVERY = 10_000

Progress = Callable[[str, int, int | None], None]
"""`progress(what, done, of all)`: rows read."""


def silent(what: str, done: int, of: int | None) -> None:
    """Nobody is told how far it is."""


async def verify(conn: Any, heads: Heads | None = None, progress: Progress = silent) -> AsyncIterator[str]:
    """What is wrong, in words. Nothing is good news.

    The connection is in a transaction of one snapshot, in which nothing was read yet. Whoever may write the whole
    database can also make up a whole new chain, or cut off the newest: that shows against the heads kept outside.
    """
    outside = _Outside(heads) if heads is not None else None
    for check in (_verify_objects, _verify_chain):
        async for finding in check(conn, progress):
            yield finding
    if heads is not None and outside is not None:
        async for finding in _verify_signed(conn, heads, progress):
            yield finding
        async for finding in outside.verify(conn, progress):
            yield finding


# The trail, object by object ------------------------------------------------------------------------


async def _verify_objects(conn: Any, progress: Progress) -> AsyncIterator[str]:
    """Each object's rows: as they were sealed, in order, and without a gap."""
    of = await conn.fetchval("select count(*) from trail")
    rows = conn.cursor(
        "select t.id, t.kind, t.object_id, t.owner_id, t.revision, t.place, t.name, s.position, s.hash, s.object_hash,"
        f" t.xid < (select horizon from sealer) as settled, {CANONICAL} as row"
        " from trail t left join seals s on s.trail_id = t.id"
        " order by t.object_id, t.kind, t.owner_id, t.revision, t.place",
        prefetch=AT_A_TIME,
    )
    done, before = 0, None
    object_hash, position = b"", 0
    async for row in rows:
        same = before is not None and _object(before) == _object(row)
        if not same:
            object_hash, position = b"", 0
        if gap := _gap(before if same else None, row):
            yield f"trail: {row['kind']} {row['object_id']} {gap}"
        if row["position"] is None:
            if row["settled"]:
                yield f"trail: row {row['id']} ({row['kind']} {row['object_id']}) has no position"
        else:
            if row["position"] <= position:
                yield f"seals: {row['kind']} {row['object_id']} is out of order at position {row['position']}"
            sealed = row["object_hash"]
            if sealed is not None and sha256(object_hash + row["row"].encode()).digest() != sealed:
                yield _edited(row)
            object_hash, position = sealed or b"", row["position"]
        before = row
        done += 1
        if done % TELL_EVERY == 0:
            progress("trail", done, of)
    progress("trail", done, of)


def _object(row: Any) -> tuple[str, str, str]:
    return row["kind"], row["object_id"], row["owner_id"]


def _gap(before: Any, row: Any) -> str:
    """What is missing between two rows of an object. What was loaded may begin with any revision."""
    revision, place = row["revision"], row["place"]
    if before is None:
        if place or (revision != 1 and row["name"] != "loaded"):
            return f"begins with revision {revision}, place {place}"
    elif revision == before["revision"]:
        if place != before["place"] + 1:
            return f"has a gap in revision {revision} after place {before['place']}"
    elif revision != before["revision"] + 1 or place:
        return f"has a gap after revision {before['revision']}"
    return ""


def _edited(row: Any) -> str:
    thing = f"{row['kind']} {row['object_id']}"
    return f"trail: row {row['id']} ({thing}) at position {row['position']} is not what was sealed"


# The chain over all -------------------------------------------------------------------------------------


async def _verify_chain(conn: Any, progress: Progress) -> AsyncIterator[str]:
    last = await conn.fetchrow("select position, hash from sealer")
    rows = conn.cursor(
        "select s.position, s.trail_id as id, s.hash, s.object_hash, t.id is null as gone,"
        " t.kind, t.object_id, case when s.object_hash is null then"
        f" {CANONICAL} end as row from seals s left join trail t on t.id = s.trail_id order by s.position",
        prefetch=AT_A_TIME,
    )
    done, position, before = 0, 0, b""
    async for row in rows:
        if row["position"] != position + 1:
            yield f"seals: {_between(position + 1, row['position'] - 1)} missing"
        elif row["gone"]:
            yield f"trail: row {row['id']} at position {row['position']} is gone"
        elif row["object_hash"] is None:
            if sha256(before + row["row"].encode()).digest() != row["hash"]:
                yield _edited(row)
        elif sha256(before + row["object_hash"]).digest() != row["hash"]:
            yield f"seals: position {row['position']} does not follow from the one before it"
        position, before = row["position"], row["hash"]
        done += 1
        if done % TELL_EVERY == 0:
            progress("seals", done, last["position"])
    progress("seals", done, last["position"])
    if (last["position"], last["hash"]) != (position, before):
        yield f"sealer: the chain ends at position {position}, but was sealed up to {last['position']}"


def _between(first: int, last: int) -> str:
    return f"position {first} is" if first == last else f"positions {first} to {last} are"


# Heads --------------------------------------------------------------------------------------------------


async def _verify_signed(conn: Any, heads: Heads, progress: Progress) -> AsyncIterator[str]:
    """The heads in the database: signed by us, and what the chain is now."""
    chain = await heads.chain(conn)
    rows = conn.cursor(
        "select h.position, h.hash, h.at, h.signature, s.hash as now from heads h left join seals s using (position)"
        " order by h.position",
        prefetch=AT_A_TIME,
    )
    done = 0
    async for row in rows:
        head = Head(chain, row["position"], row["hash"], row["at"], False, row["signature"])
        if not heads.genuine(head):
            yield f"heads: that of position {head.position} is not signed by this key"
        elif row["now"] != head.hash:
            yield _contradicted(head, row["now"], "in the database")
        done += 1
        if done % TELL_EVERY == 0:
            progress("heads", done, None)
    progress("heads", done, None)


class _Outside:
    """The heads outside the database. They are read first: of what the snapshot holds none is newer."""

    def __init__(self, heads: Heads):
        self.heads = heads
        self.lines = 0
        self.restores: list[tuple[int, Head]] = []
        for number, line in heads.lines():
            self.lines = number
            head = self._head(line) if b'"restored"' in line else None
            if head is not None and head.restored:
                self.restores.append((number, head))

    def _head(self, line: bytes) -> Head | None:
        try:
            head = read(line)
        except ValueError:
            return None
        return head if self.heads.genuine(head) else None

    def _in_force(self, chain: str) -> Iterator[Head | str]:
        """The heads of the chain that still count, and lines that are none."""
        restores = [(number, head.position) for number, head in self.restores if head.chain == chain]
        for number, line in self.heads.lines():
            if number > self.lines:
                return
            head = self._head(line)
            if head is None:
                yield f"heads: line {number} of {self.heads.file} is not a head that this key signed"
            elif head.chain == chain and all(head.position <= to for after, to in restores if after > number):
                yield head

    async def verify(self, conn: Any, progress: Progress) -> AsyncIterator[str]:
        """Each head against the chain as it is. Once it is contradicted, so are all later ones: one finding says it."""
        if self.heads.file is None:
            return
        newest, contradicted = 0, False
        in_force = self._in_force(await self.heads.chain(conn))
        for some in batched(in_force, AT_A_TIME):
            found = [each for each in some if isinstance(each, Head)]
            now = dict(
                await conn.fetch(
                    "select position, hash from seals where position = any($1)", [each.position for each in found]
                )
            )
            for each in some:
                if isinstance(each, str):
                    yield each
                    continue
                newest = each.position
                if now.get(each.position) != each.hash and not contradicted:
                    contradicted = True
                    yield _contradicted(each, now.get(each.position), f"in {self.heads.file}")
            progress("heads outside", newest, None)
        signed = await conn.fetchval("select count(*) from heads where position > $1", newest)
        if newest == 0 and signed:
            yield f"heads: {self.heads.file} has none of this database, which has signed {signed}"


def _contradicted(head: Head, now: bytes | None, where: str) -> str:
    what = "that position is gone: the newest were cut off" if now is None else "another hash is there now"
    return f"heads: position {head.position}, signed at {moment_text(head.at)} {where}: {what}"
