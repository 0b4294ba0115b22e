"""How many calls a minute each token has: those that succeed are counted, in each process by itself."""

import math
import time
from collections.abc import Callable

WINDOW_S = 60.0
TOKENS_MAX = 10_000


class Limit:
    """A minute begins with a token's first call; with a limit of 0 there is none."""

    def __init__(self, calls_per_minute: int, clock: Callable[[], float] = time.monotonic):
        self._most, self._clock = calls_per_minute, clock
        self._counted: dict[str, tuple[float, int]] = {}

    def waits_s(self, token_id: str) -> int:
        """How many seconds the token has to wait; 0 when it need not."""
        began, count = self._counted.get(token_id, (0.0, 0))
        left = began + WINDOW_S - self._clock()
        return max(1, math.ceil(left)) if self._most and count >= self._most and left > 0 else 0

    def count(self, token_id: str) -> None:
        """One more call that succeeded."""
        if not self._most:
            return
        now = self._clock()
        began, count = self._counted.get(token_id, (now, 0))
        if now - began >= WINDOW_S:
            began, count = now, 0
        if token_id not in self._counted and len(self._counted) >= TOKENS_MAX:
            self._counted.pop(next(iter(self._counted)))
        self._counted[token_id] = began, count + 1
