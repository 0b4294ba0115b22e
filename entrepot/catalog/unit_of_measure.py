"""A unit of measure is what an item is counted in: users, servers, days."""

import sqlalchemy as sa

from entrepot.catalog.publication import kept
from entrepot.kernel.access import Who
from entrepot.kernel.field import audited, enum, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun

LIFE = Machine(initial="Idle", final="Deleted", moves=(move("delete", "Idle", "Deleted", "operations"),))
"""Known to the platform alone: on the wire a deleted unit is just gone."""


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Everybody. Source: platform spec 2.8."""
    return kept(row, who)


UNIT_OF_MEASURE = Noun(
    name="UnitOfMeasure",
    path="catalog/units-of-measure",
    table_name="units_of_measure",
    ids=Ids("UNT", 1),
    life=LIFE,
    sees=sees,
    fields=(
        text("name", longest=500, required=True, core=True, writes="operations"),
        text("description", longest=2000, core=True, writes="operations"),
        enum("status", " ".join(LIFE.states), sees="kernel", default="Idle", filterable=False),
        *audited("created", "updated"),
    ),
)
