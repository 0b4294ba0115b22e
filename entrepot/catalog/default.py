"""One of several is the default: of the groups of a product, of its templates of one type.

That there are never two is a constraint as well; who loses a race runs again, and takes over from the winner.
Source: platform spec 2.3, 2.4, 2.6.
"""

import sqlalchemy as sa

from entrepot.kernel import plain
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Load
from entrepot.kernel.errors import Conflict
from entrepot.kernel.noun import Noun
from entrepot.kernel.resource import Loads
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, given


def beside(noun: Noun) -> Loads:
    """For a verb about one thing of a product: those of its kind that are a default now."""

    def chosen(row: sa.FromClause) -> sa.ColumnElement[bool]:
        return sa.and_(row.c.product_id == given("product_id"), row.c.is_default, row.c.status != "Deleted")

    wants = {"defaults": Want(noun, chosen, held=True)}

    async def load(load: Load, call: Call, thing: Thing | None, body: Body) -> Got:
        return await load(wants, product_id=call.owner_id)

    return load


def settle(call: Call, thing: Thing, body: Body, got: Got, among: str = "product_id") -> None:
    """What becomes the default takes over from the one before it, and stays it until another one does.

    `among` is the column in which those agree of whom one is the default.
    """
    plain.take_over(call, thing, (each for each in got.defaults if each.now[among] == thing.now[among]))
    if not thing.is_default and thing.was is not None and thing.was["is_default"]:
        call.fault(body.path("default"), "It stays the default until another one is made it.")


def require_other(thing: Thing) -> None:
    """The default cannot be deleted. Raises Conflict."""
    if thing.is_default:
        raise Conflict(f"{thing.noun.name} {thing.id} is the default: make another one it first.")
