"""Accounts, buyers, sellers and cloud tenants: who makes them, how they live, and what they look like."""

import json
import time

import pytest

from tests.parts import Part, in_parts, kind_of
from tests.party import at_once, ok
from tests.purchases import draft, mapped
from tests.world import BUYER, purchase, refer

ACCOUNTS, BUYERS, SELLERS, TENANTS = (
    f"/accounts/{each}" for each in ("accounts", "buyers", "sellers", "cloud-tenants")
)
MODULES = "/accounts/modules"
ADDRESS = {"addressLine1": "9 Elm Rd", "city": "Boise", "state": "ID", "postCode": "83702", "country": "US"}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
MANY = "One or more validation errors occurred."


def account(api, **more):
    return ok(api("operations").post(ACCOUNTS, {"name": "New", "type": "Client"} | more))


def buyer(api, **more):
    body = {"name": "Pays", "account": refer("ACC-2001-0001"), "address": ADDRESS}
    return ok(api("operations").post(BUYERS, body | more))


def seller(api, **more):
    return ok(api("operations").post(SELLERS, {"name": "Sells", "currencies": ["EUR"]} | more))


def trail(served, thing_id):
    """What is recorded of a thing: the action and the event's own name."""
    rows = served.fetch("select event, name from trail where object_id = $1 order by revision, place", thing_id)
    return [(row["event"].rpartition(".")[2], row["name"]) for row in rows]


# Accounts ---------------------------------------------------------------------------------------------

BEGINNINGS = [
    # what is said                                                       it begins as
    ({},                                                                 "Enabled"),
    ({"externalId": "CDG-1"},                                            "Active"),
    ({"status": "Active"},                                               "Enabled"),
    ({"status": "Active", "type": "Vendor"},                             "Active"),
    ({"type": "vendor", "serviceLevel": "Elite", "address": ADDRESS},    "Active"),
]  # fmt: skip


@pytest.mark.parametrize(("more", "status"), BEGINNINGS)
def test_operations_makes_accounts(api, served, more, status):
    made = account(api, **more)
    assert (made["status"], made["name"]) == (status, "New")
    assert ("activated" in made["audit"]) == (status == "Active")
    (group,) = made["groups"]
    assert (group["name"], group["isDefault"]) == ("Administrators", True)
    found = ok(api("operations").get(f"/accounts/user-groups?eq(account.id,{made['id']})"))["data"]
    assert [each["id"] for each in found] == [group["id"]]


def test_administrators_are_given_the_modules_that_are_for_accounts_of_their_type(api, served):
    served.load(
        [{"$kind": "accounts/modules", "id": "MOD-7001", "name": "Vendors'", "code": "v", "accountTypes": ["Vendor"]}]
    )
    every = {each["id"] for each in ok(api("operations").get(MODULES))["data"]}
    for kind, modules in (("Client", every - {"MOD-7001"}), ("Vendor", every)):
        group = account(api, type=kind)["groups"][0]["id"]
        seen = ok(api("operations").get(f"/accounts/user-groups/{group}"))
        assert {each["id"] for each in seen["modules"]} == modules


WRONG_ACCOUNTS = [
    # who          what                                       the answer
    ("operations", {},                                        (400, MANY, {"name", "type"})),
    ("operations", {"name": " ", "type": "Client"},           (400, "Bad Request", {"name"})),
    ("operations", {"name": "x", "type": "Guest"},            (400, "Bad Request", {"type"})),
    ("client",     {"name": "x", "type": "Client"},           (403, "Forbidden", set())),
    ("vendor",     {"name": "x", "type": "Client"},           (403, "Forbidden", set())),
]  # fmt: skip


@pytest.mark.parametrize(("who", "body", "answer"), WRONG_ACCOUNTS)
def test_what_is_wrong_with_a_new_account(api, served, who, body, answer):
    before = served.fetch("select count(*) from user_groups")
    reply = api(who).post(ACCOUNTS, body)
    assert (reply.status, reply.json["title"], set(reply.json.get("errors", ()))) == answer
    assert served.fetch("select count(*) from user_groups") == before


def test_an_account_keeps_its_particulars_and_operations_the_rest(api):
    path = f"{ACCOUNTS}/ACC-2002-0001"
    body = {"website": "https://other.example", "externalId": "CDG-X", "serviceLevel": "Elite", "type": "Operations"}
    seen = ok(api("other client").put(path, body))
    assert (seen["website"], seen["type"]) == ("https://other.example", "Client")
    assert "externalId" not in seen and "serviceLevel" not in seen
    assert api("client").put(path, body).status == 404
    assert ok(api("operations").put(path, {"serviceLevel": "Elite"}))["serviceLevel"] == "Elite"
    assert api("other client").put(path, {"name": ""}).json["title"] == "Bad Request"


def test_a_client_is_active_while_it_has_a_discount_group(api, served):
    path = f"{ACCOUNTS}/{account(api)['id']}"
    operations = api("operations")
    refused = operations.post(f"{path}/activate")
    assert (refused.status, set(refused.json["errors"])) == (400, {"externalId"})
    active = ok(operations.post(f"{path}/activate", {"externalId": "CDG-7"}))
    assert (active["status"], active["externalId"]) == ("Active", "CDG-7")
    assert operations.post(f"{path}/activate", {"externalId": "CDG-8"}).status == 409
    assert set(operations.put(path, {"externalId": None}).json["errors"]) == {"externalId"}
    assert ok(operations.post(f"{path}/disable"))["status"] == "Disabled"
    back = ok(operations.post(f"{path}/enable"))
    assert back["status"] == "Active" and back["audit"]["enabled"]["at"]
    without = ok(operations.post(f"{path}/deactivate"))
    assert without["status"] == "Enabled" and "externalId" not in without
    ok(operations.post(f"{path}/disable"))
    assert ok(operations.post(f"{path}/enable"))["status"] == "Enabled"
    assert [each[0] for each in trail(served, path.rpartition("/")[2])][:3] == [
        "created",
        "status_changed",
        "status_changed",
    ]


def test_a_vendor_is_active_or_disabled(api):
    path = f"{ACCOUNTS}/{account(api, type='Vendor')['id']}"
    assert api("operations").post(f"{path}/deactivate").status == 409
    ok(api("operations").post(f"{path}/disable"))
    assert ok(api("operations").post(f"{path}/enable"))["status"] == "Active"


def test_nobody_but_operations_leads_an_account_and_nobody_disables_its_own(api):
    for verb in ("activate", "deactivate", "disable", "enable", "validate"):
        assert api("client").post(f"{ACCOUNTS}/ACC-2001-0001/{verb}").status == 403
        assert api("vendor").post(f"{ACCOUNTS}/ACC-2001-0001/{verb}").status == 404
    assert api("operations").post(f"{ACCOUNTS}/ACC-1000-0001/disable").status == 409
    assert api("operations").post(f"{ACCOUNTS}/ACC-0000-0000/disable").status == 404


@pytest.mark.parametrize("kind", ["accounts", "buyers"])
def test_a_draft_is_judged_and_not_kept(api, served, kind):
    made = account(api) if kind == "accounts" else buyer(api)
    path = f"/accounts/{kind}/{made['id']}"
    sound = ok(api("operations").post(f"{path}/validate", {"name": "Other"}))
    assert (sound["name"], sound["errors"]) == ("Other", [])
    faulty = ok(api("operations").post(f"{path}/validate", made | {"name": "", "address": 5}))
    assert {each["id"] for each in faulty["errors"]} >= {"name"}
    now = ok(api("operations").get(path))
    assert (now["name"], now["revision"], "errors" in now) == (made["name"], made["revision"], False)
    assert len(trail(served, made["id"])) == 1


def test_whoever_is_not_let_in_is_unknown(api, served):
    path = f"{ACCOUNTS}/ACC-3002-0001"
    assert ok(api("other vendor").get(path))["status"] == "Active"
    ok(api("operations").post(f"{path}/disable"))
    time.sleep(2.1)
    assert api("other vendor").get(path).status == 401
    ok(api("operations").post(f"{path}/enable"))
    time.sleep(0.3)
    assert ok(api("other vendor").get(path))["status"] == "Active"


# What an account may order ----------------------------------------------------------------------------


def lead(api, *verbs, of="ACC-2001-0001", **body):
    for verb in verbs:
        ok(api("operations").post(f"{ACCOUNTS}/{of}/{verb}", body))


def test_an_enabled_account_starts_orders_and_has_none_completed(api, served):
    lead(api, "deactivate")
    order = mapped(served)
    path = f"/commerce/orders/{order['id']}"
    refused = api("vendor").post(f"{path}/complete")
    assert (refused.status, "Enabled" in refused.json["detail"]) == (409, True)
    assert ok(api("vendor").get(path))["status"] == "Processing"
    lead(api, "activate", externalId="CDG-1")
    assert ok(api("vendor").post(f"{path}/complete"))["status"] == "Completed"


@pytest.mark.parametrize("disabled", ["ACC-2001-0001", "ACC-3001-0001"])
def test_a_disabled_account_takes_part_in_no_order(api, served, disabled):
    ok(api("operations").put(f"{ACCOUNTS}/{disabled}", {"externalId": "CDG-1"}))
    waiting, going = draft(served), mapped(served)
    lead(api, "disable", of=disabled)
    client, vendor = api("client"), api("vendor")
    here, there = (vendor, "complete") if disabled == "ACC-2001-0001" else (client, "process")
    order = going if here is vendor else waiting
    refused = here.post(f"/commerce/orders/{order['id']}/{there}")  # whoever is not disabled itself
    assert (refused.status, disabled in refused.json["detail"]) == (409, True)
    if here is client:
        named = client.post("/commerce/orders", purchase())
        assert (named.status, set(named.json["errors"])) == (400, {"agreement.product.id"})
    lead(api, "enable", of=disabled)
    time.sleep(2.1)  # who is let in is known for so long
    assert ok(here.post(f"/commerce/orders/{order['id']}/{there}"))["status"] in ("Completed", "Processing")


# Buyers -----------------------------------------------------------------------------------------------


def test_a_buyer_belongs_to_a_client(api):
    body = {"name": "Pays", "account": refer("ACC-3001-0001"), "address": ADDRESS}
    assert set(api("operations").post(BUYERS, body).json["errors"]) == {"account.id"}
    missing = api("operations").post(BUYERS, {})
    assert (missing.json["title"], set(missing.json["errors"])) == (MANY, {"name", "account", "address"})
    assert set(api("operations").post(BUYERS, body | {"account": refer("ACC-9999-9999")}).json["errors"]) == {
        "account.id"
    }


def test_a_buyer_is_led_through_its_life(api, served):
    path = f"{BUYERS}/{buyer(api)['id']}"
    operations = api("operations")
    active = ok(operations.post(f"{path}/activate"))
    assert active["status"] == "Active" and active["audit"]["activated"]["at"]
    assert operations.post(f"{path}/activate").status == 409
    assert ok(operations.post(f"{path}/deactivate"))["status"] == "Enabled"
    assert operations.post(f"{path}/disable").status == 409
    ok(operations.post(f"{path}/activate"))
    assert ok(api("client").post(f"{path}/disable"))["status"] == "Disabled"
    for verb in ("activate", "deactivate", "enable", "synchronize", "validate", "transfer"):
        assert api("client").post(f"{path}/{verb}").status == 403
    assert api("client").delete(path).status == 403
    assert operations.delete(path).status == 204
    assert api("client").get(path).status == 404
    assert operations.post(f"{path}/enable").status == 409
    assert trail(served, path.rpartition("/")[2])[-1][0] == "deleted"


@pytest.mark.parametrize(
    ("status", "audit", "becomes"),
    [
        ("Mismatch", {}, "Active"),
        (
            "Mismatch",
            {"activated": {"at": "2026-01-01T00:00:00Z"}, "disabled": {"at": "2026-01-02T00:00:00Z"}},
            "Disabled",
        ),
        (
            "Mismatch",
            {"activated": {"at": "2026-01-03T00:00:00Z"}, "disabled": {"at": "2026-01-02T00:00:00Z"}},
            "Active",
        ),
        ("Conflict", {}, "Unassigned"),
        ("Active", {}, "Active"),
        ("Unassigned", {}, "Unassigned"),
    ],
)
def test_without_an_erp_what_stands_here_holds(api, served, status, audit, becomes):
    number = len(served.fetch("select from buyers"))
    path = f"{BUYERS}/BUY-2001-1{number:03}"
    served.load([{"$kind": "accounts/buyers", "id": path.rpartition("/")[2], "name": "Found", "status": status,
                  "account": refer("ACC-2001-0001"), "errors": [{"message": "Other there."}], "audit": audit}])  # fmt: skip
    seen = ok(api("operations").post(f"{path}/synchronize"))
    assert (seen["status"], "errors" in seen) == (becomes, False)
    assert trail(served, path.rpartition("/")[2])[-1][1] == "buyer.synchronized"
    if becomes == "Unassigned":
        assert ok(api("operations").post(f"{path}/activate"))["status"] == "Active"


# Sellers ----------------------------------------------------------------------------------------------


CURRENCIES = [
    (["EUR", "CHF"], ["EUR", "CHF"]),
    (["EUR", "EUR"], ["EUR"]),
    (
        [{"value": "USD", "billingEnabled": True, "isDefault": False}, {"value": "EUR", "isDefault": True}],
        ["EUR", "USD"],
    ),
]


@pytest.mark.parametrize(("given", "kept"), CURRENCIES)
def test_currencies_come_in_either_form_and_go_out_in_one(api, given, kept):
    made = seller(api, currencies=given)
    assert (made["status"], made["currencies"]) == ("Active", kept)
    assert ok(api("operations").put(f"{SELLERS}/{made['id']}", {"currencies": given[:1]}))["currencies"] == [
        given[0]["value"] if isinstance(given[0], dict) else given[0]
    ]


@pytest.mark.parametrize("currencies", [[], None, "EUR", ["euro"], [5], [{"code": "EUR"}], ["EUR"] * 201])
def test_a_seller_sells_in_something(api, currencies):
    reply = api("operations").post(SELLERS, {"name": "Sells", "currencies": currencies})
    assert (reply.status, set(reply.json["errors"])) == (400, {"currencies"})
    path = f"{SELLERS}/{seller(api)['id']}"
    assert set(api("operations").put(path, {"currencies": currencies}).json["errors"]) == {"currencies"}


def test_a_sellers_number_is_its_own(api):
    made = seller(api, externalId="S-77")
    again = {"name": "Twin", "currencies": ["EUR"], "externalId": "S-77"}
    assert set(api("operations").post(SELLERS, again).json["errors"]) == {"externalId"}
    assert ok(api("operations").put(f"{SELLERS}/{made['id']}", {"externalId": "S-77"}))["externalId"] == "S-77"
    twins = [lambda: api("operations").post(SELLERS, again | {"externalId": "S-78"})] * 2
    assert sorted(each.status for each in at_once(*twins)) in ([201, 400], [201, 409])
    assert api("operations").delete(f"{SELLERS}/{made['id']}").status == 204
    assert api("operations").post(SELLERS, again).status == 201


def test_a_seller_is_led_by_operations(api):
    path = f"{SELLERS}/{seller(api)['id']}"
    operations = api("operations")
    assert operations.post(f"{path}/activate").status == 409
    assert ok(operations.post(f"{path}/deactivate"))["status"] == "Offline"
    assert operations.delete(path).status == 409
    assert ok(operations.post(f"{path}/activate"))["status"] == "Active"
    assert ok(operations.post(f"{path}/disable"))["status"] == "Disabled"
    assert ok(operations.post(f"{path}/activate"))["status"] == "Active"
    for who in ("client", "vendor"):
        assert api(who).put(path, {"name": "Mine"}).status == 403
        assert api(who).post(SELLERS, {"name": "Mine", "currencies": ["EUR"]}).status == 403
        assert api(who).delete(path).status == 403
    assert operations.delete(path).status == 204
    assert api("client").get(path).status == 404


# Cloud tenants and modules ----------------------------------------------------------------------------


def test_cloud_tenants_are_operations_alone(api):
    body = {"name": "Azure of Birch", "type": "CspAzure", "account": refer("ACC-2001-0001"),
            "externalIds": {"pyraTenantId": "P-1", "cloudConsumptionId": "C-1"}}  # fmt: skip
    made = ok(api("operations").post(TENANTS, body))
    path = f"{TENANTS}/{made['id']}"
    assert (made["id"][:4], made["status"], made["account"]["id"]) == ("CLT-", "Active", "ACC-2001-0001")
    changed = ok(api("operations").put(path, {"externalIds": {"providerId": "X"}, "status": "disabled"}))
    assert (changed["status"], changed["externalIds"]) == ("Disabled", body["externalIds"] | {"providerId": "X"})
    assert ok(api("operations").put(path, {"status": "Active", "name": "Azure"}))["status"] == "Active"
    for who in ("client", "vendor"):
        assert api(who).get(path).status == 404
        assert api(who).get(TENANTS).status == 403
        assert api(who).post(TENANTS, body).status == 403
    assert set(api("operations").post(TENANTS, {"type": "Moon", "status": "Odd"}).json["errors"]) == {
        "name",
        "type",
        "status",
    }
    assert api("operations").delete(path).status == 204
    assert api("operations").put(path, {"status": "Active"}).status == 409
    assert api("operations").delete(path).status == 409


def test_modules_are_listed_by_operations_and_read_by_all(api):
    assert {each["code"] for each in ok(api("operations").get(MODULES))["data"]} >= {"marketplace", "audit"}
    assert [api(who).get(MODULES).status for who in ("client", "vendor")] == [403, 403]
    assert ok(api("client").get(f"{MODULES}/MOD-1001"))["code"] == "marketplace"


# Icons ------------------------------------------------------------------------------------------------

PICTURED = [
    # part         collection    who may make it   what is said
    ("account",    ACCOUNTS,     "operations",     {"name": "Seen", "type": "Client"}),
    ("buyer",      BUYERS,       "operations",     {"name": "Seen", "account": refer("ACC-2001-0001"), "address": ADDRESS}),
    ("seller",     SELLERS,      "operations",     {"name": "Seen", "currencies": ["EUR"]}),
    ("licensee",   "/accounts/licensees", "client", {"name": "Seen", "buyer": refer(BUYER)}),
]  # fmt: skip


@pytest.mark.parametrize(("part", "path", "who", "body"), PICTURED)
def test_a_picture_comes_along(api, part, path, who, body):
    def sent(content, file="logo"):
        return in_parts(
            Part(part, json.dumps(body).encode(), "application/json"), Part(file, content, "image/png", "a.png")
        )

    made = ok(api(who).post(path, raw=sent(PNG), content_type=kind_of()))
    assert made["icon"] == f"/public/v1{path}/{made['id']}/icon"
    shown = api(who).get(f"{path}/{made['id']}/icon")
    assert (shown.status, shown.headers["content-type"], shown.body) == (200, "image/png", PNG)
    again = ok(api(who).put(f"{path}/{made['id']}", raw=sent(PNG + b"!"), content_type=kind_of()))
    assert again["icon"] == made["icon"] and api(who).get(f"{path}/{made['id']}/icon").body == PNG + b"!"
    assert (
        api(who).post(path, raw=sent(b"MZ", "logo").replace(b"a.png", b"a.exe"), content_type=kind_of()).status == 400
    )
    if part in ("account", "buyer", "licensee"):
        assert api("other client").get(f"{path}/{made['id']}/icon").status == 404
