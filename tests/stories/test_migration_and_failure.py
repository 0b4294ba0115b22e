"""A vendor moves its customers over, and an order that fails half-way."""

from decimal import Decimal

import pytest
from mpt_api_client.rql import RQLQuery

from tests.orders import ORDERS, about, agreement, finish, line_of, live, ordered
from tests.party import at_once, ok
from tests.serving import Served
from tests.world import BUYER, LICENSEE, MONTHLY, PRODUCT, YEARLY, refer

MIGRATED = 500


def test_a_vendor_migrates_500_subscriptions_without_orders(marketplace: Served) -> None:
    distributor, vendor, client = (marketplace.client(who) for who in ("operations", "vendor", "client"))

    # The distributor enters the agreements that there were: fifty, for one client.
    entered = [
        distributor.commerce.agreements.create(
            {
                "name": f"Moved {n}", "status": "Active", "product": refer(PRODUCT), "licensee": refer(LICENSEE),
                "buyer": refer(BUYER), "authorization": refer("AUT-5001-0001"), "seller": refer("SEL-4001-0001"),
                "vendor": refer("ACC-3001-0001"), "externalIds": {"operations": f"OLD-{n}"},
            }
        )
        for n in range(MIGRATED // 2)
    ]  # fmt: skip

    # The vendor brings in two subscriptions for each, at the prices that were agreed.
    for at, held in enumerate(entered):
        for item, price in ((YEARLY, 100), (MONTHLY, 8)):
            made = vendor.commerce.subscriptions.create(
                {
                    "name": f"Moved {at}", "agreement": refer(held.id), "externalIds": {"vendor": f"v-{at}-{item[-1]}"},
                    "startDate": "2026-01-31T00:00:00.000Z",
                    "lines": [{"item": refer(item), "quantity": 3, "price": {"unitPP": price}}],
                }
            )  # fmt: skip
            assert made.status == "Active"

    # The client finds all of them, and can look one up as the vendor's extension would.
    found = client.commerce.subscriptions.filter(RQLQuery(name__like="Moved*"))
    assert found.fetch_page(limit=1).meta.pagination.total == MIGRATED
    one = vendor.commerce.subscriptions.filter(RQLQuery(externalIds__vendor="v-7-1")).fetch_one()
    assert one.name == "Moved 7"
    total = sum(
        Decimal(str(each.price.spxy))
        for each in client.commerce.agreements.filter(RQLQuery(name__like="Moved*")).iterate()
    )
    assert total == MIGRATED // 2 * (3 * 110 + Decimal("8.80") * 36)
    rows = marketplace.fetch("select count(*) as n from trail where name = 'subscription.created'")
    assert rows[0]["n"] == MIGRATED


def test_an_order_fails_after_half_done_provisioning(marketplace: Served) -> None:
    held = live(marketplace)
    order = ordered(
        marketplace, held, "Change",
        lines=[{"id": line_of(held, YEARLY)["id"], "quantity": 20}, {"item": refer(MONTHLY), "quantity": 2}],
    )  # fmt: skip
    vendor = f"{ORDERS}/{order['id']}"

    # The vendor has begun: a subscription is prepared, its own numbers are written down, prices corrected.
    new = order["lines"][1]["id"]
    draft = ok(marketplace.call("vendor", "POST", f"{vendor}/subscriptions", {"name": "Extra", "lines": [refer(new)]}))
    ok(marketplace.call("vendor", "PUT", vendor, {
        "externalIds": {"vendor": "job-1"},
        "parameters": {"fulfillment": [{"externalId": "customerId", "value": "half"}]},
        "lines": [{"id": new, "price": {"unitPP": 9}}],
    }))  # fmt: skip

    # Then its own machine gives up. What was held is held as before, and nothing of the half remains but the record.
    failed = finish(marketplace, order, "fail")
    assert (failed["status"], failed["statusNotes"]["message"]) == ("Failed", "Not to be had.")
    now = agreement(marketplace, held["id"])
    assert (now["status"], line_of(now, YEARLY)["quantity"], len(now["lines"])) == ("Active", 10, len(held["lines"]))
    assert "half" not in str(agreement(marketplace, held["id"], "vendor")["parameters"])
    assert marketplace.call("client", "GET", f"/commerce/subscriptions/{draft['id']}").status == 404
    kept = ok(marketplace.call("client", "GET", vendor))
    assert {each["status"] for each in kept["subscriptions"]} == {"Deleted", "Active"}

    # It is asked for again, and this time it goes through.
    again = ok(marketplace.call("client", "POST", f"{vendor}/resubmit", {"status": "Processing"}))
    line = next(each for each in again["lines"] if each["oldQuantity"] == 0)
    body = {"name": "Extra", "lines": [refer(line["id"])]}
    ok(marketplace.call("vendor", "POST", f"{ORDERS}/{again['id']}/subscriptions", body))
    finish(marketplace, again)
    assert line_of(agreement(marketplace, held["id"]), YEARLY)["quantity"] == 20


@pytest.mark.parametrize("round_", range(3))
def test_two_people_order_against_one_agreement_at_once(marketplace: Served, round_: int) -> None:
    held = live(marketplace)
    line = line_of(held, YEARLY)["id"]
    bodies = [about(held, "Change", lines=[{"id": line, "quantity": n}]) for n in (11, 12)]
    replies = at_once(*(lambda b=b: marketplace.call("client", "POST", ORDERS, b) for b in bodies))
    assert sorted(each.status for each in replies) == [201, 409]
    won = next(each.json for each in replies if each.status == 201)
    finish(marketplace, won)
    assert line_of(agreement(marketplace, held["id"]), YEARLY)["quantity"] == won["lines"][0]["quantity"]
