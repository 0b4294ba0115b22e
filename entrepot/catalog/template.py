"""A template is a text of the vendor's that tells the parties where an order stands."""

import sqlalchemy as sa

from entrepot.accounts.dealings import vendor_unseen
from entrepot.catalog import default
from entrepot.catalog.product import PRODUCT
from entrepot.catalog.publication import kept, seen
from entrepot.kernel import plain
from entrepot.kernel.access import Who
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call, Got
from entrepot.kernel.field import audited, enum, flag, ref, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing

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
    audience=("vendor_id",),
    fields=(
        text("name", longest=500, required=True, core=True, writes="vendor"),
        enum(
            "type",
            "OrderProcessing OrderQuerying OrderCompleted OrderTerminated RequestProcessing Subscription Asset",
            required=True,
            writes="vendor:create",
        ),
        flag("default", column="is_default", default=False, writes="vendor"),
        text("content", longest=100_000, required=True, writes="vendor"),
        ref("product", "catalog/products"),
        vendor_unseen(),
        enum("status", " ".join(LIFE.states), sees="kernel", default="Active", filterable=False),
        *audited("created", "updated"),
    ),
)

BEGINNING = {
    "OrderProcessing": "Your order is being processed.",
    "OrderQuerying": "We have a question about your order.",
    "OrderCompleted": "Your order is complete.",
    "OrderTerminated": "Your order has been terminated.",
}
"""The texts with which every product begins, one for each state of an order. Source: platform spec 2.1."""


def begin_with(call: Call, product: Thing) -> None:
    """A new product has a default text for each state of an order, for its vendor to write anew."""
    for kind, content in BEGINNING.items():
        call.new(
            TEMPLATE,
            product_id=product.id,
            vendor_id=product.vendor_id,
            status="Active",
            name=f"Default {kind}",
            type=kind,
            is_default=True,
            content=content,
        )


def create(call: Call, _: None, body: Body, got: Got) -> Thing:
    """A text begins. As the default of its type it takes over from the one before it."""
    template = plain.begin(call, TEMPLATE, body, vendor_id=call.caller.account_id)
    default.settle(call, template, body, got, among="type")
    return template


def update(call: Call, template: Thing, body: Body, got: Got) -> None:
    """What is given is written. Made the default of its type it takes over from the one before it."""
    plain.write(call, template, body)
    default.settle(call, template, body, got, among="type")


def delete(call: Call, template: Thing, body: None, got: None) -> None:
    """It is gone for new choices, unless it is the default of its type; what shows it goes on showing it."""
    default.require_other(template)
    call.move(template, "delete")
