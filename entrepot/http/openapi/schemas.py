"""What goes in and out, as JSON Schema: made from the fields of a noun, each with who sees and who writes it."""

from collections.abc import Iterable, Mapping
from typing import Any

from entrepot.kernel.field import ACTORS, CREATE, Field
from entrepot.kernel.noun import Noun, Nouns
from entrepot.kernel.resource import ALL, Action, Resource

Schema = dict[str, Any]

KINDS: Mapping[str, Schema] = {
    "id": {"type": "string"},
    "text": {"type": "string"},
    "enum": {"type": "string"},
    "integer": {"type": "integer", "format": "int32"},
    "counted": {"type": "integer", "format": "int32"},
    "decimal": {"type": "number", "format": "decimal"},
    "boolean": {"type": "boolean"},
    "timestamp": {"type": "string", "format": "date-time"},
    "date": {"type": "string", "format": "date"},
    "texts": {"type": "array", "items": {"type": "string"}},
}

META: Schema = {
    "type": "object",
    "description": "What is there beside what is shown.",
    "properties": {
        "omitted": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Fields that were left out; `select` brings them in.",
        }
    },
}

PAGE_META: Schema = {
    "type": "object",
    "required": ["pagination"],
    "properties": {
        "pagination": {
            "type": "object",
            "required": ["offset", "limit", "total"],
            "properties": {name: {"type": "integer", "minimum": 0} for name in ("offset", "limit", "total")},
        },
        "omitted": META["properties"]["omitted"],
    },
}

FEED_META: Schema = {
    "type": "object",
    "required": ["cursor", "more"],
    "properties": {
        "cursor": {"type": "string", "description": "Where to go on."},
        "more": {"type": "boolean", "description": "Whether there is more already."},
    },
}

ACTIONS: Schema = {
    "type": "object",
    "required": ["id", "revision", "actions"],
    "properties": {
        "id": {"type": "string"},
        "revision": {"type": "integer"},
        "status": {"type": "string"},
        "actions": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "by", "state"],
                "properties": {
                    "name": {"type": "string", "examples": ["process"]},
                    "by": {"type": "array", "items": {"type": "string"}, "description": "Whose action it is."},
                    "state": {"type": "string", "enum": ["Open", "NeedsContent", "Blocked"]},
                    "reason": {
                        "type": "object",
                        "properties": {"status": {"type": "integer"}, "detail": {"type": "string"}},
                        "description": "The refusal that the caller would get.",
                    },
                    "errors": {
                        "type": "object",
                        "additionalProperties": {"type": "array", "items": {"type": "string"}},
                    },
                    "unblockedBy": {
                        "type": "array",
                        "items": {"type": "string"},
                        "description": "Who can bring about that it may be done.",
                    },
                },
            },
        },
    },
}

PROBLEM: Schema = {
    "type": "object",
    "description": "Why a request was refused (RFC 9457).",
    "required": ["type", "title", "status", "traceId"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "traceId": {"type": "string", "description": "Finds the request in the log."},
        "errors": {
            "type": "object",
            "description": "What is wrong, by the path of the field or the part of the query.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
}


def pointer(name: str) -> str:
    """Where a schema of that name stands."""
    return f"#/components/schemas/{name}"


def seen_fields(noun: Noun) -> list[Field]:
    """Fields that anybody outside knows of."""
    return [each for each in noun.all_fields if each.sees & ALL]


def document_schema(noun: Noun, nouns: Nouns) -> Schema:
    """A thing as it goes out. Nothing is required: what is null, not selected or not the reader's is left out."""
    tree = _tree((each, _outgoing(each, nouns)) for each in seen_fields(noun))
    if noun.trailed and noun.path.count("{") <= 1:
        tree["properties"]["href"] = {"type": "string", "description": "The address below the version root."}
    tree["properties"]["$meta"] = {"$ref": pointer("Meta")}
    tree["x-core"] = [each.name for each in noun.all_fields if each.core]
    return tree


def page_schema(noun: Noun) -> Schema:
    """A page of a list."""
    return {
        "type": "object",
        "required": ["$meta", "data"],
        "properties": {
            "$meta": {"$ref": pointer("PageMeta")},
            "data": {"type": "array", "items": {"$ref": pointer(noun.name)}},
        },
    }


def filter_schema(noun: Noun) -> Schema:
    """The fields by which a list can be filtered, as `name=value`."""
    found: dict[str, Schema] = {}
    for each in seen_fields(noun):
        if not each.filterable or each.kind in ("refs", "part", "bag"):
            continue
        name = f"{each.name}.id" if each.kind == "ref" else each.name
        found[name] = {"type": "string", **_sees(each)}
        if each.members:
            found[name]["examples"] = [each.members[0]]
    return {"type": "object", "properties": found}


def body_schema(resource: Resource, action: Action, nouns: Nouns) -> Schema:
    """What the body of an action may hold: what whoever may ask may write, and what the action takes beside it."""
    noun = resource.noun
    actors = action.actors(noun) & ALL
    fields = [] if action.alone else writable_fields(noun, action, actors)
    taken = {each.name for each in action.takes}
    pairs = [(each, _incoming(each, noun, action, actors, nouns)) for each in fields if each.name not in taken]
    pairs += [(each, _incoming(each, noun, action, actors, nouns)) for each in action.takes]
    fields_required = [each for each in (*fields, *action.takes) if each.required]
    required = [each for each in fields_required if action.name == CREATE or each in action.takes]
    return _tree(pairs, required)


def writable_fields(noun: Noun, action: Action, actors: Iterable[str]) -> list[Field]:
    """Fields that any of these actors may write when it asks for the action."""
    return [each for each in noun.all_fields if _writers(each, noun, action, actors)]


def _writers(each: Field, noun: Noun, action: Action, actors: Iterable[str]) -> dict[str, list[str]]:
    """Who may write a field by an action, and in which states of the thing; none named means in any."""
    found: dict[str, list[str]] = {}
    for actor in ACTORS:
        if actor not in actors or actor not in each.writes:
            continue
        states = each.writes[actor]
        if action.name == CREATE:
            if states is None or CREATE in states:
                found[actor] = []
            continue
        here = _states(noun, action, actor)
        chosen = [state for state in here if states is None or state in states]
        if states is None or chosen:
            found[actor] = [] if states is None else chosen
    return found


def _states(noun: Noun, action: Action, actor: str) -> list[str]:
    """The states in which an actor may ask for an action."""
    if noun.life is None:
        return []
    if not action.moves:
        return list(noun.life.states)
    rows = [row for row in noun.life.moves if row.verb in action.moves.split() and actor in row.by]
    return list(dict.fromkeys(state for row in rows for state in row.sources))


def _outgoing(each: Field, nouns: Nouns) -> Schema:
    schema = _value(each, nouns)
    if each.told:
        schema["type"] = [schema["type"], "null"]
    notes = _sees(each)
    if each.heavy:
        notes["x-heavy"] = True
    if not each.filterable:
        notes["x-filter"] = False
    return {**schema, **notes}


def _value(each: Field, nouns: Nouns) -> Schema:
    match each.kind:
        case "ref":
            return {"$ref": pointer(nouns[each.target].name)}
        case "computed" if each.target:
            return {"$ref": pointer(nouns[each.target].name)}
        case "refs" | "part":
            return {"type": "array", "items": {"$ref": pointer(nouns[each.target].name)}}
        case "bag":
            return {"type": "array", "items": dict(each.schema) or {"type": "object"}}
        case "json" | "computed":
            return dict(each.schema)
        case "counted" if each.schema:
            return dict(each.schema)
        case "enum":
            return {**KINDS["enum"], "enum": list(each.members)}
        case kind:
            return dict(KINDS[kind])


def _sees(each: Field) -> Schema:
    return {} if each.sees >= ALL else {"x-sees": [actor for actor in ACTORS if actor in each.sees]}


def _incoming(each: Field, noun: Noun, action: Action, actors: frozenset[str], nouns: Nouns) -> Schema:
    schema = _written(each, noun, action, actors, nouns)
    if not each.required and isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
        if "enum" in schema:
            schema["enum"] = [*schema["enum"], None]
    if writers := _writers(each, noun, action, actors):
        schema["x-writes"] = writers
    return schema


def _written(each: Field, noun: Noun, action: Action, actors: frozenset[str], nouns: Nouns) -> Schema:
    match each.kind:
        case "ref":
            return _reference()
        case "refs":
            return {"type": "array", "items": _reference()}
        case "part":
            return {"type": "array", "items": _entry(each, noun, action, actors, nouns)}
        case "text":
            limits = {"maxLength": each.longest} if each.longest else {}
            return {**KINDS["text"], **limits, **({"minLength": 1} if each.required else {})}
        case "integer" if each.least is not None:
            return {**KINDS["integer"], "minimum": each.least}
        case _:
            return _value(each, nouns)


def _reference() -> Schema:
    return {"type": "object", "required": ["id"], "properties": {"id": {"type": "string", "minLength": 1}}}


def _entry(each: Field, noun: Noun, action: Action, actors: frozenset[str], nouns: Nouns) -> Schema:
    """One child within its owner's body; a child that belongs to another thing is only named."""
    child = nouns[each.target]
    properties: dict[str, Schema] = {"id": {"type": "string"}}
    if not child.owner or child.owner_field.target != noun.path:
        return {"type": "object", "required": ["id"], "properties": properties}
    inner = Action(action.name, action.run, by=" ".join(actors))
    pairs = [(f, _incoming(f, child, inner, actors, nouns)) for f in writable_fields(child, inner, actors)]
    tree = _tree(pairs)
    return {**tree, "properties": {**properties, **tree["properties"]}}


def _tree(pairs: Iterable[tuple[Field, Schema]], required: Iterable[Field] = ()) -> Schema:
    """Fields with dotted names as nested objects."""
    root: Schema = {"type": "object", "properties": {}}
    for each, schema in pairs:
        here = root
        for name in each.path[:-1]:
            here = here["properties"].setdefault(name, {"type": "object", "properties": {}})
        here["properties"][each.path[-1]] = schema
    for each in required:
        here = root
        for name in each.path:
            needed = here.setdefault("required", [])
            if name not in needed:
                needed.append(name)
            here = here["properties"][name]
    return root
