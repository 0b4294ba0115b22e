"""Dumps a database as a world file: every object in store form, from one snapshot, a few hundred at a time.

How a thing stands in the file follows from its form: its fields by their names, references as ids, what nests in it
within it. Secrets are opened. Each line says that it is `$whole`: what it leaves out is nothing, and is not filled in
when it is loaded.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import date
from typing import Any

import asyncpg
import msgspec

from entrepot.kernel.field import Field
from entrepot.kernel.noun import Noun, Nouns
from entrepot.kernel.store_form import WHOLE, Family, Form, Forms
from entrepot.kernel.wire import encode, moment_text
from entrepot.storage.files import CARRIED, Files, carry
from entrepot.storage.kinds import Kinds
from entrepot.storage.vault import Vault

AT_A_TIME = 500
FEW_ICONS = 50

Progress = Callable[[str, int], None]
"""`progress(kind, objects written so far)`."""


class DumpError(Exception):
    """There is nothing of the kind to dump, or a secret cannot be opened; the message is for the person."""


def silent(kind: str, done: int) -> None:
    """Nobody is told how far it is."""


async def dump(
    pool: asyncpg.Pool,
    nouns: Nouns,
    forms: Forms,
    vault: Vault,
    kind: str | None = None,
    progress: Progress = silent,
    files: Files | None = None,
) -> AsyncIterator[bytes]:
    """The lines of the world file, many at a time. Raises DumpError."""
    chosen, parents = _chosen(nouns, forms, kind)
    async with (
        pool.acquire(timeout=10) as conn,
        conn.transaction(isolation="repeatable_read", readonly=True),
    ):
        await conn.execute("set local statement_timeout = 0")
        done = 0
        for form in chosen:
            writer = _Writer(form, nouns, vault, files or Files(pool))
            async for lines in _things(conn, writer, parents):
                done += len(lines)
                progress(form.noun.path, done)
                yield b"".join(lines)


def _chosen(nouns: Nouns, forms: Forms, kind: str | None) -> tuple[list[Form], tuple[str, ...]]:
    every = [form for each in forms for form in ((each.head, *each.members) if isinstance(each, Family) else (each,))]
    if kind is None:
        return every, ()
    found = Kinds(nouns, forms).find(kind)
    if isinstance(found, str):
        raise DumpError(found.replace("loaded", "dumped"))
    return [found.form], found.parents


async def _things(conn: Any, writer: "_Writer", parents: Sequence[str]) -> AsyncIterator[list[bytes]]:
    """Everything of a form in order of its ids."""
    last = ""
    within = f"and t.{writer.noun.owner_column} = $3" if parents else ""
    values = parents[-1:] if parents else ()
    while True:
        rows = await conn.fetch(
            f"{writer.select} where t.id > $1 {within} order by t.id limit $2", last, writer.at_a_time, *values
        )
        if not rows:
            return
        last = rows[-1][0]
        yield await writer.lines(conn, rows)


def _at_a_time(noun: Noun) -> int:
    """As few things as their files, which travel in the lines, let be in memory at once."""
    if noun.file is None:
        return AT_A_TIME
    return FEW_ICONS if noun.file.name == "iconFile" else 1


class _Writer:
    """How rows of one kind become objects. The id is the first column, parents of the kind are the last ones."""

    def __init__(self, form: Form, nouns: Nouns, vault: Vault, files: Files, by: str = ""):
        self.form, self.noun, self.vault, self.files = form, form.noun, vault, files
        self.by = by
        self._stored = [
            each
            for each in self.noun.all_fields
            if each.stored and each.column != by and each.name not in form.follows and each.kind != "file"
        ]
        self.at_a_time = _at_a_time(self.noun)
        self._steps = [(each.path, self._step(each)) for each in self._stored]
        self._links = [each for each in self.noun.all_fields if each.kind == "refs" and not each.derived]
        fields = {each.name: each for each in self.noun.all_fields}
        self._nests = [
            (fields[name], _Writer(nested, nouns, vault, files, by=fields[name].by))
            for name, nested in form.nests.items()
        ]
        assert not by or not (self._links or self._nests), f"{self.noun.path} has parts of its own"
        joins, self._parents = _ancestors(self.noun, nouns)
        columns = [f"t.{each.column}{'::text' if each.kind in ('json', 'bag') else ''}" for each in self._stored]
        if self.noun.file is not None:
            columns.append(f"t.{self.noun.file.column}")
        if by:
            columns.append(f"t.{by}")
        else:
            columns += self._parents
        self.select = f"select {', '.join(columns)} from {self.noun.table_name} t {joins}"

    async def lines(self, conn: Any, rows: Sequence[Any]) -> list[bytes]:
        """The lines of the world file."""
        things = [{"$kind": self._kind(row), WHOLE: True, **thing} for row, thing in await self._things(conn, rows)]
        return [encode(thing) + b"\n" for thing in things]

    async def _things(self, conn: Any, rows: Sequence[Any]) -> list[tuple[Any, dict[str, object]]]:
        """The objects with the rows that they are made of, with what nests in them."""
        found = [(row, self._thing(row)) for row in rows]
        by_id: Mapping[str, dict[str, object]] = {str(row[0]): thing for row, thing in found}
        for each in self._links:
            await self._link(conn, each, by_id)
        for each, writer in self._nests:
            await self._nest(conn, each, writer, by_id)
        if self.noun.file is not None:
            for row, thing in found:
                await self._carry(conn, row[len(self._stored)], thing)
        return found

    async def _carry(self, conn: Any, key: str | None, thing: dict[str, object]) -> None:
        held = None if key is None else await self.files.held(conn, key, within=True)
        if held is not None:
            thing[CARRIED] = await carry(held)

    def _thing(self, row: Any) -> dict[str, object]:
        thing: dict[str, object] = {}
        for (path, step), value in zip(self._steps, row, strict=False):
            if value is None:
                continue
            value = step(value)
            if value is None:
                continue
            here: dict[str, Any] = thing
            for name in path[:-1]:
                here = here.setdefault(name, {})
            here[path[-1]] = value
        return thing

    async def _link(self, conn: Any, each: Field, by_id: Mapping[str, dict[str, object]]) -> None:
        for thing in by_id.values():
            thing[each.name] = []
        rows = await conn.fetch(
            f"select owner_id, target_id from {self.noun.link(each).name} where owner_id = any($1)"
            " order by owner_id, place, target_id",
            list(by_id),
        )
        for owner_id, target_id in rows:
            by_id[owner_id][each.name].append({"id": target_id})  # pyright: ignore[reportAttributeAccessIssue]

    async def _nest(self, conn: Any, each: Field, writer: "_Writer", by_id: Mapping[str, dict[str, object]]) -> None:
        for thing in by_id.values():
            thing[each.name] = []
        rows = await conn.fetch(f"{writer.select} where t.{each.by} = any($1) order by t.{each.by}, t.id", list(by_id))
        for row in rows:
            by_id[row[len(row) - 1]][each.name].append(writer._thing(row))  # pyright: ignore[reportAttributeAccessIssue]

    def _kind(self, row: Any) -> str:
        """The path of the collection with the ids of parents in it."""
        kind = self.noun.path
        for parent in row[len(row) - len(self._parents) :] if self._parents else ():
            head, _, rest = kind.partition("{")
            kind = f"{head}{parent}{rest.partition('}')[2]}"
        return kind

    def _step(self, each: Field) -> Callable[[Any], object]:
        if each.secret:
            return self._opened
        match each.kind:
            case "ref":
                return _reference
            case "timestamp":
                return moment_text
            case "date":
                return date.isoformat
            case "json" | "bag":
                return _document
            case _:
                return _as_it_is

    def _opened(self, sealed: str) -> str:
        try:
            return self.vault.open(sealed)
        except ValueError as fault:
            raise DumpError(f"{self.noun.path}: {fault}") from fault


def _ancestors(noun: Noun, nouns: Nouns) -> tuple[str, list[str]]:
    """The joins that lead to the ids in the path of a kind, outermost first, and those ids."""
    joins, ids, here, alias = "", list[str](), noun, "t"
    while "{" in here.path:
        ids.insert(0, f"{alias}.{here.owner_column}")
        owner = nouns[here.owner_field.target]
        if "{" in owner.path:
            above = f"o{len(ids)}"
            joins += f" join {owner.table_name} {above} on {above}.id = {alias}.{here.owner_column}"
            alias = above
        here = owner
    return joins, ids


def _as_it_is(value: object) -> object:
    return value


def _reference(value: str) -> object:
    return {"id": value}


def _document(text: str) -> object:
    return None if text == "null" else msgspec.Raw(text.encode())
