"""A markup and the margin that it leaves say the same: one of them is given, the other follows."""

from decimal import Decimal

from entrepot.catalog.unit_price import margin_of, markup_of_margin
from entrepot.kernel.field import Field, number
from entrepot.kernel.thing import Thing

LOWEST, HIGHEST = Decimal(-100), Decimal(100)


def _above(value: object) -> list[str]:
    return [] if isinstance(value, Decimal) and value > LOWEST else ["More than -100 percent is allowed."]


def _below(value: object) -> list[str]:
    return [] if isinstance(value, Decimal) and value < HIGHEST else ["Less than 100 percent is allowed."]


def markup_and_margin(markup: str, margin: str, *, told: bool = False) -> tuple[Field, Field]:
    """The two fields, in percent. They are the distributor's own affair. Source: commerce spec 4.2.

    Where it is `told`, the markup is given though it is not known yet.
    """
    return (
        number(markup, sees="operations", check=_above, writes="operations", told=told),
        number(margin, sees="operations", check=_below, writes="operations"),
    )


def agree(thing: Thing, markup: str, margin: str) -> None:
    """Where the markup is new the margin follows, else the markup follows a new margin. What is sent back as it was
    is not new. Source: platform spec 2.9, 2.11.
    """
    first, second = thing.noun.field(markup).column, thing.noun.field(margin).column
    was = thing.was or {}
    if thing.now[first] != was.get(first):
        thing.now[second] = margin_of(thing.now[first])
    elif thing.now[second] != was.get(second):
        thing.now[first] = markup_of_margin(thing.now[second])
