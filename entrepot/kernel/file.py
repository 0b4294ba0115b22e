"""A file that comes with a request: which action takes one, of which types, and what is told of it."""

import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

DOCUMENTS: Mapping[str, str] = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "csv": "text/csv",
}
"""Types of documents, by the last part of the file's name (spec 3.5)."""

PICTURES: Mapping[str, str] = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "svg": "image/svg+xml",
}
"""Types of pictures, by the last part of the file's name."""

FILMS: Mapping[str, str] = {
    "mp4": "video/mp4",
    "webm": "video/webm",
    "mov": "video/quicktime",
}
"""Types of films, by the last part of the file's name."""

ICON_BYTES_MAX = 1_000_000

UNSAID = frozenset(("", "application/octet-stream"))
"""Content types that say nothing: then the name tells."""

ALSO: Mapping[str, frozenset[str]] = {
    "csv": frozenset(("text/plain", "application/csv", "application/vnd.ms-excel")),
}
"""What else programs call a type."""

NAME_LENGTH_MAX = 255


@dataclass(eq=False, slots=True)
class File:
    """A file on its way in. `content` gives its bytes, from the beginning each time. `size` is in bytes.

    `outside`: its bytes lie in an object store already, where nobody holds them yet.
    """

    name: str
    content_type: str
    size: int
    sha256: bytes
    content: Callable[[], BinaryIO]
    key: str = field(default_factory=lambda: secrets.token_hex(16))
    outside: bool = False

    @property
    def told(self) -> dict[str, object]:
        """What the trail tells of it: never the bytes."""
        return {"name": self.name, "size": self.size, "sha256": self.sha256.hex()}


@dataclass(frozen=True, slots=True)
class Held:
    """A file that a thing holds, on its way out. `pieces` gives its bytes, some at a time."""

    name: str
    content_type: str
    size: int
    pieces: Callable[[], AsyncIterator[bytes]]


@dataclass(frozen=True, slots=True)
class Upload:
    """How an action takes a file, as multipart/form-data: a part `body` with the JSON, and a part `file`.

    Without a `body` the file comes by itself.

    `types` are the content types that are taken, by the last part of the name. `plain`: without a file the
    JSON may also come alone. `bytes_max` is the most that the file may have; 0 leaves it to the request's own limit.
    """

    body: str
    types: Mapping[str, str]
    file: str = "file"
    plain: bool = False
    bytes_max: int = 0

    def type_of(self, file: File) -> str | None:
        """The content type under which the file is kept; None where it is of none that is taken."""
        ending = file.name.rpartition(".")[2].lower()
        kind = self.types.get(ending)
        said = file.content_type.partition(";")[0].strip().lower()
        return kind if said == kind or said in UNSAID or said in ALSO.get(ending, ()) else None


def pictured(body: str, file: str = "icon") -> Upload:
    """How a thing comes with its icon: the JSON alone, or beside a picture (platform spec 0)."""
    return Upload(body, PICTURES, file, plain=True, bytes_max=ICON_BYTES_MAX)


class Unplaced(Exception):
    """The file's bytes must lie in the object store first; the door puts them there and runs the verb again."""

    def __init__(self, file: File):
        super().__init__(file.key)
        self.file = file
