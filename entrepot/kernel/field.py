"""A field, declared once: column, path, visibility, write rule and outside shape follow from one line."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, NamedTuple

from entrepot.kernel.file import NAME_LENGTH_MAX

ACTORS = ("client", "vendor", "operations")
EVERYBODY = frozenset((*ACTORS, "kernel"))
NOBODY: frozenset[str] = frozenset()

CREATE = "create"
"""In a write rule: the moment before the thing exists."""

UNSTORED = frozenset(("refs", "part", "computed", "counted"))
"""Kinds of fields that have no column of their own."""

Writes = Mapping[str, frozenset[str] | None]


class Inside(NamedTuple):
    """What is wrong at a place within a document: the path from there, and the words."""

    path: str
    words: str


Check = Callable[[Any], Iterable[str | Inside]]
"""What is wrong with a value, as a whole or within."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a noun.

    `name` is the wire name, with dots for nested objects. `sees` says which actors know that it
    exists. `writes` maps an actor to the states in which it may write (None: in any).
    `core` travels in references; `heavy` is left out of lists unless selected, and what is `asked` for everywhere but
    in the answer to whoever writes it; `aside` is left out
    where the thing is shown within another. Of a `screened` part each sees, within the owner too, what the row rule
    of the part's own kind lets it see. `via` names the owner that holds the value in its stead.
    `schema` is the JSON Schema of a document, of one entry of a bag, or of a computed value; any when empty.
    `counts` is the SQL of a number that is counted as it is read, `seeks` that of a text that is only looked for.
    What is `told` is given as null where there is none, since a program insists on it; all else is left out then.
    A `derived` list of references is a view of rows that are kept elsewhere. What is `untold` is on no trail.
    `own` is the column of the account whose it is: it alone is given the field, and operations.
    """

    name: str
    kind: str
    column: str
    sees: frozenset[str] = EVERYBODY
    writes: Writes = field(default_factory=dict)
    core: bool = False
    heavy: bool = False
    asked: bool = False
    required: bool = False
    filterable: bool = True
    members: tuple[str, ...] = ()
    longest: int = 0
    least: int | None = None
    target: str = ""
    by: str = ""
    also: str = ""
    via: str = ""
    aside: bool = False
    screened: bool = False
    default: object = None
    check: Check | None = None
    declared_by: str = ""
    dress: Callable[..., object] | None = None
    covers: Callable[..., Any] | None = None
    counts: Callable[..., Any] | None = None
    seeks: Callable[..., Any] | None = None
    derived: bool = False
    untold: bool = False
    told: bool = False
    own: str = ""
    secret: bool = False
    needs: tuple[str, ...] = ()
    wants: Callable[..., object] | None = None
    schema: Mapping[str, object] = field(default_factory=dict)

    path: tuple[str, ...] = ()
    """The wire name, split."""

    lowered: tuple[str, ...] = ()
    """The path as it is compared: names are matched without case."""

    stored: bool = True
    """Whether the field is a column of its own row."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", tuple(self.name.split(".")))
        object.__setattr__(self, "lowered", tuple(self.name.lower().split(".")))
        object.__setattr__(self, "stored", self.kind not in UNSTORED and not self.via)

    def writable(self, actor: str, state: str) -> bool:
        """Whether `actor` may write this field while the thing is in `state`."""
        if actor not in self.writes:
            return False
        states = self.writes[actor]
        return states is None or state in states


@lru_cache(maxsize=4096)
def snake(name: str) -> str:
    """The column name for a wire name: `externalIds.client` is `external_ids_client`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.replace(".", "_")).lower()


def _actors(words: str) -> frozenset[str]:
    return EVERYBODY if not words else frozenset((*words.split(), "kernel"))


def _writes(words: str) -> dict[str, frozenset[str] | None]:
    """`client:create,Draft vendor` reads: the client at creation and in Draft, the vendor always."""
    rules: dict[str, frozenset[str] | None] = {}
    for word in words.split():
        actor, _, states = word.partition(":")
        rules[actor] = frozenset(states.split(",")) if states else None
    return rules


def _field(name: str, kind: str, *, sees: str = "", writes: str = "", column: str = "", **more: object) -> Field:
    return Field(
        name=name,
        kind=kind,
        column=column or snake(name),
        sees=_actors(sees),
        writes=_writes(writes),
        **more,  # pyright: ignore[reportArgumentType]
    )


def text(name: str, *, longest: int = 255, **more: object) -> Field:
    """A string of at most `longest` characters."""
    return _field(name, "text", longest=longest, **more)  # pyright: ignore[reportArgumentType]


def enum(name: str, members: str, **more: object) -> Field:
    """One word of a closed set; compared without case, given back as declared."""
    return _field(name, "enum", members=tuple(members.split()), **more)  # pyright: ignore[reportArgumentType]


def integer(name: str, *, least: int | None = None, **more: object) -> Field:
    """A whole number of 32 bits."""
    return _field(name, "integer", least=least, **more)  # pyright: ignore[reportArgumentType]


def number(name: str, **more: object) -> Field:
    """A decimal: money, or a markup or margin in percent. Never a float."""
    return _field(name, "decimal", **more)  # pyright: ignore[reportArgumentType]


def flag(name: str, **more: object) -> Field:
    """True or false."""
    return _field(name, "boolean", **more)  # pyright: ignore[reportArgumentType]


def moment(name: str, **more: object) -> Field:
    """A point in time, in UTC, to the millisecond."""
    return _field(name, "timestamp", **more)  # pyright: ignore[reportArgumentType]


def day(name: str, **more: object) -> Field:
    """A calendar date."""
    return _field(name, "date", **more)  # pyright: ignore[reportArgumentType]


def document(name: str, **more: object) -> Field:
    """A JSON value that is kept and given back as it is; not filterable."""
    return _field(name, "json", **{"filterable": False, **more})  # pyright: ignore[reportArgumentType]


def ref(name: str, target: str, **more: object) -> Field:
    """A reference: a foreign key; the target's core fields travel in it, always current.

    `also` names a further column that must agree on both sides, for targets whose id is only
    unique within their owner.
    """
    column = str(more.pop("column", "")) or f"{snake(name)}_id"
    return _field(name, "ref", target=target, column=column, **more)  # pyright: ignore[reportArgumentType]


def refs(name: str, target: str, **more: object) -> Field:
    """A list of references, kept in a link table of the two ids."""
    return _field(name, "refs", target=target, **more)  # pyright: ignore[reportArgumentType]


def part(name: str, target: str, by: str, **more: object) -> Field:
    """Children with ids of their own; `by` is the child's column that holds this thing's id.

    Its write rule is told to those who write; what comes in is for the room to take apart, as with a bag.
    """
    return _field(name, "part", target=target, by=by, **more)  # pyright: ignore[reportArgumentType]


def bag(
    name: str,
    *,
    target: str,
    declared_by: str,
    dress: Callable[..., object],
    covers: Callable[..., object],
    **more: object,
) -> Field:
    """A slim list of values whose definitions are kept elsewhere.

    `target` is the collection of definitions; `declared_by` names the reference to their owner;
    `dress(bag, definitions, actor)` makes the wire form; `covers(element, who, nouns)` is the SQL
    predicate of the elements that the caller may see.
    """
    return _field(
        name,
        "bag",
        target=target,
        declared_by=declared_by,
        dress=dress,
        covers=covers,
        default=[],
        **more,  # pyright: ignore[reportArgumentType]
    )


def held_file() -> tuple[Field, ...]:
    """The file that a thing holds: what is told of it, and the key under which its bytes lie."""
    return (
        text("filename", longest=NAME_LENGTH_MAX),
        integer("size"),
        text("contentType"),
        _field("file", "file", column="file_key", sees="kernel", filterable=False),
    )


def icon() -> tuple[Field, ...]:
    """A picture that stands for a thing: its address, which travels in references, and the key of the file there."""
    return (
        text("icon", longest=2000, core=True),
        _field("iconFile", "file", column="icon_key", sees="kernel", filterable=False),
    )


def texts(name: str, **more: object) -> Field:
    """A list of short texts in one column. Read only: no body is converted to one."""
    return _field(name, "texts", **{"filterable": False, **more})  # pyright: ignore[reportArgumentType]


def computed(
    name: str, needs: str, dress: Callable[..., object], wants: Callable[..., object] | None = None, **more: object
) -> Field:
    """What is made of other columns as it goes out, and kept nowhere.

    `needs` are those columns; `dress(thing, known, actor, nouns)` makes the wire form, None for nothing to show.
    `wants(thing, nouns)` gives the collection and id of each thing whose core fields `known` must have for it. What it
    makes is a reference where it has a `target`.
    """
    return _field(
        name,
        "computed",
        dress=dress,
        wants=wants,
        needs=tuple(needs.split()),
        filterable=False,
        **more,  # pyright: ignore[reportArgumentType]
    )


def sought(name: str, seeks: Callable[[Any], Any], **more: object) -> Field:
    """A text that is looked for and sorted by, and never given: `seeks(row)` is its SQL, never null."""
    return _field(name, "sought", seeks=seeks, **more)  # pyright: ignore[reportArgumentType]


def counted(name: str, counts: Callable[..., object], **more: object) -> Field:
    """How many there are of something, counted in the statement that reads the thing, and kept nowhere.

    `counts(row, who)` is the SQL of the number: the caller's own count, of what it may see. Fields that share a
    `column` are counted once. What is new has none of anything yet.
    """
    return _field(name, "counted", counts=counts, filterable=False, **more)  # pyright: ignore[reportArgumentType]


def externals(*actors: str, sees: Mapping[str, str] | None = None) -> tuple[Field, ...]:
    """The bag `externalIds`: each actor writes its own key; each sees only its own.

    Source: spec 2.1, externalIds.
    """
    shown = sees or {}
    return tuple(
        text(f"externalIds.{actor}", sees=shown.get(actor, actor), writes=f"{actor}", longest=500) for actor in actors
    )


def audited(*events: str) -> tuple[Field, ...]:
    """When each event last happened, and by whom (spec 1.12)."""
    fields: list[Field] = []
    for event in events:
        fields.append(moment(f"audit.{event}.at", heavy=True))
        fields.append(ref(f"audit.{event}.by", "identities", heavy=True))
    return tuple(fields)


def needed(*fields: Field) -> tuple[Field, ...]:
    """The same fields, required at creation."""
    return tuple(replace(each, required=True) for each in fields)
