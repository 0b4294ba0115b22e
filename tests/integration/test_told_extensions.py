"""What was sent to an extension: its vendor lists it, reads it, has it sent again, and lets it go wrong in a sandbox."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.installing import (
    EXTENSIONS,
    INSTALLATIONS,
    Row,
    answer,
    doing,
    installed,
    key_of,
    made,
    published,
    said,
)
from tests.integration.test_events_to_extensions import about, started
from tests.notifications.receiving import Answer, Got, Inbox, inbox, working
from tests.party import Api, ok
from tests.purchases import placed
from tests.serving import Served

DELIVERIES = "/notifications/deliveries"
CHANGED = "platform.commerce.order.status_changed"


@pytest.fixture(scope="module")
def at_work(served: Served) -> Iterator[Served]:
    """The program with its background work, in a sandbox: it calls addresses of this machine."""
    with working(served):
        yield served


@pytest.fixture
def box() -> Iterator[Inbox]:
    with inbox() as found:
        found.answer = lambda _: answer(response="OK")
        yield found


def sent(api: Api, installation: Row, who: str = "vendor", query: str = "") -> list[Row]:
    return ok(api(who).get(f"{DELIVERIES}?eq(installation.id,{installation['id']}){query}"))["data"]


def until_sent(api: Api, installation: Row, status: str, count: int = 1) -> list[Row]:
    deadline = time.monotonic() + 10
    while len(found := sent(api, installation, query=f"&eq(status,{status})")) < count:
        assert time.monotonic() < deadline, sent(api, installation)
        time.sleep(0.05)
    return found


def told(api: Api, at_work: Served, box: Inbox, who: str = "client") -> tuple[Row, Row, Row]:
    """An extension of the vendor's that an account has let in, and an order that it was told of."""
    extension = published(api)
    started(api, at_work, box, extension=extension)
    installation = installed(api, extension, who)
    order = placed(at_work)
    box.wait(about(order))
    return extension, installation, order


def test_a_vendor_reads_what_its_extension_was_told(api: Api, at_work: Served, box: Inbox) -> None:
    extension, installation, order = told(api, at_work, box)
    (row,) = until_sent(api, installation, "Delivered")
    assert (row["event"], row["object"]) == (CHANGED, {"id": order["id"], "objectType": "Order"})
    assert row["installation"]["id"] == installation["id"] and row["extension"]["name"] == extension["name"]
    assert "subscription" not in row
    whole = ok(api("vendor").get(f"{DELIVERIES}/{row['id']}"))
    (attempt,) = whole["attempts"]
    assert attempt["status"] == 200 and json.loads(attempt["answer"]) == {"response": "OK"}
    payload: Any = whole["payload"]
    assert set(payload) == {"event", "at", "object", "route"} and payload["route"] == {"path": "/orders", "task": False}
    assert set(payload["object"]) <= {"id", "objectType", "name"}, "no more than names, though the account sees more"
    assert row in ok(api("operations").get(f"{DELIVERIES}?eq(extension.id,{extension['id']})"))["data"]


def test_the_account_reads_that_it_was_told_and_not_what_the_extension_answered(
    api: Api, at_work: Served, box: Inbox
) -> None:
    _, installation, _ = told(api, at_work, box)
    (row,) = until_sent(api, installation, "Delivered")
    whole = ok(api("client").get(f"{DELIVERIES}/{row['id']}"))
    assert whole["status"] == "Delivered" and "attempts" not in whole
    assert api("client").post(f"{DELIVERIES}/{row['id']}/redeliver").status == 403
    for who in ("other client", "other vendor", "restricted"):
        assert sent(api, installation, who) == []
        assert api(who).get(f"{DELIVERIES}/{row['id']}").status == 404
        assert api(who).post(f"{DELIVERIES}/{row['id']}/redeliver").status == 404


def test_what_an_extension_did_not_want_is_sent_again_with_a_new_task(api: Api, at_work: Served, box: Inbox) -> None:
    extension = made(api)
    ask = key_of(at_work, extension)
    turns = iter(("fail", "complete", "complete"))

    def work(got: Got) -> Answer:
        task = f"/system/tasks/{said(got)['task']['id']}"
        assert ask("POST", f"{task}/execute").status == 200
        verb = next(turns)
        assert ask("POST", f"{task}/{verb}", {}).status == 200
        return answer(response="OK") if verb == "complete" else answer(response="Cancel", cancelReason="Out of stock.")

    box.answer = work
    started(api, at_work, box, {"event": CHANGED, "path": "/orders", "task": True}, extension=extension)
    installation = installed(api, extension)
    order = placed(at_work)
    (row,) = until_sent(api, installation, "Failed")
    assert "Out of stock." in str(ok(api("vendor").get(f"{DELIVERIES}/{row['id']}"))["attempts"])
    for times in (2, 3):
        again = ok(api("vendor").post(f"{DELIVERIES}/{row['id']}/redeliver"))
        assert (again["status"], again["id"]) == ("Pending", row["id"])
        box.wait(lambda got, times=times: len(about(order)(got)) == times)
        until_sent(api, installation, "Delivered")
    letters = [said(each) for each in about(order)(box.got)]
    assert {each["id"] for each in letters} == {row["id"]}
    assert len({each["task"]["id"] for each in letters}) == 3, "one that has ended stays as it is"
    states = [ok(api("vendor").get(f"/system/tasks/{each['task']['id']}"))["status"] for each in letters]
    assert states == ["Failed", "Completed", "Completed"]


def test_what_is_under_way_is_not_sent_again(api: Api, at_work: Served, box: Inbox) -> None:
    box.answer = lambda _: answer(response="Delay", delay=600)
    _, installation, _ = told(api, at_work, box)
    (row,) = sent(api, installation)
    assert (row["status"], "nextAttempt" in row) == ("Pending", True)
    assert api("vendor").post(f"{DELIVERIES}/{row['id']}/redeliver").status == 409


def test_nothing_is_sent_again_once_the_installation_has_ended(api: Api, at_work: Served, box: Inbox) -> None:
    _, installation, _ = told(api, at_work, box)
    (row,) = until_sent(api, installation, "Delivered")
    assert api("client").delete(f"{INSTALLATIONS}/{installation['id']}").status == 204
    reply = api("vendor").post(f"{DELIVERIES}/{row['id']}/redeliver")
    assert (reply.status, installation["id"] in str(reply.json)) == (409, True)
    assert [each["status"] for each in sent(api, installation)] == ["Delivered"]


def test_a_task_that_is_still_open_goes_along_again(api: Api, at_work: Served, box: Inbox) -> None:
    extension = made(api)
    ask = key_of(at_work, extension)

    box.answer = doing(ask, "execute", "reschedule", response="OK")
    started(api, at_work, box, {"event": CHANGED, "path": "/orders", "task": True}, extension=extension)
    installation = installed(api, extension)
    order = placed(at_work)
    (row,) = until_sent(api, installation, "Delivered")
    ok(api("vendor").post(f"{DELIVERIES}/{row['id']}/redeliver"))
    first, second = about(order)(box.wait(lambda got: len(about(order)(got)) == 2))
    assert said(first)["task"] == said(second)["task"]


@pytest.mark.parametrize(("kind", "letters", "status"), [("error", 1, 500), ("timeout", 1, None), ("twice", 2, 200)])
def test_letters_to_an_extension_go_wrong_as_often_as_was_said(
    api: Api, at_work: Served, box: Inbox, kind: str, letters: int, status: int | None
) -> None:
    extension = published(api)
    started(api, at_work, box, extension=extension)
    installation = installed(api, extension, "client")
    path = f"{INSTALLATIONS}/{installation['id']}"
    shown = ok(api("vendor").post(f"{path}/fault", {"kind": kind, "times": 1}))["fault"]
    assert (shown["kind"], shown["times"]) == (kind, 1)
    order = placed(at_work)
    if kind != "twice":
        deadline = time.monotonic() + 10
        while not (rows := sent(api, installation, query="&gt(tries,0)")):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        # It starts anew, so what waits goes out at once and not after the usual seconds.
        while not ok(api("vendor").get(f"{DELIVERIES}/{rows[0]['id']}"))["attempts"]:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        started(api, at_work, box, extension=extension)
    box.wait(lambda got: len(about(order)(got)) == letters)
    (row,) = until_sent(api, installation, "Delivered")
    attempts = ok(api("vendor").get(f"{DELIVERIES}/{row['id']}"))["attempts"]
    assert attempts[0].get("status") == status
    assert "fault" not in ok(api("vendor").post(f"{path}/fault", {}))


def test_a_fault_is_for_the_vendor_of_the_extension_to_make(api: Api, at_work: Served, box: Inbox) -> None:
    _, installation, _ = told(api, at_work, box)
    path = f"{INSTALLATIONS}/{installation['id']}/fault"
    assert api("client").post(path, {"kind": "twice"}).status == 403
    assert api("other vendor").post(path, {"kind": "twice"}).status == 404
    wrong = api("vendor").post(path, {"kind": "fire", "times": 0})
    assert wrong.status == 400 and set(wrong.json["errors"]) == {"kind", "times"}
    foreign = made(api, "other vendor")
    ok(api("operations").post(f"{EXTENSIONS}/{foreign['id']}/publish"))
    own = installed(api, foreign, "vendor")
    assert api("vendor").post(f"{INSTALLATIONS}/{own['id']}/fault", {"kind": "twice"}).status == 403
