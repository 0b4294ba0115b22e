"""What the vendor and Operations say of the price of a line, of an order or of what is held (spec 2.5, 4.3)."""

from decimal import Decimal

from tests.model import price
from tests.model.command import VENDOR, Body, Command
from tests.model.deal import Line


def write_prices(command: Command, line: Line, path: str, entry: Body) -> None:
    """The vendor sets what it asks for a unit, Operations what comes on top; neither sees the other's."""
    given = {name: Decimal(str(amount)) for name, amount in entry.get("price", {}).items()}
    if command.by(VENDOR):
        if "unitPP" in given:
            line.unit_pp = given["unitPP"]
            if line.unit_pp < 0:
                command.faults.add(f"{path}.price.unitPP")
        return
    for name, amount in given.items():
        if name == "unitPP" or amount == line.price.get(name):
            continue
        markup = markup_of(name, amount, line)
        if markup is None or markup < -100:
            command.faults.add(f"{path}.price.{name}")
        else:
            line.markup = markup


def markup_of(name: str, amount: Decimal, line: Line) -> Decimal | None:
    """The markup from which a margin or a sales price follows (4.3)."""
    if name == "markup":
        return amount
    part, whole = (amount, 100 - amount) if name == "margin" else (amount - line.unit_pp, line.unit_pp)
    return price.percent(part, whole) if whole else None
