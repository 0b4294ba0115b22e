"""The database is killed under load: what was acknowledged is there, the rest is told apart, and all goes on by itself."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from entrepot.kernel.noun import Nouns
from entrepot.offers import NOUNS
from entrepot.storage.embedded import attach
from entrepot.storage.loading import load
from entrepot.storage.store import open_pool
from entrepot.storage.vault import Vault, key_beside
from entrepot.store_forms import FORMS
from tests import world as small
from tests.storage.trails import verify

BUYERS = 6
RECOVERY_S_MAX = 15.0
"""Far more than the few seconds that it takes: machines that run tests are busy."""

Document = dict[str, Any]


@dataclass
class Program:
    """`entrepot serve` as a process of its own, on an embedded database."""

    process: subprocess.Popen[str]
    data: Path
    port: int
    url: str
    said: list[str] = field(default_factory=list)

    def call(self, method: str, path: str, body: object = None, who: str = "client", key: str = "") -> tuple[int, Any]:
        """One request; the server itself is never away, whatever becomes of its database."""
        conn = HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"authorization": f"Bearer {small.token(who)}"} | ({"idempotency-key": key} if key else {})
        conn.request(method, f"/public/v1{path}", json.dumps(body) if body is not None else None, headers)
        answer = conn.getresponse()
        text = answer.read()
        conn.close()
        document = json.loads(text)
        if answer.status == 503:
            assert answer.getheader("content-type") == "application/problem+json"
            assert answer.getheader("retry-after")
            assert (document["status"], document["title"]) == (503, "Service Unavailable")
        return answer.status, document

    def kill_database(self) -> None:
        """Every process of the server at once, without a word of warning."""
        master = int((self.data / "postgres" / "postmaster.pid").read_text().split()[0])
        children = [int(pid) for pid in Path(f"/proc/{master}/task/{master}/children").read_text().split()]
        for pid in (master, *children):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def rows(self, text: str, *values: object) -> list[asyncpg.Record]:
        """Rows of the database, past the program."""

        async def fetch() -> list[asyncpg.Record]:
            conn = await asyncpg.connect(self.url)
            try:
                return await conn.fetch(text, *values)
            finally:
                await conn.close()

        return asyncio.run(fetch())


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    """Served from the command line, with the small world loaded."""
    command = [
        str(Path(sys.executable).with_name("entrepot")),
        "serve",
        "--port",
        "0",
        "--data",
        str(tmp_path / "data"),
    ]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "PGPORT": ""}
    )
    assert process.stdout is not None and process.stderr is not None
    said: list[str] = []
    errors = process.stderr
    listener = threading.Thread(target=lambda: said.extend(errors), daemon=True)
    listener.start()
    line = process.stdout.readline()
    assert line.startswith("ready http://"), (line, said)
    url = attach(tmp_path / "data").url
    asyncio.run(fill(url, tmp_path / "data"))
    yield Program(process, tmp_path / "data", int(line.rpartition(":")[2]), url, said)
    process.send_signal(signal.SIGTERM)
    try:
        assert process.wait(30) == 0, said
    finally:
        process.kill()
        listener.join(5)
        process.stdout.close()
        process.stderr.close()


async def fill(url: str, data: Path) -> None:
    pool = await open_pool(url, smallest=1, largest=2)
    lines = [("world", n, json.dumps(line).encode()) for n, line in enumerate(small.world(), 1)]
    await load(pool, Nouns(NOUNS), FORMS, Vault(key_beside(data)), lines)
    await pool.close()


@dataclass
class Heard:
    """What one buyer was told: acknowledged orders by id with their last revision, and keys that came back empty."""

    acknowledged: dict[str, tuple[int, str]] = field(default_factory=dict)
    open_keys: list[str] = field(default_factory=list)
    statuses: list[tuple[float, int]] = field(default_factory=list)


def buy(program: Program, number: int, heard: Heard, stop: threading.Event) -> None:
    """Orders and changes orders for as long as it may, and believes what it is told."""
    turn = 0
    while not stop.is_set():
        turn += 1
        key = f"buyer {number} order {turn}"
        status, order = program.call("POST", "/commerce/orders", purchase(key), key=key)
        heard.statuses.append((time.monotonic(), status))
        if status != 201:
            heard.open_keys.append(key)
            time.sleep(0.02)
            continue
        heard.acknowledged[order["id"]] = order["revision"], key
        path = f"/commerce/orders/{order['id']}"
        status, order = program.call("PUT", path, {"notes": key})
        heard.statuses.append((time.monotonic(), status))
        if status == 200:
            heard.acknowledged[order["id"]] = order["revision"], key


def purchase(key: str) -> Document:
    """An order that can be found again."""
    return small.purchase(externalIds={"client": key})


def test_nothing_that_was_acknowledged_is_lost_and_the_program_recovers_by_itself(program: Program) -> None:
    stop = threading.Event()
    heard = [Heard() for _ in range(BUYERS)]
    with ThreadPoolExecutor(BUYERS) as threads:
        buyers = [threads.submit(buy, program, number, heard[number], stop) for number in range(BUYERS)]
        killed: list[float] = []
        for _ in range(2):
            await_success(heard, since=time.monotonic())
            time.sleep(0.5)
            killed.append(time.monotonic())
            program.kill_database()
            await_success(heard, since=time.monotonic() + 0.2)
        stop.set()
        for each in buyers:
            each.result()

    # Whoever asked meanwhile was told to come again, and nothing else.
    told = [status for each in heard for _, status in each.statuses]
    assert set(told) == {200, 201, 503}
    assert told.count(201) > 10
    for moment in killed:
        after = sorted(at for each in heard for at, status in each.statuses if status == 201 and at > moment + 0.2)
        assert after[0] - moment < RECOVERY_S_MAX

    # Every order that was acknowledged is there, as far as it was acknowledged, with a row of the trail for each step.
    acknowledged = {order: step for each in heard for order, step in each.acknowledged.items()}
    there = {
        row["id"]: row for row in program.rows("select id, revision, notes, external_ids_client as key from orders")
    }
    trail = {(row[0], row[1]) for row in program.rows("select object_id, revision from trail")}
    for order, (revision, key) in acknowledged.items():
        assert there[order]["revision"] >= revision
        assert there[order]["key"] == key
        assert revision == 1 or there[order]["notes"] == key
        assert {(order, step) for step in range(1, there[order]["revision"] + 1)} <= trail
    status, document = program.call("GET", f"/commerce/orders/{next(iter(acknowledged))}")
    assert (status, document["id"]) == (200, next(iter(acknowledged)))

    # What was left open is settled by asking again with the same key: each order exists once.
    for key in (key for each in heard for key in each.open_keys):
        status, order = program.call("POST", "/commerce/orders", purchase(key), key=key)
        assert status == 201
        assert [row["id"] for row in program.rows("select id from orders where external_ids_client = $1", key)] == [
            order["id"]
        ]
    doubles = program.rows("select external_ids_client from orders group by 1 having count(*) > 1")
    assert doubles == []

    # The chain over the trail was taken up again, and what the program logged was no fault of its own.
    asyncio.run(sealed(program.url))
    assert not [line for line in program.said if "request failed" in line]


def await_success(heard: list[Heard], since: float) -> None:
    """Waits until somebody is served who asked after that moment."""
    deadline = time.monotonic() + 2 * RECOVERY_S_MAX
    while not any(status == 201 and at > since for each in heard for at, status in each.statuses[-5:]):
        assert time.monotonic() < deadline, [each.statuses[-1:] for each in heard]
        time.sleep(0.02)


async def sealed(url: str) -> None:
    """The program seals everything by itself, and the chain holds."""
    pool = await asyncpg.create_pool(url, min_size=1, max_size=2)
    for _ in range(300):
        left = await pool.fetchval("select count(*) - (select count(*) from seals) from trail")
        if left == 0:
            break
        await asyncio.sleep(0.1)
    assert left == 0
    assert await verify(pool) == []
    await pool.close()
