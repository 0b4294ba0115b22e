"""What a product of the demo world is declared with; ids follow from the order of declaration."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import NamedTuple

from entrepot.demo.customers import Licensee
from entrepot.demo.world_file import child

Sample = Callable[[Random, Licensee, datetime], object]
"""Makes the value that a parameter has in an order of the past."""


class Terms(NamedTuple):
    """How an item is paid, and for how long one is bound."""

    model: str
    period: str
    commitment: str | None = None

    def wire(self) -> dict[str, str]:
        """As the API writes it."""
        return {name: value for name, value in self._asdict().items() if value}

    @property
    def recurring(self) -> bool:
        """Whether it becomes a subscription."""
        return self.period != "one-time"


MONTHLY = Terms("quantity", "1m", "1m")
MONTHLY_FOR_A_YEAR = Terms("quantity", "1m", "1y")
YEARLY = Terms("quantity", "1y", "1y")
THREE_YEARS = Terms("quantity", "3y", "3y")
ONCE = Terms("one-time", "one-time")


class Price(NamedTuple):
    """What the vendor recommends, what the distributor pays, and what it puts on top, in percent."""

    list: Decimal
    purchase: Decimal
    markup: Decimal


def price(recommended: str, purchase: str, markup: str) -> Price:
    """A price as text, so that the digits stay."""
    return Price(Decimal(recommended), Decimal(purchase), Decimal(markup))


@dataclass(frozen=True, eq=False)
class Item:
    """Something that can be ordered. `seats`: what its vendor declares of quantities, and of fewer or none before a
    term ends; `requires`: the numbers of items of which a basket must have one beside it."""

    sku: str
    name: str
    description: str
    unit: str
    terms: Terms
    prices: dict[str, Price]
    typical: tuple[int, int]
    group: int = 0
    parameters: dict[str, object] = field(default_factory=dict)
    seats: dict[str, object] = field(default_factory=dict)
    requires: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Parameter:
    """Something that is asked or told with an order."""

    external_id: str
    name: str
    description: str
    type: str
    scope: str = "Agreement"
    phase: str = "Order"
    context: str = "None"
    group: int | None = 0
    required: bool = True
    hidden: bool = False
    readonly: bool = False
    options: dict[str, object] = field(default_factory=dict)
    sample: Sample | None = None


def told(external_id: str, name: str, type: str, description: str, **more: object) -> Parameter:
    """A parameter that the vendor fills in while it fulfils."""
    more = {"phase": "Fulfillment", "group": None, "required": False, **more}
    return Parameter(external_id, name, description, type, **more)  # pyright: ignore[reportArgumentType]


@dataclass(frozen=True, eq=False)
class Template:
    """What the parties read at one point of an order's life; `{{ name }}` names a parameter."""

    type: str
    name: str
    content: str
    default: bool = True


@dataclass(frozen=True, eq=False)
class Document:
    """Terms that a client accepts, with an address for each language."""

    name: str
    description: str
    variants: dict[str, str]


@dataclass(frozen=True, eq=False)
class Objection:
    """A reason for the vendor to ask back: which answer is doubtful, and why."""

    external_id: str
    value: object
    error_id: str
    message: str


@dataclass(frozen=True, eq=False)
class Product:
    """A product with all that belongs to it."""

    id: str
    vendor: str
    name: str
    short: str
    long: str
    website: str
    fulfilment: str
    code: str
    item_groups: tuple[tuple[str, str], ...]
    items: tuple[Item, ...]
    parameter_groups: tuple[tuple[str, str], ...]
    parameters: tuple[Parameter, ...]
    templates: tuple[Template, ...]
    terms: tuple[Document, ...]
    objection: Objection
    default_markup: Decimal
    partners: bool = True

    def item_id(self, item: Item) -> str:
        """The id of an item."""
        return child("ITM", self.id, self.items.index(item) + 1)

    def parameter(self, external_id: str) -> Parameter:
        """The parameter with that external id."""
        return next(each for each in self.parameters if each.external_id == external_id)

    def parameter_id(self, parameter: Parameter) -> str:
        """The id of a parameter."""
        return child("PAR", self.id, self.parameters.index(parameter) + 1)

    def template_id(self, type: str, name: str = "") -> str:
        """The id of the default template of a type, or of the one with that name."""
        for number, each in enumerate(self.templates, 1):
            if each.type == type and (each.name == name if name else each.default):
                return child("TPL", self.id, number)
        raise LookupError(f"{self.name} has no template {type} {name}")

    def text(self, template: Template) -> str:
        """The content of a template with the ids of the parameters it names."""
        return re.sub(
            r"{{ (\w+) }}",
            lambda found: f"{{{{ {self.parameter_id(self.parameter(found[1]))} }}}}",
            template.content.strip() + "\n",
        )


def chosen(*values: object) -> Sample:
    """One of the values."""
    return lambda rng, licensee, at: rng.choice(values)


def some(*values: str) -> Sample:
    """One or more of the values."""
    return lambda rng, licensee, at: sorted(rng.sample(values, rng.randint(1, len(values))), key=values.index)


def numbered(prefix: str, digits: int = 6) -> Sample:
    """A running number of the vendor's."""
    return lambda rng, licensee, at: f"{prefix}{rng.randrange(10 ** (digits - 1), 10**digits)}"


def day(least: int, most: int) -> Sample:
    """A day so many days after the order."""
    return lambda rng, licensee, at: (at + timedelta(days=rng.randint(least, most))).date().isoformat()


def days(least: int, most: int) -> Sample:
    """A week that begins so many days after the order."""

    def sample(rng: Random, licensee: Licensee, at: datetime) -> object:
        start = at.date() + timedelta(days=rng.randint(least, most))
        return {"start": start.isoformat(), "end": (start + timedelta(days=7)).isoformat()}

    return sample


def contact(rng: Random, licensee: Licensee, at: datetime) -> object:
    """The licensee's contact."""
    return licensee.contact.value()


def email(rng: Random, licensee: Licensee, at: datetime) -> object:
    """The e-mail address of the licensee's contact."""
    return licensee.contact.email


def address(rng: Random, licensee: Licensee, at: datetime) -> object:
    """Where the licensee sits."""
    return licensee.site.wire()


def company(rng: Random, licensee: Licensee, at: datetime) -> object:
    """The licensee's name."""
    return licensee.name


def subdomain(rng: Random, licensee: Licensee, at: datetime) -> object:
    """A host name made of the licensee's name."""
    return "-".join(re.findall(r"[a-z0-9]+", licensee.name.lower())[:2])


def options(*values: str, labels: dict[str, str] | None = None, **more: object) -> dict[str, object]:
    """The options of a Choice, Checkbox or DropDown."""
    return {
        "optionsList": [{"label": (labels or {}).get(each, each), "value": each} for each in values],
        **more,
    }
