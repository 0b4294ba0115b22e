"""A crowded world: everybody has dealings that others must not learn of, and everything carries a mark.

What is generated for each route and caller comes to many thousands of tests. `make test` plays one in five of them,
always the same; `make isolation` plays all.
"""

import os
import zlib
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from entrepot.storage.embedded import Embedded
from tests.access.crowd import Crowd, populated
from tests.serving import Served, copied, serving

GENERATED = (
    "test_addresses", "test_documented", "test_fields", "test_long_answers", "test_paths", "test_references",
    "test_rows", "test_writes",
)  # fmt: skip
ONE_IN = 1 if os.environ.get("ISOLATION") == "whole" else 5


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out four in five of what is generated."""
    left = [each for each in items if each.path.stem in GENERATED and zlib.crc32(each.nodeid.encode()) % ONE_IN]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [each for each in items if each not in set(left)]


@pytest.fixture(scope="session")
def crowded(cluster: Embedded, template: str) -> Iterator[Crowd]:
    """The crowded world, whose server has gone: its database is copied for each module."""
    with copied(cluster, template) as database:
        served = Served(database)
        try:
            found = populated(served)
        finally:
            served.stop()
        yield found


@pytest.fixture(scope="module")
def crowd(cluster: Embedded, crowded: Crowd) -> Iterator[Crowd]:
    """The crowded world behind a socket; tests look at it and change nothing."""
    name = urlsplit(crowded.served.database).path.removeprefix("/")
    with serving(cluster, name) as served:
        yield Crowd(served, crowded.rows, crowded.marks)
