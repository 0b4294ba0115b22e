"""What a line costs: from the price of one unit for one term to what falls once, each month and each year."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from entrepot.catalog.unit_price import Spread, margin_of, sales_price, share, spread
from entrepot.kernel.money import EXACT


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


def total(lines: Iterable[LinePrice]) -> TotalPrice:
    """The sum of rounded lines; markup and margin compare a year plus what falls once, where both are known.

    An agreement passes its recurring lines only: one-time amounts are no part of its price (spec 4.1).
    """
    pp, sp = _Sums(), _Sums()
    purchase = sales = Decimal(0)
    for line in lines:
        pp.add(line.pp)
        sp.add(line.sp)
        if line.unit_pp is not None and line.unit_sp is not None:
            purchase = _weighed(purchase, line.pp)
            sales = _weighed(sales, line.sp)
    gain = EXACT.subtract(sales, purchase)
    return TotalPrice(Spread(*pp.amounts), Spread(*sp.amounts), markup=share(gain, purchase), margin=share(gain, sales))


class _Sums:
    """What falls once, each month and each year, of all lines; None while nothing falls so."""

    def __init__(self) -> None:
        self.amounts: list[Decimal | None] = [None, None, None]

    def add(self, spread: Spread) -> None:
        sums = self.amounts
        for at, amount in enumerate(spread):
            if amount is not None:
                so_far = sums[at]
                sums[at] = amount if so_far is None else EXACT.add(so_far, amount)


def _weighed(so_far: Decimal, spread: Spread) -> Decimal:
    """A year, and what falls once."""
    for amount in (spread.x1, spread.xy):
        if amount is not None:
            so_far = EXACT.add(so_far, amount)
    return so_far
