"""Kinds of events are registered when they are first seen: by the process that is about to write one."""

from collections.abc import Iterable, Mapping
from typing import Any

REGISTER = (
    "select entrepot_register_event(key, string_to_array(told, ',')) from unnest($1::text[], $2::text[]) u(key, told)"
)

SEEN_MAX = 10_000
"""How many kinds a process remembers having seen. What it forgot it registers again, which changes nothing."""


class EventTypes:
    """Which kinds of events this process has seen."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, str]] = set()

    async def see(self, conn: Any, told: Mapping[str, Iterable[str]]) -> None:
        """Registers the names of events, with the accounts that are told of a program's own."""
        keys = {(event, ",".join(accounts)) for event, accounts in told.items()}
        new = sorted(keys - self._seen)
        if not new:
            return
        await conn.execute(REGISTER, [event for event, _ in new], [accounts for _, accounts in new])
        if len(self._seen) >= SEEN_MAX:
            self._seen.clear()
        self._seen.update(new)
