"""The life of one agreement of the past: what was ordered, and what became of it."""

from datetime import datetime, timedelta
from random import Random

from entrepot.demo.answers import asked
from entrepot.demo.companies import BRENNHOLT, HALVORNE, PELLWORTH, QUILLMERE, STENVIK
from entrepot.demo.customers import BUYERS, Licensee
from entrepot.demo.deal import Deal
from entrepot.demo.holdings import LIVE, Entitlement, Holding, Ids, Order, OrderLine
from entrepot.demo.product import Item, Product, Terms
from entrepot.demo.world_file import Event, child, months_later

SERVICES = {HALVORNE: "TKN-2000-0001", QUILLMERE: "TKN-2000-0002"}
DESK = "USR-1000-0002"
AFTER_PURCHASE = {
    "Draft": "Draft",
    "Quoted": "Draft",
    "Deleted": "Deleted",
    "Processing": "Provisioning",
    "Querying": "Provisioning",
    "Failed": "Failed",
    "Completed": "Active",
}
"""What the agreement is when its first order is there."""

SETTLED_DAYS = 6
"""No order of the past takes longer than this."""

WAITS_MINUTES = {"automatic": (1, 2), "extension": (2, 120), "manual": (240, 3600)}
"""How long a vendor takes, by the way the product is fulfilled."""

COMMITMENT_MONTHS = {"1m": 1, "1y": 12, "3y": 36}


class Life:
    """One agreement, played from its first order on."""

    def __init__(self, rng: Random, ids: Ids, deal: Deal):
        self.rng, self.ids, self.deal = rng, ids, deal
        self.product: Product = deal.product
        self.licensee: Licensee = deal.licensee
        self.id = ids.draw("AGR")
        self.status = "Draft"
        self.events: dict[str, Event] = {}
        self.entitlements: list[Entitlement] = []
        self.holdings: list[Holding] = []
        self.orders: list[Order] = []
        self.answers: dict[str, object] = {}
        self.told: dict[str, object] = {}
        self._lines = 0

    # The orders

    def purchase(self, at: datetime, fate: str) -> None:
        """The first order."""
        self.answers = self._values(at, scope="Agreement", phase="Order")
        if fate == "Querying":
            self.answers[self.product.objection.external_id] = self.product.objection.value
        lines = [self._new_line(item, self._some(item)) for item in self._basket()]
        order = self._order("Purchase", lines, at, fate)
        self.events["created"] = order.events["created"]
        if "processing" in order.events:
            self.events["provisioning"] = order.events["processing"]
        self.status = AFTER_PURCHASE[fate]
        if fate == "Completed":
            self.told = self._values(at, scope="Agreement", phase="Fulfillment")
            self._fulfil(order)

    def change(self, at: datetime, fate: str) -> None:
        """More, fewer or other things."""
        live = self._live()
        first = self.rng.choice(live)
        lines = [self._line_for(first, self._other_quantity(first))]
        if len(live) > 1 and self.rng.random() < 0.25:
            second = self.rng.choice([each for each in live if each is not first])
            lines.append(self._line_for(second, second.quantity + self._step(second)))
        if self.rng.random() < 0.3:
            lines += [self._new_line(item, self._some(item)) for item in self._unused()[:1]]
        self._follow_up(self._order("Change", lines, at, fate), "Updating")

    def configure(self, at: datetime, fate: str) -> None:
        """Renewal is switched on or off."""
        holding = self.rng.choice([each for each in self.holdings if each.terms.recurring and each.status == "Active"])
        lines = [self._line_for(each, each.quantity) for each in self._live() if each.holding is holding]
        order = self._order("Configuration", lines, at, fate)
        order.renews[holding.id] = not holding.auto_renew
        self._follow_up(order, "Updating")

    def terminate(self, at: datetime, fate: str) -> None:
        """Everything that is still running ends."""
        lines = [self._line_for(each, 0) for each in self._live()]
        self._follow_up(self._order("Termination", lines, at, fate), "Terminating")

    def begin(self) -> None:
        """The vendor has made a draft of a subscription, and not yet completed the order."""
        order = self.orders[-1]
        started = order.events["processing"]
        drafts: dict[Terms, Holding] = {}
        for line in order.lines:
            if line.item.terms.recurring:
                if line.item.terms not in drafts:
                    drafts[line.item.terms] = self._make(line.item, started)
                    drafts[line.item.terms].status = "Draft"
                line.holding = drafts[line.item.terms]

    def settle(self, until: datetime) -> None:
        """Renewals and expiries that have fallen due."""
        for holding in self.holdings:
            while holding.status == "Active" and holding.committed and holding.committed < until:
                due: Event = (holding.committed, None)
                if holding.auto_renew:
                    holding.committed = _committed(holding.committed, holding.terms)
                    holding.events["renewed"] = due
                else:
                    self._end(holding, "Expired", due)

    # What follows from them

    def _order(self, type: str, lines: list[OrderLine], at: datetime, fate: str) -> Order:
        values = self._values(at, scope="Order", phase="Order", contexts=("None", type))
        order = Order(self.ids.draw("ORD"), type, fate, lines, self._course(at, fate), values)
        self.orders.append(order)
        return order

    def _course(self, at: datetime, fate: str) -> dict[str, Event]:
        """When the order passed which state."""
        rng, client, vendor = self.rng, self._client(), self._vendor()
        events: dict[str, Event] = {"created": (at, client)}
        soon = at + timedelta(minutes=rng.randint(2, 40), seconds=rng.randint(0, 59))
        if fate == "Draft":
            return events
        if fate in ("Deleted", "Quoted"):
            return events | {fate.lower(): (soon + timedelta(hours=rng.randint(0, 3)), client)}
        wait = timedelta(minutes=rng.randint(*WAITS_MINUTES[self.product.fulfilment]), seconds=rng.randint(0, 59))
        if fate == "Completed" and rng.random() < 0.12:
            events["querying"] = (soon + wait / 2, vendor)
            soon += wait / 2 + timedelta(hours=rng.randint(1, 40))
        events["processing"] = (soon, client)
        if fate == "Failed" and rng.random() < 0.25:
            return events | {"failed": (soon + wait, DESK)}
        if fate != "Processing":
            events[fate.lower()] = (soon + (wait / 4 if fate == "Querying" else wait), vendor)
        return events

    def _follow_up(self, order: Order, underway: str) -> None:
        if order.status in ("Processing", "Querying"):
            self.status = "Updating"
            for holding in order.holdings:
                holding.status = underway
                holding.events[underway.lower()] = order.events["processing"]
        elif order.status == "Completed":
            for holding in order.holdings:
                holding.events[underway.lower()] = order.events["processing"]
                holding.auto_renew = order.renews.get(holding.id, holding.auto_renew)
            self._fulfil(order)

    def _fulfil(self, order: Order) -> None:
        """Lines become entitlements; the agreement is active again."""
        done = order.events["completed"]
        known = {each.id: each for each in self.entitlements}
        for line in order.lines:
            if line.id in known:
                self._apply(known[line.id], line.after, done)
            else:
                line.holding = self._holding_for(line.item, done)
                event = {"created": done}
                self.entitlements.append(Entitlement(line.id, line.item, line.after, line.holding, order.id, event))
        if order.type == "Termination":
            for holding in order.holdings:
                holding.auto_renew = False
                self._end(holding, "Terminated", done)
            return
        for events in (self.events, *(holding.events for holding in order.holdings)):
            events["active"] = done
        self.status = "Active"

    def _apply(self, entitlement: Entitlement, quantity: int, done: Event) -> None:
        entitlement.quantity = quantity
        entitlement.events["updated" if quantity else "terminated"] = done
        if not quantity:
            entitlement.status = "Terminated"

    def _end(self, holding: Holding, status: str, event: Event) -> None:
        holding.status = status
        holding.events[status.lower()] = event
        for each in self.entitlements:
            if each.holding is holding and each.status == "Active":
                each.quantity, each.status = 0, status
                each.events["terminated" if status == "Terminated" else "updated"] = event
        if not any(each.status in LIVE for each in self.holdings if each.terms.recurring):
            self.status = "Terminated"
            self.events["terminated"] = event

    def _holding_for(self, item: Item, done: Event) -> Holding:
        """The running subscription of the same terms, or a new one; each asset is its own."""
        for each in self.holdings:
            if item.terms.recurring and each.terms == item.terms and each.status == "Active":
                return each
        self.holdings.append(self._make(item, done))
        return self.holdings[-1]

    def _make(self, item: Item, begun: Event) -> Holding:
        recurring = item.terms.recurring
        return Holding(
            id=self.ids.draw("SUB" if recurring else "AST"),
            name=f"Subscription for {item.name}" if recurring else item.name,
            terms=item.terms,
            events={"created": (begun[0] - timedelta(seconds=20), self._vendor())},
            vendor_id=f"{self.product.code.lower()}-{self.rng.randrange(16**8):08x}",
            values=self._values(begun[0], scope="Subscription" if recurring else "Asset", phase="Fulfillment"),
            started=begun[0],
            committed=_committed(begun[0], item.terms) if recurring else None,
            auto_renew=self.rng.random() < 0.92,
        )

    # What is drawn

    def _values(
        self, at: datetime, *, scope: str, phase: str, contexts: tuple[str, ...] = ("None",)
    ) -> dict[str, object]:
        drawn: dict[str, object] = {}
        for each in asked(self.product, scope, phase, contexts):
            value = each.sample(self.rng, self.licensee, at) if each.sample else None
            if value is not None:
                drawn[each.external_id] = value
        return drawn

    def _basket(self) -> list[Item]:
        """One or two things of the same terms, and often a service."""
        recurring = [item for item in self.product.items if item.terms.recurring]
        first = self.rng.choice(recurring)
        items = [first]
        if self.rng.random() < 0.4:
            items.append(self.rng.choice([item for item in recurring if item is not first]))
        if self.rng.random() < 0.4:
            items += [item for item in self.product.items if not item.terms.recurring]
        return items

    def _unused(self) -> list[Item]:
        """Items that the agreement has never had, in random order."""
        used = {each.item.sku for each in self.entitlements}
        free = [item for item in self.product.items if item.sku not in used]
        return self.rng.sample(free, len(free))

    def _some(self, item: Item) -> int:
        return self.rng.randint(*item.typical)

    def _step(self, entitlement: Entitlement) -> int:
        return max(1, round(entitlement.quantity * self.rng.uniform(0.04, 0.25)))

    def _other_quantity(self, entitlement: Entitlement) -> int:
        """Mostly more, sometimes fewer; nothing at all only where the subscription keeps another line."""
        others = [each for each in self._live() if each.holding is entitlement.holding]
        if len(others) > 1 and self.rng.random() < 0.1:
            return 0
        step = self._step(entitlement)
        if entitlement.quantity > step and self.rng.random() < 0.28:
            return entitlement.quantity - step
        return entitlement.quantity + step

    def _live(self) -> list[Entitlement]:
        return [each for each in self.entitlements if each.status == "Active" and each.item.terms.recurring]

    def _line_for(self, entitlement: Entitlement, quantity: int) -> OrderLine:
        return OrderLine(entitlement.id, entitlement.item, entitlement.quantity, quantity, entitlement.holding)

    def _new_line(self, item: Item, quantity: int) -> OrderLine:
        self._lines += 1
        return OrderLine(child("ALI", self.id, self._lines), item, 0, quantity)

    def _client(self) -> str:
        return self.rng.choice(_buying(self.licensee))

    def _vendor(self) -> str:
        return "USR-2000-0003" if self.product.fulfilment == "manual" else SERVICES[self.product.vendor]


def _buying(licensee: Licensee) -> tuple[str, ...]:
    """The client's users who may order for the licensee."""
    if licensee.buyer is BUYERS[1]:
        return ("USR-3000-0001", "USR-3000-0002")
    return {
        BRENNHOLT: ("USR-3000-0001",),
        PELLWORTH: ("USR-3000-0003", "USR-3000-0004"),
        STENVIK: ("USR-3000-0005", "USR-3000-0006"),
    }[licensee.buyer.account]


def _committed(since: datetime, terms: Terms) -> datetime:
    return months_later(since, COMMITMENT_MONTHS[terms.commitment or terms.period])
