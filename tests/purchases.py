"""Purchases played over the API up to a point of their life, for tests that begin there."""

from typing import Any

from tests.serving import Served
from tests.world import LICENSEE, PRODUCT, purchase

Document = dict[str, Any]


def ok(reply: Any) -> Document:
    """The document of a success; anything else says what it was."""
    assert reply.status in (200, 201, 204), (reply.status, reply.body[:1000])
    return reply.json


def draft(house: Served, who: str = "client", **more: Any) -> Document:
    """A purchase that waits to be placed."""
    return ok(house.call(who, "POST", "/commerce/orders", purchase(**more)))


def placed(house: Served, who: str = "client", **more: Any) -> Document:
    """A purchase that the vendor has before it."""
    return draft(house, who, status="Processing", **more)


def queried(house: Served, who: str = "client", vendor: str = "vendor", **more: Any) -> Document:
    """A purchase about which the vendor has asked back."""
    order = placed(house, who, **more)
    ok(house.call(vendor, "POST", f"/commerce/orders/{order['id']}/query"))
    return ok(house.call(who, "GET", f"/commerce/orders/{order['id']}"))


def mapped(house: Served, who: str = "client", vendor: str = "vendor", **more: Any) -> Document:
    """A purchase whose lines all belong to something: it may be completed."""
    order = placed(house, who, **more)
    map_lines(house, order, vendor)
    return ok(house.call(who, "GET", f"/commerce/orders/{order['id']}"))


def map_lines(house: Served, order: Document, vendor: str = "vendor") -> Document:
    """A subscription for the recurring lines, an asset for the others; gives the subscription."""
    path = f"/commerce/orders/{order['id']}"
    once = [line for line in order["lines"] if line["item"]["terms"]["period"] == "one-time"]
    recurring = [line for line in order["lines"] if line not in once]
    made = ok(house.call(vendor, "POST", f"{path}/subscriptions", lines_named("Subscription", recurring)))
    if once:
        ok(house.call(vendor, "POST", f"{path}/assets", lines_named("Asset", once)))
    return made


def lines_named(name: str, lines: list[Document], **more: Any) -> Document:
    """The body of an order subscription or asset for these lines."""
    return {"name": f"{name} of {lines[0]['item']['name']}", "lines": [{"id": each["id"]} for each in lines], **more}


def completed(house: Served, who: str = "client", vendor: str = "vendor", **more: Any) -> Document:
    """A purchase that was delivered: its agreement, subscription and asset are live."""
    order = mapped(house, who, vendor, **more)
    ok(house.call(vendor, "POST", f"/commerce/orders/{order['id']}/complete"))
    return ok(house.call(who, "GET", f"/commerce/orders/{order['id']}"))


def failed(house: Served, who: str = "client", vendor: str = "vendor", **more: Any) -> Document:
    """A purchase that came to nothing."""
    order = placed(house, who, **more)
    reason = {"statusNotes": {"message": "Out of stock."}}
    ok(house.call(vendor, "POST", f"/commerce/orders/{order['id']}/fail", reason))
    return ok(house.call(who, "GET", f"/commerce/orders/{order['id']}"))


__all__ = ["LICENSEE", "PRODUCT", "completed", "draft", "failed", "mapped", "ok", "placed", "queried"]
