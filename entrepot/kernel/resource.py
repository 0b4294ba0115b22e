"""What is offered to whom: one declared action is one route, one operation, one set of generated tests."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from entrepot.kernel.access import Caller
from entrepot.kernel.body import Body
from entrepot.kernel.field import Field
from entrepot.kernel.file import Upload
from entrepot.kernel.noun import Noun

ALL = frozenset(("client", "vendor", "operations"))

Verb = Callable[..., object]

Within = tuple[tuple[str | sa.Table, str], ...]
"""Values that columns of a thing must have; of a table of references: whose list must name the thing."""
Loads = Callable[..., Awaitable[object]]


def owned(row: sa.FromClause, by: str | sa.Table, name: str) -> sa.ColumnElement[bool]:
    """The SQL of one of these conditions, with its value bound by name."""
    value = sa.bindparam(name, type_=sa.Text())
    if isinstance(by, str):
        return row.c[by] == value
    link = by.alias()
    return sa.exists().where(link.c.owner_id == value, link.c.target_id == row.c.id)


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody outside is asked, as whom they write when they answer, and the revision that they are shown."""

    answerer: Caller
    revision: int
    content: object = None


@dataclass(frozen=True, slots=True)
class Consult:
    """How somebody outside is asked in the middle of an action.

    `prepare(doors, caller, resource, thing_id, answer)` gives the question, or None when nobody needs to be
    asked; `answer` is that of the action so far. `ask(doors, question)` makes the call, and gives a JSON object, or
    None where there was no answer: then all stays as it is. `apply(call, thing, body, got)` is a verb that takes the
    answer; its call is the answerer's, and so are the write rules. An answer with faults in it is a refusal, unless
    `instead(doors, question, fault)` gives what is applied in its stead. Without an `apply`, for an action of which
    nothing is kept, what `ask` gives is the document that the action gives.
    """

    prepare: Callable[..., Awaitable[Question | None]]
    ask: Callable[..., Awaitable[object]]
    apply: Verb | None = None
    instead: Callable[..., Awaitable[object]] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Action:
    """A verb on offer.

    `run(call, thing, body, got)` is a plain function. Who may ask is `by`, or whoever is on a row
    of the life's `moves`. `loads(load, call, thing, body)` fetches what the verb needs beside the
    thing itself. `answers` is the status of success; 204 gives no body. `method` is how it is asked for, at an address
    of its own below the thing; creation, update and removal have the thing's. `takes` says what the body may hold
    beside the fields of the thing that the caller may write, or, when it is `alone`, instead of them; `reads` brings
    other ways to say a field to the field's own. `takes_file` says how a file may come with it.
    With `gives`, the JSON Schema of a document, the verb gives back such a document, and it is the answer.
    Of what is not `kept` the answer tells what would become of the thing, and nothing is written.
    `bare` names the member that a list stands for which comes without an object around it. `needs` is the code of a
    module without which nobody may ask, and no agent may.
    """

    name: str
    run: Verb
    moves: str = ""
    by: str = ""
    loads: Loads | None = None
    answers: int = 200
    kept: bool = True
    method: str = "POST"
    takes: tuple[Field, ...] = ()
    reads: Callable[[Body], Body] | None = None
    alone: bool = False
    takes_file: Upload | None = None
    gives: Mapping[str, object] = field(default_factory=dict)
    bare: str = ""
    needs: str = ""
    summary: str = ""

    def actors(self, noun: Noun) -> frozenset[str]:
        """Who is on any row of this action."""
        if self.by:
            return frozenset(self.by.split())
        assert noun.life is not None, f"{noun.path}/{self.name} says neither who nor which move"
        return noun.life.actors(*self.moves.split()) & ALL


def create(run: Verb, **more: object) -> Action:
    """A new thing, by POST to the collection."""
    return Action("create", run, answers=201, **more)  # pyright: ignore[reportArgumentType]


def update(run: Verb, **more: object) -> Action:
    """A partial update, by PUT."""
    return Action("update", run, **more)  # pyright: ignore[reportArgumentType]


def remove(run: Verb, **more: object) -> Action:
    """The end of a thing, by DELETE."""
    return Action("delete", run, answers=204, **more)  # pyright: ignore[reportArgumentType]


@dataclass(frozen=True, slots=True)
class Text:
    """A rendered text of one thing, by GET: `render(thing, got, call)` gives the Markdown."""

    name: str
    render: Callable[..., str]
    loads: Loads | None = None
    summary: str = ""


@dataclass(frozen=True, eq=False)
class Resource:
    """A collection with what may be done in it.

    `under` names the owner where the collection also, or only, answers below it: the path of the
    owner's collection and the last segment, as in `("commerce/orders", "lines")`.
    `reads` are the actors who may list and get at all, `lists` those of them who may list.
    `picture` is the last segment of the address where a picture that a thing holds is given.
    `followed`: it is no list but a feed, read onwards from a position.
    `among` names the owner and its list of references where the collection holds what that list names.
    `summary` says in a sentence what is kept in the collection.
    """

    noun: Noun
    create: Action | None = None
    update: Action | None = None
    remove: Action | None = None
    actions: tuple[Action, ...] = ()
    texts: tuple[Text, ...] = ()
    reads: frozenset[str] = ALL
    lists: frozenset[str] = ALL
    lists_only: bool = False
    picture: str = ""
    followed: bool = False
    path: str = ""
    by: str = ""
    among: tuple[Noun, str] | None = None
    summary: str = ""

    @property
    def address(self) -> str:
        """The collection's path below the version root."""
        return self.path or self.noun.path

    @property
    def owner_noun_path(self) -> str:
        """The path of the noun that the id in the address names."""
        if self.among is not None:
            return self.among[0].path
        column = self.owner_column
        return next(f.target for f in self.noun.all_fields if f.column == column)

    @property
    def owner_column(self) -> str:
        """The column that holds the id of the thing in the path."""
        return self.by or self.noun.owner_column

    def within(self, owner_id: str) -> "Within":
        """What makes a thing one of the owner's."""
        if self.among is None:
            return ((self.owner_column, owner_id),)
        owner, name = self.among
        return ((owner.link(owner.field(name)), owner_id),)

    def offered(self) -> tuple[Action, ...]:
        """Every action, in the order in which it is documented."""
        return tuple(a for a in (self.create, self.update, self.remove, *self.actions) if a is not None)
