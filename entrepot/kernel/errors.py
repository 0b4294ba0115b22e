"""Every refusal the platform gives, and how it reads on the wire.

Refusal
├── Unreadable      400  the body cannot be read at all
├── Unknown         401  who asks is not known
├── Forbidden       403  who asks is on no row of that action
├── Missing         404  not there, or not for this caller: the answer is the same
├── NotOffered      405  the address exists, the method does not
├── NotAcceptable   406  nothing here can be given in the form that was asked for
├── Conflict        409  not now: the wrong state, or something else in flight
├── Precondition    412  the revision is no longer the one that was named
├── TooLarge        413
├── WrongType       415
├── Invalid         400  bad content; every fault at once, keyed by field
├── Mismatch        422  an idempotency key used again with other content
├── NotStreamed     501  it cannot be given as a stream
└── Unavailable     503  the database is away, or all places are taken; try again
"""

from collections.abc import Mapping

SECTION = {
    400: "15.5.1",
    401: "15.5.2",
    403: "15.5.4",
    404: "15.5.5",
    405: "15.5.6",
    406: "15.5.7",
    409: "15.5.10",
    412: "15.5.13",
    413: "15.5.14",
    415: "15.5.16",
    422: "15.5.21",
    429: "15.5.1",
    500: "15.6.1",
    501: "15.6.2",
    503: "15.6.4",
}


SEVERAL = "One or more validation errors occurred."


class Refusal(Exception):
    """A request that is refused, with the words the caller is told."""

    status = 400
    title = "Bad Request"

    def __init__(
        self,
        detail: str | None = None,
        errors: Mapping[str, list[str]] | None = None,
        *,
        title: str | None = None,
        headers: Mapping[str, str] | None = None,
    ):
        super().__init__(detail or self.title)
        self.detail = detail
        self.errors = dict(errors) if errors else {}
        self.title = title or type(self).title
        self.headers = dict(headers) if headers else {}

    def problem(self, trace_id: str) -> dict[str, object]:
        """The problem document (RFC 9457) with `errors` as a map of field to messages."""
        body: dict[str, object] = {
            "type": f"https://tools.ietf.org/html/rfc9110#section-{SECTION[self.status]}",
            "title": self.title,
            "status": self.status,
        }
        if self.detail:
            body["detail"] = self.detail
        body["traceId"] = trace_id
        if self.errors:
            body["errors"] = self.errors
        return body


class Unreadable(Refusal):
    pass


class Unknown(Refusal):
    status, title = 401, "Authentication Failed"


class Forbidden(Refusal):
    status, title = 403, "Forbidden"


class Missing(Refusal):
    status, title = 404, "Not Found"


class NotOffered(Refusal):
    status, title = 405, "Method Not Allowed"


class NotAcceptable(Refusal):
    status, title = 406, "Not Acceptable"


class Conflict(Refusal):
    """Not now. `unblocks` names the actors who can change that, where it does not follow from the thing's life."""

    status, title = 409, "Conflict"

    def __init__(self, detail: str | None = None, *, unblocks: str = "", headers: Mapping[str, str] | None = None):
        super().__init__(detail, headers=headers)
        self.unblocks = unblocks


class Precondition(Refusal):
    status, title = 412, "Precondition Failed"


class TooLarge(Refusal):
    status, title = 413, "Content Too Large"


class WrongType(Refusal):
    status, title = 415, "Unsupported Media Type"


class Invalid(Refusal):
    """Bad content. `errors` names each field and what is wrong with it."""

    def __init__(self, errors: Mapping[str, list[str]], detail: str | None = None, *, title: str | None = None):
        super().__init__(detail or SEVERAL, errors, title=title)


class Mismatch(Refusal):
    status, title = 422, "Unprocessable Content"


class NotStreamed(Refusal):
    status, title = 501, "Not Implemented"


class Unavailable(Refusal):
    status, title = 503, "Service Unavailable"
