"""What is needed to enter or change what is held without an order: agreements, subscriptions, assets."""

from collections.abc import Mapping

import sqlalchemy as sa

from entrepot.accounts.licensee import LICENSEE
from entrepot.accounts.seller import SELLER
from entrepot.catalog import listing
from entrepot.catalog.authorization import AUTHORIZATION
from entrepot.catalog.listing import LISTING
from entrepot.catalog.price_list import PRICE_LIST
from entrepot.catalog.product import PRODUCT
from entrepot.commerce.asset import ASSET
from entrepot.commerce.order import ORDER
from entrepot.commerce.order_asset import ORDER_ASSET
from entrepot.commerce.order_needs import declared, hold
from entrepot.commerce.order_subscription import ORDER_SUBSCRIPTION
from entrepot.commerce.subscription import SUBSCRIPTION
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Load
from entrepot.kernel.errors import Conflict
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, given

NAMED = ("product", "licensee", "authorization", "listing", "vendor", "client", "buyer", "seller")
BEGINNINGS = ("Active", "Terminated")


async def to_enter(load: Load, call: Call, _: None, body: Body) -> Got:
    """For a subscription or asset without an order: the live agreement that it is to belong to, and its prices."""
    agreement_id = body.id_of(call, "agreement")
    if agreement_id is None and not call.faults:
        call.fault(body.path("agreement"), "An agreement is required.")
    call.stop_on_faults()
    got = await hold(load, call, str(agreement_id), body)
    if not got.agreements:
        call.fault(body.path("agreement.id"), "This agreement was not found.")
        call.stop_on_faults()
    if got.agreement.status not in ("Active", "Updating"):
        raise Conflict(f"Agreement {got.agreement.id} is {got.agreement.status}; nothing is added to it.")
    return got


async def beside_held(load: Load, call: Call, thing: Thing, body: Body) -> Got:
    """For a change of something that is live: its agreement with all lines, and the product's declarations."""
    return await hold(load, call, str(thing.agreement_id), body)


def _in_flight(row: sa.FromClause) -> sa.ColumnElement[bool]:
    """Copies of one thing that are on orders in flight of its agreement."""
    order = ORDER.table.alias()
    orders = sa.select(order.c.id).where(
        order.c.agreement_id == given("agreement_id"),
        order.c.status.op("in")(sa.literal_column("('Processing', 'Querying')")),
    )
    return sa.and_(row.c.id == given("thing_id"), row.c.order_id.in_(orders))


COPIES = {
    SUBSCRIPTION.path: {"copies": Want(ORDER_SUBSCRIPTION, _in_flight, held=True)},
    ASSET.path: {"copies": Want(ORDER_ASSET, _in_flight, held=True)},
}


async def to_change(load: Load, call: Call, thing: Thing, body: Body) -> Got:
    """For a change of a subscription or asset: also the copy of it in an order in flight."""
    got = await beside_held(load, call, thing, body)
    got.copies = []
    call.rely(got.agreement)  # an order that is placed meanwhile takes a copy along
    if got.agreement.status == "Updating":
        await load(COPIES[thing.noun.path], agreement_id=thing.agreement_id, thing_id=thing.id)
    return got


SELLERS = {"sellers": Want(SELLER, lambda row: row.c.id == given("seller_id"))}


async def beside_agreement(load: Load, call: Call, held: Thing, body: Body) -> Got:
    """For a change of an agreement: its seller, and the product's declarations."""
    got = await load(SELLERS, seller_id=held.seller_id)
    got.seller = got.sellers[0] if got.sellers else None
    return await declared(load, call, got, str(held.product_id))


def _of_listings() -> sa.Select[str]:
    each = LISTING.table.alias()
    return sa.select(each.c.price_list_id).where(
        each.c.product_id == given("product_id"), each.c.authorization_id == given("authorization_id")
    )


PARTNERS: Mapping[str, Want] = {
    "products": Want(PRODUCT, lambda row: row.c.id == given("product_id")),
    "licensees": Want(LICENSEE, lambda row: row.c.id == given("licensee_id")),
    "authorizations": Want(AUTHORIZATION, lambda row: row.c.id == given("authorization_id")),
    "listings": Want(
        LISTING,
        lambda row: sa.and_(
            row.c.product_id == given("product_id"), row.c.authorization_id == given("authorization_id")
        ),
    ),
    "price_lists": Want(PRICE_LIST, lambda row: row.c.id.in_(_of_listings())),
}


async def to_begin(load: Load, call: Call, _: None, body: Body) -> Got:
    """For an agreement that operations enters: who is party to it, each known and fitting the others (spec 3.1)."""
    ids = {
        name: body.id_of(call, name) for name in ("product", "licensee", "authorization", "vendor", "buyer", "seller")
    }
    ids["listing"], ids["client"] = body.id_of(call, "listing"), body.id_of(call, "client")
    for name in ("product", "licensee", "authorization"):
        if ids[name] is None and not any(path.startswith(name) for path in call.faults):
            call.fault(body.path(name), f"{'An' if name[0] == 'a' else 'A'} {name} is required.")
    status = _status(call, body)
    call.stop_on_faults()
    got = await load(
        PARTNERS,
        product_id=ids["product"],
        licensee_id=ids["licensee"],
        authorization_id=ids["authorization"],
    )
    for name, found in (("product", got.products), ("licensee", got.licensees), ("authorization", got.authorizations)):
        if not found:
            call.fault(f"{name}.id", f"This {name} was not found.")
    call.stop_on_faults()
    got.status, got.product, got.licensee, got.authorization = (
        status, got.products[0], got.licensees[0], got.authorizations[0])  # fmt: skip
    _require_fitting(call, ids, got)
    call.stop_on_faults()
    named = [each for each in got.listings if ids["listing"] in (None, each.id)]
    got.listing = listing.choose(named, got.licensee, str(got.authorization.id))
    if ids["listing"] is not None and got.listing is None:
        call.fault(body.path("listing.id"), "This listing does not offer this product to this licensee.")
    got.price_list = next((p for p in got.price_lists if got.listing and p.id == got.listing.price_list_id), None)
    got.currency = got.price_list.currency if got.price_list else got.authorization.currency
    return await declared(load, call, got, str(got.product.id))


def _status(call: Call, body: Body) -> str:
    """Live or ended: what is under way is begun by an order."""
    said = body.get("status")
    for each in BEGINNINGS:
        if isinstance(said, str) and said.lower() == each.lower():
            return each
    call.fault(body.path("status"), f"One of {', '.join(BEGINNINGS)} was expected.")
    return BEGINNINGS[0]


def _require_fitting(call: Call, ids: Mapping[str, str | None], got: Got) -> None:
    """Parties that are named must be those that follow from product and licensee."""
    for name, of, right in (
        ("vendor", "product", got.product.vendor_id),
        ("authorization", "product", got.authorization.id if got.authorization.product_id == got.product.id else None),
        ("buyer", "licensee", got.licensee.buyer_id),
        ("seller", "licensee", got.licensee.seller_id),
        ("client", "licensee", got.licensee.account_id),
    ):
        if ids[name] is not None and ids[name] != right:
            call.fault(f"{name}.id", f"It is not that of this {of}.")
