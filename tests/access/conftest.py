"""A crowded world: everybody has dealings that others must not learn of, and everything carries a mark."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from entrepot.storage.embedded import Embedded
from tests.access.crowd import Crowd, populated
from tests.serving import Served, copied, serving


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
