"""Events as an extension hears of them: letters, tasks, answers, conditions, and whose events they are."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from entrepot.integration.installation import INSTALLATION
from entrepot.integration.instance import INSTANCE
from entrepot.storage.reading import Reader
from tests.integration.installing import (
    EXTENSIONS,
    INSTALLATIONS,
    MARKETPLACE,
    Row,
    answer,
    by,
    claims_of,
    doing,
    installed,
    key_of,
    made,
    published,
    said,
)
from tests.notifications.receiving import Answer, Got, Inbox, inbox, working
from tests.party import Api, ok
from tests.purchases import draft, placed
from tests.serving import Served
from tests.world import ACCOUNTS, OTHER_LICENSEE, refer

CHANGED = "platform.commerce.order.status_changed"
CLAIMS = "https://claims.softwareone.com/"


@pytest.fixture(scope="module")
def at_work(served: Served) -> Iterator[Served]:
    """The program with its background work, in a sandbox: it calls addresses of this machine."""
    with working(served):
        yield served


@pytest.fixture
def box() -> Iterator[Inbox]:
    with inbox() as found:
        yield found


def about(order: Row) -> Any:
    return lambda got: [each for each in got if said(each)["object"]["id"] == order["id"]]


def started(api: Api, served: Served, box: Inbox, *events: Row, extension: Row | None = None, **more: Any) -> Row:
    """An extension that is let in by its vendor, and has told where it is and what it wants."""
    extension = extension or made(api, **more)
    entries = events or ({"event": CHANGED, "path": "/orders", "task": False},)
    body = {"externalId": f"http://127.0.0.1:{box.port}/base/", "meta": {"openapi": "/o", "events": list(entries)}}
    assert (
        ok(key_of(served, extension)("POST", f"{EXTENSIONS}/{extension['id']}/instances", body))["status"] == "Running"
    )
    return extension


def test_a_vendors_extension_hears_of_an_order_that_is_placed(api: Api, at_work: Served, box: Inbox) -> None:
    box.answer = lambda _: answer(response="OK")
    extension = started(api, at_work, box)
    installed(api, extension)
    order = placed(at_work)
    (got,) = about(order)(box.wait(about(order)))
    letter = said(got)
    assert got.path == "/base/orders"
    assert letter["object"]["objectType"] == "Order"
    assert letter["object"]["name"]
    assert letter["details"]["eventType"] == CHANGED
    assert set(letter["details"]) == {"eventType", "enqueueTime", "deliveryTime"}
    assert "task" not in letter
    token = got.headers["authorization"].removeprefix("Bearer ")
    claims = claims_of(token)
    assert claims[f"{CLAIMS}accountId"] == ACCOUNTS["vendor"][0]
    assert claims[f"{CLAIMS}accountType"] == "Vendor"
    assert claims[f"{CLAIMS}extensionId"] == extension["id"]
    assert claims["exp"] > time.time() + 60
    opened = at_work.call(None, "GET", "/commerce/orders", authorization=f"Bearer {token}")
    assert opened.status == 401, "a letter's token opens nothing here"


def test_events_go_where_the_condition_and_the_account_let_them(api: Api, at_work: Served, box: Inbox) -> None:
    box.answer = lambda _: answer(response="OK")
    extension = published(api)
    wanted = {"event": "platform.commerce.order.*", "path": "/placed", "condition": "eq(status,processing)"}
    rest = {"event": "platform.commerce.order.created", "path": "/drafts"}
    started(api, at_work, box, wanted, rest, extension=extension)
    installed(api, extension, "client")
    foreign = placed(at_work, "other client", licensee=OTHER_LICENSEE)
    drafted = draft(at_work)
    order = placed(at_work)
    box.wait(about(order))
    box.wait(about(drafted))
    paths = {(said(each)["object"]["id"], each.path) for each in box.got}
    assert (order["id"], "/base/placed") in paths
    assert (drafted["id"], "/base/drafts") in paths
    assert foreign["id"] not in {thing for thing, _ in paths}
    assert {claims_of(each.headers["authorization"])[f"{CLAIMS}accountId"] for each in box.got} == {
        ACCOUNTS["client"][0]
    }


def test_a_condition_that_nobody_can_ask_is_told_when_it_is_registered(api: Api, served: Served) -> None:
    extension = made(api)
    for event, condition, words in (
        (CHANGED, "eq(nonsense,1)", "nonsense"),
        ("platform.commerce.*", "eq(status,Draft)", "one kind"),
    ):
        meta = {"events": [{"event": event, "path": "/x", "condition": condition}]}
        reply = key_of(served, extension)(
            "POST", f"{EXTENSIONS}/{extension['id']}/instances", {"externalId": "h", "meta": meta}
        )
        assert reply.status == 400
        assert words in str(reply.json["errors"]["meta.events[0].condition"])


def test_a_task_goes_with_an_event_for_those_who_ask(api: Api, at_work: Served, box: Inbox) -> None:
    extension = made(api)
    ask = key_of(at_work, extension)

    def work(got: Got) -> Answer:
        task = said(got)["task"]["id"]
        assert got.headers["mpt-task-id"] == task
        assert ask("POST", f"/system/tasks/{task}/execute").status == 200
        assert ask("POST", f"/system/tasks/{task}/complete", {}).status == 200
        return answer(response="OK")

    box.answer = work
    started(api, at_work, box, {"event": CHANGED, "path": "/orders", "task": True}, extension=extension)
    installed(api, extension)
    order = placed(at_work)
    (got,) = about(order)(box.wait(about(order)))
    task = ok(api("vendor").get(f"/system/tasks/{said(got)['task']['id']}"))
    assert (task["event"], task["object"]["id"], task["extension"]["id"]) == (CHANGED, order["id"], extension["id"])
    assert task["parameters"]["extensionId"] == extension["id"]
    assert task["parameters"]["maxTaskProcessingSeconds"] > 0
    until = time.monotonic() + 10
    while ok(api("vendor").get(f"/system/tasks/{task['id']}"))["status"] != "Completed":
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.parametrize("delay", [1, 1.0])
def test_what_is_delayed_comes_again_and_what_is_cancelled_does_not(
    api: Api, at_work: Served, box: Inbox, delay: float
) -> None:
    words = [answer(response="Delay", delay=delay), answer(response="Cancel", cancelReason="Not ours.")]
    extension = made(api)
    started(api, at_work, box, extension=extension)
    installation = installed(api, extension)
    box.answer = lambda _: words[min(len(box.got), 2) - 1]
    order = placed(at_work)
    first, second = about(order)(box.wait(lambda got: len(about(order)(got)) == 2))
    assert 0.9 < second.at - first.at < 4
    assert said(first)["id"] == said(second)["id"]
    time.sleep(1.5)
    assert len(about(order)(box.got)) == 2
    rows = at_work.fetch("select status, attempts from deliveries where receiver_id = $1", installation["id"])
    assert [row["status"] for row in rows] == ["Failed"]
    assert "Not ours." in str(rows[0]["attempts"])


def test_a_task_that_was_taken_on_by_one_who_died_is_put_back_when_it_starts_anew(
    api: Api, at_work: Served, box: Inbox
) -> None:
    extension = made(api)
    ask = key_of(at_work, extension)

    def die(got: Got) -> Answer:
        assert ask("POST", f"/system/tasks/{said(got)['task']['id']}/execute").status == 200
        return answer(response="OK") if len(box.got) > 1 else (503, {"retry-after": "0"}, b"")

    box.answer = die
    entry = {"event": CHANGED, "path": "/orders", "task": True}
    started(api, at_work, box, entry, extension=extension)
    installed(api, extension)
    order = placed(at_work)
    box.wait(about(order))
    time.sleep(1)
    assert len(about(order)(box.got)) == 1, "it may still be at work"
    started(api, at_work, box, entry, extension=extension)
    first, second = about(order)(box.wait(lambda got: len(about(order)(got)) == 2))
    assert said(first)["task"] == said(second)["task"]


def test_however_often_a_program_was_started_it_costs_no_more_to_tell_it(
    api: Api, at_work: Served, box: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that gives itself another name each time has any number of instances."""
    box.answer = lambda _: answer(response="OK")
    extension = started(api, at_work, box)
    installed(api, extension)
    meta = {"openapi": "/o", "events": [{"event": CHANGED, "path": "/orders"}]}
    for each in range(30):
        body = {"externalId": f"http://127.0.0.1:{box.port}/{each}", "meta": meta}
        ok(key_of(at_work, extension)("POST", f"{EXTENSIONS}/{extension['id']}/instances", body))
    read: list[str] = []
    decode = Reader.decode_inline

    def counted(self: Reader, plan: Any, row: Any, known: Any) -> Any:
        read.append(plan.noun.path)
        return decode(self, plan, row, known)

    monkeypatch.setattr(Reader, "decode_inline", counted)
    order = placed(at_work)
    (got,) = about(order)(box.wait(about(order)))
    assert got.path == "/29/orders"
    assert INSTALLATION.path in read
    assert read.count(INSTANCE.path) == 0


def test_what_happened_before_an_extension_ran_waits_for_it(api: Api, at_work: Served, box: Inbox) -> None:
    box.answer = lambda _: answer(response="OK")
    extension = made(api, service={"url": f"http://127.0.0.1:{box.port}/base"})
    installed(api, extension)
    order = placed(at_work)
    time.sleep(1)
    assert not box.got
    started(api, at_work, box, extension=extension)
    assert about(order)(box.wait(about(order), seconds=40))


def test_an_installation_that_has_ended_hears_nothing(api: Api, at_work: Served, box: Inbox) -> None:
    box.answer = lambda _: answer(response="OK")
    extension = started(api, at_work, box)
    installation = installed(api, extension)
    order = placed(at_work)
    box.wait(about(order))
    assert api("vendor").delete(f"{INSTALLATIONS}/{installation['id']}").status == 204
    later = placed(at_work)
    time.sleep(1)
    assert not about(later)(box.got)


def test_the_program_of_a_disabled_vendor_is_told_nothing_and_opens_nothing(
    api: Api, at_work: Served, box: Inbox
) -> None:
    box.answer = lambda _: answer(response="OK")
    vendor = f"/accounts/accounts/{ACCOUNTS['other vendor'][0]}"
    extension = ok(api("other vendor").post(EXTENSIONS, {"name": "Meter", "modules": [refer(MARKETPLACE)]}))
    ok(api("operations").post(f"{EXTENSIONS}/{extension['id']}/publish"))
    started(api, at_work, box, extension=extension)
    installed(api, extension, "client")
    client = ACCOUNTS["client"][0]
    reply = key_of(at_work, extension)("POST", f"{INSTALLATIONS}/-/token?account.id={client}")
    ask = by(at_work, ok(reply)["token"])
    order = placed(at_work)
    box.wait(about(order))
    assert ask("GET", f"/commerce/orders/{order['id']}").status == 200
    ok(api("operations").post(f"{vendor}/disable"))
    try:
        time.sleep(2.1)
        assert ask("GET", f"/commerce/orders/{order['id']}").status == 401
        second = placed(at_work)
        time.sleep(1)
        assert not about(second)(box.got)
    finally:
        ok(api("operations").post(f"{vendor}/enable"))
    box.wait(about(second), 40)


def tasked(api: Api, served: Served, box: Inbox, extension: Row) -> Any:
    """A letter with a task came in: gives the task, as it becomes, to whoever asks for a state of it."""
    started(api, served, box, {"event": CHANGED, "path": "/orders", "task": True}, extension=extension)
    installed(api, extension)
    order = placed(served)
    (got,) = about(order)(box.wait(about(order)))
    path = f"/system/tasks/{said(got)['task']['id']}"

    def becomes(status: str, seconds: float = 10) -> Row:
        until = time.monotonic() + seconds
        while (task := ok(api("vendor").get(path)))["status"] != status:
            assert time.monotonic() < until, task
            time.sleep(0.05)
        return task

    return becomes, lambda: about(order)(box.got)


def test_ok_ends_a_task_that_nobody_took_on(api: Api, at_work: Served, box: Inbox) -> None:
    box.answer = lambda _: answer(response="OK")
    becomes, letters = tasked(api, at_work, box, made(api))
    task = becomes("Completed")
    assert "started" not in task["audit"]
    assert len(letters()) == 1


def test_ok_leaves_a_task_to_whoever_took_it_on(api: Api, at_work: Served, box: Inbox) -> None:
    extension = made(api)
    ask = key_of(at_work, extension)

    box.answer = doing(ask, "execute", response="OK")
    becomes, letters = tasked(api, at_work, box, extension)
    task = becomes("Processing")
    time.sleep(1)
    task = becomes("Processing")
    assert ok(ask("POST", f"/system/tasks/{task['id']}/complete", {}))["status"] == "Completed"
    assert len(letters()) == 1


@pytest.mark.parametrize("verbs", [(), ("execute",), ("execute", "fail")])
def test_cancel_fails_the_task_and_its_reason_is_kept(
    api: Api, at_work: Served, box: Inbox, verbs: tuple[str, ...]
) -> None:
    """As the SDK does: it fails the task without a reason, and gives the reason with its answer."""
    extension = made(api)
    ask = key_of(at_work, extension)

    box.answer = doing(ask, *verbs, response="Cancel", cancelReason="Not ours.")
    becomes, letters = tasked(api, at_work, box, extension)
    becomes("Failed")
    until = time.monotonic() + 5
    while becomes("Failed").get("reason") != "Not ours.":
        assert time.monotonic() < until
        time.sleep(0.05)
    time.sleep(1)
    assert len(letters()) == 1


def test_a_reason_that_cannot_be_kept_as_it_is_is_kept_without_that(api: Api, at_work: Served, box: Inbox) -> None:
    box.answer = lambda _: answer(response="Cancel", cancelReason="\0Not\0 ours.")
    becomes, letters = tasked(api, at_work, box, made(api))
    assert becomes("Failed")["reason"] == "Not ours."
    time.sleep(1)
    assert len(letters()) == 1


def test_cancel_does_not_undo_what_was_done(api: Api, at_work: Served, box: Inbox) -> None:
    extension = made(api)
    ask = key_of(at_work, extension)

    box.answer = doing(ask, "execute", "complete", response="Cancel", cancelReason="Not ours.")
    becomes, _ = tasked(api, at_work, box, extension)
    time.sleep(1)
    assert "reason" not in becomes("Completed")


def test_a_task_that_is_over_its_limit_is_not_sent_again(api: Api, at_work: Served, box: Inbox) -> None:
    extension = made(api)
    ask = key_of(at_work, extension)

    box.answer = doing(ask, "execute", response="Delay", delay=3600)
    becomes, letters = tasked(api, at_work, box, extension)
    task = becomes("Processing")
    at_work.fetch(
        "update due set at = clock_timestamp() where object_id = $1 and job = 'system.task.overrun'", task["id"]
    )
    assert "7200 seconds" in becomes("Failed")["reason"]
    until = time.monotonic() + 10
    delivery = said(letters()[0])["id"]
    while at_work.fetch("select status from deliveries where id = $1", delivery)[0][0] == "Pending":
        assert time.monotonic() < until
        time.sleep(0.05)
    assert len(letters()) == 1
    assert ask("POST", f"/system/tasks/{task['id']}/complete", {}).status == 409
