"""A record tells what happened to a thing, when, and by whom: the trail, as each party to the thing may read it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, array

from entrepot.kernel.access import WHO, Who
from entrepot.kernel.field import Field, computed, document, enum, integer, moment, ref, text, texts
from entrepot.kernel.ids import Ids
from entrepot.kernel.noun import Noun, Nouns
from entrepot.kernel.shape import Known
from entrepot.kernel.thing import Thing
from entrepot.kernel.trail import TRACE
from entrepot.kernel.wire import Json, Raw, decode

SEES_ALL = ("operations", "kernel")
SHORT = 80
"""How much of a value is shown in a sentence."""


def to_viewers(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Operations all; others what concerns their account. Who is held to some buyers reads of those alone."""
    if who.actor in SEES_ALL:
        return sa.true()
    concerned = row.c.accounts.contains(sa.cast(array([who.account]), ARRAY(sa.Text())))
    return sa.and_(concerned, who.reach(row.c.scope)) if who.restricted else concerned


# How the row of the trail reads outside ------------------------------------------------------------


def summary(record: Thing, known: Known, actor: str, nouns: Nouns) -> str:
    """What happened, in one sentence."""
    if _is_program(record):
        return _filled(str(_read(record.facts).get("summary") or record.event), record, known)
    thing = f"{_words(record.object_type)} {record.object_id}"
    _, _, word = str(record.name).rpartition(".")
    if word == "updated":
        return f"{thing} was changed."
    if word == "status_changed" and _shows(record, "status", actor, nouns):
        return f"{thing} is now {record.became}."
    if word.endswith("ed") and "_" not in word:
        return f"{thing} was {word}."
    return f"{thing}: {word.replace('_', ' ')}."


def details(record: Thing, known: Known, actor: str, nouns: Nouns) -> str | None:
    """Each change that the reader may know of, with what was and what is now."""
    if _is_program(record):
        template = _read(record.facts).get("details")
        return _filled(str(template), record, known) if template is not None else None
    return "; ".join(_told(changes(record, actor, nouns))) or None


FOR_ALL = frozenset(
    ("asset", "by", "delivery", "file", "lines", "name", "notifyMe", "of", "order", "state", "subscription")
)
"""Facts that every party to a thing may know; others are for operations."""

FOR_VENDORS = FOR_ALL | {"reason"}
"""A reason may name what the vendor has to fill in, and the client is not to see."""


def documents(record: Thing, known: Known, actor: str, nouns: Nouns) -> dict[str, object]:
    """The changes themselves, and what else was noted when it happened."""
    facts = _read(record.facts)
    if _is_program(record):
        own = facts.get("documents")
        return own if isinstance(own, dict) else {}
    known_to = {"client": FOR_ALL, "vendor": FOR_VENDORS}.get(actor, facts.keys() - {TRACE})
    facts = {name: value for name, value in facts.items() if name in known_to}
    found: dict[str, object] = {"changes": changes(record, actor, nouns), "facts": facts}
    return {name: each for name, each in found.items() if each}


def object_core(record: Thing, nouns: Nouns) -> Iterator[tuple[str, str]]:
    """Whose name is to be fetched: the thing that the record is about."""
    if record.object_kind in nouns:
        yield str(record.object_kind), _key(record)


def object_name(record: Thing, known: Known, actor: str, nouns: Nouns) -> object:
    """What the thing is called today; nothing when it has no name, or is gone. What only a program knows is called
    as the program says."""
    said = _read(record.facts).get("objectName") if _is_program(record) else None
    return _core(record, known).get("name") or said


def object_icon(record: Thing, known: Known, actor: str, nouns: Nouns) -> object:
    """Its icon of today."""
    return _core(record, known).get("icon")


def request(record: Thing, known: Known, actor: str, nouns: Nouns) -> dict[str, object] | None:
    """By what it is found in the log. Who asked from where is not kept: nothing of the trail is ever taken away."""
    trace = _read(record.facts).get(TRACE)
    return {"log": {"requestId": trace}} if trace else None


TEXT = {"type": "string"}

REQUEST = {
    "type": "object",
    "properties": {"log": {"type": "object", "properties": {"requestId": TEXT}}},
}

RECORD = Noun(
    name="AuditRecord",
    path="audit/records",
    table_name="audit_records",
    ids=Ids("AUD", 4),
    sees=to_viewers,
    order="-timestamp",
    trailed=False,
    fields=(
        text("event"),
        computed("summary", "event object_kind object_type object_id name became facts", summary, schema=TEXT),
        computed("details", "event object_kind delta facts", details, schema=TEXT, heavy=True),
        text("object.id", heavy=True),
        computed(
            "object.name",
            "event object_kind object_owner_id object_id facts",
            object_name,
            object_core,
            schema=TEXT,
            heavy=True,
        ),
        computed(
            "object.icon",
            "object_kind object_owner_id object_id",
            object_icon,
            object_core,
            schema=TEXT,
            heavy=True,
        ),
        text("object.objectType", column="object_type", heavy=True),
        integer("object.revision", heavy=True),
        text("actor.id", heavy=True),
        text("actor.name", heavy=True),
        text("actor.icon", heavy=True),
        ref("actor.account", "accounts/accounts", heavy=True),
        moment("timestamp"),
        enum("type", "Public Private"),
        document("viewers", schema={"type": "array", "items": {"type": "object"}}),
        computed("documents", "event object_kind delta facts", documents, schema={"type": "object"}, heavy=True),
        computed("request", "facts", request, schema=REQUEST, sees="operations", heavy=True),
        text("name", sees="kernel"),
        text("became", sees="kernel"),
        text("object.kind", column="object_kind", sees="kernel"),
        text("object.owner", column="object_owner_id", sees="kernel"),
        document("delta", sees="kernel"),
        document("facts", sees="kernel"),
        texts("accounts", sees="kernel"),
        text("scope", sees="kernel"),
    ),
)
"""Source: platform spec 4. It is a view of the trail: nothing is copied, so each record is there with its write."""


# What of a change a reader may know ----------------------------------------------------------------


def changes(record: Thing, actor: str, nouns: Nouns) -> dict[str, object]:
    """The changed fields that the actor sees, by wire name: what was, and what is now."""
    noun = nouns.get(str(record.object_kind))
    if noun is None:
        return {}
    found: dict[str, object] = {}
    for name, change in _read(record.delta).items():
        if name == "lines" and isinstance(change, dict):
            below = {each: shown for each, fields in change.items() if (shown := _of_child(noun, fields, actor, nouns))}
            if below:
                found[name] = below
        elif _knows(noun, name, actor, nouns):
            found[name] = change
    return found


def _shows(record: Thing, name: str, actor: str, nouns: Nouns) -> bool:
    """Whether the actor knows of that field of the thing."""
    noun = nouns.get(str(record.object_kind))
    return noun is not None and _knows(noun, name, actor, nouns)


def _of_child(owner: Noun, fields: Mapping[str, object], actor: str, nouns: Nouns) -> dict[str, object]:
    """Changes of a part are kept with its owner's, which do not say what kind of part it is: every kind that has
    such a field must show it."""
    kinds = [each for each in nouns if each.owned_quietly and each.owner_field.target == owner.path]
    return {
        name: change
        for name, change in fields.items()
        if (having := [kind for kind in kinds if name.lower() in kind.by_name])
        and all(_knows(kind, name, actor, nouns) for kind in having)
    }


def _knows(noun: Noun, name: str, actor: str, nouns: Nouns) -> bool:
    each = noun.by_name.get(name.lower())
    return each is not None and actor in each.sees and not each.secret and _sees_whole(each, actor, nouns)


def _sees_whole(each: Field, actor: str, nouns: Nouns) -> bool:
    """Some values of a bag may be hidden from an actor; which, only their definitions tell, so it is given none."""
    if each.covers is None:
        return True
    return isinstance(each.covers(sa.column("value"), WHO[actor, False], nouns), type(sa.true()))


# What programs tell ---------------------------------------------------------------------------------


_PLACE = re.compile(r"\{\{\s*([A-Za-z0-9_.-]{1,200})\s*\}\}")


def _is_program(record: Thing) -> bool:
    return str(record.event).startswith("extensions.")


def _filled(template: str, record: Thing, known: Known) -> str:
    """A program's text, with what its documents hold where they are named: only when that is asked for."""
    if not known.rendered:
        return template
    held = _read(record.facts).get("documents")

    def value(found: re.Match[str]) -> str:
        here: object = held
        for name in found[1].split("."):
            here = here.get(name) if isinstance(here, dict) else None
        return "" if here is None or isinstance(here, dict | list) else _short(here)

    return _PLACE.sub(value, template)


# Words ---------------------------------------------------------------------------------------------


def _told(found: Mapping[str, object], of: str = "") -> Iterator[str]:
    for name, change in found.items():
        if isinstance(change, dict):
            for child, fields in change.items():
                yield from _told(fields, f"{child} ")
        elif isinstance(change, list) and not any(isinstance(value, dict | list) for value in change):
            was, now = (_short(value) for value in change)
            yield f"{of}{name}: {was} → {now}"
        else:
            yield f"{of}{name}: changed"


def _short(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    words = str(value)
    return words if len(words) <= SHORT else words[:SHORT] + "…"


def _words(name: str) -> str:
    """`OrderSubscription` is an order subscription."""
    return "".join(f" {c.lower()}" if c.isupper() and at else c for at, c in enumerate(name))


def _key(record: Thing) -> str:
    owner = record.object_owner_id
    return f"{owner}/{record.object_id}" if owner else str(record.object_id)


def _read(kept: object) -> dict[str, Any]:
    """A document of the row, which may not be read yet."""
    found = decode(kept) if isinstance(kept, Json) else kept
    return found if isinstance(found, dict) else {}


def _core(record: Thing, known: Known) -> dict[str, object]:
    core = known.cores.get((str(record.object_kind), _key(record)))
    if isinstance(core, Raw):
        core = decode(bytes(core))
    return core if isinstance(core, dict) else {}
