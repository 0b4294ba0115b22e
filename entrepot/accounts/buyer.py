"""A buyer is a company of a client that pays: whoever an invoice is made out to."""

import sqlalchemy as sa

from entrepot.accounts.address import ADDRESS
from entrepot.accounts.contact import contact
from entrepot.accounts.dealings import SEE_ALL, dealt_with
from entrepot.kernel.access import Who
from entrepot.kernel.body import Body, apply
from entrepot.kernel.call import Call
from entrepot.kernel.field import audited, document, enum, icon, ref, refs, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing

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
        move("unassign",   "Active Disabled",   "Unassigned", "operations"),
        move("assign",     "Unassigned",        "Active",     "operations"),
        move("conflict",   "Unassigned",        "Conflict",   "operations kernel"),
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
        refs("sellers", "accounts/sellers", heavy=True),
        document("errors", schema={"type": "array"}, sees="operations"),
        *audited("created", "updated", "activated", "disabled", "unassigned"),
    ),
)


def create(call: Call, _: None, body: Body, got: None) -> Thing:
    """Operations enters a company that pays."""
    buyer = call.new(BUYER, status="Enabled")
    for name in ("name", "address", "account"):
        if name not in body:
            call.fault(body.path(name), "A value is required.")
    apply(call, buyer, body, "create")
    call.record("buyer.created", buyer)
    return buyer


def update(call: Call, buyer: Thing, body: Body, got: None) -> None:
    """Each actor writes its own."""
    apply(call, buyer, body)


def activate(call: Call, buyer: Thing, body: Body, got: None) -> None:
    """It is known to the ERP: what it pays for may be ordered."""
    call.move(buyer, "activate")
    call.record("buyer.activated", buyer)


def disable(call: Call, buyer: Thing, body: Body, got: None) -> None:
    """Nothing is ordered for it any more."""
    call.move(buyer, "disable")
    call.record("buyer.disabled", buyer)


def enable(call: Call, buyer: Thing, body: Body, got: None) -> None:
    """It may be ordered for once more."""
    call.move(buyer, "enable")
    call.record("buyer.enabled", buyer)
