"""Accounts are made and led through their lives by operations; their own people keep their particulars."""

import sqlalchemy as sa

from entrepot.accounts.account import ACCOUNT, TRADES_AT_ONCE
from entrepot.accounts.module import MODULE
from entrepot.accounts.user_group import USER_GROUP
from entrepot.accounts.validation import told
from entrepot.kernel import plain
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Load
from entrepot.kernel.errors import Conflict
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want

MODULES = {"modules": Want(MODULE, lambda row: sa.true())}


async def for_new(load: Load, call: Call, _: None, body: Body) -> Got:
    """Every module there is; there are a few dozen."""
    return await load(MODULES)


def create(call: Call, _: None, body: Body, got: Got) -> Thing:
    """A new party, with a group for its administrators, which opens every module that is for accounts of its type.

    A client begins Enabled, and Active where its customer discount group (`externalId`) is given.
    """
    account = plain.begin(call, ACCOUNT, body, status="Enabled")
    call.stop_on_faults()
    if _may_trade(account):
        call.move(account, "activate")
    group = call.new(USER_GROUP, name="Administrators", is_default=True, account_id=account.id)
    account.parts["groups"].append(group)
    call.link(group, "modules", [str(each.id) for each in got.modules if account.type in _types(each)])
    return account


def update(call: Call, account: Thing, body: Body, got: None) -> None:
    """What is said of it. A client that is Active keeps a customer discount group."""
    plain.write(call, account, body)
    was = account.was or {}
    if account.type == "Client" and account.status == "Active" and was["external_id"] and not account.external_id:
        call.fault(body.path("externalId"), "An active client keeps it: deactivate the account instead.")


def validate(call: Call, account: Thing, body: Body, got: None) -> None:
    """What an update would make of it, and what is wrong with that."""
    update(call, account, body, got)
    account.errors = told(call)


def activate(call: Call, account: Thing, body: Body, got: None) -> None:
    """The customer discount group is assigned: from here on, orders are completed."""
    call.move(account, "activate")
    plain.write(call, account, body)
    if not account.external_id:
        call.fault(body.path("externalId"), "The customer discount group is required.")


def deactivate(call: Call, account: Thing, body: Body, got: None) -> None:
    """The customer discount group is taken away: orders may still be started. Raises Conflict for who needs none."""
    if account.type in TRADES_AT_ONCE:
        raise Conflict(f"Account {account.id} is no client's: it is disabled, not deactivated.")
    call.move(account, "deactivate")
    plain.write(call, account, body)
    account.external_id = None


def disable(call: Call, account: Thing, body: Body, got: None) -> None:
    """It trades no more, and its people and tokens are let in no more. Raises Conflict for one's own account."""
    if account.id == call.caller.account_id:
        raise Conflict(f"Account {account.id} is your own: nobody could enable it again.")
    call.move(account, "disable")
    plain.write(call, account, body)


def enable(call: Call, account: Thing, body: Body, got: None) -> None:
    """It goes on where it was."""
    call.move(account, "reinstate" if _may_trade(account) else "enable")
    call.stamp(account, "enabled")
    plain.write(call, account, body)


def _may_trade(account: Thing) -> bool:
    """Whether it is Active unless it is disabled."""
    return account.type in TRADES_AT_ONCE or bool(account.external_id)


def _types(module: Thing) -> list[str]:
    """The types of accounts that a module is for; one that names none is for all."""
    return module.account_types or ["Client", "Vendor", "Operations"]
