"""Contacts: the people at a company, and what each is asked about."""

import re
from typing import Any

from entrepot.kernel.errors import Missing
from entrepot.pax8.content import Asked, Content, Faults
from entrepot.pax8.page import page_of
from entrepot.pax8.partner import Document, Partner, dig, not_found

WORD, CONTACT = "Contact", "accounts/licensees/{licensee}/contacts"
TYPES = ("Admin", "Billing", "Technical")
_PHONE = re.compile(r"(\+[0-9]{1,3})[ .-]?(.+)", re.DOTALL)


def phone_of(contact: Document | None) -> str:
    """A telephone number as one text."""
    phone = dig(contact or {}, "phone") or {}
    return " ".join(str(each) for each in (phone.get("prefix"), phone.get("number")) if each)


def phone_in(value: str) -> Document:
    """The same in two parts, as companies keep it."""
    found = _PHONE.fullmatch(value.strip())
    return {"prefix": found[1], "number": found[2]} if found else {"prefix": None, "number": value.strip() or None}


# Reading --------------------------------------------------------------------------------------------


async def list_(partner: Partner, licensee: Document, asked: Asked) -> dict[str, Any]:
    """A page of the contacts of a company, newest first."""
    page = page_of(asked)
    asked.stop()
    query = f"select=audit&order=-audit.created.at{page.window}"
    found, total = await partner.search(CONTACT, query, str(licensee["id"]))
    names = await partner.named(*((CONTACT, each["id"]) for each in found))
    return page.of([_document(each, names.of(CONTACT, each["id"])) for each in found], total)


async def get(partner: Partner, licensee: Document, uuid: str) -> Document:
    """One of them. Raises Missing."""
    contact_id = await partner.id_of(CONTACT, uuid, WORD)
    try:
        return _document(await partner.get(CONTACT, contact_id, "", str(licensee["id"])), uuid.strip().lower())
    except Missing:
        raise not_found(WORD, uuid) from None


def _document(contact: Document, uuid: str | None) -> Document:
    told = {name: contact.get(name) or "" for name in ("firstName", "lastName", "email", "phone")}
    types = [{"type": each["type"], "primary": each.get("primary") is True} for each in contact.get("roles") or ()]
    return {"id": uuid, **told, "createdDate": str(dig(contact, "audit", "created", "at"))[:10], "types": types}


# Writing --------------------------------------------------------------------------------------------


def read(said: Content) -> Document:
    """A contact as a body says it, in the core's words."""
    body: Document = {name: said.text(name, required=True) for name in ("firstName", "lastName", "email")}
    body["phone"] = said.text("phone", "phoneNumber", required=True)
    if "types" not in said:
        return body
    body["roles"] = []
    for each in said.objects("types"):
        name, primary = each.text("type", required=True), each.flag("primary")
        if name is not None and name not in TYPES:
            each.faults.wrong_type(each.path("type"), f"One of {', '.join(TYPES)} was expected.")
        body["roles"].append({"type": name, "primary": primary is True})
    return body


async def create(partner: Partner, licensee: Document, raw: object) -> Document:
    """One more person. Whoever is first for a type takes the place of who was."""
    faults = Faults()
    body = read(Content(raw, faults))
    faults.stop(WORD)
    made = await partner.create(CONTACT, body, WORD, rename, owner_id=str(licensee["id"]))
    names = await partner.named((CONTACT, made["id"]))
    return _document(made, names.of(CONTACT, made["id"]))


async def update(partner: Partner, licensee: Document, uuid: str, raw: object) -> Document:
    """What changed about a person."""
    contact_id = await partner.id_of(CONTACT, uuid, WORD)
    faults = Faults()
    body = read(Content(raw, faults))
    faults.stop(WORD)
    try:
        made = await partner.update(CONTACT, contact_id, body, WORD, rename, owner_id=str(licensee["id"]))
    except Missing:
        raise not_found(WORD, uuid) from None
    return _document(made, uuid.strip().lower())


async def delete(partner: Partner, licensee: Document, uuid: str) -> None:
    """Nobody is to be asked there any more."""
    contact_id = await partner.id_of(CONTACT, uuid, WORD)
    try:
        await partner.remove(CONTACT, contact_id, WORD, owner_id=str(licensee["id"]))
    except Missing:
        raise not_found(WORD, uuid) from None


def rename(core: str) -> str:
    """What this API calls a field of a contact."""
    return core.replace("roles", "types", 1)
