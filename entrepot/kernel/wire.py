"""JSON in and out: decimals keep their digits, times are UTC to the millisecond."""

from datetime import MINYEAR, UTC, date, datetime
from decimal import Decimal, InvalidOperation

import msgspec

Raw = msgspec.Raw

_decoder = msgspec.json.Decoder(float_hook=Decimal)
_encoder = msgspec.json.Encoder(decimal_format="number")


class Json(str):
    """JSON text as the database gave it, not yet decoded."""

    __slots__ = ()


def decode(data: bytes | str) -> object:
    """The JSON value, with decimals kept. Raises ValueError."""
    try:
        return _decoder.decode(data.encode() if isinstance(data, str) else data)
    except InvalidOperation:
        raise ValueError("A number is too large or too small.") from None


def encode(value: object) -> bytes:
    """The JSON text of a value."""
    return _encoder.encode(value)


def encode_lines(values: list[dict[str, object]]) -> bytes:
    """The JSON texts of the values, a line each."""
    return _encoder.encode_lines(values)


def encode_text(value: object) -> str:
    """The JSON text of a value, as a string for the database."""
    return _encoder.encode(value).decode()


def moment_text(value: datetime) -> str:
    """`2026-01-31T23:00:00.000Z`."""
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def to_moment(value: str) -> datetime:
    """The point in time an ISO 8601 text names; UTC where it names no zone. Raises ValueError."""
    found = datetime.fromisoformat(value.strip())
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    found = milliseconds(found.astimezone(UTC))
    if found.year == MINYEAR:
        raise ValueError("the database would take the first moment of all for minus infinity")
    return found


def milliseconds(value: datetime) -> datetime:
    """The same moment, cut to the millisecond, which is what is stored."""
    return value.replace(microsecond=value.microsecond // 1000 * 1000)


def wire(value: object) -> object:
    """A stored value in its outside form."""
    if isinstance(value, datetime):
        return moment_text(value)
    if isinstance(value, Json):
        return Raw(value.encode())
    if isinstance(value, date):
        return value.isoformat()
    return value
