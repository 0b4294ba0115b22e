"""The examples of the page on order management, field by field, over REST."""

import re
from datetime import date

import pytest

from tests.pax8.conftest import NOBODY, SECOND_COMPANY, Desks, ok
from tests.pax8.test_pax8_companies import ADA, BIRCH
from tests.serving import Served

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def test_the_order_of_the_page_has_its_fields_and_their_forms(desk: Desks):
    """`{"id", "companyId", "status", "createdDate", "orderedBy", "lineItems": [{"id", "productId", "quantity", …}]}`."""
    partner = desk()
    made = partner.order(
        partner.line("G-1", "Annual", 25, provisionStartDate="2026-03-01"), orderedByUserEmail="partner@msp.com"
    )
    partner.subscriptions(made)
    order = partner.get(f"/orders/{made['id']}")
    assert UUID.fullmatch(order["id"]) and UUID.fullmatch(order["companyId"])
    assert order["status"] == "Completed"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", order["createdDate"])
    assert order["orderedBy"] == "partner@msp.com"
    (line,) = order["lineItems"]
    assert UUID.fullmatch(line["id"]) and UUID.fullmatch(line["productId"])
    assert (line["quantity"], line["billingTerm"], line["provisionStartDate"], line["lineItemNumber"]) == (
        25,
        "Annual",
        "2026-03-01",
        1,
    )
    # Step 4 of the flow: the subscription is there, active, with what was ordered.
    held = partner.get(f"/subscriptions/{line['subscriptionId']}")
    assert (held["status"], held["quantity"], held["billingTerm"], held["productId"]) == (
        "Active",
        25,
        "Annual",
        line["productId"],
    )


def test_a_start_that_is_not_said_is_the_day_of_the_order(desk: Desks):
    partner = desk()
    order = partner.order(partner.line("A-1", "Annual"))
    assert order["lineItems"][0]["provisionStartDate"] == order["createdDate"][:10]
    assert date.fromisoformat(order["lineItems"][0]["provisionStartDate"])


@pytest.mark.parametrize(
    "uuid",
    [
        NOBODY,
        "a1b2c3d4-e5f6-7890-abcd-ef1234567890",
        "l1i2n3e4-i5t6-7890-abcd-ef1234567890",
        "f9e8d7c6-b5a4-3210-fedc-ba0987654321",
    ],
)
def test_the_ids_of_the_page_are_not_found(desk: Desks, uuid: str):
    reply = desk().ask("GET", f"/orders/{uuid}")
    assert (reply.status_code, reply.json()["message"]) == (404, f"Order Not Found: {uuid}")
    assert desk().ask("GET", f"/orders?companyId={uuid}").status_code == 404


def test_a_company_without_orders_has_an_empty_list(desk: Desks):
    made = desk().post("/companies", {**BIRCH, "name": "New Here", "contacts": [ADA]})
    given = desk().get(f"/orders?companyId={made['id']}&size=200")
    assert given == {"content": [], "page": {"size": 200, "totalElements": 0, "totalPages": 0, "number": 0}}


def test_the_history_of_a_client_is_paged(desk: Desks):
    partner = desk()
    made = {
        partner.order(partner.line("A-1", "Annual", number), company=SECOND_COMPANY)["id"] for number in range(1, 6)
    }
    company = partner.company(SECOND_COMPANY)
    found: list[str] = []
    number = 0
    while True:
        page = partner.get(f"/orders?companyId={company}&page={number}&size=2")
        found += [each["id"] for each in page["content"]]
        if page["page"]["number"] >= page["page"]["totalPages"] - 1:
            break
        number += 1
    assert made <= set(found) and len(found) == len(set(found))


def test_a_manual_product_waits_for_a_person_and_says_so(desk: Desks, served: Served):
    served.fetch(
        "update products set settings = jsonb_set(settings, '{fulfilment,mode}', '\"manual\"') where id = 'PRD-5002-0001'"
    )
    partner = desk()
    order = partner.order(partner.line("B-1", "Annual"), partner.line("G-1", "Annual"))
    assert order["status"] == "PendingManual"
    assert [each["status"] for each in order["lineItems"]] == ["PendingManual", "Processing"]
    assert order["lineItems"][0]["statusReason"]
    assert partner.get(f"/products/{partner.product('B-1')}")["provisioningType"] == "Manual"


def test_the_seat_changes_of_the_table_of_terms(desk: Desks, served: Served):
    """Annual: increase any time, decrease restricted once the first days are over."""
    from datetime import timedelta

    from entrepot.storage.clock import advance

    partner = desk()
    held = partner.subscriptions(partner.order(partner.line("G-1", "Annual", 10)))[0]
    served.run(advance(served.parts.pool, timedelta(days=60), served.parts.work))
    refused = partner.ask("PUT", f"/subscriptions/{held['id']}", {"quantity": 9})
    assert refused.status_code == 422 and refused.json()["errors"][0].startswith("quantity: "), refused.text
    ok(partner.ask("PUT", f"/subscriptions/{held['id']}", {"quantity": 11}))
    told = partner.get(f"/products/{held['productId']}/dependencies")["commitmentDependencies"][0]
    assert (told["allowForQuantityIncrease"], told["allowForQuantityDecrease"]) == (True, False)
