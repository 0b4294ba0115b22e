"""What an extension tells of itself: which events it wants and where they are sent, what it does by the clock.

Calls that may be put off (`deferrables`) are kept as they are told. Nobody puts one off: no address is known by which
the platform is asked to.

Source: commerce spec 5.4.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

from entrepot.integration import cron
from entrepot.kernel.call import Call
from entrepot.kernel.field import Inside
from entrepot.kernel.noun import Noun
from entrepot.kernel.rql.fault import RqlFault
from entrepot.kernel.rql.parse import parse_filter
from entrepot.kernel.rql.query import Query
from entrepot.kernel.scope import Filters
from entrepot.kernel.trail import event_name

ENTRIES_MAX = 200
FAULTS_MAX = 10
"""After so many no more are looked for: to find that a schedule names no time at all takes 20 ms."""

CONDITION_MAX = 2000
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
TIMEOUTS = ("maxTaskLifespan", "maxTaskProcessing")
EVENT = re.compile(r"platform(\.[a-z_]+){3}|platform(\.[a-z_]+){0,2}\.\*")
PATH = re.compile(r"/[^\s?#]{0,500}")

META: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "version": {"type": "string", "examples": ["1.0.0"]},
        "openapi": {"type": "string", "examples": ["/bypass/openapi.json"]},
        "events": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["event", "path"],
                "properties": {
                    "event": {"type": "string", "examples": ["platform.commerce.order.status_changed"]},
                    "condition": {"type": ["string", "null"], "examples": ["eq(status,Processing)"]},
                    "path": {"type": "string", "examples": ["/events/orders"]},
                    "task": {"type": "boolean"},
                },
            },
        },
        "schedules": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "cron", "path"],
                "properties": {
                    "id": {"type": "string", "examples": ["nightly"]},
                    "name": {"type": ["string", "null"]},
                    "description": {"type": ["string", "null"]},
                    "cron": {"type": "string", "examples": ["0 6 * * 1"]},
                    "path": {"type": "string", "examples": ["/schedules/nightly"]},
                },
            },
        },
        "deferrables": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["path", "method"],
                "properties": {
                    "path": {"type": "string", "examples": ["/reports"]},
                    "method": {"type": "string", "enum": list(METHODS)},
                    "timeouts": {
                        "type": ["object", "null"],
                        "properties": {name: {"type": ["integer", "null"], "minimum": 1} for name in TIMEOUTS},
                    },
                },
            },
        },
        "plugs": {"type": "array", "items": {"type": "object"}},
    },
}
"""What is not named here is kept and given back as it is."""


def check_meta(value: object) -> Sequence[str | Inside]:
    """What is wrong with what an extension tells of itself."""
    if value is None:
        return []
    if not isinstance(value, dict):
        return ["An object was expected."]
    found = chain(
        _faults(value, "events", _event_faults),
        _faults(value, "schedules", _schedule_faults, lambda each: each.get("id")),
        _faults(value, "deferrables", _deferrable_faults, lambda each: (each.get("method"), each.get("path"))),
    )
    return list(islice(found, FAULTS_MAX))


def require_conditions(call: Call, meta: object, path: str) -> None:
    """A condition is a filter of what an event is about, as its vendor could ask for it."""
    entries = meta.get("events") if isinstance(meta, dict) else None
    for at, entry in enumerate(entries if isinstance(entries, list) else ()):
        condition = entry.get("condition") if isinstance(entry, dict) else None
        if not isinstance(condition, str) or path in call.faults:
            continue
        where = f"{path}.events[{at}].condition"
        noun = next((each for each in call.nouns if is_about(str(entry.get("event")), each)), None)
        if noun is None:
            call.fault(where, "A condition goes with events about one kind of thing, such as platform.commerce.order.*")
            continue
        try:
            Filters(call.nouns).prepare(noun, call.caller.who, Query(filter=parse_filter(condition)))
        except RqlFault as fault:
            call.fault(where, f"{fault.token}: {fault.message}"[:500])


def is_about(event: str, noun: Noun) -> bool:
    """Whether events of that name, or pattern, are about things of that kind alone, and these have an address."""
    return "{" not in noun.path and noun.trailed and event.startswith(event_name(noun, ""))


def matches(event: str, pattern: str) -> bool:
    """Whether an event has that name, or fits that pattern."""
    return event == pattern or (pattern.endswith("*") and event.startswith(pattern[:-1]))


def _faults(
    meta: Mapping[str, object],
    name: str,
    check: Callable[[Mapping[str, object]], Iterable[Inside]],
    key: Callable[[Mapping[str, object]], object] | None = None,
) -> Iterator[Inside]:
    """What is wrong with each entry of a list, of which no two have the same key."""
    entries = meta.get(name)
    if entries is None:
        return
    if not isinstance(entries, list) or len(entries) > ENTRIES_MAX:
        yield Inside(name, f"A list of at most {ENTRIES_MAX} was expected.")
        return
    seen: list[object] = []
    for at, each in enumerate(entries):
        where = f"{name}[{at}]"
        if not isinstance(each, dict):
            yield Inside(where, "An object was expected.")
            continue
        wrong = list(check(each))
        yield from (Inside(f"{where}.{path}", words) for path, words in wrong)
        if key is not None and not wrong:
            if key(each) in seen:
                yield Inside(where, "The same stands there before.")
            seen.append(key(each))


def _event_faults(entry: Mapping[str, object]) -> Iterator[Inside]:
    event, condition = entry.get("event"), entry.get("condition")
    if not isinstance(event, str) or not EVENT.fullmatch(event):
        yield Inside("event", "A name such as platform.commerce.order.created was expected.")
    yield from _path_faults(entry)
    if not isinstance(entry.get("task", False), bool):
        yield Inside("task", "True or false was expected.")
    if condition is None:
        return
    if not isinstance(condition, str) or len(condition) > CONDITION_MAX:
        yield Inside("condition", f"A filter of at most {CONDITION_MAX} characters was expected.")
        return
    try:
        parse_filter(condition)
    except RqlFault as fault:
        yield Inside("condition", f"{fault.message} ({fault.token})")


def _schedule_faults(entry: Mapping[str, object]) -> Iterator[Inside]:
    yield from _path_faults(entry)
    for name, longest in (("id", 200), ("name", 500), ("description", 2000)):
        text = entry.get(name)
        if text is None and name != "id":
            continue
        if not isinstance(text, str) or not text.strip() or len(text) > longest:
            yield Inside(name, f"A text of 1 to {longest} characters was expected.")
    if wrong := cron.fault_of(entry.get("cron")):
        yield Inside("cron", wrong)


def _deferrable_faults(entry: Mapping[str, object]) -> Iterator[Inside]:
    yield from _path_faults(entry)
    if "{" in str(entry.get("path")):
        yield Inside("path", "Nothing is put into the path of a call that is put off.")
    if entry.get("method") not in METHODS:
        yield Inside("method", f"One of {', '.join(METHODS)} was expected.")
    timeouts = entry.get("timeouts")
    if timeouts is None:
        return
    if not isinstance(timeouts, dict) or not any(timeouts.get(name) is not None for name in TIMEOUTS):
        yield Inside("timeouts", f"{' or '.join(TIMEOUTS)} was expected.")
        return
    for name in TIMEOUTS:
        seconds = timeouts.get(name)
        if seconds is not None and (isinstance(seconds, bool) or not isinstance(seconds, int) or seconds < 1):
            yield Inside(f"timeouts.{name}", "So many seconds were expected: 1 or more.")


def _path_faults(entry: Mapping[str, object]) -> Iterator[Inside]:
    path = entry.get("path")
    if not isinstance(path, str) or not PATH.fullmatch(path):
        yield Inside("path", "An address such as /events/orders was expected.")
