"""How a client of this API gets its token: with the id and secret of one of the platform's own.

An access token is that token, sealed with the installation's key, with its audience and its end: nothing is kept, any
process knows it, and it opens nothing any more once the platform's token is disabled.
"""

import base64
import binascii
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qsl

from entrepot.kernel.access import Caller
from entrepot.kernel.wire import decode
from entrepot.pax8.profile import Profile, profile_of

LIVES_S = 24 * 3600
AUDIENCE = "https://api.pax8.com"
PURPOSE = "pax8"
AUDIENCE_MAX = 200
TOKEN_MAX = 4000


class Callers(Protocol):
    """Who is behind a token of the platform."""

    async def find(self, authorization: str) -> Caller | None: ...


class Sealer(Protocol):
    """What seals and opens texts under the installation's key."""

    def seal(self, secret: str) -> str: ...
    def open(self, sealed: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client sends to get a token."""

    client_id: str
    client_secret: str
    audience: str
    grant_type: str

    @property
    def value(self) -> str:
        """The whole value of the platform's token."""
        whole = self.client_secret.startswith("idt:")
        return self.client_secret if whole else f"idt:{self.client_id}:{self.client_secret}"

    @property
    def agree(self) -> bool:
        """Whether the id is the one in the secret, where that is a whole value."""
        return self.value.split(":")[1] == self.client_id


class Tokens:
    """Gives access tokens, and knows who asks with one."""

    def __init__(self, callers: Callers, vault: Sealer, clock: Callable[[], float] = time.time):
        self._callers, self._vault, self._clock = callers, vault, clock

    async def give(self, headers: Mapping[bytes, bytes], raw: bytes) -> tuple[int, dict[str, Any]]:
        """The answer of the token endpoint: a status and a body."""
        said = credentials(headers, raw)
        if said is None:
            return 400, {"error": "invalid_request", "error_description": "JSON or a form was expected."}
        if said.grant_type != "client_credentials":
            told = "grant_type must be client_credentials."
            return 400, {"error": "unsupported_grant_type", "error_description": told}
        known = said.agree and await self._callers.find(f"Bearer {said.value}")
        if not known:
            return 401, {"error": "access_denied", "error_description": "Unauthorized"}
        ends = int(self._clock()) + LIVES_S
        sealed = self._vault.seal(f"{PURPOSE} {ends} {said.audience} {said.value}")
        return 200, {"access_token": sealed, "expires_in": LIVES_S, "token_type": "Bearer"}

    async def caller(self, authorization: str) -> tuple[Caller, Profile] | None:
        """Who asks and what it reads; None for nobody. The platform's own token is taken as it is."""
        scheme, _, given = authorization.strip().partition(" ")
        opened = self._opened(given.strip()) if scheme.lower() == "bearer" else None
        if opened is None:
            return None
        value, audience = opened
        found = await self._callers.find(f"Bearer {value}")
        return None if found is None else (found, profile_of(audience))

    async def find(self, authorization: str) -> Caller | None:
        """Who asks, where the token may stand alone, as agents send it: one of the platform's, or an access token."""
        given = authorization.strip()
        found = await self.caller(given if given[:7].lower() == "bearer " else f"Bearer {given}")
        return found and found[0]

    def _opened(self, given: str) -> tuple[str, str] | None:
        """The platform's token behind what is given, and the audience; None for what is none, or has ended."""
        if given.startswith("idt:"):
            return given, ""
        if len(given) > TOKEN_MAX:
            return None
        try:
            purpose, ends, audience, value = self._vault.open(given).split(" ", 3)
        except ValueError:
            return None
        if purpose != PURPOSE or not ends.isdigit() or int(ends) <= self._clock():
            return None
        return value, audience


def credentials(headers: Mapping[bytes, bytes], raw: bytes) -> Credentials | None:
    """What was sent as JSON or as a form, the id and secret perhaps in the header; None for what cannot be read."""
    kind = headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()
    try:
        if kind == "application/x-www-form-urlencoded":
            sent: Any = dict(parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=50))
        else:
            sent = decode(raw) if raw.strip() else {}
        user, secret = _basic(headers.get(b"authorization", b"").decode("latin-1"))
    except (ValueError, binascii.Error, RecursionError):
        return None
    if not isinstance(sent, dict) or not all(isinstance(each, str) for each in sent.values()):
        return None
    audience = "".join(sent.get("audience", AUDIENCE).split())[:AUDIENCE_MAX] or AUDIENCE
    return Credentials(
        sent.get("client_id", user),
        sent.get("client_secret", secret),
        audience,
        sent.get("grant_type", "client_credentials"),
    )


def _basic(header: str) -> tuple[str, str]:
    """The id and secret of a Basic header; raises ValueError for one that is none."""
    scheme, _, given = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    user, colon, secret = base64.b64decode(given.strip(), validate=True).decode().partition(":")
    if not colon:
        raise ValueError("no colon in the credentials")
    return user, secret
