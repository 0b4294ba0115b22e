"""The markup that operations sets for what will be sold under an agreement, a subscription or an asset."""

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
    for each, made in ((DEFAULT_MARKUP, lambda value: value), (DEFAULT_MARGIN, markup_of_margin)):
        name = each.path[-1]
        if given.get(name) is None:
            continue
        value: Any = convert(call, each, given.path(name), given.get(name))
        if value is None or value in (thing.price_default_markup, margin_of(thing.price_default_markup)):
            continue
        markup = made(value)
        if markup is None or markup < -100:
            call.fault(given.path(name), "No sales price follows from this.")
            continue
        thing.price_default_markup = markup
        return
