"""One loaded or new thing: its values now, and as they were loaded."""

from collections.abc import Iterable, Sequence
from typing import Any

from entrepot.kernel.noun import Noun


class Thing:
    """A row with its children. Values are read and set by column name: `order.notes`.

    `parts` holds its children by field name, and for a list of references the ids. `was` is None
    for a thing that is not stored yet. Values are the thing's own attributes, since rules read them
    often. Documents must be replaced, not edited in place: only what is assigned is written.
    """

    __slots__ = ("__dict__", "noun", "now", "parts", "was")

    noun: Noun
    now: dict[str, Any]
    was: dict[str, Any] | None
    parts: dict[str, list]

    def __init__(self, noun: Noun, now: dict[str, Any], was: dict[str, Any] | None = None):
        place = object.__setattr__
        place(self, "noun", noun)
        place(self, "now", now)
        place(self, "was", was)
        place(self, "parts", {})
        place(self, "__dict__", now)

    @classmethod
    def loaded(cls, noun: Noun, columns: Iterable[str], values: Sequence[object]) -> "Thing":
        """A stored thing, as it came from the database."""
        now = dict(zip(columns, values, strict=True))
        return cls(noun, now, dict(now))

    def __getattr__(self, name: str) -> Any:
        if name in self.parts:
            return self.parts[name]
        raise AttributeError(f"{self.noun.name} has no {name}")

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
        was = self.was
        return [name for name, value in self.now.items() if value is not was[name] and value != was[name]]

    def __repr__(self) -> str:
        return f"<{self.noun.name} {self.now.get('id')}>"
