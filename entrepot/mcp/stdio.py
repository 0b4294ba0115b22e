"""A toolset over stdin and stdout, for an agent that starts the program itself. Nothing else goes to stdout."""

import asyncio
import os
import secrets
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mcp.server.stdio import stdio_server

from entrepot.kernel.access import Caller
from entrepot.kernel.errors import Unknown
from entrepot.mcp.http import Callers
from entrepot.mcp.server import Context, Document, filled, marked, server_of
from entrepot.mcp.tool import Said, Toolset

LINE_BYTES_MAX = 4_000_000


class _Host:
    """A conversation with one who is known from its start; asked again each time, since a token may end."""

    def __init__(self, callers: Callers, token: str):
        self._callers, self._token = callers, token
        self._said: dict[str, Said] = {}

    async def caller(self, ctx: Context | None = None) -> Caller:
        caller = await self._callers.find(self._token)
        if caller is None:
            raise Unknown("The token is missing, unknown or no longer valid.")
        return caller

    def result(self, ctx: Context, said: Said) -> Document:
        mark = secrets.token_hex(8)
        self._said[mark] = said
        return marked(said, mark)

    def filled(self, line: str) -> str:
        """A line with the answers whose marks it holds."""
        here = [mark for mark in self._said if mark in line]
        if not here:
            return line
        message = line.encode()
        for mark in here:
            message = filled(message, mark, self._said.pop(mark))
        return message.decode()


class _Wire:
    """Where lines go out, each with its answers."""

    def __init__(self, out: Any, host: _Host):
        self._out, self._host = out, host

    async def write(self, line: str) -> None:
        await asyncio.to_thread(self._out.write, self._host.filled(line))

    async def flush(self) -> None:
        await asyncio.to_thread(self._out.flush)


async def converse(toolset: Toolset, callers: Callers, token: str) -> None:
    """Answers until stdin ends. Raises Unknown for a token that is nobody's; one that ends later ends the answers."""
    host = _Host(callers, token)
    await host.caller()
    server = server_of(toolset, host)
    with _stdout() as out:
        wire: Any = _Wire(out, host)
        async with stdio_server(stdin=await _stdin(), stdout=wire) as (read, write):
            await server.run(read, write, server.create_initialization_options())


@contextmanager
def _stdout() -> Iterator[Any]:
    """The real stdout, for messages alone: what else is written there meanwhile goes to stderr."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with os.fdopen(kept, "w", encoding="utf-8", newline="\n", closefd=False) as out:
            yield out
    finally:
        os.dup2(kept, 1)
        os.close(kept)


async def _stdin() -> Any:
    """The lines of stdin, read without a thread: one that waits for a line could not be told to stop.

    A regular file cannot be waited for; the SDK's own reader takes it, and comes to its end at once.
    """
    if stat.S_ISREG(os.fstat(sys.stdin.fileno()).st_mode):
        return None
    reader = asyncio.StreamReader(limit=LINE_BYTES_MAX)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader
