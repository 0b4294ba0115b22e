"""One deal as the model holds it: an agreement, its orders, and what came of them; and how their history grows.

The rules in `rules.py` change a copy of a deal. `settle` then compares the copy with what was there before and writes
the history: whatever changed in one command is at the next revision, is stamped, and is told on the trail.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import count

from tests.model.market import LICENSEES, VENDORS, Item, Somebody
from tests.model.price import Price, of_line, total

STAMPED = {
    "Agreement": "Provisioning Active Terminated",
    "Order": "Quoted Processing Querying Completed Failed Deleted",
    "OrderSubscription": "Active Updating Terminating Terminated",
    "OrderAsset": "Active",
    "Subscription": "Active Updating Terminating Terminated Expired",
    "Asset": "Active Terminated",
}
"""States of which `audit` tells when they were entered, and by whom (spec 1.12)."""

_keys = count(1)


@dataclass
class History:
    """What is told of a thing: its revision, who did what last, and every record of the trail."""

    revision: int = 0
    audit: dict[str, str] = field(default_factory=dict)
    records: list[tuple[str, int, str]] = field(default_factory=list)
    moves: int = 0
    """States entered in the command that is under way."""
    mentioned: bool = False
    """Something was told of it in this command, even if nothing changed."""
    told: str | None = None
    """What else was told of it in this command."""


@dataclass
class Thing:
    """Whatever has a life and a history. Equal are those of which the same is true, whatever their history."""

    kind: str
    status: str
    id: str = field(default="", compare=False)
    key: int = field(default_factory=lambda: next(_keys))
    history: History = field(default_factory=History, compare=False)

    def move(self, status: str, who: Somebody) -> None:
        """Enters a state."""
        self.status = status
        self.history.moves += 1
        self.stamp(who)

    def stamp(self, who: Somebody) -> None:
        """Notes who brought it into its state."""
        if self.status in STAMPED[self.kind].split():
            self.history.audit[self.status.lower()] = who.identity


@dataclass
class Parameter:
    """A question of the product, and what was answered."""

    scope: str
    required: bool = False
    hidden: bool = False
    value: str | None = None
    error: str | None = None

    @property
    def valid(self) -> bool:
        """Nobody can be asked for what they do not see."""
        return self.hidden or (self.error is None and not (self.required and not self.value))


def ordering() -> dict[str, Parameter]:
    """The questions to the client."""
    return {
        "company": Parameter("Agreement", required=True),
        "contact": Parameter("Agreement"),
        "note": Parameter("Order"),
        "secret": Parameter("Agreement", hidden=True),
    }


def fulfillment() -> dict[str, Parameter]:
    """What the vendor notes."""
    return {"customerId": Parameter("Agreement"), "dueDate": Parameter("Agreement", hidden=True)}


@dataclass
class Line:
    """So many units of an item: of an order, at the prices of the day, or as they are held."""

    number: int
    item: Item
    quantity: int
    unit_pp: Decimal
    markup: Decimal
    old: int = 0
    """What was held of it when it was ordered: the order is about the difference."""
    draft: int | None = None
    """The key of the subscription or asset within the order to which it belongs."""

    @property
    def price(self) -> Price:
        """All its amounts."""
        return of_line(self.unit_pp, self.markup, self.item.period, self.quantity - self.old)


@dataclass
class LiveLine(Line):
    """What the agreement holds of an item; or held: dead lines stay, at zero."""

    holding: int = 0
    """The key of the subscription or asset to which it belongs."""
    status: str = "Active"

    def end(self, status: str) -> None:
        """Nothing is held of it any more."""
        self.quantity, self.status = 0, status


@dataclass
class Part(Thing):
    """A subscription or asset: within an order, or live."""

    name: str = ""
    external_ids: dict[str, str] = field(default_factory=dict)
    price: Price = field(default_factory=dict)
    auto_renew: bool = True
    commitment: datetime | None = None
    """To when the client is bound; what is not live yet has none."""

    @property
    def is_asset(self) -> bool:
        """Whether it is of what is bought once."""
        return self.kind.endswith("Asset")


@dataclass
class Draft(Part):
    """A subscription or asset within its order: prepared by the vendor and live with completion, or a copy of one."""

    live: int | None = None
    """The key of what it is a copy of, or became."""


@dataclass
class Holding(Part):
    """A live subscription or asset, under the id of the draft that it was."""

    start: datetime | None = None
    term: int = 0
    """So many months it goes on for when it is renewed."""


@dataclass
class Order(Thing):
    """An order, with what was written on it."""

    type: str = "Purchase"
    notes: str | None = None
    comments: str | None = None
    status_notes: str | None = None
    error: str | None = None
    template: str | None = None
    external_ids: dict[str, str] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    ordering: dict[str, Parameter] = field(default_factory=ordering)
    fulfillment: dict[str, Parameter] = field(default_factory=fulfillment)
    drafts: list[Draft] = field(default_factory=list, compare=False)

    def lines_of(self, draft: Draft) -> list[Line]:
        """What is mapped to it."""
        return [line for line in self.lines if line.draft == draft.key]

    def reprice(self) -> None:
        """A draft costs what its lines cost; a copy, what the order changes."""
        for draft in self.drafts:
            draft.price = total(line.price for line in self.lines_of(draft))

    @property
    def under_way(self) -> bool:
        """Whether it is not over yet."""
        return self.status in ("Draft", "Quoted", "Processing", "Querying")


@dataclass
class Agreement(Thing):
    """What the client holds from the vendor."""

    template: str | None = None
    allocated: int = 0
    """Lines numbered so far, those of dead orders too."""
    ordering: dict[str, Parameter] = field(default_factory=dict)
    fulfillment: dict[str, Parameter] = field(default_factory=dict)
    lines: list[LiveLine] = field(default_factory=list)
    name: str = ""
    external_ids: dict[str, str] = field(default_factory=dict)

    def live_line(self, number: int) -> LiveLine | None:
        """What is held under that number now."""
        return next((each for each in self.lines if each.number == number and each.status == "Active"), None)

    def lines_of(self, holding: Holding) -> list[LiveLine]:
        """The lines of a subscription or asset, dead ones too."""
        return [each for each in self.lines if each.holding == holding.key]


@dataclass
class Deal:
    """An agreement and all that belongs to it."""

    product: str
    licensee: str
    agreement: Agreement
    orders: list[Order] = field(default_factory=list)
    holdings: list[Holding] = field(default_factory=list)
    gone: list[Thing] = field(default_factory=list)
    """What was taken off an order again: only the trail knows of it."""

    def things(self) -> Iterator[Thing]:
        """Whatever has a history here."""
        yield self.agreement
        for order in self.orders:
            yield order
            yield from order.drafts
        yield from self.holdings

    def find(self, key: int) -> Thing | None:
        """The thing with that key."""
        return next((each for each in self.things() if each.key == key), None)

    def holding(self, key: int | None) -> Holding:
        """The subscription or asset with that key."""
        return next(each for each in self.holdings if each.key == key)

    def order(self, key: int) -> Order:
        """The order with that key."""
        return next(each for each in self.orders if each.key == key)

    def line_id(self, line: Line) -> str:
        """Lines are numbered in their agreement."""
        return f"ALI-{self.agreement.id[4:]}-{line.number:04d}"

    def text(self, number: int) -> str:
        """The id of one of the product's texts: 1 processing, 2 querying, 3 completed, 9 a question of its own."""
        return f"TPL-{self.product[4:]}-{number:04d}"

    def seen_by(self, who: Somebody) -> bool:
        """Clients and vendors see what they are party to, Operations everything; persons what their buyers are."""
        account, buyer = LICENSEES[self.licensee]
        if who.actor == "operations":
            return True
        if who.actor == "vendor":
            return who.account == VENDORS[self.product]
        return who.account == account and (not who.buyers or buyer in who.buyers)

    def copy(self) -> "Deal":
        """For trying something on it."""
        found = deepcopy(self)
        for thing in found.things():
            thing.history.moves, thing.history.mentioned, thing.history.told = 0, False, None
        return found


def settle(before: Deal | None, after: Deal, who: Somebody) -> None:
    """Writes the history of one command (spec 1.9, 1.12).

    What is new is created, at revision 1. What changed is one revision on, updated, and told on the trail once; an
    order is told of once for each state that it went through.
    """
    for thing in after.things():
        was = before.find(thing.key) if before else None
        history = thing.history
        if was == thing and not history.mentioned:
            continue
        history.revision += 1
        history.audit["created" if was is None else "updated"] = who.identity
        events = ["created"] if was is None else []
        moved = history.moves if isinstance(thing, Order) else int(was is not None and was.status != thing.status)
        events += ["deleted" if thing.status == "Deleted" else "status_changed"] * moved
        events = (events or ["updated"]) + ([history.told] if history.told else [])
        history.records += [(each, history.revision, who.identity) for each in events]
    for order in after.orders:
        order.lines.sort(key=lambda line: line.number)
    after.gone += [each for each in (before.things() if before else ()) if after.find(each.key) is None]
