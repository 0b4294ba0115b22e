"""Whether an answer is what the API's own documents say of it. Every answer in every test over HTTP is looked at."""

import copy
import json
import re
from functools import cache
from typing import Any

import jsonschema_rs

from entrepot.http.beside import OPERATIONS
from entrepot.http.openapi.documents import Documents
from entrepot.http.routes import Router, routes_of
from entrepot.kernel.field import ACTORS
from entrepot.kernel.noun import Noun, Nouns
from entrepot.offers import NOUNS, OFFERS

ALL = Nouns(NOUNS)
ROUTES = tuple(routes_of(OFFERS))
ROUTER = Router(ROUTES)
PREFIXES = ("/public/v1/", "/v1/")

Schema = dict[str, Any]
REFERENCE = re.compile(r'"#/components/schemas/([^"]+)"')


@cache
def document() -> Schema:
    """The whole document."""
    return Documents(ROUTES, ALL, OPERATIONS).document()


def operation_at(method: str, target: str) -> tuple[str, Schema] | None:
    """What is described at an address: its path and operation; None for what is no address of a collection."""
    path = target.partition("?")[0]
    for prefix in PREFIXES:
        if path.startswith(prefix):
            methods, _ = ROUTER.find(path.removeprefix(prefix))
            route = (methods or {}).get(method)
            if route is None:
                return None
            return route.path, document()["paths"][f"/public/v1{route.path}"][method.lower()]
    return None


def require_conforming(method: str, target: str, actor: str, status: int, kind: str, body: bytes) -> None:
    """Raises AssertionError where an answer has a status or a member that is not described."""
    found = operation_at(method, target)
    if found is None:
        return
    path, operation = found
    answer = operation["responses"].get(str(status))
    assert answer is not None, f"{method} {path} answered {status}, which is not described: {body[:500]!r}"
    if "$ref" in answer:
        answer = document()["components"]["responses"][str(status)]
    content = answer.get("content", {})
    kind = kind.partition(";")[0]
    if not content:
        assert not body, f"{method} {path} answered {status} with a body"
        return
    assert kind in content, f"{method} {path} answered {status} with {kind}, which is not described"
    if not kind.endswith("json"):
        return
    schema = json.dumps(content[kind]["schema"], sort_keys=True)
    faults = [f"{'/'.join(map(str, each.instance_path))}: {each.message}" for each in
              validator(schema, actor).iter_errors(json.loads(body))]  # fmt: skip
    assert not faults, f"{method} {path} answered {status} to {actor} otherwise than described: {faults[:5]}"


@cache
def validator(schema: str, actor: str) -> Any:
    """A strict reading of a schema: what is not described, or not for this actor to see, may not be there."""
    return jsonschema_rs.validator_for(
        {**json.loads(schema), "components": {"schemas": reached(schema, actor)}}, validate_formats=True
    )


def reached(schema: str, actor: str) -> dict[str, Schema]:
    """The schemas to which one refers, and those to which they do."""
    known, found, wanted = strict_texts(actor), dict[str, Schema](), set(REFERENCE.findall(schema))
    while wanted:
        name = wanted.pop()
        found[name] = strict(actor)[name]
        wanted |= {each for each in REFERENCE.findall(known[name]) if each not in found}
    return found


@cache
def strict_texts(actor: str) -> dict[str, str]:
    return {name: json.dumps(each) for name, each in strict(actor).items()}


@cache
def strict(actor: str) -> dict[str, Schema]:
    """All schemas, closed, with what an actor sees of them. An actor who is not known sees everything."""
    found = copy.deepcopy(document()["components"]["schemas"])
    for noun in NOUNS:
        if noun.name in found:
            _close(noun, found[noun.name], actor)
    for name in ("Meta", "PageMeta", "Problem"):
        found[name]["additionalProperties"] = False
    return found


def _close(noun: Noun, schema: Schema, actor: str, path: str = "") -> None:
    schema["additionalProperties"] = False
    for name, each in list(schema["properties"].items()):
        where = f"{path}{name}"
        if where.lower() in noun.structs:
            _close(noun, each, actor, f"{where}.")
        elif actor in ACTORS and actor not in each.get("x-sees", ACTORS):
            del schema["properties"][name]
