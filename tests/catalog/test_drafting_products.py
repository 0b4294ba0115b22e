"""Vendors draft products: what they say of them, their life, their settings, their icons and their numbers."""

import pytest

from tests.catalog.drafting import PRODUCTS, below, group, item_body, product
from tests.parts import Part, in_parts, kind_of
from tests.party import at_once, ok
from tests.purchases import completed, draft
from tests.world import PRODUCT, refer

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


def test_a_name_suffices_and_four_default_texts_come_along(api):
    made = product(api)
    assert (made["status"], made["vendor"]["id"], made["settings"]) == ("Draft", "ACC-3001-0001", {})
    assert (made["shortDescription"], made["longDescription"], made["website"]) == ("", "", "")
    texts = ok(api("vendor").get(below(made["id"], "templates")))["data"]
    assert [(each["type"], each["default"]) for each in texts] == [
        (kind, True) for kind in ("OrderProcessing", "OrderQuerying", "OrderCompleted", "OrderTerminated")
    ]
    assert [each["id"] for each in texts] == [f"TPL-{made['id'][4:]}-000{n}" for n in range(1, 5)]


@pytest.mark.parametrize(
    ("body", "fault", "title"),
    [
        ({}, "name", "One or more validation errors occurred."),
        ({"name": " "}, "name", "Bad Request"),
        ({"name": None}, "name", "Bad Request"),
        ({"name": 7}, "name", "Bad Request"),
        ({"name": "x" * 501}, "name", "Bad Request"),
        ({"name": "Fine", "website": "x" * 2001}, "website", "Bad Request"),
    ],
)
def test_what_is_wrong_with_a_product_is_told_by_field(api, served, body, fault, title):
    before = served.fetch("select count(*) from products")
    reply = api("vendor").post(PRODUCTS, body)
    assert (reply.status, reply.json["title"], list(reply.json["errors"])) == (400, title, [fault])
    assert served.fetch("select count(*) from products") == before


@pytest.mark.parametrize("who", ["client", "operations"])
def test_vendors_alone_draft_products(api, who):
    assert api(who).post(PRODUCTS, {"name": "Mine"}).status == 403


def test_an_icon_comes_along_is_shown_and_replaced(api, served):
    sent = in_parts(Part("product", b'{"name": "Seen"}', "application/json"), Part("icon", PNG, "image/png", "a.png"))
    made = ok(served.call("vendor", "POST", PRODUCTS, raw=sent, content_type=kind_of()))
    assert made["icon"] == f"/public/v1/catalog/products/{made['id']}/icon"
    shown = api("operations").get(f"{PRODUCTS}/{made['id']}/icon")
    assert (shown.status, shown.headers["content-type"], shown.body) == (200, "image/png", PNG)
    other = in_parts(Part("product", b"{}", "application/json"), Part("icon", PNG + b"!", "image/png", "b.png"))
    ok(served.call("vendor", "PUT", f"{PRODUCTS}/{made['id']}", raw=other, content_type=kind_of()))
    assert api("vendor").get(f"{PRODUCTS}/{made['id']}/icon").body == PNG + b"!"
    assert api("client").get(f"{PRODUCTS}/{made['id']}/icon").status == 404  # a draft is none of its
    assert api("other vendor").get(f"{PRODUCTS}/{made['id']}/icon").status == 404
    script = in_parts(Part("product", b"{}", "application/json"), Part("icon", b"x", "text/html", "a.html"))
    refused = served.call("vendor", "PUT", f"{PRODUCTS}/{made['id']}", raw=script, content_type=kind_of())
    assert (refused.status, list(refused.json["errors"])) == (400, ["icon"])


def test_a_product_goes_from_draft_to_published_and_back(api):
    path = f"{PRODUCTS}/{product(api)['id']}"
    vendor, operations, client = api("vendor"), api("operations"), api("client")
    assert operations.post(f"{path}/review").status == 403
    assert operations.post(f"{path}/publish").status == 409
    assert ok(vendor.post(f"{path}/review"))["status"] == "Pending"
    assert client.get(path).status == 404
    assert vendor.post(f"{path}/publish").status == 403
    published = ok(operations.post(f"{path}/publish", {"externalIds": {"operations": "ERP-1"}, "name": "Not theirs"}))
    assert (published["status"], published["externalIds"]) == ("Published", {"operations": "ERP-1"})
    assert published["name"] == "Delta Desk"
    assert ok(client.get(path))["status"] == "Published"
    assert vendor.delete(path).status == 409
    assert ok(vendor.put(path, {"name": "Delta Desk 2"}))["name"] == "Delta Desk 2"
    withdrawn = ok(vendor.post(f"{path}/unpublish"))
    assert withdrawn["status"] == "Unpublished"
    assert set(withdrawn["audit"]) == {"created", "updated", "pending", "published", "unpublished"}
    assert client.get(path).status == 404
    assert ok(operations.post(f"{path}/publish"))["status"] == "Published"


@pytest.mark.parametrize("who", ["vendor", "operations"])
def test_a_draft_is_deleted_for_good(api, who):
    path = f"{PRODUCTS}/{product(api)['id']}"
    assert api("other vendor").delete(path).status == 404
    assert api("client").delete(path).status == 404
    assert api(who).delete(path).status == 204
    assert all(api(each).get(path).status == 404 for each in ("vendor", "operations"))


def test_of_two_who_hand_it_in_at_once_one_does(api):
    path = f"{PRODUCTS}/{product(api)['id']}/review"
    assert sorted(each.status for each in at_once(*[lambda: api("vendor").post(path)] * 3)) == [200, 409, 409]


def test_another_vendors_product_is_not_there(api):
    path = f"{PRODUCTS}/{product(api)['id']}"
    other = api("other vendor")
    assert other.put(path, {"name": "Mine"}).status == 404
    assert other.put(f"{path}/settings", {"productOrdering": False}).status == 404
    assert other.post(f"{path}/review").status == 404


# Settings ---------------------------------------------------------------------------------------------


def test_settings_are_merged_bare_or_wrapped_or_with_the_product(api):
    path = f"{PRODUCTS}/{product(api)['id']}"
    vendor = api("vendor")
    ok(vendor.put(f"{path}/settings", {"itemSelection": True, "preValidation": {"changeOrderDraft": True}}))
    ok(vendor.put(f"{path}/settings", {"settings": {"PREVALIDATION": {"TerminationOrder": "true"}, "future": [1]}}))
    ok(vendor.put(path, {"settings": {"fulfilment": {"mode": "automatic", "delay": "PT5S"}}}))
    assert ok(vendor.get(path))["settings"] == {
        "itemSelection": True,
        "preValidation": {"changeOrderDraft": True, "terminationOrder": True},
        "future": [1],
        "fulfilment": {"mode": "automatic", "delay": "PT5S"},
    }
    left = ok(vendor.put(f"{path}/settings", {"itemSelection": None, "preValidation": None, "future": None}))
    assert left["settings"] == {"fulfilment": {"mode": "automatic", "delay": "PT5S"}}


@pytest.mark.parametrize("spelled", ["purchaseOrderQuery", "purchaseOrderQuerying"])
def test_the_flag_of_two_spellings_is_read_under_both(api, spelled):
    path = f"{PRODUCTS}/{product(api)['id']}/settings"
    both = {"purchaseOrderQuery": True, "purchaseOrderQuerying": True}
    assert ok(api("vendor").put(path, {"preValidation": {spelled: True}}))["settings"] == {"preValidation": both}
    off = ok(api("vendor").put(path, {"preValidation": {spelled: False}}))["settings"]["preValidation"]
    assert off == dict.fromkeys(both, False)
    assert ok(api("vendor").put(path, {"preValidation": {spelled: None}}))["settings"] == {"preValidation": {}}


WRONG = [
    ({"productOrdering": "perhaps"}, "productOrdering"),
    ({"itemSelection": 1}, "itemSelection"),
    ({"sendCostToErp": []}, "sendCostToErp"),
    ({"productRequests": True}, "productRequests"),
    ({"productRequests": {"label": 5}}, "productRequests.label"),
    ({"preValidation": {"purchaseOrderQuery": "maybe"}}, "preValidation.purchaseOrderQuery"),
    ({"splitBilling": {"type": "Halves"}}, "splitBilling.type"),
    ({"subscriptionCessation": {"mode": "Never"}}, "subscriptionCessation.mode"),
    ({"fulfilment": {"mode": "magic"}}, "fulfilment.mode"),
    ({"fulfilment": {"delay": "soon"}}, "fulfilment.delay"),
    ({"fulfilment": {"delay": "P"}}, "fulfilment.delay"),
    ({"orderClock": {"processing": {"due": "3 days"}}}, "orderClock.processing.due"),
    ({"orderClock": {"querying": {"onDue": "explode"}}}, "orderClock.querying.onDue"),
    ({"orderClock": {"processing": "P1D"}}, "orderClock.processing"),
    ({"settings": {"fulfilment": {"mode": "magic"}}}, "settings.fulfilment.mode"),
    ({"settings": "all"}, "settings"),
    ({"future": "x" * 70_000}, "$"),
    ({"future": {"a": "\0"}}, "$"),
]


@pytest.mark.parametrize(("body", "fault"), WRONG, ids=[row[1] for row in WRONG])
def test_a_setting_of_the_wrong_kind_is_refused_and_nothing_is_half_done(api, body, fault):
    path = f"{PRODUCTS}/{product(api)['id']}"
    reply = api("vendor").put(f"{path}/settings", {"orderQueueChanges": True, **body})
    assert (reply.status, list(reply.json["errors"])) == (400, [fault])
    assert ok(api("vendor").get(path))["settings"] == {}


def test_settings_are_the_vendors_to_choose(api):
    assert api("operations").put(f"{PRODUCTS}/{PRODUCT}/settings", {"productOrdering": False}).status == 403
    assert api("client").put(f"{PRODUCTS}/{PRODUCT}/settings", {"productOrdering": False}).status == 403


def test_what_is_not_to_be_ordered_is_not(api, served):
    path = f"{PRODUCTS}/{PRODUCT}/settings"
    ok(api("vendor").put(path, {"productOrdering": False}))
    try:
        refused = api("client").post("/commerce/orders", {"agreement": {"product": refer(PRODUCT)}})
        assert refused.status == 400
        with pytest.raises(AssertionError, match="400"):
            draft(served)
    finally:
        ok(api("vendor").put(path, {"productOrdering": True}))
    assert draft(served)["status"] == "Draft"


# Numbers ----------------------------------------------------------------------------------------------


def test_statistics_count_what_there_is_for_vendor_and_operations(api, served):
    path = f"{PRODUCTS}/{PRODUCT}"
    before = ok(api("vendor").get(path))["statistics"]
    completed(served)
    draft(served)
    after = ok(api("vendor").get(path))["statistics"]
    grown = {name: after[name] - before[name] for name in after}
    assert grown == {
        "items": 0, "itemCount": 0, "orders": 1, "ordersPlacedCount": 1, "agreements": 2, "agreementCount": 2,
        "subscriptions": grown["subscriptions"], "subscriptionCount": grown["subscriptions"],
        "requests": 0, "requestCount": 0,
    }  # fmt: skip
    assert grown["subscriptions"] > 0 and after["items"] == 5
    assert ok(api("operations").get(path))["statistics"] == after
    assert "statistics" not in ok(api("client").get(path))
    page = ok(api("vendor").get(f"{PRODUCTS}?select=statistics&limit=2"))["data"]
    assert all(each["statistics"]["itemCount"] == each["statistics"]["items"] for each in page)
    assert "statistics" in ok(api("vendor").get(PRODUCTS))["$meta"]["omitted"]


def test_groups_and_units_count_what_the_reader_sees(api):
    made = product(api)
    plans = group(api, made["id"])
    assert plans["itemCount"] == 0
    units = "/catalog/units-of-measure/UNT-1001"
    before = {who: ok(api(who).get(units))["statistics"]["itemCount"] for who in ("vendor", "other vendor", "client")}
    ok(api("vendor").post("/catalog/items", item_body(made["id"], plans["id"])))
    after = {who: ok(api(who).get(units))["statistics"]["itemCount"] for who in before}
    assert {who: after[who] - before[who] for who in before} == {"vendor": 1, "other vendor": 0, "client": 0}
    assert ok(api("vendor").get(below(made["id"], "item-groups")))["data"][0]["itemCount"] == 1
    assert ok(api("vendor").put(below(made["id"], "item-groups", plans["id"]), {"name": "Other"}))["itemCount"] == 1
