"""Who asks: finds the caller behind a token, and makes tokens for the command line."""

import asyncio
import hmac
import re
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Final

import asyncpg
import structlog

from entrepot.kernel.access import Caller
from entrepot.kernel.call import Call, OutOfIds
from entrepot.kernel.doors import ATTEMPTS, Stale
from entrepot.kernel.errors import Conflict, Invalid, Unavailable
from entrepot.kernel.identity import SERVICES
from entrepot.storage.extension_callers import ExtensionCallers
from entrepot.storage.statements import Cache
from entrepot.storage.store import GONE, Session, Store
from entrepot.storage.vault import digest

LOG = structlog.get_logger()

CALLER_LIVES_S: Final = 2.0
"""How long a caller is kept in a process: the longest that a disabled token goes on."""

STRANGER_LIVES_S: Final = 0.2
"""How long a token is remembered as unknown, so that a new one works at once."""

CALLERS_MAX: Final = 10_000
STRANGERS_MAX: Final = 1_000
HEADER_MAX: Final = 2_100
SECRET_BYTES: Final = 32

_HEADER = re.compile(r"(?:(?i:bearer) +)?idt:(TKN(?:-[0-9]{4})+):([!-~]+)")

_OF_GROUP = """
    from account_users m join account_users_groups l on l.owner_id = m.id
        join user_groups g on g.id = l.target_id and g.status = 'Active' and g.account_id = m.account_id
    where m.user_id = t.user_id and m.account_id = t.account_id and m.status <> 'Removed'"""

_CODES = "array(select c.code from {link} l join modules c on c.id = l.target_id where l.owner_id {of})"

_MARKETPLACE = """(not exists (select from user_groups_modules o where o.owner_id = g.id) or exists (
        select from user_groups_modules o join modules c on c.id = o.target_id
        where o.owner_id = g.id and c.code = 'marketplace'))"""
"""Whether a group opens the marketplace: only there the buyers of a group are a restriction."""

REACH = f"""
    a.type,
    a.status in ('Enabled', 'Active') and (t.user_id is null or (
        u.status not in ('Blocked', 'Disabled', 'Deleted') and exists (select from account_users m
            where m.user_id = t.user_id and m.account_id = t.account_id and m.status <> 'Removed'))) as speaks,
    array(select c.code from modules c where coalesce(jsonb_array_length(c.account_types), 0) = 0
        or c.account_types ? a.type) as every_code,
    {_CODES.format(link="user_groups_modules", of=f"in (select g.id {_OF_GROUP})")} as group_codes,
    exists (select {_OF_GROUP} and not exists (select from user_groups_modules o where o.owner_id = g.id))
        as every_group,
    exists (select {_OF_GROUP} and {_MARKETPLACE} and not exists (
        select from user_groups_buyers b where b.owner_id = g.id)) as every_buyer,
    exists (select {_OF_GROUP}) and not exists (select {_OF_GROUP} and {_MARKETPLACE}) as buys_nothing,
    array(select distinct b.target_id from user_groups_buyers b
        where b.owner_id in (select g.id {_OF_GROUP} and {_MARKETPLACE})) as buyers,
    exists (select from account_users m
        where m.user_id = t.user_id and m.account_id <> t.account_id and m.status <> 'Removed') as elsewhere
    """
"""What an account, or a person as a member of it, may do; of `t`, which names both, `a` and `u`."""

_FIND = f"""
select t.token_hash, t.account_id, t.user_id, t.held_by, t.status = 'Active' as active,
    t.last_access_at is null or t.last_access_at < clock_timestamp() - interval '60 seconds' as unseen,
    {_CODES.format(link="api_tokens_modules", of="= t.id")} as codes,
    (select i.core from identities i where i.id = coalesce(t.user_id, t.id)) as named, {REACH}
from api_tokens t join accounts a on a.id = t.account_id left join users u on u.id = t.user_id
where t.id = $1
"""

_SEEN = """
update api_tokens set last_access_at = clock_timestamp()
where id = $1 and (last_access_at is null or last_access_at < clock_timestamp() - interval '60 seconds')
"""

Rooms = Callable[[Iterable[str] | None], frozenset[str] | None]
"""The rooms that modules open."""


class Callers:
    """Finds callers by the value of the Authorization header. What it keeps is at most two seconds old."""

    def __init__(self, pool: asyncpg.Pool, rooms: Rooms, extensions: ExtensionCallers | None = None):
        self._pool = pool
        self._rooms = rooms
        self._extensions = extensions
        self._notes: set[asyncio.Task[None]] = set()
        self._known: dict[str, tuple[float, Caller]] = {}
        self._strangers: Cache[str, float] = Cache(STRANGERS_MAX)

    async def find(self, authorization: str) -> Caller | None:
        """The caller, or None for an unknown or disabled token, a wrong secret, or a disabled account or user.

        Raises Unavailable when the database is away.
        """
        kept = self._known.get(authorization)
        if kept is not None and kept[0] > time.monotonic():
            return kept[1]
        return await self._look_up(authorization)

    async def _look_up(self, authorization: str) -> Caller | None:
        if len(authorization) > HEADER_MAX or (self._strangers.get(authorization) or 0.0) > time.monotonic():
            return None
        found = _HEADER.fullmatch(authorization.strip())
        of_extension = self._extensions.value(authorization.strip()) if self._extensions else None
        if found is not None:
            caller = await self._fetch(found[1], found[2])
        elif self._extensions is not None and of_extension is not None:
            caller = await self._fetch_extension(self._extensions, of_extension)
        else:
            return None
        self._known.pop(authorization, None)
        if caller is None:
            self._strangers.put(authorization, time.monotonic() + STRANGER_LIVES_S)
            return None
        if len(self._known) >= CALLERS_MAX:
            self._known.pop(next(iter(self._known)))
        self._known[authorization] = time.monotonic() + CALLER_LIVES_S, caller
        return caller

    async def _fetch(self, token_id: str, secret: str) -> Caller | None:
        try:
            async with self._pool.acquire(timeout=10) as conn:
                row = await conn.fetchrow(_FIND, token_id)
        except GONE as fault:
            raise Unavailable("The database is away.", headers={"Retry-After": "1"}) from fault
        if row is None or not hmac.compare_digest(digest(secret), row["token_hash"] or ""):
            return None
        if not row["active"] or not row["speaks"]:
            return None
        if row["unseen"]:
            note = asyncio.create_task(self._note(token_id))
            self._notes.add(note)
            note.add_done_callback(self._notes.discard)
        return token_caller(token_id, row, self._rooms)

    async def _fetch_extension(self, extensions: ExtensionCallers, value: str) -> Caller | None:
        try:
            async with self._pool.acquire(timeout=10) as conn:
                caller = await extensions.find(conn, value)
        except GONE as fault:
            raise Unavailable("The database is away.", headers={"Retry-After": "1"}) from fault
        if caller is None:
            return None
        return replace(caller, modules=(self._rooms(caller.codes) or frozenset()) | (caller.modules or frozenset()))

    async def _note(self, token_id: str) -> None:
        """When a token was last used, to the minute; nobody waits for it, and nothing depends on it."""
        try:
            await self._pool.execute(_SEEN, token_id, timeout=10)
        except (*GONE, asyncpg.PostgresError) as fault:
            LOG.info("the last use of a token was not noted", token=token_id, fault=repr(fault))


def token_caller(token_id: str, row: asyncpg.Record, rooms: Rooms) -> Caller:
    """Who speaks by a token: no more than the token opens, and the person whose it is."""
    user_id, held_by = row["user_id"] or "", row["held_by"] or "service"
    own = frozenset(row["codes"]) or None
    groups = _group_codes(row) if user_id else None
    buyers = _buyers(row) if user_id else None
    whose = groups if groups is not None else frozenset(row["every_code"])
    return Caller(
        actor=row["type"].lower(),
        account_id=row["account_id"],
        identity_id=user_id or token_id,
        token_id=token_id,
        user_id=user_id,
        held_by=held_by,
        named=row["named"] or "",
        narrow=held_by == "agent" or row["elsewhere"] or (own is not None and not own.issuperset(whose)),
        **_reach(row, rooms, _both(own, groups), buyers),
    )


def person_caller(row: asyncpg.Record, rooms: Rooms) -> Caller:
    """Somebody who is signed in: all that their groups open. Who is so by an organisation's provider is `bound`."""
    return Caller(
        actor=row["type"].lower(),
        account_id=row["account_id"],
        identity_id=row["user_id"],
        token_id=f"{row['user_id']} {row['account_id']}",
        user_id=row["user_id"],
        held_by="person",
        named=row["named"] or "",
        narrow=row["bound"],
        **_reach(row, rooms, _group_codes(row), _buyers(row)),
    )


def _reach(
    row: asyncpg.Record, rooms: Rooms, codes: frozenset[str] | None, buyers: tuple[str, ...] | None
) -> dict[str, Any]:
    """How far a caller reaches, of whom it is known which modules and buyers it has."""
    whole = codes is None or codes.issuperset(row["every_code"])
    return {"modules": rooms(codes), "codes": codes, "buyers": buyers, "whole": whole and buyers is None}


def _group_codes(row: asyncpg.Record) -> frozenset[str] | None:
    """What a person's groups open together. One that lists no module opens all; who is in none has none."""
    return None if row["every_group"] else frozenset(row["group_codes"])


def _both(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    if one is None or other is None:
        return one if other is None else other
    return one & other


def _buyers(row: asyncpg.Record) -> tuple[str, ...] | None:
    return None if row["every_buyer"] or row["buys_nothing"] else tuple(sorted(row["buyers"]))


# New tokens ---------------------------------------------------------------------------------------------

KERNEL: Final = Caller(actor="kernel", account_id="", identity_id=SERVICES["kernel"])


async def create_token(
    store: Store,
    account_id: str,
    name: str,
    modules: Iterable[str] = (),
    user_id: str | None = None,
    held_by: str = "service",
) -> str:
    """A new token of an account, and its whole value. `modules` are codes; none: every module.

    Raises Invalid for an account, user or module that is not there, or a holder that there is not.
    """
    async with store.session() as session:
        linked = await _require(store, session, account_id, tuple(modules), user_id, held_by)
        for _ in range(ATTEMPTS):
            try:
                return await _insert(store, session, account_id, name, linked, user_id, held_by)
            except OutOfIds as empty:
                await store.refill(empty.noun, empty.wanted)
            except Stale:  # somebody loaded a token with the id that was drawn
                continue
    raise Conflict("Others are making tokens too; try again.")


async def _require(
    store: Store, session: Session, account_id: str, modules: tuple[str, ...], user_id: str | None, held_by: str
) -> list[str]:
    """The ids of the modules, once everything that the token names is known to be there."""
    row = await session.conn.fetchrow(
        "select exists (select from accounts where id = $1) as account, "
        "exists (select from account_users where user_id = $2 and account_id = $1 and status = 'Active') as member, "
        "array(select row(id, code) from modules where code = any($3) or id = any($3)) as modules",
        account_id,
        user_id,
        modules,
    )
    known = {name: module_id for module_id, code in row["modules"] for name in (module_id, code)}
    faults: dict[str, list[str]] = {}
    if not row["account"]:
        faults["account"] = [f"Account {account_id!r} was not found."]
    elif user_id and not row["member"]:
        faults["user"] = [f"User {user_id!r} was not found in account {account_id}."]
    for code in modules:
        if code not in known:
            faults["modules"] = [*faults.get("modules", ()), f"Module {code!r} was not found."]
    holders = store.nouns["accounts/api-tokens"].field("heldBy").members
    if held_by not in holders:
        faults["heldBy"] = [f"One of {', '.join(holders)} was expected."]
    if faults:
        raise Invalid(faults, detail=" ".join(words for each in faults.values() for words in each))
    return [known[code] for code in dict.fromkeys(modules)]


async def _insert(
    store: Store,
    session: Session,
    account_id: str,
    name: str,
    modules: list[str],
    user_id: str | None,
    held_by: str,
) -> str:
    call = Call(caller=KERNEL, nouns=store.nouns, now=await session.now(), draw=store.draw)
    token = call.new(
        store.nouns["accounts/api-tokens"],
        status="Active",
        name=name,
        account_id=account_id,
        user_id=user_id,
        held_by=held_by,
    )
    secret = secrets.token_urlsafe(SECRET_BYTES)
    value = f"idt:{token.id}:{secret}"
    token.token, token.token_hash = store.vault.seal(value), digest(secret)
    call.link(token, "modules", modules)
    token.revision = 1
    call.touched = {token.key: (token, token.changed())}
    await session.write(call, None, dry=False)
    return value
