"""Tokens: how a client gets one, how long it holds, and how often it may call."""

import base64
from collections.abc import Iterator

import httpx
import pytest

from entrepot.pax8.limit import Limit
from entrepot.pax8.token import LIVES_S, Tokens
from entrepot.storage.embedded import Embedded
from tests.pax8.conftest import UNKNOWN, Desk, Desks
from tests.serving import Served, serving, token_of

_, CLIENT_ID, SECRET = token_of("client").split(":")
CREDENTIALS = {
    "client_id": CLIENT_ID,
    "client_secret": SECRET,
    "audience": "https://api.pax8.com",
    "grant_type": "client_credentials",
}
BASIC = {"authorization": "Basic " + base64.b64encode(f"{CLIENT_ID}:{SECRET}".encode()).decode()}


@pytest.mark.parametrize("path", ["/pax8/v1/token", "/pax8/oauth/token", "/pax8/token"])
@pytest.mark.parametrize(
    "sent",
    [
        {"json": CREDENTIALS},
        {"json": {**CREDENTIALS, "client_secret": token_of("client")}},
        {"data": CREDENTIALS},
        {"data": {"grant_type": "client_credentials"}, "headers": BASIC},
        {"headers": BASIC},
    ],
    ids=["json", "whole value", "form", "basic", "basic alone"],
)
def test_a_token_is_given_in_every_form(served: Served, path: str, sent: dict):
    reply = httpx.post(f"{served.url}{path}", **sent)
    given = reply.json()
    assert reply.status_code == 200 and (given["expires_in"], given["token_type"]) == (86400, "Bearer")
    assert SECRET not in given["access_token"]
    answer = httpx.get(f"{served.url}/pax8/v1/companies", headers={"authorization": f"bearer {given['access_token']}"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "access_denied"),
        ({"client_id": "TKN-9999-0001"}, 401, "access_denied"),
        ({"client_id": "TKN-2002-0001", "client_secret": token_of("client")}, 401, "access_denied"),
        ({"client_id": "", "client_secret": ""}, 401, "access_denied"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"client_id": 5}, 400, "invalid_request"),
    ],
)
def test_others_get_none(served: Served, change: dict, status: int, error: str):
    reply = httpx.post(f"{served.url}/pax8/v1/token", json=CREDENTIALS | change)
    assert (reply.status_code, reply.json()["error"]) == (status, error)


@pytest.mark.parametrize("raw", [b"{", b"[]", b"\xff", b"1"])
def test_what_cannot_be_read_gets_none(served: Served, raw: bytes):
    assert httpx.post(f"{served.url}/pax8/v1/token", content=raw).status_code == 400
    assert httpx.get(f"{served.url}/pax8/v1/token").status_code == 405


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer x", "Bearer " + "A" * 200, f"Basic {SECRET}", "Bearer idt:TKN-1:x", token_of("client")],
)
def test_who_is_unknown_is_told_so_in_both_shapes(served: Served, header: str):
    reply = httpx.get(f"{served.url}/pax8/v1/orders/{UNKNOWN}", headers={"authorization": header} if header else {})
    assert reply.status_code == 401 and reply.headers["www-authenticate"] == "Bearer"
    assert reply.json() == {
        "type": "UNAUTHORIZED", "message": "Unauthorized", "instance": f"/public/v1/orders/{UNKNOWN}", "status": 401,
        "details": [], "error": "access_denied", "error_description": "Unauthorized",
    }  # fmt: skip


def test_an_access_token_ends_after_a_day_and_with_the_platforms_token(served: Served):
    now = [1_000_000.0]
    tokens = Tokens(served.parts.callers, served.parts.store.vault, clock=lambda: now[0])
    _, given = served.run(tokens.give({}, httpx.Request("POST", "http://x", json=CREDENTIALS).content))
    bearer = f"Bearer {given['access_token']}"
    assert served.run(tokens.caller(bearer)) is not None
    now[0] += LIVES_S - 1
    assert served.run(tokens.caller(bearer)) is not None
    now[0] += 1
    assert served.run(tokens.caller(bearer)) is None


def test_what_was_sealed_for_something_else_is_no_token(served: Served):
    tokens = Tokens(served.parts.callers, served.parts.store.vault)
    for text in (
        f"page 9999999999 {token_of('client')}",
        f"pax8 9999999999 x {token_of('client')}x",
        token_of("client"),
        "pax8",
        "pax8 x y z",
    ):
        sealed = served.parts.store.vault.seal(text)
        assert served.run(tokens.caller(f"Bearer {sealed}")) is None


# How often ------------------------------------------------------------------------------------------


def test_a_minute_begins_with_the_first_call():
    now = [0.0]
    limit = Limit(2, clock=lambda: now[0])
    assert limit.waits_s("a") == 0
    limit.count("a")
    now[0] = 30.5
    limit.count("a")
    assert (limit.waits_s("a"), limit.waits_s("b")) == (30, 0)
    now[0] = 60
    assert limit.waits_s("a") == 0
    limit.count("a")
    assert limit.waits_s("a") == 0


@pytest.fixture(scope="module")
def slow(cluster: Embedded, template: str) -> Iterator[Served]:
    """A server that allows three calls a minute."""
    with serving(cluster, template, pax8_calls_per_minute=3) as server:
        yield server


def test_calls_that_succeed_are_counted_for_each_token(slow: Served):
    partner, other = Desk(slow, "client"), Desk(slow, "other client")
    for path in ("/companies", f"/orders/{UNKNOWN}", "/products?page=x", "/orders", "/nothing", "/invoices"):
        assert partner.ask("GET", path).status_code in (200, 400, 404)
    limited = partner.ask("GET", "/companies")
    assert (limited.status_code, limited.json()["type"]) == (429, "TOO_MANY_REQUESTS")
    assert 1 <= int(limited.headers["retry-after"]) <= 60
    assert other.ask("GET", "/companies").status_code == 200


def test_the_limit_is_that_of_the_documents(desk: Desks, cluster: Embedded, template: str):
    with serving(cluster, template) as server:
        assert server.parts.settings.pax8_calls_per_minute == 1000
