"""Brings a database to the schema of this program, and says what the database is: a sandbox or not, and its id key."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import sqlalchemy as sa
from alembic import command, op
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

SCRIPTS = Path(__file__).with_name("migrations")
OLDEST_SERVER = 15
ID_KEY_BYTES = 32
LOCK = int.from_bytes(b"entrepot")
"""The advisory lock under which schemas are changed: the second program waits, then finds nothing to do."""


class SchemaError(Exception):
    """The database cannot be served as it is; the message is for the person at the keyboard."""


@dataclass(frozen=True, slots=True)
class Installation:
    """What the database is, for good: whether clock and faults may move, and the key behind its ids."""

    sandbox: bool
    id_key: bytes


async def ensure(url: str, *, sandbox: bool = False, may_migrate: bool) -> Installation:
    """The schema at its head and the installation's row there, in one transaction under one lock.

    Raises SchemaError for a server that is too old, a schema that is newer than this program, one that is older
    while `may_migrate` is false, and a database with content that is asked to become a sandbox.
    """

    async with _migrating(url) as conn:
        await conn.run_sync(_upgrade, may_migrate=may_migrate)
        return await _installation(conn, sandbox)


async def upgrade_to(url: str, revision: str) -> None:
    """The schema at a revision of its past, with nothing in it, for what was backed up then. Raises SchemaError."""
    async with _migrating(url) as conn:
        await conn.run_sync(_upgrade, may_migrate=True, target=revision)


@asynccontextmanager
async def _migrating(url: str) -> AsyncIterator[AsyncConnection]:
    """One transaction under the lock, on a server that is new enough."""

    async def connect() -> asyncpg.Connection:
        # asyncpg reads the URL itself: it knows forms that SQLAlchemy does not, such as a socket's folder.
        return await asyncpg.connect(url, server_settings={"application_name": "entrepot migrate"})

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    try:
        async with engine.begin() as conn:
            await _require_server(conn)
            await conn.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
            yield conn
    finally:
        await engine.dispose()


async def _require_server(conn: AsyncConnection) -> None:
    version = await conn.scalar(sa.text("select current_setting('server_version_num')::integer"))
    if version // 10_000 < OLDEST_SERVER:
        raise SchemaError(f"PostgreSQL {OLDEST_SERVER} or later is required; this is {version // 10_000}.")


def _upgrade(conn: sa.Connection, *, may_migrate: bool, target: str = "") -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = conn
    scripts = ScriptDirectory.from_config(config)
    known, head = {each.revision for each in scripts.walk_revisions()}, scripts.get_current_head()
    found = _revision(conn)
    if target and target not in known:
        raise SchemaError(f"The backup has schema {target}, which is newer than this program's ({head}).")
    if found == (target or head):
        return
    if found is not None and found not in known:
        raise SchemaError(
            f"The database has schema {found}, which is newer than this program's ({head}). "
            "Run the version of entrepot that made it, or a later one."
        )
    if not may_migrate:
        state = f"has schema {found}, this program needs {head}" if found else "has no schema yet"
        raise SchemaError(f"The database {state}: run entrepot migrate.")
    command.upgrade(config, target or "head")


def _revision(conn: sa.Connection) -> str | None:
    """The revision that the database is at; None for one that was never migrated."""
    if conn.scalar(sa.text("select to_regclass('alembic_version')")) is None:
        return None
    return conn.scalar(sa.text("select version_num from alembic_version"))


async def _installation(conn: AsyncConnection, sandbox: bool) -> Installation:
    """The row that says what this database is, made on first use."""
    await conn.execute(
        sa.text("insert into installation (sandbox, id_key) values (:sandbox, :key) on conflict do nothing"),
        {"sandbox": sandbox, "key": secrets.token_bytes(ID_KEY_BYTES)},
    )
    was, key = (await conn.execute(sa.text("select sandbox, id_key from installation"))).one()
    if sandbox and not was:
        if await conn.scalar(sa.text("select exists (select from trail)")):
            raise SchemaError(
                "This database was made without --sandbox and has content: only a new one can become a sandbox."
            )
        await conn.execute(sa.text("update installation set sandbox = true"))
    return Installation(sandbox or was, bytes(key))


def run_script(file: Path) -> None:
    """Runs a file of statements within the migration's transaction. For migrations.

    SQLAlchemy prepares what it is given, and PostgreSQL prepares one statement at a time; the driver itself takes
    a whole file.
    """
    bind = op.get_bind()
    bind.execute(sa.text("select 1"))  # the adapter begins the transaction with its first statement
    text = file.read_text()
    bind.connection.run_async(lambda conn: conn.execute(text))  # pyright: ignore[reportAttributeAccessIssue]
