"""The sealer gives what has happened its place in one order, and a chain of hashes over it that shows every change.

Rows of the trail commit without a position, because the order of commits is not the order of numbers. One sealer
at a time numbers, in the table `seals`, what has committed:

- **Nothing is skipped.** The row `sealer` keeps a horizon: below that transaction id everything is decided and
  sealed. Each pass looks at the few rows from there on which have no seal yet, so what a slow transaction commits
  late is found late, and nobody waits for it. After the pass the horizon moves to the oldest transaction that was
  still running when the pass looked.
- **Each thing in order.** A row draws its number when it is inserted, after the revision before it was committed
  (the writer's guard sees to that): rows in order of their numbers are in order of revision and place per thing.
- **One at a time.** The sealer holds a lease of real time. Whoever takes over a lease that ran out makes the fence
  grow, and every write names the fence, so that a sealer that was only slow, not dead, writes nothing more.

The chains: for each object `object_hash = sha256(object_hash of its row before || canonical form)`, and over all of
them `hash = sha256(hash of the position before || object_hash)`; before the first there is nothing. So one object's
history can be verified by itself, and all of it by one hash. That of the newest position, the head, is signed and kept
outside the database as well (heads.py). Rows that were sealed before there was a chain for each object have no
`object_hash`: there the canonical form stands in its stead.

The canonical form is the text, in UTF-8, of a JSON array as PostgreSQL's `jsonb` writes it, of the columns in
`CANONICAL`. Times are UTC, so the session's time zone does not matter. The transaction id is left out: a restore may
change it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any

import asyncpg

from entrepot.storage.heads import Heads

LEASE = timedelta(seconds=10)
BATCH = 2000
PASS_MAX = 200_000
"""How many rows one pass takes on; what is left is for the next."""

CANONICAL = (
    "jsonb_build_array(t.id, t.kind, t.object_id, t.owner_id, t.revision, t.place, t.event, t.name,"
    " t.at at time zone 'UTC', t.recorded_at at time zone 'UTC', t.actor_id, t.account_id,"
    " to_jsonb(t.accounts), t.scope, t.delta, t.details)::text"
)

ROW = (
    "t.kind, t.object_id, t.owner_id, (select s.object_hash from trail b join seals s on s.trail_id = b.id"
    " where b.object_id = t.object_id and b.kind = t.kind and b.owner_id = t.owner_id"
    " and (b.revision, b.place) < (t.revision, t.place) order by b.revision desc, b.place desc limit 1),"
    f" {CANONICAL}"
)
"""What is hashed: each row with the hash of its object's row before, where that has a position already."""

ROWS = f"select {ROW} from trail t where t.id = any($1) order by t.id"

LOOK = f"""
with head as materialized (
    select fence, position, hash, horizon, holder = $1 as ours,
        coalesce(leased_until > clock_timestamp(), false) as held,
        coalesce(leased_until > clock_timestamp() + $2::interval / 2, false)
            and horizon <= pg_snapshot_xmax(pg_current_snapshot()) as fresh
    from sealer
), found as materialized (
    select u.looked_at, u.numbers from head, entrepot_unsealed(head.horizon, $3) u where head.ours and head.fresh
)
select head.*, pg_snapshot_xmin(pg_current_snapshot()) as oldest, found.looked_at, found.numbers,
    array(select row({ROW}) from trail t where t.id = any(found.numbers[:$4]) order by t.id) as rows
from head left join found on true
"""
"""The sealer's row and, where it is ours and need not be renewed, what has no seal yet, with the first rows of that.
`oldest` is the transaction below which everything is decided."""

TAKE = """
update sealer set holder = $1, leased_until = clock_timestamp() + $2::interval,
    fence = fence + (holder is distinct from $1)::integer,
    horizon = case when horizon > pg_snapshot_xmax(pg_current_snapshot()) then '0'::xid8 else horizon end
where holder = $1 or leased_until is null or leased_until <= clock_timestamp()
returning true
"""

ONWARDS = "update sealer set horizon = $3 where holder = $1 and fence = $2 returning 1"


class LeaseLost(Exception):
    """Another sealer took over: what this one had in hand is not written."""


@dataclass(slots=True)
class _Hold:
    """What the sealer knows of its own row: its fence, and where the chain ends."""

    fence: int
    position: int
    hash: bytes


async def seal(
    pool: asyncpg.Pool,
    holder: str,
    heads: Heads | None = None,
    *,
    lease: timedelta = LEASE,
    batch: int = BATCH,
    last: bool = False,
    sealed: Callable[[], None] = lambda: None,
) -> int:
    """One pass: numbers what has committed. Gives back how many rows; 0 too while another holds the lease.

    `holder` names one process, and is used by no other. `last` says that no pass will follow soon: the head is signed
    at once. `sealed` is called as soon as something has its position, before a head is signed. Raises LeaseLost, and
    OSError when the head cannot be kept.
    """
    async with pool.acquire(timeout=10) as conn:
        row = await conn.fetchrow(LOOK, holder, lease, PASS_MAX, batch)
        if row["held"] and not row["ours"]:
            return 0
        if row["numbers"] is None:
            row = await _take(conn, holder, lease, batch)
            if row is None:
                return 0
        hold = _Hold(row["fence"], row["position"], row["hash"])
        ids = row["numbers"]
        onwards = row["looked_at"] and len(ids) < PASS_MAX and row["oldest"] > row["horizon"]
        horizon = row["oldest"] if onwards else None
        for at in range(0, len(ids), batch):
            some = ids[at : at + batch]
            rows = await conn.fetch(ROWS, some) if at else row["rows"]
            await _seal(conn, holder, hold, lease, some, rows, horizon if at + batch >= len(ids) else None)
        if ids:
            sealed()
        elif horizon is not None:
            await _fenced(conn, ONWARDS, holder, hold.fence, horizon)
        if heads is not None and await heads.due(conn, hold.position, at_once=last):
            await _sign(conn, holder, hold, heads)
        return len(ids)


async def unsealed(pool: asyncpg.Pool) -> bool:
    """Whether something has committed that has no position yet."""
    return bool(await pool.fetchval("select numbers from sealer, entrepot_unsealed(horizon, 1)"))


async def release(pool: asyncpg.Pool, holder: str) -> None:
    """Gives the lease back, so that another need not wait until it runs out."""
    await pool.execute("update sealer set leased_until = null where holder = $1", holder)


async def _take(conn: Any, holder: str, lease: timedelta, batch: int) -> asyncpg.Record | None:
    """Takes the lease, or renews it, and then looks; None while another holds it."""
    # After a restore into another cluster its transaction ids start anew: everything is looked at once more.
    if not await conn.fetchval(TAKE, holder, lease):
        return None
    row = await conn.fetchrow(LOOK, holder, lease, PASS_MAX, batch)
    return row if row["numbers"] is not None else None


async def _seal(
    conn: Any,
    holder: str,
    hold: _Hold,
    lease: timedelta,
    ids: Sequence[int],
    rows: Sequence[Sequence[Any]],
    horizon: object | None,
) -> None:
    """Seals these rows, in this order. One statement for all of them, under the fence; with the last of a pass the
    horizon moves."""
    object_hashes, hashes = _hashes(hold.hash, rows)
    await _fenced(
        conn,
        "with held as (update sealer set position = position + $6, hash = $7,"
        " leased_until = clock_timestamp() + $5::interval, horizon = coalesce($10, horizon)"
        " where holder = $1 and fence = $2 and position = $8 returning 1),"
        " done as (insert into seals (position, trail_id, object_hash, hash)"
        " select $8 + n, id, object_hash, hash"
        " from unnest($3::bigint[], $9::bytea[], $4::bytea[]) with ordinality as u(id, object_hash, hash, n)"
        " where exists (select from held) returning 1)"
        " select count(*) from done",
        holder,
        hold.fence,
        ids,
        hashes,
        lease,
        len(ids),
        hashes[-1],
        hold.position,
        object_hashes,
        horizon,
    )
    hold.position += len(ids)
    hold.hash = hashes[-1]


async def _fenced(conn: Any, text: str, *values: object) -> None:
    if not await conn.fetchval(text, *values):
        raise LeaseLost


def _hashes(before: bytes, rows: Sequence[Sequence[Any]]) -> tuple[list[bytes], list[bytes]]:
    """Of each row in canonical form: its place in the chain of its object, and in the one over all."""
    objects: dict[tuple[str, str, str], bytes] = {}
    object_hashes: list[bytes] = []
    hashes: list[bytes] = []
    for kind, object_id, owner_id, object_before, canonical in rows:
        key = (kind, object_id, owner_id)
        own = sha256(objects.get(key, object_before or b"") + canonical.encode()).digest()
        before = sha256(before + own).digest()
        objects[key] = own
        object_hashes.append(own)
        hashes.append(before)
    return object_hashes, hashes


async def _sign(conn: Any, holder: str, hold: _Hold, heads: Heads) -> None:
    """Signs where the chain stands: first in the database, then outside, which so never knows more."""
    head = await heads.sign(conn, hold.position, hold.hash)
    await _fenced(
        conn,
        "with held as (select from sealer where holder = $1 and fence = $2),"
        " done as (insert into heads (position, hash, at, signature) select $3, $4, $5, $6 from held"
        " on conflict do nothing)"
        " select exists (select from held)",
        holder,
        hold.fence,
        head.position,
        head.hash,
        head.at,
        head.signature,
    )
    await heads.keep(head)
