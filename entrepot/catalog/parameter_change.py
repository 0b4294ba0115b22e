"""Parameters are declared by the product's vendor: who is asked, when, for what, and within which limits."""

import sqlalchemy as sa

from entrepot.catalog import parameter_options
from entrepot.catalog.parameter import PARAMETER, is_active
from entrepot.catalog.parameter_group import PARAMETER_GROUP
from entrepot.kernel import plain
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Load
from entrepot.kernel.errors import Conflict
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, given

UNGROUPED = ("Item", "Request")
"""Scopes that no step of the ordering wizard asks for."""


def _alike(row: sa.FromClause) -> sa.ColumnElement[bool]:
    return sa.and_(
        row.c.product_id == given("product_id"), row.c.external_id == given("external_id"), row.c.status == "Active"
    )


BESIDE = {
    "groups": Want(PARAMETER_GROUP, lambda row: row.c.id == given("group_id")),
    "alike": Want(PARAMETER, _alike),
}


async def beside(load: Load, call: Call, parameter: Thing | None, body: Body) -> Got:
    """The step in which it is asked, and what is called the same already."""
    group = body.get("group")
    group_id, named = Body(group).get("id") if isinstance(group, dict) else None, body.get("externalId")
    return await load(BESIDE, product_id=call.owner_id, group_id=_text(group_id), external_id=_text(named))


def _text(said: object) -> str:
    """A text to look for; what is wrong with it is told where it is written."""
    return said if isinstance(said, str) and "\0" not in said else ""


def create(call: Call, _: None, body: Body, got: Got) -> Thing:
    """The product asks it, or tells it, from now on; what was ordered before does not know of it."""
    parameter = plain.begin(call, PARAMETER, body, vendor_id=call.caller.account_id)
    _settle(call, parameter, body, got)
    return parameter


def update(call: Call, parameter: Thing, body: Body, got: Got) -> None:
    """What is given is written; `options` and `constraints` as a whole.

    Scope, phase, context and type are said once, when it is declared: values that were given keep their sense.
    """
    if not is_active(parameter):
        raise Conflict(f"Parameter {parameter.id} is deleted.")
    plain.write(call, parameter, body)
    _settle(call, parameter, body, got)


def delete(call: Call, parameter: Thing, body: None, got: None) -> None:
    """It is asked no more. What was answered stays with the orders and agreements that hold it, and can be read there.

    By its id it is still found, as Deleted (platform spec 2.5).
    """
    call.move(parameter, "delete")


def _settle(call: Call, parameter: Thing, body: Body, got: Got) -> None:
    asked = parameter.scope == "Order" and parameter.phase == "Order"
    if parameter.context != "None" and not asked:
        call.fault(body.path("context"), "Only a parameter of orders, asked when they are made, has a context.")
    for group in got.groups:
        if group.id == parameter.group_id and group.product_id != parameter.product_id:
            call.fault(body.path("group.id"), f"ParameterGroup {group.id!r} was not found.")
        elif group.id == parameter.group_id:
            call.rely(group)  # it may be deleted meanwhile
    ungrouped = parameter.group_id is None and not any(path.startswith(body.path("group")) for path in call.faults)
    if ungrouped and parameter.phase == "Order" and parameter.scope not in UNGROUPED:
        call.missing(body.path("group"))
    for other in got.alike:
        if other.id != parameter.id and other.external_id == parameter.external_id:
            call.fault(body.path("externalId"), f"Parameter {other.id} of this product is called so already.")
    parameter_options.write(call, parameter, body)
