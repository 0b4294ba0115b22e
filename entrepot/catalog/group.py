"""Groups are the steps of the ordering wizard: items are chosen in some, questions answered in others."""

from collections.abc import Callable

import sqlalchemy as sa

from entrepot.accounts.dealings import count, vendor_unseen
from entrepot.catalog import default
from entrepot.catalog.product import PRODUCT
from entrepot.catalog.publication import kept, seen
from entrepot.kernel import plain
from entrepot.kernel.access import Who
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call, Got
from entrepot.kernel.errors import Conflict
from entrepot.kernel.field import Field, enum, flag, integer, ref, text
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun
from entrepot.kernel.resource import Verb
from entrepot.kernel.thing import Thing

LIFE = Machine(initial="Idle", final="Deleted", moves=(move("delete", "Idle", "Deleted", "vendor"),))
"""Known to the platform alone: on the wire a deleted group is just gone. Source: platform spec 2.3, 2.4."""


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Whoever sees the product."""
    return sa.and_(kept(row, who), seen(PRODUCT, row.c.product_id, who))


def described() -> tuple[Field, ...]:
    """What every group says of itself."""
    return (
        text("name", longest=500, required=True, core=True, writes="vendor"),
        text("label", longest=500, required=True, writes="vendor"),
        text("description", longest=2000, writes="vendor"),
        integer("displayOrder", least=0, default=0, writes="vendor"),
        flag("default", column="is_default", default=False, writes="vendor"),
    )


def belonging() -> tuple[Field, ...]:
    """Whose it is, and its life."""
    return (
        ref("product", "catalog/products"),
        vendor_unseen(),
        enum("status", " ".join(LIFE.states), sees="kernel", default="Idle", filterable=False),
    )


def held(noun: Noun, *states: str) -> Callable[..., sa.ScalarSelect[int]]:
    """The number of things in a group, of those that the caller sees, in one of the states if any are named."""

    def counts(row: sa.FromClause, who: Who) -> sa.ScalarSelect[int]:
        each = noun.table.alias()
        within = [each.c.status.in_([sa.literal_column(f"'{state}'") for state in states])] if states else []
        return count(each, each.c.group_id == row.c.id, noun.sees(each, who), *within)

    return counts


def create(noun: Noun) -> Verb:
    """The verb that makes a group of a product."""

    def run(call: Call, _: None, body: Body, got: Got) -> Thing:
        """A step of the wizard begins. As the default it takes over from the one before it."""
        group = plain.begin(call, noun, body, vendor_id=call.caller.account_id)
        default.settle(call, group, body, got)
        return group

    return run


def update(call: Call, group: Thing, body: Body, got: Got) -> None:
    """What is given is written. Made the default it takes over from the one before it."""
    plain.write(call, group, body)
    default.settle(call, group, body, got)


def delete(call: Call, group: Thing, body: None, got: None) -> None:
    """An empty group that is not the default is gone."""
    default.require_other(group)
    if group.held:
        raise Conflict(f"{group.noun.name} {group.id} is not empty.")
    call.move(group, "delete")
