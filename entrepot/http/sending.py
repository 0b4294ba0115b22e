"""Answers that go out piece by piece: never to somebody who has hung up, nor for long to somebody who does not read."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from typing import Any

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

WRITE_S_MAX = 30.0
"""How long a reader may leave what was sent unread."""


class NotRead(Exception):
    """The reader has stopped reading: the answer ends here, and is seen to be cut off."""


class Sending:
    """One answer on its way. `began` says whether anything has gone out."""

    def __init__(self, send: Send, *, bodiless: bool):
        self._send = send
        self.bodiless = bodiless
        self.began = False

    async def start(self, status: int, headers: Headers) -> None:
        """The status and the headers."""
        self.began = True
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def write(self, piece: bytes, *, last: bool = False) -> None:
        """A piece of the body. Raises NotRead when the ones before it are not taken."""
        try:
            async with asyncio.timeout(WRITE_S_MAX):
                await self._send({"type": "http.response.body", "body": piece, "more_body": not last})
        except TimeoutError:
            raise NotRead from None


async def unless_gone(receive: Receive, work: Coroutine[Any, Any, None]) -> None:
    """Does the work, and drops it when the caller hangs up."""
    working, watching = asyncio.create_task(work), asyncio.create_task(_gone(receive))
    try:
        await asyncio.wait((working, watching), return_when=asyncio.FIRST_COMPLETED)
    finally:
        watching.cancel()
        if not working.done():
            working.cancel()
        await asyncio.wait((working, watching))
    if not working.cancelled():
        working.result()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
