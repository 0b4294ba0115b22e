"""Baskets: several products at once, all or nothing, and where they are folded from (docs/baskets.md)."""

from tests.party import ok
from tests.world import LICENSEE, MONTHLY, OTHER_YEARLY, YEARLY, refer

BASKETS = "/commerce/baskets"
AUTOMATIC_YEARLY = "ITM-5001-0002-0001"
ANSWERS = {"ordering": [{"externalId": "company", "value": "Northwind"}]}


def line(item, quantity=5, **more):
    return {"item": refer(item), "quantity": quantity, "parameters": ANSWERS} | more


def basket(*lines, **more):
    return {"licensee": refer(LICENSEE), "lines": list(lines) or [line(YEARLY)]} | more


def started(served, *lines, **more):
    return ok(served.call("client", "POST", BASKETS, basket(*lines, **more)))


def now(served, made, who="client"):
    return ok(served.call(who, "GET", f"{BASKETS}/{made['id']}"))


def test_one_request_becomes_a_purchase_and_an_agreement_for_each_product(api, served):
    made = started(served, line(YEARLY), line(OTHER_YEARLY, 3), line(MONTHLY, 2, parameters=None))
    assert (made["status"], [each["status"] for each in made["lines"]]) == ("Processing", ["Processing"] * 3)
    first, second, third = made["lines"]
    assert first["order"]["id"] == third["order"]["id"] != second["order"]["id"]
    assert [each["number"] for each in made["lines"]] == [1, 2, 3]
    assert (first["price"]["currency"], first["price"]["unitSP"], first["price"]["SPxY"]) == ("EUR", 132, 660)
    order = ok(api("client").get(f"/commerce/orders/{first['order']['id']}"))
    assert (order["type"], order["status"], len(order["lines"])) == ("Purchase", "Processing", 2)
    agreement = ok(api("client").get(f"/commerce/agreements/{order['agreement']['id']}"))
    assert agreement["basket"]["id"] == made["id"]
    seen = ok(api("vendor").get(f"/commerce/agreements/{order['agreement']['id']}"))
    assert "basket" not in seen
    assert now(served, made, "operations")["lines"][0]["order"]["id"] == order["id"]
