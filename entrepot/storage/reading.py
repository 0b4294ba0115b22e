"""Reads things by plan: one statement for one thing with all that belongs to it, a handful for a page."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import array as pg_array
from sqlalchemy.sql import visitors
from sqlalchemy.sql.functions import coalesce

from entrepot.kernel.access import WHO, Caller, Who
from entrepot.kernel.field import Field
from entrepot.kernel.noun import Noun, Nouns
from entrepot.kernel.resource import Within, owned
from entrepot.kernel.shape import COLUMNS, Known, Plan, Shapes, core_key
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want
from entrepot.kernel.wire import Json, Raw, decode
from entrepot.storage.statements import Cache, Statement

DECLARATIONS_LIVE_S = 2.0
"""How long definitions are kept in a process: the longest that a changed declaration goes unseen."""

FIXED_LIMIT_MAX = 100
"""Up to here each limit has a statement of its own."""

STREAMED_AT_ONCE = 250
"""How many things of a stream are in hand at one time."""

CORES_KEPT = 20_000
"""How many references a stream keeps for its next rows."""

SNAPSHOT = sa.case((~sa.func.pg_is_in_recovery(), sa.cast(sa.func.pg_current_snapshot(), sa.Text())))
"""Which transactions a statement sees: where it is the same again, nothing has been written in between.

A standby does not tell all of them.
"""

IDS = sa.bindparam("ids", type_=ARRAY(sa.Text()))
LIMIT = sa.bindparam("page_limit", type_=sa.BigInteger())
OFFSET = sa.bindparam("page_offset", type_=sa.BigInteger())


class Reader:
    """Fetches things for plans. Holds compiled statements and definitions, never a connection."""

    def __init__(self, nouns: Nouns, shapes: Shapes):
        self.nouns = nouns
        self.shapes = shapes
        self._statements: Cache[object, Statement] = Cache(2000)
        self._totals: Cache[object, tuple[str, int]] = Cache(2000)
        self._definitions: dict[tuple[str, str], tuple[float, list[Thing]]] = {}

    # One thing -------------------------------------------------------------------------------

    async def one(
        self,
        conn: Any,
        plan: Plan,
        caller: Caller,
        thing_id: str | None,
        known: Known,
        within: Within = (),
    ) -> Thing | None:
        """One thing with its references and parts, in one statement; None if the caller may not see it.

        Without an id it is the only one that its owner has.
        """
        columns = tuple(by for by, _ in within)
        key = ("one", plan, caller.who, columns, thing_id is None)
        statement = self._statements.get(key) or self._statements.put(
            key, Statement(self._one(plan, caller.who, columns, named=thing_id is not None))
        )
        given = {"thing_id": thing_id, **caller.bound()}
        given |= {f"within_{at}": value for at, (_, value) in enumerate(within)}
        row = await conn.fetchrow(statement.text, *statement.values(given))
        if row is None:
            return None
        thing = self.decode_inline(plan, row, known)
        await self.finish(conn, plan, [thing], caller, known, inline=True)
        return thing

    def _one(self, plan: Plan, who: Who, columns: tuple[str | sa.Table, ...], *, named: bool) -> sa.Select[Any]:
        row = plan.noun.row
        query = sa.select(*self._inline(plan, row, who))
        if named:
            query = query.where(row.c.id == sa.bindparam("thing_id"))
        for at, by in enumerate(columns):
            query = query.where(owned(row, by, f"within_{at}"))
        return query.where(plan.noun.sees(row, who))

    def _column(self, noun: Noun, row: sa.FromClause, who: Who, name: str) -> sa.ColumnElement[Any]:
        """A column as it is fetched: documents as text, so that they can go out unread."""
        counted = noun.counted.get(name)
        if counted is not None and counted.counts is not None:
            return counted.counts(row, who)
        held = noun.through_owner.get(name)
        if held is not None:
            owner = self.nouns[noun.owner_field.target].table.alias()
            return sa.select(owner.c[name]).where(owner.c.id == row.c[noun.owner_column]).scalar_subquery()
        if noun.by_column[name].kind in ("json", "bag"):
            return sa.cast(row.c[name], sa.Text())
        return row.c[name]

    def _inline(self, plan: Plan, row: sa.FromClause, who: Who, depth: int = 0) -> list[sa.ColumnElement[Any]]:
        """Own columns, then the cores of references, then parts, then lists: the order that is decoded."""
        columns: list[sa.ColumnElement[Any]] = [self._column(plan.noun, row, who, name) for name in plan.columns]
        for at, (first, *others) in enumerate(_by_target(plan)):
            target = self.nouns[first.target].table.alias(f"c{depth}_{at}")
            if others:
                keys = sa.func.row(target.c.id, target.c.core)
                among = target.c.id == sa.any_(pg_array([row.c[each.column] for each in (first, *others)]))
                columns.append(_array(sa.select(keys).where(among)))
            else:
                columns.append(sa.select(target.c.core).where(_joined(first, row, target)).scalar_subquery())
        for at, (each, below) in enumerate(plan.parts):
            child = below.noun.table.alias(f"p{depth}_{at}")
            inner = sa.func.row(*self._inline(below, child, who, depth * 10 + at + 1))
            belongs = child.c[each.by] == row.c.id
            if each.also:
                belongs &= child.c[each.also] == row.c[each.also]
            if each.screened:
                belongs &= below.noun.sees(child, who)
            columns.append(_array(sa.select(inner).where(belongs).order_by(child.c.id)))
        for at, (each, _) in enumerate(plan.lists):
            link = plan.noun.link(each).alias(f"l{depth}_{at}")
            target = self.nouns[each.target].table.alias(f"k{depth}_{at}")
            columns.append(
                _array(
                    sa.select(sa.func.row(link.c.target_id, target.c.core))
                    .select_from(link.join(target, target.c.id == link.c.target_id))
                    .where(link.c.owner_id == row.c.id)
                    .order_by(link.c.place)
                )
            )
        return columns

    def decode_inline(self, plan: Plan, row: Sequence[Any], known: Known) -> Thing:
        """A thing from a row whose references and parts came with it."""
        width = len(plan.columns)
        thing = _thing(plan, row)
        at = width
        for first, *others in _by_target(plan):
            found = row[at]
            if others:
                for target, core in found:
                    known.cores[first.target, target] = Raw(core.encode())
            elif found is not None:
                known.cores[core_key(first, thing)] = Raw(found.encode())
            at += 1
        for each, below in plan.parts:
            thing.parts[each.name] = [self.decode_inline(below, child, known) for child in row[at]]
            at += 1
        for each, _ in plan.lists:
            thing.parts[each.name] = [target for target, _ in row[at]]
            for target, core in row[at]:
                known.cores[each.target, target] = Raw(core.encode())
            at += 1
        return thing

    # Many ------------------------------------------------------------------------------------

    async def page(
        self,
        conn: Any,
        plan: Plan,
        caller: Caller,
        key: object,
        compose: Callable[[], tuple[list[Any], list[Any]]],
        given: Mapping[str, object],
        limit: int,
        offset: int,
        known: Known,
    ) -> tuple[list[Thing], int]:
        """A page of what the caller may see, and how much there is in all.

        `compose` gives the conditions and the order; it runs only when `key` is not yet compiled.
        No count is made when the page itself tells the total, or when nothing in the database has
        changed since it was counted.
        """
        bound = {**given, **caller.bound(), "page_limit": limit, "page_offset": offset}
        things: list[Thing] = []
        snapshot: str | None = None
        if limit:
            fixed = limit if limit <= FIXED_LIMIT_MAX and not offset else None
            statement = self._statements.get(("page", key, fixed)) or self._statements.put(
                ("page", key, fixed), Statement(self._page(plan, caller.who, compose, fixed))
            )
            rows = await conn.fetch(statement.text, *statement.values(bound))
            things = [_thing(plan, row) for row in rows]
            if things:
                snapshot = rows[0][-1]
                await self.finish(conn, plan, things, caller, known)
        if limit and len(things) < limit and (things or not offset):
            return things, offset + len(things)
        return things, await self._total(conn, plan, caller, key, compose, bound, snapshot)

    async def count(
        self,
        conn: Any,
        plan: Plan,
        caller: Caller,
        key: object,
        compose: Callable[..., Any],
        given: Mapping[str, object],
    ) -> int:
        """How much there is in all, counted."""
        return await self._total(conn, plan, caller, key, compose, {**given, **caller.bound()}, None)

    async def pages(
        self,
        conn: Any,
        plan: Plan,
        caller: Caller,
        key: object,
        compose: Callable[..., Any],
        given: Mapping[str, object],
        limit: int | None,
        offset: int,
        known: Known,
    ) -> AsyncGenerator[tuple[list[Thing], Known]]:
        """All of what the caller may see, some at a time, each time with what was fetched beside it.

        Runs in a transaction. While one page is being used the rows of the next are on their way.
        """
        statement = self._statements.get(("stream", key)) or self._statements.put(
            ("stream", key), Statement(self._rows(plan, caller.who, compose).limit(LIMIT).offset(OFFSET))
        )
        bound = {**given, **caller.bound(), "page_limit": limit, "page_offset": offset}
        cursor = await conn.cursor(statement.text, *statement.values(bound))
        cores = known.cores

        async def fetched() -> tuple[list[Thing], Known]:
            nonlocal cores
            things = [_thing(plan, row) for row in await cursor.fetch(STREAMED_AT_ONCE)]
            if len(cores) > CORES_KEPT:
                cores = {}
            beside = replace(known, cores=cores, expanded={})
            await self.finish(conn, plan, things, caller, beside)
            return things, beside

        ahead = asyncio.create_task(fetched())
        try:
            while True:
                things, beside = await ahead
                if not things:
                    return
                ahead = asyncio.create_task(fetched())
                await asyncio.sleep(0)  # lets it ask before others compute
                yield things, beside
        finally:
            ahead.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await ahead

    async def onwards(
        self,
        conn: Any,
        plan: Plan,
        caller: Caller,
        key: object,
        compose: Callable[..., Any],
        given: Mapping[str, object],
        known: Known,
    ) -> list[tuple[int, Thing]]:
        """What stands `after` a position and not beyond `upto`, at most `page_limit` of it, in their order."""
        statement = self._statements.get(("onwards", key))
        if statement is None:
            position = plan.noun.row.c.position
            after, upto = (sa.bindparam(name, type_=sa.BigInteger()) for name in ("after", "upto"))
            query = self._rows(plan, caller.who, compose).add_columns(position).order_by(None).order_by(position)
            query = query.where(position > after, position <= upto).limit(LIMIT)
            statement = self._statements.put(("onwards", key), Statement(query))
        rows = await conn.fetch(statement.text, *statement.values({**given, **caller.bound()}))
        things = [_thing(plan, row) for row in rows]
        await self.finish(conn, plan, things, caller, known)
        return [(row[-1], thing) for row, thing in zip(rows, things, strict=True)]

    async def _total(
        self,
        conn: Any,
        plan: Plan,
        caller: Caller,
        key: object,
        compose: Callable[[], tuple[list[Any], list[Any]]],
        bound: Mapping[str, object],
        snapshot: str | None,
    ) -> int:
        """How much there is: counted, unless the last count saw the very same state of the database."""
        counting = self._statements.get(("count", key)) or self._statements.put(
            ("count", key), Statement(self._count(plan, caller.who, compose))
        )
        values = counting.values(bound)
        counted = key, tuple(tuple(value) if isinstance(value, list) else value for value in values)
        kept = self._totals.get(counted)
        if kept is not None and kept[0] == snapshot:
            return kept[1]
        total, taken = await conn.fetchrow(counting.text, *values)
        if taken is not None:
            self._totals.put(counted, (taken, total))
        return total

    def _conditions(self, noun: Noun, row: sa.FromClause, who: Who) -> list[sa.ColumnElement[bool]]:
        found = [noun.sees(row, who)]
        if noun.listed is not None:
            found.append(noun.listed(row, who))
        return found

    def _page(self, plan: Plan, who: Who, compose: Callable[..., Any], fixed: int | None) -> sa.Select[Any]:
        """With a `fixed` limit and no offset PostgreSQL plans once; else it plans each time, knowing no better.

        Where it can only guess how much fits, a plan for all times may be one that sorts everything first.
        """
        query = self._rows(plan, who, compose).add_columns(SNAPSHOT)
        if fixed is not None and not _guesses(query):
            return query.limit(sa.literal_column(str(fixed)))
        return query.limit(LIMIT).offset(OFFSET)

    def _rows(self, plan: Plan, who: Who, compose: Callable[..., Any]) -> sa.Select[Any]:
        row = plan.noun.row
        conditions, order = compose()
        return (
            sa.select(*(self._column(plan.noun, row, who, name) for name in plan.columns))
            .where(*self._conditions(plan.noun, row, who), *conditions)
            .order_by(*order)
        )

    def _count(self, plan: Plan, who: Who, compose: Callable[..., Any]) -> sa.Select[int, Any]:
        row = plan.noun.row
        conditions, _ = compose()
        shown = self._conditions(plan.noun, row, who)
        return sa.select(sa.func.count(), SNAPSHOT).select_from(row).where(*shown, *conditions)

    # What belongs to them --------------------------------------------------------------------

    async def finish(
        self,
        conn: Any,
        plan: Plan,
        things: Sequence[Thing],
        caller: Caller,
        known: Known,
        *,
        inline: bool = False,
    ) -> None:
        """Fetches what the plan wants beside the rows: one statement per kind, however many rows."""
        wanted: dict[str, dict[str, None]] = {}
        await self._below(conn, plan, things, caller, known, wanted, inline)
        await self.fetch_cores(conn, wanted, known)

    async def _below(
        self,
        conn: Any,
        plan: Plan,
        things: Sequence[Thing],
        caller: Caller,
        known: Known,
        wanted: dict[str, dict[str, None]],
        inline: bool,
    ) -> None:
        if not things:
            return
        if not inline:
            for each in plan.cores:
                keys = (core_key(each, thing) for thing in things if thing.now[each.column] is not None)
                wanted.setdefault(each.target, {}).update((key, None) for _, key in keys)
        for each in plan.computed:
            for path, key in (found for thing in things for found in plan.wanted(each, thing)):
                wanted.setdefault(path, {})[key] = None
        for each, below in plan.parts:
            if not inline:
                await self._fetch_parts(conn, each, below, things, caller)
            children = [child for thing in things for child in thing.parts[each.name]]
            await self._below(conn, below, children, caller, known, wanted, inline)
        for each, below in plan.lists:
            if not inline:
                await self._fetch_links(conn, plan.noun, each, things)
            targets = {target: None for thing in things for target in thing.parts[each.name]}
            if not inline:
                wanted.setdefault(each.target, {}).update(targets)
            if below is not None:
                await self._expand(conn, below, targets, caller, known, wanted)
        for each, below in plan.expands:
            targets = {t.now[each.column]: None for t in things if t.now[each.column] is not None}
            wanted.setdefault(each.target, {}).update(targets)  # pyright: ignore[reportArgumentType]
            await self._expand(conn, below, targets, caller, known, wanted)
        for each in plan.bags:
            column = plan.noun.field(each.declared_by).column
            for owner in {str(t.now[column]) for t in things if t.now[column] is not None}:
                if (each.target, owner) not in known.definitions:
                    found = await self.definitions(conn, self.nouns[each.target], owner)
                    known.definitions[each.target, owner] = found

    async def _fetch_parts(self, conn: Any, each: Field, below: Plan, things: Sequence[Thing], caller: Caller) -> None:
        key = ("parts", below, each.by, each.also, caller.who if each.screened or below.noun.counted else None)
        statement = self._statements.get(key)
        if statement is None:
            child = below.noun.row
            columns = [self._column(below.noun, child, caller.who, name) for name in below.columns]
            query = sa.select(*columns, child.c[each.by], *([child.c[each.also]] if each.also else []))
            query = query.where(child.c[each.by] == sa.any_(IDS)).order_by(child.c.id)
            if each.also:
                query = query.where(child.c[each.also] == sa.any_(sa.bindparam("also", type_=ARRAY(sa.Text()))))
            if each.screened:
                query = query.where(below.noun.sees(child, caller.who))
            statement = self._statements.put(key, Statement(query))
        owners: dict[tuple[object, object], Thing] = {}
        for thing in things:
            thing.parts[each.name] = []
            owners[thing.now["id"], thing.now[each.also] if each.also else None] = thing
        given = {"ids": [owner for owner, _ in owners], "also": [also for _, also in owners], **caller.bound()}
        width = len(below.columns)
        for row in await conn.fetch(statement.text, *statement.values(given)):
            owner = owners.get((row[width], row[width + 1] if each.also else None))
            if owner is not None:
                owner.parts[each.name].append(_thing(below, row))

    async def _fetch_links(self, conn: Any, noun: Noun, each: Field, things: Sequence[Thing]) -> None:
        key = ("links", noun.path, each.name)
        statement = self._statements.get(key)
        if statement is None:
            link = noun.link(each)
            statement = self._statements.put(
                key,
                Statement(
                    sa.select(link.c.owner_id, link.c.target_id)
                    .where(link.c.owner_id == sa.any_(IDS))
                    .order_by(link.c.owner_id, link.c.place)
                ),
            )
        owners = {str(thing.now["id"]): thing for thing in things}
        for thing in things:
            thing.parts[each.name] = []
        for owner_id, target_id in await conn.fetch(statement.text, *statement.values({"ids": list(owners)})):
            owners[owner_id].parts[each.name].append(target_id)

    async def _expand(
        self,
        conn: Any,
        below: Plan,
        targets: Iterable[Any],
        caller: Caller,
        known: Known,
        wanted: dict[str, dict[str, None]],
    ) -> None:
        """References that were selected, in full: only those whose target the caller may see by itself."""
        ids = [target for target in targets if (id(below), target) not in known.expanded]
        if not ids:
            return
        key = ("expand", below, caller.who)
        statement = self._statements.get(key)
        if statement is None:
            row = below.noun.row
            statement = self._statements.put(
                key,
                Statement(
                    sa.select(*(self._column(below.noun, row, caller.who, name) for name in below.columns))
                    .where(row.c.id == sa.any_(IDS))
                    .where(below.noun.sees(row, caller.who))
                ),
            )
        rows = await conn.fetch(statement.text, *statement.values({"ids": ids, **caller.bound()}))
        found = [_thing(below, row) for row in rows]
        for thing in found:
            known.expanded[id(below), str(thing.now["id"])] = thing
        await self._below(conn, below, found, caller, known, wanted, inline=False)

    async def fetch_cores(self, conn: Any, wanted: Mapping[str, Iterable[str]], known: Known) -> None:
        """The core fields of every reference on a page, in one statement."""
        missing = {
            path: ids
            for path, targets in sorted(wanted.items())
            if (ids := [i for i in targets if (path, i) not in known.cores])
        }
        if not missing:
            return
        text = " union all ".join(self._cores_of(self.nouns[path], at, f"${at + 1}") for at, path in enumerate(missing))
        paths = list(missing)
        for at, key, core in await conn.fetch(text, *missing.values()):
            known.cores[paths[at], key] = Raw(core.encode())

    def _cores_of(self, noun: Noun, at: int, keys: str) -> str:
        """Within an owner's copies a key is `owner/id`; both halves are looked up by index."""
        if not noun.shared:
            return f"select {at}, id, core from {noun.table_name} where id = any({keys})"
        key = f"{noun.owner_column} || '/' || id"
        return (
            f"select {at}, {key}, core from {noun.table_name} where ({noun.owner_column}, id) in "
            f"(select split_part(k, '/', 1), split_part(k, '/', 2) from unnest({keys}::text[]) k)"
        )

    async def visible(self, conn: Any, noun: Noun, ids: list[str], caller: Caller, known: Known) -> None:
        """Brings in the cores of those of the ids which the caller may see by itself."""
        key = ("visible", noun.path, caller.who)
        statement = self._statements.get(key)
        if statement is None:
            row = noun.row
            query = sa.select(row.c.id, row.c.core).where(row.c.id == sa.any_(IDS))
            statement = self._statements.put(key, Statement(query.where(noun.sees(row, caller.who))))
        for thing_id, core in await conn.fetch(statement.text, *statement.values({"ids": ids, **caller.bound()})):
            known.cores[noun.path, thing_id] = Raw(core.encode())

    async def definitions(self, conn: Any, noun: Noun, owner: str) -> list[Thing]:
        """The declarations that a bag's values follow, at most two seconds old."""
        now = time.monotonic()
        kept = self._definitions.get((noun.path, owner))
        if kept is not None and kept[0] > now:
            return kept[1]
        plan = self.shapes.plan(noun, "kernel", COLUMNS)
        key = ("definitions", noun.path)
        statement = self._statements.get(key) or self._statements.put(
            key,
            Statement(
                sa.select(*(self._column(noun, noun.row, WHO["kernel", False], name) for name in plan.columns))
                .where(noun.row.c[noun.owner_column] == sa.bindparam("owner_id"))
                .order_by(noun.row.c.id)
            ),
        )
        rows = await conn.fetch(statement.text, *statement.values({"owner_id": owner}))
        found = [_thing(plan, record) for record in rows]
        if len(self._definitions) > 5000:
            self._definitions.clear()
        self._definitions[noun.path, owner] = (now + DECLARATIONS_LIVE_S, found)
        return found

    # For verbs -------------------------------------------------------------------------------

    async def gather(
        self, conn: Any, caller: Caller, wants: Mapping[str, Want], given: Mapping[str, object], known: Known
    ) -> dict[str, list[Thing]]:
        """Several kinds of things in one round trip, each with everything that belongs to it."""
        key = ("gather", tuple(wants.items()), caller.who)
        plans = {name: want.plan(self.shapes) for name, want in wants.items()}
        statement = self._statements.get(key)
        if statement is None:
            arrays: list[sa.ColumnElement[Any]] = []
            for at, (name, want) in enumerate(wants.items()):
                row = want.noun.table.alias(f"w{at}")
                query = sa.select(sa.func.row(*self._inline(plans[name], row, caller.who, (at + 1) * 100)))
                query = query.where(want.where(row))
                if want.visible:
                    query = query.where(want.noun.sees(row, caller.who))
                arrays.append(_array(query.order_by(row.c.id)).label(name))
            statement = self._statements.put(key, Statement(sa.select(*arrays)))
        record = await conn.fetchrow(statement.text, *statement.values({**given, **caller.bound()}))
        return {
            name: [self.decode_inline(plans[name], row, known) for row in record[at]] for at, name in enumerate(wants)
        }


def _guesses(query: sa.Select[Any]) -> bool:
    """Whether a pattern has to fit beyond a reference (kernel/rql/compile.py)."""
    where = query.whereclause
    return where is not None and any(isinstance(each, coalesce) for each in visitors.iterate(where))


@cache
def _by_target(plan: Plan) -> list[list[Field]]:
    """References of a plan, those to one kind together: each subquery costs, whatever it finds."""
    found: dict[object, list[Field]] = {}
    for each in plan.cores:
        found.setdefault((each.target, each.name if each.also else ""), []).append(each)
    return list(found.values())


def _joined(each: Field, row: sa.FromClause, target: sa.FromClause) -> sa.ColumnElement[bool]:
    """Where a reference meets its target."""
    found = target.c.id == row.c[each.column]
    return found & (target.c[each.also] == row.c[each.also]) if each.also else found


def _array(query: sa.Select[Any]) -> sa.ColumnElement[Any]:
    return sa.func.array(query.scalar_subquery())


def _thing(plan: Plan, row: Sequence[Any]) -> Thing:
    """A thing from its columns. Rules read documents, so theirs are decoded; others go out as they are."""
    now = dict(zip(plan.columns, row, strict=False))
    for name in plan.documents:
        value = now[name]
        if value is not None:
            now[name] = decode(value) if plan.for_verbs else Json(value)
    return Thing(plan.noun, now, dict(now) if plan.for_verbs else None)
