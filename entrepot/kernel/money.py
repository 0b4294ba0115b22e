"""Amounts and percentages: decimals only, rounded half up, never a float."""

import re
from collections.abc import Iterable, Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal
from functools import cache, reduce
from typing import Final

MAGNITUDE_MAX: Final = 10**15
DECIMALS_MAX: Final = 12
DIGITS_MAX: Final = 60
PERCENT_DECIMALS: Final = 10

EXACT: Final = Context(prec=120, rounding=ROUND_HALF_UP)
"""Wide enough that the product of numbers taken in is never rounded by accident."""

_ZERO: Final = Decimal(0)
_NUMERAL = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]{1,3})?")


def to_decimal(value: object) -> Decimal:
    """A number as callers send it, `"20.0"` included; ValueError says what is wrong with anything else."""
    if isinstance(value, bool):
        raise ValueError("Must be a number.")
    if isinstance(value, int) and abs(value) <= MAGNITUDE_MAX:
        return Decimal(value)
    if isinstance(value, int):
        raise ValueError("Must be at most 10^15.")
    if isinstance(value, float):
        return _plain(Decimal(repr(value)))
    if isinstance(value, str):
        return _plain(_parsed(value))
    if isinstance(value, Decimal):
        return _plain(value)
    raise ValueError("Must be a number.")


def rounded(amount: Decimal, precision: int) -> Decimal:
    """Half up, a tie going away from zero: what is taken back mirrors what was bought."""
    return EXACT.add(amount.quantize(_step(precision), context=EXACT), _ZERO)  # and no negative zero


def percent(amount: Decimal) -> Decimal:
    """A percentage keeps up to ten decimals and no trailing zeros: 1.9607843137, 20."""
    kept = rounded(amount, PERCENT_DECIMALS).normalize(EXACT)
    return rounded(kept, max(_decimals(kept), 0))


def added(amounts: Iterable[Decimal]) -> Decimal:
    """The sum, to the last digit."""
    return reduce(EXACT.add, amounts, _ZERO)


def apportion(amount: Decimal, weights: Sequence[Decimal], precision: int) -> list[Decimal]:
    """An amount in parts by weight that add up to it, to the last digit: largest remainders, of equals the first.

    Weights are not negative, and one at least is more than zero; what weighs nothing is given nothing.
    """
    whole, step = added(weights), _step(precision)
    exact = [EXACT.divide(EXACT.multiply(amount.copy_abs(), weight), whole) for weight in weights]
    parts = [each.quantize(step, rounding=ROUND_DOWN, context=EXACT) for each in exact]
    rest = EXACT.subtract(amount.copy_abs(), added(parts))
    for at in sorted(range(len(parts)), key=lambda at: EXACT.subtract(parts[at], exact[at])):
        more = min(step, rest)
        parts[at], rest = EXACT.add(parts[at], more), EXACT.subtract(rest, more)
    return [-each if amount < 0 and each else each for each in parts]


@cache
def _step(precision: int) -> Decimal:
    """The smallest amount of so many decimals."""
    return Decimal(1).scaleb(-precision)


def _parsed(text: str) -> Decimal:
    text = text.strip() if len(text) <= DIGITS_MAX else ""
    if not _NUMERAL.fullmatch(text):
        raise ValueError("Must be a number.")
    return Decimal(text)


def _plain(amount: Decimal) -> Decimal:
    """The same amount within bounds, with no exponent and no zeros beyond the decimals that are kept."""
    if not amount.is_finite():
        raise ValueError("Must be a number.")
    if not amount:
        return Decimal(0)
    if amount.adjusted() > 15 or amount.copy_abs() > MAGNITUDE_MAX:
        raise ValueError("Must be at most 10^15.")
    if len(amount.as_tuple().digits) > DIGITS_MAX:
        raise ValueError(f"Must have at most {DIGITS_MAX} digits.")
    plain = rounded(amount, max(0, min(_decimals(amount), DECIMALS_MAX)))
    if plain != amount:
        raise ValueError(f"Must have at most {DECIMALS_MAX} decimals.")
    return plain


def _decimals(amount: Decimal) -> int:
    exponent = amount.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0
