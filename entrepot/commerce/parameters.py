"""The parameters of an order: a slim list of what was given, beside the definitions of its product.

A bag is one list, `ordering` or `fulfillment`. An instance in it keeps `id` and `externalId`, and where there
is one `value`, `displayValue`, `error`, and those `constraints` that differ from the definition's.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from entrepot.catalog.parameter_value import Definition, display, faults, is_empty, storage_faults

type Instance = dict[str, object]
type Bag = list[Instance]
type Faults = dict[str, list[str]]

ORDERING: Final = "ordering"
FULFILLMENT: Final = "fulfillment"

MAY_WRITE: Final = frozenset(
    {
        # by          when          which list
        ("client", "Draft", ORDERING),
        ("client", "Querying", ORDERING),
        ("vendor", "Processing", ORDERING),
        ("vendor", "Processing", FULFILLMENT),
    }
)

TYPES_WITH_LITERAL_DEFAULTS: Final = frozenset(
    {"SingleLineText", "MultiLineText", "Checkbox", "Choice", "DropDown", "Date", "DateAndTime"}
)
"""Others say whose data to take ("Buyer", "CurrentlySignedInUser"), or give JSON inside a text."""

FLAGS: Final[Mapping[str, object]] = {"required": True, "hidden": False, "readonly": False}
"""What a constraint is when nobody says. Source: platform spec 2.5."""

ENTRIES_MAX: Final = 1_000
MESSAGE_MAX: Final = 4_000


# --- made with the order -------------------------------------------------------------------------------


def instances(definitions: Iterable[Definition], order_type: str, phase_list: str) -> Bag:
    """What an order of this type asks for: one instance for each definition that applies."""
    return [instance(each) for each in definitions if applies(each, order_type, phase_list)]


def applies(definition: Definition, order_type: str, phase_list: str) -> bool:
    """Whether a definition belongs in that list of an order of this type.

    Source: spec 2.6. An agreement's ordering parameters are asked once, on its purchase; its fulfilment ones
    are there on every order. An order's own follow their phase and their context.
    """
    phase = {ORDERING: "Order", FULFILLMENT: "Fulfillment"}[phase_list]
    if definition.phase != phase:
        return False
    if definition.scope == "Agreement":
        return phase == "Fulfillment" or order_type == "Purchase"
    return definition.scope == "Order" and definition.context in (None, "None", order_type)


def instance(definition: Definition) -> Instance:
    """A fresh instance, empty but for a default value that the definition spells out."""
    fresh: Instance = {"id": definition.id, "externalId": definition.external_id}
    default = (definition.options or {}).get("defaultValue")
    if definition.type in TYPES_WITH_LITERAL_DEFAULTS and not faults(definition, default):
        _set_value(fresh, definition, default)
    return _slim(fresh)


def of_holding(definitions: Iterable[Definition], scope: str) -> Bag:
    """What the vendor fills in on a subscription or an asset: one instance for each definition of that scope."""
    return [
        instance(each)
        for each in definitions
        if each.scope == scope and each.phase == "Fulfillment" and each.status != "Deleted"
    ]


# --- written -------------------------------------------------------------------------------------------


def may_write(actor: str, order_status: str, phase: str) -> bool:
    """Who may write which list of an order, by its state.

    Creation counts as Draft. A vendor's answer to a validation counts as Processing, and so does a body that
    comes with `query`, `complete` or `fail`, which is applied before the order moves. Operations writes none:
    whether it may is an open question of the spec (9, point 12).
    """
    return (actor, order_status, phase) in MAY_WRITE


def write(
    bag: Sequence[Instance], definitions: Iterable[Definition], entries: object, actor: str, *, path: str
) -> tuple[Bag, Faults]:
    """The bag with the entries merged into it, and what is wrong with them by path.

    `path` is the list's own (`parameters.ordering`). Entries name an instance by `id` or `externalId`, carry
    what they change, and leave the rest. A client's entry for what it may not write is dropped, unread.
    Callers ask `may_write` first and drop the bag when there are faults.
    """
    written = [dict(each) for each in bag]
    found: Faults = {}
    if entries is None:
        return written, found
    if not isinstance(entries, list) or len(entries) > ENTRIES_MAX:
        return written, {path: [f"Must be a list of at most {ENTRIES_MAX} parameters."]}
    known = _Known(written, definitions)
    for index, entry in enumerate(entries):
        here = f"{path}[{index}]"
        if not isinstance(entry, dict):
            found[here] = ["Must be an object."]
            continue
        members = {key.lower(): value for key, value in entry.items() if isinstance(key, str)}
        target, problem = known.find(members)
        if target is None:
            found[here] = [problem]
        elif actor != "client":
            _write_as_vendor(target, known.definition(target), members, here, found)
        else:
            _write_as_client(target, known.definition(target), members, here, found)
    return [_slim(each) for each in written], found


def _write_as_client(
    target: Instance, definition: Definition, members: Mapping[str, object], here: str, found: Faults
) -> None:
    """A new value answers the vendor's objection, which goes; constraints and errors are not the client's."""
    effective = constraints_of(target, definition)
    if effective["hidden"] or effective["readonly"] or "value" not in members:
        return
    before = target.get("value")
    _write_value(target, definition, members["value"], here, found)
    if not _same(target.get("value"), before):
        target.pop("error", None)


def _write_as_vendor(
    target: Instance, definition: Definition, members: Mapping[str, object], here: str, found: Faults
) -> None:
    if "constraints" in members:
        _write_constraints(target, definition, members["constraints"], here, found)
    if "error" in members:
        _write_error(target, members["error"], here, found)
    if "value" in members:
        objected = members.get("error") is not None
        _write_value(target, definition, members["value"], here, found, objected=objected)


def _write_value(
    target: Instance,
    definition: Definition,
    value: object,
    here: str,
    found: Faults,
    *,
    objected: bool = False,
) -> None:
    """What is sent back as it was is let be; so is a wrong value on which the vendor lays an error."""
    if _same(value, target.get("value")):
        return
    wrong = storage_faults(value) if objected else faults(definition, value, constraints_of(target, definition))
    if wrong:
        found[f"{here}.value"] = wrong
    else:
        _set_value(target, definition, value)


def _set_value(target: Instance, definition: Definition, value: object) -> None:
    """Blanks and empty shells are no value, but in data objects, where `{}` may mean something."""
    kept = definition.type == "DataObject" and isinstance(value, (dict, list))
    target["value"] = value if kept or not is_empty(value) else None
    target["displayValue"] = display(definition, value)


def _write_constraints(target: Instance, definition: Definition, given: object, here: str, found: Faults) -> None:
    """Merged by name; null goes back to the definition's; what equals the definition's is not kept."""
    here = f"{here}.constraints"
    if given is None:
        target.pop("constraints", None)
        return
    if not isinstance(given, dict):
        found[here] = ["Must be an object."]
        return
    kept = dict(_mapping(target.get("constraints")))
    for key, value in given.items():
        name = str(key).lower()
        if name not in (*FLAGS, "capacity"):
            continue
        if value is None:
            kept.pop(name, None)
        elif name != "capacity" and isinstance(value, bool):
            kept[name] = value
        elif name == "capacity" and (bounds := _capacity(value)) is not None:
            kept[name] = bounds
        else:
            wanted = "a min and a max, whole numbers from 0" if name == "capacity" else "true or false"
            found[f"{here}.{name}"] = [f"Must be {wanted}."]
    ordinary = constraints_of({}, definition)
    target["constraints"] = {name: value for name, value in kept.items() if value != ordinary.get(name)}


def _capacity(value: object) -> dict[str, object] | None:
    """The bounds given, or None where they are none."""
    if not isinstance(value, dict):
        return None
    given = {name: value[name] for name in ("min", "max") if value.get(name) is not None}
    sound = all(type(bound) is int and 0 <= bound <= ENTRIES_MAX for bound in given.values())
    return given if sound else None


def _write_error(target: Instance, given: object, here: str, found: Faults) -> None:
    """`{id, message, parameters}`, or null to take it back."""
    here = f"{here}.error"
    if given is None:
        target.pop("error", None)
        return
    error = {str(key).lower(): value for key, value in _mapping(given).items()}
    message, code = error.get("message"), error.get("id")
    if not isinstance(message, str) or not 0 < len(message.strip()) <= len(message) <= MESSAGE_MAX:
        found[f"{here}.message"] = [f"A message of 1 to {MESSAGE_MAX} characters is required."]
    elif code is not None and not isinstance(code, str):
        found[f"{here}.id"] = ["Must be text."]
    elif wrong := storage_faults(given):
        found[here] = wrong
    else:
        said = {"id": code, "message": message, "parameters": error.get("parameters")}
        target["error"] = {key: value for key, value in said.items() if value is not None}


def without_errors(bag: Iterable[Instance]) -> Bag:
    """The bag before a validation: what the vendor objected to earlier is forgotten."""
    return [{key: value for key, value in each.items() if key != "error"} for each in bag]


# --- judged and shown ----------------------------------------------------------------------------------


def invalid(bag: Iterable[Instance], definitions: Iterable[Definition], phase: str) -> Faults:
    """What keeps an order from being placed, resumed or completed, by `parameters.<list>.<externalId or id>`.

    Hidden instances are left out: nobody can be asked for what they do not see.
    """
    return {
        f"parameters.{phase}.{definition.external_id or definition.id}": wrong
        for _, definition, wrong in judged(bag, definitions)
        if wrong
    }


def judged(
    bag: Iterable[Instance], definitions: Iterable[Definition]
) -> Iterator[tuple[Instance, Definition, list[str]]]:
    """Each instance that somebody can be asked for, with its definition and what is wrong with it, if anything."""
    by_id = {each.id: each for each in definitions}
    for each in bag:
        definition = by_id.get(str(each["id"]))
        if definition is None or definition.type == "Heading":
            continue
        effective = constraints_of(each, definition)
        if not effective["hidden"]:
            yield each, definition, _objections(each, definition, effective)


def _objections(each: Instance, definition: Definition, effective: Mapping[str, object]) -> list[str]:
    value = each.get("value")
    wrong = faults(definition, value, effective)
    if effective["required"] and is_empty(value):
        wrong.append("A value is required.")
    if error := each.get("error"):
        wrong.append(str(_mapping(error).get("message", "The vendor does not accept the value.")))
    return wrong


def wire(bag: Iterable[Instance], definitions: Iterable[Definition], actor: str) -> list[dict[str, object]]:
    """The instances as the actor sees them; hidden ones do not exist for the client."""
    by_id = {each.id: each for each in definitions}
    shown: list[dict[str, object]] = []
    for each in bag:
        definition = by_id.get(str(each["id"]))
        if definition is None:
            continue
        effective = constraints_of(each, definition)
        if not (effective["hidden"] and actor == "client"):
            shown.append(_wired(each, definition, effective))
    return shown


def _wired(each: Instance, definition: Definition, effective: Mapping[str, object]) -> dict[str, object]:
    return _slim(
        {
            "id": definition.id,
            "externalId": definition.external_id,
            "name": definition.name,
            "type": definition.type,
            "phase": definition.phase,
            "scope": definition.scope,
            "multiple": bool(definition.multiple),
            "constraints": effective,
            "error": each.get("error"),
            "value": each.get("value"),
            "displayValue": each.get("displayValue"),
        }
    )


def constraints_of(each: Instance, definition: Definition) -> dict[str, object]:
    """Whether a value is demanded, shown, open, and how many: the instance's word before the definition's."""
    own, general = _mapping(each.get("constraints")), _mapping(definition.constraints)
    said = {key: value for source in (general, own) for key, value in source.items() if value is not None}
    return {**FLAGS, **said}


# --- small helpers -------------------------------------------------------------------------------------


class _Known:
    """The instances of a bag that has definitions, by both of their names."""

    def __init__(self, bag: Iterable[Instance], definitions: Iterable[Definition]) -> None:
        self.definitions = {each.id: each for each in definitions}
        self.by_id = {str(each["id"]): each for each in bag if each["id"] in self.definitions}
        self.by_external_id = {
            external_id: each for id, each in self.by_id.items() if (external_id := self.definitions[id].external_id)
        }

    def find(self, members: Mapping[str, object]) -> tuple[Instance | None, str]:
        id, external_id = members.get("id"), members.get("externalid")
        if any(name is not None and not isinstance(name, str) for name in (id, external_id)):
            return None, "id and externalId must be text."
        if id is None and external_id is None:
            return None, "An id or an externalId is required."
        first, second = self.by_id.get(str(id)), self.by_external_id.get(str(external_id))
        if first is not None and second is not None and first is not second:
            return None, "id and externalId name different parameters."
        return (first or second), "There is no such parameter here."

    def definition(self, target: Instance) -> Definition:
        return self.definitions[str(target["id"])]


def _slim(each: Mapping[str, object]) -> Instance:
    return {key: value for key, value in each.items() if value is not None and not (key == "constraints" and not value)}


def _same(one: object, other: object) -> bool:
    """Equal as JSON, where true is not 1 and 1.0 is not 1."""
    return one == other and _canonical(one) == _canonical(other)


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}
