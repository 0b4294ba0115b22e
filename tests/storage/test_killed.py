"""The database is killed under load: what was acknowledged is there afterwards, and the server recovers by itself."""

import asyncio
import json
import os
import signal
import time
from pathlib import Path

import asyncpg
import pytest

from entrepot.app import assemble
from entrepot.kernel.noun import Nouns
from entrepot.offers import NOUNS
from entrepot.settings import Settings
from entrepot.storage.embedded import Embedded, start
from entrepot.storage.loading import load
from entrepot.storage.migrate import ensure
from entrepot.storage.store import open_pool
from entrepot.storage.vault import Vault
from entrepot.store_forms import FORMS
from tests.serving import KEY
from tests.world import purchase, token, world

KILLS = 2
WRITERS = 6


def postmaster(server: Embedded) -> int:
    """The process id of the server, as it wrote it down itself."""
    return int((next(server.data.rglob("postmaster.pid"))).read_text().split()[0])


async def ask(site, method: str, path: str, body: object = None) -> tuple[int, dict]:
    """One request to the program, without a socket."""
    raw = json.dumps(body).encode() if body is not None else b""
    sent: list[dict] = []

    async def receive() -> dict:
        return {"type": "http.request", "body": raw}

    async def send(event: dict) -> None:
        sent.append(event)

    headers = [(b"authorization", f"Bearer {token('client')}".encode())]
    scope = {"type": "http", "method": method, "path": f"/public/v1{path}", "query_string": b"", "headers": headers}
    await site(scope, receive, send)
    return sent[0]["status"], json.loads(sent[1]["body"])


@pytest.fixture
def server(tmp_path: Path):
    found = start(tmp_path / "data")
    yield found
    found.stop()


def test_no_acknowledged_write_is_lost_when_the_database_is_killed_under_load(server: Embedded):
    asyncio.run(_play(server))


async def _play(server: Embedded) -> None:
    await ensure(server.url, sandbox=False, may_migrate=True)
    pool = await open_pool(server.url, smallest=2, largest=WRITERS)
    lines = [("world", n, json.dumps(line).encode()) for n, line in enumerate(world(), 1)]
    await load(pool, Nouns(NOUNS), FORMS, Vault(KEY), lines)
    parts = await assemble(Settings(database_url=server.url, secret_key=KEY), pool, Vault(KEY))
    made: dict[str, int] = {}
    refused: set[int] = set()
    over = asyncio.Event()

    async def write() -> None:
        while not over.is_set():
            status, answer = await ask(parts.site, "POST", "/commerce/orders", purchase(status="Processing"))
            if status == 201:
                made[answer["id"]] = answer["revision"]
            else:
                refused.add(status)
                await asyncio.sleep(0.02)

    writers = [asyncio.create_task(write()) for _ in range(WRITERS)]
    for _ in range(KILLS):
        before = len(made)
        await _until(lambda before=before: len(made) > before + 5)
        os.kill(postmaster(server), signal.SIGKILL)
        before = len(made)
        await _until(lambda before=before: len(made) > before + 5)
    over.set()
    await asyncio.gather(*writers)

    assert refused <= {503}, f"while the database is away the answer is 503, not {refused}"
    assert len(made) > 10 * KILLS
    conn = await asyncpg.connect(server.url)
    kept = {row["id"]: row["revision"] for row in await conn.fetch("select id, revision from orders")}
    told = {row["object_id"] for row in await conn.fetch("select object_id from trail where kind = 'commerce/orders'")}
    await conn.close()
    assert made.items() <= kept.items(), "an acknowledged order is gone"
    assert made.keys() <= told, "an acknowledged order has no trail"
    pool.terminate()


async def _until(happened, seconds: float = 30) -> None:
    """Waits for something that must happen by itself."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "the server did not recover"
        await asyncio.sleep(0.02)
