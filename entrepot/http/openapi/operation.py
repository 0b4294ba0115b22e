"""What one address does, told to those who call it. Collections tell it by their declarations, all others by hand."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from entrepot.http.openapi.schemas import Schema, pointer
from entrepot.kernel.file import Upload

JSON = "application/json"
PARTS = "multipart/form-data"
BINARY: Schema = {"type": "string", "format": "binary"}

REFUSALS: Mapping[int, str] = {
    400: "The query or the body cannot be read, or its content is not accepted; `errors` names every fault.",
    401: "The token is missing, unknown or no longer valid.",
    403: "This actor is on no row of this action, or the token has no module for it.",
    404: "It is not there, or not for this caller.",
    406: "It is given in other forms than the request takes: a stream as JSON lines or one document, a file as it is.",
    409: "Not now: the wrong state, or somebody else changes the same things.",
    412: "The revision is no longer the one named in `If-Match`.",
    413: "The body is too large.",
    415: "The body is not JSON, or has no parts where a file is taken.",
    422: "The `Idempotency-Key` was used with another request.",
    501: "Only lists are given in streaming mode.",
    503: "The database is away for a moment, or all places are taken; try again.",
}

READ = (400, 401, 403, 404, 503)
WRITE = (400, 401, 403, 404, 409, 413, 415, 422, 503)


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path below the version root.

    `name` is its operationId, `module` its tag, `actors` are those who may ask. `answers` are the OpenAPI
    response objects of success by status, `refusals` the statuses that come as a problem document.
    With `upload` the body comes beside a file.
    """

    method: str
    path: str
    name: str
    module: str
    summary: str
    description: str
    actors: tuple[str, ...]
    answers: Mapping[int, Schema]
    refusals: tuple[int, ...] = READ
    parameters: tuple[Schema, ...] = ()
    body: Schema | None = None
    body_example: Mapping[str, object] = field(default_factory=dict)
    upload: Upload | None = None

    def as_object(self) -> Schema:
        """The operation object of OpenAPI."""
        found: dict[str, Any] = {
            "operationId": self.name,
            "tags": [self.module],
            "summary": self.summary,
            "description": self.description,
            "x-actors": list(self.actors),
        }
        if self.parameters:
            found["parameters"] = list(self.parameters)
        if self.body is not None:
            content: Schema = {"schema": self.body}
            if self.body_example:
                content["example"] = self.body_example
            kinds = {JSON: content}
            if self.upload is not None:
                kinds = {PARTS: _parts(self.upload, content), **(kinds if self.upload.plain else {})}
            found["requestBody"] = {"required": JSON not in kinds, "content": kinds}
        answers = {str(status): answer for status, answer in self.answers.items()}
        refusals = {str(status): {"$ref": f"#/components/responses/{status}"} for status in self.refusals}
        found["responses"] = dict(sorted((answers | refusals).items()))
        return found


def _parts(upload: Upload, content: Schema) -> Schema:
    """A body of two parts: the JSON, and the file. Or of the file alone."""
    kinds = ", ".join(dict.fromkeys(upload.types.values()))
    if not upload.body:
        alone: Schema = {"type": "object", "required": [upload.file], "properties": {upload.file: BINARY}}
        return {"schema": alone, "encoding": {upload.file: {"contentType": kinds}}}
    found: Schema = {
        "schema": {
            "type": "object",
            "required": [upload.body],
            "properties": {upload.body: content["schema"], upload.file: BINARY},
        },
        "encoding": {
            upload.body: {"contentType": JSON},
            upload.file: {"contentType": kinds},
        },
    }
    if "example" in content:
        found["example"] = {upload.body: content["example"]}
    return found


def answer(description: str, schema: Schema, **more: Any) -> Schema:
    """A JSON answer."""
    return {"description": description, "content": {JSON: {"schema": schema, **more}}}


def refusal(status: int) -> Schema:
    """The response object of a refusal."""
    found: Schema = {
        "description": REFUSALS[status],
        "content": {"application/problem+json": {"schema": {"$ref": pointer("Problem")}}},
    }
    if status in (409, 503):
        found["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait."}}
    return found
