"""An item is what can be ordered of a product: a licence for a term, or something bought once."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from entrepot.accounts.dealings import vendor_unseen
from entrepot.catalog import seat_rules
from entrepot.catalog.parameter import is_hidden
from entrepot.catalog.parameter_value import Definition, display
from entrepot.catalog.product import PRODUCT
from entrepot.catalog.publication import EVENTS, LIFE, kept, seen
from entrepot.kernel.access import Who
from entrepot.kernel.field import audited, bag, computed, document, enum, externals, flag, ref, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing
from entrepot.kernel.wire import Json, decode


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Whoever sees the product; a client what is published or was."""
    return sa.and_(kept(row, who, "Published", "Unpublished"), seen(PRODUCT, row.c.product_id, who))


def dressed(bag: Iterable[dict[str, object]], definitions: Iterable[Definition], actor: str) -> list[dict[str, object]]:
    """Values with the names of their parameters; hidden ones do not exist for the client."""
    by_id: dict[object, Definition] = {each.id: each for each in definitions}
    shown: list[dict[str, object]] = []
    for each in bag:
        parameter = by_id.get(each.get("id"))
        if parameter is None or (actor == "client" and is_hidden(parameter)):
            continue
        value = each.get("value")
        given = {
            "id": parameter.id,
            "externalId": parameter.external_id,
            "name": parameter.name,
            "type": parameter.type,
            "value": value,
            "displayValue": display(parameter, value),
        }
        shown.append({name: what for name, what in given.items() if what is not None})
    return shown


def _every_value(value: object, who: object, nouns: object) -> sa.ColumnElement[bool]:
    return sa.true()  # nobody filters by them


SETTINGS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "minQuantity": {"type": ["integer", "null"], "minimum": 0},
        "maxQuantity": {"type": ["integer", "null"], "minimum": 0},
        "requires": {
            "type": "array",
            "items": {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]},
        },
        "decrease": {
            "type": "object",
            "properties": {
                "anyTime": {"type": "boolean"},
                "daysAfterStart": {"type": "integer", "minimum": 0},
                "daysBeforeEnd": {"type": "integer", "minimum": 0},
            },
        },
        "earlyTermination": {"type": "boolean"},
    },
    "examples": [{"minQuantity": 1, "maxQuantity": 300, "decrease": {"daysAfterStart": 7, "daysBeforeEnd": 30}}],
}
"""What its vendor declares about seats, read by `seat_rules`."""


def _seat_rules(item: Thing, *_: object) -> dict[str, object]:
    """What holds of its seats, with all that follows where the vendor declares nothing: nobody has to work it out."""
    settings: Any = item.now["settings"]
    settings = decode(settings) if isinstance(settings, Json) else settings
    return seat_rules.told(seat_rules.rules_of(settings, item.terms_commitment or item.terms_period))


SEAT_RULES = {
    "type": "object",
    "properties": SETTINGS["properties"] | {"increase": {"type": "object"}},
    "examples": [seat_rules.told(seat_rules.rules_of({"minQuantity": 1, "maxQuantity": 300}, "1y"))],
}

ITEM = Noun(
    name="Item",
    path="catalog/items",
    table_name="items",
    ids=Ids("ITM", 3, child_of="product"),
    life=LIFE,
    sees=sees,
    audience=("vendor_id",),
    fields=(
        text("name", longest=500, required=True, core=True, writes="vendor"),
        enum("status", " ".join(LIFE.states), core=True),
        text("description", longest=2000, writes="vendor"),
        # The vendor's number for it is how all parties call it; the ERP's stays with operations.
        text("externalIds.vendor", longest=500, required=True, core=True, writes="vendor"),
        *externals("operations"),
        ref("product", "catalog/products", required=True, writes="vendor:create"),
        ref("group", "catalog/products/{product}/item-groups", required=True, writes="vendor"),
        ref("unit", "catalog/units-of-measure", required=True, writes="vendor"),
        enum(
            "terms.model",
            "quantity usage one-time",
            default="quantity",
            core=True,
            writes="vendor:create,Draft",
        ),
        enum("terms.period", "1m 1y 3y one-time", required=True, core=True, writes="vendor:create,Draft"),
        enum("terms.commitment", "1m 1y 2y 3y 4y 5y", core=True, writes="vendor:create,Draft"),
        flag("quantityNotApplicable", default=False, writes="vendor"),
        document("settings", schema=SETTINGS, check=seat_rules.check, default={}, heavy=True, writes="vendor"),
        computed("seatRules", "settings terms_commitment terms_period", _seat_rules, schema=SEAT_RULES, heavy=True),
        bag(
            "parameters",
            target="catalog/products/{product}/parameters",
            declared_by="product",
            dress=dressed,
            covers=_every_value,
            heavy=True,
            filterable=False,
            writes="vendor",
        ),
        vendor_unseen(),
        *audited(*EVENTS),
    ),
)


def fill_texts(item: Thing) -> None:
    """A description that is not there is an empty one: the official command line insists on it (platform spec 12)."""
    if item.description is None:
        item.description = ""


def is_orderable(item: Thing) -> bool:
    """Only published items are ordered. Source: platform spec 2.14."""
    return item.status == "Published"


def is_one_time(item: Thing) -> bool:
    """Bought once it becomes an asset; for a term it becomes a subscription. Source: commerce spec 2.5."""
    return item.terms_period == "one-time"
