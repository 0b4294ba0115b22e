"""The official client in both its forms: each test of this folder runs once with either."""

import asyncio
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.serving import Served

Speak = Callable[[str], Any]


class Awaited:
    """The asynchronous client as if it were the other one: everything is waited for."""

    def __init__(self, inner: Any, runner: asyncio.Runner):
        self._inner, self._runner = inner, runner

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if inspect.ismethod(found) or inspect.isfunction(found):
            return lambda *given, **named: self._settled(found(*given, **named))
        return self._settled(found)

    def _settled(self, found: Any) -> Any:
        if inspect.isawaitable(found):
            return self._runner.run(_wait(found))
        if hasattr(found, "__aiter__"):
            return iter(self._runner.run(_collect(found)))
        if hasattr(found, "http_client"):
            return Awaited(found, self._runner)
        return found


async def _wait(found: Any) -> Any:
    return await found


async def _collect(found: Any) -> list[Any]:
    return [each async for each in found]


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    """The loop on which the asynchronous clients live."""
    with asyncio.Runner() as found:
        yield found


@pytest.fixture(scope="module", params=["sync", "async"])
def speak(request: pytest.FixtureRequest, served: Served, runner: asyncio.Runner) -> Iterator[Speak]:
    """Somebody's client, in one form or the other."""
    made: dict[str, Any] = {}

    def client(who: str) -> Any:
        if who not in made:
            made[who] = served.client(who) if request.param == "sync" else Awaited(served.async_client(who), runner)
        return made[who]

    yield client
    for each in made.values():
        if request.param == "sync":
            each.http_client.httpx_client.close()
        else:
            runner.run(_wait(each._inner.http_client.httpx_client.aclose()))


@pytest.fixture
def client(speak: Speak) -> Any:
    """Whoever buys."""
    return speak("client")


@pytest.fixture
def vendor(speak: Speak) -> Any:
    """Whoever delivers."""
    return speak("vendor")


@pytest.fixture
def operations(speak: Speak) -> Any:
    """Whoever runs the marketplace."""
    return speak("operations")
