"""Price lists, policies, authorizations and listings by the official client: every method, as each actor."""

from typing import Any

import pytest
from mpt_api_client.exceptions import MPTAPIError
from mpt_api_client.rql import RQLQuery

from tests.parts import PDF
from tests.world import OTHER_PRODUCT, PRODUCT, refer

SELLER = "SEL-4001-0001"


@pytest.mark.parametrize("who", ["vendor", "operations"])
def test_a_price_list_is_created_changed_filled_and_deleted(speak: Any, client: Any, who: str) -> None:
    lists = speak(who).catalog.price_lists
    made = lists.create(
        {"notes": "e2e", "defaultMarkup": "20.0", "product": refer(PRODUCT), "currency": "USD", "default": False}
    )
    assert (made.currency, made.precision, lists.get(made.id).notes) == ("USD", 2, "e2e")
    assert lists.update(made.id, {"notes": "changed"}).notes == "changed"
    assert lists.filter(RQLQuery(id=made.id)).fetch_one().id == made.id
    items = lists.items(made.id)
    (first, *_) = items.filter(RQLQuery(status="Draft")).iterate()
    assert items.get(first.id).id == first.id
    priced = items.update(first.id, {"unitLP": "15.0", "unitPP": "10.0", "status": "ForSale"})
    assert (priced.unit_pp, priced.status) == (10, "ForSale")
    if who == "operations":
        assert items.update(first.id, {"unitSP": 12.5}).markup == 25
    with pytest.raises(MPTAPIError, match="400 Bad Request"):
        items.update(first.id, {"unitPP": "NaN"})
    for refused in (lambda: items.get("PRI-0000-0000-0000-0000"), lambda: lists.get("PRC-0000-0000-0000")):
        with pytest.raises(MPTAPIError, match="404 Not Found"):
            refused()
    with pytest.raises(MPTAPIError, match="400 One or more validation errors occurred"):
        lists.create({"notes": "e2e", "currency": "USD"})
    lists.delete(made.id)
    for gone in (lists.get, lists.delete):
        with pytest.raises(MPTAPIError, match="404 Not Found"):
            gone(made.id)
    for refused in (lambda: client.catalog.price_lists.create({"product": refer(PRODUCT), "currency": "USD"}),
                    lambda: client.catalog.price_lists.update("PRC-5001-0001-0001", {}),
                    lambda: client.catalog.price_lists.delete("PRC-5001-0001-0001"),
                    lambda: client.catalog.price_lists.items("PRC-5001-0001-0001").update("PRI-5001-0001-0001-0001", {})):  # fmt: skip
        with pytest.raises(MPTAPIError, match="403 Forbidden"):
            refused()


def test_prices_are_found_as_the_command_line_looks_for_them(vendor: Any) -> None:
    found = vendor.catalog.price_lists.items("PRC-5001-0001-0001").filter(
        RQLQuery.from_string("eq(item.ExternalIds.vendor,'A-1')")
    )
    one = found.select("audit", "item.terms", "priceList.precision", "priceList.currency").fetch_one()
    assert (one.item.terms.period, one.price_list.currency) == ("1y", "EUR") and one.audit


def test_a_policy_is_granted_and_ended(speak: Any, client: Any, vendor: Any, operations: Any) -> None:
    policies = operations.catalog.pricing_policies
    body = {"name": "e2e - please delete", "client": refer("ACC-2002-0001"), "product": refer(OTHER_PRODUCT),
            "eligibility": {"client": True, "partner": False}, "margin": "0.20", "notes": "e2e",
            "externalIds": {"operations": "e2e"}}  # fmt: skip
    made = policies.create(body)
    assert made.status == "Active" and policies.get(made.id).name == body["name"]
    assert policies.filter(RQLQuery(id=made.id)).fetch_one().id == made.id
    with pytest.raises(MPTAPIError, match="409 Conflict"):
        policies.create(body)
    with pytest.raises(MPTAPIError, match="400 One or more validation errors occurred"):
        policies.create({"name": "e2e"})
    assert policies.update(made.id, {"name": "changed"}).name == "changed"
    assert policies.disable(made.id).status == "Disabled"
    assert policies.activate(made.id).status == "Active"
    attachments = policies.attachments(made.id)
    paper = attachments.create({"name": "e2e", "description": "d"}, file=("empty.pdf", b"%PDF", PDF))
    assert attachments.get(paper.id).name == "e2e"
    assert attachments.update(paper.id, {"description": "changed"}).description == "changed"
    assert attachments.download(paper.id).file_contents == b"%PDF"
    assert attachments.filter(RQLQuery(id=paper.id)).fetch_one().id == paper.id
    for stranger in (client, vendor, speak("other client")):
        theirs = stranger.catalog.pricing_policies.attachments(made.id)
        for call in (theirs.get, theirs.delete, theirs.download, lambda i, s=theirs: s.update(i, {})):
            with pytest.raises(MPTAPIError, match="404 Not Found"):
                call(paper.id)
        with pytest.raises(MPTAPIError, match=r"40[34] "):
            theirs.create({"name": "x"}, file=("empty.pdf", b"%PDF", PDF))
    attachments.delete(paper.id)
    with pytest.raises(MPTAPIError, match="404 Not Found"):
        attachments.get(paper.id)
    assert speak("other client").catalog.pricing_policies.get(made.id).name == "changed"
    for call in (lambda s: s.update(made.id, {}), lambda s: s.disable(made.id), lambda s: s.activate(made.id),
                 lambda s: s.delete(made.id), lambda s: s.create(body)):  # fmt: skip
        for who in ("other client", "client", "vendor"):
            with pytest.raises(MPTAPIError, match=r"40[34] "):
                call(speak(who).catalog.pricing_policies)
    policies.delete(made.id)
    with pytest.raises(MPTAPIError, match="404 Not Found"):
        speak("other client").catalog.pricing_policies.get(made.id)


def test_an_authorization_is_created_changed_and_deleted(client: Any, vendor: Any, operations: Any) -> None:
    authorizations = operations.catalog.authorizations
    body = {"externalIds": {"operations": "e2e"}, "product": refer(PRODUCT), "owner": refer(SELLER), "currency": "EUR",
            "journal": {"firstInvoiceDate": "2025-12-01", "frequency": "1m"}, "name": "e2e - please delete",
            "eligibility": {"client": True, "partner": True}, "notes": "e2e", "vendor": refer("ACC-3001-0001")}  # fmt: skip
    made = authorizations.create(body)
    for each in (client, vendor, operations):
        assert each.catalog.authorizations.get(made.id).name == body["name"]
        assert each.catalog.authorizations.filter(RQLQuery(id=made.id)).fetch_one().id == made.id
    assert authorizations.update(made.id, {"notes": "changed"}).notes == "changed"
    for each in (client.catalog.authorizations, vendor.catalog.authorizations):
        for refused in (lambda s: s.create(body), lambda s: s.update(made.id, {}), lambda s: s.delete(made.id)):
            with pytest.raises(MPTAPIError, match="403 Forbidden"):
                refused(each)
    authorizations.delete(made.id)
    with pytest.raises(MPTAPIError, match="404 Not Found"):
        authorizations.get(made.id)


def test_a_listing_is_created_changed_and_deleted(client: Any, vendor: Any, operations: Any) -> None:
    listings = operations.catalog.listings
    body = {"name": "e2e - please delete", "authorization": refer("AUT-5001-0001"), "product": refer(PRODUCT),
            "vendor": refer("ACC-3001-0001"), "seller": refer(SELLER), "priceList": refer("PRC-5001-0001-0001"),
            "primary": False, "notes": "e2e", "eligibility": {"client": True, "partner": False}}  # fmt: skip
    made = listings.create(body)
    for each in (client, vendor, operations):
        assert each.catalog.listings.get(made.id).name == body["name"]
        assert each.catalog.listings.filter(RQLQuery(id=made.id)).fetch_one().id == made.id
    assert listings.update(made.id, {"notes": "changed"}).notes == "changed"
    for each in (client.catalog.listings, vendor.catalog.listings):
        for refused in (lambda s: s.create(body), lambda s: s.update(made.id, {}), lambda s: s.delete(made.id)):
            with pytest.raises(MPTAPIError, match="403 Forbidden"):
                refused(each)
    listings.delete(made.id)
    with pytest.raises(MPTAPIError, match="404 Not Found"):
        listings.get(made.id)
