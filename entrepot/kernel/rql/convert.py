"""The words of a query become values of the type that a property has, in no particular culture."""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from .fault import TOKEN_LENGTH_MAX, RqlFault, shortened

type Kind = Literal["text", "enum", "id", "integer", "decimal", "boolean", "timestamp", "date", "json"]
type Converter = Callable[[Any], object]  # of a literal, or of a tuple of them for `in` and `out`

INTEGER_MAX = 2**63 - 1
INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
# Far within what `numeric` holds, and far beyond any amount of money.
DECIMAL = re.compile(r"[+-]?(?:[0-9]{1,38}(?:\.[0-9]{0,38})?|\.[0-9]{1,38})(?:[eE][+-]?[0-9]{1,2})?")
TIMESTAMP = re.compile(
    r"(?P<moment>[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?)"
    r"(?:(?<=:[0-9]{2}:[0-9]{2})\.(?P<fraction>[0-9]{1,9}))?"
    # A plus may have become a space on its way.
    r"(?: ?[Zz]| ?(?P<sign>[+ -])(?P<hours>[0-9]{2})(?::?(?P<minutes>[0-9]{2}))?)?"
)
LIKE_SPECIAL = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_"})
BOOLEANS = {"true": True, "false": False}


def converter(kind: Kind, token: str, members: Iterable[str] = ()) -> Callable[[str], object]:
    """Read one literal as `kind`; its fault is keyed by `token`."""
    if kind == "enum":
        convert = {member.lower(): member for member in members}
        return guarded(lambda text: convert[text.lower()], token)
    return guarded(CONVERSIONS[kind], token)


def rank_converter(token: str, members: Iterable[str]) -> Callable[[str], object]:
    """Read one member of an enum as its place among the members."""
    ranks = {member.lower(): rank for rank, member in enumerate(members)}
    return guarded(lambda text: ranks[text.lower()], token)


def list_converter(convert: Callable[[str], object]) -> Callable[[tuple[str, ...]], list[object]]:
    """Read each literal of a list."""
    return lambda items: [convert(item) for item in items]


def pattern_converter(form: str) -> Callable[[str], str]:
    """A LIKE pattern for the text, in which only the stars of the query are wildcards."""
    before = "%" if form in ("ends", "contains") else ""
    after = "%" if form in ("starts", "contains") else ""
    return lambda text: f"{before}{text.translate(LIKE_SPECIAL)}{after}"


def unconvertible(token: str, text: str) -> RqlFault:
    return RqlFault(token, f"Cannot convert value: '{shortened(text, TOKEN_LENGTH_MAX)}'.")


def guarded(convert: Callable[[str], object], token: str) -> Callable[[str], object]:
    def converted(text: str) -> object:
        try:
            return convert(text)
        except (ValueError, KeyError, OverflowError):
            raise unconvertible(token, text) from None

    return converted


def as_text(text: str) -> str:
    if "\0" in text:
        raise ValueError
    return text


def as_integer(text: str) -> int:
    number = int(text) if INTEGER.fullmatch(text) else INTEGER_MAX + 1
    if not -INTEGER_MAX <= number <= INTEGER_MAX:
        raise ValueError
    return number


def as_decimal(text: str) -> Decimal:
    if not DECIMAL.fullmatch(text):
        raise ValueError
    return Decimal(text)


def as_boolean(text: str) -> bool:
    return BOOLEANS[text.lower()]


def as_timestamp(text: str) -> datetime:
    """An ISO moment in UTC; without a zone it is in UTC, without a time it is the first of the day."""
    found = TIMESTAMP.fullmatch(text)
    if not found:
        raise ValueError
    moment = datetime.fromisoformat(found["moment"].upper()).replace(tzinfo=UTC)
    if found["fraction"]:
        moment = moment.replace(microsecond=int(f"{found['fraction'][:6]:0<6}"))
    if found["hours"]:
        hours, minutes = int(found["hours"]), int(found["minutes"] or 0)
        if hours > 23 or minutes > 59:
            raise ValueError
        offset = timedelta(hours=hours, minutes=minutes)
        moment = moment + offset if found["sign"] == "-" else moment - offset
    return moment


def as_date(text: str) -> date:
    """A day; a moment will do if it is the first of a day, since that is how some clients write a day."""
    if len(text) == 10 and TIMESTAMP.fullmatch(text):
        return date.fromisoformat(text)
    moment = as_timestamp(text)
    if moment.hour or moment.minute or moment.second or moment.microsecond:
        raise ValueError
    return moment.date()


CONVERSIONS: dict[str, Callable[[str], object]] = {
    "text": as_text,
    "id": as_text,
    "integer": as_integer,
    "decimal": as_decimal,
    "boolean": as_boolean,
    "timestamp": as_timestamp,
    "date": as_date,
}
