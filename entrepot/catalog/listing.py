"""A listing offers a product to the clients of one seller, at the prices of one price list."""

from collections.abc import Iterable

import sqlalchemy as sa

from entrepot.accounts.eligibility import eligibility, fits, meet
from entrepot.catalog.authorization import AUTHORIZATION, agreed
from entrepot.catalog.price_list import PRICE_LIST
from entrepot.catalog.product import PRODUCT
from entrepot.catalog.publication import kept, seen
from entrepot.kernel import plain
from entrepot.kernel.access import Who
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Load
from entrepot.kernel.errors import Conflict
from entrepot.kernel.field import audited, enum, flag, ref, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, given

LIFE = Machine(initial="Idle", final="Deleted", moves=(move("delete", "Idle", "Deleted", "operations"),))
"""Known to the platform alone: on the wire it has no status (platform spec 14), and a deleted one is gone."""


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Whoever sees the product."""
    return sa.and_(kept(row, who), seen(PRODUCT, row.c.product_id, who))


ONCE = "operations:create"

LISTING = Noun(
    name="Listing",
    path="catalog/listings",
    table_name="listings",
    ids=Ids("LST", 2),
    life=LIFE,
    sees=sees,
    audience=("vendor_id",),
    fields=(
        text("name", longest=500, core=True, writes="operations"),
        ref("product", "catalog/products", required=True, writes=ONCE),
        ref("vendor", "accounts/accounts"),
        ref("seller", "accounts/sellers", required=True, writes=ONCE),
        ref("authorization", "catalog/authorizations", required=True, writes=ONCE),
        ref("priceList", "catalog/price-lists", required=True, writes=ONCE),
        flag("primary", column="is_primary", default=False, writes="operations"),
        *eligibility(writes="operations"),
        text("notes", longest=2000, writes="operations"),
        enum("status", " ".join(LIFE.states), sees="kernel", default="Idle", filterable=False),
        *agreed("listing_id"),
        *audited("created", "updated"),
    ),
)


def _primary(row: sa.FromClause) -> sa.ColumnElement[bool]:
    return sa.and_(
        row.c.product_id == given("product"),
        row.c.seller_id == given("seller"),
        row.c.is_primary,
        row.c.status == "Idle",
    )


PRIMARY = Want(LISTING, _primary, held=True)
FOR_NEW = {
    "primary": PRIMARY,
    "products": Want(PRODUCT, lambda row: row.c.id == given("product")),
    "authorizations": Want(AUTHORIZATION, lambda row: row.c.id == given("authorization"), visible=True),
    "lists": Want(PRICE_LIST, lambda row: row.c.id == given("list"), visible=True),
}


async def for_new(load: Load, call: Call, _: None, body: Body) -> Got:
    """What it brings together, and the listings that are the first choice so far."""
    named = {
        key: body.id_of(call, name) or ""
        for key, name in (
            ("product", "product"), ("seller", "seller"), ("authorization", "authorization"), ("list", "priceList")
        )
    }  # fmt: skip
    return await load(FOR_NEW, **named)


async def beside(load: Load, call: Call, listing: Thing, body: Body) -> Got:
    """The listings that are the first choice so far."""
    return await load({"primary": PRIMARY}, product=listing.product_id, seller=listing.seller_id)


def create(call: Call, _: None, body: Body, got: Got) -> Thing:
    """A product is offered to the clients of a seller. All that it brings together must fit (platform spec 2.13)."""
    listing = plain.begin(call, LISTING, body)
    call.stop_on_faults()
    if not (got.products and got.authorizations and got.lists):
        raise Conflict("What it brings together is being taken away.")
    authorization, prices = got.authorizations[0], got.lists[0]
    for name, part in (("authorization", authorization), ("priceList", prices)):
        if part.product_id != listing.product_id:
            call.fault(body.path(f"{name}.id"), f"{part.id} is for another product.")
    if authorization.currency != prices.currency:
        told = f"Its currency is {prices.currency}, that of the authorization {authorization.currency}."
        call.fault(body.path("priceList.id"), told)
    call.stop_on_faults()
    listing.vendor_id = got.products[0].vendor_id
    listing.name = listing.name or listing.id
    call.rely(authorization)
    call.rely(prices)
    _one_primary(call, listing, got)
    return listing


def update(call: Call, listing: Thing, body: Body, got: Got) -> None:
    """What is said of it, for whom it is, and whether it is the first choice."""
    plain.write(call, listing, body)
    _one_primary(call, listing, got)


def delete(call: Call, listing: Thing, body: None, got: None) -> None:
    """It is gone, unless somebody has bought by it (platform spec 2.13)."""
    if listing.statistics_agreements:
        raise Conflict(f"Listing {listing.id} has agreements.", unblocks="operations")
    call.move(listing, "delete")


def _one_primary(call: Call, listing: Thing, got: Got) -> None:
    """One listing is the first choice for each product, seller and kind of licensee: the newest that is said to be."""
    plain.take_over(call, listing, (each for each in got.primary if meet(listing, each)), "is_primary")


def serves(listing: Thing, licensee: Thing) -> bool:
    """Whether the licensee may buy by it: its own seller sells, and it is meant for such a company."""
    return listing.status == "Idle" and listing.seller_id == licensee.seller_id and fits(listing, licensee)


def choose(listings: Iterable[Thing], licensee: Thing, authorization_id: str | None = None) -> Thing | None:
    """The listing of a purchase that names none: the primary one of those that serve the licensee, under the
    authorization if one is given. Source: platform spec 2.13."""
    fitting = (
        each for each in listings if serves(each, licensee) and authorization_id in (None, each.authorization_id)
    )
    return min(fitting, key=lambda each: (not each.is_primary, str(each.id)), default=None)
