"""What an extension tells of itself: which events it wants and where they are sent, what it does by the clock.

Source: commerce spec 5.4.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from entrepot.kernel.call import Call
from entrepot.kernel.noun import Noun
from entrepot.kernel.rql.fault import RqlFault
from entrepot.kernel.rql.parse import parse_filter
from entrepot.kernel.rql.query import Query
from entrepot.kernel.scope import Filters
from entrepot.kernel.trail import event_name

EVENTS_MAX = 200
CONDITION_MAX = 2000
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
                    "condition": {"type": "string", "examples": ["eq(status,Processing)"]},
                    "path": {"type": "string", "examples": ["/events/orders"]},
                    "task": {"type": "boolean"},
                },
            },
        },
        "schedules": {"type": "array", "items": {"type": "object"}},
        "plugs": {"type": "array", "items": {"type": "object"}},
    },
}
"""What is not named here is kept and given back as it is."""


def check_meta(value: object) -> list[str]:
    """What is wrong with what an extension tells of itself."""
    if value is None:
        return []
    if not isinstance(value, dict):
        return ["An object was expected."]
    found = [*_faults(value, "events", _event_faults), *_faults(value, "schedules", _schedule_faults)]
    return found[:20]


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


def _faults(meta: Mapping[str, object], name: str, check: Any) -> Iterator[str]:
    entries = meta.get(name)
    if entries is None:
        return
    if not isinstance(entries, list) or len(entries) > EVENTS_MAX:
        yield f"{name}: a list of at most {EVENTS_MAX} was expected."
        return
    for at, each in enumerate(entries):
        if isinstance(each, dict):
            yield from (f"{name}[{at}].{words}" for words in check(each))
        else:
            yield f"{name}[{at}]: an object was expected."


def _event_faults(entry: Mapping[str, object]) -> Iterator[str]:
    event, condition = entry.get("event"), entry.get("condition")
    if not isinstance(event, str) or not EVENT.fullmatch(event):
        yield "event: a name such as platform.commerce.order.created was expected."
    yield from _path_faults(entry)
    if not isinstance(entry.get("task", False), bool):
        yield "task: true or false was expected."
    if condition is None:
        return
    if not isinstance(condition, str) or len(condition) > CONDITION_MAX:
        yield f"condition: a filter of at most {CONDITION_MAX} characters was expected."
        return
    try:
        parse_filter(condition)
    except RqlFault as fault:
        yield f"condition: {fault.message} ({fault.token})"


def _schedule_faults(entry: Mapping[str, object]) -> Iterator[str]:
    yield from _path_faults(entry)
    if not isinstance(entry.get("id"), str):
        yield "id: a text was expected."
    cron = entry.get("cron")
    if not isinstance(cron, str) or len(cron.split()) != 5:
        yield "cron: five fields such as `0 6 * * 1` were expected."


def _path_faults(entry: Mapping[str, object]) -> Iterator[str]:
    path = entry.get("path")
    if not isinstance(path, str) or not PATH.fullmatch(path) or "\0" in path:
        yield "path: an address such as /events/orders was expected."
