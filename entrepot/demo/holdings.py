"""What an agreement of the past is made of: subscriptions, assets, lines and orders."""

from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from entrepot.demo.product import Item, Terms
from entrepot.demo.world_file import Event

LIVE = ("Active", "Updating", "Terminating")


@dataclass(eq=False)
class Holding:
    """A subscription or an asset: what the client has."""

    id: str
    name: str
    terms: Terms
    events: dict[str, Event]
    vendor_id: str
    values: dict[str, object]
    started: datetime
    status: str = "Active"
    committed: datetime | None = None
    auto_renew: bool = True


@dataclass(eq=False)
class Entitlement:
    """A line of the agreement."""

    id: str
    item: Item
    quantity: int
    holding: Holding
    order: str
    events: dict[str, Event]
    status: str = "Active"


@dataclass(eq=False)
class OrderLine:
    """A line of an order: how many there were, and how many there shall be."""

    id: str
    item: Item
    before: int
    after: int
    holding: Holding | None = None


@dataclass(eq=False)
class Order:
    """An order, as it stands today."""

    id: str
    type: str
    status: str
    lines: list[OrderLine]
    events: dict[str, Event]
    values: dict[str, object]
    renews: dict[str, bool] = field(default_factory=dict)

    @property
    def holdings(self) -> list[Holding]:
        """The subscriptions and assets that it touches, in the order of its lines."""
        return list(dict.fromkeys(line.holding for line in self.lines if line.holding))


class Ids:
    """Ids drawn at random, each once; no group is below 1000, as such ids stand for unknown things."""

    def __init__(self, rng: Random):
        self._rng = rng
        self._drawn: set[str] = set()

    def draw(self, prefix: str) -> str:
        """A new id with three groups of digits."""
        while True:
            id = "-".join((prefix, *(str(self._rng.randint(1000, 9999)) for _ in range(3))))
            if id not in self._drawn:
                self._drawn.add(id)
                return id
