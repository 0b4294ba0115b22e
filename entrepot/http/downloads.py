"""A thing that holds a file answers with what is told of it, or with the file: whichever `Accept` wants more."""

from urllib.parse import quote

from entrepot.http.sending import Headers, Receive, Sending, unless_gone
from entrepot.kernel.file import Held

JSON = "application/json"
PRIVATE = (b"cache-control", b"private, no-store")
PLAIN = frozenset(" !#$%&'()+,-.=@[]^_`{}~")
"""What may stand in a quoted name as it is, beside letters and digits."""


def weight(accept: str, kind: str) -> tuple[float, int]:
    """How much a content type is wanted, and how exactly it is named; 0 for one that is not (RFC 9110, 12.5.1)."""
    best, exactness = 0.0, -1
    for item in accept.lower().split(",") if accept.strip() else ["*/*"]:
        wanted, *more = (part.strip() for part in item.split(";"))
        exact = 2 if wanted == kind.lower() else 1 if wanted == f"{kind.partition('/')[0]}/*" else 0
        if (exact == 0 and wanted != "*/*") or exact < exactness:
            continue
        best, exactness = _weight(more), exact
    return best, exactness


def _weight(parameters: list[str]) -> float:
    for each in parameters:
        if each.startswith("q="):
            try:
                return min(max(float(each[2:]), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0


def wants_told(accept: str) -> bool:
    """Whether what is told of a thing is wanted, whatever the file is."""
    return weight(accept, JSON)[0] == 1.0 and _names_no_other(accept)


def _names_no_other(accept: str) -> bool:
    kinds = {item.partition(";")[0].strip().lower() for item in accept.split(",")}
    return kinds <= {"", "*/*", "application/*", JSON, "text/json"}


def chosen(accept: str, held: Held | None) -> str | None:
    """JSON, the file's own type, or None where neither is wanted. JSON goes before what is wanted no more."""
    forms = [JSON] if held is None else [JSON, held.content_type]
    wanted = [(weight(accept, form), form) for form in forms]
    (much, _), form = max(wanted, key=lambda each: each[0])
    return form if much > 0 else None


async def give(held: Held, receive: Receive, sending: Sending) -> None:
    """The bytes of a file. Nobody's program takes it for anything else than it is said to be."""

    async def work() -> None:
        await sending.start(200, headers(held))
        if not sending.bodiless:
            async for piece in held.pieces():
                await sending.write(piece)
        await sending.write(b"", last=True)

    await unless_gone(receive, work())


def headers(held: Held) -> Headers:
    """What is said of a file that is given."""
    return [
        (b"content-type", held.content_type.encode("latin-1")),
        (b"content-length", str(held.size).encode()),
        (b"content-disposition", disposition(held.name).encode("ascii")),
        (b"x-content-type-options", b"nosniff"),
        (b"vary", b"Accept"),
        PRIVATE,
    ]


def disposition(name: str) -> str:
    """The name of a file as a header (RFC 6266): plain for programs that know no other, and whole."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in PLAIN) else "_" for c in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
