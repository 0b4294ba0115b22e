"""What a caller may name in a filter or an order: the fields they see, and through references no more than that."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from entrepot.kernel.access import Who
from entrepot.kernel.field import Field
from entrepot.kernel.noun import Noun, Nouns
from entrepot.kernel.rql.compile import (
    Many,
    Reference,
    Scalar,
    Target,
    compile_filter,
    compile_order,
)
from entrepot.kernel.rql.fault import RqlFault
from entrepot.kernel.rql.node import shape, values
from entrepot.kernel.rql.query import Query

REQUIRED = frozenset(("id", "revision", "status"))
STEPS_MAX = 32
"""References and collections that one query may follow: each is a look into another table."""


class Steps:
    """How many a query has left."""

    def __init__(self) -> None:
        self.left = STEPS_MAX

    def take(self, name: str) -> None:
        """One more. Raises RqlFault when there were too many."""
        self.left -= 1
        if self.left < 0:
            raise RqlFault(name, f"At most {STEPS_MAX} references and collections may be followed in one query.")


class NounScope:
    """The fields of one noun, as rows of a table in the statement."""

    def __init__(
        self,
        nouns: Nouns,
        noun: Noun,
        row: sa.FromClause,
        who: Who,
        words: frozenset[str],
        *,
        guard: bool = False,
        steps: Steps | None = None,
    ):
        self.nouns, self.noun, self.row, self.who = nouns, noun, row, who
        self.words, self.guard = words, guard
        self.steps = steps or Steps()

    def resolve(self, path: tuple[str, ...]) -> Target | None:
        """The field with that path; None for one that is unknown or that the caller does not see."""
        names = tuple(name.lower() for name in path)
        for length in range(len(names), 0, -1):
            each = self.noun.in_filters.get(".".join(names[:length]))
            if each is not None and self.who.actor in each.sees and not each.secret:
                return self._guarded(each, self._field(each, names[length:]))
        return None

    def _guarded(self, each: Field, found: Target | None) -> Target | None:
        """Where only core fields may be reached, others are null on things that the caller does not see."""
        if not self.guard or each.core or not isinstance(found, Scalar):
            return found
        shown = sa.case((self.noun.sees(self.row, self.who), found.sql))
        return Scalar(shown, found.kind, True, found.members)

    def _field(self, each: Field, rest: tuple[str, ...]) -> Target | None:
        if each.via:
            return self._reference(self.noun.field(each.via), (*each.lowered, *rest), as_own=True)
        match each.kind:
            case "ref":
                return self._reference(each, rest)
            case "part":
                return self._many(each, rest, self._part_join(each))
            case "refs":
                return self._many(each, rest, self._link_join(each))
            case "bag" if each.filterable:
                return self._bag(each) if not rest else None
            case "sought":
                assert each.seeks is not None
                return Scalar(each.seeks(self.row), "text", False) if not rest else None
            case "computed" | "counted":
                return None
        if not each.filterable:
            return Scalar(self.row.c[each.column], "json", True)
        if rest:
            return None
        return Scalar(
            self.row.c[each.column],
            each.kind,  # pyright: ignore[reportArgumentType]
            each.name not in REQUIRED and not each.required,
            each.members,
        )

    # Through a reference ---------------------------------------------------------------------

    def _reference(self, each: Field, rest: tuple[str, ...], *, as_own: bool = False) -> Target | None:
        """Core fields of the target are reached freely; others only where the caller sees the target itself."""
        column = self.row.c[each.column]
        if not rest:
            return Reference(column)
        if rest == ("id",):
            return Scalar(column, "id", True)
        self.steps.take(each.name)
        noun = self.nouns[each.target]
        target = noun.table.alias()
        found = NounScope(self.nouns, noun, target, self.who, self.words, steps=self.steps).resolve(rest)
        if found is None:
            return None
        join = target.c.id == column
        if each.also:
            join &= target.c[each.also] == self.row.c[each.also]
        if not as_own and not self._is_core(noun, rest):
            join &= noun.sees(target, self.who)
        return _through(found, target, join)

    def _is_core(self, noun: Noun, rest: tuple[str, ...]) -> bool:
        named = noun.by_name.get(".".join(rest))
        return named is not None and named.core

    # Collections -----------------------------------------------------------------------------

    def _part_join(self, each: Field) -> Callable[[sa.FromClause], sa.ColumnElement[bool]]:
        def join(child: sa.FromClause) -> sa.ColumnElement[bool]:
            found = child.c[each.by] == self.row.c.id
            if each.also:
                found &= child.c[each.also] == self.row.c[each.also]
            return found & self.nouns[each.target].sees(child, self.who) if each.screened else found

        return join

    def _link_join(self, each: Field) -> Callable[[sa.FromClause], sa.ColumnElement[bool]]:
        link = self.noun.link(each).alias()

        def join(target: sa.FromClause) -> sa.ColumnElement[bool]:
            linked = sa.select(link.c.target_id).where(link.c.owner_id == self.row.c.id)
            # It is two selects away: left to itself SQLAlchemy would look among the links of every owner.
            return target.c.id.in_(linked.correlate(self.row))

        return join

    def _many(
        self,
        each: Field,
        rest: tuple[str, ...],
        join: Callable[[sa.FromClause], sa.ColumnElement[bool]],
    ) -> Target | None:
        if rest:
            return None
        self.steps.take(each.name)
        noun = self.nouns[each.target]
        child = noun.table.alias()

        def exists(fits: Any) -> Any:
            found = sa.select(sa.literal_column("1")).select_from(child).where(join(child))
            return sa.exists(found if fits is None else found.where(fits))

        guard = each.kind == "refs"
        scope = NounScope(self.nouns, noun, child, self.who, self.words, guard=guard, steps=self.steps)
        return Many(scope, exists)

    def _bag(self, each: Field) -> Many:
        element = sa.func.jsonb_array_elements(self.row.c[each.column]).table_valued("value").alias()
        covers = each.covers

        def exists(fits: Any) -> Any:
            found = sa.select(sa.literal_column("1")).select_from(element)
            if covers is not None:
                found = found.where(covers(element.c.value, self.who, self.nouns))
            return sa.exists(found if fits is None else found.where(fits))

        return Many(BagScope(element.c.value, self.words), exists)


BAG_KEYS = {"id": "id", "externalid": "externalId", "value": "value", "displayvalue": "displayValue"}


@dataclass(frozen=True)
class BagScope:
    """One value of a bag: what is kept of it, without its definition."""

    element: sa.ColumnElement[Any]
    words: frozenset[str]

    def resolve(self, path: tuple[str, ...]) -> Target | None:
        """Its id, external id, value and the flat text that is made for filtering."""
        names = tuple(name.lower() for name in path)
        key = BAG_KEYS.get(names[0]) if len(names) == 1 else None
        if key is not None:
            return Scalar(_text_of(self.element, key), "text", True)
        if names in (("error", "id"), ("error", "message")):
            inner = self.element.op("->")(sa.literal_column("'error'"))
            return Scalar(_text_of(inner, names[-1]), "text", True)
        return None


def _text_of(element: sa.ColumnElement[Any], key: str) -> sa.ColumnElement[Any]:
    return sa.cast(element.op("->>")(sa.literal_column(f"'{key}'")), sa.Text())


def _through(found: Target, target: sa.FromClause, join: sa.ColumnElement[bool]) -> Target:
    """What was found on the other side of a reference, as an expression on this side."""
    if isinstance(found, Many):
        inner = found.exists

        def exists(fits: Any) -> Any:
            return sa.exists(sa.select(sa.literal_column("1")).select_from(target).where(join).where(inner(fits)))

        return Many(found.element, exists)
    expression = sa.select(found.sql).select_from(target).where(join).scalar_subquery()
    if isinstance(found, Reference):
        return Reference(expression)

    def holds(fits: Callable[[Any], Any]) -> Any:
        there = sa.select(sa.literal_column("1")).select_from(target).where(join, found.narrowed(fits))
        return there.correlate_except(target).exists()

    return Scalar(expression, found.kind, True, found.members, holds)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A filter and an order, ready for a statement: `compose` runs once per `key`."""

    key: object
    given: Mapping[str, object]
    compose: Callable[[], tuple[list[Any], list[Any]]]


class Filters:
    """Turns the filter and order of a query into conditions, compiled once per shape and kind of caller."""

    def __init__(self, nouns: Nouns):
        self._nouns = nouns
        words: set[str] = set()
        for noun in nouns:
            for each in noun.in_filters.values():
                words.add(each.path[0].lower())
                words.update(member.lower() for member in each.members)
        self._words = frozenset(words)
        self._compiled: dict[object, Any] = {}

    def prepare(self, noun: Noun, who: Who, query: Query) -> Prepared:
        """Raises RqlFault for what the caller cannot ask."""
        row = noun.row
        key = (noun.path, who, shape(query.filter, self._words) if query.filter else None, query.order)
        kept = self._compiled.get(key)
        if kept is None:
            scope = NounScope(self._nouns, noun, row, who, self._words)
            condition = compile_filter(query.filter, scope) if query.filter else None
            order = self._order(noun, row, query, scope)
            if len(self._compiled) >= 2000:
                self._compiled.clear()
            kept = self._compiled[key] = (condition, order)
        condition, order = kept
        given = condition.bind(values(query.filter)) if condition and query.filter else {}

        def compose() -> tuple[list[Any], list[Any]]:
            return ([condition.where] if condition else []), order

        return Prepared(key, given, compose)

    def _order(self, noun: Noun, row: sa.FromClause, query: Query, scope: NounScope) -> list[Any]:
        """Always ends with the id, so that pages never overlap."""
        keys: list[Any] = []
        descending = False
        if query.order:
            for scalar, descends in compile_order(query.order, scope):
                keys.append(scalar.sql.desc() if descends else scalar.sql.asc())
                descending = descends
        else:
            descending = noun.order.startswith("-")
            column = noun.by_name.get(noun.order.removeprefix("-").lower())
            if column is not None and column.name != "id":
                key = row.c[column.column]
                keys.append(key.desc() if descending else key.asc())
        keys.append(row.c.id.desc() if descending else row.c.id.asc())
        if noun.shared:
            keys.append(row.c[noun.owner_column].asc())
        return keys
