"""Loads world files, all or nothing: read once, filled in an order of their own, copied in one transaction.

First every line is read, its kind and id are taken down and the line goes to a spool on disk: from then on it is
known what the file holds. Then the lines are read again kind by kind, what they leave out is filled in, their
references are checked against the file and the database, and the rows go out by COPY.
"""

import gc
import time
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import batched
from operator import itemgetter
from typing import Any, Final

import asyncpg
import msgspec

from entrepot.kernel.call import Call
from entrepot.kernel.field import snake
from entrepot.kernel.identity import SERVICES
from entrepot.kernel.noun import Noun, Nouns
from entrepot.kernel.store_form import WHOLE, Family, Form, Forms
from entrepot.kernel.thing import Thing
from entrepot.kernel.trail import event_name
from entrepot.kernel.wire import decode, encode, milliseconds
from entrepot.storage.callers import KERNEL
from entrepot.storage.clashes import clashing
from entrepot.storage.converting import ID_REQUIRED, Converter, Unit, id_expected, id_pattern, nul_in
from entrepot.storage.event_types import EventTypes
from entrepot.storage.facts import Facts, Unfetched
from entrepot.storage.faults import FAULTS_MAX, Fault, Faulty, LoadError, Origin
from entrepot.storage.files import CARRIED, Files, carried
from entrepot.storage.kinds import Found, Kinds
from entrepot.storage.spool import Spool
from entrepot.storage.vault import Vault
from entrepot.storage.writing import Writer

UNITS_AT_A_TIME: Final = 500
ROWS_AT_A_TIME: Final = 4_000
ANALYZED_FROM_ROWS: Final = 500
TELL_EVERY: Final = 1_000

TRAIL: Final = (
    "kind", "object_id", "owner_id", "revision", "place", "event", "name", "at", "actor_id", "accounts", "scope",
    "delta", "details",
)  # fmt: skip
DUE: Final = ("job", "kind", "object_id", "at", "real")
NOTHING: Final = b"{}"

_decoder = msgspec.json.Decoder(float_hook=str)  # at first reading no number is looked at

Progress = Callable[[str, int, int | None], None]
"""`progress(what, done, of all)`: reading (of how many is not known), loading, checking."""

Lines = Iterable[tuple[str, int, bytes]]
"""The name of the file, the number of the line in it, and the line."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What was loaded, by kind, and how long it took."""

    counts: Mapping[str, int]
    seconds: float

    @property
    def total(self) -> int:
        """How many lines of the files were loaded."""
        return sum(self.counts.values())


def silent(what: str, done: int, of: int | None) -> None:
    """Nobody is told how far it is."""


async def load(
    pool: asyncpg.Pool,
    nouns: Nouns,
    forms: Forms,
    vault: Vault,
    lines: Lines,
    progress: Progress = silent,
    files: Files | None = None,
) -> Summary:
    """Loads what the lines hold. Raises Faulty for what is wrong with them, LoadError where the database refuses."""
    began = time.perf_counter()
    contents = Contents(nouns, forms)
    with _unswept():
        try:
            contents.read(lines, progress)
            async with pool.acquire() as conn:
                try:
                    await _Loading(contents, nouns, vault, conn, progress, files or Files(pool)).run()
                finally:
                    await conn.close()  # its JSON codec is that of COPY, which no other use understands
        finally:
            contents.spool.close()
    return Summary(contents.counts, time.perf_counter() - began)


@contextmanager
def _unswept() -> Iterator[None]:
    """Without the garbage collector: nothing here is circular, and looking for that takes a quarter of the time."""
    swept = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if swept:
            gc.enable()


# What the files hold ------------------------------------------------------------------------------------


class _Either:
    """Ids of either kind: whoever acts is a user or a token."""

    def __init__(self, *ids: Mapping[str, object]):
        self._ids = ids

    def __contains__(self, thing_id: object) -> bool:
        return any(thing_id in ids for ids in self._ids)


class Contents:
    """Every line of the files: its kind, its id, and where it lies in the spool."""

    def __init__(self, nouns: Nouns, forms: Forms):
        self.forms = forms
        self.kinds = Kinds(nouns, forms)
        self.spool = Spool()
        self.files: list[str] = []
        self.faults: list[Fault] = []
        self.more = 0
        self.ids: dict[str, dict[str, Origin]] = {noun.path: {} for noun in nouns}
        self.positions: dict[str, array[int]] = {}
        self.families: dict[str, dict[str, list[int]]] = {}
        self.counts: dict[str, int] = {}
        self._patterns = {noun.path: id_pattern(noun) for noun in nouns}
        self._heads = {
            form.noun.path: each for each in forms if isinstance(each, Family) for form in (each.head, *each.members)
        }
        self._actors = _Either(self.ids["accounts/users"], self.ids["accounts/api-tokens"])

    def ids_of(self, path: str):
        """The ids of a kind that the files hold."""
        return self._actors if path == "identities" else self.ids[path]

    def fault(self, *faults: Fault) -> None:
        """Notes what is wrong, as far as there is room."""
        room = max(FAULTS_MAX - len(self.faults), 0)
        self.faults += faults[:room]
        self.more += len(faults[room:])

    def raise_faults(self) -> None:
        """Raises Faulty when anything was found wrong."""
        if self.faults:
            raise Faulty([each.told(self.files) for each in sorted(self.faults, key=itemgetter(0))], self.more)

    def lines_of(self, noun: Noun) -> Iterator[tuple[Origin, Mapping[str, Any], str | None]]:
        """The lines of a kind, read once more: where each stands, what it says, and the owner that its kind names."""
        family = self._heads.get(noun.path)
        heads = self.families.get(family.head.noun.path, {}) if family is not None else {}
        for at in (*self.positions.get(noun.path, ()), *(at for several in heads.values() for at in several)):
            origin, raw = self.spool.read(at)
            given = decode(raw)
            assert isinstance(given, dict)
            found = self.kinds.find(str(given["$kind"]))
            if not isinstance(found, str) and found.form.noun is noun:
                yield origin, given, found.parents[-1] if found.parents else None

    def read(self, lines: Lines, progress: Progress) -> None:
        """Takes down every line."""
        done, numbers = 0, dict[str, int]()
        for file, line, raw in lines:
            number = numbers.get(file)
            if number is None:
                number = numbers[file] = len(self.files)
                self.files.append(file)
            if line == 1:
                raw = raw.removeprefix(b"\xef\xbb\xbf")
            if raw and not raw.isspace():
                self._take(Origin(number, line), raw)
            done += 1
            if done % TELL_EVERY == 0:
                progress("reading", done, None)
        progress("reading", done, None)

    def _take(self, origin: Origin, raw: bytes) -> None:
        try:
            given = _decoder.decode(raw)
        except (ValueError, RecursionError) as fault:
            self.fault(Fault(origin, "$", f"This is not JSON: {fault}"))
            return
        if not isinstance(given, dict):
            self.fault(Fault(origin, "$", "A JSON object was expected."))
            return
        if b"\\u0000" in raw and (path := nul_in(given)):
            self.fault(Fault(origin, path, "A text cannot hold the character NUL."))
            return
        found = self._find(origin, given.get("$kind"))
        if found is not None and self._take_id(origin, found.form.noun, given.get("id")):
            self._place(found, given, self.spool.add(origin, raw))

    def _find(self, origin: Origin, kind: object) -> Found | None:
        if not isinstance(kind, str):
            self.fault(Fault(origin, "$kind", "A kind is required, such as catalog/products."))
            return None
        found = self.kinds.find(kind)
        if isinstance(found, str):
            self.fault(Fault(origin, "$kind", found))
            return None
        return found

    def _take_id(self, origin: Origin, noun: Noun, thing_id: object) -> bool:
        if not isinstance(thing_id, str) or not thing_id:
            self.fault(Fault(origin, "id", ID_REQUIRED))
        elif not self._patterns[noun.path].fullmatch(thing_id):
            self.fault(Fault(origin, "id", id_expected(noun)))
        elif (first := self.ids[noun.path].setdefault(thing_id, origin)) is not origin:
            self.fault(Fault(origin, "id", f"{thing_id} stands in {self.files[first.file]}:{first.line} already."))
        else:
            return True
        return False

    def _place(self, found: Found, given: Mapping[str, object], at: int) -> None:
        """A thing of a family lies with its head; what names none lies by itself."""
        noun = found.form.noun
        self.counts[noun.path] = self.counts.get(noun.path, 0) + 1
        family = self._heads.get(noun.path)
        if family is None:
            self.positions.setdefault(noun.path, array("Q")).append(at)
            return
        head: object = given["id"]
        if noun is not family.head.noun:
            named = given.get(family.by)
            head = named.get("id") if isinstance(named, dict) else None
            if named is None and found.parents and noun.owner == family.by:
                head = found.parents[-1]
        key = head if isinstance(head, str) else f"\0{at}"
        self.families.setdefault(family.head.noun.path, {}).setdefault(key, []).append(at)


# Rows on their way to the database ----------------------------------------------------------------------


class _Copy:
    """How things of one kind become rows of their table, of their link tables and of the trail."""

    def __init__(self, noun: Noun, nests: Iterable[str]):
        self.noun = noun
        self.nests = tuple(nests)
        self.columns = noun.columns
        self._values = itemgetter(*noun.columns)
        self._documents = [at for at, name in enumerate(noun.columns) if noun.by_column[name].kind in ("json", "bag")]
        self.links = tuple(
            (each.name, noun.link(each).name) for each in noun.all_fields if each.kind == "refs" and not each.derived
        )
        self.event = event_name(noun, "created")
        self._defaults = tuple(
            (each.column, each.default) for each in noun.all_fields if each.stored and each.default is not None
        )

    def finish(self, thing: Thing, given: Mapping[str, object], now: datetime) -> None:
        """What nothing follows from has its ordinary value; what was not audited happens now."""
        values = thing.now
        for column, default in self._defaults:
            if values[column] is None:
                values[column] = default
        self.set_status(thing)
        if values["revision"] is None:
            values["revision"] = 1
        if "audit_created_at" not in values:
            return
        if values["audit_created_at"] is None:
            values["audit_created_at"] = now
        if given.get("audit") is None:
            values["audit_created_by_id"] = values["audit_created_by_id"] or SERVICES["kernel"]
            event = f"audit_{snake(str(values.get('status')))}"
            if f"{event}_at" in values:
                values[f"{event}_at"], values[f"{event}_by_id"] = now, SERVICES["kernel"]

    def set_status(self, thing: Thing) -> None:
        """A life that is not told begins where it begins."""
        life = self.noun.life
        if life is not None and thing.now["status"] is None:
            thing.now["status"] = self.noun.by_column["status"].default or life.initial[0]

    def row(self, thing: Thing) -> list[object]:
        """The values of the columns, documents encoded."""
        row = list(self._values(thing.now))
        for at in self._documents:
            if row[at] is not None:
                row[at] = encode(row[at])
        return row

    def trail(self, thing: Thing, loaded_at: datetime) -> tuple[object, ...]:
        """The one entry that says that it was loaded; what does not say when it was made began then."""
        noun, now = self.noun, thing.now
        accounts = sorted({str(now[column]) for column in noun.audience if now[column]})
        return (
            noun.path, now["id"], now[noun.owner_column] if noun.shared else "", now["revision"], 0, self.event,
            "loaded", now["audit_created_at"] or loaded_at, SERVICES["kernel"], accounts,
            now[noun.scope] if noun.scope else None, NOTHING, NOTHING,
        )  # fmt: skip


class _Told:
    """What whole things were before anything was filled in."""

    def __init__(self) -> None:
        self._things: list[tuple[Converter, Thing, dict[str, Any], dict[str, list[object]]]] = []

    def take(self, converter: Converter, thing: Thing) -> None:
        """Notes what is told of a thing, and of what stands within it."""
        links = {each.name: thing.parts[each.name] for each in converter.noun.all_fields if each.kind == "refs"}
        self._things.append((converter, thing, dict(thing.now), links))
        for name, nested in converter.nests.items():
            for child in thing.parts[name]:
                self.take(nested, child)

    def hold(self) -> None:
        """Brings it back, but for what always follows: sealed secrets, and what they are found by."""
        for converter, thing, now, links in self._things:
            noun, follows = converter.noun, converter.form.follows
            thing.now.update(
                (column, value)
                for column, value in now.items()
                if not noun.by_column[column].secret and noun.by_column[column].name not in follows
            )
            thing.parts.update(links)


@dataclass(eq=False)
class _Rows:
    """Rows of one table that wait to be copied."""

    columns: Sequence[str]
    rows: list[Sequence[object]] = field(default_factory=list)
    origins: list[Origin] = field(default_factory=list)
    copied: int = 0

    def add(self, row: Sequence[object], origin: Origin) -> None:
        """One more row, and the line that it is of."""
        self.rows.append(row)
        self.origins.append(origin)


# Filling and copying ------------------------------------------------------------------------------------


class _Loading:
    """One load, on one connection."""

    def __init__(self, contents: Contents, nouns: Nouns, vault: Vault, conn: Any, progress: Progress, files: Files):
        self.contents, self.nouns, self.vault, self.conn, self.progress = contents, nouns, vault, conn, progress
        self.events: set[str] = set()
        self.files = files
        self.writer = Writer()
        self.tables: dict[str, _Rows] = {}
        self.copying = _Rows(())
        self.converters: dict[str, Converter] = {}
        self.copies: dict[str, _Copy] = {}
        self.looked_up: set[str] = set()
        self.done = 0
        self._stored: dict[str, dict[str, bool]] = {}
        for each in contents.forms:
            for form in (each.head, *each.members) if isinstance(each, Family) else (each,):
                self._know(Converter(form, contents.ids_of))
                if form.keeps:
                    self.looked_up.add(form.noun.path)

    def _know(self, converter: Converter) -> None:
        path = converter.noun.path
        self.converters[path] = converter
        self.copies[path] = _Copy(converter.noun, converter.nests)
        for nested in converter.nests.values():
            self._know(nested)

    async def run(self) -> None:
        """Everything, in one transaction."""
        await self.conn.set_type_codec("jsonb", schema="pg_catalog", format="binary", encoder=_binary, decoder=bytes)
        try:
            async with self.conn.transaction():
                await self._prepare()
                for each in self.contents.forms:
                    fill = self._families(each) if isinstance(each, Family) else self._singles(each)
                    for units in fill:
                        await self._take(each, units)
                self.contents.raise_faults()
                await self._flush(least=1)
                self.progress("checking", 0, None)
                await self.conn.execute("set constraints all immediate")
                await EventTypes().see(self.conn, dict.fromkeys(self.events, ()))
            await self._analyze()
        except asyncpg.IntegrityConstraintViolationError as fault:
            await self._tell(fault)
            raise LoadError(f"Others changed the same things meanwhile ({fault}); load again.") from fault
        except asyncpg.SerializationError as fault:
            raise LoadError(f"Others changed the same things meanwhile ({fault}); load again.") from fault
        except asyncpg.DataError as fault:
            raise LoadError(f"The database refuses a value: {fault}") from fault

    async def _tell(self, fault: asyncpg.IntegrityConstraintViolationError) -> None:
        """Raises Faulty with the line that the database refuses, where it is one of the files."""
        clash = await clashing(
            self.conn, self.nouns, fault, self.contents.lines_of, self.copying.origins, self.contents.files
        )
        if clash is not None:
            self.contents.fault(clash)
            self.contents.raise_faults()

    async def _prepare(self) -> None:
        await self.conn.execute("set local statement_timeout = 0; set local lock_timeout = '1min'")
        await self.conn.execute("set constraints all deferred")
        now = await self.conn.fetchval("select coalesce((select entrepot_now()), now())")
        tables = {noun.path: noun.table_name for noun in self.nouns}
        filled = await self.conn.fetchrow(
            "select " + ", ".join(f"exists (select from {table})" for table in tables.values())
        )
        self.empty = {path for path, some in zip(tables, filled, strict=True) if not some}
        now = milliseconds(now.astimezone(UTC))
        self.facts = Facts(self.nouns, self.vault, now, self.empty, self.looked_up, self.conn)
        self.facts.converters = self.converters

    def _singles(self, form: Form) -> Iterator[list[list[int]]]:
        for some in batched(self.contents.positions.get(form.noun.path, ()), UNITS_AT_A_TIME):
            yield [[at] for at in some]

    def _families(self, family: Family) -> Iterator[list[tuple[str, list[int]]]]:
        found = self.contents.families.get(family.head.noun.path, {})
        for some in batched(found.items(), UNITS_AT_A_TIME):
            yield list(some)

    # A number of units -----------------------------------------------------------------------

    async def _take(self, each: Form | Family, units: Sequence[Any]) -> None:
        """Fills some units, fetching from the database what they look up there; then checks and copies them."""
        filled: list[Unit] = []
        waiting: Sequence[Any] = units
        while waiting:
            again: list[Any] = []
            for one in waiting:
                unit = self.facts.unit = Unit()
                try:
                    self._fill(each, unit, one)
                    filled.append(unit)
                except Unfetched:
                    self.facts.want((path, target) for path, target, _, _ in unit.unknown)
                    again.append(one)
            if again:
                await self.facts.fetch()
            waiting = again
        await self._check(filled)
        for unit in filled:
            self.contents.fault(*unit.faults)
        single = isinstance(each, Form)
        for unit in filled:
            for thing in unit.things:
                if single and self.converters[thing.noun.path].form.keeps:
                    self.facts.keep(thing)
                if not self.contents.faults:
                    self._emit(unit, thing)
            for job, thing, at, real in unit.dues:
                row = (job, thing.noun.path, thing.now["id"], at, real)
                self._rows("due", DUE).add(row, unit.places[id(thing)][0])
        if not self.contents.faults:
            for file in (file for unit in filled for file in unit.files):
                await self.files.add(self.conn, file)
            await self._change([thing for unit in filled for thing in unit.changes])
            await self._flush(least=ROWS_AT_A_TIME)
        self.facts.forget()
        self.done += sum(len(unit.things) for unit in filled)
        of = sum(self.contents.counts.values())
        self.progress("loading", min(self.done, of), of)

    def _fill(self, each: Form | Family, unit: Unit, one: Any) -> None:
        if isinstance(each, Family):
            self._fill_family(each, unit, *one)
            return
        thing = self._convert(unit, one[0])
        if thing is None:
            return
        told = self._told(unit)
        each.fill(thing, self.facts)
        for one in unit.things:
            self._finish(unit, one, self.converters[one.noun.path])
        told.hold()

    def _fill_family(self, family: Family, unit: Unit, head_id: str, positions: list[int]) -> None:
        members: dict[str, list[Thing]] = {form.noun.path: [] for form in (family.head, *family.members)}
        for at in positions:
            thing = self._convert(unit, at)
            if thing is not None:
                members[thing.noun.path].append(thing)
        head = next(iter(members.pop(family.head.noun.path)), None)
        if head is None and head_id not in self.contents.ids[family.head.noun.path] and head_id[0] != "\0":
            head = self.facts.one(family.head.noun.path, head_id)
            if head is not None:  # its copy among the facts stays as it is, for when this unit is filled anew
                head = Thing(head.noun, dict(head.now), head.was)
        told = self._told(unit)
        family.fill(head, members, self.facts)
        for thing in unit.things:
            self._finish(unit, thing, self.converters[thing.noun.path])
        told.hold()
        if head is not None and head.was is not None and head.changed():
            unit.changes.append(head)

    def _convert(self, unit: Unit, at: int) -> Thing | None:
        origin, raw = self.contents.spool.read(at)
        try:
            given = decode(raw)
        except (ValueError, RecursionError) as fault:
            unit.faults.append(Fault(origin, "$", f"This is not JSON: {fault}"))
            return None
        assert isinstance(given, dict)
        found = self.contents.kinds.find(str(given["$kind"]))
        assert not isinstance(found, str)
        noun = found.form.noun
        thing = self.converters[noun.path].convert(unit, given, origin)
        if found.parents and noun.owner:
            self._own(unit, thing, found.parents[-1])
        if noun.file is not None and given.get(CARRIED) is not None:
            self._take_file(unit, thing, given.pop(CARRIED), at)
        self.copies[noun.path].set_status(thing)
        unit.things.append(thing)
        return thing

    def _take_file(self, unit: Unit, thing: Thing, given: object, at: int) -> None:
        """Its bytes are read from the line again when they are written: only those of one file are in memory."""
        try:
            file = carried(given, lambda: decode(self.contents.spool.read(at)[1])[CARRIED])  # pyright: ignore[reportIndexIssue]
        except ValueError as fault:
            unit.fault(thing, CARRIED, str(fault))
            return
        key = thing.noun.file
        assert key is not None
        thing.now[key.column] = file.key
        for column, value in (("filename", file.name), ("size", file.size), ("content_type", file.content_type)):
            if column in thing.now and (column == "size" or thing.now[column] is None):
                thing.now[column] = value
        unit.files.append(file)

    def _own(self, unit: Unit, thing: Thing, owner_id: str) -> None:
        """The kind names the owner, as the address does."""
        field_ = thing.noun.owner_field
        said = thing.now[field_.column]
        if said is None:
            thing.now[field_.column] = owner_id
            if owner_id not in self.contents.ids_of(field_.target):
                unit.unknown.append((field_.target, owner_id, thing, "$kind"))
        elif said != owner_id:
            unit.fault(thing, f"{field_.name}.id", f"The kind names {owner_id}, and this {said}.")

    def _told(self, unit: Unit) -> "_Told":
        """What lines say that leave nothing out."""
        told = _Told()
        for thing in unit.things:
            if unit.given[id(thing)].get(WHOLE) is True:
                told.take(self.converters[thing.noun.path], thing)
        return told

    def _finish(self, unit: Unit, thing: Thing, converter: Converter) -> None:
        """What is left out still; in the parts likewise."""
        self.copies[converter.noun.path].finish(thing, unit.given[id(thing)], self.facts.now)
        for name, nested in converter.nests.items():
            for child in thing.parts[name]:
                self._finish(unit, child, nested)

    # Checking --------------------------------------------------------------------------------

    async def _check(self, units: Sequence[Unit]) -> None:
        """References that the file does not hold, and ids that it holds, are looked up in the database."""
        await self._look_up((path, target) for unit in units for path, target, _, _ in unit.unknown)
        for unit in units:
            for path, target, thing, name in unit.unknown:
                if not self._stored[path][target]:
                    unit.fault(thing, name, f"{self.nouns[path].name} {target[:80]!r} was not found.")
        mine = [(unit, thing) for unit in units for thing in _all_things(unit)]
        sole = [(unit, thing) for unit, thing in mine if not thing.noun.shared]
        await self._look_up((thing.noun.path, str(thing.now["id"])) for _, thing in sole)
        for unit, thing in sole:
            if self._stored[thing.noun.path].pop(str(thing.now["id"]), False):
                unit.fault(thing, "id", f"{thing.now['id']} is in the database already.")
            self._require_unique(unit, thing)
        for unit, thing in mine:
            if not unit.faults:  # what is missing may follow from what is wrong
                self._require(unit, thing)

    def _require(self, unit: Unit, thing: Thing) -> None:
        noun = thing.noun
        for name in (*self.converters[noun.path].form.needs, *([noun.owner] if noun.owner else [])):
            if thing.now[noun.field(name).column] is None:
                unit.fault(thing, name, "A value is required.")

    def _require_unique(self, unit: Unit, thing: Thing) -> None:
        """Parts are told apart within what they stand in; one with another's digits could also stand elsewhere."""
        noun = thing.noun
        if thing in unit.things or noun.ids is None:
            return
        thing_id, owner_id = str(thing.now["id"]), str(thing.now[noun.owner_column])
        origin, _ = unit.places[id(thing)]
        if not thing_id.startswith(f"{noun.ids.prefix}-{owner_id.partition('-')[2]}-"):
            first = self.contents.ids[noun.path].setdefault(thing_id, origin)
            if first is not origin:
                told = f"{self.contents.files[first.file]}:{first.line}"
                unit.fault(thing, "id", f"{thing_id} stands in {told} already.")

    async def _look_up(self, wanted: Iterable[tuple[str, str]]) -> None:
        """Which of the ids are in the database."""
        missing: dict[str, list[str]] = {}
        for path, thing_id in dict.fromkeys(wanted):
            known = self._stored.setdefault(path, {})
            if thing_id not in known:
                known[thing_id] = False
                if path not in self.empty:
                    missing.setdefault(path, []).append(thing_id)
        for path, ids in missing.items():
            text = f"select id from {self.nouns[path].table_name} where id = any($1)"
            self._stored[path] |= {row[0]: True for row in await self.conn.fetch(text, ids)}

    # Copying ---------------------------------------------------------------------------------

    def _emit(self, unit: Unit, thing: Thing) -> None:
        copy = self.copies[thing.noun.path]
        origin, _ = unit.places[id(thing)]
        self._rows(thing.noun.table_name, copy.columns).add(copy.row(thing), origin)
        for name, table in copy.links:
            targets = thing.parts[name]
            if targets:
                rows = self._rows(table, ("owner_id", "target_id", "place"))
                for place, target in enumerate(targets, 1):
                    rows.add((thing.now["id"], target, place), origin)
        for name in copy.nests:
            for child in thing.parts[name]:
                self._emit(unit, child)
        if thing.noun.trailed:
            self._rows("trail", TRAIL).add(copy.trail(thing, self.facts.now), origin)
            self.events.add(copy.event)

    def _rows(self, table: str, columns: Sequence[str]) -> _Rows:
        found = self.tables.get(table)
        if found is None:
            found = self.tables[table] = _Rows(columns)
        return found

    async def _flush(self, *, least: int) -> None:
        for table, waiting in self.tables.items():
            if len(waiting.rows) >= least:
                self.copying = waiting
                await self.conn.copy_records_to_table(table, records=waiting.rows, columns=waiting.columns)
                waiting.copied += len(waiting.rows)
                waiting.rows.clear()
                waiting.origins.clear()

    async def _change(self, things: Sequence[Thing]) -> None:
        """Heads that were in the database before, as far as their new members change them."""
        if not things:
            return
        call = Call(caller=KERNEL, nouns=self.nouns, now=self.facts.now, draw=lambda noun, parent_id: "")
        for thing in things:
            columns = thing.changed()
            thing.now["revision"] = int(thing.now["revision"]) + 1  # pyright: ignore[reportArgumentType]
            call.touched[thing.key] = thing, columns
        text, values = self.writer.compose(call, None)
        await self.conn.fetchval(text, *values)

    async def _analyze(self) -> None:
        """The planner learns of a large file at once."""
        tables = [table for table, rows in self.tables.items() if rows.copied]
        if sum(self.tables[table].copied for table in tables) >= ANALYZED_FROM_ROWS:
            async with self.conn.transaction():
                await self.conn.execute("set local statement_timeout = 0")
                await self.conn.execute(f"analyze {', '.join(tables)}")


def _all_things(unit: Unit) -> Iterator[Thing]:
    for thing in unit.things:
        yield thing
        for parts in thing.parts.values():
            yield from (part for part in parts if isinstance(part, Thing))


def _binary(value: bytes | str) -> bytes:
    """JSON as COPY sends it: a version before the text."""
    return b"\x01" + (value.encode() if isinstance(value, str) else value)
