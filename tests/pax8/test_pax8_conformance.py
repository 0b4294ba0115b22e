"""Answers of every operation are held to Pax8's published document of its partner endpoints."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from entrepot.pax8.rest import ROUTES
from tests.pax8.conftest import COMPANY, CURRENT, NOBODY, UNKNOWN, Desk, Desks
from tests.pax8.test_pax8_companies import ADA, BIRCH

PUBLISHED = Path(__file__).parents[3] / "shared" / "spec" / "openapi" / "pax8-partner-endpoints.json"
pytestmark = pytest.mark.skipif(not PUBLISHED.exists(), reason="the published document is not here")

NULLS = {
    "subscriptionId": "A line has none until it is provisioned; clients read null so.",
    "parentSubscriptionId": "The document's readers expect the key; null is none.",
    "possibleValues": "The document itself says that it is null where a value is typed in.",
    "endQuantityRange": "The document itself says that null is no end.",
    "endDate": "A subscription that runs on has no end.",
    "vendorSubscriptionId": "Known to the vendor alone until it tells.",
    "maxQuantity": "Ours: null is no limit.",
}
"""Fields that may be null although the document, in whose version of the schemas there is no null, does not say so."""

NOT_REQUIRED = {
    ("LineItem", "companyId"): "Named as required, and defined nowhere.",
    ("LineItem", "lineItemNumber"): "Named as required, and at once as never answered (writeOnly).",
}
"""What the document contradicts itself about."""

UNDOCUMENTED = {
    ("GET", "/subscriptions", 404): "The document has 403 for a company that is not the caller's; here 404 everywhere.",
    ("PATCH", "/companies/{companyId}", 404): "Not in the document; what else for one that is not there.",
    ("PUT", "/subscriptions/{subscriptionId}", 400): "Not in the document, but in its pages on errors.",
    ("POST", "/orders", 400): "As above.",
    ("GET", "/orders", 400): "As above.",
    ("DELETE", "/subscriptions/{subscriptionId}", 422): "Not in the document: a day on which it cannot end.",
    ("GET", "/invoices/{invoiceId}", 404): "Not in the document; there are no invoices yet.",
    ("GET", "/usage-summaries/{usageSummaryId}", 404): "As above.",
}
"""Answers that the document does not have, and why they are given; their bodies are its Error all the same."""

NOT_YET = {
    ("GET", "/invoices/{invoiceId}"): "Billing comes later: there is no invoice to show.",
    ("GET", "/invoices/{invoiceId}/items"): "As above.",
    ("GET", "/usage-summaries/{usageSummaryId}"): "As above.",
    ("GET", "/usage-summaries/{usageSummaryId}/usage-lines"): "As above.",
}
"""Operations whose success cannot be shown."""

OURS = {
    ("PUT", "/orders/{}"), ("POST", "/orders/{}/approve"), ("POST", "/orders/{}/refuse"), ("POST", "/orders/{}/cancel"),
    ("GET", "/subscriptions/{}/usage_summaries"),
}  # fmt: skip
"""Addresses that the document does not have."""


@cache
def published() -> dict[str, Any]:
    document = json.loads(PUBLISHED.read_text())
    for schema, name in NOT_REQUIRED:
        document["components"]["schemas"][schema]["required"].remove(name)
    return document


@pytest.fixture(scope="module")
def world(desk: Desks) -> dict[str, str]:
    """UUIDs to fill into paths: something of everything."""
    partner = desk()
    held = partner.subscriptions(partner.order(partner.line("G-1", "Annual", 6)))[0]
    order = partner.order(partner.line("A-1", "Annual"))
    company = partner.company(COMPANY)
    contact = partner.post(f"/companies/{company}/contacts", ADA)["id"]
    partner.ask("PATCH", f"/companies/{company}", {"address": BIRCH["address"], "externalId": "X"})
    return {"companyId": company, "contactId": contact, "productId": partner.product("G-1"), "orderId": order["id"],
            "subscriptionId": held["id"], "invoiceId": UNKNOWN, "usageSummaryId": UNKNOWN}  # fmt: skip


def new_order(partner: Desk) -> dict[str, Any]:
    return {"companyId": partner.company(COMPANY), "lineItems": [partner.line("A-1", "Annual", lineItemNumber=1)]}


def calls(partner: Desk) -> Iterator[tuple[str, str, str, Any, int]]:
    """Every operation with a success and its refusals: method, path, query, body, status."""
    yield "GET", "/companies", "?status=Active&country=US", None, 200
    yield "POST", "/companies", "", {**BIRCH, "contacts": [ADA]}, 200
    yield "POST", "/companies", "", {"name": "x"}, 422
    yield "GET", "/companies/{companyId}", "", None, 200
    yield "GET", "/companies/{companyId}", "", None, 404
    yield "PATCH", "/companies/{companyId}", "", {"phone": "1"}, 200
    yield "PATCH", "/companies/{companyId}", "", {}, 422
    yield "PATCH", "/companies/{companyId}", "", {"phone": "1"}, 404
    yield "GET", "/companies/{companyId}/contacts", "", None, 200
    yield "GET", "/companies/{companyId}/contacts", "", None, 404
    yield "POST", "/companies/{companyId}/contacts", "", {**ADA, "types": []}, 200
    yield "POST", "/companies/{companyId}/contacts", "", {}, 422
    yield "POST", "/companies/{companyId}/contacts", "", ADA, 404
    yield "GET", "/companies/{companyId}/contacts/{contactId}", "", None, 200
    yield "GET", "/companies/{companyId}/contacts/{contactId}", "", None, 404
    yield "PUT", "/companies/{companyId}/contacts/{contactId}", "", ADA, 200
    yield "PUT", "/companies/{companyId}/contacts/{contactId}", "", {}, 422
    yield "GET", "/products", "?size=200", None, 200
    yield "GET", "/products/{productId}", "", None, 200
    for path in ("provision-details", "dependencies", "pricing"):
        yield "GET", f"/products/{{productId}}/{path}", "", None, 200
        yield "GET", f"/products/{{productId}}/{path}", "", None, 404
    yield "GET", "/orders", "?size=200", None, 200
    yield "GET", "/orders", f"?companyId={NOBODY}", None, 404
    yield "GET", "/orders", "?size=1000", None, 400
    yield "POST", "/orders", "", new_order(partner), 200
    yield "POST", "/orders", "?isMock=true", new_order(partner), 200
    yield "POST", "/orders", "", {}, 422
    yield "POST", "/orders", "", {"companyId": 666666}, 400
    yield "GET", "/orders/{orderId}", "", None, 200
    yield "GET", "/orders/{orderId}", "", None, 404
    yield "GET", "/subscriptions", "?size=200", None, 200
    yield "GET", "/subscriptions", f"?companyId={NOBODY}", None, 404
    yield "GET", "/subscriptions/{subscriptionId}", "", None, 200
    yield "GET", "/subscriptions/{subscriptionId}", "", None, 404
    yield "GET", "/subscriptions/{subscriptionId}/history", "", None, 200
    yield "GET", "/subscriptions/{subscriptionId}/usage-summaries", "", None, 200
    yield "GET", "/subscriptions/{subscriptionId}/usage-summaries", "", None, 404
    yield "PUT", "/subscriptions/{subscriptionId}", "", {"quantity": 0}, 422
    yield "PUT", "/subscriptions/{subscriptionId}", "", {"quantity": "x"}, 400
    yield "PUT", "/subscriptions/{subscriptionId}", "", {"quantity": 6}, 200
    yield "DELETE", "/subscriptions/{subscriptionId}", "?cancelDate=2099-01-01", None, 422
    yield "DELETE", "/subscriptions/{subscriptionId}", "", None, 204
    yield "DELETE", "/subscriptions/{subscriptionId}", "", None, 404
    yield "GET", "/invoices", "?status=paid", None, 200
    yield "GET", "/invoices", f"?companyId={NOBODY}", None, 404
    yield "GET", "/invoices/draftItems", "?monthOffset=0", None, 200
    yield "GET", "/invoices/{invoiceId}", "", None, 404
    yield "GET", "/invoices/{invoiceId}/items", "", None, 404
    yield "GET", "/usage-summaries/{usageSummaryId}", "", None, 404
    yield "GET", "/usage-summaries/{usageSummaryId}/usage-lines", "?usageDate=2026-02-07", None, 404
    yield "DELETE", "/companies/{companyId}/contacts/{contactId}", "", None, 204
    yield "DELETE", "/companies/{companyId}/contacts/{contactId}", "", None, 404


def schema_of(method: str, path: str, status: int) -> dict[str, Any]:
    """The published schema of an answer; that of an error where the document has no such answer."""
    responses = published()["paths"][path][method.lower()]["responses"]
    if str(status) not in responses:
        assert (method, path, status) in UNDOCUMENTED, f"{method} {path} answers {status}: not in the document"
        return {"$ref": "#/components/schemas/Error"}
    return responses[str(status)].get("content", {}).get("application/json", {}).get("schema", {})


def without_known_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_known_nulls(each) for key, each in value.items() if each is not None or key not in NULLS}
    return [without_known_nulls(each) for each in value] if isinstance(value, list) else value


def test_every_operation_answers_as_it_is_published(desk: Desks, world: dict[str, str]):
    partner = desk("client", CURRENT)
    seen: set[tuple[str, str]] = set()
    for method, path, query, body, status in calls(desk()):
        nobody = dict.fromkeys(world, UNKNOWN)
        ids = world if status not in (404,) else nobody
        reply = partner.ask(method, path.format(**ids) + query, body)
        where = f"{method} {path}{query}"
        assert reply.status_code == status, (where, reply.text)
        if status < 300:
            seen.add((method, path))
        if status == 204:
            assert not reply.content
            continue
        assert reply.headers["content-type"] == "application/json"
        schema = schema_of(method, path, status) | {"components": {"schemas": published()["components"]["schemas"]}}
        validator = jsonschema_rs.Draft7Validator(schema, validate_formats=True)
        faults = [
            f"{each.instance_path}: {each.message}" for each in validator.iter_errors(without_known_nulls(reply.json()))
        ]
        assert not faults, (where, faults)
        if status >= 400:
            assert {"type", "message", "instance", "status", "details"} <= set(reply.json())
    documented = {
        (method.upper(), path)
        for path, methods in published()["paths"].items()
        for method in methods
        if method != "parameters"
    }
    assert documented - seen == set(NOT_YET)


def test_every_documented_address_is_here_and_all_others_are_told():
    documented = {
        (method.upper(), re.sub(r"\{[^}]*\}", "{}", path))
        for path, methods in published()["paths"].items()
        for method in methods
    }
    here = {(each.method, "/" + each.path.replace("*", "{}")) for each in ROUTES}
    assert here - documented == OURS
    assert documented <= here


def test_pages_hold_what_the_document_says_and_no_more(desk: Desks, world: dict[str, str]):
    wanted = set(published()["components"]["schemas"]["Page"]["properties"])
    for path in ("/companies", "/products", "/orders", "/subscriptions", "/invoices", "/invoices/draftItems"):
        given = desk("client", CURRENT).get(path)
        assert set(given) == {"content", "page"} and set(given["page"]) == wanted


def test_the_current_profile_has_no_field_of_orders_that_is_not_documented(desk: Desks, world: dict[str, str]):
    schemas = published()["components"]["schemas"]
    for order in desk("client", CURRENT).get("/orders?size=200")["content"]:
        assert set(order) <= set(schemas["Order"]["properties"])
        for line in order["lineItems"]:
            assert set(line) <= {
                name for name, each in schemas["LineItem"]["properties"].items() if not each.get("writeOnly")
            }
