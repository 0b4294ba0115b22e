"""Whether the buyer of a licensee is known to its seller: only then may the licensee order (platform spec 1.4)."""

import sqlalchemy as sa

from entrepot.accounts.buyer import BUYER
from entrepot.accounts.erp_link import ERP_LINK
from entrepot.accounts.licensee import LICENSEE
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Load
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, given


def _open_of(row: sa.FromClause, buyer_id: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    return sa.and_(row.c.buyer_id == buyer_id, row.c.status == sa.literal_column("'Active'"))


def _buyer() -> sa.ScalarSelect[str]:
    each = LICENSEE.table.alias()
    return sa.select(each.c.buyer_id).where(each.c.id == given("licensee_id")).scalar_subquery()


LINKS = {"links": Want(ERP_LINK, lambda row: _open_of(row, given("buyer_id")), alone=False, held=True)}
"""The links of a buyer that are not blocked."""

ONE = {
    "licensees": Want(LICENSEE, lambda row: row.c.id == given("licensee_id"), alone=False, held=True),
    "buyers": Want(BUYER, lambda row: row.c.id == _buyer(), alone=False),
    "links": Want(ERP_LINK, lambda row: _open_of(row, _buyer()), alone=False, held=True),
}


async def load_one(load: Load, licensee_id: str) -> Got:
    """A licensee with its contacts, its buyer, and the links of that."""
    got = await load(ONE, licensee_id=licensee_id)
    got.licensee, got.buyer = got.licensees[0], got.buyers[0]
    return got


def sellers_of(got: Got) -> list[str]:
    """Who serves the buyer, whoever was linked first."""
    return [str(each.seller_id) for each in sorted(got.links, key=lambda each: (each.audit_created_at, each.id))]


def is_linked(licensee: Thing, got: Got) -> bool:
    """Whether the licensee's buyer and seller are known to one another."""
    return str(licensee.seller_id) in sellers_of(got)


def follow(call: Call, licensee: Thing, got: Got) -> None:
    """Its link is told of a licensee that is active by it: whoever blocks the link meanwhile sees that there is one."""
    link = next(each for each in got.links if each.seller_id == licensee.seller_id)
    call.record("erp_link.followed", link, licensee=licensee.id)
