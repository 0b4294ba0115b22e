"""Verifies a database: the trail with its seals and heads, events, references, totals, and what the rules promise."""

from collections.abc import Callable

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from entrepot import app as house
from entrepot.checks import CHECKS
from entrepot.settings import Settings
from entrepot.storage import consistency
from entrepot.storage.verifying import verify


async def check(settings: Settings, found: Callable[[str], None], console: Console) -> int:
    """Tells every finding as it is found, with the id it is about; how many there were."""
    async with house.build(settings) as parts:
        with Progress(
            SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            console=console, transient=True,
        ) as bar:  # fmt: skip
            tasks: dict[str, TaskID] = {}

            def tell(what: str, done: int, of: int | None) -> None:
                if what not in tasks:
                    tasks[what] = bar.add_task(what, total=of)
                bar.update(tasks[what], completed=done, total=of)

            findings = 0
            async with (
                parts.pool.acquire(timeout=10) as conn,
                conn.transaction(isolation="repeatable_read", readonly=True),
            ):
                await conn.execute("set local statement_timeout = 0")
                for each in (
                    verify(conn, parts.heads, tell),
                    consistency.verify_events(conn, parts.nouns),
                    consistency.run(conn, [*CHECKS, *consistency.checks(parts.nouns)], tell),
                ):
                    async for finding in each:
                        findings += 1
                        found(finding)
    return findings
