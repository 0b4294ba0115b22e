"""Writes all that a command changed as one statement: rows, links, trail, work that falls due, the stored answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from entrepot.kernel.call import Call
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing
from entrepot.kernel.trail import Entry, entries
from entrepot.kernel.wire import Json, encode_text

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


class _Parts:
    """The pieces of the statement with their parameters, numbered as they are added."""

    def __init__(self) -> None:
        self.ctes: list[str] = []
        self.values: list[object] = []
        self.counts: list[str] = []
        self.expected = 0

    def bind(self, value: object) -> str:
        self.values.append(value)
        return f"${len(self.values)}"

    def rows(self, columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[object]]) -> str:
        """Rows to select from. A few go as they are, since the driver takes long over arrays; many as arrays."""
        if len(rows) > FEW:
            return self._unnest(columns, rows)
        first = ", ".join(f"{self.bind(value)}::{kind}" for value, (_, kind) in zip(rows[0], columns, strict=True))
        others = (", ".join(self.bind(value) for value in row) for row in rows[1:])
        return f"(values {', '.join(f'({each})' for each in (first, *others))})"

    def _unnest(self, columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[object]]) -> str:
        arrays = zip(*rows, strict=True)
        bound = (f"{self.bind(list(array))}::{kind}[]" for array, (_, kind) in zip(arrays, columns, strict=True))
        return f"unnest({', '.join(bound)})"

    def add(self, text: str, expected: int) -> None:
        name = f"w{len(self.ctes)}"
        self.ctes.append(f"{name} as ({text} returning 1)")
        self.counts.append(f"(select count(*) from {name})")
        self.expected += expected

    def add_unchecked(self, text: str) -> None:
        self.ctes.append(f"w{len(self.ctes)} as ({text})")

    def rely(self, text: str, expected: int) -> None:
        name = f"w{len(self.ctes)}"
        self.ctes.append(f"{name} as materialized ({text})")
        self.counts.append(f"(select count(*) from {name})")
        self.expected += expected

    def statement(self) -> str:
        total = " + ".join(self.counts) or "0"
        return f"with {', '.join(self.ctes)} select entrepot_expect({total}, {self.bind(self.expected)}::bigint)"


class Writer:
    """Turns a finished call into its statement. Holds nothing of the call."""

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
        for (name, owner_id), targets in call.links.items():
            noun = next(t.noun for t in call.things.values() if t.id == owner_id and self._has(t.noun, name))
            self._link(parts, noun, name, owner_id, targets)
        for thing in call.relied:
            if thing.key not in touched:
                parts.rely(
                    f"select 1 from {thing.noun.table_name} where id = {parts.bind(thing.id)} "
                    f"and revision = {parts.bind(thing.revision)} for share",
                    1,
                )
        self._trail(parts, entries(call, touched))
        for due in call.dues:
            values = ", ".join(parts.bind(v) for v in (due.job, due.noun.path, due.thing_id, due.at))
            parts.add(f"insert into due (job, kind, object_id, at) values ({values})", 1)
        if answer is not None:
            self._answer(parts, answer)
        if not parts.ctes:
            return "", []
        return parts.statement(), parts.values

    def _has(self, noun: Noun, name: str) -> bool:
        return name.lower() in noun.by_name

    def _insert(self, parts: _Parts, noun: Noun, things: list[Thing]) -> None:
        filled = [c for c in noun.columns if any(t.now[c] is not None for t in things)]
        columns = [(name, PG_TYPES[noun.by_column[name].kind]) for name in filled]
        rows = [[_stored(noun, name, thing.now[name]) for name in filled] for thing in things]
        names = ", ".join(filled)
        parts.add(
            f"insert into {noun.table_name} ({names}) select * from {parts.rows(columns, rows)} as u",
            len(things),
        )

    def _update(self, parts: _Parts, noun: Noun, columns: tuple[str, ...], things: list[Thing]) -> None:
        typed = [(name, PG_TYPES[noun.by_column[name].kind]) for name in columns]
        keys = [("id", "text"), ("was", "integer"), ("now", "integer")]
        if noun.shared:
            keys.append(("owner", "text"))
        rows: list[list[object]] = []
        for thing in things:
            assert thing.was is not None
            row: list[object] = [thing.id, thing.was["revision"], thing.now["revision"]]
            if noun.shared:
                row.append(thing.now[noun.owner_column])
            rows.append(row + [_stored(noun, name, thing.now[name]) for name in columns])
        names = ", ".join(name for name, _ in keys) + "".join(f", c{at}" for at in range(len(columns)))
        sets = "".join(f", {name} = u.c{at}" for at, name in enumerate(columns))
        owner = f" and t.{noun.owner_column} = u.owner" if noun.shared else ""
        parts.add(
            f"update {noun.table_name} t set revision = u.now{sets} "
            f"from {parts.rows(keys + typed, rows)} as u({names}) "
            f"where t.id = u.id and t.revision = u.was{owner}",
            len(things),
        )

    def _delete(self, parts: _Parts, thing: Thing) -> None:
        noun = thing.noun
        assert thing.was is not None
        owner = f" and {noun.owner_column} = {parts.bind(thing.now[noun.owner_column])}" if noun.shared else ""
        parts.add(
            f"delete from {noun.table_name} where id = {parts.bind(thing.id)} "
            f"and revision = {parts.bind(thing.was['revision'])}{owner}",
            1,
        )

    def _link(self, parts: _Parts, noun: Noun, name: str, owner_id: str, targets: list[str]) -> None:
        table = noun.link(noun.field(name)).name
        owner, ids = parts.bind(owner_id), parts.bind(targets)
        parts.add_unchecked(
            f"delete from {table} where owner_id = {owner} and target_id <> all({ids}::text[]) returning 1"
        )
        parts.add_unchecked(
            f"insert into {table} (owner_id, target_id, place) "
            f"select {owner}, t, n from unnest({ids}::text[]) with ordinality as u(t, n) "
            "on conflict (owner_id, target_id) do update set place = excluded.place returning 1"
        )

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
        names = ", ".join(name for name, _ in TRAIL_COLUMNS)
        cast = ", ".join("u.accounts::text[]" if name == "accounts" else f"u.{name}" for name, _ in TRAIL_COLUMNS)
        parts.add(
            f"insert into trail ({names}) select {cast} from {parts.rows(TRAIL_COLUMNS, rows)} as u({names})",
            len(found),
        )

    def _answer(self, parts: _Parts, answer: StoredAnswer) -> None:
        values = [
            parts.bind(value)
            for value in (
                answer.token_id,
                answer.key,
                answer.fingerprint,
                answer.status,
                answer.etag,
                answer.body,
                answer.sealed,
            )
        ]
        if answer.claimed:
            token_id, key, *rest = values
            parts.add(
                f"update idempotency set (fingerprint, status, etag, body, sealed) = ({', '.join(rest)}) "
                f"where token_id = {token_id} and key = {key} and status = 0",
                1,
            )
        else:
            parts.add(
                "insert into idempotency (token_id, key, fingerprint, status, etag, body, sealed) "
                f"values ({', '.join(values)})",
                1,
            )

    def keep(self, answer: StoredAnswer) -> tuple[str, list[object]]:
        """The statement, with its values, that keeps an answer alone."""
        parts = _Parts()
        self._answer(parts, answer)
        return parts.statement(), parts.values


def _stored(noun: Noun, name: str, value: Any) -> object:
    """A value as the driver takes it: documents as JSON text."""
    if value is None or isinstance(value, Json):
        return value
    if noun.by_column[name].kind in ("json", "bag"):
        return encode_text(value)
    return value
