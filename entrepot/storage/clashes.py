"""What the database refuses of a world file is told by line: which one, in which field, and what has the same already.

Nothing is looked for as long as nothing clashes. Then the database has said of which table, by which key and value.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import asyncpg

from entrepot.kernel.field import Field
from entrepot.kernel.noun import Noun, Nouns
from entrepot.storage.faults import Fault, Origin

_KEY = re.compile(r"Key \((?P<names>.+)\)=\((?P<values>.*)\) (?:already exists|conflicts with)", re.DOTALL)
_ROW = re.compile(r"COPY \S+, line (?P<line>\d+)")
_NOWHERE = Origin(-1, -1)

Object = Mapping[str, Any]
Lines = Iterable[tuple[Origin, Object, str | None]]
"""Lines of one kind: where each stands, what it holds, and the id of the owner that its kind names."""


@dataclass(frozen=True, slots=True)
class _Clash:
    """A key of which two are alike: its fields with the values as the database writes them, and the flags by which
    it holds for some things alone."""

    noun: Noun
    fields: tuple[tuple[Field, str], ...]
    flags: tuple[Field, ...]
    without_case: bool

    @property
    def told(self) -> Field:
        """The field that is to be another one: what marks the thing, else what is its own."""
        own = [each for each, _ in self.fields if each.kind != "ref"]
        return next(iter((*self.flags, *own, *(each for each, _ in self.fields))))

    def holds(self, given: Object, owner_id: str | None) -> bool:
        """Whether an object of the file has that key, as far as it tells."""
        if given.get("status") == "Deleted" or any(_dig(given, each) is not True for each in self.flags):
            return False
        for each, wanted in self.fields:
            value = _dig(given, each)
            if value is None and each.name == self.noun.owner:
                value = owner_id
            if (each is self.told and value is None) or (value is not None and self._text(value) != self._text(wanted)):
                return False
        return True

    def _text(self, value: object) -> str:
        return str(value).casefold() if self.without_case else str(value)


async def clashing(
    conn: Any,
    nouns: Nouns,
    fault: asyncpg.IntegrityConstraintViolationError,
    lines: Callable[[Noun], Lines],
    copied: list[Origin],
    files: list[str],
) -> Fault | None:
    """The fault of the later of two lines, or of the one line where the other is in the database.

    `copied` tells where the rows stand that were on their way. None where nothing can be told.
    """
    said = fault.as_dict()
    clash = await _clash(conn, nouns, said)
    if clash is None:
        return None
    found = [
        (origin, str(given.get("id"))) for origin, given, owner_id in lines(clash.noun) if clash.holds(given, owner_id)
    ]
    row = _ROW.search(str(said.get("context") or ""))
    refused = copied[int(row["line"]) - 1] if row and int(row["line"]) <= len(copied) else _NOWHERE
    if not found and refused == _NOWHERE:
        return None
    places = sorted({*(origin for origin, _ in found), *([refused] if refused != _NOWHERE else ())})
    later = places[-1]
    first = next(((origin, thing_id) for origin, thing_id in sorted(found) if origin != later), None)
    if first is not None:
        origin, thing_id = first
        there = f"{thing_id} in {files[origin.file]}:{origin.line}"
    else:
        there = f"{await _stored(conn, clash)} in the database"
    names = " and ".join(each.name for each in (*(each for each, _ in clash.fields), *clash.flags))
    return Fault(later, clash.told.name, f"{clash.noun.name} {there} has the same {names}.")


async def _clash(conn: Any, nouns: Nouns, said: Mapping[str, Any]) -> _Clash | None:
    """What the database says of it."""
    key = _KEY.match(str(said.get("detail") or ""))
    noun = next((each for each in nouns if each.table_name == said.get("table_name")), None)
    if key is None or noun is None:
        return None
    names, values = _split(key["names"]), key["values"].split(", ")
    if len(values) != len(names):
        return None
    pairs = [(_field(noun, name), value) for name, value in zip(names, values, strict=True)]
    fields = tuple((each, value) for each, value in pairs if each is not None and value not in ("", "null"))
    made = await conn.fetchval("select indexdef from pg_indexes where indexname = $1", said.get("constraint_name"))
    condition = str(made or "").partition(" WHERE ")[2]
    flags = tuple(each for each in noun.all_fields if each.kind == "boolean" and _names(condition, each.column))
    return _Clash(noun, fields, flags[:1], "lower(" in key["names"]) if fields else None


def _split(names: str) -> list[str]:
    """The parts of a key: a comma within brackets parts nothing."""
    return re.split(r", (?![^()]*\))", names)


def _field(noun: Noun, expression: str) -> Field | None:
    """The field whose column an expression is about."""
    return next((each for name, each in noun.by_column.items() if _names(expression, name)), None)


def _names(expression: str, column: str) -> bool:
    return re.search(rf"\b{re.escape(column)}\b", expression) is not None


def _dig(given: Object, each: Field) -> Any:
    """What an object of the file says of a field; of a reference its id."""
    here: Any = given
    for name in (*each.path, *(["id"] if each.kind == "ref" else [])):
        here = here.get(name) if isinstance(here, dict) else None
    return here


async def _stored(conn: Any, clash: _Clash) -> str:
    """The id of what is in the database already."""
    compared = "lower({}::text) = lower(${})" if clash.without_case else "{}::text = ${}"
    conditions = [compared.format(each.column, at) for at, (each, _) in enumerate(clash.fields, 1)]
    conditions += [each.column for each in clash.flags]
    if "status" in clash.noun.by_column:
        conditions.append("status <> 'Deleted'")
    text = f"select id from {clash.noun.table_name} where {' and '.join(conditions)} limit 1"
    return str(await conn.fetchval(text, *(value for _, value in clash.fields)) or "one")
