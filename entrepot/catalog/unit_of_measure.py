"""A unit of measure is what an item is counted in: users, servers, days."""

import sqlalchemy as sa

from entrepot.accounts.dealings import count
from entrepot.catalog.item import ITEM
from entrepot.catalog.publication import kept
from entrepot.kernel.access import Who
from entrepot.kernel.call import Call
from entrepot.kernel.errors import Conflict
from entrepot.kernel.field import audited, counted, enum, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing

LIFE = Machine(initial="Idle", final="Deleted", moves=(move("delete", "Idle", "Deleted", "operations"),))
"""Known to the platform alone: on the wire a deleted unit is just gone."""


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Everybody. Source: platform spec 2.8."""
    return kept(row, who)


def _items(row: sa.FromClause, who: Who) -> sa.ScalarSelect[int]:
    """The number of items in this unit, of those that the caller sees."""
    item = ITEM.table.alias()
    return count(item, item.c.unit_id == row.c.id, ITEM.sees(item, who))


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
        counted("statistics.itemCount", _items, heavy=True),
        enum("status", " ".join(LIFE.states), sees="kernel", default="Idle", filterable=False),
        *audited("created", "updated"),
    ),
)


def delete(call: Call, unit: Thing, body: None, got: None) -> None:
    """A unit in which nothing is counted is gone."""
    if unit.statistics_item_count:
        raise Conflict(f"Items are counted in {unit.name}: it is in use.")
    call.move(unit, "delete")
