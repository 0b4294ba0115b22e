"""What one value of a parameter must look like, by the type and the options of its definition."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from typing import Final, Protocol

from entrepot.kernel import pattern
from entrepot.kernel.wire import encode_text

TEXT_MAX: Final = 4_000
MULTILINE_MAX: Final = 100_000
CHARACTERS_MAX: Final = 100_000  # of all the text in one value
MEMBERS_MAX: Final = 10_000
DEPTH_MAX: Final = 32
ENTRIES_MAX: Final = 100  # of a parameter that takes several values
DIGITS_MAX: Final = 40
DISPLAY_MAX: Final = 4_000

ADDRESS: Final = {
    # key: longest, mandatory
    "addressLine1": (250, True),
    "addressLine2": (250, False),
    "postCode": (20, True),
    "city": (200, True),
    "state": (200, True),
    "country": (100, True),
}
CONTACT: Final = {
    "name": (200, False),
    "firstName": (100, False),
    "lastName": (100, False),
    "email": (320, False),
}
PHONE: Final = {"prefix": (10, False), "number": (50, True)}

type Options = Mapping[str, object]


class Definition(Protocol):
    """A parameter as its vendor defined it, seen from one value."""

    @property
    def id(self) -> str: ...
    @property
    def external_id(self) -> str | None: ...
    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def phase(self) -> str: ...
    @property
    def scope(self) -> str: ...
    @property
    def context(self) -> str | None: ...
    @property
    def status(self) -> str | None: ...
    @property
    def multiple(self) -> bool: ...
    @property
    def constraints(self) -> dict[str, object] | None: ...
    @property
    def options(self) -> dict[str, object] | None: ...


def is_empty(value: object) -> bool:
    """Nothing was given: no value, blanks, or a shell with nothing in it."""
    rest = [value]
    while rest:
        each = rest.pop()
        if isinstance(each, dict):
            rest.extend(each.values())
        elif isinstance(each, list):
            rest.extend(each)
        elif each is not None and not (isinstance(each, str) and not each.strip()):
            return False
    return True


def faults(definition: Definition, value: object, constraints: Options | None = None) -> list[str]:
    """What is wrong with a value; nothing is wrong with an empty one.

    `constraints` are those of the instance where they differ from the definition's (`capacity`).
    """
    if is_empty(value):
        return storage_faults(value) if definition.type == "DataObject" else []  # there a shell is kept
    if unstorable := storage_faults(value):
        return unstorable
    capacity = (constraints if constraints is not None else definition.constraints or {}).get("capacity")
    options = definition.options or {}
    if definition.type == "Checkbox":
        return _checkbox(value, options) or _beyond_capacity(value, capacity)
    if not definition.multiple:
        return _one(definition.type, value, options)
    if not isinstance(value, list):
        return ["Must be a list of values."]
    return _beyond_capacity(value, capacity) or [
        f"Value {position}: {fault}"
        for position, each in enumerate(value, 1)
        for fault in _one(definition.type, each, options, among=len(value))
    ]


def storage_faults(value: object) -> list[str]:
    """What cannot be kept whatever the type: not JSON, too large, or text that no database takes."""
    characters, members = 0, 1
    rest: list[tuple[object, int]] = [(value, 0)]
    while rest:
        each, depth = rest.pop()
        if isinstance(each, (dict, list)):
            if depth == DEPTH_MAX:
                return [f"Must not be more than {DEPTH_MAX} levels deep."]
            within = list(each) if isinstance(each, list) else [*each.keys(), *each.values()]
            if isinstance(each, dict) and not all(isinstance(key, str) for key in each):
                return ["Must be JSON."]
            members += len(within)
            rest.extend((inner, depth + 1) for inner in within)
        elif isinstance(each, str):
            characters += len(each)
            if "\0" in each or _SURROGATE.search(each):
                return ["Must not contain a NUL or half a character."]
        elif not _is_json_scalar(each):
            return ["Must be JSON, with numbers of a sensible size."]
        if members > MEMBERS_MAX or characters > CHARACTERS_MAX:
            return [f"Must have at most {CHARACTERS_MAX} characters and {MEMBERS_MAX} members in all."]
    return []


def display(definition: Definition, value: object) -> str | None:
    """The value as one flat string: shown to people, and compared in filters."""
    if is_empty(value) or storage_faults(value):
        return None
    if isinstance(value, list) and (definition.multiple or definition.type == "Checkbox"):
        shown = ", ".join(_shown(definition.type, each) for each in value)
    else:
        shown = _shown(definition.type, value)
    return shown[:DISPLAY_MAX] or None


def _one(type_: str, value: object, options: Options, among: int = 1) -> list[str]:
    shape = SHAPES.get(type_)
    found = shape(value, options) if shape else []
    if not found and type_ == "SingleLineText" and isinstance(value, str):
        return _off_pattern(value, options.get("pattern"), among)
    return found


def _beyond_capacity(values: object, capacity: object) -> list[str]:
    if not isinstance(values, list):
        return []
    bounds = capacity if isinstance(capacity, dict) else {}
    least, most = _bound(bounds.get("min")) or 0, _bound(bounds.get("max"))
    most = ENTRIES_MAX if most is None else min(most, ENTRIES_MAX)
    if not least <= len(values) <= most:
        return [f"Must have {f'{least} to {most}' if least else f'at most {most}'} values."]
    return []


# --- the shapes, by type -------------------------------------------------------------------------------


def _single_line(value: object, options: Options) -> list[str]:
    if isinstance(value, str) and ("\n" in value or "\r" in value):
        return ["Must be a single line."]
    return _text(value, options, TEXT_MAX)


def _multi_line(value: object, options: Options) -> list[str]:
    return _text(value, options, MULTILINE_MAX)


def _text(value: object, options: Options, longest: int) -> list[str]:
    if not isinstance(value, str):
        return ["Must be text."]
    least, most = _bound(options.get("minChar")), _bound(options.get("maxChar"))
    most = longest if most is None else min(most, longest)
    if least is not None and len(value) < least:
        return [f"Must have at least {least} characters."]
    if len(value) > most:
        return [f"Must have at most {most} characters."]
    return []


def _off_pattern(value: str, wanted: object, among: int) -> list[str]:
    """A pattern that cannot be tried in bounded time binds nobody; one that runs out of steps is not met."""
    if not isinstance(wanted, str) or not wanted or pattern.fault(wanted):
        return []
    try:
        met = pattern.matches(wanted, value, pattern.STEPS_MAX // among)
    except pattern.Unsupported:
        met = False
    return [] if met else ["Must match the pattern."]


def _address(value: object, options: Options) -> list[str]:
    return _record(value, ADDRESS, "an address")


def _contact(value: object, options: Options) -> list[str]:
    found = _record(value, CONTACT, "a contact")
    if not isinstance(value, dict) or found:
        return found
    phone = value.get("phone")
    if is_empty(phone) and all(is_empty(value.get(key)) for key in CONTACT):
        return ["A name, an email or a phone is required."]
    if not is_empty(value.get("email")):
        found += [f"email: {fault}" for fault in _email(value["email"], {})]
    if not is_empty(phone):
        found += [f"phone: {fault}" for fault in _record(phone, PHONE, "a prefix and a number")]
    elif options.get("phoneMandatory") is True:
        found.append("phone is required.")
    return found


def _record(value: object, keys: Mapping[str, tuple[int, bool]], what: str) -> list[str]:
    """Texts under known keys; further keys are let pass."""
    if not isinstance(value, dict):
        return [f"Must be {what}."]
    found: list[str] = []
    for key, (longest, mandatory) in keys.items():
        given = value.get(key)
        if given is not None and not isinstance(given, str):
            found.append(f"{key} must be text.")
        elif mandatory and is_empty(given):
            found.append(f"{key} is required.")
        elif given and len(given) > longest:
            found.append(f"{key} must have at most {longest} characters.")
    return found


def _checkbox(value: object, options: Options) -> list[str]:
    """A list of option values; a lone box without options may be simply true or false."""
    choices = _choices(options)
    if isinstance(value, bool) and choices is None:
        return []
    if not isinstance(value, list):
        return ["Must be a list of option values."]
    if faulty := [fault for each in value for fault in _choice(each, options)]:
        return faulty[:1]
    return ["Must not name an option twice."] if len(set(value)) < len(value) else []


def _choice(value: object, options: Options) -> list[str]:
    if not isinstance(value, str):
        return ["Must be the value of an option."]
    choices = _choices(options)
    if choices is None:
        return _text(value, {}, TEXT_MAX)
    return [] if value in choices else ["Must be one of the options."]


def _choices(options: Options) -> set[str] | None:
    """The values to choose from; None where the definition lists none."""
    listed = options.get("optionsList")
    if not isinstance(listed, list) or not listed:
        return None
    values = (each.get("value") for each in listed if isinstance(each, dict))
    return {value for value in values if isinstance(value, str)}


def _subdomain(value: object, options: Options) -> list[str]:
    if not isinstance(value, str):
        return ["Must be text."]
    if "." in value or any(each.isspace() for each in value):
        return ['Must not contain "." or blanks.']
    return _text(value, {}, 63)


def _email(value: object, options: Options) -> list[str]:
    """RFC 5322's everyday form: one name, one `@`, a domain with a dot; no quoted names, no comments."""
    if not isinstance(value, str):
        return ["Must be text."]
    name, at, domain = value.rpartition("@")
    labels = domain.split(".")
    sound = (
        at
        and 0 < len(name) <= 64
        and len(domain) <= 255
        and len(labels) > 1
        and all(0 < len(label) <= 63 for label in labels)
        and not any(each.isspace() or each in '@<>()[],;:"\\' or not each.isprintable() for each in value[: len(name)])
        and all(each.isalnum() or each in "-." for each in domain)
    )
    return [] if sound else ["Must be an e-mail address."]


def _data_object(value: object, options: Options) -> list[str]:
    """Any JSON, whose bounds are those of every value; XML travels as text."""
    if options.get("objectType") == "Xml" and not isinstance(value, str):
        return ["Must be XML in a text."]
    return []


def _date(value: object, options: Options) -> list[str]:
    days = _days(value)
    if days is None:
        return ["Must be a date such as 2026-05-31, or a start and an end."]
    ranged = isinstance(value, dict) and "date" not in value
    if isinstance(options.get("dateRange"), bool) and options["dateRange"] is not ranged:
        return ["Must be a start and an end."] if options["dateRange"] else ["Must be one date."]
    if days[0] > days[-1]:
        return ["Must not end before it starts."]
    return _outside(days, options)


def _days(value: object) -> list[date] | None:
    """`"2026-05-31"`, `{"date": …}` and `{"start": …, "end": …}` all say one or two days."""
    if not isinstance(value, dict):
        given = [value]
    elif "date" in value:
        given = [value["date"]]
    else:
        given = [value.get("start"), value.get("end")]
    days = [day for each in given if (day := _day(each))]
    return days if len(days) == len(given) else None


def _date_and_time(value: object, options: Options) -> list[str]:
    if isinstance(value, str) and len(value) <= 40 and _MOMENT.match(value):
        try:
            return _outside([datetime.fromisoformat(value).date()], options)
        except ValueError:
            pass
    return ["Must be a date and a time such as 2026-05-31T08:00:00Z."]


def _outside(days: list[date], options: Options) -> list[str]:
    least, most = _day(options.get("minAvailableDate")), _day(options.get("maxAvailableDate"))
    if least and days[0] < least:
        return [f"Must not be before {least}."]
    if most and days[-1] > most:
        return [f"Must not be after {most}."]
    return []


def _collection(value: object, options: Options) -> list[str]:
    return [] if isinstance(value, list) else ["Must be a list."]


def _heading(value: object, options: Options) -> list[str]:
    return ["A heading carries no value."]


SHAPES: Final[Mapping[str, Callable[[object, Options], list[str]]]] = {
    "SingleLineText": _single_line,
    "MultiLineText": _multi_line,
    "Address": _address,
    "Contact": _contact,
    "Checkbox": _checkbox,
    "Choice": _choice,
    "DropDown": _choice,
    "Subdomain": _subdomain,
    "Email": _email,
    "DataObject": _data_object,
    "Date": _date,
    "DateAndTime": _date_and_time,
    "Collection": _collection,
    "Heading": _heading,
}


# --- the flat string -----------------------------------------------------------------------------------


def _shown(type_: str, value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        if type_ == "Address":
            return ", ".join(_texts(value, *ADDRESS))
        if type_ == "Contact":
            return ", ".join(_contact_parts(value))
        if type_ == "Date":
            return " - ".join(_texts(value, "date", "start", "end"))
    return encode_text(value)


def _contact_parts(value: Mapping[str, object]) -> Iterator[str]:
    names = _texts(value, "firstName", "lastName") or _texts(value, "name")
    phone = value.get("phone")
    numbers = _texts(phone, "prefix", "number") if isinstance(phone, dict) else []
    yield from filter(None, (" ".join(names), *_texts(value, "email"), " ".join(numbers)))


def _texts(value: Mapping[str, object], *keys: str) -> list[str]:
    return [text for key in keys if isinstance(text := value.get(key), str) and text.strip()]


# --- small readers -------------------------------------------------------------------------------------

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}")
_SURROGATE = re.compile("[\ud800-\udfff]")


def _day(value: object) -> date | None:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _bound(value: object) -> int | None:
    """A bound that a vendor wrote: a whole number from 0, or it bounds nothing."""
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        return None
    if isinstance(value, Decimal) and not (value.is_finite() and value.adjusted() < 10):
        return None
    return int(value) if value >= 0 else None


def _is_json_scalar(value: object) -> bool:
    if value is None or isinstance(value, bool):
        return True
    if isinstance(value, int):
        return value.bit_length() < 128
    if isinstance(value, float):
        return isfinite(value)
    return (
        isinstance(value, Decimal)
        and value.is_finite()
        and abs(value.adjusted()) < 100
        and len(value.as_tuple().digits) <= DIGITS_MAX
    )
