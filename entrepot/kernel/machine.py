"""A life as data: the states of a thing, the moves between them, and who may ask for each."""

from collections.abc import Iterator
from dataclasses import dataclass

from entrepot.kernel.errors import Conflict, Forbidden


@dataclass(frozen=True, slots=True)
class Move:
    """One arrow of the state diagram, with the actors who may follow it."""

    verb: str
    sources: tuple[str, ...]
    target: str
    by: frozenset[str]


def move(verb: str, sources: str, target: str, by: str) -> Move:
    """A row of a life, written as it reads in the state diagram."""
    return Move(verb, tuple(sources.split()), target, frozenset(by.split()))


class Machine:
    """A life: where it may begin, where it ends, and every move in between.

    Raises AssertionError at start-up when a state cannot be reached, when a state that is not
    declared final has no way out, or when a final one has.
    """

    def __init__(self, *, initial: str, final: str = "", moves: tuple[Move, ...] = ()):
        self.initial = tuple(initial.split())
        self.final = frozenset(final.split())
        self.moves = moves
        self.states = tuple(dict.fromkeys((*self.initial, *self._named(), *sorted(self.final))))
        self._check()

    def _named(self) -> Iterator[str]:
        for row in self.moves:
            yield from row.sources
            yield row.target

    def _check(self) -> None:
        reached = set(self.initial)
        for _ in self.states:
            reached |= {row.target for row in self.moves if reached & set(row.sources)}
        lost = set(self.states) - reached
        assert not lost, f"no move leads to {sorted(lost)}"
        for state in self.states:
            ends = not any(state in row.sources for row in self.moves)
            assert ends == (state in self.final), f"{state}: final and without a way out must agree"

    def verbs(self) -> tuple[str, ...]:
        """Every verb of this life, in the order of the table."""
        return tuple(dict.fromkeys(row.verb for row in self.moves))

    def actors(self, *verbs: str) -> frozenset[str]:
        """Who is on any row of these verbs."""
        return frozenset(actor for row in self.moves if row.verb in verbs for actor in row.by)

    def find(self, verb: str, state: str, actor: str) -> Move | None:
        """The move that `actor` may make from `state`, if there is one."""
        for row in self.moves:
            if row.verb == verb and state in row.sources and actor in row.by:
                return row
        return None

    def require(self, verb: str, state: str, actor: str, what: str) -> Move:
        """The move, or the refusal: 403 for an actor on no row of the verb, 409 for the wrong state."""
        if actor not in self.actors(verb):
            raise Forbidden(f"{actor.capitalize()} may not {verb} {what}.")
        found = self.find(verb, state, actor)
        if found is None and actor == "kernel":
            raise Conflict(f"{what[0].upper()}{what[1:]} is {state}.")
        if found is None:
            sources = [s for row in self.moves if row.verb == verb and actor in row.by for s in row.sources]
            raise Conflict(
                f"{what[0].upper()}{what[1:]} is {state}; {verb} by {actor} is possible from "
                f"{' or '.join(dict.fromkeys(sources))} only."
            )
        return found
