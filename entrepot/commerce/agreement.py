"""An agreement is what a client holds from a vendor: it begins with a purchase and ends with its last subscription."""

from entrepot.accounts.seller import currencies
from entrepot.commerce import parameters, price
from entrepot.commerce.bags import parameter_bag, write_bag
from entrepot.commerce.markup import default_margin, set_default_markup
from entrepot.commerce.order_line import line_price_of, put_totals
from entrepot.commerce.party import MESSAGE, PARTIES, SALE, parties, totals
from entrepot.commerce.template import choose, default_template
from entrepot.kernel.body import Body, apply, convert
from entrepot.kernel.call import Call, Got
from entrepot.kernel.errors import Conflict
from entrepot.kernel.field import audited, document, enum, externals, integer, moment, part, ref, refs, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing

LIFE = Machine(
    initial="Draft Active Terminated",
    final="Terminated Failed Deleted",
    moves=(
        #     verb          from            to              by
        move("provision",  "Draft",        "Provisioning", "client kernel"),
        move("update",     "Active",       "Updating",     "client operations kernel"),
        move("activate",   "Provisioning Updating", "Active", "vendor operations kernel"),
        move("fail",       "Provisioning", "Failed",       "vendor operations kernel"),
        move("terminate",  "Active Updating", "Terminated", "vendor kernel"),
        move("delete",     "Draft",        "Deleted",      "client vendor operations kernel"),
    ),
)  # fmt: skip
"""Source: spec 3.1. Each move follows from one of an order or a subscription; none is an action of its own."""

AGREEMENT = Noun(
    name="Agreement",
    path="commerce/agreements",
    table_name="agreements",
    ids=Ids("AGR", 3),
    life=LIFE,
    sees=parties,
    audience=PARTIES,
    scope="buyer_id",
    party="client_id",
    fields=(
        text("name", longest=500, core=True, required=True, writes="client vendor operations"),
        text("icon", longest=2000, core=True),
        enum("status", " ".join(LIFE.states), core=True),
        ref("listing", "catalog/listings"),
        ref("authorization", "catalog/authorizations"),
        ref("vendor", "accounts/accounts"),
        ref("client", "accounts/accounts"),
        ref("licensee", "accounts/licensees"),
        ref("buyer", "accounts/buyers"),
        ref("seller", "accounts/sellers"),
        ref("product", "catalog/products"),
        ref("template", "catalog/products/{product}/templates", writes="vendor:Active,Terminated"),
        moment("startDate"),
        moment("endDate"),
        document("error", schema=MESSAGE),
        *externals("client", "vendor", "operations"),
        *totals("PPxM", "PPxY", "SPxM", "SPxY"),
        default_margin(),
        text("price.billingCurrency", longest=3, sees="client operations", writes="client"),
        enum("price.source", "Computed Manual", sees="operations"),
        part("lines", "commerce/lines", by="agreement_id", heavy=True),
        part("subscriptions", "commerce/subscriptions", by="agreement_id", heavy=True),
        part("assets", "commerce/assets", by="agreement_id", heavy=True),
        parameter_bag("ordering", writes="operations:create vendor:Active"),
        parameter_bag("fulfillment", writes="vendor:Active"),
        part("termsAndConditions", "commerce/agreements/{agreement}/terms", by="agreement_id", heavy=True),
        ref("split", "commerce/agreements/{agreement}/split", sees=SALE, heavy=True),
        refs("certificates", "program/certificates", heavy=True, writes="vendor:Active operations:Draft"),
        ref("basket", "commerce/baskets", sees=SALE),
        integer("lineCount", sees="kernel", default=0),
        *audited("created", "updated", "provisioning", "active", "terminated"),
    ),
)
"""`lineCount` numbers the lines: it counts every one ever begun, those of failed and deleted orders too."""


def reserve(call: Call, agreement: Thing, order: Thing) -> None:
    """Takes the agreement for this order: one order in flight per agreement (spec 2.3.1).

    Raises Conflict when it is taken already, or is no longer what it was.
    """
    if agreement.status in ("Provisioning", "Updating"):
        raise Conflict(f"Another order of agreement {agreement.id} is in flight.", unblocks="client vendor operations")
    call.move(agreement, "provision" if order.type == "Purchase" else "update", by="kernel")


def create(call: Call, _: None, body: Body, got: Got) -> Thing:
    """Operations enters an agreement that was made elsewhere: live, or ended already (spec 3.1)."""
    held = call.new(
        AGREEMENT,
        status=got.status,
        product_id=got.product.id,
        vendor_id=got.product.vendor_id,
        listing_id=got.listing.id if got.listing else None,
        authorization_id=got.authorization.id,
        licensee_id=got.licensee.id,
        client_id=got.licensee.account_id,
        buyer_id=got.licensee.buyer_id,
        seller_id=got.licensee.seller_id,
        price_currency=got.currency,
        price_billing_currency=got.currency,
        price_source="Computed",
        price_default_markup=got.price_list.default_markup if got.price_list else None,
        template_id=default_template(got, "OrderCompleted"),
    )
    for phase in (parameters.ORDERING, parameters.FULFILLMENT):
        given = [each for each in got.definitions if each.scope == "Agreement" and each.status not in ("Deleted",)]
        setattr(held, phase, parameters.instances(given, "Purchase", phase))
    apply(call, held, body, "create")
    write_bag(call, held, body, got, parameters.ORDERING)
    if held.name is None:
        call.fault(body.path("name"), "A name is required.")
    call.record("agreement.created", held)
    return held


def update(call: Call, held: Thing, body: Body, got: Got) -> None:
    """Each actor writes its own: the vendor template and parameters, operations markup and estimates (spec 3.1)."""
    state = str(held.status)
    apply(call, held, body, state)
    if call.by("vendor") and state in ("Active", "Terminated"):
        choose(call, held, body, got, "OrderCompleted")
    if call.by("vendor") and state == "Active":
        write_bag(call, held, body, got, parameters.ORDERING)
        write_bag(call, held, body, got, parameters.FULFILLMENT)
    given = body.object(call, "price")
    if given is None:
        return
    if call.by("client"):
        _require_currency(call, held, given, got)
    else:
        _estimate(call, held, given)
        if call.by("operations") and state == "Active":
            set_default_markup(call, held, given)


def _require_currency(call: Call, held: Thing, given: Body, got: Got) -> None:
    """One is billed in a currency that the seller deals in."""
    changed = held.price_billing_currency != (held.was or {}).get("price_billing_currency")
    if changed and held.price_billing_currency not in currencies(got.seller):
        call.fault(given.path("billingCurrency"), f"The seller does not bill in {held.price_billing_currency!r}.")


ESTIMATES = {
    "vendor": ("PPxM", "PPxY"),
    "operations": ("PPxM", "PPxY", "SPxM", "SPxY"),
}
"""Amounts of what is not known yet, such as usage: they hold until the price is computed anew (spec 3.1)."""


def _estimate(call: Call, held: Thing, given: Body) -> None:
    for name in ESTIMATES[call.caller.actor]:
        each = held.noun.field(f"price.{name}")
        if given.get(name) is None:
            continue
        value = convert(call, each, given.path(name), given.get(name))
        if value is not None and value != getattr(held, each.column):
            setattr(held, each.column, value)
            held.price_source = "Manual"


def settle(call: Call, agreement: Thing) -> None:
    """After an order: it goes on, unless the last of its subscriptions has ended (spec 3.1)."""
    if agreement.status == "Updating" and _is_over(agreement):
        call.move(agreement, "terminate", by="kernel")
        call.record("agreement.terminated", agreement)
    else:
        call.move(agreement, "activate", by="kernel")


def follow(call: Call, agreement: Thing) -> None:
    """After a subscription ended by itself. While an order is in flight, that one has the last word."""
    sum_up(agreement)
    if agreement.status == "Active" and _is_over(agreement):
        call.move(agreement, "terminate", by="kernel")
        call.record("agreement.terminated", agreement)


def _is_over(agreement: Thing) -> bool:
    held = agreement.subscriptions
    return bool(held) and all(each.status in ("Terminated", "Expired") for each in held)


def sum_up(agreement: Thing) -> None:
    """The price of what recurs: one-time amounts are no part of it (spec 4.1)."""
    live = [line for line in agreement.lines if line.status == "Active" and line.period != "one-time"]
    put_totals(agreement, price.total(line_price_of(line) for line in live))
    agreement.price_source = "Computed"
