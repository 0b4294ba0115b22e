"""Webhooks over HTTP: what happens is sent to whoever asked for it, signed, in order, until it has arrived."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.notifications.receiving import Inbox, inbox, working
from tests.party import Party, ok
from tests.serving import Served
from tests.world import purchase

Api = Callable[[str], Party]
SUBSCRIPTIONS = "/notifications/event-subscriptions"
ORDER_EVENTS = ["platform.commerce.order.*"]


@pytest.fixture(scope="module", autouse=True)
def at_work(served: Served) -> Iterator[None]:
    with working(served):
        yield


@pytest.fixture
def receiver() -> Iterator[Inbox]:
    with inbox() as found:
        yield found


def subscribe(party: Party, url: str, **more: Any) -> dict[str, Any]:
    return ok(party.post(SUBSCRIPTIONS, {"url": url, "events": ORDER_EVENTS, **more}))


def test_what_happens_arrives(api: Api, receiver: Inbox):
    made = subscribe(api("client"), receiver.url, name="Ours")
    order = ok(api("client").post("/commerce/orders", purchase()))
    got = receiver.wait(len)[0]
    assert got.about == (order["id"], 1)
    assert made["status"] == "Active"
