"""The public SDK of 2025 as it is, in processes of its own: an extension polls, fulfils and validates orders."""

import contextlib
import json
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import environments
from tests.notifications.validating import CHOSEN, DRAFT, ORDERS, WEBHOOKS, parameter, registered, validate, wants
from tests.party import Party, ok
from tests.purchases import draft
from tests.serving import Served
from tests.world import PRODUCT, refer, token

HERE = Path(__file__).parent
PATIENCE_S = 60
GUNICORN = (
    "import sys; from mpt_extension_sdk.runtime.workers import start_gunicorn; start_gunicorn({'bind': sys.argv[1]})"
)

Row = dict[str, Any]
Api = Callable[[str], Party]


@pytest.fixture(scope="module")
def extension(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the extension answers, while it also polls."""
    programs = environments.required(environments.POLLING_SDK)
    home = tmp_path_factory.mktemp("poller")
    installed = home / "poller-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: poller\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text("[swo.mpt.ext]\napp_config = poller.apps:PollerConfig\n")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    told = {
        **os.environ,
        "PYTHONPATH": f"{HERE}:{home}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "MPT_API_BASE_URL": served.url,
        "MPT_API_TOKEN": token("vendor"),
        "MPT_PRODUCTS_IDS": PRODUCT,
        "MPT_ORDERS_API_POLLING_INTERVAL_SECS": "1",
        "MPT_DJANGO_SECRET_KEY": "a key of the test",
        "EXT_WEBHOOKS_SECRETS": json.dumps({PRODUCT: CHOSEN}),
        "PROCESS_CHECK_INTERVAL_SECS": "1",
        "COLUMNS": "200",
    }
    address = f"127.0.0.1:{port}"
    with (
        running(programs, [programs / "swoext", "run", "--no-color", "consumer"], told, home / "consumer.log"),
        running(programs, [programs / "python", "-c", GUNICORN, address], told, home / "api.log") as alive,
    ):
        end = time.monotonic() + PATIENCE_S
        while True:
            alive()
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            assert time.monotonic() < end, (home / "api.log").read_text()[-4000:]
            time.sleep(0.1)
        yield f"http://{address}/api/v1/orders/validate"
        done = (home / "consumer.log").read_text()
        assert "Traceback" not in done, done[-8000:]


@contextlib.contextmanager
def running(programs: Path, command: list[Any], told: dict[str, str], log: Path) -> Iterator[Callable[[], None]]:
    """A process of the extension's; what is given back fails where it has ended."""
    with log.open("w") as out:
        process = subprocess.Popen(
            command, cwd=log.parent, env=told, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )

        def alive() -> None:
            assert process.poll() is None, log.read_text()[-4000:]

        try:
            yield alive
            alive()
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@pytest.fixture
def validated(api: Api, extension: str) -> Iterator[Row]:
    """The extension's webhook, and a product that wants it asked."""
    wants(api, DRAFT)
    made = registered(api, extension)
    yield made
    ok(api("vendor").delete(f"{WEBHOOKS}/{made['id']}"))
    wants(api)


def until(api: Api, order: Row, *states: str) -> Row:
    """The order, once it is there."""
    end = time.monotonic() + PATIENCE_S
    while (found := ok(api("client").get(f"{ORDERS}/{order['id']}")))["status"] not in states:
        assert time.monotonic() < end, found["status"]
        time.sleep(0.1)
    return found


def answers(**values: object) -> Row:
    """Values for what is asked of whoever orders."""
    return {"ordering": [{"externalId": name, "value": value} for name, value in values.items()]}


def test_what_is_bought_changed_and_given_up_is_carried_out_by_the_extension(api: Api, extension: str, validated: Row):
    order = draft(api("client").served, parameters=answers(company="Nobody"))
    objected = ok(validate(api, order))
    assert objected["validation"]["status"] == "Invalid"
    assert parameter(objected, "company")["error"] == {"id": "P1", "message": "Who is that?"}
    good = ok(validate(api, order, {"parameters": answers(company="Northwind", note="?")}))
    assert good["validation"]["status"] == "Valid" and "error" not in parameter(good, "company")
    assert ok(api("vendor").get(f"{ORDERS}/{order['id']}"))["lines"][0]["price"]["unitPP"] == 42

    path = f"{ORDERS}/{order['id']}"
    ok(api("client").post(f"{path}/process"))
    asked = until(api, order, "Querying")
    assert parameter(asked, "note")["error"]["message"] == "What do you mean?"
    ok(api("client").post(f"{path}/process", {"parameters": answers(note="That.")}))
    until(api, order, "Completed")
    held = ok(api("client").get(f"/commerce/agreements/{order['agreement']['id']}"))
    (subscription,) = held["subscriptions"]
    assert (held["status"], subscription["name"]) == ("Active", "Alpha Suite 1y by the poller")
    mine = ok(api("vendor").get(f"/commerce/agreements/{held['id']}"))
    assert mine["externalIds"]["vendor"] == f"CUST-{held['id']}"

    line = next(each for each in held["lines"] if each["quantity"] == 10)
    about = {"agreement": refer(held["id"]), "status": "Processing"}
    change = ok(api("client").post(ORDERS, {**about, "type": "Change", "lines": [{"id": line["id"], "quantity": 12}]}))
    until(api, change, "Completed")
    changed = ok(api("client").get(f"/commerce/agreements/{held['id']}"))
    assert sorted(each["quantity"] for each in changed["lines"]) == [1, 12]

    ended = {**about, "type": "Termination", "subscriptions": [refer(subscription["id"])]}
    until(api, ok(api("client").post(ORDERS, ended)), "Completed")
    assert ok(api("client").get(f"/commerce/agreements/{held['id']}"))["status"] == "Terminated"


def test_what_the_extension_does_not_do_fails(api: Api, extension: str):
    order = draft(api("client").served, status="Processing", parameters=answers(company="Northwind", note="never"))
    assert until(api, order, "Failed")["statusNotes"]["message"] == "We do not do that."


def test_an_extension_that_breaks_and_one_that_does_not_know_us(api: Api, extension: str, validated: Row):
    order = draft(api("client").served, parameters=answers(company="Broken"))
    reply = validate(api, order)
    assert (reply.status, reply.json["detail"]) == (400, "The extension broke.")
    ok(api("vendor").put(f"{WEBHOOKS}/{validated['id']}", {"secret": "one that the extension does not have"}))
    shown = ok(validate(api, order))
    assert shown["validation"]["status"] == "Unanswered"
    last = ok(api("vendor").get(f"{WEBHOOKS}/{validated['id']}?select=lastCall"))["lastCall"]
    assert last["httpStatusCode"] == 401
