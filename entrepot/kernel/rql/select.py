"""Which properties an answer shows: additions to and subtractions from its default shape."""

from dataclasses import dataclass, field

from .fault import RqlFault

DEPTH_MAX = 8
NAMES_MAX = 500


@dataclass(frozen=True, slots=True)
class Select:
    """What is asked about one level of the answer; names are in lower case, and may well be unknown."""

    star: bool | None = None  # `*` shows all of this level, `-*` nothing of it; None: the default
    added: frozenset[str] = frozenset()  # `+x`
    dropped: frozenset[str] = frozenset()  # `-x`
    below: "dict[str, Select]" = field(default_factory=dict)  # `x.y`, `-x.y`, `x.*`, `-x.*`
    reaches: bool = False  # something is added here or further down, so the parents come in

    def __hash__(self) -> int:
        return hash((self.star, self.added, self.dropped, frozenset(self.below.items())))

    def shows(self, name: str, by_default: bool) -> bool:
        """Whether the property of this name (in lower case) is in the answer."""
        if name in self.dropped:
            return False
        if name in self.added or self.under(name).reaches:
            return True
        return by_default if self.star is None else self.star

    def expands(self, name: str) -> bool:
        """Whether a reference or collection is named itself, and so shows more than its summary."""
        return name in self.added

    def under(self, name: str) -> "Select":
        """What is asked about the level below that property."""
        return self.below.get(name, NOTHING_ASKED)


NOTHING_ASKED = Select()


class Level:
    """A level while it is being read."""

    __slots__ = ("added", "below", "dropped", "star")

    def __init__(self) -> None:
        self.star: bool | None = None
        self.added: set[str] = set()
        self.dropped: set[str] = set()
        self.below: dict[str, Level] = {}

    def add(self, path: list[str]) -> None:
        name = path[0]
        if name == "*":
            self.star = True
            return
        self.dropped.discard(name)
        if len(path) == 1:
            self.added.add(name)
        else:
            self.below.setdefault(name, Level()).add(path[1:])

    def drop(self, path: list[str]) -> None:
        name = path[0]
        if name == "*":
            self.star = False
        elif len(path) == 1:
            self.dropped.add(name)
            self.added.discard(name)
            self.below.pop(name, None)
        else:
            self.below.setdefault(name, Level()).drop(path[1:])

    def settled(self) -> Select:
        below = {name: level.settled() for name, level in self.below.items()}
        reaches = self.star is True or bool(self.added) or any(level.reaches for level in below.values())
        return Select(self.star, frozenset(self.added), frozenset(self.dropped), below, reaches)


def parse_select(text: str) -> Select:
    """Read `+audit,-lines,agreement.client,-*,+id`; of two words on the same name the later one counts."""
    top = Level()
    items = text.split(",")
    if len(items) > NAMES_MAX:
        raise RqlFault("select", f"At most {NAMES_MAX} properties can be selected.")
    for item in items:
        drops, path = signed(item)
        if len(path) > DEPTH_MAX:
            raise RqlFault(item.strip(), f"A selected property may lie at most {DEPTH_MAX} levels deep.")
        if "" in path or "*" in path[:-1]:
            continue
        names = [name.lower() for name in path]
        top.drop(names) if drops else top.add(names)
    return top.settled()


def signed(item: str) -> tuple[bool, list[str]]:
    """Whether a key is led by a minus, and its path. A plus is the same as nothing, or as a space."""
    name = item.strip()
    minus = name.startswith("-")
    if minus or name.startswith("+"):
        name = name[1:].strip()
    return minus, name.split(".")
