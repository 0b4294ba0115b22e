"""The Marketplace API over HTTP: a request is read, taken to its door, and the answer written."""

import secrets
import time
from collections.abc import Mapping, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

import structlog
from prometheus_client import Histogram

from entrepot.http import downloads, receiving, session, uploads
from entrepot.http.events import Events
from entrepot.http.routes import Route, Router
from entrepot.http.sending import NotRead, Receive, Send, Sending
from entrepot.http.streams import Streams, is_asked
from entrepot.http.uploads import Sent
from entrepot.kernel.access import Caller
from entrepot.kernel.doors import Answer, Doors, Options, fingerprint
from entrepot.kernel.errors import (
    Invalid,
    Missing,
    NotAcceptable,
    NotOffered,
    NotStreamed,
    Refusal,
    Unknown,
    Unreadable,
    WrongType,
)
from entrepot.kernel.file import PICTURES
from entrepot.kernel.noun import IMPLIED
from entrepot.kernel.wire import decode, encode

LOG = structlog.get_logger()

Scope = MutableMapping[str, Any]

PREFIXES = ("/public/v1/", "/v1/")
KEY_LENGTH_MAX = 255
QUERY_BYTES_READ = 2000
"""Of a query that says which thing is meant."""
PRIVATE = (b"cache-control", b"private, no-store")
JSON = (b"content-type", b"application/json")
PROBLEM = (b"content-type", b"application/problem+json")

SECONDS = Histogram(
    "entrepot_request_seconds",
    "Time from the first byte of a request to the last of its answer.",
    ("method", "route", "status"),
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)


class Api:
    """An ASGI application of the routes that it is given."""

    def __init__(
        self,
        router: Router,
        doors: Doors,
        callers: session.Callers,
        events: Events,
        streams: Streams,
        *,
        body_bytes_max: int,
    ):
        self._router = router
        self._doors = doors
        self._callers = callers
        self._events = events
        self._streams = streams
        self._body_bytes_max = body_bytes_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request. Nothing that goes wrong leaves here but as a problem document."""
        began = time.perf_counter()
        headers = {name: value for name, value in scope["headers"]}
        trace_id = _trace_id(headers)
        method: str = scope["method"]
        route: Route | None = None
        sending = Sending(send, bodiless=method == "HEAD")
        status, extra, body = 200, [], b""
        try:
            route, ids = self._route(method, scope["path"])
            if route.door == "follow" or (route.method == "GET" and is_asked(headers)):
                await self._serve_at_length(route, ids, scope, headers, receive, sending)
            elif not await self._give_file(route, ids, headers, receive, sending):
                status, extra, body = await self._serve(route, ids, scope, headers, receive, trace_id)
        except Refusal as refusal:
            status, extra, body = _refused(refusal, trace_id)
        except NotRead:
            LOG.info("a reader stopped reading", path=scope["path"], trace_id=trace_id)
        except Exception:
            LOG.exception("request failed", method=method, path=scope["path"], trace_id=trace_id)
            status, extra, body = _failed(trace_id)
        if not sending.began:
            await _send(send, status, extra, body, bodiless=sending.bodiless)
        SECONDS.labels(method, route.path if route else "unknown", status).observe(time.perf_counter() - began)

    def _route(self, method: str, path: str) -> tuple[Route, list[str]]:
        for prefix in PREFIXES:
            if path.startswith(prefix):
                methods, ids = self._router.find(path[len(prefix) :])
                break
        else:
            methods, ids = None, []
        if methods is None:
            raise Missing(f"There is nothing at {path[:200]}.")
        route = methods.get("GET" if method == "HEAD" else method)
        if route is None:
            allowed = sorted({*methods, *(("HEAD",) if "GET" in methods else ())})
            raise NotOffered(f"{method} is not offered here.", headers={"Allow": ", ".join(allowed)})
        return route, ids

    async def _serve(
        self,
        route: Route,
        ids: list[str],
        scope: Scope,
        headers: Mapping[bytes, bytes],
        receive: Receive,
        trace_id: str,
    ) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        sent = await self._sent(route, headers, receive)
        try:
            content = _content(sent.raw, sent.kind)
            return await self._enter(route, ids, scope, headers, sent, content, trace_id)
        finally:
            sent.close()

    async def _enter(
        self,
        route: Route,
        ids: list[str],
        scope: Scope,
        headers: Mapping[bytes, bytes],
        sent: Sent,
        content: object,
        trace_id: str,
    ) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        """Through the door of the route, and back with its answer."""
        caller = await self._caller(headers, scope["method"])
        query: bytes = scope["query_string"]
        doors, resource = self._doors, route.resource
        ids = await self._named(caller, route, ids, query)
        owner_id = await self._owner(caller, route, ids)
        if route.door == "search":
            page = await doors.search(caller, resource, query, owner_id)
            return 200, [JSON, PRIVATE], encode(page)
        if route.door == "create":
            options = _options(route, scope, headers, sent, trace_id)
            answer = await doors.create(caller, resource, content, options, owner_id)
            return _answered(answer, location=_location(scope["path"], answer, single=resource.noun.single))
        thing_id = await self._thing(caller, route, ids, owner_id)
        if route.door == "get":
            return _answered(await doors.get(caller, resource, thing_id, query, owner_id))
        if route.door == "explain":
            return 200, [JSON, PRIVATE], encode(await doors.explain(caller, resource, thing_id, owner_id))
        if route.door == "render":
            assert route.text is not None
            text = await doors.render(caller, resource, route.text, thing_id, owner_id)
            return 200, [JSON, PRIVATE], encode(text)
        options = _options(route, scope, headers, sent, trace_id)
        if route.door == "update":
            return _answered(await doors.update(caller, resource, thing_id, content, options, owner_id))
        if route.door == "remove":
            return _answered(await doors.remove(caller, resource, thing_id, options, owner_id))
        assert route.action is not None
        answer = await doors.act(caller, resource, route.action, thing_id, content, options, owner_id)
        return _answered(answer, location=_location(scope["path"].rsplit("/", 2)[0], answer))

    async def _serve_at_length(
        self,
        route: Route,
        ids: list[str],
        scope: Scope,
        headers: Mapping[bytes, bytes],
        receive: Receive,
        sending: Sending,
    ) -> None:
        """Answers that are sent piece by piece: the feed of events, and lists in streaming mode."""
        caller = await self._caller(headers)
        if is_asked(headers) and route.door != "search":
            raise NotStreamed("Only lists are given in streaming mode.")
        query: bytes = scope["query_string"]
        if route.door == "follow":
            await self._events.answer(caller, route.resource, query, headers, receive, sending)
        else:
            owner_id = await self._owner(caller, route, await self._named(caller, route, ids))
            await self._streams.answer(caller, route.resource, query, owner_id, headers, receive, sending)

    async def _give_file(
        self, route: Route, ids: list[str], headers: Mapping[bytes, bytes], receive: Receive, sending: Sending
    ) -> bool:
        """Gives the file that a thing holds, where that is what is wanted; else gives nothing, and says so."""
        if route.door == "picture":
            caller = await self._caller(headers)
            ids = await self._named(caller, route, ids)
            held = await self._doors.held(caller, route.resource, ids[-1], await self._owner(caller, route, ids))
            if held is None or held.content_type not in PICTURES.values():
                raise Missing(f"{route.resource.noun.name} {ids[-1]} has no picture.")
            await downloads.give(held, receive, sending)
            return True
        accept = headers.get(b"accept", b"").decode("latin-1")
        if route.door != "get" or route.resource.noun.file is None or downloads.wants_told(accept):
            return False
        caller = await self._caller(headers)
        held = await self._doors.held(caller, route.resource, ids[-1], await self._owner(caller, route, ids))
        form = downloads.chosen(accept, held)
        if form is None:
            kinds = " or ".join((downloads.JSON, *([held.content_type] if held else ())))
            raise NotAcceptable(f"This is given as {kinds}.")
        if held is None or form == downloads.JSON:
            return False
        await downloads.give(held, receive, sending)
        return True

    async def _sent(self, route: Route, headers: Mapping[bytes, bytes], receive: Receive) -> Sent:
        """The body of a request, and the file that comes with it where the action takes one."""
        upload = route.action.takes_file if route.action else None
        if upload is None or (upload.plain and not uploads.is_multipart(headers)):
            raw = b""
            if route.method != "GET":
                raw = await receiving.whole(headers, receive, self._body_bytes_max)
            return Sent(raw, headers.get(b"content-type", b"").decode("latin-1"))
        known = await self._callers.asking(headers, route.method)
        return await uploads.read(upload, headers, receive, json_bytes_max=self._body_bytes_max, keep=known is not None)

    async def _caller(self, headers: Mapping[bytes, bytes], method: str = "GET") -> Caller:
        caller = await self._callers.asking(headers, method)
        if caller is None:
            raise Unknown("The token is missing, unknown or no longer valid.")
        return caller

    async def _named(self, caller: Caller, route: Route, ids: list[str], query: bytes = b"") -> list[str]:
        """The ids in the address, where a thing is named otherwise there."""
        found = list(ids)
        own = route.door not in ("search", "create") and not route.resource.noun.single
        if own and found[-1] == IMPLIED and route.resource.noun.implied is not None:
            told = dict(parse_qsl(query[:QUERY_BYTES_READ].decode("latin-1")))
            return [*found[:-1], await self._doors.implied(caller, route.resource, told)]
        if len(found) > own:
            owner = self._doors.nouns[route.resource.owner_noun_path]
            at = len(found) - 1 - own
            found[at] = await self._doors.named(caller, owner, found[at], found[at - 1] if at else None)
        if own:
            above = found[-2] if len(found) > 1 else None
            found[-1] = await self._doors.named(caller, route.resource.noun, found[-1], above)
        return found

    async def _owner(self, caller: Caller, route: Route, ids: list[str]) -> str | None:
        """The id of the thing whose collection this is. Further up, each must own the next."""
        above = ids if route.door in ("search", "create") or route.resource.noun.single else ids[:-1]
        if not above:
            return None
        if len(above) > 1:
            await self._doors.require_chain(caller, route.resource, above)
        return above[-1]

    async def _thing(self, caller: Caller, route: Route, ids: list[str], owner_id: str | None) -> str:
        """The id of the thing in the address; below an owner that has but one, the id of that."""
        if not route.resource.noun.single:
            return ids[-1]
        assert owner_id is not None, f"{route.path} has no owner"
        return await self._doors.single(caller, route.resource, owner_id, route.action)


def _content(raw: bytes, kind: str) -> object:
    """The decoded body; None for an empty one, which every action takes (spec 1.3)."""
    if not raw.strip():
        return None
    kind = kind.partition(";")[0].strip().lower()
    if kind not in ("", "application/json", "text/json") and not (
        kind.startswith("application/") and kind.endswith("+json")
    ):
        raise WrongType(f"Content of type {kind[:100]} is not taken here; send application/json.")
    try:
        return decode(raw)
    except (ValueError, RecursionError) as fault:
        raise Unreadable("The body is not valid JSON.", {"$": [str(fault)[:200]]}) from None


def _options(route: Route, scope: Scope, headers: Mapping[bytes, bytes], sent: Sent, trace_id: str) -> Options:
    key = headers.get(b"idempotency-key", b"").decode("latin-1").strip()
    if len(key) > KEY_LENGTH_MAX or not key.isprintable():
        raise Invalid({"Idempotency-Key": [f"At most {KEY_LENGTH_MAX} printable characters are allowed."]})
    preferences = headers.get(b"prefer", b"").decode("latin-1").lower().replace(" ", "").split(",")
    path, query = scope["path"], scope["query_string"].decode("latin-1")
    return Options(
        idempotency_key=key,
        fingerprint=fingerprint(route.method, path, query, *sent.content) if key else b"",
        if_match=headers.get(b"if-match", b"").decode("latin-1"),
        dry_run="dry-run" in preferences,
        trace_id=trace_id,
        file=sent.file,
    )


def _answered(answer: Answer, location: str = "") -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    headers: list[tuple[bytes, bytes]] = [PRIVATE]
    if answer.status != 204:
        headers.append(JSON)
    if answer.etag:
        headers.append((b"etag", answer.etag.encode()))
    if answer.replayed:
        headers.append((b"idempotent-replayed", b"true"))
    if answer.dry:
        headers.append((b"preference-applied", b"dry-run"))
    if location:
        headers.append((b"location", location.encode()))
    return answer.status, headers, answer.body


def _location(collection: str, answer: Answer, *, single: bool = False) -> str:
    """Where what was made is found; nowhere unless something was."""
    if answer.status != 201 or answer.dry:
        return ""
    return collection if single else f"{collection.rstrip('/')}/{_id_in(answer)}"


def _id_in(answer: Answer) -> str:
    """The id of what was made; a replayed answer has it in its body alone."""
    if answer.thing_id:
        return answer.thing_id
    made = decode(answer.body)
    return str(made["id"]) if isinstance(made, dict) else ""


def _refused(refusal: Refusal, trace_id: str) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    headers = [PROBLEM, PRIVATE]
    headers += [(name.lower().encode(), value.encode()) for name, value in refusal.headers.items()]
    if refusal.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    return refusal.status, headers, encode(refusal.problem(trace_id))


def _failed(trace_id: str) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    body = {
        "type": "https://tools.ietf.org/html/rfc9110#section-15.6.1",
        "title": "Internal Server Error",
        "status": 500,
        "detail": "Something went wrong on our side; the trace id finds it in the log.",
        "traceId": trace_id,
    }
    return 500, [PROBLEM, PRIVATE], encode(body)


def _trace_id(headers: Mapping[bytes, bytes]) -> str:
    """The caller's own trace (W3C traceparent) or a new one."""
    given = headers.get(b"traceparent", b"")
    if len(given) == 55 and given[:3] == b"00-" and given.replace(b"-", b"").isalnum():
        return given.decode("latin-1")
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-00"


async def _send(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes, *, bodiless: bool) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [*headers, (b"content-length", str(len(body)).encode())] if status != 204 else headers,
        }
    )
    await send({"type": "http.response.body", "body": b"" if bodiless else body})
