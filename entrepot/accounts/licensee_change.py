"""Licensees are made and changed by the client whose companies they are: a partner makes those to whom it resells."""

import sqlalchemy as sa

from entrepot.accounts import licensee_contact, licensee_link
from entrepot.accounts.account import ACCOUNT
from entrepot.accounts.buyer import BUYER
from entrepot.accounts.licensee import LICENSEE
from entrepot.accounts.seller import SELLER
from entrepot.kernel import plain
from entrepot.kernel.body import Body, apply
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Load
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, given

ACTIVE = sa.literal_column("'Active'")


def _paying(row: sa.FromClause) -> sa.ColumnElement[bool]:
    """The buyer that is named, else the first of the account that is active."""
    each = BUYER.table.alias()
    first = (
        sa.select(each.c.id)
        .where(each.c.account_id == given("account_id"), each.c.status == ACTIVE)
        .order_by(each.c.audit_created_at, each.c.id)
        .limit(1)
        .scalar_subquery()
    )
    return row.c.id == sa.func.coalesce(given("buyer_id"), first)


PAYING = {"buyers": Want(BUYER, _paying, visible=True, alone=False, held=True)}
SERVED = {
    **licensee_link.LINKS,
    "accounts": Want(ACCOUNT, lambda row: row.c.id == given("account_id")),
    "sellers": Want(SELLER, lambda row: row.c.status == ACTIVE, visible=True, named=True),
}


async def for_new(load: Load, call: Call, _: None, body: Body) -> Got:
    """Who pays and who serves: what is not said follows where there is a first choice."""
    buyer_id = body.id_of(call, "buyer")
    call.stop_on_faults()
    got = await load(PAYING, buyer_id=buyer_id, account_id=call.caller.account_id)
    if not got.buyers:
        path = "buyer.id" if buyer_id else "buyer"
        call.fault(path, "This buyer was not found." if buyer_id else "A buyer is required: there is no active one.")
    elif got.buyers[0].status == "Deleted":
        call.fault("buyer.id", "This buyer was not found.")
    call.stop_on_faults()
    got.buyer = got.buyers[0]
    return await load(SERVED, buyer_id=got.buyer.id, account_id=got.buyer.account_id)


async def beside(load: Load, call: Call, licensee: Thing, body: Body | None) -> Got:
    """The licensee's buyer, and who serves it."""
    return await licensee_link.load_one(load, str(licensee.id))


def create(call: Call, _: None, body: Body, got: Got) -> Thing:
    """A company begins. It may order at once where its buyer is linked with its seller (platform spec 1.4).

    Where the body speaks of `contacts`, it also waits until there is a first one for each role.
    """
    entries = body.objects(call, "contacts")
    licensee = call.new(LICENSEE, status="Enabled", buyer_id=got.buyer.id, account_id=got.buyer.account_id)
    apply(call, licensee, body, "create")
    licensee.buyer_id = got.buyer.id
    if not isinstance(licensee.name, str) or not licensee.name.strip():
        call.fault(body.path("name"), "A name is required.")
    if "seller" not in body:
        licensee.seller_id = _seller(got)
    if licensee.seller_id is None and not any(path.startswith("seller") for path in call.faults):
        call.fault(body.path("seller"), "A seller is required.")
    if "eligibility" not in body:
        resells = bool(got.accounts[0].eligibility_partner)
        licensee.eligibility_client, licensee.eligibility_partner = not resells, resells
    licensee.use_buyer_address = licensee.address is None
    for entry in (entries or ())[: licensee_contact.CONTACTS_MAX]:
        licensee_contact.begin(call, licensee, entry)
    call.stop_on_faults()
    call.record("licensee.created", licensee)
    for contact in licensee.contacts:
        call.record("licensee_contact.created", contact)
    plain.take_file(call, licensee)
    licensee.awaits_contacts = entries is not None and not licensee_contact.is_complete(licensee.contacts)
    if not licensee.awaits_contacts:
        if licensee_link.is_linked(licensee, got):
            call.move(licensee, "link", by="kernel")
            call.record("licensee.linked", licensee)
        licensee_link.follow(call, licensee, got)
    return licensee


def update(call: Call, licensee: Thing, body: Body, got: None) -> None:
    """What its client says of it."""
    plain.write(call, licensee, body)
    if not isinstance(licensee.name, str) or not licensee.name.strip():
        call.fault(body.path("name"), "A name is required.")
    if licensee.address is not None and "useBuyerAddress" not in body and "address" in body:
        licensee.use_buyer_address = False


def disable(call: Call, licensee: Thing, body: Body, got: None) -> None:
    """It orders no more."""
    call.move(licensee, "disable")
    call.record("licensee.disabled", licensee)


def enable(call: Call, licensee: Thing, body: Body, got: Got) -> None:
    """It may go on, as far as its buyer is linked with its seller."""
    if licensee_link.is_linked(licensee, got) and not licensee.awaits_contacts:
        call.move(licensee, "reinstate")
    else:
        call.move(licensee, "enable")
    if not licensee.awaits_contacts:
        licensee_link.follow(call, licensee, got)
    call.record("licensee.enabled", licensee)


def delete(call: Call, licensee: Thing, body: None, got: None) -> None:
    """It is gone for its client; what it holds stays with its agreements."""
    call.move(licensee, "delete")
    call.record("licensee.deleted", licensee)


def _seller(got: Got) -> str | None:
    """The first who serves the buyer already; else the only one there is."""
    linked = licensee_link.sellers_of(got)
    there = [str(each.id) for each in got.sellers]
    return next((each for each in linked if each in there), there[0] if len(there) == 1 else None)
