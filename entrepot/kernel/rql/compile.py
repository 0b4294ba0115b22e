"""A filter meets the properties that its asker may see, and becomes a condition in SQL.

Logic has two values: a null is not equal to a value, so `ne`, `out` and `not` keep rows whose property is
null. What narrows keeps its plainest form, `column = $1`, so that an index serves it.
"""

import typing
from collections.abc import Callable, Container
from dataclasses import dataclass
from typing import NoReturn, Protocol

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    DateTime,
    Integer,
    Numeric,
    Text,
    and_,
    any_,
    bindparam,
    case,
    collate,
    false,
    literal_column,
    not_,
    or_,
    true,
)
from sqlalchemy.sql.functions import coalesce
from sqlalchemy.types import TypeEngine

from .convert import (
    Converter,
    Kind,
    converter,
    list_converter,
    pattern_converter,
    rank_converter,
    unconvertible,
)
from .fault import RqlFault
from .node import (
    All,
    And,
    Any,
    Compare,
    In,
    Like,
    Literal,
    Node,
    Not,
    Null,
    Or,
    Path,
    Property,
    Quoted,
    Word,
    kept,
    kept_list,
    kept_word,
)
from .parse import NO_PATH

NOT_FILTERABLE = "Filtering is not permitted."
NOT_SORTABLE = "Ordering is not permitted."
NOT_NULLABLE = "Cannot compare non nullable property with null"

type Sql = ColumnElement[typing.Any]


@dataclass(frozen=True, slots=True)
class Scalar:
    """A property with a value of its own.

    `exists(fits)`: for one on the other side of a reference, the condition that there is such a thing and `fits` holds
    of its value. Like that the planner may begin on the other side, where an index is.
    """

    sql: Sql
    kind: Kind
    nullable: bool
    members: tuple[str, ...] = ()  # of an enum, in the order in which they compare
    exists: "Callable[[Callable[[Sql], Sql]], Sql] | None" = None

    def narrowed(self, fits: Callable[[Sql], Sql]) -> Sql:
        """A condition that does not hold of what has no value."""
        return fits(self.sql) if self.exists is None else self.exists(fits)


@dataclass(frozen=True, slots=True)
class Many:
    """A collection. `exists(None)`: it has an element; `exists(fits)`: it has one that fits.

    What `exists` gives is true or false in SQL, and never null.
    """

    element: "Scope"
    exists: Callable[[Sql | None], Sql]


@dataclass(frozen=True, slots=True)
class Reference:
    """Another thing, or a struct: only its absence can be asked for, by a column that is then null."""

    sql: Sql
    nullable: bool = True


type Target = Scalar | Many | Reference


class Scope(Protocol):
    """The properties that one asker may name."""

    @property
    def words(self) -> Container[str]:
        """In lower case: all names with which a path may begin, and all members of enums.

        Only words in here are ever read as properties or written into the statement, and they are part of
        the filter's shape. More than needed does no harm. It is asked of the outermost scope alone and counts
        for every collection below it.
        """
        ...

    def resolve(self, path: Path) -> Target | None:
        """The property of that name, in whatever case. None: unknown or hidden. `()`: the element itself."""
        ...


@dataclass(frozen=True, slots=True)
class Compiled:
    """A condition whose parameters are `v0`, `v1`, …, in the order of `node.values`."""

    where: Sql
    converters: tuple[Converter | None, ...]  # None: the value stands in the statement, or is a property

    def bind(self, values: list[str | tuple[str, ...]]) -> dict[str, object]:
        """The parameters for these values. Raises RqlFault for a value of the wrong type."""
        return {
            f"v{place}": convert(value)
            for place, (convert, value) in enumerate(zip(self.converters, values, strict=True))
            if convert is not None
        }


def compile_filter(node: Node, scope: Scope) -> Compiled:
    """The condition for every filter of this node's shape; the values of this one are of no importance."""
    compiler = Compiler(scope.words)
    where = compiler.where(node, scope)
    return Compiled(where, tuple(compiler.converters))


def compile_order(order: tuple[tuple[Path, bool], ...], scope: Scope) -> list[tuple[Scalar, bool]]:
    """The properties to sort by, each with whether it descends."""
    keys: list[tuple[Scalar, bool]] = []
    for path, descending in order:
        target = resolve(path, scope)
        if not isinstance(target, Scalar) or target.kind == "json":
            raise RqlFault(named(path), NOT_SORTABLE)
        keys.append((target, descending))
    return keys


def resolve(path: Path, scope: Scope) -> Target:
    target = scope.resolve(path)
    if target is None:
        raise RqlFault(named(path), NO_PATH)
    return target


def scalar_of(path: Path, scope: Scope, op: str) -> Scalar:
    target = resolve(path, scope)
    if not isinstance(target, Scalar):
        refuse(path, op)
    if target.kind == "json":
        raise RqlFault(named(path), NOT_FILTERABLE)
    return target


def many_of(path: Path, scope: Scope, op: str) -> Many:
    target = resolve(path, scope)
    if not isinstance(target, Many):
        refuse(path, op)
    return target


def refuse(path: Path, op: str) -> NoReturn:
    raise RqlFault(named(path), f"Operator '{op}' is not permitted")


def named(path: Path) -> str:
    return ".".join(path) or "self()"


TEXTUAL = ("text", "id")
FAMILY: dict[str, str] = {
    "text": "text",
    "id": "text",
    "enum": "text",
    "integer": "number",
    "decimal": "number",
    "timestamp": "time",
    "date": "time",
    "boolean": "boolean",
}
# The widest of each sort, whatever the column: an index on integers serves a comparison with a bigint too.
TYPES: dict[str, TypeEngine[typing.Any]] = {
    "text": Text(),
    "id": Text(),
    "enum": Text(),
    "integer": BigInteger(),
    "decimal": Numeric(),
    "boolean": Boolean(),
    "timestamp": DateTime(timezone=True),
    "date": Date(),
}
COMPARE: dict[str, Callable[[Sql, Sql], Sql]] = {
    "eq": lambda left, right: left == right,
    "ne": lambda left, right: left.is_distinct_from(right),
    "gt": lambda left, right: left > right,
    "ge": lambda left, right: left >= right,
    "lt": lambda left, right: left < right,
    "le": lambda left, right: left <= right,
}


class Compiler:
    """One walk over a filter, in the order of `node.values`, gathering a converter for each."""

    __slots__ = ("converters", "words")

    def __init__(self, words: Container[str]) -> None:
        self.words = words
        self.converters: list[Converter | None] = []

    def where(self, node: Node, scope: Scope) -> Sql:
        match node:
            case Compare():
                return self.compare(node.op, node.path, node.right, scope)
            case In():
                return self.membership(node, scope)
            case Like():
                return self.pattern(node, scope)
            case And():
                return and_(*[self.where(child, scope) for child in node.children])
            case Or():
                return or_(*[self.where(child, scope) for child in node.children])
            case Not():
                condition = self.where(node.child, scope)
                # Existence is never unknown, and the planner turns a plain NOT EXISTS into a join.
                return not_(condition) if isinstance(node.child, (Any, All)) else is_not_true(condition)
            case Any():
                many = many_of(node.path, scope, "any")
                return many.exists(None if node.child is None else self.where(node.child, many.element))
            case All():
                many = many_of(node.path, scope, "all")
                return not_(many.exists(is_not_true(self.where(node.child, many.element))))

    def compare(self, op: str, path: Path, right: Literal, scope: Scope) -> Sql:
        if op == "filter":
            return self.anywhere(path, right, scope)
        if isinstance(right, Null):
            return against_null(op, path, scope)
        left = scalar_of(path, scope, op)
        if isinstance(right, Property):
            return properties(op, path, left, comparable(right.path, scope, left, op))
        if isinstance(right, Word):
            other = self.meant(right, left, scope)
            if other is not None:
                self.converters.append(None)
                return properties(op, path, left, other)
        if isinstance(right, (Word, Quoted)):
            return self.against_value(op, path, left, right)
        if left.kind not in TEXTUAL:
            refuse(path, "empty")
        return COMPARE[op](left.sql, quoted(""))

    def against_value(self, op: str, path: Path, left: Scalar, right: Word | Quoted) -> Sql:
        if left.kind != "enum":
            value = self.bound(TYPES[left.kind], converter(left.kind, named(path)))
            if op == "eq":
                return left.narrowed(lambda sql: sql == value)
            return COMPARE[op](left.sql, value)
        if op not in ("eq", "ne"):
            return COMPARE[op](rank(left), self.bound(Integer(), rank_converter(named(path), left.members)))
        if kept(right.text, self.words) is None:
            return COMPARE[op](left.sql, self.bound(Text(), converter("enum", named(path), left.members)))
        self.converters.append(None)
        return COMPARE[op](left.sql, member(right.text, left, path))

    def membership(self, node: In, scope: Scope) -> Sql:
        scalar = scalar_of(node.path, scope, node.op)
        if scalar.kind != "enum" or kept_list(node.items, self.words) is None:
            convert = converter(scalar.kind, named(node.path), scalar.members)
            given = any_(self.bound(ARRAY(TYPES[scalar.kind]), list_converter(convert)))
            condition = scalar.narrowed(lambda sql: sql == given)
        else:
            self.converters.append(None)
            condition = scalar.sql.in_([member(item, scalar, node.path) for item in node.items])
        return condition if node.op == "in" else is_not_true(condition)

    def pattern(self, node: Like, scope: Scope) -> Sql:
        scalar = scalar_of(node.path, scope, node.op)
        if scalar.kind not in TEXTUAL:
            refuse(node.path, node.op)
        if node.op == "like" and node.form == "equals":
            value = self.bound(Text(), converter("text", named(node.path)))
            return scalar.narrowed(lambda sql: sql == value)
        pattern = self.bound(Text(), pattern_converter(node.form))
        if node.op == "like":
            condition = scalar.sql.like(pattern)
        else:
            # A column that sorts as bytes knows the case of ASCII letters alone. Ids have no others.
            condition = scalar.sql.ilike(pattern if scalar.kind == "id" else collate(pattern, "default"))
        # Of what lies beyond a reference the planner believes that next to nothing fits, and would sort all there is
        # before it looks; of this it believes half, and goes by the order of the page until the page is full.
        return condition if scalar.exists is None else coalesce(condition, false())

    def anywhere(self, path: Path, right: Literal, scope: Scope) -> Sql:
        """`filter(a.b.c,v)`: equality on a path that may cross collections; some element has to fit."""
        for length in range(1, len(path) + 1):
            target = scope.resolve(path[:length])
            if isinstance(target, Many):
                return target.exists(self.anywhere(path[length:], right, target.element))
        return self.compare("eq", path, right, scope)

    def meant(self, word: Word, left: Scalar, scope: Scope) -> Scalar | None:
        """The property that an unquoted word means, if it can mean one on this side of this comparison."""
        if kept_word(word.text, self.words) is None:
            return None
        if left.kind == "enum" and word.text.lower() in map(str.lower, left.members):
            return None
        target = scope.resolve(tuple(word.text.split(".")))
        if isinstance(target, Scalar) and FAMILY.get(target.kind) == FAMILY[left.kind]:
            return target
        return None

    def bound(self, type_: TypeEngine[typing.Any], convert: Converter) -> Sql:
        """The parameter for the next value."""
        self.converters.append(convert)
        return bindparam(f"v{len(self.converters) - 1}", type_=type_)


def is_not_true(condition: Sql) -> Sql:
    """Not so, or not known."""
    return condition.is_not(true())


def against_null(op: str, path: Path, scope: Scope) -> Sql:
    target = resolve(path, scope)
    if isinstance(target, Many) or op not in ("eq", "ne"):
        refuse(path, op)
    if isinstance(target, Scalar) and target.kind == "json":
        raise RqlFault(named(path), NOT_FILTERABLE)
    if not target.nullable:
        raise RqlFault(named(path), NOT_NULLABLE)
    return target.sql.is_(None) if op == "eq" else target.sql.is_not(None)


def comparable(path: Path, scope: Scope, left: Scalar, op: str) -> Scalar:
    """The property that `self(path)` names, which must be of the same sort as the one on the left."""
    right = scalar_of(path, scope, op)
    if FAMILY[right.kind] != FAMILY[left.kind]:
        raise unconvertible(named(path), named(path))
    return right


def properties(op: str, path: Path, left: Scalar, right: Scalar) -> Sql:
    """Two properties against each other; two that are both null are equal."""
    if op not in ("eq", "ne") and "enum" in (left.kind, right.kind):
        refuse(path, op)
    if op == "eq" and left.nullable and right.nullable:
        return left.sql.is_not_distinct_from(right.sql)
    return COMPARE[op](left.sql, right.sql)


def rank(scalar: Scalar) -> Sql:
    """The place of an enum's value among its members, since the alphabet has no say in their order."""
    places = [(scalar.sql == quoted(name), literal_column(str(n))) for n, name in enumerate(scalar.members)]
    return case(*places)


def member(text: str, scalar: Scalar, path: Path) -> Sql:
    """A member of an enum as it stands in the statement, where the planner sees it."""
    word = text.lower()
    for name in scalar.members:
        if name.lower() == word:
            return quoted(name)
    raise unconvertible(named(path), text)


def quoted(name: str) -> Sql:
    """A name of ours, never of the asker's, as a string in SQL."""
    escaped = name.replace("'", "''")
    return literal_column(f"'{escaped}'", Text())
