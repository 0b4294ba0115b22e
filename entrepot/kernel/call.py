"""One command in hand: who asks, what is loaded, and what a verb has done so far."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import Protocol

from entrepot.kernel.access import Caller
from entrepot.kernel.errors import SEVERAL, Conflict, Invalid
from entrepot.kernel.field import snake
from entrepot.kernel.file import File
from entrepot.kernel.noun import Noun, Nouns
from entrepot.kernel.shape import Known
from entrepot.kernel.thing import Thing


class Secrets(Protocol):
    """How secrets are made and kept."""

    def new(self) -> str:
        """A secret of 256 random bits."""
        ...

    def seal(self, secret: str) -> str:
        """A secret that must be given back, encrypted."""
        ...

    def digest(self, secret: str) -> str:
        """What a secret is found by."""
        ...

    def token(self, claims: Mapping[str, object], audience: str, seconds: int) -> str:
        """What is claimed, signed by this installation, for so long in real time: a JSON Web Token."""
        ...

    def verifier(self, password: str) -> str:
        """What a password is checked against. It is slow on purpose."""
        ...


class OutOfIds(Exception):
    """Too few ids are in hand; the door fetches `count` more and runs the verb again.

    Children are numbered within their parents: then `wanted` has one entry for each of these, else one without.
    """

    def __init__(self, noun: Noun, wanted: Mapping[str, int]):
        super().__init__(noun.path)
        self.noun = noun
        self.wanted = wanted


@dataclass(frozen=True, slots=True)
class Happening:
    """One entry of the trail, before it is written."""

    event: str
    thing: Thing
    details: dict[str, object]
    moved: bool


@dataclass(frozen=True, slots=True)
class Transfer:
    """All that is about a buyer goes from one account to another."""

    scope_id: str
    giver_id: str
    taker_id: str


@dataclass(frozen=True, slots=True)
class Due:
    """Work that falls due: at a moment of business time, or once so many seconds of real time are over."""

    job: str
    noun: Noun
    thing_id: str
    at: datetime | None = None
    seconds: float = 0.0


def _as_they_come(noun: Noun, wanted: Mapping[str, int]) -> None:
    """Where nobody says how many ids will be needed, each is fetched as it comes."""


@dataclass(eq=False)
class Call:
    """What a verb works with. It holds no connection, reads no clock and draws no randomness of its own.

    `told` are the names of the events that the trail tells of the command, with those who are told of a program's own.
    """

    caller: Caller
    nouns: Nouns
    now: datetime
    draw: Callable[[Noun, str], str]
    ahead: Callable[[Noun, Mapping[str, int]], None] = _as_they_come
    things: dict[tuple[str, str, str], Thing] = field(default_factory=dict)
    known: Known = field(default_factory=Known)
    visible: set[tuple[str, str]] = field(default_factory=set)
    happenings: list[Happening] = field(default_factory=list)
    dues: list[Due] = field(default_factory=list)
    spared: list[tuple[str, Thing]] = field(default_factory=list)
    transfers: list[Transfer] = field(default_factory=list)
    links: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    faults: dict[str, list[str]] = field(default_factory=dict)
    incomplete: bool = False
    moved: set[Thing] = field(default_factory=set)
    again: list[Thing] = field(default_factory=list)
    relied: list[Thing] = field(default_factory=list)
    erased: list[Thing] = field(default_factory=list)
    touched: dict[tuple[str, str, str], tuple[Thing, list[str]]] = field(default_factory=dict)
    numbered: dict[tuple[str, str], int] = field(default_factory=dict)
    told: dict[str, list[str]] = field(default_factory=dict)
    owner_id: str = ""
    trace_id: str = ""
    sandbox: bool = False
    file: File | None = None
    held: File | None = None
    vault: Secrets | None = None

    @property
    def secrets(self) -> Secrets:
        """For verbs that make secrets, or know them again."""
        assert self.vault is not None, "nothing secret is made here"
        return self.vault

    def by(self, *actors: str) -> bool:
        """Whether the caller is one of these actors."""
        return self.caller.actor in actors

    # What a verb does ------------------------------------------------------------------------

    def keep(self, thing: Thing) -> Thing:
        """Takes a loaded thing and its parts into hand, so that what changes on them is written."""
        kept = self.things.setdefault(thing.key, thing)
        for name, children in kept.parts.items():
            kept.parts[name] = [self.keep(c) if isinstance(c, Thing) else c for c in children]
        return kept

    def new(self, noun: Noun, /, **values: object) -> Thing:
        """A thing that does not exist yet, with an id of its own unless one is given."""
        now: dict[str, object] = {each.column: each.default for each in noun.all_fields if each.stored}
        now |= values
        now["revision"] = 0
        if now["id"] is None:
            now["id"] = self._id_of(noun, now)
        if noun.life is not None:
            assert now["status"] in noun.life.initial, f"{noun.name} is not born {now['status']}"
        thing = Thing(noun, now)
        if noun.shared and noun.trailed and "id" in values:
            self.again.append(thing)
        for each in noun.all_fields:
            if each.kind in ("part", "refs"):
                thing.parts[each.name] = []
        self.stamp(thing, "created")
        if now.get("status"):
            self.stamp(thing, str(now["status"]))
        return self.keep(thing)

    def _id_of(self, noun: Noun, now: Mapping[str, object]) -> str:
        """The children of what is new itself are numbered from one, those of others go on from the last."""
        ids = noun.ids
        assert ids is not None, f"{noun.name} draws no ids"
        parent = noun.field(ids.child_of) if ids.child_of else None
        parent_id = str(now[parent.column] or "") if parent is not None else ""
        above = self.things.get((parent.target, "", parent_id)) if parent is not None else None
        if above is None or not above.is_new:
            return self.draw(noun, parent_id)
        number = self.numbered[noun.path, parent_id] = self.numbered.get((noun.path, parent_id), 0) + 1
        return ids.child(parent_id, number)

    def move(self, thing: Thing, verb: str, by: str = "") -> str:
        """The one place that writes a status. Gives back the state that was left.

        Raises Forbidden for an actor on no row of the verb, Conflict for the wrong state.
        """
        life = thing.noun.life
        assert life is not None, f"{thing.noun.name} has no life"
        before = str(thing.now["status"])
        row = life.require(verb, before, by or self.caller.actor, f"{thing.noun.word} {thing.id}")
        thing.now["status"] = row.target
        self.moved.add(thing)
        self.stamp(thing, row.target)
        return before

    def stamp(self, thing: Thing, event: str) -> None:
        """Notes when an audited event happened, and by whom. Some call it `activated` what makes them Active."""
        columns = thing.noun.by_column
        word = snake(event)
        if word == "active" and "audit_active_at" not in columns:
            word = "activated"
        if f"audit_{word}_at" in columns:
            thing.now[f"audit_{word}_at"] = self.now
            thing.now[f"audit_{word}_by_id"] = self.caller.identity_id

    def record(self, event: str, thing: Thing, **details: object) -> None:
        """Puts an event on the trail, in the transaction of the change itself."""
        self.happenings.append(Happening(event, thing, details, thing in self.moved))
        self.moved.discard(thing)

    def due(self, job: str, thing: Thing, at: datetime) -> None:
        """Work to be done about `thing` when the business clock shows `at`."""
        self.dues.append(Due(job, thing.noun, str(thing.id), at))

    def within(self, job: str, thing: Thing, seconds: float) -> None:
        """Work to be done about `thing` in so many seconds of real time, wherever the business clock is moved."""
        self.dues.append(Due(job, thing.noun, str(thing.id), seconds=seconds))

    def spare(self, job: str, thing: Thing) -> None:
        """What was to be done about `thing` until now need not be done any more."""
        self.spared.append((job, thing))

    def transfer(self, buyer: Thing, giver_id: str, taker_id: str) -> None:
        """Whatever is about a buyer is another account's from now on, however much it is: nothing of it is loaded."""
        self.transfers.append(Transfer(str(buyer.id), giver_id, taker_id))

    def rely(self, thing: Thing) -> None:
        """The verb is only right while this unchanged thing stays as it was loaded.

        Raises Conflict for one that was deleted since the body, which names it, was read.
        """
        if thing.get("status") == "Deleted":
            raise Conflict(f"{thing.noun.name} {thing.id} is deleted.")
        self.relied.append(thing)

    def erase(self, thing: Thing) -> None:
        """Removes a row for good, and the file that it holds; the trail keeps what is recorded of it."""
        self.erased.append(thing)
        self.things.pop(thing.key, None)

    def hold(self, thing: Thing) -> None:
        """The thing holds the file that came with the request, and no more the one that it held."""
        file, key = self.file, thing.noun.file
        assert file is not None and key is not None, f"{thing.noun.name} has no file to hold"
        said = {"filename": file.name, "size": file.size, "content_type": file.content_type, key.column: file.key}
        if key.name == "iconFile":
            said["icon"] = f"/public/v1{thing.noun.href(str(thing.id))}/icon"
        for column, value in said.items():
            if column in thing.noun.by_column:
                setattr(thing, column, value)
        self.held = file

    def link(self, thing: Thing, name: str, ids: Iterable[str]) -> None:
        """Sets a list of references."""
        thing.parts[name] = self.links[name, str(thing.id)] = list(ids)

    # Faults ----------------------------------------------------------------------------------

    def fault(self, path: str, message: str) -> None:
        """Notes bad content; all faults are told at once."""
        self.faults.setdefault(path, []).append(message)

    def missing(self, path: str, message: str = "A value is required.") -> None:
        """Notes that something which must be given is not: then the refusal has another title (platform spec 0)."""
        self.fault(path, message)
        self.incomplete = True

    def stop_on_faults(self) -> None:
        """Raises Invalid if anything was found wrong so far."""
        if self.faults:
            raise Invalid(self.faults, title=SEVERAL if self.incomplete else None)


Got = SimpleNamespace
"""What was loaded beside the thing itself, by the names under which it was declared."""
