"""A subscription is a line of one: so many units of one item, as long as it runs."""

from typing import Any

from entrepot.pax8 import company, product
from entrepot.pax8.content import Asked, Content, Faults
from entrepot.pax8.errors import Unprocessable
from entrepot.pax8.page import Page, page_of
from entrepot.pax8.partner import LICENSEE, LINE, ORDER, Document, Names, Partner, dig, id_in, not_found
from entrepot.pax8.product import COMMITMENTS, Family
from entrepot.pax8.profile import each_shown, shown
from entrepot.pax8.term import BILLING, COMMITMENT, PERIODS, SPELLINGS

WORD, KIND = "Subscription", "subscriptions"
RUNNING = ("Active", "Updating", "Suspending", "Suspended", "Resuming")
FILTERS = {
    "Active": f"eq(status,Active)&in(subscription.status,({','.join(RUNNING)}))",
    "PendingCancel": "eq(status,Active)&eq(subscription.status,Terminating)",
    "Cancelled": "in(status,(Terminated,Expired))",
}
"""States of this API that a line can be in. What changes, runs on meanwhile, and is paid for."""

STATES = (
    *FILTERS,
    "PendingManual",
    "PendingAutomated",
    "WaitingForDetails",
    "Trial",
    "Converted",
    "PendingActivation",
    "Activated",
)
SORTS = {
    "quantity": "quantity",
    "startDate": "subscription.startDate",
    "endDate": "subscription.terminationDate",
    "createdDate": "audit.created.at",
    "billingStart": "subscription.startDate",
    "price": "price.unitSP",
}
HELD = "ne(subscription,null())&ne(status,Deleted)"
SELECT = "&select=audit,product,subscription,subscription.audit"


def key_of(subscription_id: str | None, item_id: str | None) -> str | None:
    """Under what a line of a subscription has its UUID: an item is held by a subscription once."""
    return f"{subscription_id}/{item_id}" if subscription_id and item_id else None


# Reading --------------------------------------------------------------------------------------------


async def list_(partner: Partner, asked: Asked) -> dict[str, Any]:
    """A page of subscriptions, in the order of their beginning unless another is asked for."""
    page = page_of(asked)
    sort = asked.sort(*SORTS)
    status = asked.among("status", {**{each.lower(): each for each in STATES}, "canceled": "Cancelled"})
    term = asked.among("billingTerm", SPELLINGS)
    company_uuid, product_uuid = asked.text("companyId"), asked.text("productId")
    asked.stop()
    conditions = [HELD]
    if company_uuid:
        conditions.append(f"eq(subscription.licensee.id,{await company.filter_id(partner, company_uuid)})")
    if product_uuid:
        conditions.append(_of_product(await partner.id_of(product.KIND, product_uuid, product.WORD)))
    if status and status not in FILTERS:
        return _none(page)
    if status:
        conditions.append(FILTERS[status])
    if term and term not in PERIODS:
        return _none(page)
    if term:
        conditions.append(f"eq(item.terms.period,{PERIODS[term]})")
    by, descends = sort or ("createdDate", False)
    query = f"{'&'.join(conditions)}{SELECT}&order={'-' * descends}{SORTS[by]}{page.window}"
    lines, total = await partner.search(LINE, query)
    return page.of(await _told(partner, lines), total)


def _none(page: Page) -> dict[str, Any]:
    return page.of([], 0)


def _of_product(key: str) -> str:
    """Lines of a family of items."""
    return (
        product.family_filter(key).replace("eq(id,", "eq(item.id,").replace("eq(externalIds.", "eq(item.externalIds.")
    )


async def get(partner: Partner, uuid: str) -> Document:
    """One subscription. Raises Missing."""
    return (await _told(partner, [await line(partner, uuid)]))[0]


async def line(partner: Partner, uuid: str) -> Document:
    """The line behind a subscription. Raises Missing."""
    subscription_id, _, item_id = (await partner.id_of(KIND, uuid, WORD)).partition("/")
    query = (
        f"eq(subscription.id,{subscription_id})&eq(item.id,{item_id})&{HELD}{SELECT}&order=-audit.created.at&limit=1"
    )
    lines, _ = await partner.search(LINE, query)
    if not lines:
        raise not_found(WORD, uuid)
    return lines[0]


async def history(partner: Partner, uuid: str) -> dict[str, Any]:
    """How it was after each order that was about it, the newest first; and as it is, if it changed without one."""
    held = await line(partner, uuid)
    now = await _document_of(partner, held)
    query = (
        f"eq(agreement.id,{id_in(held, 'agreement')})&eq(status,Completed)&any(lines,eq(id,{held['id']}))"
        "&select=-*,id,lines,audit&order=-audit.completed.at"
    )
    then: list[Document] = []
    for order in await partner.all(ORDER, query):
        quantity = next((each.get("quantity") for each in order["lines"] if each["id"] == held["id"]), None)
        at = dig(order, "audit", "completed", "at")
        then.append({**now, "quantity": quantity, "updatedDate": at, "status": "Active" if quantity else "Cancelled"})
    told = then if then and then[0]["quantity"] == now["quantity"] else [now, *then]
    told[0] = now
    return {"content": each_shown(partner.profile, WORD, told)}


async def _told(partner: Partner, lines: list[Document]) -> list[Document]:
    names = await partner.named(*(key for each in lines for key in _keys(each)))
    return each_shown(partner.profile, WORD, [_document(each, names) for each in lines])


async def _document_of(partner: Partner, held: Document) -> Document:
    return _document(held, await partner.named(*_keys(held)))


def _family(held: Document) -> Family:
    item = {**held["item"], "product": held.get("product")}
    return Family(product.key_of(item), [item])


def _keys(held: Document) -> list[tuple[str, str | None]]:
    family = _family(held)
    return [
        (KIND, key_of(id_in(held, "subscription"), id_in(held, "item"))),
        (LICENSEE, dig(held, "subscription", "licensee", "id")),
        (product.KIND, family.key),
        (COMMITMENTS, family.commitment_key(dig(held, "item", "terms", "commitment"))),
    ]


def status_of(held: Document) -> str:
    """The state of a line in the words of this API."""
    if held.get("status") != "Active":
        return "Cancelled"
    return "PendingCancel" if dig(held, "subscription", "status") == "Terminating" else "Active"


def _document(held: Document, names: Names) -> Document:
    of, family, item = held["subscription"], _family(held), held["item"]
    price = held.get("price") or {}
    start, made = of.get("startDate"), dig(held, "audit", "created", "at")
    runs_out = of.get("commitmentDate") if of.get("autoRenew") is False else None
    commitment = dig(item, "terms", "commitment")
    bound = {
        "id": names.of(COMMITMENTS, family.commitment_key(commitment)),
        "term": COMMITMENT.get(str(commitment)),
        "endDate": of.get("commitmentDate"),
    }
    return {
        "id": names.of(KIND, key_of(of["id"], item["id"])),
        "parentSubscriptionId": None,
        "companyId": names.of(LICENSEE, dig(of, "licensee", "id")),
        "productId": names.of(product.KIND, family.key),
        "productName": family.name,
        "vendorSubscriptionId": dig(of, "externalIds", "vendor"),
        "vendorSkuId": dig(item, "externalIds", "vendor"),
        "quantity": held.get("quantity"),
        "startDate": start,
        "endDate": of.get("terminationDate") or runs_out,
        "createdDate": made,
        "updatedDate": dig(held, "audit", "updated", "at") or made,
        "billingStart": str(start)[:10] if start else None,
        "status": status_of(held),
        "price": price.get("unitSP"),
        "currencyCode": price.get("currency"),
        "partnerCost": price.get("unitSP"),
        "billingTerm": BILLING.get(str(dig(item, "terms", "period"))),
        **({"commitment": bound, "commitmentTerm": bound} if commitment in COMMITMENT else {}),
    }


# Writing --------------------------------------------------------------------------------------------


async def update(partner: Partner, uuid: str, raw: object) -> Document:
    """Another quantity, by a Change order. What cannot be changed under way is told."""
    held = await line(partner, uuid)
    now = await _document_of(partner, held)
    faults = Faults()
    said = Content(raw, faults)
    quantity, term = said.whole("quantity"), said.text("billingTerm")
    _require_nothing_else(said, now, term)
    if quantity is None and "billingTerm" not in said and "price" not in said and "startDate" not in said:
        said.wrong("", "At least one of price, billingTerm, quantity, startDate is required.")
    if quantity is not None and quantity < 1:
        said.wrong("quantity", "At least 1 is required; to end the subscription, cancel it.")
    faults.stop(WORD)
    if quantity is not None and quantity != now["quantity"]:
        lines = [{"id": held["id"], "quantity": quantity}]
        await _ask(partner, held, {"type": "Change", "lines": lines})
        if partner.options.dry_run:
            return shown(partner.profile, WORD, {**now, "quantity": quantity})
    return await get(partner, uuid)


def _require_nothing_else(said: Content, now: Document, term: str | None) -> None:
    """What a running subscription has for good may be said again, and nothing else."""
    wanted = SPELLINGS.get(term.strip().lower()) if term else None
    if term and wanted is None:
        said.faults.wrong_type("billingTerm", f"One of {', '.join(BILLING.values())} was expected.")
    elif wanted and wanted != now["billingTerm"]:
        said.wrong("billingTerm", f"It stays {now['billingTerm']}; cancel the subscription and order anew for another.")
    start = said.moment("startDate")
    if start and now["startDate"] and start.isoformat()[:10] != now["startDate"][:10]:
        said.wrong("startDate", f"It began on {now['startDate'][:10]}; that does not change.")
    if "endDate" in said:
        said.wrong("endDate", "To end it, DELETE it, with a cancelDate if not at once.")
    if (currency := said.text("currencyCode")) and currency != now["currencyCode"]:
        said.wrong("currencyCode", f"It stays {now['currencyCode']}.")
    if "price" in said and said.decimal("price") != now["price"]:
        said.wrong("price", f"What a company pays its partner is not kept here; the price stays {now['price']}.")


async def cancel(partner: Partner, uuid: str, asked: Asked) -> None:
    """The end, by a Termination order: now, or by letting it run out when the committed term ends."""
    held = await line(partner, uuid)
    day = asked.day("cancelDate")
    asked.stop()
    of = held["subscription"]
    today, term_end = (await partner.now()).date().isoformat(), str(of.get("commitmentDate") or "")[:10]
    if day is None or day.isoformat() <= today:
        await _end(partner, held)
    elif day.isoformat() == term_end:
        no_renewal = [{"id": of["id"], "autoRenew": False}]
        await _ask(partner, held, {"type": "Configuration", "subscriptions": no_renewal}, about="cancelDate")
    else:
        right = f"today or {term_end}, when its term ends" if term_end else "today"
        raise Unprocessable(f"Invalid {WORD}", {"cancelDate": [f"{right[0].upper()}{right[1:]}, would be right."]})


async def _end(partner: Partner, held: Document) -> None:
    """The whole subscription ends, or this line of it where it has others."""
    of = held["subscription"]
    others, _ = await partner.search(LINE, f"eq(subscription.id,{of['id']})&eq(status,Active)&limit=2")
    if len(others) > 1:
        body: Document = {"type": "Change", "lines": [{"id": held["id"], "quantity": 0}]}
    else:
        body = {"type": "Termination", "subscriptions": [{"id": of["id"]}]}
    await _ask(partner, held, body, about="cancelDate")


async def _ask(partner: Partner, held: Document, body: Document, about: str = "quantity") -> None:
    """Places an order about what is held; what is wrong with it is wrong with the field it is `about`."""

    def rename(core: str) -> str:
        return about if core.startswith(("lines", "subscriptions")) else "" if core.startswith("agreement") else core

    agreement = {"id": id_in(held, "agreement")}
    await partner.create(ORDER, {"status": "Processing", "agreement": agreement, **body}, WORD, rename)
