"""The query string of a request: which rows, in what order, how many, and what of them."""

import re
from urllib.parse import unquote_to_bytes

from msgspec import Struct

from .convert import unconvertible
from .fault import RqlFault
from .node import Node, Path
from .parse import LENGTH_MAX, parse_filter, path_of, require_sound
from .select import Select, parse_select, signed

LIMIT_DEFAULT = 100
LIMIT_MAX = 1000
OFFSET_MAX = 2**63 - 1
ORDER_MAX = 32

STRUCTURE = re.compile(r"[&()'\"]|%2[2789]")
DECODED = {"%22": '"', "%27": "'", "%28": "(", "%29": ")"}
NUMBER = re.compile(r"[0-9]{1,18}")
OPTIONS = ("language", "template.id")


class Query(Struct, frozen=True):
    """What a caller asks of a collection, or, by `select` and the options alone, of one thing."""

    filter: Node | None = None
    order: tuple[tuple[Path, bool], ...] = ()  # each key and whether it descends
    select: Select | None = None
    limit: int | None = None  # None: the caller did not say
    offset: int = 0
    render: bool = False
    options: dict[str, str] = {}


def read_query(
    raw_query: bytes | str, limit_max: int | None = LIMIT_MAX, option_names: tuple[str, ...] = OPTIONS
) -> Query:
    """Read a raw query string. Raises RqlFault, and nothing else, whatever the bytes.

    Segments that are no control parameter are one filter, as if `&` had always joined them. Of a repeated
    `limit` or `offset` the last counts; repeated `order` and `select` add up. Without a `limit_max` any limit is
    taken as it is, and `-1` is none.
    """
    filters: list[str] = []
    orders: list[str] = []
    selects: list[str] = []
    limit, offset, render = None, 0, False
    options: dict[str, str] = {}
    for segment in segments(raw_query):
        text = decoded(segment)
        key, equals, value = text.partition("=")
        name = key.strip().lower()
        if name == "render()":
            render = True
        elif not equals:
            if name:
                filters.append(text)
        elif name == "limit":
            if limit_max is not None:
                limit = min(count_of(name, value), limit_max)
            else:
                limit = None if value.strip() == "-1" else min(count_of(name, value), OFFSET_MAX)
        elif name == "offset":
            offset = count_of(name, value)
            if offset > OFFSET_MAX:
                raise unconvertible(name, value)
        elif name == "order":
            orders.append(value)
        elif name == "select":
            selects.append(value)
        elif name in option_names:
            options[name] = value
        else:
            # A client library that takes the query apart and joins it again leaves a `=` behind the filter.
            filters.append(text[:-1] if text.endswith(")=") else text)
    return Query(
        parse_filter("&".join(filters)) if filters else None,
        parse_order(",".join(orders)) if orders else (),
        parse_select(",".join(selects)) if selects else None,
        limit,
        offset,
        render,
        options,
    )


def parse_order(text: str) -> tuple[tuple[Path, bool], ...]:
    """Read `+a,-b.c`; no sign means ascending."""
    keys: list[tuple[Path, bool]] = []
    for item in text.split(","):
        descends, path = signed(item)
        if path != [""]:
            keys.append((path_of(".".join(path)), descends))
    if not keys:
        raise RqlFault("order", "No valid ordering properties were detected")
    if len(keys) > ORDER_MAX:
        raise RqlFault("order", f"At most {ORDER_MAX} ordering properties are allowed.")
    return tuple(keys)


def segments(raw_query: bytes | str) -> list[str]:
    """The parts between those `&` that stand outside of quotes and parentheses, still encoded."""
    if len(raw_query) > LENGTH_MAX:
        raise RqlFault("query", f"The query is longer than {LENGTH_MAX} bytes.")
    if isinstance(raw_query, bytes):
        try:
            raw_query = raw_query.decode()
        except UnicodeDecodeError:
            raise RqlFault("query", "The query is not valid UTF-8.") from None
    parts: list[str] = []
    start = depth = 0
    quote = ""
    for found in STRUCTURE.finditer(raw_query):
        mark = found.group()
        mark = DECODED.get(mark, mark)
        if quote:
            if mark == quote:
                quote = ""
        elif mark == "&":
            if depth == 0:
                parts.append(raw_query[start : found.start()])
                start = found.end()
        elif mark == "(":
            depth += 1
        elif mark == ")":
            depth = max(depth - 1, 0)
        else:
            quote = mark
    parts.append(raw_query[start:])
    return [part for part in parts if part]


def decoded(segment: str) -> str:
    """Undo the percent-encoding, once. A plus stays a plus, but for what an HTML form encoder wrote."""
    if "%" in segment:
        # Only such an encoder escapes the parentheses of a function; it also writes a space as a plus.
        if "+" in segment and "%28" in segment and "(" not in segment:
            segment = segment.replace("+", " ")
        try:
            segment = unquote_to_bytes(segment).decode()
        except UnicodeError:
            raise RqlFault("query", "The query is not valid UTF-8.") from None
    require_sound(segment)
    return segment


def count_of(name: str, value: str) -> int:
    """A whole number, not negative."""
    digits = value.strip()
    if not (digits.isascii() and digits.isdigit()):
        raise unconvertible(name, value)
    # Beyond what any machine counts to, only the fact matters that it is a lot.
    return int(digits) if NUMBER.fullmatch(digits) else OFFSET_MAX + 1
