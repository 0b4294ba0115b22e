"""Orders about an agreement that is live, played over the API, for tests that begin there."""

from typing import Any

from tests.party import ok
from tests.purchases import Document, completed
from tests.serving import Served
from tests.world import MONTHLY, purchase, refer

ORDERS = "/commerce/orders"


def live(served: Served, *items: tuple[str, int]) -> Document:
    """A live agreement as the client sees it; its lines are those of a common purchase unless others are named."""
    lines = [{"item": refer(item), "quantity": quantity} for item, quantity in items]
    order = completed(served, **({"lines": lines} if lines else {}))
    return agreement(served, order["agreement"]["id"])


def two_subscriptions(served: Served) -> Document:
    """A live agreement with ten yearly and four monthly seats, in a subscription each."""
    body = purchase(status="Processing")
    body["lines"] = [body["lines"][0], {"item": refer(MONTHLY), "quantity": 4}]
    order = ok(served.call("client", "POST", ORDERS, body))
    for line in order["lines"]:
        made = {"name": f"Subscription of {line['item']['name']}", "lines": [refer(line["id"])]}
        ok(served.call("vendor", "POST", f"{ORDERS}/{order['id']}/subscriptions", made))
    ok(served.call("vendor", "POST", f"{ORDERS}/{order['id']}/complete"))
    return agreement(served, order["agreement"]["id"])


def agreement(served: Served, agreement_id: str, who: str = "client") -> Document:
    """An agreement as it is now."""
    return ok(served.call(who, "GET", f"/commerce/agreements/{agreement_id}"))


def about(held: Document, kind: str, **more: Any) -> Document:
    """The body of an order about an agreement, placed at once unless said otherwise."""
    return {"type": kind, "status": "Processing", "agreement": refer(held["id"]), **more}


def ordered(served: Served, held: Document, kind: str, who: str = "client", **more: Any) -> Document:
    """An order about an agreement that the vendor has before it."""
    return ok(served.call(who, "POST", ORDERS, about(held, kind, **more)))


def finish(served: Served, order: Document, verb: str = "complete") -> Document:
    """The vendor's last word."""
    body = {"statusNotes": {"message": "Not to be had."}} if verb == "fail" else None
    return ok(served.call("vendor", "POST", f"{ORDERS}/{order['id']}/{verb}", body))


def line_of(held: Document, item: str) -> Document:
    """The live line of an item."""
    return next(each for each in held["lines"] if each["item"]["id"] == item and each["status"] == "Active")
