"""The client from PyPI, unmodified: `pax8` 0.5, whose classes break at any field that they do not know."""

import json
import time
from pathlib import Path

import httpx
import pytest
import requests
from pax8 import Pax8Client, enums, exceptions, filters

from tests.pax8.conftest import COMPANY, LEGACY, SECOND_COMPANY, UNKNOWN, Desk, Desks
from tests.pax8.test_pax8_companies import ADA
from tests.serving import Served, token_of


def signed_in(served: Served, folder: Path, who: str) -> Pax8Client:
    """The client with a token of its own, sent here instead of to the address that it has built in."""
    _, client_id, secret = token_of(who).split(":")
    body = {"client_id": client_id, "client_secret": secret, "audience": LEGACY, "grant_type": "client_credentials"}
    given = httpx.post(f"{served.url}/pax8/oauth/token", json=body).json()
    bearer = f"{given['token_type']} {given['access_token']}"
    kept = {"token": bearer, "expiry": time.time() + given["expires_in"], "default_headers": {"Authorization": bearer}}
    file = folder / "token.json"
    file.write_text(json.dumps(kept))
    client = Pax8Client(client_id, secret, cache_token=True, cache_location=str(file))
    client.conn._RestClient__baseurl = f"{served.url}/pax8/v1/"
    return client


@pytest.fixture(scope="module")
def client(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Pax8Client:
    """The client of the partner."""
    return signed_in(served, tmp_path_factory.mktemp("pax8"), "client")


@pytest.fixture(scope="module")
def partner(desk: Desks) -> Desk:
    """The same partner, with something in hand: a subscription, an order, a contact."""
    partner = desk()
    partner.subscriptions(partner.order(partner.line("G-1", "Annual", 6), partner.line("G-2", "Monthly", 2)))
    partner.post(f"/companies/{partner.company(COMPANY)}/contacts", ADA)
    return partner


def test_it_signs_in_by_itself(served: Served, monkeypatch: pytest.MonkeyPatch):
    """Its own request for a token, sent here: nothing else about it is changed."""
    real = requests.post
    monkeypatch.setattr(
        requests, "post", lambda url, **more: real(url.replace("https://login.pax8.com", f"{served.url}/pax8"), **more)
    )
    _, client_id, secret = token_of("client").split(":")
    client = Pax8Client(client_id, secret, cache_token=False)
    assert client.conn.is_connected()
    with pytest.raises(Exception, match=r"401 .*access_denied"):
        Pax8Client(client_id, "wrong", cache_token=False)


def test_companies(client: Pax8Client, partner: Desk):
    every = client.Company.list()
    assert {each.name for each in every} == {COMPANY, SECOND_COMPANY}
    one = client.Company.get(partner.company(COMPANY))
    assert one.status is enums.CompanyStatus.ACTIVE and one.address.city == "Bern"
    asked = filters.CompanyFilter(page=0, size=1, sort=enums.CompanySortBy.NAME, sort_direction=enums.SortDirection.DESCENDING, country="CH",
                                  selfServiceAllowed=False, status=enums.CompanyStatus.ACTIVE)  # fmt: skip
    assert [each.name for each in client.Company.list(asked)] == [SECOND_COMPANY]
    assert client.Company.list(filters.CompanyFilter(city="Basel")) == []


def test_contacts(client: Pax8Client, partner: Desk):
    company = partner.company(COMPANY)
    (ada,) = client.Company.list_contacts(company, filters.ContactFilter(size=5))
    assert (ada.firstName, ada.email) == ("Ada", "ada@birch.example")
    assert client.Company.get_contact(company, ada.id) == ada


def test_products(client: Pax8Client, partner: Desk):
    every = client.Product.list(filters.ProductFilter(size=200, sort=enums.ProductSortBy.VENDOR))
    found = next(each for each in every if each.vendorSku == "G-1")
    assert client.Product.get(found.id) == found
    assert client.Product.list(filters.ProductFilter(vendorName="nobody")) == []
    details = client.Product.list_provisioning_details(found.id)
    assert "company" in {each.key for each in details}
    needs = client.Product.list_dependencies(found.id)
    assert [each.term for each in needs.commitmentDependencies] == ["1-Year"] and needs.productDependencies == []


def test_prices_are_answered_in_its_words(client: Pax8Client, partner: Desk):
    """Its own class of a rate holds a set where a mapping is meant, so it is built from the plain answer."""
    plain = client.conn.list_nested_resource("products", partner.product("G-1"), "pricing")
    assert plain[0]["billingTerm"] == "Annual" and set(plain[0]) == {
        "billingTerm", "commitmentTerm", "commitmentTermInMonths", "type", "unitOfMeasurement", "rates",
    }  # fmt: skip
    (price,) = client.Product.list_pricing(partner.product("G-1"))
    assert price.billingTerm is enums.BillingTerm.ANNUAL and price.rates[0].partnerBuyRate == 132


def test_orders(client: Pax8Client, partner: Desk):
    (order,) = client.Order.list(filters.OrderFilter(companyId=partner.company(COMPANY), size=200))
    assert order.orderedBy is enums.OrderedBy.PAX8_PARTNER
    assert [each.quantity for each in order.lineItems] == [6, 2] and all(
        each.subscriptionId for each in order.lineItems
    )
    assert client.Order.get(order.id) == order
    assert client.Order.list(filters.OrderFilter(companyId=partner.company(SECOND_COMPANY))) == []


def test_subscriptions(client: Pax8Client, partner: Desk):
    asked = filters.SubscriptionFilter(size=1, sort=enums.SubscriptionSortBy.QUANTITY, status=enums.SubscriptionStatus.ACTIVE,
                                       billingTerm=enums.BillingTerm.ANNUAL, companyId=partner.company(COMPANY), productId=partner.product("G-1"))  # fmt: skip
    (held,) = client.Subscription.list(asked)
    assert (
        held.quantity,
        held.status,
        held.commitment["term"] if isinstance(held.commitment, dict) else held.commitment.term,
    ) == (6, enums.SubscriptionStatus.ACTIVE, "1-Year")
    assert client.Subscription.get(held.id).id == held.id
    assert len(client.Subscription.get_history(held.id).content) == 1
    assert client.Subscription.list_usage_summaries(held.id) == []
    assert client.UsageSummary.list_for_subscription(held.id) == []
    assert len(client.Subscription.list()) == 2


def test_invoices_and_usage_are_empty(client: Pax8Client):
    asked = filters.InvoiceFilter(
        sort=enums.InvoiceSortBy.INVOICE_DATE, status=enums.InvoiceStatus.NOTHING_DUE, companyId=None
    )
    assert client.Invoice.list() == client.Invoice.list(asked) == []
    for call in (
        client.Invoice.get,
        client.Invoice.list_items,
        client.UsageSummary.get,
        client.UsageSummary.list_usage_lines,
    ):
        with pytest.raises(exceptions.UnexpectedResponseException, match="NOT_FOUND"):
            call(UNKNOWN)


def test_what_is_not_there_is_told(client: Pax8Client):
    for call in (client.Company.get, client.Product.get, client.Order.get, client.Subscription.get):
        with pytest.raises(exceptions.UnexpectedResponseException, match="Not Found"):
            call(UNKNOWN)
