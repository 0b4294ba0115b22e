"""The four workflows of Pax8's page on order management, told by an agent that has nothing but the tools.

The orders are placed at the partner's desk; what an agent may do is look.
"""

from datetime import timedelta
from typing import Any

import pytest

from tests.mcp.talking import Agent
from tests.orders import ORDERS
from tests.party import ok
from tests.pax8.conftest import COMPANY, SECOND_COMPANY, Desk
from tests.purchases import map_lines
from tests.serving import Served
from tests.stories.conftest import Wait

AUTOMATIC, BY_VENDOR, OTHER_VENDORS, ONE_TIME = "G-1", "A-1", "B-1", "G-3"
SECONDS = timedelta(seconds=10)


@pytest.fixture
def agent(marketplace: Served) -> Agent:
    """The partner's agent."""
    return Agent(marketplace, "client", "/pax8/mcp", "x-pax8-mcp-token")


@pytest.fixture
def partner(marketplace: Served) -> Desk:
    """The partner itself."""
    return Desk(marketplace, "client")


def the_one(found: Any) -> Any:
    """The only thing on a page."""
    assert found["page"]["totalElements"] == len(found["content"]) == 1, found
    return found["content"][0]


def everything(agent: Agent, tool: str, **arguments: object) -> list[Any]:
    """All pages of a list, as agents read them: until the page is the last one."""
    found: list[Any] = []
    number = 0
    while True:
        told = agent.ok(tool, page=number, **arguments)
        found += told["content"]
        if told["page"]["number"] >= told["page"]["totalPages"] - 1:
            assert len(found) == told["page"]["totalElements"]
            return found
        number += 1


def at_the_vendor(marketplace: Served, vendor: str = "vendor") -> Any:
    """The order that a vendor has before it."""
    (order,) = ok(marketplace.call(vendor, "GET", f"{ORDERS}?in(status,(Processing,Querying))&select=lines"))["data"]
    return order


def delivered(marketplace: Served, vendor: str = "vendor") -> None:
    """A person at the vendor sets up what was ordered, and says so."""
    order = at_the_vendor(marketplace, vendor)
    map_lines(marketplace, order, vendor)
    ok(marketplace.call(vendor, "POST", f"{ORDERS}/{order['id']}/complete"))


def test_tracking_an_order_that_is_provisioned_in_seconds(agent: Agent, partner: Desk, wait: Wait):
    placed = partner.order(partner.line(AUTOMATIC, "Annual", 25))

    # The agent looks at the status, and at each line: it is on its way.
    order = agent.ok("pax8-get-order-by-uuid", uuid=placed["id"])
    assert order["status"] == "Processing"
    (line,) = order["lineItems"]
    product = agent.ok("pax8-get-product-by-uuid", productId=line["productId"])
    assert (product["name"], line["quantity"], line["billingTerm"]) == ("Gamma Box 1y", 25, "Annual")
    assert line["subscriptionId"] is None

    # It is not Completed, so the agent checks back.
    wait(SECONDS)
    order = agent.ok("pax8-get-order-by-uuid", uuid=placed["id"])
    assert order["status"] == "Completed" and order["lineItems"][0]["subscriptionId"]


def test_tracking_an_order_that_waits_for_a_person(marketplace: Served, agent: Agent, partner: Desk, wait: Wait):
    placed = partner.order(partner.line(BY_VENDOR, "Annual", 3), partner.line(AUTOMATIC, "Annual", 3))
    assert agent.ok("pax8-get-order-by-uuid", uuid=placed["id"])["status"] == "Processing"

    # The vendor has a question. One line waits for a person, and so does the order; the other line goes on.
    doubt = {"statusNotes": {"message": "Which domain is it for?"}}
    by_hand = next(
        each
        for each in ok(marketplace.call("vendor", "GET", f"{ORDERS}?eq(status,Processing)&select=lines"))["data"]
        if each["lines"][0]["item"]["id"] == "ITM-5001-0001-0001"
    )
    ok(marketplace.call("vendor", "POST", f"{ORDERS}/{by_hand['id']}/query", doubt))
    wait(SECONDS)
    order = agent.ok("pax8-get-order-by-uuid", uuid=placed["id"])
    assert order["status"] == "PendingManual"
    assert [each["status"] for each in order["lineItems"]] == ["PendingManual", "Completed"]
    assert order["lineItems"][0]["statusReason"] == "Which domain is it for?"

    # Days later it has been answered, and done.
    wait(timedelta(days=2))
    assert agent.ok("pax8-get-order-by-uuid", uuid=placed["id"])["status"] == "PendingManual"
    ok(marketplace.call("client", "POST", f"{ORDERS}/{by_hand['id']}/process"))
    assert agent.ok("pax8-get-order-by-uuid", uuid=placed["id"])["status"] == "Processing"
    delivered(marketplace)
    order = agent.ok("pax8-get-order-by-uuid", uuid=placed["id"])
    assert order["status"] == "Completed" and all(each["subscriptionId"] for each in order["lineItems"])


def test_the_order_history_of_a_client(agent: Agent, partner: Desk, wait: Wait):
    placed = [partner.order(partner.line(AUTOMATIC, "Annual", quantity)) for quantity in (1, 2, 3)]
    partner.order(partner.line(AUTOMATIC, "Annual", 9), company=SECOND_COMPANY)
    wait(SECONDS)

    company = the_one(agent.ok("pax8-list-companies", company_name=COMPANY[-14:]))
    orders = everything(agent, "pax8-list-orders", companyId=company["id"], size=2)
    assert [each["id"] for each in orders] == [each["id"] for each in reversed(placed)], "the newest first"
    assert orders == everything(agent, "pax8-list-orders", companyId=company["id"], size=200)
    assert [each["createdDate"] for each in orders] == sorted((each["createdDate"] for each in orders), reverse=True)
    assert {each["status"] for each in orders} == {"Completed"}
    assert [each["lineItems"][0]["quantity"] for each in orders] == [3, 2, 1]


def test_an_order_created_its_subscriptions(agent: Agent, partner: Desk, wait: Wait):
    placed = partner.order(
        partner.line(AUTOMATIC, "Annual", 25), partner.line("G-2", "Monthly", 4), partner.line(ONE_TIME, "One-Time", 1)
    )
    company_id = placed["companyId"]
    heard = agent.call("pax8-list-subscriptions", companyId=company_id)
    assert heard.json["content"] == [] and heard.remarks, "nothing is there before the order is done"
    wait(SECONDS)

    order = agent.ok("pax8-get-order-by-uuid", uuid=placed["id"])
    assert order["status"] == "Completed"
    there = {each["productId"]: each for each in everything(agent, "pax8-list-subscriptions", companyId=company_id)}
    seats, monthly, once = order["lineItems"]
    for line in (seats, monthly):
        made = there[line["productId"]]
        assert made["id"] == line["subscriptionId"]
        assert (made["quantity"], made["billingTerm"]) == (line["quantity"], line["billingTerm"])
        assert made["status"] == "Active"
        assert agent.ok("pax8-get-subscription-by-uuid", uuid=made["id"]) == made
    assert once["productId"] not in there and once["subscriptionId"] is None, "what is bought once does not recur"
    annual = agent.ok("pax8-list-subscriptions", companyId=company_id, billingTerm="annual", status="Active")
    assert the_one(annual)["productId"] == seats["productId"]


def test_a_new_client_has_its_standard_stack(marketplace: Served, agent: Agent, partner: Desk, wait: Wait):
    expected = {"Alpha Suite 1y", "Beta Shield 1y", "Gamma Box 1y"}
    partner.order(partner.line(AUTOMATIC, "Annual", 10))
    partner.order(partner.line(BY_VENDOR, "Annual", 10), partner.line(OTHER_VENDORS, "Annual", 10))

    def stack() -> dict[str, tuple[str, str]]:
        """Each ordered product with the state of its order, and of its subscription."""
        company = the_one(agent.ok("pax8-list-companies", company_name=COMPANY))
        orders = everything(agent, "pax8-list-orders", companyId=company["id"], size=200)
        held = everything(agent, "pax8-list-subscriptions", companyId=company["id"], size=200)
        states = {each["productId"]: each["status"] for each in held}
        names = {
            line["productId"]: agent.ok("pax8-get-product-by-uuid", productId=line["productId"])["name"]
            for order in orders
            for line in order["lineItems"]
        }
        return {
            names[line["productId"]]: (order["status"], states.get(line["productId"], ""))
            for order in orders
            for line in order["lineItems"]
        }

    # Everything was ordered; so far the platform has delivered what is its own.
    wait(SECONDS)
    seen = stack()
    assert set(seen) == expected and seen["Gamma Box 1y"] == ("Completed", "Active")
    assert seen["Alpha Suite 1y"] == seen["Beta Shield 1y"] == ("Processing", "")

    # One vendor delivers: its part is active, the order as a whole is not complete.
    delivered(marketplace)
    assert stack()["Alpha Suite 1y"] == ("Processing", "Active")
    delivered(marketplace, "other vendor")
    assert stack() == {name: ("Completed", "Active") for name in expected}
