"""Where a product asks for it, the platform completes an order by itself, under its own name."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from entrepot.storage.clock import advance
from entrepot.storage.embedded import Embedded
from tests.party import Api, Party, ok
from tests.serving import Served, serving
from tests.world import AUTOMATIC, purchase, refer

YEARLY, MONTHLY, ONCE = (f"ITM-{AUTOMATIC[4:]}-000{number}" for number in (1, 2, 3))
LINES = [{"item": refer(item), "quantity": quantity} for item, quantity in ((YEARLY, 10), (MONTHLY, 4), (ONCE, 2))]


@pytest.fixture
def served(cluster: Embedded, template: str) -> Iterator[Served]:
    """One of its own for each test, since the clock moves."""
    with serving(cluster, template) as server:
        yield server


@pytest.fixture
def api(served: Served) -> Api:
    return lambda who: Party(served, who)


def buy(api: Api, **more: Any) -> Any:
    return ok(api("client").post("/commerce/orders", purchase(product=AUTOMATIC, status="Processing", **more)))


def wait(served: Served, seconds: float) -> list[str]:
    return served.run(advance(served.parts.pool, timedelta(seconds=seconds), served.parts.work))


def events(served: Served, order: Any) -> list[str]:
    rows = served.fetch("select name from trail where object_id = $1 order by id", order["id"])
    return [row["name"] for row in rows]


def test_an_order_is_completed_after_the_products_delay(served: Served, api: Api):
    order = buy(api, lines=LINES)
    assert wait(served, 2) == []
    assert ok(api("client").get(f"/commerce/orders/{order['id']}"))["status"] == "Processing"
    assert wait(served, 5) == []
    done = ok(api("operations").get(f"/commerce/orders/{order['id']}"))
    assert done["status"] == "Completed"
    assert done["audit"]["completed"]["by"]["id"] == "SVC-0001"
    assert done["audit"]["completed"]["by"]["name"] == "Built-in fulfiller"
    agreement = ok(api("client").get(f"/commerce/agreements/{done['agreement']['id']}"))
    assert agreement["status"] == "Active"
    assert {each["status"] for each in agreement["lines"]} == {"Active"}
    assert events(served, order)[-1] == "order.completed"


def test_lines_of_the_same_terms_share_a_subscription_and_what_is_bought_once_is_an_asset(served: Served, api: Api):
    order = buy(api, lines=LINES)
    wait(served, 10)
    done = ok(api("vendor").get(f"/commerce/orders/{order['id']}"))
    assert {(each["name"], each["terms"]["period"], each["status"]) for each in done["subscriptions"]} == {
        ("Subscription for Gamma Box 1y", "1y", "Active"),
        ("Subscription for Gamma Box 1m", "1m", "Active"),
    }
    assert [(each["name"], each["status"]) for each in done["assets"]] == [("Asset for Gamma Box one-time", "Active")]
    for each in done["subscriptions"]:
        live = ok(api("client").get(f"/commerce/subscriptions/{each['id']}"))
        assert live["status"] == "Active" and len(live["lines"]) == 1
        assert live["audit"]["created"]["by"]["id"] == "SVC-0001"


def test_what_the_vendor_mapped_stays_mapped(served: Served, api: Api):
    order = buy(api, lines=LINES)
    yearly = next(line for line in order["lines"] if line["item"]["id"] == YEARLY)
    body = {"name": "Ours", "lines": [{"id": yearly["id"]}]}
    made = ok(api("vendor").post(f"/commerce/orders/{order['id']}/subscriptions", body))
    wait(served, 10)
    done = ok(api("vendor").get(f"/commerce/orders/{order['id']}"))
    assert done["status"] == "Completed"
    assert {each["name"] for each in done["subscriptions"]} == {"Ours", "Subscription for Gamma Box 1m"}
    assert {line["subscription"]["id"] for line in done["lines"] if line["item"]["id"] == YEARLY} == {made["id"]}


def test_an_order_that_went_on_by_itself_is_left_alone(served: Served, api: Api):
    asked, failed = buy(api), buy(api)
    ok(api("vendor").post(f"/commerce/orders/{asked['id']}/query"))
    ok(api("vendor").post(f"/commerce/orders/{failed['id']}/fail", {"statusNotes": {"message": "No."}}))
    before = [events(served, each) for each in (asked, failed)]
    assert wait(served, 10) == []
    assert [events(served, each) for each in (asked, failed)] == before
    assert served.fetch("select from due where done_at is null and job = 'fulfil'") == []


def test_an_answered_question_brings_it_back(served: Served, api: Api):
    order = buy(api)
    ok(api("vendor").post(f"/commerce/orders/{order['id']}/query"))
    wait(served, 10)
    ok(api("client").post(f"/commerce/orders/{order['id']}/process"))
    wait(served, 10)
    assert ok(api("client").get(f"/commerce/orders/{order['id']}"))["status"] == "Completed"


def test_what_only_the_vendor_can_know_it_must_fill_in_first(served: Served, api: Api):
    served.load(
        [
            {
                "$kind": f"catalog/products/{AUTOMATIC}/parameters", "id": f"PAR-{AUTOMATIC[4:]}-0100",
                "name": "Tenant", "externalId": "tenant", "type": "SingleLineText", "phase": "Fulfillment",
                "scope": "Order", "context": "None", "constraints": {"required": True}, "status": "Active",
            }
        ]
    )  # fmt: skip
    order = buy(api)
    assert wait(served, 10) == []
    seen = ok(api("vendor").get(f"/commerce/orders/{order['id']}"))
    assert seen["status"] == "Processing" and seen["subscriptions"] == []
    wait(served, 3600)
    assert events(served, order).count("order.fulfilment_waits") == 1
    page = ok(api("vendor").get(f"/audit/records?eq(object.id,'{order['id']}')&select=documents&limit=1"))
    assert "tenant" in page["data"][0]["documents"]["facts"]["reason"]
    told = {"parameters": {"fulfillment": [{"externalId": "tenant", "value": "T1"}]}}
    ok(api("vendor").put(f"/commerce/orders/{order['id']}", told))
    made = {"name": "Ours", "lines": [{"id": each["id"]} for each in order["lines"] if each["item"]["id"] == YEARLY]}
    ok(api("vendor").post(f"/commerce/orders/{order['id']}/subscriptions", made))
    assert ok(api("vendor").post(f"/commerce/orders/{order['id']}/complete"))["status"] == "Completed"


@pytest.mark.parametrize("waits", [False, True])
def test_a_job_that_was_killed_before_it_could_say_that_it_is_done_does_nothing_more(
    served: Served, api: Api, waits: bool
):
    if waits:
        constraints = {"required": True}
        served.load(
            [
                {
                    "$kind": f"catalog/products/{AUTOMATIC}/parameters", "id": f"PAR-{AUTOMATIC[4:]}-0100",
                    "name": "Tenant", "externalId": "tenant", "type": "SingleLineText", "phase": "Fulfillment",
                    "scope": "Order", "context": "None", "constraints": constraints, "status": "Active",
                }
            ]
        )  # fmt: skip
    order = buy(api)
    wait(served, 10)
    before = events(served, order)
    served.fetch("update due set done_at = null, attempts = 1 where object_id = $1", order["id"])
    assert wait(served, 1) == []
    assert events(served, order) == before
    assert served.fetch("select from due where done_at is null and job = 'fulfil'") == []


@pytest.mark.parametrize("who", ["client", "vendor", "operations"])
def test_nobody_can_ask_for_it_from_outside(served: Served, api: Api, who: str):
    order = buy(api)
    assert api(who).post(f"/commerce/orders/{order['id']}/fulfil").status == 404
