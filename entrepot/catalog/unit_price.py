"""What one unit costs: its purchase and sales price, the markup between them, and how it falls over time."""

import re
from decimal import Decimal
from functools import lru_cache
from typing import Final, NamedTuple

from entrepot.kernel.money import EXACT, percent, rounded

UNKNOWN: Final = "Unknown"
PRICE_LIST: Final = "PriceList"
PRICING_POLICY: Final = "PricingPolicy"
MANUAL: Final = "Manual"

_PERIOD = re.compile(r"([1-9][0-9]{0,2})([my])")
_HUNDRED = Decimal(100)


class Spread(NamedTuple):
    """An amount as it falls once, each month, each year; absent where it does not fall so."""

    x1: Decimal | None = None
    xm: Decimal | None = None
    xy: Decimal | None = None


NO_SPREAD: Final = Spread()


def spread(unit: Decimal | None, period: str | None, quantity: int, precision: int) -> Spread:
    """A unit price over one period, times a quantity, each amount rounded once."""
    if unit is None or period is None:
        return NO_SPREAD
    amount = EXACT.multiply(unit, Decimal(quantity))
    months = months_of(period)
    if months is None:
        return Spread(x1=rounded(amount, precision))
    return Spread(
        xm=rounded(EXACT.divide(amount, Decimal(months)), precision),
        xy=rounded(EXACT.divide(EXACT.multiply(amount, Decimal(12)), Decimal(months)), precision),
    )


@lru_cache(maxsize=256)
def months_of(period: str) -> int | None:
    """1m, 6m, 1y, 3y, … in months; None for one-time."""
    if period == "one-time":
        return None
    found = _PERIOD.fullmatch(period)
    if not found:
        raise ValueError(f"{period!r} is not a period.")
    return int(found[1]) * (12 if found[2] == "y" else 1)


def sales_price(unit_pp: Decimal | None, markup: Decimal | None, precision: int) -> Decimal | None:
    """unitSP: the purchase price plus the markup, rounded as the client sees it."""
    if unit_pp is None or markup is None:
        return None
    return rounded(EXACT.divide(EXACT.multiply(unit_pp, EXACT.add(_HUNDRED, markup)), _HUNDRED), precision)


def markup_for(
    unit_pp: Decimal | None,
    unit_lp: Decimal | None,
    item_markup: Decimal | None,
    default_markup: Decimal | None,
    policy_markup: Decimal | None,
) -> tuple[Decimal | None, str]:
    """The markup of a new line and where it comes from. What Operations sets on a line later is MANUAL.

    The client's pricing policy goes before the price list's item (its own markup, else the one that makes
    the sales price its list price), and that before the price list's default.
    """
    if policy_markup is not None:
        return policy_markup, PRICING_POLICY
    for markup in (item_markup, markup_of(unit_pp, unit_lp), default_markup):
        if markup is not None:
            return markup, PRICE_LIST
    return None, UNKNOWN


def markup_of(unit_pp: Decimal | None, unit_sp: Decimal | None) -> Decimal | None:
    """The markup that makes this sales price of this purchase price."""
    if unit_pp is None or unit_sp is None:
        return None
    return share(EXACT.subtract(unit_sp, unit_pp), unit_pp)


def margin_of(markup: Decimal | None) -> Decimal | None:
    """The margin that a markup leaves: 2 leaves 1.9607843137, 25 leaves 20."""
    return None if markup is None else share(markup, EXACT.add(_HUNDRED, markup))


def markup_of_margin(margin: Decimal | None) -> Decimal | None:
    """The markup that leaves this margin; none leaves all of the price."""
    return None if margin is None else share(margin, EXACT.subtract(_HUNDRED, margin))


def share(part: Decimal, whole: Decimal) -> Decimal | None:
    """A part of a whole in percent; of nothing there is none."""
    return percent(EXACT.divide(EXACT.multiply(part, _HUNDRED), whole)) if whole else None
