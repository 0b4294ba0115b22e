"""One story, told twice: over the Marketplace API in one world, over Pax8's in another. Then the worlds are equal.

A partner takes on a company with a person to ask, and orders two products for it: one that the platform sets up by
itself, one that waits for somebody at the vendor. The company grows, shrinks within the days in which that may be, and
gives one product up; the other runs out with its term.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import pytest

from entrepot.storage import clock
from entrepot.storage.dumping import dump
from entrepot.storage.embedded import Embedded
from entrepot.storage.vault import Vault
from entrepot.store_forms import FORMS
from tests.party import ok
from tests.pax8.conftest import Desk
from tests.purchases import map_lines
from tests.serving import KEY, Served, serving
from tests.world import refer

Document = dict[str, Any]

AUTOMATIC, BY_HAND = ("G-1", "ITM-5001-0002-0001"), ("A-1", "ITM-5001-0001-0001")
"""The vendor's numbers of the two products, and the items of the core that they are by the year."""

EMAIL = "tech@partner.example"
# What is left out of the comparison is the moments: the story is told twice, one time after the other, so they are
# compared by the day and hundredth of a day. Nothing else is: ids are drawn from a counter for each kind, so asking for
# the same gives the same; who asked is the same token; and Pax8's UUIDs lie beside the core, in no world file.


class Tongue(Protocol):
    """What a partner says, in whatever words."""

    def company(self) -> None: ...
    def contact(self) -> None: ...
    def order(self) -> None: ...
    def seats(self, product: tuple[str, str], quantity: int) -> None: ...
    def cancel(self, product: tuple[str, str]) -> None: ...
    def let_run_out(self, product: tuple[str, str]) -> None: ...
    def status(self) -> str: ...


@dataclass
class Marketplace:
    """The partner as a client of the Marketplace API."""

    served: Served

    def ask(self, method: str, path: str, body: object = None) -> Any:
        return ok(self.served.call("client", method, path, body))

    def company(self) -> None:
        address = {"addressLine1": "9 Elm Rd", "addressLine2": "Ste 4", "city": "Boise", "state": "ID",
                   "postCode": "83702", "country": "US"}  # fmt: skip
        settings = {"billOnBehalfOf": False, "selfServiceAllowed": True, "orderApprovalRequired": True}
        body = {"name": "Birch Dental", "address": address, "website": "https://birch.example", "externalId": "PSA-77",
                "contact": {"phone": {"prefix": "+1", "number": "208-555-0100"}}, "settings": settings}  # fmt: skip
        self.licensee = self.ask("POST", "/accounts/licensees", body)["id"]

    def contact(self) -> None:
        roles = [{"type": each, "primary": True} for each in ("Admin", "Billing", "Technical")]
        body = {"firstName": "Ada", "lastName": "Lo", "email": "ada@birch.example", "phone": "208-555-0101",
                "roles": roles}  # fmt: skip
        self.ask("POST", f"/accounts/licensees/{self.licensee}/contacts", body)

    def order(self) -> None:
        answers = {"ordering": [{"externalId": "company", "value": "Birch"}]}
        lines = [
            {"number": number, "item": refer(item), "quantity": quantity, "parameters": answers}
            for number, ((_, item), quantity) in enumerate(((AUTOMATIC, 5), (BY_HAND, 3)), 1)
        ]
        body = {"licensee": refer(self.licensee), "orderedBy": {"type": "Partner", "email": EMAIL}, "lines": lines}
        self.basket = self.ask("POST", "/commerce/baskets", body)["id"]

    def status(self) -> str:
        return self.ask("GET", f"/commerce/baskets/{self.basket}")["status"]

    def seats(self, product: tuple[str, str], quantity: int) -> None:
        line = self._line(product)
        self._order(line, "Change", lines=[{"id": line["id"], "quantity": quantity}])

    def cancel(self, product: tuple[str, str]) -> None:
        line = self._line(product)
        self._order(line, "Termination", subscriptions=[refer(line["subscription"]["id"])])

    def let_run_out(self, product: tuple[str, str]) -> None:
        line = self._line(product)
        self._order(line, "Configuration", subscriptions=[{"id": line["subscription"]["id"], "autoRenew": False}])

    def _order(self, line: Document, kind: str, **more: object) -> None:
        body = {"type": kind, "status": "Processing", "agreement": refer(line["agreement"]["id"])}
        self.ask("POST", "/commerce/orders", body | more)

    def _line(self, product: tuple[str, str]) -> Document:
        path = f"/commerce/lines?eq(item.id,{product[1]})&eq(status,Active)&select=agreement,subscription"
        (line,) = self.ask("GET", path)["data"]
        return line


@dataclass
class Pax8:
    """The same partner, as it speaks to Pax8."""

    desk: Desk

    def company(self) -> None:
        address = {"street": "9 Elm Rd", "street2": "Ste 4", "city": "Boise", "stateOrProvince": "ID",
                   "postalCode": "83702", "country": "US"}  # fmt: skip
        flags = {"billOnBehalfOfEnabled": False, "selfServiceAllowed": True, "orderApprovalRequired": True}
        body = {"name": "Birch Dental", "address": address, "phone": "+1 208-555-0100", "externalId": "PSA-77",
                "website": "https://birch.example", **flags}  # fmt: skip
        self.uuid = self.desk.post("/companies", body)["id"]

    def contact(self) -> None:
        types = [{"type": each, "primary": True} for each in ("Admin", "Billing", "Technical")]
        body = {"firstName": "Ada", "lastName": "Lo", "email": "ada@birch.example", "phone": "208-555-0101",
                "types": types}  # fmt: skip
        self.desk.post(f"/companies/{self.uuid}/contacts", body)

    def order(self) -> None:
        details = [{"key": "company", "values": ["Birch"]}]
        lines = [
            {"lineItemNumber": number, "productId": self.desk.product(sku), "quantity": quantity,
             "billingTerm": "Annual", "provisioningDetails": details}
            for number, ((sku, _), quantity) in enumerate(((AUTOMATIC, 5), (BY_HAND, 3)), 1)
        ]  # fmt: skip
        body = {"companyId": self.uuid, "orderedBy": "Pax8 Partner", "orderedByUserEmail": EMAIL, "lineItems": lines}
        self.uuid_of_order = self.desk.post("/orders", body)["id"]

    def status(self) -> str:
        return self.desk.get(f"/orders/{self.uuid_of_order}")["status"]

    def seats(self, product: tuple[str, str], quantity: int) -> None:
        ok_or_fail(self.desk.ask("PUT", f"/subscriptions/{self._held(product)['id']}", {"quantity": quantity}))

    def cancel(self, product: tuple[str, str]) -> None:
        ok_or_fail(self.desk.ask("DELETE", f"/subscriptions/{self._held(product)['id']}"))

    def let_run_out(self, product: tuple[str, str]) -> None:
        held = self._held(product)
        day = held["commitment"]["endDate"][:10]
        ok_or_fail(self.desk.ask("DELETE", f"/subscriptions/{held['id']}?cancelDate={day}"))

    def _held(self, product: tuple[str, str]) -> Document:
        query = f"companyId={self.uuid}&productId={self.desk.product(product[0])}&status=Active"
        (held,) = self.desk.get(f"/subscriptions?{query}")["content"]
        return held


def ok_or_fail(reply: Any) -> None:
    """A refusal says what it was."""
    assert reply.is_success, (reply.status_code, reply.text)


@dataclass
class World:
    """A marketplace of its own, the people at its vendor, and its clock."""

    served: Served
    began: datetime

    def __post_init__(self) -> None:
        """Whoever orders the second product waits for a person. The story begins at the moment that is given."""
        mode = "update products set settings = jsonb_set(settings, '{fulfilment,mode}', '\"manual\"') where id = $1"
        self.served.run(self.served.parts.pool.execute(mode, "PRD-5001-0001"))
        now = self.served.run(clock.show(self.served.parts.pool)).now
        self.wait(seconds=int((self.began - now).total_seconds()) + 1)

    def wait(self, **time: int) -> None:
        """So much time passes, with what falls due in it."""
        parts = self.served.parts
        assert self.served.run(clock.advance(parts.pool, timedelta(**time), parts.work)) == []

    def vendor_delivers(self) -> None:
        """Somebody at the vendor does what is asked, and says so."""
        page = "/commerce/orders?in(status,(Processing,Querying))&select=lines,subscriptions"
        (order,) = ok(self.served.call("vendor", "GET", page))["data"]
        if order["type"] == "Purchase":
            map_lines(self.served, order)
        ok(self.served.call("vendor", "POST", f"/commerce/orders/{order['id']}/complete"))

    def lines(self) -> list[Document]:
        """The whole world as a dump has it, moments by the day of the story."""

        async def read() -> bytes:
            parts = self.served.parts
            return b"".join([some async for some in dump(parts.pool, parts.nouns, FORMS, Vault(KEY))])

        raw = self.served.run(read()).decode()
        return [json.loads(MOMENT.sub(self._day, line)) for line in raw.splitlines()]

    def trail(self) -> list[tuple[str, ...]]:
        """What the trail tells of each thing, in order: what happened, by whom, and which fields it changed."""
        text = ("select kind, object_id, event, coalesce(actor_id, '') as actor,"
                " coalesce((select string_agg(key, ' ' order by key) from jsonb_object_keys(delta) key), '') as fields"
                " from trail order by kind, object_id, revision, place")  # fmt: skip
        return [tuple(row) for row in self.served.fetch(text)]

    def _day(self, found: re.Match[str]) -> str:
        moment = datetime.fromisoformat(found[0])
        return f"day {(moment - self.began).total_seconds() / 86400:.2f}"


MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def told(world: World, tongue: Tongue) -> None:
    """The story."""
    tongue.company()
    tongue.contact()
    tongue.order()
    assert tongue.status() == "PendingManual"
    world.wait(seconds=10)  # the platform has set up the first product; the second waits for somebody
    assert tongue.status() == "PendingManual"
    world.wait(hours=5)
    world.vendor_delivers()
    assert tongue.status() == "Completed"
    world.wait(days=1)
    tongue.seats(AUTOMATIC, 8)
    world.wait(days=2)
    tongue.seats(AUTOMATIC, 6)  # within the first days, so there may be fewer
    world.wait(days=1)
    tongue.cancel(AUTOMATIC)
    world.wait(days=90)
    tongue.let_run_out(BY_HAND)
    world.vendor_delivers()
    world.wait(days=300)


Teller = Callable[[Callable[[Served], Tongue]], World]


@pytest.fixture
def tell(cluster: Embedded, template: str) -> Iterator[Teller]:
    """Tells the story in a world of its own, and gives that world."""
    open_ = []
    began = (datetime.now(UTC) + timedelta(days=1)).replace(hour=8, minute=0, second=0, microsecond=0)

    def in_tongue(of: Callable[[Served], Tongue]) -> World:
        open_.append(serving(cluster, template))
        world = World(open_[-1].__enter__(), began)
        told(world, of(world.served))
        return world

    yield in_tongue
    for each in open_:
        each.__exit__(None, None, None)


def by_kind(lines: list[Document]) -> dict[tuple[str, str], Document]:
    """The lines by what they are of."""
    return {(str(each["$kind"]), str(each["id"])): each for each in lines}


def test_the_same_story_leaves_the_same_world_in_either_tongue(tell: Teller):
    one = by_kind(tell(Marketplace).lines())
    other = by_kind(tell(lambda served: Pax8(Desk(served, "client"))).lines())
    assert one.keys() == other.keys()
    assert {key: line for key, line in one.items() if other[key] != line} == {
        key: line for key, line in other.items() if one[key] != line
    }
    ends = sorted((kind, line["status"]) for (kind, _), line in one.items() if kind in ENDS)
    assert ends == sorted((kind, status) for kind, found in ENDS.items() for status in found)


ENDS = {
    "commerce/baskets": ["Completed"],
    "commerce/agreements": ["Terminated", "Terminated"],
    "commerce/subscriptions": ["Expired", "Terminated"],
    "commerce/orders": ["Completed"] * 6,
}
"""What the story comes to: two purchases, two changes of seats, the end of one product, no renewal of the other."""


def test_the_same_story_leaves_the_same_trail_in_either_tongue(tell: Teller):
    first, second = tell(Marketplace).trail(), tell(lambda served: Pax8(Desk(served, "client"))).trail()
    assert first == second
    told_of = {kind for kind, *_ in first}
    assert {"accounts/licensees", "accounts/licensees/{licensee}/contacts", *ENDS} <= told_of
    assert len([each for each in first if each[0] == "commerce/orders"]) > 12
