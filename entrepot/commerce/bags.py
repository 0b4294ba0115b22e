"""Parameters as fields: two lists on orders and agreements, one on subscriptions and assets."""

from typing import Any

import sqlalchemy as sa

from entrepot.commerce import parameters
from entrepot.kernel.access import Who
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call, Got
from entrepot.kernel.field import Field, bag
from entrepot.kernel.noun import Nouns
from entrepot.kernel.thing import Thing

DEFINITIONS = "catalog/products/{product}/parameters"

PARAMETER = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "examples": ["PAR-1234-5678-0001"]},
        "externalId": {"type": "string", "examples": ["company"]},
        "name": {"type": "string", "examples": ["Company"]},
        "type": {"type": "string", "examples": ["SingleLineText"]},
        "phase": {"type": "string", "examples": ["Order"]},
        "scope": {"type": "string", "examples": ["Agreement"]},
        "multiple": {"type": "boolean", "examples": [False]},
        "constraints": {
            "type": ["object", "null"],
            "properties": {
                "required": {"type": ["boolean", "null"]},
                "hidden": {"type": ["boolean", "null"]},
                "readonly": {"type": ["boolean", "null"]},
                "capacity": {
                    "type": ["object", "null"],
                    "properties": {"min": {"type": ["integer", "null"]}, "max": {"type": ["integer", "null"]}},
                },
            },
            "examples": [{"required": True, "hidden": False, "readonly": False}],
        },
        "error": {
            "type": ["object", "null"],
            "properties": {"id": {"type": ["string", "null"]}, "message": {"type": "string"}, "parameters": {}},
        },
        "value": {"examples": ["Northwind"]},
        "displayValue": {"type": "string", "examples": ["Northwind"]},
    },
}
"""What one value looks like: named by id or external id, with the rules that hold for it here (spec 2.6)."""


def parameter_bag(phase: str, *, writes: str = "") -> Field:
    """One list of parameters; hidden ones do not exist for the client, in filters either."""
    return bag(
        f"parameters.{phase}",
        column=phase,
        target=DEFINITIONS,
        declared_by="product",
        dress=parameters.wire,
        covers=not_hidden,
        heavy=True,
        schema=PARAMETER,
        writes=writes,
    )


def write_bag(call: Call, thing: Thing, body: Body, got: Got, phase: str) -> None:
    """Merges what the body gives for one list into that of the thing; faults leave it as it was."""
    inner = body.object(call, "parameters")
    if inner is None or inner.get(phase) is None:
        return
    written, faults = parameters.write(
        getattr(thing, phase), got.definitions, inner.get(phase), call.caller.actor, path=inner.path(phase)
    )
    for path, messages in faults.items():
        for words in messages:
            call.fault(path, words)
    if not faults:
        setattr(thing, phase, written)


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
