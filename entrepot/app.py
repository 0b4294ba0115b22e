"""The only place where parts meet."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import asyncpg

from entrepot.accounts.people_api import MEMBERS, WELCOME
from entrepot.accounts.permission import rooms
from entrepot.http import session
from entrepot.http.api import Api
from entrepot.http.auth import Auth
from entrepot.http.beside import OPERATIONS
from entrepot.http.docs import Docs
from entrepot.http.events import Events
from entrepot.http.openapi.documents import Documents
from entrepot.http.openid import OpenId
from entrepot.http.page import Page
from entrepot.http.receiving import whole
from entrepot.http.routes import Router, routes_of
from entrepot.http.site import Site
from entrepot.http.streams import Streams
from entrepot.kernel.doors import Doors
from entrepot.kernel.noun import Nouns
from entrepot.kernel.places import Places
from entrepot.kernel.shape import Shapes
from entrepot.mcp.http import Endpoint
from entrepot.mcp.marketplace import Marketplace
from entrepot.mcp.pax8 import Pax8
from entrepot.mcp.tool import Toolset
from entrepot.offers import NOUNS, OFFERS
from entrepot.outside.calling import Calling
from entrepot.pax8.limit import Limit
from entrepot.pax8.rest import Rest
from entrepot.pax8.token import Tokens
from entrepot.reactions import CONSULTS, JOBS, PASSING, RECEIVERS
from entrepot.settings import Settings
from entrepot.storage.bucket import OPTIONS, Bucket
from entrepot.storage.callers import Callers
from entrepot.storage.deliveries import Deliveries
from entrepot.storage.embedded import Embedded, attach_or_start
from entrepot.storage.extension_callers import ExtensionCallers
from entrepot.storage.files import Files
from entrepot.storage.heads import Heads
from entrepot.storage.migrate import ensure
from entrepot.storage.sessions import Sessions
from entrepot.storage.store import Store, open_pool
from entrepot.storage.uuids import Uuids
from entrepot.storage.vault import Vault, key_beside
from entrepot.storage.watch import Watch
from entrepot.storage.work import Work

FOLLOWERS_MAX = 400
"""How many may wait for events at one time; each costs a socket and a few kilobytes."""


@dataclass(eq=False)
class Application:
    """Everything that a program needs, put together once."""

    settings: Settings
    nouns: Nouns
    pool: asyncpg.Pool
    store: Store
    doors: Doors
    callers: Callers
    work: Work
    calling: Calling
    deliveries: Deliveries
    heads: Heads
    watch: Watch
    toolsets: Mapping[str, Toolset]
    endpoints: Mapping[str, Endpoint]
    pax8: Rest
    site: Site
    embedded: Embedded | None = None


@asynccontextmanager
async def build(settings: Settings, *, may_migrate: bool | None = None) -> AsyncIterator[Application]:
    """Opens the database, brings an embedded one to the current schema, and puts the parts together."""
    embedded: Embedded | None = None
    url, secret_key = settings.database_url, settings.secret_key
    if settings.embedded:
        embedded = attach_or_start(settings.data)
        url = embedded.url
        secret_key = secret_key or key_beside(settings.data)
    try:
        await ensure(
            url, sandbox=settings.sandbox, may_migrate=settings.embedded if may_migrate is None else may_migrate
        )
        pool = await open_pool(url, largest=settings.pool_size)
        try:
            parts = await assemble(settings, pool, Vault(secret_key))
            parts.embedded = embedded
            try:
                yield parts
            finally:
                for endpoint in parts.endpoints.values():
                    await endpoint.close()
                await parts.calling.close()
        finally:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(pool.close(), 5)
            pool.terminate()
    finally:
        if embedded is not None:
            embedded.stop()


async def assemble(settings: Settings, pool: asyncpg.Pool, vault: Vault) -> Application:
    """The parts around an open database."""
    nouns = Nouns(NOUNS)
    shapes = Shapes(nouns)
    row = await pool.fetchrow("select sandbox, id_key from installation")
    files = Files(pool, _bucket(settings))
    store = Store(pool, nouns, shapes, vault, sandbox=row["sandbox"], key=row["id_key"], files=files)
    calling = Calling(private=settings.allow_private_calls or row["sandbox"])
    doors = Doors(nouns, shapes, store, calling.send, CONSULTS)
    callers = Callers(pool, rooms, ExtensionCallers(vault))
    jobs = {name: make(doors) for name, make in JOBS.items()}
    heads = Heads(vault, settings.heads_file)
    kinds = {name: make(doors) for name, make in RECEIVERS.items()}
    deliveries = Deliveries(pool, kinds, calling.send, partial(store.some, nouns["notifications/deliveries"]))
    work = Work(pool, jobs, heads, files, deliveries, PASSING)
    store.written = work.hint
    watch = Watch(pool)
    events = Events(doors, callers, watch, Places(FOLLOWERS_MAX, FOLLOWERS_MAX // 4))
    streams_max = max(1, settings.pool_size // 4)
    streams = Streams(doors, Places(streams_max, max(1, streams_max // 2)))
    sessions = Sessions(pool, rooms)
    asking = session.Callers(callers, sessions)
    api = Api(Router(routes_of(OFFERS)), doors, asking, events, streams, body_bytes_max=settings.body_bytes_max)
    page = Page(doors, callers, vault, OFFERS, sessions)
    auth = Auth(doors, sessions, OpenId(pool, vault, calling.send), MEMBERS, WELCOME)
    docs = Docs(Documents(routes_of(OFFERS), nouns, OPERATIONS))
    resources, uuids = {each.address: each for each in OFFERS}, Uuids(pool)
    limit, tokens = Limit(settings.pax8_calls_per_minute), Tokens(callers, vault)
    pax8 = Rest(doors, resources, uuids, tokens, limit, partial(whole, most=settings.body_bytes_max))
    toolsets: dict[str, Toolset] = {
        "/mcp": Marketplace(doors, OFFERS),
        "/pax8/mcp": Pax8(doors, resources, uuids, limit),
    }
    asking = {"/pax8/mcp": tokens}  # who speaks Pax8's tongue may come with an access token too
    endpoints = {
        address: Endpoint(each, asking.get(address, callers), body_bytes_max=settings.body_bytes_max)
        for address, each in toolsets.items()
    }
    site = Site(settings, api, page, docs, auth, pool, pax8, endpoints)
    return Application(
        settings, nouns, pool, store, doors, callers, work, calling, deliveries, heads, watch, toolsets, endpoints,
        pax8, site,
    )  # fmt: skip


def _bucket(settings: Settings) -> Bucket | None:
    """The object store for files; None where they lie in the database. Raises BucketError."""
    if not settings.files:
        return None
    return Bucket(settings.files, {name: getattr(settings, name) for name in OPTIONS})
