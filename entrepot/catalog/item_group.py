"""An item group is a step of the ordering wizard in which items are chosen."""

import sqlalchemy as sa

from entrepot.catalog.product import PRODUCT
from entrepot.catalog.publication import kept, seen
from entrepot.kernel.access import Who
from entrepot.kernel.field import audited, enum, flag, integer, ref, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun

LIFE = Machine(initial="Idle", final="Deleted", moves=(move("delete", "Idle", "Deleted", "vendor"),))
"""Known to the platform alone: on the wire a deleted group is just gone. Source: platform spec 2.3."""


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Whoever sees the product."""
    return sa.and_(kept(row, who), seen(PRODUCT, row.c.product_id, who))


ITEM_GROUP = Noun(
    name="ItemGroup",
    path="catalog/products/{product}/item-groups",
    table_name="item_groups",
    ids=Ids("IGR", 3, child_of="product"),
    owner="product",
    life=LIFE,
    sees=sees,
    fields=(
        text("name", longest=500, required=True, core=True, writes="vendor"),
        text("label", longest=500, required=True, writes="vendor"),
        text("description", longest=2000, writes="vendor"),
        integer("displayOrder", least=0, writes="vendor"),
        flag("default", column="is_default", default=False, writes="vendor"),
        flag("multiple", default=False, writes="vendor"),
        flag("required", column="is_required", default=False, writes="vendor"),
        ref("product", "catalog/products"),
        enum("status", " ".join(LIFE.states), sees="kernel", default="Idle", filterable=False),
        *audited("created", "updated"),
    ),
)
