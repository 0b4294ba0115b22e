"""What a line costs, derived once more from the purchase price, the markup and the quantity (spec 4.3)."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from tests.model.market import PRECISION

Price = dict[str, Decimal]

MONTHS = {"1m": 1, "1y": 12, "3y": 36}
HUNDRED = Decimal(100)


def rounded(value: Decimal, places: int = PRECISION) -> Decimal:
    """Half up."""
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def percent(part: Decimal, whole: Decimal) -> Decimal:
    """So many percent, to ten places."""
    return rounded(part * HUNDRED / whole, 10)


def of_line(unit_pp: Decimal, markup: Decimal, period: str, quantity: int) -> Price:
    """All amounts of one line, as Operations sees them."""
    unit_sp = rounded(unit_pp * (1 + markup / HUNDRED))
    found = {"unitPP": unit_pp, "unitSP": unit_sp, "markup": markup}
    if markup != -HUNDRED:
        found["margin"] = percent(markup, HUNDRED + markup)
    for side, unit in (("PP", unit_pp), ("SP", unit_sp)):
        if period == "one-time":
            found[f"{side}x1"] = rounded(unit * quantity)
        else:
            found[f"{side}xM"] = rounded(unit * quantity / MONTHS[period])
            found[f"{side}xY"] = rounded(unit * quantity * 12 / MONTHS[period])
    return found


def total(lines: Iterable[Price]) -> Price:
    """The sums of rounded lines; markup and margin compare what falls in a year and what falls once."""
    found: Price = {}
    for line in lines:
        for name, amount in line.items():
            if "x" in name:
                found[name] = found.get(name, Decimal(0)) + amount
    bought, sold = (
        sum((found.get(f"{side}{each}", Decimal(0)) for each in ("x1", "xY")), Decimal(0)) for side in ("PP", "SP")
    )
    if bought:
        found["markup"] = percent(sold - bought, bought)
    if sold:
        found["margin"] = percent(sold - bought, sold)
    return found


def visible(price: Price, actor: str) -> Price:
    """Clients see what they pay, vendors what they get, Operations all of it (spec 4.2)."""
    hidden = {"client": ("PP", "unitPP", "markup", "margin"), "vendor": ("SP", "unitSP", "markup", "margin")}
    return {name: amount for name, amount in price.items() if not name.startswith(hidden.get(actor, ()))}
