"""What is another partner's is not there, in any way of asking; other parties are no partners at all."""

from typing import Any

import pytest

from tests.pax8.conftest import COMPANY, SECOND_COMPANY, UNKNOWN, Desks
from tests.pax8.test_pax8_companies import ADA, BIRCH


@pytest.fixture(scope="module")
def theirs(desk: Desks) -> dict[str, str]:
    """UUIDs of everything that the first partner has."""
    partner = desk()
    order = partner.order(partner.line("G-1", "Annual"), company=SECOND_COMPANY)
    held = partner.subscriptions(order)[0]
    company = partner.company(SECOND_COMPANY)
    contact = partner.post(f"/companies/{company}/contacts", ADA)
    return {"company": company, "contact": contact["id"], "order": order["id"], "subscription": held["id"]}


CALLS = [
    ("GET", "/companies/{company}", None),
    ("PATCH", "/companies/{company}", {"name": "Mine"}),
    ("GET", "/companies/{company}/contacts", None),
    ("POST", "/companies/{company}/contacts", ADA),
    ("GET", "/companies/{company}/contacts/{contact}", None),
    ("PUT", "/companies/{company}/contacts/{contact}", ADA),
    ("DELETE", "/companies/{company}/contacts/{contact}", None),
    ("GET", "/orders/{order}", None),
    ("PUT", "/orders/{order}", {"lineItems": [{}]}),
    ("POST", "/orders/{order}/approve", None),
    ("POST", "/orders/{order}/refuse", None),
    ("POST", "/orders/{order}/cancel", None),
    ("GET", "/orders?companyId={company}", None),
    ("GET", "/subscriptions?companyId={company}", None),
    ("GET", "/invoices?companyId={company}", None),
    ("GET", "/invoices/draftItems?companyId={company}", None),
    ("GET", "/products/{product}/pricing?companyId={company}", None),
    ("GET", "/subscriptions/{subscription}", None),
    ("PUT", "/subscriptions/{subscription}", {"quantity": 50}),
    ("DELETE", "/subscriptions/{subscription}", None),
    ("GET", "/subscriptions/{subscription}/history", None),
    ("GET", "/subscriptions/{subscription}/usage-summaries", None),
]  # fmt: skip


@pytest.mark.parametrize("who", ["other client", "restricted"])
@pytest.mark.parametrize(("method", "path", "body"), CALLS, ids=[f"{method} {path}" for method, path, _ in CALLS])
def test_what_is_anothers_is_not_found_in_the_words_of_what_never_was(
    desk: Desks, theirs: dict[str, str], who: str, method: str, path: str, body: Any
):
    stranger, product = desk(who), desk().product("G-1")
    reply = stranger.ask(method, path.format(**theirs, product=product), body)
    unknown = dict.fromkeys(theirs, UNKNOWN)
    never = stranger.ask(method, path.format(**unknown, product=product), body)
    assert reply.status_code == never.status_code == 404
    given = reply.text
    for uuid in theirs.values():
        given = given.replace(uuid, UNKNOWN)
    assert given == never.text


def test_what_is_anothers_is_in_no_list(desk: Desks, theirs: dict[str, str]):
    for path in ("/companies?size=200", "/orders?size=200", "/subscriptions?size=200"):
        assert not set(theirs.values()) & {each["id"] for each in desk("other client").get(path)["content"]}


def test_an_order_names_none_but_ones_own(desk: Desks, theirs: dict[str, str]):
    stranger = desk("other client")
    line = stranger.line("G-1", "Annual")
    told = []
    for company, base in ((theirs["company"], theirs["subscription"]), (UNKNOWN, UNKNOWN)):
        reply = stranger.ask(
            "POST", "/orders", {"companyId": company, "lineItems": [{**line, "parentSubscriptionId": base}]}
        )
        assert reply.status_code == 422
        told.append([each.replace(company, "X").replace(base, "X") for each in reply.json()["errors"]])
    assert (
        told[0]
        == told[1]
        == ["companyId: Company Not Found: X", "lineItems[0].parentSubscriptionId: Subscription Not Found: X"]
    )


@pytest.mark.parametrize("who", ["vendor", "operations", "other vendor"])
def test_others_are_no_partners(desk: Desks, who: str):
    for method, path in (("GET", "/companies"), ("POST", "/orders"), ("GET", f"/orders/{UNKNOWN}")):
        reply = desk(who).ask(method, path, {} if method == "POST" else None)
        assert (reply.status_code, reply.json()["type"]) == (403, "FORBIDDEN")


def test_a_person_who_is_held_to_one_buyer_sees_its_companies_alone(desk: Desks, theirs: dict[str, str]):
    found = desk("restricted").get("/companies")
    assert [each["name"] for each in found["content"]] == [COMPANY] and found["page"]["totalElements"] == 1


def test_a_company_that_is_made_is_its_makers(desk: Desks):
    made = desk("other client").post("/companies", {**BIRCH, "name": "Elsewhere"})
    assert desk().ask("GET", f"/companies/{made['id']}").status_code == 404
