"""Statements are composed once per shape with SQLAlchemy, and run as plain text on the driver."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

DIALECT = postgresql.dialect(paramstyle="numeric_dollar")


class Statement:
    """SQL text with its parameters in order; values are given by name."""

    __slots__ = ("constants", "names", "text")

    def __init__(self, query: sa.SelectBase):
        compiled = query.compile(dialect=DIALECT)
        self.text = str(compiled)
        self.names: tuple[str, ...] = tuple(compiled.positiontup or ())  # pyright: ignore[reportAttributeAccessIssue]
        self.constants: dict[str, object] = {k: v for k, v in compiled.params.items() if v is not None}

    def values(self, given: Mapping[str, object]) -> Sequence[Any]:
        """The values in the order of the text; what is not given is a constant of the statement."""
        constants = self.constants
        return [given[name] if name in given else constants[name] for name in self.names]


class Cache[K, V]:
    """A bounded cache that forgets what was used longest ago."""

    __slots__ = ("_items", "_size")

    def __init__(self, size: int):
        self._items: dict[K, V] = {}
        self._size = size

    def get(self, key: K) -> V | None:
        """The value, now the youngest; None when it is not kept."""
        value = self._items.pop(key, None)
        if value is not None:
            self._items[key] = value
        return value

    def put(self, key: K, value: V) -> V:
        """Keeps a value, forgetting the oldest where there is no room."""
        if len(self._items) >= self._size:
            self._items.pop(next(iter(self._items)), None)
        self._items[key] = value
        return value
