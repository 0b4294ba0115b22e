"""What the room of commerce offers, and to whom."""

from entrepot.commerce import (
    agreement,
    asset,
    attachment,
    basket,
    basket_needs,
    fulfilment,
    held_needs,
    order,
    order_asset,
    order_clock,
    order_needs,
    order_subscription,
    requests_api,
    resubmission,
    split,
    split_change,
    subscription,
    texts,
)
from entrepot.commerce.accepted_terms import AGREEMENT_TERMS, ORDER_TERMS
from entrepot.commerce.agreement import AGREEMENT
from entrepot.commerce.asset import ASSET
from entrepot.commerce.attachment import ATTACHED, ATTACHMENT
from entrepot.commerce.basket import BASKET
from entrepot.commerce.basket_line import BASKET_LINE
from entrepot.commerce.line import LINE
from entrepot.commerce.order import ORDER
from entrepot.commerce.order_asset import ORDER_ASSET
from entrepot.commerce.order_line import ORDER_LINE
from entrepot.commerce.order_subscription import ORDER_SUBSCRIPTION
from entrepot.commerce.order_type import TYPES
from entrepot.commerce.party import amounts
from entrepot.commerce.split import AGREEMENT_SPLIT, SUBSCRIPTION_SPLIT
from entrepot.commerce.subscription import SUBSCRIPTION
from entrepot.kernel.field import enum, flag, number, ref, text
from entrepot.kernel.resource import Action, Resource, Text, create, remove, update
from entrepot.notifications import validation

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
    ATTACHMENT,
    BASKET,
    BASKET_LINE,
    *requests_api.NOUNS,
    *split.NOUNS,
)

EVERYBODY = "client vendor operations"

NEW_ORDER = (
    enum("type", " ".join(TYPES), default="Purchase"),
    text("agreement.id"),
    enum("status", "Draft Quoted Processing", default="Draft"),
    ref("agreement.licensee", "accounts/licensees"),
    ref("agreement.product", "catalog/products"),
    ref("agreement.listing", "catalog/listings"),
    text("agreement.name", longest=500),
    text("agreement.externalIds.client", longest=500),
    ref("authorization", "catalog/authorizations"),
)
"""What is said of a new order beside its own fields: how it begins, and the agreement that it is about or makes."""

CLOCK = {
    order_clock.JOBS[step]: Action(f"clock {step}", verb, by="kernel", loads=order_needs.beside, answers=204)
    for step, verb in (("remind", order_clock.remind), ("escalate", order_clock.escalate), ("due", order_clock.due))
}
"""By the platform alone, so they have no address."""

VALIDATION = Action("validate", order.validate, by=EVERYBODY, loads=order_needs.beside)

ORDERS = Resource(
    ORDER,
    create=create(order.create, by="client operations", loads=order_needs.for_new, takes=NEW_ORDER),
    update=update(order.edit, by=EVERYBODY, loads=order_needs.beside),
    remove=remove(order.delete, moves="delete", loads=order_needs.to_delete),
    actions=(
        VALIDATION,
        validation.NOTE,
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
        *CLOCK.values(),
        Action("resubmit", resubmission.resubmit, by="client", loads=resubmission.needs, answers=201),
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

OF_AGREEMENT = ref("agreement", "commerce/agreements", required=True)
MARKUPS = (number("price.defaultMarkup", sees="operations"), number("price.defaultMargin", sees="operations"))
AGREEMENT_BODY = (
    enum("status", " ".join(held_needs.BEGINNINGS), required=True),
    ref("product", "catalog/products", required=True),
    ref("licensee", "accounts/licensees", required=True),
    ref("authorization", "catalog/authorizations", required=True),
    ref("listing", "catalog/listings"),
    ref("vendor", "accounts/accounts"),
    ref("client", "accounts/accounts"),
    ref("buyer", "accounts/buyers"),
    ref("seller", "accounts/sellers"),
)
AGREEMENT_PRICES = (*MARKUPS, *amounts("PPxM", "PPxY", "SPxM", "SPxY"))
"""What bodies hold beside the fields that the caller writes."""

RENEWAL = Action("renew", subscription.renew, by="kernel", loads=held_needs.beside_held, answers=204)
"""By the platform alone, so it has no address."""

SUBSCRIPTIONS = Resource(
    SUBSCRIPTION,
    create=create(subscription.create, by="vendor", loads=held_needs.to_enter, takes=(OF_AGREEMENT,)),
    update=update(subscription.update, by=EVERYBODY, loads=held_needs.to_change, takes=MARKUPS),
    actions=(
        Action(
            "terminate",
            subscription.terminate,
            by="vendor",
            loads=held_needs.beside_held,
            takes=(text("description", longest=1000),),
        ),
        RENEWAL,
    ),
    texts=(Text("render", texts.of_thing, texts.beside),),
    summary="What recurs under agreements.",
)

AGREEMENT_ATTACHMENTS = Resource(
    ATTACHMENT,
    create=create(attachment.create, by="vendor operations", loads=attachment.needs, takes_file=ATTACHED),
    update=update(attachment.update, by="vendor operations"),
    remove=remove(attachment.delete, by="vendor operations"),
    summary="Documents and licence keys that a vendor or operations leave on an agreement, for all its parties.",
)

BUYING = frozenset(("client", "operations"))
WORDS = (text("statusNotes.message", longest=4000),)

PLACING = Action("place", basket.place, by="kernel", loads=basket_needs.beside, answers=204)
GIVING_UP = Action("give up", basket.give_up, by="kernel", answers=204)
"""By the platform alone, on the day from which lines are wanted, so they have no address."""

BASKETS = Resource(
    BASKET,
    create=create(basket.create, by="client", loads=basket_needs.for_new),
    update=update(basket.edit, by="client operations", loads=basket_needs.beside),
    actions=(
        Action("approve", basket.approve, moves="approve", loads=basket_needs.beside),
        Action("refuse", basket.refuse, moves="refuse", takes=WORDS),
        Action("cancel", basket.cancel, moves="cancel", takes=WORDS),
        PLACING,
        GIVING_UP,
    ),
    reads=BUYING,
    lists=BUYING,
    summary="What clients ask for at once of several products, placed all or nothing.",
)

BEARERS = "client operations"

AGREEMENT_SPLITS = Resource(
    AGREEMENT_SPLIT,
    create=create(split_change.activate, by=BEARERS, loads=split_change.to_activate),
    update=update(split_change.set_buyers, by=BEARERS, loads=split_change.beside),
    reads=frozenset(BEARERS.split()),
    summary="Among which buyers the bills of an agreement are split, and how much of it each bears.",
)

SUBSCRIPTION_SPLITS = Resource(
    SUBSCRIPTION_SPLIT,
    update=update(split_change.divide, by=BEARERS, loads=split_change.beside),
    reads=frozenset(BEARERS.split()),
    summary="How much of a subscription each buyer bears.",
)

OFFERS = (
    ORDERS,
    BASKETS,
    Resource(
        BASKET_LINE,
        lists_only=True,
        reads=BUYING,
        lists=BUYING,
        summary="How much of which item a basket asks for, from when on, and how far it has come.",
    ),
    Resource(ORDER_LINE, lists_only=True, summary="How much of which item an order asks for, and at what price."),
    ORDER_SUBSCRIPTIONS,
    ORDER_ASSETS,
    Resource(
        AGREEMENT,
        create=create(agreement.create, by="operations", loads=held_needs.to_begin, takes=AGREEMENT_BODY),
        update=update(agreement.update, by=EVERYBODY, loads=held_needs.beside_agreement, takes=AGREEMENT_PRICES),
        texts=(
            Text("render", texts.of_agreement, texts.beside_agreement),
            Text("template", texts.of_agreement, texts.beside_agreement),
        ),
        summary="What a client has with a vendor for one product: made by a purchase, live once it completed.",
    ),
    AGREEMENT_ATTACHMENTS,
    AGREEMENT_SPLITS,
    Resource(
        LINE,
        path="commerce/agreements/{agreement}/lines",
        by="agreement_id",
        lists_only=True,
        summary="What is held of each item, and at what price.",
    ),
    SUBSCRIPTIONS,
    SUBSCRIPTION_SPLITS,
    Resource(
        LINE,
        path="commerce/subscriptions/{subscription}/lines",
        by="subscription_id",
        lists_only=True,
        summary="What is held of each item, and at what price.",
    ),
    Resource(
        ASSET,
        create=create(asset.create, by="vendor", loads=held_needs.to_enter, takes=(OF_AGREEMENT,)),
        update=update(asset.update, by=EVERYBODY, loads=held_needs.to_change, takes=MARKUPS),
        actions=(Action("terminate", asset.terminate, by="vendor", loads=held_needs.beside_held),),
        texts=(Text("render", texts.of_thing, texts.beside),),
        summary="What was bought once under agreements.",
    ),
    Resource(
        LINE,
        path="commerce/assets/{asset}/lines",
        by="asset_id",
        lists_only=True,
        summary="What is held of each item, and at what price.",
    ),
    Resource(LINE, lists_only=True, summary="What is held of each item, and at what price."),
    *requests_api.OFFERS,
)
