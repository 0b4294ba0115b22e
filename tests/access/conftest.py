"""A crowded world: everybody has dealings that others must not learn of, and everything carries a mark."""

from collections.abc import Iterator

import pytest

from entrepot.storage.embedded import Embedded
from tests.access.crowd import Crowd, populated
from tests.serving import serving


@pytest.fixture(scope="module")
def crowd(cluster: Embedded, template: str) -> Iterator[Crowd]:
    """The crowded world behind a socket; tests look at it and change nothing."""
    with serving(cluster, template) as served:
        yield populated(served)
