"""The story is told to its end over HTTP, and stops with the server's words when a step goes wrong.

The server is a stand-in that knows this one order; the story over the real one belongs to the stories.
"""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from urllib.parse import urlsplit

import pytest
from rich.console import Console

from entrepot.demo.answers import display
from entrepot.demo.deal import Deal
from entrepot.demo.next_steps import next_steps
from entrepot.demo.products import MIRRORVAULT
from entrepot.demo.selling import offer
from entrepot.demo.stage import Unexpected
from entrepot.demo.story import LICENSEE, play

TOKENS = {role: f"idt:TKN-{n}000-0001:secret" for n, role in enumerate(("client", "vendor", "operations"), 1)}
ROLES = {f"Bearer {token}": role for role, token in TOKENS.items()}


class Market:
    """One order, its agreement, and what becomes of them."""

    def __init__(self) -> None:
        self.order: dict = {}
        self.calls: list[str] = []
        self.broken = ""

    def answer(self, role: str, method: str, path: str, body: dict) -> tuple[int, object]:
        self.calls.append(f"{role} {method} {path}")
        if path == self.broken:
            return 409, {"title": "Conflict", "status": 409, "detail": "Another order is in flight."}
        match method, path.split("/")[1:]:
            case "POST", ["orders"]:
                return 201, self.seen(role, self.create(body))
            case "PUT", ["orders", _]:
                self.write(body)
            case "POST", ["orders", _, "subscriptions"]:
                made = {**body, "id": "SUB-1111-2222-3333", "status": "Draft"}
                self.order["subscriptions"] = [made]
                return 201, made
            case "POST", ["orders", _, verb]:
                self.write(body)
                self.order["status"] = {"process": "Processing", "query": "Querying", "complete": "Completed"}[verb]
            case "GET", ["orders", _, "render"]:
                return 200, "# Dear client\n\nPlease read."
            case "GET", ["agreements", id]:
                return 200, {"id": id, "name": "Vault", "status": self.live("Provisioning"), "price": {"SPxY": 1.5}}
            case "GET", ["subscriptions", id]:
                return 200, {"id": id, "name": "Seats", "status": self.live("Draft")}
            case "GET", ["assets"]:
                return 200, {"data": [{"id": "AST-1111-2222-3333", "name": "Day", "status": self.live("Draft")}]}
            case "GET", ["records"]:
                event = {"timestamp": "2026-01-01T08:00:00.000Z", "event": "platform.commerce.order.created"}
                return 200, {"data": [event]}
            case "GET", ["orders"]:
                return 200, {"data": [self.seen(role, self.order)]}
        return 200, self.seen(role, self.order)

    def live(self, before: str) -> str:
        return "Active" if self.order["status"] == "Completed" else before

    def create(self, body: dict) -> dict:
        found = offer(MIRRORVAULT, LICENSEE)
        assert found
        deal = Deal(found, LICENSEE)
        items = {MIRRORVAULT.item_id(item): item for item in MIRRORVAULT.items}
        lines = [
            {**line, "id": f"ALI-{n}", "price": deal.price(items[line["item"]["id"]], line["quantity"])}
            for n, line in enumerate(body["lines"], 1)
        ]
        price = deal.total(line["price"] for line in lines)
        agreement = {"id": "AGR-1111-2222-3333", "name": "Vault"}
        self.order = {**body, "id": "ORD-1111-2222-3333", "agreement": agreement, "lines": lines, "price": price}
        return self.order

    def write(self, body: dict) -> None:
        known = {each["externalId"]: each for each in self.order["parameters"]["ordering"]}
        for entry in body.get("parameters", {}).get("ordering", ()):
            known[entry["externalId"]].pop("error", None)
            known[entry["externalId"]].update(entry)

        for each in self.order["parameters"]["ordering"]:
            each["displayValue"] = display(each["value"])

    def seen(self, role: str, order: dict) -> dict:
        hidden = {"client": ("PP", "mar"), "vendor": ("SP", "mar")}.get(role, ("none",))

        def price(of: dict) -> dict:
            shown = {name: value for name, value in of["price"].items() if not any(h in name for h in hidden)}
            return {**of, "price": shown}

        return {**price(order), "lines": [price(line) for line in order["lines"]]}


@pytest.fixture
def market() -> Iterator[tuple[Market, str]]:
    state = Market()

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
            path = urlsplit(self.path).path.removeprefix("/public/v1")
            path = path.removeprefix("/commerce").removeprefix("/audit")
            status, answer = state.answer(ROLES[self.headers["Authorization"]], self.command, path, body)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(answer, default=float).encode())

        do_GET = do_POST = do_PUT = handle_any

        def log_message(self, *_: object) -> None:
            """Nothing is said."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield state, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_the_story_is_told_to_its_end(market):
    state, url = market
    told = StringIO()
    play(url, TOKENS, Console(file=told, width=160), 0)
    writes = [call.split(" ", 1) for call in state.calls if " GET " not in call]
    assert [(role, call.replace("ORD-1111-2222-3333", "…")) for role, call in writes] == [
        ("client", "POST /orders"),
        ("client", "POST /orders/…/process"),
        ("vendor", "POST /orders/…/query"),
        ("client", "PUT /orders/…"),
        ("client", "POST /orders/…/process"),
        ("vendor", "PUT /orders/…"),
        ("vendor", "POST /orders/…/subscriptions"),
        ("vendor", "POST /orders/…/complete"),
    ]
    for shown in ("jana.weidner@brennholt.exmaple", "SUB-1111-2222-3333 Active", "AST-1111-2222-3333 Active"):
        assert shown in told.getvalue()


def test_each_party_is_shown_its_own_prices(market):
    told = StringIO()
    play(market[1], TOKENS, Console(file=told, width=160), 0)
    (row,) = (line for line in told.getvalue().splitlines() if "140 x Mirrorvault Workplace" in line)
    assert row.split("yearly")[1].split() == ["48.02", "6,722.80", "41.40", "5,796.00", "16.00", "%"]


def test_the_story_stops_when_a_client_is_shown_what_is_not_its_to_see(market, monkeypatch):
    monkeypatch.setattr(Market, "seen", lambda self, role, order: order)
    with pytest.raises(Unexpected, match="the client is shown unitPP"):
        play(market[1], TOKENS, Console(file=StringIO()), 0)


def test_the_story_stops_with_what_the_server_said(market):
    state, url = market
    state.broken = "/orders/ORD-1111-2222-3333/complete"
    with pytest.raises(Unexpected, match=r"(?s)POST .*/complete answered 409.*Another order is in flight"):
        play(url, TOKENS, Console(file=StringIO()), 0)


def test_next_steps_can_be_copied_and_run(market):
    state, url = market
    play(url, TOKENS, Console(file=StringIO()), 0)
    told = StringIO()
    next_steps(url, TOKENS, Console(file=told, width=60))
    shown = told.getvalue()
    assert all(token in shown for token in TOKENS.values())
    assert sum(line.startswith("curl ") for line in shown.splitlines()) == 3
    pytest.importorskip("mpt_api_client")
    program = shown[shown.index("from mpt_api_client") :]
    exec(compile(program, "next steps", "exec"), {"print": lambda *_: None})
    assert state.calls[-1] == "client GET /orders"
