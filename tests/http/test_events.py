"""The feed of events: whole, in order, nothing skipped, resumed anywhere, and never for longer than the token."""

import asyncio
import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from entrepot.http import events
from entrepot.kernel import doors
from entrepot.storage.sealer import seal
from tests.party import ok
from tests.purchases import completed, draft, placed
from tests.serving import ROOT, Reply, Served, token_of
from tests.storage.trails import INSERT, NOON, until


@pytest.fixture(scope="module", autouse=True)
def world(served: Served) -> None:
    """Something has happened."""
    completed(served)
    sealed(served)


def sealed(served: Served) -> None:
    """What was written gets its place."""
    assert served.run(served.parts.work.settle()) == []


def feed(served: Served, query: str = "", who: str = "client") -> Reply:
    return served.call(who, "GET", f"/events?{query}")


def cursor(served: Served, who: str = "client") -> str:
    """That of now."""
    sealed(served)
    return ok(feed(served, "cursor=now", who))["$meta"]["cursor"]


def everything(served: Served, query: str = "", who: str = "client", limit: int = 7) -> list[Any]:
    """The feed from its beginning, a few at a time."""
    found: list[Any] = []
    at = "0"
    while True:
        page = ok(feed(served, f"cursor={at}&limit={limit}&{query}", who))
        found += page["data"]
        at = page["$meta"]["cursor"]
        if not page["$meta"]["more"]:
            return found


# A page ------------------------------------------------------------------------------------------------


def test_an_event_says_what_happened_to_what_when_and_by_whom(served: Served):
    at = cursor(served)
    order = draft(served)
    ok(served.call("client", "POST", f"/commerce/orders/{order['id']}/process"))
    sealed(served)
    mine = [each for each in ok(feed(served, f"cursor={at}"))["data"] if each["object"]["id"] == order["id"]]
    first, second = mine
    assert first["event"] == "platform.commerce.order.created" and first["revision"] == 1
    assert second["event"] == "platform.commerce.order.status_changed" and second["revision"] == 2
    assert second["object"]["objectType"] == "Order" and second["by"]["id"] == "USR-2001-0001"
    assert second["account"]["id"] == "ACC-2001-0001"
    assert second["documents"]["changes"]["status"] == ["Draft", "Processing"]
    assert second["summary"] == f"Order {order['id']} was placed."
    assert second["at"].endswith("Z") and second["position"] > first["position"]
    record = ok(served.call("client", "GET", f"/audit/records/{second['id']}"))
    assert [record[name] for name in ("event", "summary", "details", "documents")] == [
        second[name] for name in ("event", "summary", "details", "documents")
    ]


@pytest.mark.parametrize("who", ["client", "vendor", "operations", "restricted", "other client"])
def test_page_by_page_everything_is_given_once_and_in_order(served: Served, who: str):
    found = everything(served, who=who)
    records = ok(served.call(who, "GET", "/audit/records?limit=1000&select=object"))["data"]
    assert sorted(each["id"] for each in found) == sorted(each["id"] for each in records)
    positions = [each["position"] for each in found]
    assert positions == sorted(set(positions))
    of_object: dict[str, int] = {}
    for each in found:
        key = each["event"].split(".")[2] + each["object"]["id"]
        assert each["revision"] >= of_object.get(key, 0)
        of_object[key] = each["revision"]


def test_from_any_event_on_the_rest_follows(served: Served):
    whole = everything(served, limit=1000)
    for at in (0, 3, len(whole) - 1):
        page = ok(feed(served, f"cursor={whole[at]['position']}&limit=1000"))
        assert page["data"] == whole[at + 1 :]


@pytest.mark.parametrize(
    "asked",
    [
        "eq(event,'platform.commerce.order.created')",
        "in(object.objectType,(Order,Subscription))",
        "like(event,*.status_changed)",
        "ne(by.id,'USR-2001-0001')",
        "gt(at,2020-01-01T00:00:00.000Z)&eq(account.id,'ACC-3001-0001')",
    ],
)
def test_it_is_narrowed_like_any_list(served: Served, asked: str):
    wanted = ok(served.call("client", "GET", f"/audit/records?limit=1000&{_as_records(asked)}"))["data"]
    found = everything(served, asked)
    assert found and {each["id"] for each in found} == {each["id"] for each in wanted}


def _as_records(asked: str) -> str:
    return asked.replace("by.id", "actor.id").replace("(at,", "(timestamp,").replace("account.id", "actor.account.id")


def test_of_an_event_no_more_is_given_than_was_selected(served: Served):
    (event, *_) = ok(feed(served, "select=-*,id,event&limit=2"))["data"]
    assert set(event) <= {"id", "event", "revision"}
    assert ok(feed(served, "limit=0"))["data"] == []


@pytest.mark.parametrize(
    "asked",
    ["cursor=x", "cursor=-1", "cursor=999999999999", "cursor=1e3", "cursor=99999999999999999999", "wait=x", "wait=-1",
     "order=-at", "offset=5", "nothing=1", "eq(delta,1)", "eq(scope,1)", "limit=x"],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused(served: Served, asked: str):
    assert feed(served, asked).status == 400


def test_what_there_is_not_much_of_is_found_stretch_by_stretch(served: Served, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(doors, "STRETCH", 3)
    monkeypatch.setattr(doors, "STRETCHES", 2)
    whole = everything(served, "eq(event,'platform.commerce.order.created')", limit=1000)
    monkeypatch.undo()
    assert whole == everything(served, "eq(event,'platform.commerce.order.created')") != []


# Nothing is skipped ------------------------------------------------------------------------------------


def test_a_slow_transaction_is_not_skipped_by_who_has_read_past_it(served: Served):
    """It draws its number first and commits last; meanwhile others commit, are sealed and read."""
    late, quick = "ORD-7000-0000-0001", "ORD-7000-0000-0002"
    at = cursor(served)

    async def story() -> tuple[str, list[Any]]:
        pool = served.parts.pool
        seen: list[Any] = []
        now = at

        async def read() -> None:
            nonlocal now
            page = ok(await asyncio.to_thread(feed, served, f"cursor={now}"))
            seen.extend(each["object"]["id"] for each in page["data"])
            now = page["$meta"]["cursor"]

        async with pool.acquire() as slow:
            transaction = slow.transaction()
            await transaction.start()
            await slow.fetchval(INSERT, late, 1, 0, NOON)
            for revision in (1, 2, 3):
                await pool.fetchval(INSERT, quick, revision, 0, NOON)
                await served.parts.work.settle(sealed=False)
                await _seal(served)
                await read()
            assert seen == [quick] * 3
            await transaction.commit()
        await _seal(served)
        await read()
        return now, seen

    now, seen = served.run(story())
    assert seen == [quick, quick, quick, late]
    assert ok(feed(served, f"cursor={now}"))["data"] == []


async def _seal(served: Served) -> None:
    await seal(served.parts.pool, served.parts.work._holder)


def test_writers_at_once_and_a_reader_behind_them_miss_nothing(served: Served):
    """Four write, transactions of random length; one seals; one reads all the time."""
    at = cursor(served)

    async def story() -> tuple[list[str], list[str]]:
        pool, done, wrote, read = served.parts.pool, False, [], []
        now, one_at_a_time = at, asyncio.Lock()

        async def seal_in_turn() -> None:
            async with one_at_a_time:
                await _seal(served)

        async def write(writer: int) -> None:
            for number in range(25):
                async with pool.acquire() as conn, conn.transaction():
                    thing = f"ORD-71{writer:02}-0000-{number:04}"
                    await conn.fetchval(INSERT, thing, 1, 0, NOON)
                    await asyncio.sleep(0.001 * ((number * 7 + writer * 3) % 11))
                wrote.append(thing)

        async def keep_sealing() -> None:
            while not done:
                await seal_in_turn()
                await asyncio.sleep(0.002)

        async def keep_reading() -> None:
            nonlocal now
            while not done or len(read) < len(wrote):
                page = ok(await asyncio.to_thread(feed, served, f"cursor={now}&limit=9"))
                read.extend(each["object"]["id"] for each in page["data"])
                now = page["$meta"]["cursor"]
                if done:
                    await seal_in_turn()

        sealing, reading = asyncio.create_task(keep_sealing()), asyncio.create_task(keep_reading())
        await asyncio.gather(*(write(writer) for writer in range(4)))
        done = True
        await asyncio.wait_for(asyncio.gather(sealing, reading), 30)
        return wrote, read

    wrote, read = served.run(story())
    assert sorted(read) == sorted(wrote) and len(wrote) == 100


# Waiting -----------------------------------------------------------------------------------------------


def soon(served: Served, act: Callable[[], Any], seconds: float = 0.4) -> threading.Thread:
    """Does something in a moment, and has it sealed."""

    def later() -> None:
        time.sleep(seconds)
        act()
        sealed(served)

    thread = threading.Thread(target=later)
    thread.start()
    return thread


def test_a_page_that_waits_comes_as_soon_as_something_happened(served: Served):
    at, began = cursor(served), time.monotonic()
    thread = soon(served, lambda: draft(served, notes="awaited"))
    page = ok(feed(served, f"cursor={at}&wait=20"))
    took = time.monotonic() - began
    thread.join()
    assert page["data"] and 0.4 <= took < 10
    assert int(page["$meta"]["cursor"]) > int(at)


def test_what_is_not_the_callers_ends_no_wait_and_moves_the_cursor_on(served: Served):
    at, began = cursor(served), time.monotonic()
    thread = soon(served, lambda: draft(served), 0.2)
    page = ok(feed(served, f"cursor={at}&wait=2", "other client"))
    thread.join()
    assert page["data"] == [] and time.monotonic() - began > 1.9
    assert int(page["$meta"]["cursor"]) > int(at)


def test_a_wait_ends_after_its_time(served: Served):
    at, began = cursor(served), time.monotonic()
    assert ok(feed(served, f"cursor={at}&wait=1")) == {"$meta": {"cursor": at, "more": False}, "data": []}
    assert 0.9 < time.monotonic() - began < 5


def test_at_one_node_one_hears_of_what_happens_at_another(served: Served):
    """A second program on the same database serves; the first one writes and seals."""
    at = cursor(served)
    other = Served(served.database)
    try:
        thread = soon(served, lambda: draft(served, notes="elsewhere"))
        page = ok(feed(other, f"cursor={at}&wait=20"))
        thread.join()
        assert page["data"]
    finally:
        other.stop()


def test_who_waits_costs_the_database_one_look_together(served: Served, monkeypatch: pytest.MonkeyPatch):
    """Ten wait for two seconds: the watch looks a few times, and nobody else asks anything."""
    at = cursor(served)
    looked, pool, watch = 0, served.parts.pool, served.parts.watch

    class Counted:
        async def fetchval(self, *given: Any, **named: Any) -> Any:
            nonlocal looked
            looked += 1
            return await pool.fetchval(*given, **named)

    sessions, session = 0, served.parts.store.session

    def lent() -> Any:
        nonlocal sessions
        sessions += 1
        return session()

    monkeypatch.setattr(watch, "_pool", Counted())
    monkeypatch.setattr(served.parts.store, "session", lent)
    threads = [threading.Thread(target=feed, args=(served, f"cursor={at}&wait=2")) for _ in range(10)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sessions == 10
    assert 4 <= looked <= 14
    served.run(until(lambda: _idle(served)))


async def _idle(served: Served) -> bool:
    looking = served.parts.watch._looking
    return looking is None or looking.done()


# An open stream ----------------------------------------------------------------------------------------


class Stream:
    """Somebody who listens."""

    def __init__(self, served: Served, query: str = "", who: str = "client", **headers: str):
        self._conn = http.client.HTTPConnection(served.host, served.port, timeout=15)
        sent = {"Authorization": f"Bearer {token_of(who)}", "Accept": "text/event-stream"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        self._conn.request("GET", f"{ROOT}/events?{query}", headers=sent)
        self.answer = self._conn.getresponse()

    def blocks(self) -> Iterator[dict[str, str]]:
        """Block by block: `id`, `data`, `retry`, and comments under an empty name."""
        block: dict[str, str] = {}
        for line in self.answer:
            text = line.decode().rstrip("\n")
            if text:
                name, _, value = text.partition(": ")
                block[name] = value
            elif block:
                yield block
                block = {}

    def events(self) -> Iterator[dict[str, Any]]:
        """Event by event."""
        for block in self.blocks():
            if "data" in block:
                event = json.loads(block["data"])
                assert block["id"] == str(event["position"])
                yield event

    def close(self) -> None:
        """Hangs up."""
        self.answer.close()
        self._conn.close()


def test_a_stream_gives_what_was_and_then_what_happens(served: Served):
    before = everything(served)
    stream = Stream(served, "cursor=0")
    assert stream.answer.status == 200 and stream.answer.headers["content-type"] == "text/event-stream"
    coming = stream.events()
    assert [next(coming) for _ in before] == before
    order = draft(served, notes="live")
    sealed(served)
    assert next(each for each in coming if each["object"]["id"] == order["id"])["revision"] == 1
    stream.close()


def test_a_stream_goes_on_after_the_last_event_that_was_heard(served: Served):
    whole = everything(served)
    stream = Stream(served, "cursor=0", last_event_id=str(whole[4]["position"]))
    coming = stream.events()
    assert [next(coming)["id"] for _ in whole[5:]] == [each["id"] for each in whole[5:]]
    stream.close()


def test_a_stream_is_narrowed_like_a_page(served: Served):
    expected = everything(served, "eq(object.objectType,Subscription)")
    stream = Stream(served, "eq(object.objectType,Subscription)&select=-*,id,position")
    coming = stream.events()
    assert [next(coming)["id"] for _ in expected] == [each["id"] for each in expected]
    stream.close()


@pytest.mark.parametrize(
    ("asked", "headers", "status"),
    [("limit=5", {}, 400), ("wait=5", {}, 400), ("", {"last_event_id": "x"}, 400), ("cursor=99999999", {}, 400),
     ("", {"Authorization": "Bearer idt:TKN-0000-0000:x"}, 401)],
)  # fmt: skip
def test_a_stream_that_cannot_begin_is_refused_as_everything_is(served: Served, asked: str, headers: Any, status: int):
    stream = Stream(served, asked, **headers)
    assert stream.answer.status == status
    assert stream.answer.headers["content-type"] == "application/problem+json"
    stream.close()


def test_a_stream_shows_that_it_lives_and_moves_on_past_what_is_for_others(
    served: Served, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(events, "KEEP_ALIVE_S", 0.3)
    at = cursor(served)
    stream = Stream(served, f"cursor={at}", "other client")
    coming = stream.blocks()
    assert next(coming) == {"retry": "2000"}
    assert next(coming) == {"": "alive"}
    placed(served)
    now = cursor(served)
    block = next(each for each in coming if "id" in each)
    while block["id"] != now:
        assert int(at) < int(block["id"]) < int(now) and "data" not in block
        block = next(each for each in coming if "id" in each)
    stream.close()


def test_a_stream_ends_with_its_token(served: Served, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(events, "KEEP_ALIVE_S", 0.3)
    stream = Stream(served, f"cursor={cursor(served)}", "other vendor")
    coming = stream.blocks()
    assert next(coming) == {"retry": "2000"}
    token_id = token_of("other vendor").split(":")[1]
    change = "update api_tokens set status = $2 where id = $1"
    served.run(served.parts.pool.execute(change, token_id, "Disabled"))
    try:
        began = time.monotonic()
        assert all("data" not in each for each in coming)  # to its end, which is clean
        assert time.monotonic() - began < 5
    finally:
        served.run(served.parts.pool.execute(change, token_id, "Active"))


def test_a_stream_and_a_wait_end_when_the_process_stops(cluster: Any, served: Served):
    """Cleanly, so that the reader takes it up again with another node."""
    other = Served(served.database)
    at = cursor(served)
    stream = Stream(other, f"cursor={at}")
    coming = stream.blocks()
    assert next(coming) == {"retry": "2000"}
    thread = threading.Timer(0.5, lambda: other._loop.call_soon_threadsafe(other.parts.watch.close))
    thread.start()
    began = time.monotonic()
    assert ok(feed(other, f"cursor={at}&wait=30"))["data"] == []
    assert list(coming) == []
    assert time.monotonic() - began < 5
    other.stop()


def test_there_is_room_for_so_many_who_wait(served: Served, monkeypatch: pytest.MonkeyPatch):
    places = served.parts.site._api._events._places
    monkeypatch.setattr(places, "_most_each", 2)
    at = cursor(served)
    streams = [Stream(served, f"cursor={at}") for _ in range(2)]
    refused = feed(served, f"cursor={at}&wait=5")
    assert (refused.status, refused.headers["retry-after"]) == (503, "5")
    assert feed(served, f"cursor={at}").status == 200  # who does not wait needs no place
    assert Stream(served, f"cursor={at}", "vendor").answer.status == 200
    for each in streams:
        each.close()

    async def given_back() -> bool:
        return places._taken["ACC-2001-0001"] == 0

    served.run(until(given_back))


def test_the_feed_has_no_streaming_mode_of_lists(served: Served):
    reply = served.call("client", "GET", "/events", mpt_streaming="true", accept="application/jsonl")
    assert reply.status == 501


def test_nothing_is_given_before_it_has_its_place(served: Served):
    """A record is there with its write; an event only once its place in the order is settled."""
    at = cursor(served)
    order = draft(served)
    assert ok(served.call("client", "GET", f"/audit/records?eq(object.id,'{order['id']}')"))["data"]
    assert ok(feed(served, f"cursor={at}"))["data"] == []
    sealed(served)
    assert ok(feed(served, f"cursor={at}"))["data"]
