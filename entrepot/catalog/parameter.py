"""A parameter is a question that a product asks of whoever orders it, or a fact that its vendor tells.

What one value of it must look like stands in `parameter_value.py`.
"""

import sqlalchemy as sa

from entrepot.accounts.dealings import vendor_unseen
from entrepot.catalog.parameter_value import Definition
from entrepot.catalog.product import PRODUCT
from entrepot.catalog.publication import seen
from entrepot.kernel.access import Who
from entrepot.kernel.field import audited, document, enum, flag, integer, ref, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing

LIFE = Machine(initial="Active", final="Deleted", moves=(move("delete", "Active", "Deleted", "vendor"),))
"""Deleted ones stay readable by id, as old orders still hold their values. Source: platform spec 2.5."""


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Whoever sees the product; a client only what it may be asked: nothing hidden, nothing of fulfilment."""
    whose = seen(PRODUCT, row.c.product_id, who)
    if who.actor != "client":
        return whose
    hidden = row.c.constraints.op("->>")(sa.literal_column("'hidden'"))
    return sa.and_(
        whose,
        row.c.status == "Active",
        row.c.phase != "Fulfillment",
        hidden.is_distinct_from(sa.literal_column("'true'")),
    )


def listed(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Lists give what is in use."""
    return row.c.status == "Active"


PARAMETER = Noun(
    name="Parameter",
    path="catalog/products/{product}/parameters",
    table_name="parameters",
    ids=Ids("PAR", 3, child_of="product"),
    owner="product",
    life=LIFE,
    sees=sees,
    audience=("vendor_id",),
    listed=listed,
    fields=(
        text("name", longest=500, required=True, core=True, writes="vendor"),
        enum("status", " ".join(LIFE.states), core=True),
        text("description", longest=2000, required=True, writes="vendor"),
        text("externalId", writes="vendor"),
        enum(
            "scope",
            "Agreement Asset Item Order Request Subscription",
            required=True,
            writes="vendor:create",
        ),
        enum("phase", "Configuration Order Fulfillment", required=True, writes="vendor:create"),
        enum(
            "context",
            "None Purchase Change Configuration Termination",
            default="None",
            writes="vendor:create",
        ),
        enum(
            "type",
            "SingleLineText MultiLineText Address Contact Checkbox Choice Subdomain Heading DropDown Email "
            "DataObject Date DateAndTime Collection",
            required=True,
            writes="vendor:create",
        ),
        flag("multiple", default=False, writes="vendor:create"),
        document("constraints", schema={"type": "object"}, required=True, default={}, writes="vendor"),
        document("options", schema={"type": "object"}, default={}, writes="vendor"),
        integer("displayOrder", least=0, required=True, writes="vendor"),
        ref("group", "catalog/products/{product}/parameter-groups", writes="vendor"),
        ref("product", "catalog/products"),
        vendor_unseen(),
        *audited("created", "updated"),
    ),
)


def is_active(parameter: Thing) -> bool:
    """Whether new orders still ask it."""
    return parameter.status == "Active"


def is_hidden(parameter: Definition) -> bool:
    """Whether clients are kept from it, unless an order says otherwise."""
    return (parameter.constraints or {}).get("hidden") is True
