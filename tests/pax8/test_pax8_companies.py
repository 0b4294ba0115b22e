"""Companies and their contacts."""

from typing import Any

import pytest

from tests.pax8.conftest import COMPANY, SECOND_COMPANY, Desks, ok

BIRCH = {
    "name": "Birch Dental",
    "address": {
        "street": "9 Elm Rd",
        "street2": "Ste 4",
        "city": "Boise",
        "stateOrProvince": "ID",
        "postalCode": "83702",
        "country": "US",
    },
    "phone": "208-555-0100",
    "website": "https://birch.example",
    "externalId": "PSA-77",
    "billOnBehalfOfEnabled": False,
    "selfServiceAllowed": True,
    "orderApprovalRequired": True,
}
"""The spec's example of a company."""

ADA = {"firstName": "Ada", "lastName": "Lo", "email": "ada@birch.example", "phone": "208-555-0101",
       "types": [{"type": each, "primary": True} for each in ("Admin", "Billing", "Technical")]}  # fmt: skip


def test_the_specs_company_is_made_and_given_back(desk: Desks):
    partner = desk()
    made = partner.post("/companies", {**BIRCH, "contacts": [ADA]})
    assert {name: made[name] for name in BIRCH} == BIRCH and made["status"] == "Active"
    assert partner.get(f"/companies/{made['id']}")["address"] == BIRCH["address"]
    (ada,) = partner.get(f"/companies/{made['id']}/contacts")["content"]
    assert {name: ada[name] for name in ADA} == ADA
    assert partner.get("/companies?city=boise")["content"][0]["id"] == made["id"]
    assert partner.get("/companies?externalId=PSA-77")["page"]["totalElements"] == 1
    assert partner.get("/companies?selfServiceAllowed=true&name=birch")["page"]["totalElements"] == 1
    line = partner.line("G-1", "Annual")
    assert partner.post("/orders", {"companyId": made["id"], "lineItems": [line]})["status"] == "Processing"


def test_without_people_to_ask_a_company_is_inactive_and_may_not_order_until_there_are(desk: Desks):
    partner = desk()
    made = partner.post("/companies", {**BIRCH, "name": "Oak Legal", "contacts": []})
    assert made["status"] == "Inactive"
    refused = partner.ask("POST", "/orders", {"companyId": made["id"], "lineItems": [partner.line("G-1", "Annual")]})
    assert refused.status_code == 422 and refused.json()["details"][0]["message"].startswith("companyId: ")
    partner.post(f"/companies/{made['id']}/contacts", ADA)
    assert partner.get(f"/companies/{made['id']}")["status"] == "Active"


def test_contacts_live(desk: Desks):
    partner = desk()
    company = partner.company(COMPANY)
    ada = partner.post(f"/companies/{company}/contacts", ADA)
    bob = partner.post(
        f"/companies/{company}/contacts", {**ADA, "firstName": "Bob", "types": [{"type": "Billing", "primary": True}]}
    )
    listed = partner.get(f"/companies/{company}/contacts")
    assert [each["firstName"] for each in listed["content"]] == ["Bob", "Ada"]
    assert {"type": "Billing", "primary": False} in listed["content"][1]["types"]
    changed = ok(
        partner.ask("PUT", f"/companies/{company}/contacts/{bob['id']}", {**ADA, "firstName": "Rob", "types": []})
    )
    assert changed["firstName"] == "Rob"
    assert partner.get(f"/companies/{company}/contacts/{bob['id']}") == changed
    assert partner.ask("DELETE", f"/companies/{company}/contacts/{bob['id']}").status_code == 204
    assert partner.ask("GET", f"/companies/{company}/contacts/{bob['id']}").status_code == 404
    second = partner.company("Licensee LCE-2001-0002")
    assert partner.ask("GET", f"/companies/{second}/contacts/{ada['id']}").status_code == 404
    assert partner.ask("PUT", f"/companies/{second}/contacts/{ada['id']}", ADA).status_code == 404
    assert partner.ask("DELETE", f"/companies/{second}/contacts/{ada['id']}").status_code == 404


def test_a_part_of_a_company_changes_and_the_rest_stays(desk: Desks):
    partner = desk()
    company = partner.company(COMPANY)
    before = partner.get(f"/companies/{company}")
    after = ok(
        partner.ask(
            "PATCH", f"/companies/{company}", {"phone": "+41 31 555", "address": {"zip": "3011", "state": "BE"}}
        )
    )
    assert after["phone"] == "+41 31 555"
    assert after["address"] == {**before["address"], "postalCode": "3011", "stateOrProvince": "BE"}
    assert (after["name"], after["website"]) == (before["name"], before["website"])
    assert partner.get(f"/companies/{company}") == after


@pytest.mark.parametrize("sort", ["name", "city", "country", "stateOrProvince", "postalCode"])
def test_every_documented_order_is_given(desk: Desks, sort: str):
    up = desk().get(f"/companies?sort={sort}&size=200")["content"]
    down = desk().get(f"/companies?sort={sort},desc&size=200")["content"]
    place = lambda each: (each["name"] if sort == "name" else each["address"][sort]).lower()  # noqa: E731
    assert [place(each) for each in up] == sorted(place(each) for each in up)
    assert [place(each) for each in down] == sorted((place(each) for each in down), reverse=True)


def test_companies_are_found_by_where_they_are_their_own_place_or_their_buyers(desk: Desks):
    partner = desk()
    size = lambda query: partner.get(f"/companies?{query}")["page"]["totalElements"]  # noqa: E731
    company = partner.company(SECOND_COMPANY)
    there = size("city=BERN&country=ch")
    assert there == size("country=CH&city=bern") > 0, "what has no address of its own is where its buyer is"
    moved = {"address": {"street": "1 Rue d'Été", "city": "Fécamp", "stateOrProvince": "76", "postalCode": "76400",
                         "country": "FR"}}  # fmt: skip
    ok(partner.ask("PATCH", f"/companies/{company}", moved))
    assert size("city=BERN") == there - 1 and size("city=F%C3%89CAMP") == 1 == size("postalCode=76400&country=fr")
    assert size("city=Fécamp&country=CH") == 0 == size("city=F%25camp") == size("city=Fé*")
    assert desk("other client").get("/companies?city=F%C3%89camp")["content"] == []


@pytest.mark.parametrize("name", BIRCH)
def test_each_required_field_of_a_company_is_named_when_it_is_not_there(desk: Desks, name: str):
    reply = desk().ask("POST", "/companies", {key: value for key, value in BIRCH.items() if key != name})
    if name == "externalId":
        assert reply.status_code == 200
    else:
        assert reply.status_code == 422 and reply.json()["message"] == "Invalid Company"
        assert [each["message"].partition(":")[0] for each in reply.json()["details"]] == [name]


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({}, 422, ""),
        ({"unknown": 1}, 422, ""),
        ({"name": 5}, 400, "name"),
        ({"name": " "}, 422, "name"),
        ({"selfServiceAllowed": "yes"}, 400, "selfServiceAllowed"),
        ({"address": "Bern"}, 400, "address"),
        ({"address": {"country": "Switzerland"}}, 422, "address.country"),
        ({"name": "x" * 501}, 422, "name"),
    ],
)
def test_bad_changes_of_a_company_name_the_field(desk: Desks, change: Any, status: int, field: str):
    partner = desk()
    reply = partner.ask("PATCH", f"/companies/{partner.company(COMPANY)}", change)
    assert reply.status_code == status, reply.text
    assert reply.json()["details"][0]["message"].startswith(field), reply.text
