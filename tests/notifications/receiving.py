"""A receiver of webhooks for tests: it answers as told, and remembers what it was sent."""

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.serving import Served

Answer = tuple[int, dict[str, str], bytes]
OK: Answer = (200, {}, b"")


@dataclass(frozen=True, slots=True)
class Got:
    """One letter as it came in."""

    at: float
    headers: dict[str, str]
    raw: bytes
    path: str

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def data(self) -> dict[str, Any]:
        return json.loads(self.raw)["data"]

    @property
    def about(self) -> tuple[str, int]:
        """Which object, and its revision."""
        return self.data["object"]["id"], self.data["revision"]


@dataclass
class Inbox:
    """What came in, and how the next is answered: in which words, and with how many seconds from byte to byte."""

    port: int = 0
    got: list[Got] = field(default_factory=list)
    answer: Callable[[Got], Answer] = lambda _: OK
    reason: str | None = None
    pace: float = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def ids(self) -> list[str]:
        return [each.id for each in self.got]

    def wait(self, enough: Callable[[list[Got]], object], seconds: float = 15) -> list[Got]:
        """What came in, as soon as it is enough."""
        until = time.monotonic() + seconds
        while not enough(self.got):
            assert time.monotonic() < until, [(each.path, each.data.get("event")) for each in self.got]
            time.sleep(0.01)
        return list(self.got)


@contextlib.contextmanager
def inbox() -> Iterator[Inbox]:
    """A receiver on a port of its own."""
    found = Inbox()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["content-length"]))
            got = Got(time.monotonic(), {k.lower(): v for k, v in self.headers.items()}, raw, self.path)
            found.got.append(got)
            status, headers, body = found.answer(got)
            with contextlib.suppress(ConnectionError):
                self.send_response(status, found.reason)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                for piece in [body[at : at + 1] for at in range(len(body))] if found.pace else [body]:
                    self.wfile.write(piece)
                    time.sleep(found.pace)

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def working(served: Served) -> Iterator[None]:
    """The background work of a served process."""

    async def start() -> asyncio.Task[None]:
        return asyncio.create_task(served.parts.work.run())

    task = served.run(start())

    async def stop() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    try:
        yield
        assert not task.done()
    finally:
        served.run(stop())
