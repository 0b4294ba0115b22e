"""How a browser signs in to the page: with a token, or by a link that works once."""

import secrets
import time
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie

from entrepot.storage.vault import Vault

LINK_LIVES_S = 600
LINKS_MAX = 100
SIGNED_IN_S = 12 * 3600
COOKIE = "entrepot_page"
PURPOSE = "page"


class OneTimeLinks:
    """Links that sign in once, for the process that made them: nothing of them is kept in the database."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._waiting: dict[str, tuple[float, str]] = {}

    def make(self, token: str) -> str:
        """The path of a link that signs in with this token, once, within ten minutes of real time."""
        self._forget()
        code = secrets.token_urlsafe(32)
        self._waiting[code] = (self._clock() + LINK_LIVES_S, token)
        return f"/sign-in?once={code}"

    def take(self, code: str) -> str | None:
        """The token behind a code, which is spent by that; None for one that is spent, too old or made up."""
        ends, token = self._waiting.pop(code, (0.0, ""))
        return token if token and self._clock() < ends else None

    def _forget(self) -> None:
        now = self._clock()
        for code in [code for code, (ends, _) in self._waiting.items() if ends <= now]:
            del self._waiting[code]
        while len(self._waiting) >= LINKS_MAX:
            del self._waiting[next(iter(self._waiting))]


class Cookies:
    """The cookie of who is signed in: the token, sealed, so that what lies in the browser opens no API."""

    def __init__(self, vault: Vault, clock: Callable[[], float] = time.time):
        self._vault = vault
        self._clock = clock

    def write(self, token: str, *, secure: bool) -> str:
        """The header that signs in: for this site and page loads alone, out of reach of scripts, for a day's work."""
        sealed = self._vault.seal(f"{PURPOSE} {int(self._clock()) + SIGNED_IN_S} {token}")
        return self._header(sealed, secure=secure)

    def erase(self, *, secure: bool) -> str:
        """The header that signs out."""
        return self._header("", secure=secure, lives="; Max-Age=0")

    def read(self, header: str) -> str | None:
        """The token in a request's cookies; None where there is none, or none any more."""
        try:
            kept = SimpleCookie(header).get(COOKIE)
            purpose, ends, token = self._vault.open(kept.value if kept else "").split(" ", 2)
        except (CookieError, ValueError):
            return None
        return token if purpose == PURPOSE and ends.isdigit() and self._clock() < int(ends) else None

    def _header(self, value: str, *, secure: bool, lives: str = "") -> str:
        return f"{COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict{lives}{'; Secure' if secure else ''}"
