"""What extensions do by the clock: when they are called, for whom, how often, and what stops it."""

import asyncio
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from entrepot.kernel.wire import moment_text
from entrepot.storage.clock import advance
from tests.integration.installing import (
    EXTENSIONS,
    INSTALLATIONS,
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
from tests.notifications.killing import ENTREPOT, Process
from tests.notifications.receiving import Answer, Got, Inbox, inbox, working
from tests.party import Api, at_once, ok
from tests.serving import Served
from tests.world import ACCOUNTS, refer

SCHEDULES, TASKS = "/integration/schedules", "/system/tasks"
FIRED = "platform.integration.schedule.fired"
CLAIMS = "https://claims.softwareone.com/"
NIGHTLY = {"id": "nightly", "name": "Every night", "description": "Counts.", "cron": "0 6 * * *", "path": "/nightly"}
DAY = timedelta(days=1)


@pytest.fixture
def box() -> Iterator[Inbox]:
    with inbox() as found:
        found.answer = lambda _: answer(response="OK")
        yield found


@pytest.fixture
def at_work(served: Served) -> Iterator[Served]:
    """The program with its background work, in a sandbox. Nothing of another test is called any more."""
    served.fetch("update extension_installations set status = 'Uninstalled' where status = 'Installed'")
    with working(served):
        yield served


def started(served: Served, extension: Row, box: Inbox, *schedules: Row, **more: object) -> None:
    """The extension tells where it is, and what it does by the clock."""
    meta = {"openapi": "/o", "events": [], "schedules": list(schedules or (NIGHTLY,)), **more}
    body = {"externalId": f"http://127.0.0.1:{box.port}", "meta": meta}
    ok(key_of(served, extension)("POST", f"{EXTENSIONS}/{extension['id']}/instances", body))


def of(api: Api, extension: Row, who: str = "vendor") -> list[Row]:
    """Its schedules, in the order of their names."""
    found = ok(
        api(who).get(f"{SCHEDULES}?eq(extension.id,{extension['id']})&select=statistics.running&order=externalId")
    )
    return found["data"]


def moved(served: Served, duration: timedelta = DAY) -> None:
    """The business clock, as `entrepot clock` moves it."""
    assert served.run(advance(served.parts.pool, duration, served.parts.work)) == []


def business_now(served: Served) -> datetime:
    return served.fetch("select entrepot_now()")[0][0]


def until(true: Callable[[], object], seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def stands_still(box: Inbox, letters: int, seconds: float = 1.5) -> None:
    """No more has come in, and no more comes."""
    time.sleep(seconds)
    assert [said(each)["details"] for each in box.got[letters:]] == []
    assert len(box.got) == letters


def test_it_runs_at_its_time_for_each_account_and_each_run_is_a_task(api: Api, at_work: Served, box: Inbox) -> None:
    extension = published(api)
    started(at_work, extension, box)
    installed(api, extension, "vendor")
    installed(api, extension, "client")
    (schedule,) = of(api, extension)
    now = business_now(at_work)
    first = (now + DAY).replace(hour=6, minute=0, second=0, microsecond=0)
    first -= DAY if now.hour < 6 else timedelta()
    assert schedule["nextRun"] == moment_text(first)
    assert "lastRun" not in schedule
    assert {schedule[name] for name in ("externalId", "name", "cron", "path")} == {
        NIGHTLY[name] for name in ("id", "name", "cron", "path")
    }
    stands_still(box, 0, 0.3)
    moved(at_work)
    letters = box.wait(lambda got: len(got) == 2)
    accounts = {claims_of(each.headers["authorization"])[f"{CLAIMS}accountId"] for each in letters}
    assert accounts == {ACCOUNTS[who][0] for who in ("vendor", "client")}
    for got in letters:
        letter = said(got)
        assert got.path == "/nightly"
        assert letter["object"] == {"id": schedule["id"], "objectType": "Schedule", "name": "Every night"}
        assert letter["details"]["eventType"] == FIRED
        assert set(letter["details"]) == {"eventType", "enqueueTime", "deliveryTime"}
        assert got.headers["mpt-task-id"] == letter["task"]["id"]
        task = ok(api("operations").get(f"{TASKS}/{letter['task']['id']}"))
        assert (task["event"], task["object"]["id"]) == (FIRED, schedule["id"])
        assert task["parameters"]["maxTaskProcessingSeconds"] > 0
    (schedule,) = of(api, extension)
    assert schedule["lastRun"] >= moment_text(first)
    assert schedule["nextRun"] > schedule["lastRun"]
    until(lambda: of(api, extension)[0]["statistics"]["running"] == 0)
    stands_still(box, 2)


def test_times_that_were_missed_are_made_up_for_by_one(api: Api, at_work: Served, box: Inbox) -> None:
    extension = made(api)
    away = (business_now(at_work).minute + 30) % 60
    started(
        at_work, extension, box, {**NIGHTLY, "cron": f"{away} * * * *"}, NIGHTLY | {"id": "other", "path": "/other"}
    )
    installed(api, extension)
    moved(at_work, 30 * DAY)
    letters = box.wait(lambda got: len(got) == 2)
    assert {each.path for each in letters} == {"/nightly", "/other"}
    stands_still(box, 2)
    assert all(each["nextRun"] > moment_text(business_now(at_work)) for each in of(api, extension))


def test_what_was_due_while_nothing_ran_is_done_once_by_whoever_comes(api: Api, served: Served, box: Inbox) -> None:
    """Three days without a worker, then three at once."""
    served.fetch("update extension_installations set status = 'Uninstalled' where status = 'Installed'")
    extension = made(api)
    started(served, extension, box)
    installed(api, extension)
    served.fetch("update installation set clock_offset = clock_offset + interval '3 days'")

    async def all_at_once() -> None:
        await asyncio.gather(*(served.parts.work.settle(sealed=False) for _ in range(3)))

    served.run(all_at_once())
    assert (
        len(served.fetch("select from deliveries where event = $1 and extension_id = $2", FIRED, extension["id"])) == 1
    )
    with working(served):
        box.wait(len)
        stands_still(box, 1)


def test_what_still_runs_is_not_begun_beside_itself_and_goes_on_afterwards(
    api: Api, at_work: Served, box: Inbox
) -> None:
    extension = made(api)
    ask = key_of(at_work, extension)

    box.answer = doing(ask, "execute", response="Delay", delay=300)
    started(at_work, extension, box)
    installed(api, extension)
    moved(at_work)
    (first,) = box.wait(len)
    task = said(first)["task"]["id"]
    until(lambda: ok(ask("GET", f"{TASKS}/{task}"))["status"] == "Processing")
    moved(at_work)
    moved(at_work)
    stands_still(box, 1)
    assert of(api, extension)[0]["statistics"]["running"] == 1
    assert ok(ask("POST", f"{TASKS}/{task}/complete", {}))["status"] == "Completed"
    _, second = box.wait(lambda got: len(got) == 2)
    assert said(second)["task"]["id"] != task
    stands_still(box, 2)


def test_an_instance_that_starts_does_not_double_what_another_one_works_on(
    api: Api, at_work: Served, box: Inbox
) -> None:
    extension = made(api)
    ask = key_of(at_work, extension)
    path = f"{EXTENSIONS}/{extension['id']}/instances"

    def instance(name: str) -> Row:
        meta = {"events": [], "schedules": [NIGHTLY]}
        return ok(ask("POST", path, {"externalId": f"http://127.0.0.1:{box.port}/{name}", "meta": meta}))

    worker = instance("worker")

    def work(got: Got) -> Answer:
        task = f"{TASKS}/{said(got)['task']['id']}"
        assert ask("POST", f"{task}/execute").status == 200
        assert ask("PUT", task, {"parameters": {"instanceId": worker["id"]}}).status == 200
        return answer(response="Delay", delay=300)

    box.answer = work
    installed(api, extension)
    moved(at_work)
    (first,) = box.wait(len)
    until(lambda: of(api, extension)[0]["statistics"]["running"] == 1)
    time.sleep(0.5)
    instance("another")
    stands_still(box, 1)
    instance("worker")
    _, second = box.wait(lambda got: len(got) == 2)
    assert said(first)["task"] == said(second)["task"]


def test_one_that_was_not_begun_makes_up_for_those_after_it(api: Api, at_work: Served, box: Inbox) -> None:
    extension = made(api)
    box.answer = lambda _: (503, {"retry-after": "3600"}, b"")
    started(at_work, extension, box)
    installed(api, extension)
    for _ in range(3):
        moved(at_work)
    box.wait(len)
    box.answer = lambda _: answer(response="OK")
    started(at_work, extension, box)  # it has started anew
    first, second = box.wait(lambda got: len(got) == 2)
    assert (said(first)["id"], said(first)["task"]) == (said(second)["id"], said(second)["task"])
    stands_still(box, 2)


def test_it_is_run_by_hand(api: Api, at_work: Served, box: Inbox) -> None:
    extension = published(api, meta={"schedules": [NIGHTLY]})
    (schedule,) = of(api, extension)
    assert "nextRun" not in schedule, "nobody knows where it is"
    run = f"{SCHEDULES}/{schedule['id']}/run"
    assert "told" in api("vendor").post(run).json["detail"]
    assert api("vendor").post(run).status == 409
    started(at_work, extension, box)
    assert "installed" in api("vendor").post(run).json["detail"]
    mine, theirs = installed(api, extension), installed(api, extension, "client")
    assert api("other vendor").post(run).status == 404
    assert api("client").post(run).status == 404
    unknown = api("vendor").post(run, {"installation": refer("EXI-9999-9999-9999")})
    assert (unknown.status, list(unknown.json["errors"])) == (400, ["installation.id"])
    other = installed(api, made(api))
    foreign = api("vendor").post(run, {"installation": refer(other["id"])})
    assert foreign.json["errors"] == {"installation.id": [f"Installation '{other['id']}' was not found."]}
    assert api("vendor").post(run, {"installation": "mine"}).status == 400

    ran = ok(api("vendor").post(run, {"installation": refer(theirs["id"])}))
    assert ran["lastRun"] == moment_text(
        at_work.fetch("select last_run from extension_schedules where id = $1", schedule["id"])[0][0]
    )
    (got,) = box.wait(len)
    assert claims_of(got.headers["authorization"])[f"{CLAIMS}accountId"] == ACCOUNTS["client"][0]
    stands_still(box, 1, 0.5)
    ok(api("operations").post(run))
    box.wait(lambda got: len(got) == 3)
    stands_still(box, 3, 0.5)
    records = ok(api("vendor").get(f"/audit/records?eq(object.id,{extension['id']})&order=-timestamp"))["data"]
    assert [each["summary"] for each in records[:2]] == [f"Extension {extension['id']}: schedule run."] * 2

    assert api("client").delete(f"{INSTALLATIONS}/{theirs['id']}").status == 204
    gone = api("vendor").post(run, {"installation": refer(theirs["id"])})
    assert (gone.status, "ended" in gone.json["detail"]) == (409, True)
    assert mine["id"] != theirs["id"]


def test_many_who_run_it_at_once_begin_it_once(api: Api, at_work: Served, box: Inbox) -> None:
    extension = made(api)
    ask = key_of(at_work, extension)

    box.answer = doing(ask, "execute", response="Delay", delay=300)
    started(at_work, extension, box)
    installed(api, extension)
    run = f"{SCHEDULES}/{of(api, extension)[0]['id']}/run"
    replies = at_once(*(lambda: api("vendor").post(run) for _ in range(6)))
    assert {each.status for each in replies} <= {200, 409}
    box.wait(len)
    stands_still(box, 1)


def test_an_extension_that_tells_of_other_schedules_has_these(api: Api, at_work: Served, box: Inbox) -> None:
    extension = made(api)
    hourly = {"id": "hourly", "path": "/hourly", "cron": "0 * * * *"}
    started(at_work, extension, box, NIGHTLY, hourly)
    hour, night = of(api, extension)
    assert (hour["name"], night["name"]) == ("hourly", "Every night")
    started(at_work, extension, box, NIGHTLY, hourly)
    assert of(api, extension) == [hour, night], "nothing has changed"
    weekly = {"id": "weekly", "path": "/weekly", "cron": "0 6 * * 1"}
    started(at_work, extension, box, {**NIGHTLY, "cron": "30 6 * * *"}, weekly)
    changed, new = of(api, extension)
    assert (changed["id"], changed["nextRun"][14:16]) == (night["id"], "30")
    assert datetime.fromisoformat(new["nextRun"]).weekday() == 0
    assert api("vendor").get(f"{SCHEDULES}/{hour['id']}").status == 404
    due = at_work.fetch(
        "select object_id from due where done_at is null and kind = 'integration/schedules' and object_id = any($1)",
        [hour["id"], night["id"], new["id"]],
    )
    assert sorted(row[0] for row in due) == sorted((night["id"], new["id"]))
    another = {"externalId": f"http://127.0.0.1:{box.port}/second", "meta": {"events": [], "schedules": [weekly]}}
    ok(key_of(at_work, extension)("POST", f"{EXTENSIONS}/{extension['id']}/instances", another))
    assert [each["id"] for each in of(api, extension)] == [new["id"]]
    installed(api, extension)
    moved(at_work, 7 * DAY)
    (got,) = box.wait(len)
    assert got.path == "/second/weekly"
    stands_still(box, 1)


def test_what_ends_an_extension_or_its_account_ends_its_schedules(api: Api, at_work: Served, box: Inbox) -> None:
    extension = published(api)
    started(at_work, extension, box)
    mine, theirs = installed(api, extension), installed(api, extension, "client")
    client = f"/accounts/accounts/{ACCOUNTS['client'][0]}"
    ok(api("operations").post(f"{client}/disable"))
    try:
        moved(at_work)
        (got,) = box.wait(len)
        assert claims_of(got.headers["authorization"])[f"{CLAIMS}accountId"] == ACCOUNTS["vendor"][0]
        stands_still(box, 1)
    finally:
        ok(api("operations").post(f"{client}/enable"))
    for each, who in ((mine, "vendor"), (theirs, "client")):
        assert api(who).delete(f"{INSTALLATIONS}/{each['id']}").status == 204
    moved(at_work)
    stands_still(box, 1)
    assert api("vendor").delete(f"{EXTENSIONS}/{extension['id']}").status in (204, 409)
    ok(api("operations").post(f"{EXTENSIONS}/{extension['id']}/unpublish"))
    assert api("vendor").delete(f"{EXTENSIONS}/{extension['id']}").status == 204
    assert of(api, extension, "operations") == []
    lost = "select from due where kind = 'integration/schedules' and done_at is null and object_id not in (select id from extension_schedules)"
    assert at_work.fetch(lost) == []


def test_what_waits_for_an_account_ends_with_its_installation(api: Api, at_work: Served, box: Inbox) -> None:
    extension = made(api)
    box.answer = lambda _: (503, {"retry-after": "1"}, b"")
    started(at_work, extension, box)
    installation = installed(api, extension)
    moved(at_work)
    box.wait(len)
    assert api("vendor").delete(f"{INSTALLATIONS}/{installation['id']}").status == 204
    until(
        lambda: (
            not at_work.fetch("select from deliveries where extension_id = $1 and status = 'Pending'", extension["id"])
        )
    )
    letters = len(box.got)
    stands_still(box, letters, 2)


def test_an_extension_that_nobody_reaches_stands_still_until_it_is_back(api: Api, at_work: Served, box: Inbox) -> None:
    extension = made(api)
    started(at_work, extension, box)
    installed(api, extension)
    kind = at_work.parts.deliveries._kinds["extension"]
    receiver = at_work.fetch("select id from receivers where extension_id = $1", extension["id"])[0][0]
    at_work.run(kind.pause(receiver, "Nothing has arrived for 5 days."))
    assert "nextRun" not in of(api, extension)[0]
    moved(at_work, 3 * DAY)
    stands_still(box, 0, 0.5)
    started(at_work, extension, box)
    assert of(api, extension)[0]["nextRun"] > moment_text(business_now(at_work))
    moved(at_work)
    box.wait(len)
    stands_still(box, 1)


def test_a_schedule_that_is_told_of_no_more_is_not_run_though_it_was_due(api: Api, at_work: Served, box: Inbox) -> None:
    extension = made(api)
    box.answer = lambda _: (503, {"retry-after": "3600"}, b"")
    started(at_work, extension, box)
    installed(api, extension)
    moved(at_work)
    (got,) = box.wait(len)
    started(at_work, extension, box, {**NIGHTLY, "id": "other"})
    task = f"{TASKS}/{said(got)['task']['id']}"
    until(lambda: ok(api("vendor").get(task))["status"] == "Failed")
    assert "nightly" in ok(api("vendor").get(task))["reason"]
    stands_still(box, 1, 0.5)


def test_others_see_nothing_of_it(api: Api, at_work: Served, box: Inbox) -> None:
    extension = published(api)
    started(at_work, extension, box)
    (schedule,) = of(api, extension)
    path = f"{SCHEDULES}/{schedule['id']}"
    assert ok(api("operations").get(path))["extension"]["id"] == extension["id"]
    assert api("client").get(path).status == 404
    assert api("client").get(SCHEDULES).status == 403
    assert api("other vendor").get(path).status == 404
    assert schedule["id"] not in str(ok(api("other vendor").get(SCHEDULES)))
    filtered = ok(api("other vendor").get(f"{SCHEDULES}?eq(extension.id,{extension['id']})"))
    assert filtered["$meta"]["pagination"]["total"] == 0
    ask = key_of(at_work, extension)
    assert ok(ask("GET", path))["id"] == schedule["id"], "with its key"
    installed(api, extension)
    token = ok(ask("POST", f"{INSTALLATIONS}/-/token"))["token"]
    assert by(at_work, token)("POST", f"{path}/run").status == 403, "its modules do not open the room"


def test_a_worker_that_is_killed_between_a_letter_and_its_answer_loses_nothing(
    api: Api, served: Served, box: Inbox
) -> None:
    served.fetch("update extension_installations set status = 'Uninstalled' where status = 'Installed'")
    extension = made(api)
    started(served, extension, box)
    installed(api, extension)
    worker = Process([ENTREPOT, "work", "--database-url", served.database])

    def kill_the_first(got: Got) -> Answer:
        if len(box.got) == 1:
            worker.kill()
        return answer(response="OK")

    box.answer = kill_the_first
    try:
        worker.start()
        ok(api("vendor").post(f"{SCHEDULES}/{of(api, extension)[0]['id']}/run"))
        box.wait(len)
        worker.start()
        first, second = box.wait(lambda got: len(got) == 2, seconds=40)
        assert said(first)["id"] == said(second)["id"]
        assert said(first)["task"] == said(second)["task"]
        path = f"{TASKS}/{said(second)['task']['id']}"
        until(lambda: ok(api("vendor").get(path))["status"] == "Completed")
        stands_still(box, 2, 1)
    finally:
        worker.stop()
    assert len(served.fetch("select from tasks where extension_id = $1", extension["id"])) == 1


def test_no_two_tasks_of_a_schedule_are_open_for_an_account(api: Api, served: Served) -> None:
    """Whatever anybody does: the database holds it."""
    values = "(id, revision, status, event, object_id, account_id)"
    made_by = f"insert into tasks {values} values ($1, 1, $2, '{FIRED}', 'SCH-1', '{ACCOUNTS['client'][0]}')"
    served.fetch(made_by, "TSK-7-1", "Completed")
    served.fetch(made_by, "TSK-7-2", "Queued")
    with pytest.raises(asyncpg.UniqueViolationError):
        served.fetch(made_by, "TSK-7-3", "Processing")
    served.fetch("delete from tasks where object_id = 'SCH-1'")


def test_times_are_read_as_cron_reads_them() -> None:
    from entrepot.integration.cron import following

    now = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
    for cron, expected in (
        ("0 6 * * *", datetime(2026, 11, 23, 6, tzinfo=UTC)),
        ("*/15 * * * *", datetime(2026, 11, 22, 6, 15, tzinfo=UTC)),
        ("0 0 29 2 *", datetime(2028, 2, 29, tzinfo=UTC)),
        ("0 0 1 * MON", datetime(2026, 11, 23, tzinfo=UTC)),
        ("59 23 L * *", datetime(2026, 11, 30, 23, 59, tzinfo=UTC)),
    ):
        assert following(cron, now) == expected, cron
