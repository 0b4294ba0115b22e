"""Seats and the end of subscriptions, by the quantity that is wanted and the day that it should be."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from entrepot.storage.clock import advance
from entrepot.storage.embedded import Embedded
from tests.pax8.conftest import NOBODY, UNKNOWN, Desk, Desks, ok
from tests.serving import Served, serving
from tests.world import AUTOMATIC, refer

YEARLY, MONTHLY = "G-1", "G-2"


@pytest.fixture
def held(desk: Desks) -> Any:
    """A subscription of five, just made."""
    partner = desk()
    return partner.subscriptions(partner.order(partner.line(YEARLY, "Annual")))[0]


def done(partner: Desk, uuid: str) -> Any:
    """What it is once the platform has fulfilled what was asked."""
    partner.subscriptions({"id": partner.get("/orders?size=1")["content"][0]["id"]})
    return partner.get(f"/subscriptions/{uuid}")


def test_more_seats_are_a_change_order(desk: Desks, served: Served, held: Any):
    partner = desk()
    ok(partner.ask("PUT", f"/subscriptions/{held['id']}", {"quantity": 8}))
    changes = served.call("client", "GET", "/commerce/orders?eq(type,Change)&order=-audit.created.at&limit=1").json[
        "data"
    ]
    assert changes[0]["status"] == "Processing"
    assert done(partner, held["id"])["quantity"] == 8
    told = partner.get(f"/subscriptions/{held['id']}/history")["content"]
    assert [each["quantity"] for each in told] == [8, 5] and {each["id"] for each in told} == {held["id"]}


def test_the_same_quantity_orders_nothing(desk: Desks, served: Served, held: Any):
    before = served.fetch("select count(*) from orders")[0][0]
    assert ok(desk().ask("PUT", f"/subscriptions/{held['id']}", {"quantity": 5, "billingTerm": "annual"})) == held
    assert served.fetch("select count(*) from orders")[0][0] == before


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 422, ""),
        ({"quantity": 0}, 422, "quantity"),
        ({"quantity": 1.5}, 400, "quantity"),
        ({"quantity": "many"}, 400, "quantity"),
        ({"billingTerm": "Monthly"}, 422, "billingTerm"),
        ({"billingTerm": "Weekly"}, 400, "billingTerm"),
        ({"price": 3}, 422, "price"),
        ({"startDate": "2020-01-01"}, 422, "startDate"),
        ({"startDate": "soon"}, 400, "startDate"),
        ({"endDate": "2040-01-01", "quantity": 6}, 422, "endDate"),
        ({"currencyCode": "USD", "quantity": 6}, 422, "currencyCode"),
        ([], 400, "body"),
    ],
)
def test_what_does_not_change_is_told(desk: Desks, held: Any, body: Any, status: int, field: str):
    reply = desk().ask("PUT", f"/subscriptions/{held['id']}", body)
    assert reply.status_code == status, reply.text
    assert any(each["message"].startswith(field) for each in reply.json()["details"]), reply.text


def test_a_cancelled_subscription_ends(desk: Desks, held: Any):
    partner = desk()
    assert partner.ask("DELETE", f"/subscriptions/{held['id']}", idempotency_key=held["id"]).status_code == 204
    ended = done(partner, held["id"])
    assert (ended["status"], bool(ended["endDate"])) == ("Cancelled", True)
    again = partner.ask("DELETE", f"/subscriptions/{held['id']}", idempotency_key=held["id"])
    assert again.status_code == 204 and again.headers["idempotent-replayed"] == "true"
    assert partner.ask("DELETE", f"/subscriptions/{held['id']}").status_code == 422
    assert held["id"] in [each["id"] for each in partner.get("/subscriptions?status=Cancelled&size=200")["content"]]
    assert held["id"] not in [each["id"] for each in partner.get("/subscriptions?status=Active&size=200")["content"]]


def test_cancelled_for_the_end_of_its_term_it_runs_out(desk: Desks, held: Any):
    partner = desk()
    day = held["commitment"]["endDate"][:10]
    wrong = partner.ask("DELETE", f"/subscriptions/{held['id']}?cancelDate=2031-01-01")
    assert wrong.status_code == 422 and day in wrong.json()["errors"][0]
    assert partner.ask("DELETE", f"/subscriptions/{held['id']}?cancelDate={day}").status_code == 204
    later = done(partner, held["id"])
    assert (later["status"], later["endDate"][:10]) == ("Active", day)


def test_one_of_several_lines_of_a_subscription_ends_by_itself_and_the_last_one_ends_it(desk: Desks, served: Served):
    """What the core holds as one subscription of two items are two subscriptions here."""
    item, price = "ITM-5001-0002-0081", "PRI-5001-0002-0001-0081"
    served.load([
        {"$kind": "catalog/items", "id": item, "product": refer(AUTOMATIC), "name": "Gamma Extra", "status": "Published",
         "group": refer("IGR-5001-0002-0001"), "unit": refer("UNT-1001"), "externalIds": {"vendor": "G-X"},
         "terms": {"model": "quantity", "period": "1y", "commitment": "1y"}},
        {"$kind": "catalog/price-lists/PRC-5001-0002-0001/items", "id": price, "item": refer(item), "status": "ForSale",
         "unitPP": 20, "markup": 10},
    ])  # fmt: skip
    partner = desk()
    first, second = partner.subscriptions(
        partner.order(partner.line(YEARLY, "Annual", 3), partner.line("G-X", "Annual", 4))
    )
    rows = served.fetch("select distinct subscription_id from lines where item_id = $1 or quantity = 3", item)
    assert len(rows) == 1 and first["id"] != second["id"]
    assert partner.ask("DELETE", f"/subscriptions/{first['id']}").status_code == 204
    assert done(partner, first["id"])["status"] == "Cancelled"
    assert partner.get(f"/subscriptions/{second['id']}")["status"] == "Active"
    assert partner.ask("DELETE", f"/subscriptions/{second['id']}").status_code == 204
    assert done(partner, second["id"])["status"] == "Cancelled"
    kinds = served.fetch(
        "select type from orders where agreement_id = (select agreement_id from lines where item_id = $1) order by audit_created_at",
        item,
    )
    assert [row["type"] for row in kinds] == ["Purchase", "Change", "Termination"]


@pytest.fixture
def later(cluster: Embedded, template: str) -> Iterator[tuple[Desk, Any]]:
    """A partner and its subscription of a hundred days, in a world whose clock may move."""
    with serving(cluster, template, pax8_calls_per_minute=0) as served:
        partner = Desk(served, "client")
        (held,) = partner.subscriptions(partner.order(partner.line(YEARLY, "Annual")))
        served.run(advance(served.parts.pool, timedelta(days=100), served.parts.work))
        yield partner, held


def test_in_its_term_it_is_not_cancelled_but_runs_out_or_has_more_seats(later: tuple[Desk, Any]):
    partner, held = later
    before, orders = partner.get(f"/subscriptions/{held['id']}"), "select count(*) from orders"
    count = partner.served.fetch(orders)[0][0]
    refused = partner.ask("DELETE", f"/subscriptions/{held['id']}")
    assert refused.status_code == 422 and refused.json()["message"] == "Invalid Subscription"
    (words,) = refused.json()["errors"]
    assert words.startswith('cancelDate: "Gamma Box 1y" cannot be ended before 20') and "without renewal" in words
    fewer = partner.ask("PUT", f"/subscriptions/{held['id']}", {"quantity": 4})
    assert fewer.status_code == 422 and fewer.json()["errors"][0].startswith("quantity: ")
    assert partner.get(f"/subscriptions/{held['id']}") == before
    assert partner.served.fetch(orders)[0][0] == count
    ok(partner.ask("PUT", f"/subscriptions/{held['id']}", {"quantity": 6}))


def test_where_the_vendor_allows_it_it_is_cancelled_in_its_term(later: tuple[Desk, Any]):
    partner, held = later
    allow = """update items set settings = '{"earlyTermination": true}' where id = 'ITM-5001-0002-0001'"""
    partner.served.run(partner.served.parts.pool.execute(allow))
    assert partner.ask("DELETE", f"/subscriptions/{held['id']}").status_code == 204
    assert done(partner, held["id"])["status"] == "Cancelled"


@pytest.mark.parametrize("query", ["status=PendingManual", "billingTerm=trial", "billingTerm=three-year"])
def test_known_filters_that_fit_nothing_find_nothing(desk: Desks, held: Any, query: str):
    assert desk().get(f"/subscriptions?{query}") == {
        "content": [],
        "page": {"size": 10, "totalElements": 0, "totalPages": 0, "number": 0},
    }


@pytest.mark.parametrize("sort", ["quantity", "startDate", "endDate", "createdDate", "billingStart", "price"])
def test_every_documented_order_is_given(desk: Desks, held: Any, sort: str):
    up = [each["id"] for each in desk().get(f"/subscriptions?sort={sort},asc&size=200")["content"]]
    down = [each["id"] for each in desk().get(f"/subscriptions?sort={sort},desc&size=200")["content"]]
    assert held["id"] in up and sorted(up) == sorted(down)


@pytest.mark.parametrize("uuid", [NOBODY, UNKNOWN, "x", "%20", "a%2Fb"])
def test_an_unknown_subscription_is_not_found_in_any_way(desk: Desks, uuid: str):
    partner = desk()
    for method, path in (("GET", ""), ("PUT", ""), ("DELETE", ""), ("GET", "/history"), ("GET", "/usage-summaries")):
        reply = partner.ask(method, f"/subscriptions/{uuid}{path}", {"quantity": 3} if method == "PUT" else None)
        assert reply.status_code == 404, (method, path, reply.text)
