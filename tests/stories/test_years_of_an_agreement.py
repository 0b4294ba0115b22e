"""Three years of one agreement, told with the client that everybody else uses."""

from datetime import datetime, timedelta

import pytest
from mpt_api_client.exceptions import MPTAPIError
from mpt_api_client.rql import RQLQuery

from entrepot.commerce.subscription import months_later
from tests.serving import Served
from tests.storage.trails import verify
from tests.stories.conftest import Wait
from tests.world import LICENSEE, MONTHLY, ONCE, PRODUCT, YEARLY, refer

YEAR = timedelta(days=365)


def test_three_years_of_one_agreement(marketplace: Served, wait: Wait) -> None:
    client, vendor = marketplace.client("client"), marketplace.client("vendor")
    orders, agreements, subscriptions = (
        client.commerce.orders,
        client.commerce.agreements,
        client.commerce.subscriptions,
    )

    def deliver(order_id: str, *names: str) -> None:
        """The vendor maps what is new, a subscription for each name, and completes."""
        order = vendor.commerce.orders.get(order_id)
        new = [
            line
            for line in order.lines
            if line.item.terms.period != "one-time" and "subscription" not in line.to_dict()
        ]
        for name, line in zip(names, new, strict=True):
            vendor.commerce.orders.subscriptions(order_id).create({"name": name, "lines": [refer(line.id)]})
        assert vendor.commerce.orders.complete(order_id).status == "Completed"

    # Spring: Northwind buys ten yearly seats and the set-up.
    bought = orders.create(
        {
            "type": "Purchase",
            "status": "Processing",
            "agreement": {"licensee": refer(LICENSEE), "product": refer(PRODUCT)},
            "lines": [{"item": refer(YEARLY), "quantity": 10}, {"item": refer(ONCE), "quantity": 1}],
            "parameters": {"ordering": [{"externalId": "company", "value": "Northwind"}]},
        }
    )
    deliver(bought.id, "Seats")
    held = agreements.get(bought.agreement.id)
    seats = held.subscriptions[0]
    start = datetime.fromisoformat(seats.start_date)
    assert (held.status, held.price.spxy) == ("Active", 1320)

    # Two months on there are more people: five seats more, and what they cost is on the order alone.
    wait(timedelta(days=60))
    line = next(each for each in held.lines if each.item.id == YEARLY)
    more = orders.create(
        {
            "type": "Change",
            "status": "Processing",
            "agreement": refer(held.id),
            "lines": [{"id": line.id, "quantity": 15}],
        }
    )
    assert (more.lines[0].old_quantity, more.lines[0].quantity, more.price.spxy) == (10, 15, 660)
    deliver(more.id)
    assert agreements.get(held.id).price.spxy == 1980

    # A year is over: the subscription goes on for another by itself.
    wait(YEAR)
    assert datetime.fromisoformat(subscriptions.get(seats.id).commitment_date) == months_later(start, 24)

    # Hard times. Seats go down to four, and a monthly item is tried beside them.
    change = {
        "type": "Change",
        "agreement": refer(held.id),
        "lines": [{"id": line.id, "quantity": 4}, {"item": refer(MONTHLY), "quantity": 2}],
    }
    less = orders.create(change)
    assert (less.status, less.price.spxy < 0) == ("Draft", True)
    forgotten = orders.create(
        {"type": "Change", "agreement": refer(held.id), "lines": [{"id": line.id, "quantity": 9}]}
    )
    less = orders.process(less.id)
    with pytest.raises(MPTAPIError, match="409"):  # one order at a time
        orders.process(forgotten.id)
    deliver(less.id, "Trial")
    assert orders.get(forgotten.id).status == "Deleted"
    held = agreements.get(held.id)
    assert sorted(each.name for each in held.subscriptions) == ["Seats", "Trial"]
    assert held.price.spxy == pytest.approx(4 * 132 + 24 * 10.99)

    # The trial is not for them: it is terminated, the seats stay.
    trial = next(each for each in held.subscriptions if each.name == "Trial")
    end = orders.create(
        {"type": "Termination", "status": "Processing", "agreement": refer(held.id), "subscriptions": [refer(trial.id)]}
    )
    assert end.price.spxy < 0
    deliver(end.id)
    assert (subscriptions.get(trial.id).status, agreements.get(held.id).status) == ("Terminated", "Active")

    # And before the third year they decide not to renew.
    stop = {"type": "Configuration", "status": "Processing", "agreement": refer(held.id)}
    stop = orders.create(stop | {"subscriptions": [{"id": seats.id, "autoRenew": False}]})
    deliver(stop.id)
    assert subscriptions.get(seats.id).auto_renew is False
    now = wait(YEAR + timedelta(days=2))
    done = subscriptions.get(seats.id)
    assert (done.status, agreements.get(held.id).status) == ("Expired", "Terminated")
    assert now >= datetime.fromisoformat(done.audit.expired.at) > months_later(start, 24)

    # Everything is on the record, in order, and the chain over it holds.
    told = client.audit.records.filter(RQLQuery(object__id=seats.id)).order_by("timestamp", "id")
    events = [each.event.removeprefix("platform.commerce.") for each in told.iterate()]
    assert events.count("subscription.created") == 1 and events[-1] == "subscription.status_changed"
    assert marketplace.run(marketplace.parts.work.settle()) == []
    assert marketplace.run(verify(marketplace.parts.pool)) == []
