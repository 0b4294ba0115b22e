"""Webhooks of vendors: who has them, what they say, and what nobody is told."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.notifications.validating import CHOSEN, DRAFT, WEBHOOKS, body, registered
from tests.party import Party, at_once, ok
from tests.serving import Served
from tests.world import ACCOUNTS, OTHER_PRODUCT, PRODUCT, SECRET, refer

Row = dict[str, Any]
Api = Callable[[str], Party]
URL = "https://extension.example/validate"
UNKNOWN = "WBH-9999-9999"


@pytest.fixture(scope="module", autouse=True)
def limited(served: Served) -> None:
    """Tokens of the vendor that may do less than it may."""
    lines = [
        {"$kind": "accounts/modules", "id": "MOD-8743", "name": "Notifications", "code": "notifications"},
        *(
            {"$kind": "accounts/api-tokens", "id": token, "name": name, "account": refer(ACCOUNTS["vendor"][0]),
             "token": f"idt:{token}:{SECRET}", "status": "Active", **more}
            for token, name, more in (
                ("TKN-3001-1001", "orders", {"modules": [refer("MOD-1001")]}),
                ("TKN-3001-1002", "notifications", {"modules": [refer("MOD-8743")]}),
                ("TKN-3001-1003", "both", {"modules": [refer("MOD-1001"), refer("MOD-8743")]}),
                ("TKN-3001-1009", "agent", {"heldBy": "agent"}),
            )
        ),
    ]  # fmt: skip
    served.load(lines)


@pytest.fixture(autouse=True)
def afterwards(api: Api) -> Iterator[None]:
    yield
    for each in ok(api("operations").get(f"{WEBHOOKS}?limit=1000"))["data"]:
        assert api("operations").delete(f"{WEBHOOKS}/{each['id']}").status == 204


def count(api: Api) -> int:
    return ok(api("operations").get(f"{WEBHOOKS}?limit=0"))["$meta"]["pagination"]["total"]


def test_a_vendor_registers_one_for_its_product(api: Api):
    made = ok(api("vendor").post(WEBHOOKS, {**body(URL), "name": "Ours", "description": "Looks at drafts."}))
    assert made["id"].startswith("WBH-") and len(made["id"]) == 13
    assert {name: made[name] for name in ("name", "description", "status", "type", "url", "objectType", "criteria")} == {
        "name": "Ours", "description": "Looks at drafts.", "status": "Enabled", "type": DRAFT, "url": URL,
        "objectType": "Order", "criteria": {"product.id": PRODUCT}}  # fmt: skip
    assert made["account"]["id"] == ACCOUNTS["vendor"][0]
    assert (made["object"]["id"], made["object"]["name"]) == (PRODUCT, "Alpha Suite")
    assert ok(api("vendor").get(f"{WEBHOOKS}/{made['id']}?select=criteria"))["criteria"] == {"product.id": PRODUCT}
    listed = ok(api("vendor").get(f"{WEBHOOKS}?eq(type,validatepurchaseorderdraft)"))
    assert [each["id"] for each in listed["data"]] == [made["id"]]
    assert {"statistics", "lastCall", "lastSuccess", "lastFailure", "audit"} <= set(listed["$meta"]["omitted"])
    zero = ok(api("vendor").get(f"{WEBHOOKS}/{made['id']}?select=statistics"))["statistics"]
    assert zero == {"total": 0, "successes": 0, "failures": 0, "failuresSinceLastSuccess": 0}


def test_it_is_enabled_disabled_changed_and_removed(api: Api):
    made = registered(api, URL)
    path = f"{WEBHOOKS}/{made['id']}"
    assert ok(api("vendor").post(f"{path}/disable"))["status"] == "Disabled"
    assert api("vendor").post(f"{path}/disable").status == 409
    assert ok(api("vendor").post(f"{path}/enable"))["status"] == "Enabled"
    assert api("vendor").post(f"{path}/enable").status == 409
    changed = ok(api("vendor").put(path, {"url": "http://localhost:8080/x", "description": "New", "status": "Disabled",
                                          "type": "ValidateRequest", "account": refer("ACC-1"), "object": None}))  # fmt: skip
    assert (changed["url"], changed["status"], changed["type"]) == ("http://localhost:8080/x", "Enabled", DRAFT)
    assert changed["object"]["id"] == PRODUCT and changed["account"]["id"] == ACCOUNTS["vendor"][0]
    assert api("vendor").put(path, {"url": URL}, if_match='"1"').status == 412
    assert api("vendor").delete(path).status == 204
    assert api("vendor").get(path).status == 404
    assert registered(api, URL)["id"] != made["id"]


def test_a_secret_is_given_or_made_and_shown_to_whoever_makes_it_and_asks_for_it(api: Api):
    made = registered(api, URL)
    path = f"{WEBHOOKS}/{made['id']}"
    assert made["secret"] == CHOSEN
    assert "secret" not in ok(api("vendor").get(path))
    assert "secret" not in ok(api("vendor").get(WEBHOOKS))["data"][0]
    assert "secret" not in ok(api("vendor").put(path, {"name": "x"}))
    assert "secret" not in ok(api("vendor").post(f"{path}/disable"))
    assert ok(api("vendor").get(f"{path}?select=secret"))["secret"] == CHOSEN
    assert ok(api("vendor").put(path, {"secret": "another"})).get("secret", "another") == "another"
    assert ok(api("vendor").get(f"{path}?select=secret"))["secret"] == "another"
    assert api("vendor").get(f"{WEBHOOKS}?eq(secret,another)").status == 400
    (row,) = api("vendor").served.fetch("select secret from webhooks where id = $1", made["id"])
    assert "another" not in row[0], "it is kept sealed"
    trail = json.dumps(ok(api("vendor").get(f"/audit/records?eq(object.id,{made['id']})&select=documents,details")))
    assert made["id"] in trail and CHOSEN not in trail and "another" not in trail
    given = {name: value for name, value in body(URL, "SelectOrderLines").items() if name != "secret"}
    first = ok(api("vendor").post(WEBHOOKS, given))["secret"]
    second = ok(api("vendor").post(WEBHOOKS, {**given, "type": "ValidateRequest"}))["secret"]
    assert len(first) > 40 and first != second


def test_of_one_type_there_is_one_for_each_product(api: Api):
    made = registered(api, URL)
    again = api("vendor").post(WEBHOOKS, body("https://other.example/"))
    assert again.status == 409 and made["id"] in again.json["detail"]
    registered(api, URL, "ValidateChangeOrderDraft")
    registered(api, URL, product="PRD-5001-0002")
    registered(api, URL, who="other vendor", product=OTHER_PRODUCT)
    other = registered(api, URL, "ValidateChangeOrderDraft", product="PRD-5001-0002")
    moved = api("vendor").put(f"{WEBHOOKS}/{other['id']}", {"criteria": {"product.id": PRODUCT}})
    assert moved.status == 409
    assert ok(api("vendor").get(f"{WEBHOOKS}/{other['id']}"))["object"]["id"] == "PRD-5001-0002"


def test_of_many_who_register_at_once_one_does(api: Api):
    replies = at_once(*(lambda: api("vendor").post(WEBHOOKS, body(URL)) for _ in range(8)))
    assert sorted(each.status for each in replies) == [201] + [409] * 7
    accounts = at_once(
        *(lambda: api("operations").post(WEBHOOKS, {"type": "ValidateAccount", "url": URL}) for _ in range(4))
    )
    assert sorted(each.status for each in accounts) == [201] + [409] * 3


def test_operations_see_all_and_set_them_up_for_vendors(api: Api):
    made = registered(api, URL, who="operations")
    assert made["account"]["id"] == ACCOUNTS["vendor"][0]
    assert api("vendor").post(WEBHOOKS, body(URL)).status == 409
    assert ok(api("vendor").get(f"{WEBHOOKS}/{made['id']}?select=secret"))["secret"] == CHOSEN
    registered(api, URL, who="other vendor", product=OTHER_PRODUCT)
    assert count(api) == 2


def test_a_stranger_finds_nothing(api: Api):
    made = registered(api, URL)
    path = f"{WEBHOOKS}/{made['id']}"
    words = {who: api(who).get(path).json["detail"].replace(made["id"], "X") for who in ("client", "other vendor")}
    assert words == {who: f"Webhook {UNKNOWN} was not found.".replace(UNKNOWN, "X") for who in words}
    for who in ("client", "restricted", "other client", "other vendor"):
        for reply in (api(who).get(path), api(who).put(path, {"url": URL}), api(who).delete(path),
                      api(who).post(f"{path}/disable")):  # fmt: skip
            assert reply.status == 404, (who, reply.body)
        assert api(who).get(f"{path}/calls").status == (404 if who == "other vendor" else 403)
        assert made["id"] not in json.dumps(api(who).get(f"{WEBHOOKS}?eq(id,{made['id']})").json)
        assert made["id"] not in json.dumps(api(who).get("/audit/records?limit=1000&select=documents").json)
    for who in ("client", "other client"):
        assert api(who).get(WEBHOOKS).status == 403
        assert api(who).post(WEBHOOKS, body(URL)).status == 403
    assert api("other vendor").post(WEBHOOKS, body(URL)).json["errors"] == {
        "criteria.product.id": [f"Product {PRODUCT!r} was not found."]}  # fmt: skip


@pytest.mark.parametrize(("name", "status"), [
    ("TKN-3001-1001", 403), ("TKN-3001-1002", 403), ("TKN-3001-1003", 201), ("TKN-3001-1009", 403),
])  # fmt: skip
def test_it_takes_both_modules_and_no_agent_since_whole_orders_are_sent(
    api: Api, served: Served, name: str, status: int
):
    token = f"idt:{name}:{SECRET}"
    assert served.call(token, "POST", WEBHOOKS, body(URL)).status == status
    if status != 201:
        made = registered(api, URL)
        changed = served.call(token, "PUT", f"{WEBHOOKS}/{made['id']}", {"url": "https://mine.example/"})
        assert changed.status == (404 if name == "TKN-3001-1002" else 403)
        assert ok(api("vendor").get(f"{WEBHOOKS}/{made['id']}"))["url"] == URL


@pytest.mark.parametrize(("more", "path"), [
    ({"type": None}, "type"),
    ({"type": "ValidateEverything"}, "type"),
    ({"type": 5}, "type"),
    ({"url": None}, "url"),
    ({"url": "ftp://x.example"}, "url"),
    ({"url": "https://user:pass@x.example/"}, "url"),
    ({"url": "https://x.example/" + "x" * 2000}, "url"),
    ({"url": "https://x.example/\r\nhost: y"}, "url"),
    ({"criteria": None}, "criteria"),
    ({"criteria": {}}, "criteria.product.id"),
    ({"criteria": []}, "criteria.product.id"),
    ({"criteria": ["product.id"]}, "criteria"),
    ({"criteria": [{"key": "product.id", "value": PRODUCT}, {"key": "product.id", "value": PRODUCT}]}, "criteria"),
    ({"criteria": [{"key": "product.id", "value": PRODUCT}, {"key": 5, "value": "x"}]}, "criteria"),
    ({"criteria": [{"key": "product.id"}]}, "criteria"),
    ({"criteria": [{"key": "product.id", "value": OTHER_PRODUCT}]}, "criteria.product.id"),
    ({"criteria": {"product.id": PRODUCT, "Product.Id": OTHER_PRODUCT}}, "criteria"),
    ({"type": "ValidateAccount"}, "type"),
    ({"criteria": {"product.id": 5}}, "criteria"),
    ({"criteria": {"product.id": "PRD-0000-0000"}}, "criteria.product.id"),
    ({"criteria": {"product.id": OTHER_PRODUCT}}, "criteria.product.id"),
    ({"criteria": {"product.id": PRODUCT, "nothing": "x"}}, "criteria"),
    ({"criteria": {"product.id": PRODUCT, "comments": "x"}}, "criteria"),
    ({"criteria": {"product.id": PRODUCT, "status": "Sold"}}, "criteria"),
    ({"criteria": {"product.id": PRODUCT, "status": 'Draft")|eq(id,"x'}}, "criteria"),
    ({"criteria": {"product.id": PRODUCT, "eq(id,x)": "x"}}, "criteria"),
    ({"criteria": {"product.id": PRODUCT, **{f"a{n}": "x" for n in range(20)}}}, "criteria"),
    ({"secret": 5}, "secret"),
    ({"secret": " "}, "secret"),
    ({"secret": "x" * 501}, "secret"),
    ({"secret": "x\0"}, "secret"),
    ({"description": "x" * 2001}, "description"),
])  # fmt: skip
def test_what_cannot_be_registered_is_told(api: Api, more: Row, path: str):
    whole = {name: value for name, value in {**body(URL), **more}.items() if value is not None or name == "criteria"}
    reply = api("vendor").post(WEBHOOKS, whole)
    assert reply.status == 400, reply.body
    assert list(reply.json["errors"]) == [path]
    assert count(api) == 0


def test_a_change_is_held_to_the_same(api: Api):
    made = registered(api, URL)
    path = f"{WEBHOOKS}/{made['id']}"
    for wrong, name in (({"url": "x"}, "url"), ({"criteria": {}}, "criteria.product.id"), ({"secret": 5}, "secret"),
                        ({"criteria": {"product.id": OTHER_PRODUCT}}, "criteria.product.id"),
                        ({"criteria": {"product.id": PRODUCT, "x": "y"}}, "criteria")):  # fmt: skip
        assert list(api("vendor").put(path, wrong).json["errors"]) == [name]
    assert ok(api("vendor").get(path))["criteria"] == {"product.id": PRODUCT}
    again = ok(api("vendor").put(path, {"criteria": {"product.id": PRODUCT, "status": "in(status,(Draft,Quoted))"}}))
    assert again["criteria"] == {"product.id": PRODUCT, "status": "in(status,(Draft,Quoted))"}


def test_what_was_answered_about_orders_is_read_with_the_module_for_orders(api: Api, served: Served):
    made, other = registered(api, URL), registered(api, URL, "ValidateReEnrollmentQuerying")
    served.run(served.parts.pool.execute(
        "insert into webhook_calls (id, revision, webhook_id, success, call_time, response) "
        "values ('WHC-1', 1, $1, true, now(), 'order of Northwind')", made["id"]))  # fmt: skip
    without, both = (f"idt:{name}:{SECRET}" for name in ("TKN-3001-1002", "TKN-3001-1003"))
    path = f"{WEBHOOKS}/{made['id']}"
    assert ok(served.call(both, "GET", f"{path}/calls"))["data"][0]["response"] == "order of Northwind"
    for address in (path, f"{path}?select=lastCall", f"{path}/calls"):
        assert served.call(without, "GET", address).status == 404
    listed = served.call(without, "GET", f"{WEBHOOKS}?select=lastCall,secret")
    assert [each["id"] for each in ok(listed)["data"]] == [other["id"]]
    assert ok(served.call(without, "GET", f"{WEBHOOKS}?eq(type,{DRAFT})&limit=0"))["$meta"]["pagination"]["total"] == 0


TYPES = {
    # as papers print them            what each is about
    "validatePurchaseOrderDraft":      "Order",
    "validatePurchaseOrderQuerying":   "Order",
    "validateChangeOrderDraft":        "Order",
    "validateConfigurationOrderDraft": "Order",
    "validateTerminateOrder":          "Order",
    "selectOrderLines":                "Order",
    "validateRequest":                 "Request",
    "validateEnrollmentDraft":         "Enrollment",
    "validateEnrollmentQuerying":      "Enrollment",
    "validateReEnrollment":            "Enrollment",
    "validateReEnrollmentQuerying":    "Enrollment",
    "validateAnswer":                  None,
}  # fmt: skip
"""Source: spec 5.2 and platform spec 5.1. Beside these there is `validateAccount`, for operations."""


def test_every_type_of_the_platform_is_registered_however_its_name_is_written(api: Api):
    for written, about in TYPES.items():
        made = registered(api, URL, written)
        assert (made["type"], made.get("objectType")) == (written[0].upper() + written[1:], about)
        assert made.get("object", {}).get("id") == (PRODUCT if about in ("Order", "Request") else None)
    made = ok(api("operations").post(WEBHOOKS, {"type": "validateAccount", "url": URL, "criteria": {"type": "Client"}}))
    assert (made["type"], made["objectType"], made["account"]["id"]) == (
        "ValidateAccount", "Account", ACCOUNTS["operations"][0])  # fmt: skip
    assert count(api) == len(TYPES) + 1


def test_criteria_may_come_as_a_list_and_go_out_as_a_map(api: Api):
    """Source: platform spec 5.1 and 14: the papers of 2025 have a list of keys and values."""
    pairs = [{"key": "product.id", "value": PRODUCT}, {"Key": "status", "Value": "Draft"}]
    made = ok(api("vendor").post(WEBHOOKS, {**body(URL), "criteria": pairs}))
    assert made["criteria"] == {"product.id": PRODUCT, "status": "Draft"} and made["object"]["id"] == PRODUCT
    path = f"{WEBHOOKS}/{made['id']}"
    assert ok(api("vendor").put(path, {"criteria": pairs[:1]}))["criteria"] == {"product.id": PRODUCT}
    for wrong in (pairs * 2, [], ["x"]):
        assert api("vendor").put(path, {"criteria": wrong}).status == 400
    assert ok(api("vendor").get(path))["criteria"] == {"product.id": PRODUCT}
    empty = api("operations").post(WEBHOOKS, {"type": "ValidateAccount", "url": URL, "criteria": []})
    assert ok(empty)["criteria"] == {}


def test_criteria_about_accounts_are_read_as_operations_see_them(api: Api):
    account = {"type": "ValidateAccount", "url": URL}
    for criteria, path in (({"nothing": "x"}, "criteria"), ({"status": "Sold"}, "criteria"), ({"type": 5}, "criteria")):
        assert list(api("operations").post(WEBHOOKS, {**account, "criteria": criteria}).json["errors"]) == [path]
    ok(api("operations").post(WEBHOOKS, {**account, "criteria": {"externalId": "x", "type": "Client"}}))


def test_operations_change_a_vendors_beside_their_own(api: Api):
    """Those that are about no product: of each type one for each account."""
    kind = {"type": "ValidateEnrollmentDraft", "url": URL}
    theirs, ours = ok(api("vendor").post(WEBHOOKS, kind)), ok(api("operations").post(WEBHOOKS, kind))
    for each in (theirs, ours):
        assert ok(api("operations").put(f"{WEBHOOKS}/{each['id']}", {"description": "New"}))["description"] == "New"
    assert api("vendor").post(WEBHOOKS, kind).status == api("operations").post(WEBHOOKS, kind).status == 409


def test_a_short_secret_is_the_callers_choice(api: Api):
    assert ok(api("vendor").post(WEBHOOKS, {**body(URL), "secret": "x"}))["secret"] == "x"
