"""Real parts for tests: a PostgreSQL of our own, a database for each test, a served process."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from entrepot.app import Application, assemble
from entrepot.settings import Settings
from entrepot.storage.embedded import Embedded, start
from entrepot.storage.loading import load
from entrepot.storage.migrate import ensure
from entrepot.storage.store import open_pool
from entrepot.storage.vault import Vault
from tests import world as small

KEY = "test key"


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    """One embedded server for each worker."""
    server = start(tmp_path_factory.mktemp("pg") / "data", {"fsync": "off", "shared_buffers": "64MB"})
    yield server
    server.stop()


def url_of(cluster: Embedded, name: str) -> str:
    """The address of one database of the server."""
    return cluster.url.replace("/entrepot?", f"/{name}?")


@pytest.fixture(scope="session")
def template(cluster: Embedded) -> str:
    """A migrated database with the small world in it, copied for each test."""

    async def make() -> None:
        conn = await asyncpg.connect(cluster.url)
        await conn.execute("create database small_world")
        await conn.close()
        url = url_of(cluster, "small_world")
        await ensure(url, sandbox=True, may_migrate=True)
        pool = await open_pool(url, smallest=1, largest=2)
        lines = [("world", n, json.dumps(line).encode()) for n, line in enumerate(small.world(), 1)]
        await load(pool, Vault(KEY), lines)
        await pool.close()

    asyncio.run(make())
    return "small_world"


_made = iter(range(10**9))


@pytest.fixture
def database(cluster: Embedded, template: str) -> Iterator[str]:
    """The address of a fresh database with the small world in it."""
    name = f"test_{next(_made)}"

    async def execute(text: str) -> None:
        conn = await asyncpg.connect(cluster.url)
        await conn.execute(text)
        await conn.close()

    asyncio.run(execute(f"create database {name} template {template}"))
    yield url_of(cluster, name)
    asyncio.run(execute(f"drop database {name} with (force)"))
