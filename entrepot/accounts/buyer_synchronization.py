"""A buyer is compared with the books of its sellers: when operations asks, and when it is told anew."""

from entrepot.accounts import erp_match
from entrepot.accounts.buyer import NAMESAKES
from entrepot.accounts.erp_link import ERP_LINK
from entrepot.kernel import plain
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Load
from entrepot.kernel.errors import Conflict
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, given

LINKS = {"links": Want(ERP_LINK, lambda row: row.c.buyer_id == given("buyer_id"))}

BOOKS = {**LINKS, "namesakes": NAMESAKES}


async def links(load: Load, call: Call, buyer: Thing, body: Body) -> Got:
    """All links of the buyer."""
    return await load(LINKS, buyer_id=buyer.id)


async def books(load: Load, call: Call, buyer: Thing, body: Body) -> Got:
    """All links of the buyer, and whoever else has its number in the ERP."""
    return await load(BOOKS, buyer_id=buyer.id, erp_customer=buyer.external_ids_erp_customer)


def update(call: Call, buyer: Thing, body: Body, got: Got) -> None:
    """What is said of it. Said as the books say it, it is a mismatch no more."""
    plain.write(call, buyer, body)
    call.stop_on_faults()
    if buyer.status == "Mismatch":
        erp_match.settle(call, buyer, got.links)


def synchronize(call: Call, buyer: Thing, body: Body, got: Got) -> None:
    """It is compared with the books. Where they say nothing, what stands here holds: no mismatch or conflict is left.

    Raises Conflict for a deleted one.
    """
    if buyer.status == "Deleted":
        raise Conflict(f"Buyer {buyer.id} is Deleted.")
    buyer.errors = None
    erp_match.judge(call, buyer, got.namesakes)
    live = [each for each in got.links if erp_match.is_live(each)]
    for link in live[:1]:
        erp_match.assign(call, buyer, link, "Enabled", "Unassigned")
    if buyer.status == "Disabled" and got.links and not live:
        call.move(buyer, "unassign")
    erp_match.settle(call, buyer, got.links)
    call.record("buyer.synchronized", buyer)
