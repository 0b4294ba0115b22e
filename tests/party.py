"""Somebody who uses the served platform: four methods, and what comes back."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from tests.serving import Reply, Served

Api = Callable[[str], "Party"]


@dataclass(frozen=True, slots=True)
class Party:
    """One of the parties of tests/world.py, with its token. Paths are below the version root."""

    served: Served
    who: str

    def get(self, path: str, **headers: str) -> Reply:
        """What is there."""
        return self.served.call(self.who, "GET", path, **headers)

    def post(self, path: str, body: object = None, **headers: str) -> Reply:
        """A new thing, or a verb of one."""
        return self.served.call(self.who, "POST", path, body, **headers)

    def put(self, path: str, body: object = None, **headers: str) -> Reply:
        """A partial update."""
        return self.served.call(self.who, "PUT", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Reply:
        """The end of a thing."""
        return self.served.call(self.who, "DELETE", path, **headers)


def ok(reply: Reply) -> Any:
    """The document of a success; anything else says what it was."""
    assert 200 <= reply.status < 300, (reply.status, reply.json)
    return reply.json


def at_once(*requests: Callable[[], Reply]) -> list[Reply]:
    """The replies to requests that are all on their way at the same time, each on a connection of its own."""
    with ThreadPoolExecutor(len(requests)) as threads:
        return [each.result() for each in [threads.submit(request) for request in requests]]
