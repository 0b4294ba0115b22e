"""Help for tests of what is done with the trail: a story on a database of its own, and rows to write there."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import asyncpg

from entrepot.storage import verifying
from entrepot.storage.heads import Heads
from entrepot.storage.sealer import release, seal
from entrepot.storage.store import open_pool

INSERT = (
    "insert into trail (kind, object_id, revision, place, event, name, at, actor_id, accounts, delta, details)"
    " values ('commerce/orders', $1, $2, $3, 'platform.commerce.order.updated', 'updated', $4, 'SVC-0002',"
    " '{ACC-2001-0001,ACC-3001-0001}', '{\"notes\": [null, \"a\"]}', '{}') returning id"
)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def story(told: Callable[[asyncpg.Pool], Awaitable[None]]) -> Callable[[str], None]:
    """Makes a test of a coroutine that is handed a pool."""

    def test(database: str) -> None:
        async def run() -> None:
            pool = await open_pool(database, smallest=1, largest=8)
            try:
                await seal(pool, "before")  # what the world brought along
                await release(pool, "before")
                await asyncio.wait_for(told(pool), 60)
            finally:
                await asyncio.wait_for(pool.close(), 10)

        asyncio.run(run())

    test.__name__, test.__doc__ = told.__name__, told.__doc__
    return test


async def happen(conn: Any, thing: str, revision: int, place: int = 0) -> int:
    """Something happens to a thing. Gives back the number of the row."""
    return await conn.fetchval(INSERT, thing, revision, place, NOON)


async def sealed(pool: asyncpg.Pool, *rows: int) -> list[int]:
    """Those of the rows that have a position, in its order."""
    found = await pool.fetch("select trail_id from seals where trail_id = any($1) order by position", rows)
    return [row[0] for row in found]


async def verify(pool: asyncpg.Pool, heads: Heads | None = None) -> list[str]:
    """Everything that is wrong with the trail, its chains and its heads."""
    async with pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        return [finding async for finding in verifying.verify(conn, heads)]


async def until(holds: Callable[[], Awaitable[bool]], seconds: float = 5) -> None:
    """Waits until that holds."""
    for _ in range(int(seconds / 0.02)):
        if await holds():
            return
        await asyncio.sleep(0.02)
    raise TimeoutError
