"""A line of an agreement: what is held of one item, by a subscription or an asset. It began as an order line."""

from decimal import Decimal

from entrepot.commerce.order_line import put_amounts, put_price_of_day, set_markup, set_purchase_price
from entrepot.commerce.party import PARTIES, parties
from entrepot.commerce.party import line_price as line_prices
from entrepot.commerce.price import line_price
from entrepot.kernel.body import Body, convert
from entrepot.kernel.call import Call, Got
from entrepot.kernel.field import audited, document, enum, integer, ref, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing

LIFE = Machine(
    initial="Active",
    final="Deleted",
    moves=(
        move("terminate", "Active", "Terminated", "vendor kernel"),
        move("expire", "Active", "Expired", "kernel"),
        move("supersede", "Terminated Expired", "Deleted", "kernel"),  # the item was ordered anew
    ),
)
"""Source: spec 3.4."""

LINE = Noun(
    name="Line",
    path="commerce/lines",
    table_name="lines",
    ids=Ids("ALI", 4, child_of="agreement"),
    owner="agreement",
    trailed=False,
    life=LIFE,
    sees=parties,
    audience=PARTIES,
    scope="buyer_id",
    party="client_id",
    fields=(
        enum("status", " ".join(LIFE.states)),
        integer("quantity", default=0),
        ref("item", "catalog/items"),
        *line_prices(writable=False),
        ref("order", "commerce/orders"),
        ref("subscription", "commerce/subscriptions"),
        ref("asset", "commerce/assets"),
        ref("agreement", "commerce/agreements"),
        ref("client", "accounts/accounts", aside=True),
        ref("vendor", "accounts/accounts", aside=True),
        ref("buyer", "accounts/buyers", aside=True),
        ref("seller", "accounts/sellers", aside=True),
        ref("product", "catalog/products", aside=True),
        text("description", longest=2000),
        document("info"),
        text("period", sees="kernel"),
        *audited("created", "updated", "terminated", "deleted"),
    ),
)

AMOUNTS = ("price_ppx1", "price_ppx_m", "price_ppx_y", "price_spx1", "price_spx_m", "price_spx_y")

QUANTITY = integer("quantity", least=0)

COPIED = (
    "item_id", "quantity", "price_currency", "price_unit_pp", "price_unit_sp", "price_ppx1", "price_ppx_m",
    "price_ppx_y", "price_spx1", "price_spx_m", "price_spx_y", "price_markup", "price_margin",
    "price_markup_source", "price_default_markup_source", "description", "info", "period",
)  # fmt: skip


def begin(call: Call, order: Thing, order_line: Thing, agreement: Thing) -> Thing:
    """The line goes live with the id that it had in the order (spec 2.4, purchase completed)."""
    one_time = order_line.period == "one-time"
    line = call.new(
        LINE,
        id=order_line.id,
        status="Active",
        order_id=order.id if one_time else None,
        subscription_id=order_line.subscription_id,
        asset_id=order_line.asset_id,
        agreement_id=agreement.id,
        client_id=order.client_id,
        vendor_id=order.vendor_id,
        buyer_id=order.buyer_id,
        seller_id=order.seller_id,
        product_id=order.product_id,
        **{column: getattr(order_line, column) for column in COPIED},
    )
    agreement.parts["lines"].append(line)
    return line


def create(call: Call, owner: Thing, body: Body, got: Got, *, one_time: bool) -> list[Thing]:
    """Lines that the vendor gives a new subscription or asset, without an order (spec 3.2, 3.3).

    Each is for an item of the product that the agreement does not hold yet, at the price given or the day's.
    """
    entries = body.objects(call, "lines") or []
    if not entries:
        call.fault(body.path("lines"), "At least one line is required.")
    made = [each for each in (_new(call, owner, entry, got, one_time=one_time) for entry in entries) if each]
    if len({_terms(_item(got, each)) for each in made}) > 1:
        call.fault(body.path("lines"), "All lines share model, period and commitment.")
    return made


def _new(call: Call, owner: Thing, entry: Body, got: Got, *, one_time: bool) -> Thing | None:
    item_id, held = entry.id_of(call, "item"), got.agreement
    item = next((each for each in got.items if each.id == item_id and each.product_id == held.product_id), None)
    if item is None or item.status in ("Draft", "Deleted"):
        call.fault(entry.path("item.id"), f"Item {str(item_id)[:80]!r} was not found in this product.")
        return None
    if (item.terms_period == "one-time") != one_time:
        call.fault(entry.path("item.id"), f"Item {item_id} {'recurs' if one_time else 'is bought once'}.")
        return None
    if not one_time and any(each.item_id == item_id and each.status == "Active" for each in held.lines):
        call.fault(entry.path("item.id"), f"Item {item_id} is held by this agreement already.")
        return None
    held.line_count += 1
    offer = next((each for each in got.offers if each.item_id == item_id), None)
    line = call.new(
        LINE,
        id=f"ALI-{str(held.id).partition('-')[2]}-{held.line_count:04d}",
        status="Active",
        item_id=item_id,
        agreement_id=held.id,
        period=item.terms_period,
        description=offer.get("description") if offer is not None else None,
        price_currency=held.price_currency,
        **{"asset_id" if one_time else "subscription_id": owner.id},
        **{name: getattr(held, name) for name in ("client_id", "vendor_id", "buyer_id", "seller_id", "product_id")},
    )
    call.known.things["catalog/items", str(item_id)] = item
    put_price_of_day(line, offer, got)
    write(call, line, entry, got)
    held.parts["lines"].append(line)
    owner.parts["lines"].append(line)
    return line


def update(call: Call, owner: Thing, body: Body, got: Got) -> None:
    """What the body says of lines that are there: the vendor sets quantity and price, operations the markup."""
    here = {str(each.id): each for each in got.agreement.lines if each.id in {line.id for line in owner.lines}}
    for entry in body.objects(call, "lines") or ():
        line = here.get(str(entry.get("id")))
        if line is None:
            call.fault(entry.path("id"), f"Line {str(entry.get('id'))[:80]!r} was not found here.")
        elif line.status == "Active":
            write(call, line, entry, got)


def write(call: Call, line: Thing, entry: Body, got: Got) -> None:
    """Quantity and price of one line, under the caller's rules; what follows from them is derived anew."""
    if call.by("vendor"):
        _write_quantity(call, line, entry, got)
    given = entry.object(call, "price")
    if given is not None:
        (set_purchase_price if call.by("vendor") else set_markup)(call, line, given)
    if line.changed():
        reprice(line, got.precision)


def _write_quantity(call: Call, line: Thing, entry: Body, got: Got) -> None:
    uncounted = bool(_item(got, line).quantity_not_applicable)
    if entry.get("quantity") is None:
        if line.is_new and not uncounted:
            call.fault(entry.path("quantity"), "A quantity is required.")
        return
    value = convert(call, QUANTITY, entry.path("quantity"), entry.get("quantity"))
    if value == 0 and not uncounted:
        call.fault(entry.path("quantity"), "At least 1 is allowed: what has ended is terminated.")
    if isinstance(value, int):
        line.quantity = value


def reprice(line: Thing, precision: int) -> None:
    """Every amount of a line, from its price of a unit and its quantity (spec 4.3)."""
    put_amounts(line, line_price(line.price_unit_pp, line.price_markup, line.period, line.quantity, precision))


def end(call: Call, line: Thing, verb: str) -> None:
    """Nothing is held of it any more (spec 3.4): no units, no amounts. What a unit cost stays told."""
    line.quantity = 0
    for column in AMOUNTS:
        if getattr(line, column) is not None:
            setattr(line, column, Decimal(0))
    call.move(line, verb, by="kernel")


def _item(got: Got, line: Thing) -> Thing:
    return next(each for each in got.items if each.id == line.item_id)


def _terms(item: Thing) -> tuple[str, str, str]:
    return item.terms_model, item.terms_period, item.terms_commitment
