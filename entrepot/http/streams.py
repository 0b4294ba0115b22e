"""Lists in streaming mode: the whole collection of one moment in one answer, at flat memory (spec: platform, 0)."""

import asyncio
from collections.abc import AsyncIterator, Mapping

from entrepot.http.sending import Headers, Receive, Sending, unless_gone
from entrepot.kernel.access import Caller
from entrepot.kernel.doors import Doors, Streamed
from entrepot.kernel.errors import NotAcceptable
from entrepot.kernel.places import Places
from entrepot.kernel.resource import Resource
from entrepot.kernel.wire import encode, encode_lines

HEADER = b"mpt-streaming"
LINES, ENVELOPE = "application/jsonl", "application/json"
KEEP_ALIVE_S = 10.0
STREAM_S_MAX = 3600.0
"""How long a snapshot is held for one reader: as long as it lives, the database keeps what others have replaced."""

PRIVATE = (b"cache-control", b"private, no-store")

Page = list[dict[str, object]]


def is_asked(headers: Mapping[bytes, bytes]) -> bool:
    """Whether the caller wants streaming mode."""
    return headers.get(HEADER, b"").strip().lower() == b"true"


class Streams:
    """Gives collections as streams; each holds a connection, so that there is room for few."""

    def __init__(self, doors: Doors, places: Places):
        self._doors = doors
        self._places = places

    async def answer(
        self,
        caller: Caller,
        resource: Resource,
        query: bytes,
        owner_id: str | None,
        headers: Mapping[bytes, bytes],
        receive: Receive,
        sending: Sending,
    ) -> None:
        """The whole answer. Refusals come before its first byte; after that it can only be cut off."""
        form = accepted(headers.get(b"accept", b"").decode("latin-1"))

        async def work() -> None:
            with self._places.take(caller.account_id):
                async with (
                    asyncio.timeout(STREAM_S_MAX),
                    self._doors.stream(caller, resource, query, owner_id) as found,
                ):
                    await sending.start(200, _headers(form, found.count))
                    last = b""
                    if not sending.bodiless:
                        last = await (_lines if form == LINES else _envelope)(found, sending)
            # The place is free again before the reader knows that this is the end: the next one may be its own.
            await sending.write(last, last=True)

        await unless_gone(receive, work())


def accepted(accept: str) -> str:
    """The form that is wanted most among those that there are. Raises NotAcceptable."""
    wanted: list[tuple[float, str]] = []
    for item in accept.lower().split(",") if accept.strip() else ["*/*"]:
        kind, *more = (part.strip() for part in item.split(";"))
        weights = [part[2:] for part in more if part.startswith("q=")]
        try:
            weight = float(weights[0]) if weights else 1.0
        except ValueError:
            weight = 0.0
        form = {LINES: LINES, ENVELOPE: ENVELOPE, "*/*": ENVELOPE, "application/*": ENVELOPE}.get(kind)
        if form and weight > 0:
            wanted.append((weight, form))
    if not wanted:
        raise NotAcceptable(f"A stream is given as {LINES} or {ENVELOPE}.")
    return max(wanted, key=lambda each: each[0])[1]


def _headers(form: str, count: int) -> Headers:
    return [
        (b"content-type", form.encode()),
        PRIVATE,
        (b"mpt-streaming", b"true"),
        (b"mpt-item-count", str(count).encode()),
    ]


async def _lines(found: Streamed, sending: Sending) -> bytes:
    """A line for each thing. Gives back what is still to be written, as the other form does."""
    async for page in _alive(found, sending):
        await sending.write(encode_lines(page))
    return b""


async def _envelope(found: Streamed, sending: Sending) -> bytes:
    """The envelope of ordinary lists, written as it comes. Gives back its end."""
    before = b'{"$meta":' + encode(found.meta) + b',"data":['
    async for page in _alive(found, sending):
        await sending.write(before + encode(page)[1:-1])
        before = b","
    return b"]}" if before == b"," else before + b"]}"


async def _alive(found: Streamed, sending: Sending) -> AsyncIterator[Page]:
    """The pages; while one takes long, a blank line now and then shows that the stream lives."""
    while True:
        coming = asyncio.ensure_future(anext(found.pages, None))
        try:
            while not (await asyncio.wait((coming,), timeout=KEEP_ALIVE_S))[0]:
                await sending.write(b"\n")
        finally:
            if not coming.done():
                coming.cancel()
                await asyncio.wait((coming,))
        page = coming.result()
        if page is None:
            return
        yield page
