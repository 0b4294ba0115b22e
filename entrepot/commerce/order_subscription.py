"""What the vendor prepares while an order is processed: a draft of the subscription that completion makes live."""

from datetime import timedelta

from entrepot.catalog.unit_price import months_of
from entrepot.commerce import parameters, price, subscription
from entrepot.commerce.bags import parameter_bag, write_bag
from entrepot.commerce.order_line import is_one_time, line_price_of, put_totals
from entrepot.commerce.party import PARTIES, parties, terms, totals, unseen_parties
from entrepot.commerce.template import choose, default_template
from entrepot.kernel.body import Body, apply
from entrepot.kernel.call import Call, Got
from entrepot.kernel.errors import Conflict
from entrepot.kernel.field import audited, enum, externals, flag, moment, part, ref, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing

LIFE = Machine(
    initial="Draft Active Suspended",
    final="Terminated Expired Deleted",
    moves=(
        move("activate", "Draft", "Active", "kernel"),
        move("discard", "Draft", "Deleted", "kernel"),
        move("follow", "Active", "Suspended", "kernel"),  # what it is a copy of, while the order is a draft
        move("follow", "Suspended", "Active", "kernel"),
        *subscription.MOVES,
    ),
)
"""Source: spec 2.8. It mirrors the subscription; nobody moves it by itself."""

FURTHEST_BACK = timedelta(days=366)
"""A commitment may have begun at most a year ago (spec 2.8)."""


ORDER_SUBSCRIPTION = Noun(
    name="OrderSubscription",
    path="commerce/orders/{order}/subscriptions",
    table_name="order_subscriptions",
    ids=Ids("SUB", 3),
    owner="order",
    shared=True,
    life=LIFE,
    sees=parties,
    audience=PARTIES,
    scope="buyer_id",
    party="client_id",
    fields=(
        ref("order", "commerce/orders", heavy=True),
        text("name", longest=500, required=True, core=True, writes="vendor"),
        enum("status", " ".join(LIFE.states), core=True),
        moment("startDate", writes="vendor"),
        moment("terminationDate"),
        moment("commitmentDate", writes="vendor operations"),
        flag("autoRenew", core=True, default=True, writes="vendor"),
        *externals("client", "vendor", "operations"),
        *terms(),
        ref("product", "catalog/products"),
        ref("agreement", "commerce/agreements"),
        *unseen_parties(),
        *totals("PPxM", "PPxY", "SPxM", "SPxY"),
        ref("template", "catalog/products/{product}/templates", writes="vendor"),
        part(
            "lines", "commerce/orders/{order}/lines", by="subscription_id", also="order_id", heavy=True, writes="vendor"
        ),
        parameter_bag("fulfillment", writes="vendor"),
        *audited("created", "updated", "active", "updating", "terminating", "terminated"),
    ),
)


def create(call: Call, _: None, body: Body, got: Got) -> Thing:
    """The vendor maps recurring lines of an order to a new subscription (spec 2.8)."""
    order = got.order
    require_open(order)
    draft = begin(call, order, got)
    write(call, draft, body, got)
    if draft.name is None:
        call.fault(body.path("name"), "A name is required.")
    if body.get("lines") in (None, []):
        call.fault(body.path("lines"), "At least one line is required.")
    call.record("order.subscription_added", order, subscription=draft.id)
    return draft


def begin(call: Call, order: Thing, got: Got) -> Thing:
    """An empty draft on an order."""
    draft = call.new(
        ORDER_SUBSCRIPTION,
        order_id=order.id,
        status="Draft",
        product_id=order.product_id,
        agreement_id=order.agreement_id,
        client_id=order.client_id,
        vendor_id=order.vendor_id,
        buyer_id=order.buyer_id,
        price_currency=order.price_currency,
        template_id=default_template(got, "Subscription"),
        fulfillment=parameters.of_holding(got.definitions, "Subscription"),
    )
    order.parts["subscriptions"].append(draft)
    return draft


def update(call: Call, draft: Thing, body: Body, got: Got) -> None:
    """The vendor corrects what it prepared; others write their own external id."""
    require_open(got.order, by_vendor=call.by("vendor"))
    if call.by("vendor"):
        require_placed(got.order, draft)
    write(call, draft, body, got)
    if call.by("vendor") and draft.status == "Draft" and not draft.lines and "lines" in body:
        discard(call, got.order, draft)


def remove(call: Call, draft: Thing, body: None, got: Got) -> None:
    """Takes a draft back; its lines are free again."""
    if draft.status != "Draft":
        raise Conflict(f"Order subscription {draft.id} is {draft.status}; only a Draft can be deleted.")
    discard(call, got.order, draft)


def discard(call: Call, order: Thing, draft: Thing) -> None:
    """Removes a draft that nothing came of."""
    for line in order.lines:
        if line.subscription_id == draft.id:
            line.subscription_id = None
    for found in [each for each in order.subscriptions if each.id == draft.id]:
        order.parts["subscriptions"].remove(found)
    call.erase(draft)


def require_open(order: Thing, *, by_vendor: bool = True) -> None:
    """The vendor prepares subscriptions from the moment an order is no draft any more until it ends (spec 2.8)."""
    if by_vendor and order.status not in ("Quoted", "Processing", "Querying"):
        raise Conflict(
            f"Order {order.id} is {order.status}; subscriptions are prepared in Quoted, Processing and Querying."
        )


def require_placed(order: Thing, copy: Thing) -> None:
    """Until an order is placed, what it has of something live is what that is: changes would be lost."""
    if copy.status != "Draft" and order.status in ("Draft", "Quoted"):
        raise Conflict(f"Order {order.id} is {order.status}; what is live is changed on it once it is placed.")


def write(call: Call, draft: Thing, body: Body, got: Got) -> None:
    """What the body gives and the caller may write."""
    apply(call, draft, body, state="create" if draft.is_new else str(draft.status))
    if not call.by("vendor"):
        _require_near(call, draft, body)
        return
    _write_commitment(call, draft, body)
    choose(call, draft, body, got, "Subscription")
    write_bag(call, draft, body, got, parameters.FULFILLMENT)
    if "lines" in body:
        _map_lines(call, draft, body, got)
    _require_near(call, draft, body)


def _write_commitment(call: Call, draft: Thing, body: Body) -> None:
    inner = body.object(call, "terms")
    commitment = inner.get("commitment") if inner is not None else None
    if commitment is None or inner is None:
        return
    if not isinstance(commitment, str) or not _is_period(commitment):
        call.fault(inner.path("commitment"), "A period such as 1y was expected.")
        return
    draft.terms_commitment = commitment


def _is_period(value: str) -> bool:
    try:
        return months_of(value) is not None
    except ValueError:
        return False


def _require_near(call: Call, draft: Thing, body: Body) -> None:
    """The commitment date lies ahead, or at most one year back (spec 2.8)."""
    when = draft.commitment_date
    if when is not None and "commitmentDate" in body and when < call.now - FURTHEST_BACK:
        call.fault(body.path("commitmentDate"), "It may lie at most one year in the past.")


def _map_lines(call: Call, draft: Thing, body: Body, got: Got) -> None:
    """The full set of lines: recurring, free, and of the same terms (spec 2.8)."""
    entries = body.objects(call, "lines")
    if entries is None:
        return
    order = got.order
    here = {str(line.id): line for line in order.lines}
    chosen: list[Thing] = []
    for entry in entries:
        line_id = entry.get("id")
        line = here.get(line_id) if isinstance(line_id, str) else None
        if line is None:
            call.fault(entry.path("id"), f"Line {str(line_id)[:80]!r} was not found on this order.")
        elif is_one_time(line):
            call.fault(entry.path("id"), f"Line {line.id} is bought once: it becomes an asset.")
        elif line.subscription_id not in (None, draft.id):
            call.fault(entry.path("id"), f"Line {line.id} belongs to subscription {line.subscription_id}.")
        elif line not in chosen:
            chosen.append(line)
    require_living(call, body, chosen, [each for each in got.live_lines if each.subscription_id == draft.id])
    if len({(line.model, line.period, line.commitment) for line in chosen}) > 1:
        call.fault(body.path("lines"), "All lines of a subscription share model, period and commitment.")
    if not call.faults:
        put_lines(order, draft, chosen)


def require_living(call: Call, body: Body, chosen: list[Thing], live: list[Thing]) -> None:
    """Lines that live already on what the order has a copy of stay on it (spec 2.8)."""
    kept = {each.id for each in chosen}
    for each in live:
        if each.id not in kept:
            call.fault(body.path("lines"), f"Line {each.id} lives here already and stays.")


def put_lines(order: Thing, draft: Thing, chosen: list[Thing]) -> None:
    """Maps exactly these lines to the subscription."""
    for line in order.lines:
        if line in chosen:
            line.subscription_id = draft.id
        elif line.subscription_id == draft.id:
            line.subscription_id = None
    draft.parts["lines"] = chosen
    take_terms(draft, chosen)
    sum_up(draft)


def take_terms(draft: Thing, lines: list[Thing]) -> None:
    """Terms are those of the lines; the vendor may have agreed on another commitment."""
    if lines:
        draft.terms_model = lines[0].model
        draft.terms_period = lines[0].period
        draft.terms_commitment = draft.terms_commitment or lines[0].commitment


def sum_up(draft: Thing) -> None:
    """The price is the sum of its lines (spec 2.8)."""
    put_totals(draft, price.total(line_price_of(line) for line in draft.lines))
