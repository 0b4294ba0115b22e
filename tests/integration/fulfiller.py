"""A vendor's extension for tests, in a process of its own that may be killed: it fulfils purchases.

It holds nothing between two letters. What it means for an order follows from the order alone, and each of its writes
has an `Idempotency-Key` of its own: so it may be told of an order as often as one likes.
"""

import argparse
import json
import os
import sys
import time
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

NOBODY = "Nobody"
"""Whoever orders for a company of this name is asked for another one."""

UNLUCKY = 13
"""Of nothing so many are sold at a time: such an order fails."""

CHANGED, FULFIL, HEARD = "platform.commerce.order.status_changed", "/fulfil", "/heard"
EVENTS = "platform.commerce.*"
WANTED = (
    {"event": CHANGED, "condition": "and(eq(status,Processing),eq(type,Purchase))", "path": FULFIL, "task": True},
    {"event": EVENTS, "path": HEARD, "task": False},
)
"""It works on orders that wait for the vendor, and takes note of everything else."""

PATIENCE_S = 60.0
Row = dict[str, Any]


@dataclass
class Api:
    """The platform, as the extension reaches it: each write again and again until it is acknowledged."""

    port: int
    extension: str
    key: str
    token: str = ""
    until: float = 0.0

    def ask(self, method: str, path: str, body: object = None, key: str = "", wanted: tuple[int, ...] = ()) -> Row:
        """The answer, with its status. A server that is away or busy is asked anew."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                bearer = self.key if path.startswith("/system/") else self._token()
                status, document = self._once(method, path, body, key, bearer)
            except (HTTPException, OSError, ValueError):
                status, document = 0, {}
            if status in (200, 201, 204, *wanted):
                return {**document, "answered": status}
            assert status in (0, 401, 409, 503), (method, path, status, document)
            self.until = 0.0 if status == 401 else self.until
            assert time.monotonic() < deadline, (method, path, status, document)
            time.sleep(0.1)

    def _token(self) -> str:
        """For the vendor's account, taken with the key for some minutes."""
        if time.monotonic() >= self.until:
            path = "/integration/installations/-/token"
            status, document = self._once("POST", path, None, "", self.key)
            if status != 200:
                raise HTTPException(f"{path}: {status}")
            self.token, self.until = document["token"], time.monotonic() + 300
        return self.token

    def _once(self, method: str, path: str, body: object, key: str, bearer: str) -> tuple[int, Row]:
        conn = HTTPConnection("127.0.0.1", self.port, timeout=10)
        headers = {"authorization": f"Bearer {bearer}"} | ({"idempotency-key": key} if key else {})
        try:
            conn.request(method, f"/public/v1{path}", json.dumps(body) if body is not None else None, headers)
            answer = conn.getresponse()
            raw = answer.read()
            return answer.status, json.loads(raw) if raw else {}
        finally:
            conn.close()

    def register(self, address: str) -> None:
        """Tells where it is and what it wants to hear, with its key."""
        path = f"/integration/extensions/{self.extension}/instances"
        body = {"externalId": address, "version": "1.0.0", "meta": {"openapi": "/openapi.json", "events": WANTED}}
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                status, document = self._once("POST", path, body, "", self.key)
                if status == 201:
                    return
                assert status in (409, 503), (status, document)
            except (HTTPException, OSError, ValueError):
                pass
            assert time.monotonic() < deadline, "the platform was never there"
            time.sleep(0.1)


def work(api: Api, order_id: str, task_id: str) -> None:
    """One order, as far as it goes now, within its task."""
    task = f"/system/tasks/{task_id}"
    if api.ask("POST", f"{task}/execute", wanted=(409,))["answered"] == 409:
        state = api.ask("GET", task)["status"]
        if state in ("Completed", "Failed"):
            return
        assert state == "Processing", state  # the answer to ours was lost
    order = api.ask("GET", f"/commerce/orders/{order_id}?select=lines,subscriptions,parameters")
    if order["status"] == "Processing":
        fulfil(api, order)
    api.ask("POST", f"{task}/complete", {}, f"{task_id} complete")


def fulfil(api: Api, order: Row) -> None:
    """Asked back, failed, or delivered with one subscription for each line."""
    path, name = f"/commerce/orders/{order['id']}", order["id"]
    (company,) = (each for each in order["parameters"]["ordering"] if each["externalId"] == "company")
    if company["value"] == NOBODY:
        fault = {"externalId": "company", "error": {"id": "F-1", "message": "Who is that?"}}
        api.ask("POST", f"{path}/query", {"parameters": {"ordering": [fault]}}, f"{name} query")
        return
    if any(each["quantity"] == UNLUCKY for each in order["lines"]):
        notes = {"statusNotes": {"id": "F-2", "message": f"We do not sell {UNLUCKY} of anything."}}
        api.ask("POST", f"{path}/fail", notes, f"{name} fail")
        return
    for line in order["lines"]:
        body = {"name": f"Seats of {line['id']}", "lines": [{"id": line["id"]}]}
        api.ask("POST", f"{path}/subscriptions", body, f"{name} {line['id']}")
    api.ask("POST", f"{path}/complete", None, f"{name} complete")


def serve(api: Api, port: int, log: Path) -> None:
    """Answers letters until it is killed. Each is noted before anything else is done."""
    notes = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            letter = json.loads(self.rfile.read(int(self.headers["content-length"])))
            about = letter["object"]
            noted = {"id": letter["id"], "about": [about["objectType"], about["id"]], "at": time.time()}
            os.write(notes, json.dumps(noted).encode() + b"\n")
            status, said = 200, b'{"response":"OK"}'
            try:
                if self.path == FULFIL:
                    work(api, letter["object"]["id"], letter["task"]["id"])
            except Exception as fault:
                os.write(notes, json.dumps({"fault": repr(fault)}).encode() + b"\n")
                status, said = 500, b""
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    api.register(f"http://127.0.0.1:{port}")
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    server.serve_forever()


def main() -> None:
    """The program."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    for name, kind in (("--api", int), ("--port", int), ("--log", Path), ("--extension", str), ("--key", str)):
        parser.add_argument(name, type=kind, required=True)
    chosen = parser.parse_args()
    serve(Api(chosen.api, chosen.extension, chosen.key), chosen.port, chosen.log)


if __name__ == "__main__":
    main()
