"""Clients make and change their licensees, with the people to be asked there; buyers as far as they may."""

import pytest

from tests.party import ok
from tests.world import BUYER, LICENSEE, OTHER_BUYER, OTHER_LICENSEE, SECOND_BUYER, refer

LICENSEES, BUYERS = "/accounts/licensees", "/accounts/buyers"
SELLER = "SEL-4001-0001"
ADDRESS = {"addressLine1": "9 Elm Rd", "city": "Boise", "state": "ID", "postCode": "83702", "country": "US"}


def person(first="Ada", *roles, **more):
    return {
        "firstName": first, "lastName": "Lo", "email": f"{first.lower()}@birch.example",
        "roles": [{"type": role, "primary": True} for role in roles], **more,
    }  # fmt: skip


ALL = person("Ada", "Admin", "Billing", "Technical")


def made(api, who="client", **more):
    return ok(api(who).post(LICENSEES, {"name": "Birch Dental", "buyer": refer(BUYER), "address": ADDRESS} | more))


BEGINNINGS = [
    # what is said of it                                     it begins as
    ({},                                                     "Active"),
    ({"seller": refer(SELLER)},                              "Active"),
    ({"contacts": []},                                       "Enabled"),
    ({"contacts": [person("Ada", "Admin", "Billing")]},      "Enabled"),
    ({"contacts": [ALL]},                                    "Active"),
    ({"contacts": [person("Ada", "Admin"), person("Ben", "Billing", "Technical")]}, "Active"),
]  # fmt: skip


@pytest.mark.parametrize(("more", "status"), BEGINNINGS)
def test_a_client_makes_a_licensee(api, served, more, status):
    licensee = made(api, **more)
    assert (licensee["status"], licensee["name"], licensee["address"]) == (status, "Birch Dental", ADDRESS)
    assert (licensee["account"]["id"], licensee["buyer"]["id"], licensee["seller"]["id"]) == (
        "ACC-2001-0001", BUYER, SELLER)  # fmt: skip
    assert licensee["useBuyerAddress"] is False
    body = {"licensee": refer(licensee["id"]), "lines": [{"item": refer("ITM-5001-0001-0003"), "quantity": 1,
            "parameters": {"ordering": [{"externalId": "company", "value": "Birch"}]}}]}  # fmt: skip
    assert api("client").post("/commerce/baskets", body).status == (201 if status == "Active" else 400)


def test_who_pays_follows_where_nothing_is_said(api):
    licensee = ok(api("client").post(LICENSEES, {"name": "Birch"}))
    assert (licensee["buyer"]["id"], licensee["useBuyerAddress"], licensee["status"]) == (BUYER, True, "Active")


def test_what_a_partner_makes_is_for_resale(api, served):
    assert made(api)["eligibility"] == {"client": True, "partner": False}
    set_partner = "update accounts set eligibility_partner = $1 where id = 'ACC-2001-0001'"
    served.run(served.parts.pool.execute(set_partner, True))
    assert made(api)["eligibility"] == {"client": False, "partner": True}
    assert made(api, eligibility={"client": True, "partner": True})["eligibility"] == {"client": True, "partner": True}
    served.run(served.parts.pool.execute(set_partner, None))


REFUSED = [
    # who             what                                       the answer
    ("client",        {"name": ""},                              (400, {"name"})),
    ("client",        {"name": None},                            (400, {"name"})),
    ("client",        {"buyer": refer(OTHER_BUYER)},             (400, {"buyer.id"})),
    ("restricted",    {"buyer": refer(SECOND_BUYER)},            (400, {"buyer.id"})),
    ("client",        {"seller": refer("SEL-9999-0001")},        (400, {"seller.id"})),
    ("client",        {"contacts": [{"firstName": "Ada"}]},      (400, {"contacts[0].lastName", "contacts[0].email"})),
    ("client",        {"contacts": [person(roles=["Admin"])]},   (400, {"contacts[0].roles"})),
    ("client",        {"settings": {"selfServiceAllowed": 3}},   (400, {"settings.selfServiceAllowed"})),
    ("vendor",        {},                                        (403, set())),
]  # fmt: skip


@pytest.mark.parametrize(("who", "more", "answer"), REFUSED)
def test_what_is_wrong_with_a_new_licensee(api, who, more, answer):
    reply = api(who).post(LICENSEES, {"name": "Birch", "buyer": refer(BUYER)} | more)
    assert (reply.status, set(reply.json.get("errors", ()))) == answer


def test_its_client_changes_it_and_nobody_else_does(api, served):
    path = f"{LICENSEES}/{made(api)['id']}"
    body = {
        "name": "Birch", "website": "https://birch.example", "externalId": "PSA-77", "account": refer("ACC-2002-0001"),
        "buyer": refer(SECOND_BUYER), "settings": {"selfServiceAllowed": True, "orderApprovalRequired": True},
    }  # fmt: skip
    seen = ok(api("client").put(path, body))
    assert (seen["name"], seen["website"], seen["externalId"], seen["settings"]) == (
        "Birch", "https://birch.example", "PSA-77",
        {"selfServiceAllowed": True, "orderApprovalRequired": True, "billOnBehalfOf": False})  # fmt: skip
    assert (seen["buyer"]["id"], seen["account"]["id"]) == (BUYER, "ACC-2001-0001")
    assert ok(api("operations").put(path, {"description": "Known"}))["description"] == "Known"
    assert [api(who).put(path, {}).status for who in ("other client", "vendor")] == [404, 404]
    assert list(api("client").put(path, {"name": " "}).json["errors"]) == ["name"]


def test_it_is_disabled_enabled_and_deleted(api):
    path = f"{LICENSEES}/{made(api)['id']}"
    assert ok(api("client").post(f"{path}/disable"))["status"] == "Disabled"
    assert api("client").post(f"{path}/disable").status == 409
    assert ok(api("client").post(f"{path}/enable"))["status"] == "Active"
    assert api("vendor").post(f"{path}/disable").status == 404
    assert api("client").delete(path).status == 204
    assert api("client").get(path).status == 404


def test_the_first_to_be_asked_is_one_for_each_role_and_who_waits_for_them_may_order_then(api):
    licensee = made(api, contacts=[person("Ada", "Admin", "Billing")])
    path = f"{LICENSEES}/{licensee['id']}"
    ben = ok(api("client").post(f"{path}/contacts", person("Ben", "Billing", phone="208-555-0101")))
    assert (ben["id"][:4], ben["phone"], ok(api("client").get(path))["status"]) == ("CON-", "208-555-0101", "Enabled")
    people = {each["firstName"]: each for each in ok(api("client").get(f"{path}/contacts"))["data"]}
    assert people["Ada"]["roles"] == [{"type": "Admin", "primary": True}, {"type": "Billing", "primary": False}]
    more = {"roles": [{"type": "Billing", "primary": True}, {"type": "Technical", "primary": True}]}
    assert ok(api("client").put(f"{path}/contacts/{ben['id']}", more))["lastName"] == "Lo"
    assert ok(api("client").get(path))["status"] == "Active"
    whole = ok(api("client").get(f"{LICENSEES}?eq(id,{licensee['id']})&select=contacts"))["data"][0]
    assert {each["firstName"] for each in whole["contacts"]} == {"Ada", "Ben"}
    assert api("client").delete(f"{path}/contacts/{ben['id']}").status == 204
    assert api("client").get(f"{path}/contacts/{ben['id']}").status == 404
    assert ok(api("client").get(path))["status"] == "Active"


def test_contacts_are_their_clients_own(api):
    path = f"{LICENSEES}/{LICENSEE}/contacts"
    ada = ok(api("client").post(path, person()))
    assert [api(who).get(f"{path}/{ada['id']}").status for who in ("other client", "vendor")] == [404, 404]
    assert api("client").post(f"{LICENSEES}/{OTHER_LICENSEE}/contacts", person()).status == 404
    assert api("client").put(f"{path}/{ada['id']}", {"email": ""}).status == 400


def test_buyers_are_made_by_operations_and_disabled_by_either(api):
    body = {"name": "Birch pays", "account": refer("ACC-2001-0001"), "address": ADDRESS}
    assert (api("client").post(BUYERS, body).status, api("vendor").post(BUYERS, body).status) == (403, 403)
    assert set(api("operations").post(BUYERS, {}).json["errors"]) == {"name", "account", "address"}
    buyer = ok(api("operations").post(BUYERS, body))
    path = f"{BUYERS}/{buyer['id']}"
    assert buyer["status"] == "Enabled" and ok(api("operations").post(f"{path}/activate"))["status"] == "Active"
    seen = ok(api("client").put(path, {"name": "Birch", "externalIds": {"erpCustomer": "x"}}))
    assert (seen["name"], "externalIds" in seen and "erpCustomer" in seen["externalIds"]) == ("Birch", False)
    assert ok(api("client").post(f"{path}/disable"))["status"] == "Disabled"
    assert api("client").post(f"{path}/enable").status == 403
    assert ok(api("operations").post(f"{path}/enable"))["status"] == "Active"
    assert api("client").put(path, {"name": ""}).status == 400
