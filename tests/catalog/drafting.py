"""What tests about drafting begin with: a product of the vendor's with one group of each kind, and an item in it."""

import itertools
import time
from collections.abc import Callable
from typing import Any

from tests.party import Api, ok
from tests.serving import Reply
from tests.world import refer

Document = dict[str, Any]
PRODUCTS, ITEMS, UNITS = "/catalog/products", "/catalog/items", "/catalog/units-of-measure"
_numbers = itertools.count(1)


def product(api: Api, **more: Any) -> Document:
    """A draft of the vendor's."""
    return ok(api("vendor").post(PRODUCTS, {"name": "Delta Desk", **more}))


def below(product_id: str, *rest: str) -> str:
    """An address below a product."""
    return "/".join((PRODUCTS, product_id, *rest))


def group(api: Api, product_id: str, kind: str = "item-groups", **more: Any) -> Document:
    """A step of the ordering wizard."""
    return ok(api("vendor").post(below(product_id, kind), {"name": "Plans", "label": "Choose", **more}))


def item_body(product_id: str, group_id: str, **more: Any) -> Document:
    """An item that may be made as it stands."""
    return {
        "name": "Seat",
        "product": refer(product_id),
        "group": refer(group_id),
        "unit": refer("UNT-1001"),
        "externalIds": {"vendor": f"SKU-{next(_numbers)}"},
        "terms": {"model": "quantity", "period": "1m", "commitment": "1y"},
        **more,
    }


def item(api: Api, **more: Any) -> Document:
    """An item of a new product, in a group of its own."""
    made = product(api)
    return ok(api("vendor").post(ITEMS, item_body(made["id"], group(api, made["id"])["id"], **more)))


def parameter_body(**more: Any) -> Document:
    """A parameter that may be made as it stands: no step of the wizard asks it."""
    return {
        "name": "Reason",
        "description": "Why it is asked.",
        "externalId": f"reason{next(_numbers)}",
        "scope": "Request",
        "phase": "Order",
        "type": "SingleLineText",
        "constraints": {"required": False},
        "displayOrder": 10,
        **more,
    }


def settled(request: Callable[[], Reply], done: Callable[[Reply], bool]) -> Reply:
    """The reply once what was declared is known everywhere: within two seconds."""
    until = time.monotonic() + 5
    while not done(reply := request()) and time.monotonic() < until:
        time.sleep(0.2)
    return reply
