"""What depends on the key outside the database: secrets that must be given back are encrypted, heads are signed."""

import base64
import hashlib
import os
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

SECRET_BYTES = 32
ISSUER = "entrepot"
ALGORITHM = "HS256"


class Vault:
    """Seals and opens secrets with AES-GCM, and signs with Ed25519: two keys that follow from the secret one.

    Raises ValueError for what was sealed under another key.
    """

    def __init__(self, secret_key: str):
        self._cipher = AESGCM(hashlib.sha256(b"entrepot vault\0" + secret_key.encode()).digest())
        self._signer = Ed25519PrivateKey.from_private_bytes(
            hashlib.sha256(b"entrepot heads\0" + secret_key.encode()).digest()
        )
        self._verifier = self._signer.public_key()
        self._token_key = OctKey.import_key(hashlib.sha256(b"entrepot tokens\0" + secret_key.encode()).digest())

    def sign(self, message: bytes) -> bytes:
        """The signature of a message, 64 bytes."""
        return self._signer.sign(message)

    def signed(self, message: bytes, signature: bytes) -> bool:
        """Whether the signature is ours, and of this message."""
        try:
            self._verifier.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def token(self, claims: Mapping[str, object], audience: str, seconds: int) -> str:
        """A JSON Web Token of what is claimed, for an audience, good for so long."""
        now = int(time.time())
        said = {**claims, "iss": ISSUER, "aud": audience, "iat": now, "exp": now + seconds}
        return jwt.encode({"alg": ALGORITHM}, said, self._token_key)

    def claimed(self, token: str, audience: str) -> Mapping[str, Any] | None:
        """What such a token claims; None for one that is not ours, is for somebody else, or has ended."""
        registry = jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": ISSUER},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            sub={"essential": True},
        )
        try:
            claims = jwt.decode(token, self._token_key, [ALGORITHM]).claims
            registry.validate(claims)
        except (JoseError, ValueError):
            return None
        return claims

    def seal(self, secret: str) -> str:
        """The secret as text for the database."""
        return base64.b64encode(self.seal_bytes(secret.encode())).decode()

    def open(self, sealed: str) -> str:
        """The secret again."""
        return self.open_bytes(base64.b64decode(sealed)).decode()

    def seal_bytes(self, secret: bytes) -> bytes:
        """The secret as bytes for the database."""
        nonce = os.urandom(12)
        return nonce + self._cipher.encrypt(nonce, secret, None)

    def open_bytes(self, sealed: bytes) -> bytes:
        """The secret again."""
        try:
            return self._cipher.decrypt(sealed[:12], sealed[12:], None)
        except Exception as fault:
            raise ValueError("This secret was sealed under another ENTREPOT_SECRET_KEY.") from fault


def digest(secret: str) -> str:
    """What is kept of a token for finding it: SHA-256 is enough for 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def hasher():
    """Argon2id at the strength that sign-in checks in 28 ms (OWASP's least memory)."""
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class Secrets:
    """What a verb needs of all this."""

    def __init__(self, vault: Vault):
        self._vault = vault

    def new(self) -> str:
        """A secret of 256 random bits."""
        return secrets.token_urlsafe(SECRET_BYTES)

    def seal(self, secret: str) -> str:
        """A secret that must be given back, encrypted."""
        return self._vault.seal(secret)

    def digest(self, secret: str) -> str:
        """What a secret is found by."""
        return digest(secret)

    def token(self, claims: Mapping[str, object], audience: str, seconds: int) -> str:
        """What is claimed, signed by this installation, for so long in real time: a JSON Web Token."""
        return self._vault.token(claims, audience, seconds)

    def verifier(self, password: str) -> str:
        """What a password is checked against."""
        return hasher().hash(password)


def key_beside(data: Path) -> str:
    """The key of an embedded database, made on first use and kept beside the data, mode 0600."""
    file = data / "secret.key"
    try:
        return file.read_text().strip()
    except FileNotFoundError:
        data.mkdir(parents=True, exist_ok=True)
        key = secrets.token_urlsafe(32)
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as out:
            out.write(key + "\n")
        return key
