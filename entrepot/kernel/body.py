"""A request's body, field by field: names without case, all faults collected, others' fields never looked at."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal

from entrepot.kernel.call import Call
from entrepot.kernel.errors import Invalid
from entrepot.kernel.field import Field, Inside
from entrepot.kernel.money import to_decimal
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing
from entrepot.kernel.wire import encode, to_moment

ABSENT = object()
LARGEST_DOCUMENT_BYTES = 64 * 1024
REFERENCES_MAX = 1000
"""In one list of references."""


class Body:
    """A decoded JSON object whose keys are found without regard to case."""

    __slots__ = ("_members", "prefix", "raw")

    def __init__(self, raw: Mapping[str, object], prefix: str = ""):
        self.raw = raw
        self.prefix = prefix
        self._members = {key.lower(): value for key, value in raw.items()}

    def get(self, name: str, default: object = None) -> object:
        """The member with that name, in any case."""
        return self._members.get(name.lower(), default)

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._members

    def path(self, name: str) -> str:
        """Where the member stands in the whole body, for telling of faults."""
        return f"{self.prefix}{name}"

    def dig(self, call: Call, path: tuple[str, ...]) -> object:
        """The value at a dotted path; ABSENT when not given. A wrong kind of parent is a fault."""
        here: object = self
        for depth, name in enumerate(path):
            if not isinstance(here, Body):
                call.fault(self.path(".".join(path[:depth])), "An object was expected.")
                return ABSENT
            if name not in here:
                return ABSENT
            value = here.get(name)
            if isinstance(value, dict):
                value = Body(value, here.path(name) + ".")
            elif value is None and depth + 1 < len(path):
                return None
            here = value
        return here.raw if isinstance(here, Body) else here

    def objects(self, call: Call, name: str) -> "list[Body] | None":
        """A list of objects; None when absent or null. Anything else is a fault."""
        value = self.get(name)
        if value is None:
            return None
        if not isinstance(value, list):
            call.fault(self.path(name), "A list was expected.")
            return None
        found: list[Body] = []
        for at, each in enumerate(value):
            if isinstance(each, dict):
                found.append(Body(each, f"{self.path(name)}[{at}]."))
            else:
                call.fault(f"{self.path(name)}[{at}]", "An object was expected.")
        return found

    def object(self, call: Call, name: str) -> "Body | None":
        """A nested object; None when absent or null."""
        value = self.get(name)
        if value is None:
            return None
        if isinstance(value, dict):
            return Body(value, self.path(name) + ".")
        call.fault(self.path(name), "An object was expected.")
        return None

    def ids_of(self, name: str) -> list[str]:
        """The ids that a list of references names; what is no reference is passed over, for `apply` to tell."""
        value = self.get(name)
        found = [each.get("id") for each in value if isinstance(each, dict)] if isinstance(value, list) else []
        return [each for each in found[:REFERENCES_MAX] if isinstance(each, str) and "\0" not in each]

    def id_of(self, call: Call, name: str) -> str | None:
        """The id that a reference `{"id": …}` names; None when absent or null."""
        inner = self.object(call, name)
        if inner is None:
            return None
        value = inner.get("id")
        if isinstance(value, str) and value and "\0" not in value:
            return value
        call.fault(inner.path("id"), "An id was expected.")
        return None


def read_body(raw: object) -> Body:
    """The body as an object; nothing and null are an empty one. Raises Invalid for anything else."""
    if raw is None:
        return Body({})
    if not isinstance(raw, dict):
        raise Invalid({"$": ["A JSON object was expected."]})
    return Body(raw)


def writable(noun: Noun, actor: str, state: str) -> Iterator[Field]:
    """Fields that the actor may write in that state."""
    for each in noun.all_fields:
        if each.writes and each.writable(actor, state):
            yield each


def referenced(call: Call, noun: Noun, thing: Thing | None, body: Body, state: str) -> dict[tuple[str, str], None]:
    """Targets that the body names anew in fields which the caller may write: they must be looked for first."""
    wanted: dict[tuple[str, str], None] = {}
    for each in writable(noun, call.caller.actor, state):
        if each.kind not in ("ref", "refs"):
            continue
        found = body.dig(call, each.path)
        entries = found[:REFERENCES_MAX] if each.kind == "refs" and isinstance(found, list) else [found]
        for entry in entries:
            target = entry.get("id") if isinstance(entry, dict) else None
            if isinstance(target, str) and not (thing is not None and _refers(thing, each, target)):
                wanted[each.target, target] = None
    return wanted


def _refers(thing: Thing, each: Field, target: str) -> bool:
    """Whether the thing refers to the target in that field already: then nobody needs to see it to leave it there."""
    return target in thing.parts[each.name] if each.kind == "refs" else thing.now[each.column] == target


def apply(call: Call, thing: Thing, body: Body, state: str = "", *, actor: str = "") -> None:
    """Writes what the body gives and the actor may write in `state`; the rest is left alone (spec 1.9)."""
    for each in writable(thing.noun, actor or call.caller.actor, state or str(thing.get("status", ""))):
        if each.kind in ("bag", "part"):
            continue
        value = body.dig(call, each.path)
        if value is ABSENT:
            continue
        path = body.path(each.name)
        if each.kind == "refs":
            _apply_list(call, thing, each, path, value)
            continue
        before = len(call.faults)
        if each.kind == "ref" and value is not None:
            converted = _reference(call, thing, each, path, value)
        else:
            converted = convert(call, each, path, value)
        if len(call.faults) == before:
            thing.now[each.column] = converted


def _apply_list(call: Call, thing: Thing, each: Field, path: str, value: object) -> None:
    if value is None:
        value = []
    if not isinstance(value, list):
        call.fault(path, "A list was expected.")
        return
    if len(value) > REFERENCES_MAX:
        call.fault(path, f"At most {REFERENCES_MAX} references are allowed.")
        return
    ids = [_reference(call, thing, each, f"{path}[{at}]", entry) for at, entry in enumerate(value)]
    chosen = list(dict.fromkeys(i for i in ids if i is not None))
    if chosen != thing.parts[each.name]:
        call.link(thing, each.name, chosen)


def convert(call: Call, each: Field, path: str, value: object) -> object:
    """A value in its stored form. Notes a fault and gives None where it is of the wrong kind."""
    if value is None:
        if each.required or each.default is not None:
            call.fault(path, "A value is required.")
        return None
    try:
        converted = _CONVERT[each.kind](each, value)
    except ValueError as fault:
        call.fault(path, str(fault))
        return None
    if each.check is not None:
        for wrong in each.check(converted):
            if isinstance(wrong, Inside):
                call.fault(f"{path}.{wrong.path}", wrong.words)
            else:
                call.fault(path, wrong)
    return converted


def _reference(call: Call, thing: Thing, each: Field, path: str, value: object) -> str | None:
    target = value.get("id") if isinstance(value, dict) else None
    if not isinstance(target, str) or not target:
        call.fault(path, 'A reference was expected: {"id": …}.')
        return None
    if (each.target, target) not in call.visible and not _refers(thing, each, target):
        noun = call.nouns.get(each.target)
        call.fault(f"{path}.id", f"{noun.name if noun else each.target} {target!r} was not found.")
        return None
    return target


def _text(each: Field, value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("A text was expected.")
    if "\0" in value:
        raise ValueError("A text cannot hold the character NUL.")
    if len(value) > each.longest:
        raise ValueError(f"At most {each.longest} characters are allowed.")
    if each.required and not value.strip():
        raise ValueError("A value is required.")
    return value


def _enum(each: Field, value: object) -> str:
    if isinstance(value, str):
        for member in each.members:
            if member.lower() == value.lower():
                return member
    raise ValueError(f"One of {', '.join(each.members)} was expected.")


def _integer(each: Field, value: object) -> int:
    try:
        number = to_decimal(value)
    except ValueError:
        raise ValueError("A whole number was expected.") from None
    if number != number.to_integral_value() or not -(2**31) <= number < 2**31:
        raise ValueError("A whole number of 32 bits was expected.")
    if each.least is not None and number < each.least:
        raise ValueError(f"At least {each.least} is allowed.")
    return int(number)


def _decimal(each: Field, value: object) -> Decimal:
    return to_decimal(value)


def _flag(each: Field, value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise ValueError("True or false was expected.")


def _moment(each: Field, value: object):
    if isinstance(value, str) and len(value) <= 40:
        try:
            return to_moment(value)
        except (ValueError, OverflowError):
            pass
    raise ValueError("A time such as 2026-01-31T23:00:00.000Z was expected.")


def _day(each: Field, value: object) -> date:
    if isinstance(value, str) and len(value) <= 40:
        try:
            return date.fromisoformat(value[:10])
        except ValueError:
            pass
    raise ValueError("A date such as 2026-01-31 was expected.")


def _document(each: Field, value: object) -> object:
    encoded = encode(value)
    if len(encoded) > LARGEST_DOCUMENT_BYTES:
        raise ValueError(f"At most {LARGEST_DOCUMENT_BYTES} bytes are allowed.")
    if b"\\u0000" in encoded:
        raise ValueError("A text cannot hold the character NUL.")
    for kind, of, words in ((dict, "object", "An object was expected."), (list, "array", "A list was expected.")):
        if each.schema.get("type") == of and not isinstance(value, kind):
            raise ValueError(words)
    return value


_CONVERT = {
    "id": _text,
    "text": _text,
    "enum": _enum,
    "integer": _integer,
    "decimal": _decimal,
    "boolean": _flag,
    "timestamp": _moment,
    "date": _day,
    "json": _document,
}
