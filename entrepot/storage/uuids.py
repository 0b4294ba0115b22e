"""UUIDs for tongues that know nothing else: random, given once, and kept beside the ids of the core."""

import re
from collections.abc import Iterable
from typing import Final

import asyncpg

from entrepot.storage.statements import Cache

KEPT_MAX: Final = 100_000
"""How many are remembered in a process: they never change, so what is remembered is never wrong."""

Key = tuple[str, str]
"""A kind of thing, and its id."""

_FORM = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_GIVE = """
with asked as (
    select distinct kind, object_id from unnest($1::text[], $2::text[]) as given (kind, object_id)
), there as (
    select u.kind, u.object_id, u.uuid from asked join uuids u using (kind, object_id)
), made as (
    insert into uuids (kind, object_id, uuid)
    select a.kind, a.object_id, gen_random_uuid() from asked a
    where not exists (select from there t where (t.kind, t.object_id) = (a.kind, a.object_id))
    order by 1, 2
    on conflict (kind, object_id) do nothing
    returning kind, object_id, uuid
)
select kind, object_id, uuid::text from there union all select kind, object_id, uuid::text from made
"""


class Uuids:
    """The UUIDs of one database."""

    def __init__(self, pool: asyncpg.Pool):
        self._pool = pool
        self._given: Cache[Key, str] = Cache(KEPT_MAX)
        self._found: Cache[tuple[str, str], str] = Cache(KEPT_MAX)

    async def give(self, keys: Iterable[Key]) -> dict[Key, str]:
        """The UUID of each of the things, made where there is none: one statement, however many they are."""
        wanted = set(keys)
        given = {key: uuid for key in wanted if (uuid := self._given.get(key)) is not None}
        # Whoever makes the same ones meanwhile is not seen by the statement that lost to it, but by the next.
        while missing := wanted - given.keys():
            kinds, ids = zip(*missing, strict=True)
            for kind, object_id, uuid in await self._pool.fetch(_GIVE, kinds, ids):
                given[kind, object_id] = self._keep(kind, object_id, uuid)
        return given

    async def find(self, kind: str, uuid: str) -> str | None:
        """The id of the thing of that kind; None for a UUID that nobody was given, and for what is none at all."""
        uuid = uuid.strip().lower()
        if not _FORM.fullmatch(uuid):
            return None
        known = self._found.get((kind, uuid))
        if known is not None:
            return known
        row = await self._pool.fetchrow("select kind, object_id from uuids where uuid = $1::text::uuid", uuid)
        if row is None or row["kind"] != kind:
            return None
        self._keep(kind, row["object_id"], uuid)
        return row["object_id"]

    def _keep(self, kind: str, object_id: str, uuid: str) -> str:
        self._given.put((kind, object_id), uuid)
        self._found.put((kind, uuid), object_id)
        return uuid
