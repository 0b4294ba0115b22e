"""How an agreement of the past is written down, with its orders, subscriptions and assets."""

from collections.abc import Iterable, Iterator, Mapping
from random import Random

from entrepot.demo.answers import asked, bag, raise_objection
from entrepot.demo.holdings import Entitlement, Holding, Order, OrderLine
from entrepot.demo.life import Life
from entrepot.demo.people import signatory
from entrepot.demo.prices import ONE_TIME, RECURRING
from entrepot.demo.products import INKMARROW
from entrepot.demo.selling import CERTIFICATE, POLICY
from entrepot.demo.world_file import Event, Line, at, audit, child, line, ref

REASONS = (
    ("EXT0404", "The vendor does not serve this region yet."),
    ("EXT0409", "The customer already has a contract with another distributor."),
    ("EXT0417", "The requested quantity exceeds the credit limit."),
    ("EXT0500", "The vendor's provisioning failed three times; please order again."),
)
DOUBT = ("EXT0301", "Please confirm the new quantities: they differ a lot from the use we see.")
NOTES = (
    None,
    None,
    None,
    "As discussed on the phone.",
    "Please not before the first of the month.",
    "Budget of IT.",
)


class Papers:
    """Writes one agreement as lines of a world file."""

    def __init__(self, life: Life, rng: Random):
        self.life, self.rng, self.deal, self.product = life, rng, life.deal, life.product

    def write(self) -> Iterator[Line]:
        """The agreement, its orders, and what came of them."""
        yield self._agreement()
        for order in self.life.orders:
            yield self._order(order)
        for holding in self.life.holdings:
            yield self._subscription(holding) if holding.terms.recurring else self._asset(holding)

    # The agreement and what it holds

    def _agreement(self) -> Line:
        life = self.life
        completed = [order for order in life.orders if order.status == "Completed"]
        price = self._worth(life.entitlements, RECURRING)
        return line(
            "commerce/agreements",
            life.id,
            name=f"{self.product.name} for {self.deal.licensee.name}",
            status=life.status,
            **self.deal.parties(),
            template=ref(self._completed_template(completed[-1])) if completed else None,
            lines=[self._entitlement(each) for each in life.entitlements],
            price={**price, "billingCurrency": price["currency"], "source": "Computed"},
            parameters=self._agreement_parameters(bound=bool(completed)),
            externalIds=self._agreement_ids() if completed else {},
            termsAndConditions=self._accepted(completed[0]) if completed else [],
            certificates=self._certificates(),
            audit=_audit(life.events),
        )

    def _subscription(self, holding: Holding) -> Line:
        licensee = self.deal.licensee
        ended = holding.events.get("terminated")
        return line(
            "commerce/subscriptions",
            holding.id,
            status=holding.status,
            splitStatus="Disabled",
            agreement=ref(self.life.id),
            licensee=ref(licensee.id),
            buyer=ref(licensee.buyer.id),
            seller=ref(licensee.seller.id),
            terminationDate=at(ended[0]) if ended else None,
            **self._lines_of(holding, RECURRING),
            **self._holding(holding),
            audit=_audit(holding.events),
        )

    def _asset(self, holding: Holding) -> Line:
        return line(
            "commerce/assets",
            holding.id,
            status=holding.status,
            agreement=ref(self.life.id),
            licensee=ref(self.deal.licensee.id),
            listing=ref(self.deal.offer.listing),
            priceList=ref(self.deal.offer.price_list),
            **self._lines_of(holding, ONE_TIME),
            **self._holding(holding),
            audit=_audit(holding.events),
        )

    def _lines_of(self, holding: Holding, summed: tuple[str, ...]) -> Line:
        lines = [each for each in self.life.entitlements if each.holding is holding]
        return {
            "lines": [self._entitlement(each) for each in lines],
            "price": self._worth(lines, summed),
        }

    def _holding(self, holding: Holding) -> Line:
        """What a subscription or asset says of itself, within an order as outside of it."""
        recurring = holding.terms.recurring
        scope = "Subscription" if recurring else "Asset"
        written: Line = {
            "name": holding.name,
            "product": ref(self.product.id),
            "terms": holding.terms.wire(),
            "externalIds": {"vendor": holding.vendor_id},
            "template": ref(self.product.template_id(scope)),
            "parameters": {"fulfillment": bag(self.product, asked(self.product, scope, "Fulfillment"), holding.values)},
        }
        if recurring:
            written["startDate"] = at(holding.started)
            written["commitmentDate"] = at(holding.committed or holding.started)
            written["autoRenew"] = holding.auto_renew
        return written

    def _entitlement(self, each: Entitlement) -> Line:
        recurring = each.item.terms.recurring
        return {
            "id": each.id,
            "item": ref(self.product.item_id(each.item)),
            "quantity": each.quantity,
            "status": each.status,
            "price": self.deal.price(each.item, each.quantity),
            "subscription" if recurring else "asset": ref(each.holding.id),
            **({} if recurring else {"order": ref(each.order)}),
            "audit": _audit(each.events),
        }

    def _worth(self, entitlements: Iterable[Entitlement], summed: tuple[str, ...]) -> Line:
        """The price of what is still running."""
        active = [each for each in entitlements if each.status == "Active"]
        return self.deal.total((self.deal.price(each.item, each.quantity) for each in active), summed)

    def _agreement_parameters(self, *, bound: bool) -> Line:
        """Answers become the agreement's when its first order is completed."""
        if not bound:
            return {"ordering": [], "fulfillment": []}
        return {
            "ordering": bag(self.product, asked(self.product, "Agreement", "Order"), self.life.answers),
            "fulfillment": bag(self.product, asked(self.product, "Agreement", "Fulfillment"), self.life.told),
        }

    def _agreement_ids(self) -> Line:
        return {
            "vendor": f"{self.product.code}-C{self.rng.randint(10000, 99999)}",
            "operations": f"TKD-{self.rng.randint(100000, 999999)}",
        }

    # The orders

    def _order(self, order: Order) -> Line:
        failed = self.rng.choice(REASONS) if order.status == "Failed" else None
        doubt = DOUBT if order.status == "Querying" and order.type != "Purchase" else None
        manual = self.product.fulfilment == "manual" and order.status == "Processing"
        return line(
            "commerce/orders",
            order.id,
            type=order.type,
            status=order.status,
            agreement=ref(self.life.id),
            **self.deal.parties(),
            notes=self.rng.choice(NOTES),
            template=self._order_template(order),
            assignee=ref("USR-2000-0003") if manual else None,
            externalIds=self._order_ids(order),
            pricingPolicy=ref(POLICY) if self.deal.has_policy else None,
            defaultMarkupSource="PricingPolicy" if self.deal.has_policy else "PriceList",
            price=self.deal.total(self.deal.price(each.item, each.after - each.before) for each in order.lines),
            lines=[self._order_line(each) for each in order.lines],
            subscriptions=[self._copy(order, each) for each in order.holdings if each.terms.recurring],
            assets=[self._copy(order, each) for each in order.holdings if not each.terms.recurring],
            parameters=self._order_parameters(order),
            termsAndConditions=self._accepted(order),
            certificates=self._certificates() if order.type in ("Purchase", "Change") else [],
            statusNotes={"id": failed[0], "message": failed[1]} if failed else None,
            error={"id": doubt[0], "message": doubt[1]} if doubt else None,
            audit=audit(order.events),
        )

    def _order_line(self, each: OrderLine) -> Line:
        written: Line = {
            "id": each.id,
            "item": ref(self.product.item_id(each.item)),
            "oldQuantity": each.before,
            "quantity": each.after,
            "price": self._added(each),
        }
        if each.holding:
            written["subscription" if each.item.terms.recurring else "asset"] = ref(each.holding.id)
        return written

    def _added(self, each: OrderLine) -> Line:
        """What the line adds to what was there: a purchase all of it, a termination less than nothing."""
        return self.deal.price(each.item, each.after - each.before)

    def _copy(self, order: Order, holding: Holding) -> Line:
        """The order's copy of a subscription or asset: its status is that of the living one."""
        lines = [each for each in order.lines if each.holding is holding]
        written = self._holding(holding)
        if order.renews:
            written["autoRenew"] = order.renews[holding.id]
        prices = [self._added(each) for each in lines]
        own = {event: told for event, told in holding.events.items() if event not in ("renewed", "expired")}
        return {
            "id": holding.id,
            **written,
            "audit": _audit(own),
            "status": holding.status,
            "lines": [ref(each.id) for each in lines],
            "price": self.deal.total(prices, RECURRING if holding.terms.recurring else ONE_TIME),
        }

    def _order_template(self, order: Order) -> Line | None:
        match order.status:
            case "Draft" | "Deleted":
                return None
            case "Querying":
                return ref(self.product.template_id("OrderQuerying"))
            case "Completed":
                return ref(self._completed_template(order))
            case _:
                return ref(self.product.template_id("OrderProcessing"))

    def _completed_template(self, order: Order) -> str:
        if order.type == "Purchase":
            return self.product.template_id("OrderCompleted")
        named = [each.name for each in self.product.templates if each.type == "OrderCompleted" and not each.default]
        return self.product.template_id("OrderCompleted", named[-1 if order.type == "Termination" else 0])

    def _order_parameters(self, order: Order) -> Line:
        purchase = order.type == "Purchase"
        questions = asked(self.product, "Order", "Order", ("None", order.type))
        if purchase:
            questions = [*asked(self.product, "Agreement", "Order"), *questions]
        ordering = bag(self.product, questions, {**self.life.answers, **order.values})
        if purchase and order.status == "Querying":
            raise_objection(self.product, ordering)
        told = {} if purchase and order.status != "Completed" else self.life.told
        fulfilment = bag(self.product, asked(self.product, "Agreement", "Fulfillment"), told)
        return {"ordering": ordering, "fulfillment": fulfilment}

    def _order_ids(self, order: Order) -> Line:
        ids: Line = {"client": f"PO-{self.rng.randint(10000, 99999)}"}
        if "processing" in order.events:
            ids["vendor"] = f"{self.product.code}-{self.rng.randint(100000, 999999)}"
        return ids

    def _accepted(self, order: Order) -> list[Line]:
        """The terms, as the client accepted them with the order."""
        when, who = order.events.get("processing", order.events["created"])
        return [
            {
                "id": child("TCS", self.product.id, number),
                "name": terms.name,
                "accepted": at(when),
                "acceptedBy": signatory(str(who)),
            }
            for number, terms in enumerate(self.product.terms, 1)
        ]

    def _certificates(self) -> list[Line]:
        return [ref(CERTIFICATE)] if self.product is INKMARROW else []


def _audit(events: Mapping[str, Event]) -> Line:
    """The events, with the last one as the update that it was."""
    last = max(events.values(), key=lambda event: event[0])
    return audit({**events, "updated": last} if len(events) > 1 else events)
