"""What the database is asked meanwhile, and how it goes about it."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg

from tests.serving import Served

BESIDE = ("token_hash", "last_access_at", "from due", "sealer", "entrepot_now() as now")
"""Who asks is found out now and then, and background work goes on."""


@contextmanager
def statements(served: Served) -> Iterator[list[Any]]:
    """What the database is asked meanwhile: each with its `query` and its `args`."""
    found: list[Any] = []

    def heard(add: bool) -> None:
        for each in served.parts.pool._holders:
            if each._con is not None:
                (each._con.add_query_logger if add else each._con.remove_query_logger)(found.append)

    heard(True)
    try:
        yield found
    finally:
        heard(False)


def scans(served: Served, asked: Any, table: str, *, planned: str = "auto") -> list[dict[str, Any]]:
    """The steps that read a table when something is asked again: `Node Type`, and how many rows they `read`.

    `planned`: `force_custom_plan` with these values in view, `force_generic_plan` once for all values.
    """
    plan = asyncio.run(_explained(served.database, asked.query, asked.args, planned))
    found = [each for each in _steps(plan) if each.get("Relation Name") == table]
    for each in found:
        rows = each["Actual Rows"] + each.get("Rows Removed by Filter", 0)
        each["read"] = rows * each["Actual Loops"]
    return found


async def _explained(database: str, text: str, values: Any, planned: str) -> dict[str, Any]:
    conn = await asyncpg.connect(database)
    try:
        await conn.execute(f"set plan_cache_mode = {planned}; prepare asked as {text}")
        given = ", ".join(_literal(each) for each in values)
        found = await conn.fetchval(f"explain (analyze, format json) execute asked{f'({given})' if given else ''}")
        return json.loads(found)[0]["Plan"]
    finally:
        await conn.close()


def _literal(value: Any) -> str:
    if isinstance(value, list):
        return f"array[{', '.join(map(_literal, value))}]::text[]"
    return "null" if value is None else "'" + str(value).replace("'", "''") + "'"


def _steps(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(below for each in plan.get("Plans", ()) for below in _steps(each))]
