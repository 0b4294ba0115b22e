"""The markup that operations sets: on a line, and for what will be sold under an agreement, subscription or asset."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from entrepot.catalog.unit_price import margin_of, markup_of_margin
from entrepot.commerce.party import MARGIN
from entrepot.kernel.body import Body, convert
from entrepot.kernel.call import Call
from entrepot.kernel.field import Field, computed, number
from entrepot.kernel.thing import Thing

DEFAULT_MARKUP = number("price.defaultMarkup")
DEFAULT_MARGIN = number("price.defaultMargin")


def default_margin() -> Field:
    """`price.defaultMargin`, which follows from the default markup (spec 4.1)."""

    def dress(thing: Thing, *_: object) -> object:
        return margin_of(thing.price_default_markup)

    return computed("price.defaultMargin", "price_default_markup", dress, sees=MARGIN)


def set_default_markup(call: Call, thing: Thing, given: Body) -> None:
    """As a markup, or as the margin that it leaves; what is sent back as it was is no change."""
    now = thing.price_default_markup
    markup = asked_markup(
        call, given, (DEFAULT_MARKUP, now, lambda value: value), (DEFAULT_MARGIN, margin_of(now), markup_of_margin)
    )
    if markup is not None:
        thing.price_default_markup = markup


Way = tuple[Field, Decimal | None, Callable[[Decimal], Decimal | None]]
"""How a markup may be named: by which field, what that is now, and the markup that follows from a value of it."""


def asked_markup(call: Call, given: Body, *ways: Way) -> Decimal | None:
    """The markup that a body asks for, by the first of the ways that says something new; None where none does."""
    for each, now, made in ways:
        name = each.path[-1]
        if given.get(name) is None:
            continue
        value: Any = convert(call, each, given.path(name), given.get(name))
        if value is None or value == now:
            continue
        markup = made(value)
        if markup is None or markup < -100:
            call.fault(given.path(name), "No sales price follows from this.")
            continue
        return markup
    return None
