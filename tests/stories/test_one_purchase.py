"""One purchase told end to end, in the words of the business, with the official client over a socket."""

from datetime import timedelta

import pytest
from mpt_api_client import RQLQuery
from mpt_api_client.exceptions import MPTAPIError

from entrepot.storage import clock
from tests.serving import Served
from tests.world import AUTOMATIC, MONTHLY, ONCE, PRODUCT, YEARLY, purchase, refer


def test_a_purchase_runs_from_draft_to_active_subscription_with_one_question_in_between(served: Served):
    client, vendor, operations = (served.client(who).commerce for who in ("client", "vendor", "operations"))

    order = client.orders.create(purchase(notes="For the design team", externalIds={"client": "PO-1"}))
    assert order.status == "Draft" and order.price.to_dict()["SPxY"] == 1320
    assert "PPxY" not in order.price.to_dict()

    placed = client.orders.process(order.id)
    assert (placed.status, placed.agreement.status) == ("Processing", "Provisioning")
    waiting = vendor.orders.filter(RQLQuery(status="Processing") & RQLQuery(agreement__product__id=PRODUCT))
    assert order.id in [each.id for each in waiting.iterate()]

    error = {"id": "EXT1", "message": "We know no company of that name."}
    asked = vendor.orders.query(order.id, {"parameters": {"ordering": [{"externalId": "company", "error": error}]}})
    assert asked.status == "Querying"
    with pytest.raises(MPTAPIError, match="400 Bad Request"):
        client.orders.process(order.id)
    answer = {"parameters": {"ordering": [{"externalId": "company", "value": "Northwind Studio"}]}}
    assert client.orders.process(order.id, answer).status == "Processing"

    lines = {each.item.id: each.id for each in vendor.orders.get(order.id).lines}
    vendor.orders.update(
        order.id,
        {
            "externalIds": {"vendor": "V-55"},
            "parameters": {"fulfillment": [{"externalId": "customerId", "value": "cust-1"}]},
            "lines": [{"id": lines[YEARLY], "price": {"unitPP": 118.5}}, {"id": lines[ONCE]}],
        },
    )
    mapped = vendor.orders.subscriptions(order.id).create(
        {"name": "Suite for Northwind", "lines": [{"id": lines[YEARLY]}], "externalIds": {"vendor": "vs-1"}}
    )
    assert mapped.status == "Draft"
    done = vendor.orders.complete(order.id)
    assert (done.status, done.agreement.status) == ("Completed", "Active")

    subscription = client.subscriptions.get(mapped.id)
    assert (subscription.status, subscription.name) == ("Active", "Suite for Northwind")
    assert subscription.price.to_dict()["SPxY"] == pytest.approx(1303.5)
    held = client.agreements.get(done.agreement.id)
    assert [each.status for each in held.lines] == ["Active", "Active"]
    assets = client.assets.filter(RQLQuery(agreement__id=held.id)).fetch_one()
    assert assets.status == "Active"
    assert "Northwind Studio" in client.orders.render(order.id)

    told = served.client("operations").audit.records.filter(RQLQuery(object__id=order.id))
    events = [each.event.rpartition(".")[2] for each in told.order_by("timestamp").iterate()]
    assert events[0] == "created" and events.count("status_changed") == 4
    assert operations.orders.get(order.id).price.to_dict()["markup"] == 10


def test_an_order_that_needs_no_vendor_completes_itself_when_its_time_has_come(served: Served):
    client = served.client("client").commerce
    digits = AUTOMATIC[4:]
    body = purchase(product=AUTOMATIC, status="Processing")
    body["lines"] = [{"item": refer(f"ITM-{digits}-0001"), "quantity": 2}, {"item": refer(f"ITM-{digits}-0003"), "quantity": 1}]
    order = client.orders.create(body)
    assert order.status == "Processing"

    parts = served.parts
    assert served.run(clock.advance(parts.pool, timedelta(seconds=4), parts.work)) == []
    assert client.orders.get(order.id).status == "Processing"
    assert served.run(clock.advance(parts.pool, timedelta(seconds=2), parts.work)) == []
    done = client.orders.get(order.id)
    assert (done.status, done.agreement.status) == ("Completed", "Active")
    assert done.to_dict()["audit"]["completed"]["by"]["id"] == "SVC-0001"
    assert [each.status for each in client.agreements.get(done.agreement.id).subscriptions] == ["Active"]


def test_a_stranger_hears_nothing_of_it(served: Served):
    order = served.client("client").commerce.orders.create(purchase(lines=[{"item": refer(MONTHLY), "quantity": 1}]))
    for who in ("other client", "other vendor"):
        with pytest.raises(MPTAPIError, match="404 Not Found"):
            served.client(who).commerce.orders.get(order.id)
