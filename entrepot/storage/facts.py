"""What is known while a world file is loaded: what it holds, and what the database held before."""

from collections.abc import Callable, Container, Hashable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from entrepot.kernel.noun import Noun, Nouns
from entrepot.kernel.thing import Thing
from entrepot.kernel.wire import decode
from entrepot.storage.converting import Converter, Unit
from entrepot.storage.vault import Vault, digest, hasher

FETCHED_MAX = 50_000
"""How many facts of the database are kept before they are forgotten and fetched again."""


class Unfetched(Exception):
    """A fact must be fetched from the database first; then the unit is filled anew."""


class Facts:
    """The kernel's `World`, for one load."""

    def __init__(
        self,
        nouns: Nouns,
        vault: Vault,
        now: datetime,
        empty: Container[str],
        looked_up: Container[str],
        conn: Any,
    ):
        self.nouns, self.vault, self.now, self.conn = nouns, vault, now, conn
        self.empty, self.looked_up = empty, looked_up
        self.unit = Unit()
        self.converters: Mapping[str, Converter] = {}
        self._kept: dict[str, dict[object, Thing]] = {}
        self._indexes: dict[tuple[str, str], dict[object, list[Thing]]] = {}
        self._made: dict[Hashable, Any] = {}
        self._ones: dict[tuple[str, object], Thing | None] = {}
        self._alls: dict[tuple[str, str, object], list[Thing]] = {}
        self._wanted_ones: dict[str, set[object]] = {}
        self._wanted_alls: dict[tuple[str, str], set[object]] = {}

    # Looking up ------------------------------------------------------------------------------

    def one(self, path: str, thing_id: object) -> Thing | None:
        """A thing of the file, else of the database. Raises Unfetched."""
        if thing_id is None:
            return None
        kept = self._kept.get(path)
        if kept is not None and thing_id in kept:
            return kept[thing_id]
        if path in self.empty:
            return None
        if (path, thing_id) not in self._ones:
            self._wanted_ones.setdefault(path, set()).add(thing_id)
            raise Unfetched
        return self._ones[path, thing_id]

    def all(self, path: str, column: str, value: object) -> Sequence[Thing]:
        """Things of the file and of the database. Raises Unfetched."""
        if value is None:
            return ()
        here = self._index(path, column).get(value, ())
        if path in self.empty:
            return here
        stored = self._alls.get((path, column, value))
        if stored is None:
            self._wanted_alls.setdefault((path, column), set()).add(value)
            raise Unfetched
        kept = self._kept.get(path, {})
        return [*here, *(each for each in stored if each.now["id"] not in kept)]

    def once(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Something made of facts, kept for the next that asks."""
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    def keep(self, thing: Thing) -> None:
        """Takes in a thing that is filled, for those that look it up."""
        path = thing.noun.path
        self._kept.setdefault(path, {})[thing.now["id"]] = thing
        for (indexed, column), index in self._indexes.items():
            if indexed == path:
                index.setdefault(thing.now[column], []).append(thing)

    def _index(self, path: str, column: str) -> dict[object, list[Thing]]:
        found = self._indexes.get((path, column))
        if found is None:
            found = self._indexes[path, column] = {}
            for thing in self._kept.get(path, {}).values():
                found.setdefault(thing.now[column], []).append(thing)
        return found

    # The unit in hand ------------------------------------------------------------------------

    def begin(self, noun: Noun, beside: Thing) -> Thing:
        """An empty thing that the file leaves out."""
        thing = self.converters[noun.path].blank()
        origin, prefix = self.unit.places[id(beside)]
        self.unit.place(thing, origin, prefix, {})
        return thing

    def add(self, noun: Noun, beside: Thing) -> Thing:
        """An empty thing that the file leaves out, and that stands in nothing."""
        thing = self.begin(noun, beside)
        self.unit.things.append(thing)
        return thing

    def given(self, thing: Thing) -> Mapping[str, object]:
        """The object as it stands in the file."""
        return self.unit.given[id(thing)]

    def due(self, job: str, thing: Thing, at: datetime) -> None:
        """Work to be done about a thing at a moment of business time."""
        self.unit.dues.append((job, thing, at, False))

    def within(self, job: str, thing: Thing, seconds: float) -> None:
        """Work to be done about a thing in so many seconds of real time."""
        self.unit.dues.append((job, thing, datetime.now(UTC) + timedelta(seconds=seconds), True))

    def fault(self, thing: Thing, name: str, reason: str) -> None:
        """Notes what is wrong with a field of a thing."""
        self.unit.fault(thing, name, reason)

    def seal(self, secret: str) -> str:
        """A secret that must be given back, encrypted."""
        return self.vault.seal(secret)

    def digest(self, secret: str) -> str:
        """What a secret is found by."""
        return digest(secret)

    def verifier(self, password: str) -> str:
        """What a password is checked against."""
        return hasher().hash(password)

    # The database ----------------------------------------------------------------------------

    def want(self, references: Iterable[tuple[str, str]]) -> None:
        """Things that a unit refers to, of kinds that are looked up: it may ask for them one after the other."""
        for path, thing_id in references:
            if path in self.looked_up and path not in self.empty and (path, thing_id) not in self._ones:
                self._wanted_ones.setdefault(path, set()).add(thing_id)

    async def fetch(self) -> None:
        """Brings in everything that was wanted, one statement a kind."""
        for path, ids in self._wanted_ones.items():
            noun = self.nouns[path]
            found = {thing.now["id"]: thing for thing in await self._read(noun, "id", ids)}
            self._ones |= {(path, thing_id): found.get(thing_id) for thing_id in ids}
        for (path, column), values in self._wanted_alls.items():
            self._alls |= {(path, column, value): [] for value in values}
            for thing in await self._read(self.nouns[path], column, values):
                self._alls[path, column, thing.now[column]].append(thing)
        self._wanted_ones.clear()
        self._wanted_alls.clear()

    def forget(self) -> None:
        """Drops what was fetched once there is too much of it; only between units."""
        if len(self._ones) + len(self._alls) > FETCHED_MAX:
            self._ones.clear()
            self._alls.clear()
            self._made.clear()

    async def _read(self, noun: Noun, column: str, values: Iterable[object]) -> list[Thing]:
        lists = [each for each in noun.all_fields if each.kind == "refs"]
        documents = [name for name in noun.columns if noun.by_column[name].kind in ("json", "bag")]
        columns = [f"t.{name}::text" if name in documents else f"t.{name}" for name in noun.columns]
        columns += [
            f"array(select target_id from {noun.link(each).name} where owner_id = t.id order by place)"
            for each in lists
        ]
        rows = await self.conn.fetch(
            f"select {', '.join(columns)} from {noun.table_name} t where t.{column} = any($1) order by t.id",
            list(values),
        )
        width = len(noun.columns)
        things: list[Thing] = []
        for row in rows:
            thing = Thing.loaded(noun, noun.columns, row[:width])
            for name in documents:
                if thing.now[name] is not None:
                    thing.now[name] = thing.was[name] = decode(thing.now[name])  # pyright: ignore[reportOptionalSubscript, reportArgumentType]
            for each, targets in zip(lists, row[width:], strict=True):
                thing.parts[each.name] = targets
            things.append(thing)
        return things
