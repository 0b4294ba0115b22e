"""Items are drafted and changed by the product's vendor, and published by operations."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from entrepot.catalog import price_list_item
from entrepot.catalog.item import ITEM, fill_texts
from entrepot.catalog.item_group import ITEM_GROUP
from entrepot.catalog.parameter import PARAMETER, is_active
from entrepot.catalog.parameter_value import faults, is_empty
from entrepot.catalog.price_list import PRICE_LIST
from entrepot.catalog.price_list_item import PRICE_LIST_ITEM
from entrepot.catalog.unit_of_measure import UNIT_OF_MEASURE
from entrepot.kernel import plain
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Load
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, given

ONE_TIME = "one-time"


def _alike(row: sa.FromClause) -> sa.ColumnElement[bool]:
    return sa.and_(
        row.c.product_id == given("product_id"),
        row.c.external_ids_vendor == given("external_id"),
        row.c.status != "Deleted",
    )


DECLARED = {"definitions": Want(PARAMETER, lambda row: row.c.product_id == given("product_id"))}

BESIDE = {
    **DECLARED,
    "groups": Want(ITEM_GROUP, lambda row: row.c.id == given("group_id")),
    "units": Want(UNIT_OF_MEASURE, lambda row: row.c.id == given("unit_id")),
    "alike": Want(ITEM, _alike),
}

PRICED = {
    **DECLARED,
    "price_lists": Want(
        PRICE_LIST, lambda row: sa.and_(row.c.product_id == given("product_id"), row.c.status != "Deleted")
    ),
    "entries": Want(PRICE_LIST_ITEM, lambda row: row.c.item_id == given("item_id")),
}


async def beside(load: Load, call: Call, item: Thing | None, body: Body) -> Got:
    """Where it is to belong, what is called the same already, and which values it may have."""
    product_id = str(item.product_id) if item is not None else _text(body, "product", "id")
    named = _text(body, "externalIds", "vendor") or (item is not None and item.external_ids_vendor) or ""
    group_id, unit_id = (_text(body, name, "id") for name in ("group", "unit"))
    got = await load(BESIDE, product_id=product_id, group_id=group_id, unit_id=unit_id, external_id=named)
    return _declared(call, product_id, got)


async def priced(load: Load, call: Call, item: Thing, body: Body) -> Got:
    """The price lists of its product, where it stands on them already, and which values it must have."""
    got = await load(PRICED, product_id=item.product_id, item_id=item.id)
    return _declared(call, str(item.product_id), got)


def _declared(call: Call, product_id: str, got: Got) -> Got:
    """What the product declares of its items, as it is now: whoever drafts a product sees at once what it drafted."""
    call.known.definitions[PARAMETER.path, product_id] = got.definitions
    got.definitions = [each for each in got.definitions if each.scope == "Item" and is_active(each)]
    return got


def _text(body: Body, name: str, within: str) -> str:
    """A text within an object of the body; what is wrong with it is told where it is written."""
    inner = body.get(name)
    found = Body(inner).get(within) if isinstance(inner, dict) else None
    return found if isinstance(found, str) and "\0" not in found else ""


# Verbs, in the order of life ---------------------------------------------------------------------------


def create(call: Call, _: None, body: Body, got: Got) -> Thing:
    """Something that can be ordered begins as a draft of the product's vendor."""
    item = plain.begin(call, ITEM, body, vendor_id=call.caller.account_id)
    _settle(call, item, body, got)
    return item


def update(call: Call, item: Thing, body: Body, got: Got) -> None:
    """What is given is written. How it is paid for is open only as long as it is a draft."""
    plain.write(call, item, body)
    _settle(call, item, body, got)


def review(call: Call, item: Thing, body: Body, got: Got) -> None:
    """It is handed in, and can be priced from now on: it stands on every price list of its product."""
    call.move(item, "review")
    _require_values(call, item, got)
    _stand_on_lists(call, item, got)


def publish(call: Call, item: Thing, body: Body, got: Got) -> None:
    """It may be ordered from now on. Operations may tell their own number of it with it (platform spec 2.2)."""
    plain.write(call, item, body)
    call.move(item, "publish")
    _stand_on_lists(call, item, got)


def unpublish(call: Call, item: Thing, body: Body, got: None) -> None:
    """It is ordered no more; what is held of it goes on."""
    call.move(item, "unpublish")


# Rules -------------------------------------------------------------------------------------------------


def _settle(call: Call, item: Thing, body: Body, got: Got) -> None:
    fill_texts(item)
    _require_terms(call, item, body)
    for group in got.groups:
        if group.id == item.group_id and item.product_id not in (None, group.product_id):
            call.fault(body.path("group.id"), f"ItemGroup {group.id!r} was not found.")
    for each in (*got.groups, *got.units):
        if each.id in (item.group_id, item.unit_id):
            call.rely(each)  # it may be deleted meanwhile
    for other in got.alike:
        if other.id != item.id and _called(other) == _called(item):
            words = f"Item {other.id} of this product is called so already, on the same terms."
            call.fault(body.path("externalIds.vendor"), words)
    _write_values(call, item, body, got)


def _called(item: Thing) -> tuple[object, ...]:
    """What tells an item from others of its product: one number of the vendor's may be had on several terms."""
    return item.external_ids_vendor, item.terms_period, item.terms_commitment


def _require_terms(call: Call, item: Thing, body: Body) -> None:
    """What is bought once is paid once, and commits to nothing. Source: platform spec 2.2."""
    once = item.terms_model == ONE_TIME
    if item.terms_period is not None and once != (item.terms_period == ONE_TIME):
        call.fault(body.path("terms.period"), f"The period {ONE_TIME} and the model {ONE_TIME} come together.")
    if once and item.terms_commitment is not None:
        call.fault(body.path("terms.commitment"), "What is bought once has no commitment.")


def _write_values(call: Call, item: Thing, body: Body, got: Got) -> None:
    """Values of parameters are merged into those that are there; an empty one takes its parameter away."""
    values = {str(each["id"]): each for each in item.parameters}
    for entry in body.objects(call, "parameters") or ():
        definition = _named(entry, got)
        if definition is None:
            named = entry.get("id") or entry.get("externalId")
            call.fault(entry.path("id"), f"Parameter {str(named)[:80]!r} was not found among those of items.")
            continue
        value = entry.get("value")
        for words in faults(definition, value):
            call.fault(entry.path("value"), words)
        values.pop(str(definition.id), None)
        if not is_empty(value):
            values[str(definition.id)] = {"id": definition.id, "value": value}
    if list(values.values()) != item.parameters:
        item.parameters = list(values.values())


def _named(entry: Body, got: Got) -> Any:
    """The definition that an entry names by its id, or else by its external id."""
    column = "id" if entry.get("id") is not None else "external_id"
    name = entry.get("id") if column == "id" else entry.get("externalId")
    return next((each for each in got.definitions if name is not None and each.now[column] == name), None)


def _require_values(call: Call, item: Thing, got: Got) -> None:
    """What its vendor declared as required of items must be there when one is handed in."""
    there = {each["id"] for each in item.parameters}
    for each in got.definitions:
        if (each.constraints or {}).get("required") is True and each.id not in there:
            call.fault("parameters", f"A value is required for {each.name}.")


def _stand_on_lists(call: Call, item: Thing, got: Got) -> None:
    """An entry without a price on each list of the product where it has none. Source: platform spec 2.2."""
    missing = list(_lists_without(got))
    call.ahead(PRICE_LIST_ITEM, {str(prices.id): 1 for prices in missing})
    for prices in missing:
        price_list_item.begin(call, prices, item)


def _lists_without(got: Got) -> Iterator[Thing]:
    there = {each.price_list_id for each in got.entries}
    return (each for each in got.price_lists if each.id not in there)
