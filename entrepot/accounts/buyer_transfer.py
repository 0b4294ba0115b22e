"""What would go along if a buyer went to another account, and the going itself."""

import sqlalchemy as sa

from entrepot.accounts.account import ACCOUNT
from entrepot.accounts.dealings import SEE_ALL
from entrepot.kernel import plain
from entrepot.kernel.access import Who
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Load
from entrepot.kernel.errors import Conflict
from entrepot.kernel.field import enum, integer, ref, text
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, given


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Operations all; a client its own. How much a buyer has elsewhere is no vendor's business."""
    if who.actor in SEE_ALL:
        return sa.true()
    if who.actor == "client":
        return sa.and_(row.c.account_id == who.account, who.reach(row.c.buyer_id), row.c.status != "Deleted")
    return sa.false()


BUYER_TRANSFER = Noun(
    name="BuyerTransfer",
    path="accounts/buyers/{buyer}/transfer",
    table_name="buyer_transfers",
    owner="buyer",
    single=True,
    trailed=False,
    sees=sees,
    order="id",
    fields=(
        ref("buyer", "accounts/buyers"),
        text("name", core=True),
        enum("status", "Enabled Active Disabled Mismatch Unassigned Conflict Deleted"),
        ref("account", "accounts/accounts"),
        integer("stats.licenseeCount"),
        integer("stats.agreementCount"),
        integer("stats.orderCount"),
        integer("stats.subscriptionCount"),
        integer("stats.userGroupCount"),
        integer("stats.userCount"),
        integer("sharedSplits", sees="kernel"),
    ),
)
"""A view: what is there is counted when it is asked for. Its id is the buyer's."""

TAKER = ref("account", "accounts/accounts", required=True, writes="operations")
"""What a body says: who is to have the buyer."""

NEEDED = {
    "accounts": Want(ACCOUNT, lambda row: row.c.id.in_((given("giver_id"), given("taker_id")))),
    "transfers": Want(BUYER_TRANSFER, lambda row: row.c.id == given("buyer_id")),
}


async def beside(load: Load, call: Call, buyer: Thing, body: Body) -> Got:
    """Both accounts, and what would go along."""
    taker_id = plain.named(body, "account")
    return await load(NEEDED, giver_id=buyer.account_id, taker_id=taker_id, buyer_id=buyer.id)


def transfer(call: Call, buyer: Thing, body: Body, got: Got) -> None:
    """The buyer goes to another account of the same customer, with its licensees and all that they have.

    Source: platform spec 1.2: both accounts have the same externalId. It is one transaction, and nothing of what goes
    along is loaded (`Call.transfer`). Groups of the account's users go on naming the buyer, which they reach no more.
    """
    if buyer.status == "Deleted":
        raise Conflict(f"Buyer {buyer.id} is Deleted.")
    if got.transfers[0].shared_splits:
        raise Conflict(f"Buyer {buyer.id} shares bills with other buyers of its account: end those splits first.")
    taker_id = body.id_of(call, "account")
    if taker_id is None and not call.faults:
        call.fault(body.path("account"), "The account that is to have the buyer is required.")
    call.stop_on_faults()
    known = {str(each.id): each for each in got.accounts}
    giver, taker = known[str(buyer.account_id)], known.get(str(taker_id))
    reason = _refusal(giver, taker)
    if reason:
        call.fault(body.path("account.id"), reason)
    call.stop_on_faults()
    buyer.account_id = taker_id
    call.record("buyer.transferred", buyer, giver=giver.id, taker=taker_id)
    call.transfer(buyer, str(giver.id), str(taker_id))


def _refusal(giver: Thing, taker: Thing | None) -> str:
    """Why the account cannot have the buyer; nothing where it can."""
    if taker is None:
        return "This account was not found."
    if taker.id == giver.id:
        return "The buyer is with this account already."
    if taker.type != "Client" or taker.status == "Disabled":
        return "A client's account that is not disabled was expected."
    if not giver.external_id or taker.external_id != giver.external_id:
        return "Both accounts must have the same externalId."
    return ""
