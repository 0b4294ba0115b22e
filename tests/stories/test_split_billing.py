"""A company has three buyers, and lets each of them bear its part of what all of them use."""

from datetime import timedelta
from typing import Any

import pytest
from mpt_api_client import MPTClient
from mpt_api_client.exceptions import MPTAPIError
from mpt_api_client.rql import RQLQuery

from tests.orders import ORDERS, finish, line_of, ordered, two_subscriptions
from tests.party import ok
from tests.serving import Served
from tests.stories.conftest import Wait
from tests.world import BUYER, MONTHLY, PRIVATE_ITEM, SECOND_BUYER, YEARLY, refer

THIRD_BUYER = "BUY-2001-0003"


def ask(client: MPTClient, method: str, path: str, body: Any = None) -> Any:
    """What the client has no name for: its own way of asking, at an address of ours."""
    return client.http_client.request(method, f"/public/v1/commerce{path}", json=body).json()


def borne(document: Any, what: str = "percentage") -> list[float]:
    """What each buyer bears, in the order of their ids."""
    return [each[what] if what == "percentage" else each["price"][what] for each in document["allocations"]]


def test_split_billing_across_three_buyers(marketplace: Served, wait: Wait) -> None:
    marketplace.load([{"$kind": "accounts/buyers", "id": THIRD_BUYER, "name": "Northwind East", "status": "Active",
                       "account": refer("ACC-2001-0001"), "address": {"city": "Chur", "country": "CH"}}])  # fmt: skip
    northwind, vendor, distributor = (marketplace.client(who) for who in ("client", "vendor", "operations"))
    held = two_subscriptions(marketplace)
    yearly, monthly = (line_of(held, item)["subscription"]["id"] for item in (YEARLY, MONTHLY))

    # Northwind has three companies that pay, and says so. At first the one of the licensee bears all of it.
    buyers = [{"buyer": refer(each)} for each in (BUYER, SECOND_BUYER, THIRD_BUYER)]
    split = f"/agreements/{held['id']}/split"
    assert borne(ask(northwind, "POST", split, {"allocations": buyers})) == [100, 0, 0]
    with pytest.raises(MPTAPIError, match="409 Conflict"):
        ask(northwind, "POST", split, {"allocations": buyers})

    # The ten yearly seats (1320 a year) are shared by three, the monthly ones (527.52 a year) are borne by the third.
    thirds = ((BUYER, 33.33), (SECOND_BUYER, 33.33), (THIRD_BUYER, 33.34))
    shares = [{"buyer": refer(buyer), "percentage": part} for buyer, part in thirds]
    ask(northwind, "PUT", f"/subscriptions/{yearly}/split", {"allocations": shares})
    with pytest.raises(MPTAPIError, match="400 Bad Request"):
        ask(northwind, "PUT", f"/subscriptions/{monthly}/split", {"allocations": shares[:2]})
    mine = [{"buyer": refer(BUYER), "percentage": 0}, {"buyer": refer(THIRD_BUYER), "percentage": 100}]
    ask(distributor, "PUT", f"/subscriptions/{monthly}/split", {"allocations": mine})
    whole = ask(northwind, "GET", split)
    assert borne(whole, "SPxY") == [439.96, 439.95, 967.61]
    assert borne(whole) == [23.82, 23.81, 52.37]
    assert sum(borne(whole, "SPxY")) == northwind.commerce.agreements.get(held["id"]).price.spxy == 1847.52

    # The vendor sees what it always saw.
    with pytest.raises(MPTAPIError, match="403 Forbidden"):
        ask(vendor, "GET", split)
    assert not hasattr(vendor.commerce.subscriptions.get(yearly), "split_status")

    # Two months later the second company wants five seats more, and pays for them. Afterwards somebody has to look.
    wait(timedelta(days=60))
    line = {"id": line_of(held, YEARLY)["id"], "quantity": 15}
    order = ordered(marketplace, held, "Change", lines=[line], billTo=refer(SECOND_BUYER))
    assert northwind.commerce.orders.get(order["id"]).bill_to.id == SECOND_BUYER
    finish(marketplace, order)
    waiting = northwind.commerce.subscriptions.filter(RQLQuery(splitStatus="Review"))
    assert [each.id for each in waiting.iterate()] == [yearly]
    parts = ((BUYER, 20), (SECOND_BUYER, 60), (THIRD_BUYER, 20))
    shares = [{"buyer": refer(buyer), "percentage": part} for buyer, part in parts]
    ask(northwind, "PUT", f"/subscriptions/{yearly}/split", {"allocations": shares})
    assert northwind.commerce.subscriptions.get(yearly).split_status == "Active"
    assert borne(ask(northwind, "GET", split), "SPxY") == [396.0, 1188.0, 923.52]

    # What is new bears its first name, until somebody says otherwise; nobody leaves who bears anything.
    made = vendor.commerce.subscriptions.create(
        {"name": "Trial", "agreement": refer(held["id"]), "lines": [{"item": refer(PRIVATE_ITEM), "quantity": 1}]}
    )
    assert borne(ask(northwind, "GET", f"/subscriptions/{made.id}/split")) == [100]
    with pytest.raises(MPTAPIError, match="400 Bad Request"):
        ask(northwind, "PUT", split, {"allocations": buyers[:2]})

    # A year on the yearly seats have renewed by themselves, and are shared as before.
    wait(timedelta(days=370))
    assert northwind.commerce.subscriptions.get(yearly).status == "Active"
    assert borne(ask(northwind, "GET", f"/subscriptions/{yearly}/split")) == [20, 60, 20]
    assert ok(marketplace.call("operations", "GET", f"{ORDERS}/{order['id']}"))["billTo"]["id"] == SECOND_BUYER
