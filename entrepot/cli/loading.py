"""World files from the command line: read from files or stdin, loaded all or nothing, with a bar to watch."""

import sys
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from entrepot import app as house
from entrepot.settings import Settings
from entrepot.storage.faults import LoadError
from entrepot.storage.loading import Lines, Summary
from entrepot.storage.loading import load as load_world
from entrepot.store_forms import FORMS


async def load(settings: Settings, files: Sequence[str], console: Console) -> bool:
    """Loads the files; False, with every fault told, when nothing was loaded."""
    async with house.build(settings) as parts:
        try:
            done = await load_lines(parts, _lines(files), console)
        except OSError as fault:
            sys.stderr.write(f"{fault.filename}: {fault.strerror}\n")
            return False
        except LoadError as fault:
            sys.stderr.write(f"{fault}\n")
            return False
    console.print(f"Loaded {done.total:,} lines in {done.seconds:.1f} s.")
    return True


async def load_lines(parts: house.Application, lines: Lines, console: Console) -> Summary:
    """Loads lines from wherever they come. Raises LoadError."""
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    ) as bar:
        tasks: dict[str, TaskID] = {}

        def tell(what: str, done: int, of: int | None) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=of)
            bar.update(tasks[what], completed=done, total=of)

        return await load_world(parts.pool, parts.nouns, FORMS, parts.store.vault, lines, tell, parts.store.files)


def _lines(files: Sequence[str]) -> Iterator[tuple[str, int, bytes]]:
    for name in files:
        if name == "-":
            yield from ((name, number, line) for number, line in enumerate(sys.stdin.buffer, 1))
        else:
            with open(name, "rb") as file:
                yield from ((name, number, line) for number, line in enumerate(file, 1))
