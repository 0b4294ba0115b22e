"""What a vendor prepares on an order, over HTTP: subscriptions for recurring lines, assets for what is bought once.

The tables of who and when are written from the specification (2.8 and 2.9), not read from the code.
"""

from typing import Any

import pytest

from tests import purchases
from tests.party import Api, ok
from tests.serving import Served
from tests.world import MONTHLY, ONCE, YEARLY, purchase, refer

STATES = ("Draft", "Quoted", "Processing", "Querying", "Completed", "Failed", "Deleted")
ACTORS = ("client", "vendor", "operations")
STRANGERS = ("other client", "other vendor")
PREPARED = {"subscriptions": YEARLY, "assets": ONCE}

WHEN = {
    # what                        by             in these states of the order
    ("subscriptions", "create"): {"vendor":      "Quoted Processing Querying"},
    ("subscriptions", "update"): {"vendor":      "Quoted Processing Querying",
                                  "client":      "Quoted Processing Querying Completed Failed",
                                  "operations":  "Quoted Processing Querying Completed Failed"},
    ("subscriptions", "delete"): {"vendor":      "Quoted Processing Querying",
                                  "client":      "Quoted Processing Querying"},
    ("assets", "create"):        {"vendor":      "Draft Quoted Processing Querying"},
    ("assets", "update"):        {"vendor":      "Draft Quoted Processing Querying",
                                  "client":      "Draft Quoted Processing Querying Completed",
                                  "operations":  "Draft Quoted Processing Querying Completed"},
    ("assets", "delete"):        {"vendor":      "Draft Quoted Processing Querying"},
}  # fmt: skip
SUCCESS = {"create": 201, "update": 200, "delete": 204}
EXISTS_IN = {
    # Of an order that failed, the draft of an asset is gone for good; that of a subscription stays, as Deleted.
    "subscriptions": ("Quoted", "Processing", "Querying", "Completed", "Failed"),
    "assets": ("Draft", "Quoted", "Processing", "Querying", "Completed"),
}


def expected(what: str, action: str, state: str, actor: str) -> int:
    by = WHEN[what, action]
    if actor not in by:
        return 403
    return SUCCESS[action] if state in by[actor].split() else 409


def in_state(served: Served, state: str, *, prepared: str = "") -> tuple[str, str]:
    """The path of an order played to a state, and of what was prepared on it, as late as can be."""
    client, vendor = (lambda *given: purchases.ok(served.call("client", *given))), _vendor(served)
    order = client("POST", "/commerce/orders", purchase(status="Processing" if state in AFTER_PLACING else "Draft"))
    path, made = f"/commerce/orders/{order['id']}", ""
    if state == "Quoted":
        client("POST", f"{path}/quote")
    if prepared:
        made = f"{path}/{prepared}/" + vendor("POST", f"{path}/{prepared}", body_of(order, prepared))["id"]
    if state == "Querying":
        vendor("POST", f"{path}/query")
    if state == "Completed":
        if prepared != "subscriptions":
            vendor("POST", f"{path}/subscriptions", body_of(order, "subscriptions"))
        vendor("POST", f"{path}/complete")
    if state == "Failed":
        vendor("POST", f"{path}/fail", {"statusNotes": {"message": "No."}})
    if state == "Deleted":
        client("DELETE", path)
    return path, made


AFTER_PLACING = ("Processing", "Querying", "Completed", "Failed")


def _vendor(served: Served):
    return lambda *given: purchases.ok(served.call("vendor", *given))


def body_of(order: Any, what: str, **more: Any) -> dict[str, Any]:
    line = next(each for each in order["lines"] if each["item"]["id"] == PREPARED[what])
    return {"name": "Prepared", "lines": [{"id": line["id"]}], **more}


@pytest.mark.parametrize("what", PREPARED)
@pytest.mark.parametrize("state", STATES)
def test_it_is_begun_by_the_vendor_while_the_order_is_open_for_it(api, served, what, state):
    path, _ = in_state(served, state)
    order = ok(api("vendor").get(path))
    for actor in ("client", "operations", *STRANGERS, "vendor"):
        status = 404 if actor in STRANGERS else expected(what, "create", state, actor)
        reply = api(actor).post(f"{path}/{what}", body_of(order, what))
        taken = status == 409 or state == "Completed"
        assert (actor, reply.status) == (actor, status), reply.json
        if status == 201:
            assert reply.json["status"] == "Draft"
            assert reply.headers["location"].endswith(f"{path}/{what}/{reply.json['id']}")
        assert taken or reply.status != 409


CHANGES = [(what, action, state) for what, action in WHEN if action != "create" for state in EXISTS_IN[what]]


@pytest.mark.parametrize(("what", "action", "state"), CHANGES)
def test_it_is_changed_and_taken_back_by_whom_the_specification_says(api, served, what, action, state):
    _, path = in_state(served, state, prepared=what)
    for actor in ("other vendor", "operations", "client", "vendor"):
        status = 404 if actor == "other vendor" else expected(what, action, state, actor)
        if action == "update":
            reply = api(actor).put(path, {"externalIds": {actor: f"by {actor}"}})
        else:
            reply = api(actor).delete(path)
        assert (actor, reply.status) == (actor, status), reply.json
        if reply.status == 204:
            assert api("vendor").get(path).status == 404
            break


def test_a_draft_that_the_vendor_took_back_leaves_its_lines_free(api, served):
    path, made = in_state(served, "Processing", prepared="subscriptions")
    assert ok(api("vendor").get(path))["lines"][0]["subscription"]["id"] == made[-18:]
    ok(api("vendor").delete(made))
    order = ok(api("vendor").get(path))
    assert not any("subscription" in line for line in order["lines"])
    assert order["subscriptions"] == []
    ok(api("vendor").post(f"{path}/subscriptions", body_of(order, "subscriptions")))


# What it is made of -----------------------------------------------------------------------------------


@pytest.fixture
def order(served: Served) -> Any:
    """An order in Processing with three recurring lines, of which one is monthly, and a one-time one."""
    lines = [{"item": refer(item), "quantity": 2} for item in (YEARLY, MONTHLY, ONCE)]
    return purchases.ok(served.call("client", "POST", "/commerce/orders", purchase(status="Processing", lines=lines)))


def line_of(order: Any, item: str) -> dict[str, str]:
    return {"id": next(each["id"] for each in order["lines"] if each["item"]["id"] == item)}


REFUSED = [
    # what            the body, with items for lines             the fault is at
    ("subscriptions", {"name": "S", "lines": [ONCE]},             "lines[0].id"),     # bought once
    ("subscriptions", {"name": "S", "lines": [YEARLY, MONTHLY]},  "lines"),           # other terms
    ("subscriptions", {"name": "S", "lines": []},                 "lines"),
    ("subscriptions", {"name": "S"},                              "lines"),
    ("subscriptions", {"lines": [YEARLY]},                        "name"),
    ("subscriptions", {"name": " ", "lines": [YEARLY]},           "name"),
    ("subscriptions", {"name": "S", "lines": ["ALI-0"]},          "lines[0].id"),
    ("assets",        {"name": "A", "lines": [YEARLY]},           "lines[0].id"),     # recurs
    ("assets",        {"name": "A", "lines": []},                 "lines"),
    ("assets",        {"lines": [ONCE]},                          "name"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "body", "at"), REFUSED)
def test_what_does_not_fit_is_refused_where_it_stands(api: Api, order, what, body, at):
    if "lines" in body:
        lines = [line_of(order, item) if item.startswith("ITM") else {"id": item} for item in body["lines"]]
        body = {**body, "lines": lines}
    reply = api("vendor").post(f"/commerce/orders/{order['id']}/{what}", body)
    assert (reply.status, at in reply.json["errors"]) == (400, True), reply.json
    assert ok(api("vendor").get(f"/commerce/orders/{order['id']}"))[what] == []


@pytest.mark.parametrize(("what", "item"), PREPARED.items())
def test_a_line_belongs_to_one_of_them_at_most(api, order, what, item):
    path = f"/commerce/orders/{order['id']}/{what}"
    first = ok(api("vendor").post(path, {"name": "One", "lines": [line_of(order, item)]}))
    again = api("vendor").post(path, {"name": "Two", "lines": [line_of(order, item)]})
    assert (again.status, list(again.json["errors"])) == (400, ["lines[0].id"])
    assert first["id"] in again.json["errors"]["lines[0].id"][0]


def test_a_subscription_takes_terms_and_price_from_its_lines(api, order):
    path = f"/commerce/orders/{order['id']}/subscriptions"
    made = ok(api("vendor").post(path, {"name": "S", "lines": [line_of(order, YEARLY)], "autoRenew": False}))
    assert made["terms"] == {"model": "quantity", "period": "1y", "commitment": "1y"}
    assert made["price"] == {"currency": "EUR", "PPxM": 20.0, "PPxY": 240.0}
    assert (made["status"], made["autoRenew"], made["agreement"]["id"]) == ("Draft", False, order["agreement"]["id"])
    assert [line["id"] for line in made["lines"]] == [line_of(order, YEARLY)["id"]]
    client = ok(api("client").get(f"{path}/{made['id']}"))
    assert client["price"] == {"currency": "EUR", "SPxM": 22.0, "SPxY": 264.0}
    assert ok(api("vendor").get(f"{path}/{made['id']}")) == made


def test_an_asset_whose_line_the_client_takes_away_costs_nothing_any_more(api, served):
    order = ok(api("client").post("/commerce/orders", purchase()))
    path = f"/commerce/orders/{order['id']}"
    asset = ok(api("vendor").post(f"{path}/assets", {"name": "A", "lines": [line_of(order, ONCE)]}))
    assert asset["price"]["PPx1"] == 350.0
    ok(api("client").put(path, {"lines": [line_of(order, YEARLY)]}))
    left = ok(api("operations").get(f"{path}/assets/{asset['id']}"))
    assert left["lines"] == [] and set(left["price"]) == {"currency"}


def test_an_asset_takes_terms_and_price_from_its_lines(api, order):
    path = f"/commerce/orders/{order['id']}/assets"
    made = ok(api("vendor").post(path, {"name": "A", "lines": [line_of(order, ONCE)]}))
    assert made["terms"] == {"model": "one-time", "period": "one-time"}
    assert made["price"] == {"currency": "EUR", "PPx1": 700.0}


def test_the_prices_of_what_is_prepared_follow_the_vendors_prices_of_its_lines(api, order):
    path = f"/commerce/orders/{order['id']}"
    subscription = ok(api("vendor").post(f"{path}/subscriptions", {"name": "S", "lines": [line_of(order, YEARLY)]}))
    asset = ok(api("vendor").post(f"{path}/assets", {"name": "A", "lines": [line_of(order, ONCE)]}))
    lines = [{**line_of(order, YEARLY), "price": {"unitPP": 60}}, {**line_of(order, ONCE), "price": {"unitPP": 100}}]
    ok(api("vendor").put(path, {"lines": lines}))
    assert ok(api("vendor").get(f"{path}/subscriptions/{subscription['id']}"))["price"]["PPxY"] == 120.0
    assert ok(api("vendor").get(f"{path}/assets/{asset['id']}"))["price"]["PPx1"] == 200.0


def test_the_vendor_finds_its_own_by_external_id(api, order):
    """The look-up of the vendors' extensions (spec 2.8)."""
    path = f"/commerce/orders/{order['id']}/subscriptions"
    ids = {"vendor": "vend-sub-77", "client": "not the vendor's"}
    made = ok(api("vendor").post(path, {"name": "S", "lines": [line_of(order, YEARLY)], "externalIds": ids}))
    assert made["externalIds"] == {"vendor": "vend-sub-77"}
    found = ok(api("vendor").get(f"{path}?eq(externalIds.vendor,vend-sub-77)&limit=1"))
    assert (found["$meta"]["pagination"]["total"], found["data"][0]["id"]) == (1, made["id"])
    assert ok(api("vendor").get(f"{path}?eq(externalIds.vendor,other)&limit=1"))["data"] == []


def test_each_party_writes_its_own_fields_and_no_others(api, order):
    path = f"/commerce/orders/{order['id']}/subscriptions"
    made = ok(api("vendor").post(path, {"name": "S", "lines": [line_of(order, YEARLY)]}))
    path = f"{path}/{made['id']}"
    ids = {"client": "c", "vendor": "v", "operations": "o"}
    date = "2099-01-31T00:00:00.000Z"
    for actor in ACTORS:
        ok(api(actor).put(path, {"name": f"By {actor}", "externalIds": ids, "status": "Active", "lines": None}))
        assert ok(api(actor).get(path))["externalIds"] == {actor: actor[0]}
    found = ok(api("vendor").get(path))
    assert (found["name"], found["status"]) == ("By vendor", "Draft")
    ok(api("client").put(path, {"commitmentDate": date, "autoRenew": False}))
    assert ok(api("client").get(path)).get("commitmentDate") is None
    assert ok(api("operations").put(path, {"commitmentDate": date}))["commitmentDate"] == date


COMMITMENTS = [
    # commitment date             is
    ("2099-01-31T00:00:00.000Z",  200),
    ("2001-01-31T00:00:00.000Z",  400),
    ("soon",                      400),
    (None,                        200),
]  # fmt: skip


@pytest.mark.parametrize(("date", "status"), COMMITMENTS)
@pytest.mark.parametrize("actor", ["vendor", "operations"])
def test_a_commitment_lies_ahead_or_at_most_a_year_back(api, order, actor, date, status):
    path = f"/commerce/orders/{order['id']}/subscriptions"
    made = ok(api("vendor").post(path, {"name": "S", "lines": [line_of(order, YEARLY)]}))
    reply = api(actor).put(f"{path}/{made['id']}", {"commitmentDate": date})
    assert reply.status == status, reply.json
    if status == 400:
        assert list(reply.json["errors"]) == ["commitmentDate"]


def test_a_subscription_that_is_left_no_line_is_gone(api, order):
    path = f"/commerce/orders/{order['id']}/subscriptions"
    made = ok(api("vendor").post(path, {"name": "S", "lines": [line_of(order, YEARLY)]}))
    ok(api("vendor").put(f"{path}/{made['id']}", {"lines": []}))
    assert api("vendor").get(f"{path}/{made['id']}").status == 404
    assert "subscription" not in ok(api("vendor").get(path.rpartition("/")[0]))["lines"][0]


def test_the_lines_of_what_is_prepared_are_a_whole_set(api, served):
    lines = [{"item": refer(YEARLY), "quantity": 1}, {"item": refer(ONCE), "quantity": 1}]
    path, made = in_state(served, "Processing", prepared="assets")
    order = ok(api("vendor").get(path))
    assert len(order["lines"]) == len(lines)
    ok(api("vendor").put(made, {"name": "Renamed"}))
    assert len(ok(api("vendor").get(made))["lines"]) == 1
    ok(api("vendor").put(made, {"lines": [line_of(order, ONCE)]}))
    assert [each["id"] for each in ok(api("vendor").get(made))["lines"]] == [line_of(order, ONCE)["id"]]


TEMPLATES = [
    # what            template                 is
    ("subscriptions", "TPL-5001-0001-0004",    201),
    ("subscriptions", "TPL-5001-0001-0005",    400),    # one for assets
    ("subscriptions", "TPL-5002-0001-0004",    400),    # another product's
    ("assets",        "TPL-5001-0001-0005",    201),
    ("assets",        "TPL-5001-0001-0001",    400),    # one for orders
]  # fmt: skip


@pytest.mark.parametrize(("what", "text", "status"), TEMPLATES)
def test_a_template_is_one_of_the_product_and_of_the_kind(api, order, what, text, status):
    body = body_of(order, what, template={"id": text})
    reply = api("vendor").post(f"/commerce/orders/{order['id']}/{what}", body)
    assert reply.status == status, reply.json
    if status == 201:
        assert reply.json["template"]["id"] == text
    else:
        assert list(reply.json["errors"]) == ["template.id"]


@pytest.mark.parametrize(("what", "text"), [("subscriptions", "TPL-5001-0001-0004"), ("assets", "TPL-5001-0001-0005")])
def test_without_a_choice_it_has_the_products_default_text(api, order, what, text):
    for body in (body_of(order, what), body_of(order, what, template=None)):
        path = f"/commerce/orders/{order['id']}/{what}"
        made = ok(api("vendor").post(path, body))
        assert made["template"]["id"] == text
        ok(api("vendor").delete(f"{path}/{made['id']}"))


def test_it_is_read_rendered(api, order):
    body = body_of(order, "subscriptions", template={"id": "TPL-5001-0001-0004"})
    made = ok(api("vendor").post(f"/commerce/orders/{order['id']}/subscriptions", body))
    text = ok(api("client").get(f"/commerce/orders/{order['id']}/subscriptions/{made['id']}/render"))
    assert text.startswith("# Subscription")


def test_the_vendors_parameters_of_a_subscription_are_filled_by_external_id(api, order):
    given = {"fulfillment": [{"externalId": "sku", "value": "DRAW-PRO-A1"}]}
    made = ok(
        api("vendor").post(
            f"/commerce/orders/{order['id']}/subscriptions", body_of(order, "subscriptions", parameters=given)
        )
    )
    (sku,) = made["parameters"]["fulfillment"]
    assert (sku["externalId"], sku["value"], sku["displayValue"]) == ("sku", "DRAW-PRO-A1", "DRAW-PRO-A1")
    unknown = {"fulfillment": [{"externalId": "nonsense", "value": "x"}]}
    path = f"/commerce/orders/{order['id']}/subscriptions/{made['id']}"
    reply = api("vendor").put(path, {"parameters": unknown})
    assert (reply.status, list(reply.json["errors"])) == (400, ["parameters.fulfillment[0]"])
