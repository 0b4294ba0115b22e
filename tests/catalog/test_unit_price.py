from decimal import Decimal
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.catalog.unit_price import (
    margin_of,
    markup_for,
    markup_of,
    markup_of_margin,
    months_of,
    sales_price,
    spread,
)


def amounts(spread_):
    return tuple(None if each is None else str(each) for each in spread_)


SPREADS = [
    # unit, period, quantity, precision, x1, xM, xY
    ("1.25", "1m", 10, 2, None, "12.50", "150.00"),
    ("15", "1y", 1, 2, None, "1.25", "15.00"),
    ("120", "1y", 10, 2, None, "100.00", "1200.00"),
    ("19.95", "1m", 1, 2, None, "19.95", "239.40"),
    ("360", "3y", 2, 2, None, "20.00", "240.00"),
    ("100", "3y", 1, 2, None, "2.78", "33.33"),
    ("60", "6m", 1, 2, None, "10.00", "120.00"),
    ("30", "3m", 2, 2, None, "20.00", "240.00"),
    ("240", "2y", 1, 2, None, "10.00", "120.00"),
    ("350", "one-time", 1, 2, "350.00", None, None),
    ("0.125", "one-time", 1, 2, "0.13", None, None),
    ("0.125", "one-time", -1, 2, "-0.13", None, None),
    ("10", "1y", 1, 4, None, "0.8333", "10.0000"),
    ("10", "1y", 1, 0, None, "1", "10"),
    ("10", "1y", 0, 2, None, "0.00", "0.00"),
    ("0.005", "1m", 10, 2, None, "0.05", "0.60"),
    ("1e15", "1m", 2147483647, 0, None, "2147483647000000000000000", "25769803764000000000000000"),
]


@pytest.mark.parametrize(("unit", "period", "quantity", "precision", "x1", "xm", "xy"), SPREADS)
def test_a_unit_price_is_spread_over_once_months_and_years(unit, period, quantity, precision, x1, xm, xy):
    assert amounts(spread(D(unit), period, quantity, precision)) == (x1, xm, xy)


@pytest.mark.parametrize("period", ["", "1w", "0m", "one time", "1M", "y", "1000y", "-1m"])
def test_an_unknown_period_is_our_own_mistake(period):
    with pytest.raises(ValueError, match="period"):
        months_of(period)


MARGINS = [
    # markup, margin
    ("2.0", "1.9607843137"),
    ("12", "10.7142857143"),
    ("10", "9.0909090909"),
    ("25", "20"),
    ("0", "0"),
    ("-50", "-100"),
    ("-100", None),
]


@pytest.mark.parametrize(("markup", "margin"), MARGINS)
def test_the_margin_follows_from_the_markup(markup, margin):
    found = margin_of(D(markup))
    assert (None if found is None else str(found)) == margin


@pytest.mark.parametrize(("margin", "markup"), [("20", "25"), ("0", "0"), ("50", "100"), ("100", None)])
def test_the_markup_follows_from_the_margin(margin, markup):
    found = markup_of_margin(D(margin))
    assert (None if found is None else str(found)) == markup


MARKUPS = [
    # unitPP, unitLP, item, list, policy -> markup, source
    ("100", "130", "5", "10", "7", "7", "PricingPolicy"),
    ("100", "130", "5", "10", None, "5", "PriceList"),
    ("100", "130", None, "10", None, "30", "PriceList"),
    ("100", None, None, "10", None, "10", "PriceList"),
    (None, "130", None, "10", None, "10", "PriceList"),
    ("0", "130", None, "10", None, "10", "PriceList"),
    ("100", "130", "0", "10", None, "0", "PriceList"),
    ("100", "130", "5", "10", "0", "0", "PricingPolicy"),
    ("100", None, None, None, None, None, "Unknown"),
]


@pytest.mark.parametrize(("pp", "lp", "item", "default", "policy", "markup", "source"), MARKUPS)
def test_the_markup_comes_from_the_policy_then_the_item_then_the_list(pp, lp, item, default, policy, markup, source):
    given_ = [None if each is None else D(each) for each in (pp, lp, item, default, policy)]
    found, where = markup_for(*given_)
    assert (None if found is None else str(found), where) == (markup, source)


money = st.decimals(Decimal("0.01"), 10**6, places=2)


@given(money, money, st.integers(2, 4))
def test_the_markup_of_a_list_price_gives_that_price_back(unit_pp, unit_lp, precision):
    assert sales_price(unit_pp, markup_of(unit_pp, unit_lp), precision) == unit_lp
