"""Servers and workers are killed while webhooks are sent: every event arrives, of each object in order.

`make faults` plays it for long (tests/faults.py); a test plays it for a little.
"""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from tests import world as small
from tests.notifications.receiving import Inbox, inbox
from tests.serving import KEY

ENTREPOT = str(Path(sys.executable).with_name("entrepot"))
HERE = Path(__file__).parents[2]
PATIENCE_S = 90.0


@dataclass
class Process:
    """A program, which is started again whenever it was killed. `pids` are those that it has had."""

    command: list[str]
    process: subprocess.Popen[str] | None = None
    said: str = ""
    pids: list[int] = field(default_factory=list)

    def start(self) -> None:
        """Waits until it says that it is there."""
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Begins, while others may begin too."""
        environment = {**os.environ, "PGPORT": "", "ENTREPOT_SECRET_KEY": KEY}
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment, cwd=HERE
        )
        self.pids.append(self.process.pid)

    def wait(self) -> None:
        """Until it says that it is there."""
        assert self.process is not None and self.process.stdout is not None
        self.said = self.process.stdout.readline()
        assert self.said, self.command

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        """Without a word of warning, unless another signal is named."""
        assert self.process is not None and self.process.stdout is not None
        self.process.send_signal(how)
        self.process.wait(30)
        self.process.stdout.close()

    def stop(self) -> None:
        """Ends it in peace, if it runs."""
        if self.process is not None and self.process.poll() is None:
            self.kill(signal.SIGTERM)

    @property
    def port(self) -> int:
        """Where a server listens."""
        return int(self.said.strip().rpartition(":")[2])


def started(processes: Sequence[Process]) -> None:
    """All of them at once."""
    for each in processes:
        each.launch()
    for each in processes:
        each.wait()


def killed(processes: Sequence[Process], kills: int) -> list[int]:
    """One after the other is killed at random, each at least once, and started again. Gives how often each was."""
    order = [each % len(processes) for each in range(kills)][: len(processes)]
    random.shuffle(order)
    order += [random.randrange(len(processes)) for _ in range(kills - len(order))]
    for victim in order:
        time.sleep(random.uniform(0.3, 1.5))
        processes[victim].kill()
        processes[victim].start()
    return [order.count(each) for each in range(len(processes))]


@dataclass
class Play:
    """One run: who writes what, and what was acknowledged."""

    database: str
    orders: int
    kills: int
    written: dict[str, int] = field(default_factory=dict)

    def run(self) -> tuple[Inbox, int]:
        """Gives back what came in, and how many events there were."""
        base = ["--database-url", self.database]
        server = Process([ENTREPOT, "serve", "--no-work", "--port", "0", *base])
        workers = [Process([ENTREPOT, "work", *base]) for _ in range(2)]
        processes = [server, *workers]
        with inbox() as box:
            try:
                started(processes)
                subscription = written(server, "client", "POST", "/notifications/event-subscriptions", "subscription", {
                    "url": box.url, "events": ["platform.commerce.order.*"]})  # fmt: skip
                assert subscription["status"] == "Active"
                writer = threading.Thread(target=self._write_all, args=(server,), daemon=True)
                writer.start()
                killed(processes, self.kills)
                writer.join(PATIENCE_S)
                assert not writer.is_alive()
                expected = self._events(server)
                until(lambda: {each.data["id"] for each in box.got} >= set(expected), PATIENCE_S)
                time.sleep(1)
            finally:
                for each in processes:
                    each.stop()
        return box, len(expected)

    def _write_all(self, server: Process) -> None:
        """Orders are made and changed, each write until it is acknowledged."""
        for number in range(self.orders):
            made = written(server, "client", "POST", "/commerce/orders", f"order {number}", small.purchase())
            path = f"/commerce/orders/{made['id']}"
            for turn in range(3):
                made = written(server, "client", "PUT", path, f"order {number} {turn}", {"notes": f"turn {turn}"})
            self.written[made["id"]] = made["revision"]

    def _events(self, server: Process) -> list[str]:
        """The ids of all events about orders, once everything that was written is in the feed."""
        found: dict[str, Any] = {}

        def everything() -> bool:
            cursor = "0"
            while True:
                _, page = ask(server.port, "GET", f"/events?cursor={cursor}&eq(object.objectType,Order)&limit=1000")
                found.update({each["id"]: each for each in page["data"]})
                cursor = page["$meta"]["cursor"]
                if not page["$meta"]["more"]:
                    break
            newest: dict[str, int] = {}
            for each in found.values():
                newest[each["object"]["id"]] = max(newest.get(each["object"]["id"], 0), each["revision"])
            return all(newest.get(order) == revision for order, revision in self.written.items())

        until(everything, PATIENCE_S)
        return list(found)


def written(server: Process, who: str, method: str, path: str, key: str, body: object) -> Any:
    """The answer to a write, which is tried until it is acknowledged."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            status, document = ask(server.port, method, path, body, key, who)
        except (HTTPException, OSError, ValueError):
            time.sleep(0.1)
            continue
        if status in (200, 201):
            return document
        assert status in (409, 503), (status, document)
        time.sleep(0.1)
    raise AssertionError(f"{method} {path} was never acknowledged")


def ask(port: int, method: str, path: str, body: object = None, key: str = "", who: str = "client") -> tuple[int, Any]:
    """One request, over a connection of its own."""
    conn = HTTPConnection("127.0.0.1", port, timeout=20)
    headers = {"authorization": f"Bearer {small.token(who)}"} | ({"idempotency-key": key} if key else {})
    try:
        conn.request(method, f"/public/v1{path}", json.dumps(body) if body is not None else None, headers)
        answer = conn.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        conn.close()


def until(holds: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.1)


def out_of_order(box: Inbox) -> list[str]:
    """Objects of which something earlier came after something later."""
    seen: dict[str, list[int]] = {}
    for each in box.got:
        seen.setdefault(each.data["object"]["id"], []).append(each.data["position"])
    return [thing for thing, positions in seen.items() if positions != sorted(positions)]
