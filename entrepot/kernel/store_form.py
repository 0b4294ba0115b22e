"""The store form: how things stand in a world file, and what they take on where the file leaves something out.

Each room says so for its own nouns, in a file of this name. Loading runs these functions over what the file
holds; they do no I/O, and may be run again.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing

WHOLE = "$whole"
"""On a line: it leaves nothing out. What it does not say is nothing, and nothing is filled in."""


class World(Protocol):
    """What is known while a file is loaded: what it holds, and what the database held before."""

    now: datetime

    def one(self, path: str, thing_id: object) -> Thing | None:
        """A thing of a form that `keeps`, or one of a family that is in the database; None where there is none."""
        ...

    def all(self, path: str, column: str, value: object) -> Sequence[Thing]:
        """The things with that value in that column, from among those that `one` would give."""
        ...

    def once[T](self, key: Hashable, make: Callable[[], T]) -> T:
        """Something made of other things' facts, kept for the next that asks."""
        ...

    def begin(self, noun: Noun, beside: Thing) -> Thing:
        """An empty thing that the file leaves out, told of as `beside` where it is faulty."""
        ...

    def add(self, noun: Noun, beside: Thing) -> Thing:
        """An empty thing as `begin` gives it, which is loaded for itself: something of a form that stands before."""
        ...

    def given(self, thing: Thing) -> Mapping[str, object]:
        """The object as it stands in the file."""
        ...

    def due(self, job: str, thing: Thing, at: datetime) -> None:
        """Work to be done about a thing when the business clock shows `at`."""
        ...

    def within(self, job: str, thing: Thing, seconds: float) -> None:
        """Work to be done about a thing in so many seconds of real time."""
        ...

    def fault(self, thing: Thing, name: str, reason: str) -> None:
        """Notes what is wrong with a field of a thing."""
        ...

    def seal(self, secret: str) -> str:
        """A secret that must be given back, encrypted."""
        ...

    def digest(self, secret: str) -> str:
        """What a secret is found by."""
        ...

    def verifier(self, password: str) -> str:
        """What a password is checked against."""
        ...


Fill = Callable[[Thing, World], None]


def as_it_is(thing: Thing, world: World) -> None:
    """Nothing follows from anything else."""


@dataclass(frozen=True, eq=False)
class Form:
    """How one kind of thing stands in a world file.

    `fill` derives what was left out: a value that is None was. `needs` names fields that must be there then.
    `nests` are the parts that stand within it. `keeps`: others look it up while they are filled. `numbered`: what
    it stands in gives it an id when it has none. `follows` are fields that no file gives: they always follow.
    """

    noun: Noun
    fill: Fill = as_it_is
    needs: tuple[str, ...] = ()
    nests: Mapping[str, "Form"] = field(default_factory=dict)
    keeps: bool = False
    numbered: bool = False
    follows: tuple[str, ...] = ()


FillTogether = Callable[[Thing | None, Mapping[str, list[Thing]], World], None]


@dataclass(frozen=True, eq=False)
class Family:
    """Things that are filled together: a head, and the members that refer to it by their field `by`.

    `fill(head, members by path, world)`: the head is None where there is none, and where it was in the database
    before, whatever changes on it is written.
    """

    head: Form
    members: tuple[Form, ...]
    by: str
    fill: FillTogether


Forms = Sequence[Form | Family]
"""In the order in which they are filled: whatever is looked up stands first."""


def inherit(thing: Thing, source: Thing | None, *columns: str, **others: str) -> None:
    """Takes what was left out from another thing: the same columns, or `mine="theirs"`."""
    if source is None:
        return
    now, theirs = thing.now, source.now
    for column in columns:
        if now[column] is None:
            now[column] = theirs[column]
    for column, other in others.items():
        if now[column] is None:
            now[column] = theirs[other]
