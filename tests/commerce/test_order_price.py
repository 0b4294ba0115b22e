"""What an order costs: the day's prices, kept; the vendor's price of a unit; what operations puts on top."""

from typing import Any

import pytest

from tests.party import Api, ok
from tests.purchases import draft, placed
from tests.serving import Served
from tests.world import MONTHLY, ONCE, OTHER_LICENSEE, OTHER_PRODUCT, OTHER_YEARLY, PRODUCT, YEARLY, purchase, refer

ORDERS = "/commerce/orders"
LINES = [
    {"item": refer(YEARLY), "quantity": 10},  # 120 a year, 10 % on top
    {"item": refer(MONTHLY), "quantity": 3},  # 9.99 a month
    {"item": refer(ONCE), "quantity": 1},  # 350 once
]


def path_of(order: Any) -> str:
    return f"{ORDERS}/{order['id']}"


def prices(order: Any) -> list[dict[str, Any]]:
    return [line["price"] for line in order["lines"]]


@pytest.fixture
def order(served: Served) -> Any:
    """An order in Processing."""
    return placed(served, lines=LINES)


# Derived (spec 4.3), and shown to whom they concern (4.2) ---------------------------------------------


def test_the_client_sees_what_it_pays(api, order):
    assert prices(ok(api("client").get(path_of(order)))) == [
        {"currency": "EUR", "unitSP": 132.0, "SPxM": 110.0, "SPxY": 1320.0},
        {"currency": "EUR", "unitSP": 10.99, "SPxM": 32.97, "SPxY": 395.64},
        {"currency": "EUR", "unitSP": 385.0, "SPx1": 385.0},
    ]


def test_the_vendor_sees_what_it_takes(api, order):
    assert prices(ok(api("vendor").get(path_of(order)))) == [
        {"currency": "EUR", "unitPP": 120, "PPxM": 100.0, "PPxY": 1200.0},
        {"currency": "EUR", "unitPP": 9.99, "PPxM": 29.97, "PPxY": 359.64},
        {"currency": "EUR", "unitPP": 350, "PPx1": 350.0},
    ]


def test_operations_see_both_and_what_lies_between(api, order):
    (yearly, *_) = prices(ok(api("operations").get(path_of(order))))
    assert yearly == {
        "currency": "EUR", "unitPP": 120, "unitSP": 132.0, "PPxM": 100.0, "PPxY": 1200.0, "SPxM": 110.0,
        "SPxY": 1320.0, "markup": 10, "margin": 9.0909090909,
        "markupSource": {"type": "PriceList", "ref": {"id": "PRC-5001-0001-0001"}},
    }  # fmt: skip


TOTALS = {
    "client": {"currency": "EUR", "SPx1": 385.0, "SPxM": 142.97, "SPxY": 1715.64},
    "vendor": {"currency": "EUR", "PPx1": 350.0, "PPxM": 129.97, "PPxY": 1559.64},
}


@pytest.mark.parametrize("actor", TOTALS)
def test_an_order_costs_the_sum_of_its_rounded_lines(api, order, actor):
    assert ok(api(actor).get(path_of(order)))["price"] == TOTALS[actor]


def test_the_markup_of_an_order_comes_out_of_its_sums(api, order):
    price = ok(api("operations").get(path_of(order)))["price"]
    paid, taken = 385.0 + 1715.64, 350.0 + 1559.64
    assert price["markup"] == pytest.approx((paid - taken) / taken * 100)
    assert price["margin"] == pytest.approx((paid - taken) / paid * 100)
    assert price["defaultMarkup"] == 12


@pytest.mark.parametrize("field", ["price.PPxY", "price.markup", "lines.price.unitPP"])
def test_a_price_that_is_not_ones_own_cannot_be_filtered_by_or_selected(api, order, field):
    assert api("client").get(f"{ORDERS}?gt({field},1)").status == 400
    assert api("client").get(f"{ORDERS}?order={field}").status == 400
    found = ok(api("client").get(f"{ORDERS}?eq(id,{order['id']})&select={field}"))["data"][0]
    assert "PPxY" not in str(found) and "unitPP" not in str(found) and "markup" not in str(found)


# Kept from the day of the line (spec 2.5) -------------------------------------------------------------


def test_a_line_keeps_the_price_of_the_day_on_which_it_was_written(api: Api, served):
    body = purchase(product=OTHER_PRODUCT)
    order = ok(api("client").post(ORDERS, body))
    served.fetch("update price_list_items set unit_pp = 240, markup = 50 where item_id = $1", OTHER_YEARLY)
    for reply in (
        api("client").get(path_of(order)),
        api("client").put(path_of(order), {"notes": "x", "lines": [{"id": order["lines"][0]["id"], "quantity": 20}]}),
        api("client").post(f"{path_of(order)}/process"),
    ):
        assert prices(ok(reply))[0]["unitSP"] == 132.0
    assert prices(ok(api("client").get(path_of(order))))[0]["SPxY"] == 2640.0
    assert prices(ok(api("client").post(ORDERS, body)))[0]["unitSP"] == 360.0


def test_a_line_that_is_added_later_has_the_price_of_its_own_day(api: Api, served):
    digits = OTHER_PRODUCT[4:]
    order = draft(served, product=OTHER_PRODUCT, lines=[{"item": refer(f"ITM-{digits}-0003"), "quantity": 1}])
    served.fetch("update price_list_items set unit_pp = 30, markup = 0 where item_id = $1", f"ITM-{digits}-0002")
    lines = [{"id": order["lines"][0]["id"]}, {"item": refer(f"ITM-{digits}-0002"), "quantity": 1}]
    assert [each["unitSP"] for each in prices(ok(api("client").put(path_of(order), {"lines": lines})))] == [385.0, 30.0]


def test_without_a_markup_of_its_own_an_item_takes_that_of_the_price_list(api: Api, served):
    once = f"ITM-{OTHER_PRODUCT[4:]}-0003"
    served.fetch("update price_list_items set markup = null where item_id = $1", once)
    order = draft(served, product=OTHER_PRODUCT, lines=[{"item": refer(once), "quantity": 1}])
    found = prices(ok(api("operations").get(path_of(order))))[0]
    assert (found["markup"], found["unitSP"], found["markupSource"]["type"]) == (12, 392.0, "PriceList")
    served.fetch("update price_list_items set unit_lp = 420 where item_id = $1", once)
    order = draft(served, product=OTHER_PRODUCT, lines=[{"item": refer(once), "quantity": 1}])
    assert prices(ok(api("operations").get(path_of(order))))[0]["unitSP"] == 420.0


def test_a_pricing_policy_of_the_client_goes_before_the_price_list(api: Api, served):
    policy = {
        "$kind": "catalog/pricing-policies", "id": "PRP-1111-1111-1111", "name": "Friends", "markup": 5,
        "client": refer("ACC-2002-0001"), "products": [refer(PRODUCT)], "status": "Active",
        "eligibility": {"client": True, "partner": True},
    }  # fmt: skip
    served.load([policy])
    order = ok(api("other client").post(ORDERS, purchase(licensee=OTHER_LICENSEE)))
    found = ok(api("operations").get(path_of(order)))
    assert prices(found)[0]["markup"] == 5
    source = {"type": "PricingPolicy", "ref": {"id": policy["id"], "name": "Friends"}}
    assert prices(found)[0]["markupSource"] == source
    assert (found["pricingPolicy"]["id"], found["defaultMarkupSource"]) == (policy["id"], "PricingPolicy")
    assert prices(order)[0] == {"currency": "EUR", "unitSP": 126.0, "SPxM": 105.0, "SPxY": 1260.0}
    assert "pricingPolicy" not in order


# The vendor's price of a unit (spec 2.5) --------------------------------------------------------------


def test_the_vendor_names_its_price_and_the_clients_follows(api, order):
    yearly, _, once = order["lines"]
    body = {"lines": [{"id": yearly["id"], "price": {"unitPP": 118.5}}, {"id": once["id"], "price": {"unitPP": 0}}]}
    found = ok(api("vendor").put(path_of(order), body))
    assert [each["unitPP"] for each in prices(found)] == [118.5, 9.99, 0]
    assert (prices(found)[0]["PPxY"], found["price"]["PPx1"]) == (1185.0, 0.0)
    client = ok(api("client").get(path_of(order)))
    assert [each["unitSP"] for each in prices(client)] == [130.35, 10.99, 0.0]
    assert client["price"]["SPxY"] == 1699.14


@pytest.mark.parametrize(
    ("price", "at"),
    [({"unitPP": -1}, "lines[0].price.unitPP"), ({"unitPP": "cheap"}, "lines[0].price.unitPP"), (5, "lines[0].price")],
)
def test_a_price_that_is_none_is_refused(api, order, price, at):
    reply = api("vendor").put(path_of(order), {"lines": [{"id": order["lines"][0]["id"], "price": price}]})
    assert (reply.status, list(reply.json["errors"])) == (400, [at])


def test_the_vendor_can_never_write_what_is_put_on_top(api, order):
    price = {"markup": 99, "margin": 50, "unitSP": 1, "SPxY": 1, "PPxY": 1}
    body = {"lines": [{"id": order["lines"][0]["id"], "price": price}], "price": {"markup": 99, "PPxY": 1}}
    ok(api("vendor").put(path_of(order), body))
    assert prices(ok(api("client").get(path_of(order)))) == prices(order)


def test_the_vendor_names_prices_only_while_it_processes(api, served):
    order = draft(served)
    body = {"lines": [{"id": order["lines"][0]["id"], "price": {"unitPP": 1}}]}
    path = path_of(order)
    assert prices(ok(api("vendor").put(path, body)))[0]["unitPP"] == 120
    ok(api("client").post(f"{path}/process"))
    ok(api("vendor").post(f"{path}/query"))
    assert prices(ok(api("vendor").put(path, body)))[0]["unitPP"] == 120
    ok(api("client").post(f"{path}/process"))
    assert prices(ok(api("vendor").put(path, body)))[0]["unitPP"] == 1


def test_a_client_names_no_price(api: Api, served):
    cheap = {"unitSP": 1, "unitPP": 1, "markup": 0, "SPxY": 1, "currency": "USD"}
    lines = [{"item": refer(YEARLY), "quantity": 10, "price": cheap}]
    order = ok(api("client").post(ORDERS, purchase(lines=lines, price=cheap)))
    assert prices(order) == [{"currency": "EUR", "unitSP": 132.0, "SPxM": 110.0, "SPxY": 1320.0}]
    again = ok(api("client").put(path_of(order), {"lines": [{"id": order["lines"][0]["id"], "price": cheap}]}))
    assert prices(again) == prices(order)


def test_a_line_that_is_not_there_cannot_be_priced(api, order):
    body = {"lines": [{"id": "ALI-1111-1111-1111-0001", "price": {"unitPP": 1}}]}
    reply = api("vendor").put(path_of(order), body)
    assert (reply.status, list(reply.json["errors"])) == (400, ["lines[0].id"])


# What operations puts on top --------------------------------------------------------------------------

MANUAL = [
    # operations sets      the client pays for a unit   the markup is   the margin is
    ({"markup": 25},       150.0,                       25,             20),
    ({"margin": 20},       150.0,                       25,             20),
    ({"unitSP": 150},      150.0,                       25,             20),
    ({"markup": 0},        120.0,                       0,              0),
    ({"markup": -10},      108.0,                       -10,            -11.1111111111),
]  # fmt: skip


@pytest.mark.parametrize(("price", "unit", "markup", "margin"), MANUAL)
def test_operations_name_the_markup_the_margin_or_the_sales_price(api, order, price, unit, markup, margin):
    body = {"lines": [{"id": order["lines"][0]["id"], "price": price}]}
    found = prices(ok(api("operations").put(path_of(order), body)))
    assert (found[0]["unitSP"], found[0]["markup"], found[0]["margin"]) == (unit, markup, margin)
    assert found[0]["markupSource"] == {"type": "Manual"}
    assert (found[0]["unitPP"], found[1]["markupSource"]["type"]) == (120, "PriceList")
    assert ok(api("client").get(path_of(order)))["price"]["SPxY"] == round(unit * 10 + 395.64, 2)


@pytest.mark.parametrize("price", [{"markup": -101}, {"margin": 100}, {"markup": "much"}, {"unitSP": -1}])
def test_a_markup_from_which_no_sales_price_follows_is_refused(api, order, price):
    body = {"lines": [{"id": order["lines"][0]["id"], "price": price}]}
    assert api("operations").put(path_of(order), body).status == 400


def test_operations_name_no_purchase_price(api, order):
    body = {"lines": [{"id": order["lines"][0]["id"], "price": {"unitPP": 1}}]}
    assert prices(ok(api("operations").put(path_of(order), body)))[0]["unitPP"] == 120


def test_a_whole_order_that_is_sent_back_as_it_was_fetched_changes_no_price(api, order):
    for actor in ("operations", "vendor", "client"):
        before = ok(api(actor).get(path_of(order)))
        after = ok(api(actor).put(path_of(order), before))
        assert (prices(after), after["price"]) == (prices(before), before["price"])
    assert prices(ok(api("operations").get(path_of(order))))[0]["markupSource"]["type"] == "PriceList"


def test_the_sales_price_follows_the_vendors_price_at_the_markup_that_operations_chose(api, order):
    line = order["lines"][0]["id"]
    ok(api("operations").put(path_of(order), {"lines": [{"id": line, "price": {"unitSP": 150}}]}))
    ok(api("vendor").put(path_of(order), {"lines": [{"id": line, "price": {"unitPP": 60}}]}))
    assert prices(ok(api("client").get(path_of(order))))[0]["unitSP"] == 75.0


def test_any_edit_by_operations_makes_a_quote_of_a_draft(api, served):
    order = draft(served)
    body = {"lines": [{"id": order["lines"][0]["id"], "price": {"markup": 25}}]}
    found = ok(api("operations").put(path_of(order), body))
    assert (found["status"], found["template"]["id"]) == ("Quoted", "TPL-5001-0001-0001")
    assert "quoted" in found["audit"]
    assert ok(api("client").get(path_of(order)))["lines"][0]["price"]["unitSP"] == 150.0
