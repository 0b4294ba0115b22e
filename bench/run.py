"""Measures what the limits are about: get, list, create and place, on a real server with real bodies.

    python -m bench.run [--orders N] [--seconds S] [--data DIR]

Every load goes to 127.0.0.1, for so many seconds. What is written: docs/figures/bench.md and bench.json.
"""

import argparse
import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from bench import machine, statements, world
from entrepot import app as house
from entrepot.kernel.wire import encode
from entrepot.settings import Settings
from entrepot.storage.loading import load as load_world
from entrepot.store_forms import FORMS

HERE = Path(__file__).parent
FIGURES = HERE.parent / "docs" / "figures"
LUA = HERE / "load.lua"
CONNECTIONS = (1, 16)
WARM_S = 1.0
SETTLE_S_MAX = 60.0
READY_S_MAX = 60.0
LIST = "/public/v1/commerce/orders?eq(status,Processing)&order=-audit.created.at&limit=20"
GOALS = {"get": 0.6, "list": 1.5, "list, operations": 1.7, "create and place": 2.0, "create, then place": 3.2}
"""CPU-milliseconds of server and database together, for each request; for two of them where there are two."""

MEMORY_MB_MAX, READY_S_GOAL = 150, 1.5
OUT = Console()


@dataclass(frozen=True)
class Load:
    """One kind of request: how it is asked for, and how many requests make one."""

    name: str
    kind: str
    file: str
    actor: str = "client"
    keyed: bool = False
    requests: int = 1


LOADS = (
    Load("get", "get", "paths"),
    Load("list", "list", "list"),
    Load("list, operations", "list", "list", actor="operations"),
    Load("create and place", "create", "place", actor="buyer"),
    Load("create and place, with a key", "create", "place", actor="buyer", keyed=True),
    Load("create, then place", "pair", "draft", actor="buyer", requests=2),
)


def main() -> None:
    """The entry point."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=8.0, help="for each load")
    parser.add_argument("--data", type=Path, help="a folder that is kept, and used again")
    parser.add_argument("--only", default="", help="names of loads, with semicolons; no figures are written then")
    chosen = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("bench: wrk is missing; apt-get install wrk brings it.")
    kept = chosen.data
    data = kept or Path(tempfile.mkdtemp(prefix="entrepot-bench-"))
    try:
        only = {name for name in chosen.only.split(";") if name}
        figures = measure(data, chosen.orders, chosen.seconds, only)
    finally:
        if kept is None:
            shutil.rmtree(data, ignore_errors=True)
    _show(figures)
    if not only:
        FIGURES.mkdir(parents=True, exist_ok=True)
        (FIGURES / "bench.json").write_text(json.dumps(figures, indent=2) + "\n")
        (FIGURES / "bench.md").write_text(_markdown(figures))


def measure(data: Path, orders: int, seconds: float, only: set[str]) -> dict[str, Any]:
    """Everything, in one run: the world, the server's start, each load, and pgbench with our own statements."""
    settings = Settings(data=data)
    made = _world(settings, orders)
    loads = [load for load in LOADS if not only or load.name in only]
    figures: dict[str, Any] = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine.describe()}
    figures |= {"commit": _commit(), "orders": orders, "matching": made.matching, "seconds": seconds, "loads": []}
    figures["loop_ms"] = [round(machine.loop_ms(), 1)]
    with tempfile.TemporaryDirectory() as folder, serving(data) as server:
        figures["ready_s"] = round(server.ready_s, 2)
        figures["memory_fresh_mb"] = machine.memory(server.pid)._asdict()
        figures["database"] = asyncio.run(_database(settings))
        files = _files(Path(folder), made)
        _check(server, made)
        figures["idle"] = _idle(server)
        for load in loads:
            for connections in CONNECTIONS:
                _wrk(server, load, files, made, connections, WARM_S)
                found = _wrk(server, load, files, made, connections, seconds)
                figures["loads"].append(found)
                _tell(found)
            figures["loop_ms"].append(round(machine.loop_ms(), 1))
        figures["memory_mb"] = machine.memory(server.pid)._asdict()
        figures["pgbench"] = asyncio.run(statements.measure(settings, made, min(seconds, 5.0), server.pid, _tell))
    return figures


# The world --------------------------------------------------------------------------------------------


def _world(settings: Settings, orders: int) -> world.World:
    file = settings.data / "bench.json"
    if file.exists():
        return msgspec.json.decode(file.read_bytes(), type=world.World)
    made = asyncio.run(_fill(settings, orders))
    file.write_bytes(msgspec.json.encode(made))
    return made


async def _fill(settings: Settings, orders: int) -> world.World:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=OUT) as bar:
        task = bar.add_task("Writing orders", total=orders)
        async with house.build(settings) as parts:
            tokens: dict[str, str] = {}
            lines = ((__name__, at, encode(line)) for at, line in enumerate(world.catalogue(tokens), 1))
            await load_world(parts.pool, parts.nouns, FORMS, parts.store.vault, lines)
            assert parts.embedded is not None
            made = await world.fill(parts, parts.embedded.url, orders, lambda done: bar.update(task, completed=done))
            await parts.work.settle()
    made.tokens |= tokens
    return made


# The server -------------------------------------------------------------------------------------------


@dataclass
class Server:
    """A server that runs, and how long it took to accept requests."""

    url: str
    pid: int
    ready_s: float


@contextmanager
def serving(data: Path) -> Iterator[Server]:
    """`entrepot serve` as a process of its own, on existing data."""
    command = [str(Path(sys.executable).with_name("entrepot")), "serve", "--data", str(data), "--port", "0"]
    began = time.monotonic()
    log = (data / "serve.log").open("wb")
    with log, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log) as process:
        try:
            assert process.stdout is not None
            said = process.stdout.readline().decode()
            ready_s = time.monotonic() - began
            found = re.fullmatch(r"ready (http://127\.0\.0\.1:\d+)\n", said)
            assert found, f"the server said {said!r}; see {data / 'serve.log'}"
            yield Server(found[1], process.pid, ready_s)
        finally:
            process.terminate()
            process.wait(READY_S_MAX)


def _request(url: str, token: str, body: bytes | None = None) -> tuple[int, Any]:
    asked = urllib.request.Request(url, data=body, headers={"Authorization": f"Bearer {token}"})
    if body is not None:
        asked.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(asked, timeout=10) as answer:
        return answer.status, json.loads(answer.read())


def _check(server: Server, made: world.World) -> None:
    """The answers are the right ones, before anything is measured."""
    client, operations = made.tokens["client"], made.tokens["operations"]
    status, page = _request(server.url + LIST, client)
    assert status == 200 and page["$meta"]["pagination"]["total"] == made.matching, page["$meta"]
    assert len(page["data"]) == 20, len(page["data"])
    moments = []
    for order in page["data"]:
        assert order["status"] == "Processing"
        for reference in ("agreement", "product", "licensee", "client", "vendor", "buyer", "seller", "listing"):
            assert order[reference]["id"] and set(order[reference]) > {"id", "revision"}, (order["id"], reference)
        moments.append(_request(f"{server.url}/public/v1/commerce/orders/{order['id']}", client)[1]["audit"])
    created = [each["created"]["at"] for each in moments]
    assert created == sorted(created, reverse=True), "the newest come first"
    _, every = _request(server.url + LIST, operations)
    assert every["$meta"]["pagination"]["total"] > made.matching or made.orders <= 5000
    for order_id in made.sample[:50]:
        status, order = _request(f"{server.url}/public/v1/commerce/orders/{order_id}", client)
        assert status == 200 and order["id"] == order_id and len(order["lines"]) in (2, 3), order
        assert len(order["parameters"]["ordering"]) >= 4 and order["lines"][0]["item"]["name"]
        assert order["price"]["SPxY"] and "PPxY" not in order["price"]
    for begins, then in (("Processing", ""), ("Draft", "process")):
        body, buyer = json.dumps(_purchase(begins)).encode(), made.tokens["buyer"]
        status, order = _request(f"{server.url}/public/v1/commerce/orders", buyer, body)
        assert status == 201 and order["status"] == begins and len(order["lines"]) == 3, order
        if then:
            status, order = _request(f"{server.url}/public/v1/commerce/orders/{order['id']}/{then}", buyer, b"")
            assert status == 200 and order["status"] == "Processing", order


def _purchase(begins: str) -> dict[str, object]:
    return world.purchase(3, begins, world.BUYING[1])


# Loads ------------------------------------------------------------------------------------------------


def _files(folder: Path, made: world.World) -> dict[str, Path]:
    contents = {
        "paths": "\n".join(f"/public/v1/commerce/orders/{each}" for each in made.sample),
        "list": LIST,
        "place": json.dumps(_purchase("Processing")),
        "draft": json.dumps(_purchase("Draft")),
    }
    for name, text in contents.items():
        (folder / name).write_text(text)
    return {name: folder / name for name in contents}


def _wrk(
    server: Server, load: Load, files: Mapping[str, Path], made: world.World, connections: int, seconds: float
) -> dict[str, Any]:
    command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--latency", "-s", str(LUA)]
    command += [server.url, "--", load.kind, str(files[load.file]), *(["KEYED"] if load.keyed else [])]
    environment = {**os.environ, "BENCH_TOKEN": made.tokens[load.actor]}
    before = machine.usage(server.pid)
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=seconds + 30, check=True)
    if load.kind in ("create", "pair"):
        _settle(server)
    used = machine.usage(server.pid).since(before)
    found = json.loads(done.stdout.strip().splitlines()[-1])
    assert not found["refused"] and not found["broken"], f"{load.name}: {found}"
    count = found["requests"] / load.requests
    return {
        "name": load.name,
        "connections": connections,
        "per_s": round(count / found["seconds"], 1),
        "p50_ms": found["p50_ms"],
        "p99_ms": found["p99_ms"],
        "server_cpu_ms": round(used.server_s * 1000 / count, 3),
        "database_cpu_ms": round(used.database_s * 1000 / count, 3),
        "cpu_ms": round((used.server_s + used.database_s) * 1000 / count, 3),
    }


def _settle(server: Server) -> None:
    """Waits until background work has caught up, since it is part of what a write costs."""
    deadline = time.monotonic() + SETTLE_S_MAX
    while time.monotonic() < deadline:
        before = machine.usage(server.pid)
        time.sleep(0.5)
        used = machine.usage(server.pid).since(before)
        if used.server_s + used.database_s < 0.05:
            return


def _idle(server: Server) -> dict[str, float]:
    _settle(server)
    before = machine.usage(server.pid)
    time.sleep(3)
    used = machine.usage(server.pid).since(before)
    return {"server_cpu_ms_per_s": round(used.server_s * 1000 / 3, 2),
            "database_cpu_ms_per_s": round(used.database_s * 1000 / 3, 2)}  # fmt: skip


async def _database(settings: Settings) -> dict[str, str]:
    """What the database is set to."""
    names = ("server_version", "fsync", "synchronous_commit", "shared_buffers", "full_page_writes", "wal_level")
    async with house.build(settings) as parts:
        found = {name: await parts.pool.fetchval(f"show {name}") for name in names}
        found["size"] = await parts.pool.fetchval("select pg_size_pretty(pg_database_size(current_database()))")
    assert found["fsync"] == found["synchronous_commit"] == "on"
    return found


def _commit() -> str:
    found = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=HERE, capture_output=True, text=True)
    return found.stdout.strip() or "unknown"


# What is told -----------------------------------------------------------------------------------------

HEADS = ("", "connections", "per second", "p50 ms", "p99 ms", "CPU-ms server", "database", "together", "goal")


def _tell(found: dict[str, Any]) -> None:
    OUT.print("  ".join(f"{value}" for value in found.values()), style="dim", highlight=False)


def _rows(figures: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for each in figures["loads"]:
        goal = GOALS.get(each["name"])
        mark = "" if goal is None else f"<= {goal}" + ("" if each["cpu_ms"] <= goal else " (missed)")
        values = (each[key] for key in ("per_s", "p50_ms", "p99_ms", "server_cpu_ms", "database_cpu_ms", "cpu_ms"))
        yield (each["name"], str(each["connections"]), *(f"{value:,.2f}" for value in values), mark)


def _show(figures: dict[str, Any]) -> None:
    table = Table(*HEADS)
    for row in _rows(figures):
        table.add_row(*row)
    OUT.print(table)
    for line in _facts(figures):
        OUT.print(line, highlight=False)


def _facts(figures: dict[str, Any]) -> Iterator[str]:
    held, fresh, idle = figures["memory_mb"], figures["memory_fresh_mb"], figures["idle"]
    yield (
        f"Memory after the loads: server {held['server_rss']:.0f} MB resident ({held['server_pss']:.0f} MB by share; "
        f"{fresh['server_rss']:.0f} MB when fresh; goal {MEMORY_MB_MAX}), "
        f"database {held['database_pss']:.0f} MB by share."
    )
    yield f"Ready on existing data after {figures['ready_s']} s (goal {READY_S_GOAL})."
    yield (
        f"Idle, background work runs at {idle['server_cpu_ms_per_s']} CPU-ms a second in the server and "
        f"{idle['database_cpu_ms_per_s']} in the database."
    )


def _markdown(figures: dict[str, Any]) -> str:
    def table(heads: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
        lines = [heads, ("---",) + ("---:",) * (len(heads) - 1), *rows]
        return "\n".join("| " + " | ".join(row) + " |" for row in lines)

    about, database = figures["machine"], figures["database"]
    own = {(each["name"], each["connections"]): each for each in figures["loads"]}
    beside = (
        (
            each["name"], str(each["connections"]), f"{each['per_s']:,.0f}", f"{each['cpu_ms']:.2f}",
            f"{own[each['name'], each['connections']]['per_s'] / each['per_s']:.2f}",
        )
        for each in figures["pgbench"]
        if (each["name"], each["connections"]) in own
    )  # fmt: skip
    loops = figures["loop_ms"]
    return f"""# What a request costs

Written by `make bench` on {figures["at"]}, at commit {figures["commit"]}: {figures["orders"]:,} orders with
{figures["matching"]:,} matches for the list, {figures["seconds"]:g} s for each load, wrk beside the server.

{table(HEADS, _rows(figures))}

CPU-milliseconds are those of all processes, for each request (for each pair where there are two), with the
background work that follows from it: the sealing of the trail. Wall-clock rates swing with what else runs on the
machine, processor time less so.

{chr(10).join("- " + line for line in _facts(figures))}

## The same statements by pgbench

What PostgreSQL does when nothing else is in the way: our own statements, as the running program sends them,
prepared, over the same socket. The ratio is the API's rate to pgbench's.

{table(("", "connections", "per second", "CPU-ms database", "ratio"), beside)}

## The machine

{about["cores"]} cores of {about["cpu"]}, {about["memory_gb"]} GB, Linux {about["kernel"]}, \
Python {about["python"]}{"" if about["python_optimized"] else " built without optimizations (PGO, LTO)"}, \
PostgreSQL {database["server_version"]} ({database["size"]}; fsync {database["fsync"]}, \
synchronous_commit {database["synchronous_commit"]}, shared_buffers {database["shared_buffers"]}). \
A million additions in a Python loop took {min(loops)} to {max(loops)} ms of processor time during the run.
"""


if __name__ == "__main__":
    main()
