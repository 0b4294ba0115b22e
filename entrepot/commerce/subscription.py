"""A subscription runs until it is terminated or expires: what recurring lines of an agreement belong to."""

from calendar import monthrange
from datetime import MAXYEAR, date, datetime, timedelta

from entrepot.catalog.unit_price import months_of
from entrepot.commerce import agreement, asset, line, mirror, parameters, price, split
from entrepot.commerce.bags import parameter_bag, write_bag
from entrepot.commerce.markup import default_margin, set_default_markup
from entrepot.commerce.order_line import line_price_of, put_totals
from entrepot.commerce.party import PARTIES, SALE, parties, terms, totals
from entrepot.commerce.template import choose, default_template
from entrepot.kernel.body import Body, apply
from entrepot.kernel.call import Call, Got
from entrepot.kernel.errors import Conflict
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
    party="client_id",
    fields=(
        text("name", longest=500, core=True, required=True, writes="client vendor"),
        enum("status", " ".join(LIFE.states), core=True),
        moment("startDate", writes="vendor:create"),
        moment("terminationDate"),
        moment("commitmentDate", writes="vendor"),
        flag("autoRenew", default=True, writes="vendor"),
        *externals("client", "vendor", "operations"),
        *terms(),
        ref("product", "catalog/products"),
        ref("agreement", "commerce/agreements"),
        ref("buyer", "accounts/buyers"),
        ref("licensee", "accounts/licensees"),
        ref("seller", "accounts/sellers"),
        ref("client", "accounts/accounts", sees="kernel"),
        ref("vendor", "accounts/accounts", sees="kernel"),
        ref("split", "commerce/subscriptions/{subscription}/split", sees=SALE, heavy=True),
        enum("splitStatus", f"{split.DISABLED} {split.ACTIVE} {split.REVIEW}", sees=SALE),
        *totals("PPxM", "PPxY", "SPxM", "SPxY"),
        default_margin(),
        ref("template", "catalog/products/{product}/templates", writes="vendor"),
        part("lines", "commerce/lines", by="subscription_id", heavy=True, writes="vendor operations"),
        parameter_bag("fulfillment", writes="vendor"),
        *audited("created", "updated", "active", "updating", "terminating", "terminated", "expired", "renewed"),
    ),
)

COPIED = (
    "name", "start_date", "commitment_date", "auto_renew", "external_ids_client", "external_ids_vendor",
    "external_ids_operations", "terms_model", "terms_period", "terms_commitment", "template_id", "fulfillment",
    "price_currency", "price_ppx_m", "price_ppx_y", "price_spx_m", "price_spx_y", "price_markup", "price_margin",
)  # fmt: skip


def begin(call: Call, order: Thing, draft: Thing, held: Thing) -> Thing:
    """The order's draft goes live under the same id (spec 2.4, purchase completed)."""
    subscription = call.new(
        SUBSCRIPTION,
        id=draft.id,
        status="Active",
        product_id=order.product_id,
        agreement_id=held.id,
        client_id=order.client_id,
        vendor_id=order.vendor_id,
        buyer_id=order.buyer_id,
        licensee_id=order.licensee_id,
        seller_id=order.seller_id,
        split_status=split.DISABLED,
        **{column: getattr(draft, column) for column in COPIED},
    )
    held.parts["subscriptions"].append(subscription)
    call.record("subscription.activated", subscription, order=order.id)
    arm(call, subscription)
    return subscription


# Without an order (spec 3.2) ----------------------------------------------------------------------------


def create(call: Call, _: None, body: Body, got: Got) -> Thing:
    """The vendor enters a subscription that runs already, under an agreement that is live."""
    held = got.agreement
    subscription = call.new(
        SUBSCRIPTION,
        status="Active",
        agreement_id=held.id,
        split_status=split.DISABLED,
        price_currency=held.price_currency,
        price_default_markup=held.price_default_markup,
        template_id=default_template(got, "Subscription"),
        fulfillment=parameters.of_holding(got.definitions, "Subscription"),
        **{name: getattr(held, name) for name in FROM_AGREEMENT},
    )
    held.parts["subscriptions"].append(subscription)
    apply(call, subscription, body, "create")
    if subscription.name is None:
        call.fault(body.path("name"), "A name is required.")
    _write_choices(call, subscription, body, got)
    made = line.create(call, subscription, body, got, one_time=False)
    if made:
        item = next(each for each in got.items if each.id == made[0].item_id)
        subscription.terms_model, subscription.terms_period = item.terms_model, item.terms_period
        subscription.terms_commitment = item.terms_commitment
    begin_term(call, subscription)
    sum_up(subscription, made)
    agreement.sum_up(held)
    split.follow(call, got)
    call.record("subscription.created", subscription)
    arm(call, subscription)
    return subscription


FROM_AGREEMENT = ("product_id", "client_id", "vendor_id", "buyer_id", "licensee_id", "seller_id")


def update(call: Call, subscription: Thing, body: Body, got: Got) -> None:
    """Each actor writes its own; whether it renews is the client's only by an order (spec 3.2)."""
    before = subscription.commitment_date
    apply(call, subscription, body)
    if call.by("vendor"):
        _write_choices(call, subscription, body, got)
    if not call.by("client") and body.get("lines") is not None:
        line.update(call, subscription, body, got)
    given = body.object(call, "price")
    if given is not None and call.by("operations"):
        set_default_markup(call, subscription, given)
    own = [each for each in got.agreement.lines if each.subscription_id == subscription.id]
    if any(each.changed() for each in own):
        if subscription.status != "Active":
            raise Conflict(f"Subscription {subscription.id} is {subscription.status}; its lines change while Active.")
        sum_up(subscription, own)
        agreement.sum_up(got.agreement)
        split.follow(call, got)
    if subscription.commitment_date != before:
        arm(call, subscription)
    mirror.follow(subscription, got.copies)


def _write_choices(call: Call, subscription: Thing, body: Body, got: Got) -> None:
    choose(call, subscription, body, got, "Subscription")
    write_bag(call, subscription, body, got, parameters.FULFILLMENT)


def terminate(call: Call, subscription: Thing, body: Body, got: Got) -> None:
    """The vendor ends it, without an order. With the last one ends the agreement, and its assets with it (BR-006)."""
    call.move(subscription, "terminate")
    subscription.termination_date = call.now
    subscription.auto_renew = False
    _end_lines(call, subscription, got, "terminate")
    reason = body.get("description")
    call.record(
        "subscription.terminated", subscription, **({"reason": reason[:1000]} if isinstance(reason, str) else {})
    )
    agreement.follow(call, got.agreement)
    split.follow(call, got)
    if got.agreement.status == "Terminated":
        for each in got.agreement.assets:
            if each.status == "Active":
                asset.end(call, each, got.agreement)


def _end_lines(call: Call, subscription: Thing, got: Got, verb: str) -> None:
    own = [each for each in got.agreement.lines if each.subscription_id == subscription.id]
    for each in own:
        if each.status == "Active":
            line.end(call, each, verb)
    sum_up(subscription, own)


def sum_up(subscription: Thing, lines: list[Thing]) -> None:
    """The price is the sum of its live lines (spec 2.8)."""
    put_totals(subscription, price.total(line_price_of(each) for each in lines if each.status == "Active"))


# Time ---------------------------------------------------------------------------------------------------


RENEW = "renew"
"""The name of the work that falls due when the time for which a subscription is committed is over."""


def arm(call: Call, subscription: Thing) -> None:
    """It is looked at again when its commitment is over: then it is renewed, or it expires (spec 3.2)."""
    day = renewal_day(subscription)
    if day is not None:
        call.due(RENEW, subscription, day)


def renewal_day(subscription: Thing) -> datetime | None:
    """The first day after its commitment, for what is Active; after the last day of the calendar there is none."""
    ends = subscription.commitment_date
    if subscription.status != "Active" or ends is None or ends.date() == date.max:
        return None
    return ends.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def renew(call: Call, subscription: Thing, body: Body, got: Got) -> None:
    """The day after its commitment ended: it goes on for another term, or it is over (spec 3.2).

    It may have been moved on, changed or ended meanwhile: then there is nothing to do.
    """
    ends = subscription.commitment_date
    if subscription.status != "Active" or ends is None or ends.date() >= call.now.date():
        return
    if not subscription.auto_renew:
        call.move(subscription, "expire", by="kernel")
        _end_lines(call, subscription, got, "expire")
        call.record("subscription.expired", subscription)
        agreement.follow(call, got.agreement)
        split.follow(call, got)
        return
    further = next_commitment(subscription)
    if further is None:
        call.record("subscription.renewal_waits", subscription, reason="It has no term.")
        return
    subscription.commitment_date = further
    call.stamp(subscription, "renewed")
    call.record("subscription.renewed", subscription)
    arm(call, subscription)


def next_commitment(subscription: Thing) -> datetime | None:
    """One term on: the commitment where there is one, else the period. Counted from the start, so that no day is lost.

    The step is a GUESS of the spec (9.9). A start on the 31st ends terms on the last day of shorter months.
    """
    try:
        step = months_of(subscription.terms_commitment or subscription.terms_period or "one-time")
    except ValueError:
        return None
    if step is None:
        return None
    start, ends = subscription.start_date, subscription.commitment_date
    if start is not None:
        so_far = (ends.year - start.year) * 12 + ends.month - start.month
        if months_later(start, so_far) == ends:
            return months_later(start, so_far + step)
    return months_later(ends, step)


def begin_term(call: Call, subscription: Thing) -> None:
    """What the vendor left open: it starts now, and is committed to for its terms (spec 2.4)."""
    if subscription.start_date is None:
        subscription.start_date = call.now
    if subscription.commitment_date is None and subscription.terms_commitment:
        subscription.commitment_date = later(subscription.start_date, subscription.terms_commitment)


def later(moment: datetime, period: str) -> datetime:
    """The same day of the month, a period on."""
    return months_later(moment, months_of(period) or 0)


def months_later(moment: datetime, months: int) -> datetime:
    """The same day of the month, so many months on; the last day where there is no such day."""
    months = moment.month - 1 + months
    year, month = min(moment.year + months // 12, MAXYEAR), months % 12 + 1
    return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))
