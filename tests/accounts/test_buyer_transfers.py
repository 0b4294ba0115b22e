"""A buyer goes to another account of the same customer with all that it has, at once and for good."""

import pytest

from entrepot.storage.consistency import checks, run
from entrepot.storage.sealer import seal
from entrepot.storage.verifying import silent, verify
from tests.orders import about
from tests.party import at_once, ok
from tests.purchases import completed, draft, mapped, placed
from tests.serving import Served, serving
from tests.world import BUYER, LICENSEE, MONTHLY, SECOND_BUYER, SECOND_LICENSEE, purchase, refer

ACCOUNTS, BUYERS = "/accounts/accounts", "/accounts/buyers"
GIVER, TAKER = "ACC-2001-0001", "ACC-2002-0001"


@pytest.fixture
def world(cluster, template):
    """Two accounts of one customer, of which the first has everything."""
    with serving(cluster, template) as served:
        for account in (GIVER, TAKER):
            ok(served.call("operations", "PUT", f"{ACCOUNTS}/{account}", {"externalId": "CDG-1"}))
        yield served


def go(served: Served, buyer=BUYER, taker=TAKER, **headers):
    return served.call("operations", "POST", f"{BUYERS}/{buyer}/transfer", {"account": refer(taker)}, **headers)


def total(served, who, path):
    return ok(served.call(who, "GET", f"{path}{'&' if '?' in path else '?'}limit=0"))["$meta"]["pagination"]["total"]


HAD = {
    # where         by what
    "accounts/licensees": f"eq(buyer.id,{BUYER})",
    "accounts/erp-links": f"eq(buyer.id,{BUYER})",
    "commerce/agreements": f"eq(buyer.id,{BUYER})",
    "commerce/orders": f"eq(buyer.id,{BUYER})",
    "commerce/subscriptions": f"eq(agreement.buyer.id,{BUYER})",
    "commerce/assets": f"eq(agreement.buyer.id,{BUYER})",
    "commerce/baskets": f"eq(licensee.id,{LICENSEE})",
    "program/certificates": f"eq(licensee.id,{LICENSEE})",
}


def had(served, who):
    """How much of the first buyer somebody finds, by collection."""
    return {path: total(served, who, f"/{path}?{query}") for path, query in HAD.items()}


def fill(served):
    order = completed(served)
    placed(served), draft(served), mapped(served)
    ok(served.call("client", "POST", f"/commerce/agreements/{order['agreement']['id']}/split",
                   {"allocations": [{"buyer": refer(BUYER)}]}))  # fmt: skip
    line = {"item": refer("ITM-5001-0001-0003"), "quantity": 1, "startDate": "2999-01-01T00:00:00Z",
            "parameters": {"ordering": [{"externalId": "company", "value": "N"}]}}  # fmt: skip
    ok(served.call("client", "POST", "/commerce/baskets", {"licensee": refer(LICENSEE), "lines": [line]}))
    person = {"firstName": "Ada", "lastName": "Lo", "email": "ada@licensee.example"}
    ok(served.call("client", "POST", f"/accounts/licensees/{LICENSEE}/contacts", person))
    return order


def whole(served):
    """What `entrepot check` finds."""

    async def look():
        while await seal(served.parts.pool, "test"):
            pass
        async with served.parts.pool.acquire() as conn, conn.transaction(isolation="repeatable_read"):
            found = [each async for each in verify(conn)]
            found += [each async for each in run(conn, list(checks(served.parts.nouns)), silent)]
        return found

    return served.run(look())


def test_all_of_it_goes_and_nothing_else_does(world):
    order = fill(world)
    before, others = had(world, "client"), had(world, "other client")
    assert all(before.values()) and not any(others.values())
    second = total(world, "client", f"/accounts/licensees?eq(buyer.id,{SECOND_BUYER})")
    seen = ok(world.call("client", "GET", f"{BUYERS}/{BUYER}/transfer"))
    stats = seen["stats"]
    assert (seen["id"], seen["account"]["id"], stats["licenseeCount"]) == (BUYER, GIVER, before["accounts/licensees"])
    assert (stats["agreementCount"], stats["orderCount"], stats["subscriptionCount"]) == (
        before["commerce/agreements"], before["commerce/orders"], before["commerce/subscriptions"])  # fmt: skip
    assert (stats["userGroupCount"], stats["userCount"]) == (1, 1)
    dry = go(world, prefer="dry-run")
    assert (dry.status, had(world, "client")) == (200, before)

    gone = ok(go(world))
    assert gone["account"]["id"] == TAKER
    assert (had(world, "other client"), any(had(world, "client").values())) == (before, False)
    assert total(world, "client", f"/accounts/licensees?eq(buyer.id,{SECOND_BUYER})") == second
    assert world.call("client", "GET", f"{BUYERS}/{BUYER}").status == 404
    assert world.call("client", "GET", f"/commerce/orders/{order['id']}").status == 404
    assert world.call("client", "GET", f"{BUYERS}/{BUYER}/transfer").status == 404
    assert len(ok(world.call("other client", "GET", f"/accounts/licensees/{LICENSEE}/contacts"))["data"]) == 1
    split = f"/commerce/agreements/{order['agreement']['id']}/split"
    assert ok(world.call("other client", "GET", split))["allocations"][0]["buyer"]["id"] == BUYER
    assert world.call("restricted", "GET", f"{BUYERS}/{BUYER}").status == 404
    assert world.call("vendor", "GET", f"/commerce/orders/{order['id']}").status == 200
    for table, column in (("licensee_contacts", "account_id"), ("agreement_splits", "client_id"),
                          ("subscription_splits", "client_id"), ("order_subscriptions", "client_id"), ("lines", "client_id")):  # fmt: skip
        assert world.fetch(f"select from {table} where buyer_id = $1 and {column} <> $2", BUYER, TAKER) == []
    held = ok(world.call("other client", "GET", f"/commerce/agreements/{order['agreement']['id']}"))
    records = ok(world.call("other client", "GET", f"/audit/records?eq(object.id,{held['id']})"))["data"]
    assert [each["event"] for each in records] == ["platform.commerce.agreement.updated"]
    lines = [{"item": refer(MONTHLY), "quantity": 2}]
    change = world.call("other client", "POST", "/commerce/orders", about(held, "Change", lines=lines))
    assert change.status == 201, change.json
    assert whole(world) == []


def test_what_is_on_its_way_goes_on_with_the_other_account(world):
    order = mapped(world)
    ok(go(world))
    done = ok(world.call("vendor", "POST", f"/commerce/orders/{order['id']}/complete"))
    assert (done["status"], done["client"]["id"]) == ("Completed", TAKER)
    assert whole(world) == []


def test_whoever_orders_meanwhile_orders_for_one_account_or_the_other(world):
    """An order that was begun for the old account is there before the buyer goes, or is not there at all."""
    licensee = {"name": "New", "buyer": refer(BUYER), "seller": refer("SEL-4001-0001")}
    begin = lambda: world.call("client", "POST", "/accounts/licensees", licensee)  # noqa: E731
    for _ in range(4):
        order = [lambda: world.call("client", "POST", "/commerce/orders", purchase(status="Processing"))] * 3
        replies = at_once(order[0], lambda: go(world), begin, *order[1:])
        assert all(each.status in (200, 201, 400, 404, 409) for each in replies), [each.json for each in replies]
        if replies[1].status == 409:
            ok(go(world))
        for table, column in (("agreements", "client_id"), ("orders", "client_id"), ("licensees", "account_id")):
            assert world.fetch(f"select from {table} where buyer_id = $1 and {column} <> $2", BUYER, TAKER) == []
        ok(go(world, taker=GIVER))
    assert whole(world) == []


@pytest.mark.parametrize(
    ("change", "taker", "words"),
    [
        (None, GIVER, "already"),
        (None, "ACC-9999-9999", "not found"),
        (None, "ACC-3001-0001", "client's account"),
        ({"externalId": "CDG-2"}, TAKER, "same externalId"),
    ],
)
def test_not_every_account_may_have_it(world, change, taker, words):
    if change:
        ok(world.call("operations", "PUT", f"{ACCOUNTS}/{TAKER}", change))
    refused = go(world, taker=taker)
    assert (refused.status, list(refused.json["errors"])) == (400, ["account.id"])
    assert words in refused.json["errors"]["account.id"][0]
    for body in ({}, {"account": 5}, {"account": {}}):
        reply = world.call("operations", "POST", f"{BUYERS}/{BUYER}/transfer", body)
        assert (reply.status, next(iter(reply.json["errors"]))[:7]) == (400, "account")
    for who, status in (("client", 403), ("other client", 404), ("vendor", 404)):
        assert world.call(who, "POST", f"{BUYERS}/{BUYER}/transfer", {"account": refer(TAKER)}).status == status
    assert world.call("other client", "GET", f"{BUYERS}/{BUYER}").status == 404


def test_accounts_without_a_number_are_not_of_one_customer(world):
    for account in (GIVER, TAKER):
        ok(world.call("operations", "POST", f"{ACCOUNTS}/{account}/deactivate"))
    refused = go(world)
    assert (refused.status, refused.json["errors"]) == (
        400,
        {"account.id": ["Both accounts must have the same externalId."]},
    )


def test_a_disabled_account_is_given_nothing_and_a_deleted_buyer_goes_nowhere(world):
    ok(world.call("operations", "POST", f"{ACCOUNTS}/{TAKER}/disable"))
    assert go(world).status == 400
    assert world.call("operations", "DELETE", f"{BUYERS}/{SECOND_BUYER}").status == 204
    assert go(world, SECOND_BUYER).status == 409


def test_bills_that_are_shared_are_parted_first(world):
    held = completed(world)["agreement"]["id"]
    body = {"allocations": [{"buyer": refer(BUYER)}, {"buyer": refer(SECOND_BUYER)}]}
    ok(world.call("client", "POST", f"/commerce/agreements/{held}/split", body))
    assert [go(world, each).status for each in (BUYER, SECOND_BUYER)] == [409, 409]
    assert ok(world.call("client", "GET", f"/accounts/licensees/{SECOND_LICENSEE}"))["account"]["id"] == GIVER


def test_vendors_do_not_count_what_a_buyer_has(world):
    placed(world)
    assert world.call("vendor", "GET", f"{BUYERS}/{BUYER}").status == 200
    assert world.call("vendor", "GET", f"{BUYERS}/{BUYER}/transfer").status == 403
