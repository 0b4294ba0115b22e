"""World files out of a database, from the command line."""

import os
import sys

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from entrepot import app as house
from entrepot.settings import Settings
from entrepot.storage import dumping
from entrepot.store_forms import FORMS


async def dump(settings: Settings, kind: str | None, console: Console) -> None:
    """Writes the lines to stdout, and how far it is to the console. Whoever reads may stop early."""
    async with house.build(settings) as parts:
        with Progress(SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=console,
                      transient=True) as bar:  # fmt: skip
            task = bar.add_task("dumping", total=None)

            def tell(path: str, done: int) -> None:
                bar.update(task, description=f"dumping {path}: {done:,}")

            try:
                async for lines in dumping.dump(
                    parts.pool, parts.nouns, FORMS, parts.store.vault, kind, tell, parts.store.files
                ):
                    sys.stdout.buffer.write(lines)
                sys.stdout.buffer.flush()
            except BrokenPipeError:
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nothing is left to be flushed
