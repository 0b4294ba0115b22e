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
    Resource(PRODUCT),
    Resource(ITEM_GROUP),
    Resource(PARAMETER_GROUP),
    Resource(PARAMETER),
    Resource(TEMPLATE),
    Resource(TERMS),
    Resource(VARIANT),
    Resource(ITEM),
    Resource(ITEM, path="catalog/products/{product}/items", by="product_id"),
    Resource(UNIT_OF_MEASURE),
    Resource(PRICE_LIST),
    Resource(PRICE_LIST_ITEM),
    Resource(PRICING_POLICY, reads=frozenset(("client", "operations"))),
    Resource(AUTHORIZATION),
    Resource(LISTING),
)
