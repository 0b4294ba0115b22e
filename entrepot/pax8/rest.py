"""The partner API over HTTP: a request is read, taken to its function, and the answer written.

It answers below `/pax8` on the port of everything, and at the root of a port of its own.
"""

import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

import structlog
from prometheus_client import Histogram

from entrepot.kernel.doors import Doors, Options, fingerprint
from entrepot.kernel.errors import Forbidden, Missing, NotOffered, Refusal, Unknown, WrongType
from entrepot.kernel.resource import Resource
from entrepot.kernel.wire import decode, encode
from entrepot.pax8 import billing, company, contact, order, product, subscription
from entrepot.pax8.content import Asked
from entrepot.pax8.errors import BadRequest, TooMany, envelope
from entrepot.pax8.limit import Limit
from entrepot.pax8.partner import Partner, Uuids
from entrepot.pax8.token import Tokens

LOG = structlog.get_logger()

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

PREFIX = "/pax8"
VERSION = "v1"
TOKEN_PATHS = ("/v1/token", "/token", "/oauth/token", "/v1/oauth/token")
KEY_LENGTH_MAX = 255
JSON = (b"content-type", b"application/json")
PRIVATE = (b"cache-control", b"private, no-store")
TRUE = ("1", "true", "yes")

SECONDS = Histogram(
    "entrepot_pax8_request_seconds",
    "Time from the first byte of a request of the Pax8 API to the last of its answer.",
    ("method", "route", "status"),
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)


@dataclass(frozen=True, slots=True)
class Sent:
    """What a request says: the ids in its path, its query, and its body."""

    ids: list[str]
    asked: Asked
    body: object = None


Handler = Callable[[Partner, Sent], Awaitable[object]]
NOTHING = object()
"""The answer of a request that ends something: a 204."""


@dataclass(frozen=True, slots=True)
class Route:
    """One method on one path; `*` stands for an id."""

    method: str
    path: str
    handler: Handler


# What answers ----------------------------------------------------------------------------------------


async def _create_company(partner: Partner, sent: Sent) -> object:
    return await company.create(partner, sent.body)


async def _contacts(partner: Partner, sent: Sent) -> object:
    return await contact.list_(partner, await company.licensee(partner, sent.ids[0]), sent.asked)


async def _create_contact(partner: Partner, sent: Sent) -> object:
    return await contact.create(partner, await company.licensee(partner, sent.ids[0]), sent.body)


async def _contact(partner: Partner, sent: Sent) -> object:
    return await contact.get(partner, await company.licensee(partner, sent.ids[0]), sent.ids[1])


async def _update_contact(partner: Partner, sent: Sent) -> object:
    return await contact.update(partner, await company.licensee(partner, sent.ids[0]), sent.ids[1], sent.body)


async def _delete_contact(partner: Partner, sent: Sent) -> object:
    await contact.delete(partner, await company.licensee(partner, sent.ids[0]), sent.ids[1])
    return NOTHING


async def _cancel_subscription(partner: Partner, sent: Sent) -> object:
    await subscription.cancel(partner, sent.ids[0], sent.asked)
    return NOTHING


async def _usage_summaries(partner: Partner, sent: Sent) -> object:
    return await billing.usage_summaries(partner, sent.ids[0], sent.asked)


def _acts(verb: str) -> Handler:
    async def handle(partner: Partner, sent: Sent) -> object:
        return await order.act(partner, sent.ids[0], verb, sent.body)

    return handle


ROUTES = (
    Route("GET", "companies", lambda partner, sent: company.list_(partner, sent.asked)),
    Route("POST", "companies", _create_company),
    Route("GET", "companies/*", lambda partner, sent: company.get(partner, sent.ids[0])),
    Route("PATCH", "companies/*", lambda partner, sent: company.update(partner, sent.ids[0], sent.body)),
    Route("GET", "companies/*/contacts", _contacts),
    Route("POST", "companies/*/contacts", _create_contact),
    Route("GET", "companies/*/contacts/*", _contact),
    Route("PUT", "companies/*/contacts/*", _update_contact),
    Route("DELETE", "companies/*/contacts/*", _delete_contact),
    Route("GET", "products", lambda partner, sent: product.list_(partner, sent.asked)),
    Route("GET", "products/*", lambda partner, sent: product.get(partner, sent.ids[0])),
    Route("GET", "products/*/provision-details", lambda partner, sent: product.provision_details(partner, sent.ids[0])),
    Route("GET", "products/*/dependencies", lambda partner, sent: product.dependencies(partner, sent.ids[0])),
    Route("GET", "products/*/pricing", lambda partner, sent: product.pricing(partner, sent.ids[0], sent.asked)),
    Route("GET", "orders", lambda partner, sent: order.list_(partner, sent.asked)),
    Route("POST", "orders", lambda partner, sent: order.create(partner, sent.body)),
    Route("GET", "orders/*", lambda partner, sent: order.get(partner, sent.ids[0])),
    Route("PUT", "orders/*", lambda partner, sent: order.change(partner, sent.ids[0], sent.body)),
    Route("POST", "orders/*/approve", _acts("approve")),
    Route("POST", "orders/*/refuse", _acts("refuse")),
    Route("POST", "orders/*/cancel", _acts("cancel")),
    Route("GET", "subscriptions", lambda partner, sent: subscription.list_(partner, sent.asked)),
    Route("GET", "subscriptions/*", lambda partner, sent: subscription.get(partner, sent.ids[0])),
    Route("PUT", "subscriptions/*", lambda partner, sent: subscription.update(partner, sent.ids[0], sent.body)),
    Route("DELETE", "subscriptions/*", _cancel_subscription),
    Route("GET", "subscriptions/*/history", lambda partner, sent: subscription.history(partner, sent.ids[0])),
    Route("GET", "subscriptions/*/usage-summaries", _usage_summaries),
    Route("GET", "subscriptions/*/usage_summaries", _usage_summaries),  # as an old client writes it
    Route("GET", "usage-summaries/*", lambda partner, sent: billing.usage_summary(sent.ids[0])),
    Route("GET", "usage-summaries/*/usage-lines", lambda partner, sent: billing.usage_lines(sent.ids[0], sent.asked)),
    Route("GET", "invoices", lambda partner, sent: billing.invoices(partner, sent.asked)),
    Route("GET", "invoices/draftItems", lambda partner, sent: billing.draft_items(partner, sent.asked)),
    Route("GET", "invoices/*", lambda partner, sent: billing.invoice(sent.ids[0])),
    Route("GET", "invoices/*/items", lambda partner, sent: billing.invoice(sent.ids[0])),
)  # fmt: skip


Read = Callable[[Mapping[bytes, bytes], Receive], Awaitable[bytes]]
"""Takes in the body of a request."""


class Rest:
    """An ASGI application. Nothing that goes wrong leaves it but in the envelope of this API."""

    def __init__(
        self,
        doors: Doors,
        resources: Mapping[str, Resource],
        uuids: Uuids,
        tokens: Tokens,
        limit: Limit,
        read: Read,
    ):
        self._doors, self._resources, self._uuids = doors, resources, uuids
        self._tokens, self._limit = tokens, limit
        self._read = read
        self._routes: dict[str, dict[str, Route]] = {}
        for each in ROUTES:
            self._routes.setdefault(each.path, {})[each.method] = each

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, by its path below the prefix."""
        began = time.perf_counter()
        path: str = scope["path"]
        path = path.removeprefix(PREFIX) if path.startswith(f"{PREFIX}/") else path
        route: Route | None = None
        status, extra, body = 500, [], b""
        try:
            headers = dict(scope["headers"])
            raw = await self._read(headers, receive)
            if path.rstrip("/") in TOKEN_PATHS:
                status, body = await self._give_token(scope, headers, raw)
            else:
                route, ids, caller, profile = await self._admit(scope, headers, path)
                options = _options(scope, headers, path, raw)
                partner = Partner(caller, self._doors, self._resources, self._uuids, profile, options)
                sent = Sent(ids, Asked(_query(scope)), _content(headers, raw))
                answer = await route.handler(partner, sent)
                self._limit.count(caller.token_id)
                status, body = (204, b"") if answer is NOTHING else (200, encode(answer))
                if partner.writes and all(each.replayed for each in partner.writes):
                    extra.append((b"idempotent-replayed", b"true"))
        except Refusal as refusal:
            status, extra, body = _refused(refusal, path)
        except Exception:
            LOG.exception("request failed", method=scope["method"], path=path)
            broken = Refusal("Something went wrong on our side.")
            broken.status = 500
            status, extra, body = _refused(broken, path)
        await _send(send, status, extra, body, bodiless=scope["method"] == "HEAD")
        SECONDS.labels(scope["method"], route.path if route else "unknown", status).observe(time.perf_counter() - began)

    async def _admit(
        self, scope: Scope, headers: Mapping[bytes, bytes], path: str
    ) -> tuple[Route, list[str], Any, Any]:
        """Who asks, and for what. Raises what keeps it out: unknown, too fast, no partner, no such address."""
        found = await self._tokens.caller(headers.get(b"authorization", b"").decode("latin-1"))
        if found is None:
            raise Unknown("Unauthorized")
        caller, profile = found
        if waits := self._limit.waits_s(caller.token_id):
            raise TooMany("Rate limit exceeded", headers={"Retry-After": str(waits)})
        route, ids = self._route(scope["method"], path)
        if caller.actor != "client":
            raise Forbidden("Partners are the clients of this marketplace; this token is of another party.")
        return route, ids, caller, profile

    def _route(self, method: str, path: str) -> tuple[Route, list[str]]:
        segments = [unquote(each) for each in path.strip("/").split("/")]
        if segments[0] != VERSION or len(segments) < 2:
            raise Missing("Resource not found")
        whole = segments[1:]
        ids = whole[1::2]
        for shape in (whole, [each if at % 2 == 0 else "*" for at, each in enumerate(whole)]):
            methods = self._routes.get("/".join(shape))
            if methods is None or ("*" in whole and shape is whole):
                continue
            route = methods.get("GET" if method == "HEAD" else method)
            if route is None:
                raise NotOffered(f"{method} is not offered here.", headers={"Allow": ", ".join(sorted(methods))})
            return route, ids
        raise Missing("Resource not found")

    async def _give_token(self, scope: Scope, headers: Mapping[bytes, bytes], raw: bytes) -> tuple[int, bytes]:
        if scope["method"] != "POST":
            raise NotOffered("A token is asked for by POST.", headers={"Allow": "POST"})
        status, body = await self._tokens.give(headers, raw)
        return status, encode(body)


def _query(scope: Scope) -> dict[str, str]:
    """The query by name; of a name that stands there twice the last counts."""
    try:
        return dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True, max_num_fields=200))
    except ValueError:
        raise BadRequest({}, "The query has too many parameters.") from None


def _content(headers: Mapping[bytes, bytes], raw: bytes) -> object:
    if not raw.strip():
        return None
    kind = headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()
    if kind not in ("", "application/json", "text/json") and not (
        kind.startswith("application/") and kind.endswith("+json")
    ):
        raise WrongType(f"Content of type {kind[:100]} is not taken here; send application/json.")
    try:
        return decode(raw)
    except (ValueError, RecursionError):
        raise BadRequest({}, "The body is not valid JSON.") from None


def _options(scope: Scope, headers: Mapping[bytes, bytes], path: str, raw: bytes) -> Options:
    key = headers.get(b"idempotency-key", b"").decode("latin-1").strip()
    if len(key) > KEY_LENGTH_MAX or not key.isprintable():
        raise BadRequest({"Idempotency-Key": [f"At most {KEY_LENGTH_MAX} printable characters are allowed."]})
    query = scope["query_string"].decode("latin-1")
    preferences = headers.get(b"prefer", b"").decode("latin-1").lower().replace(" ", "").split(",")
    return Options(
        idempotency_key=key,
        fingerprint=fingerprint(scope["method"], path, query, raw) if key else b"",
        dry_run="dry-run" in preferences or _query(scope).get("isMock", "").strip().lower() in TRUE,
        trace_id=_trace_id(headers),
    )


def _trace_id(headers: Mapping[bytes, bytes]) -> str:
    """The caller's own trace (W3C traceparent) or a new one."""
    given = headers.get(b"traceparent", b"")
    if len(given) == 55 and given[:3] == b"00-" and given.replace(b"-", b"").isalnum():
        return given.decode("latin-1")
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-00"


def _refused(refusal: Refusal, path: str) -> tuple[int, Headers, bytes]:
    headers = [(name.lower().encode(), value.encode()) for name, value in refusal.headers.items()]
    if refusal.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    return refusal.status, headers, encode(envelope(refusal, f"/public{path[:1000]}"))


async def _send(send: Send, status: int, extra: Headers, body: bytes, *, bodiless: bool) -> None:
    headers = [PRIVATE, *extra]
    if status != 204:
        headers += [JSON, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if bodiless else body})
