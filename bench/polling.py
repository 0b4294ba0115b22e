"""Measures polling as the vendors' SDK of 2025 does it: the query that it sends, among a million orders.

    python -m bench.polling [--orders N] [--waiting N] [--seconds S] [--data DIR]

Of the orders, so many wait for the vendor; all others are over, most of them copies of one another without lines: the
query must not look at them. One connection asks, one request after the other. What
is written: docs/figures/polling.md.
"""

import argparse
import asyncio
import shutil
import tempfile
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import msgspec

from bench import machine, report
from bench.pax8 import ROUNDS, _round
from bench.run import FIGURES, Server, _commit, _world, serving
from entrepot import app as house
from entrepot.demo.products import SABLEGATE
from entrepot.settings import Settings

WHOLE = 20_000
"""How many orders are whole, with all that hangs on them."""

PAGE = 10
"""How many orders the SDK asks for at a time."""

SELECT = (
    "select=audit,parameters,lines,subscriptions,subscriptions.lines,agreement,buyer,seller,authorization.externalIds"
    "&order=audit.created.at"
)
QUERY = "and(in(agreement.product.id,({product})),eq(status,'processing'))"


def main() -> None:
    """The entry point."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--waiting", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=3.0, help="for each load, in each round")
    parser.add_argument("--data", type=Path, help="a folder that is kept, and used again")
    chosen = parser.parse_args()
    data = chosen.data or Path(tempfile.mkdtemp(prefix="entrepot-bench-"))
    try:
        figures = measure(data, chosen.orders, chosen.waiting, chosen.seconds)
    finally:
        if chosen.data is None:
            shutil.rmtree(data, ignore_errors=True)
    FIGURES.mkdir(parents=True, exist_ok=True)
    (FIGURES / "polling.md").write_text(_markdown(figures))


def measure(data: Path, orders: int, waiting: int, seconds: float) -> dict[str, Any]:
    """The world, then each page of what waits."""
    settings = Settings(data=data)
    made = _world(settings, min(orders, WHOLE))
    asyncio.run(_finish(settings, orders, waiting))
    figures: dict[str, Any] = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine.describe()}
    figures |= {"commit": _commit(), "orders": orders, "waiting": waiting, "loads": []}
    with serving(data) as server:
        conn = HTTPConnection(urlsplit(server.url).netloc, timeout=60)
        headers = {"Authorization": f"Bearer {made.tokens['vendor']}"}
        for name, product, offset, total in (
            ("the first page", SABLEGATE.id, 0, waiting),
            ("a page in the middle", SABLEGATE.id, waiting // 2, waiting),
            ("the last page", SABLEGATE.id, waiting - PAGE, waiting),
            ("of a product of which nothing waits", "PRD-0000-0000", 0, 0),
        ):
            path = f"/public/v1/commerce/orders?{QUERY.format(product=product)}&{SELECT}&limit={PAGE}&offset={offset}"
            figures["loads"].append({"name": name, **_asked(server, conn, headers, path, total, seconds)})
            report.tell(figures["loads"][-1])
    return figures


def _asked(
    server: Server, conn: HTTPConnection, headers: dict[str, str], path: str, total: int, seconds: float
) -> dict[str, Any]:
    def ask() -> Any:
        conn.request("GET", path, headers=headers)
        reply = conn.getresponse()
        raw = reply.read()
        assert reply.status == 200, (reply.status, raw[:500])
        return raw

    page = msgspec.json.decode(ask())
    assert page["$meta"]["pagination"]["total"] == total, page["$meta"]
    assert len(page["data"]) == min(PAGE, total)
    for _ in range(5):
        ask()
    rounds = [_round(server, ask, seconds) for _ in range(ROUNDS)]
    best = min(rounds, key=lambda each: each["cpu_ms"])
    return best | {"p50_ms": min(each["p50_ms"] for each in rounds)}


async def _finish(settings: Settings, orders: int, waiting: int) -> None:
    """All orders but the newest so many that wait are completed: a vendor keeps up with what it is asked."""
    async with house.build(settings) as parts:
        assert parts.embedded is not None
        await _complete(parts.embedded.url, orders, waiting)


async def _complete(url: str, orders: int, waiting: int) -> None:
    conn = await asyncpg.connect(url)
    try:
        await conn.execute("set session_replication_role = replica")
        await conn.execute(
            "update orders set status = 'Completed' where status in ('Processing', 'Querying') and id not in "
            "(select id from orders where status = 'Processing' order by audit_created_at desc limit $1)",
            waiting,
        )
        there = await conn.fetchval("select count(*) from orders")
        await conn.execute(MULTIPLY.format(more=max(0, orders - there)))
        await conn.execute("vacuum (analyze) orders")
    finally:
        await conn.close()


MULTIPLY = """
do $$
declare
    others text := (select string_agg(quote_ident(attname), ',') from pg_attribute
        where attrelid = 'orders'::regclass and attnum > 0 and attgenerated = '' and not attisdropped
        and attname not in ('id', 'audit_created_at'));
begin
    execute format('insert into orders (id, audit_created_at, %1$s)
        select ''ORD-X-'' || n, audit_created_at - n * interval ''1 second'', %1$s
        from (select * from orders where status = ''Completed'' order by id limit 1) pattern,
            generate_series(1, {more}) n', others);
end $$
"""


def _markdown(figures: dict[str, Any]) -> str:
    heads = ("", "p50 ms", "CPU-ms server", "database", "together")
    keys = ("p50_ms", "server_cpu_ms", "database_cpu_ms", "cpu_ms")
    rows = [heads, ("---", *("---:",) * len(keys))]
    rows += [(each["name"], *(f"{each[key]:,.2f}" for key in keys)) for each in figures["loads"]]
    table = "\n".join("| " + " | ".join(row) + " |" for row in rows)
    about = figures["machine"]
    return f"""# What polling costs

Written by `python -m bench.polling` on {figures["at"]}, at commit {figures["commit"]}: the query by which the vendors'
SDK of 2025 polls, for {figures["waiting"]:,} orders that wait among {figures["orders"]:,}.

{table}

One connection asks for {PAGE} orders at a time with all that the SDK selects, and is told how many there are; the best
of {ROUNDS} rounds stands. CPU-milliseconds are those of the server and the database for each request.

Machine: {", ".join(f"{key} {value}" for key, value in about.items())}.
"""


if __name__ == "__main__":
    main()
