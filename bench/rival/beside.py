"""The rival beside the product: its environment, its database on the same server, and its own server process."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
VENV = HERE / ".venv"
REQUIREMENTS = HERE / "requirements.txt"
DATABASE = "rival"
THREADS = 4
READY_S_MAX = 30.0
PIECES_MAX = 64

COPIED = {
    "account": "select id, name, type, status from accounts",
    "buyer": "select id, name, status, account_id from buyers",
    "seller": "select id, name, status from sellers",
    "licensee": "select id, name, status, account_id, buyer_id, seller_id from licensees",
    "product": "select id, name, status, vendor_id from products",
    "item": """
        select i.id, coalesce(i.name, i.id) name, i.status, i.product_id,
               coalesce(p.unit_pp, 1) unit_pp, coalesce(p.unit_sp, p.unit_pp * 1.1, 1.1) unit_sp
        from items i
        left join lateral (select unit_pp, unit_sp from price_list_items where item_id = i.id limit 1) p on true""",
    "listing": """
        select l.id, l.product_id, l.seller_id, coalesce(p.currency, 'EUR') currency
        from listings l join price_lists p on p.id = l.price_list_id""",
    "agreement": "select id, coalesce(name, id) name, status, client_id, product_id, licensee_id from agreements",
    "order": """
        select id, revision, type, status, coalesce(notes, '') notes, audit_created_at created, agreement_id,
               product_id, licensee_id, client_id, vendor_id, buyer_id, seller_id, listing_id,
               jsonb_build_object('client', external_ids_client) external_ids,
               jsonb_build_object('ordering', ordering, 'fulfillment', fulfillment) parameters,
               coalesce(price_currency, 'EUR') currency, coalesce(price_spx1, 0) sp_x1,
               coalesce(price_spx_m, 0) sp_xm, coalesce(price_spx_y, 0) sp_xy
        from orders""",
    "orderline": """
        select row_number() over () id, id number, order_id, item_id, quantity, old_quantity,
               price_unit_sp unit_sp, price_spx_y sp_xy
        from order_lines""",
}
"""Its tables, each as ours have it: both have the same orders under the same ids."""

NUMBERED = "select setval(pg_get_serial_sequence('shop_orderline', 'id'), max(id)) from shop_orderline"


@dataclass(frozen=True)
class Rival:
    """The rival's server, and how fast its data went in."""

    url: str
    pid: int


@contextmanager
def serving(url: str, tell: Callable[[str], None]) -> Iterator[Rival]:
    """One gunicorn worker with threads that keep their connections, on a database filled from the one at `url`."""
    python = _environment(tell)
    asyncio.run(_fill(url, python, tell))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(python), "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread"]
    command += ["--workers", "1", "--threads", str(THREADS), "--keep-alive", "60", "--log-level", "warning"]
    command.append("bench.rival.shop.wsgi")
    with subprocess.Popen(command, cwd=ROOT, env=_settings(url, DATABASE)) as process:
        try:
            _wait(process, port)
            yield Rival(f"http://127.0.0.1:{port}", process.pid)
        finally:
            process.terminate()
            process.wait(READY_S_MAX)


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + READY_S_MAX
    while process.poll() is None and time.monotonic() < deadline:
        try:
            conn = HTTPConnection("127.0.0.1", port, timeout=5)
            conn.request("GET", "/")
            conn.getresponse().read()
            return
        except OSError:
            time.sleep(0.1)
    sys.exit("bench: the rival does not start.")


def _environment(tell: Callable[[str], None]) -> Path:
    """Its own interpreter, made anew whenever the requirements change."""
    python, stamp = VENV / "bin" / "python", VENV / "requirements.txt"
    if not stamp.exists() or stamp.read_text() != REQUIREMENTS.read_text():
        tell("Installing the rival")
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--requirement", str(REQUIREMENTS)], check=True)
        stamp.write_text(REQUIREMENTS.read_text())
    return python


def _settings(url: str, database: str) -> dict[str, str]:
    query = parse_qs(urlsplit(url).query)
    found = {"RIVAL_HOST": query["host"][0], "RIVAL_PORT": query["port"][0], "RIVAL_NAME": database}
    return {**os.environ, **found, "DJANGO_SETTINGS_MODULE": "bench.rival.shop.settings", "PYTHONPATH": str(ROOT)}


async def _fill(url: str, python: Path, tell: Callable[[str], None]) -> None:
    """Its tables as Django makes them, and their rows by COPY. What was filled before is used again."""
    ours = await asyncpg.connect(url)
    try:
        if await ours.fetchval("select 1 from pg_database where datname = $1", DATABASE):
            return
        tell("Filling the rival's database")
        half = f"{DATABASE}_half"
        await ours.execute(f"drop database if exists {half} with (force)")
        await ours.execute(f"create database {half}")
        migrate = [str(python), "-m", "django", "migrate", "--run-syncdb", "--verbosity", "0"]
        subprocess.run(migrate, cwd=ROOT, env=_settings(url, half), check=True)  # noqa: ASYNC221
        theirs = await asyncpg.connect(url, database=half)
        try:
            await theirs.execute("set session_replication_role = replica")  # the rows fit together as they are
            for table, query in COPIED.items():
                await _copy(ours, theirs, f"shop_{table}", query)
            await theirs.execute(NUMBERED)
            await theirs.execute("vacuum (analyze)")
            await theirs.execute("checkpoint")
        finally:
            await theirs.close()
        await ours.execute(f"alter database {half} rename to {DATABASE}")
    finally:
        await ours.close()


async def _copy(ours: asyncpg.Connection, theirs: asyncpg.Connection, table: str, query: str) -> None:
    columns = [each.name for each in (await ours.prepare(query)).get_attributes()]
    pieces: asyncio.Queue[bytes | None] = asyncio.Queue(PIECES_MAX)

    async def give() -> None:
        await ours.copy_from_query(query, output=pieces.put, format="csv")
        await pieces.put(None)

    async def given() -> AsyncIterator[bytes]:
        while (piece := await pieces.get()) is not None:
            yield piece

    async with asyncio.TaskGroup() as both:
        both.create_task(give())
        both.create_task(theirs.copy_to_table(table, source=given(), columns=columns, format="csv"))
