"""Receivers of events: what each kind of them says to the engine that delivers. All else they have in common.

A kind reads the feed as its receivers may, makes a letter of each event, and understands what comes back. Order,
repetition, patience and the keeping of accounts are the engine's (storage/deliveries.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from entrepot.kernel.doors import Happened
from entrepot.kernel.letter import Letter, Reply


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one receiver. `id` is the same at every attempt; `payload` is the event, as JSON.

    `tries` counts the attempts, this one included. What has no `position` was not in the feed. `redelivered` is how
    often somebody has had it sent again.
    """

    id: str
    receiver_id: str
    position: int | None
    event: str
    object_type: str
    object_id: str
    payload: bytes
    tries: int
    redelivered: int = 0


@dataclass(frozen=True, slots=True)
class Arrived:
    """It has arrived."""


@dataclass(frozen=True, slots=True)
class Later:
    """Not now. After so many seconds, else after a while that grows with each attempt.

    `asked`: the receiver is well, and asked for it.
    """

    words: str = ""
    seconds: float | None = None
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """The receiver wants this one no more, for a reason of its own; the next may come."""

    words: str


@dataclass(frozen=True, slots=True)
class Gone:
    """The receiver wants nothing any more."""

    words: str


Outcome = Arrived | Later | Refused | Gone


class NotSent(Exception):
    """Nothing need be sent, or may be just now: what comes of the delivery is known without."""

    def __init__(self, outcome: Outcome):
        super().__init__(type(outcome).__name__)
        self.outcome = outcome


class Receiver(Protocol):
    """One of them, as it is just now."""

    async def follow(self, after: int) -> Happened:
        """What has happened beyond a position and is for this receiver. Raises Refusal where it may not read now."""
        ...

    async def letter(self, delivery: Delivery) -> Letter:
        """What is sent for a delivery; made anew for each attempt. Raises NotSent."""
        ...

    async def understand(self, delivery: Delivery, reply: Reply) -> Outcome:
        """What the reply to a delivery means; what else follows from it is done by then. It may be asked again."""
        ...


class Kind(Protocol):
    """Receivers that are addressed alike."""

    async def receivers(self, ids: Sequence[str]) -> Mapping[str, Receiver]:
        """Those of them that may be sent something now. Each is asked for anew at most every two seconds."""
        ...

    async def pause(self, receiver_id: str, reason: str) -> None:
        """Nothing is sent to it from now on, and whoever it belongs to is told."""
        ...

    async def give_up(self, receiver_id: str, delivery_id: str) -> None:
        """One delivery is skipped: whoever it belongs to is told."""
        ...
