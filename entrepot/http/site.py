"""Everything that answers on a port: the API and what describes it, the probes, the metrics, and the live page."""

from collections.abc import Awaitable, Callable, Mapping

import asyncpg
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from entrepot.http.api import PREFIXES, Api, Receive, Scope, Send
from entrepot.http.auth import Auth
from entrepot.http.docs import Docs
from entrepot.http.page import Page
from entrepot.settings import Settings
from entrepot.storage.store import GONE

Answering = Callable[[Scope, Receive, Send], Awaitable[None]]

PAX8 = "/pax8/"
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Site:
    """An ASGI application: requests for the API go straight to it, all others by their routes."""

    def __init__(
        self,
        settings: Settings,
        api: Api,
        page: Page,
        docs: Docs,
        auth: Auth,
        pool: asyncpg.Pool,
        pax8: Answering,
        endpoints: Mapping[str, Answering],
    ):
        """`endpoints` are other adapters' applications, each at one address."""
        self._settings = settings
        self._endpoints = endpoints
        self._api = api
        self._pool = pool
        self._pax8 = pax8
        self._described = docs.paths
        self.links = page.links
        self._others = Starlette(
            routes=[
                Route("/health/live", self._live),
                Route("/health/ready", self._ready),
                Route("/metrics", self._metrics),
                *docs.routes,
                *page.routes,
                *auth.routes,
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the server's own start and stop."""
        if scope["type"] == "http" and scope["path"].startswith(PREFIXES) and scope["path"] not in self._described:
            await self._api(scope, receive, send)
        elif scope["type"] == "http" and scope["path"] in self._endpoints:
            await self._endpoints[scope["path"]](scope, receive, send)
        elif scope["type"] == "http" and scope["path"].startswith(PAX8):
            await self._pax8(scope, receive, send)
        else:
            await self._others(scope, receive, send)

    async def _live(self, request: Request) -> Response:
        return JSONResponse({"status": "live"})

    async def _ready(self, request: Request) -> Response:
        try:
            await self._pool.fetchval("select 1", timeout=5)
        except GONE as fault:
            return JSONResponse({"status": "unavailable", "reason": str(fault) or "no database"}, status_code=503)
        return JSONResponse({"status": "ready"})

    async def _metrics(self, request: Request) -> Response:
        if not self._settings.metrics_public and (request.client is None or request.client.host not in LOOPBACK):
            return PlainTextResponse("Metrics are for this machine only.", status_code=403)
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
