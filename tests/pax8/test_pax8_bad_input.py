"""What cannot be read, and what does not hold: each field is named, and nothing breaks."""

from typing import Any

import pytest

from tests.pax8.conftest import COMPANY, NOBODY, UNKNOWN, Desks
from tests.serving import FAULTS, Served

LINE: dict[str, Any] = {"lineItemNumber": 1, "quantity": 2, "billingTerm": "Annual"}


def line(**change: Any) -> dict[str, Any]:
    return {"lineItems": [{**LINE, **change}]}


ORDERS = [
    #  what is sent                                       status  the field that is named
    ([],                                                     400, "body"),
    ("order",                                                400, "body"),
    ({"companyId": 666666},                                  400, "companyId"),
    ({"companyId": NOBODY},                                  422, "companyId"),
    ({"companyId": UNKNOWN},                                 422, "companyId"),
    ({"companyId": None},                                    422, "companyId"),
    ({"lineItems": None},                                    422, "lineItems"),
    ({"lineItems": []},                                      422, "lineItems"),
    ({"lineItems": {}},                                      400, "lineItems"),
    ({"lineItems": [1]},                                     400, "lineItems[0]"),
    ({"orderedBy": "Nobody"},                                400, "orderedBy"),
    ({"orderedBy": 1},                                       400, "orderedBy"),
    ({"orderedByUserEmail": []},                             400, "orderedByUserEmail"),
    ({"orderedBy": "Customer"},                              422, "orderedBy"),
    (line(quantity=0),                                       422, "lineItems[0].quantity"),
    (line(quantity=-1),                                      422, "lineItems[0].quantity"),
    (line(quantity=1.5),                                     400, "lineItems[0].quantity"),
    (line(quantity="5"),                                     400, "lineItems[0].quantity"),
    (line(quantity=True),                                    400, "lineItems[0].quantity"),
    (line(quantity=10**30),                                  400, "lineItems[0].quantity"),
    (line(quantity=None),                                    422, "lineItems[0].quantity"),
    (line(billingTerm=None),                                 422, "lineItems[0].billingTerm"),
    (line(billingTerm="Monthly"),                            422, "lineItems[0].billingTerm"),
    (line(billingTerm="Trial"),                              422, "lineItems[0].billingTerm"),
    (line(billingTerm="Weekly"),                             400, "lineItems[0].billingTerm"),
    (line(billingTerm=1),                                    400, "lineItems[0].billingTerm"),
    (line(productId=NOBODY),                                 422, "lineItems[0].productId"),
    (line(productId=UNKNOWN),                                422, "lineItems[0].productId"),
    (line(productId=7),                                      400, "lineItems[0].productId"),
    (line(productId=None),                                   422, "lineItems[0].productId"),
    (line(commitmentTermId=NOBODY),                          422, "lineItems[0].commitmentTermId"),
    (line(commitmentTermId=UNKNOWN),                         422, "lineItems[0].commitmentTermId"),
    (line(commitmentTerm="2-Year"),                          422, "lineItems[0].commitmentTerm"),
    (line(commitmentTerm="Forever"),                         400, "lineItems[0].commitmentTerm"),
    (line(provisionStartDate="soon"),                        400, "lineItems[0].provisionStartDate"),
    (line(provisionStartDate=20260301),                      400, "lineItems[0].provisionStartDate"),
    (line(parentLineItemNumber=9),                           422, "lineItems[0].parentLineItemNumber"),
    (line(parentLineItemNumber=1),                           422, "lineItems[0].parentLineItemNumber"),
    (line(parentSubscriptionId=NOBODY),                      422, "lineItems[0].parentSubscriptionId"),
    (line(lineItemNumber="first"),                           400, "lineItems[0].lineItemNumber"),
    (line(lineItemNumber=-4),                                422, "lineItems[0].lineItemNumber"),
    (line(lineItemNumber=10**6),                             422, "lineItems[0].lineItemNumber"),
    ({"lineItems": [LINE, LINE]},                            422, "lineItems[1].lineItemNumber"),
    (line(provisioningDetails={"company": "N"}),             400, "lineItems[0].provisioningDetails"),
    (line(provisioningDetails=[{"key": 1}]),                 400, "lineItems[0].provisioningDetails[0].key"),
    (line(provisioningDetails=[{"key": "company", "values": [1]}]), 400, "lineItems[0].provisioningDetails[0].values"),
    (line(provisioningDetails=[{"values": ["N"]}]),          422, "lineItems[0].provisioningDetails[0].key"),
    (line(provisioningDetails=[{"key": "nothing"}]),         422, "lineItems[0].provisioningDetails[0].key"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "status", "field"), ORDERS)
def test_a_bad_order_names_the_field(desk: Desks, change: Any, status: int, field: str):
    partner = desk()
    body: Any = change
    if isinstance(change, dict):
        body = {
            "companyId": partner.company(COMPANY),
            "lineItems": [
                {
                    **LINE,
                    "productId": partner.product("A-1"),
                    "provisioningDetails": [{"key": "company", "values": ["N"]}],
                }
            ],
        } | change
        for each in body["lineItems"] if isinstance(body["lineItems"], list) else ():
            if isinstance(each, dict):
                each.setdefault("productId", partner.product("A-1"))
                each.setdefault("provisioningDetails", [{"key": "company", "values": ["N"]}])
    reply = partner.ask("POST", "/orders", body)
    assert reply.status_code == status, reply.text
    told = reply.json()
    assert (
        told["type"] == {400: "BAD_REQUEST", 422: "UNPROCESSABLE_ENTITY"}[status]
        and told["instance"] == "/public/v1/orders"
    )
    assert any(each["message"].startswith(f"{field}: ") for each in told["details"]), reply.text
    if status == 400:
        assert told["message"] == f"Invalid input, please check the documentation for allowed values. field: {field}"


LISTS = ("/companies", "/products", "/orders", "/subscriptions", "/invoices", "/invoices/draftItems")
QUERIES = [
    ("page=-1", "page"), ("page=x", "page"), ("page=99999999999999999999", "page"), ("page=1.5", "page"),
    ("size=0", "size"), ("size=201", "size"), ("size=-5", "size"), ("size=ten", "size"), ("size=%00", "size"),
]  # fmt: skip


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(("query", "field"), QUERIES)
def test_a_page_that_there_is_not_is_a_400(desk: Desks, path: str, query: str, field: str):
    reply = desk().ask("GET", f"{path}?{query}")
    assert reply.status_code == 400 and reply.json()["message"].endswith(f"field: {field}"), reply.text


@pytest.mark.parametrize("path", LISTS)
def test_a_page_beyond_the_last_is_empty(desk: Desks, path: str):
    given = desk().get(f"{path}?page=1000&size=200")
    assert given["content"] == [] and given["page"]["number"] == 1000


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("/companies?sort=phone", "sort"), ("/companies?sort=name,sideways", "sort"), ("/companies?status=Gone", "status"),
        ("/companies?selfServiceAllowed=perhaps", "selfServiceAllowed"), ("/products?sort=price", "sort"),
        ("/orders?status=NotAStatus", "status"), ("/orders?sort=id", "sort"), ("/subscriptions?status=On", "status"),
        ("/subscriptions?billingTerm=weekly", "billingTerm"), ("/subscriptions?sort=name", "sort"),
        ("/invoices?status=Lost", "status"), ("/invoices?dueDate=soon", "dueDate"), ("/invoices/draftItems?monthOffset=2", "monthOffset"),
        (f"/usage-summaries/{UNKNOWN}/usage-lines", "usageDate"), (f"/usage-summaries/{UNKNOWN}/usage-lines?usageDate=x", "usageDate"),
    ],
)  # fmt: skip
def test_a_filter_that_cannot_be_read_is_named(desk: Desks, query: str, field: str):
    reply = desk().ask("GET", query)
    assert reply.status_code == 400 and reply.json()["message"].endswith(f"field: {field}"), reply.text


@pytest.mark.parametrize(
    "query",
    [
        "/companies?get_qs=%3Cbound+method+ListFilter%3E&sortDirection=", "/companies?name=%27%22", "/companies?name=*a*%28b%29,%26%7C%3B",
        "/companies?name=%C3%A9%F0%9F%98%80&city=%27%3B--", "/products?search=%25_%5C", "/products?search=%27or%271%27=%271",
        "/products?vendorName=%22&productName=%27", "/orders?limit=5&junk", "/subscriptions?order=asc&a=b&a=c",
    ],
)  # fmt: skip
def test_what_means_nothing_here_breaks_nothing(desk: Desks, query: str):
    assert desk().ask("GET", query).status_code in (200, 400)
    assert not FAULTS, FAULTS


@pytest.mark.parametrize(
    "uuid", [NOBODY, UNKNOWN, UNKNOWN.upper(), "1", "%00", "a" * 3000, "..", "%F0%9F%98%80", "'", "{}"]
)
@pytest.mark.parametrize("path", ["/companies/{}", "/companies/{}/contacts", "/companies/{}/contacts/{}", "/products/{}", "/products/{}/pricing",
                                  "/products/{}/provision-details", "/products/{}/dependencies", "/orders/{}", "/subscriptions/{}",
                                  "/subscriptions/{}/history", "/invoices/{}", "/invoices/{}/items", "/usage-summaries/{}"])  # fmt: skip
def test_what_is_no_uuid_is_not_found(desk: Desks, path: str, uuid: str):
    reply = desk().ask("GET", path.replace("{}", uuid))
    assert reply.status_code == 404 and reply.json()["type"] == "NOT_FOUND", reply.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("DELETE", "/companies", 405),
        ("PATCH", "/orders", 405),
        ("GET", "/quotes", 404),
        ("GET", "/", 404),
        ("GET", "/orders/*", 404),
    ],
)
def test_addresses_that_are_not_here(desk: Desks, method: str, path: str, status: int):
    reply = desk().ask(method, path)
    assert reply.status_code == status and reply.json()["status"] == status


@pytest.mark.parametrize(("raw", "kind", "status"), [(b"{", "application/json", 400), (b"[" * 100_000, "application/json", 400), (b"\xff", "application/json", 400),
                                                     (b"a=b", "text/plain", 415), (b" " * 300_000, "application/json", 413), (b'{"companyId": "\\ud800"}', "application/json", 400)])  # fmt: skip
def test_bodies_that_cannot_be_read(desk: Desks, served: Served, raw: bytes, kind: str, status: int):
    partner = desk()
    reply = partner.http.post(
        f"{served.url}/pax8/v1/orders",
        content=raw,
        headers={"authorization": f"Bearer {partner.token}", "content-type": kind},
    )
    assert reply.status_code == status, reply.text
    assert not FAULTS, FAULTS
