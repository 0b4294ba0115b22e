"""How a receiver knows that a letter is ours: Standard Webhooks (https://www.standardwebhooks.com), version 1."""

import base64
import binascii
import hmac
from collections.abc import Iterable
from datetime import timedelta
from hashlib import sha256

PREFIX = "whsec_"
BYTES_LEAST, BYTES_MOST = 24, 64
BOTH_SIGN_FOR = timedelta(hours=24)
"""How long the secret before signs too once there is a new one."""


def made_of(random: str) -> str:
    """A secret of ours, of as many random bits as come in (base64 for URLs, without its end)."""
    return PREFIX + base64.b64encode(base64.urlsafe_b64decode(random + "=" * (-len(random) % 4))).decode()


def check_secret(value: object) -> list[str]:
    """What is wrong with a secret that somebody brings along."""
    key = _key(value) if isinstance(value, str) else None
    if key is None or not BYTES_LEAST <= len(key) <= BYTES_MOST:
        return [f"{PREFIX} and base64 of {BYTES_LEAST} to {BYTES_MOST} bytes was expected."]
    return []


def headers(letter_id: str, seconds: int, body: bytes, secrets: Iterable[str]) -> dict[str, str]:
    """The three headers: one signature for each secret. `seconds` since 1970 are of the sending, each time anew."""
    signed = f"{letter_id}.{seconds}.".encode() + body
    found = [f"v1,{base64.b64encode(hmac.digest(key, signed, sha256)).decode()}" for key in map(_key, secrets) if key]
    return {"webhook-id": letter_id, "webhook-timestamp": str(seconds), "webhook-signature": " ".join(found)}


def _key(secret: str) -> bytes | None:
    """The bytes of a secret; None for what is none."""
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True) if secret.startswith(PREFIX) else None
    except (binascii.Error, ValueError):
        return None
