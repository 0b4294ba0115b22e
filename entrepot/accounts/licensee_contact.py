"""A contact is a person at a licensee, with what they are asked about: administration, billing, technical matters."""

from collections.abc import Iterable

import sqlalchemy as sa

from entrepot.accounts import licensee_link
from entrepot.accounts.dealings import SEE_ALL
from entrepot.kernel.access import Who
from entrepot.kernel.body import Body, apply
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Load
from entrepot.kernel.field import audited, document, ref, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing

ROLES = ("Admin", "Billing", "Technical")
CONTACTS_MAX = 100


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Operations all, a client those of its own licensees. Vendors see the one contact that a licensee names."""
    if who.actor in SEE_ALL:
        return sa.true()
    if who.actor == "client":
        return sa.and_(row.c.account_id == who.account, who.reach(row.c.buyer_id))
    return sa.false()


def roles(value: object) -> list[str]:
    """What is wrong with what somebody is asked about: `[{"type": "Billing", "primary": true}]`."""
    words = f"A list of roles was expected: one of {', '.join(ROLES)} each, with primary true or false."
    if not isinstance(value, list) or len(value) > len(ROLES):
        return [words]
    for each in value:
        if (
            not isinstance(each, dict)
            or each.get("type") not in ROLES
            or not isinstance(each.get("primary", False), bool)
        ):
            return [words]
    return [words] if len({each["type"] for each in value}) < len(value) else []


BOTH = "client operations"

LICENSEE_CONTACT = Noun(
    name="LicenseeContact",
    path="accounts/licensees/{licensee}/contacts",
    table_name="licensee_contacts",
    ids=Ids("CON", 3),
    owner="licensee",
    sees=sees,
    audience=("account_id",),
    scope="buyer_id",
    party="account_id",
    fields=(
        ref("licensee", "accounts/licensees"),
        text("firstName", longest=100, required=True, core=True, writes=BOTH),
        text("lastName", longest=100, required=True, core=True, writes=BOTH),
        text("email", longest=320, required=True, core=True, writes=BOTH),
        text("phone", longest=50, writes=BOTH),
        document(
            "roles",
            check=roles,
            default=[],
            schema={
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"type": {"enum": list(ROLES)}, "primary": {"type": "boolean"}},
                },
                "examples": [[{"type": "Billing", "primary": True}]],
            },
            writes=BOTH,
        ),
        ref("account", "accounts/accounts", sees="kernel"),
        ref("buyer", "accounts/buyers", sees="kernel"),
        *audited("created", "updated"),
    ),
)


def primaries(contacts: Iterable[Thing]) -> set[str]:
    """Roles for which somebody is to be asked first."""
    return {each["type"] for contact in contacts for each in contact.roles or () if each.get("primary")}


def is_complete(contacts: Iterable[Thing]) -> bool:
    """Whether there is somebody to be asked first about everything."""
    return primaries(contacts) == set(ROLES)


# Verbs ------------------------------------------------------------------------------------------------


async def beside(load: Load, call: Call, contact: Thing | None, body: Body | None) -> Got:
    """The licensee with all its contacts, and who serves its buyer."""
    return await licensee_link.load_one(load, str(contact.licensee_id) if contact is not None else call.owner_id)


def create(call: Call, _: None, body: Body, got: Got) -> Thing:
    """One more contact of a licensee."""
    if len(got.licensee.contacts) >= CONTACTS_MAX:
        call.fault("$", f"At most {CONTACTS_MAX} contacts are kept.")
    contact = begin(call, got.licensee, body)
    call.record("licensee_contact.created", contact)
    _settle(call, got)
    return contact


def update(call: Call, contact: Thing, body: Body, got: Got) -> None:
    """What changed about a contact."""
    write(call, got.licensee, contact, body)
    _settle(call, got)


def delete(call: Call, contact: Thing, body: None, got: None) -> None:
    """The contact is gone; its licensee stays as it is."""
    call.record("licensee_contact.deleted", contact)
    call.erase(contact)


def _settle(call: Call, got: Got) -> None:
    """A licensee that waited for its contacts may order from now on."""
    licensee = got.licensee
    if not licensee.awaits_contacts or not is_complete(licensee.contacts):
        return
    licensee.awaits_contacts = False
    if licensee.status == "Enabled":
        if licensee_link.is_linked(licensee, got):
            call.move(licensee, "link", by="kernel")
            call.record("licensee.linked", licensee)
        licensee_link.follow(call, licensee, got)


# Steps that several verbs share -----------------------------------------------------------------------


def begin(call: Call, licensee: Thing, body: Body) -> Thing:
    """A new contact. Whoever is first for a role takes the place of who was."""
    contact = call.new(
        LICENSEE_CONTACT, licensee_id=licensee.id, account_id=licensee.account_id, buyer_id=licensee.buyer_id
    )
    licensee.parts["contacts"].append(contact)
    for name in ("firstName", "lastName", "email"):
        if name not in body:
            call.fault(body.path(name), "A value is required.")
    write(call, licensee, contact, body)
    return contact


def write(call: Call, licensee: Thing, contact: Thing, body: Body) -> None:
    """What the body says of a contact."""
    apply(call, contact, body, "create")
    if any(path.startswith(body.path("roles")) for path in call.faults):
        return
    taken = primaries([contact])
    for other in licensee.contacts:
        if other.id != contact.id and taken & primaries([other]):
            other.roles = [each | {"primary": False} if each["type"] in taken else each for each in other.roles]
