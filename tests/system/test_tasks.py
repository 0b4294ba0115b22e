"""Tasks: who works on them, from being queued to their end."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from entrepot.kernel.doors import Options
from entrepot.reactions import PLATFORM
from entrepot.storage.clock import advance
from entrepot.system.api import ASKING
from tests.integration.installing import Row, installed, key_of, made
from tests.party import Api, at_once, ok
from tests.serving import Served
from tests.world import ACCOUNTS

TASKS = "/system/tasks"


def queued(api: Api, who: str = "vendor", **more: object) -> Row:
    """Something to do."""
    return ok(api(who).post(TASKS, {"name": "Count meters", **more}))


def test_a_task_from_being_queued_to_its_end(api: Api) -> None:
    task = queued(api)
    path = f"{TASKS}/{task['id']}"
    assert (task["status"], task["id"][:4], task["parameters"]) == ("Queued", "TSK-", {})
    started = ok(api("vendor").post(f"{path}/execute"))
    assert started["status"] == "Processing"
    assert started["audit"]["started"]["at"]
    assert ok(api("vendor").put(path, {"progress": 40, "parameters": {"a": 1}}))["progress"] == 40
    assert ok(api("vendor").post(f"{path}/reschedule"))["status"] == "Rescheduled"
    assert ok(api("vendor").post(f"{path}/execute"))["status"] == "Processing"
    assert ok(api("vendor").put(path, {"result": "/commerce/orders/X"}))["result"] == "/commerce/orders/X"
    done = ok(api("vendor").post(f"{path}/complete", {}))
    assert (done["status"], done["progress"]) == ("Completed", 100)
    assert ok(api("vendor").get(f"{path}/result")) == "/commerce/orders/X"


def test_a_task_that_has_ended_stays_as_it_is(api: Api) -> None:
    failed = queued(api)
    path = f"{TASKS}/{failed['id']}"
    assert ok(api("vendor").post(f"{path}/fail", {"reason": "No meters."}))["reason"] == "No meters."
    for verb in ("execute", "complete", "fail", "reschedule", "queue"):
        assert api("vendor").post(f"{path}/{verb}").status == 409, verb
    assert api("vendor").put(path, {"progress": 1}).status == 409
    assert ok(api("vendor").get(path))["status"] == "Failed"
    assert api("vendor").post(f"{TASKS}/TSK-0000-0000-0000-0000/complete").status == 404


def test_what_waits_is_taken_on_once_it_is_queued(api: Api) -> None:
    task = queued(api, status="Blocked")
    path = f"{TASKS}/{task['id']}"
    assert task["status"] == "Blocked"
    assert api("vendor").post(f"{path}/execute").status == 409
    assert ok(api("vendor").post(f"{path}/queue"))["status"] == "Queued"
    assert ok(api("vendor").post(f"{path}/execute"))["status"] == "Processing"


def test_of_two_who_take_a_task_on_at_once_one_is_told(api: Api) -> None:
    path = f"{TASKS}/{queued(api)['id']}/execute"
    replies = at_once(*(lambda: api("vendor").post(path) for _ in range(4)))
    assert sorted(each.status for each in replies) == [200, 409, 409, 409]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": "x", "progress": 101}, "progress"),
        ({"name": "x", "progress": "NaN"}, "progress"),
        ({"name": "x", "parameters": []}, "parameters"),
        ({"name": 3}, "name"),
    ],
)
def test_bad_content_is_told_by_its_field(api: Api, body: Row, field: str) -> None:
    reply = api("vendor").post(TASKS, body)
    assert reply.status == 400
    assert field in reply.json["errors"]


def test_what_the_platform_publishes_with_a_task_stays(api: Api) -> None:
    task = queued(api, parameters={"extensionId": "EXT-1", "mine": 1})
    assert task["parameters"] == {"mine": 1}


def test_a_clients_token_asks_nobody_to_work(api: Api) -> None:
    assert api("client").post(TASKS, {"name": "x"}).status == 403
    path = f"{TASKS}/{queued(api)['id']}"
    assert api("client").get(path).status == 404
    assert api("other vendor").get(path).status == 404
    assert api("other vendor").post(f"{path}/execute").status == 404
    assert ok(api("operations").post(f"{path}/execute"))["status"] == "Processing"


def test_an_extension_works_on_its_tasks_with_its_key(api: Api, served: Served) -> None:
    extension = made(api, modules=[])
    installed(api, extension)
    ask = key_of(served, extension)
    path = f"{TASKS}/{ok(ask('POST', TASKS, {'name': 'Nightly'}))['id']}"
    assert ok(ask("POST", f"{path}/execute"))["audit"]["started"]["by"]["id"] == extension["id"]
    line = ok(ask("POST", f"{path}/logs", {"message": "Half way {{N}}", "severity": "warning", "parameters": {"N": 1}}))
    assert (line["severity"], line["message"]) == ("Warning", "Half way {{N}}")
    assert line["timestamp"]
    assert [each["id"] for each in ok(api("vendor").get(f"{path}/logs"))["data"]] == [line["id"]]
    assert ok(api("operations").get(f"{path}/logs"))["$meta"]["pagination"]["total"] == 1
    assert api("client").get(f"{path}/logs").status == 403
    assert api("other vendor").get(f"{path}/logs").status == 404
    assert ask("POST", f"{path}/logs", {}).status == 400
    assert ok(ask("POST", f"{path}/complete", {}))["status"] == "Completed"
    assert ask("POST", f"{path}/logs", {"message": "Afterwards"}).status == 201


# What the platform asks has limits ----------------------------------------------------------------------


def asked(served: Served, extension: Row, processing: int = 7200, lifetime: int = 86_400) -> str:
    """A task that the platform itself asks for, as with a letter; it says how long it may take."""
    parameters = {"maxTaskProcessingSeconds": processing, "maxTaskLifetimeSeconds": lifetime}
    said = {"name": "Count", "parameters": parameters, "account": ACCOUNTS["vendor"][0],
            "extension": extension["id"], "vendor": ACCOUNTS["vendor"][0]}  # fmt: skip
    return served.run(served.parts.doors.create(PLATFORM, ASKING, said, Options())).thing_id


def watched(served: Served, task_id: str) -> list[str]:
    """What is to be done about it in real time."""
    rows = served.fetch("select job from due where object_id = $1 and done_at is null and real order by job", task_id)
    return [row[0] for row in rows]


def overdue(served: Served, task_id: str, job: str) -> None:
    """The limit is over, and somebody looks."""
    changed = "update due set at = clock_timestamp() where object_id = $1 and job = $2 returning id"
    assert served.fetch(changed, task_id, job)
    served.run(served.parts.work.settle(sealed=False))


@pytest.mark.parametrize(
    ("job", "reason"),
    [
        ("system.task.overrun", "It was worked on for longer than 7200 seconds."),
        ("system.task.outlive", "It was not done within 86400 seconds."),
    ],
)
def test_a_task_that_takes_too_long_has_failed(api: Api, served: Served, job: str, reason: str) -> None:
    task_id = asked(served, made(api))
    path = f"{TASKS}/{task_id}"
    assert watched(served, task_id) == ["system.task.outlive"]
    ok(api("vendor").post(f"{path}/execute"))
    assert watched(served, task_id) == ["system.task.outlive", "system.task.overrun"]
    overdue(served, task_id, job)
    ended = ok(api("vendor").get(path))
    assert (ended["status"], ended["reason"]) == ("Failed", reason)
    assert ended["audit"]["failed"]["by"]["id"] == "SVC-0002"
    assert api("vendor").post(f"{path}/complete", {}).status == 409
    assert watched(served, task_id) == []


def test_nobody_looks_at_a_task_that_has_ended_or_waits(api: Api, served: Served) -> None:
    extension = made(api)
    done, waiting = asked(served, extension), asked(served, extension)
    for task_id in (done, waiting):
        ok(api("vendor").post(f"{TASKS}/{task_id}/execute"))
    ok(api("vendor").post(f"{TASKS}/{done}/complete", {}))
    assert watched(served, done) == []
    ok(api("vendor").post(f"{TASKS}/{waiting}/reschedule"))
    assert watched(served, waiting) == ["system.task.outlive"]
    ok(api("vendor").post(f"{TASKS}/{waiting}/execute"))
    assert watched(served, waiting) == ["system.task.outlive", "system.task.overrun"]
    ok(api("vendor").post(f"{TASKS}/{waiting}/fail", {"reason": "No."}))
    assert watched(served, waiting) == []
    own = queued(api)["id"]
    ok(api("vendor").post(f"{TASKS}/{own}/execute"))
    assert watched(served, own) == [], "it is its own account's"


def test_limits_count_in_real_time(api: Api, served: Served) -> None:
    """A sandbox whose clock is moved does not take from machines the time in which they work."""
    task_id = asked(served, made(api))
    ok(api("vendor").post(f"{TASKS}/{task_id}/execute"))
    assert served.run(advance(served.parts.pool, timedelta(days=40), served.parts.work)) == []
    assert ok(api("vendor").get(f"{TASKS}/{task_id}"))["status"] == "Processing"
    assert len(watched(served, task_id)) == 2


def test_a_task_ends_once_though_its_limit_and_its_worker_come_at_the_same_time(api: Api, served: Served) -> None:
    for _ in range(5):
        task_id = asked(served, made(api))
        path = f"{TASKS}/{task_id}"
        ok(api("vendor").post(f"{path}/execute"))
        served.fetch("update due set at = clock_timestamp() where object_id = $1", task_id)
        with ThreadPoolExecutor() as threads:
            settling = threads.submit(served.run, served.parts.work.settle(sealed=False))
            reply = api("vendor").post(f"{path}/complete", {})
            settling.result()
        status = ok(api("vendor").get(path))["status"]
        assert (reply.status, status) in ((200, "Completed"), (409, "Failed"))
        assert watched(served, task_id) == []
