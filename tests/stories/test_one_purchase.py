"""A company buys software: told once from beginning to end, with the client that everybody else uses."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from mpt_api_client import MPTClient
from mpt_api_client.exceptions import MPTAPIError
from mpt_api_client.rql import RQLQuery

from entrepot.storage import clock
from entrepot.storage.embedded import Embedded
from tests.serving import Served, serving
from tests.storage.trails import verify
from tests.world import AUTOMATIC, LICENSEE, ONCE, PRODUCT, YEARLY, refer


@pytest.fixture
def marketplace(cluster: Embedded, template: str) -> Iterator[Served]:
    """A marketplace of its own, since the stories move its clock."""
    with serving(cluster, template) as served:
        yield served


def moment(text: str) -> datetime:
    """A time as the API writes it."""
    return datetime.fromisoformat(text)


def what_happened(reader: MPTClient, thing_id: str) -> list[str]:
    """The audit trail of a thing, oldest first, as somebody may read it."""
    records = reader.audit.records.filter(RQLQuery(object__id=thing_id)).order_by("timestamp", "id")
    return [record.event.removeprefix("platform.commerce.") for record in records.iterate()]


def test_a_company_buys_ten_seats_and_a_vendor_delivers_them_after_one_question(marketplace: Served) -> None:
    northwind, suite_makers, distributor = (marketplace.client(who) for who in ("client", "vendor", "operations"))
    stranger = marketplace.client("other client")

    # Ada at Northwind looks at what is offered, and what it will cost her.
    suite = northwind.catalog.products.filter(RQLQuery(name="Alpha Suite")).fetch_one()
    seats = northwind.catalog.items.filter(
        RQLQuery(product__id=suite.id, terms__period="1y", name__like="*1y")
    ).fetch_one()
    assert (suite.id, seats.id) == (PRODUCT, YEARLY)

    # She puts ten seats and the set-up into an order, and leaves it as a draft over lunch.
    order = northwind.commerce.orders.create(
        {
            "type": "Purchase",
            "status": "Draft",
            "agreement": {"licensee": refer(LICENSEE), "product": refer(suite.id)},
            "notes": "For the design team",
            "externalIds": {"client": "PO-2026-0815"},
            "lines": [
                {"item": refer(seats.id), "quantity": 8},
                {"item": refer(ONCE), "quantity": 1},
            ],
            "parameters": {"ordering": [{"externalId": "company", "value": "Northwind Studio"}]},
        }
    )
    assert (order.status, order.agreement.status) == ("Draft", "Draft")
    assert what_happened(suite_makers, order.id) == ["order.created"]

    # After lunch it is ten seats. The price follows: 132 a seat and year, and 385 once.
    ten = {"lines": [{"id": order.lines[0].id, "quantity": 10}, {"id": order.lines[1].id}]}
    order = northwind.commerce.orders.update(order.id, ten)
    assert (order.price.spxy, order.price.spx1, order.price.currency) == (1320, 385, "EUR")

    # She places it. From here on the agreement is reserved, and the vendor sees what it has to do, at its own prices.
    order = northwind.commerce.orders.process(order.id)
    assert (order.status, order.agreement.status) == ("Processing", "Provisioning")
    assert "Northwind Studio" in json.loads(northwind.commerce.orders.render(order.id))
    waiting = suite_makers.commerce.orders.filter(RQLQuery(status="processing")).order_by("audit.created.at")
    task = waiting.select("audit", "parameters", "lines").fetch_one()
    assert task.id == order.id
    assert (task.price.ppxy, task.price.ppx1) == (1200, 350)
    with pytest.raises(MPTAPIError, match="404 Not Found"):
        stranger.commerce.orders.get(order.id)

    # The vendor does not know this company, and asks.
    question = {"id": "EXT7", "message": "Under this name we know nobody. What is the company called?"}
    suite_makers.commerce.orders.query(
        order.id,
        {
            "template": refer("TPL-5001-0001-0009"),
            "parameters": {"ordering": [{"externalId": "company", "error": question}], "fulfillment": []},
        },
    )
    asked = northwind.commerce.orders.get(order.id)
    assert asked.status == "Querying"
    assert json.loads(northwind.commerce.orders.render(order.id)) == "Please explain."
    assert asked.parameters.ordering[0].error.message == question["message"]

    # Ada cannot just push it back; she answers, and then it goes on.
    with pytest.raises(MPTAPIError, match="400 Bad Request"):
        northwind.commerce.orders.process(order.id)
    answer = {"parameters": {"ordering": [{"externalId": "company", "value": "Northwind sp. z o.o."}]}}
    order = northwind.commerce.orders.process(order.id, answer)
    assert order.status == "Processing"
    assert not hasattr(order.parameters.ordering[0], "error")

    # The vendor sets everything up and notes its own numbers.
    suite_makers.commerce.orders.update(
        order.id,
        {
            "externalIds": {"vendor": "vend-order-55"},
            "parameters": {"fulfillment": [{"externalId": "customerId", "value": "cust-1"}]},
        },
    )
    with pytest.raises(MPTAPIError, match="400 Bad Request"):  # nobody has said yet what the seats belong to
        suite_makers.commerce.orders.complete(order.id)
    prepared = suite_makers.commerce.orders.subscriptions(order.id).create(
        {
            "name": "Alpha Suite for Northwind",
            "externalIds": {"vendor": "vend-sub-77"},
            "lines": [refer(order.lines[0].id)],
            "parameters": {"fulfillment": [{"externalId": "sku", "value": "ALPHA-10"}]},
        }
    )
    assert prepared.status == "Draft"
    assert len(northwind.commerce.subscriptions.filter(RQLQuery(id=prepared.id)).fetch_page()) == 0

    # It reports that it has delivered, and everything is live.
    suite_makers.commerce.orders.complete(order.id, {"template": refer("TPL-5001-0001-0003")})
    order = northwind.commerce.orders.get(order.id)
    assert order.status == "Completed"
    agreement = northwind.commerce.agreements.get(order.agreement.id)
    assert (agreement.status, agreement.price.spxy) == ("Active", 1320)
    assert agreement.parameters.ordering[0].value == "Northwind sp. z o.o."
    assert agreement.terms_and_conditions[0].accepted_by.email == "ada@client.example"

    subscription = northwind.commerce.subscriptions.get(prepared.id)
    assert (subscription.status, subscription.auto_renew) == ("Active", True)
    assert [(line.quantity, line.item.id) for line in subscription.lines] == [(10, YEARLY)]
    assert moment(subscription.commitment_date) - moment(subscription.start_date) >= timedelta(days=365)
    asset = northwind.commerce.assets.filter(RQLQuery(agreement__id=agreement.id)).fetch_one()
    assert (asset.status, asset.price.spx1) == ("Active", 385)
    found = suite_makers.commerce.subscriptions.filter(RQLQuery(externalIds__vendor="vend-sub-77")).fetch_one()
    assert found.id == subscription.id

    # Whoever was party to it can read what happened, step by step; nobody else can.
    told = what_happened(northwind, order.id)
    assert told[:3] == ["order.created", "order.updated", "order.status_changed"]
    assert told.count("order.status_changed") == 4  # placed, asked, answered, completed
    assert told == what_happened(suite_makers, order.id) == what_happened(distributor, order.id)
    assert what_happened(stranger, order.id) == []
    assert what_happened(northwind, subscription.id) == [
        "order_subscription.created",  # prepared by the vendor
        "order_subscription.status_changed",
        "subscription.created",  # live, under the same id
    ]
    last = distributor.audit.records.filter(RQLQuery(object__id=order.id)).order_by("-timestamp", "-id")
    newest = last.select("object", "actor", "details").fetch_page(limit=1)[0]
    assert newest.actor.account.id == "ACC-3001-0001"
    assert newest.object.object_type == "Order"

    # And the chain over the trail holds.
    assert marketplace.run(marketplace.parts.work.settle()) == []
    assert marketplace.run(verify(marketplace.parts.pool)) == []
    assert marketplace.fetch("select count(*) = (select count(*) from seals) as whole from trail")[0]["whole"]


def test_an_order_that_the_platform_itself_fulfils_is_live_five_seconds_later(marketplace: Served) -> None:
    northwind, vendor = marketplace.client("client"), marketplace.client("vendor")
    pool, work = marketplace.parts.pool, marketplace.parts.work

    def later(seconds: float) -> None:
        assert marketplace.run(clock.advance(pool, timedelta(seconds=seconds), work)) == []

    order = northwind.commerce.orders.create(
        {
            "type": "Purchase",
            "status": "Processing",
            "agreement": {"licensee": refer(LICENSEE), "product": refer(AUTOMATIC)},
            "lines": [
                {"item": refer(f"ITM{AUTOMATIC[3:]}-0001"), "quantity": 3},
                {"item": refer(f"ITM{AUTOMATIC[3:]}-0002"), "quantity": 2},
                {"item": refer(f"ITM{AUTOMATIC[3:]}-0003"), "quantity": 1},
            ],
            "parameters": {"ordering": [{"externalId": "company", "value": "Northwind"}]},
        }
    )
    assert order.status == "Processing"

    # Four seconds on nothing has happened: the product's vendor wants five.
    later(4)
    assert northwind.commerce.orders.get(order.id).status == "Processing"

    # Then the platform does the vendor's work: a subscription for each term, an asset for what is bought once.
    later(2)
    order = northwind.commerce.orders.get(order.id)
    assert (order.status, order.agreement.status) == ("Completed", "Active")
    assert order.audit.completed.by.id == "SVC-0001"
    delay = moment(order.audit.completed.at) - moment(order.audit.processing.at)
    assert timedelta(seconds=5) <= delay < timedelta(seconds=6)
    held = list(northwind.commerce.subscriptions.filter(RQLQuery(agreement__id=order.agreement.id)).iterate())
    assert sorted(each.terms.period for each in held) == ["1m", "1y"]
    assert {each.status for each in held} == {"Active"}
    assert northwind.commerce.assets.filter(RQLQuery(agreement__id=order.agreement.id)).fetch_one().status == "Active"

    # It happened once, and both sides can read that it was the platform.
    assert what_happened(vendor, order.id) == ["order.created", *["order.status_changed"] * 2]  # placed, completed
    later(60)
    assert northwind.commerce.orders.get(order.id).revision == order.revision


def test_a_question_of_the_vendors_holds_the_platform_back_until_it_is_answered(marketplace: Served) -> None:
    """The automatic fulfiller does not complete what waits for the client."""
    northwind, vendor = marketplace.client("client"), marketplace.client("vendor")
    pool, work = marketplace.parts.pool, marketplace.parts.work
    order = northwind.commerce.orders.create(
        {
            "type": "Purchase",
            "status": "Processing",
            "agreement": {"licensee": refer(LICENSEE), "product": refer(AUTOMATIC)},
            "lines": [{"item": refer(f"ITM{AUTOMATIC[3:]}-0001"), "quantity": 3}],
            "parameters": {"ordering": [{"externalId": "company", "value": "Northwind"}]},
        }
    )
    vendor.commerce.orders.query(order.id)
    assert marketplace.run(clock.advance(pool, timedelta(days=1), work)) == []
    assert northwind.commerce.orders.get(order.id).status == "Querying"
    northwind.commerce.orders.process(order.id)
    assert marketplace.run(clock.advance(pool, timedelta(seconds=5), work)) == []
    done: Any = northwind.commerce.orders.get(order.id)
    assert done.status == "Completed"
    assert marketplace.run(verify(pool)) == []
