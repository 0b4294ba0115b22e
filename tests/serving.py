"""A served process for tests: the whole program behind a socket of its own, with a database of its own."""

import asyncio
import contextlib
import http.client
import itertools
import json
import threading
from collections.abc import Coroutine, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import asyncpg
import structlog
import uvicorn
from mpt_api_client import AsyncMPTClient, MPTClient
from mpt_api_client.auth import BearerTokenAuthentication

from entrepot.app import Application, assemble
from entrepot.settings import Settings
from entrepot.storage.embedded import Embedded
from entrepot.storage.loading import load
from entrepot.storage.store import open_pool
from entrepot.storage.vault import Vault
from entrepot.store_forms import FORMS
from tests import world as small
from tests.conforming import require_conforming
from tests.parts import Part, body_part, file_part, in_parts, kind_of

KEY = "test key"
BODY_BYTES_MAX = 200_000
ROOT = "/public/v1"

FAULTS: list[str] = []
"""What servers of this process logged as their own fault, with the traceback: a test that fails shows them."""

_numbers = itertools.count()


def _kept(logger: object, name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Logs go nowhere, but what a server calls its own fault is kept."""
    if name in ("error", "exception", "critical"):
        FAULTS.append("\n".join(str(each) for each in event.values()))
    raise structlog.DropEvent


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back over the socket."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The document; None for an answer without a body."""
        return json.loads(self.body) if self.body else None

    @property
    def etag(self) -> str:
        """The revision, as `If-Match` takes it."""
        return self.headers["etag"]


class Served:
    """The program, served in a thread of its own on a port of its own."""

    def __init__(self, database: str, **chosen: str):
        structlog.configure(processors=[structlog.processors.format_exc_info, _kept])
        self.database, self._chosen = database, chosen
        self.host, self.port = "127.0.0.1", 0
        self._ready, self._fault = threading.Event(), None
        self._local = threading.local()
        self._connections: list[http.client.HTTPConnection] = []
        self._thread = threading.Thread(target=lambda: asyncio.run(self._live()), name="served", daemon=True)
        self._thread.start()
        self._ready.wait(30)
        if self._fault is not None:
            raise self._fault
        assert self.port, "the server did not start"

    async def _live(self) -> None:
        try:
            self._loop = asyncio.get_running_loop()
            settings = replace(
                Settings(database_url=self.database, secret_key=KEY, body_bytes_max=BODY_BYTES_MAX), **self._chosen
            )
            pool = await open_pool(self.database, smallest=2, largest=8)
            self.parts: Application = await assemble(settings, pool, Vault(KEY))
            config = uvicorn.Config(
                self.parts.site, host=self.host, port=0, http="httptools", ws="none", lifespan="off",
                access_log=False, log_level="warning", server_header=False,
            )  # fmt: skip
            self._server = uvicorn.Server(config)
            serving = asyncio.create_task(self._server.serve())
            while not self._server.started:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.005)
            self.port = self._server.servers[0].sockets[0].getsockname()[1]
            self._stopping = asyncio.Event()
            self._ready.set()
            await self._stopping.wait()
            serving.cancel()  # told to stop by itself it would first sleep for a while
            with contextlib.suppress(asyncio.CancelledError):
                await serving
            for each in self._server.servers:
                each.close()
            pool.terminate()
        except BaseException as fault:
            self._fault = fault
            self._ready.set()

    def stop(self) -> None:
        """Ends the server and its thread."""
        for each in self._connections:
            each.close()
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(10)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{self.host}:{self.port}"

    def run[T](self, work: Coroutine[Any, Any, T]) -> T:
        """Runs something on the server's own loop, where its pool and its work live."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def fetch(self, text: str, *values: object) -> list[asyncpg.Record]:
        """Rows of the database, past all rules."""
        return self.run(self.parts.pool.fetch(text, *values))

    # Callers -----------------------------------------------------------------------------------

    def client(self, who: str) -> MPTClient:
        """The official client with somebody's token."""
        return MPTClient.from_config(BearerTokenAuthentication(token_of(who)), self.url)

    def async_client(self, who: str) -> AsyncMPTClient:
        """The official client again, for those who wait."""
        return AsyncMPTClient.from_config(BearerTokenAuthentication(token_of(who)), self.url)

    def call(
        self,
        who: str | None,
        method: str,
        path: str,
        body: object = None,
        /,
        raw: bytes | None = None,
        file: Part | None = None,
        **headers: str,
    ) -> Reply:
        """One request over a kept connection; `path` is below the version root unless it is a whole one.

        `raw` goes out as it is. Headers are written as names: `if_match='"3"'`. A body goes out in parts to an address
        that takes nothing else, with a `file` or without.
        """
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if who is not None:
            sent.setdefault("authorization", f"Bearer {token_of(who)}")
        target = path if path.startswith(("/public/", "/v1/", "/health", "//")) else ROOT + path
        content = raw
        if content is None and body is not None:
            content = json.dumps(body).encode()
            if (part := body_part(method, target)) is not None:
                content = in_parts(Part(part, content, "application/json"), *([file] if file else []))
                sent.setdefault("content-type", kind_of())
            elif (alone := file_part(method, target)) is not None:
                content = in_parts(file or Part(alone, b"", "image/png", "nothing.png"))
                sent.setdefault("content-type", kind_of())
        if content is not None:
            sent.setdefault("content-type", "application/json")
        for attempt in (1, 2):
            conn = getattr(self._local, "conn", None)
            if conn is None:
                conn = self._local.conn = http.client.HTTPConnection(self.host, self.port, timeout=30)
                self._connections.append(conn)
            try:
                conn.request(method, target, content, sent)
                answer = conn.getresponse()
                reply = Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
            except (http.client.HTTPException, ConnectionError):
                conn.close()
                self._local.conn = None
                if attempt == 2:
                    raise
                continue
            kind = reply.headers.get("content-type", "")
            require_conforming(method, target, actor_of(who), reply.status, kind, reply.body)
            return reply
        raise AssertionError("unreachable")

    def load(self, lines: Iterable[Mapping[str, object]]) -> None:
        """Brings more lines of a world file in."""
        numbered = [("more", n, json.dumps(line).encode()) for n, line in enumerate(lines, 1)]
        self.run(_loaded(self.parts, numbered))


async def _loaded(parts: Application, lines: list[tuple[str, int, bytes]]) -> None:
    await load(parts.pool, parts.nouns, FORMS, Vault(KEY), lines)


def actor_of(who: str | None) -> str:
    """The actor that somebody of the small world is; nothing for others."""
    return small.ACCOUNTS[who][1].lower() if who in small.ACCOUNTS else ""


def token_of(who: str) -> str:
    """Somebody's token, or the value itself where it is one."""
    return small.token(who) if who in small.TOKENS else who


@contextlib.contextmanager
def copied(cluster: Embedded, template: str) -> Iterator[str]:
    """The address of a copy of the template database, gone afterwards."""
    name = f"served_{next(_numbers)}"

    async def execute(text: str) -> None:
        conn = await asyncpg.connect(cluster.url)
        try:
            await conn.execute(text)
        finally:
            await conn.close()

    asyncio.run(execute(f"create database {name} template {template}"))
    try:
        yield cluster.url.replace("/entrepot?", f"/{name}?")
    finally:
        asyncio.run(execute(f"drop database {name} with (force)"))


@contextlib.contextmanager
def serving(cluster: Embedded, template: str, **chosen: str) -> Iterator[Served]:
    """A server on a fresh copy of the small world, with settings of its own."""
    with copied(cluster, template) as database:
        server = Served(database, **chosen)
        try:
            yield server
        finally:
            server.stop()
