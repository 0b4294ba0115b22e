"""The Pax8 API has a port of its own where one is set."""

import asyncio
import socket

import httpx

from entrepot.cli.serving import serve
from entrepot.settings import Settings
from tests.pax8.conftest import UNKNOWN
from tests.serving import KEY, token_of


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def test_at_its_own_port_it_answers_at_the_root_and_nothing_else_does(database: str):
    port = free_port()
    settings = Settings(database_url=database, secret_key=KEY, port=0, work=False, pax8_port=port)

    async def play() -> None:
        stop, ready = asyncio.Event(), asyncio.Event()

        async def on_ready(url: str, parts: object) -> None:
            ready.set()

        serving = asyncio.create_task(serve(settings, on_ready, stop))
        await asyncio.wait_for(ready.wait(), 30)
        _, client_id, secret = token_of("client").split(":")
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
            for _ in range(100):
                try:
                    await http.get("/")
                    break
                except httpx.ConnectError:
                    await asyncio.sleep(0.05)
            given = await http.post("/oauth/token", json={"client_id": client_id, "client_secret": secret})
            bearer = {"authorization": f"Bearer {given.json()['access_token']}"}
            assert (await http.get("/v1/companies", headers=bearer)).json()["page"]["totalElements"] == 2
            missing = await http.get(f"/v1/orders/{UNKNOWN}", headers=bearer)
            assert missing.json()["instance"] == f"/public/v1/orders/{UNKNOWN}"
            for path in ("/public/v1/commerce/orders", "/health/live", "/metrics"):
                assert (await http.get(path, headers=bearer)).status_code == 404
        stop.set()
        await asyncio.wait_for(serving, 30)

    asyncio.run(play())
