"""What a vendor may choose for a parameter of each type, and the constraints that hold for its values.

What is not declared here is kept as it comes: newer programs know of more. Source: platform spec 2.5.
"""

from collections.abc import Iterator, Mapping
from datetime import date

from entrepot.catalog.parameter_value import CHARACTERS_MAX, faults
from entrepot.kernel import pattern
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call
from entrepot.kernel.document import members, merge
from entrepot.kernel.field import Field, enum, flag, integer, text
from entrepot.kernel.thing import Thing

CHOICES_MAX = 1_000
TEXT_MAX = 4_000

CONSTRAINTS: tuple[Field, ...] = (
    *(flag(name) for name in ("hidden", "readonly", "required", "unique")),
    integer("capacity.min", least=0),
    integer("capacity.max", least=1),
)


def _pattern(said: object) -> list[str]:
    fault = pattern.fault(str(said)) if said else None
    return [f"This pattern cannot be used: {fault}"] if fault else []


def _day(said: object) -> list[str]:
    try:
        sound = date.fromisoformat(str(said)).isoformat() == said
    except ValueError:
        sound = False
    return [] if sound else ["A date such as 2026-01-31 was expected."]


def _text(name: str, longest: int = TEXT_MAX) -> Field:
    return text(name, longest=longest)


TEXTUAL = (_text("placeholderText"), integer("minChar", least=0), integer("maxChar", least=1))
CHOSEN = (_text("placeholderText"), _text("description"))

OPTIONS: Mapping[str, tuple[Field, ...]] = {
    "SingleLineText": (*TEXTUAL, text("pattern", longest=pattern.LENGTH_MAX, check=_pattern), _text("defaultValue")),
    "MultiLineText": (*TEXTUAL, _text("defaultValue", CHARACTERS_MAX)),
    "Address": (enum("defaultValue", "None Buyer Seller Licensee"),),
    "Contact": (enum("defaultValue", "None Buyer Licensee CurrentlySignedInUser"), flag("phoneMandatory")),
    "Checkbox": CHOSEN,
    "Choice": CHOSEN,
    "DropDown": CHOSEN,
    "Subdomain": (_text("domainSuffix", 255), _text("placeholderText")),
    "Email": (enum("defaultValue", "None CurrentlySignedInUser"), _text("placeholderText")),
    "DataObject": (enum("objectType", "Json Xml"),),
    "Date": (flag("dateRange"), *(text(f"{each}AvailableDate", check=_day) for each in ("min", "max"))),
    "DateAndTime": tuple(text(f"{each}AvailableDate", check=_day) for each in ("min", "max")),
}
"""Beside `hintText`, `name` and `label`, which all of them have."""

LISTED = ("Checkbox", "Choice", "DropDown")
"""Types whose values are chosen from `optionsList`."""

BOUNDS = (("minChar", "maxChar"), ("minAvailableDate", "maxAvailableDate"))

DECLARED = {
    kind: members((*(_text(name) for name in ("hintText", "name", "label")), *OPTIONS.get(kind, ())))
    for kind in (*OPTIONS, "Heading", "Collection")
}
CONSTRAINED = members(CONSTRAINTS)


def write(call: Call, parameter: Thing, body: Body) -> None:
    """Options and constraints take the place of those that were there, where the body speaks of them.

    What somebody chooses of one that has several, or writes as its default, must be in keeping with the rest.
    """
    constraints, options = body.object(call, "constraints"), body.object(call, "options")
    if constraints is not None:
        parameter.constraints = merge(call, {}, constraints, CONSTRAINED)
        _require_order(call, constraints.path("capacity."), parameter.constraints.get("capacity"), "min", "max")
    if options is not None:
        parameter.options = merge(call, {}, options, DECLARED.get(str(parameter.type), {}))
        for least, most in BOUNDS:
            _require_order(call, options.path(""), parameter.options, least, most)
        if parameter.type in LISTED:
            for path, words in _list_faults(parameter.options.get("optionsList")):
                call.fault(options.path(path), words)
    if parameter.type in ("Choice", "DropDown") and not (parameter.options or {}).get("optionsList"):
        call.fault(body.path("options.optionsList"), "A value is required.")
    elif not call.faults:
        for words in _default_faults(parameter):
            call.fault(body.path("options.defaultValue"), words)


def _require_order(call: Call, path: str, bounds: object, least: str, most: str) -> None:
    if not isinstance(bounds, Mapping):
        return
    low, high = bounds.get(least), bounds.get(most)
    if low is not None and high is not None and low > high:
        call.fault(f"{path}{least}", f"It exceeds {most}.")


def _list_faults(listed: object) -> Iterator[tuple[str, str]]:
    if listed is None:
        return
    if not isinstance(listed, list) or len(listed) > CHOICES_MAX:
        yield "optionsList", f"A list of at most {CHOICES_MAX} options was expected."
        return
    values: set[str] = set()
    for at, each in enumerate(listed):
        value = each.get("value") if isinstance(each, dict) else None
        label = each.get("label") if isinstance(each, dict) else None
        if not isinstance(value, str) or not value or len(value) > TEXT_MAX:
            yield f"optionsList[{at}].value", "A text was expected."
        elif value in values:
            yield f"optionsList[{at}].value", "Another option has this value."
        else:
            values.add(value)
        if label is not None and not isinstance(label, str):
            yield f"optionsList[{at}].label", "A text was expected."


def _default_faults(parameter: Thing) -> list[str]:
    """A default must be a value that the parameter would take; those that name a party are none."""
    default = (parameter.options or {}).get("defaultValue")
    if parameter.type in ("Address", "Contact", "Email") or parameter.multiple:
        return []
    return faults(parameter, default)  # pyright: ignore[reportArgumentType]
