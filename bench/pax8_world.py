"""The world of a large partner: ten thousand companies, and the orders of years, as lines of a world file."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from entrepot.demo.companies import GERMANY, STENVIK
from entrepot.demo.products import SABLEGATE
from entrepot.demo.world_file import Line, at, child, line, months_later, ref

BUYER = "BUY-3003-0001"
ITEMS = tuple(SABLEGATE.item_id(each) for each in SABLEGATE.items if each.sku in ("SG-CORE-Y", "SG-HUNT-Y"))
"""Two products in the words of Pax8, one in those of the Marketplace: they share an agreement."""

STATES = {"Completed": 86, "Failed": 6, "Cancelled": 4, "Processing": 4}
"""Of a hundred orders."""

DAYS = 2000
"""How far back the oldest lies."""

CITIES = ("Hamburg", "Bremen", "Lübeck", "Kiel", "Rostock", "Stade", "Husum", "Emden", "Plön", "Cuxhaven")


def lines(companies: int, orders: int) -> Iterator[Line]:
    """Companies, and for each order its basket with all that came of it; the same each time but for the days."""
    now = datetime.now(UTC)
    for number in range(companies):
        yield _company(number, now - timedelta(days=DAYS))
    for number in range(orders):
        company = number if number < companies else _hash(number, "company") % companies
        yield from _order(number, company, now - timedelta(days=DAYS) * (orders - number) / orders)


def name_of(number: int) -> str:
    """What a company is called."""
    return f"{CITIES[_hash(number, 'city') % len(CITIES)]} Works {number:05d}"


def _company(number: int, made: datetime) -> Line:
    address = {
        "addressLine1": f"Quay {number}", "postCode": f"{20000 + number % 9000}",
        "city": CITIES[_hash(number, "city") % len(CITIES)], "state": "DE-HH", "country": "DE",
    }  # fmt: skip
    return line(
        "accounts/licensees",
        _id("LCE", number),
        name=name_of(number),
        account=ref(STENVIK),
        buyer=ref(BUYER),
        seller=ref(GERMANY),
        status="Active",
        externalId=f"PSA-{number}",
        useBuyerAddress=False,
        address=address,
        contact={"name": "Front Desk", "phone": {"prefix": "+49", "number": f"40 {number:07d}"}},
        website=f"https://works-{number}.example",
        eligibility={"client": False, "partner": True},
        audit={"created": {"at": at(made)}},
    )


def _order(number: int, company: int, made: datetime) -> Iterator[Line]:
    state, licensee = _state(number), ref(_id("LCE", company))
    agreement, order, basket, held = (_id(prefix, number) for prefix in ("AGR", "ORD", "BSK", "SUB"))
    created = {"created": {"at": at(made)}}
    quantities = [1 + _hash(number, item) % 60 for item in ITEMS]
    asked = [{"item": ref(item), "quantity": each} for item, each in zip(ITEMS, quantities, strict=True)]
    placed, live = state != "Cancelled", state == "Completed"
    ids = [child("ALI", agreement, at) for at in (1, 2)]
    if placed:
        yield line(
            "commerce/agreements",
            agreement,
            name=f"Agreement {number}",
            licensee=licensee,
            product=ref(SABLEGATE.id),
            status={"Completed": "Active", "Failed": "Failed", "Processing": "Provisioning"}[state],
            audit=created,
        )
        ordered = [{"id": one, **each} for one, each in zip(ids, asked, strict=True)]
        of_it = {"subscription": ref(held)} if live else {}
        yield line(
            "commerce/orders",
            order,
            type="Purchase",
            status=state,
            agreement=ref(agreement),
            lines=[each | of_it for each in ordered],
            subscriptions=[{"id": held, "status": "Active"}] if live else [],
            audit=created,
        )
    if live:
        yield line(
            "commerce/subscriptions",
            held,
            name=f"Subscription {number}",
            agreement=ref(agreement),
            status="Active",
            startDate=at(made),
            commitmentDate=at(_next_anniversary(made)),
            autoRenew=True,
            lines=[{"id": one, **each} for one, each in zip(ids, asked, strict=True)],
            audit=created,
        )
    told = {"order": ref(order)} if placed else {}
    told |= {"subscription": ref(held)} if live else {}
    told |= {"reason": "The tenant is gone."} if state == "Failed" else {}
    yield line(
        "commerce/baskets",
        basket,
        licensee=licensee,
        status=state,
        orderedBy={"type": "Partner", "email": f"tech{number % 7}@stenvik.example"},
        lines=[each | told | {"status": state, "number": at} for at, each in enumerate(asked, 1)],
        audit=created,
    )


def _next_anniversary(made: datetime) -> datetime:
    now, years = datetime.now(UTC), 1
    while (day := months_later(made, 12 * years)) <= now + timedelta(days=1):
        years += 1
    return day


def _state(number: int) -> str:
    drawn = _hash(number, "state") % 100
    for state, share in STATES.items():
        if drawn < share:
            return state
        drawn -= share
    raise AssertionError("the shares make a hundred")


def _id(prefix: str, number: int) -> str:
    """An id that no counter draws: the first block is the bench's own."""
    return f"{prefix}-9{number // 1_000_000:03d}-{number // 1000 % 1000:04d}-{number % 1000:04d}"


def _hash(number: int, what: str) -> int:
    return int.from_bytes(hashlib.blake2b(f"{what}{number}".encode(), digest_size=8).digest())
