"""Programs write records of their own: sealed with all others, told to those who are told of the thing."""

from typing import Any

import pytest

from entrepot.storage.sealer import seal
from entrepot.storage.verifying import verify
from tests.party import Api, ok
from tests.purchases import draft
from tests.serving import Served
from tests.world import OTHER_LICENSEE, SECOND_LICENSEE, purchase

RECORDS = "/audit/records"
WHOLE = "select=object,actor,details,documents,request"


def said(thing: str = "", **more: Any) -> dict[str, Any]:
    about = {"object": {"id": thing, "name": "By its program", "objectType": "Widget"}} if thing else {}
    return {"event": "extensions.e2e.test", "summary": "Told", **about, **more}


def told(api: Api, who: str, thing: str) -> list[Any]:
    question = f"{RECORDS}?eq(event,'extensions.e2e.test')&eq(object.id,'{thing}')&{WHOLE}"
    return ok(api(who).get(question))["data"]


def sealed(served: Served) -> list[str]:
    """What is wrong with the trail, once everything is sealed."""

    async def look() -> list[str]:
        while await seal(served.parts.pool, "tests"):
            pass
        async with served.parts.pool.acquire() as conn, conn.transaction(isolation="repeatable_read"):
            return [each async for each in verify(conn)]

    return served.run(look())


def test_a_vendor_tells_of_an_order_and_its_parties_read_it(api: Api, served: Served):
    order = draft(served)
    more = {"details": "From {{ source.name }} {{ nothing }}", "documents": {"source": {"name": "the portal"}},
            "actor": {"id": "USR-1000-0001"}, "timestamp": "2001-01-01T00:00:00Z", "viewers": [], "id": "AUD-1"}  # fmt: skip
    reply = api("vendor").post(RECORDS, said(order["id"], **more))
    record = ok(reply)
    assert reply.status == 201 and reply.headers["location"].endswith(record["id"])
    assert record["event"] == "extensions.e2e.test" and record["type"] == "Public"
    assert record["actor"]["id"] != "USR-1000-0001" and record["actor"]["account"]["id"] == "ACC-3001-0001"
    assert record["object"]["id"] == order["id"] and record["object"]["objectType"] == "Order"
    assert [each["id"] for each in record["viewers"]] == ["ACC-2001-0001", "ACC-3001-0001"]
    for who in ("vendor", "client", "operations"):
        (found,) = told(api, who, order["id"])
        assert found["id"] == record["id"] and found["documents"] == {"source": {"name": "the portal"}}
        assert found["summary"] == "Told" and found["details"] == "From {{ source.name }} {{ nothing }}"
        whole = ok(api(who).get(f"{RECORDS}/{record['id']}?render()"))
        assert whole["details"] == "From the portal "
        assert ok(api(who).get(f"{RECORDS}/{record['id']}?render()="))["details"] == "From the portal "
        assert ("request" in found) == (who == "operations")
    for who in ("other client", "other vendor"):
        assert told(api, who, order["id"]) == []
        assert api(who).get(f"{RECORDS}/{record['id']}").status == 404
    assert sealed(served) == []
    feed = ok(api("client").get("/events?cursor=0&limit=1000"))
    assert record["id"] in str(feed)
    assert record["id"] not in str(ok(api("other client").get("/events?cursor=0&limit=1000")))


def test_a_private_one_is_for_its_writers_account_and_operations(api: Api, served: Served):
    order = draft(served)
    for who, readers in (("vendor", {"vendor", "operations"}), ("client", {"client", "operations"}), ("operations", {"operations"})):  # fmt: skip
        record = ok(api(who).post(RECORDS, said(order["id"], type="private")))
        assert record["type"] == "Private"
        for reader in ("vendor", "client", "operations", "other vendor", "restricted"):
            status = api(reader).get(f"{RECORDS}/{record['id']}").status
            assert status == (200 if reader in readers or (reader, who) == ("restricted", "client") else 404), (
                who,
                reader,
            )


def test_what_somebody_does_not_see_is_like_what_never_was(api: Api, served: Served):
    theirs = draft(served, "other client", licensee=OTHER_LICENSEE)
    second = ok(api("client").post("/commerce/orders", purchase(licensee=SECOND_LICENSEE)))
    for who, thing in (("client", theirs["id"]), ("other vendor", theirs["id"]), ("restricted", second["id"])):
        answers = []
        for named in (thing, "ORD-9999-9999-9999"):
            record = ok(api(who).post(RECORDS, said(named)))
            assert [each["id"] for each in record["viewers"]] == [record["actor"]["account"]["id"]]
            for key in ("id", "href", "timestamp"):
                record.pop(key, None)
            answers.append(str(record).replace(named, "?"))
        assert answers[0] == answers[1]
    assert told(api, "other client", theirs["id"]) == []
    assert told(api, "vendor", theirs["id"]) == []
    assert {each["object"]["objectType"] for each in told(api, "operations", theirs["id"])} == {"Widget"}


def test_one_about_nothing_is_its_writers_own(api: Api):
    record = ok(api("vendor").post(RECORDS, {"event": "extensions.acme.started"}))
    assert record["summary"] == "extensions.acme.started" and "id" not in record.get("object", {})
    assert not record["id"].startswith("AUD-1000-")
    assert api("vendor").get(f"{RECORDS}/{record['id']}").status == 200
    assert api("client").get(f"{RECORDS}/{record['id']}").status == 404


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, {"event"}),
        ({"event": None}, {"event"}),
        ({"event": "platform.commerce.order.created"}, {"event"}),
        ({"event": "extensions."}, {"event"}),
        ({"event": "extensions.a b"}, {"event"}),
        ({"event": "extensions." + "a" * 200}, {"event"}),
        (said(type="Secret"), {"type"}),
        (said(documents=[1]), {"documents"}),
        (said(summary="a" * 1001), {"summary"}),
        (said(summary=5), {"summary"}),
        (said(object="x"), {"object"}),
        (said(object={"id": "x\0"}), {"object.id"}),
    ],
)
def test_what_is_wrong_is_told(api: Api, served: Served, body: Any, faults: set[str]):
    before = served.fetch("select count(*) from trail")
    reply = api("vendor").post(RECORDS, body)
    assert reply.status == 400 and set(reply.json["errors"]) == faults
    assert served.fetch("select count(*) from trail") == before


def test_nobody_takes_one_back(api: Api):
    record = ok(api("vendor").post(RECORDS, said()))
    for who in ("vendor", "operations"):
        assert api(who).delete(f"{RECORDS}/{record['id']}").status == 405
        assert api(who).put(f"{RECORDS}/{record['id']}", {"summary": "x"}).status == 405


def test_repeated_under_one_key_it_is_written_once(api: Api):
    first, second = (api("vendor").post(RECORDS, said(), idempotency_key="once") for _ in range(2))
    assert first.json == second.json and second.headers["idempotent-replayed"] == "true"


# What kinds of events there are ---------------------------------------------------------------------------


def types(api: Api, who: str) -> dict[str, Any]:
    return {each["key"]: each for each in ok(api(who).get("/audit/event-types?limit=1000"))["data"]}


def test_a_kind_of_event_is_there_once_it_was_seen(api: Api, served: Served):
    draft(served)
    for who in ("client", "vendor", "operations"):
        found = types(api, who)["platform.commerce.order.created"]
        assert found["name"] == "Order created" and found["id"].startswith("AET-")
        assert ok(api(who).get(f"/audit/event-types/{found['id']}"))["key"] == found["key"]
    assert "extensions.rare.thing" not in types(api, "operations")
    ok(api("vendor").post(RECORDS, said(event="extensions.rare.thing")))
    assert types(api, "vendor")["extensions.rare.thing"]["name"] == "Rare thing"
    assert "extensions.rare.thing" in types(api, "operations")
    for who in ("client", "other vendor"):
        assert "extensions.rare.thing" not in types(api, who)
        assert api(who).get(f"/audit/event-types/{types(api, 'vendor')['extensions.rare.thing']['id']}").status == 404
    ok(api("other vendor").post(RECORDS, said(event="extensions.rare.thing")))
    assert "extensions.rare.thing" in types(api, "other vendor")


def test_operations_says_what_a_kind_of_event_is_about(api: Api, served: Served):
    draft(served)
    at = f"/audit/event-types/{types(api, 'operations')['platform.commerce.order.created']['id']}"
    found = ok(api("operations").put(at, {"name": "Order begun", "description": "A draft", "key": "x"}))
    assert (found["name"], found["description"]) == ("Order begun", "A draft")
    assert found["key"] == "platform.commerce.order.created"
    for who in ("client", "vendor"):
        assert api(who).put(at, {"name": "x"}).status == 403
    draft(served)
    assert types(api, "client")[found["key"]]["name"] == "Order begun"
    assert api("operations").post("/audit/event-types", {"key": "x"}).status == 405
    assert api("operations").delete(at).status == 405
    assert sealed(served) == []
