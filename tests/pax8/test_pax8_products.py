"""Products: items by their vendor's number, what they ask, cost and require."""

import json
from typing import Any

import pytest

from tests.pax8.conftest import COMPANY, Desk, Desks
from tests.serving import Served
from tests.world import PRODUCT, refer


@pytest.fixture(scope="module", autouse=True)
def family(served: Served) -> None:
    """One number of the vendor's, for three terms and two commitments, with a largest quantity and a base."""
    lines: list[dict[str, Any]] = []
    for number, (period, commitment, price) in enumerate((("1m", "1m", 10), ("1m", "1y", 9), ("3y", "3y", 8)), 71):
        item = f"ITM-5001-0001-00{number}"
        lines.append({"$kind": "catalog/items", "id": item, "product": refer(PRODUCT), "name": "Cloud Mail Pro",
                      "status": "Published", "group": refer("IGR-5001-0001-0001"), "unit": refer("UNT-1001"),
                      "externalIds": {"vendor": "NMP-1"}, "terms": {"model": "quantity", "period": period, "commitment": commitment},
                      "settings": {"minQuantity": 1, "maxQuantity": 300, "requires": [refer("ITM-5001-0001-0001")]}})  # fmt: skip
        lines.append({"$kind": "catalog/price-lists/PRC-5001-0001-0001/items", "id": f"PRI-5001-0001-0001-00{number}",
                      "item": refer(item), "status": "ForSale", "unitPP": price, "unitLP": price * 2, "markup": 10})  # fmt: skip
    served.load(lines)


def test_items_of_one_number_are_one_product_with_their_terms(desk: Desks):
    partner = desk()
    found = partner.get("/products?search=nmp-1")
    assert found["page"]["totalElements"] == 1
    product = partner.get(f"/products/{found['content'][0]['id']}")
    assert product["billingTermOptions"] == ["Monthly", "3-Year"]
    assert (product["name"], product["sku"], product["requiresCommitment"]) == ("Cloud Mail Pro", "NMP-1", True)
    assert (product["active"], product["minQuantity"], product["maxQuantity"]) == (True, 1, 300)
    assert partner.get(f"/products?search={product['id']}")["content"][0]["id"] == product["id"]
    assert partner.get("/products?productName=mail")["page"]["totalElements"] == 1
    assert partner.get("/products?vendorName=nobody")["page"] == {
        "size": 10,
        "totalElements": 0,
        "totalPages": 0,
        "number": 0,
    }
    names = [each["vendorName"] for each in partner.get("/products?sort=vendor,desc&size=200")["content"]]
    assert names == sorted(names, reverse=True)


def test_prices_stand_by_term_and_commitment(desk: Desks):
    partner = desk()
    product = partner.product("NMP-1")
    for query in ("", f"?companyId={partner.company(COMPANY)}"):
        plans = partner.get(f"/products/{product}/pricing{query}")["content"]
        told = [
            (
                each["billingTerm"],
                each["commitmentTerm"],
                each["commitmentTermInMonths"],
                each["rates"][0]["partnerBuyRate"],
                each["rates"][0]["suggestedRetailPrice"],
            )
            for each in plans
        ]
        assert told == [
            ("Monthly", "Monthly", 1, 11, 20),
            ("Monthly", "1-Year", 12, 9.9, 18),
            ("3-Year", "3-Year", 36, 8.8, 16),
        ]


def commitments(partner: Desk) -> dict[str, str]:
    told = partner.get(f"/products/{partner.product('NMP-1')}/dependencies")
    (needs,) = told["productDependencies"]
    assert needs["name"] == "Requires" and [each["sku"] for each in needs["products"]] == ["A-1"]
    return {each["term"]: each["id"] for each in told["commitmentDependencies"]}


def test_where_the_billing_term_leaves_it_open_the_commitment_has_to_be_said(desk: Desks):
    partner = desk()
    ids = commitments(partner)
    base = partner.line("A-1", "Annual", lineItemNumber=1)
    mail = {
        "productId": partner.product("NMP-1"),
        "quantity": 4,
        "billingTerm": "Monthly",
        "lineItemNumber": 2,
        "parentLineItemNumber": 1,
    }
    body = {"companyId": partner.company(COMPANY), "lineItems": [base, mail]}
    refused = partner.ask("POST", "/orders", body)
    assert refused.status_code == 422
    assert refused.json()["errors"] == ["lineItems[1].commitmentTermId: Product Cloud Mail Pro requires commitment"]
    for said in ({"commitmentTermId": ids["1-Year"]}, {"commitmentTerm": "1-Year"}):
        given = partner.post("/orders?isMock=true", {**body, "lineItems": [base, mail | said]})
        assert (
            given["lineItems"][1]["commitmentTermId"] == ids["1-Year"] and given["lineItems"][1]["partnerCost"] == 9.9
        )
    wrong = partner.ask("POST", "/orders", {**body, "lineItems": [base, mail | {"commitmentTermId": ids["3-Year"]}]})
    assert wrong.status_code == 422 and ids["1-Year"] in wrong.text
    odd = partner.ask("POST", "/orders", {**body, "lineItems": [base, mail | {"commitmentTerm": "Forever"}]})
    assert odd.status_code == 400 and odd.json()["message"].endswith("field: lineItems[1].commitmentTerm")
    long = partner.post("/orders?isMock=true", {**body, "lineItems": [base, mail | {"billingTerm": "Triennial"}]})
    assert long["lineItems"][1]["billingTerm"] == "3-Year"


def test_the_largest_quantity_and_what_is_required_are_held_to(desk: Desks):
    partner = desk()
    mail = {"productId": partner.product("NMP-1"), "quantity": 500, "billingTerm": "3-Year"}
    body = {"companyId": partner.company(COMPANY), "lineItems": [partner.line("A-1", "Annual"), mail]}
    reply = partner.ask("POST", "/orders", body)
    assert reply.json()["errors"] == ['lineItems[1].quantity: Quantity 500 exceeds maximum of 300 for "Cloud Mail Pro"']
    alone = partner.ask("POST", "/orders", {**body, "lineItems": [mail | {"quantity": 5}]})
    assert alone.status_code == 422 and alone.json()["errors"][0].startswith("lineItems[0].")


def test_what_a_product_asks_is_told_and_answered_by_key(desk: Desks, served: Served):
    partner = desk()
    details = partner.get(f"/products/{partner.product('A-1')}/provision-details")["content"]
    assert {each["key"]: each["required"] for each in details} == {
        "company": True, "contact.firstName": False, "contact.lastName": False, "contact.email": False,
        "contact.phone": False, "note": False,
    }  # fmt: skip
    answers = [
        ("company", "Northwind"),
        ("contact.firstName", "Ada"),
        ("contact.lastName", "Lo"),
        ("contact.email", "ada@lo.example"),
        ("contact.phone", "555"),
    ]
    line = partner.line(
        "A-1", "Annual", provisioningDetails=[{"key": key, "values": [value]} for key, value in answers]
    )
    partner.order(line)
    order = served.call("client", "GET", "/commerce/orders?order=-audit.created.at&limit=1&select=parameters").json[
        "data"
    ][0]
    values = {each["externalId"]: each["value"] for each in order["parameters"]["ordering"] if "value" in each}
    assert values["company"] == "Northwind" and values["contact"]["firstName"] == "Ada"
    assert values["contact"]["phone"]["number"] == "555"


@pytest.mark.parametrize(
    ("details", "field"),
    [
        ([], "lineItems[0].provisioningDetails"),
        ([{"key": "color", "values": ["red"]}], "lineItems[0].provisioningDetails[0].key"),
        ([{"key": "company", "values": []}], "lineItems[0].provisioningDetails"),
        (
            [{"key": "company", "values": ["N"]}, {"key": "contact.email", "values": ["nobody"]}],
            "lineItems[0].provisioningDetails",
        ),
    ],
)
def test_missing_and_wrong_answers_name_their_place(desk: Desks, details: Any, field: str):
    partner = desk()
    body = {
        "companyId": partner.company(COMPANY),
        "lineItems": [partner.line("A-1", "Annual", provisioningDetails=details)],
    }
    reply = partner.ask("POST", "/orders", body)
    assert reply.status_code == 422 and reply.json()["details"][0]["message"].startswith(field), reply.text


ODD = {
    "policy": ("DataObject", {"objectType": "Json"}),
    "legacy": ("DataObject", {"objectType": "Xml"}),
    "domains": ("Collection", {}),
    "rollout": ("Date", {"dateRange": True}),
}
"""Questions whose answers are no plain texts."""

SEVERAL = [
    # key               values                                   what the core keeps
    ("policy",         ['{"isolate": "ask", "limit": 4.10}'],    {"isolate": "ask", "limit": 4.1}),
    ("policy",         ["17"],                                   17),
    ("legacy",         ["<policy/>"],                            "<policy/>"),
    ("domains",        ["a.example", "b.example"],               ["a.example", "b.example"]),
    ("domains",        ['[{"name": "a.example"}]'],              [{"name": "a.example"}]),
    ("domains",        ["[a"],                                   ["[a"]),
]  # fmt: skip


@pytest.fixture(scope="module")
def odd(served: Served) -> Served:
    """The built-in product asks more than texts."""
    kept = "catalog/products/PRD-5001-0002/parameters"
    served.load(
        {"$kind": kept, "id": f"PAR-5001-0002-009{number}", "name": key.title(), "externalId": key, "type": kind,
         "phase": "Order", "scope": "Agreement", "context": "None", "constraints": {"required": False},
         "options": options, "displayOrder": 90 + number, "group": refer("PGR-5001-0002-0001"), "status": "Active"}
        for number, (key, (kind, options)) in enumerate(ODD.items())
    )  # fmt: skip
    return served


def answered(partner: Desk, *details: tuple[str, list[str]]) -> Any:
    """The reply to an order with these answers."""
    told = [{"key": key, "values": values} for key, values in (("company", ["Northwind"]), *details)]
    line = partner.line("G-1", "Annual", provisioningDetails=told)
    return partner.ask("POST", "/orders", {"companyId": partner.company(COMPANY), "lineItems": [line]})


def newest_answers(served: Served) -> dict[str, Any]:
    """What the newest order of the core was told."""
    page = "/commerce/orders?order=-audit.created.at&limit=1&select=parameters"
    bag = served.call("client", "GET", page).json["data"][0]["parameters"]["ordering"]
    return {each["externalId"]: each["value"] for each in bag if "value" in each}


@pytest.mark.parametrize(("key", "values", "kept"), SEVERAL)
def test_answers_that_are_no_plain_texts(desk: Desks, odd: Served, key: str, values: list[str], kept: Any):
    reply = answered(desk(), (key, values))
    assert reply.status_code == 200, reply.text
    assert newest_answers(odd)[key] == kept


def test_a_stretch_of_days_is_asked_by_its_ends(desk: Desks, odd: Served):
    partner = desk()
    details = partner.get(f"/products/{partner.product('G-1')}/provision-details")["content"]
    assert {"rollout.start", "rollout.end", "policy", "domains"} <= {each["key"] for each in details}
    reply = answered(partner, ("rollout.start", ["2027-03-01"]), ("Rollout.End", ["2027-03-08"]))
    assert reply.status_code == 200, reply.text
    assert newest_answers(odd)["rollout"] == {"start": "2027-03-01", "end": "2027-03-08"}


@pytest.mark.parametrize(
    ("details", "field"),
    [
        ([("policy", ["{not json"])], "lineItems[0].provisioningDetails[1].values: JSON in one text"),
        ([("rollout", ["2027-03-01"])], "lineItems[0].provisioningDetails[1].values: Must be a start and an end."),
        ([("rollout.start", ["2027-03-01"])], "lineItems[0].provisioningDetails[1].values"),
        (
            [("rollout.start", ["2027-03-09"]), ("rollout.end", ["2027-03-01"])],
            "lineItems[0].provisioningDetails[1].values: Must not end before it starts.",
        ),
        ([("rollout.middle", ["2027-03-01"])], "lineItems[0].provisioningDetails[1].key"),
    ],
)
def test_wrong_answers_that_are_no_plain_texts(desk: Desks, odd: Served, details: Any, field: str):
    reply = answered(desk(), *details)
    assert reply.status_code == 422 and reply.json()["errors"][0].startswith(field), reply.text


TERMS = [
    # what the vendor declares                  term     fewer   ends    after   before
    ({},                                        "1y",    False,  False,  7,      30),
    ({},                                        "1m",    True,   True,   7,      30),
    ({"decrease": {"daysBeforeEnd": 60}},       "3y",    False,  False,  7,      60),
    ({"earlyTermination": True},                "1y",    False,  True,   7,      30),
    ({"earlyTermination": False},               "1m",    True,   False,  7,      30),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "term", "fewer", "ends", "after", "before"), TERMS)
def test_what_is_told_of_a_commitment_is_what_holds(
    desk: Desks, served: Served, settings: Any, term: str, fewer: bool, ends: bool, after: int, before: int
):
    item = "ITM-5001-0002-0001"
    change = "update items set settings = $2, terms_commitment = $3 where id = $1"
    served.run(served.parts.pool.execute(change, item, json.dumps(settings), term))
    partner = desk()
    (told,) = partner.get(f"/products/{partner.product('G-1')}/dependencies")["commitmentDependencies"]
    assert (told["allowForQuantityDecrease"], told["allowForEarlyCancellation"]) == (fewer, ends)
    assert told["allowForQuantityIncrease"] is True
    assert (told["renewalWindowDaysAfterTermEnd"], told["renewalWindowDaysBeforeTermEnd"]) == (after, before)
    rules = served.call("client", "GET", f"/catalog/items/{item}").json["seatRules"]
    assert rules["decrease"] == {"anyTime": fewer, "daysAfterStart": after, "daysBeforeEnd": before}
    served.run(served.parts.pool.execute(change, item, "{}", "1y"))
