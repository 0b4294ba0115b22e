"""An ERP link says that a buyer is known to a seller's books: only then may the buyer's licensees order from it.

    {"buyer": {"id": "BUY-…"}, "seller": {"id": "SEL-…"}, "externalIds": {"erpCustomer": "C-10023"}}

A buyer and a seller have one at most. Licensees follow it: while it is there and not blocked, those of the two are
Active, else Enabled (platform spec 1.4 and 1.11).
"""

from collections.abc import Iterable

import sqlalchemy as sa

from entrepot.accounts import erp_match
from entrepot.accounts.address import ADDRESS
from entrepot.accounts.buyer import BUYER
from entrepot.accounts.dealings import of_own_buyers
from entrepot.accounts.licensee import LICENSEE
from entrepot.accounts.seller import SELLER
from entrepot.kernel import plain
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Load
from entrepot.kernel.errors import Conflict
from entrepot.kernel.field import audited, document, enum, icon, ref, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, given

LIFE = Machine(
    initial="Active",
    moves=(
        #     verb       from       to          by
        move("block",   "Active",  "Blocked",  "operations"),
        move("unblock", "Blocked", "Active",   "operations"),
    ),
)  # fmt: skip
"""Source: platform spec 1.11. It never ends: a seller that no longer serves a buyer blocks it."""


ERP_LINK = Noun(
    name="ErpLink",
    path="accounts/erp-links",
    table_name="erp_links",
    ids=Ids("ERP", 3),
    life=LIFE,
    sees=of_own_buyers,  # how a seller keeps its books is no vendor's business
    audience=("account_id",),
    scope="buyer_id",
    party="account_id",
    fields=(
        text("name", longest=500, core=True, writes="operations"),
        *icon(),
        enum("status", " ".join(LIFE.states), core=True),
        ref("buyer", "accounts/buyers", required=True, writes="operations:create"),
        ref("seller", "accounts/sellers", required=True, writes="operations:create"),
        ref("account", "accounts/accounts", sees="kernel"),
        text("companyName", longest=500, writes="operations"),
        text("note", longest=2000, writes="operations"),
        document("address", schema=ADDRESS, writes="operations"),
        text("externalIds.erpCompanyContact", longest=250, writes="operations"),
        text("externalIds.erpCustomer", longest=250, writes="operations"),
        text("externalIds.erpCustomerDiscountGroup", longest=250, writes="operations"),
        *audited("created", "updated", "blocked", "unblocked"),
    ),
)

LIVE = sa.literal_column("('Enabled', 'Active')")


def _served(row: sa.FromClause) -> sa.ColumnElement[bool]:
    """Licensees of that buyer with that seller whose state the link decides."""
    return sa.and_(
        row.c.buyer_id == given("buyer_id"), row.c.seller_id == given("seller_id"), row.c.status.op("in")(LIVE)
    )


LINKED = {
    "buyers": Want(BUYER, lambda row: row.c.id == given("buyer_id"), alone=False, held=True),
    "links": Want(ERP_LINK, lambda row: row.c.buyer_id == given("buyer_id")),
}
"""The buyer with all that books know of it."""

FOLLOWING = {**LINKED, "licensees": Want(LICENSEE, _served, held=True)}
PAIR = {**FOLLOWING, "sellers": Want(SELLER, lambda row: row.c.id == given("seller_id"))}


async def for_new(load: Load, call: Call, _: None, body: Body) -> Got:
    """The two that are to be linked, and the licensees that wait for it."""
    return await load(PAIR, buyer_id=plain.named(body, "buyer"), seller_id=plain.named(body, "seller"))


async def beside(load: Load, call: Call, link: Thing, body: Body) -> Got:
    """The buyer with its links, and the licensees that follow this one."""
    return await load(FOLLOWING, buyer_id=link.buyer_id, seller_id=link.seller_id)


async def linked(load: Load, call: Call, link: Thing, body: Body) -> Got:
    """The buyer with its links."""
    return await load(LINKED, buyer_id=link.buyer_id)


# Verbs ------------------------------------------------------------------------------------------------


def create(call: Call, _: None, body: Body, got: Got) -> Thing:
    """A seller's books know the buyer from now on. One that waited for its first link is active by that."""
    seller_id = plain.named(body, "seller")
    for there in (each for each in got.links if each.seller_id == seller_id):
        raise Conflict(f"Buyer {there.buyer_id} and seller {there.seller_id} are linked already: {there.id}.")
    link = plain.begin(call, ERP_LINK, body)
    for name, found in (("buyer", got.buyers), ("seller", got.sellers)):
        if found and found[0].status == "Deleted":
            call.fault(body.path(f"{name}.id"), f"This {name} is deleted.")
    call.stop_on_faults()
    buyer = got.buyers[0]
    link.account_id = buyer.account_id
    if link.name is None:
        link.name = buyer.name
    if not erp_match.assign(call, buyer, link, "Enabled", "Unassigned"):
        call.record("buyer.linked", buyer, erpLink=link.id)  # whoever blocks another one meanwhile sees this one
    erp_match.settle(call, buyer, [*got.links, link], changed=link)
    _follow(call, link, got.licensees)
    return link


def update(call: Call, link: Thing, body: Body, got: Got) -> None:
    """What the seller's books say of the buyer."""
    plain.write(call, link, body)
    call.stop_on_faults()
    _settle(call, link, got)


def block(call: Call, link: Thing, body: Body, got: Got) -> None:
    """The seller serves the buyer no more: no licensee of the two orders."""
    call.move(link, "block")
    plain.write(call, link, body)
    _settle(call, link, got)
    _follow(call, link, got.licensees)


def unblock(call: Call, link: Thing, body: Body, got: Got) -> None:
    """The seller serves the buyer again."""
    call.move(link, "unblock")
    call.stamp(link, "unblocked")
    plain.write(call, link, body)
    erp_match.assign(call, got.buyers[0], link, "Unassigned")
    call.rely(got.buyers[0])
    _settle(call, link, got)
    _follow(call, link, got.licensees)


def _settle(call: Call, link: Thing, got: Got) -> None:
    """The buyer goes where its links put it, as they are now."""
    others = [each for each in got.links if each.id != link.id]
    erp_match.settle(call, got.buyers[0], [*others, link], changed=link)


def _follow(call: Call, link: Thing, licensees: Iterable[Thing]) -> None:
    """Licensees go where their link is; those that wait for their contacts go on waiting."""
    for each in licensees:
        if link.status == "Blocked" and each.status == "Active":
            call.move(each, "unlink", by="kernel")
            call.record("licensee.unlinked", each, erpLink=link.id)
        elif link.status == "Active" and each.status == "Enabled" and not each.awaits_contacts:
            call.move(each, "link", by="kernel")
            call.record("licensee.linked", each, erpLink=link.id)
