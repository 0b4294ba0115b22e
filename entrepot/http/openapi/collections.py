"""What the addresses of collections do, told from the declarations: noun, fields, life, actions."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from entrepot.http.openapi.examples import Examples, sample, whole_reader
from entrepot.http.openapi.operation import BINARY, READ, WRITE, Operation, answer
from entrepot.http.openapi.schemas import Schema, body_schema, pointer
from entrepot.http.routes import Route
from entrepot.http.uploads import REQUEST_BYTES_MAX
from entrepot.kernel.field import ACTORS, CREATE
from entrepot.kernel.file import PICTURES, Upload
from entrepot.kernel.noun import Noun, Nouns
from entrepot.kernel.resource import ALL, Resource

ID = "id"

QUERY = (
    "Everything in the query that is none of `limit`, `offset`, `order` and `select` is a filter: `name=value`, or "
    "expressions in RQL such as `and(eq(status,Active),gt(audit.created.at,2026-01-01))`, joined by `&`. "
    "Fields that are not yours to see are unknown to you here too."
)

LIMIT: Schema = {
    "name": "limit",
    "in": "query",
    "description": "How many at most; 100 when not given, never more than 1000. 0 gives the total alone.",
    "schema": {"type": "integer", "minimum": 0},
    "example": 10,
}
OFFSET: Schema = {
    "name": "offset",
    "in": "query",
    "description": "How many to pass over.",
    "schema": {"type": "integer", "format": "int64", "minimum": 0},
    "example": 0,
}
ORDER: Schema = {
    "name": "order",
    "in": "query",
    "description": "Fields to order by, separated by commas; `-` before a name descends.",
    "schema": {"type": "string"},
}
SELECT: Schema = {
    "name": "select",
    "in": "query",
    "description": "What to show beside the usual, or not to: `lines,agreement.client,-notes`, or `-*,id,name`.",
    "schema": {"type": "string"},
    "example": "audit",
}
STREAMING: Schema = {
    "name": "MPT-Streaming",
    "in": "header",
    "description": "`true` gives the whole collection of one moment, as long as it is; no limit holds.",
    "schema": {"type": "string", "enum": ["true", "false"]},
}
CURSOR: Schema = {
    "name": "cursor",
    "in": "query",
    "description": "Where to go on, as an earlier page said; from the beginning when not given, from here on by `now`.",
    "schema": {"type": "string", "maxLength": 18},
}
WAIT: Schema = {
    "name": "wait",
    "in": "query",
    "description": "Seconds to wait for something to happen where there is nothing yet; 30 at most.",
    "schema": {"type": "integer", "minimum": 0, "maximum": 30},
}
EXPLAINED = {"name": "update", "by": ["client", "vendor", "operations"], "state": "Open"}
KEY: Schema = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Makes a request safe to send again: within 24 hours the same key gives the same answer.",
    "schema": {"type": "string", "maxLength": 255, "pattern": "^[\\x20-\\x7e]*$"},
}
PREFER: Schema = {
    "name": "Prefer",
    "in": "header",
    "description": "`dry-run` answers as if the request had been done, and changes nothing.",
    "schema": {"type": "string", "pattern": "^[\\x20-\\x7e]*$"},
}
IF_MATCH: Schema = {
    "name": "If-Match",
    "in": "header",
    "description": "The `ETag` that the thing must still have.",
    "schema": {"type": "string", "pattern": "^[\\x20-\\x7e]*$"},
}

ETAG: Schema = {"ETag": {"schema": {"type": "string"}, "description": "The revision, as `If-Match` takes it."}}
WRITTEN: Schema = {
    "Idempotent-Replayed": {
        "schema": {"type": "string"},
        "description": "The answer of an earlier request.",
    },
    "Preference-Applied": {"schema": {"type": "string"}, "description": "`dry-run`: nothing was changed."},
}
LOCATION: Schema = {"Location": {"schema": {"type": "string"}, "description": "The address of what was made."}}


class Collections:
    """Tells what each route of a collection does."""

    def __init__(self, nouns: Nouns):
        self._nouns = nouns
        self._examples = Examples(nouns)

    def operation(self, route: Route) -> Operation:
        """One route, told."""
        reads = route.method == "GET"
        refusals = READ if reads else WRITE if route.door == CREATE else (*WRITE, 412)
        if "{" not in route.path:
            refusals = tuple(each for each in refusals if each != 404)
        if reads:
            refusals = (*refusals, 406 if route.door == "search" else 501)
        if route.door == "get" and taken(route.resource):
            refusals = (*refusals, 406)
        body, example = self._body(route)
        return Operation(
            method=route.method,
            path=route.path,
            name=name_of(route),
            module=route.resource.address.partition("/")[0],
            summary=summary(route),
            description=description(route),
            actors=tuple(actor for actor in ACTORS if actor in actors(route)),
            parameters=tuple(self._parameters(route)),
            body=body,
            body_example=example,
            upload=route.action.takes_file if route.action else None,
            answers=self._answers(route),
            refusals=refusals,
        )

    def _body(self, route: Route) -> tuple[Schema | None, Mapping[str, object]]:
        action = route.action
        if action is None or route.door == "remove":
            return None, {}
        actor = next(each for each in ACTORS if each in actors(route))
        return body_schema(route.resource, action, self._nouns), self._examples.body(route.resource, action, actor)

    def _parameters(self, route: Route) -> Iterator[Schema]:
        noun = route.resource.noun
        for name in re.findall(r"\{([^}]*)\}", route.path):
            yield self._path_parameter(route, name)
        if route.door in ("search", "follow"):
            yield {
                "name": "filter",
                "in": "query",
                "style": "form",
                "explode": True,
                "description": QUERY,
                "schema": {"$ref": pointer(f"{noun.name}Filter")},
            }
            yield LIMIT
        if route.door == "search":
            yield OFFSET
            yield {**ORDER, "example": noun.order}
            yield STREAMING
        if route.door == "follow":
            yield CURSOR
            yield WAIT
        if route.door in ("search", "get", "follow"):
            yield SELECT
        if route.method != "GET":
            yield KEY
            yield PREFER
            if route.door != "create":
                yield IF_MATCH

    def _path_parameter(self, route: Route, name: str) -> Schema:
        noun = route.resource.noun
        if name != ID:
            noun = self._owner(noun, name)
        return {
            "name": name,
            "in": "path",
            "required": True,
            "description": f"The {'' if name == ID else 'owning '}{noun.word}.",
            "schema": {"type": "string", "minLength": 1},
            "example": self._examples.thing_id(noun),
        }

    def _owner(self, noun: Noun, name: str) -> Noun:
        """The thing that a name in the address stands for: the owner, or its owner in turn."""
        for each in noun.all_fields:
            if each.kind == "ref" and each.name.lower() == name.lower():
                return self._nouns[each.target]
        return self._owner(self._nouns[noun.owner_field.target], name) if noun.owner else noun

    def _answers(self, route: Route) -> Mapping[int, Schema]:
        noun = route.resource.noun
        whole = {"$ref": pointer(noun.name)}
        example = {"$ref": f"#/components/examples/{noun.name}"}
        match route.door:
            case "search":
                page = {"$ref": pointer(f"{noun.name}Page")}
                shown = {"page": {"$ref": f"#/components/examples/{noun.name}Page"}}
                told = answer("A page, or a line for each thing in streaming mode.", page, examples=shown)
                line = '{"id": "' + self._examples.thing_id(noun) + '"}\n'
                told["content"]["application/jsonl"] = {"schema": {"type": "string"}, "example": line}
                return {200: {**told, **self._links(route)}}
            case "follow":
                page = {"$ref": pointer("FeedMeta")}
                feed: Schema = {
                    "type": "object",
                    "required": ["$meta", "data"],
                    "properties": {"$meta": page, "data": {"type": "array", "items": whole}},
                }
                shown = self._examples.document(noun, whole_reader(route.resource))
                told = answer(
                    "What happened.", feed, example={"$meta": {"cursor": "4711", "more": False}, "data": [shown]}
                )
                told["content"]["text/event-stream"] = {
                    "schema": {"type": "string"},
                    "example": "id: 4711\ndata: {}\n\n",
                }
                return {200: told}
            case "get":
                told = answer("The thing.", whole, examples={"whole": example})
                if upload := taken(route.resource):
                    told["description"] = "The thing; or its file, where that is what `Accept` names."
                    told["content"] |= {kind: {"schema": BINARY} for kind in upload.types.values()}
                return {200: {**told, "headers": ETAG}}
            case "picture":
                kinds = dict.fromkeys(PICTURES.values())
                return {200: {"description": "The picture.", "content": {kind: {"schema": BINARY} for kind in kinds}}}
            case "explain":
                shown = {"id": self._examples.thing_id(noun), "revision": 3, "actions": [EXPLAINED]}
                return {200: answer("The actions, each with its state.", {"$ref": pointer("Actions")}, example=shown)}
            case "render":
                return {200: answer("The text, as Markdown.", {"type": "string"}, example="# Your order")}
        action = route.action
        assert action is not None
        if action.answers == 204:
            return {204: {"description": "Done.", "headers": WRITTEN}}
        if action.gives:
            told = answer("What the action gives.", dict(action.gives), example=sample(action.gives))
            return {action.answers: {**told, "headers": WRITTEN}}
        told = answer("The thing as it is now.", whole, examples={"whole": example})
        headers = {**ETAG, **WRITTEN, **(LOCATION if route.door == "create" else {})}
        return {action.answers: {**told, "headers": headers, **self._links(route)}}

    def _links(self, route: Route) -> Schema:
        """From a list, or from what was made, to the thing itself."""
        if route.resource.lists_only or route.door not in ("search", "create"):
            return {}
        found = "$response.body#/id" if route.door == "create" else "$response.body#/data/0/id"
        owners = {name: f"$request.path.{name}" for name in re.findall(r"\{([^}]*)\}", route.path)}
        if route.resource.noun.single:
            target, named = Route("GET", route.path, "get", route.resource), {}
        else:
            target, named = Route("GET", f"{route.path}/{{id}}", "get", route.resource), {ID: found}
        return {"links": {"thing": {"operationId": name_of(target), "parameters": {**owners, **named}}}}


def taken(resource: Resource) -> Upload | None:
    """How the file comes in that a thing of this collection holds."""
    if resource.noun.file is None:
        return None
    return next((each.takes_file for each in resource.offered() if each.takes_file is not None), None)


def name_of(route: Route) -> str:
    """The operationId: the address without its ids, then what is done."""
    room, *rest = route.path.strip("/").split("/")
    # An id right after the room is told: else `accounts/{account}/users` would be `accounts/users`.
    first = [f"of_{rest[0].strip('{}')}"] if rest and rest[0].startswith("{") else []
    segments = [room, *first, *(each for each in rest if not each.startswith("{"))]
    verb = {"search": "list", "remove": "delete"}.get(route.door, route.door)
    words = segments if route.door in ("act", "render") else [*segments, verb]
    if route.door == "act" and route.method != "POST":
        words = [*words, route.method.lower()]
    return "_".join(words).replace("-", "_")


def actors(route: Route) -> frozenset[str]:
    """Who may ask."""
    if route.action is not None:
        return route.action.actors(route.resource.noun) & ALL
    reads = route.resource.reads & ALL
    return reads & route.resource.lists if route.door == "search" else reads


def summary(route: Route) -> str:
    """What it is for, in a sentence."""
    match route.door:
        case "search":
            return route.resource.summary or "A page of them."
        case "get":
            return route.resource.summary if route.resource.noun.single else "One of them, whole."
        case "follow":
            return route.resource.summary or "What happened, in order, from a cursor on."
        case "explain":
            return "What may be done with it now, what may not, why, and who may change that."
        case "picture":
            return "The picture that stands for it."
        case "render":
            assert route.text is not None
            return route.text.summary or _sentences(route.text.render)[0]
        case _:
            assert route.action is not None
            return route.action.summary or _said(route)[0]


def description(route: Route) -> str:
    """What it means, who may ask, and when."""
    return "\n\n".join(filter(None, _paragraphs(route)))


def _paragraphs(route: Route) -> Iterator[str]:
    resource, action = route.resource, route.action
    if route.door == "search":
        yield f"{resource.summary} A page of those that the caller may see.".strip()
        yield QUERY
    elif route.door == "follow":
        yield f"{resource.summary} Ask again with the cursor of the answer, or keep the stream open.".strip()
        yield QUERY
    elif route.door == "explain":
        yield "Each action is tried without content, as a dry run: the rules that judge it are those of the real one."
        yield "`errors` tells what must be given or mended first, `unblockedBy` who can bring about what is blocked."
    elif route.door == "picture":
        yield "Its bytes, whatever `Accept` says; 404 where there is none."
    elif route.door == "get":
        if not resource.noun.single:
            yield f"One {resource.noun.word}, whole: what lists leave out is here too."
        yield resource.summary
        if taken(resource):
            yield "With the `contentType` of its file in `Accept` the file itself is given."
    else:
        yield from _said(route)
        if action is not None and (upload := action.takes_file):
            beside = f"`{upload.body}` with the JSON, and " if upload.body else ""
            yield (
                f"Comes in parts: {beside}`{upload.file}` with a file of type "
                f"{_among(upload.types)}; {REQUEST_BYTES_MAX:,} bytes at most in all."
            )
    yield f"Asked by {_among(actor for actor in ACTORS if actor in actors(route))}."
    if action is not None and action.moves and resource.noun.life is not None:
        for row in resource.noun.life.moves:
            if row.verb in action.moves.split() and row.by & ALL:
                who = _among(actor for actor in ACTORS if actor in row.by)
                yield f"From {' or '.join(row.sources)} to {row.target}, by {who}."


def _among(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


USUAL: Mapping[str, str] = {
    "create": "A new one begins, as the body tells it.",
    "update": "What is given is written, as far as it is the caller's to write.",
    "review": "It is handed in, for the distributor to look at.",
    "publish": "It is published: whoever may see it finds it from now on.",
    "unpublish": "It is withdrawn. What was begun with it goes on.",
    "activate": "It takes part from now on.",
    "deactivate": "It takes no part until it is activated.",
    "enable": "It is in use once more.",
    "disable": "It is out of use until it is enabled.",
}
"""What actions do that have no rule of their own."""


def _said(route: Route) -> list[str]:
    """What the function behind a route says of itself; of a verb without a rule of its own, what such verbs do."""
    action = route.action
    found = _sentences(route.text.render if route.text else action.run if action else None)
    return [USUAL[action.name]] if found == [""] and action is not None and action.name in USUAL else found


def _sentences(function: Callable[..., Any] | None) -> list[str]:
    """What a function says it means to the business, paragraph by paragraph, without where it was taken from."""
    text = re.sub(r" \((?:commerce |platform )?(?:spec|T\d)[^)]*\)", "", (function.__doc__ or "") if function else "")
    blocks = (" ".join(block.split()) for block in text.split("\n\n"))
    told = [re.sub(r"\s*Source: .*", "", block) for block in blocks if block and not block.startswith("Source:")]
    return told or [""]
