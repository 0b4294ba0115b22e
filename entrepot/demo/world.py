"""The demo world: a distributor in full swing, as the lines of a world file."""

from collections.abc import Callable, Iterator
from datetime import datetime
from random import Random

from entrepot.demo.catalog import catalog
from entrepot.demo.companies import companies
from entrepot.demo.customers import customers
from entrepot.demo.history import history
from entrepot.demo.people import people
from entrepot.demo.selling import selling
from entrepot.demo.world_file import Line

SEED = "entrepot"


def world(now: datetime, secrets: Callable[[], str], seed: str = SEED) -> Iterator[Line]:
    """The lines, in store form; numbers with digits are Decimals.

    The same seed and time give the same world, but for the secrets of the tokens.
    """
    yield from companies(now)
    yield from customers(now)
    yield from people(now, secrets)
    yield from catalog(now)
    yield from selling(now)
    yield from history(now, Random(seed))
