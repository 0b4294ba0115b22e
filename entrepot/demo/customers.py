"""Who buys in the demo world, and for whom: buyers pay, licensees use."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from entrepot.demo.companies import (
    AMERICA,
    BOSTON,
    BREMEN,
    BRENNHOLT,
    CHICAGO,
    DENVER,
    FOUNDER,
    GERMANY,
    HAMBURG,
    LEIPZIG,
    LUEBECK,
    MILWAUKEE,
    PELLWORTH,
    SELLERS,
    STENVIK,
    STUTTGART,
    Address,
    Contact,
    Seller,
)
from entrepot.demo.world_file import Line, audit, line, months_later, ref


class Buyer(NamedTuple):
    """A company that pays."""

    id: str
    account: str
    name: str
    tax_id: str
    erp_id: str
    address: Address
    contact: Contact


class Licensee(NamedTuple):
    """A company that uses what is bought; a resale licensee is a customer of the partner."""

    id: str
    name: str
    buyer: Buyer
    seller: Seller
    contact: Contact
    address: Address | None = None
    resale: bool = False

    @property
    def site(self) -> Address:
        """Where it sits: at its buyer's unless it says otherwise."""
        return self.address or self.buyer.address


WEIDNER = Contact("Jana", "Weidner", "jana.weidner@brennholt.example", "+49", "711 5550142")
KOWALCZYK = Contact("Tomasz", "Kowalczyk", "tomasz.kowalczyk@brennholt.example", "+49", "341 5550117")
OYELARAN = Contact("Folake", "Oyelaran", "folake.oyelaran@pellworth.example", "+1", "617 555 0164")
MARCHETTI = Contact("Dale", "Marchetti", "dale.marchetti@pellworth.example", "+1", "303 555 0128")
AHLBERG = Contact("Nils", "Ahlberg", "nils.ahlberg@stenvik.example", "+49", "40 5550190")
REYNOLDS = Contact("Priya", "Reynolds", "priya.reynolds@stenvik.example", "+1", "312 555 0176")

BUYERS = (
    Buyer(
        "BUY-3001-0001",
        BRENNHOLT,
        "Brennholt Maschinenbau GmbH",
        "DE811204417",
        "C-100410",
        STUTTGART,
        WEIDNER,
    ),
    Buyer("BUY-3001-0002", BRENNHOLT, "Brennholt Service GmbH", "DE811204425", "C-100411", LEIPZIG, KOWALCZYK),
    Buyer("BUY-3002-0001", PELLWORTH, "Pellworth Health Inc.", "04-5550193", "C-200120", BOSTON, OYELARAN),
    Buyer("BUY-3002-0002", PELLWORTH, "Pellworth Clinics LLC", "84-5550171", "C-200121", DENVER, MARCHETTI),
    Buyer("BUY-3003-0001", STENVIK, "Stenvik Managed Services GmbH", "DE298850163", "C-100733", HAMBURG, AHLBERG),
    Buyer("BUY-3003-0002", STENVIK, "Stenvik Managed Services Inc.", "36-5550145", "C-200734", CHICAGO, REYNOLDS),
)


def _licensees() -> Iterator[Licensee]:
    brennholt, leipzig, pellworth, clinics, stenvik, stenvik_us = BUYERS
    germany, america = SELLERS[GERMANY], SELLERS[AMERICA]
    yield Licensee("LCE-3001-0001-0001", "Brennholt Headquarters", brennholt, germany, WEIDNER)
    yield Licensee(
        "LCE-3001-0001-0002",
        "Brennholt Plant Bremen",
        brennholt,
        germany,
        Contact("Henrik", "Osterloh", "henrik.osterloh@brennholt.example", "+49", "421 5550133"),
        BREMEN,
    )
    yield Licensee("LCE-3001-0002-0001", "Brennholt Field Service", leipzig, germany, KOWALCZYK)
    yield Licensee("LCE-3002-0001-0001", "Pellworth Hospitals", pellworth, america, OYELARAN)
    yield Licensee(
        "LCE-3002-0001-0002",
        "Pellworth Research",
        pellworth,
        america,
        Contact("Simon", "Achterberg", "simon.achterberg@pellworth.example", "+1", "617 555 0139"),
    )
    yield Licensee("LCE-3002-0002-0001", "Pellworth Clinics", clinics, america, MARCHETTI)
    yield Licensee("LCE-3003-0001-0001", "Stenvik (own use)", stenvik, germany, AHLBERG)
    yield Licensee(
        "LCE-3003-0001-0002",
        "Kornfeld Apotheken",
        stenvik,
        germany,
        Contact("Maren", "Kornfeld", "maren@kornfeld-apotheken.example", "+49", "451 5550108"),
        LUEBECK,
        resale=True,
    )
    yield Licensee(
        "LCE-3003-0001-0003",
        "Weserblick Logistik",
        stenvik,
        germany,
        Contact("Olaf", "Drewes", "olaf.drewes@weserblick.example", "+49", "421 5550186"),
        BREMEN,
        resale=True,
    )
    yield Licensee(
        "LCE-3003-0002-0001",
        "Tidewell Dental Group",
        stenvik_us,
        america,
        Contact("Carmen", "Ibarra", "cibarra@tidewell.example", "+1", "414 555 0155"),
        MILWAUKEE,
        resale=True,
    )
    yield Licensee(
        "LCE-3003-0002-0002",
        "Larkmoor Credit Union",
        stenvik_us,
        america,
        Contact("Everett", "Quade", "everett.quade@larkmoor.example", "+1", "312 555 0111"),
        resale=True,
    )


LICENSEES = tuple(_licensees())


def customers(now: datetime) -> Iterator[Line]:
    """The buyers and licensees, all of them ready to trade."""
    yield from _buyers(months_later(now, -29))
    yield from _licensee_lines(months_later(now, -28))


def _buyers(opened: datetime) -> Iterator[Line]:
    for buyer in BUYERS:
        yield line(
            "accounts/buyers",
            buyer.id,
            name=buyer.name,
            account=ref(buyer.account),
            status="Active",
            taxId=buyer.tax_id,
            address=buyer.address.wire(),
            contact=buyer.contact.wire(),
            externalIds={"erpCustomer": buyer.erp_id, "erpCompanyContact": f"{buyer.erp_id}-01"},
            audit=audit({"created": (opened, FOUNDER), "activated": (opened, FOUNDER)}),
        )


def _licensee_lines(opened: datetime) -> Iterator[Line]:
    for licensee in LICENSEES:
        yield line(
            "accounts/licensees",
            licensee.id,
            name=licensee.name,
            account=ref(licensee.buyer.account),
            buyer=ref(licensee.buyer.id),
            seller=ref(licensee.seller.id),
            status="Active",
            useBuyerAddress=licensee.address is None,
            address=licensee.address.wire() if licensee.address else None,
            contact=licensee.contact.wire(),
            eligibility={"client": not licensee.resale, "partner": licensee.resale},
            audit=audit({"created": (opened, FOUNDER)}),
        )
