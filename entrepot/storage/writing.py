"""Writes all that a command changed as one statement: rows, links, trail, work that falls due, the stored answer."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, count
from typing import Any

from entrepot.kernel.call import Call
from entrepot.kernel.field import snake
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing
from entrepot.kernel.trail import Entry, entries, event_name
from entrepot.kernel.wire import Json, encode_text
from entrepot.storage.files import ROW, held_text, row
from entrepot.storage.statements import Cache

PG_TYPES = {
    "id": "text",
    "text": "text",
    "enum": "text",
    "ref": "text",
    "integer": "integer",
    "decimal": "numeric",
    "boolean": "boolean",
    "timestamp": "timestamptz",
    "date": "date",
    "json": "jsonb",
    "bag": "jsonb",
    "texts": "text[]",
    "file": "text",
}

FEW = 12
"""Up to so many rows a statement has a place for each value."""

TRAIL_COLUMNS = (
    ("kind", "text"),
    ("object_id", "text"),
    ("owner_id", "text"),
    ("revision", "integer"),
    ("place", "integer"),
    ("event", "text"),
    ("name", "text"),
    ("at", "timestamptz"),
    ("actor_id", "text"),
    ("account_id", "text"),
    ("accounts", "text"),
    ("scope", "text"),
    ("delta", "jsonb"),
    ("details", "jsonb"),
)


CONTENT = ("fingerprint", "status", "etag", "body", "sealed")
"""What an idempotency key keeps."""


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """What an idempotency key keeps: the request's fingerprint and the answer that was given."""

    token_id: str
    key: str
    fingerprint: bytes
    status: int
    etag: str
    body: bytes
    sealed: bool
    claimed: bool = False


Places = Iterator[str]
"""`$1`, `$2` and so on, as they are used up."""

Text = Callable[..., str]
"""Makes the text of a piece from its places and its shape."""


class _Parts:
    """The pieces of a statement: what their text is made from, and the values in order of their places.

    Of a piece that is `sure` nobody counts the rows: a new row is written or refused with an error.
    """

    __slots__ = ("shape", "values")

    def __init__(self) -> None:
        self.shape: list[tuple[Text, tuple[object, ...], int]] = []
        self.values: list[object] = []

    def add(self, make: Text, *shape: object, expected: int) -> None:
        self.shape.append((make, shape, expected))

    def sure(self, make: Text, *shape: object) -> None:
        self.shape.append((make, shape, 0))


class Writer:
    """Turns a finished call into its statement. Keeps texts by shape, and nothing of the call."""

    def __init__(self) -> None:
        self._texts: Cache[object, str] = Cache(1000)
        self._filled: dict[str, dict[str, None]] = {}

    def compose(self, call: Call, answer: StoredAnswer | None) -> tuple[str, list[object]]:
        """The statement and its values. Nothing to write gives an empty text."""
        parts, touched = _Parts(), call.touched
        inserts: dict[str, list[Thing]] = {}
        updates: dict[tuple[str, tuple[str, ...]], list[Thing]] = {}
        for thing, columns in touched.values():
            if thing.was is None:
                inserts.setdefault(thing.noun.path, []).append(thing)
            else:
                updates.setdefault((thing.noun.path, tuple(sorted(columns))), []).append(thing)
        for things in inserts.values():
            self._insert(parts, things[0].noun, things)
        for (_, columns), things in updates.items():
            self._update(parts, things[0].noun, columns, things)
        for thing in call.erased:
            if thing.was is not None:
                self._delete(parts, thing)
        self._files(parts, call)
        for (name, owner_id), targets in call.links.items():
            noun = next(t.noun for t in call.things.values() if t.id == owner_id and self._has(t.noun, name))
            self._link(parts, noun, name, owner_id, targets)
        for thing in call.relied:
            if thing.key not in touched:
                parts.values += (thing.id, thing.revision)
                parts.add(_rely_text, thing.noun.table_name, expected=1)
        self._transfer(parts, call)
        found = entries(call, touched)
        call.told.update((each.event, []) for each in found)
        self._trail(parts, found)
        for job, thing in call.spared:
            parts.values += (job, thing.noun.path, thing.id)
            parts.sure(_spared_text)
        for due in call.dues:
            parts.values += (due.job, due.noun.path, due.thing_id, due.at or due.seconds)
            if due.at is None:
                parts.sure(_within_text)
            else:
                parts.sure(_values_text, "due", ("job", "kind", "object_id", "at"))
        if answer is not None:
            self._answer(parts, answer)
        if not parts.shape:
            return "", []
        return self._text(parts), parts.values

    def _text(self, parts: _Parts) -> str:
        shape = tuple(parts.shape)
        return self._texts.get(shape) or self._texts.put(shape, _statement(shape))

    def _has(self, noun: Noun, name: str) -> bool:
        return name.lower() in noun.by_name

    def _insert(self, parts: _Parts, noun: Noun, things: list[Thing]) -> None:
        rows = [thing.now for thing in things]
        columns = self._columns(noun, rows)
        parts.sure(_insert_text, noun, columns, len(rows))
        parts.values += _in_order([_stored(noun, columns, now) for now in rows])

    def _columns(self, noun: Noun, rows: list[dict[str, Any]]) -> tuple[str, ...]:
        """Those that are filled now or were before: soon the same ones each time, and PostgreSQL knows the text."""
        before = self._filled.get(noun.path, {})
        new = [c for c in noun.columns if c not in before and any(now[c] is not None for now in rows)]
        if new:
            before = {c: None for c in noun.columns if c in before or c in new}
            self._filled[noun.path] = before
        return tuple(before)

    def _update(self, parts: _Parts, noun: Noun, columns: tuple[str, ...], things: list[Thing]) -> None:
        rows: list[list[object]] = []
        for thing in things:
            assert thing.was is not None
            row: list[object] = [thing.id, thing.was["revision"], thing.now["revision"]]
            if noun.shared:
                row.append(thing.now[noun.owner_column])
            rows.append(row + _stored(noun, columns, thing.now))
        parts.add(_update_text, noun, columns, len(rows), expected=len(rows))
        parts.values += _in_order(rows)

    def _delete(self, parts: _Parts, thing: Thing) -> None:
        noun = thing.noun
        assert thing.was is not None
        parts.values += (thing.id, thing.was["revision"])
        if noun.shared:
            parts.values.append(thing.now[noun.owner_column])
        parts.add(_delete_text, noun, expected=1)

    def _files(self, parts: _Parts, call: Call) -> None:
        """The row of the file that is held from now on, and the end of those that are held no more."""
        ended = [_file_of(thing, thing.was) for thing in call.erased]
        for thing, _ in call.touched.values():
            was, now = _file_of(thing, thing.was), _file_of(thing, thing.now)
            if was != now:
                ended.append(was)
            if call.held is not None and now == call.held.key:
                parts.values += row(call.held)
                parts.sure(_held_text)
        for key in filter(None, ended):
            parts.values += (key, key)
            parts.sure(_dropped_text)
            parts.sure(_let_go_text)

    def _transfer(self, parts: _Parts, call: Call) -> None:
        """Things that go to another account with a buyer: of each kind all at once, with an entry of the trail each."""
        for each in call.transfers:
            for noun in call.nouns:
                if not noun.party or noun.scope == "id":
                    continue
                parts.values.append(each.taker_id)
                if "audit_updated_at" in noun.by_column:
                    parts.values += (call.now, call.caller.identity_id)
                parts.values += (each.scope_id, each.giver_id)
                parts.sure(_moved_text, noun)
                if noun.trailed:
                    changed = {noun.by_column[noun.party].name: [each.giver_id, each.taker_id]}
                    parts.values += (
                        noun.path, event_name(noun, "updated"), f"{snake(noun.name)}.transferred", call.now,
                        call.caller.identity_id, call.caller.account_id or None, each.scope_id, encode_text(changed),
                        encode_text({"buyer": each.scope_id}),
                    )  # fmt: skip
                    parts.sure(_moving_text, noun)

    def _link(self, parts: _Parts, noun: Noun, name: str, owner_id: str, targets: list[str]) -> None:
        table = noun.link(noun.field(name)).name
        parts.values += (owner_id, targets, owner_id, targets)
        parts.sure(_unlink_text, table)
        parts.sure(_link_text, table)

    def _trail(self, parts: _Parts, found: list[Entry]) -> None:
        if not found:
            return
        rows = [
            [
                e.kind, e.object_id, e.owner_id, e.revision, e.place, e.event, e.name, e.at, e.actor_id,
                e.account_id or None, e.accounts, e.scope, encode_text(e.delta), encode_text(e.details),
            ]
            for e in found
        ]  # fmt: skip
        parts.sure(_trail_text, len(rows))
        parts.values += _in_order(rows)

    def _answer(self, parts: _Parts, answer: StoredAnswer) -> None:
        content = (answer.fingerprint, answer.status, answer.etag, answer.body, answer.sealed)
        if answer.claimed:
            parts.values += (*content, answer.token_id, answer.key)
            parts.add(_claimed_text, expected=1)
        else:
            parts.values += (answer.token_id, answer.key, *content)
            parts.sure(_values_text, "idempotency", ("token_id", "key", *CONTENT))

    def keep(self, answer: StoredAnswer) -> tuple[str, list[object]]:
        """The statement, with its values, that keeps an answer alone."""
        parts = _Parts()
        self._answer(parts, answer)
        return self._text(parts), parts.values


def _stored(noun: Noun, columns: Sequence[str], now: Mapping[str, Any]) -> list[object]:
    """A row's values as the driver takes them: documents as JSON text."""
    row = [now[name] for name in columns]
    documents = _documents(noun)
    for at, name in enumerate(columns):
        if name in documents and row[at] is not None and not isinstance(row[at], Json):
            row[at] = encode_text(row[at])
    return row


@cache
def _documents(noun: Noun) -> frozenset[str]:
    """Columns that hold JSON."""
    return frozenset(each.column for each in noun.all_fields if each.kind in ("json", "bag"))


def _file_of(thing: Thing, values: Mapping[str, Any] | None) -> str | None:
    """The key of the file that a thing holds."""
    each = thing.noun.file
    return None if each is None or values is None else values[each.column]


def _in_order(rows: list[list[Any]]) -> Iterable[object]:
    """The values in the order in which `_rows_text` has its places."""
    if len(rows) > FEW:
        return (list(column) for column in zip(*rows, strict=True))
    return chain.from_iterable(rows)


# Texts ------------------------------------------------------------------------------------------------


def _statement(shape: Iterable[tuple[Text, tuple[Any, ...], int]]) -> str:
    """One statement of all pieces. The rows of those that may find none are counted at the end."""
    places = (f"${number}" for number in count(1))
    pieces: list[str] = []
    counts: list[str] = []
    expected = 0
    for at, (make, given, rows) in enumerate(shape):
        text = make(places, *given).replace(BEFORE, f"w{at - 1}")
        pieces.append(f"w{at} as ({text}{' returning 1' if rows and make is not _rely_text else ''})")
        if rows:
            counts.append(f"(select count(*) from w{at})")
            expected += rows
    verdict = f"entrepot_expect({' + '.join(counts)}, {expected})" if counts else "true"
    return f"with {', '.join(pieces)} select {verdict}"


BEFORE = "{before}"
"""In a text: the rows that the piece before it gave back."""


def _rows_text(places: Places, columns: Sequence[tuple[str, str]], rows: int) -> str:
    """Rows to select from. A few go as they are, since the driver takes long over arrays; many as arrays."""
    if rows > FEW:
        return f"unnest({', '.join(f'{next(places)}::{kind}[]' for _, kind in columns)})"
    first = ", ".join(f"{next(places)}::{kind}" for _, kind in columns)
    others = (", ".join(next(places) for _ in columns) for _ in range(rows - 1))
    return f"(values {', '.join(f'({each})' for each in (first, *others))})"


def _typed(noun: Noun, columns: Iterable[str]) -> list[tuple[str, str]]:
    return [(name, PG_TYPES[noun.by_column[name].kind]) for name in columns]


def _insert_text(places: Places, noun: Noun, columns: tuple[str, ...], rows: int) -> str:
    given = _rows_text(places, _typed(noun, columns), rows)
    return f"insert into {noun.table_name} ({', '.join(columns)}) select * from {given} as u"


def _update_text(places: Places, noun: Noun, columns: tuple[str, ...], rows: int) -> str:
    keys = [("id", "text"), ("was", "integer"), ("now", "integer")]
    if noun.shared:
        keys.append(("owner", "text"))
    names = ", ".join(name for name, _ in keys) + "".join(f", c{at}" for at in range(len(columns)))
    sets = "".join(f", {name} = u.c{at}" for at, name in enumerate(columns))
    owner = f" and t.{noun.owner_column} = u.owner" if noun.shared else ""
    return (
        f"update {noun.table_name} t set revision = u.now{sets} "
        f"from {_rows_text(places, keys + _typed(noun, columns), rows)} as u({names}) "
        f"where t.id = u.id and t.revision = u.was{owner}"
    )


def _delete_text(places: Places, noun: Noun) -> str:
    text = f"delete from {noun.table_name} where id = {next(places)} and revision = {next(places)}"
    return text + (f" and {noun.owner_column} = {next(places)}" if noun.shared else "")


def _rely_text(places: Places, table: str) -> str:
    return f"select 1 from {table} where id = {next(places)} and revision = {next(places)} for share"


def _moved_text(places: Places, noun: Noun) -> str:
    """The account of everything of a kind that is about a buyer; what is trailed gets its next revision by that."""
    sets = f"{noun.party} = {next(places)}::text"
    if noun.trailed:
        sets += ", revision = revision + 1"
    if "audit_updated_at" in noun.by_column:
        sets += f", audit_updated_at = {next(places)}::timestamptz, audit_updated_by_id = {next(places)}::text"
    owner = noun.owner_column if noun.shared else "''"
    accounts = ", ".join(noun.audience) or "null::text"
    return (
        f"update {noun.table_name} set {sets} where {noun.scope} = {next(places)}::text"
        f" and {noun.party} = {next(places)}::text returning id, {owner} as owner_id, revision,"
        f" array(select distinct a from unnest(array[{accounts}]) a where a is not null order by a) as accounts"
    )


def _moving_text(places: Places, noun: Noun) -> str:
    """What the trail tells of each of them."""
    names = ", ".join(name for name, _ in TRAIL_COLUMNS)
    kind, event, name, at, actor, account, scope, delta, details = (next(places) for _ in range(9))
    return (
        f"insert into trail ({names}) select {kind}::text, id, owner_id, revision, 0, {event}::text, {name}::text,"
        f" {at}::timestamptz, {actor}::text, {account}::text, accounts, {scope}::text, {delta}::jsonb,"
        f" {details}::jsonb from {BEFORE}"
    )


def _held_text(places: Places) -> str:
    return held_text(", ".join(next(places) for _ in ROW))


def _dropped_text(places: Places) -> str:
    return f"delete from files where key = {next(places)} and not outside"


def _let_go_text(places: Places) -> str:
    """What lies elsewhere is swept up once this is certain."""
    return f"update files set held = false, at = now() where key = {next(places)} and outside"


def _unlink_text(places: Places, table: str) -> str:
    return f"delete from {table} where owner_id = {next(places)} and target_id <> all({next(places)}::text[])"


def _link_text(places: Places, table: str) -> str:
    return (
        f"insert into {table} (owner_id, target_id, place) "
        f"select {next(places)}::text, t, n from unnest({next(places)}::text[]) with ordinality as u(t, n) "
        "on conflict (owner_id, target_id) do update set place = excluded.place"
    )


def _trail_text(places: Places, rows: int) -> str:
    names = ", ".join(name for name, _ in TRAIL_COLUMNS)
    cast = ", ".join("u.accounts::text[]" if name == "accounts" else f"u.{name}" for name, _ in TRAIL_COLUMNS)
    return f"insert into trail ({names}) select {cast} from {_rows_text(places, TRAIL_COLUMNS, rows)} as u({names})"


def _values_text(places: Places, table: str, columns: tuple[str, ...]) -> str:
    return f"insert into {table} ({', '.join(columns)}) values ({', '.join(next(places) for _ in columns)})"


def _within_text(places: Places) -> str:
    values = ", ".join(next(places) for _ in range(3))
    moment = f"clock_timestamp() + make_interval(secs => {next(places)}::float8)"
    return f"insert into due (job, kind, object_id, at, real) values ({values}, {moment}, true)"


def _spared_text(places: Places) -> str:
    """What stood there before this statement; what it adds itself it does not see."""
    job, kind, thing_id = (next(places) for _ in range(3))
    return f"delete from due where job = {job} and kind = {kind} and object_id = {thing_id} and done_at is null"


def _claimed_text(places: Places) -> str:
    content = ", ".join(next(places) for _ in CONTENT)
    return (
        f"update idempotency set ({', '.join(CONTENT)}) = ({content}) "
        f"where token_id = {next(places)} and key = {next(places)} and status = 0"
    )
