"""A toolset over stdin and stdout, for an agent that starts the program itself. Nothing else goes to stdout."""

import asyncio
import os
import stat
import sys
from typing import Any

from mcp.server.stdio import stdio_server

from entrepot.kernel.access import Caller
from entrepot.kernel.errors import Unknown
from entrepot.mcp.http import Callers
from entrepot.mcp.server import Context, Document, server_of, whole
from entrepot.mcp.tool import Said, Toolset

LINE_BYTES_MAX = 4_000_000


class _Host:
    """A conversation with one who is known from its start; asked again each time, since a token may end."""

    def __init__(self, callers: Callers, token: str):
        self._callers, self._token = callers, token

    async def caller(self, ctx: Context | None = None) -> Caller:
        caller = await self._callers.find(self._token)
        if caller is None:
            raise Unknown("The token is missing, unknown or no longer valid.")
        return caller

    def result(self, ctx: Context, said: Said) -> Document:
        return whole(said)


async def converse(toolset: Toolset, callers: Callers, token: str) -> None:
    """Answers until stdin ends. Raises Unknown for a token that is nobody's; one that ends later ends the answers."""
    host = _Host(callers, token)
    await host.caller()
    server = server_of(toolset, host)
    async with stdio_server(stdin=await _stdin()) as (read, write):
        await server.run(read, write, server.create_initialization_options())


async def _stdin() -> Any:
    """The lines of stdin, read without a thread: one that waits for a line could not be told to stop.

    A regular file cannot be waited for; the SDK's own reader takes it, and comes to its end at once.
    """
    if stat.S_ISREG(os.fstat(sys.stdin.fileno()).st_mode):
        return None
    reader = asyncio.StreamReader(limit=LINE_BYTES_MAX)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader
