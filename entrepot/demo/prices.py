"""What things cost: the sales price of a unit, the price of a line, and sums of lines.

Source: commerce spec, 4.1 and 4.3.
"""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from entrepot.demo.world_file import Line

PRECISION = 2
"""Decimals of every price list of the demo world."""

MONTHS = {"1m": 1, "1y": 12, "3y": 36}
RECURRING = ("PPxM", "PPxY", "SPxM", "SPxY")
ONE_TIME = ("PPx1", "SPx1")


def half_up(amount: Decimal, precision: int = PRECISION) -> Decimal:
    """Money, rounded half up."""
    return amount.quantize(Decimal(1).scaleb(-precision), ROUND_HALF_UP)


def unit_sale(unit_purchase: Decimal, markup: Decimal) -> Decimal:
    """What one unit is sold for, for one period."""
    return half_up(unit_purchase * (1 + markup / 100))


def line_price(currency: str, unit_purchase: Decimal, markup: Decimal, period: str, quantity: int) -> Line:
    """The price of a line, as operations see it. A negative quantity prices a reduction."""
    unit_sp = unit_sale(unit_purchase, markup)
    price: Line = {
        "currency": currency,
        "unitPP": half_up(unit_purchase),
        "unitSP": unit_sp,
        "markup": markup,
        "margin": percent(markup, 100 + markup),
    }
    for side, unit in (("PP", unit_purchase), ("SP", unit_sp)):
        if period == "one-time":
            price[f"{side}x1"] = half_up(unit * quantity)
        else:
            price[f"{side}xM"] = half_up(unit * quantity / MONTHS[period])
            price[f"{side}xY"] = half_up(unit * quantity * 12 / MONTHS[period])
    return price


def total(currency: str, prices: Iterable[Line]) -> Line:
    """The sum of lines, with the markup and margin that come out of a year and what falls once."""
    sums: dict[str, Decimal] = {}
    for price in prices:
        for name in (*RECURRING, *ONE_TIME):
            if name in price:
                sums[name] = sums.get(name, Decimal(0)) + Decimal(str(price[name]))
    purchase = sums.get("PPx1", Decimal(0)) + sums.get("PPxY", Decimal(0))
    sale = sums.get("SPx1", Decimal(0)) + sums.get("SPxY", Decimal(0))
    summary: Line = {"currency": currency, **sums}
    if purchase:
        summary["markup"] = percent(sale - purchase, purchase)
    if sale:
        summary["margin"] = percent(sale - purchase, sale)
    return summary


def percent(part: Decimal, whole: Decimal) -> Decimal:
    """A share in percent, to at most ten decimals."""
    share = half_up(part / whole * 100, 10).normalize()
    return share if share.as_tuple().exponent <= 0 else share.quantize(Decimal(1))  # pyright: ignore[reportOperatorIssue]
