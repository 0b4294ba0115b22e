"""Refusals as Pax8 words them: one envelope for all, a detail for each field, the flat list that older clients read."""

from collections.abc import Callable, Mapping

from entrepot.kernel.errors import Invalid, Refusal

TYPES = {
    400: "BAD_REQUEST",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    409: "CONFLICT",
    412: "PRECONDITION_FAILED",
    413: "CONTENT_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    422: "UNPROCESSABLE_ENTITY",
    429: "TOO_MANY_REQUESTS",
    500: "INTERNAL_SERVER_ERROR",
    503: "SERVICE_UNAVAILABLE",
}

Faults = Mapping[str, list[str]]
Rename = Callable[[str], str]
"""What Pax8 calls the field that the core names."""


class BadRequest(Refusal):
    """What cannot be read as what it should be: the wrong type, a value beyond what the field can hold."""

    status = 400

    def __init__(self, errors: Faults, detail: str | None = None):
        first = next(iter(errors), "")
        said = "Invalid input, please check the documentation for allowed values." + (
            f" field: {first}" if first else ""
        )
        super().__init__(detail or said, errors)


class Unprocessable(Refusal):
    """It can be read, and does not hold: each field is named, with what would be right."""

    status, title = 422, "Unprocessable Entity"

    def __init__(self, detail: str, errors: Faults | None = None):
        super().__init__(detail, errors)


class TooMany(Refusal):
    """More calls than a minute allows."""

    status, title = 429, "Too Many Requests"


def reworded(refusal: Refusal, what: str, rename: Rename = lambda name: name) -> Refusal:
    """A refusal of the core as an answer of this API: its rules become a 422 under the names that were sent.

    Who asks, what is not there, and what is tried again stay as they are.
    """
    if isinstance(refusal, Invalid):
        errors: dict[str, list[str]] = {}
        for name, messages in refusal.errors.items():
            errors.setdefault(rename(name), []).extend(messages)
        return Unprocessable(f"Invalid {what}", errors)
    if refusal.status == 409 and "Retry-After" not in refusal.headers:
        return Unprocessable(refusal.detail or refusal.title)
    return refusal


def envelope(refusal: Refusal, instance: str) -> dict[str, object]:
    """The body of a refusal."""
    message = refusal.detail or refusal.title
    told = [f"{name}: {words}" if name else words for name, each in refusal.errors.items() for words in each]
    body: dict[str, object] = {
        "type": TYPES.get(refusal.status, "BAD_REQUEST"),
        "message": message,
        "instance": instance,
        "status": refusal.status,
        "details": [
            {"type": TYPES.get(refusal.status, "BAD_REQUEST"), "message": each, "status": refusal.status}
            for each in told
        ],
    }
    if refusal.status in (400, 404, 422):
        body["errors"] = told or [message]
    if refusal.status == 401:
        body |= {"error": "access_denied", "error_description": "Unauthorized", "message": "Unauthorized"}
    return body
