"""Who trades in the model's world, and what there is to buy: the facts that its rules start from."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from tests import world

Line = world.Line


@dataclass(frozen=True, slots=True)
class Somebody:
    """One who asks: what they are, which account is theirs, and the name under which the trail knows them."""

    name: str
    actor: str
    account: str
    identity: str
    buyers: tuple[str, ...] = ()
    """Buyers to which a person is held; all of the account's when empty."""

    def __repr__(self) -> str:
        return f"<{self.name}>"


EVERYBODY = {
    each.name: each
    for each in (
        Somebody("client", "client", "ACC-2001-0001", world.USER),
        Somebody("restricted", "client", "ACC-2001-0001", world.RESTRICTED_USER, buyers=(world.BUYER,)),
        Somebody("other client", "client", "ACC-2002-0001", world.TOKENS["other client"]),
        Somebody("vendor", "vendor", "ACC-3001-0001", world.TOKENS["vendor"]),
        Somebody("other vendor", "vendor", "ACC-3002-0001", world.TOKENS["other vendor"]),
        Somebody("operations", "operations", "ACC-1000-0001", world.TOKENS["operations"]),
    )
}
OPERATIONS = EVERYBODY["operations"]
TIME = Somebody("time", "kernel", "", "SVC-0002")
"""What happens by itself."""

LICENSEES = {
    # licensee                 account          buyer
    world.LICENSEE:        ("ACC-2001-0001", world.BUYER),
    world.SECOND_LICENSEE: ("ACC-2001-0001", world.SECOND_BUYER),
    world.OTHER_LICENSEE:  ("ACC-2002-0001", world.OTHER_BUYER),
}  # fmt: skip

VENDORS = {world.PRODUCT: "ACC-3001-0001", world.OTHER_PRODUCT: "ACC-3002-0001"}


@dataclass(frozen=True, slots=True)
class Item:
    """Something on a price list: what the vendor asks for one unit of one period, and what is put on top of it."""

    id: str
    product: str
    period: str
    unit_pp: Decimal
    markup: Decimal
    for_sale: bool = True
    more: bool = True
    """Whether more of it may be ordered by those who hold something: what is Private is for them."""
    known: bool = True
    """Whether a client may know of it at all."""
    counted: bool = True
    """Whether one orders a number of it; usage has none."""

    @property
    def once(self) -> bool:
        """Bought once: it becomes an asset. All else becomes part of a subscription."""
        return self.period == "one-time"

    @property
    def term(self) -> int:
        """So many months one is bound for; here everything that recurs binds for a year at least."""
        return {"one-time": 0, "3y": 36}.get(self.period, 12)


THREE_YEARS, BY_LIST_PRICE, BY_DEFAULT, USAGE = (f"ITM-5001-0001-001{n}" for n in range(1, 5))


def _items() -> Iterator[Item]:
    for product in VENDORS:
        digits = product[4:]
        for number, period, price in ((1, "1y", "120"), (2, "1m", "9.99"), (3, "one-time", "350")):
            yield Item(f"ITM-{digits}-000{number}", product, period, Decimal(price), Decimal(10))
    yield Item(world.DRAFT_ITEM, world.PRODUCT, "1y", Decimal(0), Decimal(0),
               for_sale=False, more=False, known=False)  # fmt: skip
    yield Item(world.PRIVATE_ITEM, world.PRODUCT, "1y", Decimal(10), Decimal(10), for_sale=False)
    # A list price of 133 on a purchase price of 100 is a markup of 33; where nothing is said it is the list's 12.
    yield Item(THREE_YEARS, world.PRODUCT, "3y", Decimal("1000.01"), Decimal("7.25"))
    yield Item(BY_LIST_PRICE, world.PRODUCT, "1y", Decimal(100), Decimal(33))
    yield Item(BY_DEFAULT, world.PRODUCT, "1m", Decimal("0.35"), Decimal(12))
    yield Item(USAGE, world.PRODUCT, "1m", Decimal("0.01"), Decimal(50), counted=False)


ITEMS = {each.id: each for each in _items()}

PRECISION = 2
"""Decimals to which every price list of this world rounds."""


def more_items() -> Iterator[Line]:
    """The lines of a world file that bring in what tests/world.py has not."""
    for item, period, model, offer in (
        (THREE_YEARS, "3y", "quantity", {"unitPP": 1000.01, "markup": 7.25}),
        (BY_LIST_PRICE, "1y", "quantity", {"unitPP": 100, "unitLP": 133}),
        (BY_DEFAULT, "1m", "quantity", {"unitPP": 0.35}),
        (USAGE, "1m", "usage", {"unitPP": 0.01, "markup": 50}),
    ):
        yield {"$kind": "catalog/items", "id": item, "product": {"id": world.PRODUCT}, "name": f"Item {item}",
               "status": "Published", "group": {"id": "IGR-5001-0001-0001"}, "unit": {"id": "UNT-1001"},
               "externalIds": {"vendor": item}, "quantityNotApplicable": item == USAGE,
               "terms": {"model": model, "period": period, "commitment": "3y" if period == "3y" else "1y"}}  # fmt: skip
        yield {"$kind": "catalog/price-lists/PRC-5001-0001-0001/items", "id": f"PRI-5001-0001-0001-{item[-4:]}",
               "item": {"id": item}, "status": "ForSale", **offer}  # fmt: skip
