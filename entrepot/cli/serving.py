"""Serving: one process that answers requests and, unless told not to, does the work that falls due."""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable

import structlog
import uvicorn

from entrepot import app as house
from entrepot.settings import Settings

OWNER_WATCH_S = 1.0
UNREAD_S_MAX = 60.0
"""How long what was sent to somebody may stay unread before the connection ends."""


def log_to_stderr() -> None:
    """Logs as lines of key and value on stderr; stdout is for what scripts read."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(key_order=("timestamp", "level", "event")),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


SWEEP_AFTER = 20_000
"""Objects that may be left over before unreachable cycles are looked for: requests make hardly any."""


def sweep_seldom() -> None:
    """What was made by the start stays; it is not looked through again for garbage."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(SWEEP_AFTER, 20, 20)


class _Server(uvicorn.Server):
    """uvicorn that tells when it accepts requests, and leaves signals to us."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[str], Awaitable[None]]):
        super().__init__(config)
        self._on_ready = on_ready
        self.told: set[asyncio.Task[None]] = set()

    async def startup(self, sockets: list | None = None) -> None:
        await super().startup(sockets=sockets)
        for each in (each for server in self.servers for each in server.sockets):
            _give_up_on_who_reads_nothing(each.fileno())
        if not self.should_exit:
            port = self.servers[0].sockets[0].getsockname()[1]
            task = asyncio.create_task(self._on_ready(f"http://{self.config.host}:{port}"))  # pyright: ignore[reportArgumentType]
            self.told.add(task)

    @contextlib.contextmanager
    def capture_signals(self):
        yield


def _give_up_on_who_reads_nothing(listening: int) -> None:
    """Connections take this over: what nobody takes for so long ends them, though there may be no task any more."""
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        with socket.socket(fileno=os.dup(listening)) as copy:
            copy.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(UNREAD_S_MAX * 1000))


async def tell_ready(url: str, parts: house.Application) -> None:
    """The one line on stdout that says that requests are accepted."""
    sys.stdout.write(f"ready {url}\n")
    sys.stdout.flush()


async def serve(
    settings: Settings,
    on_ready: Callable[[str, house.Application], Awaitable[None]] = tell_ready,
    stop: asyncio.Event | None = None,
) -> None:
    """Serves until SIGTERM or SIGINT, until `stop`, or until the owner of an attached database stops.

    What goes wrong in `on_ready` ends the server and is raised.
    """
    log_to_stderr()
    stop = stop or asyncio.Event()
    async with house.build(settings) as parts:
        sweep_seldom()
        server = _Server(_listening(parts.site, settings.host, settings.port), lambda url: on_ready(url, parts))
        _on_signals(stop.set)
        async with _beside(parts, settings.work, stop), _pax8_alone(parts, settings):
            await _until(server, stop, parts.watch.close)


def _listening(site: house.Site | house.Rest, host: str, port: int) -> uvicorn.Config:
    return uvicorn.Config(
        site,
        host=host,
        port=port,
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="warning",
        proxy_headers=False,
        server_header=False,
        date_header=True,
        timeout_graceful_shutdown=10,
        backlog=1024,
    )


@contextlib.asynccontextmanager
async def _pax8_alone(parts: house.Application, settings: Settings) -> AsyncIterator[None]:
    """The Pax8 API at the root of a port of its own, where one is set; it is told on stderr."""
    if settings.pax8_port is None:
        yield
        return
    server = _Server(_listening(parts.pax8, settings.host, settings.pax8_port), _tell_pax8)
    serving = asyncio.create_task(server.serve())
    try:
        yield
    finally:
        server.should_exit = True
        await serving


async def _tell_pax8(url: str) -> None:
    structlog.get_logger().info("pax8", url=url)


async def work(settings: Settings) -> None:
    """Background work until told to stop."""
    log_to_stderr()
    stop = asyncio.Event()
    async with house.build(settings) as parts:
        _on_signals(stop.set)
        async with _beside(parts, True, stop):
            sys.stdout.write("working\n")
            sys.stdout.flush()
            await stop.wait()


async def converse(settings: Settings, token: str, tools: str) -> None:
    """MCP over stdin and stdout, with the tools of an address, until stdin ends or it is told to stop."""
    from entrepot.mcp import stdio

    log_to_stderr()
    stop = asyncio.Event()
    async with house.build(settings) as parts:
        _on_signals(stop.set)
        async with _beside(parts, False, stop):
            talking = asyncio.create_task(stdio.converse(parts.toolsets[tools], parts.callers, token))
            stopping = asyncio.create_task(stop.wait())
            await asyncio.wait((talking, stopping), return_when=asyncio.FIRST_COMPLETED)
            for task in (talking, stopping):
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await talking


@contextlib.asynccontextmanager
async def _beside(parts: house.Application, working: bool, stop: asyncio.Event):
    """The tasks that run beside the server, ended with it."""
    tasks = [asyncio.create_task(parts.work.run() if working else parts.work.tell())]
    if parts.embedded is not None:
        tasks.append(asyncio.create_task(_watch_owner(parts, stop)))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _until(server: "_Server", stop: asyncio.Event, end_waits: Callable[[], None]) -> None:
    """Runs the server until it ends, is told to, or what was to happen when it was ready failed."""
    serving = asyncio.create_task(server.serve())
    stopping = asyncio.create_task(stop.wait())
    try:
        while not serving.done() and not stop.is_set():
            waiting = {serving, stopping, *(t for t in server.told if not t.done())}
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if any(t.done() and not t.cancelled() and t.exception() for t in server.told):
                break
    finally:
        server.should_exit = True
        end_waits()
        stopping.cancel()
        await serving
    for task in server.told:
        if task.done():
            task.result()


async def _watch_owner(parts: house.Application, stop: asyncio.Event) -> None:
    """A program that attached to another's database is told to stop when the owner stops."""
    assert parts.embedded is not None
    while not parts.embedded.owner_gone():  # noqa: ASYNC110 - the owner is another process
        await asyncio.sleep(OWNER_WATCH_S)
    structlog.get_logger().warning("the owner of the database has stopped")
    stop.set()


def _on_signals(stop: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop)
