"""An order is a basket: one request of a company for several products, with a line for each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from entrepot.kernel.errors import Missing
from entrepot.kernel.wire import moment_text
from entrepot.pax8 import company, product, provisioning, subscription
from entrepot.pax8.content import Asked, Content, Faults
from entrepot.pax8.errors import Rename
from entrepot.pax8.page import page_of
from entrepot.pax8.partner import BASKET, ITEM, LICENSEE, Document, Names, Partner, dig, id_in, not_found
from entrepot.pax8.product import COMMITMENTS, Family
from entrepot.pax8.profile import Profile, each_shown
from entrepot.pax8.term import BILLING, COMMITMENT, PERIODS, SPELLINGS

WORD, LINE_KIND, USER_KIND = "Order", "order lines", "identities"
STATES = ("PendingApproval", "Submitted", "Processing", "PendingManual", "Completed", "Failed", "Cancelled")
OPEN = ("PendingApproval", "Submitted", "Processing", "PendingManual")
FILTERS = {each.lower(): each for each in STATES} | {"pending": "Pending", "canceled": "Cancelled"}

ORDERED_BY = {"Partner": "Pax8 Partner", "Customer": "Customer", "Distributor": "Pax8"}
"""Who asked, by the type that the core keeps."""

WHO = {"pax8 partner": "Partner", "pax8partner": "Partner", "customer": "Customer", "pax8": "Distributor"}
SELECT = (
    "&select=-client,-buyer,-seller,-notes,-externalIds,audit.created,lines,-lines.order,-lines.parentSubscription,"
    "-lines.parameters,-lines.item.*,lines.item.id,lines.item.externalIds.vendor,lines.item.terms,"
    "-lines.item.product.*,lines.item.product.id"
)
"""What is told of a basket. A reference that is named in a selection comes whole; the others suffice as they are."""

RENAMED = {
    "number": "lineItemNumber",
    "item": "productId",
    "startDate": "provisionStartDate",
    "parentNumber": "parentLineItemNumber",
    "parentSubscription": "parentSubscriptionId",
}


# Reading --------------------------------------------------------------------------------------------


async def list_(partner: Partner, asked: Asked) -> dict[str, Any]:
    """A page of orders. Whoever knows order states wants the newest first; older clients the oldest."""
    page = page_of(asked)
    sort = asked.sort("createdDate", "createdAt", "orderDate")
    status, company_uuid = asked.among("status", FILTERS), asked.text("companyId")
    asked.stop()
    conditions: list[str] = []
    if company_uuid:
        conditions.append(f"eq(licensee.id,{await company.filter_id(partner, company_uuid)})")
    if status:
        conditions.append(f"in(status,({','.join(OPEN)}))" if status == "Pending" else f"eq(status,{status})")
    descends = sort[1] if sort else partner.profile is Profile.SEED
    query = f"{'&'.join(conditions)}{SELECT}&order={'-' * descends}audit.created.at{page.window}"
    baskets, total = await partner.search(BASKET, query)
    return page.of(await _told(partner, baskets), total)


async def get(partner: Partner, uuid: str) -> Document:
    """One order. Raises Missing."""
    return (await _told(partner, [await basket(partner, uuid)]))[0]


async def basket(partner: Partner, uuid: str) -> Document:
    """The basket behind an order. Raises Missing."""
    basket_id = await partner.id_of(BASKET, uuid, WORD)
    try:
        return await partner.get(BASKET, basket_id, SELECT[1:])
    except Missing:
        raise not_found(WORD, uuid) from None


async def _told(partner: Partner, baskets: list[Document]) -> list[Document]:
    items = {line["item"]["id"]: line["item"] for each in baskets for line in each["lines"]}
    sold = {item_id: _Sold.of(item) for item_id, item in items.items()}
    keys: set[tuple[str, str | None]] = set()
    for each in sold.values():
        keys |= {(product.KIND, each.product), (COMMITMENTS, each.commitment)}
    for each in baskets:
        keys.add((LICENSEE, id_in(each, "licensee")))
        keys.add((USER_KIND, _maker(each).get("id")))
        if not partner.options.dry_run:
            keys.add((BASKET, each["id"]))
            keys.update((LINE_KIND, line["id"]) for line in each["lines"])
        keys.update((subscription.KIND, _held(line)) for line in each["lines"])
    names = await partner.named(*keys)
    if partner.options.dry_run:  # nothing is kept, so nothing is named for good
        passing = [(BASKET, str(each["id"])) for each in baskets]
        passing += [(LINE_KIND, str(line["id"])) for each in baskets for line in each["lines"]]
        names = names.beside({key: str(uuid4()) for key in passing})
    return each_shown(partner.profile, WORD, [_document(partner.profile, each, names, sold) for each in baskets])


@dataclass(frozen=True, slots=True)
class _Sold:
    """What is said of an item, however many lines it is on: its product and commitment, and how it is billed."""

    product: str
    commitment: str | None
    billed: str | None

    @classmethod
    def of(cls, item: Document) -> "_Sold":
        key, terms = product.key_of(item), item["terms"]
        return cls(key, product.commitment_key(key, terms.get("commitment")), BILLING.get(terms["period"]))


def _held(line: Document) -> str | None:
    """Under what the subscription of a line has its UUID; None as long as there is none."""
    found = line.get("subscription")
    return subscription.key_of(found["id"], line["item"]["id"]) if found else None


def _maker(basket: Document) -> Document:
    return basket["audit"]["created"].get("by") or {}


def _document(profile: Profile, each: Document, names: Names, sold: Mapping[str, _Sold]) -> Document:
    made, by = str(each["audit"]["created"].get("at")), _maker(each)
    ordered = each.get("orderedBy") or {}
    email = ordered.get("email")
    lines = [_line(profile, line, names, sold[line["item"]["id"]], made) for line in each["lines"]]
    waits = any(line.get("status") == "Submitted" and line.get("startDate") for line in each["lines"])
    told: Document = {
        "id": names.of(BASKET, each["id"]),
        "companyId": names.of(LICENSEE, id_in(each, "licensee")),
        "status": each.get("status"),
        "createdDate": made if profile is Profile.SEED else made[:10],
        "orderedBy": ORDERED_BY.get(str(ordered.get("type")), "Pax8 Partner"),
        "orderedByUserId": names.of(USER_KIND, by.get("id")),
        "orderedByUserEmail": email,
        "isScheduled": waits,
        "lineItems": each_shown(profile, "LineItem", lines),
    }
    if profile is Profile.SEED:
        told["orderedBy"] = email or by.get("name") or told["orderedBy"]
        if words := dig(each, "statusNotes", "message"):
            told["statusReason"] = words
    return {name: value for name, value in told.items() if value is not None}


def _line(profile: Profile, line: Document, names: Names, sold: _Sold, made: str) -> Document:
    """A line; one that names no day begins on that of its order."""
    start, price = line.get("startDate") or made, line.get("price") or {}
    told: Document = {
        "id": names.of(LINE_KIND, line["id"]),
        "productId": names.of(product.KIND, sold.product),
        "subscriptionId": names.of(subscription.KIND, _held(line)),
        "commitmentTermId": names.of(COMMITMENTS, sold.commitment),
        "provisionStartDate": start[:10] if profile is Profile.SEED else start,
        "billingTerm": sold.billed,
        "quantity": line.get("quantity"),
        "lineItemNumber": line.get("number"),
        "status": line.get("status"),
        "statusReason": line.get("reason"),
        "partnerCost": price.get("unitSP"),
        "currencyCode": price.get("currency"),
    }
    return {name: value for name, value in told.items() if value is not None or name == "subscriptionId"}


# Writing --------------------------------------------------------------------------------------------


async def create(partner: Partner, raw: object) -> Document:
    """An order for a company. As a dry run it is validated and priced, and nothing is kept."""
    faults = Faults()
    said = Content(raw, faults)
    body: Document = {}
    uuid = said.text("companyId", required=True)
    if uuid:
        try:
            body["licensee"] = {"id": (await company.licensee(partner, uuid))["id"]}
        except Missing as missing:
            said.wrong("companyId", str(missing))
    who = (said.text("orderedBy") or "Pax8 Partner").lower()
    if who not in WHO:
        faults.wrong_type("orderedBy", f"One of {', '.join(ORDERED_BY.values())} was expected.")
    body["orderedBy"] = {"type": WHO.get(who), "email": said.text("orderedByUserEmail") or await _email(partner)}
    if "lineItems" not in said:
        said.wrong("lineItems", "At least one line item is required.")
    body["lines"], rename = await _lines(partner, said)
    faults.stop("order")
    made = await partner.create(BASKET, body, "order", rename)
    return (await _told(partner, [await _whole(partner, made)]))[0]


async def change(partner: Partner, uuid: str, raw: object) -> Document:
    """Other lines for an order of which nothing is placed yet: the whole set."""
    held = await basket(partner, uuid)
    faults = Faults()
    said = Content(raw, faults)
    if "lineItems" not in said:
        said.wrong("lineItems", "At least one line item is required.")
    lines, rename = await _lines(partner, said)
    faults.stop("order")
    await partner.update(BASKET, str(held["id"]), {"lines": lines}, "order", rename)
    return await get(partner, uuid)


async def act(partner: Partner, uuid: str, verb: str, raw: object) -> Document:
    """`approve`, `refuse` or `cancel` an order; the latter two may say why, as `reason`."""
    held = await basket(partner, uuid)
    faults = Faults()
    reason = Content({} if raw is None else raw, faults).text("reason")
    faults.stop("order")
    body = {"statusNotes": {"message": reason}} if reason else None
    await partner.act(BASKET, verb, str(held["id"]), body, "order")
    return await get(partner, uuid)


async def _email(partner: Partner) -> str | None:
    """The address of the person behind the token, if there is one."""
    if not partner.caller.user_id:
        return None
    try:
        return (await partner.get("accounts/users", partner.caller.user_id, "select=-*,email")).get("email")
    except Missing:
        return None


async def _whole(partner: Partner, made: Document) -> Document:
    """The answer to a write with the products of its items, which travel in no reference."""
    ids = ",".join(dict.fromkeys(str(line["item"]["id"]) for line in made["lines"]))
    items = await partner.all(ITEM, f"in(id,({ids}))&select=-*,id,product") if ids else []
    products = {each["id"]: each["product"] for each in items}
    for line in made["lines"]:
        line["item"]["product"] = products[line["item"]["id"]]
    return made


async def _lines(partner: Partner, said: Content) -> tuple[list[Document], Rename]:
    """The lines of a body as the core takes them, and what this API calls what is wrong with them."""
    lines: list[Document] = []
    paths: dict[str, str] = {}
    for at, each in enumerate(said.objects("lineItems")):
        line: Document = {
            "number": each.whole("lineItemNumber") or at + 1,
            "quantity": each.whole("quantity", required=True),
        }
        if (start := each.moment("provisionStartDate")) is not None:
            line["startDate"] = moment_text(start)
        if (parent := each.whole("parentLineItemNumber")) is not None:
            line["parentNumber"] = parent
        base = each.text("parentSubscriptionId")
        if base:
            await _put_base(partner, each, line, base)
        family = await _family(partner, each)
        item = await _item(partner, each, family) if family else None
        if family and item:
            line["item"] = {"id": item["id"]}
            if "provisioningDetails" in each:
                asked = await provisioning.questions(partner, str(id_in(item, "product")))
                answers = provisioning.answers(each, asked)
                line["parameters"] = {"ordering": [answer for answer, _ in answers]}
                paths |= {f"lines[{at}].parameters.ordering[{n}]": path for n, (_, path) in enumerate(answers)}
        lines.append(line)

    def rename(core: str) -> str:
        found = next((path for start, path in paths.items() if core.startswith(start)), None)
        return found or _renamed(core)

    return lines, rename


async def _put_base(partner: Partner, said: Content, line: Document, uuid: str) -> None:
    try:
        held = await subscription.line(partner, uuid)
        line["parentSubscription"] = {"id": id_in(held, "subscription")}
    except Missing as missing:
        said.wrong("parentSubscriptionId", str(missing))


async def _family(partner: Partner, said: Content) -> Family | None:
    uuid = said.text("productId", required=True)
    if not uuid:
        return None
    try:
        return await product.find(partner, uuid)
    except Missing as missing:
        said.wrong("productId", str(missing))
        return None


async def _item(partner: Partner, said: Content, family: Family) -> Document | None:
    """The member of the family that has these terms."""
    given = said.text("billingTerm")
    paid = dict.fromkeys(BILLING.get(str(dig(each, "terms", "period")), "") for each in family.items)
    if given is None:
        said.wrong("billingTerm", f"A billing term is required: one of {', '.join(paid)}.")
        return None
    term = SPELLINGS.get(given.strip().lower())
    if term is None:
        said.faults.wrong_type(said.path("billingTerm"), f"One of {', '.join(BILLING.values())} was expected.")
        return None
    fitting = [each for each in family.items if dig(each, "terms", "period") == PERIODS.get(term)]
    if not fitting:
        said.wrong("billingTerm", f"{term} billing term not available for this product; it has {', '.join(paid)}.")
        return None
    return await _bound(partner, said, family, fitting)


async def _bound(partner: Partner, said: Content, family: Family, fitting: list[Document]) -> Document | None:
    """Of items that are paid alike, the one with the commitment that is asked for."""
    uuid, word = said.text("commitmentTermId", "commitmentTermID"), said.text("commitmentTerm")
    here = {str(dig(each, "terms", "commitment") or ""): each for each in reversed(fitting)}
    if uuid is None and word is None:
        if len(here) > 1:
            said.wrong("commitmentTermId", f"Product {family.name} requires commitment")
        return fitting[0]
    names = await partner.named(*((COMMITMENTS, family.commitment_key(each)) for each in here))
    by_name = {COMMITMENT.get(each, ""): each for each in here}
    if uuid is None:
        if word not in COMMITMENT.values():
            said.faults.wrong_type(
                said.path("commitmentTerm"), f"One of {', '.join(COMMITMENT.values())} was expected."
            )
        elif word not in by_name:
            said.wrong("commitmentTerm", f"{word} is not offered with this billing term; {', '.join(by_name)} is.")
        return here.get(by_name.get(str(word), ""))
    found = {names.of(COMMITMENTS, family.commitment_key(each)): item for each, item in here.items()}
    item = found.get(uuid.strip().lower())
    if item is None:
        right = ", ".join(f"{key} ({name})" for key, name in zip(found, by_name, strict=True) if key)
        said.wrong("commitmentTermId", f"No such commitment with this billing term; there is {right or 'none'}.")
    return item


def _renamed(core: str) -> str:
    """What this API calls a field of the basket."""
    if core.startswith("licensee"):
        return "companyId"
    if core.startswith("orderedBy"):
        return "orderedByUserEmail" if core.endswith("email") else "orderedBy"
    if not core.startswith("lines"):
        return core
    place, dot, rest = core.removeprefix("lines").partition(".")
    if not dot:
        return f"lineItems{place}"
    if rest.startswith("parameters"):
        return f"lineItems{place}.provisioningDetails"
    return f"lineItems{place}.{RENAMED.get(rest.removesuffix('.id'), rest)}"
