"""Streams and the feed show nobody more than lists and records do; modules of tokens hold in both."""

import json
from typing import Any

import pytest

from entrepot.kernel.resource import Resource
from tests.access.crowd import CALLERS, LIMITED, Crowd, address, limited_token
from tests.access.oracle import visible
from tests.access.test_rows import EACH, GROWING, TRAIL, owners
from tests.party import ok

ROOMS = {
    "accounts only": {"accounts"},
    "marketplace only": {"accounts", "catalog", "commerce"},
    "audit only": {"accounts", "audit"},
}
"""Which rooms the modules of such tokens open."""


def room_of(event: str) -> str:
    """The room of what an event is about: what programs record here is about orders."""
    return event.split(".")[1] if event.startswith("platform.") else "commerce" if event.endswith("-ord") else ""


@pytest.mark.parametrize(("resource", "who"), EACH)
def test_a_stream_gives_what_the_list_gives_and_refuses_what_it_refuses(
    crowd: Crowd, resource: Resource, who: str
) -> None:
    """Whatever marks there are in it are looked at by the crowd itself."""
    for owner in owners(crowd, resource)[:6]:
        path = address(resource.address, *owner)
        listed = crowd.get(who, f"{path}?limit=1000")
        streamed = crowd.call(who, "GET", path, mpt_streaming="true", accept="application/jsonl")
        assert streamed.status == listed.status, path
        if listed.status != 200:
            assert {**streamed.json, "traceId": ""} == {**listed.json, "traceId": ""}
            continue
        given = [json.loads(line) for line in streamed.body.splitlines() if line]
        assert streamed.headers["mpt-item-count"] == str(len(given))
        if resource.noun.path in GROWING:
            shown = [each["id"] for each in given]
            assert [each["id"] for each in listed.json["data"] if each["id"] not in shown] == []
            continue
        assert given == listed.json["data"], path


def followed(crowd: Crowd, who: str) -> list[dict[str, Any]]:
    """The whole feed of somebody."""
    return ok(crowd.get(who, "/events?limit=1000"))["data"]


@pytest.fixture
def sealed(crowd: Crowd) -> None:
    """Everything that happened has its place."""
    assert crowd.served.run(crowd.served.parts.work.settle()) == []


@pytest.mark.usefixtures("sealed")
@pytest.mark.parametrize("who", CALLERS)
def test_the_feed_gives_the_events_of_the_callers_records_and_no_other(crowd: Crowd, who: str) -> None:
    given = {each["id"] for each in followed(crowd, who)}
    rows = {row["id"]: row["object_kind"] for row in visible(crowd, who, TRAIL)}
    assert set(rows) <= given
    assert given & {row["id"] for row in crowd.rows[TRAIL]} == set(rows)


@pytest.mark.usefixtures("sealed")
@pytest.mark.parametrize("who", CALLERS)
def test_of_an_event_nobody_is_told_more_than_of_its_record(crowd: Crowd, who: str) -> None:
    """The changes with the prices and numbers of the others left out, word for word."""
    records = {each["id"]: each for each in crowd.list(who, "/audit/records?select=object,details,documents")}
    compared = 0
    for each in followed(crowd, who):
        if each["id"] in records:
            record = records[each["id"]]
            assert each["object"].items() <= record["object"].items()
            for name in ("summary", "details", "documents"):
                assert each.get(name) == record.get(name)
            compared += 1
    assert compared


@pytest.mark.usefixtures("sealed")
def test_the_marks_are_in_the_feed_of_those_who_may_see_them(crowd: Crowd) -> None:
    """Otherwise the tests above would show nothing."""
    for mark, who in {"changed by vendor": "vendor", "77123.45": "vendor", "changed comments": "operations"}.items():
        assert mark in json.dumps(followed(crowd, who))
        assert mark not in json.dumps(followed(crowd, "client"))


@pytest.mark.usefixtures("sealed")
@pytest.mark.parametrize("who", list(LIMITED))
def test_the_feed_gives_the_events_of_the_rooms_that_the_token_opens(crowd: Crowd, who: str) -> None:
    whole, given = followed(crowd, "client"), followed(crowd, limited_token(who))
    assert [each["id"] for each in given] == [each["id"] for each in whole if room_of(each["event"]) in ROOMS[who]]
    assert len(given) < len(whole)


@pytest.mark.usefixtures("sealed")
@pytest.mark.parametrize("who", [who for who in CALLERS if who != "operations"])
def test_what_others_do_is_not_found_in_the_feed_by_asking(crowd: Crowd, who: str) -> None:
    """By its id, its thing, its author or its position."""
    seen = {each["id"] for each in followed(crowd, who)}
    hidden = [each for each in followed(crowd, "operations") if each["id"] not in seen]
    assert hidden
    for each in hidden[:20]:
        for asked in (f"eq(id,{each['id']})", f"eq(position,{each['position']})",
                      f"and(eq(object.id,'{each['object']['id']}'),eq(id,{each['id']}))"):  # fmt: skip
            page = ok(crowd.get(who, f"/events?{asked}"))
            assert page["data"] == []
        after = ok(crowd.get(who, f"/events?cursor={each['position'] - 1}&limit=1"))["data"]
        assert each["id"] not in {found["id"] for found in after}
