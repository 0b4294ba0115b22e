"""Vendors draft items, operations publish them: what is required, what is refused, and how they come to be priced."""

import pytest

from tests.catalog.drafting import ITEMS, below, group, item, item_body, parameter_body, product
from tests.party import at_once, ok
from tests.world import DRAFT_ITEM, OTHER_PRODUCT, PRODUCT, refer

GROUP = "IGR-5001-0001-0001"
PRICES = "/catalog/price-lists"


def body(**more):
    return item_body(PRODUCT, GROUP, **more)


def test_an_item_is_drafted_changed_and_deleted(api):
    made = item(api, description="One seat", quantityNotApplicable=True, settings={"minQuantity": 2})
    assert (made["status"], made["terms"]) == ("Draft", {"model": "quantity", "period": "1m", "commitment": "1y"})
    assert made["id"] == f"ITM-{made['product']['id'][4:]}-0001"
    assert made["settings"] == {"minQuantity": 2}
    path = f"{ITEMS}/{made['id']}"
    changed = ok(
        api("vendor").put(path, {"name": "Chair", "terms": {"period": "1y"}, "externalIds": {"vendor": "S-9"}})
    )
    assert (changed["name"], changed["terms"]["period"], changed["externalIds"]) == ("Chair", "1y", {"vendor": "S-9"})
    mirrored = ok(api("vendor").get(below(made["product"]["id"], "items", made["id"])))
    assert mirrored == ok(api("vendor").get(path))
    assert api("vendor").delete(path).status == 204
    assert api("vendor").get(path).status == 404


def test_an_item_of_another_product_than_in_the_address_is_not_there(api):
    made = item(api)
    assert api("vendor").get(below(PRODUCT, "items", made["id"])).status == 404


MISSING = ["externalIds.vendor", "group", "name", "product", "terms.period", "unit"]

WRONG = [
    ({"name": " "}, ["name"]),
    ({"product": refer(OTHER_PRODUCT)}, ["product.id"]),
    ({"product": refer("PRD-0000-0000")}, ["product.id"]),
    ({"product": "PRD-5001-0001"}, ["product"]),
    ({"product": {"id": "\0"}}, ["product.id"]),
    ({"group": refer("IGR-5001-0002-0001")}, ["group.id"]),
    ({"group": refer("IGR-5002-0001-0001")}, ["group.id"]),
    ({"group": {"id": 7}}, ["group"]),
    ({"unit": refer("UNT-0000")}, ["unit.id"]),
    ({"externalIds": {"vendor": ""}}, ["externalIds.vendor"]),
    ({"externalIds": "A-1"}, ["externalIds", "externalIds.vendor"]),
    ({"terms": {"model": "one-time", "period": "1m"}}, ["terms.period"]),
    ({"terms": {"model": "quantity", "period": "one-time"}}, ["terms.period"]),
    ({"terms": {"model": "one-time", "period": "one-time", "commitment": "1y"}}, ["terms.commitment"]),
    ({"terms": {"model": "rent", "period": "1w"}}, ["terms.model", "terms.period"]),
    ({"parameters": "none"}, ["parameters"]),
    ({"parameters": [{"externalId": "unknown", "value": "x"}]}, ["parameters[0].id"]),
    ({"parameters": [{"id": "PAR-5001-0001-0001", "value": "x"}]}, ["parameters[0].id"]),
    ({"parameters": [{}]}, ["parameters[0].id"]),
    ({"settings": {"minQuantity": -1}}, ["settings"]),
]


@pytest.mark.parametrize(("more", "faults"), WRONG, ids=[str(row[0])[:60] for row in WRONG])
def test_what_is_wrong_with_an_item_is_told_by_field(api, served, more, faults):
    before = served.fetch("select count(*) from items")
    reply = api("vendor").post(ITEMS, body(**more))
    assert (reply.status, sorted(reply.json["errors"])) == (400, faults)
    assert served.fetch("select count(*) from items") == before


def test_what_is_missing_is_told_at_once(api):
    reply = api("vendor").post(ITEMS, {})
    assert (reply.status, reply.json["title"]) == (400, "One or more validation errors occurred.")
    assert sorted(reply.json["errors"]) == MISSING


def test_another_products_group_reads_as_an_unknown_one(api):
    near, never = (
        api("vendor").post(ITEMS, body(group=refer(each))).json["errors"]["group.id"]
        for each in ("IGR-5001-0002-0001", "IGR-5001-0009-0001")
    )
    assert near[0].replace("0002", "") == never[0].replace("0009", "")


def test_the_vendors_number_is_one_items_alone(api):
    made = item(api, externalIds={"vendor": "TWIN"})
    again = item_body(made["product"]["id"], made["group"]["id"], externalIds={"vendor": "TWIN"})
    reply = api("vendor").post(ITEMS, again)
    assert (reply.status, list(reply.json["errors"])) == (400, ["externalIds.vendor"])
    ok(api("vendor").put(f"{ITEMS}/{made['id']}", {"externalIds": {"vendor": "TWIN"}, "name": "Same"}))
    other = ok(api("vendor").post(ITEMS, again | {"externalIds": {"vendor": "OTHER"}}))
    taken = api("vendor").put(f"{ITEMS}/{other['id']}", {"externalIds": {"vendor": "TWIN"}})
    assert (taken.status, list(taken.json["errors"])) == (400, ["externalIds.vendor"])
    assert item(api, externalIds={"vendor": "TWIN"})["externalIds"] == {"vendor": "TWIN"}  # of another product
    assert api("vendor").delete(f"{ITEMS}/{made['id']}").status == 204
    assert api("vendor").post(ITEMS, again).status == 201


def test_one_number_of_the_vendors_may_be_had_on_several_terms(api):
    """Partners order it as one product with its terms (docs/pax8.md)."""
    made = item(api, externalIds={"vendor": "TERMS"}, terms={"model": "quantity", "period": "1m", "commitment": "1m"})
    yearly = {"model": "quantity", "period": "1m", "commitment": "1y"}
    again = item_body(made["product"]["id"], made["group"]["id"], externalIds={"vendor": "TERMS"}, terms=yearly)
    other = ok(api("vendor").post(ITEMS, again))
    assert api("vendor").post(ITEMS, again).status == 400
    same = api("vendor").put(f"{ITEMS}/{other['id']}", {"terms": {"commitment": "1m"}})
    assert (same.status, list(same.json["errors"])) == (400, ["externalIds.vendor"])


def test_of_two_items_with_one_number_made_at_once_one_is(api):
    made = product(api)["id"]
    twin = item_body(made, group(api, made)["id"], externalIds={"vendor": "RACE"})
    replies = at_once(*[lambda: api("vendor").post(ITEMS, twin)] * 4)
    assert sorted(each.status for each in replies) == [201, 400, 400, 400]
    assert all(list(each.json["errors"]) == ["externalIds.vendor"] for each in replies if each.status == 400)


@pytest.mark.parametrize("who", ["client", "operations"])
def test_vendors_alone_draft_items(api, who):
    assert api(who).post(ITEMS, body()).status == 403


def test_another_vendors_item_is_not_there(api):
    path = f"{ITEMS}/{item(api)['id']}"
    other = api("other vendor")
    assert [other.get(path).status, other.put(path, {}).status, other.delete(path).status] == [404, 404, 404]
    assert other.post(f"{path}/review").status == 404


# Life -------------------------------------------------------------------------------------------------


def test_an_item_goes_from_draft_to_published_and_stands_on_every_price_list(api, served):
    made = product(api)
    lists = [f"PRC-{made['id'][4:]}-000{n}" for n in (1, 2)]
    served.load(
        {"$kind": "catalog/price-lists", "id": each, "product": refer(made["id"]), "vendor": refer("ACC-3001-0001"),
         "currency": "EUR"} for each in lists
    )  # fmt: skip
    item = ok(api("vendor").post(ITEMS, item_body(made["id"], group(api, made["id"])["id"])))
    path = f"{ITEMS}/{item['id']}"
    assert [ok(api("vendor").get(f"{PRICES}/{each}/items"))["data"] for each in lists] == [[], []]
    assert api("operations").post(f"{path}/publish").status == 409
    assert api("operations").post(f"{path}/review").status == 403
    pending = ok(api("vendor").post(f"{path}/review", item))
    assert (pending["status"], "pending" in pending["audit"]) == ("Pending", True)
    for each in lists:
        (entry,) = ok(api("vendor").get(f"{PRICES}/{each}/items"))["data"]
        assert (entry["status"], entry["item"]["id"], entry["id"]) == ("Draft", item["id"], f"PRI{each[3:]}-0001")
    assert ok(api("vendor").put(path, {"terms": {"period": "1y"}}))["terms"]["period"] == "1m"
    published = ok(api("operations").post(f"{path}/publish", {"externalIds": {"operations": "ERP-7", "vendor": "no"}}))
    assert (published["status"], published["externalIds"]["operations"]) == ("Published", "ERP-7")
    assert published["externalIds"]["vendor"] == item["externalIds"]["vendor"]
    assert ok(api("vendor").post(f"{path}/unpublish", {"name": "Not now"}))["name"] == "Seat"
    assert ok(api("vendor").post(f"{path}/review"))["status"] == "Pending"
    assert ok(api("operations").post(f"{path}/publish"))["status"] == "Published"
    assert [len(ok(api("vendor").get(f"{PRICES}/{each}/items"))["data"]) for each in lists] == [1, 1]
    assert api("vendor").delete(path).status == 409


def test_of_two_who_hand_an_item_in_at_once_one_does_and_it_is_priced_once(api, served):
    path = f"{ITEMS}/{DRAFT_ITEM}"
    replies = at_once(*[lambda: api("vendor").post(f"{path}/review")] * 3)
    assert sorted(each.status for each in replies) == [200, 409, 409]
    assert len(served.fetch("select id from price_list_items where item_id = $1", DRAFT_ITEM)) == 1


# Values of parameters ---------------------------------------------------------------------------------


def test_values_are_checked_merged_and_required_when_an_item_is_handed_in(api):
    made = product(api)["id"]
    vendor = api("vendor")
    said = {"scope": "Item", "phase": "Configuration"}
    tier = ok(vendor.post(below(made, "parameters"), parameter_body(
        **said, externalId="tier", type="DropDown", constraints={"required": True},
        options={"optionsList": [{"label": "Gold", "value": "gold"}, {"label": "Tin", "value": "tin"}]})))  # fmt: skip
    ok(vendor.post(below(made, "parameters"), parameter_body(**said, externalId="sku")))
    body = item_body(made, group(api, made)["id"], parameters=[{"externalId": "sku", "value": "A"}])
    item = ok(vendor.post(ITEMS, body))
    path = f"{ITEMS}/{item['id']}"
    assert [(each["externalId"], each["value"]) for each in item["parameters"]] == [("sku", "A")]
    refused = vendor.post(f"{path}/review")
    assert (refused.status, list(refused.json["errors"])) == (400, ["parameters"])
    wrong = vendor.put(path, {"parameters": [{"id": tier["id"], "value": "lead"}]})
    assert (wrong.status, list(wrong.json["errors"])) == (400, ["parameters[0].value"])
    item = ok(vendor.put(path, {"parameters": [{"id": tier["id"], "value": "gold"}]}))
    assert {each["externalId"]: each["displayValue"] for each in item["parameters"]} == {"sku": "A", "tier": "gold"}
    item = ok(vendor.put(path, {"parameters": [{"externalId": "sku", "value": None}]}))
    assert [each["externalId"] for each in item["parameters"]] == ["tier"]
    assert ok(vendor.post(f"{path}/review"))["status"] == "Pending"
