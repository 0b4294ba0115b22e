"""Real parts for tests: a PostgreSQL of our own, a database for each test, the program behind a socket."""

import asyncio
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import disk_usage

import asyncpg
import pytest

from entrepot.kernel.noun import Nouns
from entrepot.offers import NOUNS
from entrepot.storage.embedded import Embedded, start
from entrepot.storage.loading import load
from entrepot.storage.migrate import ensure
from entrepot.storage.store import open_pool
from entrepot.storage.vault import Vault
from entrepot.store_forms import FORMS
from tests import world as small
from tests.party import Party
from tests.serving import KEY, Served, copied, serving


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One more than there are processors: tests also wait, for the database and for programs of their own."""
    return (os.cpu_count() or 1) + 1


MEMORY, ROOM = Path("/dev/shm"), 4_000_000_000
"""Where files are kept in memory, and how many bytes have to be free there."""

CHOSEN = {"fsync": "off", "shared_buffers": "64MB", "max_wal_size": "256MB"}


@pytest.fixture(scope="session")
def cluster() -> Iterator[Embedded]:
    """One embedded server for each worker: in memory where there is room, since databases are copied all the time."""
    roomy = MEMORY.is_dir() and disk_usage(MEMORY).free > ROOM
    with tempfile.TemporaryDirectory(prefix="entrepot-tests-", dir=MEMORY if roomy else None) as folder:
        server = start(Path(folder) / "data", CHOSEN)
        yield server
        server.stop()


async def small_world(cluster: Embedded) -> str:
    """Makes a migrated database with the small world in it, and gives its name."""
    conn = await asyncpg.connect(cluster.url)
    await conn.execute("create database small_world")
    await conn.close()
    url = cluster.url.replace("/entrepot?", "/small_world?")
    await ensure(url, sandbox=True, may_migrate=True)
    pool = await open_pool(url, smallest=1, largest=2)
    lines = [("world", n, json.dumps(line).encode()) for n, line in enumerate(small.world(), 1)]
    await load(pool, Nouns(NOUNS), FORMS, Vault(KEY), lines)
    await pool.close()
    return "small_world"


@pytest.fixture(scope="session")
def template(cluster: Embedded) -> str:
    """A migrated database with the small world in it, copied for each test."""
    return asyncio.run(small_world(cluster))


@pytest.fixture
def database(cluster: Embedded, template: str) -> Iterator[str]:
    """The address of a fresh database with the small world in it."""
    with copied(cluster, template) as url:
        yield url


@pytest.fixture(scope="module")
def served(cluster: Embedded, template: str) -> Iterator[Served]:
    """The program behind a socket, on a copy of the small world that the tests of one module share."""
    with serving(cluster, template) as server:
        yield server


@pytest.fixture(scope="module")
def api(served: Served) -> Callable[[str], Party]:
    """Somebody's way in: `api("vendor").post(path, body, if_match='"3"')`."""
    return lambda who: Party(served, who)
