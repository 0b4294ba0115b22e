"""An order line asks for so many units of one item, at the prices of the day on which it was written."""

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from entrepot.accounts.dealings import exists
from entrepot.catalog import unit_price
from entrepot.commerce import price
from entrepot.commerce.markup import asked_markup
from entrepot.commerce.party import line_price, parties
from entrepot.kernel.access import Who
from entrepot.kernel.body import Body, convert
from entrepot.kernel.call import Call, Got
from entrepot.kernel.field import document, enum, integer, number, ref, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing

LINES_MAX = 1000
NOT_OVER = ("Draft", "Quoted", "Processing", "Querying")
SOLD = {False: ("ForSale",), True: ("ForSale", "Private")}
"""States of prices at which an item may be ordered: by a purchase, and by a change (spec 2.3.3)."""

KNOWN_TO_CLIENTS = ("Published", "Unpublished")
"""States of items that a client may know of: of others it is not even told that they are there."""

QUANTITY = integer("quantity", least=-(2**31))
UNIT_PP = number("price.unitPP")
UNIT_SP = number("price.unitSP")
MARKUP = number("price.markup")
MARGIN = number("price.margin")


HELD = (
    "item_id", "price_currency", "price_unit_pp", "price_unit_sp", "price_markup", "price_margin",
    "price_markup_source", "price_default_markup_source", "description", "info", "period", "subscription_id",
    "asset_id",
)  # fmt: skip
"""A line keeps the price that was agreed for it: what the price list says meanwhile is for new lines."""


# The order is made of its lines, so its own file comes later; here only the columns of its row rule.
ORDERS = sa.table("orders", *(sa.column(name, sa.Text()) for name in ("id", "client_id", "vendor_id", "buyer_id")))


def of_visible_order(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """A line is seen by whoever sees its order."""
    order = ORDERS.alias()
    return exists(order, order.c.id == row.c.order_id, parties(order, who))


ORDER_LINE = Noun(
    name="OrderLine",
    path="commerce/orders/{order}/lines",
    table_name="order_lines",
    ids=Ids("ALI", 4, child_of="agreement"),
    owner="order",
    shared=True,
    trailed=False,
    sees=of_visible_order,
    order="id",
    fields=(
        ref("order", "commerce/orders"),
        ref("item", "catalog/items", required=True, writes="client:create,Draft"),
        integer("oldQuantity", default=0),
        integer("quantity", least=0, required=True, default=0, writes="client:create,Draft"),
        *line_price(writable=True),
        ref("subscription", "commerce/orders/{order}/subscriptions", also="order_id"),
        ref("asset", "commerce/orders/{order}/assets", also="order_id"),
        text("description", longest=2000),
        document("info"),
        *(
            ref(name, target, via="order", aside=True)
            for name, target in (
                ("agreement", "commerce/agreements"),
                ("client", "accounts/accounts"),
                ("vendor", "accounts/accounts"),
                ("buyer", "accounts/buyers"),
                ("seller", "accounts/sellers"),
                ("product", "catalog/products"),
            )
        ),
        enum("model", "one-time usage quantity", sees="kernel"),
        text("period", sees="kernel"),
        text("commitment", sees="kernel"),
    ),
)
"""`model`, `period` and `commitment` are the item's terms, kept since they decide how the line is counted."""


def is_one_time(line: Thing) -> bool:
    """Whether it becomes an asset; all others belong to subscriptions (spec 2.5)."""
    return line.period == "one-time"


# Writing --------------------------------------------------------------------------------------------


def write(call: Call, order: Thing, body: Body, got: Got, *, actor: str, state: str) -> None:
    """Lines as the body gives them, under the write rules of the actor (spec 2.5).

    The client in Draft gives the whole set: what it leaves out is removed. The vendor in Processing
    sets purchase prices, operations sales prices, of the lines they name.
    """
    entries = body.objects(call, "lines")
    if entries is None:
        return
    if len(entries) > LINES_MAX:
        call.fault(body.path("lines"), f"At most {LINES_MAX} lines are allowed.")
        return
    if actor == "client" and state in ("create", "Draft"):
        _write_set(call, order, entries, got)
    elif (actor == "vendor" and state == "Processing") or (actor == "operations" and state in NOT_OVER):
        _write_prices(call, order, entries, actor)


def add(call: Call, order: Thing, body: Body, got: Got) -> None:
    """Lines that a vendor adds to a draft which it validates: those without an id, at its own price if it says so."""
    entries = body.objects(call, "lines") or []
    fresh = [entry for entry in entries if entry.get("id") is None]
    if len(order.lines) + len(fresh) > LINES_MAX:
        call.fault(body.path("lines"), f"At most {LINES_MAX} lines are allowed.")
        return
    items = {str(item.id): item for item in got.items}
    known = order.lines if order.type == "Purchase" else (*order.lines, *got.agreement.lines)
    asked = {str(line.item_id) for line in known}
    for entry in fresh:
        line = _new_line(call, order, entry, items, asked, got)
        given = entry.object(call, "price")
        if line is not None:
            order.parts["lines"].append(line)
            if given is not None:
                set_purchase_price(call, line, given)


def _write_set(call: Call, order: Thing, entries: list[Body], got: Got) -> None:
    kept: dict[str, Thing] = {}
    here = {str(line.id): line for line in order.lines}
    items = {str(item.id): item for item in got.items}
    named = _ids(entries)
    known = order.lines if order.type == "Purchase" else (*order.lines, *got.agreement.lines)
    asked: set[str] = {str(line.item_id) for line in known if line.id in named}
    for entry in entries:
        line_id = entry.get("id")
        if line_id is None:
            line = _new_line(call, order, entry, items, asked, got)
            if line is not None:
                order.parts["lines"].append(line)
                kept[str(line.id)] = line
            continue
        line = here.get(line_id) if isinstance(line_id, str) else None
        if line is None and order.type == "Change":
            held = live_line(got.agreement, line_id)
            line = bring(call, order, held, got) if held is not None else None
        if line is None:
            call.fault(entry.path("id"), f"Line {str(line_id)[:80]!r} was not found on this order.")
            continue
        if str(line.id) in kept:
            call.fault(entry.path("id"), f"Line {line.id} is given twice.")
            continue
        kept[str(line.id)] = line
        _set_quantity(call, line, entry, got)
    for line in [line for line in order.lines if line.id not in kept]:
        order.parts["lines"].remove(line)
        call.erase(line)


def _ids(entries: Iterable[Body]) -> set[object]:
    return {value for value in (entry.get("id") for entry in entries) if isinstance(value, str)}


def _new_line(
    call: Call, order: Thing, entry: Body, items: Mapping[str, Thing], asked: set[str], got: Got
) -> Thing | None:
    """A line for an item that may be ordered; None, with the fault noted, for any other."""
    item_id = entry.id_of(call, "item")
    if item_id is None:
        if "item" not in entry or entry.get("item") is None:
            call.fault(entry.path("item"), "An item is required.")
        return None
    item = items.get(item_id)
    offer = _offer_of(got, item_id)
    if item is None or item.product_id != order.product_id or item.status not in KNOWN_TO_CLIENTS:
        call.fault(entry.path("item.id"), f"Item {item_id[:80]!r} was not found in this product.")
        return None
    if item.status != "Published" or offer is None or offer.status not in SOLD[order.type == "Change"]:
        call.fault(entry.path("item.id"), f"Item {item_id} is not for sale.")
        return None
    if item_id in asked:
        call.fault(entry.path("item.id"), f"Item {item_id} has a line already.")
        return None
    held = next((each for each in got.agreement.lines if each.item_id == item_id and each.status == "Active"), None)
    if held is not None and item.terms_period != "one-time":
        call.fault(entry.path("item.id"), f"Item {item_id} is held already: change its line {held.id}.")
        return None
    asked.add(item_id)
    agreement = got.agreement
    agreement.line_count += 1
    line = call.new(
        ORDER_LINE,
        id=f"ALI-{str(agreement.id).partition('-')[2]}-{agreement.line_count:04d}",
        order_id=order.id,
        item_id=item_id,
        model=item.terms_model,
        period=item.terms_period,
        commitment=item.terms_commitment,
        description=offer.get("description"),
        price_currency=order.price_currency,
    )
    call.known.things["catalog/items", item_id] = item
    put_price_of_day(line, offer, got)
    _set_quantity(call, line, entry, got)
    return line


def _offer_of(got: Got, item_id: str) -> Thing | None:
    """The price-list item that sells an item on this order's listing."""
    return next((offer for offer in got.offers if offer.item_id == item_id), None)


def put_price_of_day(line: Thing, offer: Thing | None, got: Got) -> None:
    """Copies the day's prices: later changes of the price list do not reach this line (spec 2.5)."""
    if offer is None or got.price_list is None:
        line.price_markup_source = {"type": unit_price.UNKNOWN}
        return
    policy = got.policy
    line.price_unit_pp = offer.unit_pp
    markup, source = unit_price.markup_for(
        offer.unit_pp,
        offer.unit_lp,
        offer.markup,
        got.price_list.default_markup,
        policy.markup if policy is not None else None,
    )
    line.price_markup = markup
    origin = policy if source == unit_price.PRICING_POLICY else got.price_list
    if source == unit_price.UNKNOWN or origin is None:
        line.price_markup_source = {"type": source}
    else:
        name = {"name": origin.name} if origin.get("name") else {}
        line.price_markup_source = {"type": source, "ref": {"id": origin.id, **name}}


def _set_quantity(call: Call, line: Thing, entry: Body, got: Got) -> None:
    """A negative quantity counts as none (spec 2.5), and so does null where nothing is counted; not given, it stays."""
    given = entry.get("quantity")
    if given is None:
        if _has_no_quantity(got, str(line.item_id)):
            line.quantity = 0 if "quantity" in entry else line.quantity
        elif line.is_new or "quantity" in entry:
            call.fault(entry.path("quantity"), "A quantity is required.")
        return
    value = convert(call, QUANTITY, entry.path("quantity"), given)
    if isinstance(value, int):
        line.quantity = max(value, 0)


def _has_no_quantity(got: Got, item_id: str) -> bool:
    return any(item.id == item_id and item.quantity_not_applicable for item in got.items)


def _write_prices(call: Call, order: Thing, entries: list[Body], actor: str) -> None:
    here = {str(line.id): line for line in order.lines}
    for entry in entries:
        line_id = entry.get("id")
        if line_id is None and order.status == "Draft" and actor == "vendor":
            continue  # added already
        line = here.get(line_id) if isinstance(line_id, str) else None
        if line is None:
            call.fault(entry.path("id"), f"Line {str(line_id)[:80]!r} was not found on this order.")
            continue
        given = entry.object(call, "price")
        if given is None:
            continue
        if actor == "vendor":
            set_purchase_price(call, line, given)
        else:
            set_markup(call, line, given)


def set_purchase_price(call: Call, line: Thing, given: Body) -> None:
    """The vendor's price of a unit; the markup stays, and so the sales price follows."""
    if given.get("unitPP") is None:
        return
    value = convert(call, UNIT_PP, given.path("unitPP"), given.get("unitPP"))
    if value is not None:
        if value < 0:  # pyright: ignore[reportOperatorIssue]
            call.fault(given.path("unitPP"), "At least 0 is allowed.")
        line.price_unit_pp = value


def set_markup(call: Call, line: Thing, given: Body) -> None:
    """Operations names the markup, or the margin or sales price from which it follows (spec 4.3).

    A body that is sent back as it was fetched holds all three: what differs from the line counts.
    """
    markup = asked_markup(
        call,
        given,
        (MARKUP, line.price_markup, lambda value: value),
        (MARGIN, line.price_margin, unit_price.markup_of_margin),
        (UNIT_SP, line.price_unit_sp, lambda value: unit_price.markup_of(line.price_unit_pp, value)),
    )
    if markup is not None:
        line.price_markup = markup
        line.price_markup_source = {"type": unit_price.MANUAL}


# What the agreement holds -------------------------------------------------------------------------------


def live_line(agreement: Thing, line_id: object) -> Thing | None:
    """A line that the agreement holds now."""
    return next((each for each in agreement.lines if each.id == line_id and each.status == "Active"), None)


def bring(call: Call, order: Thing, live: Thing, got: Got, *, quantity: int | None = None) -> Thing:
    """Brings what is held of an item into the order, as it is unless another quantity is asked for."""
    item = next(each for each in got.items if each.id == live.item_id)
    line = call.new(
        ORDER_LINE,
        id=live.id,
        order_id=order.id,
        model=item.terms_model,
        commitment=item.terms_commitment,
        old_quantity=live.quantity,
        quantity=live.quantity if quantity is None else quantity,
        **{column: getattr(live, column) for column in HELD},
    )
    order.parts["lines"].append(line)
    return line


# Prices ---------------------------------------------------------------------------------------------


def reprice(order: Thing) -> None:
    """Derives every amount of the lines, and as their sums those of the order and of what is prepared on it.

    Source: spec 4.3 and 2.8.
    """
    found = [(line, _priced(order, line)) for line in order.lines]
    for line, each in found:
        put_amounts(line, each)
    put_totals(order, price.total(each for _, each in found))
    for draft in (*order.subscriptions, *order.assets):
        mapped = [each for line, each in found if draft.id in (line.subscription_id, line.asset_id)]
        if mapped or draft.status == "Draft":  # a draft whose last line was taken away costs nothing
            put_totals(draft, price.total(mapped))


def _priced(order: Thing, line: Thing) -> price.LinePrice:
    return price.order_line_price(
        line.price_unit_pp,
        line.price_markup,
        line.period,
        str(order.type),
        line.quantity,
        line.old_quantity or 0,
        order.precision,
    )


def put_amounts(line: Thing, each: price.LinePrice) -> None:
    """Sets what follows from the price of a unit."""
    line.price_unit_sp = each.unit_sp
    line.price_margin = each.margin
    line.price_ppx1, line.price_ppx_m, line.price_ppx_y = each.pp
    line.price_spx1, line.price_spx_m, line.price_spx_y = each.sp


def put_totals(owner: Thing, total: price.TotalPrice) -> None:
    """Sets the sums on whatever has lines; a kind that has no such amount is given none."""
    amounts = {
        "price_ppx1": total.pp.x1,
        "price_ppx_m": total.pp.xm,
        "price_ppx_y": total.pp.xy,
        "price_spx1": total.sp.x1,
        "price_spx_m": total.sp.xm,
        "price_spx_y": total.sp.xy,
        "price_markup": total.markup,
        "price_margin": total.margin,
    }
    for column, amount in amounts.items():
        if column in owner.noun.by_column:
            setattr(owner, column, amount)


def line_price_of(line: Thing) -> price.LinePrice:
    """The price as it stands on a line."""
    return price.LinePrice(
        unit_pp=line.price_unit_pp,
        unit_sp=line.price_unit_sp,
        pp=unit_price.Spread(line.price_ppx1, line.price_ppx_m, line.price_ppx_y),
        sp=unit_price.Spread(line.price_spx1, line.price_spx_m, line.price_spx_y),
        markup=line.price_markup,
        margin=line.price_margin,
    )
