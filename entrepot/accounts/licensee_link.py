"""Whether the buyer of a licensee is known to its seller: only then may the licensee order (platform spec 1.4)."""

import sqlalchemy as sa

from entrepot.accounts.buyer import BUYER
from entrepot.accounts.licensee import LICENSEE
from entrepot.kernel.call import Got
from entrepot.kernel.doors import Load
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, given


def _one_of_each_seller(row: sa.FromClause) -> sa.ColumnElement[bool]:
    """Of the buyer's active licensees the first with each seller: what the two have dealt in shows the link."""
    each = LICENSEE.table.alias()
    first = (
        sa.select(sa.func.min(each.c.id))
        .where(each.c.buyer_id == given("buyer_id"), each.c.status == sa.literal_column("'Active'"))
        .group_by(each.c.seller_id)
    )
    return row.c.id.in_(first)


def _buyer_of(row: sa.FromClause) -> sa.ColumnElement[bool]:
    each = LICENSEE.table.alias()
    return row.c.id == sa.select(each.c.buyer_id).where(each.c.id == given("licensee_id")).scalar_subquery()


LINKED = {"linked_licensees": Want(LICENSEE, _one_of_each_seller)}
ONE = {
    "licensees": Want(LICENSEE, lambda row: row.c.id == given("licensee_id"), alone=False, held=True),
    "buyers": Want(BUYER, _buyer_of, alone=False),
}


async def load_one(load: Load, licensee_id: str) -> Got:
    """A licensee with its contacts, its buyer, and whether they are linked."""
    got = await load(ONE, licensee_id=licensee_id)
    got.licensee, got.buyer = got.licensees[0], got.buyers[0]
    await load(LINKED, buyer_id=got.buyer.id)
    got.linked = is_linked(got.buyer, str(got.licensee.seller_id), got)
    return got


def sellers_of(buyer: Thing, got: Got) -> list[str]:
    """Who serves the buyer, whoever was told first."""
    return list(dict.fromkeys([*buyer.sellers, *(str(each.seller_id) for each in got.linked_licensees)]))


def is_linked(buyer: Thing, seller_id: str, got: Got) -> bool:
    """Whether they are known to one another."""
    return seller_id in sellers_of(buyer, got)
