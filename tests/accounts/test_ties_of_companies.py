"""What an account tells of its buyers, and a seller of the link by which its books know the caller's."""

import pytest

from tests.party import ok
from tests.world import BUYER, OTHER_BUYER, SECOND_BUYER, refer

ACCOUNT = "ACC-2001-0001"
SELLER = "/accounts/sellers/SEL-4001-0001"


def ids(found):
    return [each["id"] for each in found["buyers"]]


@pytest.mark.parametrize(
    ("who", "account", "seen"),
    [
        ("operations", ACCOUNT, [BUYER, SECOND_BUYER]),
        ("operations", "ACC-2002-0001", [OTHER_BUYER]),
        ("client", ACCOUNT, [BUYER, SECOND_BUYER]),
        ("restricted", ACCOUNT, [BUYER]),
        ("other client", "ACC-2002-0001", [OTHER_BUYER]),
        ("vendor", "ACC-3001-0001", []),
    ],
)
def test_an_account_tells_of_the_buyers_that_the_caller_sees(api, who, account, seen):
    path = f"/accounts/accounts/{account}"
    assert "buyers" in ok(api(who).get(path))["$meta"]["omitted"]
    assert ids(ok(api(who).get(f"{path}?select=buyers"))) == seen
    (listed,) = ok(api(who).get(f"/accounts/accounts?eq(id,{account})&select=%2Bbuyers"))["data"]
    assert ids(listed) == seen
    (named,) = ok(api(who).get(f"/accounts/accounts?eq(id,{account})&select=buyers.name"))["data"]
    assert [each.get("name") for each in named["buyers"]] == [f"Buyer {each}" for each in seen]


def test_accounts_are_found_by_the_buyers_that_the_caller_sees(api):
    def found(who, buyer):
        return [each["id"] for each in ok(api(who).get(f"/accounts/accounts?any(buyers,eq(id,{buyer}))"))["data"]]

    assert found("operations", SECOND_BUYER) == found("client", SECOND_BUYER) == [ACCOUNT]
    assert found("restricted", BUYER) == [ACCOUNT]
    assert found("restricted", SECOND_BUYER) == found("other client", BUYER) == found("vendor", BUYER) == []


def test_a_write_to_an_account_says_nothing_of_its_buyers(api):
    seen = ok(api("client").put(f"/accounts/accounts/{ACCOUNT}", {"website": "https://own.example", "buyers": []}))
    assert "buyers" not in seen and "buyers" in seen["$meta"]["omitted"]
    assert ids(ok(api("client").get(f"/accounts/accounts/{ACCOUNT}?select=buyers"))) == [BUYER, SECOND_BUYER]


def test_a_buyer_that_is_deleted_is_told_to_operations_alone(api):
    body = {"name": "Short", "account": refer("ACC-2002-0001"), "address": {"city": "Bern"}}
    made = ok(api("operations").post("/accounts/buyers", body))["id"]
    assert api("operations").delete(f"/accounts/buyers/{made}").status == 204
    path = "/accounts/accounts/ACC-2002-0001?select=buyers"
    assert made in ids(ok(api("operations").get(path))) and made not in ids(ok(api("other client").get(path)))


def test_a_seller_tells_of_the_one_link_that_the_caller_sees(api):
    """Of several none is meant: a client with one buyer is told, and one who is held to one."""
    (link,) = ok(api("restricted").get("/accounts/erp-links"))["data"]
    seen = ok(api("restricted").get(SELLER))["erpLink"]
    assert seen == {"id": link["id"], "revision": link["revision"], "name": link["name"], "status": "Active"}
    (other,) = ok(api("other client").get("/accounts/erp-links"))["data"]
    assert ok(api("other client").get(SELLER))["erpLink"]["id"] == other["id"]
    (listed,) = ok(api("other client").get("/accounts/sellers?eq(id,SEL-4001-0001)&select=%2BerpLink"))["data"]
    assert listed["erpLink"]["id"] == other["id"]
    assert "erpLink" not in ok(api("other client").get("/accounts/sellers"))["data"][0]
    for who in ("client", "operations", "vendor"):
        assert "erpLink" not in ok(api(who).get(SELLER)), who
    ok(api("operations").post(f"/accounts/erp-links/{other['id']}/block"))
    assert "erpLink" not in ok(api("other client").get(SELLER))
    ok(api("operations").post(f"/accounts/erp-links/{other['id']}/unblock"))


def test_each_seller_of_a_page_has_its_own_link(api, served):
    served.load([{"$kind": "accounts/sellers", "id": f"SEL-4077-{n:04}", "name": f"S{n}", "currencies": ["EUR"]}
                 for n in range(1, 41)])  # fmt: skip
    served.load([{"$kind": "accounts/erp-links", "id": f"ERP-4077-0000-{n:04}", "buyer": refer(OTHER_BUYER),
                  "seller": refer(f"SEL-4077-{n:04}")} for n in range(1, 41)])  # fmt: skip
    page = ok(api("other client").get("/accounts/sellers?like(id,SEL-4077-*)&select=%2BerpLink&limit=100"))["data"]
    assert [each["erpLink"]["id"] for each in page] == [f"ERP-4077-0000-{n:04}" for n in range(1, 41)]
