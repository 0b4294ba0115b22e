"""A regular expression that a stranger wrote, tried on a text within a bounded number of steps.

Python's own engine goes back and tries again, so that `(a+)+$` on forty letters takes minutes. Here the
expression becomes a set of positions, each with the ones that may follow it (Glushkov's construction), and
the text is read once while a set of positions moves along. What only works by going back is refused:
look-around, back references, possessive quantifiers; so is what would need too many positions.
A pattern matches when it is found anywhere in the text; `^` and `$` tie it to the ends.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

LENGTH_MAX: Final = 1_000
DEPTH_MAX: Final = 40
POSITIONS_MAX: Final = 600
STEPS_MAX: Final = 50_000
"""About 25 ms; a text of 255 letters against `^[a-z]{1,255}$` takes 600."""


class Unsupported(ValueError):
    """The pattern is broken, or cannot be tried in bounded time."""


def fault(pattern: str) -> str | None:
    """Why a pattern cannot be used, for those who accept one."""
    automaton = _compiled(pattern)
    return automaton if isinstance(automaton, str) else None


def matches(pattern: str, text: str, steps_max: int = STEPS_MAX) -> bool:
    """Whether the pattern is found in the text; Unsupported when that cannot be said."""
    automaton = _compiled(pattern)
    if isinstance(automaton, str):
        raise Unsupported(automaton)
    return _Run(automaton, text, steps_max).found()


class _Automaton(NamedTuple):
    nullable: bool
    first: int  # sets of positions are bits of an integer
    last: int
    follow: list[int]
    characters: dict[str, int]  # what one character may be -> the positions that read it
    borders: dict[str, int]  # ^ $ \b \B -> the positions that read nothing
    tests: dict[str, re.Pattern[str]]


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> _Automaton | str:
    try:
        return _Builder(_Parser(pattern).parsed()).automaton()
    except Unsupported as reason:
        return str(reason)


class _Run:
    """One reading of one text."""

    def __init__(self, automaton: _Automaton, text: str, steps_max: int) -> None:
        self.automaton = automaton
        self.text = text
        self.steps = steps_max
        self.readers: dict[str, int] = {}

    def found(self) -> bool:
        automaton, active = self.automaton, 0
        if automaton.nullable:
            return True
        for index in range(len(self.text) + 1):
            reach = self.across_borders(automaton.first | self.following(active), index)
            if reach & automaton.last & self.holding(index):
                return True
            if index == len(self.text):
                return False
            active = reach & self.reading(self.text[index])
            if active & automaton.last:
                return True
        return False

    def across_borders(self, reach: int, index: int) -> int:
        """What reads nothing and holds here is passed, and what follows it may come next."""
        holding = self.holding(index)
        passed = reach & holding
        while passed:
            more = self.following(passed) & ~reach
            reach |= more
            passed = more & holding
        return reach

    def following(self, positions: int) -> int:
        found = 0
        for position in _bits(positions):
            found |= self.automaton.follow[position]
            self.step()
        return found

    def reading(self, character: str) -> int:
        if character not in self.readers:
            readers = 0
            for atom, positions in self.automaton.characters.items():
                self.step()
                if self.automaton.tests[atom].fullmatch(character):
                    readers |= positions
            self.readers[character] = readers
        return self.readers[character]

    def holding(self, index: int) -> int:
        borders = self.automaton.borders
        if not borders:
            return 0
        before = index > 0 and _is_word(self.text[index - 1])
        after = index < len(self.text) and _is_word(self.text[index])
        return (
            (borders.get("^", 0) if index == 0 else 0)
            | (borders.get("$", 0) if index == len(self.text) else 0)
            | borders.get(r"\B" if before == after else r"\b", 0)
        )

    def step(self) -> None:
        self.steps -= 1
        if self.steps < 0:
            raise Unsupported("The pattern takes too long to try on this text.")


class _Character(NamedTuple):
    atom: str


class _Border(NamedTuple):
    kind: str


class _Sequence(NamedTuple):
    parts: "list[_Node]"


class _Choice(NamedTuple):
    branches: "list[_Node]"


class _Repeat(NamedTuple):
    part: "_Node"
    least: int
    most: int | None


type _Node = _Character | _Border | _Sequence | _Choice | _Repeat

_BORDER = re.compile(r"[\^$]|\\[bB]")
_ATOM = re.compile(
    r"\\(?:[dDwWsStnrfv]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[^a-zA-Z0-9])"
    r"|\[\^?\]?(?:\\.|[^\]\\])*+\]"
    r"|[^\\\[()|*+?^$]",
    re.DOTALL,
)
_QUANTIFIER = re.compile(r"(?:([*+?])|\{([0-9]{1,4})(,?)([0-9]{0,4})\})(\?)?")
_GROUP = re.compile(r"\((?:\?:|\?P?<[A-Za-z_]\w*+>|(?!\?))")
_SET_ARITHMETIC = re.compile(r"\[\^?.*(?:\[|--|&&|~~|\|\|)", re.DOTALL)


class _Parser:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.ignore_case = pattern.startswith("(?i)")
        if self.ignore_case:
            self.at = len("(?i)")

    def parsed(self) -> "tuple[_Node, bool]":
        if len(self.pattern) > LENGTH_MAX:
            raise Unsupported(f"The pattern is longer than {LENGTH_MAX} characters.")
        node = self.choice(0)
        if self.at < len(self.pattern):
            raise self.refused()
        return node, self.ignore_case

    def choice(self, depth: int) -> "_Node":
        branches = [self.sequence(depth)]
        while self.pattern.startswith("|", self.at):
            self.at += 1
            branches.append(self.sequence(depth))
        return branches[0] if len(branches) == 1 else _Choice(branches)

    def sequence(self, depth: int) -> "_Node":
        parts: list[_Node] = []
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            parts.append(self.part(depth))
        return _Sequence(parts)

    def part(self, depth: int) -> "_Node":
        if border := self.take(_BORDER):
            return _Border(border[0])
        return self.repeated(self.one(depth))

    def one(self, depth: int) -> "_Node":
        if not self.take(_GROUP):
            return self.character()
        if depth == DEPTH_MAX:
            raise Unsupported(f"The pattern has groups more than {DEPTH_MAX} deep.")
        node = self.choice(depth + 1)
        if not self.pattern.startswith(")", self.at):
            raise self.refused()
        self.at += 1
        return node

    def character(self) -> "_Node":
        atom = self.take(_ATOM)
        if not atom or _SET_ARITHMETIC.match(atom[0].replace(r"\[", "")):
            raise self.refused()
        return _Character(atom[0])

    def repeated(self, part: "_Node") -> "_Node":
        found = self.take(_QUANTIFIER)
        if not found:
            return part
        if self.at < len(self.pattern) and _QUANTIFIER.match(self.pattern, self.at):
            raise self.refused()
        sign, least, comma, most, _ = found.groups()
        if sign:
            return _Repeat(part, int(sign == "+"), 1 if sign == "?" else None)
        if most and (not comma or int(most) < int(least)):
            raise self.refused()
        return _Repeat(part, int(least), int(most) if most else None if comma else int(least))

    def take(self, expression: re.Pattern[str]) -> re.Match[str] | None:
        found = expression.match(self.pattern, self.at)
        if found:
            self.at = found.end()
        return found

    def refused(self) -> Unsupported:
        return Unsupported(f"The pattern cannot be used: see character {self.at + 1}.")


class _Piece(NamedTuple):
    nullable: bool
    first: int
    last: int


_NOTHING = _Piece(nullable=True, first=0, last=0)


class _Builder:
    """Lays the parsed pattern out in positions."""

    def __init__(self, parsed: "tuple[_Node, bool]") -> None:
        self.node, ignore_case = parsed
        self.flags = re.IGNORECASE if ignore_case else re.NOFLAG
        self.size = 0
        self.follow: list[int] = []
        self.characters: dict[str, int] = {}
        self.borders: dict[str, int] = {}
        self.tests: dict[str, re.Pattern[str]] = {}

    def automaton(self) -> _Automaton:
        whole = self.piece(self.node)
        return _Automaton(*whole, self.follow, self.characters, self.borders, self.tests)

    def piece(self, node: "_Node") -> _Piece:
        self.size += 1  # also what lays out nothing, or `(){999}` in `(){999}` would go on for long
        if self.size > 3 * POSITIONS_MAX:
            raise Unsupported("The pattern is too large.")
        match node:
            case _Character(atom):
                return self.character(atom)
            case _Border(kind):
                return self.position(self.borders, kind)
            case _Sequence(parts):
                return self.joined(self.piece(part) for part in parts)
            case _Choice(branches):
                return self.either([self.piece(branch) for branch in branches])
            case _Repeat(part, least, most):
                return self.joined(self.copies(part, least, most))

    def character(self, atom: str) -> _Piece:
        if atom not in self.tests:
            try:
                self.tests[atom] = re.compile(atom, self.flags)
            except re.error as error:
                raise Unsupported(f"The pattern cannot be used: {atom[:40]}.") from error
        return self.position(self.characters, atom)

    def position(self, readers: dict[str, int], what: str) -> _Piece:
        if len(self.follow) == POSITIONS_MAX:
            raise Unsupported("The pattern is too large.")
        bit = 1 << len(self.follow)
        self.follow.append(0)
        readers[what] = readers.get(what, 0) | bit
        return _Piece(nullable=False, first=bit, last=bit)

    def copies(self, part: "_Node", least: int, most: int | None) -> Iterator[_Piece]:
        """`x{2,}` is x x+, `x*` is an optional x+, `x{1,3}` is x and two optional ones."""
        if most is None:
            yield from (self.piece(part) for _ in range(least - 1))
            looped = self.piece(part)
            self.lead(looped.last, looped.first)
            yield looped._replace(nullable=looped.nullable or not least)
            return
        yield from (self.piece(part) for _ in range(least))
        yield from (self.piece(part)._replace(nullable=True) for _ in range(most - least))

    def joined(self, pieces: Iterator[_Piece]) -> _Piece:
        whole = _NOTHING
        for piece in pieces:
            self.lead(whole.last, piece.first)
            whole = _Piece(
                nullable=whole.nullable and piece.nullable,
                first=whole.first | piece.first if whole.nullable else whole.first,
                last=whole.last | piece.last if piece.nullable else piece.last,
            )
        return whole

    def either(self, pieces: list[_Piece]) -> _Piece:
        whole = _Piece(nullable=False, first=0, last=0)
        for nullable, first, last in pieces:
            whole = _Piece(whole.nullable or nullable, whole.first | first, whole.last | last)
        return whole

    def lead(self, before: int, after: int) -> None:
        for position in _bits(before):
            self.follow[position] |= after


def _bits(positions: int) -> Iterator[int]:
    while positions:
        lowest = positions & -positions
        yield lowest.bit_length() - 1
        positions ^= lowest


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"
