"""The tools of /mcp: what is offered, as far as a token reaches, in answers of a bounded size."""

import json
from typing import Any

import pytest

from entrepot.mcp import marketplace
from tests.mcp.talking import Agent
from tests.party import ok
from tests.world import LICENSEE, OTHER_LICENSEE, OTHER_PRODUCT, PRODUCT, YEARLY, purchase, refer

ORDERS = "commerce/orders"


def placed(api: Any, **more: Any) -> Any:
    return ok(api("client").post("/commerce/orders", purchase(status="Processing", **more)))


def schema(agent: Agent, tool: str) -> Any:
    return next(each.input_schema for each in agent.ask("list_tools").tools if each.name == tool)


def test_the_tools_are_few_and_say_what_they_are_for(served):
    tools = Agent(served, "client").ask("list_tools").tools
    assert [each.name for each in tools] == ["describe", "search", "get", "explain", "audit_trail", "events"]
    assert len(json.dumps([each.model_dump(mode="json") for each in tools])) < 12_000, "an agent reads this every time"


def test_describe_says_who_one_is_and_what_there_is(served):
    told = Agent(served, "vendor").ok("describe")
    assert told["you"] == {"actor": "vendor", "account": "ACC-3001-0001", "heldBy": "service"}
    assert told["collections"][ORDERS] and len(json.dumps(told)) < 6_000
    assert Agent(served, "restricted").ok("describe")["you"]["onlyBuyers"] == ["BUY-2001-0001"]


def test_every_collection_that_is_named_can_be_described_and_searched(served):
    agent = Agent(served, "operations")
    names = schema(agent, "search")["properties"]["collection"]["enum"]
    assert set(names) <= set(agent.ok("describe")["collections"])
    for name in names:
        told = agent.ok("describe", collection=name)
        assert told["fields"]["id"] and len(json.dumps(told)) < 8_000
        if "{" not in name:
            assert agent.ok("search", collection=name, limit=2)["$meta"]["pagination"]["total"] >= 0


def test_describe_tells_fields_states_and_who_moves_between_them(served):
    told = Agent(served, "client").ok("describe", collection=ORDERS)
    assert told["states"][0] == "Draft" and "ask: Processing → Querying, by vendor" in told["moves"]
    assert "Completed" in told["fields"]["status"] and told["actions"]["complete"] == "vendor"
    assert "price.SPxY" in told["fields"] and "price.PPxY" not in told["fields"], "fields of others are not there"
    assert "price.PPxY" in Agent(served, "vendor").ok("describe", collection=ORDERS)["fields"]


def test_a_search_is_the_page_that_rest_gives(served, api):
    order = placed(api)
    found = Agent(served, "client").ok(
        "search",
        collection=ORDERS,
        filter=f"in(status,(Processing,Querying))&eq(id,'{order['id']}')",
        select="lines,-price",
        order="-audit.created.at",
        limit=5,
    )
    query = f"eq(id,{order['id']})&select=lines,-price&limit=5"
    assert found["data"] == ok(api("client").get(f"/commerce/orders?{query}"))["data"]
    assert found["$meta"]["pagination"] == {"offset": 0, "limit": 5, "total": 1} and "nextOffset" not in found["$meta"]


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ("ilike(name,*ALPHA*)", ["Alpha Suite"]),
        ("ilike(name,'*a & b*')", []),
        ("like(name,'100%*')", []),
        ("name='Beta Shield'", ["Beta Shield"]),
        ("eq(name,'Beta Shield')|eq(name,'Gamma Box')", ["Beta Shield", "Gamma Box"]),
    ],
)
def test_a_filter_is_taken_as_it_is_written(served, wanted, names):
    found = Agent(served, "client").ok("search", collection="catalog/products", filter=wanted, order="name")
    assert [each["name"] for each in found["data"]] == names


def test_a_limit_within_a_filter_is_not_one(served):
    found = Agent(served, "client").ok("search", collection="catalog/items", filter="limit=1000", limit=2)
    assert len(found["data"]) == 2 and found["$meta"]["nextOffset"] == 2


def test_pages_go_on_at_the_next_offset_until_there_is_none(served):
    agent, offset, seen = Agent(served, "operations"), 0, []
    while offset is not None:
        page = agent.ok("search", collection="catalog/items", limit=4, offset=offset, order="id")
        seen += [each["id"] for each in page["data"]]
        offset = page["$meta"].get("nextOffset")
    assert len(seen) == len(set(seen)) == page["$meta"]["pagination"]["total"] > 8
    assert agent.ok("search", collection="catalog/items", limit=0)["data"] == []


def test_collections_below_a_thing_are_searched_within_it(served, api):
    order = placed(api)
    agent = Agent(served, "client")
    lines = agent.ok("search", collection="commerce/orders/{order}/lines", within=[order["id"]])
    assert [each["item"]["id"] for each in lines["data"]] == [each["item"]["id"] for each in order["lines"]]
    variants = agent.ok(
        "search",
        collection="catalog/products/{product}/terms/{terms}/variants",
        within=[PRODUCT, "TCS-5001-0001-0001"],
    )
    assert [each["name"] for each in variants["data"]] == ["English"]
    strange = agent.call(
        "search",
        collection="catalog/products/{product}/terms/{terms}/variants",
        within=[OTHER_PRODUCT, "TCS-5001-0001-0001"],
    )
    assert strange.failed and strange.json["status"] == 404
    without = agent.call("search", collection="commerce/orders/{order}/lines")
    assert without.failed and "1 ids are needed" in without.json["errors"]["within"][0]


def test_get_gives_what_rest_gives(served, api):
    order = placed(api)
    for who in ("client", "vendor", "operations"):
        assert Agent(served, who).ok("get", collection=ORDERS, id=order["id"]) == ok(
            api(who).get(f"/commerce/orders/{order['id']}")
        )


def test_what_is_not_ones_own_is_not_there(served, api):
    order = placed(api)
    for who in ("other client", "other vendor"):
        agent = Agent(served, who)
        for tool in ("get", "explain"):
            heard = agent.call(tool, collection=ORDERS, id=order["id"])
            assert heard.failed and (heard.json["status"], heard.json["detail"]) == (
                404,
                f"Order {order['id']} was not found.",
            )
        assert agent.ok("search", collection=ORDERS, filter=f"eq(id,{order['id']})")["data"] == []
        assert agent.ok("audit_trail", id=order["id"])["data"] == []
        events = agent.ok("events", filter=f"eq(object.id,{order['id']})", limit=100)
        assert events["data"] == []


def test_somebody_held_to_a_buyer_is_held_to_it_here_too(served, api):
    second = placed(api, agreement={"licensee": refer("LCE-2001-0002-0001"), "product": refer(PRODUCT)})
    assert Agent(served, "restricted").call("get", collection=ORDERS, id=second["id"]).failed
    assert Agent(served, "client").ok("get", collection=ORDERS, id=second["id"])


def test_explain_says_what_is_blocked_and_who_can_change_that(served, api):
    order = placed(api)
    told = Agent(served, "client").ok("explain", collection=ORDERS, id=order["id"])
    complete = next(each for each in told["actions"] if each["name"] == "complete")
    assert (complete["state"], complete["unblockedBy"]) == ("Blocked", ["vendor"])
    assert told["status"] == "Processing"


def test_the_audit_trail_tells_what_was_and_what_is_newest_first(served, api):
    order = ok(api("client").post("/commerce/orders", purchase()))
    ok(api("client").put(f"/commerce/orders/{order['id']}", {"notes": "For the design team"}))
    found = Agent(served, "client").ok("audit_trail", id=order["id"])
    assert [each["event"].rpartition(".")[2] for each in found["data"]] == ["updated", "created"]
    newest = found["data"][0]
    assert "For the design team" in newest["details"] and newest["actor"]["name"] == "Ada Moss" and newest["timestamp"]
    assert Agent(served, "client").call("audit_trail", id="x' or 1").failed


def test_events_go_on_from_a_cursor(served, api):
    agent = Agent(served, "client")
    start = agent.ok("events", cursor="now")
    assert start["data"] == []
    order = placed(api)
    assert served.run(served.parts.work.settle()) == []
    heard: list[Any] = []
    cursor = start["$meta"]["cursor"]
    for _ in range(100):
        page = agent.ok("events", cursor=cursor, limit=1)
        heard += page["data"]
        cursor = page["$meta"]["cursor"]
        if heard and not page["$meta"]["more"]:
            break
    assert order["id"] in {each["object"]["id"] for each in heard}
    assert agent.call("events", cursor="tomorrow").failed


def test_an_answer_that_would_be_too_long_is_cut_and_says_so(served, monkeypatch):
    agent = Agent(served, "operations")
    monkeypatch.setattr(marketplace, "ANSWER_BYTES_MAX", 3_000)
    page = agent.ok("search", collection="catalog/items", limit=100)
    assert 0 < len(page["data"]) < page["$meta"]["pagination"]["total"]
    assert page["$meta"]["nextOffset"] == len(page["data"]) and "nextOffset" in page["$meta"]["cut"]
    monkeypatch.setattr(marketplace, "ANSWER_BYTES_MAX", 300)
    whole = agent.call("get", collection="catalog/items", id=YEARLY)
    assert whole.failed and whole.json["status"] == 413 and "select" in whole.json["detail"]
    assert agent.ok("get", collection="catalog/items", id=YEARLY, select="-*,id,name")


def test_kinds_that_hold_secrets_are_not_offered(served):
    agent = Agent(served, "operations")
    assert "accounts/api-tokens" not in agent.ok("describe")["collections"]
    assert agent.call("search", collection="accounts/api-tokens").failed


def test_a_token_for_some_modules_has_their_collections_alone(served):
    served.load(
        [
            {
                "$kind": "accounts/api-tokens",
                "id": "TKN-2001-0077",
                "name": "Reader",
                "account": refer("ACC-2001-0001"),
                "token": "idt:TKN-2001-0077:0123456789abcdefghijklmnopqrstuvwxyzABCDEFG",
                "modules": [refer("MOD-1003")],
                "heldBy": "agent",
                "status": "Active",
            }
        ]
    )
    agent = Agent(served, "idt:TKN-2001-0077:0123456789abcdefghijklmnopqrstuvwxyzABCDEFG")
    told = agent.ok("describe")
    assert told["you"]["heldBy"] == "agent"
    assert {each.partition("/")[0] for each in told["collections"]} == {"accounts", "audit"}
    assert agent.call("get", collection=ORDERS, id="ORD-1").failed
    assert {LICENSEE} <= {
        each["id"] for each in agent.ok("search", collection="accounts/licensees")["data"]
    } and OTHER_LICENSEE not in json.dumps(agent.ok("search", collection="accounts/licensees"))
