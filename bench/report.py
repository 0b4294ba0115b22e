"""What the bench tells: a line for each load as it ends, a table at the end, and the page with the figures."""

from collections.abc import Callable, Iterator
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import beyond
from bench.rival import beside

OUT = Console()
GOALS = {"get": 0.6, "list": 1.5, "list, operations": 1.7, "create and place": 2.0, "create, then place": 3.2}
"""CPU-milliseconds of server and database together, for each request; for two of them where there are two."""

GROWTH_MAX = 1.3
MEMORY_MB_MAX, READY_S_GOAL = 150, 1.5
MEASURED = ("per_s", "p50_ms", "p99_ms", "server_cpu_ms", "database_cpu_ms", "cpu_ms")
HEADS = ("", "connections", "per second", "p50 ms", "p99 ms", "CPU-ms server", "database", "together", "goal")


def tell(found: dict[str, Any]) -> None:
    OUT.print("  ".join(f"{value}" for value in found.values()), style="dim", highlight=False)


def _rows(figures: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for each in figures["loads"]:
        goal = GOALS.get(each["name"])
        mark = "" if goal is None else f"<= {goal}" + ("" if each["cpu_ms"] <= goal else " (missed)")
        values = (each[key] for key in MEASURED)
        yield (each["name"], str(each["connections"]), *(f"{value:,.2f}" for value in values), mark)


def show(figures: dict[str, Any]) -> None:
    table = Table(*HEADS)
    for row in _rows(figures):
        table.add_row(*row)
    OUT.print(table)
    for line in _facts(figures):
        OUT.print(line, highlight=False)


Tables = Callable[[tuple[str, ...], Iterator[tuple[str, ...]]], str]


def _growth_told(figures: dict[str, Any], table: Tables) -> str:
    """What ten times as many orders cost, where that was measured."""
    if not figures["growth"]:
        return ""

    def rows() -> Iterator[tuple[str, ...]]:
        for each in figures["growth"]:
            times = each["cpu_ms"] / each["was_cpu_ms"]
            waits = each["p50_ms"] / each["was_p50_ms"]
            mark = f"<= {GROWTH_MAX}" + ("" if times <= GROWTH_MAX else " (missed)")
            yield (each["name"], str(each["connections"]), f"{each['was_cpu_ms']:.2f}", f"{each['cpu_ms']:.2f}",
                   f"{times:.2f}", f"{waits:.2f}", mark)  # fmt: skip

    orders = f"{figures['growth'][0]['orders']:,}"
    heads = ("", "connections", f"CPU-ms at {orders}", f"at {figures['orders']:,}", "times", "p50, times", "goal")
    return f"""## Growth

The same requests with {orders} orders and with {figures["orders"]:,}, in one run; the list has as many matches in both.

{table(heads, rows())}

"""


def _rival_told(figures: dict[str, Any], own: dict[tuple[str, int], dict[str, Any]], table: Tables) -> str:
    """The product beside the thin Django application."""
    if not figures["rival"]:
        return ""

    def rows() -> Iterator[tuple[str, ...]]:
        for each in figures["rival"]:
            ours = own[each["name"], each["connections"]]
            for who, found in (("Entrepot", ours), ("rival", each)):
                values = (found[key] for key in MEASURED)
                times = f"{ours['per_s'] / each['per_s']:.1f}" if found is ours else ""
                yield (each["name"], str(each["connections"]), who, *(f"{value:,.2f}" for value in values), times)

    heads = ("", "connections", "who", *HEADS[2:-1], "rate, times")
    return f"""## Beside a thin Django application

`bench/rival/` is what a Python team would write first: Django, DRF and django-rql, one gunicorn worker with
{beside.THREADS} threads. It has the same orders under the same ids in another database of the same server, and was
asked by the same wrk in the same run. It finds out nobody's token, has no roles, hides no field, keeps no trail, draws
no price from a list, and checks no parameter.

{table(heads, rows())}

"""


def _facts(figures: dict[str, Any]) -> Iterator[str]:
    held, fresh, idle = figures["memory_mb"], figures["memory_fresh_mb"], figures["idle"]
    yield (
        f"Memory after the loads: server {held['server_rss']:.0f} MB resident ({held['server_pss']:.0f} MB by share; "
        f"{fresh['server_rss']:.0f} MB when fresh; goal {MEMORY_MB_MAX}), "
        f"database {held['database_pss']:.0f} MB by share."
    )
    yield f"Ready on existing data after {figures['ready_s']} s (goal {READY_S_GOAL})."
    parsing = ", ".join(f"{name} {micros:.1f} µs" for name, micros in figures["parsing"].items())
    yield f"Reading a query: {parsing} (goal for a simple one: {beyond.PARSING_US_GOAL})."
    if stream := figures.get("stream"):
        yield (
            f"Streaming orders with their references: {stream['per_s']:,.0f} a second "
            f"(goal {beyond.STREAM_PER_S_GOAL:,}), {stream['cpu_ms']} CPU-ms each, the first after "
            f"{stream['first_ms']} ms; the server held {stream['server_rss_mb']} MB afterwards."
        )
    yield (
        f"Idle, background work runs at {idle['server_cpu_ms_per_s']} CPU-ms a second in the server and "
        f"{idle['database_cpu_ms_per_s']} in the database."
    )


def markdown(figures: dict[str, Any]) -> str:
    def table(heads: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
        lines = [heads, ("---",) + ("---:",) * (len(heads) - 1), *rows]
        return "\n".join("| " + " | ".join(row) + " |" for row in lines)

    about, database = figures["machine"], figures["database"]
    own = {(each["name"], each["connections"]): each for each in figures["loads"]}
    pgbench = (
        (
            each["name"], str(each["connections"]), f"{each['per_s']:,.0f}", f"{each['cpu_ms']:.2f}",
            f"{own[each['name'], each['connections']]['per_s'] / each['per_s']:.2f}",
        )
        for each in figures["pgbench"]
        if (each["name"], each["connections"]) in own
    )  # fmt: skip
    loops = figures["loop_ms"]
    return f"""# What a request costs

Written by `make bench` on {figures["at"]}, at commit {figures["commit"]}: {figures["orders"]:,} orders with
{figures["matching"]:,} matches for the list, {figures["seconds"]:g} s for each load, wrk beside the server.

{table(HEADS, _rows(figures))}

CPU-milliseconds are those of all processes, for each request (for each pair where there are two), with the
background work that follows from it: the sealing of the trail. Wall-clock rates swing with what else runs on the
machine, processor time less so.

{chr(10).join("- " + line for line in _facts(figures))}

## The same statements by pgbench

What PostgreSQL does when nothing else is in the way: our own statements, as the running program sends them,
prepared, over the same socket. The ratio is the API's rate to pgbench's.

{table(("", "connections", "per second", "CPU-ms database", "ratio"), pgbench)}

{_growth_told(figures, table)}{_rival_told(figures, own, table)}## The machine

{about["cores"]} cores of {about["cpu"]}, {about["memory_gb"]} GB, Linux {about["kernel"]}, \
Python {about["python"]}{"" if about["python_optimized"] else " built without optimizations (PGO, LTO)"}, \
PostgreSQL {database["server_version"]} ({database["size"]}; fsync {database["fsync"]}, \
synchronous_commit {database["synchronous_commit"]}, shared_buffers {database["shared_buffers"]}). \
A million additions in a Python loop took {min(loops)} to {max(loops)} ms of processor time during the run.
"""
