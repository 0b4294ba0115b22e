"""Places for what takes long: so many at a time, and not all of them for one caller."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from entrepot.kernel.errors import Unavailable


class Places:
    """What a process gives room to at one time. `most` in all, `most_each` to the tokens of one account."""

    def __init__(self, most: int, most_each: int):
        self._most, self._most_each = most, most_each
        self._taken: Counter[str] = Counter()

    @contextmanager
    def take(self, account_id: str) -> Iterator[None]:
        """A place for as long as the block runs. Raises Unavailable when there is none."""
        if self._taken[account_id] >= self._most_each or self._taken.total() >= self._most:
            raise Unavailable("Too many of these are open at the moment.", headers={"Retry-After": "5"})
        self._taken[account_id] += 1
        try:
            yield
        finally:
            self._taken[account_id] -= 1
            if not self._taken[account_id]:
                del self._taken[account_id]
