"""Who asks: finds the caller behind a token, and makes tokens for the command line."""

import hmac
import re
import secrets
import time
from collections.abc import Iterable, Mapping
from typing import Final

import asyncpg

from entrepot.kernel.access import Caller
from entrepot.kernel.call import Call, OutOfIds
from entrepot.kernel.doors import ATTEMPTS, Stale
from entrepot.kernel.errors import Conflict, Invalid, Unavailable
from entrepot.kernel.identity import SERVICES
from entrepot.storage.statements import Cache
from entrepot.storage.store import GONE, Session, Store
from entrepot.storage.vault import digest

CALLER_LIVES_S: Final = 2.0
"""How long a caller is kept in a process: the longest that a disabled token goes on."""

STRANGER_LIVES_S: Final = 0.2
"""How long a token is remembered as unknown, so that a new one works at once."""

CALLERS_MAX: Final = 10_000
STRANGERS_MAX: Final = 1_000
HEADER_MAX: Final = 1_000
SECRET_BYTES: Final = 32

OPENS: Final[Mapping[str, frozenset[str]]] = {
    "marketplace": frozenset(("catalog", "commerce")),
    "access-management": frozenset(("accounts",)),
    "account-management": frozenset(("accounts",)),
    "audit": frozenset(("audit",)),
    "billing": frozenset(("billing",)),
    "integration": frozenset(("integration",)),
    "notifications": frozenset(("notifications",)),
    "helpdesk": frozenset(("helpdesk",)),
    "programs": frozenset(("program",)),
    "spotlight": frozenset(("spotlight",)),
}
"""Which rooms a module opens, by its code. Another one opens the room that has its code as a name, if there is one."""

ALWAYS_OPEN: Final = frozenset(("accounts",))
"""Open to every token: each tool begins by reading its own, and whoever orders must see its licensees."""

_HEADER = re.compile(r"(?:(?i:bearer) +)?idt:(TKN(?:-[0-9]{4})+):([!-~]+)")

_IN_GROUP = """
    from users_groups belongs join user_groups g on g.id = belongs.target_id
    where belongs.owner_id = t.user_id and g.account_id = t.account_id and g.status = 'Active'"""

_FIND = f"""
select t.token_hash, t.account_id, t.user_id, t.held_by, a.type,
    t.status = 'Active' and a.status in ('Enabled', 'Active')
        and coalesce(u.status not in ('Blocked', 'Disabled', 'Deleted'), true) as speaks,
    array(select m.code from api_tokens_modules l join modules m on m.id = l.target_id where l.owner_id = t.id)
        as modules,
    array(select m.code from user_groups_modules l join modules m on m.id = l.target_id
        where l.owner_id in (select g.id {_IN_GROUP})) as group_modules,
    exists (select {_IN_GROUP} and not exists (select from user_groups_buyers b where b.owner_id = g.id))
        as every_buyer,
    array(select distinct b.target_id from user_groups_buyers b where b.owner_id in (select g.id {_IN_GROUP}))
        as buyers,
    (select i.core from identities i where i.id = coalesce(t.user_id, t.id)) as named
from api_tokens t join accounts a on a.id = t.account_id left join users u on u.id = t.user_id
where t.id = $1
"""


class Callers:
    """Finds callers by the value of the Authorization header. What it keeps is at most two seconds old."""

    def __init__(self, pool: asyncpg.Pool):
        self._pool = pool
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
        found = _HEADER.fullmatch(authorization.strip()) if len(authorization) <= HEADER_MAX else None
        if found is None or (self._strangers.get(authorization) or 0.0) > time.monotonic():
            return None
        caller = await self._fetch(found[1], found[2])
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
        if row is None or not hmac.compare_digest(digest(secret), row["token_hash"] or "") or not row["speaks"]:
            return None
        return _caller(token_id, row)


def _caller(token_id: str, row: asyncpg.Record) -> Caller:
    user_id = row["user_id"] or ""
    return Caller(
        actor=row["type"].lower(),
        account_id=row["account_id"],
        identity_id=user_id or token_id,
        token_id=token_id,
        user_id=user_id,
        held_by=row["held_by"] or "service",
        named=row["named"] or "",
        modules=_rooms(row["modules"], row["group_modules"]),
        buyers=None if not user_id or row["every_buyer"] else tuple(sorted(row["buyers"])),
    )


def _rooms(*restrictions: Iterable[str]) -> frozenset[str] | None:
    """The rooms that every restriction opens; one that lists no module restricts nothing."""
    rooms: frozenset[str] | None = None
    for codes in restrictions:
        if codes:
            opened = frozenset().union(*(OPENS.get(code.lower(), (code.lower(),)) for code in codes))
            rooms = opened if rooms is None else rooms & opened
    return None if rooms is None else rooms | ALWAYS_OPEN


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
        "exists (select from users_accounts where owner_id = $2 and target_id = $1) as member, "
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
