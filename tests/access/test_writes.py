"""Nobody changes what is not theirs, and nobody finds out by trying: addresses, references, keys, words."""

from typing import Any

import pytest

from entrepot.http.routes import Route, routes_of
from entrepot.offers import OFFERS
from tests.access.crowd import AGENT, CALLERS, LIMITED, UNKNOWN, Crowd, address, alike, limited_token
from tests.access.oracle import visible
from tests.access.test_rows import owner_is_seen, owners, rows_at
from tests.party import ok
from tests.purchases import draft, placed
from tests.world import (
    CERTIFICATE,
    DRAFT_ITEM,
    LICENSEE,
    OTHER_LICENSEE,
    PRODUCT,
    RESTRICTED_USER,
    SECOND_LICENSEE,
    TOKENS,
    USER,
    purchase,
    refer,
)

ORDERS = "/commerce/orders"
WRITES = [route for route in routes_of(OFFERS) if route.method != "GET" and "{" in route.path]
IN_ROOMS = [route for route in routes_of(OFFERS) if not route.resource.followed]
"""A feed is of all rooms: which events of it a token is given is tested in test_long_answers.py."""

EACH = [pytest.param(route, who, id=f"{route.method} {route.path} by {who}") for route in WRITES for who in CALLERS]


@pytest.mark.parametrize(("route", "who"), EACH)
def test_what_is_not_the_callers_cannot_be_written_nor_told_from_what_never_was(
    crowd: Crowd, route: Route, who: str
) -> None:
    resource, own = route.resource, route.path.count("{") > route.resource.address.count("{")
    seen = {row["id"] for row in visible(crowd, who, resource.noun.path)}
    before = crowd.served.fetch("select count(*) from trail")
    tried = 0
    for owner in owners(crowd, resource):
        base = address(resource.address, *owner)
        if not own:
            if owner_is_seen(crowd, who, resource, owner):
                continue
            reply = crowd.call(who, route.method, base, {})
            never = crowd.call(who, route.method, address(resource.address, *owner[:-1], UNKNOWN), {})
            assert alike(reply, *owner) == alike(never, *owner[:-1], UNKNOWN)
            tried += 1
            continue
        verb = route.path.rpartition("{id}")[2]
        for row in rows_at(crowd, resource, owner, crowd.rows[resource.noun.path]):
            if row["id"] in seen or tried > 8:
                continue
            reply = crowd.call(who, route.method, f"{base}/{row['id']}{verb}", {}, if_match='"9"')
            never = crowd.call(who, route.method, f"{base}/{UNKNOWN}{verb}", {}, if_match='"9"')
            assert alike(reply, row["id"], *owner) == alike(never, UNKNOWN, *owner)
            assert reply.status == 404
            tried += 1
    everywhere = not own and all(owner_is_seen(crowd, who, resource, each) for each in owners(crowd, resource))
    assert tried or who == "operations" or everywhere
    assert crowd.served.fetch("select count(*) from trail") == before


# References in bodies ---------------------------------------------------------------------------------


def agreed(**named: str) -> dict[str, Any]:
    """Where a purchase is from and for whom."""
    return {
        "agreement": {"licensee": refer(LICENSEE), "product": refer(PRODUCT)} | {k: refer(v) for k, v in named.items()}
    }


FOREIGN: list[tuple[str, str, str, Any, str]] = [
    # who asks      what is named                          its id                 the body with it         by
    ("client",      "another client's licensee",           OTHER_LICENSEE,        lambda i: agreed(licensee=i), "create"),
    ("restricted",  "a licensee out of reach",             SECOND_LICENSEE,       lambda i: agreed(licensee=i), "create"),
    ("client",      "a licensee that was deleted",         "LCE-2001-0001-0009",  lambda i: agreed(licensee=i), "create"),
    ("client",      "a product that is a draft",           "PRD-5001-0011",       lambda i: agreed(product=i), "create"),
    ("client",      "a product that was withdrawn",        "PRD-5001-0012",       lambda i: agreed(product=i), "create"),
    ("client",      "another product's listing",           "LST-5002-0001",       lambda i: agreed(listing=i), "create"),
    ("client",      "another seller's listing",            "LST-5001-0022",       lambda i: agreed(listing=i), "create"),
    ("client",      "another seller's authorization",      "AUT-5001-0022",       lambda i: {"authorization": refer(i)}, "create"),
    ("client",      "another client's certificate",        "CER-9003-0001-0002",  lambda i: {"certificates": [refer(i)]}, "create"),
    ("restricted",  "a certificate out of reach",          "CER-9003-0001-0001",  lambda i: {"certificates": [refer(i)]}, "create"),
    ("client",      "another client's certificate",        "CER-9003-0001-0002",  lambda i: {"certificates": [refer(i)]}, "update"),
    ("client",      "an item that is a draft",             DRAFT_ITEM,            lambda i: {"lines": [{"item": refer(i), "quantity": 1}]}, "create"),
    ("client",      "another vendor's draft",              "ITM-5002-0011-0001",  lambda i: {"lines": [{"item": refer(i), "quantity": 1}]}, "create"),
    ("client",      "an item that is a draft",             DRAFT_ITEM,            lambda i: {"lines": [{"item": refer(i), "quantity": 1}]}, "update"),
    ("vendor",      "another vendor's template",           "TPL-5002-0001-0001",  lambda i: {"template": refer(i)}, "change"),
    ("vendor",      "a template that was deleted",         "TPL-5001-0001-0019",  lambda i: {"template": refer(i)}, "change"),
    ("vendor",      "the client's user",                   "USR-2001-0009",       lambda i: {"assignee": refer(i)}, "change"),
    ("vendor",      "another client's user",               "USR-2002-0001",       lambda i: {"assignee": refer(i)}, "change"),
    ("vendor",      "another vendor's user",               "USR-3002-0001",       lambda i: {"assignee": refer(i)}, "change"),
    ("vendor",      "another vendor's token",              TOKENS["other vendor"], lambda i: {"assignee": refer(i)}, "change"),
    ("vendor",      "an operator",                         "USR-1000-0001",       lambda i: {"assignee": refer(i)}, "change"),
    ("client",      "another client's user",               "USR-2002-0001",       lambda i: {"userId": i}, "notify"),
    ("client",      "the vendor's user",                   "USR-3001-0001",       lambda i: {"userId": i}, "notify"),
    ("client",      "a user that was deleted",             "USR-2001-0009",       lambda i: {"userId": i}, "notify"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("who", "what", "foreign", "body", "by"), FOREIGN, ids=[f"{row[1]} to {row[4]} by {row[0]}" for row in FOREIGN]
)
def test_a_reference_to_what_is_not_the_callers_has_the_fault_of_an_unknown_one(
    crowd: Crowd, who: str, what: str, foreign: str, body: Any, by: str
) -> None:
    orders = {"update": draft, "notify": draft, "change": placed}
    path = f"{ORDERS}/{orders[by](crowd.served)['id']}" if by in orders else ORDERS
    method = {"update": "PUT", "change": "PUT"}.get(by, "POST")
    never = f"{foreign[:3]}-9999-9999-9999"
    answers = []
    for named in (foreign, never):
        content = {**purchase(), **body(named)} if by == "create" else body(named)
        reply = crowd.call(who, method, f"{path}/notify" if by == "notify" else path, content)
        assert reply.status == 400, reply.body
        answers.append(alike(reply, named))
    assert answers[0] == answers[1]
    assert foreign not in str(answers)


def test_lines_of_another_order_are_unknown_to_a_subscription(crowd: Crowd) -> None:
    order, other = placed(crowd.served), placed(crowd.served)
    foreign = placed(crowd.served, "other client", licensee=OTHER_LICENSEE)
    answers = []
    for line in (other["lines"][0]["id"], foreign["lines"][0]["id"], "ALI-9999-9999-9999-0001"):
        for kind in ("subscriptions", "assets"):
            body = {"name": "S", "lines": [{"id": line}]}
            reply = crowd.call("vendor", "POST", f"{ORDERS}/{order['id']}/{kind}", body)
            assert reply.status == 400
            answers.append(alike(reply, line))
    assert all(each == answers[0] for each in answers)


def test_a_vendor_assigns_its_own_people_and_machines(crowd: Crowd) -> None:
    path = f"{ORDERS}/{placed(crowd.served)['id']}"
    for own in ("USR-3001-0001", TOKENS["vendor"]):
        assert ok(crowd.call("vendor", "PUT", path, {"assignee": refer(own)}))["assignee"]["id"] == own
        assert ok(crowd.call("vendor", "PUT", path, {"assignee": refer(own), "externalIds": {"vendor": "x"}}))
    assert "assignee" not in ok(crowd.call("vendor", "PUT", path, {"assignee": None}))
    assert ok(crowd.call("client", "PUT", path, {"assignee": refer(USER)}))["revision"]
    assert "assignee" not in ok(crowd.get("vendor", path))


def test_a_client_names_its_own_certificate(crowd: Crowd) -> None:
    order = ok(crowd.call("client", "POST", ORDERS, purchase(certificates=[refer(CERTIFICATE)])))
    assert [each["id"] for each in order["certificates"]] == [CERTIFICATE]


# Keys -------------------------------------------------------------------------------------------------


def test_an_idempotency_key_is_known_to_its_token_alone(crowd: Crowd) -> None:
    """Not to a stranger, not to a partner, not even to another token of the same account."""
    made = ok(crowd.call("client", "POST", ORDERS, purchase(), idempotency_key="shared"))
    again = crowd.call("client", "POST", ORDERS, purchase(), idempotency_key="shared")
    assert (again.json["id"], again.headers.get("idempotent-replayed")) == (made["id"], "true")
    near = crowd.call("restricted", "POST", ORDERS, purchase(), idempotency_key="shared")
    assert near.status == 201 and near.json["id"] != made["id"]
    assert "idempotent-replayed" not in near.headers
    other = crowd.call("other client", "POST", ORDERS, purchase(licensee=OTHER_LICENSEE), idempotency_key="shared")
    assert other.status == 201 and other.json["id"] != made["id"]
    assert crowd.call("vendor", "POST", ORDERS, purchase(), idempotency_key="shared").status == 403


def test_a_key_does_not_open_what_its_token_no_longer_sees(crowd: Crowd) -> None:
    """A key that was used for one thing says nothing about another."""
    order = draft(crowd.served)
    path = f"{ORDERS}/{order['id']}"
    assert crowd.call("client", "PUT", path, {"notes": "a"}, idempotency_key="one").status == 200
    assert crowd.call("client", "PUT", path, {"notes": "b"}, idempotency_key="one").status == 422
    assert crowd.call("other client", "PUT", path, {"notes": "a"}, idempotency_key="one").status == 404


# Words ------------------------------------------------------------------------------------------------


def test_refusals_to_one_party_do_not_name_another(crowd: Crowd) -> None:
    """The marks of the crowded world stand in every name: `Crowd.call` looks for them in each answer."""
    mine = {who: [row["id"] for row in visible(crowd, who, "commerce/orders")] for who in CALLERS}
    for who in ("client", "restricted", "other client", "vendor", "other vendor"):
        for order in mine[who]:
            for verb in ("process", "query", "complete", "fail", "quote", "validate", "notify"):
                crowd.call(who, "POST", f"{ORDERS}/{order}/{verb}", {"zzz": 1}, prefer="dry-run")
            crowd.call(who, "PUT", f"{ORDERS}/{order}", {"lines": [{"id": "x"}], "certificates": [refer("x")]})
            crowd.call(who, "PUT", f"{ORDERS}/{order}", {"notes": 1, "externalIds": 1}, if_match='"99"')


def test_a_dry_run_shows_no_more_than_the_thing_itself(crowd: Crowd) -> None:
    order = draft(crowd.served)
    path = f"{ORDERS}/{order['id']}"
    for who in ("other client", "other vendor"):
        assert crowd.call(who, "PUT", path, {"notes": "x"}, prefer="dry-run").status == 404
    tried = crowd.call("operations", "PUT", path, {"comments": "secretly", "lines": []}, prefer="dry-run")
    assert (tried.status, tried.headers["preference-applied"]) == (200, "dry-run")
    seen = ok(crowd.get("client", path))
    assert (seen["status"], seen["revision"]) == ("Draft", 1)
    assert "comments" not in seen


def test_who_is_held_to_one_buyer_buys_for_that_one_alone(crowd: Crowd) -> None:
    order = ok(crowd.call("restricted", "POST", ORDERS, purchase(status="Processing")))
    assert order["audit"]["created"]["by"]["id"] == RESTRICTED_USER
    assert crowd.call("restricted", "POST", ORDERS, purchase(licensee=SECOND_LICENSEE)).status == 400
    far = draft(crowd.served, licensee=SECOND_LICENSEE)
    for method, path in (("PUT", ""), ("DELETE", ""), ("POST", "/process"), ("POST", "/quote"), ("GET", "/lines")):
        assert crowd.call("restricted", method, f"{ORDERS}/{far['id']}{path}", {}).status == 404


# Modules ----------------------------------------------------------------------------------------------

OPEN = {
    "accounts only": ("accounts",),
    "marketplace only": ("accounts", "catalog", "commerce"),
    "audit only": ("accounts", "audit"),
}
"""Which rooms a token's modules open; everybody may look up its own account's people and companies."""


@pytest.mark.parametrize("who", LIMITED)
@pytest.mark.parametrize("route", [pytest.param(r, id=f"{r.method} {r.path}") for r in IN_ROOMS])
def test_a_token_opens_the_rooms_of_its_modules_and_no_other(crowd: Crowd, route: Route, who: str) -> None:
    room = route.resource.noun.module
    known = owners(crowd, route.resource)[0]
    chains = [(*known, UNKNOWN), (UNKNOWN,) * 3]
    replies = [
        crowd.call(limited_token(who), route.method, address(route.path.strip("/"), *chain), {}) for chain in chains
    ]
    if room in OPEN[who]:
        assert replies[0].status in (200, 400, 403, 404, 409), replies[0].body
        assert "has no module" not in str(replies[0].json.get("detail", ""))
        return
    assert [reply.status for reply in replies] == [403, 403]
    assert alike(replies[0], *chains[0]) == alike(replies[1], *chains[1])
    assert room in replies[0].json["detail"]


@pytest.mark.parametrize("token", [*(limited_token(who) for who in LIMITED), AGENT], ids=[*LIMITED, "agent"])
def test_a_token_that_may_do_less_reads_the_secret_of_none_that_may_do_more(crowd: Crowd, token: str) -> None:
    """Otherwise whoever holds it would just go on with the other one."""
    own = token.split(":")[1]
    page = ok(crowd.call(token, "GET", "/accounts/api-tokens?select=token"))
    assert [each["id"] for each in page["data"]] == [own]
    assert page["data"][0]["token"] == token
    assert ok(crowd.call(token, "GET", f"/accounts/api-tokens/{own}"))["token"] == token
    for other in TOKENS.values():
        assert crowd.call(token, "GET", f"/accounts/api-tokens/{other}").status == 404
        assert crowd.call(token, "GET", f"/accounts/api-tokens?eq(id,{other})&limit=0").json["$meta"]["pagination"][
            "total"
        ] == 0  # fmt: skip
    assert TOKENS["client"] not in str(ok(crowd.call(token, "GET", "/accounts/users?select=*")))


def test_a_closed_room_is_closed_for_what_is_there_as_for_what_is_not(crowd: Crowd) -> None:
    order = draft(crowd.served)
    token = limited_token("accounts only")
    for method, verb in (
        ("GET", ""),
        ("PUT", ""),
        ("DELETE", ""),
        ("POST", "/process"),
        ("GET", "/render"),
        ("GET", "/lines"),
    ):
        there = crowd.call(token, method, f"{ORDERS}/{order['id']}{verb}", {})
        never = crowd.call(token, method, f"{ORDERS}/{UNKNOWN}{verb}", {})
        assert there.status == 403
        assert alike(there, order["id"]) == alike(never, UNKNOWN)
    assert crowd.call(token, "POST", ORDERS, purchase()).status == 403
    assert ok(crowd.get("client", f"{ORDERS}/{order['id']}"))["revision"] == 1


def test_a_closed_room_is_not_looked_into_from_an_open_one(crowd: Crowd) -> None:
    """Whoever may only see accounts sees no orders through them."""
    token = limited_token("accounts only")
    page = ok(crowd.call(token, "GET", "/accounts/buyers?select=*,account.*,orders,agreements"))
    assert page["data"] and "orders" not in str(page)
    assert crowd.call(token, "GET", "/accounts/buyers?any(agreements)").status == 400
