"""What the room of commerce offers, and to whom."""

from entrepot.commerce import fulfilment, order, order_asset, order_needs, order_subscription, texts
from entrepot.commerce.accepted_terms import AGREEMENT_TERMS, ORDER_TERMS
from entrepot.commerce.agreement import AGREEMENT
from entrepot.commerce.asset import ASSET
from entrepot.commerce.line import LINE
from entrepot.commerce.order import ORDER
from entrepot.commerce.order_asset import ORDER_ASSET
from entrepot.commerce.order_line import ORDER_LINE
from entrepot.commerce.order_subscription import ORDER_SUBSCRIPTION
from entrepot.commerce.subscription import SUBSCRIPTION
from entrepot.kernel.field import enum, flag, ref, text
from entrepot.kernel.resource import Action, Resource, Text, create, remove, update

NOUNS = (
    ORDER,
    ORDER_LINE,
    ORDER_SUBSCRIPTION,
    ORDER_ASSET,
    ORDER_TERMS,
    AGREEMENT,
    AGREEMENT_TERMS,
    SUBSCRIPTION,
    ASSET,
    LINE,
)

EVERYBODY = "client vendor operations"

PURCHASE = (
    enum("type", "Purchase"),
    enum("status", "Draft Quoted Processing", default="Draft"),
    ref("agreement.licensee", "accounts/licensees", required=True),
    ref("agreement.product", "catalog/products", required=True),
    ref("agreement.listing", "catalog/listings"),
    text("agreement.name", longest=500),
    text("agreement.externalIds.client", longest=500),
    ref("authorization", "catalog/authorizations"),
)
"""What is said of a purchase beside its own fields: how it begins, and of the agreement that it will make."""

ORDERS = Resource(
    ORDER,
    create=create(order.create, by="client operations", loads=order_needs.for_new, takes=PURCHASE),
    update=update(order.edit, by=EVERYBODY, loads=order_needs.beside),
    remove=remove(order.delete, moves="delete", loads=order_needs.to_delete),
    actions=(
        Action("validate", order.validate, by=EVERYBODY, loads=order_needs.beside),
        Action("quote", order.quote, moves="quote", loads=order_needs.beside),
        Action("process", order.process, moves="place resume", loads=order_needs.beside),
        Action("query", order.ask, moves="ask", loads=order_needs.beside),
        Action("complete", order.complete, moves="complete", loads=order_needs.to_complete),
        Action(
            "fail",
            order.fail,
            moves="fail",
            loads=order_needs.beside,
            takes=(text("statusNotes.message", longest=4000, required=True),),
        ),
        fulfilment.FULFIL,
        Action(
            "notify",
            order.notify,
            by="client operations",
            loads=order_needs.to_notify,
            answers=204,
            takes=(text("userId", required=True), flag("notifyMe")),
            alone=True,
        ),
    ),
    texts=(Text("render", texts.of_thing, texts.beside), Text("template", texts.of_thing, texts.beside)),
    summary="What clients ask of vendors, from draft to delivery.",
)

ORDER_SUBSCRIPTIONS = Resource(
    ORDER_SUBSCRIPTION,
    create=create(order_subscription.create, by="vendor", loads=order_needs.with_order),
    update=update(order_subscription.update, by=EVERYBODY, loads=order_needs.with_order),
    remove=remove(order_subscription.remove, by="client vendor", loads=order_needs.with_order),
    texts=(Text("render", texts.of_thing, texts.beside),),
    summary="Subscriptions that an order prepares or changes; live once it completes.",
)

ORDER_ASSETS = Resource(
    ORDER_ASSET,
    create=create(order_asset.create, by="vendor", loads=order_needs.with_order),
    update=update(order_asset.update, by=EVERYBODY, loads=order_needs.with_order),
    remove=remove(order_asset.remove, by="vendor", loads=order_needs.with_order),
    texts=(Text("render", texts.of_thing, texts.beside),),
    summary="Assets that an order prepares; live once it completes.",
)

OFFERS = (
    ORDERS,
    Resource(ORDER_LINE, lists_only=True, summary="How much of which item an order asks for, and at what price."),
    ORDER_SUBSCRIPTIONS,
    ORDER_ASSETS,
    Resource(
        AGREEMENT,
        texts=(
            Text("render", texts.of_agreement, texts.beside_agreement),
            Text("template", texts.of_agreement, texts.beside_agreement),
        ),
        summary="What a client has with a vendor for one product: made by a purchase, live once it completed.",
    ),
    Resource(
        LINE,
        path="commerce/agreements/{agreement}/lines",
        by="agreement_id",
        lists_only=True,
        summary="What is held of each item, and at what price.",
    ),
    Resource(
        SUBSCRIPTION, texts=(Text("render", texts.of_thing, texts.beside),), summary="What recurs under agreements."
    ),
    Resource(
        LINE,
        path="commerce/subscriptions/{subscription}/lines",
        by="subscription_id",
        lists_only=True,
        summary="What is held of each item, and at what price.",
    ),
    Resource(
        ASSET, texts=(Text("render", texts.of_thing, texts.beside),), summary="What was bought once under agreements."
    ),
    Resource(
        LINE,
        path="commerce/assets/{asset}/lines",
        by="asset_id",
        lists_only=True,
        summary="What is held of each item, and at what price.",
    ),
    Resource(LINE, lists_only=True, summary="What is held of each item, and at what price."),
)
