"""An attachment of a request: a document that one of its parties leaves there for the others."""

from entrepot.commerce.attachment import ATTACHED
from entrepot.commerce.request_party import party, unseen_party
from entrepot.kernel.body import Body, apply
from entrepot.kernel.call import Call, Got
from entrepot.kernel.errors import Forbidden
from entrepot.kernel.field import audited, held_file, ref, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing

EVERYBODY = "client vendor operations"

REQUEST_ATTACHMENT = Noun(
    name="RequestAttachment",
    path="commerce/requests/{request}/attachments",
    table_name="request_attachments",
    ids=Ids("ATT", 4),
    owner="request",
    sees=party,
    audience=("client_id", "vendor_id"),
    fields=(
        ref("request", "commerce/requests"),
        text("name", longest=180, required=True, core=True, writes=EVERYBODY),
        text("description", longest=250, writes=EVERYBODY),
        *held_file(),
        ref("account", "accounts/accounts"),
        *unseen_party(),
        *audited("created", "updated"),
    ),
)
"""Source: spec 3.7. It is always a file."""


def create(call: Call, _: None, body: Body, got: Got) -> Thing:
    """A document is attached for all parties to read."""
    request = got.request
    attachment = call.new(
        REQUEST_ATTACHMENT,
        request_id=request.id,
        account_id=call.caller.account_id,
        client_id=request.client_id,
        vendor_id=request.vendor_id,
        requester_id=request.requester_id,
    )
    apply(call, attachment, body, "create")
    if attachment.name is None and "name" not in call.faults:
        call.fault(body.path("name"), "A value is required.")
    if call.file is None:
        call.fault(ATTACHED.file, "A file is required.")
    else:
        call.hold(attachment)
    call.record("attachment.created", attachment, **({"file": call.file.told} if call.file else {}))
    return attachment


def update(call: Call, attachment: Thing, body: Body, got: None) -> None:
    """Its name and its description may be changed by whose it is, or by operations."""
    _require_own(call, attachment)
    apply(call, attachment, body)
    if attachment.changed():
        call.record("attachment.updated", attachment)


def delete(call: Call, attachment: Thing, body: None, got: None) -> None:
    """It is taken back for good, and its file with it, by whose it is, or by operations."""
    _require_own(call, attachment)
    facts = {"file": {"name": attachment.filename, "size": attachment.size}} if attachment.filename else {}
    call.record("attachment.deleted", attachment, name=attachment.name, **facts)
    call.erase(attachment)


def _require_own(call: Call, attachment: Thing) -> None:
    if not call.by("operations") and attachment.account_id != call.caller.account_id:
        raise Forbidden(f"Attachment {attachment.id} was left by another party.")
