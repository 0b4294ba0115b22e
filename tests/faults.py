"""Programs are killed at random, for long, while webhooks are sent and while a vendor's extension fulfils orders.

make faults ARGS="--story fulfilment --kills 20 --orders 200 --seed 7"
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from entrepot.storage.embedded import start
from tests.conftest import small_world
from tests.integration.selling import Sale
from tests.notifications.killing import Play, out_of_order
from tests.serving import copied


def webhooks(database: str, orders: int, kills: int) -> tuple[str, list[str]]:
    """What was played, and what was wrong."""
    box, events = Play(database, orders, kills).run()
    return f"{kills} kills, {events:,} events, {len(box.got):,} letters", out_of_order(box)


def fulfilment(database: str, orders: int, kills: int) -> tuple[str, list[str]]:
    """What was played, and what was wrong."""
    sale = Sale(database, orders, kills).run()
    victims = ", ".join(f"{name} {count}" for name, count in sale.killed.items())
    told = f"{kills} kills ({victims}), {len(sale.meant)} orders, {sale.events:,} events, {len(sale.letters):,} letters"
    return f"{told}, the workers delivered {' and '.join(map(str, sale.shares))}", sale.wrong


STORIES: dict[str, Callable[[str, int, int], tuple[str, list[str]]]] = {"webhooks": webhooks, "fulfilment": fulfilment}


def main() -> None:
    """Each story on a database of its own."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--story", choices=STORIES, action="append", help="both unless one is named")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--orders", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    chosen = parser.parse_args()
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        cluster = start(Path(folder) / "data", {"fsync": "off"})
        try:
            template = asyncio.run(small_world(cluster))
            for story in chosen.story or STORIES:
                random.seed(chosen.seed)
                began = time.monotonic()
                with copied(cluster, template) as database:
                    told, wrong = STORIES[story](database, chosen.orders, chosen.kills)
                took = time.monotonic() - began
                sys.stdout.write(f"{story}, seed {chosen.seed}: {told}, {len(wrong)} faults, {took:.0f} s\n")
                sys.stdout.writelines(f"  {each}\n" for each in wrong[:50])
                failed = failed or bool(wrong)
        finally:
            cluster.stop()
    sys.exit(failed)


if __name__ == "__main__":
    main()
