"""A token by which an extension acts for an account: short-lived, and good as long as the account lets it.

Source: commerce spec 1.2, platform spec 9.
"""

from collections.abc import Iterable

from entrepot.kernel.call import Call
from entrepot.kernel.thing import Thing

NAMESPACE = "https://claims.softwareone.com/"
LIVES_S = 600
API = "api"
"""What the token is for: asking here."""
ACTIONS = ["read", "write"]

TOKEN = {
    "type": "object",
    "required": ["token"],
    "properties": {"token": {"type": "string", "examples": ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJFWEkifQ.c2ln"]}},
}
"""What such an action gives."""


def claims(account_id: str, account_type: str, extension_id: str, codes: Iterable[str]) -> dict[str, object]:
    """Who speaks, and for whom, in the words that the public SDK reads."""
    return {
        f"{NAMESPACE}accountId": account_id,
        f"{NAMESPACE}accountType": account_type,
        f"{NAMESPACE}extensionId": extension_id,
        f"{NAMESPACE}modules": {code: ACTIONS for code in codes},
    }


def account_token(
    call: Call, subject: str, extension: Thing, account: Thing, codes: Iterable[str]
) -> dict[str, object]:
    """A token that names an installation, or the extension itself for its vendor's own account.

    It holds a piece of what the key is found by: with a new key, tokens that were got by the old one are worth nothing.
    """
    said = claims(str(account.id), str(account.type), str(extension.id), codes)
    key = str(extension.secret_hash or "")[:16]
    return {"token": call.secrets.token({**said, "sub": subject, "key": key}, API, LIVES_S)}
