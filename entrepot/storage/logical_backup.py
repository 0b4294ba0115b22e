"""Backups of a database that is given by URL: every row of every table as it was at one moment.

Each table is a packed file as COPY writes it. The schema comes from the migrations, up to the revision at which the
backup was taken, and then to that of this program: so the server may be another one, of another version.

Transaction ids mean nothing in another cluster. What has its place in the chain gets an id from before all others;
what has none yet, that of the transaction in which it is restored, and the sealer's horizon is set there.
"""

import gzip
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import asyncpg

from entrepot.settings import HEADS
from entrepot.storage import backup
from entrepot.storage.backup import BackupError
from entrepot.storage.migrate import upgrade_to

VERSIONS = "alembic_version"
LONG_AGO = "'3'::xid8"
"""The first transaction id that PostgreSQL gives out."""

TABLES = (
    "select c.relname as name, array_agg(a.attname::text order by a.attnum) as columns"
    " from pg_class c join pg_attribute a on a.attrelid = c.oid"
    " where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r' and a.attnum > 0"
    " and not a.attisdropped and a.attgenerated = '' and c.relname <> $1 group by c.relname order by c.relname"
)
SEQUENCES = "select sequencename as name, last_value as last from pg_sequences where schemaname = current_schema()"
COLUMNS = {("trail", "xid"): LONG_AGO}


async def back_up(pool: asyncpg.Pool, folder: Path, heads: Path | None) -> None:
    """Writes everything from one snapshot. Raises BackupError."""
    folder = backup.begin(folder)
    backup.keep(folder, HEADS, heads)  # before the snapshot, which then knows all of them
    async with (
        pool.acquire(timeout=10) as conn,
        conn.transaction(isolation="repeatable_read", readonly=True),
    ):
        await conn.execute("set local statement_timeout = 0")
        revision = await conn.fetchval(f"select version_num from {VERSIONS}")
        tables: dict[str, dict[str, object]] = {}
        for name, columns in await conn.fetch(TABLES, VERSIONS):
            chosen = ", ".join(COLUMNS.get((name, each), f'"{each}"') for each in columns)
            with gzip.open(_file(folder, name), "wb", compresslevel=1) as out:
                done = await conn.copy_from_query(f'select {chosen} from "{name}"', output=out)
            tables[name] = {"columns": columns, "rows": int(done.rpartition(" ")[2])}
        sequences = {row["name"]: row["last"] for row in await conn.fetch(SEQUENCES) if row["last"] is not None}
    backup.finish(folder, backup.LOGICAL, revision=revision, tables=tables, sequences=sequences)


async def restore(folder: Path, note: Mapping[str, Any], url: str) -> None:
    """Fills an empty database, all or nothing. Raises BackupError."""
    tables: Mapping[str, Mapping[str, Any]] = note["tables"]
    missing = [name for name in tables if not _file(folder, name).exists()]
    if missing:
        raise BackupError(f"The backup in {folder} is damaged: the files of {', '.join(missing)} are missing.")
    conn = await asyncpg.connect(url, server_settings={"timezone": "UTC", "application_name": "entrepot restore"})
    try:
        await _require_empty(conn)
        await upgrade_to(url, note["revision"])
        async with conn.transaction():
            await _fill(conn, folder, tables)
            for name, last in note["sequences"].items():
                await conn.execute("select setval($1::text::regclass, $2)", f'"{name}"', last)
            await _take_over(conn)
        await conn.execute("analyze")
    except (OSError, EOFError, asyncpg.PostgresError) as fault:
        raise BackupError(f"The backup could not be restored: {fault}") from fault
    finally:
        await conn.close()


async def _require_empty(conn: Any) -> None:
    """Nothing but a schema, if anything: that is what an interrupted restore leaves."""
    if await conn.fetchval("select to_regclass('installation')") is not None:
        if await conn.fetchval("select exists (select from installation)"):
            raise BackupError("The database is not empty: nothing is restored over what is there.")
    elif await conn.fetch(TABLES, ""):
        raise BackupError("The database holds tables of something else: give an empty one.")


async def _fill(conn: Any, folder: Path, tables: Mapping[str, Mapping[str, Any]]) -> None:
    await conn.execute("set constraints all deferred")
    for name in tables:
        await conn.execute(f'alter table "{name}" disable trigger user')
    for name in tables:
        await conn.execute(f'delete from "{name}"')  # what the migrations begin with
    for name, facts in tables.items():
        with gzip.open(_file(folder, name), "rb") as source:
            done = await conn.copy_to_table(name, source=source, columns=facts["columns"])
        if int(done.rpartition(" ")[2]) != facts["rows"]:
            raise BackupError(f"The backup in {folder} is damaged: {name} has not the rows that it had.")
    await conn.execute(
        "update trail t set xid = pg_current_xact_id() where not exists (select from seals where trail_id = t.id)"
    )
    await conn.execute("set constraints all immediate")
    for name in tables:
        await conn.execute(f'alter table "{name}" enable trigger user')


async def _take_over(conn: Any) -> None:
    for each in (*backup.RESTORED, "update sealer set horizon = pg_current_xact_id()"):
        await conn.execute(each)


def _file(folder: Path, table: str) -> Path:
    return folder / f"{table}.copy.gz"
