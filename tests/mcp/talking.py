"""Agents of tests: the official client over HTTP, and plain messages as a simple program would send them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import anyio
import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from tests.serving import Served, token_of

Document = dict[str, Any]
BOTH = "application/json, text/event-stream"


@dataclass(frozen=True, slots=True)
class Heard:
    """What a tool said: the JSON of its text, what it remarked on it, and whether it failed."""

    json: Any
    remarks: tuple[str, ...]
    failed: bool


@dataclass(frozen=True, slots=True)
class Agent:
    """Somebody's agent, with the official client, at one address."""

    served: Served
    who: str
    address: str = "/mcp"
    header: str = "authorization"
    mode: str = "auto"

    def call(self, tool: str, **arguments: object) -> Heard:
        """One tool, in a conversation of its own."""
        return self.ask("call_tool", tool, arguments)

    def ok(self, tool: str, **arguments: object) -> Any:
        """What the tool gave; a fault says what it was."""
        heard = self.call(tool, **arguments)
        assert not heard.failed, (heard.json, heard.remarks)
        return heard.json

    def ask(self, method: str, *arguments: object) -> Any:
        """Any method of the official client."""
        return anyio.run(self._ask, method, arguments)

    async def _ask(self, method: str, arguments: tuple[object, ...]) -> Any:
        value = token_of(self.who)
        headers = {self.header: f"Bearer {value}" if self.header == "authorization" else value}
        async with httpx2.AsyncClient(headers=headers, timeout=30) as http:
            transport = streamable_http_client(self.served.url + self.address, http_client=http)
            async with Client(transport, mode=self.mode) as client:
                found = await getattr(client, method)(*arguments)
                return heard(found) if method == "call_tool" else found


def heard(result: Any) -> Heard:
    """A result of the official client; its text and its structured content must say the same."""
    document = json.loads(result.content[0].text)
    assert result.structured_content == document
    return Heard(document, tuple(each.text for each in result.content[1:]), bool(result.is_error))


def post(
    served: Served, address: str, method: str, params: Mapping[str, object] | None = None, **headers: str
) -> httpx2.Response:
    """One message without a session, an initialization, or anything that is not needed."""
    message: Document = {"jsonrpc": "2.0", "id": 1, "method": method} | ({"params": params} if params else {})
    sent = {"accept": BOTH} | {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx2.post(served.url + address, json=message, headers=sent, timeout=30)


def frame(response: httpx2.Response) -> Document:
    """The message in the one frame of an event stream, as a probe finds it that knows nothing else."""
    assert response.headers["content-type"].startswith("text/event-stream"), response.text
    found = [line[5:].strip() for line in response.text.splitlines() if line.startswith("data:")]
    assert len(found) == 1
    return json.loads(found[0])
