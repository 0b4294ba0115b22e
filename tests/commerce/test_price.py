from decimal import Decimal
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.catalog.unit_price import Spread
from entrepot.commerce.price import billed_quantity, line_price, order_line_price, total


def amounts(spread_):
    return tuple(None if each is None else str(each) for each in spread_)


BILLED = [
    # order, quantity, old, billed
    ("Purchase", 10, 0, 10),
    ("Purchase", 10, 3, 10),
    ("Change", 15, 10, 5),
    ("Change", 3, 10, -7),
    ("Change", 3, 0, 3),
    ("Configuration", 15, 15, 0),
    ("Termination", 0, 10, -10),
    ("Suspend", 4, 4, 0),
]


@pytest.mark.parametrize(("order_type", "quantity", "old", "billed"), BILLED)
def test_an_order_is_priced_by_the_units_it_adds(order_type, quantity, old, billed):
    assert billed_quantity(order_type, quantity, old) == billed


def test_a_purchase_line_carries_both_prices():
    line = order_line_price(D("120"), D("10"), "1y", "Purchase", 10, 0, 2)
    assert line.unit_pp == D("120")
    assert str(line.unit_sp) == "132.00"
    assert amounts(line.pp) == (None, "100.00", "1200.00")
    assert amounts(line.sp) == (None, "110.00", "1320.00")
    assert str(line.margin) == "9.0909090909"


def test_a_termination_line_takes_away_what_the_purchase_added():
    bought = order_line_price(D("19.95"), D("7.5"), "1m", "Purchase", 3, 0, 2)
    ended = order_line_price(D("19.95"), D("7.5"), "1m", "Termination", 0, 3, 2)
    assert ended.pp == Spread(None, -bought.pp.xm, -bought.pp.xy)
    assert ended.sp == Spread(None, -bought.sp.xm, -bought.sp.xy)
    assert ended.unit_sp == bought.unit_sp


def test_a_line_sold_by_usage_has_no_amounts_but_keeps_its_markup():
    line = line_price(None, D("12"), "1m", 5, 2)
    assert line.unit_sp is None
    assert line.pp == line.sp == Spread()
    assert str(line.margin) == "10.7142857143"


def test_a_line_without_a_markup_has_no_sales_price():
    line = line_price(D("5"), None, "1m", 2, 2)
    assert line.unit_sp is None
    assert line.sp == Spread()
    assert line.margin is None
    assert amounts(line.pp) == (None, "10.00", "120.00")


def test_the_client_pays_the_unit_price_it_sees_times_the_quantity():
    line = line_price(D("0.33"), D("10"), "1m", 1000, 2)
    assert str(line.unit_sp) == "0.36"
    assert str(line.sp.xm) == "360.00"


def test_an_order_totals_its_rounded_lines():
    lines = [
        line_price(D("120"), D("10"), "1y", 10, 2),
        line_price(D("350"), D("14.2857142857"), "one-time", 1, 2),
        line_price(D("0.10"), D("10"), "1y", 1, 2),
    ]
    price = total(lines)
    assert amounts(price.pp) == ("350.00", "100.01", "1200.10")
    assert amounts(price.sp) == ("400.00", "110.01", "1320.11")
    assert str(price.markup) == "10.9676795045"
    assert str(price.margin) == "9.8836702304"


TOTALS_WITHOUT_MARKUP = [
    [],
    [line_price(None, D("10"), "1m", 1, 2)],
    [line_price(D("0"), D("10"), "1m", 1, 2)],
    [line_price(D("5"), D("10"), "1m", 0, 2)],
    [line_price(D("5"), None, "1m", 1, 2)],
]


@pytest.mark.parametrize("lines", TOTALS_WITHOUT_MARKUP, ids=range(len(TOTALS_WITHOUT_MARKUP)))
def test_a_total_of_nothing_has_no_markup(lines):
    assert (total(lines).markup, total(lines).margin) == (None, None)


def test_a_line_without_a_sales_price_does_not_drag_the_markup_down():
    priced = line_price(D("100"), D("10"), "1y", 1, 2)
    assert total([priced, line_price(D("100"), None, "1y", 1, 2)]).markup == D("10")


def test_what_does_not_fall_is_absent_from_the_total():
    price = total([line_price(D("5"), D("10"), "1m", 1, 2)])
    assert price.pp.x1 is None
    assert price.sp.x1 is None


def test_a_termination_order_keeps_the_markup_of_its_lines():
    price = total([order_line_price(D("100"), D("20"), "1y", "Termination", 0, 3, 2)])
    assert (str(price.sp.xy), str(price.markup)) == ("-360.00", "20")


money = st.decimals(Decimal("0.01"), 10**6, places=2)


@given(st.lists(st.tuples(money, st.sampled_from(["1m", "1y", "3y", "one-time"]), st.integers(0, 999))))
def test_a_total_is_the_sum_of_what_the_lines_show(rows):
    lines = [line_price(unit, D("7.25"), period, quantity, 2) for unit, period, quantity in rows]
    for field in ("pp", "sp"):
        for at in range(3):
            shown = [getattr(line, field)[at] for line in lines if getattr(line, field)[at] is not None]
            assert getattr(total(lines), field)[at] == (sum(shown) if shown else None)
