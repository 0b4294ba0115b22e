"""Seats of what is held: more at any time, fewer by rule, within bounds, with what an item requires (docs/baskets.md)."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from entrepot.storage.clock import advance
from entrepot.storage.embedded import Embedded
from tests.commerce.test_basket import line, order_of, started
from tests.orders import about, agreement, finish, line_of, live, ordered
from tests.party import ok
from tests.purchases import map_lines
from tests.serving import Served, serving
from tests.world import MONTHLY, OTHER_YEARLY, YEARLY, purchase, refer

ORDERS = "/commerce/orders"


@pytest.fixture
def served(cluster: Embedded, template: str) -> Iterator[Served]:
    """One of its own for each test, since the clock moves and items declare rules."""
    with serving(cluster, template) as server:
        yield server


def declare(served, item, **settings):
    served.run(served.parts.pool.execute("update items set settings = $2 where id = $1", item, json.dumps(settings)))


def wait(served, days):
    assert served.run(advance(served.parts.pool, timedelta(days=days), served.parts.work)) == []


def held_of_basket(served, *lines):
    """A live agreement that a basket began."""
    order = order_of(served, started(served, *lines)["lines"][0])
    map_lines(served, order)
    finish(served, order)
    return agreement(served, order["agreement"]["id"])


def seats(served, held, item, quantity):
    """A Change of the seats of an item."""
    body = about(held, "Change", lines=[{"id": line_of(held, item)["id"], "quantity": quantity}])
    return served.call("client", "POST", ORDERS, body)


CHANGES = [
    # item     days on   seats   allowed      of ten
    (YEARLY,     0,       12,    True),
    (YEARLY,     0,        8,    True),      # within a week of the start
    (YEARLY,   100,       12,    True),
    (YEARLY,   100,        8,    False),
    (YEARLY,   340,        8,    True),      # its renewal is near
    (YEARLY,   367,        8,    True),      # within a week of the renewal
    (YEARLY,   400,        8,    False),
]  # fmt: skip


@pytest.mark.parametrize(("item", "days", "quantity", "allowed"), CHANGES)
def test_terms_of_what_a_basket_began(served, item, days, quantity, allowed):
    held = held_of_basket(served, line(item, 10))
    if days:
        wait(served, days)
    reply = seats(served, held, item, quantity)
    assert reply.status == (201 if allowed else 400)
    if not allowed:
        words = reply.json["errors"]["lines[0].quantity"][0]
        assert words.startswith('Quantity of "Alpha Suite 1y" cannot be decreased before 202')


def test_what_is_committed_to_for_a_month_or_less_is_free(served):
    served.run(served.parts.pool.execute("update items set terms_commitment = '1m' where id = $1", MONTHLY))
    held = held_of_basket(served, line(MONTHLY, 10))
    wait(served, 45)
    assert seats(served, held, MONTHLY, 3).status == 201


def test_on_the_marketplace_there_may_be_fewer_unless_the_item_says_otherwise(served):
    held = live(served, (YEARLY, 10))
    wait(served, 100)
    finish(served, ordered(served, held, "Change", lines=[{"id": line_of(held, YEARLY)["id"], "quantity": 9}]))
    declare(served, YEARLY, decrease={"daysBeforeEnd": 60})
    assert seats(served, held, YEARLY, 8).status == 400
    assert seats(served, held, YEARLY, 10).status == 201


def test_a_line_that_stays_as_it_is_breaks_no_rule(served):
    held = live(served, (YEARLY, 10))
    declare(served, YEARLY, maxQuantity=5, decrease={})
    body = about(
        held,
        "Change",
        lines=[{"id": line_of(held, YEARLY)["id"], "quantity": 10}, {"item": refer(MONTHLY), "quantity": 1}],
    )
    assert served.call("client", "POST", ORDERS, body).status == 201


def ended(served, held, *items):
    """A Termination of the subscriptions of these items."""
    return served.call("client", "POST", ORDERS, about(held, "Termination", subscriptions=[
        refer(line_of(held, item)["subscription"]["id"]) for item in items]))  # fmt: skip


ENDS = [
    # days on    allowed
    (0,          True),       # within a week of the start
    (100,        False),
    (340,        True),       # its renewal is near
    (400,        False),
]  # fmt: skip


@pytest.mark.parametrize(("days", "allowed"), ENDS)
def test_a_termination_is_no_way_around_the_term(served, days, allowed):
    held = held_of_basket(served, line(YEARLY, 10))
    if days:
        wait(served, days)
    before = agreement(served, held["id"])
    reply = ended(served, held, YEARLY)
    assert reply.status == (201 if allowed else 400), reply.body
    if not allowed:
        words = reply.json["errors"]["subscriptions[0].id"][0]
        assert words.startswith('"Alpha Suite 1y" cannot be ended before 202') and "without renewal" in words
        assert agreement(served, held["id"]) == before
        draft = served.call("client", "POST", ORDERS, about(held, "Termination", status="Draft", subscriptions=[
            refer(line_of(held, YEARLY)["subscription"]["id"])]))  # fmt: skip
        assert draft.status == 201  # a draft is judged when it is placed
        assert served.call("client", "POST", f"{ORDERS}/{draft.json['id']}/process").status == 400


def test_without_renewal_it_ends_with_its_term(served):
    held = held_of_basket(served, line(YEARLY, 10))
    wait(served, 100)
    subscription = line_of(held, YEARLY)["subscription"]["id"]
    body = about(held, "Configuration", subscriptions=[{"id": subscription, "autoRenew": False}])
    finish(served, ok(served.call("client", "POST", ORDERS, body)))
    wait(served, 300)
    assert ok(served.call("client", "GET", f"/commerce/subscriptions/{subscription}"))["status"] == "Expired"


def test_a_vendor_may_allow_what_the_term_does_not_and_forbid_what_it_does(served):
    held = held_of_basket(served, line(YEARLY, 10))
    free = live(served, (YEARLY, 10))
    wait(served, 100)
    declare(served, YEARLY, earlyTermination=False)
    assert ended(served, held, YEARLY).status == 400 == ended(served, free, YEARLY).status
    declare(served, YEARLY, earlyTermination=True)
    assert seats(served, held, YEARLY, 9).status == 400
    assert ended(served, held, YEARLY).status == 201
    declare(served, YEARLY)
    assert ended(served, free, YEARLY).status == 201


def test_a_vendor_itself_ends_what_it_sells_at_any_time(served):
    held = held_of_basket(served, line(YEARLY, 10))
    wait(served, 100)
    subscription = line_of(held, YEARLY)["subscription"]["id"]
    assert served.call("vendor", "POST", f"/commerce/subscriptions/{subscription}/terminate").status == 200


BOUNDS = [
    # asked   what is wrong with it
    (1,       'Quantity 1 is below minimum of 5 for "Alpha Suite 1y"'),
    (5,       None),
    (300,     None),
    (500,     'Quantity 500 exceeds maximum of 300 for "Alpha Suite 1y"'),
]  # fmt: skip


@pytest.mark.parametrize(("quantity", "words"), BOUNDS)
def test_bounds_hold_for_baskets_purchases_and_changes(served, quantity, words):
    held = live(served, (YEARLY, 10))
    declare(served, YEARLY, minQuantity=5, maxQuantity=300)
    lines = [{"item": refer(YEARLY), "quantity": quantity}]
    basket = {"licensee": refer("LCE-2001-0001-0001"), "lines": [line(YEARLY, quantity)]}
    later = {"licensee": basket["licensee"], "lines": [basket["lines"][0] | {"startDate": "2999-01-01T00:00:00Z"}]}
    for reply in (
        served.call("client", "POST", "/commerce/baskets", basket),
        served.call("client", "POST", "/commerce/baskets", later),
        served.call("client", "POST", ORDERS, purchase(status="Processing", lines=lines)),
        seats(served, held, YEARLY, quantity),
    ):
        assert reply.status == (201 if words is None else 400)
        if words is not None:
            assert reply.json["errors"] == {"lines[0].quantity": [words]}


def test_an_item_comes_with_what_it_requires_or_after_it(served):
    declare(served, OTHER_YEARLY, requires=[refer(YEARLY), refer(MONTHLY)])
    body = {"licensee": refer("LCE-2001-0001-0001"), "lines": [line(OTHER_YEARLY)]}
    refused = served.call("client", "POST", "/commerce/baskets", body)
    assert refused.json["errors"] == {
        "lines[0].item": ['"Beta Shield 1y" requires "Alpha Suite 1y" or "Alpha Suite 1m"']
    }
    started(served, line(OTHER_YEARLY), line(YEARLY))
    assert served.call("client", "POST", "/commerce/baskets", body).status == 400  # what is ordered is not held yet
    held = held_of_basket(served, line(MONTHLY))
    made = ok(served.call("client", "POST", "/commerce/baskets", body))
    assert made["status"] == "Processing"
    base = line_of(held, MONTHLY)["subscription"]
    body["lines"][0]["parentSubscription"] = refer(base["id"])
    assert ok(served.call("client", "POST", "/commerce/baskets", body))["lines"][0]["parentSubscription"]
    other = body | {"licensee": refer("LCE-2001-0002-0001")}
    assert served.call("client", "POST", "/commerce/baskets", other).status == 400
