"""How a line of a world file is written: its kind, ids, references, times and audit."""

from calendar import monthrange
from collections.abc import Mapping
from datetime import UTC, datetime

Line = dict[str, object]
Event = tuple[datetime, str | None]
"""When something happened, and who did it; nobody where the platform did it by itself."""


def line(kind: str, id: str, **fields: object) -> Line:
    """One object of a world file; what is None is left out."""
    return {"$kind": kind, "id": id, **{name: value for name, value in fields.items() if value is not None}}


def ref(id: str) -> Line:
    """A reference to another line."""
    return {"id": id}


def at(moment: datetime) -> str:
    """A time as the API writes it: UTC, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def audit(events: Mapping[str, Event]) -> Line:
    """The last occurrence of each event, as the API gives it."""
    return {
        event: {"at": at(moment)} if who is None else {"at": at(moment), "by": ref(who)}
        for event, (moment, who) in events.items()
    }


def child(prefix: str, parent: str, number: int) -> str:
    """The id of a thing that carries the digits of its parent: `ALI-1234-5678-9012-0001`."""
    return f"{prefix}-{parent.partition('-')[2]}-{number:04d}"


def months_later(moment: datetime, months: int) -> datetime:
    """The same day of a later month, or its last day where that month is shorter."""
    count = moment.year * 12 + moment.month - 1 + months
    year, month = count // 12, count % 12 + 1
    return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))
