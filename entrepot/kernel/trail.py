"""The trail: what happened to each thing, revision by revision, told as the fields that changed."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from entrepot.kernel.call import Call
from entrepot.kernel.field import snake
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing
from entrepot.kernel.wire import Json, decode, moment_text

PARTIES = ("client", "vendor")
"""Whoever does something is told of it; the distributor is told of everything."""

TRACE = "traceId"
"""Among the details of an entry: by what the request is found in the log."""


@dataclass(slots=True)
class Entry:
    """One row of the trail."""

    kind: str
    object_id: str
    owner_id: str
    revision: int
    place: int
    event: str
    name: str
    at: datetime
    actor_id: str
    account_id: str
    accounts: str
    scope: str | None
    delta: dict[str, object]
    details: dict[str, object]


def event_name(noun: Noun, action: str) -> str:
    """`platform.commerce.order.status_changed` (spec: platform, section 4)."""
    return f"platform.{noun.module}.{snake(noun.name)}.{action}"


def action_of(thing: Thing) -> str:
    """What happened to a thing, in the four words that subscribers know."""
    if thing.was is None:
        return "created"
    if thing.was.get("status") != thing.now.get("status"):
        return "deleted" if thing.now["status"] == "Deleted" else "status_changed"
    return "updated"


def delta(thing: Thing, columns: list[str]) -> dict[str, object]:
    """Changed fields by wire name: what was, and what is now.

    What a thing began with is not told again: every later change says what was there before it.
    """
    was = thing.was
    if was is None:
        return {}
    return {
        each.name: [_plain(was.get(each.column)), _plain(thing.now[each.column])]
        for each in (thing.noun.by_column[name] for name in columns)
        if not each.secret and not each.untold and not each.name.startswith("audit.") and each.name != "revision"
    }


def entries(call: Call, touched: dict[tuple[str, str, str], tuple[Thing, list[str]]]) -> list[Entry]:
    """The trail of a command: one entry for each thing that it touched, and one for each further event.

    Of what is removed for good it tells what was recorded.
    """
    found: list[Entry] = []
    within: dict[tuple[str, str], dict[str, object]] = {}
    for thing, columns in touched.values():
        noun = thing.noun
        if not noun.trailed and noun.owner:
            owner = noun.owner_field.target, str(thing.now[noun.owner_column])
            changes = delta(thing, columns)
            if changes:
                within.setdefault(owner, {})[str(thing.id)] = changes
    for thing, columns in touched.values():
        if not thing.noun.trailed:
            continue
        named = [h for h in call.happenings if h.thing is thing]
        changes = delta(thing, columns)
        lines = within.get((thing.noun.path, str(thing.id)))
        if lines:
            changes["lines"] = lines
        action = action_of(thing)
        found.append(_entry(call, thing, 0, action, named[0].event if named else action, changes))
        if named:
            found[-1].details = named[0].details
        for place, happening in enumerate(named[1:], start=1):
            word = "status_changed" if happening.moved else happening.event.rpartition(".")[2]
            entry = _entry(call, thing, place, word, happening.event, {})
            entry.details = happening.details
            found.append(entry)
    for thing in call.erased:
        for place, happening in enumerate(h for h in call.happenings if h.thing is thing):
            entry = _entry(call, thing, place, "deleted", happening.event, {})
            entry.details = happening.details
            found.append(entry)
    for entry in found if call.trace_id else ():
        entry.details = {**entry.details, TRACE: call.trace_id}
    return found


def _entry(call: Call, thing: Thing, place: int, action: str, name: str, changes: dict[str, object]) -> Entry:
    noun = thing.noun
    told = {str(thing.now[c]) for c in noun.audience if thing.now.get(c)}
    if call.caller.actor in PARTIES:
        told.add(call.caller.account_id)
    accounts = sorted(told)
    return Entry(
        kind=noun.path,
        object_id=str(thing.id),
        owner_id=str(thing.now[noun.owner_column]) if noun.shared else "",
        revision=int(thing.revision),
        place=place,
        event=event_name(noun, action),
        name=name,
        at=call.now,
        actor_id=call.caller.identity_id,
        account_id=call.caller.account_id,
        accounts="{" + ",".join(accounts) + "}",
        scope=thing.now.get(noun.scope) if noun.scope else None,  # pyright: ignore[reportArgumentType]
        delta=changes,
        details={},
    )


def _plain(value: object) -> object:
    if isinstance(value, Json):
        return decode(value)
    if isinstance(value, datetime):
        return moment_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return value
    return value
