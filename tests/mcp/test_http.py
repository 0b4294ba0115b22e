"""MCP over HTTP: every kind of client, with a session in mind or without, and those who are nobody."""

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from entrepot.storage.embedded import Embedded
from tests.mcp.talking import BOTH, Agent, frame, post
from tests.serving import BODY_BYTES_MAX, Served, serving
from tests.world import PRODUCT, SECRET, TOKENS, token

ADDRESSES = ("/mcp", "/pax8/mcp")
NAMES = {"/mcp": "entrepot", "/pax8/mcp": "pax8-mcp-server"}
FIRST = {"/mcp": "describe", "/pax8/mcp": "pax8-list-companies"}
BEARER = f"Bearer {token('client')}"

address = pytest.mark.parametrize("address", ADDRESSES)


def get_product(served: Served, **headers: str) -> httpx2.Response:
    params = {"name": "get", "arguments": {"collection": "catalog/products", "id": PRODUCT}}
    return post(served, "/mcp", "tools/call", params, authorization=BEARER, **headers)


@address
@pytest.mark.parametrize("mode", ["legacy", "auto"])
@pytest.mark.parametrize("header", ["authorization", "x-pax8-mcp-token"])
def test_the_official_client_lists_and_calls_in_both_forms_of_the_protocol(served, address, mode, header):
    agent = Agent(served, "client", address, header, mode)
    tools = agent.ask("list_tools").tools
    assert len(tools) > 5 and len({each.name for each in tools}) == len(tools)
    for each in tools:
        assert each.annotations.read_only_hint and not each.annotations.destructive_hint
        assert each.title and len(each.description) > 20
        assert each.input_schema["type"] == "object" and each.input_schema["additionalProperties"] is False
        assert all(told["description"] for told in each.input_schema["properties"].values())
    assert agent.ok(FIRST[address])


@address
def test_a_client_of_an_earlier_protocol_is_told_who_answers(served, address):
    params = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    found = frame(post(served, address, "initialize", params, authorization=BEARER))["result"]
    assert (found["protocolVersion"], found["serverInfo"]["name"]) == ("2025-06-18", NAMES[address])
    assert found["instructions"] and "tools" in found["capabilities"]
    oldest = post(served, address, "initialize", {**params, "protocolVersion": "2024-11-05"}, authorization=BEARER)
    assert frame(oldest)["result"]["protocolVersion"] == "2024-11-05"


@address
def test_tools_are_listed_and_called_without_a_session_or_an_initialization(served, address):
    listed = post(served, address, "tools/list", x_pax8_mcp_token=token("client"), accept=BOTH)
    assert listed.status_code == 200 and "mcp-session-id" not in listed.headers
    assert FIRST[address] in [each["name"] for each in frame(listed)["result"]["tools"]]
    strange = post(served, address, "tools/list", authorization=BEARER, mcp_session_id="of-another-life")
    assert "tools" in frame(strange)["result"]
    called = post(served, address, "tools/call", {"name": FIRST[address]}, authorization=BEARER)
    assert frame(called)["result"]["isError"] is False


@pytest.mark.parametrize("accept", ["text/event-stream", BOTH, "text/event-stream, application/json;q=0.5"])
def test_who_takes_a_stream_is_given_one(served, accept):
    found = frame(get_product(served, accept=accept))
    assert found["result"]["structuredContent"]["id"] == PRODUCT


@pytest.mark.parametrize("accept", ["application/json", "*/*"])
def test_who_does_not_ask_for_a_stream_is_given_json(served, accept):
    reply = get_product(served, accept=accept)
    assert reply.headers["content-type"] == "application/json"
    assert int(reply.headers["content-length"]) == len(reply.content)
    assert reply.json()["result"]["structuredContent"]["id"] == PRODUCT


def test_numbers_keep_their_digits_in_both_contents(served):
    arguments = {"collection": "catalog/price-lists/{priceList}/items", "within": ["PRC-5001-0001-0001"]}
    params = {"name": "search", "arguments": arguments}
    reply = post(served, "/mcp", "tools/call", params, authorization=f"Bearer {token('vendor')}", accept="*/*")
    text = reply.json()["result"]["content"][0]["text"]
    rest = served.call("vendor", "GET", "/catalog/price-lists/PRC-5001-0001-0001/items?limit=20").body.decode()
    assert text.partition('"data":')[2] == rest.partition('"data":')[2] != ""
    assert f'"structuredContent":{text}' in reply.text


@address
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer nonsense"},
        {"x_pax8_mcp_token": "3f1c9f52-0000-4000-8000-000000000000"},
        {"authorization": f"Bearer idt:{TOKENS['client']}:{SECRET[::-1]}"},
        {"authorization": f"Bearer idt:TKN-9999-9999:{SECRET}"},
    ],
    ids=["none", "nonsense", "a UUID", "a wrong secret", "an unknown token"],
)
def test_strangers_learn_nothing_but_how_to_say_who_they_are(served, address, headers):
    for method in ("initialize", "tools/list", "prompts/list"):
        reply = post(served, address, method, **headers)
        assert reply.status_code == 401 and reply.headers["www-authenticate"].startswith("Bearer")
        assert "tools" not in reply.text and reply.json()["status"] == 401
        if address == "/pax8/mcp":
            assert "Missing x-pax8-mcp-token header" in reply.text
    assert httpx2.get(served.url + address).status_code == 401


@pytest.fixture
def access(served) -> str:
    """An access token of the partner API, for the partner's own token."""
    _, client_id, secret = token("client").split(":")
    sent = {"client_id": client_id, "client_secret": secret, "grant_type": "client_credentials"}
    return httpx2.post(f"{served.url}/pax8/v1/token", json=sent | {"audience": "api://p8p.client"}).json()[
        "access_token"
    ]


@pytest.mark.parametrize("header", ["authorization", "x_pax8_mcp_token"])
def test_an_access_token_of_the_partner_api_opens_its_tools_and_no_others(served, access, header):
    sent = {header: f"Bearer {access}" if header == "authorization" else access}
    called = post(served, "/pax8/mcp", "tools/call", {"name": "pax8-list-companies"}, **sent)
    found = frame(called)["result"]["structuredContent"]["content"]
    assert found and all("updatedDate" in each for each in found), "whatever its audience, agents read everything"
    assert post(served, "/mcp", "tools/list", **sent).status_code == 401
    sent = {header: sent[header][:-4] + "AAAA"}
    assert post(served, "/pax8/mcp", "tools/list", **sent).status_code == 401


@address
def test_nothing_but_post_is_offered(served, address):
    for method in ("GET", "DELETE", "PUT"):
        reply = httpx2.request(method, served.url + address, headers={"authorization": BEARER, "accept": BOTH})
        assert (reply.status_code, reply.headers["allow"]) == (405, "POST")


@address
def test_a_page_of_another_origin_is_kept_out(served, address):
    assert post(served, address, "tools/list", authorization=BEARER, origin="https://evil.example").status_code == 403
    assert post(served, address, "tools/list", authorization=BEARER, origin=served.url).status_code == 200


@address
def test_what_cannot_be_read_is_refused_by_the_protocol(served, address):
    headers = {"authorization": BEARER, "accept": BOTH, "content-type": "application/json"}
    broken = httpx2.post(served.url + address, content=b"{", headers=headers)
    assert (broken.status_code, broken.json()["error"]["code"]) == (400, -32700)
    large = httpx2.post(served.url + address, content=b" " * (BODY_BYTES_MAX + 1), headers=headers)
    assert large.status_code == 413
    unknown = frame(post(served, address, "tools/none", authorization=BEARER))
    assert unknown["error"]["code"] == -32601


@address
def test_a_tool_that_there_is_not_is_a_fault_that_says_which_there_are(served, address):
    heard = Agent(served, "client", address).call("no-such-tool")
    assert heard.failed and FIRST[address] in json.dumps(heard.json)


@address
def test_parameters_that_are_wrong_are_faults_that_name_each(served, address):
    tool = {"/mcp": "search", "/pax8/mcp": "pax8-list-companies"}[address]
    heard = Agent(served, "client", address).call(tool, size="many", limit="many", nonsense=1, page=-1)
    assert heard.failed and heard.json["status"] == 400
    assert all(each in json.dumps(heard.json) for each in ("nonsense", "limit", "page"))


@pytest.fixture
def fresh(cluster: Embedded, template: str) -> Iterator[Served]:
    """A server that nobody has asked anything yet."""
    with serving(cluster, template) as served:
        yield served


def test_many_who_ask_first_at_the_same_time_are_all_answered(fresh: Served):
    def ask(number: int) -> bool:
        name, arguments = (("describe", {}), ("search", {"collection": "catalog/items"}))[number % 2]
        reply = post(fresh, "/mcp", "tools/call", {"name": name, "arguments": arguments}, authorization=BEARER)
        return frame(reply)["result"]["isError"] is False

    with ThreadPoolExecutor(12) as threads:
        assert all(threads.map(ask, range(24)))


def test_the_sdk_is_not_loaded_before_somebody_asks():
    code = "import sys, entrepot.app, entrepot.cli.main; sys.exit('mcp' in sys.modules or 'pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
