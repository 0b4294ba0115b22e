"""Lists in streaming mode: one snapshot, whole, at flat memory, and never at the cost of everybody else."""

import asyncio
import contextlib
import http.client
import json
import socket
import time
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import pytest

from entrepot.http import sending, streams
from entrepot.http.sending import NotRead, Sending
from entrepot.http.streams import accepted
from entrepot.kernel.doors import Streamed
from entrepot.kernel.errors import NotAcceptable
from entrepot.offers import OFFERS
from entrepot.storage import reading
from tests.party import ok
from tests.purchases import draft
from tests.serving import FAULTS, ROOT, Reply, Served, token_of
from tests.storage.trails import until

ORDERS = next(each for each in OFFERS if each.address == "commerce/orders")
LINES: dict[str, Any] = {"mpt_streaming": "true", "accept": "application/jsonl"}
MANY = 7


@pytest.fixture(scope="module", autouse=True)
def orders(served: Served) -> None:
    """A few drafts of the client."""
    for number in range(MANY):
        draft(served, notes=f"{number}")


def stream(served: Served, query: str = "", who: str = "client", **headers: str) -> Reply:
    return served.call(who, "GET", f"/commerce/orders{query}", **{**LINES, **headers})


def records(reply: Reply) -> list[Any]:
    return [json.loads(line) for line in reply.body.split(b"\n") if line.strip()]


def paged(served: Served, query: str = "?", who: str = "client") -> list[Any]:
    return ok(served.call(who, "GET", f"/commerce/orders{query}&limit=1000"))["data"]


# What is given -----------------------------------------------------------------------------------------


def test_a_stream_is_one_object_a_line_with_its_count(served: Served):
    reply = stream(served)
    assert reply.status == 200
    assert reply.headers["mpt-streaming"] == "true"
    assert reply.headers["content-type"] == "application/jsonl"
    assert reply.headers["mpt-item-count"] == str(len(records(reply)))
    assert records(reply) == paged(served)


def test_in_the_envelope_the_same_is_given(served: Served):
    reply = stream(served, "?select=-audit", accept="application/json")
    assert (reply.headers["mpt-streaming"], reply.headers["content-type"]) == ("true", "application/json")
    count = int(reply.headers["mpt-item-count"])
    assert reply.json["data"] == paged(served)
    assert reply.json["$meta"]["pagination"] == {"offset": 0, "limit": count, "total": count}
    assert "lines" in reply.json["$meta"]["omitted"]


def test_limits_and_offsets_are_honoured_beyond_those_of_pages(served: Served):
    whole = paged(served)
    for query, expected in {
        "?limit=3": whole[:3], "?limit=3&offset=2": whole[2:5], "?offset=5": whole[5:], "?limit=-1": whole,
        "?limit=0": [], "?offset=1000000": [], "?limit=5000000": whole,
    }.items():  # fmt: skip
        reply = stream(served, query)
        assert records(reply) == expected, query
        assert reply.headers["mpt-item-count"] == str(len(expected))
        envelope = stream(served, query, accept="application/json").json
        assert envelope["data"] == expected and envelope["$meta"]["pagination"]["total"] == len(expected)


def test_head_tells_the_count_alone(served: Served):
    reply = served.call("client", "HEAD", "/commerce/orders", **LINES)
    assert (reply.status, reply.body) == (200, b"")
    assert int(reply.headers["mpt-item-count"]) == len(paged(served))


def test_collections_below_a_thing_are_streamed_too(served: Served):
    order = paged(served)[0]
    reply = served.call("client", "GET", f"/commerce/orders/{order['id']}/lines", **LINES)
    assert [each["id"] for each in records(reply)] and reply.headers["mpt-item-count"] == str(len(records(reply)))


def test_without_the_header_nothing_changes(served: Served):
    others: list[dict[str, Any]] = [{"accept": "application/jsonl"}, {"mpt_streaming": "false"}, {"mpt_streaming": ""}]
    for headers in others:
        reply = served.call("client", "GET", "/commerce/orders?limit=1", **headers)
        assert len(reply.json["data"]) == 1 and "mpt-streaming" not in reply.headers


# What is refused, before the first byte ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "path", "headers", "status"),
    [
        (None, "/commerce/orders", {}, 401),
        ("client", "/commerce/orders/ORD-0000-0000-0001/lines", {}, 404),
        ("client", "/commerce/orders?nothing=1", {}, 400),
        ("client", "/commerce/orders?limit=-2", {}, 400),
        ("client", "/commerce/orders", {"accept": "text/csv"}, 406),
        ("client", "/commerce/orders", {"accept": "application/jsonl;q=0"}, 406),
        ("client", "/commerce/orders/ORD-0000-0000-0001", {}, 501),
        ("client", "/events", {}, 501),
    ],
)
def test_refusals_are_problem_documents(served: Served, who: str | None, path: str, headers: Any, status: int):
    reply = served.call(who, "GET", path, **{**LINES, **headers})
    assert reply.status == status
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json["status"] == status and "mpt-streaming" not in reply.headers


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("application/jsonl", "application/jsonl"), ("", "application/json"), ("*/*", "application/json"),
        ("application/json, application/jsonl;q=0.5", "application/json"), ("Application/JSONL", "application/jsonl"),
        ("application/json;q=0.1,application/jsonl;q=0.9", "application/jsonl"), ("text/html,*/*", "application/json"),
    ],
)  # fmt: skip
def test_the_form_is_the_one_that_is_wanted_most(accept: str, form: str):
    assert accepted(accept) == form


@pytest.mark.parametrize("accept", ["text/html", "application/jsonl;q=x", ",", "application/x-ndjson"])
def test_other_forms_there_are_none(accept: str):
    with pytest.raises(NotAcceptable):
        accepted(accept)


# One snapshot -----------------------------------------------------------------------------------------


def test_what_changes_meanwhile_is_not_in_it(served: Served, monkeypatch: pytest.MonkeyPatch):
    """Deleted, changed and added while the stream is open: it gives what there was, references too."""
    monkeypatch.setattr(reading, "STREAMED_AT_ONCE", 2)
    before = paged(served, "?select=agreement")
    gone, renamed = before[-1], before[-2]

    async def read() -> tuple[int, list[dict[str, Any]]]:
        caller = await served.parts.callers.find(f"Bearer {token_of('client')}")
        assert caller is not None
        async with served.parts.doors.stream(caller, ORDERS, b"select=agreement") as found:
            given = await anext(found.pages)
            await asyncio.to_thread(change)
            async for page in found.pages:
                given += page
            return found.count, given

    def change() -> None:
        ok(served.call("client", "DELETE", f"/commerce/orders/{gone['id']}"))
        ok(served.call("client", "PUT", f"/commerce/orders/{renamed['id']}", {"notes": "renamed"}))
        served.run(served.parts.pool.execute("update agreements set name = name || '!'"))
        draft(served, notes="late")

    count, given = served.run(read())
    assert count == len(given) == len(before)
    assert [each["id"] for each in given] == [each["id"] for each in before]
    assert given[-2]["notes"] == renamed["notes"]
    assert not any(each["agreement"]["name"].endswith("!") for each in given)
    assert given[-1]["status"] == "Draft"
    assert {each["id"]: each["status"] for each in paged(served)}[gone["id"]] == "Deleted"


# Never at the cost of others --------------------------------------------------------------------------


def free(served: Served) -> bool:
    """Whether the pool has all its connections back."""
    pool = served.parts.pool
    return pool.get_idle_size() == pool.get_size()


def raw(served: Served, path: str, who: str = "client", **headers: str) -> socket.socket:
    """A request whose answer nobody has read yet."""
    conn = socket.create_connection((served.host, served.port), timeout=20)
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    lines = [f"GET {ROOT}{path} HTTP/1.1", "Host: x", f"Authorization: Bearer {token_of(who)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in {**LINES, **headers}.items()]
    conn.sendall("\r\n".join([*lines, "", ""]).encode())
    return conn


@contextlib.contextmanager
def unending(served: Served, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every stream of this server gives its first page again and again."""
    doors, real = served.parts.doors, served.parts.doors.stream

    @contextlib.asynccontextmanager
    async def stream(*given: Any) -> AsyncGenerator[Streamed]:
        async with real(*given) as found:
            page = await anext(found.pages)

            async def again() -> AsyncGenerator[list[dict[str, Any]]]:
                while True:
                    await asyncio.sleep(0)
                    yield page * 20

            yield Streamed(found.count, found.meta, again())

    with monkeypatch.context() as patched:
        patched.setattr(doors, "stream", stream)
        yield


async def _free(served: Served) -> bool:
    return free(served)


def test_who_hangs_up_gives_the_connection_back(served: Served, monkeypatch: pytest.MonkeyPatch):
    with unending(served, monkeypatch):
        conn = raw(served, "/commerce/orders")
        assert conn.recv(100).startswith(b"HTTP/1.1 200")
        assert not free(served)
        conn.close()
        asyncio.run(until(lambda: _free(served)))


def test_who_stops_reading_is_cut_off(served: Served, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sending, "WRITE_S_MAX", 0.3)
    with unending(served, monkeypatch):
        conn = raw(served, "/commerce/orders")
        assert conn.recv(100).startswith(b"HTTP/1.1 200")
        asyncio.run(until(lambda: _free(served)))
        conn.close()


def test_there_is_room_for_few_at_a_time_and_everybody_else_goes_on(served: Served, monkeypatch: pytest.MonkeyPatch):
    """The pool of 16 has four places, of which one account takes two."""
    with unending(served, monkeypatch):
        open_ones = [raw(served, "/commerce/orders") for _ in range(2)]
        assert all(each.recv(100).startswith(b"HTTP/1.1 200") for each in open_ones)
        refused = stream(served)
        assert (refused.status, refused.headers["retry-after"]) == (503, "5")
        assert refused.headers["content-type"] == "application/problem+json"
        open_ones += [raw(served, "/commerce/orders", "operations") for _ in range(2)]
        assert all(each.recv(100).startswith(b"HTTP/1.1 200") for each in open_ones[2:])
        assert stream(served, who="vendor").status == 503
        assert len(paged(served)) >= MANY - 1
        for each in open_ones:
            each.close()
        asyncio.run(until(lambda: _free(served)))
    assert stream(served).status == 200


def test_a_stream_that_fails_under_way_is_cut_off_and_never_looks_whole(
    served: Served, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(reading, "STREAMED_AT_ONCE", 2)
    real = reading.Reader.finish
    calls = 0

    async def failing(*given: Any, **named: Any) -> None:
        nonlocal calls
        calls += 1
        if calls > 2:
            raise ConnectionError("away")
        await real(*given, **named)

    monkeypatch.setattr(reading.Reader, "finish", failing)
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        conn = http.client.HTTPConnection(served.host, served.port, timeout=20)
        headers = {
            "Authorization": f"Bearer {token_of('client')}",
            "MPT-Streaming": "true",
            "Accept": "application/jsonl",
        }
        conn.request("GET", f"{ROOT}/commerce/orders", headers=headers)
        conn.getresponse().read()
    asyncio.run(until(lambda: _free(served)))
    FAULTS.clear()


# Pieces -----------------------------------------------------------------------------------------------


def test_while_a_page_takes_long_blank_lines_show_that_the_stream_lives(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(streams, "KEEP_ALIVE_S", 0.02)

    async def pages() -> AsyncGenerator[list[dict[str, Any]]]:
        yield [{"id": "1"}]
        await asyncio.sleep(0.1)
        yield [{"id": "2"}]

    async def story() -> bytes:
        written: list[bytes] = []

        async def send(message: Any) -> None:
            written.append(message["body"])

        await streams._lines(Streamed(2, {}, pages()), Sending(send, bodiless=False))
        return b"".join(written)

    told = asyncio.run(story())
    assert told.startswith(b'{"id":"1"}\n\n') and told.endswith(b'\n{"id":"2"}\n')
    assert [json.loads(line)["id"] for line in told.split(b"\n") if line] == ["1", "2"]


def test_a_reader_that_takes_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sending, "WRITE_S_MAX", 0.05)

    async def story() -> float:
        began = time.monotonic()
        with pytest.raises(NotRead):
            await Sending(lambda message: asyncio.sleep(60), bodiless=False).write(b"x")
        return time.monotonic() - began

    assert asyncio.run(story()) < 5
