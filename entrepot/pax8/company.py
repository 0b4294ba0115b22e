"""A company is a licensee with its buyer: who uses, and who of the partner's pays for it."""

import re
from typing import Any

from entrepot.kernel.errors import Missing
from entrepot.pax8 import contact
from entrepot.pax8.content import Asked, Content, Faults
from entrepot.pax8.page import page_of
from entrepot.pax8.partner import LICENSEE, Document, Partner, containing, dig, literal, not_found
from entrepot.pax8.profile import each_shown, shown

WORD = "Company"
PLACES = {"city": "city", "country": "country", "stateOrProvince": "state", "postalCode": "postCode"}
"""Members of an address by which companies are found, and what the core calls them."""

STREETS = {"street": "addressLine1", "street2": "addressLine2", **PLACES}
SPELLINGS = {"stateOrProvince": ("state",), "postalCode": ("zip",)}
FLAGS = {
    "billOnBehalfOfEnabled": "settings.billOnBehalfOf",
    "selfServiceAllowed": "settings.selfServiceAllowed",
    "orderApprovalRequired": "settings.orderApprovalRequired",
}
STATES = {"active": "Active", "inactive": "Inactive", "deleted": "Deleted"}
SELECT = "&select=audit,settings,buyer.address,buyer.contact,buyer.status"

RENAMED = {core: ours for ours, core in FLAGS.items()} | {
    f"address.{core}": f"address.{ours}" for ours, core in STREETS.items()
}


# Reading --------------------------------------------------------------------------------------------


async def list_(partner: Partner, asked: Asked) -> dict[str, Any]:
    """A page of the partner's companies, by name unless another order is asked for."""
    page = page_of(asked)
    sort = asked.sort("name", *PLACES)
    status = asked.among("status", STATES)
    conditions = [
        f"eq({core},{str(value).lower()})" for ours, core in FLAGS.items() if (value := asked.flag(ours)) is not None
    ]
    conditions += [
        f"eq(site.{core},{literal(value.lower())})"
        for ours, core in PLACES.items()
        if (value := asked.text(ours)) is not None
    ]
    name, number = asked.text("company_name", "name"), asked.text("externalId")
    asked.stop()
    if name:
        conditions.append(containing("name", name))
    if number:
        conditions.append(f"eq(externalId,{literal(number)})")
    if status == "Active":
        conditions.append("eq(status,Active)")
    elif status is not None:  # what is deleted, nobody sees
        conditions.append("in(status,(Enabled,Disabled))" if status == "Inactive" else "eq(status,Deleted)")
    by, descends = sort or ("name", False)
    query = "&".join(conditions) + SELECT
    order = "name" if by == "name" else f"site.{PLACES[by]}"
    found, total = await partner.search(LICENSEE, f"{query}&order={'-' * descends}{order}{page.window}")
    return page.of(each_shown(partner.profile, WORD, await _told(partner, found)), total)


async def get(partner: Partner, uuid: str) -> Document:
    """One company. Raises Missing."""
    return shown(partner.profile, WORD, (await _told(partner, [await licensee(partner, uuid)]))[0])


async def licensee(partner: Partner, uuid: str) -> Document:
    """The licensee behind a company, with its buyer. Raises Missing."""
    licensee_id = await partner.id_of(LICENSEE, uuid, WORD)
    try:
        return await partner.get(LICENSEE, licensee_id, SELECT[1:])
    except Missing:
        raise not_found(WORD, uuid) from None


async def filter_id(partner: Partner, uuid: str) -> str:
    """The licensee to which a list is held. Raises Missing for one that the partner does not see."""
    return str((await licensee(partner, uuid))["id"])


def address_of(licensee: Document) -> Document:
    """Its own address, or its buyer's where it uses that."""
    own, buyers = licensee.get("address"), dig(licensee, "buyer", "address")
    return (buyers if licensee.get("useBuyerAddress") or not own else own) or {}


async def _told(partner: Partner, licensees: list[Document]) -> list[Document]:
    names = await partner.named(*((LICENSEE, each["id"]) for each in licensees))
    return [_document(each, names.of(LICENSEE, each["id"])) for each in licensees]


def _document(each: Document, uuid: str | None) -> Document:
    address = address_of(each)
    told = {
        "id": uuid,
        "name": each.get("name") or "",
        "address": {ours: str(address.get(core) or "") for ours, core in STREETS.items()},
        "phone": contact.phone_of(each.get("contact")) or contact.phone_of(dig(each, "buyer", "contact")),
        "website": each.get("website") or "",
        "externalId": each.get("externalId"),
        **{ours: dig(each, *core.split(".")) is True for ours, core in FLAGS.items()},
        "status": "Active" if each.get("status") == "Active" else "Inactive",
        "updatedDate": dig(each, "audit", "updated", "at") or dig(each, "audit", "created", "at"),
    }
    return {name: value for name, value in told.items() if value is not None}


# Writing --------------------------------------------------------------------------------------------


async def create(partner: Partner, raw: object) -> Document:
    """A new company. Given people to ask about everything, it may order at once."""
    faults = Faults()
    said = Content(raw, faults)
    body = _body(said, required=True)
    if "contacts" in said:
        body["contacts"] = [contact.read(each) for each in said.objects("contacts")]
    faults.stop(WORD)
    made = await partner.create(LICENSEE, body, WORD, rename)
    return shown(partner.profile, WORD, (await _told(partner, [made]))[0])


async def update(partner: Partner, uuid: str, raw: object) -> Document:
    """A company is changed: what is said of it, and nothing else."""
    held = await licensee(partner, uuid)
    faults = Faults()
    said = Content(raw, faults)
    body = _body(said, required=False)
    if not body:
        faults.wrong("", f"At least one of name, address, phone, website, externalId, {', '.join(FLAGS)} is required.")
    faults.stop(WORD)
    if "address" in body:
        body["address"] = {**address_of(held), **body["address"]}
    made = await partner.update(LICENSEE, str(held["id"]), body, WORD, rename)
    buyer = {**(made.get("buyer") or {}), **(held.get("buyer") or {})}
    return shown(partner.profile, WORD, (await _told(partner, [{**made, "buyer": buyer}]))[0])


def _body(said: Content, *, required: bool) -> Document:
    """What a body says of the company itself, under the core's names."""
    body: Document = {}
    for name in ("name", "website"):
        if (value := said.text(name, required=required)) is not None:
            body[name] = value
    if (phone := said.text("phone", required=required)) is not None:
        body["contact"] = {"phone": contact.phone_in(phone)}
    if (value := said.text("externalId")) is not None:
        body["externalId"] = value
    for ours, core in FLAGS.items():
        if (flag := said.flag(ours, required=required)) is not None:
            body.setdefault("settings", {})[core.rpartition(".")[2]] = flag
    address = said.object("address", required=required)
    if address is not None:
        body["address"] = {
            core: value
            for ours, core in STREETS.items()
            if (value := address.text(ours, *SPELLINGS.get(ours, ()))) is not None
        }
        country = body["address"].get("country")
        if (required or country is not None) and not re.fullmatch("[A-Z]{2}", country or ""):
            address.wrong("country", "Two capital letters (ISO 3166-1 alpha-2) are required, such as US.")
    return body


def rename(core: str) -> str:
    """What this API calls a field of the licensee or its buyer."""
    if core.startswith("contacts"):
        return contact.rename(core)
    return RENAMED.get(core, "phone" if core.startswith("contact.") else core)
