"""The live page of orders at the root: whoever is signed in watches what they may see, through the same doors."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import parse_qs, quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entrepot.http import page_view as view
from entrepot.http import session
from entrepot.http.markup import Html
from entrepot.http.origin import from_here
from entrepot.http.sign_in import Cookies, OneTimeLinks
from entrepot.kernel.access import Caller
from entrepot.kernel.doors import Doors
from entrepot.kernel.errors import Refusal
from entrepot.kernel.resource import Resource
from entrepot.kernel.wire import decode, encode
from entrepot.storage.sessions import Sessions
from entrepot.storage.vault import Vault

NEWEST = b"order=-audit.created.at&select=%2Baudit.created&limit=20"
TRAIL = "select=actor,details&order=-timestamp&limit=50&eq(object.id,'{id}')"
FORM_BYTES_MAX = 4096
FRAGMENT = "x-fragment"
SPENT = "This link was used before, or is older than ten minutes. Sign in with a token instead."
UNKNOWN = "This token is unknown or no longer valid."


class Callers(Protocol):
    """Finds out who asks."""

    async def find(self, authorization: str) -> Caller | None: ...


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a path shows: the title, and what stands in the middle."""

    title: str
    main: Html
    status: int = 200


class Page:
    """The routes of the page. It holds no more than the links that were not followed yet."""

    def __init__(self, doors: Doors, callers: Callers, vault: Vault, offers: Iterable[Resource], sessions: Sessions):
        offered = {each.address: each for each in offers}
        self._doors = doors
        self._callers = callers
        self._cookies = Cookies(vault)
        self._sessions = sessions
        self._accounts = offered["accounts/accounts"]
        self._orders = offered["commerce/orders"]
        self._trail = offered.get("audit/records")
        self.links = OneTimeLinks()
        self.routes = [
            Route("/", self._home),
            Route("/orders/{id}", self._order),
            Route("/sign-in", self._enter, methods=["POST"]),
            Route("/sign-in", self._follow, methods=["GET"]),
            Route("/sign-out", self._leave, methods=["POST"]),
        ]

    # What is shown ---------------------------------------------------------------------------

    async def _home(self, request: Request) -> Response:
        async def newest(caller: Caller) -> _Shown:
            page = await self._doors.search(caller, self._orders, NEWEST)
            return _Shown("Orders", view.orders(_read(encode(page)), caller.actor, await self._now()))

        return await self._show(request, newest)

    async def _order(self, request: Request) -> Response:
        thing_id: str = request.path_params["id"]

        async def one(caller: Caller) -> _Shown:
            answer = await self._doors.get(caller, self._orders, thing_id)
            trail = await self._happened(caller, thing_id)
            document = _read(answer.body)
            return _Shown(thing_id, view.order(document, trail, caller.actor, await self._now()))

        return await self._show(request, one)

    async def _happened(self, caller: Caller, thing_id: str) -> list[Mapping[str, object]]:
        """What is on the trail about it; nothing for whoever may not read the trail."""
        if self._trail is None:
            return []
        try:
            page = await self._doors.search(caller, self._trail, TRAIL.format(id=quote(thing_id)))
        except Refusal:
            return []
        return view.happenings(_read(encode(page)))

    async def _show(self, request: Request, make: Callable[[Caller], Awaitable[_Shown]]) -> Response:
        """The page, or for its own script only the middle of it; the form for whoever is not signed in."""
        fragment = FRAGMENT in request.headers
        try:
            caller = await self._signed_in_as(request.headers.get("cookie", ""))
            if caller is None:
                return _page(view.sign_in(), 401 if fragment else 200)
            shown = await _told(make, caller)
            if fragment:
                return _page(shown.main, shown.status, {FRAGMENT: "1"})
            account = view.who(caller.actor, await self._account(caller))
            return _page(view.signed_in(shown.title, account, shown.main), shown.status)
        except Refusal as refusal:  # the database is away
            return _page(view.sign_in(refusal.detail or refusal.title), refusal.status)

    async def _account(self, caller: Caller) -> str:
        """The name of the account, where it may be read."""
        try:
            answer = await self._doors.get(caller, self._accounts, caller.account_id)
        except Refusal:
            return caller.account_id
        return str(_read(answer.body).get("name") or caller.account_id)

    async def _now(self) -> datetime:
        """Business time: the age of an order counts by the clock that its dates come from."""
        async with self._doors.store.session() as session:
            return await session.now()

    # Who is signed in ------------------------------------------------------------------------

    async def _enter(self, request: Request) -> Response:
        """The form with a token. From another site somebody could sign a visitor in as somebody else."""
        if not from_here(dict(request.scope["headers"]), told=False):
            return _page(view.sign_in("This form was sent from another site."), 403)
        token = (await _form(request)).get("token", "").strip()
        if (refused := await self._refuse(token)) is not None:
            return refused
        return self._signed_in(request, token, Response(status_code=303, headers={"Location": "/"}))

    async def _follow(self, request: Request) -> Response:
        """A link that signs in once. Looking at it (HEAD) does not spend it."""
        if request.method != "GET":
            return _page(view.sign_in())
        token = self.links.take(request.query_params.get("once", ""))
        if token is None:
            if self._cookies.read(request.headers.get("cookie", "")):
                return Response(status_code=303, headers={"Location": "/"})
            return _page(view.sign_in(SPENT), 401)
        if (refused := await self._refuse(token)) is not None:
            return refused
        return self._signed_in(request, token, _page(view.forward()))

    async def _leave(self, request: Request) -> Response:
        if not from_here(dict(request.scope["headers"]), told=False):
            return _page(view.sign_in("This form was sent from another site."), 403)
        answer = Response(status_code=303, headers={"Location": "/"})
        secure = request.url.scheme == "https"
        answer.headers["Set-Cookie"] = self._cookies.erase(secure=secure)
        if secret := session.read(request.headers.get("cookie", "")):
            await self._sessions.end(secret)
            answer.headers.append("Set-Cookie", session.write("", secure=secure))
        return answer

    async def _refuse(self, token: str) -> Response | None:
        """The form again, unless the token is somebody's."""
        try:
            return None if await self._caller(token) else _page(view.sign_in(UNKNOWN), 401)
        except Refusal as refusal:
            return _page(view.sign_in(refusal.detail or refusal.title), refusal.status)

    def _signed_in(self, request: Request, token: str, answer: Response) -> Response:
        answer.headers["Set-Cookie"] = self._cookies.write(token, secure=request.url.scheme == "https")
        answer.headers["Cache-Control"] = view.HEADERS["Cache-Control"]
        return answer

    async def _signed_in_as(self, cookies: str) -> Caller | None:
        """By the token of this page, or as a person by the session that they have."""
        caller = await self._caller(self._cookies.read(cookies))
        if caller is None and (secret := session.read(cookies)):
            caller = await self._sessions.find(secret)
        return caller

    async def _caller(self, token: str | None) -> Caller | None:
        """Asked anew for each page: a token that is disabled shows nothing more."""
        return await self._callers.find(f"Bearer {token}") if token else None


async def _told(make: Callable[[Caller], Awaitable[_Shown]], caller: Caller) -> _Shown:
    try:
        return await make(caller)
    except Refusal as refusal:
        return _Shown(refusal.title, view.refused(refusal.title, refusal.detail), refusal.status)


def _read(body: bytes) -> Mapping[str, Any]:
    document = decode(body)
    assert isinstance(document, dict)
    return document


def _page(content: Html, status: int = 200, more: Mapping[str, str] | None = None) -> Response:
    return Response(content, status, {**view.HEADERS, **(more or {})}, "text/html")


async def _form(request: Request) -> dict[str, str]:
    """The fields of a small form."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > FORM_BYTES_MAX:
            return {}
    return {name: values[-1] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
