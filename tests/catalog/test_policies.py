"""Pricing policies: a client's own markup on some products, one for each, and what rests on it."""

import json
from typing import Any

import pytest

from tests.parts import PDF, Part, in_parts, kind_of
from tests.party import Api, at_once, ok
from tests.serving import Served
from tests.world import AUTOMATIC, OTHER_PRODUCT, PRODUCT, purchase, refer

POLICIES = "/catalog/pricing-policies"
CLIENT, OTHER_CLIENT = "ACC-2001-0001", "ACC-2002-0001"
ONE_OR_MORE = "One or more validation errors occurred."


def said(client: str = CLIENT, product: str = OTHER_PRODUCT, **more: Any) -> dict[str, Any]:
    return {"name": "Policy", "client": refer(client), "product": refer(product), "markup": 5, **more}


def granted(api: Api, **more: Any) -> tuple[str, Any]:
    """A new policy, and its address."""
    found = ok(api("operations").post(POLICIES, said(**more)))
    return f"{POLICIES}/{found['id']}", found


@pytest.fixture(autouse=True)
def ended(api: Api):
    """No policy of one test is in the way of the next."""
    yield
    for each in ok(api("operations").get(f"{POLICIES}?limit=100&eq(status,Active)"))["data"]:
        ok(api("operations").post(f"{POLICIES}/{each['id']}/disable"))


def test_one_is_granted_changed_disabled_activated_and_deleted(api: Api):
    at, found = granted(api, margin=None, notes="Loyal", externalIds={"operations": "P-1"})
    assert found["id"].startswith("PRP-") and found["status"] == "Active"
    assert [each["id"] for each in found["products"]] == [OTHER_PRODUCT]
    assert (found["markup"], found["margin"]) == (5, 4.7619047619)
    assert found["statistics"] == {"orders": 0, "attachments": 0}
    seen = ok(api("client").get(at))
    assert seen["name"] == "Policy" and not {"markup", "margin", "notes", "statistics"} & seen.keys()
    for who in ("other client", "vendor"):
        assert api(who).get(at).status == 404
    assert ok(api("operations").put(at, {"margin": "0.20"}))["markup"] == 0.2004008016
    both = [refer(OTHER_PRODUCT), refer(AUTOMATIC)]
    assert len(ok(api("operations").put(at, {"products": both, "client": refer(OTHER_CLIENT)}))["products"]) == 2
    assert ok(api("operations").get(at))["client"]["id"] == CLIENT
    off = ok(api("operations").post(f"{at}/disable"))
    assert off["status"] == "Disabled" and off["audit"]["deactivated"]["by"]
    assert api("operations").post(f"{at}/disable").status == 409
    on = ok(api("operations").post(f"{at}/activate"))
    assert on["status"] == "Active" and on["audit"]["activated"]["by"]
    for who, status in (("client", 403), ("other client", 404), ("vendor", 404)):
        assert api(who).put(at, {"markup": 0}).status == status
        assert api(who).post(f"{at}/disable").status == status
        assert api(who).delete(at).status == status
    assert api("operations").delete(at).status == 204
    for who in ("client", "operations"):
        assert api(who).get(at).status == 404 or who == "operations"


@pytest.mark.parametrize(
    ("body", "title", "faults"),
    [
        ({}, ONE_OR_MORE, {"name", "client", "products", "markup"}),
        ({"name": "x", "client": refer(CLIENT), "markup": 1}, ONE_OR_MORE, {"products"}),
        ({"name": "x", "client": refer(CLIENT), "product": refer(PRODUCT)}, ONE_OR_MORE, {"markup"}),
        (said(client="ACC-0000-0000"), "Bad Request", {"client.id"}),
        (said(product="PRD-0000-0000"), "Bad Request", {"products[0].id"}),
        (said(markup="x"), "Bad Request", {"markup"}),
        (said(markup=None, margin=100), "Bad Request", {"margin"}),
        (said(name=""), "Bad Request", {"name"}),
        (said(product=None, products="all"), "Bad Request", {"products"}),
    ],
)  # fmt: skip
def test_what_a_policy_lacks_is_told(api: Api, body: Any, title: str, faults: set[str]):
    reply = api("operations").post(POLICIES, body)
    assert (reply.status, reply.json["title"]) == (400, title), reply.json
    assert faults <= set(reply.json["errors"])


def test_two_are_not_for_the_same_client_and_product(api: Api):
    at, found = granted(api, eligibility={"client": True, "partner": False})
    for more in ({}, {"eligibility": {"client": True, "partner": True}}, {"product": None, "products": [refer(PRODUCT), refer(OTHER_PRODUCT)]}):  # fmt: skip
        body = {name: value for name, value in said(**more).items() if value is not None}
        reply = api("operations").post(POLICIES, body)
        assert reply.status == 409 and found["id"] in reply.json["detail"], reply.json
    for more in ({"client": OTHER_CLIENT}, {"product": PRODUCT}, {"eligibility": {"client": False, "partner": True}}):
        granted(api, **more)
    ok(api("operations").post(f"{at}/disable"))
    granted(api, eligibility={"client": True})
    assert api("operations").post(f"{at}/activate").status == 409
    assert api("operations").put(at, {"name": "Resting"}).status == 200


def test_of_several_that_come_at_once_one_is_granted(api: Api, served: Served):
    for _ in range(3):
        replies = at_once(*(lambda: api("operations").post(POLICIES, said(product=AUTOMATIC)) for _ in range(6)))
        assert sorted(reply.status for reply in replies) == [201, 409, 409, 409, 409, 409]
        made = next(reply for reply in replies if reply.status == 201)
        ok(api("operations").post(f"{POLICIES}/{made.json['id']}/disable"))


def test_an_order_is_priced_by_the_policy_of_its_client(api: Api):
    def price() -> Any:
        order = ok(api("client").post("/commerce/orders", purchase(product=PRODUCT)))
        line = ok(api("operations").get(f"/commerce/orders/{order['id']}"))["lines"][0]
        return line["price"]["markup"], line["price"]["unitSP"], line["price"]["markupSource"]["type"]

    assert price() == (10, 132, "PriceList")
    at, _ = granted(api, product=PRODUCT)
    assert price() == (5, 126, "PricingPolicy")
    ok(api("operations").put(at, {"markup": 50}))
    assert price()[:2] == (50, 180)
    assert ok(api("operations").get(at))["statistics"]["orders"] == 2
    ok(api("operations").post(f"{at}/disable"))
    assert price()[0] == 10


def test_what_a_policy_rests_on_is_for_operations_alone(api: Api, served: Served):
    at, _ = granted(api, client=OTHER_CLIENT, product=AUTOMATIC)
    content = b"%PDF-1.7 agreed"
    reply = served.call("operations", "POST", f"{at}/attachments", {"name": "Agreed"}, file=Part("file", content, PDF, "agreed.pdf"))  # fmt: skip
    found = ok(reply)
    path = f"{at}/attachments/{found['id']}"
    assert found["id"].startswith(f"PPA-{at[-14:]}") and found["filename"] == "agreed.pdf"
    assert api("operations").get(path, accept=PDF).body == content
    assert ok(api("operations").put(path, {"name": "Renamed", "filename": "x.exe"}))["filename"] == "agreed.pdf"
    assert ok(api("operations").get(at))["statistics"]["attachments"] == 1
    for who in ("client", "other client", "vendor"):
        assert api(who).get(f"{at}/attachments").status in (403, 404)
        assert api(who).get(path).status == 404
        assert api(who).get(path, accept=PDF).status == 404
        assert api(who).put(path, {"name": "x"}).status == 404
        assert api(who).delete(path).status == 404
        body = in_parts(Part("attachment", json.dumps({"name": "x"}).encode(), "application/json"))
        assert served.call(who, "POST", f"{at}/attachments", raw=body, content_type=kind_of()).status in (403, 404)
    without = served.call("operations", "POST", f"{at}/attachments", {"description": "x"})
    assert (without.status, without.json["title"], set(without.json["errors"])) == (400, ONE_OR_MORE, {"name", "file"})
    assert api("operations").delete(path).status == 204
    assert api("operations").get(path).status == 404
    assert not served.fetch("select from files where name = 'agreed.pdf'")
