"""An attachment of an agreement: a document, or a licence key, that the vendor or operations leave there for all."""

from entrepot.commerce.agreement import AGREEMENT
from entrepot.commerce.order import ORDER
from entrepot.commerce.party import PARTIES, parties, unseen_parties
from entrepot.kernel.body import Body, apply
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Load
from entrepot.kernel.field import audited, enum, held_file, ref, text
from entrepot.kernel.file import DOCUMENTS, Upload
from entrepot.kernel.ids import Ids
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, given

FILE, LICENSE_KEY = "File", "LicenseKey"
FOUND = "vendor:create operations:create"
LATER = "vendor operations"
ATTACHED = Upload("attachment", DOCUMENTS)
"""How every attachment comes in: a part `attachment` with what is said of it, and a part `file`."""

ATTACHMENT = Noun(
    name="AgreementAttachment",
    path="commerce/agreements/{agreement}/attachments",
    table_name="agreement_attachments",
    ids=Ids("ATT", 4),
    owner="agreement",
    sees=parties,
    audience=PARTIES,
    scope="buyer_id",
    party="client_id",
    fields=(
        ref("agreement", "commerce/agreements"),
        text("name", longest=180, required=True, core=True, writes=LATER),
        text("description", longest=250, writes=LATER),
        enum("type", f"{FILE} {LICENSE_KEY}", writes=FOUND),
        *held_file(),
        text("licenseKey", longest=1000, writes=FOUND),
        text("orderId", longest=40, writes=FOUND),
        *unseen_parties(),
        *audited("created", "updated"),
    ),
)
"""Source: spec 3.5. What it holds, and the order that it is about, are said once, when it is made."""


async def needs(load: Load, call: Call, _: None, body: Body) -> Got:
    """The agreement, and the order that is named."""
    return await load(NEEDS, agreement=call.owner_id, order=_order_id(body) or "")


NEEDS = {
    "agreements": Want(AGREEMENT, lambda row: row.c.id == given("agreement")),
    "orders": Want(
        ORDER, lambda row: (row.c.id == given("order")) & (row.c.agreement_id == given("agreement")), visible=True
    ),
}


def create(call: Call, _: None, body: Body, got: Got) -> Thing:
    """A document or a licence key is attached for all parties to read (spec 3.5)."""
    agreement = got.agreements[0]
    attachment = call.new(
        ATTACHMENT,
        agreement_id=agreement.id,
        client_id=agreement.client_id,
        vendor_id=agreement.vendor_id,
        buyer_id=agreement.buyer_id,
    )
    apply(call, attachment, body, state="create")
    if attachment.name is None and "name" not in call.faults:
        call.fault(body.path("name"), "A value is required.")
    if attachment.type is None:
        attachment.type = LICENSE_KEY if attachment.license_key and call.file is None else FILE
    if attachment.type == FILE:
        _take_file(call, attachment, body)
    else:
        _take_key(call, attachment, body)
    if attachment.order_id is not None and not got.orders:
        call.fault(body.path("orderId"), f"Order {attachment.order_id!r} was not found on this agreement.")
    call.record("attachment.created", attachment, **({"file": call.file.told} if call.file else {}))
    return attachment


def _take_file(call: Call, attachment: Thing, body: Body) -> None:
    if call.file is None:
        call.fault(ATTACHED.file, "A file is required.")
    else:
        call.hold(attachment)
    if attachment.license_key:
        call.fault(body.path("licenseKey"), f"Only an attachment of type {LICENSE_KEY} has one.")
    attachment.license_key = ""


def _take_key(call: Call, attachment: Thing, body: Body) -> None:
    if call.file is not None:
        call.fault(ATTACHED.file, f"An attachment of type {LICENSE_KEY} has no file.")
    if not attachment.license_key:
        call.fault(body.path("licenseKey"), "A value is required.")


def update(call: Call, attachment: Thing, body: Body, got: None) -> None:
    """Its name and its description may be changed, and nothing else."""
    apply(call, attachment, body)
    if attachment.changed():
        call.record("attachment.updated", attachment)


def delete(call: Call, attachment: Thing, body: None, got: None) -> None:
    """It is gone for good, and its file with it (spec 3.5)."""
    facts = {"file": {"name": attachment.filename, "size": attachment.size}} if attachment.filename else {}
    call.record("attachment.deleted", attachment, name=attachment.name, **facts)
    call.erase(attachment)


def _order_id(body: Body) -> str | None:
    found = body.get("orderId")
    return found if isinstance(found, str) and "\0" not in found else None
