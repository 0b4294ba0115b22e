"""Price lists: every item has its place, the vendor says what it takes, operations what clients pay."""

from typing import Any

import pytest

from tests.party import Api, at_once, ok
from tests.serving import Served
from tests.world import OTHER_PRODUCT, PRODUCT, refer

LISTS = "/catalog/price-lists"
ONE_OR_MORE = "One or more validation errors occurred."


def listed(api: Api, who: str = "operations", **more: Any) -> Any:
    """A new price list of the product."""
    return ok(api(who).post(LISTS, {"product": refer(PRODUCT), "currency": "USD", **more}))


def entry_of(api: Api, prices: Any, item: str = "ITM-5001-0001-0001") -> tuple[str, Any]:
    """The address of the item's place on a list, and what is there for operations."""
    (found,) = ok(api("operations").get(f"{LISTS}/{prices['id']}/items?eq(item.id,'{item}')"))["data"]
    return f"{LISTS}/{prices['id']}/items/{found['id']}", found


def test_a_list_has_a_draft_for_each_item_that_is_none_itself(api: Api):
    prices = listed(api, notes="New", externalIds={"vendor": "V-1"})
    assert prices["id"].startswith("PRC-5001-0001-") and prices["precision"] == 2 and prices["default"] is False
    assert prices["vendor"]["id"] == "ACC-3001-0001" and prices["externalIds"] == {"vendor": "V-1"}
    found = ok(api("operations").get(f"{LISTS}/{prices['id']}/items"))["data"]
    assert [each["item"]["id"] for each in found] == [f"ITM-5001-0001-000{n}" for n in (1, 2, 3, 5)]
    assert [each["id"] for each in found] == [f"PRI-{prices['id'][4:]}-000{n}" for n in (1, 2, 3, 4)]
    assert {each["status"] for each in found} == {"Draft"}
    assert not ok(api("client").get(f"{LISTS}?eq(id,'{prices['id']}')"))["data"]  # nobody sells by it
    seen = {each["object"]["id"] for each in ok(api("vendor").get(
        "/audit/records?like(event,'platform.catalog.price_list*')&select=object&limit=1000"))["data"]}  # fmt: skip
    assert prices["id"] in seen and found[0]["id"] in seen


def test_two_thousand_items_are_one_statement(api: Api, served: Served):
    product = "PRD-5001-0777"
    items = [
        {"$kind": "catalog/items", "id": f"ITM-5001-0777-{n:04d}", "product": refer(product), "name": f"I {n}",
         "status": "Published", "group": refer("IGR-5001-0777-0001"), "unit": refer("UNT-1001"),
         "externalIds": {"vendor": f"S-{n}"}, "terms": {"model": "quantity", "period": "1m", "commitment": "1y"}}
        for n in range(1, 2001)
    ]  # fmt: skip
    served.load([
        {"$kind": "catalog/products", "id": product, "name": "Wide", "vendor": refer("ACC-3001-0001"), "status": "Draft"},
        {"$kind": f"catalog/products/{product}/item-groups", "id": "IGR-5001-0777-0001", "name": "I", "label": "I",
         "default": True}, *items,
    ])  # fmt: skip
    prices = listed(api, "vendor", product=refer(product))
    at = f"{LISTS}/{prices['id']}"
    assert ok(api("vendor").get(f"{at}/items?limit=0"))["$meta"]["pagination"]["total"] == 2000
    (row,) = served.fetch("select count(distinct xid) from trail where object_id like $1", f"PRI-{prices['id'][4:]}-%")
    assert row[0] == 1
    first = f"{at}/items/PRI-{prices['id'][4:]}-0001"
    ok(api("vendor").put(first, {"unitPP": 10}))
    ok(api("operations").put(at, {"defaultMarkup": 25}))
    found = ok(api("operations").get(first))
    assert (found["unitSP"], found["margin"], found["SPxY"]) == (12.5, 20, 150)
    told = ok(api("operations").get(f"{at}?select=statistics"))["statistics"]
    assert (told["priceListItems"], told["purchasePriceItems"], told["purchasePriceCompleteness"]) == (2000, 1, 0)
    assert (told["averageMarkup"], told["averageMargin"], told["salesPriceItems"]) == (25, 20, 1)


@pytest.mark.parametrize(
    ("who", "body", "title", "faults"),
    [
        ("operations", {"currency": "USD"}, ONE_OR_MORE, {"product"}),
        ("operations", {}, ONE_OR_MORE, {"product", "currency"}),
        ("vendor", {"product": refer(PRODUCT)}, ONE_OR_MORE, {"currency"}),
        ("vendor", {"product": refer(OTHER_PRODUCT), "currency": "USD"}, "Bad Request", {"product.id"}),
        ("operations", {"product": refer("PRD-0000-0000"), "currency": "USD"}, "Bad Request", {"product.id"}),
        ("operations", {"product": refer("x' or 1"), "currency": "USD"}, "Bad Request", {"product.id"}),
        ("operations", {"product": PRODUCT, "currency": "USD"}, "Bad Request", {"product"}),
        ("operations", {"product": refer(PRODUCT), "currency": "usd"}, "Bad Request", {"currency"}),
        ("operations", {"product": refer(PRODUCT), "currency": "USD", "precision": 7}, "Bad Request", {"precision"}),
        ("operations", {"product": refer(PRODUCT), "currency": "USD", "precision": -1}, "Bad Request", {"precision"}),
        ("operations", {"product": refer(PRODUCT), "currency": "USD", "defaultMarkup": "NaN"}, "Bad Request", {"defaultMarkup"}),
        ("operations", {"product": refer(PRODUCT), "currency": "USD", "defaultMargin": 100}, "Bad Request", {"defaultMargin"}),
        ("operations", {"product": refer(PRODUCT), "currency": "USD", "defaultMarkup": -100}, "Bad Request", {"defaultMarkup"}),
    ],
)  # fmt: skip
def test_what_a_list_cannot_be_is_told_and_nothing_is_made(
    api: Api, served: Served, who: str, body: Any, title: str, faults: set[str]
):
    counted = "select (select count(*) from price_lists), (select count(*) from id_counters where prefix not like '%5001-0001')"
    before = served.fetch(counted)
    reply = api(who).post(LISTS, body)
    assert (reply.status, reply.json["title"]) == (400, title)
    assert set(reply.json["errors"]) == faults
    assert served.fetch(counted) == before


def test_strangers_and_clients_make_none(api: Api):
    body = {"product": refer(PRODUCT), "currency": "USD"}
    assert api("client").post(LISTS, body).status == 403
    prices = listed(api)
    for who, status in (("client", 404), ("other vendor", 404)):
        assert api(who).put(f"{LISTS}/{prices['id']}", {"notes": "x"}).status == status
        assert api(who).delete(f"{LISTS}/{prices['id']}").status == status
    assert api("client").put(f"{LISTS}/PRC-5001-0001-0001", {"notes": "x"}).status == 403
    assert api("client").delete(f"{LISTS}/PRC-5001-0001-0001").status == 403


def test_currency_and_product_stay_and_the_markup_is_for_operations(api: Api):
    prices = listed(api, defaultMarkup="20.0")
    assert (prices["defaultMarkup"], prices["defaultMargin"]) == (20, 16.6666666667)
    at = f"{LISTS}/{prices['id']}"
    said = {"currency": "EUR", "product": refer(OTHER_PRODUCT), "precision": 4, "notes": "Seen", "defaultMarkup": 99}
    after = ok(api("vendor").put(at, said))
    assert (after["currency"], after["product"]["id"], after["precision"]) == ("USD", PRODUCT, 2)
    assert after["notes"] == "Seen" and not {"defaultMarkup", "defaultMargin"} & after.keys()
    assert ok(api("operations").get(at))["defaultMarkup"] == 20
    for body, both in (
        ({"defaultMargin": 20}, (25, 20)),
        ({"defaultMarkup": 10}, (10, 9.0909090909)),
        ({"defaultMarkup": 10, "defaultMargin": 50}, (100, 50)),
        ({"defaultMarkup": 5, "defaultMargin": 60}, (5, 4.7619047619)),
    ):
        found = ok(api("operations").put(at, body))
        assert (found["defaultMarkup"], found["defaultMargin"]) == both, body
    found = ok(api("operations").put(at, {"defaultMarkup": None}))
    assert found["defaultMarkup"] is None and "defaultMargin" not in found


def test_a_product_has_one_usual_list_for_each_currency(api: Api):
    first, second = (listed(api, currency="CHF", default=True) for _ in range(2))
    other = listed(api, currency="SEK", default=True)
    told = {each["id"]: each["default"] for each in ok(api("vendor").get(f"{LISTS}?limit=100"))["data"]}
    assert (told[first["id"]], told[second["id"]], told[other["id"]]) == (False, True, True)
    assert ok(api("vendor").put(f"{LISTS}/{first['id']}", {"default": True}))["default"] is True
    assert ok(api("vendor").get(f"{LISTS}/{second['id']}"))["default"] is False


def test_two_that_want_to_be_the_usual_list_at_once_do_not_both_become_it(api: Api, served: Served):
    body = {"product": refer(PRODUCT), "currency": "NOK", "default": True}
    replies = at_once(*(lambda: api("operations").post(LISTS, body) for _ in range(6)))
    assert {reply.status for reply in replies} <= {201, 409} and any(reply.status == 201 for reply in replies)
    (row,) = served.fetch("select count(*) from price_lists where currency = 'NOK' and is_default")
    assert row[0] == 1


def test_a_list_is_deleted_unless_somebody_sells_by_it(api: Api):
    prices = listed(api)
    assert api("vendor").delete(f"{LISTS}/{prices['id']}").status == 204
    assert api("vendor").get(f"{LISTS}/{prices['id']}").status == 404
    assert api("operations").get(f"{LISTS}/{prices['id']}/items").status == 404
    reply = api("vendor").delete(f"{LISTS}/PRC-5001-0001-0001")
    assert reply.status == 409 and "LST-5001-0001" in reply.json["detail"]


# Their items ----------------------------------------------------------------------------------------------


def test_a_vendor_says_what_it_takes_and_operations_what_clients_pay(api: Api):
    prices = listed(api, defaultMarkup=10)
    at, _ = entry_of(api, prices)
    seen = ok(api("vendor").put(at, {"unitPP": "100.00", "unitLP": None, "status": "ForSale", "markup": 99}))
    assert (seen["unitPP"], seen["PPxY"], seen["PPxM"], seen["status"]) == (100, 100, 8.33, "ForSale")
    assert not {"unitSP", "markup", "margin", "SPxM"} & seen.keys()
    whole = ok(api("operations").get(at))
    assert (whole["unitSP"], whole["SPxY"], whole["SPxM"], whole["margin"]) == (110, 110, 9.17, 9.0909090909)
    assert "markup" not in whole and whole["audit"]["published"]["by"]
    assert ok(api("operations").put(at, {"markup": 25}))["unitSP"] == 125
    found = ok(api("operations").put(at, {"unitSP": 150}))
    assert (found["markup"], found["unitSP"], found["margin"]) == (50, 150, 33.3333333333)
    found = ok(api("operations").put(at, {**found, "unitPP": 200}))  # all of it comes back, one thing is new
    assert (found["markup"], found["unitSP"]) == (50, 300)
    found = ok(api("operations").put(at, {"markup": None}))
    assert "markup" not in found and found["unitSP"] == 220
    found = ok(api("vendor").put(at, {"unitLP": 250}))
    assert (found["LPxY"], ok(api("operations").get(at))["unitSP"]) == (250, 250)  # as listed (commerce spec 4.3)


def test_items_follow_the_lists_markup_unless_they_have_one(api: Api):
    prices = listed(api, precision=3)
    at, own = f"{LISTS}/{prices['id']}", entry_of(api, prices, "ITM-5001-0001-0002")[0]
    one, once = entry_of(api, prices)[0], entry_of(api, prices, "ITM-5001-0001-0003")[0]
    for each, price in ((one, 100), (own, 10), (once, 7)):
        ok(api("vendor").put(each, {"unitPP": price}))
    ok(api("operations").put(own, {"markup": 1}))
    revision = ok(api("operations").get(own))["revision"]
    assert "unitSP" not in ok(api("operations").get(one))
    ok(api("operations").put(at, {"defaultMarkup": 33.333}))
    assert ok(api("operations").get(one))["unitSP"] == 133.333
    assert ok(api("operations").get(once))["SPx1"] == 9.333
    left = ok(api("operations").get(own))
    assert (left["unitSP"], left["revision"]) == (10.1, revision)
    ok(api("operations").put(at, {"defaultMargin": 50}))
    assert ok(api("operations").get(one))["unitSP"] == 200
    thing = one.rpartition("/")[2]
    told = ok(api("operations").get(f"/audit/records?eq(object.id,'{thing}')&select=details"))["data"]
    assert "unitSP: 133.333 → 200" in told[0]["details"]
    seen = ok(api("vendor").get(f"/audit/records?eq(object.id,'{thing}')&select=details,documents"))["data"]
    assert seen and "SP" not in str(seen) and "margin" not in str(seen)


@pytest.mark.parametrize(
    ("who", "body", "faults"),
    [
        ("vendor", {"unitPP": "NaN"}, {"unitPP"}),
        ("vendor", {"unitPP": "Infinity", "unitLP": []}, {"unitPP", "unitLP"}),
        ("vendor", {"unitPP": -1}, {"unitPP"}),
        ("vendor", {"unitPP": "1e400"}, {"unitPP"}),
        ("vendor", {"status": "Sold"}, {"status"}),
        ("operations", {"markup": -100}, {"markup"}),
        ("operations", {"unitSP": 5}, {"unitSP"}),
        ("operations", {"unitPP": 0, "unitSP": 5}, {"unitSP"}),
        ("vendor", {"info": {"visible": "maybe"}}, {"info.visible"}),
    ],
)
def test_what_a_price_cannot_be_is_told_by_field(api: Api, who: str, body: Any, faults: set[str]):
    at, before = entry_of(api, listed(api))
    reply = api(who).put(at, body)
    assert (reply.status, reply.json["title"]) == (400, "Bad Request") and set(reply.json["errors"]) == faults
    assert ok(api("operations").get(at))["revision"] == before["revision"]


def test_an_item_moves_by_saying_its_status_and_never_back_to_draft(api: Api):
    at, _ = entry_of(api, listed(api))
    for who, status in (("vendor", "Private"), ("operations", "forsale"), ("vendor", "Private"), ("vendor", "Private")):
        assert ok(api(who).put(at, {"status": status}))["status"].lower() == status.lower()
    for who in ("vendor", "operations"):
        reply = api(who).put(at, {"status": "Draft", "unitPP": 5})
        assert reply.status == 409 and "Private" in reply.json["detail"]
    assert "unitPP" not in ok(api("vendor").get(at))
    assert api("client").put(at, {"status": "ForSale"}).status == 404
    assert api("client").put(f"{LISTS}/PRC-5001-0001-0001/items/PRI-5001-0001-0001-0001", {}).status == 403
    assert api("other vendor").put(at, {"unitPP": 1}).status == 404
    assert api("operations").post(at.rpartition("/")[0], {}).status == 405
    assert api("operations").delete(at).status == 405


def test_a_list_markup_and_an_item_that_change_at_once_agree_in_the_end(api: Api):
    prices = listed(api, defaultMarkup=10)
    at, _ = entry_of(api, prices)
    ok(api("vendor").put(at, {"unitPP": 100}))
    for turn in range(8):
        markup, price = 20 + turn, 200 + turn
        replies = at_once(
            lambda markup=markup: api("operations").put(f"{LISTS}/{prices['id']}", {"defaultMarkup": markup}),
            lambda price=price: api("vendor").put(at, {"unitPP": price}),
        )
        assert {reply.status for reply in replies} <= {200, 409}
        whole, entry = ok(api("operations").get(f"{LISTS}/{prices['id']}")), ok(api("operations").get(at))
        assert entry["unitSP"] == pytest.approx(entry["unitPP"] * (1 + whole["defaultMarkup"] / 100))


def test_statistics_are_for_those_who_trade(api: Api):
    at = f"{LISTS}/PRC-5001-0001-0001"
    assert "statistics" not in ok(api("client").get(at))
    mine, all_of_it = ok(api("vendor").get(at))["statistics"], ok(api("operations").get(at))["statistics"]
    assert (mine["sellers"], mine["listings"], mine["priceListItems"]) == (1, 1, 4)
    assert all_of_it["salesPriceCompleteness"] == 100 and "averageMarkup" not in mine and "salesPriceItems" not in mine
    (row,) = ok(api("vendor").get(f"{LISTS}?eq(id,'PRC-5001-0001-0001')&select=statistics"))["data"]
    assert row["statistics"] == mine


def test_a_markup_that_is_not_known_is_told_as_nothing_to_operations_alone(api):
    """The official command line takes out no list that says nothing of it."""
    made = ok(api("vendor").post("/catalog/price-lists", {"product": {"id": "PRD-5001-0001"}, "currency": "JPY"}))
    assert "defaultMarkup" not in made
    path = f"/catalog/price-lists/{made['id']}"
    seen = ok(api("operations").get(path))
    assert seen["defaultMarkup"] is None and "defaultMargin" not in seen
    (listed,) = ok(api("operations").get(f"/catalog/price-lists?eq(id,{made['id']})"))["data"]
    assert listed["defaultMarkup"] is None
    assert ok(api("operations").put(path, {"defaultMarkup": None}))["defaultMarkup"] is None
    assert ok(api("operations").put(path, {"defaultMarkup": 5}))["defaultMarkup"] == 5
    assert "defaultMarkup" not in ok(api("vendor").get(path))
