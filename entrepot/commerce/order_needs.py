"""What the verbs of an order need beside it: who buys, from whom, at which prices, under which texts and terms."""

from types import SimpleNamespace

import sqlalchemy as sa

from entrepot.accounts.account import ACCOUNT, may_start_orders
from entrepot.accounts.api_token import API_TOKEN
from entrepot.accounts.buyer import BUYER
from entrepot.accounts.licensee import LICENSEE, may_order
from entrepot.accounts.seller import SELLER
from entrepot.accounts.user import USER
from entrepot.catalog import listing, pricing_policy
from entrepot.catalog.authorization import AUTHORIZATION
from entrepot.catalog.item import ITEM
from entrepot.catalog.listing import LISTING
from entrepot.catalog.parameter import PARAMETER
from entrepot.catalog.price_list import PRICE_LIST
from entrepot.catalog.price_list_item import PRICE_LIST_ITEM
from entrepot.catalog.pricing_policy import PRICING_POLICY
from entrepot.catalog.product import PRODUCT, is_orderable
from entrepot.catalog.template import TEMPLATE
from entrepot.catalog.terms import TERMS
from entrepot.commerce import split
from entrepot.commerce.agreement import AGREEMENT
from entrepot.commerce.basket import BASKET
from entrepot.commerce.line import LINE
from entrepot.commerce.order import ORDER
from entrepot.commerce.order_line import ORDER_LINE
from entrepot.commerce.order_type import TYPES, OrderType, asked_type, type_of
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Load
from entrepot.kernel.errors import Conflict
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, among, given
from entrepot.kernel.wire import decode
from entrepot.program.certificate import CERTIFICATE


def _of_licensee(column: str) -> sa.ScalarSelect[str]:
    licensee = LICENSEE.table.alias()
    return sa.select(licensee.c[column]).where(licensee.c.id == given("licensee_id")).scalar_subquery()


def _of_product(column: str) -> sa.ScalarSelect[str]:
    product = PRODUCT.table.alias()
    return sa.select(product.c[column]).where(product.c.id == given("product_id")).scalar_subquery()


def _listed(row: sa.FromClause, column: str) -> sa.ColumnElement[bool]:
    """Rows that a listing of this product for the licensee's seller names."""
    each = LISTING.table.alias()
    chosen = sa.select(each.c[column]).where(
        each.c.product_id == given("product_id"), each.c.seller_id == _of_licensee("seller_id")
    )
    return row.c.id.in_(chosen)


def _offered(row: sa.FromClause) -> sa.ColumnElement[bool]:
    """Prices of the asked items on the lists of those listings."""
    each = LISTING.table.alias()
    lists = sa.select(each.c.price_list_id).where(
        each.c.product_id == given("product_id"), each.c.seller_id == _of_licensee("seller_id")
    )
    return (row.c.item_id == among("item_ids")) & row.c.price_list_id.in_(lists)


SALE = {
    "licensees": Want(LICENSEE, lambda row: row.c.id == given("licensee_id"), visible=True),
    "buyers": Want(BUYER, lambda row: row.c.id == _of_licensee("buyer_id")),
    "clients": Want(ACCOUNT, lambda row: row.c.id == _of_licensee("account_id")),
    "products": Want(PRODUCT, lambda row: row.c.id == given("product_id"), visible=True),
    "listings": Want(
        LISTING,
        lambda row: (row.c.product_id == given("product_id")) & (row.c.seller_id == _of_licensee("seller_id")),
    ),
    "price_lists": Want(PRICE_LIST, lambda row: _listed(row, "price_list_id")),
    "items": Want(ITEM, lambda row: (row.c.id == among("item_ids")) & (row.c.product_id == given("product_id"))),
    "offers": Want(PRICE_LIST_ITEM, _offered),
    "policies": Want(PRICING_POLICY, lambda row: row.c.client_id == _of_licensee("account_id"), alone=False),
    "certificates": Want(CERTIFICATE, lambda row: row.c.id == among("certificate_ids"), visible=True),
    "signatories": Want(USER, lambda row: row.c.id == given("user_id")),
    "companies": Want(
        ACCOUNT,
        lambda row: sa.or_(row.c.id == _of_licensee("account_id"), row.c.id == _of_product("vendor_id")),
        named=True,
    ),
    "sellers": Want(SELLER, lambda row: row.c.id == _of_licensee("seller_id"), named=True),
    "authorizations": Want(AUTHORIZATION, lambda row: row.c.product_id == given("product_id"), named=True),
}
"""Everything a purchase rests on (platform spec 2.14), in one round trip."""


async def for_new(load: Load, call: Call, _: None, body: Body) -> Got:
    """What a new order rests on: a sale for a purchase, the agreement for every other type."""
    kind = asked_type(call, body)
    if kind is None or kind.name == "Purchase":
        return await for_purchase(load, call, body)
    got = await for_held(load, call, body, kind)
    got.type = kind
    return got


async def for_purchase(load: Load, call: Call, body: Body) -> Got:
    """The sale that a new order describes. Faults name what is missing, unknown or not to be had."""
    agreed = body.object(call, "agreement") or Body({}, body.path("agreement."))
    licensee_id = agreed.id_of(call, "licensee") or body.id_of(call, "licensee")
    product_id = agreed.id_of(call, "product") or body.id_of(call, "product")
    listing_id = agreed.id_of(call, "listing") or body.id_of(call, "listing")
    authorization_id = body.id_of(call, "authorization") or agreed.id_of(call, "authorization")
    for name, found in (("licensee", licensee_id), ("product", product_id)):
        if found is None and not any(path.startswith(f"agreement.{name}") for path in call.faults):
            call.fault(agreed.path(name), f"A {name} is required.")
    call.stop_on_faults()
    got = await load(
        SALE,
        licensee_id=licensee_id,
        product_id=product_id,
        item_ids=_item_ids(body),
        certificate_ids=_certificate_ids(body),
        user_id=call.caller.user_id,
    )
    sale = got.sale = _sale(call, body, agreed, got, listing_id, authorization_id)
    got.type, got.begins, got.split = TYPES["Purchase"], sale.status, None
    got.product, got.price_list, got.policy, got.offers = sale.product, sale.price_list, sale.policy, sale.offers
    return await declared(load, call, got, str(product_id))


def _of_agreement(column: str) -> sa.ScalarSelect[str]:
    agreement = AGREEMENT.table.alias()
    return sa.select(agreement.c[column]).where(agreement.c.id == given("agreement_id")).scalar_subquery()


def _price_list_of_agreement() -> sa.ScalarSelect[str]:
    each = LISTING.table.alias()
    return sa.select(each.c.price_list_id).where(each.c.id == _of_agreement("listing_id")).scalar_subquery()


def _held_by_agreement(row: sa.FromClause) -> sa.ColumnElement[bool]:
    """Items of which the agreement has a line."""
    line = LINE.table.alias()
    return row.c.id.in_(sa.select(line.c.item_id).where(line.c.agreement_id == given("agreement_id")))


HOLDING = {
    "agreements": Want(AGREEMENT, lambda row: row.c.id == given("agreement_id"), visible=True, alone=False, held=True),
    "companies": Want(
        ACCOUNT,
        lambda row: sa.or_(row.c.id == _of_agreement("client_id"), row.c.id == _of_agreement("vendor_id")),
        named=True,
    ),
    "products": Want(PRODUCT, lambda row: row.c.id == _of_agreement("product_id")),
    "price_lists": Want(PRICE_LIST, lambda row: row.c.id == _price_list_of_agreement()),
    "named_items": Want(ITEM, lambda row: row.c.id == among("item_ids")),
    "held_items": Want(ITEM, _held_by_agreement),
    "offers": Want(
        PRICE_LIST_ITEM,
        lambda row: (row.c.item_id == among("item_ids")) & (row.c.price_list_id == _price_list_of_agreement()),
    ),
    "policies": Want(PRICING_POLICY, lambda row: row.c.client_id == _of_agreement("client_id"), alone=False),
    "certificates": Want(CERTIFICATE, lambda row: row.c.id == among("certificate_ids"), visible=True),
    "licensees": Want(LICENSEE, lambda row: row.c.id == _of_agreement("licensee_id")),
    "buyers": Want(BUYER, lambda row: row.c.id == _of_agreement("buyer_id")),
    "signatories": Want(USER, lambda row: row.c.id == given("user_id")),
}
"""Everything that an order about an agreement rests on, in one round trip."""


async def for_held(load: Load, call: Call, body: Body, kind: OrderType) -> Got:
    """The agreement that a new order is about, with all it holds (spec 2.3.3)."""
    agreed = body.object(call, "agreement")
    agreement_id = body.id_of(call, "agreement") if agreed is not None else None
    if agreement_id is None and not call.faults:
        call.fault(body.path("agreement"), "An agreement is required.")
    begins = _status(call, body)
    call.stop_on_faults()
    got = await hold(load, call, str(agreement_id), body)
    if not got.agreements:
        call.fault(body.path("agreement.id"), "This agreement was not found.")
        call.stop_on_faults()
    held = got.agreement
    if held.status not in ("Active", "Updating"):
        raise Conflict(f"Agreement {held.id} is {held.status}; {kind.name} orders are about Active ones.")
    got.begins = begins
    if kind.name == "Change":
        _require_saleable(call, body, got)
    return got


async def hold(load: Load, call: Call, agreement_id: str, body: Body) -> Got:
    """An agreement with all that it holds, and at which prices more may be added; none if the caller sees none."""
    got = await load(
        HOLDING,
        agreement_id=agreement_id,
        item_ids=_item_ids(body),
        certificate_ids=_certificate_ids(body),
        user_id=call.caller.user_id,
    )
    if not got.agreements:
        return got
    held = got.agreement = got.agreements[0]
    got.product = got.products[0]
    got.price_list = got.price_lists[0] if got.price_lists else None
    got.precision = 2 if got.price_list is None or got.price_list.precision is None else got.price_list.precision
    licensee = got.licensees[0] if got.licensees else None
    got.policy = next((each for each in got.policies if licensee and _applies(each, held, licensee)), None)
    got.items = _both(got)
    await split.beside(load, got)
    return await declared(load, call, got, str(held.product_id))


def _applies(policy: Thing, held: Thing, licensee: Thing) -> bool:
    return pricing_policy.applies_to(policy, str(held.client_id), str(held.product_id), licensee)


def _require_saleable(call: Call, body: Body, got: Got) -> None:
    """More is only sold of what is still offered, and to who may order (spec 2.3.3)."""
    if got.product.status not in ("Published", "Unpublished"):
        call.fault(body.path("agreement.id"), f"Product {got.product.id} cannot be ordered.")
    licensee = got.licensees[0] if got.licensees else None
    if licensee is None or not got.buyers or not may_order(licensee, got.buyers[0]):
        call.fault(body.path("agreement.id"), "The licensee of this agreement may not order: it is not active.")


def _both(got: Got) -> list[Thing]:
    """Items that are named and items that are held, each once."""
    return list({str(each.id): each for each in (*got.named_items, *got.held_items)}.values())


def _sale(
    call: Call, body: Body, agreed: Body, got: Got, listing_id: str | None, authorization_id: str | None
) -> SimpleNamespace:
    """Who buys what from whom at which prices. Raises Invalid unless that is clear."""
    licensee = got.licensees[0] if got.licensees else None
    product = got.products[0] if got.products else None
    if licensee is None:
        call.fault(agreed.path("licensee.id"), "This licensee was not found.")
    elif not got.buyers or not may_order(licensee, got.buyers[0]):
        call.fault(agreed.path("licensee.id"), f"Licensee {licensee.id} may not order: it is not active.")
    for account in got.companies:
        if not may_start_orders(account):
            party = "licensee" if licensee is not None and account.id == licensee.account_id else "product"
            call.fault(agreed.path(f"{party}.id"), f"Account {account.id} may not order: it is {account.status}.")
    if product is None:
        call.fault(agreed.path("product.id"), "This product was not found.")
    elif not is_orderable(product):
        call.fault(agreed.path("product.id"), f"Product {product.id} cannot be ordered.")
    status = _status(call, body)
    call.stop_on_faults()
    assert licensee is not None and product is not None
    chosen = _listing(call, agreed, got, licensee, listing_id, authorization_id)
    call.stop_on_faults()
    assert chosen is not None
    policy = next(
        (
            each
            for each in got.policies
            if pricing_policy.applies_to(each, str(licensee.account_id), str(product.id), licensee)
        ),
        None,
    )
    return SimpleNamespace(
        licensee=licensee,
        product=product,
        listing=chosen,
        price_list=next(each for each in got.price_lists if each.id == chosen.price_list_id),
        policy=policy,
        offers=[each for each in got.offers if each.price_list_id == chosen.price_list_id],
        status=status,
        name=_name(call, agreed) or f"{product.name} for {got.clients[0].name}",
        agreement_external_id=_external_id(call, agreed),
        basket_id=None,
    )


def _status(call: Call, body: Body) -> str:
    """How an order may begin; a draft when nothing is said."""
    said = body.get("status")
    if said is None:
        return "Draft"
    for each in ("Draft", "Quoted", "Processing"):
        if isinstance(said, str) and said.lower() == each.lower():
            return each
    call.fault(body.path("status"), "An order begins as Draft, Quoted or Processing.")
    return "Draft"


def _listing(
    call: Call,
    agreed: Body,
    got: Got,
    licensee: Thing,
    listing_id: str | None,
    authorization_id: str | None,
) -> Thing | None:
    if listing_id is None:
        chosen = listing.choose(got.listings, licensee, authorization_id)
        if chosen is None:
            asked = agreed.path("listing") if authorization_id is None else "authorization.id"
            call.fault(asked, "No listing offers this product to this licensee.")
        return chosen
    named = next((each for each in got.listings if each.id == listing_id), None)
    if named is None or not listing.serves(named, licensee):
        call.fault(
            agreed.path("listing.id"),
            f"Listing {listing_id[:80]!r} does not offer this product to this licensee.",
        )
        return None
    if authorization_id not in (None, named.authorization_id):
        call.fault("authorization.id", f"Listing {listing_id} is not under this authorization.")
    return named


def _name(call: Call, agreed: Body) -> str | None:
    said = agreed.get("name")
    if said is None:
        return None
    if not isinstance(said, str) or not said.strip() or len(said) > 500 or "\0" in said:
        call.fault(agreed.path("name"), "A name of at most 500 characters was expected.")
        return None
    return said


def _external_id(call: Call, agreed: Body) -> str | None:
    inner = agreed.object(call, "externalIds")
    said = inner.get("client") if inner is not None else None
    if said is not None and (not isinstance(said, str) or len(said) > 500 or "\0" in said):
        call.fault(agreed.path("externalIds.client"), "A text of at most 500 characters was expected.")
        return None
    return said


def _item_ids(body: Body) -> list[str]:
    """Items that the lines name; what is wrong with a line is told by the verb."""
    return list(named(body.get("lines"), "item"))


def _certificate_ids(body: Body) -> list[str]:
    return [
        each["id"]
        for each in _objects(body.get("certificates"))
        if isinstance(each.get("id"), str) and "\0" not in each["id"]
    ]


def named(entries: object, name: str) -> dict[str, None]:
    found: dict[str, None] = {}
    for each in _objects(entries):
        target = Body(each).get(name)
        if isinstance(target, dict) and isinstance(target.get("id"), str) and "\0" not in target["id"]:
            found[target["id"]] = None
    return found


def _objects(entries: object) -> list[dict]:
    return [each for each in entries if isinstance(each, dict)] if isinstance(entries, list) else []


async def declared(load: Load, call: Call, got: Got, product_id: str) -> Got:
    """What the product declares: its parameters, texts and terms, at most two seconds old."""
    got.definitions = await load.definitions(PARAMETER, product_id)
    got.templates = [t for t in await load.definitions(TEMPLATE, product_id) if t.status != "Deleted"]
    got.terms = await load.definitions(TERMS, product_id)
    for each in got.templates:
        call.known.things[TEMPLATE.path, str(each.id)] = each
    got.signatory = _signatory(call, got)
    return got


def _signatory(call: Call, got: Got) -> dict[str, object]:
    """Who accepts terms: the user behind the token, or the token itself (spec 1.11, ExtendedIdentity)."""
    for user in getattr(got, "signatories", ()):
        named = {
            "id": user.id,
            "name": user.name,
            "firstName": user.first_name,
            "lastName": user.last_name,
            "email": user.email,
            "revision": user.revision,
        }
        return {key: value for key, value in named.items() if value is not None}
    return decode(call.caller.named) if call.caller.named else {"id": call.caller.identity_id}  # pyright: ignore[reportReturnType]


# For an order that is there ---------------------------------------------------------------------------

BESIDE = {
    "agreements": Want(AGREEMENT, lambda row: row.c.id == given("agreement_id"), alone=False, held=True),
    "companies": Want(
        ACCOUNT, lambda row: sa.or_(row.c.id == given("client_id"), row.c.id == given("vendor_id")), named=True
    ),
    "products": Want(PRODUCT, lambda row: row.c.id == given("product_id")),
    "named_items": Want(ITEM, lambda row: row.c.id == among("item_ids")),
    "held_items": Want(ITEM, _held_by_agreement),
    "offers": Want(
        PRICE_LIST_ITEM,
        lambda row: (row.c.item_id == among("new_items")) & (row.c.price_list_id == given("price_list_id")),
    ),
    "price_lists": Want(PRICE_LIST, lambda row: row.c.id == given("price_list_id")),
    "policies": Want(PRICING_POLICY, lambda row: row.c.id == given("policy_id")),
    "certificates": Want(CERTIFICATE, lambda row: row.c.id == among("certificate_ids"), visible=True),
    "licensees": Want(LICENSEE, lambda row: row.c.id == given("licensee_id")),
    "signatories": Want(USER, lambda row: row.c.id == given("user_id")),
}


async def beside(load: Load, call: Call, order: Thing, body: Body) -> Got:
    """What a verb of an order may touch or look at: its agreement, product, items and prices."""
    new_items = _item_ids(body)
    got = await load(
        BESIDE,
        agreement_id=order.agreement_id,
        product_id=order.product_id,
        item_ids=[*(str(each.item_id) for each in order.lines), *new_items],
        new_items=new_items,
        price_list_id=order.price_list_id,
        policy_id=order.pricing_policy_id,
        certificate_ids=_certificate_ids(body),
        licensee_id=order.licensee_id,
        client_id=order.client_id,
        vendor_id=order.vendor_id,
        user_id=call.caller.user_id,
    )
    got.agreement = got.agreements[0]
    got.items = _both(got)
    got.product = got.products[0]
    got.price_list = got.price_lists[0] if got.price_lists else None
    got.policy = got.policies[0] if got.policies else None
    await split.beside(load, got)
    if got.agreement.basket_id is not None and order.type == "Purchase":
        await load(BASKETS, basket_id=got.agreement.basket_id)
    assignee = _assignee_id(body) if call.by("vendor") else None
    if assignee is not None:
        await load(ASSIGNEES, assignee_id=assignee)
    return await declared(load, call, got, str(order.product_id))


BASKETS = {"baskets": Want(BASKET, lambda row: row.c.id == given("basket_id"), alone=False, held=True)}
"""The basket that a purchase is part of: it goes where its orders go."""

ASSIGNEES = {
    "colleagues": Want(USER, lambda row: row.c.id == given("assignee_id"), visible=True),
    "colleague_tokens": Want(API_TOKEN, lambda row: row.c.id == given("assignee_id"), visible=True),
}
"""Whom a vendor may assign: its own people and machines. Of others it must not even learn that they are there."""


def _assignee_id(body: Body) -> str | None:
    named = body.get("assignee")
    found = named.get("id") if isinstance(named, dict) else None
    return found if isinstance(found, str) and "\0" not in found else None


def _live_on_order(row: sa.FromClause) -> sa.ColumnElement[bool]:
    """Live lines that the order is about."""
    line = ORDER_LINE.table.alias()
    lines = sa.select(line.c.id).where(line.c.order_id == given("order_id"))
    return sa.and_(row.c.id.in_(lines), row.c.status == sa.literal_column("'Active'"))


OWNER = {
    "orders": Want(ORDER, lambda row: row.c.id == given("order_id"), alone=False, held=True),
    "live_lines": Want(LINE, _live_on_order),
}


async def with_order(load: Load, call: Call, thing: Thing | None, body: Body) -> Got:
    """For what the vendor prepares within an order: the order with its lines, and the product's declarations."""
    got = await load(OWNER, order_id=call.owner_id)
    got.order = got.orders[0]
    return await declared(load, call, got, str(got.order.product_id))


UNDER_WAY = sa.literal_column("('Draft', 'Quoted', 'Processing', 'Querying')")
SIBLINGS = {
    "siblings": Want(
        ORDER,
        lambda row: sa.and_(row.c.agreement_id == given("agreement_id"), row.c.status.op("in")(UNDER_WAY)),
        named=True,
    )
}


async def to_delete(load: Load, call: Call, order: Thing, body: Body) -> Got:
    """Other orders of the agreement that are not over: while there is one, the agreement stays.

    They are read after the agreement: its revision then tells of whatever happened to one of them meanwhile.
    """
    await beside(load, call, order, body)
    return await load(SIBLINGS, agreement_id=order.agreement_id)


COMPETING = {
    "competing": Want(
        ORDER,
        lambda row: sa.and_(
            row.c.agreement_id == given("agreement_id"),
            row.c.id != given("order_id"),
            row.c.status.op("in")(sa.literal_column("('Draft', 'Quoted')")),
        ),
        alone=False,
        held=True,
    )
}


async def to_complete(load: Load, call: Call, order: Thing, body: Body) -> Got:
    """Drafts of the same agreement, which fall with the completion of a change or termination (spec 2.3.2).

    They are read after the agreement, which is told of each that is begun.
    """
    got = await beside(load, call, order, body)
    if type_of(order).closes_drafts:
        await load(COMPETING, agreement_id=order.agreement_id, order_id=order.id)
    return got


NOTIFIED = {"users": Want(USER, lambda row: row.c.id == given("notified_id"), visible=True)}


async def to_notify(load: Load, call: Call, order: Thing, body: Body) -> Got:
    """The user who is to be told, if the caller knows them."""
    user = body.get("userId")
    return await load(NOTIFIED, notified_id=user if isinstance(user, str) and "\0" not in user else "")
