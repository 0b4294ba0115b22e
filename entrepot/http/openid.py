"""Signing in at one's own organisation, by OpenID Connect: authorization code with PKCE.

What is asked of the provider is kept in a sealed cookie of the browser that asks, and nowhere else.
"""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

import asyncpg
import structlog
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from entrepot.kernel.letter import Letter, Send, Unreachable
from entrepot.kernel.wire import decode
from entrepot.storage.vault import Vault

LOG = structlog.get_logger()

STATE_LIVES_S: Final = 600
PURPOSE: Final = "openid"
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
LEEWAY_S: Final = 60
TIMEOUT_S: Final = 10.0
ANSWER_BYTES_MAX: Final = 500_000
CALLBACK: Final = "/auth/callback"

NO_PROVIDER = "Nobody has set up how this organisation signs its people in."
FAILED = "Your organisation has not signed you in; try again."
NOT_A_MEMBER = "You are not a member of that account yet: ask to be invited, and accept the invitation first."


class NotSignedIn(Exception):
    """The words that the person is told."""


@dataclass(frozen=True, slots=True)
class Provider:
    """An organisation's provider, as its account has set it up."""

    id: str
    account_id: str
    issuer: str
    client_id: str
    client_secret: str
    domains: list[str]


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Whom a provider has signed in, and for which account."""

    user_id: str
    account_id: str
    provider_id: str


_PROVIDER = """
select p.id, p.account_id, p.issuer, p.client_id, p.client_secret, p.domains
from identity_providers p join accounts a on a.id = p.account_id
where p.enabled and a.status in ('Enabled', 'Active') and """

_MEMBER = """
select u.id from users u join account_users m on m.user_id = u.id
where lower(u.email) = $1 and u.status = 'Active' and m.account_id = $2 and m.status = 'Active'
"""


class OpenId:
    """Sends people to their provider and reads what they bring back."""

    def __init__(self, pool: asyncpg.Pool, vault: Vault, send: Send):
        self._pool = pool
        self._send = send
        self._vault = vault

    async def begin(self, email: str, base: str) -> tuple[str, str]:
        """The address to go to, and what the browser keeps meanwhile. Raises NotSignedIn."""
        domain = email.strip().lower().rpartition("@")[2]
        provider = await self._provider("p.domains ? $1 order by p.id limit 1", domain) if domain else None
        if provider is None:
            raise NotSignedIn(NO_PROVIDER)
        found = await self._discovered(provider)
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": provider.client_id,
            "redirect_uri": base + CALLBACK,
            "scope": "openid email profile",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "login_hint": email.strip(),
        }
        ends = int(time.time()) + STATE_LIVES_S
        kept = self._vault.seal(f"{PURPOSE} {ends} {provider.id} {state} {nonce} {verifier}")
        address = str(found["authorization_endpoint"])
        return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}", _in_cookie(kept)

    async def finish(self, given: Mapping[str, str], kept: str, base: str) -> SignedIn:
        """Who it is that comes back. Raises NotSignedIn for anything that is not as it should be."""
        provider_id, state, nonce, verifier = self._opened(kept)
        if "error" in given or not given.get("code") or not _alike(given.get("state", ""), state):
            raise NotSignedIn(FAILED)
        provider = await self._provider("p.id = $1", provider_id)
        if provider is None:
            raise NotSignedIn(NO_PROVIDER)
        found = await self._discovered(provider)
        asked = {
            "grant_type": "authorization_code",
            "code": given["code"],
            "redirect_uri": base + CALLBACK,
            "client_id": provider.client_id,
            "code_verifier": verifier,
        }
        answer = await self._ask("POST", str(found["token_endpoint"]), asked, provider)
        keys = await self._ask("GET", str(found["jwks_uri"]))
        claims = self._claims(str(answer.get("id_token", "")), keys, provider, nonce)
        email = str(claims.get("email", "")).lower()
        if claims.get("email_verified") is not True or email.rpartition("@")[2] not in provider.domains:
            raise NotSignedIn("Your organisation does not vouch for an e-mail address of its own.")
        user_id = await self._pool.fetchval(_MEMBER, email, provider.account_id)
        if user_id is None:
            raise NotSignedIn(NOT_A_MEMBER)
        return SignedIn(user_id, provider.account_id, provider.id)

    def _opened(self, kept: str) -> tuple[str, str, str, str]:
        try:
            purpose, ends, *rest = self._vault.open(_from_cookie(kept)).split(" ")
            provider_id, state, nonce, verifier = rest
        except ValueError:
            raise NotSignedIn(FAILED) from None
        if purpose != PURPOSE or int(ends) < time.time():
            raise NotSignedIn(FAILED)
        return provider_id, state, nonce, verifier

    def _claims(self, token: str, keys: Mapping[str, Any], provider: Provider, nonce: str) -> Mapping[str, Any]:
        """What the provider says of who signed in, once it is certain that it is from there and for this."""
        try:
            key_set = KeySet.import_key_set(keys)  # pyright: ignore[reportArgumentType]
            read = jwt.decode(token, key_set, algorithms=list(ALGORITHMS))
            jwt.JWTClaimsRegistry(
                leeway=LEEWAY_S,
                iss={"essential": True, "value": provider.issuer},
                aud={"essential": True, "value": provider.client_id},
                exp={"essential": True},
                nonce={"essential": True, "value": nonce},
            ).validate(read.claims)
        except (JoseError, ValueError, KeyError, TypeError) as fault:
            LOG.warning("an identity provider's token is not as it should be", provider=provider.id, fault=repr(fault))
            raise NotSignedIn(FAILED) from None
        audience = read.claims["aud"]
        if isinstance(audience, list) and len(audience) > 1 and read.claims.get("azp") != provider.client_id:
            raise NotSignedIn(FAILED)
        return read.claims

    async def _provider(self, where: str, value: str) -> Provider | None:
        row = await self._pool.fetchrow(_PROVIDER + where, value)
        if row is None:
            return None
        secret = self._vault.open(row["client_secret"]) if row["client_secret"] else ""
        domains: Any = decode(row["domains"].encode())
        return Provider(row["id"], row["account_id"], row["issuer"], row["client_id"], secret, domains)

    async def _discovered(self, provider: Provider) -> Mapping[str, Any]:
        """What the provider says of itself, under its own name. Browsers go where it says: to web addresses alone,
        and to safe ones where its own is."""
        found = await self._ask("GET", provider.issuer.rstrip("/") + "/.well-known/openid-configuration")
        names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        schemes = ("https://",) if provider.issuer.startswith("https://") else ("https://", "http://")
        if found.get("issuer") != provider.issuer or not all(
            str(found.get(name)).startswith(schemes) for name in names
        ):
            LOG.warning("an identity provider does not describe itself", provider=provider.id)
            raise NotSignedIn(FAILED)
        return found

    async def _ask(
        self, method: str, url: str, form: Mapping[str, str] | None = None, provider: Provider | None = None
    ) -> Mapping[str, Any]:
        """An object from the provider; nothing but a plain 200 will do."""
        headers = {"Accept": "application/json"}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if provider is not None and provider.client_secret:
            credentials = f"{quote(provider.client_id)}:{quote(provider.client_secret)}".encode()
            headers["Authorization"] = f"Basic {base64.b64encode(credentials).decode()}"
        body = urlencode(form).encode() if form is not None else b""
        try:
            reply = await self._send(Letter(url, body, headers, method, TIMEOUT_S, ANSWER_BYTES_MAX))
            document = decode(reply.body) if reply.status == 200 and not reply.cut else None
        except (Unreachable, ValueError) as fault:
            LOG.warning("an identity provider does not answer", url=url[:200], fault=repr(fault))
            raise NotSignedIn(FAILED) from None
        if not isinstance(document, dict):
            LOG.warning("an identity provider refuses", url=url[:200], status=reply.status)
            raise NotSignedIn(FAILED)
        return document


def _alike(given: str, kept: str) -> bool:
    """Compared in the same time, whatever is given."""
    return hmac.compare_digest(given.encode(), kept.encode())


def _in_cookie(sealed: str) -> str:
    """Base64 as a cookie takes it."""
    return sealed.replace("+", "-").replace("/", "_").replace("=", "")


def _from_cookie(kept: str) -> str:
    text = kept.replace("-", "+").replace("_", "/")
    return text + "=" * (-len(text) % 4)
