"""What is wrong with a world file, and where."""

from collections.abc import Sequence
from typing import NamedTuple

FAULTS_MAX = 100
"""How many are told; the rest are counted."""


class Origin(NamedTuple):
    """Where something stands: the number of the file, and the line in it."""

    file: int
    line: int


class Fault(NamedTuple):
    """What is wrong with a line, and where in it."""

    origin: Origin
    path: str
    reason: str

    def told(self, files: Sequence[str]) -> str:
        """`FILE:LINE: path: reason`."""
        return f"{files[self.origin.file]}:{self.origin.line}: {self.path}: {self.reason}"


class LoadError(Exception):
    """Nothing was loaded; the message says why."""


class Faulty(LoadError):
    """The file cannot be loaded. `lines` tell each fault, `more` how many there are besides."""

    def __init__(self, lines: Sequence[str], more: int):
        self.lines = tuple(lines)
        self.more = more
        super().__init__("\n".join((*lines, *([f"and {more} more"] if more else []))))
