"""Pax8's tools: its names and parameters, the seed's examples field by field, its error table row by row."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from entrepot.storage.embedded import Embedded
from tests.mcp.talking import Agent, frame, post
from tests.pax8.conftest import COMPANY, NOBODY, SECOND_COMPANY, UNKNOWN, Desk
from tests.serving import Served, serving
from tests.world import token

PARAMETERS = {
    "get-pax8-help-documents": "query!",
    "pax8-get-company-by-uuid": "uuid!",
    "pax8-get-detailed-usage-summary": "usageSummaryId! usageDate page size sort",
    "pax8-get-invoice-by-uuid": "uuid!",
    "pax8-get-order-by-uuid": "uuid!",
    "pax8-get-product-by-uuid": "productId!",
    "pax8-get-product-ordering-requirements": "productId!",
    "pax8-get-product-pricing-by-uuid": "productId! companyId",
    "pax8-get-quote-by-uuid": "quoteId!",
    "pax8-get-subscription-by-uuid": "uuid!",
    "pax8-get-usage-summary": "subscriptionId! page size sort resourceGroup companyId",
    "pax8-list-companies": "page size sort order company_name status",
    "pax8-list-invoices": "page size sort status invoiceDate invoiceDateRangeStart invoiceDateRangeEnd dueDate total "
    "balance carriedBalance companyId",
    "pax8-list-orders": "page size companyId",
    "pax8-list-products": "productName page size vendorName search",
    "pax8-list-quotes": "page limit sort search status",
    "pax8-list-subscriptions": "page size sort status billingTerm companyId productId",
    "pax8-lookup-product": "productName sku",
    "pax8-semantic-search-product": "query! size",
}
"""Pax8 spec 1.3: exact names; `!` is required."""

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture
def agent(served: Served) -> Agent:
    return Agent(served, "client", "/pax8/mcp", "x-pax8-mcp-token")


@pytest.fixture(scope="module")
def partner(served: Served) -> Iterator[Desk]:
    """The partner at its own desk, over REST."""
    desk = Desk(served, "client")
    yield desk
    desk.http.close()


@pytest.fixture(scope="module")
def order(partner: Desk) -> Any:
    """The seed's own: 25 seats of an annual product, from a later day on."""
    line = partner.line("G-1", "Annual", 25, provisionStartDate="2999-03-01")
    return partner.order(line, orderedByUserEmail="partner@msp.com")


def test_the_tools_have_their_names_sorted_and_their_parameters(agent):
    tools = agent.ask("list_tools").tools
    assert [each.name for each in tools] == list(PARAMETERS)
    for each in tools:
        required = each.input_schema.get("required", [])
        told = [name + "!" * (name in required) for name in each.input_schema["properties"]]
        assert sorted(told) == sorted(PARAMETERS[each.name].split()), each.name


# The seed's examples --------------------------------------------------------------------------------


def test_an_order_has_the_fields_of_the_example(agent, order, partner):
    found = agent.ok("pax8-get-order-by-uuid", uuid=order["id"])
    assert UUID.fullmatch(found["id"]) and found["id"] == order["id"]
    assert found["companyId"] == partner.company(COMPANY)
    assert found["status"] == "Submitted", "its day has not come"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", found["createdDate"])
    assert found["orderedBy"] == "partner@msp.com"
    (line,) = found["lineItems"]
    assert UUID.fullmatch(line["id"]) and line["productId"] == partner.product("G-1")
    assert (line["quantity"], line["billingTerm"], line["provisionStartDate"], line["lineItemNumber"]) == (
        25,
        "Annual",
        "2999-03-01",
        1,
    )


def test_orders_are_listed_for_a_company_and_by_pages(agent, order, partner):
    found = agent.ok("pax8-list-orders", companyId=order["companyId"], size=200)
    assert found["content"] == [agent.ok("pax8-get-order-by-uuid", uuid=order["id"])]
    assert found["page"] == {"size": 200, "totalElements": 1, "totalPages": 1, "number": 0}
    assert agent.ok("pax8-list-orders", page=0, size=50)["page"]["size"] == 50
    assert agent.ok("pax8-list-orders")["page"] == {"size": 50, "totalElements": 1, "totalPages": 1, "number": 0}
    assert agent.ok("pax8-list-orders", page=7)["content"] == []


def test_a_company_is_found_by_a_part_of_its_name(agent, partner):
    found = agent.ok("pax8-list-companies", company_name=COMPANY.lower()[3:])
    assert [each["id"] for each in found["content"]] == [partner.company(COMPANY)]
    both = agent.ok("pax8-list-companies", sort="name", order="desc", size=1)
    assert (both["content"][0]["name"], both["page"]["totalPages"]) == (SECOND_COMPANY, 2)
    assert agent.ok("pax8-get-company-by-uuid", uuid=found["content"][0]["id"]) == found["content"][0]


def test_a_product_says_what_is_checked_before_an_order(agent, partner):
    found = agent.ok("pax8-get-product-by-uuid", productId=partner.product("G-1"))
    assert found["active"] is True and found["minQuantity"] == 1 and found["billingTermOptions"] == ["Annual"]
    (plan,) = agent.ok("pax8-get-product-pricing-by-uuid", productId=found["id"])["content"]
    assert plan["rates"][0]["partnerBuyRate"] == 132
    needed = agent.ok("pax8-get-product-ordering-requirements", productId=found["id"])
    assert needed["requiresCommitment"] is False and needed["provisionDetails"][0]["key"] == "company"
    assert needed["dependencies"]["commitmentDependencies"][0]["term"] == "1-Year"


def test_products_are_found_by_number_name_and_words(agent):
    def names(tool: str, **arguments: object) -> list[str]:
        return [each["name"] for each in agent.ok(tool, **arguments)["content"]]

    assert names("pax8-lookup-product", sku="g-1") == ["Gamma Box 1y"]
    assert names("pax8-lookup-product", productName="gamma box 1y")[0] == "Gamma Box 1y"
    assert names("pax8-list-products", productName="shield", size=2) == ["Beta Shield 1m", "Beta Shield 1y"]
    assert names("pax8-semantic-search-product", query="a shield, by Vendor 3002", size=1) == ["Beta Shield 1m"]
    assert names("pax8-semantic-search-product", query="unheard") == []


def test_help_is_about_what_was_asked(agent):
    titles = [each["title"] for each in agent.ok("get-pax8-help-documents", query="order states")["content"]]
    assert titles[0] == "Order states" and len(titles) <= 5
    assert agent.ok("get-pax8-help-documents", query="zyzzyva") == {"content": []}


def test_what_is_not_billed_or_quoted_here_are_empty_pages(agent):
    page = {"size": 50, "totalElements": 0, "totalPages": 0, "number": 0}
    for status in ("unpaid", "nothing due"):
        assert agent.ok("pax8-list-invoices", status=status, invoiceDateRangeStart="2026-01-01") == {
            "content": [],
            "page": page,
        }
    assert agent.ok("pax8-list-quotes", status="draft") == {"content": [], "page": page, "statusCounts": {}}


# The error table, row by row ------------------------------------------------------------------------


@pytest.mark.parametrize("uuid", [NOBODY, UNKNOWN, "", "x" * 300, "0" * 36])
def test_order_not_found(agent, uuid):
    heard = agent.call("pax8-get-order-by-uuid", uuid=uuid or " ")
    assert heard.failed and heard.json["status"] == 404
    assert heard.json["message"].startswith("Order not found: ")
    assert heard.json["message"].endswith("Verify the order UUID with pax8-list-orders.")
    assert ("Invalid UUID" in heard.json["message"]) == (uuid != UNKNOWN)


@pytest.mark.parametrize("company", [NOBODY, UNKNOWN])
def test_no_orders_found_for_a_company_that_there_is_not(agent, company):
    heard = agent.call("pax8-list-orders", companyId=company)
    assert heard.failed and heard.json["message"].startswith("No orders found: ")
    assert "Verify the company UUID is correct." in heard.json["message"]


def test_no_orders_found_for_a_company_without_orders_is_an_empty_page_and_a_remark(agent, partner):
    heard = agent.call("pax8-list-orders", companyId=partner.company(SECOND_COMPANY))
    assert not heard.failed and heard.json["content"] == [] and heard.json["page"]["totalElements"] == 0
    assert heard.remarks == ("No orders found. Verify the company UUID is correct.",)


@pytest.mark.parametrize(
    ("tool", "arguments", "phrase"),
    [
        ("pax8-get-company-by-uuid", {"uuid": NOBODY}, "Company not found"),
        ("pax8-get-product-by-uuid", {"productId": NOBODY}, "Product not found"),
        ("pax8-get-product-pricing-by-uuid", {"productId": UNKNOWN}, "Pricing not found"),
        ("pax8-get-product-ordering-requirements", {"productId": UNKNOWN}, "Product not found"),
        ("pax8-get-subscription-by-uuid", {"uuid": UNKNOWN}, "Subscription not found"),
        ("pax8-list-subscriptions", {"companyId": NOBODY}, "No subscriptions found: Company Not Found"),
        ("pax8-list-subscriptions", {"productId": NOBODY}, "No subscriptions found: Product Not Found"),
        ("pax8-get-invoice-by-uuid", {"uuid": UNKNOWN}, "Invoice not found"),
        ("pax8-get-usage-summary", {"subscriptionId": UNKNOWN}, "Subscription not found"),
        ("pax8-get-detailed-usage-summary", {"usageSummaryId": UNKNOWN}, "Usage summary not found"),
        (
            "pax8-get-detailed-usage-summary",
            {"usageSummaryId": UNKNOWN, "usageDate": "2026-02-07"},
            "Usage summary not found",
        ),
        ("pax8-get-quote-by-uuid", {"quoteId": UNKNOWN}, "Quote not found"),
        ("pax8-list-subscriptions", {"status": "NotAStatus"}, "Invalid status filter"),
        ("pax8-list-subscriptions", {"billingTerm": "sometimes"}, "Invalid billingTerm"),
        ("pax8-list-subscriptions", {"sort": "colour,up"}, "Invalid parameter: sort"),
        ("pax8-list-invoices", {"invoiceDate": "soon"}, "Invalid date format"),
        ("pax8-list-orders", {"size": 201}, "Invalid parameter: size"),
        ("pax8-list-orders", {"page": -1}, "Invalid parameter: page"),
        ("pax8-list-orders", {"companyID": UNKNOWN}, "Invalid parameter: companyID"),
        ("pax8-get-order-by-uuid", {}, "Invalid parameter: uuid"),
        ("pax8-lookup-product", {}, "Invalid parameter: productName"),
    ],
)
def test_every_fault_is_a_result_in_pax8s_words(agent, tool, arguments, phrase):
    heard = agent.call(tool, **arguments)
    assert heard.failed and heard.json["message"].startswith(phrase), heard.json
    assert heard.json["status"] in (400, 404) and heard.json["instance"] == f"/pax8/mcp/{tool}"


def test_others_do_not_find_it(served, order):
    other = Agent(served, "other client", "/pax8/mcp")
    assert other.call("pax8-get-order-by-uuid", uuid=order["id"]).json["status"] == 404
    assert other.ok("pax8-list-orders")["content"] == []
    assert other.call("pax8-list-orders", companyId=order["companyId"]).failed
    for who in ("vendor", "operations"):
        heard = Agent(served, who, "/pax8/mcp").call("pax8-list-orders")
        assert heard.failed and heard.json["status"] == 403


def test_too_many_calls_are_told_to_wait(cluster: Embedded, template: str):
    with serving(cluster, template, pax8_calls_per_minute=2) as served:
        agent = Agent(served, "client", "/pax8/mcp")
        assert [agent.call("pax8-list-orders").failed for _ in range(3)] == [False, False, True]
        heard = agent.call("pax8-list-orders")
        assert heard.json["message"].startswith("Rate limited") and heard.json["status"] == 429


# Prompts --------------------------------------------------------------------------------------------


def test_the_four_workflows_are_prompts_that_name_tools_that_there_are(agent):
    prompts = agent.ask("list_prompts").prompts
    assert len(prompts) == 4
    for each in prompts:
        given = {told.name: "Birch {0} Dental" for told in each.arguments if told.required}
        text = agent.ask("get_prompt", each.name, given).messages[0].content.text
        assert "Birch {0} Dental" in text
        assert set(re.findall(r"pax8-[a-z0-9-]+", text)) <= set(PARAMETERS)


def test_a_prompt_that_there_is_not_or_that_is_told_too_little_is_an_error_of_the_protocol(served):
    for params in ({"name": "none"}, {"name": "view-order-history"}):
        reply = frame(post(served, "/pax8/mcp", "prompts/get", params, authorization=f"Bearer {token('client')}"))
        assert reply["error"]["code"] == -32602
