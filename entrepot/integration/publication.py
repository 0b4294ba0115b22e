"""How what goes with an extension comes to be seen: its vendor drafts, publishes and withdraws it.

Nobody reviews it. Source: platform spec 9.
"""

import sqlalchemy as sa

from entrepot.accounts.dealings import SEE_ALL, exists
from entrepot.kernel import plain
from entrepot.kernel.access import Who
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun
from entrepot.kernel.resource import Action

LIFE = Machine(
    initial="Draft",
    final="Deleted",
    moves=(
        #     verb         from                 to             by
        move("publish",   "Draft Unpublished", "Published",   "vendor"),
        move("unpublish", "Published",         "Unpublished", "vendor"),
        move("delete",    "Draft Unpublished", "Deleted",     "vendor"),
    ),
)  # fmt: skip

EVENTS = ("created", "updated", "published", "unpublished")
WRITES = "vendor:create,Draft,Published,Unpublished"
BORN = "vendor:create"

ACTIONS = (
    Action("publish", plain.step("publish"), moves="publish"),
    Action("unpublish", plain.step("unpublish"), moves="unpublish"),
)


def shown(row: sa.FromClause, who: Who, within: Noun, owner: str) -> sa.ColumnElement[bool]:
    """Its vendor and operations see all of it, others what is published, of what they see."""
    if who.actor == "kernel":
        return sa.true()
    here = row.c.status != "Deleted"
    if who.actor not in SEE_ALL:
        here = sa.and_(here, sa.or_(row.c.vendor_id == who.account, row.c.status == "Published"))
    target = within.table.alias()
    return sa.and_(here, exists(target, target.c.id == row.c[owner], within.sees(target, who)))
