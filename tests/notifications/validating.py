"""Vendors' webhooks for tests: set up over the API, asked by `validate`, answered as told."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

from tests.notifications.receiving import Answer, Got, Inbox
from tests.party import Party, ok
from tests.serving import Reply
from tests.world import PRODUCT

Row = dict[str, Any]
Api = Callable[[str], Party]
WEBHOOKS, ORDERS = "/notifications/webhooks", "/commerce/orders"
DRAFT = "ValidatePurchaseOrderDraft"
CHOSEN = "a secret of the extension's own choice"

FLAGS = {
    DRAFT: "purchaseOrderDraft",
    "ValidatePurchaseOrderQuerying": "purchaseOrderQuerying",
    "ValidateChangeOrderDraft": "changeOrderDraft",
    "ValidateConfigurationOrderDraft": "configurationOrderDraft",
    "ValidateTerminateOrder": "terminationOrder",
}


def body(url: str, kind: str = DRAFT, product: str = PRODUCT, **criteria: str) -> Row:
    """What a vendor says of a new webhook."""
    return {"type": kind, "url": url, "criteria": {"product.id": product, **criteria}, "secret": CHOSEN}


def registered(
    api: Api, url: str, kind: str = DRAFT, who: str = "vendor", product: str = PRODUCT, **criteria: str
) -> Row:
    """A webhook that is there."""
    return ok(api(who).post(WEBHOOKS, body(url, kind, product, **criteria)))


def wants(api: Api, *kinds: str, product: str = PRODUCT, **more: object) -> None:
    """The product wants its vendor asked at these points, and at no other."""
    flags = {flag: kind in kinds for kind, flag in FLAGS.items()}
    said = {"preValidation": {**flags, "whenUnreachable": None, "timeout": None, **more}}
    ok(api("vendor").put(f"/catalog/products/{product}/settings", said))


def validate(api: Api, order: Row, changes: Row | None = None, who: str = "client", **headers: str) -> Reply:
    """Somebody asks what the vendor makes of an order."""
    return api(who).post(f"{ORDERS}/{order['id']}/validate", changes, **headers)


def saying(make: Callable[[Row], object]) -> Callable[[Got], Answer]:
    """An answer made from the order that came in."""
    return lambda got: (200, {"content-type": "application/json"}, json.dumps(make(json.loads(got.raw))).encode())


def same(order: Row) -> Row:
    """Nothing to object to."""
    return order


def claims(got: Got, secret: str = CHOSEN) -> Row:
    """What the letter's token claims; its signature must be the secret's."""
    head, middle, signature = got.headers["authorization"].removeprefix("Bearer ").split(".")
    wanted = hmac.digest(secret.encode(), f"{head}.{middle}".encode(), hashlib.sha256)
    assert _read(signature) == wanted
    assert json.loads(_read(head))["alg"] == "HS256"
    return json.loads(_read(middle))


def _read(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def asked(inbox: Inbox) -> list[Row]:
    """The orders that came in."""
    return [json.loads(each.raw) for each in inbox.got]


def parameter(order: Row, name: str, phase: str = "ordering") -> Row:
    """One parameter of an order."""
    return next(each for each in order["parameters"][phase] if each["externalId"] == name)
