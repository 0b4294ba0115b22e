"""An order asks a vendor to start, change or end an agreement."""

from typing import Any

from entrepot.accounts.account import may_complete_orders, may_start_orders
from entrepot.commerce import (
    accepted_terms,
    agreement,
    basket_progress,
    fulfiller,
    order_asset,
    order_clock,
    order_copy,
    order_effect,
    order_line,
    order_subscription,
    order_target,
    parameters,
    seat_change,
)
from entrepot.commerce.agreement import AGREEMENT
from entrepot.commerce.bags import parameter_bag, write_bag
from entrepot.commerce.order_line import is_one_time, reprice
from entrepot.commerce.order_type import TYPES, type_of
from entrepot.commerce.party import MARGIN, MESSAGE, PARTIES, SOURCE, parties, totals
from entrepot.kernel.body import Body, apply
from entrepot.kernel.call import Call, Got
from entrepot.kernel.errors import Conflict
from entrepot.kernel.field import audited, document, enum, externals, integer, part, ref, refs, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing
from entrepot.notifications.validation import validated
from entrepot.program.certificate import admits

LIFE = Machine(
    initial="Draft Quoted Processing",
    final="Completed Failed Deleted",
    moves=(
        #     verb        from             to            by
        move("quote",    "Draft",         "Quoted",     "client"),
        move("price",    "Draft",         "Quoted",     "operations"),          # any edit by operations
        move("place",    "Draft Quoted",  "Processing", "client operations"),   # by whose type it is
        move("resume",   "Querying",      "Processing", "client vendor operations"),
        move("ask",      "Processing",    "Querying",   "vendor kernel"),
        move("complete", "Processing",    "Completed",  "vendor kernel"),
        move("fail",     "Processing",    "Failed",     "vendor operations kernel"),
        move("fail",     "Querying",      "Failed",     "operations kernel"),
        move("delete",   "Draft Quoted",  "Deleted",    "client vendor operations kernel"),
    ),
)  # fmt: skip
"""Source: spec 2.2, T1 to T14. No way leads from Querying to Completed, and no state times out."""


def message(value: object) -> list[str]:
    """A message as vendors leave it on an order: `{id?, message, parameters?}` (spec 2.1)."""
    if not isinstance(value, dict):
        return ["An object with a message was expected."]
    words = value.get("message")
    if words is not None and not (isinstance(words, str) and len(words) <= 4000):
        return ["The message must be a text of at most 4000 characters."]
    return []


ORDER = Noun(
    name="Order",
    path="commerce/orders",
    table_name="orders",
    ids=Ids("ORD", 3),
    life=LIFE,
    sees=parties,
    audience=PARTIES,
    scope="buyer_id",
    party="client_id",
    fields=(
        enum("type", " ".join(TYPES), required=True),
        enum("status", " ".join(LIFE.states), core=True),
        text("notes", longest=4000, writes="client operations"),
        text("comments", longest=4000, sees="operations", writes="operations"),
        document(
            "statusNotes", check=message, schema=MESSAGE, writes="vendor:Processing operations:Processing,Querying"
        ),
        document("error", check=message, schema=MESSAGE, writes="vendor:Processing"),
        ref("agreement", "commerce/agreements"),
        ref("authorization", "catalog/authorizations"),
        ref("listing", "catalog/listings"),
        ref("product", "catalog/products"),
        ref("client", "accounts/accounts"),
        ref("vendor", "accounts/accounts"),
        ref("licensee", "accounts/licensees"),
        ref("buyer", "accounts/buyers"),
        ref("seller", "accounts/sellers"),
        ref("billTo", "accounts/buyers", writes="client:create,Draft"),
        ref("pricingPolicy", "catalog/pricing-policies", sees=MARGIN),
        ref("template", "catalog/products/{product}/templates", writes="vendor:Processing,Querying"),
        ref("assignee", "identities", writes="vendor"),
        *externals("client", "vendor", "operations"),
        *totals("PPx1", "PPxM", "PPxY", "SPx1", "SPxM", "SPxY"),
        document("price.markupSource", sees=MARGIN, schema=SOURCE),
        document("price.defaultMarkupSource", sees=MARGIN, schema=SOURCE),
        enum("defaultMarkupSource", "Unknown PriceList PricingPolicy Manual", sees=MARGIN),
        part(
            "lines",
            "commerce/orders/{order}/lines",
            by="order_id",
            heavy=True,
            writes="client:create,Draft vendor:Processing operations:Draft,Quoted,Processing,Querying",
        ),
        part("subscriptions", "commerce/orders/{order}/subscriptions", by="order_id", heavy=True),
        part("assets", "commerce/orders/{order}/assets", by="order_id", heavy=True),
        parameter_bag("ordering", writes="client:create,Draft,Querying vendor:Processing"),
        parameter_bag("fulfillment", writes="vendor:Processing"),
        part("termsAndConditions", "commerce/orders/{order}/terms", by="order_id", heavy=True),
        refs(
            "certificates",
            "program/certificates",
            heavy=True,
            writes="client:create,Draft,Quoted,Processing",
        ),
        *validated(),
        ref("priceList", "catalog/price-lists", sees="kernel"),
        integer("precision", sees="kernel", default=2),
        *audited("created", "updated", "quoted", "processing", "querying", "completed", "failed", "deleted"),
    ),
)
"""Source: spec 2.1. `priceList` and `precision` are kept from creation: prices are those of that day. `validation` is
what came of asking the vendor, when that was last done (docs/validation.md)."""


TEXTS = {
    "Quoted": "OrderProcessing",
    "Processing": "OrderProcessing",
    "Querying": "OrderQuerying",
    "Completed": "OrderCompleted",
}
"""Which of the product's texts an order in that state shows. Source: spec 2.3.7."""


# Verbs, in the order of life ------------------------------------------------------------------------


def create(call: Call, _: None, body: Body, got: Got) -> Thing:
    """An order begins: as a draft to work on, as a quote, or placed at once (spec T1 to T3)."""
    held = _begin_agreement(call, got) if got.type.name == "Purchase" else got.agreement
    order = call.new(
        ORDER,
        type=got.type.name,
        status="Draft",
        agreement_id=held.id,
        product_id=held.product_id,
        listing_id=held.listing_id,
        authorization_id=held.authorization_id,
        client_id=held.client_id,
        vendor_id=held.vendor_id,
        licensee_id=held.licensee_id,
        buyer_id=held.buyer_id,
        seller_id=held.seller_id,
        pricing_policy_id=got.policy.id if got.policy else None,
        price_list_id=got.price_list.id if got.price_list else None,
        precision=_precision(got.price_list),
        price_currency=held.price_currency,
        price_default_markup=held.price_default_markup,
        default_markup_source="PricingPolicy" if got.policy else "PriceList",
        ordering=_instances(got, held, parameters.ORDERING),
        fulfillment=_instances(got, held, parameters.FULFILLMENT),
    )
    got.agreement = held
    _write(call, order, body, got, state="create", parameters_as="Draft")
    call.stop_on_faults()
    accepted_terms.accept(call, order, got.terms, got.signatory)
    call.record("order.created", order)
    if (
        not held.is_new
    ):  # told of the agreement too: whoever takes back its drafts meanwhile sees that there is one more
        call.record("agreement.order_created", held, order=order.id)
    if got.begins == "Quoted":
        quote(call, order, Body({}), got)
    elif got.begins == "Processing":
        place(call, order, Body({}), got)
    return order


def edit(call: Call, order: Thing, body: Body, got: Got) -> None:
    """Each actor writes its own fields; any edit by operations turns a draft into a quote (spec T4, T5)."""
    before = str(order.status)
    _write(call, order, body, got, state=before)
    if call.by("operations") and before == "Draft" and type_of(order).by == "client":
        call.move(order, "price")
        _give_template(call, order, body, got, "OrderProcessing")
        call.record("order.priced", order)


def validate(call: Call, order: Thing, body: Body, got: Got) -> None:
    """Keeps the changes and judges the order by our own rules; what is wrong is told, not refused.

    Source: spec 2.10. The vendor is asked afterwards, where its product wants that (`order_validation.py`).
    """
    states = ("Draft", "Querying") if order.type == "Purchase" else ("Draft",)
    if order.status not in states:
        raise Conflict(f"Order {order.id} is {order.status}; it is validated while it is {' or '.join(states)}.")
    _write(call, order, body, got, state=str(order.status))


def take_answer(call: Call, order: Thing, body: Body, got: Got) -> None:
    """What the vendor says of an order that it validates: what it objected to before counts no more (spec 2.10).

    It writes as it does while it has the order before it, and in a draft it may add lines.
    """
    order.error = None
    for phase in (parameters.ORDERING, parameters.FULFILLMENT):
        setattr(order, phase, parameters.without_errors(getattr(order, phase)))
    if order.status == "Draft" and not type_of(order).whole:
        order_line.add(call, order, body, got)
    _write(call, order, body, got, state="Processing")


def quote(call: Call, order: Thing, body: Body, got: Got) -> None:
    """The client asks for an offer; from here on its parameters are frozen (spec T5)."""
    before = call.move(order, "quote")
    _write(call, order, body, got, state=before)
    _give_template(call, order, body, got, "OrderProcessing")
    call.record("order.quoted", order)


def process(call: Call, order: Thing, body: Body, got: Got) -> None:
    """Places a draft or quote, or puts an answered question back to the vendor: by the order's state.

    Only whose type it is places, so from others it is always the second, in the wrong state too (409, not 403).
    """
    if order.status == "Querying" or not call.by(type_of(order).by):
        resume(call, order, body, got)
    else:
        place(call, order, body, got)


def place(call: Call, order: Thing, body: Body, got: Got) -> None:
    """The client commits: terms are accepted and the agreement is reserved for this order (spec T6, T8)."""
    before = call.move(order, "place")
    require_trading(got)
    agreement.reserve(call, got.agreement, order)
    _write(call, order, body, got, state=before)
    order_effect.place(call, order, got)
    require_lines(call, order, got)
    seat_change.require(call, order, got)
    _require_bill_to(call, order, body, got)
    order_effect.require_rest(call, order, got)
    call.stop_on_faults()
    accepted_terms.accept(call, order, got.terms, got.signatory)
    _give_template(call, order, body, got, "OrderProcessing")
    call.record("order.placed", order)
    if parameters.invalid(order.ordering, got.definitions, parameters.ORDERING):
        call.move(order, "ask", by="kernel")
        _give_template(call, order, Body({}), got, "OrderQuerying")
        call.record("order.queried", order, by="parameters")
    else:
        fulfiller.engage(call, order, got.product)
    order_clock.start(call, order, got.product)


def resume(call: Call, order: Thing, body: Body, got: Got) -> None:
    """The question is answered: back to the vendor (spec T13). The vendor itself need not wait for it."""
    before = call.move(order, "resume")
    _write(call, order, body, got, state=before)
    if not call.by("vendor"):
        for path, messages in parameters.invalid(order.ordering, got.definitions, parameters.ORDERING).items():
            for words in messages:
                call.fault(path, words)
    call.stop_on_faults()
    order.error = None
    _give_template(call, order, body, got, "OrderProcessing")
    call.record("order.resumed", order)
    fulfiller.engage(call, order, got.product)
    order_clock.start(call, order, got.product)
    basket_progress.follow(call, order, got)


def ask(call: Call, order: Thing, body: Body, got: Got) -> None:
    """The vendor asks back: the client has to answer before anything goes on (spec T12)."""
    before = call.move(order, "ask")
    _write(call, order, body, got, state=before)
    _give_template(call, order, body, got, "OrderQuerying")
    call.record("order.queried", order)
    order_clock.start(call, order, got.product)
    basket_progress.follow(call, order, got)


def complete(call: Call, order: Thing, body: Body, got: Got) -> None:
    """The vendor has delivered: what was ordered goes live (spec T10 and 2.4)."""
    before = call.move(order, "complete")
    require_trading(got, order)
    _write(call, order, body, got, state=before)
    _drop_empty(call, order)
    require_mapped(call, order)
    order_effect.require_rest(call, order, got)
    for path, words in parameters.invalid(order.fulfillment, got.definitions, parameters.FULFILLMENT).items():
        for each in words:
            call.fault(path, each)
    call.stop_on_faults()
    for each in order.lines:
        if is_one_time(each) and each.asset_id is None:
            order_asset.automatic(call, order, each, got)
    _give_template(call, order, body, got, "OrderCompleted")
    order_effect.complete(call, order, got)
    call.record("order.completed", order)
    basket_progress.follow(call, order, got)


def fail(call: Call, order: Thing, body: Body, got: Got) -> None:
    """Nothing comes of it: the reason is told, and what waited for it goes on as before (spec T11, T14)."""
    before = call.move(order, "fail")
    notes = body.object(call, "statusNotes")
    words = notes.get("message") if notes is not None else None
    if not isinstance(words, str) or not words.strip():
        call.fault("statusNotes", "A message is required to fail an order.")
    _write(call, order, body, got, state=before)
    order_effect.discard_drafts(call, order)
    order_effect.revert(call, order, got)
    call.record("order.failed", order)
    basket_progress.follow(call, order, got)


def delete(call: Call, order: Thing, body: None, got: Got) -> None:
    """A draft or quote is given up; it stays visible as Deleted (spec T7, T9)."""
    call.move(order, "delete")
    others = [each for each in got.siblings if each.id != order.id]
    if got.agreement.status == "Draft":
        if others:  # told of the agreement too, so that of two who go at once one sees that it is the last
            call.record("agreement.order_deleted", got.agreement, order=order.id)
        else:
            call.move(got.agreement, "delete", by="kernel")
    call.record("order.deleted", order)


def notify(call: Call, order: Thing, body: Body, got: Got) -> None:
    """Somebody is to be told of the order. The event says whom; mail comes with notifications."""
    _require_kept(order)
    user = body.get("userId")
    if not isinstance(user, str) or not user:
        call.fault("userId", "The user to notify is required.")
    elif user not in {str(each.id) for each in got.users}:
        call.fault("userId", f"User {user[:80]!r} was not found.")
    call.record("order.notified", order, userId=user, notifyMe=body.get("notifyMe") is True)


# Rules ----------------------------------------------------------------------------------------------


def require_trading(got: Got, completed: Thing | None = None) -> None:
    """Client and vendor must be let to trade; to have an order completed, the client must be active (platform 1.1).

    Raises Conflict: it is nothing that is wrong with the order.
    """
    for each in got.companies:
        if not may_start_orders(each):
            raise Conflict(f"Account {each.id} is {each.status}: it takes part in no orders.")
        if completed is not None and each.id == completed.client_id and not may_complete_orders(each):
            raise Conflict(f"Account {each.id} is {each.status}: its orders are completed once it is Active.")


def require_lines(call: Call, order: Thing, got: Got) -> None:
    """Something must be ordered: at least one line, and a quantity of what is new where it has one (spec T6).

    A configuration may be about the agreement alone, and others of its kind about a subscription without lines.
    """
    about = order.subscriptions if type_of(order).whole else order.lines
    if not about and order.type != "Configuration":
        call.fault("lines", "At least one line is required.")
    without = {str(item.id) for item in got.items if item.quantity_not_applicable}
    held = {str(each.id) for each in got.agreement.lines}
    for at, each in enumerate(order.lines):
        if not each.quantity and each.id not in held and each.item_id not in without:
            call.fault(f"lines[{at}].quantity", "A quantity of at least 1 is required.")


def require_mapped(call: Call, order: Thing) -> None:
    """Every recurring line belongs to a subscription before the order completes (spec 2.4)."""
    for at, each in enumerate(order.lines):
        if not is_one_time(each) and each.subscription_id is None:
            call.fault(f"lines[{at}].subscription", f"Line {each.id} belongs to no subscription yet.")


def require_certificates(call: Call, body: Body, got: Got) -> None:
    """A certificate that an order names must be good for its licensee."""
    licensee = got.licensees[0]
    here = {str(each.id): each for each in got.certificates}
    named = body.get("certificates")
    for at, entry in enumerate(named if isinstance(named, list) else ()):
        found = here.get(str(entry.get("id"))) if isinstance(entry, dict) else None
        if found is not None and not admits(found, licensee):
            call.fault(f"certificates[{at}].id", f"Certificate {found.id} does not hold for this licensee.")


def require_colleague(call: Call, order: Thing, body: Body, got: Got) -> None:
    """An order is assigned to somebody of the vendor's own."""
    who = order.assignee_id
    if who is None or (order.was is not None and who == order.was["assignee_id"]):
        return
    if who not in {str(each.id) for each in (*got.colleagues, *got.colleague_tokens)}:
        call.fault(f"{body.path('assignee')}.id", f"Identity {who!r} was not found.")


def _require_kept(order: Thing) -> None:
    if order.status == "Deleted":
        raise Conflict(f"Order {order.id} is Deleted.")


# Steps that several verbs share ---------------------------------------------------------------------


def _write(call: Call, order: Thing, body: Body, got: Got, *, state: str, parameters_as: str = "") -> None:
    """Applies the body under the caller's write rules for the state that the order was in."""
    if not body.raw:
        return
    apply(call, order, body, state)
    _write_template(call, order, body, got)
    _write_parameters(call, order, body, got, parameters_as or state)
    _write_lines(call, order, body, got, state)
    if "billTo" in body and call.by("client"):
        _require_bill_to(call, order, body, got)
    if "certificates" in body and call.by("client"):
        require_certificates(call, body, got)
    if "assignee" in body and call.by("vendor"):
        require_colleague(call, order, body, got)
    if not call.faults:
        reprice(order)


def _write_lines(call: Call, order: Thing, body: Body, got: Got, state: str) -> None:
    """Of whole subscriptions, those that are named; else the lines one by one."""
    kind = type_of(order)
    if not kind.whole:
        order_line.write(call, order, body, got, actor=call.caller.actor, state=state)
        order_copy.follow_lines(call, order, got.agreement)
    elif call.by(kind.by) and state in ("create", "Draft"):
        order_target.write(call, order, body, got)
    elif not call.by("client"):
        order_line.write(call, order, body, got, actor=call.caller.actor, state=state)


def _require_bill_to(call: Call, order: Thing, body: Body, got: Got) -> None:
    """A change is billed to one of the buyers among whom the agreement is split (spec 2.1)."""
    path = body.path("billTo")
    if order.bill_to_id is None or any(each.startswith(path) for each in call.faults):
        return
    if order.type != "Change" or got.split is None:
        call.fault(path, "Only a Change of an agreement whose bills are split names whom it is billed to.")
    elif all(each.buyer_id != order.bill_to_id for each in got.split.allocations):
        call.fault(f"{path}.id", f"Buyer {order.bill_to_id} was not found in the split of the agreement.")


def _write_template(call: Call, order: Thing, body: Body, got: Got) -> None:
    if not call.by("vendor") or "template" not in body:
        return
    if any(path.startswith(body.path("template")) for path in call.faults):
        return  # what was given was no template; the one that stays need not fit
    if order.template_id is None:
        _give_template(call, order, body, got, TEXTS.get(str(order.status), ""))
        return
    found = next((each for each in got.templates if each.id == order.template_id), None)
    kind = TEXTS.get(str(order.status), "Order")
    if found is None:
        call.fault(body.path("template.id"), f"Template {order.template_id} is not one of this product.")
    elif not str(found.type).startswith(kind):
        call.fault(body.path("template.id"), f"Template {found.id} is of type {found.type}; {kind} was expected.")


def _write_parameters(call: Call, order: Thing, body: Body, got: Got, state: str) -> None:
    for phase in (parameters.ORDERING, parameters.FULFILLMENT):
        if parameters.may_write(call.caller.actor, state, phase):
            write_bag(call, order, body, got, phase)


def _give_template(call: Call, order: Thing, body: Body, got: Got, kind: str) -> None:
    """The text that tells where the order stands: the vendor's choice, else the default of that kind.

    Source: spec 2.3.7.
    """
    if call.by("vendor") and order.template_id is not None and "template" in body:
        return
    default = next((each for each in got.templates if each.type == kind and each.is_default), None)
    order.template_id = default.id if default is not None else None


def _drop_empty(call: Call, order: Thing) -> None:
    """Drafts without lines are discarded without a word (spec 2.4)."""
    used = {each.subscription_id for each in order.lines} | {each.asset_id for each in order.lines}
    for each in [each for each in order.subscriptions if each.status == "Draft" and each.id not in used]:
        order_subscription.discard(call, order, each)
    for each in [each for each in order.assets if each.status == "Draft" and each.id not in used]:
        order_asset.discard(call, order, each)


def _begin_agreement(call: Call, got: Got) -> Thing:
    """What a purchase is to become."""
    sale = got.sale
    return call.new(
        AGREEMENT,
        status="Draft",
        name=sale.name,
        product_id=sale.product.id,
        listing_id=sale.listing.id,
        authorization_id=sale.listing.authorization_id,
        client_id=sale.licensee.account_id,
        vendor_id=sale.product.vendor_id,
        licensee_id=sale.licensee.id,
        buyer_id=sale.licensee.buyer_id,
        seller_id=sale.licensee.seller_id,
        price_currency=got.price_list.currency,
        price_billing_currency=got.price_list.currency,
        price_source="Computed",
        price_default_markup=got.price_list.default_markup,
        external_ids_client=sale.agreement_external_id,
        basket_id=sale.basket_id,
    )


def _precision(price_list: Thing | None) -> int:
    """To how many digits amounts are rounded: the price list says, else cents."""
    return 2 if price_list is None or price_list.precision is None else price_list.precision


def _instances(got: Got, held: Thing, phase: str) -> list[dict[str, object]]:
    """What an order of this type asks for; what the agreement knows of it already comes along (spec 2.6)."""
    known = {each["id"]: each for each in getattr(held, phase)}
    fresh = parameters.instances(_active(got.definitions), got.type.name, phase)
    return [known.get(each["id"], each) for each in fresh]


def _active(definitions: list[Thing]) -> list[Any]:
    return [each for each in definitions if each.status in (None, "Active", "Draft")]
