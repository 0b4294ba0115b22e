"""Requests that bring a file: multipart/form-data with a part of JSON and a part with the file (platform spec 0)."""

import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Final, cast

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from entrepot.http.receiving import pieces
from entrepot.http.sending import Receive
from entrepot.kernel.errors import TooLarge, Unreadable, WrongType
from entrepot.kernel.file import NAME_LENGTH_MAX, File, Upload

KIND: Final = "multipart/form-data"
REQUEST_BYTES_MAX: Final = 30_000_000
"""Source: spec 3.5: larger ones are refused with 400."""
PARTS_MAX: Final = 20
IN_MEMORY_BYTES_MAX: Final = 1 << 20
"""What is larger waits on disk until it is written."""


@dataclass(slots=True)
class Sent:
    """What came in: the JSON and its content type, and the file, if there is one."""

    raw: bytes
    kind: str
    file: File | None = None
    kept: BinaryIO | None = None

    @property
    def content(self) -> tuple[bytes, ...]:
        """What makes two requests the same, whatever lies between the parts."""
        if self.file is None:
            return (self.raw,)
        return self.raw, self.file.name.encode(), self.file.content_type.encode(), self.file.sha256

    def close(self) -> None:
        """Gives back what the file has taken."""
        if self.kept is not None:
            self.kept.close()


@dataclass(slots=True)
class _Part:
    """A part as it comes in."""

    headers: dict[bytes, bytes] = field(default_factory=dict)
    name: str = ""
    filename: str = ""
    kind: str = ""
    bytes_in: int = 0
    content: BinaryIO | None = None
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)


def is_multipart(headers: Mapping[bytes, bytes]) -> bool:
    """Whether a request says that it has parts."""
    return headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower() == KIND


async def read(
    upload: Upload, headers: Mapping[bytes, bytes], receive: Receive, *, json_bytes_max: int, keep: bool
) -> Sent:
    """The parts of a request, as they come in: of the file no more than a little is in memory at a time.

    Without `keep` the bytes of the file are looked at and dropped: nobody who is unknown fills the disk.
    Raises Unreadable for parts that cannot be read, WrongType for what has no parts.
    """
    if not is_multipart(headers):
        raise WrongType(f"Send {KIND} with {' and '.join(filter(None, (upload.body, upload.file)))}.")
    coming = pieces(headers, receive, REQUEST_BYTES_MAX, _too_long())
    parts = _Parts(upload, _boundary(headers), json_bytes_max, keep)
    try:
        async for piece in coming:
            parts.take(piece)
        return parts.sent()
    except BaseException:
        parts.close()
        raise


def _too_long() -> Unreadable:
    return Unreadable(f"A request with a file may have at most {REQUEST_BYTES_MAX} bytes.")


def _boundary(headers: Mapping[bytes, bytes]) -> bytes:
    _, options = parse_options_header(headers[b"content-type"].decode("latin-1"))
    boundary = options.get(b"boundary", b"")
    if not 1 <= len(boundary) <= 70:  # RFC 2046, 5.1.1
        raise Unreadable("The content type names no boundary of 1 to 70 characters.")
    return boundary


class _Parts:
    """Takes the pieces of a request apart."""

    def __init__(self, upload: Upload, boundary: bytes, json_bytes_max: int, keep: bool):
        self._upload, self._json_bytes_max, self._keep = upload, json_bytes_max, keep
        self._found: dict[str, _Part] = {}
        self._open: list[BinaryIO] = []
        self._part = _Part()
        self._count = 0
        self._ended = False
        self._header: list[bytes] = [b"", b""]
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._header_name,
                "on_header_value": self._header_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._end_headers,
                "on_part_data": self._data,
                "on_end": self._end,
            },
        )

    def take(self, piece: bytes) -> None:
        """The next piece. Raises Unreadable."""
        try:
            self._parser.write(piece)
        except FormParserError as fault:
            raise Unreadable("The parts of the request cannot be read.", {"$": [str(fault)[:200]]}) from None

    def sent(self) -> Sent:
        """What came in, all of it being there. Raises Unreadable."""
        if not self._ended:
            raise Unreadable("The parts of the request end early: the last boundary is missing.")
        body, file = self._found.get(self._upload.body), self._found.get(self._upload.file)
        if body is None and self._upload.body:
            raise Unreadable(
                f"The part {self._upload.body} is missing.", {self._upload.body: ["A part with JSON is required."]}
            )
        raw, kind = (_bytes_of(body), body.kind) if body is not None else (b"", "")
        return Sent(raw, kind, _file(file), file.content) if file is not None else Sent(raw, kind)

    def close(self) -> None:
        """Nothing comes of it."""
        for each in self._open:
            each.close()

    # What the parser tells -------------------------------------------------------------------

    def _begin(self) -> None:
        self._count += 1
        if self._count > PARTS_MAX:
            raise Unreadable(f"At most {PARTS_MAX} parts are allowed.")
        self._part = _Part()

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._header[0] += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1] += data[start:end]

    def _end_header(self) -> None:
        name, value = self._header
        self._part.headers[name.strip().lower()] = value
        self._header = [b"", b""]

    def _end_headers(self) -> None:
        part = self._part
        kind, options = parse_options_header(part.headers.get(b"content-disposition", b"").decode("latin-1"))
        if kind != b"form-data" or b"name" not in options:
            raise Unreadable("A part does not say its name.")
        part.name, part.filename = _text(options[b"name"]), _text(options.get(b"filename", b""))
        part.kind = part.headers.get(b"content-type", b"").decode("latin-1").strip()
        if part.name not in (self._upload.body, self._upload.file):
            return
        if part.name in self._found:
            raise Unreadable(f"The part {part.name} stands there twice.", {part.name: ["One part is allowed."]})
        self._found[part.name] = part
        if self._keep or part.name == self._upload.body:
            part.content = cast("BinaryIO", tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES_MAX))  # noqa: SIM115 (closed by close)
            self._open.append(part.content)

    def _data(self, data: bytes, start: int, end: int) -> None:
        part = self._part
        part.bytes_in += end - start
        if part.name == self._upload.body and part.bytes_in > self._json_bytes_max:
            raise TooLarge(f"At most {self._json_bytes_max} bytes are allowed in the part {part.name}.")
        if part.content is not None:
            piece = data[start:end]
            part.content.write(piece)
            part.digest.update(piece)

    def _end(self) -> None:
        self._ended = True


def _bytes_of(part: _Part) -> bytes:
    assert part.content is not None
    with part.content as content:
        content.seek(0)
        return content.read()


def _file(part: _Part) -> File:
    """The file of a part. Raises Unreadable for a name that no file can have."""
    name = part.filename.rpartition("/")[2].rpartition("\\")[2].strip()
    if not name or len(name) > NAME_LENGTH_MAX or not name.isprintable():
        told = f"A file name of 1 to {NAME_LENGTH_MAX} printable characters is required."
        raise Unreadable(f"The part {part.name} names no file.", {part.name: [told]})
    kept = part.content

    def content() -> BinaryIO:
        assert kept is not None, "the file was not kept"
        kept.seek(0)
        return kept

    return File(name, part.kind, part.bytes_in, part.digest.digest(), content)


def _text(value: bytes) -> str:
    """A name in a header: UTF-8, with what browsers write for a quotation mark."""
    try:
        found = value.decode()
    except UnicodeDecodeError:
        found = value.decode("latin-1")
    return found.replace("%22", '"')
