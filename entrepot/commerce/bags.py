"""Parameters as fields: two lists on orders and agreements, one on subscriptions and assets."""

from typing import Any

import sqlalchemy as sa

from entrepot.commerce import parameters
from entrepot.kernel.access import Who
from entrepot.kernel.field import Field, bag
from entrepot.kernel.noun import Nouns

DEFINITIONS = "catalog/products/{product}/parameters"


def parameter_bag(phase: str) -> Field:
    """One list of parameters; hidden ones do not exist for the client, in filters either."""
    return bag(
        f"parameters.{phase}",
        column=phase,
        target=DEFINITIONS,
        declared_by="product",
        dress=parameters.wire,
        covers=not_hidden,
        heavy=True,
    )


def not_hidden(element: sa.ColumnElement[Any], who: Who, nouns: Nouns) -> sa.ColumnElement[bool]:
    """The instance's own word about being hidden goes before its definition's."""
    if who.actor != "client":
        return sa.true()
    definition = nouns[DEFINITIONS].table.alias()
    general = (
        sa.select(_hidden(definition.c.constraints))
        .where(definition.c.id == element.op("->>")(sa.literal_column("'id'")))
        .scalar_subquery()
    )
    own = _hidden(element.op("->")(sa.literal_column("'constraints'")))
    return sa.func.coalesce(own, general, sa.literal_column("'false'")) != sa.literal_column("'true'")


def _hidden(constraints: Any) -> sa.ColumnElement[Any]:
    return constraints.op("->>")(sa.literal_column("'hidden'"))
