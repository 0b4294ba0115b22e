"""Ids such as `ORD-1234-5678-9012`: a counter through a keyed permutation, so none repeats and none can be guessed."""

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ids:
    """How a kind is numbered: a prefix and groups of four digits (spec 1.10).

    With `child_of` the id carries the digits of its parent, then a number within the parent.
    """

    prefix: str
    groups: int
    child_of: str = ""

    @property
    def domain(self) -> int:
        """How many ids there are."""
        return 10 ** (4 * self.groups)

    def draw(self, counter: int, key: bytes) -> str:
        """The id for a counter value. The first group is never 0000: such ids are promised to be unknown."""
        least = self.domain // 10_000
        number = permute(counter % (self.domain - least), self.domain - least, key + self.prefix.encode())
        return self._format(number + least)

    def child(self, parent_id: str, number: int) -> str:
        """The id of the parent's child with that number."""
        return f"{self.prefix}-{parent_id.partition('-')[2]}-{number:04d}"

    def _format(self, number: int) -> str:
        digits = f"{number:0{4 * self.groups}d}"
        return "-".join((self.prefix, *(digits[i : i + 4] for i in range(0, len(digits), 4))))


def permute(number: int, domain: int, key: bytes) -> int:
    """A permutation of 0..domain-1: four Feistel rounds, walked until the result lies in the domain."""
    half = max(1, (domain.bit_length() + 1) // 2)
    mask = (1 << half) - 1
    while True:
        left, right = number >> half, number & mask
        for turn in range(4):
            left, right = right, left ^ (_round(right, turn, key) & mask)
        number = left << half | right
        if number < domain:
            return number


def _round(value: int, turn: int, key: bytes) -> int:
    digest = hashlib.blake2b(bytes((turn,)) + value.to_bytes(8), key=key[:64], digest_size=8)
    return int.from_bytes(digest.digest())
