"""What the room of the catalogue offers, and to whom.

Everybody may ask for everything, but vendors not for pricing policies (spec: endpoints). How little a client
or vendor then finds is a matter of the rows that they see.
"""

from entrepot.catalog.authorization import AUTHORIZATION
from entrepot.catalog.item import ITEM
from entrepot.catalog.item_group import ITEM_GROUP
from entrepot.catalog.listing import LISTING
from entrepot.catalog.parameter import PARAMETER
from entrepot.catalog.parameter_group import PARAMETER_GROUP
from entrepot.catalog.price_list import PRICE_LIST
from entrepot.catalog.price_list_item import PRICE_LIST_ITEM
from entrepot.catalog.pricing_policy import PRICING_POLICY
from entrepot.catalog.product import PRODUCT
from entrepot.catalog.template import TEMPLATE
from entrepot.catalog.terms import TERMS, VARIANT
from entrepot.catalog.unit_of_measure import UNIT_OF_MEASURE
from entrepot.kernel.resource import Resource

NOUNS = (
    PRODUCT,
    ITEM_GROUP,
    PARAMETER_GROUP,
    PARAMETER,
    TEMPLATE,
    TERMS,
    VARIANT,
    ITEM,
    UNIT_OF_MEASURE,
    PRICE_LIST,
    PRICE_LIST_ITEM,
    PRICING_POLICY,
    AUTHORIZATION,
    LISTING,
)

OFFERS = (
    Resource(PRODUCT, summary="What vendors offer."),
    Resource(ITEM_GROUP, summary="How the items of a product are grouped where they are chosen."),
    Resource(PARAMETER_GROUP, summary="How the parameters of a product are grouped where they are asked."),
    Resource(PARAMETER, summary="What a product asks of those who order it, and tells them when it is delivered."),
    Resource(TEMPLATE, summary="Texts of a product that tell where an order, subscription or asset stands."),
    Resource(TERMS, summary="Terms and conditions of a product, accepted with each purchase."),
    Resource(VARIANT, summary="One text of the terms for each language."),
    Resource(ITEM, summary="What can be ordered of a product, each with its terms of payment."),
    Resource(
        ITEM,
        path="catalog/products/{product}/items",
        by="product_id",
        summary="What can be ordered of a product, each with its terms of payment.",
    ),
    Resource(UNIT_OF_MEASURE, summary="What items are counted in."),
    Resource(PRICE_LIST, summary="Prices of a product in one currency."),
    Resource(PRICE_LIST_ITEM, summary="The price of one item on a price list."),
    Resource(
        PRICING_POLICY,
        reads=frozenset(("client", "operations")),
        summary="Markups that the distributor grants a client.",
    ),
    Resource(AUTHORIZATION, summary="Leave that a vendor gives a seller to sell a product in one currency."),
    Resource(LISTING, summary="A product as a seller offers it: under which authorization, at which price list."),
)
