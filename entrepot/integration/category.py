"""A category is where an extension stands in the catalogue of extensions."""

import sqlalchemy as sa

from entrepot.kernel.access import Who
from entrepot.kernel.field import audited, enum, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun

LIFE = Machine(
    initial="Active",
    final="Deleted",
    moves=(
        #     verb          from               to          by
        move("deactivate", "Active",          "Disabled", "operations"),
        move("activate",   "Disabled",        "Active",   "operations"),
        move("delete",     "Active Disabled", "Deleted",  "operations"),
    ),
)  # fmt: skip
"""Source: platform spec 9."""


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """What was deleted is gone for everybody but the platform itself."""
    return sa.true() if who.actor == "kernel" else row.c.status != "Deleted"


CATEGORY = Noun(
    name="ExtensionCategory",
    path="integration/categories",
    table_name="extension_categories",
    ids=Ids("EXC", 1),
    life=LIFE,
    sees=sees,
    fields=(
        text("name", longest=500, required=True, core=True, writes="operations"),
        text("description", longest=2000, writes="operations"),
        enum("status", " ".join(LIFE.states), core=True),
        *audited("created", "updated", "active", "disabled"),
    ),
)
