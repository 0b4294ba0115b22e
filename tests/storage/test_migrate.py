"""A database gets the schema of the program, which is the one that the declarations stand for."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from entrepot.kernel.noun import Nouns
from entrepot.offers import NOUNS
from entrepot.storage import migrate, schema
from entrepot.storage.migrate import Installation, SchemaError, ensure

NOUNS_OF_THE_HOUSE = Nouns(NOUNS)
TYPES = {"timestamp(3) with time zone": "timestamptz"}


def asked[T](url: str, work: Callable[[Any], Awaitable[T]]) -> T:
    """What the database says."""

    async def ask() -> T:
        conn = await asyncpg.connect(url)
        try:
            return await work(conn)
        finally:
            await conn.close()

    return asyncio.run(ask())


def made(url: str, **how: bool) -> Installation:
    return asyncio.run(ensure(url, **{"may_migrate": True, **how}))


# From nothing to the head -------------------------------------------------------------------------------


def test_a_new_database_gets_the_schema_and_an_id_key_of_its_own(unmade: str):
    installation = made(unmade)
    assert not installation.sandbox
    assert len(installation.id_key) == 32
    assert asked(unmade, lambda conn: conn.fetchval("select id_key from installation")) == installation.id_key
    assert asked(unmade, lambda conn: conn.fetchval("select count(*) from orders")) == 0


def test_a_second_time_changes_nothing(unmade: str):
    assert made(unmade) == made(unmade) == made(unmade, may_migrate=False)


def test_of_many_that_begin_at_once_one_migrates(unmade: str):
    async def all_at_once() -> list[Installation]:
        return await asyncio.gather(*(ensure(unmade, may_migrate=True) for _ in range(4)))

    first, *others = asyncio.run(all_at_once())
    assert others == [first, first, first]


def test_a_migration_that_fails_leaves_nothing_behind(unmade: str):
    asked(unmade, lambda conn: conn.execute("create table agreements (mine text)"))
    with pytest.raises(Exception, match="already exists"):
        made(unmade)
    tables = (
        "select array_agg(relname::text) from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
    )
    assert asked(unmade, lambda conn: conn.fetchval(tables)) == ["agreements"]


# Refusals -----------------------------------------------------------------------------------------------


def test_a_database_without_a_schema_is_refused_where_it_may_not_be_migrated(unmade: str):
    with pytest.raises(SchemaError, match="has no schema yet: run entrepot migrate"):
        made(unmade, may_migrate=False)


def test_an_older_schema_is_refused_where_it_may_not_be_migrated(empty: str, monkeypatch: pytest.MonkeyPatch):
    scripts = migrate.ScriptDirectory
    monkeypatch.setattr(scripts, "get_current_head", lambda self: "9999")
    with pytest.raises(SchemaError, match=r"has schema \d{4}, this program needs 9999: run entrepot migrate"):
        made(empty, may_migrate=False)


def test_a_newer_schema_is_refused(empty: str):
    asked(empty, lambda conn: conn.execute("update alembic_version set version_num = '9999'"))
    with pytest.raises(SchemaError, match="has schema 9999, which is newer than this program's"):
        made(empty)


def test_an_old_server_is_refused(unmade: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(migrate, "OLDEST_SERVER", 99)
    with pytest.raises(SchemaError, match="PostgreSQL 99 or later is required; this is 18"):
        made(unmade)


# Sandboxes ----------------------------------------------------------------------------------------------


def test_a_sandbox_stays_one_for_good(unmade: str):
    assert made(unmade, sandbox=True).sandbox
    assert made(unmade).sandbox


def test_a_database_in_which_nothing_is_yet_may_become_a_sandbox(empty: str):
    before = made(empty)
    assert made(empty, sandbox=True) == Installation(True, before.id_key)


def test_a_database_with_content_cannot_become_a_sandbox(empty: str):
    row = (
        "insert into trail (kind, object_id, revision, place, event, name, at, actor_id, accounts, delta, details) "
        "values ('commerce/orders', 'ORD-1', 1, 0, 'e', 'n', now(), 'SVC-0002', '{}', '{}', '{}')"
    )
    asked(empty, lambda conn: conn.execute(row))
    with pytest.raises(SchemaError, match="only a new one can become a sandbox"):
        made(empty, sandbox=True)
    assert not made(empty).sandbox


# What the declarations stand for ------------------------------------------------------------------------

COLUMNS = """
select c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, l.collname,
    replace(pg_get_expr(d.adbin, d.adrelid), 'declared.', ''), a.attgenerated
from pg_attribute a join pg_class c on c.oid = a.attrelid
left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
left join pg_collation l on l.oid = a.attcollation
where c.relnamespace = $1::text::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
"""
CONSTRAINTS = """
select c.relname, replace(pg_get_constraintdef(k.oid), 'declared.', ''), k.contype
from pg_constraint k join pg_class c on c.oid = k.conrelid
where c.relnamespace = $1::text::regnamespace and k.contype <> 'n'
"""


async def both(conn: Any, question: str) -> tuple[set[tuple[Any, ...]], set[tuple[Any, ...]]]:
    """What the migrations made, and what the declarations would make of it; views are made by hand."""
    await conn.execute("create schema declared")
    await conn.execute("set search_path = declared, public")
    for statement in (*schema.tables(NOUNS_OF_THE_HOUSE), *schema.foreign_keys(NOUNS_OF_THE_HOUSE)):
        await conn.execute(statement)
    views = {row[0] for row in await conn.fetch("select viewname from pg_views where schemaname = 'public'")}
    declared = {tuple(row) for row in await conn.fetch(question, "declared") if row[0] not in views}
    tables = {row[0] for row in declared}
    await conn.execute("set search_path = public")
    found = {tuple(row) for row in await conn.fetch(question, "public")}
    return {row for row in found if row[0] in tables}, declared


BESIDES = ("FOREIGN KEY (buyer_id, client_id)", "FOREIGN KEY (buyer_id, account_id)", "EXCLUDE USING btree")
"""What must hold against races is a constraint too: that what is about a buyer is its account's, that one is default."""

STRICTER = {
    # what a migration says beyond the declarations, and what is declared
    ("event_types", "key", "text", True, "C", None, b"\0"): ("event_types", "key", "text", False, "C", None, b"\0"),
    ("webhook_calls", "webhook_id", "text", True, "C", None, b"\0"):
        ("webhook_calls", "webhook_id", "text", False, "C", None, b"\0"),
    ("webhook_calls", "FOREIGN KEY (webhook_id) REFERENCES webhooks(id) ON DELETE CASCADE DEFERRABLE", b"f"):
        ("webhook_calls", "FOREIGN KEY (webhook_id) REFERENCES webhooks(id) DEFERRABLE", b"f"),
    ("terms_variants", "CHECK ((size >= 0))", b"c"): None,  # declared before files came to be held
}  # fmt: skip
"""A call belongs to its webhook and goes with it, though it is told as a kind of its own."""


def told(rows: set[tuple[Any, ...]]) -> list[str]:
    return sorted(map(str, rows))


@pytest.mark.parametrize("question", [COLUMNS, CONSTRAINTS], ids=["columns", "constraints"])
def test_the_tables_are_those_that_the_declarations_stand_for(empty: str, question: str):
    found, declared = asked(empty, lambda conn: both(conn, question))
    found = {STRICTER.get(row, row) for row in found if not str(row[1]).startswith(BESIDES)} - {None}
    assert told(found - declared) == []
    assert told(declared - found) == []
    assert len(declared) > 100


@pytest.mark.parametrize("noun", list(NOUNS_OF_THE_HOUSE), ids=lambda noun: noun.table_name)
def test_a_noun_has_its_columns(nothing: str, noun: Any):
    question = (
        "select attname, format_type(atttypid, atttypmod) from pg_attribute "
        "where attrelid = $1::text::regclass and attnum > 0 and not attisdropped"
    )
    found = {name: TYPES.get(kind, kind) for name, kind in asked(nothing, lambda c: c.fetch(question, noun.table_name))}
    declared = schema.columns(noun)
    if noun.table_name == "events":  # a position has 64 bits
        declared |= {"position": "bigint"}
    if noun.table_name in ("events", "delivery_records"):  # views have no core
        del declared["core"]
    assert declared.items() <= found.items()


def test_enums_are_checked_and_references_are_foreign_keys(empty: str):
    _, declared = asked(empty, lambda conn: both(conn, CONSTRAINTS))
    kinds = [kind for _, _, kind in declared]
    views = {
        row[0]
        for row in asked(empty, lambda conn: conn.fetch("select viewname from pg_views where schemaname = 'public'"))
    }
    fields = [each for noun in NOUNS_OF_THE_HOUSE if noun.table_name not in views for each in noun.all_fields]
    enums = sum(bool(each.members) for each in fields)
    references = sum(each.kind == "ref" and each.stored for each in fields)
    lists = sum(each.kind == "refs" and not each.derived for each in fields)
    assert kinds.count(b"c") >= enums
    files = sum(each.kind == "file" for each in fields)
    assert kinds.count(b"f") == references + 2 * lists + files


def test_one_order_in_flight_per_agreement_holds_in_the_database_too(nothing: str):
    index = "select indexdef from pg_indexes where indexname = 'orders_one_in_flight'"
    assert "UNIQUE" in asked(nothing, lambda conn: conn.fetchval(index))
