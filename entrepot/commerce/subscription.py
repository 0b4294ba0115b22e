"""A subscription runs until it is terminated or expires: what recurring lines of an agreement belong to."""

from calendar import monthrange
from datetime import MAXYEAR, datetime, timedelta

from entrepot.catalog.unit_price import months_of
from entrepot.commerce.bags import parameter_bag
from entrepot.commerce.party import PARTIES, parties, terms, totals
from entrepot.kernel.call import Call
from entrepot.kernel.field import audited, enum, externals, flag, moment, part, ref, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing

MOVES = (
    #     verb         from                  to             by
    move("update",    "Active",             "Updating",    "kernel"),
    move("settle",    "Updating Resuming",  "Active",      "kernel"),
    move("end",       "Active",             "Terminating", "kernel"),
    move("revert",    "Terminating Suspending", "Active",  "kernel"),
    move("terminate", "Active",             "Terminated",  "vendor kernel"),
    move("terminate", "Updating Terminating", "Terminated", "kernel"),
    move("expire",    "Active",             "Expired",     "kernel"),
    move("suspend",   "Active",             "Suspending",  "kernel"),
    move("rest",      "Suspending",         "Suspended",   "kernel"),
    move("resume",    "Suspended",          "Resuming",    "kernel"),
    move("revert",    "Resuming",           "Suspended",   "kernel"),
)  # fmt: skip
"""Those of the copies on orders too, which mirror it."""

LIFE = Machine(
    initial="Active",
    final="Terminated Expired",
    moves=MOVES,
)
"""Source: spec 3.2."""

SUBSCRIPTION = Noun(
    name="Subscription",
    path="commerce/subscriptions",
    table_name="subscriptions",
    ids=Ids("SUB", 3),
    life=LIFE,
    sees=parties,
    audience=PARTIES,
    scope="buyer_id",
    fields=(
        text("name", longest=500, core=True),
        enum("status", " ".join(LIFE.states), core=True),
        moment("startDate"),
        moment("terminationDate"),
        moment("commitmentDate"),
        flag("autoRenew"),
        *externals("client", "vendor", "operations"),
        *terms(),
        ref("product", "catalog/products"),
        ref("agreement", "commerce/agreements"),
        ref("buyer", "accounts/buyers"),
        ref("licensee", "accounts/licensees"),
        ref("seller", "accounts/sellers"),
        ref("client", "accounts/accounts", sees="kernel"),
        ref("vendor", "accounts/accounts", sees="kernel"),
        enum("splitStatus", "Disabled Active Review", sees="client operations"),
        *totals("PPxM", "PPxY", "SPxM", "SPxY"),
        ref("template", "catalog/products/{product}/templates"),
        part("lines", "commerce/lines", by="subscription_id", heavy=True),
        parameter_bag("fulfillment"),
        *audited("created", "updated", "active", "updating", "terminating", "terminated", "expired", "renewed"),
    ),
)

COPIED = (
    "name", "start_date", "commitment_date", "auto_renew", "external_ids_client", "external_ids_vendor",
    "external_ids_operations", "terms_model", "terms_period", "terms_commitment", "template_id", "fulfillment",
    "price_currency", "price_ppx_m", "price_ppx_y", "price_spx_m", "price_spx_y", "price_markup", "price_margin",
)  # fmt: skip


def begin(call: Call, order: Thing, draft: Thing, agreement: Thing) -> Thing:
    """The order's draft goes live under the same id (spec 2.4, purchase completed)."""
    subscription = call.new(
        SUBSCRIPTION,
        id=draft.id,
        status="Active",
        product_id=order.product_id,
        agreement_id=agreement.id,
        client_id=order.client_id,
        vendor_id=order.vendor_id,
        buyer_id=order.buyer_id,
        licensee_id=order.licensee_id,
        seller_id=order.seller_id,
        split_status="Disabled",
        **{column: getattr(draft, column) for column in COPIED},
    )
    agreement.parts["subscriptions"].append(subscription)
    call.record("subscription.activated", subscription, order=order.id)
    arm(call, subscription)
    return subscription


RENEW = "renew"
"""The name of the work that falls due when the time for which a subscription is committed is over."""


def arm(call: Call, subscription: Thing) -> None:
    """It is looked at again on the first day after its commitment: then it is renewed, or it expires (spec 3.2)."""
    if subscription.status == "Active" and subscription.commitment_date is not None:
        day = subscription.commitment_date.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        call.due(RENEW, subscription, day)


def later(moment: datetime, period: str) -> datetime:
    """The same day of the month, so many months on; the last day where there is no such day."""
    months = moment.month - 1 + (months_of(period) or 0)
    year, month = min(moment.year + months // 12, MAXYEAR), months % 12 + 1
    return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))
