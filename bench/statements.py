"""The statements that the program itself sends for each kind of request, run by pgbench without the program."""

import asyncio
import json
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg

from bench import machine, world
from entrepot import app as house
from entrepot.commerce.api import ORDERS
from entrepot.demo.companies import BRENNHOLT, OPERATIONS
from entrepot.kernel.access import Caller
from entrepot.kernel.doors import Options
from entrepot.settings import Settings
from entrepot.storage.embedded import binaries

CONNECTIONS = (1, 16)
QUERY = b"eq(status,Processing)&order=-audit.created.at&limit=20"
WRITES_PER_S = 3000
"""At most so many fresh sets of ids are made ready for each second of writing."""

Statements = list[tuple[str, Sequence[Any]]]


class _OneConnection:
    """A pool of one connection that writes down what is sent on it."""

    def __init__(self, conn: asyncpg.Connection):
        self._conn = conn
        self.sent: Statements = []
        conn.add_query_logger(lambda query: self.sent.append((query.query, query.args)))

    async def acquire(self, **_: object) -> asyncpg.Connection:
        return self._conn

    async def release(self, conn: asyncpg.Connection) -> None:
        pass


async def recorded(parts: house.Application, made: world.World, url: str) -> dict[str, Statements]:
    """What each kind of request sends, once everything that is kept between requests is there."""
    conn = await asyncpg.connect(url, server_settings={"timezone": "UTC"})
    await conn.set_type_codec("jsonb", schema="pg_catalog", encoder=str, decoder=str, format="text")
    one = _OneConnection(conn)
    parts.store.pool = one  # pyright: ignore[reportAttributeAccessIssue]
    client = Caller("client", BRENNHOLT, "TKN-3000-0001", "TKN-3000-0001")
    operations = Caller("operations", OPERATIONS, "TKN-1000-0001", "TKN-1000-0001")
    buyer = Caller("client", world.BUYING[0], "TKN-3000-0001", "TKN-3000-0001")
    place = world.purchase(3, "Processing", world.BUYING[1])
    asks: dict[str, Callable[[], Any]] = {
        "get": lambda: parts.doors.get(client, ORDERS, made.sample[0]),
        "list": lambda: parts.doors.search(client, ORDERS, QUERY),
        "list, operations": lambda: parts.doors.search(operations, ORDERS, QUERY),
        "create and place": lambda: parts.doors.create(buyer, ORDERS, place, Options()),
    }
    found: dict[str, Statements] = {}
    for name, ask in asks.items():
        for _ in range(2):
            one.sent.clear()
            await ask()
            await asyncio.sleep(0.05)  # the driver tells of a query a little later
        found[name] = list(one.sent)
    await conn.close()
    return found


@dataclass(frozen=True)
class Script:
    """A script of pgbench, with its variables, and how many requests one run of it stands for."""

    text: str
    variables: dict[str, str]
    requests: int = 1


async def measure(
    settings: Settings, made: world.World, seconds: float, server: int, tell: Callable[[dict[str, Any]], None]
) -> list[dict[str, Any]]:
    """Rates and processor time of the database alone, at each number of connections."""
    found: list[dict[str, Any]] = []
    async with house.build(settings) as parts:
        assert parts.embedded is not None
        url = parts.embedded.url
        sent = await recorded(parts, made, url)
        conn = await asyncpg.connect(url)
        try:
            for name, statements in sent.items():
                for connections in CONNECTIONS:
                    async with _script(conn, name, statements, made, seconds) as script:
                        each = await asyncio.to_thread(_pgbench, url, script, connections, seconds, server)
                    found.append({"name": name, "connections": connections, **each})
                    tell({**found[-1], "by": "pgbench"})
        finally:
            await conn.close()
    return found


@asynccontextmanager
async def _script(conn: asyncpg.Connection, name: str, statements: Statements, made: world.World, seconds: float):
    if name == "get":
        yield await _getting(conn, statements, made)
    elif name.startswith("create"):
        yield await _creating(conn, statements, seconds)
    else:
        texts = [_text(sql, args, f"s{at}", {}) for at, (sql, args) in enumerate(statements)]
        yield Script("".join(text for text, _ in texts), {k: v for _, given in texts for k, v in given.items()})
    await conn.execute("drop table if exists bench_ids, bench_writes; drop sequence if exists bench_number")


GETS = 20


async def _getting(conn: asyncpg.Connection, statements: Statements, made: world.World) -> Script:
    """Twenty orders by id for each look into the table of ids, so that the look does not count for much."""
    await conn.execute("create table bench_ids (n integer primary key, " + _columns(GETS) + ")")
    rows = [made.sample[at : at + GETS] for at in range(0, len(made.sample) - GETS + 1, GETS)]
    await conn.copy_records_to_table("bench_ids", records=[(n, *row) for n, row in enumerate(rows)])
    await conn.execute("analyze bench_ids")
    lines = [f"\\set n random(0, {len(rows) - 1})\n", "select * from bench_ids where n = :n \\gset\n"]
    variables: dict[str, str] = {}
    for at in range(GETS):
        for sql, args in statements:
            text, given = _text(sql, args, "s", {made.sample[0]: f"i{at}"})
            lines.append(text)
            variables |= given
    return Script("".join(lines), variables, GETS)


async def _creating(conn: asyncpg.Connection, statements: Statements, seconds: float) -> Script:
    """The reads as they are; the write with fresh ids, made ready in a table. Groups of 0000 are nobody's ids."""
    write = next(sql for sql, _ in statements if sql.lstrip().lower().startswith("with"))
    args = next(args for sql, args in statements if sql == write)
    digits = sorted(set(re.findall(r"(?:ORD|AGR)-(\d{4}-\d{4}-\d{4})", " ".join(map(_said, args)))))
    told = [_said(value) if value is not None else None for value in args]
    fresh = {at: text for at, text in enumerate(told) if text and any(each in text for each in digits)}
    await conn.execute("create table bench_writes (n integer primary key, " + _columns(len(fresh)) + ")")
    await conn.execute("create sequence if not exists bench_ever")
    await conn.execute("create sequence bench_number")
    begin = await conn.fetchval("select nextval('bench_ever')") * 10**6

    def renewed(text: str, number: int) -> str:
        for at, each in enumerate(digits):
            text = text.replace(each, f"0000-{(begin + number) // 10**4 % 10**4:04d}-{at}{number % 10**4:04d}")
        return text

    rows = [(n, *(renewed(text, n) for text in fresh.values())) for n in range(1, int(WRITES_PER_S * seconds) + 1)]
    await conn.copy_records_to_table("bench_writes", records=rows)
    await conn.execute("analyze bench_writes")
    lines = ["select * from bench_writes where n = (select nextval('bench_number')) \\gset\n"]
    variables: dict[str, str] = {}
    for at, (sql, given) in enumerate(statements):
        places = {f"${k + 1}": f"i{n}" for n, k in enumerate(fresh)} if sql == write else {}
        text, found = _text(sql, given, f"s{at}", {}, places)
        lines.append(text)
        variables |= found
    return Script("".join(lines), variables)


def _columns(count: int) -> str:
    return ", ".join(f"i{at} text" for at in range(count))


def _text(
    sql: str, args: Sequence[Any], prefix: str, by_value: dict[str, str], by_place: dict[str, str] | None = None
) -> tuple[str, dict[str, str]]:
    """One statement for a script, with the values of its variables. pgbench knows neither null nor empty text."""
    variables: dict[str, str] = {}

    def place(found: re.Match[str]) -> str:
        number = int(found[1])
        value = args[number - 1]
        if value is None or value == "":
            return "null" if value is None else "''"
        if by_place and found[0] in by_place:
            return f":{by_place[found[0]]}"
        if isinstance(value, str) and value in by_value:
            return f":{by_value[value]}"
        name = f"{prefix}p{number}"
        variables[name] = _said(value)
        return f":{name}"

    return re.sub(r"\$(\d+)", place, " ".join(sql.split())) + ";\n", variables


def _said(value: Any) -> str:
    """A value as PostgreSQL reads it."""
    match value:
        case list():
            return "{" + ",".join(json.dumps(_said(each), ensure_ascii=False) for each in value) + "}"
        case bytes():
            return "\\x" + value.hex()
        case bool():
            return "t" if value else "f"
        case datetime() | date():
            return value.isoformat()
        case _:
            return str(value)


def _pgbench(url: str, script: Script, connections: int, seconds: float, server: int) -> dict[str, Any]:
    given = urlsplit(url)
    query = parse_qs(given.query)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "script.sql"
        file.write_text(script.text)
        command = [str(binaries() / "pgbench"), "-n", "-M", "prepared", "-f", str(file), "-c", str(connections)]
        command += ["-j", "1", "-T", str(max(1, round(seconds))), "-h", query["host"][0], "-p", query["port"][0]]
        command += ["-U", given.username or "entrepot"]
        for name, value in script.variables.items():
            command += ["-D", f"{name}={value}"]
        command.append(given.path.lstrip("/"))
        before = machine.usage(server)
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60)
        time.sleep(0.3)  # until the last process of the database is gone and counted
        used = machine.usage(server).since(before)
    rate = re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)
    count = re.search(r"^number of transactions actually processed: (\d+)", done.stdout, re.MULTILINE)
    assert done.returncode == 0 and rate and count, done.stderr[-2000:]
    return {
        "per_s": round(float(rate[1]) * script.requests, 1),
        "cpu_ms": round(used.database_s * 1000 / (int(count[1]) * script.requests), 3),
    }
