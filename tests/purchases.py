"""Purchases played over the API up to a point of their life, for tests that begin there."""

from typing import Any

from tests.party import ok
from tests.serving import Served
from tests.world import purchase

Document = dict[str, Any]


def draft(served: Served, who: str = "client", **more: Any) -> Document:
    """A purchase that waits to be placed."""
    return ok(served.call(who, "POST", "/commerce/orders", purchase(**more)))


def placed(served: Served, who: str = "client", **more: Any) -> Document:
    """A purchase that the vendor has before it."""
    return draft(served, who, status="Processing", **more)


def queried(served: Served, who: str = "client", vendor: str = "vendor", **more: Any) -> Document:
    """A purchase about which the vendor has asked back."""
    order = placed(served, who, **more)
    ok(served.call(vendor, "POST", f"/commerce/orders/{order['id']}/query"))
    return ok(served.call(who, "GET", f"/commerce/orders/{order['id']}"))


def mapped(served: Served, who: str = "client", vendor: str = "vendor", **more: Any) -> Document:
    """A purchase whose lines all belong to something: it may be completed."""
    order = placed(served, who, **more)
    map_lines(served, order, vendor)
    return ok(served.call(who, "GET", f"/commerce/orders/{order['id']}"))


def map_lines(served: Served, order: Document, vendor: str = "vendor") -> Document:
    """A subscription for the recurring lines, an asset for the others; gives the subscription."""
    path = f"/commerce/orders/{order['id']}"
    once = [line for line in order["lines"] if line["item"]["terms"]["period"] == "one-time"]
    recurring = [line for line in order["lines"] if line not in once]
    made = ok(served.call(vendor, "POST", f"{path}/subscriptions", lines_named("Subscription", recurring)))
    if once:
        ok(served.call(vendor, "POST", f"{path}/assets", lines_named("Asset", once)))
    return made


def lines_named(name: str, lines: list[Document], **more: Any) -> Document:
    """The body of an order subscription or asset for these lines."""
    return {"name": f"{name} of {lines[0]['item']['name']}", "lines": [{"id": each["id"]} for each in lines], **more}


def completed(served: Served, who: str = "client", vendor: str = "vendor", **more: Any) -> Document:
    """A purchase that was delivered: its agreement, subscription and asset are live."""
    order = mapped(served, who, vendor, **more)
    ok(served.call(vendor, "POST", f"/commerce/orders/{order['id']}/complete"))
    return ok(served.call(who, "GET", f"/commerce/orders/{order['id']}"))


def failed(served: Served, who: str = "client", vendor: str = "vendor", **more: Any) -> Document:
    """A purchase that came to nothing."""
    order = placed(served, who, **more)
    reason = {"statusNotes": {"message": "Out of stock."}}
    ok(served.call(vendor, "POST", f"/commerce/orders/{order['id']}/fail", reason))
    return ok(served.call(who, "GET", f"/commerce/orders/{order['id']}"))
