"""What vendors and operations do without an order: agreements, subscriptions and assets (spec 3.1 to 3.3)."""

import pytest

from tests.orders import agreement, line_of, live, ordered, two_subscriptions
from tests.party import ok
from tests.world import BUYER, LICENSEE, MONTHLY, ONCE, OTHER_YEARLY, PRODUCT, SECOND_LICENSEE, YEARLY, refer

AGREEMENTS, SUBSCRIPTIONS, ASSETS = "/commerce/agreements", "/commerce/subscriptions", "/commerce/assets"


def begun(**more):
    """What operations says of an agreement that was made elsewhere."""
    return {
        "name": "From before", "status": "Active", "vendor": refer("ACC-3001-0001"), "product": refer(PRODUCT),
        "authorization": refer("AUT-5001-0001"), "seller": refer("SEL-4001-0001"), "buyer": refer(BUYER),
        "licensee": refer(LICENSEE), "externalIds": {"operations": "OLD-1", "vendor": "not mine"},
        "value": 5, "startDate": "2026-01-01T00:00:00.000Z",
    } | more  # fmt: skip


def entered(served, **more):
    return ok(served.call("operations", "POST", AGREEMENTS, begun(**more)))


def running(served, held, **more):
    """A subscription that the vendor enters."""
    body = {
        "name": "Migrated", "agreement": refer(held["id"]), "externalIds": {"vendor": "v-1"}, "status": "Active",
        "startDate": "2026-01-31T00:00:00.000Z", "lines": [{"item": refer(YEARLY), "quantity": 5}],
    } | more  # fmt: skip
    return ok(served.call("vendor", "POST", SUBSCRIPTIONS, body))


# Agreements -------------------------------------------------------------------------------------------


def test_operations_enters_an_agreement(api, served):
    made = entered(served, parameters={"ordering": [{"externalId": "company", "value": "Old Ltd"}]})
    assert (made["status"], made["name"], made["externalIds"]) == ("Active", "From before", {"operations": "OLD-1"})
    seen = agreement(served, made["id"])
    assert {n: seen[n]["id"] for n in ("client", "vendor", "licensee", "buyer", "seller", "listing")} == {
        "client": "ACC-2001-0001", "vendor": "ACC-3001-0001", "licensee": LICENSEE, "buyer": BUYER,
        "seller": "SEL-4001-0001", "listing": "LST-5001-0001"}  # fmt: skip
    assert seen["price"]["currency"] == "EUR" and "startDate" not in seen
    assert api("other client").get(f"{AGREEMENTS}/{made['id']}").status == 404
    assert entered(served, status="Terminated")["status"] == "Terminated"


@pytest.mark.parametrize("who", ["client", "vendor"])
def test_nobody_else_enters_agreements(api, who):
    assert api(who).post(AGREEMENTS, begun()).status == 403


FAULTS = [
    # what is said otherwise                                the faults are at
    ({"status": "Draft"},                                   {"status"}),
    ({"status": None},                                      {"status"}),
    ({"product": None, "licensee": None},                   {"product", "licensee"}),
    ({"product": refer("PRD-0000-0000")},                   {"product.id"}),
    ({"licensee": refer(SECOND_LICENSEE)},                  {"buyer.id"}),
    ({"vendor": refer("ACC-3002-0001")},                    {"vendor.id"}),
    ({"authorization": refer("AUT-5002-0001")},             {"authorization.id"}),
    ({"name": None},                                        {"name"}),
]  # fmt: skip


@pytest.mark.parametrize(("more", "faults"), FAULTS)
def test_an_agreement_is_between_parties_that_fit(api, more, faults):
    reply = api("operations").post(AGREEMENTS, begun(**more))
    assert (reply.status, set(reply.json["errors"])) == (400, faults)


def test_each_actor_writes_its_own_of_an_agreement(api, served):
    held = live(served)
    path = f"{AGREEMENTS}/{held['id']}"
    for who in ("client", "vendor", "operations"):
        body = {"name": f"By {who}", "externalIds": {who: who}, "status": "Deleted", "client": refer("ACC-2002-0001")}
        changed = ok(api(who).put(path, body))
        assert (changed["name"], changed["externalIds"], changed["status"]) == (f"By {who}", {who: who}, "Active")
    values = {"parameters": {"fulfillment": [{"externalId": "customerId", "value": "c-77"}]}}
    ok(api("client").put(path, values))
    assert "c-77" not in str(agreement(served, held["id"], "vendor"))
    assert "c-77" in str(ok(api("vendor").put(path, values)))
    wrong = api("vendor").put(path, {"template": refer("TPL-5001-0001-0001")})
    assert (wrong.status, list(wrong.json["errors"])) == (400, ["template.id"])


def test_estimates_are_manual_until_the_price_is_computed_anew(api, served):
    held = two_subscriptions(served)
    path = f"{AGREEMENTS}/{held['id']}"
    ok(api("vendor").put(path, {"price": {"PPxY": 5000, "SPxY": 1}}))
    seen = agreement(served, held["id"], "operations")["price"]
    assert (seen["source"], seen["PPxY"], seen["SPxY"]) == ("Manual", 5000, held["price"]["SPxY"])
    ok(api("operations").put(path, {"price": {"SPxY": 6000, "defaultMargin": 20}}))
    seen = agreement(served, held["id"], "operations")["price"]
    assert (seen["SPxY"], seen["defaultMarkup"], seen["defaultMargin"]) == (6000, 25, 20)
    ok(api("operations").put(path, {"price": {"defaultMarkup": 20}}))  # what the margin was is another markup
    assert agreement(served, held["id"], "operations")["price"]["defaultMargin"] == pytest.approx(100 / 6)
    ended = line_of(held, MONTHLY)["subscription"]["id"]
    ok(api("vendor").post(f"{SUBSCRIPTIONS}/{ended}/terminate"))
    seen = agreement(served, held["id"], "operations")["price"]
    assert (seen["source"], seen["PPxY"]) == ("Computed", 1200)


def test_one_is_billed_in_a_currency_of_the_seller(api, served):
    path = f"{AGREEMENTS}/{live(served)['id']}"
    assert ok(api("client").put(path, {"price": {"billingCurrency": "EUR"}}))["price"]["billingCurrency"] == "EUR"
    reply = api("client").put(path, {"price": {"billingCurrency": "XXX"}})
    assert (reply.status, list(reply.json["errors"])) == (400, ["price.billingCurrency"])


# Subscriptions ----------------------------------------------------------------------------------------


def test_a_vendor_enters_a_subscription(api, served):
    held = entered(served)
    made = running(served, held)
    assert (made["status"], made["autoRenew"], made["price"]["PPxY"]) == ("Active", True, 600)
    assert made["terms"] == {"model": "quantity", "period": "1y", "commitment": "1y"}
    assert made["commitmentDate"] == "2027-01-31T00:00:00.000Z"
    assert made["lines"][0]["id"] == f"ALI-{held['id'][4:]}-0001"
    assert made["template"]["id"] == "TPL-5001-0001-0004"
    seen = agreement(served, held["id"])
    assert seen["price"]["SPxY"] == 660 and [each["id"] for each in seen["subscriptions"]] == [made["id"]]
    assert ok(api("client").get(f"{SUBSCRIPTIONS}?eq(id,{made['id']})&select=lines"))["data"][0]["lines"]
    own = running(served, held, lines=[{"item": refer(MONTHLY), "quantity": 2, "price": {"unitPP": 8}}])
    assert own["price"]["PPxM"] == 16


@pytest.mark.parametrize("who", ["client", "operations"])
@pytest.mark.parametrize("kind", [SUBSCRIPTIONS, ASSETS])
def test_nobody_else_enters_or_ends_what_is_held(api, served, who, kind):
    assert api(who).post(kind, {"agreement": refer(live(served)["id"]), "name": "x"}).status == 403
    found = ok(api(who).get(f"{kind}?limit=1"))["data"][0]["id"]
    assert api(who).post(f"{kind}/{found}/terminate").status == 403


LINES = [
    # the lines                                                the faults are at
    ([],                                                       "lines"),
    ([{"item": refer(ONCE), "quantity": 1}],                   "lines[0].item.id"),
    ([{"item": refer(OTHER_YEARLY), "quantity": 1}],           "lines[0].item.id"),
    ([{"item": refer(YEARLY)}],                                "lines[0].quantity"),
    ([{"item": refer(YEARLY), "quantity": 0}],                 "lines[0].quantity"),
    ([{"item": refer(YEARLY), "quantity": -1}],                "lines[0].quantity"),
    ([{"item": refer(YEARLY), "quantity": 1}] * 2,             "lines[1].item.id"),
    ([{"item": refer(YEARLY), "quantity": 1}, {"item": refer(MONTHLY), "quantity": 1}], "lines"),
    ([{"item": refer(YEARLY), "quantity": 1, "price": {"unitPP": "much"}}], "lines[0].price.unitPP"),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "fault"), LINES)
def test_bad_lines_of_a_subscription_are_told(api, served, lines, fault):
    held = entered(served)
    reply = api("vendor").post(SUBSCRIPTIONS, {"agreement": refer(held["id"]), "name": "x", "lines": lines})
    assert (reply.status, list(reply.json["errors"])) == (400, [fault])
    assert agreement(served, held["id"])["subscriptions"] == []


def test_it_belongs_to_a_live_agreement_of_the_vendor(api, served):
    ended = entered(served, status="Terminated")
    body = {"name": "x", "lines": [{"item": refer(YEARLY), "quantity": 1}]}
    assert api("vendor").post(SUBSCRIPTIONS, body | {"agreement": refer(ended["id"])}).status == 409
    foreign = api("other vendor").post(SUBSCRIPTIONS, body | {"agreement": refer(ended["id"])})
    assert (foreign.status, list(foreign.json["errors"])) == (400, ["agreement.id"])
    assert list(api("vendor").post(SUBSCRIPTIONS, body).json["errors"]) == ["agreement"]


def test_each_actor_writes_its_own_of_a_subscription(api, served):
    held = live(served)
    path = f"{SUBSCRIPTIONS}/{held['subscriptions'][0]['id']}"
    line = line_of(held, YEARLY)["id"]
    changed = ok(api("client").put(path, {"name": "Ours", "autoRenew": False, "externalIds": {"client": "c"},
                                          "lines": [{"id": line, "quantity": 1}]}))  # fmt: skip
    assert (changed["name"], changed["autoRenew"], changed["lines"][0]["quantity"]) == ("Ours", True, 10)
    changed = ok(api("vendor").put(path, {"autoRenew": False, "commitmentDate": "2030-05-05T00:00:00.000Z",
                                          "lines": [{"id": line, "quantity": 12, "price": {"unitPP": 100}}]}))  # fmt: skip
    assert (changed["autoRenew"], changed["price"]["PPxY"], changed["lines"][0]["quantity"]) == (False, 1200, 12)
    assert agreement(served, held["id"])["price"]["SPxY"] == 1320
    changed = ok(api("operations").put(path, {"lines": [{"id": line, "price": {"markup": 50}}],
                                              "price": {"defaultMarkup": 7}}))  # fmt: skip
    assert (changed["price"]["SPxY"], changed["price"]["defaultMarkup"]) == (1800, 7)
    assert agreement(served, held["id"])["price"]["SPxY"] == 1800
    wrong = api("vendor").put(path, {"lines": [{"id": line, "quantity": 0}, {"id": "ALI-1"}]})
    assert set(wrong.json["errors"]) == {"lines[0].quantity", "lines[1].id"}
    ordered(served, held, "Change", lines=[{"id": line, "quantity": 13}])
    assert api("vendor").put(path, {"lines": [{"id": line, "quantity": 14}]}).status == 409
    assert api("vendor").post(f"{path}/terminate").status == 409


def test_a_vendor_ends_a_subscription(api, served):
    held = two_subscriptions(served)
    first = line_of(held, YEARLY)["subscription"]["id"]
    done = ok(api("vendor").post(f"{SUBSCRIPTIONS}/{first}/terminate", {"description": "Not paid."}))
    assert (done["status"], done["autoRenew"], done["lines"][0]["status"]) == ("Terminated", False, "Terminated")
    assert done["terminationDate"] and done["lines"][0]["quantity"] == 0
    assert agreement(served, held["id"])["status"] == "Active"
    assert api("vendor").post(f"{SUBSCRIPTIONS}/{first}/terminate").status == 409


def test_the_last_subscription_takes_agreement_and_assets_along(api, served):
    held = live(served)
    ok(api("vendor").post(f"{SUBSCRIPTIONS}/{held['subscriptions'][0]['id']}/terminate"))
    now = agreement(served, held["id"])
    assert (now["status"], [each["status"] for each in now["assets"]]) == ("Terminated", ["Terminated"])
    assert {each["quantity"] for each in now["lines"]} == {0}


# Assets -----------------------------------------------------------------------------------------------


def test_a_vendor_enters_and_ends_an_asset(api, served):
    held = entered(served)
    body = {"name": "Kit", "agreement": refer(held["id"]), "externalIds": {"vendor": "kit-1"},
            "lines": [{"item": refer(ONCE), "quantity": 2, "price": {"unitPP": 300}}]}  # fmt: skip
    made = ok(api("vendor").post(ASSETS, body))
    assert (made["status"], made["price"]["PPx1"], made["terms"]["period"]) == ("Active", 600, "one-time")
    again = ok(api("vendor").post(ASSETS, body))
    assert again["lines"][0]["id"] != made["lines"][0]["id"]
    path = f"{ASSETS}/{made['id']}"
    assert ok(api("client").put(path, {"name": "Our kit", "externalIds": {"client": "k"}}))["name"] == "Our kit"
    line = {"id": made["lines"][0]["id"], "price": {"markup": 100}}
    assert ok(api("operations").put(path, {"lines": [line], "price": {"defaultMarkup": 3}}))["price"]["SPx1"] == 1200
    done = ok(api("vendor").post(f"{path}/terminate"))
    assert (done["status"], done["lines"][0]["status"]) == ("Terminated", "Terminated")
    assert api("vendor").post(f"{path}/terminate").status == 409
    assert agreement(served, held["id"])["status"] == "Active"
    found = ok(api("vendor").get(
        f"{ASSETS}?eq(externalIds.vendor,kit-1)&eq(agreement.id,{held['id']})&eq(status,Active)&select=agreement.id"
    ))  # fmt: skip
    assert found["$meta"]["pagination"]["total"] == 1


def test_a_dry_run_enters_nothing(api, served):
    held = entered(served)
    body = {"name": "x", "agreement": refer(held["id"]), "lines": [{"item": refer(YEARLY), "quantity": 1}]}
    assert api("vendor").post(SUBSCRIPTIONS, body, Prefer="dry-run").status == 201
    assert agreement(served, held["id"]) == agreement(served, held["id"]) | {"subscriptions": [], "lines": []}
