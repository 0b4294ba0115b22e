"""A line of a basket asks for so many units of one item, from some day on."""

from typing import Any

import sqlalchemy as sa

from entrepot.accounts.dealings import exists
from entrepot.commerce.party import SALE
from entrepot.kernel.access import Who
from entrepot.kernel.body import ABSENT, Body, convert
from entrepot.kernel.call import Call, Got
from entrepot.kernel.field import document, enum, integer, moment, number, ref, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing

LINES_MAX = 200

STATES = ("Submitted", "Processing", "PendingManual", "Completed", "Failed", "Cancelled")
"""How far a line has come. It has no life of its own: it follows its basket, then the order that it became part of."""

ORDERING = {
    "type": "array",
    "items": {"type": "object", "properties": {"id": {}, "externalId": {}, "value": {}}},
    "examples": [[{"externalId": "company", "value": "Northwind"}]],
}
"""Answers to the questions of the line's product, as an order takes them (spec 2.6)."""

BASKETS = sa.table("baskets", *(sa.column(name, sa.Text()) for name in ("id", "client_id", "buyer_id")))


def buyers_own(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """A client sees its own, within its reach; operations all. Vendors see the orders that come of it, not the rest."""
    if who.actor == "client":
        return sa.and_(row.c.client_id == who.account, who.reach(row.c.buyer_id))
    return sa.true() if who.actor in ("operations", "kernel") else sa.false()


def of_visible_basket(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """A line is seen by whoever sees its basket."""
    basket = BASKETS.alias()
    return exists(basket, basket.c.id == row.c.basket_id, buyers_own(basket, who))


BASKET_LINE = Noun(
    name="BasketLine",
    path="commerce/baskets/{basket}/lines",
    table_name="basket_lines",
    ids=Ids("BSL", 4, child_of="basket"),
    owner="basket",
    shared=True,
    trailed=False,
    sees=of_visible_basket,
    order="id",
    fields=(
        ref("basket", "commerce/baskets"),
        integer("number", least=1),
        ref("item", "catalog/items", required=True),
        integer("quantity", least=1, required=True),
        moment("startDate"),
        integer("parentNumber", least=1),
        ref("parentSubscription", "commerce/subscriptions"),
        document("parameters.ordering", schema=ORDERING),
        text("price.currency", longest=3),
        *(number(f"price.{name}", sees=SALE) for name in ("unitSP", "SPx1", "SPxM", "SPxY")),
        enum("status", " ".join(STATES), default="Submitted"),
        text("reason", longest=4000),
        ref("order", "commerce/orders"),
        ref("subscription", "commerce/subscriptions"),
    ),
)

WRITTEN = ("quantity", "startDate", "parentNumber", "parameters.ordering")
PRICES = ("price_currency", "price_unit_sp", "price_spx1", "price_spx_m", "price_spx_y")
"""What a line is sold for, as its order line says."""


def write(call: Call, basket: Thing, body: Body, got: Got) -> None:
    """The whole set of lines, as the body gives it: what is left out is removed.

    An entry is about the line whose `id` or `number` it gives; any other is new, and numbered on.
    """
    entries = body.objects(call, "lines")
    if entries is None:
        return
    if len(entries) > LINES_MAX:
        call.fault(body.path("lines"), f"At most {LINES_MAX} lines are allowed.")
        return
    here = {int(line.number): line for line in basket.lines}
    by_id = {str(line.id): line for line in basket.lines}
    asked = [_number(call, entry) for entry in entries]
    free = max((*here, *(each for each in asked if each is not None)), default=0)
    kept: dict[int, Thing] = {}
    for entry, place in zip(entries, asked, strict=True):
        line_id = entry.get("id")
        line = by_id.get(line_id) if isinstance(line_id, str) else None
        if line_id is not None and line is None:
            call.fault(entry.path("id"), f"Line {str(line_id)[:80]!r} was not found in this basket.")
            continue
        if line is not None:
            place = int(line.number)
        elif place is None:
            place = free = free + 1
        if place in kept:
            call.fault(entry.path("number"), f"Line {place} is given twice.")
            continue
        kept[place] = line = here.get(place) or _begin(call, basket, place)
        _write(call, line, entry, got)
    for place, line in here.items():
        if place not in kept:
            call.erase(line)
    basket.parts["lines"] = list(kept.values())


def _number(call: Call, entry: Body) -> int | None:
    given: Any = convert(call, BASKET_LINE.field("number"), entry.path("number"), entry.get("number"))
    if given is not None and given > 9999:
        call.fault(entry.path("number"), "At most 9999 is allowed.")
        return None
    return given


def _begin(call: Call, basket: Thing, place: int) -> Thing:
    assert BASKET_LINE.ids is not None
    line_id = BASKET_LINE.ids.child(str(basket.id), place)
    return call.new(BASKET_LINE, id=line_id, basket_id=basket.id, number=place)


def _write(call: Call, line: Thing, entry: Body, got: Got) -> None:
    for name in WRITTEN:
        each = BASKET_LINE.field(name)
        value = entry.dig(call, each.path)
        if value is not ABSENT:
            line.now[each.column] = convert(call, each, entry.path(name), value)
        elif line.is_new and each.required:
            call.fault(entry.path(name), f"A {name} is required.")
    _write_reference(call, line, entry, "item", {str(each.id) for each in got.items})
    _write_reference(call, line, entry, "parentSubscription", {str(each.id) for each in got.bases})


def _write_reference(call: Call, line: Thing, entry: Body, name: str, known: set[str]) -> None:
    each = BASKET_LINE.field(name)
    if name not in entry and not (line.is_new and each.required):
        return
    target = entry.id_of(call, name)
    if target is None and each.required:
        if entry.get(name) is None:
            call.fault(entry.path(name), f"An {name} is required.")
    elif target is not None and target not in known:
        call.fault(entry.path(f"{name}.id"), f"{each.name} {target[:80]!r} was not found.")
    else:
        setattr(line, each.column, target)
