"""Measures deliveries: from the write to the receiver, how many a second, and what dead receivers do to the others; to
webhooks, and to an extension that asks for a task with each.

    python -m bench.deliveries [--events N] [--data DIR]

The receiver is a bare server in this process. What is written: docs/figures/deliveries.md.
"""

import argparse
import asyncio
import json
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
from rich.table import Table

from bench import machine, report, world
from bench.run import FIGURES, Server, _commit, serving
from entrepot import app as house
from entrepot.kernel.wire import encode
from entrepot.settings import Settings
from entrepot.storage.embedded import attach
from entrepot.storage.loading import load as load_world
from entrepot.store_forms import FORMS

ORDERS = 300
WRITERS = 4
IDLE_S = 8.0
DEAD = 20
KEPT_S = 3.0
PACES = (("one write every 100 ms", 10.0, 60), ("50 writes a second", 50.0, 400))
LATENCY_MS, RATE = 50.0, 300.0
REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
UPDATED = "platform.commerce.order.updated"


@dataclass
class Receiver:
    """Answers every letter at once, and notes when each event came: that of an extension by its delivery."""

    came: dict[str, float] = field(default_factory=dict)
    repeats: int = 0
    port: int = 0

    def start(self) -> "Receiver":
        """In a thread of its own."""
        ready = threading.Event()

        async def live() -> None:
            server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
            self.port = server.sockets[0].getsockname()[1]
            ready.set()
            await server.serve_forever()

        threading.Thread(target=lambda: asyncio.run(live()), daemon=True).start()
        ready.wait(5)
        return self

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
                body = await reader.readexactly(length)
                now = time.time()
                writer.write(REPLY)
                letter = json.loads(body)
                event = letter["data"]["id"] if "data" in letter else letter["id"]
                self.repeats += event in self.came
                self.came.setdefault(event, now)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


@dataclass
class Asker:
    """One connection to the API."""

    url: str
    token: str

    def __post_init__(self) -> None:
        self.http = HTTPConnection(urlsplit(self.url).netloc, timeout=60)
        self.used = time.monotonic()

    def call(self, method: str, path: str, body: object = None) -> Any:
        """One request that must succeed."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        if time.monotonic() - self.used > KEPT_S:  # the server has given the connection up
            self.http.close()
        self.http.request(method, f"/public/v1{path}", json.dumps(body) if body is not None else None, headers)
        reply = self.http.getresponse()
        self.used = time.monotonic()
        raw = reply.read()
        assert 200 <= reply.status < 300, (reply.status, raw[:500])
        return json.loads(raw) if raw else None


def main() -> None:
    """The entry point."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--events", type=int, default=3000, help="how many wait when the rate is measured")
    parser.add_argument("--data", type=Path, help="a folder that is kept, and used again")
    chosen = parser.parse_args()
    data = chosen.data or Path(tempfile.mkdtemp(prefix="entrepot-bench-"))
    try:
        figures = measure(data, chosen.events)
    finally:
        if chosen.data is None:
            shutil.rmtree(data, ignore_errors=True)
    table = Table("", "", "goal")
    for row in _rows(figures):
        table.add_row(*row)
    report.OUT.print(table)
    FIGURES.mkdir(parents=True, exist_ok=True)
    (FIGURES / "deliveries.md").write_text(_markdown(figures))


def measure(data: Path, events: int) -> dict[str, Any]:
    """The world, then each figure in turn."""
    token, vendor = _world(Settings(data=data))
    figures: dict[str, Any] = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine.describe()}
    figures |= {"commit": _commit(), "events": events, "loop_ms": [machine.loop_ms()], "rows": []}
    with serving(data, {"ENTREPOT_ALLOW_PRIVATE_CALLS": "1"}) as server:
        url, receiver = attach(data).url, Receiver().start()
        askers = [Asker(server.url, token) for _ in range(WRITERS)]
        body = world.purchase(3, "Draft", world.LICENSEE)
        orders = [askers[0].call("POST", "/commerce/orders", body)["id"] for _ in range(ORDERS)]
        figures["rows"].append(("idle, nobody subscribes: CPU-ms a second", _idle(server), None))
        hooks = f"http://127.0.0.1:{receiver.port}/"
        subscription = _subscribe(askers[0], hooks)
        time.sleep(2)
        figures["rows"].append(("idle, one receiver: CPU-ms a second", _idle(server), None))
        for name, pace, count in PACES:
            figures["rows"] += _paced(askers[0], orders, receiver, url, name, pace, count)
        figures["rows"] += _rate(server, askers, orders, receiver, subscription, events)
        for _ in range(DEAD):
            _subscribe(askers[0], "http://127.0.0.1:9/")
        name, pace, count = PACES[1]
        figures["rows"] += _paced(
            askers[0], orders, receiver, url, f"{name}, {DEAD} dead receivers beside", pace, count
        )
        for each in askers[0].call("GET", f"{SUBSCRIPTIONS}?limit=1000")["data"]:
            askers[0].call("DELETE", f"{SUBSCRIPTIONS}/{each['id']}")
        _let_in(Asker(server.url, vendor), f"http://127.0.0.1:{receiver.port}")
        for name, pace, count in PACES:
            figures["rows"] += _paced(askers[0], orders, receiver, url, f"extension with tasks, {name}", pace, count)
        figures["rows"].append(("events that came twice", receiver.repeats, None))
    figures["loop_ms"].append(machine.loop_ms())
    return figures


SUBSCRIPTIONS = "/notifications/event-subscriptions"


def _subscribe(asker: Asker, url: str) -> str:
    body = {"url": url, "events": ["platform.commerce.order.*"]}
    return asker.call("POST", SUBSCRIPTIONS, body)["id"]


def _let_in(vendor: Asker, url: str) -> None:
    """An extension of the vendor's own that wants a task with each change of an order."""
    own = vendor.call("GET", f"/accounts/api-tokens/{vendor.token.split(':')[1]}")["modules"]
    modules = [{"id": each["id"]} for each in own if each["name"] == "Marketplace"]
    extension = vendor.call("POST", "/integration/extensions", {"name": "Bench", "modules": modules})
    vendor.call("POST", "/integration/installations", {"extension": {"id": extension["id"]}})
    events = [{"event": UPDATED, "path": "/updated", "task": True}]
    body = {"externalId": url, "meta": {"openapi": "/openapi.json", "events": events}}
    vendor.call("POST", f"/integration/extensions/{extension['id']}/instances", body)
    time.sleep(2)


def _idle(server: Server) -> float:
    time.sleep(1)
    before = server.usage()
    time.sleep(IDLE_S)
    used = server.usage().since(before)
    return round((used.server_s + used.database_s) * 1000 / IDLE_S, 1)


def _paced(
    asker: Asker, orders: list[str], receiver: Receiver, url: str, name: str, pace: float, count: int
) -> list[tuple[str, float, str | None]]:
    receiver.came.clear()
    began = time.monotonic()
    for turn in range(count):
        time.sleep(max(0.0, began + turn / pace - time.monotonic()))
        asker.call("PUT", f"/commerce/orders/{orders[turn % len(orders)]}", {"notes": f"{name} {turn}"})
    _until(lambda: len(receiver.came) >= count, 30)
    written = asyncio.run(_written(url, list(receiver.came)))
    took = sorted((receiver.came[event] - at) * 1000 for event, at in written.items())
    return [
        (f"{name}: p50 ms from the write to the receiver", round(statistics.median(took), 1), "<= 50"),
        (f"{name}: p99 ms", round(took[int(len(took) * 0.99)], 1), None),
    ]


def _rate(
    server: Server, askers: list[Asker], orders: list[str], receiver: Receiver, subscription: str, events: int
) -> list[tuple[str, float, Any]]:
    path = f"/notifications/event-subscriptions/{subscription}"
    askers[0].call("POST", f"{path}/disable")

    def write(number: int) -> None:
        for turn in range(number, events, WRITERS):
            askers[number].call("PUT", f"/commerce/orders/{orders[turn % len(orders)]}", {"notes": f"rate {turn}"})

    with ThreadPoolExecutor(WRITERS) as threads:
        list(threads.map(write, range(WRITERS)))
    time.sleep(2)
    receiver.came.clear()
    before, began = server.usage(), time.time()
    askers[0].call("POST", f"{path}/enable")
    _until(lambda: len(receiver.came) >= events, 120)
    took = max(receiver.came.values()) - began
    used = server.usage().since(before)
    each = 1000 / events
    return [
        ("deliveries a second, what waited", round(events / took), ">= 300"),
        ("CPU-ms of the server for each", round(used.server_s * each, 2), None),
        ("CPU-ms of the database for each", round(used.database_s * each, 2), None),
    ]


async def _written(url: str, events: list[str]) -> dict[str, float]:
    """When the row of each was written, in seconds since 1970."""
    conn = await asyncpg.connect(url)
    rows = await conn.fetch(
        "select entrepot_audit_id(id), extract(epoch from recorded_at)::float8 from trail"
        " where entrepot_audit_id(id) collate \"C\" = any($1)"
        " union all select d.id, extract(epoch from t.recorded_at)::float8 from deliveries d"
        " join seals s using (position) join trail t on t.id = s.trail_id where d.id = any($1)", events,
    )  # fmt: skip
    await conn.close()
    return dict(rows)


def _until(holds: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "not everything arrived"
        time.sleep(0.02)


def _world(settings: Settings) -> tuple[str, str]:
    """The tokens of a client and of the vendor that it buys from."""
    file = settings.data / "bench-deliveries.json"
    if not file.exists():
        settings.data.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(asyncio.run(_fill(settings))))
    client, vendor = json.loads(file.read_text())
    return client, vendor


async def _fill(settings: Settings) -> tuple[str, str]:
    tokens: dict[str, str] = {}
    async with house.build(settings) as parts:
        lines = ((__name__, at, encode(line)) for at, line in enumerate(world.catalogue(tokens), 1))
        await load_world(parts.pool, parts.nouns, FORMS, parts.store.vault, lines)
        await parts.work.settle()
    return tokens["client"], tokens["vendor"]


def _rows(figures: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(name, f"{value:,}", f"{goal or ''}{_missed(value, goal)}") for name, value, goal in figures["rows"]]


def _missed(value: float, goal: str | None) -> str:
    if not goal:
        return ""
    sign, _, bound = goal.partition(" ")
    return "" if (value <= float(bound) if sign == "<=" else value >= float(bound)) else " (missed)"


def _markdown(figures: dict[str, Any]) -> str:
    lines = [("", "", "goal"), ("---", "---:", "---"), *_rows(figures)]
    rows = "\n".join("| " + " | ".join(row) + " |" for row in lines)
    about, loops = figures["machine"], figures["loop_ms"]
    return f"""# What deliveries cost

Written by `python -m bench.deliveries` on {figures["at"]}, at commit {figures["commit"]}. One `entrepot serve` with its
embedded database, one receiver on the same machine that answers at once; an event is about one of {ORDERS} orders.
Those of an extension each go with a task, which is made before the letter is sent.

{rows}

From the write: from the moment at which the row of the trail was written, so sealing, reading the feed and sending are
in it. What waited: {figures["events"]:,} events of a subscription that was disabled meanwhile.

{about["cores"]} cores of {about["cpu"]}, {about["memory_gb"]} GB, Linux {about["kernel"]}, Python {about["python"]}. \
Others used the machine meanwhile: a million additions in a Python loop took {min(loops)} to {max(loops)} ms of
processor time.
"""


if __name__ == "__main__":
    main()
