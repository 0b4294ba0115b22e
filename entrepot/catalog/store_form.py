"""What a world file may leave out about the catalogue: whose it is follows from the product, prices from the lists."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from entrepot.catalog.authorization import AUTHORIZATION
from entrepot.catalog.document import DOCUMENT
from entrepot.catalog.item import ITEM
from entrepot.catalog.item import fill_texts as item_texts
from entrepot.catalog.item_group import ITEM_GROUP
from entrepot.catalog.listing import LISTING
from entrepot.catalog.media import MEDIA
from entrepot.catalog.parameter import PARAMETER
from entrepot.catalog.parameter_group import PARAMETER_GROUP
from entrepot.catalog.price_list import PRICE_LIST
from entrepot.catalog.price_list_item import PRICE_LIST_ITEM, SPREADS
from entrepot.catalog.pricing_policy import PRICING_POLICY
from entrepot.catalog.pricing_policy_attachment import PRICING_POLICY_ATTACHMENT
from entrepot.catalog.product import PRODUCT
from entrepot.catalog.product import fill_texts as product_texts
from entrepot.catalog.template import TEMPLATE
from entrepot.catalog.terms import TERMS, VARIANT
from entrepot.catalog.unit_of_measure import UNIT_OF_MEASURE
from entrepot.catalog.unit_price import margin_of, markup_for, markup_of, markup_of_margin, sales_price, spread
from entrepot.kernel.store_form import Form, World, inherit
from entrepot.kernel.thing import Thing


class Definitions:
    """The parameters of a product by both of their names; of two with one external id the active one counts."""

    def __init__(self, parameters: list[Any]):
        self.parameters = parameters
        self.by_id: Mapping[object, Any] = {each.id: each for each in parameters}
        ranked = sorted(parameters, key=lambda each: each.status == "Active")
        self.by_external_id: Mapping[object, Any] = {each.external_id: each for each in ranked if each.external_id}

    def find(self, entry: Mapping[str, object]) -> Any:
        """The definition that an entry of a bag names."""
        if entry.get("id") is not None:
            return self.by_id.get(str(entry["id"]))
        return self.by_external_id.get(str(entry.get("externalId")))


def definitions(world: World, product_id: object) -> Definitions:
    """What a product asks and tells."""
    return world.once(
        ("definitions", product_id), lambda: Definitions(sorted_by_id(world, PARAMETER.path, "product_id", product_id))
    )


def sorted_by_id(world: World, path: str, column: str, value: object) -> list[Thing]:
    """Things in the order in which the platform reads them."""
    return sorted(world.all(path, column, value), key=lambda each: str(each.id))


def resolved(thing: Thing, name: str, entry: object, known: Definitions, world: World) -> Any:
    """The definition of an entry of a bag; None, with the fault noted, where there is none."""
    if not isinstance(entry, dict):
        world.fault(thing, name, "An object was expected.")
        return None
    found = known.find(entry)
    if found is None:
        named = entry.get("id") if entry.get("id") is not None else entry.get("externalId")
        world.fault(thing, f"{name}.id", f"Parameter {str(named)[:80]!r} was not found in this product.")
    return found


def _product(product: Thing, world: World) -> None:
    product_texts(product)


def _item(item: Thing, world: World) -> None:
    _of_product(item, world)
    item_texts(item)
    one_time = "one-time" in (item.terms_model, item.terms_period)
    if item.terms_model is None:
        item.terms_model = "one-time" if one_time else "quantity"
    if item.terms_period is None and one_time:
        item.terms_period = "one-time"
    if item.parameters:
        known = definitions(world, item.product_id)
        kept: list[dict[str, object]] = []
        for at, entry in enumerate(item.parameters):
            definition = resolved(item, f"parameters[{at}]", entry, known, world)
            if definition is not None:
                kept.append({"id": definition.id, "value": entry.get("value")})
        item.parameters = kept


def _of_product(thing: Thing, world: World) -> None:
    """What belongs to a product is its vendor's."""
    inherit(thing, world.one(PRODUCT.path, thing.product_id), "vendor_id")


def _variant(variant: Thing, world: World) -> None:
    inherit(variant, world.one(TERMS.path, variant.terms_and_conditions_id), "vendor_id")


def _price_list(prices: Thing, world: World) -> None:
    _of_product(prices, world)
    _both_ways(prices, "default_markup", "default_margin")


def _price_list_item(entry: Thing, world: World) -> None:
    """Without a markup of its own it is sold as a new order line would be (commerce spec 4.3)."""
    prices, item = world.one(PRICE_LIST.path, entry.price_list_id), world.one(ITEM.path, entry.item_id)
    inherit(entry, prices, "vendor_id")
    if prices is None or item is None:
        return
    precision = 2 if prices.precision is None else prices.precision
    usual, _ = markup_for(entry.unit_pp, entry.unit_lp, None, prices.default_markup, None)
    if entry.markup is None:
        entry.markup = _own_markup(entry, usual, sales_price(entry.unit_pp, usual, precision))
    markup = usual if entry.markup is None else entry.markup
    _put(entry, "unit_sp", sales_price(entry.unit_pp, markup, precision))
    _put(entry, "margin", margin_of(markup) if entry.unit_pp is not None else None)
    for unit, *amounts in SPREADS:
        for column, amount in zip(amounts, spread(entry.now[unit], item.terms_period, 1, precision), strict=True):  # pyright: ignore[reportArgumentType]
            _put(entry, column, amount)


def _own_markup(entry: Thing, usual: Decimal | None, usual_sp: Decimal | None) -> Decimal | None:
    """The markup behind a sales price or margin that is not the one that follows by itself."""
    if entry.unit_sp is not None:
        return None if entry.unit_sp == usual_sp else markup_of(entry.unit_pp, entry.unit_sp)
    return None if entry.margin == margin_of(usual) else markup_of_margin(entry.margin)


def _pricing_policy(policy: Thing, world: World) -> None:
    _both_ways(policy, "markup", "margin")


def _listing(listing: Thing, world: World) -> None:
    for source in (
        world.one(AUTHORIZATION.path, listing.authorization_id),
        world.one(PRICE_LIST.path, listing.price_list_id),
    ):
        inherit(listing, source, "product_id")
    _of_product(listing, world)
    listing.name = listing.name or listing.id


def _both_ways(thing: Thing, markup: str, margin: str) -> None:
    """One of the two is given, the other follows from it."""
    _put(thing, markup, markup_of_margin(thing.now[margin]))  # pyright: ignore[reportArgumentType]
    _put(thing, margin, margin_of(thing.now[markup]))  # pyright: ignore[reportArgumentType]


def _put(thing: Thing, column: str, value: object) -> None:
    if thing.now[column] is None:
        thing.now[column] = value


FORMS = (
    Form(UNIT_OF_MEASURE),
    Form(PRODUCT, _product, needs=("vendor",), keeps=True),
    Form(ITEM_GROUP, _of_product, follows=("vendor",)),
    Form(PARAMETER_GROUP, _of_product, follows=("vendor",)),
    Form(PARAMETER, _of_product, needs=("scope", "phase", "type"), keeps=True, follows=("vendor",)),
    Form(TEMPLATE, _of_product, keeps=True, follows=("vendor",)),
    Form(TERMS, _of_product, keeps=True),
    Form(VARIANT, _variant),
    Form(DOCUMENT, _of_product),
    Form(MEDIA, _of_product),
    Form(ITEM, _item, needs=("product", "terms.period"), keeps=True),
    Form(PRICE_LIST, _price_list, needs=("product",), keeps=True),
    Form(PRICE_LIST_ITEM, _price_list_item, needs=("item",), keeps=True),
    Form(PRICING_POLICY, _pricing_policy, needs=("client",), keeps=True),
    Form(PRICING_POLICY_ATTACHMENT),
    Form(AUTHORIZATION, _of_product, needs=("product",), keeps=True),
    Form(LISTING, _listing, needs=("product", "seller", "priceList"), keeps=True),
)
