"""Who is signed in: a person, at one of their accounts, by an opaque cookie of which only a hash is kept.

A session acts as a person's token does, with all that the person's groups open. It ends by itself: when nothing was
heard of it for some hours, after some days, and when the password, the person, the membership, or the provider that
vouched for the person is no longer.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import asyncpg
import structlog

from entrepot.kernel.access import Caller
from entrepot.kernel.errors import Refusal, Unavailable
from entrepot.storage.callers import CALLER_LIVES_S, CALLERS_MAX, REACH, Rooms, person_caller
from entrepot.storage.store import GONE
from entrepot.storage.vault import digest, hasher

LOG = structlog.get_logger()

IDLE_H: Final = 12
LIFE_H: Final = 7 * 24
FAILURES_MINUTES: Final = 15
FAILURES_BY_EMAIL_MAX: Final = 10
FAILURES_BY_ADDRESS_MAX: Final = 100
"""Wrong passwords within the minutes above, after which no more are looked at."""

_ALIVE = f"""s.began_at > clock_timestamp() - interval '{LIFE_H} hours'
    and s.seen_at > clock_timestamp() - interval '{IDLE_H} hours'"""

_FIND = f"""
select t.user_id, t.account_id, t.seen_at < clock_timestamp() - interval '60 seconds' as unseen,
    t.provider_id is not null as bound, (select i.core from identities i where i.id = t.user_id) as named, {REACH}
from (select * from sessions s where s.id = $1 and {_ALIVE}) t
    join accounts a on a.id = t.account_id join users u on u.id = t.user_id
where u.status = 'Active' and (t.verifier = encode(sha256(u.password_hash::bytea), 'hex')
        or exists (select from identity_providers p where p.id = t.provider_id and p.enabled))
    and exists (select from account_users m
        where m.user_id = t.user_id and m.account_id = t.account_id and m.status = 'Active')
"""

_ACCOUNTS = """
select a.id, a.name, a.type from account_users m join accounts a on a.id = m.account_id
where m.user_id = $1 and m.status = 'Active' and a.status in ('Enabled', 'Active') order by a.name, a.id limit 1000
"""

SWEEP: Final = (
    f"delete from sessions s where not ({_ALIVE})",
    f"delete from sign_in_failures where at < clock_timestamp() - interval '{FAILURES_MINUTES} minutes'",
)
"""What has ended by itself, or is too old to count."""


class TooMany(Refusal):
    """Too many wrong passwords: later."""

    status, title = 429, "Too Many Requests"


@dataclass(frozen=True, slots=True)
class Account:
    """An account that a person works for."""

    id: str
    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation that somebody holds the link of."""

    account_user_id: str
    user_id: str
    account_id: str
    email: str
    account: str
    is_new: bool


class Sessions:
    """Begins, finds and ends sessions. What it keeps of one is at most two seconds old."""

    def __init__(self, pool: asyncpg.Pool, rooms: Rooms):
        self._pool = pool
        self._rooms = rooms
        self._known: dict[str, tuple[float, Caller]] = {}
        self._notes: set[asyncio.Task[None]] = set()
        self._nobody = ""

    # Signing in and out ------------------------------------------------------------------------

    async def sign_in(self, email: str, password: str, address: str) -> str | None:
        """The secret of a new session; None for an unknown e-mail or a wrong password, which takes as long.

        Raises TooMany where too many were wrong lately, for this e-mail or from this address.
        """
        keys = [f"email {digest(email.strip().lower())}", f"address {address}"]
        async with self._lent() as conn:
            failed = dict(await conn.fetch(
                "select key, count(*) from sign_in_failures where key = any($1)"
                f" and at > clock_timestamp() - interval '{FAILURES_MINUTES} minutes' group by key", keys,
            ))  # fmt: skip
            if failed.get(keys[0], 0) >= FAILURES_BY_EMAIL_MAX or failed.get(keys[1], 0) >= FAILURES_BY_ADDRESS_MAX:
                words = "Too many passwords were wrong; try again in a quarter of an hour."
                raise TooMany(words, headers={"Retry-After": str(FAILURES_MINUTES * 60)})
            # Counted before it is looked at: many at a time are many all the same.
            await conn.executemany("insert into sign_in_failures (key) values ($1)", [(key,) for key in keys])
            row = await conn.fetchrow(
                "select id, password_hash, status, current_account_id from users"
                " where lower(email) = $1 and status <> 'Deleted'", email.strip().lower(),
            )  # fmt: skip
        verifier = row["password_hash"] if row is not None else None
        right = await asyncio.to_thread(self._is_right, verifier, password)
        if row is None or not right or row["status"] != "Active":
            return None
        account_id = await self._first_account(row["id"], row["current_account_id"])
        if account_id is None:
            return None
        async with self._lent() as conn:
            await conn.execute(
                "delete from sign_in_failures where key = $1 or ctid ="
                " (select ctid from sign_in_failures where key = $2 order by at desc limit 1)", *keys,
            )  # fmt: skip
        return await self.begin(row["id"], account_id)

    def _is_right(self, verifier: str | None, password: str) -> bool:
        """Whether that is the password. Where there is none to compare with, another one is: it takes as long."""
        from argon2.exceptions import InvalidHashError, VerificationError

        hashes = hasher()
        if not self._nobody:
            self._nobody = hashes.hash(secrets.token_urlsafe())
        try:
            return hashes.verify(verifier or self._nobody, password) and verifier is not None
        except (VerificationError, InvalidHashError):
            return False

    async def begin(self, user_id: str, account_id: str, provider_id: str | None = None) -> str:
        """The secret of a new session. By an organisation's own provider it is for that account alone."""
        secret = secrets.token_urlsafe(32)
        async with self._lent() as conn:
            await conn.execute(
                "insert into sessions (id, user_id, account_id, provider_id, verifier) select $1, id, $3, $4,"
                " case when $4::text is null then encode(sha256(password_hash::bytea), 'hex') end"
                " from users where id = $2",
                digest(secret), user_id, account_id, provider_id,
            )  # fmt: skip
            await conn.execute("update users set last_login_at = clock_timestamp() where id = $1", user_id)
        return secret

    async def end(self, secret: str) -> None:
        """Signs out."""
        self._known.pop(secret, None)
        async with self._lent() as conn:
            await conn.execute("delete from sessions where id = $1", digest(secret))

    async def switch(self, secret: str, caller: Caller, account_id: str) -> str | None:
        """Goes on for another account of the person, under a new secret; None where it is none of theirs."""
        if account_id not in {each.id for each in await self.accounts(secret, caller)}:
            return None
        fresh = secrets.token_urlsafe(32)
        self._known.pop(secret, None)
        async with self._lent() as conn:
            done = await conn.execute(
                "update sessions set id = $2, account_id = $3 where id = $1", digest(secret), digest(fresh), account_id
            )
        return fresh if done.endswith("1") else None

    # Who it is -----------------------------------------------------------------------------------

    async def find(self, secret: str) -> Caller | None:
        """Who is signed in by that cookie; None for nobody. Raises Unavailable when the database is away."""
        kept = self._known.get(secret)
        if kept is not None and kept[0] > time.monotonic():
            return kept[1]
        self._known.pop(secret, None)
        if not 20 <= len(secret) <= 100:
            return None
        async with self._lent() as conn:
            row = await conn.fetchrow(_FIND, digest(secret))
        if row is None or not row["speaks"]:
            return None
        if row["unseen"]:
            note = asyncio.create_task(self._note(secret))
            self._notes.add(note)
            note.add_done_callback(self._notes.discard)
        caller = person_caller(row, self._rooms)
        if len(self._known) >= CALLERS_MAX:
            self._known.pop(next(iter(self._known)))
        self._known[secret] = time.monotonic() + CALLER_LIVES_S, caller
        return caller

    async def accounts(self, secret: str, caller: Caller) -> list[Account]:
        """The accounts that the person may act for in this session."""
        async with self._lent() as conn:
            rows = await conn.fetch(_ACCOUNTS, caller.user_id)
            bound = await conn.fetchval("select provider_id is not null from sessions where id = $1", digest(secret))
        return [Account(*row) for row in rows if not bound or row["id"] == caller.account_id]

    async def person(self, user_id: str) -> dict[str, str]:
        """What a person is told of themselves."""
        async with self._lent() as conn:
            row = await conn.fetchrow("select id, name, email from users where id = $1", user_id)
        return {name: value for name, value in dict(row or {}).items() if value}

    async def invitation(self, code: str) -> Invitation | None:
        """The invitation that a link is for; None for one that is spent, too old or made up."""
        if "\0" in code:
            return None
        async with self._lent() as conn:
            row = await conn.fetchrow(
                "select m.id, u.id, a.id, u.email, a.name, u.status <> 'Active' from account_users m"
                " join users u on u.id = m.user_id join accounts a on a.id = m.account_id"
                " where m.id = $1 and m.invitation_hash = $2 and m.status = 'Invited' and a.status <> 'Disabled'",
                code.partition(".")[0], digest(code),
            )  # fmt: skip
        return Invitation(*row) if row is not None else None

    # ---------------------------------------------------------------------------------------------

    async def _first_account(self, user_id: str, current: str | None) -> str | None:
        """Where a person begins: where they were, else the first that lets them in."""
        async with self._lent() as conn:
            found = [row["id"] for row in await conn.fetch(_ACCOUNTS, user_id)]
        return current if current in found else next(iter(found), None)

    async def _note(self, secret: str) -> None:
        try:
            await self._pool.execute("update sessions set seen_at = clock_timestamp() where id = $1", digest(secret))
        except (*GONE, asyncpg.PostgresError) as fault:
            LOG.info("the last use of a session was not noted", fault=repr(fault))

    @asynccontextmanager
    async def _lent(self) -> AsyncIterator[Any]:
        """A connection for a moment; a database that is away is told as such."""
        try:
            conn = await self._pool.acquire(timeout=10)
        except GONE as fault:
            raise Unavailable("The database is away.", headers={"Retry-After": "1"}) from fault
        try:
            yield conn
        finally:
            await self._pool.release(conn)
