"""Whatever is sent, the answer says what is wrong with it, and is never a fault of ours."""

import os
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from entrepot.http.routes import Route, routes_of
from entrepot.offers import OFFERS
from tests.party import ok
from tests.purchases import Document, completed, draft, lines_named, mapped, placed, queried
from tests.serving import BODY_BYTES_MAX, FAULTS, Reply, Served
from tests.world import (
    CERTIFICATE,
    DEAD_CERTIFICATE,
    DRAFT_ITEM,
    LICENSEE,
    MONTHLY,
    ONCE,
    OTHER_LICENSEE,
    OTHER_YEARLY,
    PRIVATE_ITEM,
    PRODUCT,
    USER,
    YEARLY,
    purchase,
    refer,
)

ORDERS = "/commerce/orders"
ITEM = refer(YEARLY)


@pytest.fixture(scope="module")
def orders(served: Served) -> dict[str, str]:
    """The paths of an order in each state that a row of the tables names."""
    made = {"draft": draft, "placed": placed, "queried": queried, "mapped": mapped, "completed": completed}
    return {name: f"{ORDERS}/{make(served)['id']}" for name, make in made.items()}


def is_problem(reply: Reply, status: int) -> Document:
    """The problem document, which has to be one."""
    assert reply.status == status, (reply.status, reply.body[:600], FAULTS[-1:])
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.headers["cache-control"] == "private, no-store"
    document = reply.json
    assert document["status"] == status
    assert document["type"].startswith("https://tools.ietf.org/html/rfc9110#section-15.")
    assert document["title"] and document["traceId"].startswith("00-")
    return document


def faults(reply: Reply) -> dict[str, list[str]]:
    """What is wrong, field by field."""
    errors = is_problem(reply, 400)["errors"]
    assert errors and all(isinstance(each, list) and each and all(each) for each in errors.values())
    return errors


# What cannot be read ----------------------------------------------------------------------------------

BROKEN = (
    b"{", b"}", b"{'notes':1}", b'{"notes":}', b'{"notes":"a"', b'{"notes":"a"}x', b'{"notes":"a",}', b"[1,2", b'"x',
    b"\xff", b'{"notes":"\xff"}', b'{"notes":"\xed\xa0\x80"}', b'{"notes":"\\ud800"}', b'{"notes":"\\udc00x"}',
    b'{"notes":"\\x"}', b'{"notes":"a\nb"}', b"NaN", b'{"n":NaN}', b'{"n":Infinity}', b'{"n":01}', b'{"n":+1}',
    b'{"n":1e99999999999999999999}', b'{"n":1e-99999999999999999999}', b"nul", b"\xef\xbb\xbf{}", "{}".encode("utf-16"), b"\0", b"{}\0", b"[" * 90_000, b'{"a":' * 30_000,
)  # fmt: skip


@pytest.mark.parametrize("raw", BROKEN, ids=lambda raw: repr(raw[:20]))
@pytest.mark.parametrize("call", ["POST draft", "PUT draft", "POST draft/process", "DELETE draft"])
def test_what_is_not_json_is_unreadable_wherever_it_is_sent(
    served: Served, orders: dict[str, str], raw: bytes, call: str
) -> None:
    method, _, where = call.partition(" ")
    path = ORDERS if call == "POST draft" else where.replace("draft", orders["draft"])
    assert "$" in faults(served.call("client", method, path, raw=raw))


@pytest.mark.parametrize("raw", [b"[]", b'[{"notes":"x"}]', b'"text"', b"5", b"1.5", b"true", b"false"])
def test_a_body_is_an_object(served: Served, orders: dict[str, str], raw: bytes) -> None:
    for method, path in (("POST", ORDERS), ("PUT", orders["draft"]), ("POST", f"{orders['draft']}/validate")):
        assert list(faults(served.call("client", method, path, raw=raw))) == ["$"]


@pytest.mark.parametrize("raw", [b"", b" ", b"\r\n", b"null", b"{}", b" {} "])
def test_no_body_is_as_good_as_an_empty_one(served: Served, orders: dict[str, str], raw: bytes) -> None:
    assert served.call("client", "POST", f"{orders['draft']}/validate", raw=raw).status == 200
    assert set(faults(served.call("client", "POST", ORDERS, raw=raw))) == {"agreement.licensee", "agreement.product"}


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/xml", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "json",
     "application/jsonl", "text/html; charset=utf-8", "image/png", "*/*", "application/", "\xe4/\xe4"],
)  # fmt: skip
def test_another_content_type_is_not_taken(served: Served, kind: str) -> None:
    reply = served.call("client", "POST", ORDERS, raw=b'{"notes":"x"}', content_type=kind)
    assert is_problem(reply, 415)["title"] == "Unsupported Media Type"


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "APPLICATION/JSON",
        "application/json; charset=utf-8",
        "text/json",
        "application/a+json",
        "",
    ],
)
def test_json_is_taken_under_each_of_its_names(served: Served, kind: str) -> None:
    assert faults(served.call("client", "POST", ORDERS, raw=b"{}", content_type=kind))


def test_a_body_that_is_too_large_is_refused_whether_it_is_announced_or_not(served: Served) -> None:
    large = b'{"notes":"' + b"x" * BODY_BYTES_MAX + b'"}'
    assert is_problem(served.call("client", "POST", ORDERS, raw=large), 413)["title"] == "Content Too Large"
    assert is_problem(served.call("client", "PUT", f"{ORDERS}/ORD-1", raw=large), 413)
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (large[:90_000], large[90_000:])) + b"0\r\n\r\n"
    assert b" 413 " in sent(served, b"POST /public/v1/commerce/orders HTTP/1.1", b"Transfer-Encoding: chunked", chunks)


def sent(served: Served, first: bytes, *rest: bytes) -> bytes:
    """The head of the answer to bytes that no client library would send."""
    head = b"\r\n".join((first, b"Host: x", b"Content-Type: application/json", b"Connection: close", *rest[:-1]))
    with socket.create_connection((served.host, served.port), timeout=10) as conn:
        conn.sendall(head + b"\r\n\r\n" + (rest[-1] if rest else b""))
        answer = b""
        while piece := conn.recv(65536):
            answer += piece
    return answer.partition(b"\r\n")[0]


@pytest.mark.parametrize(
    "line",
    [b"FOO /public/v1/commerce/orders HTTP/1.1", b"GET /public/v1/commerce/orders/\xff\xfe HTTP/1.1",
     b"GET /public/v1/commerce/orders?\xff HTTP/1.1", b"GET  HTTP/1.1", b"GET / HTTP/9.9", b"\0\0\0"],
)  # fmt: skip
def test_what_is_not_http_is_refused_at_the_door(served: Served, line: bytes) -> None:
    assert b" 400 " in sent(served, line)


# Fields -----------------------------------------------------------------------------------------------

LONG = "x" * 10_000

CREATE: list[tuple[str, Document, str]] = [
    # what is wrong, what is sent, and the fields that are named
    ("an unknown type", {"type": "Nonsense"}, "type"),
    ("a type that is no text", {"type": 5}, "type"),
    ("no type", {"type": None}, "type"),
    ("a type that there is not", {"type": "Gift"}, "type"),
    ("a status to end with", {"status": "Completed"}, "status"),
    ("an unknown status", {"status": "Nonsense"}, "status"),
    ("a status that is no text", {"status": ["Draft"]}, "status"),
    ("notes that are a number", {"notes": 5}, "notes"),
    ("notes that are a list", {"notes": ["a"]}, "notes"),
    ("notes with a NUL", {"notes": "a\0b"}, "notes"),
    ("notes without end", {"notes": LONG}, "notes"),
    ("external ids that are a number", {"externalIds": 5}, "externalIds"),
    ("external ids that are a list", {"externalIds": ["a"]}, "externalIds"),
    ("an external id that is a number", {"externalIds": {"client": 5}}, "externalIds.client"),
    ("an external id with a NUL", {"externalIds": {"client": "\0"}}, "externalIds.client"),
    ("an external id without end", {"externalIds": {"client": LONG}}, "externalIds.client"),
    ("parameters that are a number", {"parameters": 5}, "parameters"),
    ("parameters that are a list", {"parameters": []}, "parameters"),
    ("ordering that is a number", {"parameters": {"ordering": 5}}, "parameters.ordering"),
    ("ordering that is an object", {"parameters": {"ordering": {}}}, "parameters.ordering"),
    ("a parameter that is a text", {"parameters": {"ordering": ["x"]}}, "parameters.ordering[0]"),
    ("a parameter that is null", {"parameters": {"ordering": [None]}}, "parameters.ordering[0]"),
    ("a parameter without a name", {"parameters": {"ordering": [{"value": 1}]}}, "parameters.ordering[0]"),
    ("a parameter with a number as name", {"parameters": {"ordering": [{"id": 1}]}}, "parameters.ordering[0]"),
    ("an unknown parameter", {"parameters": {"ordering": [{"externalId": "z"}]}}, "parameters.ordering[0]"),
    ("certificates that are a text", {"certificates": "x"}, "certificates"),
    ("a certificate that is a text", {"certificates": ["x"]}, "certificates[0]"),
    ("a certificate without an id", {"certificates": [{}]}, "certificates[0]"),
    ("a certificate with a number as id", {"certificates": [{"id": 5}]}, "certificates[0]"),
    ("a certificate with a list as id", {"certificates": [{"id": ["x"]}]}, "certificates[0]"),
    ("an unknown certificate", {"certificates": [refer("CER-0")]}, "certificates[0].id"),
    ("a certificate that is void", {"certificates": [refer(CERTIFICATE), refer(DEAD_CERTIFICATE)]},
     "certificates[1].id"),
    ("a void certificate before another", {"certificates": [refer(DEAD_CERTIFICATE), refer(CERTIFICATE)]},
     "certificates[0].id"),
    ("an unknown authorization", {"authorization": refer("AUT-0")}, "authorization.id"),
    ("an authorization that is a text", {"authorization": "AUT-0"}, "authorization"),
    ("an authorization without an id", {"authorization": {}}, "authorization.id"),
    ("lines that are an object", {"lines": {"item": ITEM}}, "lines"),
    ("lines that are a text", {"lines": "x"}, "lines"),
    ("lines that are a number", {"lines": 5}, "lines"),
    ("lines without end", {"lines": [{"item": ITEM, "quantity": 1}] * 1001}, "lines"),
    ("a line that is a text", {"lines": ["x"]}, "lines[0]"),
    ("a line that is null", {"lines": [None]}, "lines[0]"),
    ("a line that is a list", {"lines": [[]]}, "lines[0]"),
    ("a line without an item", {"lines": [{"quantity": 1}]}, "lines[0].item"),
    ("a line with null as item", {"lines": [{"item": None, "quantity": 1}]}, "lines[0].item"),
    ("a line with a text as item", {"lines": [{"item": YEARLY, "quantity": 1}]}, "lines[0].item"),
    ("an item without an id", {"lines": [{"item": {}, "quantity": 1}]}, "lines[0].item.id"),
    ("an item with a number as id", {"lines": [{"item": {"id": 5}, "quantity": 1}]}, "lines[0].item.id"),
    ("an item with a NUL in its id", {"lines": [{"item": {"id": "\0"}, "quantity": 1}]}, "lines[0].item.id"),
    ("an item with a long id", {"lines": [{"item": {"id": LONG}, "quantity": 1}]}, "lines[0].item.id"),
    ("an unknown item", {"lines": [{"item": refer("ITM-0"), "quantity": 1}]}, "lines[0].item.id"),
    ("another product's item", {"lines": [{"item": refer(OTHER_YEARLY), "quantity": 1}]}, "lines[0].item.id"),
    ("an item that is a draft", {"lines": [{"item": refer(DRAFT_ITEM), "quantity": 1}]}, "lines[0].item.id"),
    ("an item that is not for sale", {"lines": [{"item": refer(PRIVATE_ITEM), "quantity": 1}]}, "lines[0].item.id"),
    ("an item twice", {"lines": [{"item": ITEM, "quantity": 1}, {"item": ITEM, "quantity": 2}]},
     "lines[1].item.id"),
    ("a line of another order", {"lines": [{"id": "ALI-0000-0000-0000-0001", "quantity": 1}]}, "lines[0].id"),
    ("a line with a number as id", {"lines": [{"id": 5, "quantity": 1}]}, "lines[0].id"),
    ("a line without a quantity", {"lines": [{"item": ITEM}]}, "lines[0].quantity"),
    ("several things at once",
     {"notes": 5, "lines": [{"item": ITEM, "quantity": "x"}, {"item": 7}], "externalIds": 1},
     "notes lines[0].quantity lines[1].item externalIds"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "sent_", "named"), CREATE, ids=[row[0] for row in CREATE])
def test_a_purchase_is_refused_by_the_fields_at_fault(served: Served, what: str, sent_: Document, named: str) -> None:
    assert set(faults(served.call("client", "POST", ORDERS, purchase(**sent_)))) == set(named.split())


def test_what_is_refused_leaves_nothing_behind(served: Served) -> None:
    count = "select (select count(*) from orders), (select count(*) from agreements), (select count(*) from trail)"
    before = served.fetch(count)
    for _, wrong, _ in CREATE:
        served.call("client", "POST", ORDERS, purchase(**wrong))
    assert served.fetch(count) == before


AGREEMENT: list[tuple[str, Any, str]] = [
    ("nothing", None, "agreement.licensee agreement.product"),
    ("an empty object", {}, "agreement.licensee agreement.product"),
    ("a text", "x", "agreement agreement.licensee agreement.product"),
    ("a list", [1], "agreement agreement.licensee agreement.product"),
    ("no licensee", {"licensee": None}, "agreement.licensee"),
    ("no product", {"product": None}, "agreement.product"),
    ("a text as licensee", {"licensee": LICENSEE}, "agreement.licensee"),
    ("a licensee without an id", {"licensee": {}}, "agreement.licensee.id"),
    ("a number as licensee's id", {"licensee": {"id": 7}}, "agreement.licensee.id"),
    ("a NUL in the licensee's id", {"licensee": {"id": "LCE\0"}}, "agreement.licensee.id"),
    ("an unknown licensee", {"licensee": refer("LCE-0")}, "agreement.licensee.id"),
    ("another client's licensee", {"licensee": refer(OTHER_LICENSEE)}, "agreement.licensee.id"),
    ("an unknown product", {"product": refer("PRD-0")}, "agreement.product.id"),
    ("a number as product's id", {"product": {"id": 7}}, "agreement.product.id"),
    ("both unknown", {"licensee": refer("L"), "product": refer("P")}, "agreement.licensee.id agreement.product.id"),
    ("an unknown listing", {"listing": refer("LST-0")}, "agreement.listing.id"),
    ("another product's listing", {"listing": refer("LST-5002-0001")}, "agreement.listing.id"),
    ("a text as listing", {"listing": "LST-0"}, "agreement.listing"),
    ("a number as name", {"name": 5}, "agreement.name"),
    ("a blank name", {"name": "  "}, "agreement.name"),
    ("a NUL in the name", {"name": "a\0"}, "agreement.name"),
    ("a name without end", {"name": LONG}, "agreement.name"),
    ("a number as external ids", {"externalIds": 5}, "agreement.externalIds"),
    ("a number as external id", {"externalIds": {"client": 5}}, "agreement.externalIds.client"),
    ("a NUL in the external id", {"externalIds": {"client": "\0"}}, "agreement.externalIds.client"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "agreed", "named"), AGREEMENT, ids=[row[0] for row in AGREEMENT])
def test_a_purchase_says_from_whom_for_whom(served: Served, what: str, agreed: Any, named: str) -> None:
    whole = {"licensee": refer(LICENSEE), "product": refer(PRODUCT)}
    agreement = whole | agreed if agreed and isinstance(agreed, dict) else agreed
    reply = served.call("client", "POST", ORDERS, {**purchase(), "agreement": agreement})
    assert set(faults(reply)) == set(named.split())


@pytest.mark.parametrize(
    ("given_", "kept"),
    [(0, 0), (1, 1), (2**31 - 1, 2**31 - 1), (-1, 0), (-(2**31), 0), ("5", 5), ("5.0", 5), (" 7 ", 7), (3.0, 3),
     ("1e3", 1000), ("-0", 0)],
)  # fmt: skip
def test_a_quantity_may_be_written_as_a_text_and_none_is_below_zero(served: Served, given_: Any, kept: int) -> None:
    order = ok(served.call("client", "POST", ORDERS, purchase(lines=[{"item": ITEM, "quantity": given_}])))
    assert order["lines"][0]["quantity"] == kept


@pytest.mark.parametrize(
    "quantity",
    [None, "", " ", "five", "NaN", "Infinity", "0x10", "1_000", "\u0661", True, False, [], [1], {}, {"a": 1},
     1.5, "1.5",
     1e300, 1e-300, -1e300, 10**12, 2**31, -(2**31) - 1, 10**30, "9" * 100, "1e999999999"],
    ids=repr,
)  # fmt: skip
def test_an_impossible_quantity_is_refused(served: Served, quantity: Any) -> None:
    for lines in ([{"item": ITEM, "quantity": quantity}],):
        assert list(faults(served.call("client", "POST", ORDERS, purchase(lines=lines)))) == ["lines[0].quantity"]


VENDOR: list[tuple[str, Document, str]] = [
    ("a price that is a text", {"lines": [{"id": 0, "price": {"unitPP": "dear"}}]}, "lines[0].price.unitPP"),
    ("a price that is not a number", {"lines": [{"id": 0, "price": {"unitPP": "NaN"}}]}, "lines[0].price.unitPP"),
    ("a price beyond measure", {"lines": [{"id": 0, "price": {"unitPP": 1e300}}]}, "lines[0].price.unitPP"),
    ("a price too fine", {"lines": [{"id": 0, "price": {"unitPP": 1e-30}}]}, "lines[0].price.unitPP"),
    ("a price below zero", {"lines": [{"id": 0, "price": {"unitPP": -1}}]}, "lines[0].price.unitPP"),
    ("a price that is a list", {"lines": [{"id": 0, "price": {"unitPP": [1]}}]}, "lines[0].price.unitPP"),
    ("prices that are a number", {"lines": [{"id": 0, "price": 5}]}, "lines[0].price"),
    ("a price for an unknown line", {"lines": [{"id": "ALI-0", "price": {"unitPP": 1}}]}, "lines[0].id"),
    ("a price for no line", {"lines": [{"price": {"unitPP": 1}}]}, "lines[0].id"),
    ("an unknown template", {"template": refer("TPL-0")}, "template.id"),
    ("another product's template", {"template": refer("TPL-5001-0002-0001")}, "template.id"),
    ("a template that is a text", {"template": "TPL-0"}, "template"),
    ("an assignee that is a text", {"assignee": "USR-0"}, "assignee"),
    ("an unknown assignee", {"assignee": refer("USR-0")}, "assignee.id"),
    ("an assignee with a NUL", {"assignee": refer("\0")}, "assignee.id"),
    ("a message that is a text", {"error": "x"}, "error"),
    ("a message that is a number", {"error": {"message": 5}}, "error"),
    ("a message with a NUL", {"error": {"message": "\0"}}, "error"),
    ("a message without end", {"error": {"message": LONG}}, "error"),
    ("a message as large as a book", {"error": {"message": "x", "parameters": ["x" * 70_000]}}, "error"),
    ("a wrong date", {"parameters": {"fulfillment": [{"externalId": "dueDate", "value": "tomorrow"}]}},
     "parameters.fulfillment[0].value"),
    ("constraints that are a list", {"parameters": {"ordering": [{"externalId": "note", "constraints": []}]}},
     "parameters.ordering[0].constraints"),
    ("a constraint that is a text",
     {"parameters": {"ordering": [{"externalId": "note", "constraints": {"hidden": "y"}}]}},
     "parameters.ordering[0].constraints.hidden"),
    ("an error without a message", {"parameters": {"ordering": [{"externalId": "note", "error": {}}]}},
     "parameters.ordering[0].error.message"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "sent_", "named"), VENDOR, ids=[row[0] for row in VENDOR])
def test_a_vendors_change_is_refused_by_the_fields_at_fault(
    served: Served, orders: dict[str, str], what: str, sent_: Document, named: str
) -> None:
    lines = ok(served.call("vendor", "GET", orders["placed"]))["lines"]
    if "lines" in sent_:
        entries = [{**e, "id": lines[e["id"]]["id"]} if isinstance(e.get("id"), int) else e for e in sent_["lines"]]
        sent_ = {**sent_, "lines": entries}
    for method, path in (("PUT", orders["placed"]), ("POST", f"{orders['placed']}/query")):
        assert set(faults(served.call("vendor", method, path, sent_))) == set(named.split())


def test_faults_in_fields_that_are_not_the_callers_are_left_out(served: Served, orders: dict[str, str]) -> None:
    wrong = {"comments": 5, "template": "x", "assignee": "x", "price": "x", "status": 7, "id": [], "audit": "x",
             "error": 5, "statusNotes": 5, "vendor": 5, "revision": "x", "notes": "fine"}  # fmt: skip
    assert served.call("client", "PUT", orders["draft"], wrong).status == 200
    assert set(faults(served.call("operations", "PUT", orders["placed"], {**wrong, "notes": 5}))) == {
        "comments", "notes", "statusNotes",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("body", "named"),
    [({}, "userId"), ({"userId": None}, "userId"), ({"userId": 5}, "userId"), ({"userId": ["x"]}, "userId"),
     ({"userId": "USR-0"}, "userId"), ({"userId": "\0"}, "userId"), ({"userId": LONG}, "userId"),
     ({"userId": {"id": USER}}, "userId")],
)  # fmt: skip
def test_somebody_who_is_not_there_cannot_be_notified(
    served: Served, orders: dict[str, str], body: Document, named: str
) -> None:
    assert list(faults(served.call("client", "POST", f"{orders['draft']}/notify", body))) == [named]


@pytest.mark.parametrize("depth", [60, 250, 500, 900, 1000, 1100, 5000, 30_000])
def test_what_is_nested_deeply_is_kept_or_refused(served: Served, orders: dict[str, str], depth: int) -> None:
    deep = b"[" * depth + b"]" * depth
    note = b'{"parameters":{"ordering":[{"externalId":"note","value":%s}]}}'
    assert served.call("client", "PUT", orders["draft"], raw=note % deep).status in (200, 400)
    message = b'{"error":{"message":"x","parameters":%s}}' % deep
    reply = served.call("vendor", "PUT", orders["placed"], raw=message)
    assert reply.status in (200, 400), FAULTS[-1:]
    if reply.status == 200:
        assert served.call("client", "GET", orders["placed"]).status == 200
        assert served.call("client", "GET", f"{ORDERS}?eq(id,{orders['placed'][-18:]})").status == 200


@pytest.mark.parametrize("start", ["0002-01-01T00:00:00Z", "0999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"])
def test_a_subscription_may_begin_at_either_end_of_time(served: Served, start: str) -> None:
    order = placed(served)
    path = f"{ORDERS}/{order['id']}"
    begun = lines_named("Eternal", order["lines"][:1], startDate=start)
    made = ok(served.call("vendor", "POST", f"{path}/subscriptions", begun))
    whole = start if "." in start else f"{start[:-1]}.000Z"
    assert made["startDate"] == whole
    assert ok(served.call("vendor", "POST", f"{path}/complete"))["status"] == "Completed"
    live = ok(served.call("client", "GET", f"/commerce/subscriptions/{made['id']}"))
    assert live["startDate"] == whole
    assert live["commitmentDate"] >= live["startDate"]


@pytest.mark.parametrize(
    "moment",
    ["", "now", "0001-01-01T00:00:00Z", "2026-13-01T00:00:00Z", "2026-02-30", "2026-01-01T25:00:00Z", 5, True, [], {},
     "10000-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00",
     "9999-12-31T23:59:59-14:00", "2026-01-01T00:00:00Z" + " " * 50, "2026-01-01\0"],
    ids=repr,
)  # fmt: skip
def test_a_moment_that_never_was_is_refused(served: Served, orders: dict[str, str], moment: Any) -> None:
    order = ok(served.call("vendor", "GET", orders["mapped"]))
    path = f"{orders['mapped']}/subscriptions/{order['subscriptions'][0]['id']}"
    assert list(faults(served.call("vendor", "PUT", path, {"startDate": moment}))) == ["startDate"]


# Queries ----------------------------------------------------------------------------------------------

QUERIES: list[tuple[str, str]] = [
    # query                                       token at fault
    ("nonsense=1",                                "nonsense"),
    ("eq(nonsense,1)",                            "nonsense"),
    ("eq(agreement.nonsense,1)",                  "agreement.nonsense"),
    ("any(nonsense)",                             "nonsense"),
    ("any(lines,eq(nonsense,1))",                 "nonsense"),
    ("any(id,eq(id,1))",                          "id"),
    ("eq(lines,1)",                               "lines"),
    ("eq(agreement,AGR-1)",                       "agreement"),
    ("eq(statusNotes,x)",                         "statusNotes"),
    ("eq(id,null())",                             "id"),
    ("eq(status,Nonsense)",                       "status"),
    ("in(status,(Draft,Nonsense))",               "status"),
    ("gt(price.SPxY,dear)",                       "price.SPxY"),
    ("gt(price.SPxY,NaN)",                        "price.SPxY"),
    ("gt(audit.created.at,yesterday)",            "audit.created.at"),
    ("gt(audit.created.at,2026-02-30)",           "audit.created.at"),
    ("eq(revision,99999999999999999999)",         "revision"),
    ("like(price.SPxY,1*)",                       "price.SPxY"),
    ("mistake(id,1)",                             "mistake"),
    ("gte(id,1)",                                 "gte"),
    ("order_by(id)",                              "order_by"),
    ("eq(id)",                                    "eq"),
    ("eq(id,1,2)",                                "eq"),
    ("eq(,1)",                                    "eq"),
    ("eq(id,",                                    "eq"),
    ("eq(id,1))",                                 ")"),
    ("eq(id,'1)",                                 "'1)"),
    ("(",                                         "query"),
    ("()",                                        "()"),
    ("and()",                                     "and"),
    ("not(eq(id,1),eq(id,2))",                    "not"),
    ("all(lines)",                                "all"),
    ("in(id,())",                                 "in"),
    ("in(id,(null()))",                           "in"),
    ("in(id,1)",                                  "in"),
    ("id=eq(id,1)",                               "id"),
    ("rql=eq(id,1)",                              "rql"),
    ("word",                                      "word"),
    ("'word'",                                    "word"),
    ("limit=-1",                                  "limit"),
    ("limit=abc",                                 "limit"),
    ("limit=",                                    "limit"),
    ("limit=1.5",                                 "limit"),
    ("limit=%D9%A1",                              "limit"),
    ("offset=-1",                                 "offset"),
    ("offset=abc",                                "offset"),
    ("offset=" + "9" * 40,                        "offset"),
    ("offset=9223372036854775808",                "offset"),
    ("order=nonsense",                            "nonsense"),
    ("order=-agreement",                          "agreement"),
    ("order=lines",                               "lines"),
    ("order=statusNotes",                         "statusNotes"),
    ("order=",                                    "order"),
    ("order=,,",                                  "order"),
    ("order=" + "id," * 40,                       "order"),
    ("select=" + "a," * 600,                      "select"),
    ("select=" + ".".join("a" * 20),              ".".join("a" * 20)),
    ("eq(id,%00)",                                "query"),
    ("select=%00",                                "query"),
    ("order=%00",                                 "query"),
    ("eq(id,%FF)",                                "query"),
    ("eq(id,%ED%A0%80)",                          "query"),
    ("%",                                         "%"),
    ("x" * 16_385,                                "query"),
    ("eq(notes," + "x" * 16_380 + ")",            "query"),
    ("not(" * 33 + "eq(id,1)" + ")" * 33,         "not"),
    ("(" * 2000 + "eq(id,1)" + ")" * 2000,        "("),
    ("and(" + ",".join(["eq(id,1)"] * 201) + ")", "query"),
    ("in(id,(" + ",".join(["1"] * 1001) + "))",   "in"),
    (".".join(["agreement"] * 17) + "=1",         ".".join(["agreement"] * 17)[:119] + "…"),
]  # fmt: skip


@pytest.mark.parametrize(("query", "token"), QUERIES, ids=[row[0][:40] for row in QUERIES])
def test_an_absurd_query_is_refused_by_the_word_at_fault(served: Served, query: str, token: str) -> None:
    assert list(faults(served.call("client", "GET", f"{ORDERS}?{query}"))) == [token]


@pytest.mark.parametrize(
    ("query", "limit", "offset"),
    [("", 100, 0), ("limit=0", 0, 0), ("limit=1", 1, 0), ("limit=1000", 1000, 0), ("limit=1001", 1000, 0),
     ("limit=99999", 1000, 0), ("limit=" + "9" * 40, 1000, 0), ("offset=7", 100, 7), ("limit=5&limit=6", 6, 0),
     ("offset=999999999999999999", 100, 10**18 - 1), ("LIMIT=3&Offset=2", 3, 2), ("limit=%204%20", 4, 0)],
)  # fmt: skip
def test_what_was_applied_of_a_page_is_told(served: Served, query: str, limit: int, offset: int) -> None:
    pagination = ok(served.call("client", "GET", f"{ORDERS}?{query}"))["$meta"]["pagination"]
    assert (pagination["limit"], pagination["offset"]) == (limit, offset)
    assert pagination["total"] == ok(served.call("client", "GET", f"{ORDERS}?limit=0"))["$meta"]["pagination"]["total"]


@pytest.mark.parametrize(
    "query",
    ["not(" * 32 + "eq(id,1)" + ")" * 32, "and(" + ",".join(["ne(notes,x)"] * 200) + ")", "&&&", "?", "=",
     "in(id,(" + ",".join(["1"] * 1000) + "))", "any(lines," * 8 + "eq(quantity,1)" + ")" * 8,
     "select=" + ",".join(f"-agreement.{n}" for n in range(400)), "eq(agreement.product.vendor.name,x)",
     "eq(notes,%F0%9F%98%80)", "like(notes,%25%25%25)", "like(notes,***)", "ilike(notes,\\*)",
     "order=" + "id," * 31 + "id"],
    ids=lambda query: query[:40],
)  # fmt: skip
def test_what_is_odd_but_can_be_answered_is_answered_or_refused_quickly(served: Served, query: str) -> None:
    reply = served.call("client", "GET", f"{ORDERS}?{query}")
    assert reply.status in (200, 400), FAULTS[-1:]


# Addresses and methods --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "allowed"),
    [("/commerce/orders", "GET, HEAD, POST"), ("/commerce/orders/ORD-1", "DELETE, GET, HEAD, PUT"),
     ("/commerce/orders/ORD-1/process", "POST"), ("/commerce/orders/ORD-1/render", "GET, HEAD"),
     ("/commerce/orders/ORD-1/lines", "GET, HEAD"), ("/commerce/orders/ORD-1/subscriptions", "GET, HEAD, POST"),
     ("/commerce/agreements/AGR-1", "GET, HEAD, PUT"), ("/accounts/modules", "GET, HEAD")],
)  # fmt: skip
def test_a_method_that_is_not_offered_is_a_405_that_says_which_are(served: Served, path: str, allowed: str) -> None:
    for method in {"HEAD", "OPTIONS", "PATCH", "GET", "POST", "PUT", "DELETE", "TRACE"} - set(allowed.split(", ")):
        for who in ("client", None):
            reply = served.call(who, method, path)
            assert reply.status == 405, (method, reply.status)
            assert reply.headers["allow"] == allowed
            assert method == "HEAD" or is_problem(reply, 405)["title"] == "Method Not Allowed"
            assert method != "HEAD" or reply.body == b""


@pytest.mark.parametrize("path", ["", "?limit=1", "/{draft}", "/{draft}/render", "/ORD-0", "?nonsense=1"])
def test_a_head_is_a_get_without_its_body(served: Served, orders: dict[str, str], path: str) -> None:
    path = ORDERS + path.replace("/{draft}", orders["draft"].removeprefix(ORDERS))
    for who in ("client", None):
        whole, head = served.call(who, "GET", path), served.call(who, "HEAD", path)
        assert (head.status, head.body) == (whole.status, b"")
        told = {name: value for name, value in whole.headers.items() if name != "date"}
        assert {name: value for name, value in head.headers.items() if name != "date"} == told


@pytest.mark.parametrize(
    "path",
    ["/", "/nothing", "/commerce", "/commerce/", "/commerce/nothing", "/commerce//orders", "/COMMERCE/orders",
     "/commerce/orders/ORD-1/nothing", "/commerce/orders/ORD-1/process/again", "/commerce/orders/ORD-1/lines/ALI-1",
     "/commerce/*", "/*/orders", "/commerce/orders%2FORD-1%2Fnothing", "/../../etc/passwd",
     "/commerce/orders/../agreements", "/%00", "/%FF", "/commerce/%6Frders/x/y/z", "/" + "x/" * 2000],
)  # fmt: skip
def test_an_address_that_is_not_there_is_a_404(served: Served, path: str) -> None:
    for method in ("GET", "POST", "PUT", "DELETE"):
        is_problem(served.call("client", method, path), 404)


ODD_IDS = ("%00", "a%00b", "%FF", "%F0%9F%98%80", "%20", "*", "{id}", "null", "0", "-1", "ORD-0000-0000", "%27--",
           "ORD-1;drop", "x" * 5000, "%25", "..%00", "%E2%80%AE", "self()", "$1")  # fmt: skip
WITH_IDS = [route for route in routes_of(OFFERS) if "{" in route.path]


@pytest.mark.parametrize("route", WITH_IDS, ids=lambda route: f"{route.method} {route.path}")
def test_an_id_that_cannot_be_is_a_404_on_every_route(served: Served, route: Route) -> None:
    places = [at for at, part in enumerate(route.path.split("/")) if part.startswith("{")]
    for odd in ODD_IDS:
        for place in places:
            parts = ["ORD-1" if part.startswith("{") else part for part in route.path.split("/")]
            parts[place] = odd
            body = {} if route.method in ("POST", "PUT") else None
            reply = served.call("operations", route.method, "/".join(parts), body)
            assert reply.status == 404, (odd, reply.status, reply.body[:300], FAULTS[-1:])
            assert is_problem(reply, 404)["title"] == "Not Found"


# Headers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tag", ["garbage", '"0"', '"99"', '"1', "1", ",", '""', '"1" "2"', "\xff", "x" * 5000])
def test_a_revision_that_is_not_the_current_one_is_a_412(served: Served, orders: dict[str, str], tag: str) -> None:
    fresh = f"{ORDERS}/{draft(served)['id']}"
    assert is_problem(served.call("client", "PUT", fresh, {"notes": "x"}, if_match=tag), 412)
    assert ok(served.call("client", "GET", fresh))["revision"] == 1


@pytest.mark.parametrize("tag", ['"1"', "*", '"7", "1"', 'W/"1"', ' "1" '])
def test_the_current_revision_is_found_in_each_of_its_forms(served: Served, tag: str) -> None:
    fresh = f"{ORDERS}/{draft(served)['id']}"
    assert served.call("client", "PUT", fresh, {"notes": "x"}, if_match=tag).etag == '"2"'


@pytest.mark.parametrize("key", ["x" * 256, "x" * 5000, "a\tb", "a\x85b", "a\xa0b"])
def test_an_idempotency_key_is_short_and_printable(served: Served, orders: dict[str, str], key: str) -> None:
    assert list(faults(served.call("client", "POST", f"{orders['draft']}/validate", idempotency_key=key))) == [
        "Idempotency-Key"
    ]


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Bearer x", "Basic dTpw", "idt:", "Bearer idt::", "Bearer idt:TKN-2001-0001:",
     "Bearer idt:TKN-2001-0001:wrong", "Bearer idt:TKN-0000-0000:x", "Bearer \xff\xfe", "Bearer " + "x" * 5000,
     "Bearer idt:TKN-2001-0001:x:y", "Bearer idt:ACC-2001-0001:x"],
)  # fmt: skip
def test_whoever_is_not_known_is_told_nothing_else(served: Served, header: str) -> None:
    for method, path in (("GET", ORDERS), ("GET", f"{ORDERS}?nonsense=1"), ("POST", ORDERS), ("DELETE", f"{ORDERS}/x")):
        reply = served.call(None, method, path, authorization=header)
        assert is_problem(reply, 401)["title"] == "Authentication Failed"
        assert reply.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "trace", ["", "00-x", "0" * 55, "00-" + "a" * 32 + "-" + "b" * 16 + "-0\xff", "00-" + "g" * 52]
)
def test_a_trace_that_is_none_is_replaced(served: Served, trace: str) -> None:
    assert is_problem(served.call("client", "GET", f"{ORDERS}/ORD-1", traceparent=trace), 404)


def test_a_callers_own_trace_comes_back(served: Served) -> None:
    trace = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    assert is_problem(served.call("client", "GET", f"{ORDERS}/ORD-1", traceparent=trace), 404)["traceId"] == trace


# In order ---------------------------------------------------------------------------------------------


def test_refusals_come_in_the_order_of_the_contract(served: Served, orders: dict[str, str]) -> None:
    """Everything is wrong at once; each time the first thing is mended, the next one is told."""
    unknown, done, waiting = (
        f"{ORDERS}/ORD-0000-0000-0000/fail",
        f"{orders['completed']}/fail",
        f"{orders['placed']}/fail",
    )
    broken, wrong, right = b"{", b'{"statusNotes":{}}', b'{"statusNotes":{"message":"No."}}'
    stale, current = '"99"', f'"{ok(served.call("vendor", "GET", orders["placed"]))["revision"]}"'
    fresh = f'"{ok(served.call("vendor", "GET", orders["completed"]))["revision"]}"'
    for status, who, path, raw, kind, tag in (
        (415, "idt:x:y",      unknown, broken, "text/plain",       stale),
        (400, "idt:x:y",      unknown, broken, "application/json", stale),
        (401, "idt:x:y",      unknown, wrong,  "application/json", stale),
        (404, "other client", unknown, wrong,  "application/json", stale),
        (404, "other client", done,    wrong,  "application/json", stale),  # there, but not for this caller
        (403, "client",       done,    wrong,  "application/json", stale),
        (412, "vendor",       done,    wrong,  "application/json", stale),
        (409, "vendor",       done,    wrong,  "application/json", fresh),
        (400, "vendor",       waiting, wrong,  "application/json", current),
        (200, "vendor",       waiting, right,  "application/json", current),
    ):  # fmt: skip
        reply = served.call(who, "POST", path, raw=raw, content_type=kind, if_match=tag)
        assert reply.status == status, (status, reply.status, reply.body[:300])


def test_too_large_comes_before_who_asks_and_what_for(served: Served) -> None:
    large = b" " * (BODY_BYTES_MAX + 1)
    assert served.call("idt:x:y", "POST", f"{ORDERS}/ORD-0/fail", raw=large, content_type="text/plain").status == 413


def test_a_refusal_by_state_or_content_is_not_kept_under_its_key(served: Served) -> None:
    order = placed(served)
    path = f"{ORDERS}/{order['id']}/complete"
    assert served.call("vendor", "POST", path, idempotency_key="retry").status == 400
    for line in order["lines"][:1]:
        body = {"name": "S", "lines": [{"id": line["id"]}]}
        ok(served.call("vendor", "POST", f"{ORDERS}/{order['id']}/subscriptions", body))
    assert served.call("vendor", "POST", path, idempotency_key="retry").status == 200


# Anything at all --------------------------------------------------------------------------------------

FUZZ = settings(
    max_examples=int(os.environ.get("ENTREPOT_FUZZ", "120")),
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
"""Small in every run; `ENTREPOT_FUZZ=20000` looks for longer."""

WORDS = ("id", "type", "status", "notes", "agreement", "licensee", "product", "listing", "lines", "item", "quantity",
         "price", "unitPP", "parameters", "ordering", "fulfillment", "externalId", "value", "constraints", "error",
         "message", "statusNotes", "template", "assignee", "certificates", "externalIds", "client", "vendor", "name",
         "startDate", "commitmentDate", "autoRenew", "terms", "commitment", "userId", "hidden", "capacity")  # fmt: skip
KNOWN = (YEARLY, MONTHLY, ONCE, LICENSEE, PRODUCT, CERTIFICATE, USER, "Purchase", "Draft", "Processing", "company",
         "contact", "note", "dueDate", "sku", "TPL-5001-0001-0009", "LST-5001-0001", "AUT-5001-0001", "1y",
         "2026-01-31", "2026-01-31T00:00:00Z", "\0", "\ud7ff", "-1", "1e9", "")  # fmt: skip
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.integers(-3, 12) | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(KNOWN) | st.text(st.characters(codec="utf-8"), max_size=20)
)  # fmt: skip
NAMES = st.sampled_from(WORDS) | st.text(max_size=5)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
CHANGES = st.dictionaries(st.sampled_from(WORDS), VALUES, max_size=4)
PIECES = st.sampled_from(
    ("eq(", "ne(", "in(", "any(", "all(", "not(", "or(", "and(", "like(", "self(", "null()", "empty()", "(", ")", ",",
     "&", "=", "|", ";", "'", '"', "*", ".", "-", "+", "%00", "%27", "%28", "%25", "%C3%BC", "limit=", "offset=",
     "order=", "select=", "render()", "id", "status", "Draft", "lines", "quantity", "agreement", "product", "name",
     "price.SPxY", "parameters.ordering", "externalId", "audit.created.at", "2026-01-31", "5", "1e400", "ORD-1",
     "default", "client", "item.product.vendor.id", "subscriptions", "nonsense")
)  # fmt: skip
QUERY = st.lists(PIECES, max_size=12).map("".join)
ROUTES = list(routes_of(OFFERS))


@pytest.fixture(scope="module")
def address(served: Served) -> Callable[[Route, int], str]:
    """A path of a route with ids that are there, or nearly."""
    order = completed(served)
    other = mapped(served)
    ids = {
        "order": (order["id"], other["id"], draft(served)["id"]),
        "commerce/orders": (order["id"], other["id"], draft(served)["id"], placed(served)["id"]),
        "agreement": (order["agreement"]["id"],),
        "commerce/agreements": (order["agreement"]["id"],),
        "subscription": (order["subscriptions"][0]["id"],),
        "commerce/subscriptions": (order["subscriptions"][0]["id"],),
        "asset": (order["assets"][0]["id"],),
        "commerce/assets": (order["assets"][0]["id"],),
        "commerce/orders/{order}/subscriptions": (order["subscriptions"][0]["id"], other["subscriptions"][0]["id"]),
        "commerce/orders/{order}/assets": (order["assets"][0]["id"], other["assets"][0]["id"]),
        "product": (PRODUCT,),
        "priceList": ("PRC-5001-0001-0001",),
        "terms": ("TCS-5001-0001-0001",),
    }

    def path(route: Route, choice: int) -> str:
        def filled(part: str) -> str:
            name = part.strip("{}")
            known = ids.get(route.resource.address if name == "id" else name, ("XXX-1",))
            return known[choice % len(known)]

        return "/".join(filled(part) if part.startswith("{") else part for part in route.path.split("/"))

    return path


@FUZZ
@given(
    route=st.sampled_from([route for route in ROUTES if route.method in ("POST", "PUT")]),
    choice=st.integers(0, 5),
    who=st.sampled_from(("client", "vendor", "operations", "restricted")),
    body=st.one_of(CHANGES, CHANGES.map(lambda change: {**purchase(), **change}), VALUES),
)
def test_no_body_whatsoever_is_a_fault_of_ours(
    served: Served, address: Callable[[Route, int], str], route: Route, choice: int, who: str, body: Any
) -> None:
    is_sound(served.call(who, route.method, address(route, choice), body))


@FUZZ
@given(
    route=st.sampled_from([route for route in ROUTES if route.method == "GET"]),
    choice=st.integers(0, 5),
    who=st.sampled_from(("client", "vendor", "operations", "restricted")),
    query=QUERY,
)
def test_no_query_whatsoever_is_a_fault_of_ours(
    served: Served, address: Callable[[Route, int], str], route: Route, choice: int, who: str, query: str
) -> None:
    is_sound(served.call(who, "GET", f"{address(route, choice)}?{query}"))


def is_sound(reply: Reply) -> None:
    """A success, or a problem document of a refusal."""
    assert reply.status < 500, (reply.body[:300], FAULTS[-1:])
    if reply.status >= 400:
        is_problem(reply, reply.status)


@pytest.fixture(scope="module", autouse=True)
def no_faults() -> Iterator[None]:
    """Whatever a test looks at, no request of this file may have gone wrong on our side."""
    before = len(FAULTS)
    yield
    assert FAULTS[before:] == []


def test_a_list_of_references_has_an_end(served: Served) -> None:
    named = [{"id": f"CER-{n}"} for n in range(1001)]
    reply = served.call("client", "POST", "/commerce/orders", purchase(certificates=named))
    assert (reply.status, reply.json["errors"]["certificates"]) == (400, ["At most 1000 references are allowed."])
