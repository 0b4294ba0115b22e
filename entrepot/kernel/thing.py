"""One loaded or new thing: its values now, and as they were loaded."""

from collections.abc import Iterable, Sequence
from typing import Any

from entrepot.kernel.noun import Noun
from entrepot.kernel.wire import Json, decode

_SLOTS = frozenset(("noun", "now", "parts", "was"))


class Thing:
    """A row with its children. Values are read and set by column name: `order.notes`.

    `parts` holds its children by field name, and for a list of references the ids.
    `was` is None for a thing that is not stored yet. Documents are decoded when they are first
    read, and must be replaced, not edited in place: only what is assigned is written.
    """

    __slots__ = ("noun", "now", "parts", "was")

    noun: Noun
    now: dict[str, object]
    was: dict[str, object] | None
    parts: dict[str, list]

    def __init__(self, noun: Noun, now: dict[str, object], was: dict[str, object] | None = None):
        object.__setattr__(self, "noun", noun)
        object.__setattr__(self, "now", now)
        object.__setattr__(self, "was", was)
        object.__setattr__(self, "parts", {})

    @classmethod
    def loaded(cls, noun: Noun, columns: Iterable[str], values: Sequence[object]) -> "Thing":
        """A stored thing, as it came from the database."""
        now = dict(zip(columns, values, strict=True))
        return cls(noun, now, dict(now))

    def __getattr__(self, name: str) -> Any:
        try:
            value = self.now[name]
        except KeyError:
            if name in self.parts:
                return self.parts[name]
            raise AttributeError(f"{self.noun.name} has no {name}") from None
        if isinstance(value, Json):
            value = self.now[name] = decode(value)
        return value

    def __setattr__(self, name: str, value: object) -> None:
        assert name in self.noun.by_column, f"{self.noun.name} has no column {name}"
        assert name != "status" or self.noun.life is None, "status is written by a move"
        self.now[name] = value

    def get(self, name: str, default: object = None):
        """The value of a column, or `default` where this kind has no such column."""
        return getattr(self, name) if name in self.now else default

    @property
    def key(self) -> tuple[str, str, str]:
        """What names this thing among all others."""
        noun = self.noun
        return noun.path, str(self.now[noun.owner_column]) if noun.shared else "", str(self.now["id"])

    @property
    def owner_key(self) -> tuple[str, str, str]:
        """What names the thing that owns this one."""
        return self.noun.owner_field.target, "", str(self.now[self.noun.owner_column])

    @property
    def is_new(self) -> bool:
        """Whether it is not stored yet."""
        return self.was is None

    def changed(self) -> list[str]:
        """Columns whose value differs from what was loaded; every filled one for a new thing."""
        if self.was is None:
            return [name for name, value in self.now.items() if value is not None]
        return [name for name, value in self.now.items() if self._differs(name, value, self.was[name])]

    def _differs(self, name: str, value: object, was: object) -> bool:
        if value is was:
            return False
        if isinstance(was, Json):
            return decode(was) != value
        return value != was

    def __repr__(self) -> str:
        return f"<{self.noun.name} {self.now.get('id')}>"
