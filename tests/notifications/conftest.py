"""A vendor's program that validates."""

from collections.abc import Iterator

import pytest

from tests.notifications.receiving import Inbox, inbox
from tests.notifications.validating import WEBHOOKS, same, saying
from tests.party import Api, ok


@pytest.fixture
def receiver() -> Iterator[Inbox]:
    """It gives back what it is shown."""
    with inbox() as found:
        found.answer = saying(same)
        yield found


@pytest.fixture
def forgotten(api: Api) -> Iterator[None]:
    """Webhooks of one test are not asked by the next."""
    yield
    for each in ok(api("operations").get(f"{WEBHOOKS}?limit=1000"))["data"]:
        assert api("operations").delete(f"{WEBHOOKS}/{each['id']}").status == 204
