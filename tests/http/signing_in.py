"""People who sign in, and an organisation of theirs that vouches for them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from oidc_provider_mock import User, run_server_in_thread

from entrepot.storage.vault import Secrets, Vault
from tests.serving import KEY, Served

ACCOUNT = "ACC-2001-0001"
PASSWORD = "correct horse battery"
ADA, BEN, TWO = "ada@client.example", "ben@client.example", "two@client.example"

PEOPLE = {
    "ada": {"email": ADA, "email_verified": True},
    "unsure": {"email": ADA, "email_verified": False},
    "silent": {"email": BEN},
    "stranger": {"email": "stranger@client.example", "email_verified": True},
    "foreign": {"email": "someone@elsewhere.example", "email_verified": True},
    "two": {"email": TWO, "email_verified": True},
}


def verifier() -> str:
    """What is kept of the password."""
    return Secrets(Vault(KEY)).verifier(PASSWORD)


@contextmanager
def organisation(served: Served) -> Iterator[str]:
    """A provider behind a socket of its own, set up for the client."""
    users = [User(sub=name, claims=dict(claims)) for name, claims in PEOPLE.items()]
    with run_server_in_thread(user_claims=users, require_nonce=True) as server:
        issuer = f"http://localhost:{server.server_port}"
        path = f"/accounts/accounts/{ACCOUNT}/identity-provider"
        body = {"issuer": issuer, "clientId": "us", "clientSecret": "between us"}
        made = served.call("client", "POST", path, body | {"domains": ["evil.example"], "enabled": True}).json
        assert (made["enabled"], made["domains"]) == (False, []), "that is for operations to say"
        assert "between us" not in json.dumps(made)
        asked = {"domains": ["client.example"], "enabled": True}
        assert served.call("operations", "PUT", path, asked).status == 200
        yield issuer
