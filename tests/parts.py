"""Bodies of requests in parts, put together by hand: what is sound, and what is not."""

from dataclasses import dataclass

from tests.conforming import operation_at

BOUNDARY = "x-tests-x"
PDF = "application/pdf"
PARTS = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class Part:
    """One part as it is sent; no content type when it is empty."""

    name: str
    content: bytes
    kind: str = ""
    filename: str | None = None

    def sent(self) -> bytes:
        """The headers, and what follows them."""
        filename = "" if self.filename is None else f'; filename="{self.filename}"'
        kind = f"Content-Type: {self.kind}\r\n" if self.kind else ""
        head = f'Content-Disposition: form-data; name="{self.name}"{filename}\r\n{kind}\r\n'
        return head.encode() + self.content


def in_parts(*parts: Part, boundary: str = BOUNDARY) -> bytes:
    """A whole body."""
    between = f"--{boundary}\r\n".encode()
    return b"".join(between + each.sent() + b"\r\n" for each in parts) + f"--{boundary}--\r\n".encode()


def kind_of(boundary: str = BOUNDARY) -> str:
    """The content type of such a body."""
    return f"{PARTS}; boundary={boundary}"


def body_part(method: str, target: str) -> str | None:
    """The name of the part that holds the JSON, where a route takes nothing but parts."""
    name, is_file = _first_part(method, target)
    return None if is_file else name


def file_part(method: str, target: str) -> str | None:
    """The name of the part that holds the file, where a route takes a file by itself."""
    name, is_file = _first_part(method, target)
    return name if is_file else None


def _first_part(method: str, target: str) -> tuple[str | None, bool]:
    found = operation_at(method, target)
    content = found[1].get("requestBody", {}).get("content", {}) if found else {}
    if list(content) != [PARTS]:
        return None, False
    schema = content[PARTS]["schema"]
    name = schema["required"][0]
    return name, schema["properties"][name].get("format") == "binary"
