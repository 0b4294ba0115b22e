"""The example extension, on the public SDK as it is, in a process and an environment of its own, sells its product."""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from entrepot.demo.people import token_values
from entrepot.demo.world import world
from entrepot.storage.clock import advance
from entrepot.storage.embedded import Embedded
from entrepot.storage.migrate import ensure
from tests import environments
from tests.notifications.receiving import working
from tests.party import ok
from tests.serving import Served, copied

EXAMPLE = Path(__file__).parents[2] / "examples" / "extension"
PRODUCT, SEAT, LICENSEE = "PRD-7101-0001", "ITM-7101-0001-0001", "LCE-3001-0001-0001"
ORDERS = "/commerce/orders"
PATIENCE_S = 60

Row = dict[str, Any]


@dataclass(frozen=True)
class Market:
    """The demo's companies, with the example's product among theirs, and the extension beside them."""

    served: Served
    tokens: dict[str, str]
    extension: Path
    """What the extension writes while it runs."""

    def call(self, who: str, method: str, path: str, body: object = None) -> Any:
        return ok(self.served.call(self.tokens[who], method, path, body))

    def until(self, order_id: str, *states: str) -> Row:
        """The order, once it is there."""
        end = time.monotonic() + PATIENCE_S
        while (order := self.call("client", "GET", f"{ORDERS}/{order_id}"))["status"] not in states:
            assert time.monotonic() < end, (order["status"], self.extension.read_text()[-4000:])
            time.sleep(0.1)
        return order


@pytest.fixture(scope="module")
def market(cluster: Embedded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    programs = environments.required()
    with copied(cluster, "template1") as database:
        asyncio.run(ensure(database, sandbox=True, may_migrate=True))
        served = Served(database)
        secrets = iter(f"{number:043}" for number in range(1000))
        lines = [
            json.loads(json.dumps(each, default=float)) for each in world(datetime.now(UTC), lambda: next(secrets))
        ]
        quiet = [each for each in lines if not each["$kind"].startswith("commerce/")]
        product = [json.loads(line) for line in (EXAMPLE / "product.jsonl").read_text().splitlines()]
        served.load([*quiet, *product])
        tokens = {who: value for who, value in token_values(lines).items()}
        try:
            with working(served), extension(programs, served.url, tokens, tmp_path_factory.mktemp("extension")) as log:
                yield Market(served, tokens, log)
        finally:
            served.stop()


@contextlib.contextmanager
def extension(programs: Path, url: str, tokens: dict[str, str], home: Path) -> Iterator[Path]:
    """The example as its page says: introduced with the vendor's token, then run."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    told = {**os.environ, "ENTREPOT_URL": url, "ENTREPOT_VENDOR_TOKEN": tokens["vendor"],
            "LUMEN_URL": f"http://127.0.0.1:{port}", "PYTHONPATH": str(EXAMPLE), "PYTHONDONTWRITEBYTECODE": "1"}  # fmt: skip
    introduced = subprocess.run(
        [programs / "python", EXAMPLE / "introduce.py"],
        env=told,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert introduced.returncode == 0, introduced.stderr
    settings = introduced.stdout
    (home / "lumen").symlink_to(EXAMPLE / "lumen")  # the SDK writes beside the package
    log = home / "extension.log"
    with log.open("w") as out:
        program = subprocess.Popen(
            [programs / "mpt-ext", "run", "--local"],
            cwd=home,
            env=told | dict(line.split("=", 1) for line in settings.splitlines()),
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        try:
            _await(lambda: _answers(port), program, log)
            yield log
        finally:
            program.terminate()
            try:
                program.wait(15)
            except subprocess.TimeoutExpired:
                program.kill()
                program.wait()


def _await(ready: Callable[[], bool], program: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + PATIENCE_S
    while not ready():
        assert program.poll() is None, log.read_text()[-4000:]
        assert time.monotonic() < end, log.read_text()[-4000:]
        time.sleep(0.1)


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
        return True
    return False


def test_it_fulfils_a_purchase_with_one_question_then_a_change_and_the_end(market: Market) -> None:
    body = {
        "type": "Purchase",
        "status": "Processing",
        "agreement": {"licensee": {"id": LICENSEE}, "product": {"id": PRODUCT}},
        "lines": [{"item": {"id": SEAT}, "quantity": 5}],
        "parameters": {"ordering": [{"externalId": "region", "value": "the moon"}]},
    }
    order = market.call("client", "POST", ORDERS, body)

    asked = market.until(order["id"], "Querying", "Failed", "Completed")
    assert asked["status"] == "Querying"
    (region,) = asked["parameters"]["ordering"]
    assert "eu or us" in region["error"]["message"]

    answer = {"parameters": {"ordering": [{"externalId": "region", "value": "EU"}]}}
    market.call("client", "POST", f"{ORDERS}/{order['id']}/process", answer)
    done = market.until(order["id"], "Querying", "Failed", "Completed")
    assert done["status"] == "Completed"
    (subscription,) = done["subscriptions"]
    assert (subscription["name"], subscription["status"]) == ("Lumen Archive in Frankfurt", "Active")
    (tenant,) = done["parameters"]["fulfillment"]
    assert tenant["value"].startswith("lumen-eu-")
    assert tenant["value"] in market.call("client", "GET", f"{ORDERS}/{order['id']}/render")

    agreement = done["agreement"]["id"]
    change = {"type": "Change", "status": "Processing", "agreement": {"id": agreement},
              "lines": [{"id": done["lines"][0]["id"], "quantity": 8}]}  # fmt: skip
    changed = market.until(market.call("client", "POST", ORDERS, change)["id"], "Completed", "Failed")
    assert changed["status"] == "Completed"
    assert market.call("client", "GET", f"/commerce/subscriptions/{subscription['id']}")["lines"][0]["quantity"] == 8

    end = {"type": "Termination", "status": "Processing", "agreement": {"id": agreement},
           "subscriptions": [{"id": subscription["id"]}]}  # fmt: skip
    ended = market.until(market.call("client", "POST", ORDERS, end)["id"], "Completed", "Failed")
    assert ended["status"] == "Completed"
    assert market.call("client", "GET", f"/commerce/subscriptions/{subscription['id']}")["status"] == "Terminated"

    tasks = market.call("vendor", "GET", "/system/tasks?order=audit.created.at")["data"]
    assert [each["status"] for each in tasks] == ["Completed"] * 4
    assert {each["object"]["id"] for each in tasks} == {order["id"], changed["id"], ended["id"]}


def test_what_it_does_by_the_clock_is_done_at_its_time_and_by_hand(market: Market) -> None:
    (schedule,) = market.call("vendor", "GET", "/integration/schedules")["data"]
    assert (schedule["externalId"], schedule["cron"], schedule["nextRun"][11:16]) == (
        "daily-usage",
        "0 5 * * *",
        "05:00",
    )

    def tasks() -> list[Row]:
        asked = f"/system/tasks?eq(object.id,{schedule['id']})&order=audit.created.at"
        return market.call("vendor", "GET", asked)["data"]

    def done(number: int) -> Row:
        end = time.monotonic() + PATIENCE_S
        while [each["status"] for each in tasks()] != ["Completed"] * number:
            assert time.monotonic() < end, (tasks(), market.extension.read_text()[-4000:])
            time.sleep(0.1)
        return tasks()[-1]

    served = market.served
    assert served.run(advance(served.parts.pool, timedelta(days=3), served.parts.work)) == []
    first = done(1)
    logged = market.call("vendor", "GET", f"/system/tasks/{first['id']}/logs")["data"]
    assert [each["message"] for each in logged] == ["{{Count}} subscriptions are there."]
    market.call("vendor", "POST", f"/integration/schedules/{schedule['id']}/run")
    second = done(2)
    assert second["id"] != first["id"]
    assert market.call("vendor", "GET", f"/integration/schedules/{schedule['id']}")["statistics"]["running"] == 0
