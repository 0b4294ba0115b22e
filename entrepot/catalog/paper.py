"""What a product gives to read or to look at: a file that was handed in, or the address of one that lies elsewhere.

An address is kept and given back; nothing is ever fetched from it. Source: platform spec 2.7.
"""

import re
from collections.abc import Iterator

import sqlalchemy as sa

from entrepot.catalog.product import PRODUCT
from entrepot.kernel import plain
from entrepot.kernel.body import Body, convert
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Load
from entrepot.kernel.field import Field, enum, held_file, integer, text
from entrepot.kernel.file import DOCUMENTS, FILMS, PICTURES, Upload
from entrepot.kernel.noun import Noun
from entrepot.kernel.resource import Verb
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, given

ONLINE, FILE = "Online", "File"

_ADDRESS = re.compile(r"https?://[^\s/?#@]+(?:[/?#]\S*)?", re.IGNORECASE)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")


def is_address(value: object) -> list[str]:
    """What is wrong with an address on the web; an empty one is none."""
    right = not value or _ADDRESS.fullmatch(str(value))
    return [] if right else ["An address such as https://vendor.example/terms.pdf was expected."]


def is_language(value: object) -> list[str]:
    """What is wrong with a language such as `en` or `de-CH`."""
    right = not value or _LANGUAGE.fullmatch(str(value))
    return [] if right else ["A language such as en or de-CH was expected."]


TYPES = f"{ONLINE} {FILE}"
PICTURED = "Video Image"


def as_document(writes: str, born: str) -> tuple[Field, ...]:
    """What every document says of itself, and the file that it may be. `born`: who says so once, at its beginning."""
    return (
        text("name", longest=500, required=True, core=True, writes=writes),
        enum("type", TYPES, core=True, writes=born),
        text("description", longest=2000, writes=writes),
        text("language", longest=20, check=is_language, writes=writes),
        text("url", longest=2000, check=is_address, writes=writes),
        *held_file(),
    )


def as_media(writes: str, born: str) -> tuple[Field, ...]:
    """What every picture or film says of itself."""
    return (
        text("name", longest=500, required=True, core=True, writes=writes),
        enum("type", PICTURED, core=True, writes=born),
        text("description", longest=2000, writes=writes),
        integer("displayOrder", least=0, writes=writes),
        text("url", longest=2000, check=is_address, writes=writes),
        *held_file(),
    )


def as_terms(writes: str) -> tuple[Field, ...]:
    """What all terms say of themselves; their texts are variants."""
    return (
        text("name", longest=500, required=True, core=True, writes=writes),
        text("description", longest=2000, writes=writes),
        integer("displayOrder", least=0, writes=writes),
    )


def as_variant(writes: str, born: str, *, telling: str) -> tuple[Field, ...]:
    """What the text of some terms in one language says of itself. `telling`: who writes its name and description."""
    return (
        text("name", longest=500, writes=telling),
        enum("type", TYPES, core=True, writes=born),
        text("description", longest=2000, writes=telling),
        text("languageCode", longest=20, check=is_language, writes=writes),
        text("assetUrl", longest=2000, check=is_address, writes=writes),
        text("fileId"),
        *held_file(),
    )


DOCUMENT_UPLOAD = Upload("document", DOCUMENTS, plain=True)
MEDIA_UPLOAD = Upload("media", {**PICTURES, **FILMS}, plain=True)
VARIANT_UPLOAD = Upload("variant", DOCUMENTS, plain=True)
"""How papers come in: the JSON alone, or beside a file."""

DOCUMENT_ALIAS, MEDIA_ALIAS = enum("documentType", TYPES), enum("mediaType", PICTURED)
"""Other names under which bodies tell the type."""


def _owner(row: sa.FromClause) -> sa.ColumnElement[bool]:
    return row.c.id == given("owner")


OWNERS = {"owners": Want(PRODUCT, _owner)}


async def of_product(load: Load, call: Call, _: None, body: Body) -> Got:
    """The product in the address."""
    return await load(OWNERS, owner=call.owner_id)


def create(noun: Noun, address: str, *aliases: Field) -> Verb:
    """The verb that makes a paper. `address` is the field that says where it lies, unless it comes as a file.

    `aliases` are other names under which bodies tell its type (platform spec 2.7).
    """

    def run(call: Call, _: None, body: Body, got: Got) -> Thing:
        paper = plain.begin(call, noun, body, vendor_id=got.owners[0].vendor_id)
        for each in aliases:
            if "type" not in body and body.get(each.name) is not None:
                paper.type = convert(call, each, body.path(each.name), body.get(each.name))
        _require_place(call, paper, body, address)
        return paper

    return run


def update(address: str) -> Verb:
    """The verb that changes what is said of a paper. Its file stays; an address may become another."""

    def run(call: Call, paper: Thing, body: Body, got: None) -> None:
        plain.write(call, paper, body)
        _require_place(call, paper, body, address)

    return run


def _require_place(call: Call, paper: Thing, body: Body, address: str) -> None:
    """It lies in one place, and its type says what that is."""
    place, key = paper.noun.field(address), paper.noun.file
    assert key is not None, f"{paper.noun.name} holds no file"
    paper.now[place.column] = where = paper.now[place.column] or None
    held = paper.now[key.column] is not None
    if held and where:
        call.fault(body.path(address), "Either a file or an address is given, not both.")
    elif not held and not where and place.name not in call.faults:
        call.missing(body.path(address), "An address is required where no file comes along.")
    for message in _type_faults(paper, held=held):
        call.fault(body.path("type"), message)


def _type_faults(paper: Thing, *, held: bool) -> Iterator[str]:
    """What is wrong with the type, which follows from the place where it is not said."""
    kind = str(paper.content_type or "").partition("/")[0].capitalize()
    members = paper.noun.field("type").members
    if members == (ONLINE, FILE):
        fitting = FILE if held else ONLINE
    else:
        fitting = kind if held else None
    if paper.type is None:
        paper.type = fitting
    if paper.type is None:
        yield "A value is required."
    elif fitting is not None and paper.type != fitting:
        yield f"What comes like this is of type {fitting}."
