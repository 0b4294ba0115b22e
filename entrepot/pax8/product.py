"""A product is a family of items: those that one vendor sells under one number, each for a term of its own."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from entrepot.kernel.errors import Missing
from entrepot.pax8 import company, provisioning
from entrepot.pax8.content import Asked
from entrepot.pax8.page import page_of
from entrepot.pax8.partner import (
    ITEM,
    LISTING,
    PRICE,
    Document,
    Names,
    Partner,
    containing,
    dig,
    id_in,
    literal,
    not_found,
)
from entrepot.pax8.profile import each_shown, shown
from entrepot.pax8.term import BILLING, COMMITMENT, MONTHS

WORD, KIND, COMMITMENTS = "Product", "products", "commitments"
SELECT = (
    "&select=-*,id,name,status,description,externalIds,terms,quantityNotApplicable,unit,seatRules,"
    "product.vendor,product.shortDescription,product.settings"
)
OFFERED = "eq(status,Published)&eq(product.status,Published)"


@dataclass(frozen=True)
class Family:
    """Items that differ in their terms alone, in the order of their ids."""

    key: str
    items: list[Document]

    @property
    def first(self) -> Document:
        """The one that speaks for all where they do not differ."""
        return self.items[0]

    @property
    def name(self) -> str:
        """What it is called."""
        return str(self.first.get("name") or "")

    @property
    def commitments(self) -> list[str]:
        """For how long one may be bound, the shortest first."""
        found = {dig(each, "terms", "commitment") for each in self.items if dig(each, "terms", "period") != "one-time"}
        return sorted((each for each in found if each in COMMITMENT), key=lambda each: MONTHS[each])

    @property
    def requires_commitment(self) -> bool:
        """Whether how one pays leaves open for how long one is bound."""
        paid = [dig(each, "terms", "period") for each in self.items]
        return len(set(paid)) < len(paid)

    def commitment_key(self, commitment: str | None) -> str | None:
        """Under what a commitment of this product has its UUID."""
        return commitment_key(self.key, commitment)


def key_of(item: Document) -> str:
    """The family of an item: its product, and its vendor's number; an item without one is its own."""
    number = dig(item, "externalIds", "vendor")
    return f"{id_in(item, 'product')}/{number}" if number else f"{id_in(item, 'product')}#{item['id']}"


def commitment_key(key: str, commitment: str | None) -> str | None:
    """Under what a commitment of a family has its UUID; None for none."""
    return f"{key}/{commitment}" if commitment in COMMITMENT else None


def families(items: Iterable[Document]) -> list[Family]:
    """The items by their families."""
    found: dict[str, list[Document]] = {}
    for each in items:
        found.setdefault(key_of(each), []).append(each)
    return [Family(key, members) for key, members in found.items()]


# Reading --------------------------------------------------------------------------------------------


async def list_(partner: Partner, asked: Asked) -> dict[str, Any]:
    """A page of what may be ordered."""
    page = page_of(asked)
    by, descends = asked.sort("name", "vendor") or ("name", False)
    vendor, name, search = asked.text("vendorName"), asked.text("productName"), asked.text("search")
    asked.stop()
    conditions = [OFFERED]
    if vendor:
        conditions.append(containing("product.vendor.name", vendor))
    if name:
        conditions.append(containing("name", name))
    if search:
        known = await partner.uuids.find(KIND, search)
        fields = ("name", "product.name", "product.vendor.name", "externalIds.vendor")
        conditions.append(
            family_filter(known) if known else f"or({','.join(containing(each, search) for each in fields)})"
        )
    every = families(await partner.all(ITEM, "&".join(conditions) + SELECT + "&order=id"))
    every.sort(key=lambda each: (_vendor(each).lower() if by == "vendor" else "", each.name.lower()), reverse=descends)
    chosen = page.cut(every)
    names = await partner.named(*((KIND, each.key) for each in chosen))
    told = [_document(each, names, whole=False) for each in chosen]
    return page.of(each_shown(partner.profile, WORD, told), len(every))


async def get(partner: Partner, uuid: str) -> Document:
    """One product, with what it says of itself."""
    family = await find(partner, uuid)
    names = await partner.named((KIND, family.key))
    return shown(partner.profile, WORD, _document(family, names, whole=True))


async def find(partner: Partner, uuid: str) -> Family:
    """The family behind a product's UUID. Raises Missing for what the partner does not see."""
    key = await partner.id_of(KIND, uuid, WORD)
    select = f"{SELECT},product.longDescription"
    found = families(await partner.all(ITEM, f"{family_filter(key)}{select}&order=id"))
    if not found:
        raise not_found(WORD, uuid)
    return found[0]


def family_filter(key: str, below: str = "") -> str:
    """The items of a family; `below`: what refers to one of them."""
    product_id, mark, rest = key.partition("#") if "#" in key.partition("/")[0] else key.partition("/")
    name = "id" if mark == "#" else "externalIds.vendor"
    return f"eq(product.id,{product_id})&eq({below}{name},{literal(rest)})"


def _vendor(family: Family) -> str:
    return str(dig(family.first, "product", "vendor", "name") or "")


def _is_active(item: Document) -> bool:
    return item.get("status") == "Published" and dig(item, "product", "status") == "Published"


def _document(family: Family, names: Names, *, whole: bool) -> Document:
    first = family.first
    number = dig(first, "externalIds", "vendor") or first["id"]
    told: Document = {
        "id": names.of(KIND, family.key),
        "name": family.name,
        "vendorName": _vendor(family),
        "shortDescription": first.get("description") or dig(first, "product", "shortDescription") or "",
        "sku": number,
        "vendorSku": number,
        "requiresCommitment": family.requires_commitment,
    }
    if not whole:
        return told
    active = [each for each in family.items if _is_active(each)]
    terms = [BILLING.get(str(dig(each, "terms", "period"))) for each in active or family.items]
    mode = dig(first, "product", "settings", "fulfilment", "mode")
    return told | {
        "description": dig(first, "product", "longDescription") or told["shortDescription"],
        "active": bool(active) and dig(first, "product", "settings", "productOrdering") is not False,
        "minQuantity": dig(first, "seatRules", "minQuantity") or 1,
        "maxQuantity": dig(first, "seatRules", "maxQuantity"),
        "unitOfMeasurement": dig(first, "unit", "name"),
        "billingTermOptions": list(dict.fromkeys(each for each in terms if each)),
        "provisioningType": "Manual" if mode == "manual" else "Automated",
    }


# What it costs --------------------------------------------------------------------------------------


async def pricing(partner: Partner, uuid: str, asked: Asked) -> dict[str, Any]:
    """What the product costs by each of its terms: for a company, as its own seller sells it."""
    family = await find(partner, uuid)
    company_uuid = asked.text("companyId")
    asked.stop()
    seller = id_in(await company.licensee(partner, company_uuid), "seller") if company_uuid else None
    product_id = str(id_in(family.first, "product"))
    listings = await partner.all(LISTING, f"eq(product.id,{product_id})&order=id")
    fitting = [each for each in listings if seller in (None, id_in(each, "seller"))]
    fitting.sort(key=lambda each: not each.get("primary"))
    if not fitting:
        return {"content": []}
    try:
        ids = ",".join(str(each["id"]) for each in family.items)
        query = f"in(item.id,({ids}))&eq(status,ForSale)"
        prices = await partner.all(PRICE, query, str(id_in(fitting[0], "priceList")))
    except Missing:  # the list went meanwhile
        return {"content": []}
    by_item = {id_in(each, "item"): each for each in prices}
    names = await partner.named((KIND, family.key))
    plans = [
        _plan(family, each, by_item[each["id"]], names.of(KIND, family.key))
        for each in family.items
        if each["id"] in by_item
    ]
    return {"content": each_shown(partner.profile, "Pricing", plans)}


def _plan(family: Family, item: Document, price: Document, uuid: str | None) -> Document:
    commitment = dig(item, "terms", "commitment")
    bound = {"commitmentTerm": COMMITMENT[commitment], "commitmentTermInMonths": MONTHS[commitment]}
    sold = price.get("unitSP")
    return {
        "productId": uuid,
        "productName": family.name,
        "billingTerm": BILLING.get(str(dig(item, "terms", "period"))),
        **(bound if commitment in COMMITMENT else {}),
        "type": "Flat",
        "unitOfMeasurement": dig(item, "unit", "name"),
        "rates": [
            {
                "partnerBuyRate": sold,
                "suggestedRetailPrice": price.get("unitLP", sold),
                "startQuantityRange": dig(item, "seatRules", "minQuantity") or 1,
                "endQuantityRange": dig(item, "seatRules", "maxQuantity"),
                "chargeType": "Per Unit",
            }
        ],
    }


# What it needs --------------------------------------------------------------------------------------


async def provision_details(partner: Partner, uuid: str) -> dict[str, Any]:
    """What has to be said with an order of it."""
    family = await find(partner, uuid)
    asked = await provisioning.questions(partner, str(id_in(family.first, "product")))
    told = [each for question in asked for each in provisioning.details(question)]
    return {"content": each_shown(partner.profile, "ProvisioningDetail", told)}


async def dependencies(partner: Partner, uuid: str) -> dict[str, Any]:
    """For how long one may be bound by it, and what one must have beside it."""
    family = await find(partner, uuid)
    required = dict.fromkeys(
        str(need.get("id")) for each in family.items for need in dig(each, "seatRules", "requires") or ()
    )
    needed: list[Family] = []
    if required:
        query = f"in(id,({','.join(literal(each) for each in required)}))"
        needed = families(await partner.all(ITEM, f"{query}{SELECT}&order=id"))
    names = await partner.named(
        *((COMMITMENTS, family.commitment_key(each)) for each in family.commitments),
        *((KIND, each.key) for each in needed),
    )
    products = each_shown(partner.profile, WORD, [_document(each, names, whole=False) for each in needed])
    return {
        "commitmentDependencies": [_commitment(family, each, names) for each in family.commitments],
        "productDependencies": [{"name": "Requires", "products": products}] if products else [],
    }


def _commitment(family: Family, commitment: str, names: Names) -> Document:
    item = next(each for each in family.items if dig(each, "terms", "commitment") == commitment)
    rules: Document = item["seatRules"]
    return {
        "id": names.of(COMMITMENTS, family.commitment_key(commitment)),
        "term": COMMITMENT[commitment],
        "autoRenew": True,
        "renewalWindowDaysBeforeTermEnd": rules["decrease"]["daysBeforeEnd"],
        "renewalWindowDaysAfterTermEnd": rules["decrease"]["daysAfterStart"],
        "allowForQuantityIncrease": rules["increase"]["anyTime"],
        "allowForQuantityDecrease": rules["decrease"]["anyTime"],
        "allowForEarlyCancellation": rules["earlyTermination"],
        "cancellationFeeApplied": False,
        "isTransferable": False,
    }
