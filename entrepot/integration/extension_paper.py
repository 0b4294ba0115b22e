"""What an extension gives to read, to look at and to agree to: documents, media, terms and their texts."""

import sqlalchemy as sa

from entrepot.accounts.dealings import vendor_unseen
from entrepot.catalog import paper
from entrepot.integration.extension import EXTENSION
from entrepot.integration.publication import BORN, EVENTS, LIFE, WRITES, shown
from entrepot.kernel import plain
from entrepot.kernel.access import Who
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Load
from entrepot.kernel.errors import Forbidden
from entrepot.kernel.field import audited, enum, ref
from entrepot.kernel.file import PICTURES, Upload
from entrepot.kernel.ids import Ids
from entrepot.kernel.noun import Noun, Sees
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, given


def _within(noun: Noun, owner: str) -> Sees:
    def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
        return shown(row, who, noun, owner)

    return sees


STATES = " ".join(LIFE.states)
OF_EXTENSION = _within(EXTENSION, "extension_id")

DOCUMENT = Noun(
    name="ExtensionDocument",
    path="integration/extensions/{extension}/documents",
    table_name="extension_documents",
    ids=Ids("EDM", 3, child_of="extension"),
    owner="extension",
    life=LIFE,
    sees=OF_EXTENSION,
    audience=("vendor_id",),
    keeper="vendor_id",
    fields=(
        *paper.as_document(WRITES, BORN),
        enum("status", STATES, core=True),
        ref("extension", "integration/extensions"),
        vendor_unseen(),
        *audited(*EVENTS),
    ),
)

MEDIA = Noun(
    name="ExtensionMedia",
    path="integration/extensions/{extension}/media",
    table_name="extension_media",
    ids=Ids("EXM", 3, child_of="extension"),
    owner="extension",
    life=LIFE,
    sees=OF_EXTENSION,
    audience=("vendor_id",),
    keeper="vendor_id",
    fields=(
        *paper.as_media(WRITES, BORN),
        enum("status", STATES, core=True),
        ref("extension", "integration/extensions"),
        vendor_unseen(),
        *audited(*EVENTS),
    ),
)

TERMS = Noun(
    name="ExtensionTerms",
    path="integration/extensions/{extension}/terms",
    table_name="extension_terms",
    ids=Ids("ETC", 3, child_of="extension"),
    owner="extension",
    life=LIFE,
    sees=OF_EXTENSION,
    audience=("vendor_id",),
    keeper="vendor_id",
    fields=(
        *paper.as_terms(WRITES),
        enum("status", STATES),
        ref("extension", "integration/extensions"),
        vendor_unseen(),
        *audited(*EVENTS),
    ),
)

VARIANT = Noun(
    name="ExtensionTermsVariant",
    path="integration/extensions/{extension}/terms/{term}/variants",
    table_name="extension_terms_variants",
    ids=Ids("ETV", 4, child_of="term"),
    owner="term",
    life=LIFE,
    sees=_within(TERMS, "term_id"),
    audience=("vendor_id",),
    keeper="vendor_id",
    fields=(
        *paper.as_variant(WRITES, BORN, telling=f"{WRITES} operations:Draft,Published,Unpublished"),
        enum("status", STATES),
        ref("term", "integration/extensions/{extension}/terms"),
        vendor_unseen(),
        *audited(*EVENTS),
    ),
)
"""Source: platform spec 9."""

PICTURED = Upload("", PICTURES)
"""How a picture comes in by itself."""


def _is_owner(row: sa.FromClause) -> sa.ColumnElement[bool]:
    return row.c.id == given("owner")


OWN_EXTENSION = {"owners": Want(EXTENSION, lambda row: sa.and_(_is_owner(row), row.c.vendor_id == given("account")))}
OWN_TERMS = {"owners": Want(TERMS, lambda row: sa.and_(_is_owner(row), row.c.vendor_id == given("account")))}


async def of_extension(load: Load, call: Call, _: None, body: Body) -> Got:
    """The extension in the address, where it is the caller's own."""
    return _owned(call, await load(OWN_EXTENSION, owner=call.owner_id, account=call.caller.account_id))


async def of_terms(load: Load, call: Call, _: None, body: Body) -> Got:
    """The terms in the address, where they are the caller's own."""
    return _owned(call, await load(OWN_TERMS, owner=call.owner_id, account=call.caller.account_id))


def _owned(call: Call, got: Got) -> Got:
    if not got.owners:
        raise Forbidden(f"{call.owner_id} is another vendor's.")
    return got


create_document = paper.create(DOCUMENT, "url", paper.DOCUMENT_ALIAS)
create_media = paper.create(MEDIA, "url", paper.MEDIA_ALIAS)
create_variant = paper.create(VARIANT, "assetUrl")


update_document = update_media = paper.update("url")
update_variant = paper.update("assetUrl")


def create_terms(call: Call, _: None, body: Body, got: Got) -> Thing:
    """Terms are drafted; their texts are the variants."""
    return plain.begin(call, TERMS, body, vendor_id=got.owners[0].vendor_id)


def show(call: Call, media: Thing, body: Body, got: None) -> None:
    """A picture takes the place of what was shown before."""
    if call.file is None:
        call.missing(PICTURED.file, "A picture is required.")
        return
    call.hold(media)
    media.url, media.type = None, "Image"
