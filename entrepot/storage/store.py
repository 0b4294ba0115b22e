"""The store: one PostgreSQL, a pool of connections, and what is done on each while it is lent."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import Any

import asyncpg
import structlog

from entrepot.kernel.access import Caller
from entrepot.kernel.call import Call, OutOfIds
from entrepot.kernel.doors import Answer, Answered, Stale, Stored
from entrepot.kernel.errors import Conflict, Invalid, Mismatch, Unavailable
from entrepot.kernel.file import File, Held
from entrepot.kernel.ids import Ids
from entrepot.kernel.noun import Noun, Nouns
from entrepot.kernel.resource import Within
from entrepot.kernel.shape import Known, Plan, Shapes
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want
from entrepot.kernel.wire import decode, milliseconds
from entrepot.storage.event_types import EventTypes
from entrepot.storage.files import Files
from entrepot.storage.reading import Reader
from entrepot.storage.vault import Secrets, Vault
from entrepot.storage.writing import StoredAnswer, Writer

LOG = structlog.get_logger()

ID_BLOCK = 256
CHILD_BLOCK_MAX = 32
HURRY_S = 1.0
"""Within it a parent's next children are taken for many: each time twice as many are reserved."""
BLOCKS_MAX = 10_000
COUNT_ON = (
    "insert into id_counters (prefix, last) values ($1, $2::bigint + $3) "
    "on conflict (prefix) do update set last = greatest(id_counters.last, $2) + $3 returning last"
)
"""Takes so many numbers, beyond a least one; gives back the last of them."""
TWIN_WAIT_S = 2.0
IN_FLIGHT_INDEX = "orders_one_in_flight"
LOOKED_UP = frozenset(("users_email_key",))
"""Keys by which a verb has looked for what is there: where a twin was first, it finds it the next time."""

OVER = (
    "(idempotency.created_at <= now() - interval '24 hours' "
    "or (idempotency.status = 0 and idempotency.created_at <= now() - interval '120 seconds'))"
)
"""Of a row of kept answers: its day is over, or whoever claimed the key has not come back."""

GONE = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    ConnectionError,
    OSError,
    TimeoutError,
)


async def open_pool(url: str, *, smallest: int = 2, largest: int = 16) -> asyncpg.Pool:
    """A pool whose connections speak JSON as text and forget nothing between uses."""

    async def prepare(conn: asyncpg.Connection) -> None:
        await conn.set_type_codec("jsonb", schema="pg_catalog", encoder=str, decoder=str, format="text")

    async def keep_as_it_is(conn: asyncpg.Connection) -> None:
        """Nothing is ever set on a connection, so there is nothing to reset."""

    return await asyncpg.create_pool(
        url,
        min_size=smallest,
        max_size=largest,
        init=prepare,
        reset=keep_as_it_is,
        statement_cache_size=1000,
        max_inactive_connection_lifetime=0,
        server_settings={
            "application_name": "entrepot",
            "timezone": "UTC",
            "jit": "off",
            "statement_timeout": "20s",
            "lock_timeout": "2s",
            "plan_cache_mode": "auto",
        },
    )


def _nobody() -> None:
    """Nobody waits to hear that something was written."""


class Store:
    """Where things are kept, for the doors: implements the kernel's port on PostgreSQL."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        nouns: Nouns,
        shapes: Shapes,
        vault: Vault,
        *,
        sandbox: bool,
        key: bytes,
        files: Files | None = None,
    ):
        self.pool = pool
        self.files = files or Files(pool)
        self.nouns = nouns
        self.shapes = shapes
        self.vault = vault
        self.secrets = Secrets(vault)
        self.sandbox = sandbox
        self.reader = Reader(nouns, shapes)
        self.writer = Writer()
        self._key = key
        self._blocks: dict[tuple[str, str], list[str]] = {}
        self._paces: dict[tuple[str, str], tuple[float, int]] = {}
        self.event_types = EventTypes()
        self.written: Callable[[], None] = _nobody

    @asynccontextmanager
    async def session(self) -> AsyncIterator["Session"]:
        """A connection, lent for one request. A database that is away is a 503, not a 500."""
        try:
            conn = await self.pool.acquire(timeout=10)
        except GONE as fault:
            raise Unavailable("The database is away.", headers={"Retry-After": "1"}) from fault
        try:
            yield Session(self, conn)
        except asyncpg.QueryCanceledError:
            raise Invalid({"query": ["This takes too long to answer; narrow it."]}) from None
        except GONE as fault:
            if isinstance(fault, ValueError):  # the driver could not encode a value: our own mistake
                raise
            raise Unavailable("The database went away.", headers={"Retry-After": "1"}) from fault
        finally:
            await self.pool.release(conn)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator["Session"]:
        """A connection that sees one state of the database for as long as it is lent, and writes nothing."""
        async with (
            self.session() as session,
            session.conn.transaction(isolation="repeatable_read", readonly=True),
        ):
            yield session

    # Ids -------------------------------------------------------------------------------------

    def ahead(self, noun: Noun, wanted: Mapping[str, int]) -> None:
        """Sees to it that so many ids are in hand for each parent. Raises OutOfIds."""
        short = {
            parent_id: number - len(self._blocks.get((noun.path, parent_id), ()))
            for parent_id, number in wanted.items()
            if number > len(self._blocks.get((noun.path, parent_id), ()))
        }
        if short:
            raise OutOfIds(noun, short)

    def draw(self, noun: Noun, parent_id: str = "") -> str:
        """The next id of a kind, within a parent where children are numbered so. Raises OutOfIds."""
        block = self._blocks.get((noun.path, parent_id))
        if not block:
            raise OutOfIds(noun, {parent_id: 1})
        return block.pop()

    async def some(self, noun: Noun, count: int) -> list[str]:
        """So many new ids of a kind."""
        found: list[str] = []
        while len(found) < count:
            try:
                found.append(self.draw(noun))
            except OutOfIds as empty:
                await self.refill(empty.noun, empty.wanted)
        return found

    async def refill(self, noun: Noun, wanted: Mapping[str, int]) -> None:
        """Reserves ids for whoever comes first."""
        for parent_id, drawn in (await self.reserve(noun, wanted)).items():
            self._blocks.setdefault((noun.path, parent_id), [])[:0] = reversed(drawn)

    @contextmanager
    def hand(self) -> Iterator["Hand"]:
        """For the ids of one command."""
        hand = Hand(self)
        try:
            yield hand
        except BaseException:
            hand.undo()
            raise
        finally:
            for key, left in hand.kept.items():
                self._blocks.setdefault(key, []).extend(left)

    async def reserve(self, noun: Noun, wanted: Mapping[str, int]) -> dict[str, list[str]]:
        """Ids that nobody else will have: of each parent as many as are wanted, and more where more and more are, else
        a block. Those of a process that stops are lost.

        A world file may have brought an id along that would be drawn: it is left out.
        """
        reserved: dict[str, list[str]] = {}
        numbers = noun.ids
        assert numbers is not None, f"{noun.name} draws no ids"
        alike = [each.table_name for each in self.nouns if each.ids is not None and each.ids.prefix == numbers.prefix]
        union = " union ".join(f"select id from {table} where id = any($1)" for table in alike)
        async with self.session() as session:
            for parent_id, number in wanted.items():
                if parent_id:
                    number = max(number, self._pace((noun.path, parent_id)))
                    drawn = await self._numbered(session.conn, noun.table_name, numbers, parent_id, number)
                else:
                    last = await session.conn.fetchval(COUNT_ON, numbers.prefix, 0, ID_BLOCK)
                    drawn = [numbers.draw(each, self._key) for each in range(last - ID_BLOCK + 1, last + 1)]
                taken = {row["id"] for row in await session.conn.fetch(union, drawn)}
                reserved[parent_id] = [each for each in drawn if each not in taken]
        for kept in (self._blocks, self._paces):
            while len(kept) > BLOCKS_MAX:
                kept.pop(next(iter(kept)))
        return reserved

    def _pace(self, key: tuple[str, str]) -> int:
        """How many children of a parent to reserve: one, or twice as many as a moment ago."""
        at, size = self._paces.pop(key, (-HURRY_S, 0))
        now = time.monotonic()
        size = min(size * 2, CHILD_BLOCK_MAX) if now - at < HURRY_S else 1
        self._paces[key] = now, size
        return size

    async def _numbered(self, conn: Any, table: str, numbers: Ids, parent_id: str, count: int) -> list[str]:
        """Children go on from the last number that was reserved or brought along."""
        start = numbers.child(parent_id, 0)[:-4]
        newest = await conn.fetchval(
            f"select max(substr(id, $2)) from {table} where id >= $1 and id < $3 and substr(id, $2) ~ '^[0-9]{{4,9}}$'",
            start,
            len(start) + 1,
            start[:-1] + ".",
        )
        last = await conn.fetchval(COUNT_ON, start[:-1], int(newest or 0), count)
        return [numbers.child(parent_id, each) for each in range(last - count + 1, last + 1)]

    # Idempotency -----------------------------------------------------------------------------

    async def replay(self, token_id: str, key: str, fingerprint: bytes) -> Answer | None:
        """The answer kept under a key. Waits a little for a twin that is still running.

        Raises Mismatch for other content under the same key, Conflict for a twin that takes longer.
        """
        deadline = asyncio.get_running_loop().time() + TWIN_WAIT_S
        while True:
            async with self.session() as session:
                row = await session.conn.fetchrow(
                    f"select fingerprint, status, etag, body, sealed, {OVER} as over from idempotency "
                    "where token_id = $1 and key = $2",
                    token_id,
                    key,
                )
                if row is not None and row["over"]:  # it may still wait to be swept up
                    await session.conn.execute(
                        f"delete from idempotency where token_id = $1 and key = $2 and {OVER}", token_id, key
                    )
            if row is None or row["over"]:
                return None
            if row["fingerprint"] != fingerprint:
                raise Mismatch("This Idempotency-Key was used for another request.")
            if row["status"]:
                body = self.vault.open_bytes(row["body"]) if row["sealed"] else row["body"]
                made = str(decode(body)["id"]) if row["status"] == 201 else ""  # pyright: ignore[reportIndexIssue]
                return Answer(row["status"], body, row["etag"], replayed=True, thing_id=made)
            if asyncio.get_running_loop().time() > deadline:
                raise Conflict(
                    "A request with the same Idempotency-Key is still running.", headers={"Retry-After": "1"}
                )
            await asyncio.sleep(0.05)

    async def claim(self, token_id: str, key: str, fingerprint: bytes) -> bool:
        """Marks a key as running, for a command of more than one transaction."""
        async with self.session() as session:
            done = await session.conn.execute(
                "insert into idempotency (token_id, key, fingerprint, status, etag, body, sealed) "
                "values ($1, $2, $3, 0, '', '', false) on conflict (token_id, key) do update "
                f"set fingerprint = $3, status = 0, created_at = now() where {OVER}",
                token_id,
                key,
                fingerprint,
            )
        return done.endswith("1")

    async def keep(self, stored: Stored) -> None:
        """Keeps the answer of a claimed key after which nothing is written."""
        text, values = self.writer.keep(self.stored_answer(stored))
        async with self.session() as session:
            await session.conn.fetchval(text, *values)

    async def release(self, token_id: str, key: str) -> None:
        """Gives a claimed key back: only success is kept."""
        async with self.session() as session:
            await session.conn.execute(
                "delete from idempotency where token_id = $1 and key = $2 and status = 0", token_id, key
            )

    def stored_answer(self, stored: Stored) -> StoredAnswer:
        """The answer as it is kept: encrypted where it holds a secret."""
        body = stored.answer.body
        return StoredAnswer(
            token_id=stored.token_id,
            key=stored.key,
            fingerprint=stored.fingerprint,
            status=stored.answer.status,
            etag=stored.answer.etag,
            body=self.vault.seal_bytes(body) if stored.secret else body,
            sealed=stored.secret,
            claimed=stored.claimed,
        )

    def reveal(self, secret: str) -> str:
        """A kept secret, for its owner."""
        return self.vault.open(secret)

    # Files -----------------------------------------------------------------------------------

    async def place(self, file: File) -> None:
        """Puts a file's bytes into the object store, with no connection held meanwhile."""
        await self.files.place(file)

    async def held(self, key: str) -> Held | None:
        """The file under a key."""
        async with self.session() as session:
            return await self.files.held(session.conn, key)


class Hand:
    """The ids that one command draws. What is reserved for it nobody takes away while it runs again."""

    __slots__ = ("_drawn", "_store", "kept")

    def __init__(self, store: Store):
        self._store = store
        self._drawn: list[tuple[tuple[str, str], str]] = []
        self.kept: dict[tuple[str, str], list[str]] = {}

    def draw(self, noun: Noun, parent_id: str = "") -> str:
        """The next id of a kind. Raises OutOfIds."""
        key = noun.path, parent_id
        kept = self.kept.get(key)
        drawn = kept.pop() if kept else self._store.draw(noun, parent_id)
        self._drawn.append((key, drawn))
        return drawn

    def ahead(self, noun: Noun, wanted: Mapping[str, int]) -> None:
        """Sees to it that so many ids are in hand for each parent. Raises OutOfIds."""
        self._store.ahead(
            noun, {each: number - len(self.kept.get((noun.path, each), ())) for each, number in wanted.items()}
        )

    async def refill(self, noun: Noun, wanted: Mapping[str, int]) -> None:
        """Reserves what is missing. What was drawn before that was noticed is drawn again."""
        self.undo()
        for parent_id, reserved in (await self._store.reserve(noun, wanted)).items():
            self.kept.setdefault((noun.path, parent_id), [])[:0] = reversed(reserved)

    def drop(self) -> None:
        """One of them may be somebody else's already: none is drawn again."""
        self._drawn.clear()

    def undo(self) -> None:
        """Nothing was made of what was drawn."""
        while self._drawn:
            key, drawn = self._drawn.pop()
            self.kept.setdefault(key, []).append(drawn)


class Session:
    """One connection in hand."""

    __slots__ = ("conn", "store")

    def __init__(self, store: Store, conn: Any):
        self.store = store
        self.conn = conn

    async def one(
        self, plan: Plan, caller: Caller, thing_id: str | None, known: Known, within: Within = ()
    ) -> Thing | None:
        """One thing that the caller may see."""
        if "\0" in (thing_id or "") or any("\0" in value for _, value in within):
            return None
        return await self.store.reader.one(self.conn, plan, caller, thing_id, known, within)

    async def page(
        self,
        plan: Plan,
        caller: Caller,
        key: object,
        compose: Callable[..., Any],
        given: Mapping[str, object],
        limit: int,
        offset: int,
        known: Known,
    ) -> tuple[list[Thing], int]:
        """A page, and how much there is in all."""
        return await self.store.reader.page(self.conn, plan, caller, key, compose, given, limit, offset, known)

    async def count(
        self, plan: Plan, caller: Caller, key: object, compose: Callable[..., Any], given: Mapping[str, object]
    ) -> int:
        """How much there is in all."""
        return await self.store.reader.count(self.conn, plan, caller, key, compose, given)

    def pages(
        self,
        plan: Plan,
        caller: Caller,
        key: object,
        compose: Callable[..., Any],
        given: Mapping[str, object],
        limit: int | None,
        offset: int,
        known: Known,
    ) -> AsyncGenerator[tuple[list[Thing], Known]]:
        """All there is, page by page; only within a snapshot."""
        return self.store.reader.pages(self.conn, plan, caller, key, compose, given, limit, offset, known)

    async def newest(self) -> int:
        """The position of what was sealed last."""
        return await self.conn.fetchval("select position from sealer")

    async def onwards(
        self,
        plan: Plan,
        caller: Caller,
        key: object,
        compose: Callable[..., Any],
        given: Mapping[str, object],
        known: Known,
    ) -> list[tuple[int, Thing]]:
        """What stands on a stretch of positions, with them."""
        return await self.store.reader.onwards(self.conn, plan, caller, key, compose, given, known)

    async def gather(
        self, caller: Caller, wants: Mapping[str, Want], given: Mapping[str, object], known: Known
    ) -> dict[str, list[Thing]]:
        """Several kinds of things in one round trip."""
        return await self.store.reader.gather(self.conn, caller, wants, given, known)

    async def cores(self, wanted: Mapping[str, Iterable[str]], known: Known) -> None:
        """Core fields of references."""
        await self.store.reader.fetch_cores(self.conn, wanted, known)

    async def visible(self, noun: Noun, ids: Iterable[str], caller: Caller, known: Known) -> None:
        """Cores of those of the ids which the caller may see."""
        await self.store.reader.visible(self.conn, noun, [i for i in ids if "\0" not in i], caller, known)

    async def definitions(self, noun: Noun, owner_id: str, known: Known) -> list[Thing]:
        """Declarations of a bag's values."""
        found = known.definitions.get((noun.path, owner_id))
        if found is None:
            found = await self.store.reader.definitions(self.conn, noun, owner_id)
            known.definitions[noun.path, owner_id] = found
        return found

    async def resume(self, things: Iterable[Thing]) -> None:
        """What was removed and begins again under the same id goes on after the revision at which it ended."""
        for thing in things:
            _, owner_id, thing_id = thing.key
            text = "select max(revision) from trail where object_id = $1 and kind = $2 and owner_id = $3"
            thing.now["revision"] = await self.conn.fetchval(text, thing_id, thing.noun.path, owner_id) or 0

    async def now(self) -> datetime:
        """The business clock: real time, moved on where this is a sandbox."""
        if not self.store.sandbox:
            return milliseconds(datetime.now(UTC))
        return milliseconds(await self.conn.fetchval("select entrepot_now()"))

    async def write(self, call: Call, stored: Stored | None, *, dry: bool) -> None:
        """All that the command changed, as one statement and one transaction."""
        answer = self.store.stored_answer(stored) if stored else None
        text, values = self.store.writer.compose(call, answer)
        if not text:
            return
        file = None if dry else call.held
        if file is not None:
            self.store.files.require_placed(file)
        if not dry:
            await self.store.event_types.see(self.conn, call.told)
        await self._guarded(lambda: self._run(text, values, file, dry=dry))
        if not dry:
            self.store.written()

    async def _run(self, text: str, values: list[object], file: File | None, *, dry: bool) -> None:
        if file is not None:
            async with self.conn.transaction():
                await self.conn.fetchval(text, *values)
                if not file.outside:
                    await self.store.files.write(self.conn, file)
            return
        if not dry:
            await self.conn.fetchval(text, *values)
            return
        transaction = self.conn.transaction()
        await transaction.start()
        try:
            await self.conn.fetchval(text, *values)
        finally:
            await transaction.rollback()

    async def _guarded(self, run: Callable[[], Awaitable[None]]) -> None:
        """Races become Stale (run again), Answered (a twin was first) or Conflict (the database forbids it)."""
        try:
            await run()
        except (asyncpg.SerializationError, asyncpg.DeadlockDetectedError):
            raise Stale from None
        except asyncpg.UniqueViolationError as fault:
            name = str(fault.as_dict().get("constraint_name") or "")
            if name == "idempotency_pkey":
                raise Answered from None
            if name == IN_FLIGHT_INDEX:
                raise Conflict("Another order of this agreement is in flight.") from None
            if name.endswith("_pkey") or name.startswith("trail_") or name in LOOKED_UP:
                raise Stale from None
            # The next run finds what is there already, where the verb looks for it.
            raise Stale("Something with the same key exists already.") from None
        except (asyncpg.ForeignKeyViolationError, asyncpg.ExclusionViolationError):
            raise Stale from None
        except asyncpg.LockNotAvailableError:
            raise Conflict(
                "Somebody else is changing the same things; try again.", headers={"Retry-After": "1"}
            ) from None
