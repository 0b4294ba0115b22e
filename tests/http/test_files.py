"""Files over HTTP: requests in parts, whatever is wrong with them, and what is given by `Accept`."""

import contextlib
import http.client
import re
from typing import Any
from urllib.parse import unquote

import httpx2
import pytest

from entrepot.http.downloads import chosen, disposition, wants_told
from entrepot.http.uploads import REQUEST_BYTES_MAX
from entrepot.kernel.file import DOCUMENTS, Held
from tests.orders import live
from tests.parts import BOUNDARY, PDF, Part, in_parts, kind_of
from tests.party import ok
from tests.serving import BODY_BYTES_MAX, FAULTS, Reply, Served, token_of

JSON = Part("attachment", b'{"name":"Contract"}', "application/json")
FILE = Part("file", b"%PDF content", PDF, "contract.pdf")
WHOLE = in_parts(JSON, FILE)


@pytest.fixture(scope="module")
def path(served: Served) -> str:
    """The attachments of a live agreement."""
    return f"/commerce/agreements/{live(served)['id']}/attachments"


def send(
    served: Served, path: str, raw: bytes, kind: str | None = None, who: str | None = "vendor", **more: Any
) -> Reply:
    return served.call(who, "POST", path, raw=raw, content_type=kind or kind_of(), **more)


# What cannot be read ----------------------------------------------------------------------------------

LONG = "b" * 70
BROKEN: dict[str, tuple[bytes, str]] = {
    "nothing at all": (b"", kind_of()),
    "no boundary": (WHOLE, "multipart/form-data"),
    "an empty boundary": (WHOLE, "multipart/form-data; boundary="),
    "a boundary in empty quotes": (WHOLE, 'multipart/form-data; boundary=""'),
    "a boundary that is too long": (in_parts(JSON, FILE, boundary=LONG + "b"), kind_of(LONG + "b")),
    "another boundary": (WHOLE, kind_of("other")),
    "JSON under the name of parts": (b'{"name":"x"}', kind_of()),
    "no last boundary": (WHOLE[: -len(BOUNDARY) - 8], kind_of()),
    "cut off in the last boundary": (WHOLE[:-4], kind_of()),
    "cut off in the file": (WHOLE[: WHOLE.index(b"content")], kind_of()),
    "cut off in a header": (WHOLE[:60], kind_of()),
    "a part without headers": (f"--{BOUNDARY}\r\n\r\nx\r\n--{BOUNDARY}--\r\n".encode(), kind_of()),
    "a part without a name": (WHOLE.replace(b'; name="attachment"', b""), kind_of()),
    "a part that is no form data": (WHOLE.replace(b"form-data; name", b"attachment; name"), kind_of()),
    "a header without a colon": (WHOLE.replace(b"Content-Type:", b"Content-Type"), kind_of()),
    "a header that never ends": (WHOLE.replace(b"Content-Type:", b"X: " + b"x" * 100_000 + b"\r\nContent-Type:"), kind_of()),
    "too many headers": (WHOLE.replace(b"Content-Type:", b"X: x\r\n" * 1000 + b"Content-Type:"), kind_of()),
    "line ends without a return": (WHOLE.replace(b"\r\n", b"\n"), kind_of()),
    "too many parts": (in_parts(JSON, *[Part(f"x{n}", b"") for n in range(40)], FILE), kind_of()),
    "no part with JSON": (in_parts(FILE), kind_of()),
    "the part with JSON under another name": (in_parts(Part("Attachment", b"{}"), FILE), kind_of()),
    "the part with JSON twice": (in_parts(JSON, JSON, FILE), kind_of()),
    "the file twice": (in_parts(JSON, FILE, FILE), kind_of()),
    "JSON that is none": (in_parts(Part("attachment", b"{"), FILE), kind_of()),
    "JSON that is no object": (in_parts(Part("attachment", b"[1]"), FILE), kind_of()),
    "JSON in UTF-16": (in_parts(Part("attachment", "{}".encode("utf-16")), FILE), kind_of()),
    "a file without a name": (in_parts(JSON, Part("file", b"x", PDF)), kind_of()),
    "a file whose name breaks the line": (in_parts(JSON, Part("file", b"x", PDF, "a\nb.pdf")), kind_of()),
    "a file whose name has a bell": (in_parts(JSON, Part("file", b"x", PDF, "a\ab.pdf")), kind_of()),
}  # fmt: skip


@pytest.mark.parametrize(("raw", "kind"), BROKEN.values(), ids=BROKEN)
def test_what_cannot_be_read_is_a_problem_and_never_a_fault_of_ours(
    served: Served, path: str, raw: bytes, kind: str
) -> None:
    before = served.fetch("select count(*) from files")
    reply = send(served, path, raw, kind)
    assert reply.status == 400, (reply.body, FAULTS[-1:])
    assert reply.headers["content-type"] == "application/problem+json"
    assert served.fetch("select count(*) from files") == before


def test_the_part_that_is_missing_is_named(served: Served, path: str) -> None:
    assert list(send(served, path, in_parts(FILE)).json["errors"]) == ["attachment"]
    assert list(send(served, path, in_parts(JSON)).json["errors"]) == ["file"]


@pytest.mark.parametrize(
    "kind",
    ["application/json", "text/plain", "multipart/mixed; boundary=x", "application/x-www-form-urlencoded", "", "x",
     "application/octet-stream", "multipart/form-datax; boundary=x"],
)  # fmt: skip
def test_what_does_not_come_in_parts_is_of_the_wrong_type(served: Served, path: str, kind: str) -> None:
    raw = b'{"name":"Key","type":"LicenseKey","licenseKey":"K"}'
    assert served.call("vendor", "POST", path, raw=raw, content_type=kind).status == 415


@pytest.mark.parametrize("kind", ["text/plain", "text/html", "application/xml", "multipart/form-data"])
def test_the_part_with_json_says_that_it_is_json_or_nothing(served: Served, path: str, kind: str) -> None:
    assert send(served, path, in_parts(Part("attachment", JSON.content, kind), FILE)).status == 415
    for said in ("", "application/json; charset=utf-8", "text/json", "application/merge-patch+json"):
        ok(send(served, path, in_parts(Part("attachment", JSON.content, said), FILE)))


def test_where_no_file_is_taken_parts_are_not_either(served: Served, path: str) -> None:
    made = ok(send(served, path, WHOLE))
    reply = served.call("vendor", "PUT", f"{path}/{made['id']}", raw=WHOLE, content_type=kind_of())
    assert reply.status == 415


def test_what_cannot_be_read_is_told_before_who_may_not(served: Served, path: str) -> None:
    """The order of refusals: 400, 413 and 415, then 401, 404, 403."""
    for who in (None, "client", "other vendor"):
        assert send(served, path, WHOLE[:-9], who=who).status == 400
        assert send(served, path, WHOLE, "text/plain", who=who).status == 415
    assert send(served, path, WHOLE, who=None).status == 401
    assert send(served, path, WHOLE, who="other vendor").status == 404
    assert send(served, path, WHOLE, who="client").status == 403


def test_other_parts_and_their_order_do_not_matter(served: Served, path: str) -> None:
    for parts in ((FILE, JSON), (Part("x", b"y" * 300_000), JSON, Part("", b""), FILE, Part("z", b"", PDF, "z.pdf"))):
        made = ok(send(served, path, in_parts(*parts)))
        assert served.call("client", "GET", f"{path}/{made['id']}", accept=PDF).body == FILE.content


def test_what_looks_like_a_boundary_within_the_file_is_the_file(served: Served, path: str) -> None:
    content = f"a\r\n--{BOUNDARY[:-1]}\r\nb\r\n--\r\n\r\n-{BOUNDARY}--\r\n--{BOUNDARY}".encode()[:-1] * 9
    made = ok(send(served, path, in_parts(JSON, Part("file", content, PDF, "a.pdf"))))
    assert served.call("client", "GET", f"{path}/{made['id']}", accept=PDF).body == content


def test_it_may_come_in_any_number_of_pieces(served: Served, path: str) -> None:
    """Boundaries and headers are cut anywhere."""
    for size in (1, 3, 17):
        pieces = [WHOLE[at : at + size] for at in range(0, len(WHOLE), size)]
        with httpx2.Client(base_url=served.url) as client:
            sent = {"authorization": f"Bearer {token_of('vendor')}", "content-type": kind_of()}
            answer = client.post(f"/public/v1{path}", content=iter(pieces), headers=sent)
        assert answer.status_code == 201, answer.text
        assert served.call("client", "GET", f"{path}/{answer.json()['id']}", accept=PDF).body == FILE.content


def test_names_of_files_lose_their_folders_and_keep_the_rest(served: Served, path: str) -> None:
    for sent, kept in {
        "Vertrag Müller №7 合同.pdf": "Vertrag Müller №7 合同.pdf",
        "C:\\\\Users\\\\me\\\\a.pdf": "a.pdf",
        "../../etc/passwd.pdf": "passwd.pdf",
        'say %22yes%22; x="y.pdf': 'say "yes"; x="y.pdf',
        "a;b=c.pdf": "a;b=c.pdf",
    }.items():
        made = ok(send(served, path, in_parts(JSON, Part("file", b"x", PDF, sent))))
        assert made["filename"] == kept
        given = served.call("client", "GET", f"{path}/{made['id']}", accept=PDF)
        assert _name_in(given.headers["content-disposition"]) == kept


# Limits -----------------------------------------------------------------------------------------------


def test_a_request_of_thirty_million_bytes_is_taken_and_one_byte_more_is_not(served: Served, path: str) -> None:
    room = REQUEST_BYTES_MAX - len(in_parts(JSON, Part("file", b"", PDF, "a.pdf")))
    content = bytes(1 << 16) * (room >> 16) + b"x" * (room & 0xFFFF)
    made = ok(send(served, path, in_parts(JSON, Part("file", content, PDF, "a.pdf"))))
    assert made["size"] == len(content)
    assert served.call("client", "GET", f"{path}/{made['id']}", accept=PDF).body == content
    reply = send(served, path, in_parts(JSON, Part("file", content + b"x", PDF, "a.pdf")))
    assert (reply.status, reply.headers["content-type"]) == (400, "application/problem+json")
    assert "30000000 bytes" in reply.json["detail"]
    assert served.call("vendor", "DELETE", f"{path}/{made['id']}").status == 204


def test_a_length_that_is_not_told_is_counted(served: Served, path: str) -> None:
    def endless():
        yield WHOLE.partition(b"%PDF")[0]
        for _ in range(40):
            yield bytes(1_000_000)

    conn = http.client.HTTPConnection(served.host, served.port, timeout=30)
    sent = {"Authorization": f"Bearer {token_of('vendor')}", "Content-Type": kind_of()}
    # The answer may come before the last byte is sent, and is read all the same.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        conn.request("POST", f"/public/v1{path}", endless(), sent, encode_chunked=True)
    answer = conn.getresponse()
    assert (answer.status, answer.getheader("content-type")) == (400, "application/problem+json")
    conn.close()


def test_the_part_with_json_is_no_longer_than_any_body(served: Served, path: str) -> None:
    long = b'{"name":"' + b"n" * BODY_BYTES_MAX + b'"}'
    assert send(served, path, in_parts(Part("attachment", long), FILE)).status == 413


# What is given ----------------------------------------------------------------------------------------

CSV = DOCUMENTS["csv"]
TABLE = [
    # what is accepted                                   of a PDF, of a CSV
    ("",                                                 "application/json", "application/json"),
    ("*/*",                                              "application/json", "application/json"),
    ("application/json",                                 "application/json", "application/json"),
    ("application/*",                                    "application/json", "application/json"),
    ("application/json, text/plain, */*",                "application/json", "application/json"),
    (PDF,                                                PDF,                None),
    (PDF.upper(),                                        PDF,                None),
    (f"{PDF};q=0.1",                                     PDF,                None),
    (f"{PDF}; q=0",                                      None,               None),
    (f"{PDF};q=x",                                       None,               None),
    ("text/*",                                           None,               CSV),
    ("text/csv, application/json",                       "application/json", "application/json"),
    ("text/csv, application/json;q=0.9",                 "application/json", CSV),
    (f"{PDF}, */*",                                      PDF,                "application/json"),
    (f"{PDF}, */*;q=0.1",                                PDF,                "application/json"),
    (f"*/*, {PDF};q=0",                                  "application/json", "application/json"),
    ("*/*;q=0.5, application/json;q=0",                 PDF,                CSV),
    ("text/html,application/xhtml+xml,*/*;q=0.8",        "application/json", "application/json"),
    ("image/png",                                        None,               None),
    ("application/octet-stream",                         None,               None),
    ("nonsense",                                         None,               None),
    (",",                                                None,               None),
]  # fmt: skip


@pytest.mark.parametrize(("accept", "pdf", "csv"), TABLE, ids=[row[0] or "nothing" for row in TABLE])
def test_what_is_wanted_most_is_given(accept: str, pdf: str | None, csv: str | None) -> None:
    for kind, wanted in ((PDF, pdf), (CSV, csv)):
        held = Held("x", kind, 1, lambda: iter(()))  # pyright: ignore[reportArgumentType]
        assert chosen(accept, held) == wanted
        assert not wants_told(accept) or wanted == "application/json"


@pytest.mark.parametrize(("accept", "form", "_"), TABLE, ids=[row[0] or "nothing" for row in TABLE])
def test_the_address_gives_either_and_head_says_which(
    served: Served, path: str, accept: str, form: str | None, _: str | None
) -> None:
    where = f"{path}/{ok(send(served, path, WHOLE))['id']}"
    reply = served.call("client", "GET", where, accept=accept)
    assert (reply.status, reply.headers["content-type"]) == ((200, form) if form else (406, "application/problem+json"))
    head = served.call("client", "HEAD", where, accept=accept)
    assert (head.status, head.body) == (reply.status, b"")
    for name in ("content-type", "content-disposition", "etag", "x-content-type-options"):
        assert head.headers.get(name) == reply.headers.get(name)
    if reply.status == 200:
        assert head.headers["content-length"] == reply.headers["content-length"] == str(len(reply.body))
    if form == PDF:
        assert reply.body == FILE.content


@pytest.mark.parametrize(
    "name",
    ["contract.pdf", "my contract.pdf", 'a"b.pdf', "a\\b.pdf", "a;b.pdf", "naïve.pdf", "合同.pdf", "a%22b.pdf", "😀.pdf",
     "a\u202efdp.exe.pdf", "x" * 255],
)  # fmt: skip
def test_a_name_is_one_header_and_comes_back_whole(name: str) -> None:
    header = disposition(name)
    assert header.isascii() and header.isprintable()
    assert header.count('"') == 2 and "\\" not in header
    assert _name_in(header) == name


def test_what_holds_no_file_gives_json_whatever_is_accepted(served: Served, path: str) -> None:
    agreement = path.removesuffix("/attachments")
    assert served.call("client", "GET", agreement, accept=PDF).headers["content-type"] == "application/json"


def test_a_list_gives_json_whatever_is_accepted(served: Served, path: str) -> None:
    assert served.call("client", "GET", path, accept=PDF).headers["content-type"] == "application/json"


def _name_in(header: str) -> str:
    """The whole name (RFC 8187)."""
    found = re.fullmatch(r"""attachment; filename="[^"\\]*"; filename\*=UTF-8''([\w.~%-]*)""", header, re.ASCII)
    assert found is not None, header
    return unquote(found[1], errors="strict")
