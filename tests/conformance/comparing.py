"""Where our documents, and our answers, are other than the published one has it."""

from collections.abc import Iterator
from typing import Any

from tests.conformance.facts import Facts, plain
from tests.conforming import ROUTES, document

KINDS = {"string": str, "integer": int, "boolean": bool, "number": (int, float), "date-time": str}


def of_documents(facts: Facts) -> set[str]:
    """Every difference between what we describe and the facts, such as `Order.comments: not here`."""
    seen: set[tuple[str, str]] = set()
    found: set[str] = set()
    ours = document()
    for route in ROUTES:
        told = facts["operations"].get(f"{route.method} {plain(f'/public/v1{route.path}')}")
        if told is None:
            continue
        status, shown = told
        operation = ours["paths"][f"/public/v1{route.path}"][route.method.lower()]
        answer = operation["responses"].get(status)
        if answer is None:
            found.add(f"{route.method} {route.path}: answers {status} there")
            continue
        content = answer.get("content", {}).get("application/json")
        if content is None or not shown:
            if bool(content) != bool(shown):
                found.add(f"{route.method} {route.path}: answers with a body {'there' if shown else 'here'} only")
            continue
        found |= set(_compared(content["schema"], shown, "answer", facts, seen))
    return found


def _compared(ours: Any, theirs: str, where: str, facts: Facts, seen: set[tuple[str, str]]) -> Iterator[str]:
    """`ours` is a schema, `theirs` a kind of the facts."""
    name = ours.get("$ref", "").rpartition("/")[2]
    if name:
        ours = document()["components"]["schemas"][name]
    if theirs == "any":
        return
    if theirs.startswith("["):
        if ours.get("type") != "array":
            yield f"{where}: a list there"
        else:
            yield from _compared(ours.get("items", {}), theirs[1:-1], where, facts, seen)
        return
    if theirs.startswith("@"):
        schema = facts["schemas"][theirs[1:]]
        if "" in schema:
            yield from _words(ours, schema[""], where)
            return
        if "*" in schema and len(schema) == 1:
            return
        if "properties" not in ours:
            if ours.get("type", "object") != "object":
                yield f"{where}: an object there"
            return
        if (name or where, theirs) in seen:
            return
        seen.add((name or where, theirs))
        for key in sorted({*schema, *ours["properties"]} - {"*"}):
            here = f"{theirs[1:]}.{key}"
            if key not in ours["properties"]:
                yield f"{here}: not here"
            elif key not in schema:
                if "*" not in schema:
                    yield f"{here}: not there"
            else:
                yield from _compared(ours["properties"][key], schema[key], here, facts, seen)
        return
    if "|" in theirs:
        yield from _words(ours, theirs, where)
        return
    if not ours or (ours.get("type") is None and "properties" not in ours):
        return
    kinds = ours["type"] if isinstance(ours.get("type"), list) else [ours.get("type")]
    if theirs == "date-time":
        if ours.get("format") != "date-time":
            yield f"{where}: a point in time there"
    elif theirs not in kinds and not (theirs == "number" and "integer" in kinds):
        yield f"{where}: {theirs} there"


def _words(ours: Any, theirs: str, where: str) -> Iterator[str]:
    words = theirs.split("|")
    if "enum" not in ours:
        yield f"{where}: one of {theirs} there"
        return
    more = [each for each in ours["enum"] if each not in words]
    if more:
        yield f"{where}: {', '.join(more)} not there"


def of_answer(value: Any, theirs: str, where: str, facts: Facts) -> Iterator[str]:
    """Every difference between an answer and the facts."""
    if theirs == "any" or value is None:
        return
    if theirs.startswith("["):
        if not isinstance(value, list):
            yield f"{where}: a list there"
            return
        for each in value:
            yield from of_answer(each, theirs[1:-1], where, facts)
    elif theirs.startswith("@"):
        schema = facts["schemas"][theirs[1:]]
        if "" in schema:
            yield from of_answer(value, schema[""], where, facts)
            return
        if not isinstance(value, dict):
            yield f"{where}: an object there"
            return
        for key, each in value.items():
            here = f"{theirs[1:]}.{key}"
            if key in schema:
                yield from of_answer(each, schema[key], here, facts)
            elif "*" not in schema:
                yield f"{here}: not there"
    elif "|" in theirs:
        if value not in theirs.split("|"):
            yield f"{where}: {value} not there"
    elif not isinstance(value, KINDS[theirs]) or (isinstance(value, bool) and theirs != "boolean"):
        yield f"{where}: {theirs} there"
