"""A document whose members are declared as fields: what a body says of them is converted, and put where it belongs."""

from collections.abc import Iterable, Mapping

from entrepot.kernel.body import Body, convert
from entrepot.kernel.call import Call
from entrepot.kernel.field import Field

type Members = Mapping[str, "Field | Members"]
"""Declared members by their names in lower case; those of a nested object stand under its own."""


def members(fields: Iterable[Field]) -> Members:
    """The fields by their paths: `split.type` stands in `split`."""
    found: dict[str, Field | Members] = {}
    for each in fields:
        here: dict = found
        for name in each.lowered[:-1]:
            here = here.setdefault(name, {})
        here[each.lowered[-1]] = each
    return found


def merge(call: Call, old: Mapping[str, object], body: Body, declared: Members, depth: int = 0) -> dict[str, object]:
    """The document as it is after the body has said something of it: what the body leaves out stays, null takes away.

    Declared members are found in any case and kept as they are declared; others are kept as they come.
    """
    found = dict(old)
    for name, value in body.raw.items():
        known = declared.get(name.lower())
        if isinstance(known, Field):
            name, value = known.path[depth], convert(call, known, body.path(name), value)
        elif known is not None:
            name = _spelled(known, depth)
            inner = body.object(call, name)
            before = found.get(name)
            value = merge(call, before if isinstance(before, dict) else {}, inner, known, depth + 1) if inner else None
        if value is None:
            found.pop(name, None)
        else:
            found[name] = value
    return found


def _spelled(declared: Members, depth: int) -> str:
    """How the name of a nested object is written: as in any of its members."""
    first = next(iter(declared.values()))
    return first.path[depth] if isinstance(first, Field) else _spelled(first, depth)
