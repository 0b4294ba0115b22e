"""One request while it is judged: what it is about, and what was found wrong so far."""

from dataclasses import dataclass, field
from typing import Any

from tests.model.deal import Deal, Draft, Holding, Order
from tests.model.market import Somebody

Body = dict[str, Any]

CLIENT, VENDOR, OPERATIONS = "client", "vendor", "operations"
ANY = f"{CLIENT} {VENDOR} {OPERATIONS}"
UNDER_WAY = ("Draft", "Quoted", "Processing", "Querying")
TEXT = {"Quoted": 1, "Processing": 1, "Querying": 2, "Completed": 3}
"""The product's text that an order in that state shows (spec 2.3.7)."""


@dataclass
class Request:
    """Who asks for what, of which order (or draft within it) or of what is held, with what."""

    who: Somebody
    verb: str
    order: int | None = None
    draft: int | None = None
    body: Body = field(default_factory=dict)
    stale: bool = False
    """It is meant for a revision that is no longer."""
    held: int | None = None
    """The key of a subscription, asset or agreement that it is about, without an order."""


@dataclass
class Refused(Exception):
    """The status of the refusal, and for bad content where it is bad."""

    status: int
    paths: set[str] = field(default_factory=set)


class Command:
    """One request while it is judged."""

    def __init__(
        self, deal: Deal, who: Somebody, body: Body, *, order: Order | None = None, draft: Draft | None = None,
        held: Holding | None = None,
    ):  # fmt: skip
        self.deal, self.who, self.body = deal, who, body
        self._order, self._draft, self._held = order, draft, held
        self.state = order.status if order else ""
        self.faults: set[str] = set()

    def by(self, *actors: str) -> bool:
        """Whether one of these asks."""
        return self.who.actor in actors

    def stop(self) -> None:
        """All that is wrong is told at once."""
        if self.faults:
            raise Refused(400, self.faults)

    def require(self, *states: str) -> None:
        """Not now, unless it is in one of these states."""
        if self.state not in states:
            raise Refused(409)

    def move(self, status: str) -> None:
        """The order goes on, and shows the text of its new state."""
        self.order.move(status, self.who)
        if status in TEXT:
            self.order.template = self.deal.text(TEXT[status])

    @property
    def order(self) -> Order:
        """The order that the request names."""
        assert self._order is not None
        return self._order

    @property
    def draft(self) -> Draft:
        """The draft that the request names."""
        assert self._draft is not None
        return self._draft

    @property
    def held(self) -> Holding:
        """The subscription or asset that the request names."""
        assert self._held is not None
        return self._held
