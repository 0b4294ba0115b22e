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

The chain: `hash = sha256(hash of the position before || canonical form)`; before position 1 there is nothing. The
canonical form is the text, in UTF-8, of a JSON array as PostgreSQL's `jsonb` writes it, of the columns in `CANONICAL`.
Times are UTC, so the session's time zone does not matter. The transaction id is left out: a restore may change it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any

import asyncpg

LEASE = timedelta(seconds=10)
BATCH = 2000
PASS_MAX = 200_000
"""How many rows one pass takes on; what is left is for the next."""

CANONICAL = (
    "jsonb_build_array(t.id, t.kind, t.object_id, t.owner_id, t.revision, t.place, t.event, t.name,"
    " t.at at time zone 'UTC', t.recorded_at at time zone 'UTC', t.actor_id, t.account_id,"
    " to_jsonb(t.accounts), t.scope, t.delta, t.details)::text"
)


class LeaseLost(Exception):
    """Another sealer took over: what this one had in hand is not written."""


@dataclass(slots=True)
class _Hold:
    """What the sealer knows of its own row: its fence, and where the chain ends."""

    fence: int
    position: int
    hash: bytes
    horizon: int


async def seal(pool: asyncpg.Pool, holder: str, *, lease: timedelta = LEASE, batch: int = BATCH) -> int:
    """One pass: numbers what has committed. Gives back how many rows; 0 too while another holds the lease.

    `holder` names one process, and is used by no other. Raises LeaseLost.
    """
    async with pool.acquire(timeout=10) as conn:
        hold = await _take(conn, holder, lease)
        if hold is None:
            return 0
        found = await conn.fetchrow(
            "select pg_snapshot_xmin(pg_current_snapshot()) as horizon, * from entrepot_unsealed($1, $2)",
            hold.horizon,
            PASS_MAX,
        )
        ids, horizon = found["numbers"], found["horizon"]
        for at in range(0, len(ids), batch):
            await _seal(conn, holder, hold, lease, ids[at : at + batch])
        if found["looked_at"] and len(ids) < PASS_MAX and horizon > hold.horizon:
            await _fenced(
                conn,
                "update sealer set horizon = $3 where holder = $1 and fence = $2 returning 1",
                holder,
                hold.fence,
                horizon,
            )
        return len(ids)


async def unsealed(pool: asyncpg.Pool) -> bool:
    """Whether something has committed that has no position yet."""
    return bool(await pool.fetchval("select numbers from sealer, entrepot_unsealed(horizon, 1)"))


async def release(pool: asyncpg.Pool, holder: str) -> None:
    """Gives the lease back, so that another need not wait until it runs out."""
    await pool.execute("update sealer set leased_until = null where holder = $1", holder)


async def _take(conn: Any, holder: str, lease: timedelta) -> _Hold | None:
    """The lease, ours or newly taken; None while another holds it. A lease that is half over is renewed."""
    row = await conn.fetchrow(
        "select fence, position, hash, horizon, holder = $1 as ours,"
        " coalesce(leased_until > clock_timestamp(), false) as held,"
        " coalesce(leased_until > clock_timestamp() + $2::interval / 2, false) as fresh,"
        # After a restore into another cluster its transaction ids start anew: everything is looked at once more.
        " horizon > pg_snapshot_xmax(pg_current_snapshot()) as foreign_horizon from sealer",
        holder,
        lease,
    )
    if row["held"] and not row["ours"]:
        return None
    if not (row["ours"] and row["fresh"]) or row["foreign_horizon"]:
        row = await conn.fetchrow(
            "update sealer set holder = $1, leased_until = clock_timestamp() + $2::interval,"
            " fence = fence + (holder is distinct from $1)::integer,"
            " horizon = case when horizon > pg_snapshot_xmax(pg_current_snapshot()) then '0'::xid8 else horizon end"
            " where holder = $1 or leased_until is null or leased_until <= clock_timestamp()"
            " returning fence, position, hash, horizon",
            holder,
            lease,
        )
    return _Hold(row["fence"], row["position"], row["hash"], row["horizon"]) if row else None


async def _seal(conn: Any, holder: str, hold: _Hold, lease: timedelta, ids: Sequence[int]) -> None:
    """Seals these rows, in this order. One statement for all of them, under the fence."""
    rows = await conn.fetch(f"select {CANONICAL} from trail t where id = any($1) order by id", ids)
    hashes = list(chain(hold.hash, (row[0] for row in rows)))
    await _fenced(
        conn,
        "with held as (update sealer set position = position + $6, hash = $7,"
        " leased_until = clock_timestamp() + $5::interval"
        " where holder = $1 and fence = $2 and position = $8 returning 1),"
        " done as (insert into seals (position, trail_id, hash)"
        " select $8 + n, id, hash from unnest($3::bigint[], $4::bytea[]) with ordinality as u(id, hash, n)"
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
    )
    hold.position += len(ids)
    hold.hash = hashes[-1]


async def _fenced(conn: Any, text: str, *values: object) -> None:
    if not await conn.fetchval(text, *values):
        raise LeaseLost


def chain(before: bytes, rows: Iterable[str]) -> Iterable[bytes]:
    """The hashes of rows in canonical form, each over the one before it."""
    for row in rows:
        before = sha256(before + row.encode()).digest()
        yield before


# Verifying ------------------------------------------------------------------------------------------


async def verify(pool: asyncpg.Pool) -> list[str]:
    """What is wrong with the chain: each edit, deletion and reordering of what was sealed. Nothing is good news.

    Whoever may write everything can also make up a whole new chain: that shows only against a head of it that was
    kept elsewhere.
    """
    async with (
        pool.acquire(timeout=10) as conn,
        conn.transaction(isolation="repeatable_read", readonly=True),
    ):
        await conn.execute("set local statement_timeout = 0")
        return [*await _verify_chain(conn), *await _verify_order(conn), *await _verify_rest(conn)]


async def _verify_chain(conn: Any) -> list[str]:
    findings: list[str] = []
    position, before = 0, b""
    rows = conn.cursor(
        f"select s.position, s.trail_id, s.hash, t.kind, t.object_id, {CANONICAL} as row, t.id is null as gone"
        " from seals s left join trail t on t.id = s.trail_id order by s.position",
        prefetch=BATCH,
    )
    async for row in rows:
        if row["position"] != position + 1:
            findings.append(f"seals: {_between(position + 1, row['position'] - 1)} missing")
        elif row["gone"]:
            findings.append(f"trail: row {row['trail_id']} at position {row['position']} is gone")
        elif sha256(before + row["row"].encode()).digest() != row["hash"]:
            findings.append(
                f"trail: row {row['trail_id']} ({row['kind']} {row['object_id']}) at position {row['position']}"
                " is not what was sealed"
            )
        position, before = row["position"], row["hash"]
    last = await conn.fetchrow("select position, hash from sealer")
    if (last["position"], last["hash"]) != (position, before):
        findings.append(f"sealer: the chain ends at position {position}, but was sealed up to {last['position']}")
    return findings


async def _verify_order(conn: Any) -> list[str]:
    """Each thing's rows by revision and place."""
    rows = await conn.fetch(
        "select * from (select s.position, t.kind, t.object_id, (t.revision, t.place) <= lag((t.revision, t.place))"
        " over (partition by t.kind, t.owner_id, t.object_id order by s.position) as wrong"
        " from seals s join trail t on t.id = s.trail_id) found where wrong order by position"
    )
    return [f"seals: {r['kind']} {r['object_id']} is out of order at position {r['position']}" for r in rows]


async def _verify_rest(conn: Any) -> list[str]:
    """Rows that were slipped in below the horizon."""
    rows = await conn.fetch(
        "select id, kind, object_id from trail t where xid < (select horizon from sealer)"
        " and not exists (select from seals where trail_id = t.id) order by id"
    )
    return [f"trail: row {row['id']} ({row['kind']} {row['object_id']}) has no position" for row in rows]


def _between(first: int, last: int) -> str:
    return f"position {first} is" if first == last else f"positions {first} to {last} are"
