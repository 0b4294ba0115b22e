"""Authorizations and listings: what they bring together must fit, and what is used is not taken away."""

from typing import Any

import pytest

from tests.party import Api, at_once, ok
from tests.purchases import placed
from tests.serving import Served
from tests.world import OTHER_PRODUCT, PRODUCT, refer

LISTINGS, AUTHORIZATIONS, LISTS = "/catalog/listings", "/catalog/authorizations", "/catalog/price-lists"
SELLER = "SEL-4001-0001"
ONE_OR_MORE = "One or more validation errors occurred."


def allowed(api: Api, **more: Any) -> Any:
    """A new authorization."""
    body = {"name": "Leave", "product": refer(PRODUCT), "owner": refer(SELLER), "currency": "EUR",
            "journal": {"firstInvoiceDate": "2026-12-01", "frequency": "1m"},
            "eligibility": {"client": True, "partner": False}, **more}  # fmt: skip
    return ok(api("operations").post(AUTHORIZATIONS, body))


def offer(**more: Any) -> dict[str, Any]:
    """The body of a listing."""
    return {"product": refer(PRODUCT), "seller": refer(SELLER), "authorization": refer("AUT-5001-0001"),
            "priceList": refer("PRC-5001-0001-0001"), "eligibility": {"client": True, "partner": False}, **more}  # fmt: skip


def test_an_authorization_is_made_read_changed_and_deleted(api: Api):
    found = allowed(api, externalIds={"operations": "E-1"}, notes="Since today", settings='{"a": 1}')
    at = f"{AUTHORIZATIONS}/{found['id']}"
    assert found["vendor"]["id"] == "ACC-3001-0001" and found["owner"]["id"] == SELLER
    assert found["journal"] == {"firstInvoiceDate": "2026-12-01T00:00:00.000Z", "frequency": "1m"}
    assert found["statistics"] == {"sellers": 0, "listings": 0, "agreements": 0, "subscriptions": 0}
    after = ok(api("operations").put(at, {"notes": "Later", "currency": "USD", "product": refer(OTHER_PRODUCT)}))
    assert (after["notes"], after["currency"], after["product"]["id"]) == ("Later", "EUR", PRODUCT)
    assert {"statistics", "settings"}.isdisjoint(ok(api("client").get(at)))
    assert ok(api("vendor").get(at))["externalIds"] == {"operations": "E-1"}
    assert api("other vendor").get(at).status == 404
    for who in ("client", "vendor"):
        assert api(who).post(AUTHORIZATIONS, {}).status == 403
        assert api(who).put(at, {"notes": "x"}).status == 403
        assert api(who).delete(at).status == 403
    assert api("operations").delete(at).status == 204
    assert api("operations").get(at).status == 404


@pytest.mark.parametrize("missing", ["name", "product", "owner", "currency"])
def test_what_an_authorization_lacks_is_told(api: Api, missing: str):
    body = {"name": "x", "product": refer(PRODUCT), "owner": refer(SELLER), "currency": "EUR"}
    del body[missing]
    reply = api("operations").post(AUTHORIZATIONS, body)
    assert (reply.status, reply.json["title"], set(reply.json["errors"])) == (400, ONE_OR_MORE, {missing})


def test_what_sells_is_not_taken_away(api: Api):
    for at in (f"{AUTHORIZATIONS}/AUT-5001-0001", f"{LISTS}/PRC-5001-0001-0001"):
        assert api("operations").delete(at).status == 409
    found = ok(api("operations").post(LISTINGS, offer()))
    assert api("operations").delete(f"{LISTINGS}/{found['id']}").status == 204
    authorization = allowed(api)
    found = ok(api("operations").post(LISTINGS, offer(authorization=refer(authorization["id"]))))
    at = f"{AUTHORIZATIONS}/{authorization['id']}"
    assert api("operations").delete(at).status == 409
    assert ok(api("vendor").get(at))["statistics"]["listings"] == 1
    assert api("operations").delete(f"{LISTINGS}/{found['id']}").status == 204
    assert api("operations").delete(at).status == 204
    reply = api("operations").post(LISTINGS, offer(authorization=refer(authorization["id"])))
    assert (reply.status, set(reply.json["errors"])) == (400, {"authorization.id"})


def test_what_has_agreements_is_not_taken_away(api: Api, served: Served):
    placed(served)
    at = f"{LISTINGS}/LST-5001-0001"
    told = ok(api("vendor").get(at))["statistics"]
    assert told["agreements"] >= 1 and told["subscriptions"] == 0
    assert "statistics" not in ok(api("client").get(at))
    assert api("operations").delete(at).status == 409


def test_a_listing_is_made_read_changed_and_deleted(api: Api):
    found = ok(api("operations").post(LISTINGS, offer(notes="Here")))
    at = f"{LISTINGS}/{found['id']}"
    assert found["name"] == found["id"] and found["primary"] is False and found["vendor"]["id"] == "ACC-3001-0001"
    after = ok(api("operations").put(at, {"notes": "There", "name": "Alpha", "seller": refer("SEL-0000-0000")}))
    assert (after["notes"], after["name"], after["seller"]["id"]) == ("There", "Alpha", SELLER)
    for who in ("client", "vendor"):
        assert ok(api(who).get(at))["name"] == "Alpha"
        assert api(who).post(LISTINGS, offer()).status == 403
        assert api(who).put(at, {"primary": True}).status == 403
        assert api(who).delete(at).status == 403
    assert api("other vendor").get(at).status == 404 and api("other vendor").put(at, {}).status == 404
    assert api("operations").delete(at).status == 204
    assert api("client").get(at).status == 404


def test_a_listing_brings_together_what_fits(api: Api):
    dollars = ok(api("operations").post(LISTS, {"product": refer(PRODUCT), "currency": "USD"}))
    for more, faults in (
        ({"authorization": refer("AUT-5002-0001")}, {"authorization.id"}),
        ({"priceList": refer("PRC-5002-0001-0001")}, {"priceList.id"}),
        ({"product": refer(OTHER_PRODUCT)}, {"authorization.id", "priceList.id"}),
        ({"priceList": refer(dollars["id"])}, {"priceList.id"}),
        ({"seller": refer("SEL-0000-0000")}, {"seller.id"}),
    ):
        reply = api("operations").post(LISTINGS, offer(**more))
        assert (reply.status, reply.json["title"]) == (400, "Bad Request") and set(reply.json["errors"]) == faults
    reply = api("operations").post(LISTINGS, {})
    assert reply.json["title"] == ONE_OR_MORE
    assert set(reply.json["errors"]) == {"product", "seller", "authorization", "priceList"}


def primaries(api: Api) -> set[str]:
    return {each["id"] for each in ok(api("operations").get(f"{LISTINGS}?eq(product.id,{PRODUCT})&limit=100"))["data"]
            if each["primary"]}  # fmt: skip


def test_one_listing_is_the_first_choice_for_each_kind_of_licensee(api: Api):
    first = ok(api("operations").post(LISTINGS, offer(primary=True)))["id"]
    assert primaries(api) == {first}  # it was for all before
    partner = ok(api("operations").post(LISTINGS, offer(primary=True, eligibility={"client": False, "partner": True})))["id"]  # fmt: skip
    assert primaries(api) == {first, partner}
    everybody = ok(api("operations").post(LISTINGS, offer(primary=True, eligibility={"client": True, "partner": True})))["id"]  # fmt: skip
    assert primaries(api) == {everybody}
    ok(api("operations").put(f"{LISTINGS}/{partner}", {"primary": True}))
    assert primaries(api) == {partner}
    ok(api("operations").put(f"{LISTINGS}/{first}", {"primary": True}))
    ok(api("operations").put(f"{LISTINGS}/{first}", {"eligibility": {"partner": True}}))
    assert primaries(api) == {first}
    assert (
        api("operations").get(f"/audit/records?eq(object.id,'{partner}')").json["data"][0]["event"].endswith("updated")
    )


def test_of_several_that_want_to_be_the_first_choice_at_once_one_is(api: Api):
    replies = at_once(*(lambda: api("operations").post(LISTINGS, offer(primary=True)) for _ in range(6)))
    assert {reply.status for reply in replies} <= {201, 409}
    assert len(primaries(api)) == 1


def test_a_list_that_is_deleted_while_it_is_listed_is_one_or_the_other(api: Api, served: Served):
    for _ in range(6):
        prices = ok(api("operations").post(LISTS, {"product": refer(PRODUCT), "currency": "EUR"}))
        replies = at_once(
            lambda prices=prices: api("operations").delete(f"{LISTS}/{prices['id']}"),
            lambda prices=prices: api("operations").post(LISTINGS, offer(priceList=refer(prices["id"]))),
        )
        assert {reply.status for reply in replies} in ({204, 400}, {204, 409}, {409, 201}), [
            reply.json for reply in replies
        ]
