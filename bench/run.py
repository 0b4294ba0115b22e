"""Measures what the limits are about: get, list, create and place, on a real server with real bodies.

    python -m bench.run [--orders N] [--from N] [--seconds S] [--data DIR]

Every load goes to 127.0.0.1, for so many seconds. With `--from`, get, list and create are measured at that many orders
first, and what growth costs is told. What is written: docs/figures/bench.md and bench.json.
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
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench import beyond, machine, report, statements, world
from bench.rival import beside
from entrepot import app as house
from entrepot.demo.companies import BRENNHOLT
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
ORDERS = "/public/v1/commerce/orders"
LIST = f"{ORDERS}?eq(status,Processing)&order=-audit.created.at&limit=20"
EVENTS = "/public/v1/events?limit=100"
GROWTH = ("get", "list", "create and place")
"""The loads that must not cost more with ten times as many orders, where the list has as many matches."""

RIVAL_LIST = f"{ORDERS}?eq(status,Processing)&ordering(-created)&limit=20"


@dataclass
class Server:
    """A server that runs, and how long it took to accept requests. `database` is the process whose child that is,
    where it is not the server's own."""

    url: str
    pid: int
    ready_s: float
    database: int = 0

    def usage(self) -> machine.Usage:
        """Processor time so far."""
        own = machine.usage(self.pid)
        return machine.Usage(own.server_s, machine.usage(self.database).database_s) if self.database else own


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
FEED = Load("events, a page of 100", "list", "events", actor="operations")
AGAINST_RIVAL = ("get", "list", "create and place")


def main() -> None:
    """The entry point."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--from", type=int, dest="smaller", help="so many orders first, to tell what growth costs")
    parser.add_argument("--no-rival", action="store_true", help="leaves the Django application out")
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
        growth = grown(data, chosen.smaller, chosen.seconds) if chosen.smaller else []
        figures = measure(data, chosen.orders, chosen.seconds, only, rival=not chosen.no_rival)
        figures["growth"] = list(_growth(growth, figures, chosen.smaller))
    finally:
        if kept is None:
            shutil.rmtree(data, ignore_errors=True)
    report.show(figures)
    if not only:
        FIGURES.mkdir(parents=True, exist_ok=True)
        (FIGURES / "bench.json").write_text(json.dumps(figures, indent=2) + "\n")
        (FIGURES / "bench.md").write_text(report.markdown(figures))


def grown(data: Path, orders: int, seconds: float) -> list[dict[str, Any]]:
    """The loads of GROWTH in a smaller world, whose folder lies in the other's."""
    smaller = data / f"of {orders}"
    smaller.mkdir(parents=True, exist_ok=True)
    made = _world(Settings(data=smaller), orders)
    with tempfile.TemporaryDirectory() as folder, serving(smaller) as server:
        files = _files(Path(folder), made)
        _check(server, made)
        return [found for load in LOADS if load.name in GROWTH for found in _loaded(server, load, files, made, seconds)]


def measure(data: Path, orders: int, seconds: float, only: set[str], *, rival: bool) -> dict[str, Any]:
    """Everything, in one run: the world, the server's start, each load, the rival, and pgbench with our statements."""
    settings = Settings(data=data)
    made = _world(settings, orders)
    loads = [load for load in LOADS if not only or load.name in only]
    figures: dict[str, Any] = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine.describe()}
    figures |= {"commit": _commit(), "orders": orders, "matching": made.matching, "seconds": seconds, "loads": []}
    figures["loop_ms"] = [round(machine.loop_ms(), 1)]
    figures["parsing"] = beyond.parsing()
    with tempfile.TemporaryDirectory() as folder, serving(data) as server:
        figures["ready_s"] = round(server.ready_s, 2)
        figures["memory_fresh_mb"] = machine.memory(server.pid)._asdict()
        figures["database"] = asyncio.run(_database(settings))
        files = _files(Path(folder), made)
        _check(server, made)
        figures["idle"] = _idle(server)
        for load in loads:
            figures["loads"] += _loaded(server, load, files, made, seconds)
            figures["loop_ms"].append(round(machine.loop_ms(), 1))
        figures["memory_mb"] = machine.memory(server.pid)._asdict()
        if not only:
            token = made.tokens["operations"]
            figures["stream"] = beyond.streaming(server.url, server.pid, ORDERS, token, seconds)
            if _is_there(server.url + EVENTS, token):
                figures["loads"] += _loaded(server, FEED, files, made, seconds)
        figures["rival"] = _rival(server, settings, files, made, seconds) if rival and not only else []
        figures["pgbench"] = asyncio.run(statements.measure(settings, made, min(seconds, 5.0), server.pid, report.tell))
    return figures


def _loaded(
    server: Server, load: Load, files: Mapping[str, Path], made: world.World, seconds: float
) -> Iterator[dict[str, Any]]:
    """One load at each number of connections, once everything is warm."""
    for connections in CONNECTIONS:
        _wrk(server, load, files, made.tokens[load.actor], connections, WARM_S)
        found = _wrk(server, load, files, made.tokens[load.actor], connections, seconds)
        report.tell(found)
        yield found


def _is_there(url: str, token: str) -> bool:
    try:
        return _request(url, token)[0] == 200
    except urllib.error.HTTPError as refused:
        assert refused.code == 404, refused
        return False


def _growth(smaller: list[dict[str, Any]], figures: dict[str, Any], orders: int) -> Iterator[dict[str, Any]]:
    for was in smaller:
        for now in figures["loads"]:
            if (now["name"], now["connections"]) == (was["name"], was["connections"]):
                yield {"name": now["name"], "connections": now["connections"], "orders": orders,
                       "was_cpu_ms": was["cpu_ms"], "cpu_ms": now["cpu_ms"],
                       "was_p50_ms": was["p50_ms"], "p50_ms": now["p50_ms"]}  # fmt: skip


# The rival --------------------------------------------------------------------------------------------


def _rival(
    server: Server, settings: Settings, files: Mapping[str, Path], made: world.World, seconds: float
) -> list[dict[str, Any]]:
    """The same orders under the same ids, asked for by the same wrk; the account stands in for its token."""
    found: list[dict[str, Any]] = []
    listing = files["list"].with_name("rival list")
    listing.write_text(RIVAL_LIST)
    url = asyncio.run(_database_url(settings))
    with beside.serving(url, lambda text: report.OUT.print(text, style="dim")) as rival:
        both = Server(rival.url, rival.pid, 0.0, database=server.pid)
        accounts = {"client": BRENNHOLT, "buyer": world.BUYING[0]}
        _check_rival(both, made)
        for load in LOADS:
            if load.name not in AGAINST_RIVAL:
                continue
            for connections in CONNECTIONS:
                where = {**files, "list": listing}
                _wrk(both, load, where, accounts[load.actor], connections, WARM_S)
                each = _wrk(both, load, where, accounts[load.actor], connections, seconds)
                found.append(each)
                report.tell({**each, "by": "the rival"})
    return found


def _check_rival(both: Server, made: world.World) -> None:
    status, page = _request(both.url + RIVAL_LIST, BRENNHOLT)
    assert status == 200 and page["$meta"]["pagination"]["total"] == made.matching, page["$meta"]
    assert len(page["data"]) == 20 and all(each["status"] == "Processing" for each in page["data"])
    status, order = _request(f"{both.url}{ORDERS}/{made.sample[0]}", BRENNHOLT)
    assert status == 200 and len(order["lines"]) in (2, 3) and order["lines"][0]["item"]["name"], order
    body = json.dumps(_purchase("Processing")).encode()
    status, order = _request(f"{both.url}{ORDERS}", world.BUYING[0], body)
    assert status == 201 and len(order["lines"]) == 3 and order["price"]["SPxY"], order


async def _database_url(settings: Settings) -> str:
    async with house.build(settings) as parts:
        assert parts.embedded is not None
        return parts.embedded.url


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
    with Progress(*columns, console=report.OUT) as bar:
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


@contextmanager
def serving(data: Path, environment: Mapping[str, str] | None = None) -> Iterator[Server]:
    """`entrepot serve` as a process of its own, on existing data; `environment` is added to ours."""
    command = [str(Path(sys.executable).with_name("entrepot")), "serve", "--data", str(data), "--port", "0"]
    began = time.monotonic()
    log = (data / "serve.log").open("wb")
    around = {**os.environ, **(environment or {})}
    with log, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, env=around) as process:
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
        "events": EVENTS,
        "place": json.dumps(_purchase("Processing")),
        "draft": json.dumps(_purchase("Draft")),
    }
    for name, text in contents.items():
        (folder / name).write_text(text)
    return {name: folder / name for name in contents}


def _wrk(
    server: Server, load: Load, files: Mapping[str, Path], token: str, connections: int, seconds: float
) -> dict[str, Any]:
    command = [
        "wrk",
        "-t1",
        f"-c{connections}",
        f"-d{max(1, round(seconds))}s",
        "--latency",
        "--timeout",
        "10s",
        "-s",
        str(LUA),
    ]
    command += [server.url, "--", load.kind, str(files[load.file]), *(["KEYED"] if load.keyed else [])]
    environment = {**os.environ, "BENCH_TOKEN": token}
    before = server.usage()
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=seconds + 30, check=True)
    if load.kind in ("create", "pair"):
        _settle(server)
    used = server.usage().since(before)
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
        before = server.usage()
        time.sleep(0.5)
        used = server.usage().since(before)
        if used.server_s + used.database_s < 0.05:
            return


def _idle(server: Server) -> dict[str, float]:
    _settle(server)
    before = server.usage()
    time.sleep(3)
    used = server.usage().since(before)
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


if __name__ == "__main__":
    main()
