"""Whether the buyer of a licensee is known to its seller: only then may the licensee order (platform spec 1.4)."""

import sqlalchemy as sa

from entrepot.accounts import erp_match
from entrepot.accounts.buyer import BUYER
from entrepot.accounts.erp_link import ERP_LINK
from entrepot.accounts.licensee import LICENSEE
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Load
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, given


def _buyer() -> sa.ScalarSelect[str]:
    each = LICENSEE.table.alias()
    return sa.select(each.c.buyer_id).where(each.c.id == given("licensee_id")).scalar_subquery()


LINKS = {"links": Want(ERP_LINK, lambda row: row.c.buyer_id == given("buyer_id"), alone=False, held=True)}
"""The links of a buyer, blocked ones too."""

ONE = {
    "licensees": Want(LICENSEE, lambda row: row.c.id == given("licensee_id"), alone=False, held=True),
    "buyers": Want(BUYER, lambda row: row.c.id == _buyer(), alone=False, held=True),
    "links": Want(ERP_LINK, lambda row: row.c.buyer_id == _buyer(), alone=False, held=True),
}


async def load_one(load: Load, licensee_id: str) -> Got:
    """A licensee with its contacts, its buyer, and the links of that."""
    got = await load(ONE, licensee_id=licensee_id)
    got.licensee, got.buyer = got.licensees[0], got.buyers[0]
    return got


def sellers_of(got: Got) -> list[str]:
    """Who serves the buyer, whoever was linked first."""
    live = filter(erp_match.is_live, got.links)
    return [str(each.seller_id) for each in sorted(live, key=lambda each: (each.audit_created_at, each.id))]


def is_linked(licensee: Thing, got: Got) -> bool:
    """Whether the licensee's buyer and seller are known to one another."""
    return str(licensee.seller_id) in sellers_of(got)


def follow(call: Call, licensee: Thing, got: Got) -> None:
    """A licensee is where its link puts it, and the link is told so: whoever blocks or unblocks it meanwhile sees that
    there is one more. Where there is none yet, its buyer is told, which whoever links the two writes as well.
    """
    link = next((each for each in got.links if each.seller_id == licensee.seller_id), None)
    if link is not None:
        call.record("erp_link.followed", link, licensee=licensee.id)
    else:
        call.record("buyer.followed", got.buyer, licensee=licensee.id)
