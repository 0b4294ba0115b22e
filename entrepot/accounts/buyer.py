"""A buyer is a company of a client that pays: whoever an invoice is made out to."""

import sqlalchemy as sa

from entrepot.accounts import erp_match
from entrepot.accounts.account import ACCOUNT
from entrepot.accounts.address import ADDRESS
from entrepot.accounts.contact import contact
from entrepot.accounts.dealings import SEE_ALL, dealt_with
from entrepot.accounts.validation import ERRORS, told
from entrepot.kernel import plain
from entrepot.kernel.access import Who
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Load
from entrepot.kernel.field import audited, document, enum, icon, ref, refs, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, given

LIFE = Machine(
    initial="Enabled Unassigned",  # made by hand, or found in the ERP
    final="Deleted",
    moves=(
        #     verb          from                 to            by
        move("activate",   "Enabled",           "Active",     "operations kernel"),
        move("deactivate", "Active",            "Enabled",    "operations"),
        move("disable",    "Active",            "Disabled",   "client operations"),
        move("enable",     "Disabled",          "Active",     "operations"),
        move("mismatch",   "Active Disabled",   "Mismatch",   "kernel"),  # the ERP tells it otherwise
        move("reconcile",  "Mismatch",          "Active",     "operations kernel"),
        move("shelve",     "Mismatch",          "Disabled",   "operations kernel"),
        move("unassign",   "Active Disabled",   "Unassigned", "operations kernel"),  # no seller serves it any more
        move("assign",     "Unassigned",        "Active",     "operations kernel"),
        move("conflict",   "Unassigned",        "Conflict",   "operations kernel"),  # another one has its number there
        move("settle",     "Conflict",          "Unassigned", "operations kernel"),
        move("delete",     "Enabled Active Disabled Mismatch Unassigned Conflict", "Deleted", "operations"),
    ),
)  # fmt: skip
"""Source: platform spec 1.2."""


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Operations all; a client its own that it may reach; a vendor those that it has agreements with."""
    if who.actor in SEE_ALL:
        return sa.true()
    mine = (
        sa.and_(row.c.account_id == who.account, who.reach(row.c.id))
        if who.actor == "client"
        else dealt_with("buyer_id", row.c.id, who)
    )
    return sa.and_(mine, row.c.status != "Deleted")


BOTH = "client operations"

BUYER = Noun(
    name="Buyer",
    path="accounts/buyers",
    table_name="buyers",
    ids=Ids("BUY", 2),
    life=LIFE,
    sees=sees,
    audience=("account_id",),
    scope="id",
    party="account_id",
    fields=(
        text("name", longest=500, required=True, core=True, writes=BOTH),
        *icon(),
        enum("status", " ".join(LIFE.states)),
        ref("account", "accounts/accounts", required=True, writes="operations:create"),
        document("address", schema=ADDRESS, required=True, writes=BOTH),
        *contact(writes=BOTH),
        text("taxId", longest=18, writes=BOTH),
        text("externalIds.erpCompanyContact", longest=250, writes="operations"),
        text("externalIds.erpCustomer", longest=250, writes="operations"),
        text("externalIds.accountExternalId", longest=250, writes="operations"),
        refs("sellers", "accounts/sellers", heavy=True, derived=True),
        document("errors", schema=ERRORS, sees="operations"),
        *audited("created", "updated", "activated", "disabled", "unassigned"),
    ),
)


STATUS = enum("status", "Enabled Unassigned", writes="operations")
"""How one begins: made by hand, or found in the ERP, where no seller serves it yet."""


def _namesake(row: sa.FromClause) -> sa.ColumnElement[bool]:
    return row.c.external_ids_erp_customer == given("erp_customer")


NAMESAKES = Want(BUYER, _namesake)
"""Buyers with that number in the ERP."""

FOR_NEW = {"accounts": Want(ACCOUNT, lambda row: row.c.id == given("account_id")), "namesakes": NAMESAKES}


async def for_new(load: Load, call: Call, _: None, body: Body) -> Got:
    """The account that is to have it, and whoever has its number in the ERP already."""
    number = body.dig(call, ("externalIds", "erpCustomer"))
    usable = isinstance(number, str) and "\0" not in number
    return await load(FOR_NEW, account_id=plain.named(body, "account"), erp_customer=number if usable else None)


def create(call: Call, _: None, body: Body, got: Got) -> Thing:
    """Operations enters a company that pays, of a client: by hand, or as it was found in the ERP."""
    found = str(body.get("status", "")).lower() == "unassigned"
    buyer = plain.begin(call, BUYER, body, status="Unassigned" if found else "Enabled")
    if got.accounts and got.accounts[0].type != "Client":
        call.fault(body.path("account.id"), "The account of a client was expected.")
    call.record("buyer.created", buyer)
    erp_match.judge(call, buyer, got.namesakes)
    return buyer


def validate(call: Call, buyer: Thing, body: Body, got: None) -> None:
    """What an update would make of it, and what is wrong with that."""
    plain.write(call, buyer, body)
    buyer.errors = told(call)


def activate(call: Call, buyer: Thing, body: Body, got: None) -> None:
    """It is known to the ERP: what it pays for may be ordered. One that was found there is assigned by that."""
    call.move(buyer, "assign" if buyer.status == "Unassigned" else "activate")
    plain.write(call, buyer, body)
    call.record("buyer.activated", buyer)


def deactivate(call: Call, buyer: Thing, body: Body, got: None) -> None:
    """Nothing is ordered for it until it is activated again."""
    call.move(buyer, "deactivate")
    plain.write(call, buyer, body)
    call.record("buyer.deactivated", buyer)


def disable(call: Call, buyer: Thing, body: Body, got: None) -> None:
    """Nothing is ordered for it any more."""
    call.move(buyer, "disable")
    plain.write(call, buyer, body)
    call.record("buyer.disabled", buyer)


def enable(call: Call, buyer: Thing, body: Body, got: None) -> None:
    """It may be ordered for once more."""
    call.move(buyer, "enable")
    plain.write(call, buyer, body)
    call.record("buyer.enabled", buyer)
