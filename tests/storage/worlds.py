"""Help for tests of loading: world files made of objects, and what became of them."""

import asyncio
from collections.abc import Iterable
from typing import Any

import asyncpg
import msgspec

from entrepot.kernel.noun import Nouns
from entrepot.offers import NOUNS
from entrepot.storage.faults import Faulty
from entrepot.storage.loading import Lines, Progress, Summary, load, silent
from entrepot.storage.store import open_pool
from entrepot.storage.vault import Vault
from entrepot.store_forms import FORMS
from tests import world as small
from tests.serving import KEY

Line = dict[str, Any]

HOUSE = Nouns(NOUNS)
_encoder = msgspec.json.Encoder(decimal_format="number")


def line(kind: str, thing_id: str, **fields: Any) -> Line:
    """One object."""
    return {"$kind": kind, "id": thing_id, **fields}


def file(name: str, things: Iterable[Line | bytes]) -> list[tuple[str, int, bytes]]:
    """The lines of a file."""
    return [
        (name, number, each if isinstance(each, bytes) else _encoder.encode(each))
        for number, each in enumerate(things, 1)
    ]


def loaded(url: str, lines: Lines, progress: Progress = silent) -> Summary:
    """Loads, whatever comes of it."""

    async def run() -> Summary:
        pool = await open_pool(url, smallest=1, largest=2)
        try:
            return await load(pool, HOUSE, FORMS, Vault(KEY), lines, progress)
        finally:
            pool.terminate()

    return asyncio.run(run())


def faults_of(url: str, lines: Lines) -> list[str]:
    """What is wrong with the lines; nothing when they could be loaded."""
    try:
        loaded(url, lines)
    except Faulty as faulty:
        return list(faulty.lines)
    return []


def fetch(url: str, question: str, *values: object) -> list[asyncpg.Record]:
    """Rows of the database."""

    async def run() -> list[asyncpg.Record]:
        conn = await asyncpg.connect(url)
        try:
            await conn.set_type_codec("jsonb", schema="pg_catalog", encoder=str, decoder=msgspec.json.decode)
            return await conn.fetch(question, *values)
        finally:
            await conn.close()

    return asyncio.run(run())


def row(url: str, table: str, thing_id: str) -> dict[str, Any]:
    """The one row with that id; what is null is left out."""
    (found,) = fetch(url, f"select * from {table} where id = $1", thing_id)
    return {name: value for name, value in found.items() if value is not None}


def counts(url: str) -> dict[str, int]:
    """How many rows each table of a noun has, and each of a list, and the trail."""
    tables = [each.table_name for each in HOUSE if each.path not in ("identities", "audit/records", "events")] + [
        "trail"
    ]
    tables += [each.link(f).name for each in HOUSE for f in each.all_fields if f.kind == "refs"]
    text = "select " + ", ".join(f"(select count(*) from {table})" for table in tables)
    return dict(zip(tables, fetch(url, text)[0], strict=True))


def content(url: str) -> dict[str, list[str]]:
    """Every row of every table, as text in order, without what differs between two loads of one file: the time, and
    secrets, which are sealed anew."""
    moments = "select distinct column_name::text from information_schema.columns where data_type like 'timestamp%'"
    but = [each[0] for each in fetch(url, moments)] + ["xid", "token"]
    return {
        table: sorted(
            str({name: value for name, value in found[0].items() if name != "id" or table != "trail"})
            for found in fetch(url, f"select to_jsonb(t) - $1::text[] from {table} t", but)
        )
        for table in counts(url)
    }


def small_world() -> list[Line]:
    """The world of the other tests."""
    return list(small.world())
