"""What is sent to somebody outside, and what comes back: the words in which rooms speak of calls that they never make.

A room writes the letter and reads the reply. Who carries it is handed in as `Send`.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

REPLY_BYTES_MAX = 65_536
REPLY_S_MAX = 15.0


@dataclass(frozen=True, slots=True)
class Letter:
    """One request. `seconds` is how long all of it may take, from the look-up of the name to the end of the reply."""

    url: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"
    seconds: float = REPLY_S_MAX
    reply_bytes_max: int = REPLY_BYTES_MAX


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: headers by lower-case names, and no more of the body than was wanted; `cut` says that there was.

    `seconds` is how long it took.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float
    cut: bool = False


class Unreachable(Exception):
    """Nobody replied, or nobody may be asked there. The words are for whoever gave the address.

    `refused`: the address is not one to which calls are made here.
    """

    def __init__(self, words: str, *, refused: bool = False):
        super().__init__(words)
        self.words = words
        self.refused = refused


Send = Callable[[Letter], Awaitable[Reply]]
"""Carries a letter, and gives back the reply. Raises Unreachable."""


async def nobody(letter: Letter) -> Reply:
    """For programs that call nobody."""
    raise Unreachable("No calls are made from here.", refused=True)
