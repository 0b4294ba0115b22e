"""How people sign in: with e-mail and password, by the link of an invitation, or at their own organisation."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from entrepot.http import auth_view as view
from entrepot.http import page_view, session
from entrepot.http.markup import Html
from entrepot.http.openid import NotSignedIn, OpenId
from entrepot.http.origin import from_here
from entrepot.kernel.access import Caller
from entrepot.kernel.doors import Doors, Options
from entrepot.kernel.errors import Forbidden, Invalid, Missing, Refusal, Unknown, Unreadable
from entrepot.kernel.resource import Action, Resource
from entrepot.kernel.wire import decode
from entrepot.storage.sessions import Sessions

BODY_BYTES_MAX = 16_384
WRONG = "This e-mail and password do not belong together."
SPENT = "This invitation was used, has expired, or has been sent anew."
STATE = "entrepot_openid"


@dataclass(frozen=True, slots=True)
class Sent:
    """What came: a form of a page, or JSON of a program."""

    fields: dict[str, str]
    is_form: bool


class Auth:
    """The addresses below /auth. Forms are answered by pages, JSON by JSON."""

    def __init__(self, doors: Doors, sessions: Sessions, openid: OpenId, members: Resource, welcome: Action):
        self._doors = doors
        self._sessions = sessions
        self._openid = openid
        self._members = members
        self._welcome = welcome
        routes: list[tuple[str, Callable[[Request], Awaitable[Response]], str]] = [
            ("/auth/sign-in", self._show_sign_in, "GET"),
            ("/auth/sign-in", self._sign_in, "POST"),
            ("/auth/sign-out", self._sign_out, "POST"),
            ("/auth/session", self._who, "GET"),
            ("/auth/account", self._switch, "POST"),
            ("/auth/invitation", self._show_invitation, "GET"),
            ("/auth/invitation", self._accept, "POST"),
            ("/auth/organisation", self._go_to_provider, "POST"),
            ("/auth/callback", self._come_back, "GET"),
        ]
        self.routes = [Route(path, self._safe(run), methods=[method]) for path, run, method in routes]

    def _safe(self, run: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        """Writes come from this very site; refusals become pages or problem documents."""

        async def answered(request: Request) -> Response:
            try:
                if request.method == "POST" and not from_here(
                    dict(request.scope["headers"]), told=_has_cookie(request)
                ):
                    raise Forbidden("This was sent from another site.")
                return await run(request)
            except Refusal as refusal:
                if _wants_page(request):
                    return _page(view.refused(refusal.title, refusal.detail), refusal.status, refusal.headers)
                body = refusal.problem("")
                headers = {**page_view.HEADERS, **refusal.headers}
                return JSONResponse(body, refusal.status, headers, "application/problem+json")

        return answered

    # E-mail and password -----------------------------------------------------------------------

    async def _show_sign_in(self, request: Request) -> Response:
        return _page(view.sign_in())

    async def _sign_in(self, request: Request) -> Response:
        sent = await _sent(request)
        email, password = sent.fields.get("email", ""), sent.fields.get("password", "")
        address = request.client.host if request.client is not None else ""
        secret = await self._sessions.sign_in(email[:320], password[:1000], address) if email and password else None
        if secret is None:
            if sent.is_form:
                return _page(view.sign_in(WRONG, email), 401)
            raise Unknown(WRONG)
        await self._end_old(request)
        return await self._signed_in(request, sent, secret)

    async def _sign_out(self, request: Request) -> Response:
        sent = await _sent(request)
        await self._end_old(request)
        answer = _forward("/auth/sign-in") if sent.is_form else Response(status_code=204, headers=page_view.HEADERS)
        answer.headers["Set-Cookie"] = session.write("", secure=request.url.scheme == "https")
        return answer

    async def _who(self, request: Request) -> Response:
        secret, caller = await self._required(request)
        return JSONResponse(await self._told(secret, caller), headers=page_view.HEADERS)

    async def _switch(self, request: Request) -> Response:
        secret, caller = await self._required(request)
        sent = await _sent(request)
        fresh = await self._sessions.switch(secret, caller, sent.fields.get("account", ""))
        if fresh is None:
            raise Missing("This account is none of yours.")
        return await self._signed_in(request, sent, fresh)

    # Invitations ---------------------------------------------------------------------------------

    async def _show_invitation(self, request: Request) -> Response:
        code = request.query_params.get("code", "")
        found = await self._sessions.invitation(code[:200])
        if found is None:
            return _page(view.refused("Invitation", SPENT), 404)
        caller = await self._caller(request)
        mine = caller is not None and caller.user_id == found.user_id
        return _page(view.invitation(code, found, signed_in=mine))

    async def _accept(self, request: Request) -> Response:
        sent = await _sent(request)
        code = sent.fields.get("code", "")[:200]
        found = await self._sessions.invitation(code)
        if found is None:
            raise Missing(SPENT)
        caller = await self._caller(request)
        user_id = caller.user_id if caller is not None else ""
        # Whoever is not known yet is known by the link itself.
        acting = Caller(actor="kernel", account_id="", identity_id=user_id or found.user_id, user_id=user_id)
        body = {"code": code, "password": sent.fields.get("password")}
        try:
            await self._doors.act(acting, self._members, self._welcome, found.account_user_id, body, Options())
        except Invalid as fault:
            if not sent.is_form:
                raise
            words = " ".join(word for each in fault.errors.values() for word in each)
            return _page(view.invitation(code, found, signed_in=bool(user_id), fault=words), 400)
        if caller is not None and caller.user_id == found.user_id:  # they stay as far in as they were
            here = _secret(request)
            return await self._signed_in(
                request, sent, await self._sessions.switch(here, caller, found.account_id) or here
            )
        secret = await self._sessions.begin(found.user_id, found.account_id)
        await self._end_old(request)
        return await self._signed_in(request, sent, secret)

    # At one's own organisation -------------------------------------------------------------------

    async def _go_to_provider(self, request: Request) -> Response:
        sent = await _sent(request)
        try:
            address, state = await self._openid.begin(sent.fields.get("email", "")[:320], _base(request))
        except NotSignedIn as fault:
            if sent.is_form:
                return _page(view.sign_in(str(fault), sent.fields.get("email", "")), 400)
            raise Invalid({"email": [str(fault)]}) from None
        answer = (
            _page(view.away(address)) if sent.is_form else JSONResponse({"url": address}, headers=page_view.HEADERS)
        )
        tail = "; Secure" if request.url.scheme == "https" else ""
        answer.headers["Set-Cookie"] = (
            f"{STATE}={state}; Path=/auth/callback; HttpOnly; SameSite=Lax; Max-Age=600{tail}"
        )
        return answer

    async def _come_back(self, request: Request) -> Response:
        try:
            found = await self._openid.finish(
                dict(request.query_params), request.cookies.get(STATE, ""), _base(request)
            )
        except NotSignedIn as fault:
            return _page(view.sign_in(str(fault)), 401)
        secret = await self._sessions.begin(found.user_id, found.account_id, found.provider_id)
        await self._end_old(request)
        answer = _page(page_view.forward())
        answer.headers["Set-Cookie"] = session.write(secret, secure=request.url.scheme == "https")
        return answer

    # ---------------------------------------------------------------------------------------------

    async def _signed_in(self, request: Request, sent: Sent, secret: str) -> Response:
        if sent.is_form:
            answer = _forward("/")
        else:
            caller = await self._sessions.find(secret)
            if caller is None:
                raise Unknown("The session is no longer valid.")
            answer = JSONResponse(await self._told(secret, caller), headers=page_view.HEADERS)
        answer.headers["Set-Cookie"] = session.write(secret, secure=request.url.scheme == "https")
        return answer

    async def _told(self, secret: str, caller: Caller) -> dict[str, object]:
        """Who is signed in, for which account, and for which others they could be."""
        accounts = [
            {"id": each.id, "name": each.name, "type": each.type}
            for each in await self._sessions.accounts(secret, caller)
        ]
        return {
            "user": await self._sessions.person(caller.user_id),
            "account": next((each for each in accounts if each["id"] == caller.account_id), {"id": caller.account_id}),
            "accounts": accounts,
            "modules": None if caller.codes is None else sorted(caller.codes),
        }

    async def _required(self, request: Request) -> tuple[str, Caller]:
        secret = _secret(request)
        caller = await self._sessions.find(secret)
        if caller is None:
            raise Unknown("Nobody is signed in.")
        return secret, caller

    async def _caller(self, request: Request) -> Caller | None:
        secret = _secret(request)
        return await self._sessions.find(secret) if secret else None

    async def _end_old(self, request: Request) -> None:
        """A browser has one session at a time."""
        if secret := _secret(request):
            await self._sessions.end(secret)


def _secret(request: Request) -> str:
    return session.read(request.headers.get("cookie", ""))


def _has_cookie(request: Request) -> bool:
    return bool(_secret(request))


def _base(request: Request) -> str:
    return f"{request.url.scheme}://{request.headers.get('host', '')}"


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def _forward(address: str) -> Response:
    return Response(status_code=303, headers={**page_view.HEADERS, "Location": address})


def _page(content: Html, status: int = 200, more: dict[str, str] | None = None) -> Response:
    return Response(content, status, {**page_view.HEADERS, **(more or {})}, "text/html")


async def _sent(request: Request) -> Sent:
    """The fields of a form, or the texts of a JSON object; `{"account": {"id": …}}` gives the id."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > BODY_BYTES_MAX:
            raise Unreadable("This is too long.")
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        found = parse_qs(body.decode("utf-8", "replace"), max_num_fields=20)
        return Sent({name: values[-1] for name, values in found.items() if "\0" not in values[-1]}, is_form=True)
    try:
        document = decode(body) if body.strip() else {}
    except (ValueError, RecursionError):
        raise Unreadable("The body is not valid JSON.") from None
    if not isinstance(document, dict):
        raise Unreadable("A JSON object was expected.")
    fields: dict[str, str] = {}
    for name, value in document.items():
        inner: object = value.get("id") if isinstance(value, dict) else value
        if isinstance(inner, str) and "\0" not in inner:
            fields[name] = inner
    return Sent(fields, is_form=False)
