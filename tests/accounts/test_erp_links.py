"""ERP links: who makes and blocks them, and how licensees follow."""

import pytest

from tests.party import at_once, ok
from tests.world import BUYER, LICENSEE, OTHER_BUYER, SECOND_BUYER, refer

LINKS, LICENSEES, BUYERS = "/accounts/erp-links", "/accounts/licensees", "/accounts/buyers"
SELLER = "SEL-4001-0001"
ADDRESS = {"addressLine1": "9 Elm Rd", "city": "Boise", "state": "ID", "postCode": "83702", "country": "US"}
ALL = {
    "firstName": "Ada", "lastName": "Lo", "email": "ada@birch.example",
    "roles": [{"type": role, "primary": True} for role in ("Admin", "Billing", "Technical")],
}  # fmt: skip


@pytest.fixture
def buyer(api):
    """A buyer that nobody serves yet."""
    return new_buyer(api)


def new_buyer(api):
    body = {"name": "Birch pays", "account": refer("ACC-2001-0001"), "address": ADDRESS}
    return ok(api("operations").post(BUYERS, body))["id"]


def linked(api, buyer, **more):
    return ok(api("operations").post(LINKS, {"buyer": refer(buyer), "seller": refer(SELLER)} | more))


def licensee(api, buyer, **more):
    return ok(api("client").post(LICENSEES, {"name": "Birch", "buyer": refer(buyer), "seller": refer(SELLER)} | more))


def status(api, path):
    return ok(api("operations").get(path))["status"]


def states(api, *licensees):
    return [status(api, f"{LICENSEES}/{each['id']}") for each in licensees]


def test_a_link_makes_a_buyer_and_its_licensees_active(api, served, buyer):
    first, second = licensee(api, buyer), licensee(api, buyer)
    waiting, disabled = licensee(api, buyer, contacts=[]), licensee(api, buyer)
    ok(api("client").post(f"{LICENSEES}/{disabled['id']}/disable"))
    assert (first["status"], status(api, f"{BUYERS}/{buyer}")) == ("Enabled", "Enabled")
    link = linked(api, buyer, externalIds={"erpCustomer": "C-1"}, companyName="Birch  PAYS")
    assert (link["id"][:4], link["status"], link["name"], link["companyName"]) == (
        "ERP-", "Active", "Birch pays", "Birch  PAYS")  # fmt: skip
    assert states(api, first, second, waiting, disabled) == ["Active", "Active", "Enabled", "Disabled"]
    seen = ok(api("client").get(f"{BUYERS}/{buyer}"))
    assert (seen["status"], [each["id"] for each in seen["sellers"]]) == ("Active", [SELLER])
    told = served.fetch("select kind, name from trail where details ->> 'erpLink' = $1 order by kind, name", link["id"])
    assert [tuple(each) for each in told] == [
        ("accounts/buyers", "buyer.activated"), ("accounts/licensees", "licensee.linked"),
        ("accounts/licensees", "licensee.linked"),
    ]  # fmt: skip


def test_a_blocked_link_stops_its_licensees_and_no_others(api, served, buyer):
    one, link = licensee(api, buyer), linked(api, buyer)
    waiting = licensee(api, buyer, contacts=[])
    path = f"{LINKS}/{link['id']}"
    blocked = ok(api("operations").post(f"{path}/block", {"note": "Unpaid"}))
    assert (blocked["status"], blocked["note"], "blocked" in blocked["audit"]) == ("Blocked", "Unpaid", True)
    assert states(api, one) == ["Enabled"]
    assert ok(api("client").get(f"{BUYERS}/{buyer}"))["sellers"] == []
    assert ok(api("client").get(f"{BUYERS}?eq(id,{buyer})&any(sellers,eq(id,{SELLER}))"))["data"] == []
    assert ok(api("client").get(f"{LICENSEES}/{LICENSEE}"))["status"] == "Active"
    late = licensee(api, buyer)
    ok(api("client").post(f"{LICENSEES}/{waiting['id']}/contacts", ALL))
    ok(api("client").post(f"{LICENSEES}/{late['id']}/disable"))
    assert ok(api("client").post(f"{LICENSEES}/{late['id']}/enable"))["status"] == "Enabled"
    assert states(api, late, waiting) == ["Enabled", "Enabled"]
    assert api("operations").post(f"{path}/block").status == 409
    back = ok(api("operations").post(f"{path}/unblock"))
    assert back["status"] == "Active" and back["audit"]["unblocked"]["at"]
    assert states(api, one, late, waiting) == ["Active", "Active", "Active"]
    assert api("operations").post(f"{path}/unblock").status == 409


def test_who_waits_for_contacts_goes_on_waiting(api, buyer):
    link = linked(api, buyer)
    waiting = licensee(api, buyer, contacts=[])
    for verb in ("block", "unblock"):
        ok(api("operations").post(f"{LINKS}/{link['id']}/{verb}"))
    ok(api("client").post(f"{LICENSEES}/{waiting['id']}/disable"))
    assert ok(api("client").post(f"{LICENSEES}/{waiting['id']}/enable"))["status"] == "Enabled"
    ok(api("client").post(f"{LICENSEES}/{waiting['id']}/contacts", ALL))
    assert states(api, waiting) == ["Active"]


def test_many_licensees_follow_at_once(api, buyer):
    several = [licensee(api, buyer) for _ in range(20)]
    link = linked(api, buyer)
    assert states(api, *several) == ["Active"] * 20
    ok(api("operations").post(f"{LINKS}/{link['id']}/block"))
    assert states(api, *several) == ["Enabled"] * 20


def test_whoever_begins_while_a_link_is_blocked_follows_it_too(api, buyer):
    """However the two meet, no licensee is Active below a blocked link."""
    link = linked(api, buyer)
    path = f"{LINKS}/{link['id']}"
    body = {"name": "Birch", "buyer": refer(buyer), "seller": refer(SELLER)}
    for _ in range(8):
        begin = [lambda: api("client").post(LICENSEES, body)] * 3
        replies = at_once(begin[0], lambda: api("operations").post(f"{path}/block"), *begin[1:])
        assert all(each.status in (200, 201, 409) for each in replies)
        if status(api, path) != "Blocked":
            ok(api("operations").post(f"{path}/block"))
        found = ok(api("operations").get(f"{LICENSEES}?eq(buyer.id,{buyer})&eq(status,Active)&limit=0"))
        assert found["$meta"]["pagination"]["total"] == 0
        ok(api("operations").post(f"{path}/unblock"))


@pytest.mark.parametrize("verb", ["create", "unblock"])
@pytest.mark.parametrize("how", ["begins", "is enabled", "has its contacts"])
def test_whoever_begins_while_a_link_comes_follows_it_too(api, verb, how):
    """However the two meet, no licensee goes on waiting for a link that is there."""
    for _ in range(6):
        buyer = new_buyer(api)
        if verb == "unblock":
            link = linked(api, buyer)
            ok(api("operations").post(f"{LINKS}/{link['id']}/block"))
            come = lambda path=f"{LINKS}/{link['id']}/unblock": api("operations").post(path)  # noqa: E731
        else:
            body = {"buyer": refer(buyer), "seller": refer(SELLER)}
            come = lambda body=body: api("operations").post(LINKS, body)  # noqa: E731
        if how == "begins":
            body = {"name": "Birch", "buyer": refer(buyer), "seller": refer(SELLER)}
            begin = lambda body=body: api("client").post(LICENSEES, body)  # noqa: E731
        elif how == "is enabled":
            path = f"{LICENSEES}/{licensee(api, buyer)['id']}"
            ok(api("client").post(f"{path}/disable"))
            begin = lambda path=path: api("client").post(f"{path}/enable")  # noqa: E731
        else:
            path = f"{LICENSEES}/{licensee(api, buyer, contacts=[])['id']}/contacts"
            begin = lambda path=path: api("client").post(path, ALL)  # noqa: E731
        replies = at_once(begin, come, begin) if how == "begins" else at_once(begin, come)
        assert all(each.status in (200, 201) for each in replies), [each.json for each in replies]
        waiting = ok(api("operations").get(f"{LICENSEES}?eq(buyer.id,{buyer})&ne(status,Active)&limit=0"))
        assert waiting["$meta"]["pagination"]["total"] == 0


def test_a_buyer_and_a_seller_are_linked_once(api, buyer):
    body = {"buyer": refer(buyer), "seller": refer(SELLER)}
    replies = at_once(*[lambda: api("operations").post(LINKS, body)] * 3)
    assert sorted(each.status for each in replies) == [201, 409, 409]
    again = api("operations").post(LINKS, body)
    assert (again.status, "ERP-" in again.json["detail"]) == (409, True)


REFUSED = [
    # what                                                          the answer
    ({},                                                            {"buyer", "seller"}),
    ({"buyer": refer("BUY-9999-9999"), "seller": refer(SELLER)},    {"buyer.id"}),
    ({"buyer": 5, "seller": {"id": None}},                          {"buyer", "seller"}),
    ({"buyer": refer(BUYER), "seller": refer("SEL-4001-0077")},     {"seller.id"}),
]  # fmt: skip


@pytest.mark.parametrize(("body", "faults"), REFUSED)
def test_what_is_wrong_with_a_new_link(api, served, body, faults):
    served.load([{"$kind": "accounts/sellers", "id": "SEL-4001-0077", "name": "Gone", "status": "Deleted",
                  "currencies": ["EUR"]}] if not served.fetch("select from sellers where id = 'SEL-4001-0077'") else [])  # fmt: skip
    reply = api("operations").post(LINKS, body)
    assert (reply.status, set(reply.json["errors"])) == (400, faults)


def test_links_are_read_by_client_and_operations_and_led_by_operations(api, buyer):
    link = linked(api, buyer)
    path = f"{LINKS}/{link['id']}"
    assert ok(api("client").get(path))["buyer"]["id"] == buyer
    assert [api(who).get(path).status for who in ("other client", "restricted", "vendor")] == [404, 404, 404]
    assert api("vendor").get(LINKS).status == 403
    mine = {each["buyer"]["id"] for each in ok(api("client").get(f"{LINKS}?limit=100"))["data"]}
    assert {BUYER, SECOND_BUYER, buyer} <= mine and OTHER_BUYER not in mine
    assert {each["buyer"]["id"] for each in ok(api("restricted").get(LINKS))["data"]} == {BUYER}
    for verb in ("block", "unblock"):
        assert api("client").post(f"{path}/{verb}").status == 403
    assert api("client").put(path, {"name": "Mine"}).status == 403
    assert api("client").post(LINKS, {"buyer": refer(BUYER), "seller": refer(SELLER)}).status == 403
    body = {"name": "Books", "note": "x", "address": ADDRESS, "buyer": refer(OTHER_BUYER), "status": "Blocked"}
    seen = ok(api("operations").put(path, body))
    assert (seen["name"], seen["address"], seen["buyer"]["id"], seen["status"]) == ("Books", ADDRESS, buyer, "Active")


def test_a_world_file_tells_links_or_its_licensees_do(api, served):
    client, seller = refer("ACC-2001-0001"), refer("SEL-4088-0001")
    buyers = [f"BUY-2088-000{n}" for n in range(1, 4)]
    served.load((
        {"$kind": "accounts/sellers", "id": seller["id"], "name": "S", "currencies": [{"value": "EUR"}]},
        *({"$kind": "accounts/buyers", "id": each, "name": each, "account": client, "status": "Active"} for each in buyers),
        {"$kind": "accounts/erp-links", "id": "ERP-2088-0001-0001", "buyer": refer(buyers[0]), "seller": seller},
        *({"$kind": "accounts/licensees", "id": f"LCE-2088-0001-000{n}", "name": "L", "buyer": refer(buyer),
           "seller": seller, "status": status}
          for n, (buyer, status) in enumerate(
              ((buyers[0], "Active"), (buyers[1], "Active"), (buyers[1], "Active"), (buyers[2], "Enabled")), 1)),
    ))  # fmt: skip
    found = ok(api("operations").get(f"{LINKS}?eq(seller.id,{seller['id']})&order=buyer.id"))["data"]
    assert [(each["buyer"]["id"], each["status"], each["name"]) for each in found] == [
        (buyers[0], "Active", buyers[0]), (buyers[1], "Active", buyers[1])]  # fmt: skip
    assert ok(api("operations").get(f"/accounts/sellers/{seller['id']}"))["currencies"] == ["EUR"]
    more = ({"$kind": "accounts/licensees", "id": "LCE-2088-0001-0009", "name": "L", "buyer": refer(buyers[1]),
             "seller": seller, "status": "Active"},)  # fmt: skip
    served.load(more)
    assert len(ok(api("operations").get(f"{LINKS}?eq(seller.id,{seller['id']})"))["data"]) == 2
