"""What the official client's query builders write is read here as they mean it."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from mpt_api_client.exceptions import MPTAPIError
from mpt_api_client.rql import RQLQuery
from mpt_api_client.rql.query_builder import RQLProperty

from tests.party import ok
from tests.purchases import draft, placed, queried
from tests.serving import Served
from tests.world import ONCE, YEARLY, refer

HARD = (
    "plain",
    "it's one",
    'say "two"',
    "a,b (c) & d=e;f|g",
    "50% + 1 #hash",
    "sternchen*",
    "*both*",
    "back\\slash",
    "ü and 漢字",
    "null()",
    "status",
    "  spaces  ",
    "a%20b",
    "under_score",
)
"""Values that have a meaning of their own somewhere on the way."""


@pytest.fixture(scope="module")
def shelf(served: Served) -> dict[str, str]:
    """Three orders of known content: their ids by what they are."""
    first = draft(served, notes="shelf one", externalIds={"client": "S-1"}, lines=[line(YEARLY, 1)])
    second = placed(served, notes="shelf two", lines=[line(YEARLY, 5), line(ONCE, 2)])
    third = queried(served, notes="Shelf THREE", externalIds={"client": ""}, lines=[line(ONCE, 7)])
    return {"one": first["id"], "two": second["id"], "three": third["id"]}


def line(item: str, quantity: int) -> dict[str, Any]:
    """A line of a purchase."""
    return {"item": refer(item), "quantity": quantity}


ON_THE_SHELF = RQLQuery(notes__ilike="shelf*")


def r(path: str) -> RQLQuery:
    """A query about that field."""
    return RQLQuery(path)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (RQLQuery(notes="shelf one"), "one"),
        (RQLQuery(notes__eq="shelf one"), "one"),
        (RQLQuery(notes__ne="shelf one"), "two three"),
        (RQLQuery(notes__like="shelf*"), "one two"),
        (RQLQuery(notes__like="*TH*"), "three"),
        (RQLQuery(notes__like="*th*"), ""),
        (RQLQuery(notes__ilike="*th*"), "three"),
        (RQLQuery(status__in=["draft", "QUERYING"]), "one three"),
        (RQLQuery(status__out=["Draft"]), "two three"),
        (RQLQuery(externalIds__client__null=True), "two"),
        (RQLQuery(externalIds__client__null=False), "one three"),
        (RQLQuery(externalIds__client__empty=True), "three"),
        (RQLQuery(externalIds__client__ne="S-1"), "two three"),
        (RQLQuery(notes="shelf one", status="Draft"), "one"),
        (RQLQuery(notes="shelf one", status="Querying"), ""),
        (r("notes").eq("shelf one") | r("notes").eq("shelf two"), "one two"),
        (~r("notes").eq("shelf one"), "two three"),
        (~(r("notes").eq("shelf one") | r("status").eq("Querying")), "two"),
        (~RQLQuery(externalIds__client="S-1"), "two three"),
        (r("notes").in_(["shelf one", "shelf two", "x"]), "one two"),
        (r("notes").oneof(["shelf two"]), "two"),
        (r("notes").out(["shelf two"]), "one three"),
        (r("agreement.status").eq("Provisioning"), "two three"),
        (r("agreement.product.id").eq("PRD-5001-0001"), "one two three"),
        (r("agreement.product.name").like("Alpha*"), "one two three"),
        (r("licensee.buyer.id").eq("BUY-2001-0001"), "one two three"),
        (r("price.SPxY").gt(500), "two"),
        (r("price.SPxY").ge(Decimal("660.00")), "two"),
        (r("price.SPxY").lt(Decimal("132.01")), "one"),
        (r("price.SPx1").le(770), "two"),
        (r("price.SPx1").null(True), "one"),
        (RQLQuery(price__SPxY__gt=131.99), "one two"),
        (r("audit.created.at").gt(dt.datetime(2020, 1, 1, tzinfo=dt.UTC)), "one two three"),
        (r("audit.created.at").lt(dt.date(2020, 1, 1)), ""),
        (r("audit.processing.at").null(False), "two three"),
        (r("quantity").gt(4).any("lines"), "two three"),
        (r("quantity").gt(4).all("lines"), "three"),
        ((r("quantity").gt(4) & r("item.id").eq(YEARLY)).any("lines"), "two"),
        (r("item.name").like("*one-time").any("lines"), "two three"),
        (r("externalId").eq("company").any("parameters__ordering"), "one two three"),
        ((r("externalId").eq("company") & r("displayValue").like("*rth*")).any("parameters.ordering"), "one two three"),
        (r("quantity").gt(4).any("lines") & r("status").eq("Processing"), "two"),
        (~r("quantity").gt(4).any("lines"), "one"),
        (r("id").eq(RQLProperty("agreement.id")), ""),
        (r("price.SPxY").eq(RQLProperty("price.SPxY")), "one two three"),
        (r("externalIds.client").eq(RQLProperty.null()), "two"),
        (RQLQuery.from_string("any(lines)"), "one two three"),
        (RQLQuery.from_string("status=processing"), "two"),
        (RQLQuery.from_string("or(eq(status,draft),eq(status,querying))"), "one three"),
    ],
    ids=str,
)  # fmt: skip
def test_a_filter_finds_what_it_means(client: Any, shelf: dict[str, str], query: RQLQuery, expected: str) -> None:
    found = client.commerce.orders.filter(query & ON_THE_SHELF).iterate()
    names = {order_id: name for name, order_id in shelf.items()}
    assert {names[order.id] for order in found} == set(expected.split())


@pytest.mark.parametrize("value", HARD)
def test_any_text_is_found_by_itself_and_by_nothing_else(client: Any, served: Served, value: str) -> None:
    order = draft(served, externalIds={"client": value}, notes="hard")
    found = client.commerce.orders.filter(RQLQuery(externalIds__client=value) & RQLQuery(id=order["id"])).fetch_page()
    assert [each.external_ids.client for each in found] == [value]
    among = RQLQuery(externalIds__client__in=[value, "other"]) & RQLQuery(id=order["id"])
    assert len(client.commerce.orders.filter(among).fetch_page()) == 1
    other = RQLQuery(externalIds__client=f"{value}x") & RQLQuery(id=order["id"])
    assert len(client.commerce.orders.filter(other).fetch_page()) == 0


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (("notes",), "three one two"),
        (("-notes",), "two one three"),
        (("-status", "notes"), "three two one"),
        (("agreement.status", "-notes"), "one two three"),
        (("-price.SPxY",), "three two one"),
        (("audit.created.at",), "one two three"),
    ],
)
def test_an_order_is_kept(client: Any, shelf: dict[str, str], keys: tuple[str, ...], expected: str) -> None:
    """Texts sort as bytes; a descending order begins with what has no value, as PostgreSQL has it."""
    found = [each.id for each in client.commerce.orders.filter(ON_THE_SHELF).order_by(*keys).iterate()]
    if keys[0] == "-status":
        assert set(found) == set(shelf.values())
    else:
        assert found == [shelf[name] for name in expected.split()]


def test_the_pollers_question_is_answered(vendor: Any, shelf: dict[str, str]) -> None:
    """What vendors' extensions ask every few seconds (commerce spec 5.1)."""
    waiting = RQLQuery.from_string("and(in(agreement.product.id,(PRD-5001-0001,PRD-2)),eq(status,processing))")
    fields = ("audit", "parameters", "lines", "subscriptions", "subscriptions.lines", "agreement", "buyer")
    page = (
        vendor.commerce.orders.filter(waiting)
        .filter(RQLQuery(id=shelf["two"]))
        .select(*fields)
        .order_by("audit.created.at")
        .fetch_page(limit=10)
    )
    assert [each.id for each in page] == [shelf["two"]]
    assert page[0].agreement.product.id == "PRD-5001-0001"
    assert page[0].buyer.address.city == "Bern"
    assert page[0].lines[0].price.unit_pp == 120.0


@pytest.mark.parametrize(
    ("query", "token"),
    [
        (RQLQuery(nonsense=1), "nonsense"),
        (r("agreement.nonsense").eq(1), "agreement.nonsense"),
        (r("agreement").eq("AGR-1"), "agreement"),
        (r("price.SPxY").gt("dear"), "price.SPxY"),
        (r("audit.created.at").gt("yesterday"), "audit.created.at"),
        (r("status").eq("Nonsense"), "status"),
        (r("statusNotes").eq("x"), "statusNotes"),
        (r("price.SPxY").like("1*"), "price.SPxY"),
        (RQLQuery.from_string("mistake(id,1)"), "mistake"),
        (RQLQuery.from_string("and()"), "and"),
        (RQLQuery.from_string("in(id,())"), "in"),
        (RQLQuery.from_string("rql"), "rql"),
        (RQLQuery.from_string("rql=eq(id,1)"), "rql"),
    ],
    ids=str,
)
def test_a_filter_that_means_nothing_is_refused_by_the_word_at_fault(client: Any, query: RQLQuery, token: str) -> None:
    with pytest.raises(MPTAPIError, match="400 Bad Request") as refused:
        client.commerce.orders.filter(query).fetch_page()
    assert list(refused.value.errors) == [token]


@pytest.mark.parametrize("key", ["nonsense", "agreement", "lines", "statusNotes", "agreement.nonsense"])
def test_an_order_by_nothing_that_sorts_is_refused(client: Any, key: str) -> None:
    with pytest.raises(MPTAPIError, match="400 Bad Request") as refused:
        client.commerce.orders.order_by(key).fetch_page()
    assert list(refused.value.errors) == [key]


def test_unknown_names_in_a_selection_are_ignored(client: Any, shelf: dict[str, str]) -> None:
    plain = client.commerce.orders.get(shelf["one"])
    odd = client.commerce.orders.get(shelf["one"], select=["nonsense", "-nonsense", "agreement.nonsense", "*.x", ""])
    assert odd.to_dict() == plain.to_dict()


def test_the_old_address_answers_alike(served: Served, shelf: dict[str, str]) -> None:
    path = f"/commerce/orders/{shelf['one']}"
    assert served.call("client", "GET", f"/v1{path}").json == ok(served.call("client", "GET", path))
