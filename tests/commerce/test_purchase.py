"""What becomes of a purchase: its agreement, lines, subscriptions and assets, from the first draft to the end."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from entrepot.commerce.subscription import later
from tests.party import Api, ok
from tests.purchases import completed, draft, failed, lines_named, map_lines, mapped, placed
from tests.world import (
    AUTOMATIC,
    CERTIFICATE,
    DEAD_CERTIFICATE,
    DRAFT_ITEM,
    LICENSEE,
    MONTHLY,
    ONCE,
    OTHER_LICENSEE,
    OTHER_PRODUCT,
    OTHER_YEARLY,
    PRIVATE_ITEM,
    PRODUCT,
    SECOND_LICENSEE,
    YEARLY,
    purchase,
    refer,
)

ORDERS = "/commerce/orders"


def path_of(order: Any) -> str:
    return f"{ORDERS}/{order['id']}"


def agreement_of(api: Api, order: Any, who: str = "client") -> Any:
    return ok(api(who).get(f"/commerce/agreements/{order['agreement']['id']}"))


def wanted(*items: str, quantity: int = 1) -> list[dict[str, Any]]:
    return [{"item": refer(item), "quantity": quantity} for item in items]


# The agreement (spec 2.4) -----------------------------------------------------------------------------


def test_a_purchase_begins_an_agreement_between_its_parties(api, served):
    order = draft(served)
    agreement = agreement_of(api, order)
    assert agreement["status"] == "Draft"
    parties = {name: agreement[name]["id"] for name in ("client", "vendor", "licensee", "buyer", "seller", "product")}
    assert parties == {name: order[name]["id"] for name in parties}
    assert parties["licensee"] == LICENSEE
    assert (agreement["listing"]["id"], agreement["authorization"]["id"]) == ("LST-5001-0001", "AUT-5001-0001")
    assert (agreement["lines"], agreement["subscriptions"], agreement["assets"]) == ([], [], [])


def test_an_agreement_is_named_after_product_and_client_unless_the_client_names_it(api, served):
    assert agreement_of(api, draft(served))["name"] == "Alpha Suite for Client 2001-0001"
    body = purchase()
    body["agreement"] |= {"name": "The big one", "externalIds": {"client": "A-1", "vendor": "not mine"}}
    agreement = agreement_of(api, ok(api("client").post(ORDERS, body)))
    assert (agreement["name"], agreement["externalIds"]) == ("The big one", {"client": "A-1"})


AGREEMENTS = [
    # how the order is played    the agreement is
    (draft,                      "Draft"),
    (placed,                     "Provisioning"),
    (completed,                  "Active"),
    (failed,                     "Failed"),
]  # fmt: skip


@pytest.mark.parametrize(("play", "status"), AGREEMENTS)
def test_the_agreement_goes_along_with_its_purchase(api, served, play, status):
    order = play(served)
    assert order["agreement"]["status"] == status
    assert agreement_of(api, order)["status"] == status
    assert (status.lower() in agreement_of(api, order)["audit"]) == (status in ("Provisioning", "Active"))


def test_an_order_that_is_deleted_takes_its_agreement_along_and_both_stay_visible(api, served):
    order = draft(served)
    assert api("client").delete(path_of(order)).body == b""
    found = ok(api("client").get(path_of(order)))
    assert (found["status"], found["agreement"]["status"]) == ("Deleted", "Deleted")
    assert found["audit"]["deleted"]["by"]["name"] == "Ada Moss"
    assert ok(api("vendor").get(f"{ORDERS}?eq(id,{order['id']})"))["$meta"]["pagination"]["total"] == 1
    listed = ok(api("client").get(f"/commerce/agreements?eq(id,{order['agreement']['id']})&eq(status,Deleted)"))
    assert listed["$meta"]["pagination"]["total"] == 1


def test_a_completed_purchase_gives_the_agreement_its_template_price_terms_and_certificates(api, served):
    order = completed(served, certificates=[refer(CERTIFICATE)])
    agreement = agreement_of(api, order)
    assert agreement["template"]["id"] == order["template"]["id"] == "TPL-5001-0001-0003"
    # What is bought once is no part of an agreement's price (spec 4.1).
    assert agreement["price"] == {"currency": "EUR", "SPxM": 110.0, "SPxY": 1320.0, "billingCurrency": "EUR"}
    assert agreement["termsAndConditions"] == order["termsAndConditions"] != []
    assert [each["id"] for each in agreement["certificates"]] == [CERTIFICATE]
    seen = agreement_of(api, order, "vendor")["price"]
    assert seen == {"currency": "EUR", "PPxM": 100.0, "PPxY": 1200.0}
    assert agreement_of(api, order, "operations")["price"]["source"] == "Computed"


def test_what_the_vendor_objected_to_stays_with_the_order(api, served):
    order = mapped(served)
    objection = {"externalId": "company", "constraints": {"readonly": True}, "error": {"message": "Spelt wrongly."}}
    ok(api("vendor").post(f"{path_of(order)}/complete", {"parameters": {"ordering": [objection]}}))
    asked = ok(api("vendor").get(path_of(order)))["parameters"]["ordering"][0]
    assert asked["error"]["message"] == "Spelt wrongly."
    held = agreement_of(api, order, "vendor")["parameters"]["ordering"][0]
    assert (held["value"], held["constraints"]["readonly"], "error" in held) == ("Northwind", True, False)


def test_the_markup_of_an_agreement_is_that_of_what_recurs(api, served):
    order = mapped(served)
    once = {"id": order["lines"][1]["id"], "price": {"markup": 80}}
    ok(api("operations").put(path_of(order), {"lines": [once]}))
    ok(api("vendor").post(f"{path_of(order)}/complete"))
    price = agreement_of(api, order, "operations")["price"]
    assert (price["markup"], price["defaultMarkup"]) == (10, 12)


# Lines (spec 2.5) -------------------------------------------------------------------------------------


def test_lines_carry_the_digits_of_the_agreement_and_a_running_number(served):
    order = draft(served)
    digits = order["agreement"]["id"][4:]
    assert [each["id"] for each in order["lines"]] == [f"ALI-{digits}-0001", f"ALI-{digits}-0002"]
    assert [(each["oldQuantity"], each["quantity"]) for each in order["lines"]] == [(0, 10), (0, 1)]


def test_the_number_of_a_line_that_was_removed_is_never_given_again(api, served):
    order = draft(served)
    first, second = order["lines"]
    kept = ok(api("client").put(path_of(order), {"lines": [{"id": first["id"]}, *wanted(MONTHLY)]}))
    assert [each["id"][-4:] for each in kept["lines"]] == ["0001", "0003"]
    again = ok(api("client").put(path_of(order), {"lines": [{"id": first["id"]}, *wanted(ONCE)]}))
    assert [each["id"][-4:] for each in again["lines"]] == ["0001", "0004"]
    assert second["id"] not in [each["id"] for each in again["lines"]]


def test_lines_of_a_draft_are_a_whole_set(api, served):
    order = draft(served)
    first, second = order["lines"]
    changed = ok(api("client").put(path_of(order), {"lines": [{"id": second["id"], "quantity": 3}]}))
    assert [(each["id"], each["quantity"]) for each in changed["lines"]] == [(second["id"], 3)]
    assert ok(api("client").put(path_of(order), {"notes": "left alone"}))["lines"] == changed["lines"]
    assert ok(api("client").put(path_of(order), {"lines": []}))["lines"] == []
    assert first["id"] != second["id"]


LINES = [
    # the lines                                                    the faults are at
    ([{"quantity": 1}],                                            ["lines[0].item"]),
    ([{"item": None, "quantity": 1}],                              ["lines[0].item"]),
    ([{"item": "ITM-1", "quantity": 1}],                           ["lines[0].item"]),
    ([{"item": refer("ITM-9999-9999-9999"), "quantity": 1}],       ["lines[0].item.id"]),
    ([{"item": refer(OTHER_YEARLY), "quantity": 1}],               ["lines[0].item.id"]),   # of another product
    ([{"item": refer(DRAFT_ITEM), "quantity": 1}],                 ["lines[0].item.id"]),   # not published
    ([{"item": refer(PRIVATE_ITEM), "quantity": 1}],               ["lines[0].item.id"]),   # for changes only
    ([{"item": refer(YEARLY), "quantity": 1}, {"item": refer(YEARLY), "quantity": 2}], ["lines[1].item.id"]),
    ([{"item": refer(YEARLY)}],                                    ["lines[0].quantity"]),
    ([{"item": refer(YEARLY), "quantity": None}],                  ["lines[0].quantity"]),
    ([{"item": refer(YEARLY), "quantity": "many"}],                ["lines[0].quantity"]),
    ([{"item": refer(YEARLY), "quantity": 1.5}],                   ["lines[0].quantity"]),
    ([{"item": refer(YEARLY), "quantity": 2**31}],                 ["lines[0].quantity"]),
    ([{"id": "ALI-1111-1111-1111-0001", "quantity": 1}],           ["lines[0].id"]),        # of another agreement
    (["ALI-1"],                                                    ["lines[0]"]),
    ({"item": refer(YEARLY)},                                      ["lines"]),
    ([{"item": refer(DRAFT_ITEM)}, {"quantity": "x"}],             ["lines[0].item.id", "lines[1].item"]),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "faults"), LINES)
def test_a_line_that_cannot_be_ordered_is_refused_where_it_stands(api, lines, faults):
    reply = api("client").post(ORDERS, purchase(lines=lines))
    assert (reply.status, list(reply.json["errors"])) == (400, faults)


def test_a_negative_quantity_counts_as_none(served):
    order = draft(served, lines=wanted(YEARLY, quantity=-5))
    assert order["lines"][0]["quantity"] == 0


def test_two_clients_may_ask_for_the_same_number_of_lines_at_once(api):
    """Line numbers run within an agreement, so they never meet."""
    mine = ok(api("client").post(ORDERS, purchase()))
    theirs = ok(api("other client").post(ORDERS, purchase(licensee=OTHER_LICENSEE)))
    assert not {each["id"] for each in mine["lines"]} & {each["id"] for each in theirs["lines"]}


# What an order rests on (spec 2.3.3) ------------------------------------------------------------------

SALES = [
    # what is asked for                                          the faults are at
    ({"licensee": refer(LICENSEE)},                              {"agreement.product"}),
    ({"product": refer(PRODUCT)},                                {"agreement.licensee"}),
    ({},                                                         {"agreement.product", "agreement.licensee"}),
    ({"licensee": refer(OTHER_LICENSEE), "product": refer(PRODUCT)}, {"agreement.licensee.id"}),
    ({"licensee": refer("LCE-1"), "product": refer("PRD-1")},    {"agreement.licensee.id", "agreement.product.id"}),
    ({"licensee": refer(LICENSEE), "product": refer(PRODUCT), "listing": refer("LST-5002-0001")},
                                                                 {"agreement.listing.id"}),
    ({"licensee": "LCE", "product": 5},                          {"agreement.licensee", "agreement.product"}),
]  # fmt: skip


@pytest.mark.parametrize(("agreement", "faults"), SALES)
def test_a_purchase_is_of_a_product_by_a_licensee_of_ones_own(api, agreement, faults):
    reply = api("client").post(ORDERS, {"type": "Purchase", "agreement": agreement, "lines": []})
    assert (reply.status, set(reply.json["errors"])) == (400, faults)


@pytest.mark.parametrize("kind", ["Gift", 5, None])
def test_a_type_that_there_is_not_is_refused(api, kind):
    reply = api("client").post(ORDERS, purchase() | {"type": kind})
    assert (reply.status, list(reply.json["errors"])) == (400, ["type"])


def test_the_listing_may_be_left_out_or_named(api, served):
    body = purchase()
    body["agreement"]["listing"] = refer("LST-5001-0001")
    body["authorization"] = refer("AUT-5001-0001")
    for order in (ok(api("client").post(ORDERS, body)), draft(served)):
        assert (order["listing"]["id"], order["authorization"]["id"]) == ("LST-5001-0001", "AUT-5001-0001")


@pytest.mark.parametrize("certificate", [DEAD_CERTIFICATE, "CER-0000-0000-0000"])
def test_a_certificate_must_hold_for_the_licensee(api, certificate):
    reply = api("client").post(ORDERS, purchase(certificates=[refer(certificate)]))
    assert (reply.status, list(reply.json["errors"])) == (400, ["certificates[0].id"])
    reply = api("client").post(ORDERS, purchase(licensee=SECOND_LICENSEE, certificates=[refer(CERTIFICATE)]))
    assert (reply.status, list(reply.json["errors"])) == (400, ["certificates[0].id"])


# Placing (spec 2.2, T6) -------------------------------------------------------------------------------


def test_an_order_without_lines_is_not_placed(api, served):
    order = draft(served, lines=[])
    reply = api("client").post(f"{path_of(order)}/process")
    assert (reply.status, reply.json["errors"]) == (400, {"lines": ["At least one line is required."]})
    assert ok(api("client").get(path_of(order)))["agreement"]["status"] == "Draft"
    assert api("client").post(ORDERS, purchase(status="Processing", lines=[])).status == 400


def test_a_line_of_nothing_is_not_placed(api, served):
    order = draft(served, lines=wanted(YEARLY, quantity=0))
    reply = api("client").post(f"{path_of(order)}/process")
    assert (reply.status, list(reply.json["errors"])) == (400, ["lines[0].quantity"])


def test_what_comes_with_the_placing_is_applied_first(api, served):
    order = draft(served, lines=[])
    body = {"lines": wanted(YEARLY, quantity=2), "notes": "At last", "externalIds": {"client": "PO-9"}}
    found = ok(api("client").post(f"{path_of(order)}/process", body))
    assert (found["status"], found["notes"], found["externalIds"]) == ("Processing", "At last", {"client": "PO-9"})
    assert [each["quantity"] for each in found["lines"]] == [2]


def test_what_the_platform_delivers_itself_falls_due_after_the_products_delay(api, served):
    def due(order: Any) -> list[Any]:
        return served.fetch("select job, at from due where object_id = $1", order["id"])

    order = draft(served, product=AUTOMATIC)
    assert due(order) == []
    found = ok(api("client").post(f"{path_of(order)}/process"))
    ((job, at),) = due(order)
    assert job == "fulfil"
    assert at == datetime.fromisoformat(found["audit"]["processing"]["at"]) + timedelta(seconds=5)
    assert due(placed(served)) == []  # somebody else delivers that one
    assert due(placed(served, product=AUTOMATIC, parameters={})) == []  # it waits for the client


# Completing (spec 2.4) --------------------------------------------------------------------------------


def test_what_was_prepared_goes_live_under_the_same_ids(api, served):
    order = mapped(served)
    subscription, asset = order["subscriptions"][0]["id"], order["assets"][0]["id"]
    for path in (f"/commerce/subscriptions/{subscription}", f"/commerce/assets/{asset}"):
        assert api("vendor").get(path).status == 404
    assert ok(api("client").get(f"/commerce/subscriptions?eq(id,{subscription})"))["data"] == []
    done = ok(api("vendor").post(f"{path_of(order)}/complete"))
    assert [(each["id"], each["status"]) for each in done["subscriptions"]] == [(subscription, "Active")]
    assert [(each["id"], each["status"]) for each in done["assets"]] == [(asset, "Active")]
    live = ok(api("client").get(f"/commerce/subscriptions/{subscription}"))
    assert (live["status"], live["agreement"]["id"]) == ("Active", order["agreement"]["id"])
    assert ok(api("client").get(f"/commerce/assets/{asset}"))["status"] == "Active"


def test_the_lines_go_live_under_the_same_ids(api, served):
    order = completed(served)
    agreement = agreement_of(api, order)
    assert [each["id"] for each in agreement["lines"]] == [each["id"] for each in order["lines"]]
    recurring, once = agreement["lines"]
    assert (recurring["status"], recurring["quantity"]) == ("Active", 10)
    assert recurring["subscription"]["id"] == order["subscriptions"][0]["id"]
    assert once["asset"]["id"] == order["assets"][0]["id"]
    for owner, line in (
        (f"/commerce/agreements/{agreement['id']}", recurring),
        (f"/commerce/subscriptions/{recurring['subscription']['id']}", recurring),
        (f"/commerce/assets/{once['asset']['id']}", once),
    ):
        found = ok(api("client").get(f"{owner}/lines"))["data"]
        assert line["id"] in [each["id"] for each in found]
    listed = ok(api("vendor").get(f"/commerce/lines?eq(agreement.id,{agreement['id']})"))
    assert len(listed["data"]) == 2


def test_what_is_bought_once_gets_an_asset_of_its_own_when_the_vendor_made_none(api, served):
    order = placed(served)
    recurring, once = order["lines"]
    ok(api("vendor").post(f"{path_of(order)}/subscriptions", lines_named("Subscription", [recurring])))
    done = ok(api("vendor").post(f"{path_of(order)}/complete"))
    (asset,) = done["assets"]
    assert done["lines"][1]["asset"]["id"] == asset["id"]
    live = ok(api("client").get(f"/commerce/assets/{asset['id']}"))
    assert (live["status"], live["name"]) == ("Active", "Asset for Alpha Suite one-time")
    assert live["terms"] == {"model": "one-time", "period": "one-time"}
    assert live["price"] == {"currency": "EUR", "SPx1": 385.0}
    assert [each["id"] for each in live["lines"]] == [once["id"]]


def test_a_recurring_line_that_belongs_to_nothing_keeps_the_order_from_completing(api, served):
    order = placed(served, lines=wanted(YEARLY, MONTHLY, ONCE))
    map_lines(served, order | {"lines": [order["lines"][0]]})
    reply = api("vendor").post(f"{path_of(order)}/complete")
    assert (reply.status, list(reply.json["errors"])) == (400, ["lines[1].subscription"])
    assert ok(api("vendor").get(path_of(order)))["status"] == "Processing"


def test_what_has_no_lines_left_is_discarded_without_a_word(api, served):
    order = mapped(served)
    empty = order["assets"][0]["id"]
    ok(api("vendor").put(f"{path_of(order)}/assets/{empty}", {"lines": []}))
    done = ok(api("vendor").post(f"{path_of(order)}/complete"))
    assert [each["id"] for each in done["assets"]] != [empty] and len(done["assets"]) == 1
    assert api("vendor").get(f"/commerce/assets/{empty}").status == 404


def test_what_the_vendor_said_of_a_subscription_goes_live_with_it(api, served):
    order = placed(served, lines=wanted(YEARLY))
    body = lines_named("Subscription", order["lines"], externalIds={"vendor": "v-1"}, autoRenew=False)
    body["parameters"] = {"fulfillment": [{"externalId": "sku", "value": "A1"}]}
    made = ok(api("vendor").post(f"{path_of(order)}/subscriptions", body))
    client = f"{path_of(order)}/subscriptions/{made['id']}"
    ok(api("client").put(client, {"externalIds": {"client": "c-1"}}))
    ok(api("vendor").post(f"{path_of(order)}/complete"))
    live = ok(api("vendor").get(f"/commerce/subscriptions/{made['id']}"))
    assert (live["name"], live["autoRenew"], live["externalIds"]) == (body["name"], False, {"vendor": "v-1"})
    assert live["parameters"]["fulfillment"][0]["value"] == "A1"
    assert (live["terms"], live["price"]) == (made["terms"], made["price"])
    assert ok(api("client").get(f"/commerce/subscriptions/{made['id']}"))["externalIds"] == {"client": "c-1"}
    for each in ("buyer", "licensee", "seller", "product"):
        assert live[each]["id"] == order[each]["id"]


# Dates (spec 2.4) -------------------------------------------------------------------------------------


def test_what_the_vendor_leaves_open_starts_now_and_is_committed_to_for_its_terms(api, served):
    began = datetime.now(UTC)
    order = completed(served, lines=wanted(YEARLY))
    live = ok(api("client").get(f"/commerce/subscriptions/{order['subscriptions'][0]['id']}"))
    start, committed = (datetime.fromisoformat(live[each]) for each in ("startDate", "commitmentDate"))
    assert abs(start - began) < timedelta(seconds=30)
    assert committed == later(start, "1y")


DATES = [
    # start            commitment     ends
    ("2031-01-31",     "1m",          "2031-02-28"),
    ("2032-01-31",     "1m",          "2032-02-29"),
    ("2032-02-29",     "1y",          "2033-02-28"),
    ("2031-08-31",     "3m",          "2031-11-30"),
    ("2031-12-15",     "1m",          "2032-01-15"),
    ("2031-06-30",     "3y",          "2034-06-30"),
]  # fmt: skip


@pytest.mark.parametrize(("start", "commitment", "end"), DATES)
def test_a_commitment_ends_on_the_same_day_of_the_month_or_on_its_last(api, served, start, commitment, end):
    order = placed(served, lines=wanted(YEARLY))
    body = lines_named("Subscription", order["lines"], startDate=start, terms={"commitment": commitment})
    made = ok(api("vendor").post(f"{path_of(order)}/subscriptions", body))
    assert "commitmentDate" not in made
    ok(api("vendor").post(f"{path_of(order)}/complete"))
    live = ok(api("client").get(f"/commerce/subscriptions/{made['id']}"))
    assert (live["startDate"][:10], live["commitmentDate"][:10]) == (start, end)
    assert live["terms"]["commitment"] == commitment


def test_dates_that_the_vendor_gives_are_kept(api, served):
    order = placed(served, lines=wanted(YEARLY))
    dates = {"startDate": "2031-01-01T10:00:00.000Z", "commitmentDate": "2031-07-01T00:00:00.000Z"}
    made = ok(
        api("vendor").post(f"{path_of(order)}/subscriptions", lines_named("Subscription", order["lines"], **dates))
    )
    ok(api("vendor").post(f"{path_of(order)}/complete"))
    live = ok(api("client").get(f"/commerce/subscriptions/{made['id']}"))
    assert {name: live[name] for name in dates} == dates


# Failing (spec 2.4) -----------------------------------------------------------------------------------


@pytest.mark.parametrize("actor", ["vendor", "operations"])
def test_of_an_order_that_fails_nothing_goes_live(api, served, actor):
    order = mapped(served)
    subscription, asset = order["subscriptions"][0]["id"], order["assets"][0]["id"]
    notes = {"id": "EXT0042", "message": "The vendor rejected the order."}
    done = ok(api(actor).post(f"{path_of(order)}/fail", {"statusNotes": notes}))
    assert (done["status"], done["statusNotes"]) == ("Failed", notes)
    assert ok(api("client").get(path_of(order)))["statusNotes"] == notes
    assert done["agreement"]["status"] == "Failed"
    assert [each["status"] for each in done["subscriptions"]] == ["Deleted"]
    assert done["assets"] == []
    for path in (f"/commerce/subscriptions/{subscription}", f"/commerce/assets/{asset}"):
        assert api("client").get(path).status == 404
    assert ok(api("client").get(f"/commerce/lines?eq(agreement.id,{order['agreement']['id']})"))["data"] == []


@pytest.mark.parametrize(
    "body",
    [None, {}, {"statusNotes": None}, {"statusNotes": {}}, {"statusNotes": {"message": "  "}}, {"statusNotes": 5}],
)
def test_whoever_fails_an_order_says_why(api, served, body):
    order = placed(served)
    reply = api("vendor").post(f"{path_of(order)}/fail", body)
    assert (reply.status, list(reply.json["errors"])) == (400, ["statusNotes"])
    assert "A message is required to fail an order." in reply.json["errors"]["statusNotes"]
    assert ok(api("vendor").get(path_of(order)))["status"] == "Processing"


def test_a_purchase_of_another_product_is_fulfilled_by_its_own_vendor(api, served):
    order = placed(served, product=OTHER_PRODUCT)
    assert api("vendor").get(path_of(order)).status == 404
    map_lines(served, order, "other vendor")
    assert ok(api("other vendor").post(f"{path_of(order)}/complete"))["status"] == "Completed"
