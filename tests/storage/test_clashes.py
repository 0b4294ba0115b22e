"""Two things of which one alone may be: the later line is told, the field, and what was there before it."""

from typing import Any

import pytest

from tests.storage.worlds import Line, counts, faults_of, file, line
from tests.world import PRODUCT, YEARLY, refer

BELOW = f"catalog/products/{PRODUCT}"
CLIENT, NEW = "ACC-2001-0001", "PRD-5009-0001"


def item(number: int, vendor: str, product: str = PRODUCT, **more: Any) -> Line:
    return line("catalog/items", f"ITM-{product[4:]}-{number:04}", product=refer(product), name="X", status="Published",
                group=refer("IGR-5001-0001-0001"), unit=refer("UNT-1001"), externalIds={"vendor": vendor},
                terms={"model": "quantity", "period": "1y", "commitment": "1y"}, **more)  # fmt: skip


def group(number: int, product: str = PRODUCT, kind: str = "item-groups", prefix: str = "IGR", **more: Any) -> Line:
    below = f"catalog/products/{product}/{kind}"
    return line(below, f"{prefix}-{product[4:]}-{number:04}", name="G", label="G", **more)


def parameter(number: int, name: str, **more: Any) -> Line:
    return line(f"{BELOW}/parameters", f"PAR-5001-0001-{number:04}", name="P", externalId=name, scope="Agreement",
                phase="Order", type="Email", **more)  # fmt: skip


def user(number: int, email: str, **more: Any) -> Line:
    return line("accounts/users", f"USR-2009-{number:04}", firstName="A", lastName="B", email=email, status="Active",
                accounts=[refer(CLIENT)], **more)  # fmt: skip


def template(number: int, **more: Any) -> Line:
    return line(f"{BELOW}/templates", f"TPL-5001-0001-{number:04}", name="T", content="T", **more)


def prices(number: int, currency: str, **more: Any) -> Line:
    return line("catalog/price-lists", f"PRC-5001-0001-{number:04}", product=refer(PRODUCT), currency=currency, **more)


def listing(number: int) -> Line:
    return line("catalog/listings", f"LST-5009-{number:04}", product=refer(PRODUCT), seller=refer("SEL-4001-0001"),
                authorization=refer("AUT-5001-0001"), priceList=refer("PRC-5001-0001-0001"), primary=True,
                eligibility={"client": True})  # fmt: skip


NEW_PRODUCT = line("catalog/products", NEW, vendor=refer("ACC-3001-0001"), name="New")

CASES: dict[str, tuple[list[Line], str]] = {
    "two items of one number": (
        [item(101, "N-1"), item(102, "N-2"), item(103, "N-1")],
        "3: externalIds.vendor: Item ITM-5001-0001-0101 in more:1 has the same product and externalIds.vendor and "
        "terms.period and terms.commitment.",
    ),
    "an item with the number of one that is there": (
        [item(101, "N-1"), item(102, "A-1")],
        f"2: externalIds.vendor: Item {YEARLY} in the database has the same product and externalIds.vendor",
    ),
    "two parameters of one name": (
        [parameter(101, "mail"), parameter(102, "mail")],
        "2: externalId: Parameter PAR-5001-0001-0101 in more:1 has the same product and externalId.",
    ),
    "a parameter with the name of one that is there": (
        [parameter(101, "company")],
        "1: externalId: Parameter PAR-5001-0001-0001 in the database has the same product and externalId.",
    ),
    "two users with one e-mail, however it is written": (
        [user(1, "a@b.example"), user(2, "c@b.example"), user(3, "A@B.example")],
        "3: email: User USR-2009-0001 in more:1 has the same email.",
    ),
    "a user with the e-mail of one that is there": (
        [user(1, "ADA@client.example")],
        "1: email: User USR-2001-0001 in the database has the same email.",
    ),
    "two default groups": (
        [NEW_PRODUCT, group(1, NEW, default=True), group(2, NEW), group(3, NEW, default=True)],
        f"4: default: ItemGroup IGR-{NEW[4:]}-0001 in more:2 has the same product and default.",
    ),
    "a default group beside the one that is there": (
        [group(101, kind="parameter-groups", prefix="PGR", default=True)],
        "1: default: ParameterGroup PGR-5001-0001-0001 in the database has the same product and default.",
    ),
    "two default texts of a type": (
        [template(101, type="OrderTerminated", default=True), template(102, type="OrderTerminated", default=True)],
        "2: default: Template TPL-5001-0001-0101 in more:1 has the same product and type and default.",
    ),
    "two default price lists of a currency": (
        [prices(101, "USD", default=True), prices(102, "CHF", default=True), prices(103, "USD", default=True)],
        "3: default: PriceList PRC-5001-0001-0101 in more:1 has the same product and currency and default.",
    ),
    "a second primary listing": (
        [listing(1)],
        "1: primary: Listing LST-5001-0001 in the database has the same product and seller and primary.",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_clashes_is_told_by_line_and_field(database: str, case: str) -> None:
    before = counts(database)
    lines, told = CASES[case]
    (found,) = faults_of(database, file("more", lines))
    assert found.startswith(f"more:{told}"), found
    assert counts(database) == before


def test_a_clash_far_down_a_long_file_is_found(database: str) -> None:
    lines = [item(n, f"N-{n}") for n in range(1000, 6500)] + [item(6500, "N-1234")]
    (found,) = faults_of(database, file("more", lines))
    assert found.startswith("more:5501: externalIds.vendor: Item ITM-5001-0001-1234 in more:235 has the same")


def test_a_clash_of_two_files_names_both(database: str) -> None:
    lines = [*file("one", [item(101, "N-1")]), *file("two", [item(102, "N-1")])]
    (found,) = faults_of(database, lines)
    assert found.startswith("two:1: externalIds.vendor: Item ITM-5001-0001-0101 in one:1 has the same")


def test_what_is_deleted_clashes_with_nothing(database: str) -> None:
    lines = [parameter(101, "mail", status="Deleted"), parameter(102, "mail"), user(1, "x@b.example") | {"status": "Deleted"},
             user(2, "x@b.example")]  # fmt: skip
    assert faults_of(database, file("more", lines)) == []
