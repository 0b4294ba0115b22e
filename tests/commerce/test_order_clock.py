"""A product may set a clock on its orders: reminders, escalation, and failing what waits too long."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from entrepot.storage.clock import advance
from entrepot.storage.embedded import Embedded
from tests.party import Api, Party, ok
from tests.purchases import placed
from tests.serving import Served, serving
from tests.world import PRODUCT

CLOCK = {"remind": "P1D", "escalate": "P2D", "due": "P3D", "onDue": "fail"}


@pytest.fixture
def served(cluster: Embedded, template: str) -> Iterator[Served]:
    """One of its own for each test, since the clock moves and the product is another."""
    with serving(cluster, template) as server:
        yield server


@pytest.fixture
def api(served: Served) -> Api:
    return lambda who: Party(served, who)


def clocked(served: Served, **states) -> None:
    served.fetch(
        "update products set settings = jsonb_set(settings, '{orderClock}', $2) where id = $1 returning id",
        PRODUCT,
        json.dumps(states),
    )


def wait(served: Served, days: float) -> None:
    assert served.run(advance(served.parts.pool, timedelta(days=days), served.parts.work)) == []


def told(served: Served, order) -> list[str]:
    rows = served.fetch("select name from trail where object_id = $1 order by id", order["id"])
    return [row["name"] for row in rows if row["name"] in ("order.reminded", "order.escalated", "order.overdue")]


def test_an_order_that_waits_too_long_is_told_of_and_fails(served, api):
    clocked(served, processing=CLOCK)
    order = placed(served)
    wait(served, 0.9)
    assert told(served, order) == []
    wait(served, 0.2)
    assert told(served, order) == ["order.reminded"]
    wait(served, 1)
    assert told(served, order) == ["order.reminded", "order.escalated"]
    wait(served, 1)
    failed = ok(api("client").get(f"/commerce/orders/{order['id']}"))
    assert (failed["status"], failed["agreement"]["status"]) == ("Failed", "Failed")
    assert failed["statusNotes"]["id"] == "ORDER-OVERDUE" and failed["audit"]["failed"]["by"]["name"] == "Entrepot"


def test_it_counts_anew_in_each_state(served, api):
    clocked(served, processing=CLOCK | {"onDue": "tell"}, querying={"due": "P2D"})
    order = placed(served)
    path = f"/commerce/orders/{order['id']}"
    wait(served, 0.5)
    ok(api("vendor").post(f"{path}/query"))
    wait(served, 1.5)
    assert told(served, order) == []
    ok(api("client").post(f"{path}/process"))
    wait(served, 0.9)
    assert told(served, order) == []
    wait(served, 2.5)
    assert told(served, order) == ["order.reminded", "order.escalated", "order.overdue"]
    assert ok(api("client").get(path))["status"] == "Processing"


def test_without_a_clock_an_order_may_wait_for_ever(served, api):
    order = placed(served)
    wait(served, 400)
    assert ok(api("client").get(f"/commerce/orders/{order['id']}"))["status"] == "Processing"
