"""Who trades in the demo world: a distributor with two sellers, two vendors and three clients."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from entrepot.demo.world_file import Line, audit, line, months_later

OPERATIONS = "ACC-1000-0001"
HALVORNE = "ACC-2000-0001"
QUILLMERE = "ACC-2000-0002"
BRENNHOLT = "ACC-3000-0001"
PELLWORTH = "ACC-3000-0002"
STENVIK = "ACC-3000-0003"
GERMANY = "SEL-4000-0001"
AMERICA = "SEL-4000-0002"

FOUNDER = "USR-1000-0001"
"""The distributor's administrator, who set everything up."""


class Address(NamedTuple):
    """Where a company sits."""

    street: str
    post_code: str
    city: str
    state: str
    country: str

    def wire(self) -> dict[str, str]:
        """As the API writes it."""
        return {
            "addressLine1": self.street,
            "postCode": self.post_code,
            "city": self.city,
            "state": self.state,
            "country": self.country,
        }


class Contact(NamedTuple):
    """Whom to ask."""

    first: str
    last: str
    email: str
    prefix: str
    number: str

    def wire(self) -> dict[str, object]:
        """As a contact of a buyer or licensee."""
        return {"name": f"{self.first} {self.last}", **self.value()}

    def value(self) -> dict[str, object]:
        """As the value of a parameter."""
        return {
            "firstName": self.first,
            "lastName": self.last,
            "email": self.email,
            "phone": {"prefix": self.prefix, "number": self.number},
        }


class Account(NamedTuple):
    """A party with users of its own."""

    id: str
    type: str
    name: str
    external_id: str
    domain: str
    description: str
    address: Address
    partner: bool = False


class Seller(NamedTuple):
    """A company of the distributor that invoices in one country."""

    id: str
    name: str
    external_id: str
    currency: str
    address: Address


ROTTERDAM = Address("Wilhelminakade 31", "3072 AR", "Rotterdam", "Zuid-Holland", "NL")
STOCKHOLM = Address("Skeppsbron 44", "111 30", "Stockholm", "Stockholms län", "SE")
BRISTOL = Address("9 Welsh Back", "BS1 4SP", "Bristol", "England", "GB")
STUTTGART = Address("Neckarhalde 118", "70376", "Stuttgart", "Baden-Württemberg", "DE")
LEIPZIG = Address("Gießerstraße 27", "04229", "Leipzig", "Sachsen", "DE")
FRANKFURT = Address("Mainkai 52", "60311", "Frankfurt am Main", "Hessen", "DE")
HAMBURG = Address("Am Sandtorkai 70", "20457", "Hamburg", "Hamburg", "DE")
BOSTON = Address("280 Harborwalk Street", "02210", "Boston", "MA", "US")
DENVER = Address("1455 Platte Ridge Road", "80202", "Denver", "CO", "US")
CHICAGO = Address("640 West Fulton Yard", "60661", "Chicago", "IL", "US")
ATLANTA = Address("75 Peachwell Avenue", "30308", "Atlanta", "GA", "US")
LUEBECK = Address("An der Obertrave 9", "23552", "Lübeck", "Schleswig-Holstein", "DE")
BREMEN = Address("Schlachte 33", "28195", "Bremen", "Bremen", "DE")
MILWAUKEE = Address("2210 North Lakebluff Drive", "53202", "Milwaukee", "WI", "US")

ACCOUNTS = (
    Account(
        OPERATIONS,
        "Operations",
        "Tesselkade Distribution",
        "TKD",
        "tesselkade.example",
        "Distributor of cloud software in Europe and North America.",
        ROTTERDAM,
    ),
    Account(
        HALVORNE,
        "Vendor",
        "Halvorne Software",
        "HALV",
        "halvorne.example",
        "Backup and analytics for mid-sized companies.",
        STOCKHOLM,
    ),
    Account(
        QUILLMERE,
        "Vendor",
        "Quillmere Security",
        "QUIL",
        "quillmere.example",
        "Endpoint protection and qualified signatures.",
        BRISTOL,
    ),
    Account(
        BRENNHOLT,
        "Client",
        "Brennholt Maschinenbau",
        "CDG-20411",
        "brennholt.example",
        "Family-owned maker of timber machines, 1,900 people.",
        STUTTGART,
    ),
    Account(
        PELLWORTH,
        "Client",
        "Pellworth Health",
        "CDG-20877",
        "pellworth.example",
        "Eleven hospitals and forty clinics.",
        BOSTON,
    ),
    Account(
        STENVIK,
        "Client",
        "Stenvik Managed Services",
        "CDG-21530",
        "stenvik.example",
        "Managed service provider; buys for its own customers.",
        HAMBURG,
        partner=True,
    ),
)

SELLERS = {
    GERMANY: Seller(GERMANY, "Tesselkade Deutschland GmbH", "DE01", "EUR", FRANKFURT),
    AMERICA: Seller(AMERICA, "Tesselkade USA Inc.", "US01", "USD", ATLANTA),
}


def companies(now: datetime) -> Iterator[Line]:
    """The accounts and the sellers."""
    for account in ACCOUNTS:
        opened = months_later(now, -30 if account.type == "Client" else -36)
        yield line(
            "accounts/accounts",
            account.id,
            type=account.type,
            name=account.name,
            status="Active",
            description=account.description,
            externalId=account.external_id,
            externalName=account.name,
            serviceLevel="Elite" if account.type == "Client" else None,
            address=account.address.wire(),
            website=f"https://www.{account.domain}",
            technicalSupportEmail=f"support@{account.domain}",
            eligibility={"client": True, "partner": account.partner} if account.type == "Client" else None,
            audit=audit({"created": (opened, FOUNDER), "activated": (opened, FOUNDER)}),
        )
    yield from _sellers(months_later(now, -36))


def _sellers(opened: datetime) -> Iterator[Line]:
    for seller in SELLERS.values():
        yield line(
            "accounts/sellers",
            seller.id,
            name=seller.name,
            externalId=seller.external_id,
            status="Active",
            currencies=[seller.currency],
            address=seller.address.wire(),
            audit=audit({"created": (opened, FOUNDER)}),
        )
