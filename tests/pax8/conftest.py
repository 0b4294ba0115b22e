"""Somebody who speaks to the served platform in the Pax8 way."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest

from entrepot.storage.clock import advance
from entrepot.storage.embedded import Embedded
from tests.serving import Served, serving, token_of

LEGACY, CURRENT, SEED = "api://p8p.client", "https://api.pax8.com", ""
"""What a token is asked for; with the last the platform's own token is taken, which reads everything."""

COMPANY, SECOND_COMPANY, OTHER_COMPANY = (
    "Licensee LCE-2001-0001-0001",
    "Licensee LCE-2001-0002-0001",
    "Licensee LCE-2002",
)
"""Companies of the small world: two of one partner, one of another."""

NOBODY = "o1r2d3e4-r5s6-7890-abcd-ef1234567890"
"""The seed's own example of an id, which is no UUID."""

UNKNOWN = "5b1c1f0e-6f0a-4f35-9a0b-0d3f6c1b7a01"
"""A UUID that nobody was given."""


@dataclass
class Desk:
    """One party with a token, and the addresses below the version."""

    served: Served
    who: str
    audience: str = SEED
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30))

    def __post_init__(self) -> None:
        self.token = token_of(self.who)
        if self.audience:
            _, client_id, secret = self.token.split(":")
            sent = {"client_id": client_id, "client_secret": secret, "audience": self.audience}
            reply = self.http.post(f"{self.served.url}/pax8/v1/token", json=sent | {"grant_type": "client_credentials"})
            self.token = reply.json()["access_token"]

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        """One request."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        content = None if body is None else json.dumps(body).encode()
        sent = {"authorization": f"Bearer {self.token}", "content-type": "application/json"} | named
        return self.http.request(method, f"{self.served.url}/pax8/v1{path}", content=content, headers=sent)

    def get(self, path: str, **headers: str) -> Any:
        """What is there."""
        return ok(self.ask("GET", path, **headers))

    def post(self, path: str, body: object, **headers: str) -> Any:
        """Something new."""
        return ok(self.ask("POST", path, body, **headers))

    def company(self, name: str) -> str:
        """The UUID of the company with that name."""
        found = self.get(f"/companies?name={name}")["content"]
        assert len(found) == 1, found
        return found[0]["id"]

    def product(self, sku: str) -> str:
        """The UUID of the product with that vendor's number."""
        return next(each["id"] for each in self.get(f"/products?search={sku}")["content"] if each["vendorSku"] == sku)

    def line(self, sku: str, term: str, quantity: int = 5, **more: Any) -> dict[str, Any]:
        """A line item that answers what its product asks."""
        details = [{"key": "company", "values": ["Northwind"]}]
        line = {"productId": self.product(sku), "quantity": quantity, "billingTerm": term}
        return line | {"provisioningDetails": details} | more

    def order(self, *lines: dict[str, Any], company: str = COMPANY, **more: Any) -> Any:
        """An order of a company."""
        return self.post("/orders", {"companyId": self.company(company), "lineItems": list(lines), **more})

    def subscriptions(self, order: Any) -> list[Any]:
        """The subscriptions that an order made, once the built-in fulfiller has had its time."""
        self.served.run(advance(self.served.parts.pool, timedelta(seconds=10), self.served.parts.work))
        lines = self.get(f"/orders/{order['id']}")["lineItems"]
        return [self.get(f"/subscriptions/{each['subscriptionId']}") for each in lines]


def ok(reply: httpx.Response) -> Any:
    """The document of a success; anything else says what it was."""
    assert reply.is_success, (reply.status_code, reply.text)
    return reply.json() if reply.content else None


@pytest.fixture(scope="module")
def served(cluster: Embedded, template: str) -> Iterator[Served]:
    """A server for the tests of one module, with a call limit that they do not reach."""
    with serving(cluster, template, pax8_calls_per_minute=0) as server:
        yield server


Desks = Callable[..., Desk]


@pytest.fixture(scope="module")
def desk(served: Served) -> Iterator[Desks]:
    """`desk("client")`, `desk("client", LEGACY)`: somebody's way in, one connection each."""
    made: dict[tuple[str, str], Desk] = {}

    def of(who: str = "client", audience: str = SEED) -> Desk:
        if (who, audience) not in made:
            made[who, audience] = Desk(served, who, audience)
        return made[who, audience]

    yield of
    for each in made.values():
        each.http.close()
