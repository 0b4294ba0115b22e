"""`entrepot mcp`: the official client starts it, beside a server that runs, and hears nothing else on its stdout."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, StdioServerParameters, stdio_client

from tests.mcp.talking import Heard, heard
from tests.serving import KEY, Served
from tests.world import PRODUCT, token

PRICE = "PRI-5001-0001-0001-0001"
MAIN = "from entrepot.cli.main import main; main()"


def command(served: Served, *words: str) -> list[str]:
    return ["-c", MAIN, "mcp", "--database-url", served.database, *words]


def environment(**more: str) -> dict[str, str]:
    return {"ENTREPOT_SECRET_KEY": KEY, "PYTHONPATH": os.pathsep.join(sys.path), **more}


def talk(served: Served, *words: str, mode: str = "auto", calls: list[tuple[str, dict[str, object]]]) -> Any:
    """The tools' names, and what each call said, in one conversation."""

    async def run() -> tuple[list[str], list[Heard]]:
        started = StdioServerParameters(
            command=sys.executable, args=command(served, *words), env=environment(ENTREPOT_TOKEN=token("client"))
        )
        async with Client(stdio_client(started), mode=mode) as client:
            names = [each.name for each in (await client.list_tools()).tools]
            return names, [heard(await client.call_tool(name, arguments)) for name, arguments in calls]

    return anyio.run(run)


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_the_official_client_reads_the_marketplace(served, mode):
    names, said = talk(
        served,
        mode=mode,
        calls=[
            ("get", {"collection": "catalog/products", "id": PRODUCT}),
            ("get", {"collection": "catalog/products", "id": "PRD-0000-0000"}),
        ],
    )
    assert names[0] == "describe"
    assert said[0].json == json.loads(served.call("client", "GET", f"/catalog/products/{PRODUCT}").body)
    assert said[1].failed and said[1].json["status"] == 404


def test_a_flag_chooses_the_tools_of_pax8(served):
    names, said = talk(served, "--tools", "pax8", calls=[("pax8-list-companies", {"size": 1})])
    assert names == sorted(names) and "pax8-list-orders" in names
    assert said[0].json["page"] == {"size": 1, "totalElements": 2, "totalPages": 2, "number": 0}


def test_money_keeps_its_digits_in_both_contents(served):
    price = "1234567890123456.70"
    widen = "update price_list_items set unit_lp = $1::text::numeric where id = $2"
    served.run(served.parts.pool.execute(widen, price, PRICE))
    meta = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    called = {"name": "get", "arguments": {
        "collection": "catalog/price-lists/{priceList}/items", "within": ["PRC-5001-0001-0001"], "id": PRICE}}  # fmt: skip
    messages = (
        {"id": 1, "method": "initialize", "params": meta},
        {"method": "notifications/initialized"},
        *({"id": number, "method": "tools/call", "params": called} for number in (2, 3)),
    )
    with subprocess.Popen(
        [sys.executable, *command(served, "--token", token("vendor"))],
        env=os.environ | environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        for each in messages:
            process.stdin.write(json.dumps({"jsonrpc": "2.0"} | each) + "\n")
        process.stdin.flush()
        _, *answers = (process.stdout.readline() for _ in range(3))
        process.stdin.close()
    assert process.returncode == 0
    for line in answers:
        text = json.loads(line)["result"]["content"][0]["text"]
        assert f'"unitLP":{price}' in text and f'"structuredContent":{text}' in line


@pytest.mark.parametrize("words", [(), ("--token", "idt:TKN-9999-9999:nobody")])
def test_a_token_that_is_nobodys_ends_it_with_the_reason(served, words):
    done = subprocess.run(
        [sys.executable, *command(served, *words)],
        env=os.environ | environment(),
        input="",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "token" in done.stderr and "Traceback" not in done.stderr


def test_messages_in_a_file_are_answered_line_by_line(served, tmp_path: Path):
    initialize = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    asked = tmp_path / "asked.jsonl"
    asked.write_text(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": initialize}) + "\n")
    with asked.open() as lines:
        done = subprocess.run(
            [sys.executable, *command(served, "--token", token("client"))],
            env=os.environ | environment(),
            stdin=lines,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["result"]["serverInfo"]["name"] for line in done.stdout.splitlines()] == ["entrepot"]


def test_it_stops_when_told_to_though_nobody_closed_its_stdin(served):
    process = subprocess.Popen(
        [sys.executable, *command(served, "--token", token("client"))],
        env=os.environ | environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None and process.stdout is not None
    initialize = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    process.stdin.write(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": initialize}) + "\n")
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["id"] == 1
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    process.stdin.close()
    process.stdout.close()
