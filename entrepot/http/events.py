"""The feed of events over HTTP: a page of it, a page that waits, or an open stream (server-sent events)."""

import asyncio
from collections.abc import Mapping
from typing import Protocol

from entrepot.http.sending import Headers, Receive, Sending, unless_gone
from entrepot.kernel.access import Caller
from entrepot.kernel.doors import Doors, Happened
from entrepot.kernel.errors import Invalid, Unknown
from entrepot.kernel.places import Places
from entrepot.kernel.resource import Resource
from entrepot.kernel.rql.query import Query
from entrepot.kernel.wire import encode

WAIT_S_MAX = 30
KEEP_ALIVE_S = 15.0
"""How often an open stream says that it lives, and asks whether its token still does."""

STREAM = "text/event-stream"
NOW = "now"
"""The cursor of who wants to know only what happens from here on."""

PRIVATE = (b"cache-control", b"private, no-store")
HEADERS: Headers = [PRIVATE, (b"content-type", b"application/json")]
STREAM_HEADERS: Headers = [PRIVATE, (b"content-type", STREAM.encode()), (b"x-accel-buffering", b"no")]


class Callers(Protocol):
    """Finds out who asks."""

    async def find(self, authorization: str) -> Caller | None: ...


class Watch(Protocol):
    """Wakes those who wait for what lies beyond a position."""

    closed: bool

    async def beyond(self, position: int, seconds: float) -> bool: ...


class Events:
    """Answers those who follow what happens. Whoever waits holds a place, but no connection to the database."""

    def __init__(self, doors: Doors, callers: Callers, watch: Watch, places: Places):
        self._doors = doors
        self._callers = callers
        self._watch = watch
        self._places = places

    async def answer(
        self,
        caller: Caller,
        resource: Resource,
        raw_query: bytes,
        headers: Mapping[bytes, bytes],
        receive: Receive,
        sending: Sending,
    ) -> None:
        """The whole answer. Refusals come before its first byte."""
        query = self._doors.query(raw_query, option_names=("cursor", "wait"))
        authorization = headers.get(b"authorization", b"").decode("latin-1")
        if STREAM in headers.get(b"accept", b"").decode("latin-1").lower() and not sending.bodiless:
            if query.limit is not None or "wait" in query.options:
                raise Invalid({"limit" if query.limit is not None else "wait": ["A stream has no end to set."]})
            last = headers.get(b"last-event-id", b"").decode("latin-1").strip()
            after = _position(last, "Last-Event-ID") if last else _position(query.options.get("cursor", ""))
            await unless_gone(receive, self._stream(caller, resource, query, after, authorization, sending))
            return
        after = _position(query.options.get("cursor", ""))
        wait = _seconds(query.options.get("wait", "0"))
        await unless_gone(receive, self._page(caller, resource, query, after, wait, authorization, sending))

    async def _page(
        self,
        caller: Caller,
        resource: Resource,
        query: Query,
        after: int | None,
        wait: int,
        authorization: str,
        sending: Sending,
    ) -> None:
        """One page: at once, or as soon as there is something on it."""
        found = await self._doors.follow(caller, resource, query, after)
        if wait and not found.events and query.limit != 0:
            with self._places.take(caller.account_id):
                found = await self._wait(resource, query, found, wait, authorization)
        meta = {"cursor": str(found.position), "more": found.position < found.newest}
        body = encode({"$meta": meta, "data": [event for _, event in found.events]})
        await sending.start(200, [*HEADERS, (b"content-length", str(len(body)).encode())])
        await sending.write(b"" if sending.bodiless else body, last=True)

    async def _wait(self, resource: Resource, query: Query, found: Happened, wait: int, authorization: str) -> Happened:
        loop = asyncio.get_running_loop()
        until = loop.time() + wait
        while not found.events and loop.time() < until and not self._watch.closed:
            if found.position >= found.newest and not await self._watch.beyond(found.position, until - loop.time()):
                break
            caller = await self._callers.find(authorization)
            if caller is None:
                raise Unknown("The token is no longer valid.")
            found = await self._doors.follow(caller, resource, query, found.position)
        return found

    async def _stream(
        self,
        caller: Caller,
        resource: Resource,
        query: Query,
        after: int | None,
        authorization: str,
        sending: Sending,
    ) -> None:
        """Events as they happen, until the caller hangs up, the token ends, or the process stops."""
        with self._places.take(caller.account_id):
            found = await self._doors.follow(caller, resource, query, after)
            await sending.start(200, STREAM_HEADERS)
            await sending.write(b"retry: 2000\n\n")
            told = found.position
            while True:
                for position, event in found.events:
                    await sending.write(b"id: %d\ndata: %s\n\n" % (position, encode(event)))
                    told = position
                there = found.position < found.newest or await self._watch.beyond(found.position, KEEP_ALIVE_S)
                still = await self._callers.find(authorization)
                if still is None or self._watch.closed:
                    break
                if there:
                    found = await self._doors.follow(still, resource, query, found.position)
                else:
                    # An id without data moves the reader's place on, past what was not for it.
                    await sending.write(b": alive\n\n" if told == found.position else b"id: %d\n\n" % found.position)
                    told = found.position
            await sending.write(b"", last=True)


def _position(cursor: str, name: str = "cursor") -> int | None:
    """Where to go on; None for the cursor of now. Raises Invalid."""
    if cursor == NOW:
        return None
    if not cursor:
        return 0
    if len(cursor) > 18 or not (cursor.isascii() and cursor.isdigit()):
        raise Invalid({name: ["This is no cursor that was given here."]})
    return int(cursor)


def _seconds(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise Invalid({"wait": ["A whole number of seconds was expected."]})
    return min(int(text), WAIT_S_MAX)
