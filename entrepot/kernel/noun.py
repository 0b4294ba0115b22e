"""A noun of the business: its fields, its life, its ids, and who may see which rows."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP

from entrepot.kernel.access import Caller, Who
from entrepot.kernel.field import Field
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine

Sees = Callable[[sa.FromClause, Who], sa.ColumnElement[bool]]

Implied = Callable[[Caller, Mapping[str, str]], Mapping[str, str]]
"""Values of columns that name one thing."""

IMPLIED = "-"
"""Stands for an id in an address."""

METADATA = sa.MetaData()

SQL_TYPES: Mapping[str, Callable[[], sa.types.TypeEngine[object]]] = {
    "id": lambda: sa.Text(collation="C"),
    "text": lambda: sa.Text(collation="C"),
    "enum": lambda: sa.Text(collation="C"),
    "ref": lambda: sa.Text(collation="C"),
    "integer": sa.Integer,
    "decimal": sa.Numeric,
    "boolean": sa.Boolean,
    "timestamp": lambda: TIMESTAMP(timezone=True, precision=3),
    "date": sa.Date,
    "json": JSONB,
    "bag": JSONB,
    "texts": lambda: ARRAY(sa.Text()),
    "file": lambda: sa.Text(collation="C"),
}  # pyright: ignore[reportAssignmentType]


@dataclass(frozen=True, eq=False)
class Noun:
    """What one kind of thing is made of.

    `path` is the collection below `/public/v1/`; a `{parent}` in it names a thing that owns this
    one, and `owner` is the field that refers to it. `sees` is the SQL predicate of the rows that a
    caller may see, and part of every statement. `shared` says that the id is only unique within
    the owner, as for the copies of lines and subscriptions that travel in an order. `single` says
    that an owner has one at most: it answers at the collection's own address, without an id. `aka` names a field whose
    value may stand for the id in an address, as the e-mail of a user does.
    `keeper` is the column of the account whose it is: other parties may see it, and do nothing with it.
    `implied` gives the values by which an address that says `-` finds the one thing meant, from who asks and the query.
    `scope` is the column of the buyer whom it is about, and `party` that of the account that has it since it has the
    buyer: when the buyer goes to another account, it goes along.
    """

    name: str
    path: str
    table_name: str
    fields: tuple[Field, ...]
    sees: Sees
    ids: Ids | None = None
    life: Machine | None = None
    owner: str = ""
    shared: bool = False
    single: bool = False
    audience: tuple[str, ...] = ()
    scope: str = ""
    party: str = ""
    keeper: str = ""
    implied: Implied | None = None
    listed: Sees | None = None
    order: str = "audit.created.at"
    trailed: bool = True
    aka: str = ""
    sought: tuple[Field, ...] = ()

    @cached_property
    def all_fields(self) -> tuple[Field, ...]:
        """Id and revision, which everything has, then the declared fields."""
        return (
            Field("id", "id", "id", core=True),
            Field("revision", "integer", "revision", core=True),
            *self.fields,
        )

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        """Fields by their wire names in lower case, since names are matched without case."""
        return {each.name.lower(): each for each in self.all_fields}

    @cached_property
    def by_column(self) -> Mapping[str, Field]:
        """Stored fields by column."""
        return {each.column: each for each in self.all_fields if each.stored}

    @cached_property
    def in_filters(self) -> Mapping[str, Field]:
        """What filters and orders may name: the fields, and texts that are `sought` and never given."""
        return {**self.by_name, **{each.name.lower(): each for each in self.sought}}

    def column_kind(self, column: str) -> str:
        """The kind of a column of its own, or of one that is counted; a reference where the owner holds it."""
        each = self.by_column.get(column) or self.counted.get(column)
        return each.kind if each is not None else "ref"

    @cached_property
    def through_owner(self) -> Mapping[str, Field]:
        """Fields that the owner holds, by the name of their column."""
        return {each.column: each for each in self.all_fields if each.via}

    @cached_property
    def counted(self) -> Mapping[str, Field]:
        """Numbers that are counted as they are read, by the name of their column."""
        return {each.column: each for each in self.all_fields if each.counts is not None}

    @cached_property
    def structs(self) -> frozenset[str]:
        """Lower-cased names of nested objects with fixed fields, such as `price`."""
        found: set[str] = set()
        for each in self.all_fields:
            for depth in range(1, len(each.path)):
                found.add(".".join(each.path[:depth]).lower())
        return frozenset(found)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Every stored column, `id` and `revision` first."""
        return tuple(each.column for each in self.all_fields if each.stored)

    @cached_property
    def table(self) -> sa.Table:
        """The table as SQLAlchemy sees it, for composing; the migrations make the real one."""
        keys = {"id"} | ({self.owner_column} if self.shared else set())
        columns = [
            sa.Column(f.column, SQL_TYPES[f.kind](), primary_key=f.column in keys, key=f.column)
            for f in self.all_fields
            if f.stored
        ]
        if self.has_core:
            columns.append(sa.Column("core", sa.Text()))
        return sa.Table(self.table_name, METADATA, *columns)

    @cached_property
    def row(self) -> sa.FromClause:
        """The table as the main subject of a statement."""
        return self.table.alias("t")

    def link(self, each: Field) -> sa.Table:
        """The table of a list of references."""
        name = f"{self.table_name}_{each.column}"
        if name in METADATA.tables:
            return METADATA.tables[name]
        return sa.Table(
            name,
            METADATA,
            sa.Column("owner_id", sa.Text(), primary_key=True),
            sa.Column("target_id", sa.Text(), primary_key=True),
            sa.Column("place", sa.Integer()),
        )

    @cached_property
    def has_core(self) -> bool:
        """Whether other things may refer to this one."""
        return not self.shared or any(f.core for f in self.fields)

    @cached_property
    def file(self) -> Field | None:
        """The key of the file that a thing of this kind holds."""
        return next((each for each in self.all_fields if each.kind == "file"), None)

    @property
    def owned_quietly(self) -> bool:
        """Whether a change is told as a change of the owner, as for lines."""
        return not self.trailed and bool(self.owner)

    @property
    def owner_field(self) -> Field:
        """The reference to the thing that owns this one."""
        return self.by_name[self.owner.lower()]

    @property
    def owner_column(self) -> str:
        """The column that holds the owner's id."""
        return self.owner_field.column

    @cached_property
    def module(self) -> str:
        """The room: the first segment of the path."""
        return self.path.partition("/")[0]

    @cached_property
    def word(self) -> str:
        """The name within a sentence."""
        return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", self.name).lower()

    def field(self, name: str) -> Field:
        """The field with that wire name, in any case. Raises KeyError."""
        return self.by_name[name.lower()]

    def href(self, thing_id: str, owner_id: str | None = None) -> str:
        """The address below the version root."""
        base = self.path
        if "{" in base:
            head, _, rest = base.partition("{")
            base = head + str(owner_id) + rest.partition("}")[2]
        return f"/{base}" if self.single else f"/{base}/{thing_id}"

    @cached_property
    def core_fields(self) -> tuple[tuple[tuple[str, ...], str], ...]:
        """Paths and columns of what travels in references."""
        return tuple((f.path, f.column) for f in self.all_fields if f.core and f.kind != "ref")

    def core_sql(self) -> str:
        """The expression of the generated `core` column: the JSON that travels in references."""
        return _json_object([f for f in self.all_fields if f.core and f.kind != "ref"])

    def __repr__(self) -> str:
        return f"<Noun {self.path}>"


def _json_object(fields: Iterable[Field], depth: int = 0) -> str:
    """SQL that concatenates the fields into a JSON object; nulls are left out."""
    groups: dict[str, list[Field]] = {}
    for each in fields:
        groups.setdefault(each.path[depth], []).append(each)
    parts: list[str] = []
    for key, members in groups.items():
        if len(members) == 1 and len(members[0].path) == depth + 1:
            parts.append(_json_member(key, members[0]))
        else:
            inner = _json_object(members, depth + 1)
            parts.append(f"""coalesce(',"{key}":' || nullif({inner}, '{{}}'), '')""")
    return "('{' || substr(" + " || ".join(parts) + ", 2) || '}')"


def _json_member(key: str, each: Field) -> str:
    column = f'"{each.column}"'
    match each.kind:
        case "integer" | "decimal":
            value = f"{column}::text"
        case "boolean":
            value = f"(case when {column} then 'true' else 'false' end)"
        case "id" | "text" | "enum":
            value = f"entrepot_quote({column})"
        case _:
            raise AssertionError(f"{each.name}: {each.kind} cannot be a core field")
    return f"""coalesce(',"{key}":' || {value}, '')"""


class Nouns:
    """All nouns of the application by their paths: how a reference finds its target."""

    def __init__(self, nouns: Iterable[Noun]):
        self._by_path = {noun.path: noun for noun in nouns}
        self._check()

    def _check(self) -> None:
        for noun in self:
            for each in noun.all_fields:
                if each.target:
                    assert each.target in self._by_path, f"{noun.path}.{each.name}: no {each.target}"

    def __getitem__(self, path: str) -> Noun:
        return self._by_path[path]

    def __contains__(self, path: str) -> bool:
        return path in self._by_path

    def __iter__(self):
        return iter(self._by_path.values())

    def get(self, path: str) -> Noun | None:
        """The noun with that path, or None."""
        return self._by_path.get(path)
