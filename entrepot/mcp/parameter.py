"""What a tool is told when it is called: one declaration is its schema, and how it is read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from entrepot.kernel.errors import Invalid

Arguments = dict[str, Any]
Schema = dict[str, object]

TEXT_MAX = 8_000
"""Characters at most in one text."""

LIST_MAX = 10


@dataclass(frozen=True, slots=True)
class Parameter:
    """One thing that a tool may be told. `kind` is string, integer, number or strings (a list).

    `least` and `most` bound a number; `clamps` takes a number beyond `most` for `most`, as pages do.
    """

    name: str
    description: str
    kind: str = "string"
    required: bool = False
    default: object = None
    members: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None
    clamps: bool = False

    def schema(self) -> Schema:
        """Its JSON Schema."""
        found: Schema = {"type": "array" if self.kind == "strings" else self.kind, "description": self.description}
        if self.kind == "strings":
            found |= {"items": {"type": "string"}, "maxItems": LIST_MAX}
        if self.members:
            found["enum"] = list(self.members)
        if self.least is not None:
            found["minimum"] = self.least
        if self.most is not None:
            found["maximum"] = self.most
        if self.default is not None:
            found["default"] = self.default
        return found

    def read(self, given: object) -> object:
        """The value. A number may come as text, as models write it. Raises ValueError with what was expected."""
        if self.kind == "strings":
            return self._strings(given)
        if self.kind in ("integer", "number"):
            return self._number(given)
        if not isinstance(given, str) or len(given) > TEXT_MAX:
            raise ValueError(f"A text of at most {TEXT_MAX} characters was expected.")
        if not self.members:
            return given
        for member in self.members:
            if member.lower() == given.strip().lower():
                return member
        raise ValueError(f"One of {', '.join(self.members)} was expected.")

    def _number(self, given: object) -> int | float:
        wanted = "A whole number" if self.kind == "integer" else "A number"
        try:
            found = float(given) if isinstance(given, str) else given
        except ValueError:
            found = None
        if not isinstance(found, int | float) or isinstance(found, bool) or found != found:
            raise ValueError(f"{wanted} was expected.")
        if self.kind == "integer":
            if abs(found) > 2**53 or found != int(found):
                raise ValueError(f"{wanted} was expected.")
            found = int(found)
        if self.clamps and self.most is not None:
            found = min(found, self.most)
        if (self.least is not None and found < self.least) or (self.most is not None and found > self.most):
            bounds = f"from {self.least}" + (f" to {self.most}" if self.most is not None else "")
            raise ValueError(f"{wanted} {bounds} was expected.")
        return found

    def _strings(self, given: object) -> tuple[str, ...]:
        found: Sequence[object] = (given,) if isinstance(given, str) else given if isinstance(given, list) else (None,)
        if len(found) > LIST_MAX or not all(isinstance(each, str) and len(each) <= TEXT_MAX for each in found):
            raise ValueError(f"A list of at most {LIST_MAX} texts was expected.")
        return tuple(str(each) for each in found)


def schema_of(parameters: Sequence[Parameter]) -> Schema:
    """The JSON Schema of all that a tool may be told."""
    found: Schema = {"type": "object", "properties": {each.name: each.schema() for each in parameters}}
    if required := [each.name for each in parameters if each.required]:
        found["required"] = required
    return found | {"additionalProperties": False}


def read_arguments(parameters: Sequence[Parameter], given: Mapping[str, object]) -> Arguments:
    """What a tool was told, with defaults. What is null or empty was not said. Raises Invalid with all faults."""
    found: Arguments = {}
    faults: dict[str, list[str]] = {}
    names = [each.name for each in parameters]
    for name in given:
        if name not in names:
            faults[name[:100]] = [f"There is no such parameter; there is {', '.join(names) or 'none'}."]
    for each in parameters:
        value = given.get(each.name)
        if value is None or value == "":
            found[each.name] = each.default
            if each.required:
                faults[each.name] = ["It is required."]
            continue
        try:
            found[each.name] = each.read(value)
        except ValueError as fault:
            faults[each.name] = [str(fault)]
    if faults:
        raise Invalid(faults)
    return found
