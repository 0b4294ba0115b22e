"""A parameter group is a step of the ordering wizard in which questions are answered."""

import sqlalchemy as sa

from entrepot.catalog.product import PRODUCT
from entrepot.catalog.publication import kept, seen
from entrepot.kernel.access import Who
from entrepot.kernel.field import audited, enum, flag, integer, ref, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun

LIFE = Machine(initial="Idle", final="Deleted", moves=(move("delete", "Idle", "Deleted", "vendor"),))
"""Known to the platform alone: on the wire a deleted group is just gone. Source: platform spec 2.4."""


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Whoever sees the product."""
    return sa.and_(kept(row, who), seen(PRODUCT, row.c.product_id, who))


PARAMETER_GROUP = Noun(
    name="ParameterGroup",
    path="catalog/products/{product}/parameter-groups",
    table_name="parameter_groups",
    ids=Ids("PGR", 3, child_of="product"),
    owner="product",
    life=LIFE,
    sees=sees,
    fields=(
        text("name", longest=500, required=True, core=True, writes="vendor"),
        text("label", longest=500, required=True, writes="vendor"),
        text("description", longest=2000, writes="vendor"),
        integer("displayOrder", least=0, writes="vendor"),
        flag("default", column="is_default", default=False, writes="vendor"),
        ref("product", "catalog/products"),
        enum("status", " ".join(LIFE.states), sees="kernel", default="Idle", filterable=False),
        *audited("created", "updated"),
    ),
)
