"""What the room of the catalogue offers, and to whom.

Everybody may ask for everything, but vendors not for pricing policies (spec: endpoints). How little a client
or vendor then finds is a matter of the rows that they see.
"""

from entrepot.catalog import (
    authorization,
    default,
    document,
    group,
    item_change,
    listing,
    media,
    paper,
    parameter_change,
    price_list_change,
    price_list_item,
    pricing_policy,
    pricing_policy_attachment,
    product_change,
    template,
    terms,
    unit_of_measure,
)
from entrepot.catalog.authorization import AUTHORIZATION
from entrepot.catalog.document import DOCUMENT
from entrepot.catalog.item import ITEM
from entrepot.catalog.item_group import ITEM_GROUP
from entrepot.catalog.listing import LISTING
from entrepot.catalog.media import MEDIA
from entrepot.catalog.parameter import PARAMETER
from entrepot.catalog.parameter_group import PARAMETER_GROUP
from entrepot.catalog.price_list import PRICE_LIST
from entrepot.catalog.price_list_item import PRICE_LIST_ITEM
from entrepot.catalog.pricing_policy import PRICING_POLICY
from entrepot.catalog.pricing_policy_attachment import PRICING_POLICY_ATTACHMENT
from entrepot.catalog.product import PRODUCT
from entrepot.catalog.product_settings import SETTINGS
from entrepot.catalog.publication import ACTIONS
from entrepot.catalog.template import TEMPLATE
from entrepot.catalog.terms import TERMS, VARIANT
from entrepot.catalog.unit_of_measure import UNIT_OF_MEASURE
from entrepot.kernel import plain
from entrepot.kernel.file import pictured
from entrepot.kernel.resource import Action, Resource, create, remove, update

NOUNS = (
    PRODUCT,
    ITEM_GROUP,
    PARAMETER_GROUP,
    PARAMETER,
    TEMPLATE,
    TERMS,
    VARIANT,
    DOCUMENT,
    MEDIA,
    ITEM,
    UNIT_OF_MEASURE,
    PRICE_LIST,
    PRICE_LIST_ITEM,
    PRICING_POLICY,
    PRICING_POLICY_ATTACHMENT,
    AUTHORIZATION,
    LISTING,
)

TRADE = "vendor operations"
"""The vendor whose product it is, and the distributor."""

OFFERS = (
    Resource(
        PRODUCT,
        create=create(product_change.create, by="vendor", takes_file=pictured("product")),
        update=update(product_change.update, by="vendor", takes_file=pictured("product")),
        remove=remove(plain.remove, moves="delete"),
        actions=(
            *ACTIONS,
            Action("settings", product_change.choose, by="vendor", method="PUT", takes=SETTINGS, alone=True),
        ),
        picture="icon",
        summary="What vendors offer.",
    ),
    Resource(
        ITEM_GROUP,
        create=create(group.create(ITEM_GROUP), by="vendor", loads=default.beside(ITEM_GROUP)),
        update=update(group.update, by="vendor", loads=default.beside(ITEM_GROUP)),
        remove=remove(group.delete, moves="delete"),
        summary="How the items of a product are grouped where they are chosen.",
    ),
    Resource(
        PARAMETER_GROUP,
        create=create(group.create(PARAMETER_GROUP), by="vendor", loads=default.beside(PARAMETER_GROUP)),
        update=update(group.update, by="vendor", loads=default.beside(PARAMETER_GROUP)),
        remove=remove(group.delete, moves="delete"),
        summary="How the parameters of a product are grouped where they are asked.",
    ),
    Resource(
        PARAMETER,
        create=create(parameter_change.create, by="vendor", loads=parameter_change.beside),
        update=update(parameter_change.update, by="vendor", loads=parameter_change.beside),
        remove=remove(parameter_change.delete, moves="delete"),
        summary="What a product asks of those who order it, and tells them when it is delivered.",
    ),
    Resource(
        TEMPLATE,
        create=create(template.create, by="vendor", loads=default.beside(TEMPLATE)),
        update=update(template.update, by="vendor", loads=default.beside(TEMPLATE)),
        remove=remove(template.delete, moves="delete"),
        summary="Texts of a product that tell where an order, subscription or asset stands.",
    ),
    Resource(
        TERMS,
        create=create(terms.create, by=TRADE, loads=paper.of_product),
        update=update(plain.update, by=TRADE),
        remove=remove(plain.remove, moves="delete"),
        actions=ACTIONS,
        summary="Terms and conditions of a product, accepted with each purchase.",
    ),
    Resource(
        VARIANT,
        create=create(terms.create_variant, by=TRADE, loads=terms.of_terms, takes_file=paper.VARIANT_UPLOAD),
        update=update(terms.update_variant, by=TRADE),
        remove=remove(plain.remove, moves="delete"),
        actions=ACTIONS,
        summary="One text of the terms for each language.",
    ),
    Resource(
        DOCUMENT,
        create=create(
            document.create,
            by="vendor",
            loads=paper.of_product,
            takes=(paper.DOCUMENT_ALIAS,),
            takes_file=paper.DOCUMENT_UPLOAD,
        ),
        update=update(document.update, by=TRADE),
        remove=remove(plain.remove, moves="delete"),
        actions=ACTIONS,
        summary="What a product gives to read: manuals, data sheets.",
    ),
    Resource(
        MEDIA,
        create=create(
            media.create, by="vendor", loads=paper.of_product, takes=(paper.MEDIA_ALIAS,), takes_file=paper.MEDIA_UPLOAD
        ),
        update=update(media.update, by="vendor"),
        remove=remove(plain.remove, moves="delete"),
        actions=ACTIONS,
        picture="image",
        summary="Pictures and films that show a product.",
    ),
    Resource(
        ITEM,
        create=create(item_change.create, by="vendor", loads=item_change.beside),
        update=update(item_change.update, by="vendor", loads=item_change.beside),
        remove=remove(plain.remove, moves="delete"),
        actions=(
            Action("review", item_change.review, moves="review", loads=item_change.priced),
            Action("publish", item_change.publish, moves="publish", loads=item_change.priced),
            Action("unpublish", item_change.unpublish, moves="unpublish"),
        ),
        summary="What can be ordered of a product, each with its terms of payment.",
    ),
    Resource(
        ITEM,
        path="catalog/products/{product}/items",
        by="product_id",
        summary="What can be ordered of a product, each with its terms of payment.",
    ),
    Resource(
        UNIT_OF_MEASURE,
        create=create(plain.create(UNIT_OF_MEASURE), by="operations"),
        update=update(plain.update, by="operations"),
        remove=remove(unit_of_measure.delete, moves="delete"),
        summary="What items are counted in.",
    ),
    Resource(
        PRICE_LIST,
        create=create(price_list_change.create, by=TRADE, loads=price_list_change.for_new),
        update=update(price_list_change.update, by=TRADE, loads=price_list_change.to_change),
        remove=remove(price_list_change.delete, moves="delete", loads=price_list_change.to_remove),
        summary="Prices of a product in one currency.",
    ),
    Resource(
        PRICE_LIST_ITEM,
        update=update(price_list_item.update, by=TRADE, loads=price_list_item.beside, takes=(price_list_item.STATUS,)),
        summary="The price of one item on a price list.",
    ),
    Resource(
        PRICING_POLICY,
        create=create(
            pricing_policy.create,
            by="operations",
            loads=pricing_policy.for_new,
            takes=(pricing_policy.ONE_PRODUCT,),
            reads=pricing_policy.in_full,
        ),
        update=update(
            pricing_policy.update,
            by="operations",
            loads=pricing_policy.beside,
            takes=(pricing_policy.ONE_PRODUCT,),
            reads=pricing_policy.in_full,
        ),
        remove=remove(plain.remove, moves="delete"),
        actions=(
            Action("activate", pricing_policy.activate, moves="activate", loads=pricing_policy.beside),
            Action("disable", pricing_policy.disable, moves="disable"),
        ),
        reads=frozenset(("client", "operations")),
        summary="Markups that the distributor grants a client.",
    ),
    Resource(
        PRICING_POLICY_ATTACHMENT,
        create=create(pricing_policy_attachment.create, by="operations", takes_file=pricing_policy_attachment.ATTACHED),
        update=update(plain.update, by="operations"),
        remove=remove(plain.erase, by="operations"),
        reads=frozenset(("operations",)),
        summary="What a pricing policy rests on.",
    ),
    Resource(
        AUTHORIZATION,
        create=create(authorization.create, by="operations", loads=authorization.for_new),
        update=update(plain.update, by="operations"),
        remove=remove(authorization.delete, moves="delete"),
        summary="Leave that a vendor gives a seller to sell a product in one currency.",
    ),
    Resource(
        LISTING,
        create=create(listing.create, by="operations", loads=listing.for_new),
        update=update(listing.update, by="operations", loads=listing.beside),
        remove=remove(listing.delete, moves="delete"),
        summary="A product as a seller offers it: under which authorization, at which price list.",
    ),
)
