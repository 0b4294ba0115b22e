"""The cookie of a person who is signed in, and who comes with it."""

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Final, Protocol

from entrepot.http.origin import SAFE, from_here
from entrepot.kernel.access import Caller
from entrepot.kernel.errors import Forbidden
from entrepot.storage.sessions import LIFE_H, Sessions

COOKIE: Final = "entrepot_session"


def read(header: str) -> str:
    """The secret in a request's cookies; empty where there is none."""
    try:
        kept = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return ""
    return kept.value if kept is not None else ""


def write(secret: str, *, secure: bool) -> str:
    """The header that signs in: out of reach of scripts, and not for what other sites send."""
    lives = LIFE_H * 3600 if secret else 0
    tail = "; Secure" if secure else ""
    return f"{COOKIE}={secret}; Path=/; HttpOnly; SameSite=Lax; Max-Age={lives}{tail}"


class Tokens(Protocol):
    """Finds out whose token it is."""

    async def find(self, authorization: str) -> Caller | None: ...


class Callers:
    """Finds out who asks: by a token, or else by the cookie of a session."""

    def __init__(self, tokens: Tokens, sessions: Sessions):
        self._tokens = tokens
        self._sessions = sessions

    async def find(self, authorization: str) -> Caller | None:
        """By a token alone."""
        return await self._tokens.find(authorization)

    async def asking(self, headers: Mapping[bytes, bytes], method: str) -> Caller | None:
        """Raises Forbidden where a browser was made to write by another site."""
        authorization = headers.get(b"authorization")
        if authorization is not None or b"cookie" not in headers:
            return await self._tokens.find((authorization or b"").decode("latin-1"))
        secret = read(headers[b"cookie"].decode("latin-1"))
        caller = await self._sessions.find(secret) if secret else None
        if caller is not None and method not in SAFE and not from_here(headers, told=True):
            raise Forbidden("This was sent from another site, or by something that does not say from where.")
        return caller
