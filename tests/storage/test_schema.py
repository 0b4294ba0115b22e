"""The migrations make what the declarations expect: nothing at run time compares the two."""

import asyncio

import asyncpg
import pytest

from entrepot.kernel.noun import Nouns
from entrepot.offers import NOUNS
from entrepot.storage import schema

ALL = Nouns(NOUNS)
VIEWS = ("audit_records", "events", "buyer_transfers", "delivery_records")
KINDS = {"timestamptz": "timestamp(3) with time zone"}

COLUMNS = """
    select c.relname, a.attname, format_type(a.atttypid, a.atttypmod) as kind, a.attgenerated <> '' as generated
    from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'public' and c.relkind in ('r', 'v') and a.attnum > 0 and not a.attisdropped
"""
KEYS = """
    select c.conrelid::regclass::text as own, c.confrelid::regclass::text as target,
        array(select attname::text from unnest(c.conkey) with ordinality k(num, place)
            join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.num order by k.place) as columns
    from pg_constraint c where c.contype = 'f'
"""


@pytest.fixture(scope="module")
def found(cluster, template) -> dict[str, list[asyncpg.Record]]:
    """What the migrated database holds."""

    async def look() -> dict[str, list[asyncpg.Record]]:
        conn = await asyncpg.connect(cluster.url.replace("/entrepot?", f"/{template}?"))
        try:
            return {"columns": await conn.fetch(COLUMNS), "keys": await conn.fetch(KEYS)}
        finally:
            await conn.close()

    return asyncio.run(look())


@pytest.mark.parametrize("noun", list(ALL), ids=lambda noun: noun.path)
def test_each_noun_has_the_columns_that_its_fields_stand_for(found, noun):
    rows = [row for row in found["columns"] if row["relname"] == noun.table_name]
    columns = {row["attname"]: row["kind"] for row in rows}
    expected = {name: KINDS.get(kind, kind) for name, kind in schema.columns(noun).items()}
    if noun.table_name in VIEWS:  # a view has no core, and its columns have the types of what it shows
        expected.pop("core", None)
        columns.pop("core", None)
    if noun.table_name == "events":
        expected["position"] = "bigint"
    assert columns == expected


def test_what_travels_in_references_is_generated(found):
    generated = {row["relname"] for row in found["columns"] if row["generated"]}
    assert generated == {noun.table_name for noun in ALL if noun.has_core and noun.table_name not in VIEWS}


def test_each_reference_is_a_foreign_key(found):
    keys = {(row["own"], tuple(row["columns"])): row["target"] for row in found["keys"]}
    for noun in ALL:
        if noun.table_name in VIEWS:
            continue
        for each in noun.all_fields:
            if each.kind == "ref" and each.stored:
                own = (each.also, each.column) if each.also else (each.column,)
                assert keys.get((noun.table_name, own)) == ALL[each.target].table_name, f"{noun.path}.{each.name}"
            elif each.kind == "refs" and not each.derived:
                link = noun.link(each).name
                assert keys.get((link, ("owner_id",))) == noun.table_name
                assert keys.get((link, ("target_id",))) == ALL[each.target].table_name
