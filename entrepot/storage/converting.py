"""From the JSON of a world file to things: field by field as declared, every fault noted where it stands."""

import re
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from entrepot.kernel.field import Field, Inside
from entrepot.kernel.file import File
from entrepot.kernel.money import DECIMALS_MAX, to_decimal
from entrepot.kernel.noun import Noun
from entrepot.kernel.store_form import Form
from entrepot.kernel.thing import Thing
from entrepot.kernel.wire import to_moment
from entrepot.storage.faults import Fault, Origin

ORDINARY = 10**12
REFERENCE_EXPECTED = 'A reference was expected: {"id": …}.'
ID_REQUIRED = "An id is required."

IdsOf = Callable[[str], Container[str]]


@dataclass(eq=False)
class Unit:
    """Things that are filled together, and what is found wrong with them."""

    things: list[Thing] = field(default_factory=list)
    places: dict[int, tuple[Origin, str]] = field(default_factory=dict)
    given: dict[int, Mapping[str, object]] = field(default_factory=dict)
    unknown: list[tuple[str, str, Thing, str]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    changes: list[Thing] = field(default_factory=list)
    dues: list[tuple[str, Thing, datetime, bool]] = field(default_factory=list)
    files: list[File] = field(default_factory=list)

    def place(self, thing: Thing, origin: Origin, prefix: str, given: Mapping[str, object]) -> None:
        """Notes where a thing stands in the file."""
        self.places[id(thing)] = origin, prefix
        self.given[id(thing)] = given

    def fault(self, thing: Thing, name: str, reason: str) -> None:
        """Notes what is wrong with a field of a thing."""
        origin, prefix = self.places[id(thing)]
        self.faults.append(Fault(origin, prefix + name, reason))


Step = Callable[[Unit, Thing, object], None]


class Converter:
    """Makes things of one form. `ids_of` gives the ids of a kind that the file holds: others are noted as unknown."""

    def __init__(self, form: Form, ids_of: IdsOf):
        self.form = form
        self.noun = form.noun
        self.nests = {name: Converter(nested, ids_of) for name, nested in form.nests.items()}
        self._blank: dict[str, object] = {name: None for name in form.noun.columns}
        self._lists = tuple(each.name for each in form.noun.all_fields if each.kind in ("part", "refs"))
        self._id = id_pattern(form.noun)
        self._steps = _Level(self._tree(ids_of))

    def blank(self) -> Thing:
        """A thing of which nothing is said."""
        thing = Thing(self.noun, self._blank.copy())
        for name in self._lists:
            thing.parts[name] = []
        return thing

    def convert(self, unit: Unit, given: Mapping[str, object], origin: Origin, prefix: str = "") -> Thing:
        """The thing, with whatever the file says of it."""
        thing = self.blank()
        unit.place(thing, origin, prefix, given)
        thing.now["id"] = self._id_of(unit, thing, given.get("id"))
        self._steps(unit, thing, given)
        return thing

    def _id_of(self, unit: Unit, thing: Thing, value: object) -> str | None:
        if value is None and self.form.numbered:
            return None
        if not isinstance(value, str) or not value:
            unit.fault(thing, "id", ID_REQUIRED)
        elif not self._id.fullmatch(value):
            unit.fault(thing, "id", id_expected(self.noun))
        else:
            return value
        return None

    # The fields ------------------------------------------------------------------------------

    def _tree(self, ids_of: IdsOf) -> dict[str, Any]:
        """Steps by name, nested as on the wire."""
        tree: dict[str, Any] = {}
        for each in self.noun.all_fields:
            if each.name == "id":
                continue
            step = self._step(each, ids_of)
            if step is None:
                continue
            here: dict[str, Any] = tree
            for name in each.path[:-1]:
                here = here.setdefault(name, {})
            here[each.path[-1]] = step
        return tree

    def _step(self, each: Field, ids_of: IdsOf) -> Step | None:
        match each.kind:
            case _ if each.via:
                return None
            case "ref":
                known: Container[str] | None = None if each.also else ids_of(each.target)
                return _reference(each, known)
            case "refs":
                return _references(each, ids_of(each.target))
            case "part":
                if each.name in self.nests:
                    return _nested(each, self.nests[each.name])
                return _named(each) if each.also else None
            case "bag":
                return _bag(each)
            case "computed" | "counted" | "texts" | "file":
                return None
            case "enum":
                return _scalar(each, _enum(each))
            case "integer":
                return _scalar(each, _integer(1 if each.name == "revision" else each.least))
            case kind:
                return _scalar(each, SCALARS[kind])


class _Level:
    """One level of names: found as they are written, else without regard to case. Others are let be."""

    __slots__ = ("_exact", "_folded", "_name")

    def __init__(self, tree: Mapping[str, object], name: str = ""):
        self._name = name
        self._exact: dict[str, Step] = {}
        for key, below in tree.items():
            inner = f"{name}.{key}" if name else key
            self._exact[key] = _Level(below, inner) if isinstance(below, dict) else below  # pyright: ignore[reportArgumentType]
        self._folded = {key.lower(): step for key, step in self._exact.items()}

    def __call__(self, unit: Unit, thing: Thing, given: object) -> None:
        if not isinstance(given, dict):
            unit.fault(thing, self._name, "An object was expected.")
            return
        exact = self._exact
        for key, value in given.items():
            step = exact.get(key)
            if step is None:
                step = self._folded.get(key.lower())
            if step is not None and value is not None:
                step(unit, thing, value)


def _scalar(each: Field, convert: Callable[[object], object]) -> Step:
    column, name, check = each.column, each.name, each.check

    def step(unit: Unit, thing: Thing, value: object) -> None:
        try:
            thing.now[column] = convert(value)
        except ValueError as fault:
            unit.fault(thing, name, str(fault))

    def checked(unit: Unit, thing: Thing, value: object) -> None:
        step(unit, thing, value)
        for reason in check(thing.now[column]) if check else ():
            if isinstance(reason, Inside):
                unit.fault(thing, f"{name}.{reason.path}", reason.words)
            else:
                unit.fault(thing, name, reason)

    return checked if check else step


def _reference(each: Field, known: Container[str] | None) -> Step:
    column, name, target = each.column, each.name, each.target

    def step(unit: Unit, thing: Thing, value: object) -> None:
        found = value.get("id") if isinstance(value, dict) else None
        if not isinstance(found, str) or not found:
            unit.fault(thing, name, REFERENCE_EXPECTED)
            return
        thing.now[column] = found
        if known is not None and found not in known:
            unit.unknown.append((target, found, thing, f"{name}.id"))

    return step


def _references(each: Field, known: Container[str]) -> Step:
    name, target = each.name, each.target

    def step(unit: Unit, thing: Thing, value: object) -> None:
        found = _ids_in(unit, thing, name, value)
        thing.parts[name] = list(found)
        for one, at in found.items():
            if one not in known:
                unit.unknown.append((target, one, thing, f"{name}[{at}].id"))

    return step


def _ids_in(unit: Unit, thing: Thing, name: str, value: object) -> dict[str, int]:
    """The ids of a list of references, each once, with their places."""
    if not isinstance(value, list):
        unit.fault(thing, name, "A list was expected.")
        return {}
    found: dict[str, int] = {}
    for at, entry in enumerate(value):
        one = entry.get("id") if isinstance(entry, dict) else None
        if isinstance(one, str) and one:
            found.setdefault(one, at)
        else:
            unit.fault(thing, f"{name}[{at}]", REFERENCE_EXPECTED)
    return found


def _named(each: Field) -> Step:
    """Parts that stand elsewhere in the same object are only named here."""
    name = each.name

    def step(unit: Unit, thing: Thing, value: object) -> None:
        thing.parts[name] = list(_ids_in(unit, thing, name, value))

    return step


def _nested(each: Field, below: Converter) -> Step:
    name, by = each.name, each.by

    def step(unit: Unit, thing: Thing, value: object) -> None:
        if not isinstance(value, list):
            unit.fault(thing, name, "A list was expected.")
            return
        origin, prefix = unit.places[id(thing)]
        seen: set[object] = {None}
        for at, entry in enumerate(value):
            if not isinstance(entry, dict):
                unit.fault(thing, f"{name}[{at}]", "An object was expected.")
                continue
            child = below.convert(unit, entry, origin, f"{prefix}{name}[{at}].")
            child.now[by] = thing.now["id"]
            if child.now["id"] in seen and child.now["id"] is not None:
                unit.fault(child, "id", f"{child.now['id']} stands here twice.")
            seen.add(child.now["id"])
            thing.parts[name].append(child)

    return step


def _bag(each: Field) -> Step:
    column, name = each.column, each.name

    def step(unit: Unit, thing: Thing, value: object) -> None:
        if isinstance(value, list):
            thing.now[column] = value
        else:
            unit.fault(thing, name, "A list was expected.")

    return step


# Scalars ------------------------------------------------------------------------------------------------


def _text(value: object) -> str:
    if type(value) is str:
        return value
    raise ValueError("A text was expected.")


def _enum(each: Field) -> Callable[[object], str]:
    members = {member: member for member in each.members}
    folded = {member.lower(): member for member in each.members}
    expected = f"One of {', '.join(each.members)} was expected."

    def convert(value: object) -> str:
        if isinstance(value, str):
            found = members.get(value) or folded.get(value.lower())
            if found is not None:
                return found
        raise ValueError(expected)

    return convert


def _integer(least: int | None) -> Callable[[object], int]:
    lowest = -(2**31) if least is None else least

    def convert(value: object) -> int:
        try:
            number = value if type(value) is int else to_decimal(value)
            whole = int(number)
        except ValueError:
            raise ValueError("A whole number was expected.") from None
        if whole != number or not -(2**31) <= whole < 2**31:
            raise ValueError("A whole number of 32 bits was expected.")
        if whole < lowest:
            raise ValueError(f"At least {lowest} is allowed.")
        return whole

    return convert


def _decimal(value: object) -> Decimal:
    """Most amounts are plain ones of a few digits."""
    if type(value) is Decimal and -ORDINARY < value < ORDINARY and -DECIMALS_MAX <= value.as_tuple().exponent <= 0:  # pyright: ignore[reportOperatorIssue]
        return value
    return to_decimal(value)


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError("True or false was expected.")


def _moment(value: object) -> datetime:
    if isinstance(value, str) and len(value) <= 40:
        try:
            return to_moment(value)
        except (ValueError, OverflowError):
            pass
    raise ValueError("A time such as 2026-01-31T23:00:00.000Z was expected.")


def _day(value: object) -> date:
    if isinstance(value, str) and len(value) <= 40:
        try:
            return date.fromisoformat(value[:10])
        except ValueError:
            pass
    raise ValueError("A date such as 2026-01-31 was expected.")


def _document(value: object) -> object:
    return value


SCALARS: Mapping[str, Callable[[object], object]] = {
    "text": _text,
    "decimal": _decimal,
    "boolean": _flag,
    "timestamp": _moment,
    "date": _day,
    "json": _document,
}


# Ids ----------------------------------------------------------------------------------------------------


def id_pattern(noun: Noun) -> re.Pattern[str]:
    """What an id of this kind looks like; any number of groups is taken (spec 1.10)."""
    return re.compile(rf"{noun.ids.prefix if noun.ids else '[A-Z]{3}'}(-[0-9]{{4}})+")


def id_expected(noun: Noun) -> str:
    """The words for an id of the wrong form."""
    if noun.ids is None:
        return "An id was expected."
    return f"An id such as {'-'.join((noun.ids.prefix, *(['1234'] * noun.ids.groups)))} was expected."


def nul_in(value: object, path: str = "") -> str | None:
    """Where a text holds the character NUL, which no database takes; None when none does."""
    match value:
        case str():
            return path or "$" if "\0" in value else None
        case dict():
            for key, inner in value.items():
                here = f"{path}.{key}" if path else str(key)
                if "\0" in key:
                    return here.replace("\0", "\\u0000")
                if found := nul_in(inner, here):
                    return found
        case list():
            for at, inner in enumerate(value):
                if found := nul_in(inner, f"{path}[{at}]"):
                    return found
        case _:
            pass
    return None
