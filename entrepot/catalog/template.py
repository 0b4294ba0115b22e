"""A template is a text of the vendor's that tells the parties where an order stands."""

import sqlalchemy as sa

from entrepot.catalog.product import PRODUCT
from entrepot.catalog.publication import kept, seen
from entrepot.kernel.access import Who
from entrepot.kernel.field import audited, enum, flag, ref, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun

LIFE = Machine(initial="Active", final="Deleted", moves=(move("delete", "Active", "Deleted", "vendor"),))
"""Known to the platform alone: on the wire a deleted template is just gone."""


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """The product's vendor and operations; clients read it rendered, and by name in references."""
    if who.actor == "client":
        return sa.false()
    return sa.and_(kept(row, who), seen(PRODUCT, row.c.product_id, who))


TEMPLATE = Noun(
    name="Template",
    path="catalog/products/{product}/templates",
    table_name="templates",
    ids=Ids("TPL", 3, child_of="product"),
    owner="product",
    life=LIFE,
    sees=sees,
    fields=(
        text("name", longest=500, required=True, core=True, writes="vendor"),
        enum(
            "type",
            "OrderProcessing OrderQuerying OrderCompleted OrderTerminated RequestProcessing Subscription Asset",
            writes="vendor:create",
        ),
        flag("default", column="is_default", default=False, writes="vendor"),
        text("content", longest=100_000, required=True, writes="vendor"),
        ref("product", "catalog/products"),
        enum("status", " ".join(LIFE.states), sees="kernel", default="Active", filterable=False),
        *audited("created", "updated"),
    ),
)
