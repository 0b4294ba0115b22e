"""Tasks: who works on them, from being queued to their end."""

import pytest

from tests.integration.installing import Row, installed, key_of, made
from tests.party import Api, at_once, ok
from tests.serving import Served

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
