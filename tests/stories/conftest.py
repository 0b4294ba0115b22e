"""What every story has: a marketplace of its own, and time that passes when it is told to."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest

from entrepot.storage import clock
from entrepot.storage.embedded import Embedded
from tests.serving import Served, serving

Wait = Callable[[timedelta], datetime]


@pytest.fixture
def marketplace(cluster: Embedded, template: str) -> Iterator[Served]:
    """A marketplace of its own, since the stories move its clock."""
    with serving(cluster, template) as served:
        yield served


@pytest.fixture
def wait(marketplace: Served) -> Wait:
    """So much business time passes, with all that falls due on the way; gives the time it is then."""

    def later(time: timedelta) -> datetime:
        parts = marketplace.parts
        assert marketplace.run(clock.advance(parts.pool, time, parts.work)) == []
        return marketplace.run(clock.show(parts.pool)).now

    return later
