"""What a world file may leave out about an agreement with its orders, subscriptions and assets.

They are filled together: an order follows from its agreement, a line from its order, the agreement's lines stand
in it or in what they belong to, and its price is that of its lines.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from entrepot.accounts.account import ACCOUNT
from entrepot.accounts.licensee import LICENSEE
from entrepot.catalog import listing as listings
from entrepot.catalog import unit_price
from entrepot.catalog.item import ITEM
from entrepot.catalog.listing import LISTING
from entrepot.catalog.parameter_value import display
from entrepot.catalog.price_list import PRICE_LIST
from entrepot.catalog.price_list_item import PRICE_LIST_ITEM
from entrepot.catalog.pricing_policy import PRICING_POLICY, applies_to
from entrepot.catalog.product import PRODUCT, fulfilment
from entrepot.catalog.store_form import Definitions, definitions, resolved, sorted_by_id
from entrepot.catalog.template import TEMPLATE
from entrepot.catalog.terms import TERMS, is_to_be_accepted
from entrepot.commerce import agreement as agreements
from entrepot.commerce import basket_store_form, parameters, price, split_store_form
from entrepot.commerce.accepted_terms import AGREEMENT_TERMS, ORDER_TERMS
from entrepot.commerce.agreement import AGREEMENT
from entrepot.commerce.asset import ASSET
from entrepot.commerce.attachment import ATTACHMENT, FILE, LICENSE_KEY
from entrepot.commerce.fulfiller import JOB
from entrepot.commerce.line import COPIED, LINE
from entrepot.commerce.order import ORDER, TEXTS
from entrepot.commerce.order_asset import ORDER_ASSET
from entrepot.commerce.order_line import ORDER_LINE, line_price_of, put_totals
from entrepot.commerce.order_subscription import ORDER_SUBSCRIPTION, take_terms
from entrepot.commerce.request import REQUEST
from entrepot.commerce.request_attachment import REQUEST_ATTACHMENT
from entrepot.commerce.request_message import REQUEST_MESSAGE, meant_for
from entrepot.commerce.request_party import take_parties
from entrepot.commerce.subscription import RENEW, SUBSCRIPTION, later, renewal_day
from entrepot.kernel.field import ACTORS
from entrepot.kernel.store_form import Family, Form, World, inherit
from entrepot.kernel.thing import Thing

IN_FLIGHT = ("Processing", "Querying")

PARTIES = ("client_id", "vendor_id", "licensee_id", "buyer_id", "seller_id", "product_id")
AMOUNTS = ("price_ppx1", "price_ppx_m", "price_ppx_y", "price_spx1", "price_spx_m", "price_spx_y")
BAGS = {"ordering": "Order", "fulfillment": "Fulfillment"}
HELD = (
    # of an order,    of an agreement, a line's reference
    ("subscriptions", SUBSCRIPTION, "subscription_id"),
    ("assets", ASSET, "asset_id"),
)
COPIES = {"subscriptions": ORDER_SUBSCRIPTION, "assets": ORDER_ASSET}
OF_COPY = {
    "subscriptions": (
        "name", "start_date", "termination_date", "commitment_date", "auto_renew", "terms_model", "terms_period",
        "terms_commitment", "external_ids_client", "external_ids_vendor", "external_ids_operations", "template_id",
        "fulfillment",
    ),
    "assets": (
        "name", "terms_model", "terms_period", "terms_commitment", "external_ids_client", "external_ids_vendor",
        "external_ids_operations", "template_id", "fulfillment",
    ),
}  # fmt: skip
"""What an order's copy of a live thing takes over from it."""


def fill(agreement: Thing | None, members: Mapping[str, list[Thing]], world: World) -> None:
    """Everything of one agreement, in the order in which one thing follows from another."""
    orders = members[ORDER.path]
    held = [*members[SUBSCRIPTION.path], *members[ASSET.path]]
    in_file = agreement is not None and agreement.was is None
    if agreement is not None and in_file:
        for each in (*orders, *held):
            inherit(agreement, each, *(column for column in PARTIES if column in each.now))
        _fill_agreement(agreement, world)
    _number(agreement, orders, held, world)
    for each in orders:
        _fill_order(each, agreement, held, world)
    _require_one_in_flight(agreement, orders, world)
    split_store_form.mark(agreement, members)
    for each in held:
        _fill_held(each, agreement, world)
    lines = _merged_lines(agreement if in_file else None, held)
    asked: dict[object, list[tuple[Thing, Thing]]] = {}
    for order in orders:
        for each in order.parts["lines"]:
            asked.setdefault(each.id, []).append((order, each))
    for each in lines:
        _fill_line(each, agreement, asked.get(each.id, []), world)
    for each in held:
        _sum_up_held(each, lines, world)
    _begin_copies(orders, held)
    if agreement is not None and in_file:
        _take_from_orders(agreement, orders, world)
        if _is_unpriced(agreement) and agreement.price_source != "Manual":
            agreements.sum_up(agreement)
        _put(agreement, "price_source", "Computed")
    prices = None if agreement is None else _prices_of(agreement, world)
    split_store_form.fill(agreement, members, 2 if prices is None else prices.precision, world)
    for each in members[ATTACHMENT.path]:
        _fill_attachment(each, agreement, orders, world)


# The agreement ------------------------------------------------------------------------------------------


def _fill_agreement(agreement: Thing, world: World) -> None:
    """Who buys from whom follows from the licensee and the product, and the listing from both (spec 2.4)."""
    inherit(agreement, world.one(LISTING.path, agreement.listing_id), "product_id", "seller_id", "vendor_id")
    licensee = world.one(LICENSEE.path, agreement.licensee_id)
    inherit(agreement, licensee, "buyer_id", "seller_id", client_id="account_id")
    product = world.one(PRODUCT.path, agreement.product_id)
    inherit(agreement, product, "vendor_id")
    if agreement.listing_id is None and licensee is not None and product is not None:
        offered = sorted_by_id(world, LISTING.path, "product_id", product.id)
        chosen = listings.choose(offered, licensee, agreement.authorization_id)
        agreement.listing_id = None if chosen is None else chosen.id
    inherit(agreement, world.one(LISTING.path, agreement.listing_id), "authorization_id")
    prices = _prices_of(agreement, world)
    inherit(agreement, prices, price_currency="currency", price_default_markup="default_markup")
    _put(agreement, "price_billing_currency", agreement.price_currency)
    client = world.one(ACCOUNT.path, agreement.client_id)
    if agreement.name is None and product is not None and client is not None:
        agreement.name = f"{product.name} for {client.name}"
    begun = agreement.status in ("Active", "Updating", "Terminated")
    for bag in BAGS:
        _fill_bag(agreement, bag, world, lambda each: begun and each.scope == "Agreement", "Agreement", begun)
    _place(agreement)


def _take_from_orders(agreement: Thing, orders: list[Thing], world: World) -> None:
    """What a completed order leaves on its agreement: its text, and of a purchase the accepted terms (spec 2.4)."""
    completed = [each for each in orders if each.status == "Completed"]
    if completed and agreement.template_id is None:
        agreement.template_id = completed[-1].template_id
    purchase = next((each for each in completed if each.type == "Purchase"), None)
    if purchase is None or "termsAndConditions" in world.given(agreement):
        return
    for each in purchase.termsAndConditions:
        row = world.begin(AGREEMENT_TERMS, beside=agreement)
        row.now.update(id=each.id, agreement_id=agreement.id)
        inherit(row, each, "name", "accepted", "accepted_by", "place")
        agreement.parts["termsAndConditions"].append(row)


def _number(agreement: Thing | None, orders: list[Thing], held: list[Thing], world: World) -> None:
    """Counts every line ever begun under the agreement, and numbers those that have no id (spec 1.10)."""
    if agreement is None:
        for line in (line for order in orders for line in order.lines if line.id is None):
            world.fault(line, "id", "An id is required.")
        return
    prefix = f"ALI-{str(agreement.id).partition('-')[2]}-"
    owners = [*orders, *held, *([agreement] if agreement.was is None else [])]
    lines = [line for owner in owners for line in owner.parts["lines"]]
    most = max(
        (int(rest) for line in lines if line.id and (rest := line.id.removeprefix(prefix)).isdecimal()), default=0
    )
    most = max(most, agreement.line_count or 0)
    for line in (line for order in orders for line in order.lines if line.id is None):
        most += 1
        line.id = f"{prefix}{most:04d}"
    if most != agreement.line_count:
        agreement.line_count = most


def _require_one_in_flight(agreement: Thing | None, orders: list[Thing], world: World) -> None:
    """One order in flight per agreement (spec 2.3.1)."""
    under_way = [each for each in orders if each.status in IN_FLIGHT]
    if agreement is None or not under_way:
        return
    before = [] if agreement.was is None else world.all(ORDER.path, "agreement_id", agreement.id)
    first, *others = [*(each for each in before if each.status in IN_FLIGHT), *under_way]
    for each in others:
        world.fault(
            each, "status", f"Only one order of an agreement may be in flight; {first.id} is {first.status} already."
        )


# Orders -------------------------------------------------------------------------------------------------


def _fill_order(order: Thing, agreement: Thing | None, held: list[Thing], world: World) -> None:
    inherit(order, agreement, *PARTIES, "listing_id", "authorization_id")
    prices = _prices_of(order, world)
    if prices is not None:
        _put(order, "price_list_id", prices.id)
        _put(order, "precision", prices.precision)
        inherit(order, prices, price_currency="currency", price_default_markup="default_markup")
    _put(order, "precision", 2)
    _make_copies(order, held, world)
    _map_lines(order, world)
    for line in order.lines:
        _fill_order_line(line, order, prices, world)
    _put(order, "default_markup_source", "PricingPolicy" if order.pricing_policy_id else "PriceList")
    for name, copy in COPIES.items():
        for each in order.parts[name]:
            _fill_copy(each, order, [line for line in order.lines if line.now[_reference(copy)] == each.id], world)
    if _is_unpriced(order):
        put_totals(order, price.total(line_price_of(line) for line in order.lines))
    kind = str(order.type)
    for bag, phase in (("ordering", parameters.ORDERING), ("fulfillment", parameters.FULFILLMENT)):
        _fill_bag(order, bag, world, lambda each, phase=phase: parameters.applies(each, kind, phase), "Order", kind)
    if order.template_id is None and order.status in TEXTS:
        order.template_id = _texts(world, order.product_id).get(TEXTS[order.status])
    _accept_terms(order, world)
    _engage(order, world)


def _engage(order: Thing, world: World) -> None:
    """What the platform fulfils by itself goes on from where the file leaves it."""
    product = world.one(PRODUCT.path, order.product_id) if order.status == "Processing" else None
    if product is not None:
        mode, delay = fulfilment(product)
        if mode == "automatic":
            world.due(JOB, order, world.now + delay)


def _fill_order_line(line: Thing, order: Thing, prices: Thing | None, world: World) -> None:
    """A line without a price is written as the API would write it today (spec 2.5); else what is there counts."""
    item = world.one(ITEM.path, line.item_id)
    inherit(line, item, model="terms_model", period="terms_period", commitment="terms_commitment")
    _put(line, "price_currency", order.price_currency)
    _put(line, "old_quantity", 0)
    _put(line, "quantity", 0)
    if "price" not in world.given(line):
        _offer(line, order, prices, world)
    _price(line, lambda: price.billed_quantity(str(order.type), line.quantity, line.old_quantity), order.precision)


def _offer(line: Thing, order: Thing, prices: Thing | None, world: World) -> None:
    """The day's purchase price, and the markup of the client's policy, of the price list's item or of the list."""
    entry = _entry_of(line, prices, world)
    if entry is None or prices is None:
        return
    inherit(line, entry, "description", price_unit_pp="unit_pp")
    policy = _policy_of(order, world)
    markup, source = unit_price.markup_for(
        entry.unit_pp, entry.unit_lp, entry.markup, prices.default_markup, None if policy is None else policy.markup
    )
    line.price_markup = markup
    if source == unit_price.PRICING_POLICY and policy is not None:
        order.pricing_policy_id = policy.id
        line.price_markup_source = {"type": source, "ref": {"id": policy.id, "name": policy.name}}
    elif source == unit_price.PRICE_LIST:
        line.price_markup_source = {"type": source, "ref": {"id": prices.id}}
    else:
        line.price_markup_source = {"type": source}


def _make_copies(order: Thing, held: list[Thing], world: World) -> None:
    """An order that is about live things has copies of them, though the file may leave them to be understood."""
    for name, live_noun, column in HELD:
        if name in world.given(order):
            continue
        wanted = dict.fromkeys(line.now[column] for line in order.lines if line.now[column] is not None)
        for live_id in wanted:
            live = next((each for each in held if each.id == live_id), None) or world.one(live_noun.path, live_id)
            if live is None:
                continue
            copy = world.begin(COPIES[name], beside=order)
            copy.now.update(id=live_id, order_id=order.id, status=_mirrored(order, name, live))
            inherit(copy, live, *OF_COPY[name])
            order.parts[name].append(copy)


def _mirrored(order: Thing, name: str, live: Thing | None) -> str:
    """The state of an order's copy: that of the live thing, or what became of the draft."""
    states = COPIES[name].field("status").members
    if live is not None and live.status in states:
        return str(live.status)
    if order.status == "Completed":
        return "Active"
    return "Deleted" if order.status == "Failed" and "Deleted" in states else "Draft"


def _map_lines(order: Thing, world: World) -> None:
    """Lines say what they belong to, and what they belong to names its lines: either is enough."""
    by_id = {line.id: line for line in order.lines}
    for name, noun in COPIES.items():
        column, word = _reference(noun), _reference(noun).removesuffix("_id")
        here = {each.id for each in order.parts[name]}
        for each in order.parts[name]:
            for at, line_id in enumerate(each.parts["lines"]):
                line = by_id.get(line_id)
                if line is None:
                    world.fault(each, f"lines[{at}].id", f"Line {line_id[:80]!r} was not found on this order.")
                elif line.now[column] not in (None, each.id):
                    world.fault(each, f"lines[{at}].id", f"Line {line_id} belongs to {word} {line.now[column]}.")
                else:
                    line.now[column] = each.id
            each.parts["lines"] = []
        for line in order.lines:
            if line.now[column] is not None and line.now[column] not in here:
                world.fault(
                    line, f"{word}.id", f"{word.capitalize()} {line.now[column]!r} was not found on this order."
                )


def _fill_copy(copy: Thing, order: Thing, lines: list[Thing], world: World) -> None:
    inherit(copy, order, "product_id", "client_id", "vendor_id", "buyer_id", "price_currency")
    name = "subscriptions" if copy.noun is ORDER_SUBSCRIPTION else "assets"
    _put(copy, "status", _mirrored(order, name, None))
    if name == "subscriptions":
        _put(copy, "agreement_id", order.agreement_id)
        _put(copy, "auto_renew", True)
    _take_terms(copy, lines)
    if _is_unpriced(copy):
        put_totals(copy, price.total(line_price_of(line) for line in lines))
    scope = "Subscription" if name == "subscriptions" else "Asset"
    _put(copy, "template_id", _texts(world, order.product_id).get(scope))
    _fill_bag(copy, "fulfillment", world, lambda each: each.scope == scope, scope)


def _begin_copies(orders: list[Thing], held: list[Thing]) -> None:
    """A completed order shows when its subscriptions began, and until when they were committed to."""
    live = {each.id: each for each in held if each.noun is SUBSCRIPTION}
    for order in orders:
        for copy in order.parts["subscriptions"] if order.status == "Completed" else ():
            inherit(copy, live.get(copy.id), "start_date")
            if copy.commitment_date is None and copy.start_date is not None:
                copy.commitment_date = _later(copy)


def _reference(copy: object) -> str:
    return "subscription_id" if copy is ORDER_SUBSCRIPTION else "asset_id"


def _accept_terms(order: Thing, world: World) -> None:
    """The client accepts every published term when it orders (spec 2.11)."""
    if "termsAndConditions" not in world.given(order):
        order.parts["termsAndConditions"] = [_accepted(order, each, world) for each in _published(world, order)]
    _place(order)
    for each in order.termsAndConditions:
        terms = world.one(TERMS.path, each.id) if each.name is None else None
        inherit(each, terms, "name")


def _accepted(order: Thing, terms: Thing, world: World) -> Thing:
    row = world.begin(ORDER_TERMS, beside=order)
    placed = "processing" if order.audit_processing_at is not None else "created"
    who = order.now[f"audit_{placed}_by_id"]
    accepted = order.now[f"audit_{placed}_at"] or world.now
    row.now.update(id=terms.id, order_id=order.id, name=terms.name, accepted=accepted)
    row.accepted_by = {"id": who} if who is not None else None
    return row


def _published(world: World, order: Thing) -> list[Thing]:
    found = world.once(
        ("published terms", order.product_id),
        lambda: sorted(
            (each for each in world.all(TERMS.path, "product_id", order.product_id) if is_to_be_accepted(each)),
            key=lambda each: (each.display_order or 0, str(each.id)),
        ),
    )
    return list(found)


def _place(owner: Thing) -> None:
    for at, each in enumerate(owner.termsAndConditions):
        _put(each, "place", at)


# What is held -------------------------------------------------------------------------------------------


def _fill_held(thing: Thing, agreement: Thing | None, world: World) -> None:
    """A subscription or an asset has the parties of its agreement, and was begun when it was made."""
    columns = ("product_id", "client_id", "vendor_id", "buyer_id", "licensee_id", "price_currency")
    inherit(thing, agreement, *columns)
    _put(thing, "template_id", _texts(world, thing.product_id).get(thing.noun.name))
    if thing.noun is SUBSCRIPTION:
        inherit(thing, agreement, "seller_id")
        _put(thing, "split_status", "Disabled")
        _put(thing, "auto_renew", True)
        _put(thing, "start_date", thing.audit_created_at or world.now)
        if thing.status == "Terminated":
            _put(thing, "termination_date", thing.audit_terminated_at or world.now)
        _fill_bag(thing, "fulfillment", world, lambda each: each.scope == "Subscription", "Subscription")
    else:
        inherit(thing, agreement, "listing_id")
        prices = _prices_of(thing, world)
        _put(thing, "price_list_id", None if prices is None else prices.id)
        _fill_bag(thing, "fulfillment", world, lambda each: each.scope == "Asset", "Asset")


def _merged_lines(agreement: Thing | None, held: Iterable[Thing]) -> list[Thing]:
    """Each line once, though it may stand in the agreement and in what it belongs to: one says what the other
    leaves out."""
    found: dict[str, Thing] = {}
    owners = [*held] if agreement is None else [agreement, *held]
    for owner in owners:
        kept: list[Thing] = []
        for line in owner.parts["lines"]:
            same = found.setdefault(line.id, line)
            if same is line:
                kept.append(line)
            else:
                inherit(same, line, *(column for column in line.now if column != "core"))
        owner.parts["lines"] = kept
    if agreement is not None:
        agreement.parts["lines"] = list(found.values())
        for owner in held:
            owner.parts["lines"] = []
    return list(found.values())


def _fill_line(line: Thing, agreement: Thing | None, asked: list[tuple[Thing, Thing]], world: World) -> None:
    """A line that says nothing of its price has that of the order line with its id, else that of the price list."""
    _put(line, "status", "Active")
    inherit(line, agreement, "client_id", "vendor_id", "buyer_id", "seller_id", "product_id")
    if agreement is not None:
        _put(line, "agreement_id", agreement.id)
    _put(line, "item_id", asked[0][1].item_id if asked else None)
    inherit(line, world.one(ITEM.path, line.item_id), period="terms_period")
    if asked and line.period == "one-time":
        _put(line, "order_id", asked[0][0].id)
    if asked and line.price_unit_pp is None:
        latest = asked[-1][1]
        inherit(line, latest, *(column for column in COPIED if column not in (*AMOUNTS, "quantity", "price_margin")))
        _put(line, "quantity", latest.quantity)
    _put(line, "quantity", 0)
    prices = None if agreement is None else _prices_of(agreement, world)
    if line.price_unit_pp is None and line.price_currency is None:
        _list_price(line, prices, world)
    _put(line, "price_currency", None if agreement is None else agreement.price_currency)
    precision = 2 if prices is None or prices.precision is None else prices.precision
    _price(line, lambda: line.quantity, precision)


def _list_price(line: Thing, prices: Thing | None, world: World) -> None:
    entry = _entry_of(line, prices, world)
    if entry is None or prices is None:
        return
    inherit(line, entry, "description", price_unit_pp="unit_pp")
    markup, source = unit_price.markup_for(entry.unit_pp, entry.unit_lp, entry.markup, prices.default_markup, None)
    _put(line, "price_markup", markup)
    _put(line, "price_markup_source", {"type": source, "ref": {"id": prices.id}})


def _sum_up_held(thing: Thing, lines: list[Thing], world: World) -> None:
    """Terms and price are those of its lines."""
    column = "subscription_id" if thing.noun is SUBSCRIPTION else "asset_id"
    mine = [line for line in lines if line.now[column] == thing.id]
    if mine and thing.terms_period is None:
        inherit(thing, world.one(ITEM.path, mine[0].item_id), "terms_model", "terms_period", "terms_commitment")
    if thing.terms_period is not None:
        _put(thing, "terms_model", "one-time" if thing.terms_period == "one-time" else "quantity")
    if thing.noun is SUBSCRIPTION:
        _put(thing, "commitment_date", _later(thing))
        day = renewal_day(thing)
        if day is not None:
            world.due(RENEW, thing, day)
    if _is_unpriced(thing):
        live = [line for line in mine if line.status == "Active"]
        put_totals(thing, price.total(line_price_of(line) for line in live))


def _later(thing: Thing) -> datetime | None:
    """The end of what was committed to at its start; None where nothing was."""
    try:
        return None if thing.terms_commitment is None else later(thing.start_date, thing.terms_commitment)
    except ValueError:  # a period that nobody knows is kept as it is, and ends nowhere
        return None


# Prices -------------------------------------------------------------------------------------------------


def _prices_of(thing: Thing, world: World) -> Thing | None:
    """The price list of its listing."""
    listing = world.one(LISTING.path, thing.listing_id)
    return None if listing is None else world.one(PRICE_LIST.path, listing.price_list_id)


def _entry_of(line: Thing, prices: Thing | None, world: World) -> Thing | None:
    """What the list says of the line's item."""
    if prices is None:
        return None
    path = PRICE_LIST_ITEM.path
    entries = world.once(
        ("entries", prices.id),
        lambda: {each.item_id: each for each in world.all(path, "price_list_id", prices.id)},
    )
    return entries.get(line.item_id)


def _policy_of(order: Thing, world: World) -> Thing | None:
    licensee = world.one(LICENSEE.path, order.licensee_id)
    if licensee is None:
        return None
    policies = sorted_by_id(world, PRICING_POLICY.path, "client_id", order.client_id)
    return next(
        (each for each in policies if applies_to(each, order.client_id, order.product_id, licensee)),
        None,
    )


def _price(line: Thing, quantity: Callable[[], int], precision: int) -> None:
    """The amounts that a line leaves out follow from its purchase price, markup and quantity (spec 4.3)."""
    now = line.now
    if now["price_unit_pp"] is None or now["period"] is None:
        return
    if now["price_markup"] is None:
        now["price_markup"] = _markup(line)
    once = now["period"] == "one-time"
    due = ("price_ppx1", "price_spx1") if once else ("price_ppx_m", "price_ppx_y", "price_spx_m", "price_spx_y")
    if all(now[column] is not None for column in (*due, "price_unit_sp", "price_margin")):
        return
    found = price.line_price(now["price_unit_pp"], now["price_markup"], str(now["period"]), quantity(), precision)  # pyright: ignore[reportArgumentType]
    amounts = (*found.pp, *found.sp, found.unit_sp, found.margin)
    for column, amount in zip((*AMOUNTS, "price_unit_sp", "price_margin"), amounts, strict=True):
        _put(line, column, amount)


def _markup(line: Thing) -> Decimal | None:
    """The markup behind the sales price or margin that the file gives instead."""
    found = unit_price.markup_of(line.price_unit_pp, line.price_unit_sp)
    return unit_price.markup_of_margin(line.price_margin) if found is None else found


def _is_unpriced(owner: Thing) -> bool:
    return all(owner.now.get(column) is None for column in AMOUNTS)


def _take_terms(copy: Thing, lines: list[Thing]) -> None:
    """The terms of its lines, as far as it says nothing else."""
    model, period, commitment = copy.terms_model, copy.terms_period, copy.terms_commitment
    take_terms(copy, lines)
    copy.terms_model, copy.terms_period = model or copy.terms_model, period or copy.terms_period
    copy.terms_commitment = commitment or (copy.terms_commitment if period is None else None)


# Parameters and texts -----------------------------------------------------------------------------------


def _fill_bag(owner: Thing, bag: str, world: World, applies: Callable[[Any], bool], *key: object) -> None:
    """Given values are kept slim; where the list is left out, it is asked anew (spec 2.6). `key` is what decides
    beside the product."""
    if owner.product_id is None:
        return
    known = definitions(world, owner.product_id)
    given = owner.now[bag]
    if given is None:
        owner.now[bag] = world.once((bag, owner.product_id, *key), lambda: _fresh(known, bag, applies))
    else:
        kept = _kept(owner, owner.noun.by_column[bag].name, given, known, world)  # pyright: ignore[reportArgumentType]
        owner.now[bag] = list({each["id"]: each for each in kept}.values())


def _fresh(known: Definitions, bag: str, applies: Callable[[Any], bool]) -> list[dict[str, object]]:
    asked = (each for each in known.parameters if each.status == "Active" and each.phase == BAGS.get(bag, "Order"))
    return [parameters.instance(each) for each in asked if applies(each)]


def _kept(
    owner: Thing, path: str, given: list[object], known: Definitions, world: World
) -> Iterator[dict[str, object]]:
    for at, entry in enumerate(given):
        definition = resolved(owner, f"{path}[{at}]", entry, known, world)
        if definition is not None and isinstance(entry, dict):
            yield _slim(entry, definition)


def _slim(entry: dict[str, object], definition: Any) -> dict[str, object]:
    """What differs from the definition, which is kept once for all."""
    now = definition.now
    kept: dict[str, object] = {"id": now["id"]}
    if now["external_id"] is not None:
        kept["externalId"] = now["external_id"]
    if (value := entry.get("value")) is not None:
        shown = entry.get("displayValue")
        kept["value"] = value
        shown = shown if isinstance(shown, str) else display(definition, value)  # pyright: ignore[reportArgumentType]
        if shown is not None:
            kept["displayValue"] = shown
    if entry.get("error") is not None:
        kept["error"] = entry["error"]
    if isinstance(own := entry.get("constraints"), dict):
        usual = parameters.constraints_of({}, definition)  # pyright: ignore[reportArgumentType]
        differing = {key: value for key, value in own.items() if value is not None and value != usual.get(key)}
        if differing:
            kept["constraints"] = differing
    return kept


def _fill_attachment(attachment: Thing, agreement: Thing | None, orders: list[Thing], world: World) -> None:
    """Whose it is follows from the agreement, its type from what it holds."""
    inherit(attachment, agreement, "client_id", "vendor_id", "buyer_id")
    _put(attachment, "type", LICENSE_KEY if attachment.license_key else FILE)
    _put(attachment, "name", attachment.filename)
    if attachment.type == FILE:
        _put(attachment, "license_key", "")
    if attachment.order_id is None or attachment.order_id in {order.id for order in orders}:
        return
    order = world.one(ORDER.path, attachment.order_id)
    if order is None or order.agreement_id != attachment.agreement_id:
        world.fault(attachment, "orderId", f"Order {attachment.order_id!r} was not found on this agreement.")


def _fill_request(request: Thing, world: World) -> None:
    """Whose it is follows from who asks whom, and what is asked from the product."""
    sender, addressee = (world.one(ACCOUNT.path, each) for each in (request.from_id, request.to_id))
    take_parties(request, sender, addressee, world.one(PRODUCT.path, request.product_id))
    _fill_bag(request, "parameters", world, lambda each: each.scope == "Request", "Request")


def _fill_message(message: Thing, world: World) -> None:
    """Said by whoever asks, unless the file says otherwise; who says it sees it."""
    request = world.one(REQUEST.path, message.request_id)
    inherit(message, request, account_id="from_id")
    account = world.one(ACCOUNT.path, message.account_id)
    actors = {each for each in ACTORS if message.now[f"visibility_{each}"]}
    if request is not None:
        meant_for(message, request, actors | ({str(account.type).lower()} if account is not None else set()))


def _fill_request_attachment(attachment: Thing, world: World) -> None:
    """Left by whoever asks, unless the file says otherwise."""
    request = world.one(REQUEST.path, attachment.request_id)
    inherit(attachment, request, "client_id", "vendor_id", "requester_id", account_id="from_id")
    _put(attachment, "name", attachment.filename)


def _texts(world: World, product_id: object) -> dict[str, str]:
    """The product's default template of each type."""
    return world.once(
        ("templates", product_id),
        lambda: {
            str(each.type): str(each.id)
            for each in reversed(sorted_by_id(world, TEMPLATE.path, "product_id", product_id))
            if each.is_default and each.status != "Deleted"
        },
    )


def _put(thing: Thing, column: str, value: object) -> None:
    if thing.now[column] is None:
        thing.now[column] = value


TERMS_OF_AGREEMENT, TERMS_OF_ORDER = Form(AGREEMENT_TERMS), Form(ORDER_TERMS)
LINES = Form(LINE, needs=("item", "agreement"))

FORMS = (
    Family(
        head=Form(AGREEMENT, needs=("product",), nests={"lines": LINES, "termsAndConditions": TERMS_OF_AGREEMENT}),
        members=(
            Form(
                ORDER,
                needs=("type", "agreement", "product"),
                nests={
                    "lines": Form(ORDER_LINE, needs=("item",), numbered=True),
                    "subscriptions": Form(ORDER_SUBSCRIPTION),
                    "assets": Form(ORDER_ASSET),
                    "termsAndConditions": TERMS_OF_ORDER,
                },
            ),
            Form(SUBSCRIPTION, needs=("agreement", "product"), nests={"lines": LINES}),
            Form(ASSET, needs=("agreement", "product"), nests={"lines": LINES}),
            Form(ATTACHMENT, needs=("name", "type")),
            *split_store_form.FORMS,
        ),
        by="agreement",
        fill=fill,
    ),
    Form(REQUEST, _fill_request, needs=("name", "from", "to"), keeps=True),
    Form(REQUEST_MESSAGE, _fill_message, needs=("content",)),
    Form(REQUEST_ATTACHMENT, _fill_request_attachment, needs=("name",)),
    *basket_store_form.FORMS,
)
