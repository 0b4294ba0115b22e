"""A toolset over Streamable HTTP: who asks, then one message in and one out, as JSON or as a stream of one event.

No session is kept, so any node answers any request. The SDK takes half a second to load, and is loaded when somebody
first asks.
"""

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from entrepot.kernel.access import Caller
from entrepot.kernel.errors import Unavailable
from entrepot.kernel.wire import encode
from entrepot.mcp.tool import Said, Toolset

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    from entrepot.mcp.server import Context, Document

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

JSON, STREAM = b"application/json", b"text/event-stream"
EXCHANGE = "entrepot.exchange"
"""Where the scope of a request holds its exchange."""


class Callers(Protocol):
    """Finds out who asks."""

    async def find(self, authorization: str) -> Caller | None: ...


class Endpoint:
    """An ASGI application that answers at one address."""

    def __init__(self, toolset: Toolset, callers: Callers, *, body_bytes_max: int):
        self._toolset = toolset
        self._callers = callers
        self._body_bytes_max = body_bytes_max
        self._opened: asyncio.Future[StreamableHTTPSessionManager] | None = None
        self._living: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request. Strangers learn nothing but how to say who they are."""
        headers = dict(scope["headers"])
        if not _is_from_here(headers):
            await _refuse(send, 403, encode({"title": "Forbidden", "status": 403, "detail": "Another origin."}))
            return
        token = headers.get(b"x-pax8-mcp-token") or headers.get(b"authorization", b"")
        try:
            caller = await self._callers.find(token.decode("latin-1"))
        except Unavailable as refusal:
            await _refuse(send, 503, encode({"title": refusal.title, "status": 503, "detail": refusal.detail}))
            return
        if caller is None:
            await _refuse(send, 401, self._toolset.stranger(), (b"www-authenticate", b"Bearer"))
            return
        if scope["method"] != "POST":
            await _refuse(send, 405, b"", (b"allow", b"POST"))
            return
        manager = await self._manager()
        exchange = _Exchange(caller, send, streams=STREAM in headers.get(b"accept", b"").lower())
        # What the SDK is told to accept is what it gives. Whether that goes out as a stream is decided here.
        sent = [(name, value) for name, value in scope["headers"] if name not in (b"accept", b"mcp-session-id")]
        asked = {**scope, "headers": [*sent, (b"accept", JSON)], EXCHANGE: exchange}
        await manager.handle_request(asked, receive, exchange)

    async def close(self) -> None:
        """Ends what was opened, if anything was."""
        if self._living is not None:
            self._living.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._living

    async def _manager(self) -> "StreamableHTTPSessionManager":
        """The SDK's part, opened when it is first needed."""
        if self._opened is None:
            self._opened = asyncio.get_running_loop().create_future()
            self._living = asyncio.create_task(self._live(self._opened))
        return await asyncio.shield(self._opened)

    async def _live(self, opened: "asyncio.Future[StreamableHTTPSessionManager]") -> None:
        try:
            manager = await asyncio.to_thread(_made, self._toolset, self._body_bytes_max)
            async with manager.run():
                opened.set_result(manager)
                await asyncio.Event().wait()
        except Exception as fault:
            self._opened = None
            if opened.done():
                raise
            opened.set_exception(fault)


def _made(toolset: Toolset, body_bytes_max: int) -> "StreamableHTTPSessionManager":
    """Loads the SDK, and makes its part."""
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    from entrepot.mcp.server import server_of

    return StreamableHTTPSessionManager(
        server_of(toolset, _Host()), json_response=True, stateless=True, max_request_body_size=body_bytes_max
    )


class _Host:
    """Finds in each request what its exchange holds."""

    async def caller(self, ctx: "Context") -> Caller:
        return self._exchange(ctx).caller

    def result(self, ctx: "Context", said: Said) -> "Document":
        from entrepot.mcp.server import marked

        exchange = self._exchange(ctx)
        exchange.said = said
        return marked(said, exchange.mark)

    def _exchange(self, ctx: "Context") -> "_Exchange":
        assert ctx.request is not None
        return ctx.request.scope[EXCHANGE]


class _Exchange:
    """One request and its answer, which takes the place of its mark on the way out."""

    def __init__(self, caller: Caller, send: Send, *, streams: bool):
        self.caller = caller
        self.mark = secrets.token_hex(8)
        self.said: Said | None = None
        self._send, self._streams = send, streams
        self._start: Message = {}
        self._pieces: list[bytes] = []

    async def __call__(self, message: Message) -> None:
        """Sends, once the answer is whole."""
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._pieces.append(message.get("body", b""))
        if message.get("more_body"):
            return
        body = self._filled(b"".join(self._pieces))
        headers: Headers = [each for each in self._start["headers"] if each[0] != b"content-length"]
        if self._streams and self._start["status"] == 200 and (b"content-type", JSON) in headers:
            headers = [each for each in headers if each[0] != b"content-type"]
            headers += [(b"content-type", STREAM), (b"x-accel-buffering", b"no")]
            body = b"event: message\ndata: " + body + b"\n\n"
        headers += [(b"cache-control", b"private, no-store"), (b"content-length", str(len(body)).encode())]
        await self._send({**self._start, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})

    def _filled(self, body: bytes) -> bytes:
        if self.said is None:
            return body
        from entrepot.mcp.server import filled

        return filled(body, self.mark, self.said)


def _is_from_here(headers: dict[bytes, bytes]) -> bool:
    """Browsers say from what page a request comes; pages of others have nothing to ask here."""
    origin = headers.get(b"origin", b"").decode("latin-1")
    return not origin or urlsplit(origin).netloc.encode("latin-1") == headers.get(b"host", b"")


async def _refuse(send: Send, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    """An answer that the SDK has no part in."""
    sized = [(b"content-type", JSON), (b"content-length", str(len(body)).encode()), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": [*sized, *headers]})
    await send({"type": "http.response.body", "body": body})
