"""How the products are sold: price lists, authorizations, listings, a pricing policy and a program."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from entrepot.demo.catalog import product_manager
from entrepot.demo.companies import AMERICA, BRENNHOLT, FOUNDER, GERMANY, PELLWORTH, SELLERS
from entrepot.demo.customers import BUYERS, Licensee
from entrepot.demo.prices import PRECISION
from entrepot.demo.product import Product
from entrepot.demo.products import INKMARROW, PRODUCTS, SABLEGATE
from entrepot.demo.world_file import Line, at, audit, child, line, months_later, ref

PROGRAM = "PRG-7000-0001"
CERTIFICATE = "CER-7000-0001-0001"
CERTIFIED_BUYER = BUYERS[2]

POLICY = "PRP-7100-0001-0001"
POLICY_MARKUP = Decimal("9")
"""What Brennholt pays on top of Sablegate's purchase prices, in percent."""


class Offer(NamedTuple):
    """A product as one seller sells it, in that seller's currency."""

    product: Product
    seller: str
    currency: str
    listing: str
    authorization: str
    price_list: str


def _offers() -> Iterator[Offer]:
    for number, product in enumerate(PRODUCTS, 1):
        for market, seller in enumerate((GERMANY, AMERICA), 1):
            yield Offer(
                product,
                seller,
                SELLERS[seller].currency,
                listing=f"LST-600{market}-{number:04d}",
                authorization=f"AUT-610{market}-{number:04d}",
                price_list=child("PRC", product.id, market),
            )


OFFERS = tuple(_offers())


def offer(product: Product, licensee: Licensee) -> Offer | None:
    """How the licensee can buy the product; None where it may not."""
    if licensee.resale and not product.partners:
        return None
    if product is INKMARROW and licensee.buyer is not CERTIFIED_BUYER:
        return None
    return next(each for each in OFFERS if (each.product, each.seller) == (product, licensee.seller.id))


def has_policy(product: Product, licensee: Licensee) -> bool:
    """Whether the licensee's company has a price of its own."""
    return product is SABLEGATE and licensee.buyer.account == BRENNHOLT


def selling(now: datetime) -> Iterator[Line]:
    """What turns products into offers."""
    for each in OFFERS:
        yield from _offer(each, months_later(now, -25))
    yield _policy(months_later(now, -25))
    yield from _program(now)


def _offer(each: Offer, made: datetime) -> Iterator[Line]:
    product, seller = each.product, SELLERS[each.seller]
    by_vendor = audit({"created": (made, product_manager(product))})
    by_operations = audit({"created": (made, FOUNDER)})
    eligibility = {"client": True, "partner": product.partners}
    yield line(
        "catalog/price-lists",
        each.price_list,
        product=ref(product.id),
        vendor=ref(product.vendor),
        currency=each.currency,
        precision=PRECISION,
        defaultMarkup=product.default_markup,
        notes=f"{product.name} for {seller.address.country}",
        externalIds={"vendor": f"{product.code}-{each.currency}"},
        audit=by_vendor,
    )
    for number, item in enumerate(product.items, 1):
        price = item.prices[each.currency]
        yield line(
            f"catalog/price-lists/{each.price_list}/items",
            child("PRI", each.price_list, number),
            priceList=ref(each.price_list),
            item=ref(product.item_id(item)),
            status="ForSale",
            description=item.description,
            unitLP=price.list,
            unitPP=price.purchase,
            markup=price.markup,
            audit=by_vendor,
        )
    yield line(
        "catalog/authorizations",
        each.authorization,
        name=f"{product.name}, {seller.name}",
        product=ref(product.id),
        vendor=ref(product.vendor),
        owner=ref(seller.id),
        currency=each.currency,
        externalIds={"operations": f"{seller.external_id}-{product.code}"},
        journal={"firstInvoiceDate": at(months_later(made, 2)), "frequency": "1m"},
        eligibility=eligibility,
        notes="Invoiced monthly in arrears.",
        audit=by_operations,
    )
    yield line(
        "catalog/listings",
        each.listing,
        name=f"{product.name} in {seller.address.country}",
        product=ref(product.id),
        vendor=ref(product.vendor),
        seller=ref(seller.id),
        authorization=ref(each.authorization),
        priceList=ref(each.price_list),
        primary=True,
        eligibility=eligibility,
        audit=by_operations,
    )


def _policy(made: datetime) -> Line:
    return line(
        "catalog/pricing-policies",
        POLICY,
        name="Brennholt frame contract",
        client=ref(BRENNHOLT),
        products=[ref(SABLEGATE.id)],
        eligibility={"client": True, "partner": False},
        markup=POLICY_MARKUP,
        status="Active",
        notes="Frame contract for 1,500 devices.",
        externalIds={"operations": "FC-20411-7"},
        audit=audit({"created": (made, FOUNDER), "activated": (made, FOUNDER)}),
    )


def _program(now: datetime) -> Iterator[Line]:
    made, admitted = months_later(now, -26), months_later(now, -25)
    manager = product_manager(INKMARROW)
    yield line(
        "program/programs",
        PROGRAM,
        name="Regulated Signatures",
        shortDescription="For organisations that sign under supervision.",
        longDescription="Hospitals, banks and public bodies are admitted once; orders name the certificate.",
        website="https://www.quillmere.example/regulated",
        vendor=ref(INKMARROW.vendor),
        products=[ref(INKMARROW.id)],
        eligibility={"client": True, "partner": False},
        applicableTo="Buyer",
        status="Published",
        settings={"newCertificateAutoapprove": False, "programEnrollment": True, "programLink": True},
        audit=audit({"created": (made, manager), "published": (made, FOUNDER)}),
    )
    yield line(
        "program/certificates",
        CERTIFICATE,
        name="Regulated Signatures for Pellworth Health Inc.",
        program=ref(PROGRAM),
        vendor=ref(INKMARROW.vendor),
        client=ref(PELLWORTH),
        applicableTo="Buyer",
        buyer=ref(CERTIFIED_BUYER.id),
        eligibility={"client": True, "partner": False},
        status="Active",
        expirationDate=months_later(now, 14).date().isoformat(),
        externalIds={"vendor": "RS-2291"},
        audit=audit({"created": (admitted, manager), "activated": (admitted, manager)}),
    )
