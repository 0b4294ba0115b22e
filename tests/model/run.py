"""The model for long: `make model ARGS="--steps 100000 --seed 7"`. Shows its seed, how far it is, and what it found."""

import argparse
import asyncio
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from entrepot.storage.embedded import start
from entrepot.storage.migrate import ensure
from tests import world
from tests.model.market import more_items
from tests.model.marketplace import Marketplace
from tests.serving import FAULTS, Served

STEPS_A_RUN = 50
"""Hypothesis holds one run in memory, and shrinks it when it fails: many short ones find more than a long one."""


@contextmanager
def marketplace() -> Iterator[Served]:
    """The program on a database of its own, with the model's world."""
    with tempfile.TemporaryDirectory(prefix="entrepot-model-") as folder:
        server = start(Path(folder) / "data", {"fsync": "off"})
        try:
            asyncio.run(ensure(server.url, sandbox=True, may_migrate=True))
            served = Served(server.url)
            served.load([*world.world(), *more_items()])
            try:
                yield served
            finally:
                served.stop()
        finally:
            server.stop()


def main() -> int:
    """Plays; 1 when the program and the model differ."""
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--steps", type=int, default=100_000)
    wanted.add_argument("--seed", type=int, default=secrets.randbelow(2**32), help="drawn when not given")
    wanted.add_argument("--no-shrink", action="store_true", help="show the first difference as it came")
    chosen = wanted.parse_args()
    print(f"seed {chosen.seed}, {chosen.steps} steps", flush=True)  # noqa: T201
    began = time.monotonic()
    columns = TextColumn("steps"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn()
    with marketplace() as served, Progress(*columns, disable=not sys.stdout.isatty()) as progress:
        task = progress.add_task("steps", total=chosen.steps)

        def told() -> None:
            progress.advance(task)
            if progress.disable and Marketplace.steps % 1000 == 0:
                print(f"{Marketplace.steps} steps, {time.monotonic() - began:.0f} s", flush=True)  # noqa: T201

        Marketplace.served, Marketplace.watchers = served, [told]
        play = settings(
            max_examples=max(1, chosen.steps // STEPS_A_RUN),
            stateful_step_count=STEPS_A_RUN,
            deadline=None,
            database=None,
            report_multiple_bugs=False,
            phases=[Phase.generate] if chosen.no_shrink else [Phase.generate, Phase.shrink],
            suppress_health_check=(*HealthCheck,),
        )
        try:
            run_state_machine_as_test(seed(chosen.seed)(Marketplace), settings=play)
        except Exception:
            for fault in FAULTS:
                print(fault)  # noqa: T201
            raise
    for verb in sorted({verb for verb, _ in Marketplace.outcomes}):
        found = sorted((status, count) for (each, status), count in Marketplace.outcomes.items() if each == verb)
        print(f"{verb:32}", " ".join(f"{status}: {count:<7}" for status, count in found))  # noqa: T201
    print(  # noqa: T201
        f"{Marketplace.steps} steps, {Marketplace.requests} requests, {time.monotonic() - began:.0f} s: no difference"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
