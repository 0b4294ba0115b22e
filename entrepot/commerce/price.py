"""What a line costs: from the price of one unit for one term to what falls once, each month and each year."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
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


@dataclass(frozen=True, slots=True)
class LinePrice:
    """The price of a line of an order, an agreement, a subscription or an asset."""

    unit_pp: Decimal | None
    unit_sp: Decimal | None
    pp: Spread
    sp: Spread
    markup: Decimal | None
    margin: Decimal | None


@dataclass(frozen=True, slots=True)
class TotalPrice:
    """The sum of lines, with the markup and margin that come out of it."""

    pp: Spread
    sp: Spread
    markup: Decimal | None
    margin: Decimal | None


def billed_quantity(order_type: str, quantity: int, old_quantity: int) -> int:
    """How many units an order adds: all of a purchase, the difference otherwise (a termination takes away).

    Source: spec 4.3. A configuration changes no quantity, so its lines add nothing.
    """
    return quantity if order_type == "Purchase" else quantity - old_quantity


def order_line_price(
    unit_pp: Decimal | None,
    markup: Decimal | None,
    period: str | None,
    order_type: str,
    quantity: int,
    old_quantity: int,
    precision: int,
) -> LinePrice:
    """What a line adds to its order's price."""
    return line_price(unit_pp, markup, period, billed_quantity(order_type, quantity, old_quantity), precision)


def line_price(
    unit_pp: Decimal | None, markup: Decimal | None, period: str | None, quantity: int, precision: int
) -> LinePrice:
    """So many units at a purchase price and a markup; without a purchase price (usage) no amounts."""
    unit_sp = sales_price(unit_pp, markup, precision)
    return LinePrice(
        unit_pp=unit_pp,
        unit_sp=unit_sp,
        pp=spread(unit_pp, period, quantity, precision),
        sp=spread(unit_sp, period, quantity, precision),
        markup=markup,
        margin=margin_of(markup),
    )


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
    return _share(EXACT.subtract(unit_sp, unit_pp), unit_pp)


def margin_of(markup: Decimal | None) -> Decimal | None:
    """The margin that a markup leaves: 2 leaves 1.9607843137, 25 leaves 20."""
    return None if markup is None else _share(markup, EXACT.add(_HUNDRED, markup))


def markup_of_margin(margin: Decimal | None) -> Decimal | None:
    """The markup that leaves this margin; none leaves all of the price."""
    return None if margin is None else _share(margin, EXACT.subtract(_HUNDRED, margin))


def total(lines: Iterable[LinePrice]) -> TotalPrice:
    """The sum of rounded lines; markup and margin compare a year plus what falls once, where both are known.

    An agreement passes its recurring lines only: one-time amounts are no part of its price (spec 4.1).
    """
    lines = list(lines)
    both = [line for line in lines if line.unit_pp is not None and line.unit_sp is not None]
    purchase, sales = _weight(line.pp for line in both), _weight(line.sp for line in both)
    gain = EXACT.subtract(sales, purchase)
    return TotalPrice(
        pp=_summed(line.pp for line in lines),
        sp=_summed(line.sp for line in lines),
        markup=_share(gain, purchase),
        margin=_share(gain, sales),
    )


def _summed(spreads: Iterable[Spread]) -> Spread:
    spreads = list(spreads)
    return Spread(
        x1=_sum(spreads, lambda each: each.x1),
        xm=_sum(spreads, lambda each: each.xm),
        xy=_sum(spreads, lambda each: each.xy),
    )


def _sum(spreads: list[Spread], part: Callable[[Spread], Decimal | None]) -> Decimal | None:
    amounts = [amount for each in spreads if (amount := part(each)) is not None]
    return _added(amounts) if amounts else None


def _weight(spreads: Iterable[Spread]) -> Decimal:
    return _added(amount for each in spreads for amount in (each.x1, each.xy) if amount is not None)


def _added(amounts: Iterable[Decimal]) -> Decimal:
    whole = Decimal(0)
    for amount in amounts:
        whole = EXACT.add(whole, amount)
    return whole


def _share(part: Decimal, whole: Decimal) -> Decimal | None:
    return percent(EXACT.divide(EXACT.multiply(part, _HUNDRED), whole)) if whole else None
