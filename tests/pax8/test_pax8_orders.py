"""Orders in the Pax8 way: from dry run to subscriptions, with what waits, what is approved and what is refused."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.pax8.conftest import COMPANY, CURRENT, LEGACY, SECOND_COMPANY, Desks, ok
from tests.serving import Served

AUTOMATIC, MONTHLY_AUTOMATIC, BY_EXTENSION, OTHER_VENDORS = "G-1", "G-2", "A-1", "B-1"


def test_an_order_of_two_vendors_products_is_one_order(desk: Desks, served: Served):
    partner = desk()
    order = partner.order(partner.line(AUTOMATIC, "Annual", 25), partner.line(OTHER_VENDORS, "Annual", 3))
    assert order["status"] == "Processing"
    assert [each["lineItemNumber"] for each in order["lineItems"]] == [1, 2]
    assert [each["quantity"] for each in order["lineItems"]] == [25, 3]
    assert all(each["subscriptionId"] is None for each in order["lineItems"])
    assert partner.get(f"/orders/{order['id']}") == order
    baskets = ok_data(served)
    assert len(baskets) == 1 and len(baskets[0]["lines"]) == 2


def ok_data(served: Served) -> list[dict]:
    return served.call("client", "GET", "/commerce/baskets?select=lines").json["data"]


def test_what_the_platform_fulfils_becomes_subscriptions_with_the_ordered_terms(desk: Desks):
    partner = desk()
    order = partner.order(partner.line(AUTOMATIC, "Annual", 7), company=SECOND_COMPANY)
    (made,) = partner.subscriptions(order)
    assert partner.get(f"/orders/{order['id']}")["status"] == "Completed"
    line = order["lineItems"][0]
    assert (made["productId"], made["quantity"], made["billingTerm"]) == (line["productId"], 7, "Annual")
    assert (made["status"], made["companyId"]) == ("Active", order["companyId"])
    assert made["commitment"] == made["commitmentTerm"] and made["commitment"]["term"] == "1-Year"
    assert made["commitment"]["id"] == line["commitmentTermId"]
    listed = partner.get(f"/subscriptions?companyId={order['companyId']}&productId={line['productId']}")
    assert listed["content"] == [made]


def test_a_dry_run_has_prices_and_leaves_nothing(desk: Desks, served: Served):
    partner = desk()
    before = served.fetch("select (select count(*) from baskets) b, (select count(*) from orders) o")[0]
    given = ok(
        partner.ask(
            "POST",
            "/orders?isMock=1",
            {"companyId": partner.company(COMPANY), "lineItems": [partner.line(BY_EXTENSION, "Annual", 2)]},
        )
    )
    assert given["lineItems"][0]["partnerCost"] == 132 and given["lineItems"][0]["currencyCode"] == "EUR"
    assert served.fetch("select (select count(*) from baskets) b, (select count(*) from orders) o")[0] == before
    assert partner.ask("GET", f"/orders/{given['id']}").status_code == 404


def test_the_same_key_orders_once(desk: Desks, served: Served):
    partner = desk()
    body = {"companyId": partner.company(COMPANY), "lineItems": [partner.line(BY_EXTENSION, "Annual")]}
    first = partner.ask("POST", "/orders", body, idempotency_key="once")
    again = partner.ask("POST", "/orders", body, idempotency_key="once")
    assert ok(first) == ok(again) and again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    other = partner.ask("POST", "/orders", {**body, "orderedByUserEmail": "x@y.example"}, idempotency_key="once")
    assert other.status_code == 422


def test_an_order_for_a_later_day_waits_for_it_and_may_be_cancelled(desk: Desks, served: Served):
    partner = desk()
    day = (datetime.now(UTC) + timedelta(days=400)).date().isoformat()
    order = partner.order(partner.line(AUTOMATIC, "Annual", provisionStartDate=day))
    assert (order["status"], order["isScheduled"]) == ("Submitted", True)
    assert order["lineItems"][0]["provisionStartDate"] == day
    changed = ok(
        partner.ask(
            "PUT",
            f"/orders/{order['id']}",
            {"lineItems": [partner.line(AUTOMATIC, "Annual", 9, provisionStartDate=day)]},
        )
    )
    assert (changed["status"], changed["lineItems"][0]["quantity"]) == ("Submitted", 9)
    gone = partner.post(f"/orders/{order['id']}/cancel", {"reason": "The project was dropped."})
    assert (gone["status"], gone["statusReason"]) == ("Cancelled", "The project was dropped.")
    assert {each["status"] for each in gone["lineItems"]} == {"Cancelled"}
    again = partner.ask("POST", f"/orders/{order['id']}/cancel")
    assert again.status_code == 422 and "Cancelled" in again.json()["message"]


@pytest.mark.parametrize(
    ("verb", "state"), [("approve", "Processing"), ("refuse", "Cancelled"), ("cancel", "Cancelled")]
)
def test_what_a_company_orders_by_itself_waits_for_its_partner(desk: Desks, verb: str, state: str):
    partner = desk()
    company = partner.company(SECOND_COMPANY)
    ok(partner.ask("PATCH", f"/companies/{company}", {"selfServiceAllowed": True, "orderApprovalRequired": True}))
    order = partner.order(partner.line(OTHER_VENDORS, "Annual"), company=SECOND_COMPANY, orderedBy="Customer")
    assert order["status"] == "PendingApproval"
    assert order["id"] in [each["id"] for each in partner.get("/orders?status=PendingApproval")["content"]]
    assert partner.post(f"/orders/{order['id']}/{verb}", None)["status"] == state
    assert partner.order(partner.line(OTHER_VENDORS, "Annual"), company=SECOND_COMPANY)["status"] == "Processing"


def test_an_order_that_failed_says_why_on_its_line(desk: Desks, served: Served):
    partner = desk()
    order = partner.order(partner.line(BY_EXTENSION, "Annual"))
    placed = served.fetch("select order_id from basket_lines order by basket_id desc, id")
    ids = {row["order_id"] for row in placed if row["order_id"]}
    newest = served.fetch("select id from orders where id = any($1) order by audit_created_at desc limit 1", list(ids))[
        0
    ]["id"]
    reply = served.call(
        "vendor", "POST", f"/commerce/orders/{newest}/fail", {"statusNotes": {"message": "No such tenant."}}
    )
    assert reply.status == 200, reply.json
    failed = partner.get(f"/orders/{order['id']}")
    assert failed["status"] == "Failed"
    assert (failed["lineItems"][0]["status"], failed["lineItems"][0]["statusReason"]) == ("Failed", "No such tenant.")


def test_lists_are_newest_first_where_that_is_asked_for(desk: Desks):
    new, old = desk(), desk("client", CURRENT)
    for quantity in range(1, 5):
        made = new.order(new.line(AUTOMATIC, "Annual", quantity))
    new.subscriptions(made)
    newest = [each["createdDate"] for each in new.get("/orders?size=200")["content"]]
    assert newest == sorted(newest, reverse=True) and len(newest) > 3
    oldest = [each["id"] for each in old.get("/orders?size=200")["content"]]
    asked = [each["id"] for each in old.get("/orders?size=200&sort=createdAt,desc")["content"]]
    assert asked[-1] == oldest[0] and asked[0] == oldest[-1]
    page = new.get("/orders?size=2&page=1")["page"]
    assert page == {"size": 2, "totalElements": len(newest), "totalPages": -(-len(newest) // 2), "number": 1}
    done = new.get("/orders?status=completed")["content"]
    assert done and {each["status"] for each in done} == {"Completed"}


def test_each_profile_reads_its_own_fields(desk: Desks):
    desk().order(desk().line(AUTOMATIC, "Annual"))
    seed, current, legacy = (
        desk("client", each).get("/orders?size=1&sort=createdDate,asc")["content"][0] for each in ("", CURRENT, LEGACY)
    )
    assert seed["id"] == current["id"] == legacy["id"]
    assert set(seed) - set(current) - {"statusReason"} == {"status"}
    assert "T" in seed["createdDate"] and seed["createdDate"].endswith("Z")
    assert current["createdDate"] == legacy["createdDate"] == seed["createdDate"][:10]
    assert seed["orderedBy"] == "ada@client.example" and current["orderedBy"] == legacy["orderedBy"] == "Pax8 Partner"
    assert set(legacy) == {
        "id",
        "companyId",
        "createdDate",
        "orderedBy",
        "orderedByUserId",
        "orderedByUserEmail",
        "lineItems",
    }
    assert "lineItemNumber" in seed["lineItems"][0] and "lineItemNumber" not in current["lineItems"][0]
