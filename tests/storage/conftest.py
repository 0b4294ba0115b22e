"""Databases for tests of the storage itself: without a schema, and with one and nothing in it."""

import asyncio
from collections.abc import Iterator

import asyncpg
import pytest

from entrepot.storage.embedded import Embedded
from entrepot.storage.migrate import ensure
from tests.serving import copied


@pytest.fixture
def unmade(cluster: Embedded) -> Iterator[str]:
    """The address of a database that was never migrated."""
    with copied(cluster, "template0") as url:
        yield url


@pytest.fixture(scope="session")
def migrated(cluster: Embedded) -> str:
    """A migrated database with nothing in it, copied for each test."""

    async def make() -> None:
        conn = await asyncpg.connect(cluster.url)
        await conn.execute("create database nothing_yet template template0")
        await conn.close()
        await ensure(cluster.url.replace("/entrepot?", "/nothing_yet?"), may_migrate=True)

    asyncio.run(make())
    return "nothing_yet"


@pytest.fixture(scope="module")
def nothing(cluster: Embedded, migrated: str) -> Iterator[str]:
    """A database with nothing in it that a module shares: its tests leave it as it is."""
    with copied(cluster, migrated) as url:
        yield url


@pytest.fixture(scope="module")
def shared(cluster: Embedded, template: str) -> Iterator[str]:
    """The small world that a module shares: its tests leave it as it is, or add what no other one looks at."""
    with copied(cluster, template) as url:
        yield url


@pytest.fixture
def empty(cluster: Embedded, migrated: str) -> Iterator[str]:
    """The address of a migrated database with nothing in it."""
    with copied(cluster, migrated) as url:
        yield url
