"""What happens beside an order while it waits is not lost when it completes (spec 2.4, 2.5, 3.1 to 3.4)."""

import pytest

from tests.commerce.test_held import AGREEMENTS, ASSETS, SUBSCRIPTIONS, running
from tests.orders import ORDERS, about, agreement, finish, line_of, live, ordered
from tests.party import ok
from tests.world import MONTHLY, ONCE, YEARLY, refer

FULFILLMENT = {"parameters": {"fulfillment": [{"externalId": "customerId", "value": "late"}]}}
LATE = "2031-01-01T00:00:00.000Z"


def path_of(order):
    return f"{ORDERS}/{order['id']}"


def change(held, *items):
    """Lines that change what is held of items."""
    return [{"id": line_of(held, item)["id"], "quantity": quantity} for item, quantity in items]


def drafted(api, held, kind="Change", who="client", **more):
    return ok(api(who).post(ORDERS, about(held, kind, status="Draft", **more)))


MEANWHILE = [
    # who         changes    what of it                                        and has afterwards
    ("client",     "subscription", {"name": "Ours"},                            lambda seen: seen["name"] == "Ours"),
    ("client",     "subscription", {"externalIds": {"client": "c-9"}},          lambda seen: seen["externalIds"]["client"] == "c-9"),
    ("vendor",     "subscription", {"externalIds": {"vendor": "v-9"}},          lambda seen: seen["externalIds"]["vendor"] == "v-9"),
    ("vendor",     "subscription", {"commitmentDate": LATE},                    lambda seen: seen["commitmentDate"] == LATE),
    ("vendor",     "subscription", {"autoRenew": False},                        lambda seen: seen["autoRenew"] is False),
    ("client",     "asset",        {"name": "Our kit"},                         lambda seen: seen["name"] == "Our kit"),
    ("vendor",     "asset",        {"externalIds": {"vendor": "a-9"}},          lambda seen: seen["externalIds"]["vendor"] == "a-9"),
    ("vendor",     "copy",         {"name": "By the vendor"},                   lambda seen: seen["name"] == "By the vendor"),
]  # fmt: skip


@pytest.mark.parametrize("since", ["Draft", "Quoted", "Processing"])
@pytest.mark.parametrize(("who", "what", "body", "holds"), MEANWHILE)
def test_what_is_changed_beside_an_order_stays(api, served, since, who, what, body, holds):
    held = live(served)
    order = drafted(api, held, lines=change(held, (YEARLY, 11), (ONCE, 2)))
    subscription, asset = held["subscriptions"][0]["id"], held["assets"][0]["id"]
    paths = {
        "subscription": f"{SUBSCRIPTIONS}/{subscription}",
        "asset": f"{ASSETS}/{asset}",
        "copy": f"{path_of(order)}/subscriptions/{subscription}",
    }
    if since != "Draft":
        ok(api("client").post(f"{path_of(order)}/{'quote' if since == 'Quoted' else 'process'}"))
    if (what, who) == ("copy", "vendor") and since != "Processing":
        assert api(who).put(paths[what], body).status == 409
        return
    ok(api(who).put(paths[what], body))
    if since != "Processing":
        ok(api("client").post(f"{path_of(order)}/process"))
    finish(served, order)
    seen = ok(api(who).get(paths[what] if what == "asset" else paths["subscription"]))
    assert holds(seen)
    assert seen["lines"][0]["quantity"] == (2 if what == "asset" else 11)


def test_what_a_client_names_the_copy_in_flight_it_is_named_afterwards(api, served):
    held = live(served)
    order = ordered(served, held, "Change", lines=change(held, (YEARLY, 11)))
    subscription = held["subscriptions"][0]["id"]
    ok(api("client").put(f"{path_of(order)}/subscriptions/{subscription}", {"externalIds": {"client": "c-8"}}))
    finish(served, order)
    assert ok(api("client").get(f"{SUBSCRIPTIONS}/{subscription}"))["externalIds"] == {"client": "c-8"}


def test_a_draft_does_not_bring_back_old_parameters_of_the_agreement(api, served):
    held = live(served)
    order = drafted(api, held, lines=change(held, (YEARLY, 11)))
    ok(api("vendor").put(f"{AGREEMENTS}/{held['id']}", FULFILLMENT))
    ok(api("client").post(f"{path_of(order)}/process"))
    assert "late" in str(ok(api("vendor").get(path_of(order)))["parameters"])
    finish(served, order)
    assert "late" in str(agreement(served, held["id"], "vendor")["parameters"])


PRICES = [
    # quoted   the price of fifteen then
    (False,     1500.0),
    (True,      1800.0),
]  # fmt: skip


@pytest.mark.parametrize(("quoted", "price"), PRICES)
def test_a_draft_follows_the_price_that_is_agreed_meanwhile_and_a_quote_holds(api, served, quoted, price):
    held = live(served)
    order = drafted(api, held, lines=change(held, (YEARLY, 15)))
    if quoted:
        ok(api("client").post(f"{path_of(order)}/quote"))
    subscription = f"{SUBSCRIPTIONS}/{held['subscriptions'][0]['id']}"
    line = {"id": line_of(held, YEARLY)["id"], "price": {"unitPP": 100}}
    ok(api("vendor").put(subscription, {"lines": [line]}))
    ok(api("client").post(f"{path_of(order)}/process"))
    assert ok(api("vendor").get(path_of(order)))["price"]["PPxY"] == price / 3
    finish(served, order)
    assert ok(api("vendor").get(subscription))["price"]["PPxY"] == price


def test_an_item_that_is_held_meanwhile_is_not_sold_again(api, served):
    held = live(served)
    order = drafted(api, held, lines=[{"item": refer(MONTHLY), "quantity": 2}])
    running(served, held, lines=[{"item": refer(MONTHLY), "quantity": 4}])
    reply = api("client").post(f"{path_of(order)}/process")
    assert reply.status == 409 and "held already" in reply.json["detail"]
    assert agreement(served, held["id"])["status"] == "Active"


def test_a_draft_of_before_a_suspension_may_be_placed_after_it(api, served):
    held = live(served)
    target = refer(held["subscriptions"][0]["id"])
    resume = drafted(api, held, "Resume", "operations", subscriptions=[target])
    finish(served, ordered(served, held, "Suspend", "operations", subscriptions=[target]))
    configuration = drafted(api, held, "Configuration", subscriptions=[target | {"autoRenew": False}])
    for who, order in (("operations", resume), ("client", configuration)):
        ok(api(who).post(f"{path_of(order)}/process"))
        finish(served, order)
    seen = ok(api("client").get(f"{SUBSCRIPTIONS}/{target['id']}"))
    assert (seen["status"], seen["autoRenew"]) == ("Active", False)


@pytest.mark.parametrize(("what", "item", "other"), [("subscriptions", YEARLY, MONTHLY), ("assets", ONCE, None)])
def test_lines_stay_on_what_they_live_on(api, served, what, item, other):
    held = live(served)
    added = [{"item": refer(other), "quantity": 1}] if other else []
    order = ordered(served, held, "Change", lines=change(held, (item, 3)) + added)
    for given in ([], [refer(each["id"]) for each in order["lines"][1:]]):
        reply = api("vendor").put(f"{path_of(order)}/{what}/{held[what][0]['id']}", {"lines": given})
        assert (reply.status, "lines" in reply.json["errors"]) == (400, True)


KINDS = [
    # who asks        for what           with
    ("client",         "Change",         {"autoRenew": None}),
    ("client",         "Configuration",  {"autoRenew": False}),
    ("client",         "Termination",    {}),
    ("operations",     "Suspend",        {}),
]  # fmt: skip


@pytest.mark.parametrize(("by", "kind", "more"), KINDS)
def test_a_document_that_is_sent_back_changes_nothing_in_any_state(api, served, by, kind, more):
    held = live(served)
    target = refer(held["subscriptions"][0]["id"])
    said = {"lines": change(held, (YEARLY, 12))} if kind == "Change" else {"subscriptions": [target | more]}
    order = drafted(api, held, kind, by, **said)
    own = [path_of(order)] if by == "client" else []
    here = [f"{SUBSCRIPTIONS}/{target['id']}", f"{AGREEMENTS}/{held['id']}", f"{ASSETS}/{held['assets'][0]['id']}"]
    _same(api, ["client"], own)
    ok(api(by).post(f"{path_of(order)}/process"))
    everybody = ["client", "vendor", "operations"]
    copy = f"{path_of(order)}/subscriptions/{target['id']}"
    _same(api, everybody, [*here, path_of(order), copy])
    finish(served, order)
    _same(api, everybody, [*here, path_of(order)])


def _same(api, everybody, paths):
    for who in everybody:
        for path in paths:
            document = ok(api(who).get(path))
            assert ok(api(who).put(path, document)) == document, (who, path)


def test_a_validation_while_the_client_is_asked_is_for_purchases(api, served):
    held = live(served)
    order = ordered(served, held, "Change", lines=change(held, (YEARLY, 11)))
    ok(api("vendor").post(f"{path_of(order)}/query"))
    assert api("client").post(f"{path_of(order)}/validate").status == 409


WHOLE = [
    # who asks      for what           and has
    ("client",      "Termination",     ("Terminated", False)),
    ("client",      "Configuration",   ("Active", False)),
    ("operations",  "Suspend",         ("Suspended", True)),
]  # fmt: skip


@pytest.mark.parametrize(("who", "kind", "has"), WHOLE)
def test_a_subscription_without_lines_is_a_subscription(served, who, kind, has):
    held = live(served)
    subscription = f"SUB-9{len(kind):03d}-0001-0001"
    terms = {"model": "quantity", "period": "1y", "commitment": "1y"}
    named = {"name": "Empty", "agreement": refer(held["id"]), "status": "Active", "autoRenew": True, "terms": terms}
    served.load([{"$kind": SUBSCRIPTIONS[1:], "id": subscription, **named}])
    finish(served, ordered(served, held, kind, who, subscriptions=[{"id": subscription, "autoRenew": False}]))
    seen = ok(served.call("client", "GET", f"{SUBSCRIPTIONS}/{subscription}"))
    assert (seen["status"], seen["autoRenew"]) == has


@pytest.mark.parametrize("kind", ["Change", "Configuration"])
def test_the_markup_that_operations_sets_on_an_order_holds_afterwards(api, served, kind):
    held = live(served)
    target = refer(held["subscriptions"][0]["id"])
    said = {"lines": change(held, (YEARLY, 12))} if kind == "Change" else {"subscriptions": [target]}
    order = drafted(api, held, kind, **said)
    line = {"id": order["lines"][0]["id"], "price": {"markup": 50}}
    assert ok(api("operations").put(path_of(order), {"lines": [line]}))["status"] == "Quoted"
    ok(api("client").post(f"{path_of(order)}/process"))
    finish(served, order)
    seen = ok(api("operations").get(f"{SUBSCRIPTIONS}/{target['id']}"))
    assert seen["price"]["SPxY"] == seen["lines"][0]["quantity"] * 180
    assert seen["lines"][0]["price"]["markupSource"] == {"type": "Manual"}


@pytest.mark.parametrize("item", [YEARLY, ONCE])
def test_a_line_that_was_taken_off_a_draft_may_come_back(api, served, item):
    held = live(served)
    order = drafted(api, held, lines=change(held, (item, 3)))
    for quantity in (4, 5):
        assert ok(api("client").put(path_of(order), {"lines": []}))["lines"] == []
        there = ok(api("client").put(path_of(order), {"lines": change(held, (item, quantity))}))
        (copy,) = [*there["subscriptions"], *there["assets"]]
        assert [each["quantity"] for each in there["lines"]] == [quantity]
    rows = served.fetch(
        "select revision from trail where object_id = $1 and owner_id = $2 order by id", copy["id"], order["id"]
    )
    assert [row[0] for row in rows] == [1, 2, 3]
    ok(api("client").post(f"{path_of(order)}/process"))
    finish(served, order)
    assert line_of(agreement(served, held["id"]), item)["quantity"] == 5


@pytest.mark.parametrize("by_order", [True, False])
def test_the_end_of_an_agreement_is_told_by_whatever_it_came(api, served, by_order):
    held = live(served)
    target = held["subscriptions"][0]["id"]
    if by_order:
        finish(served, ordered(served, held, "Termination", subscriptions=[refer(target)]))
    else:
        ok(api("vendor").post(f"{SUBSCRIPTIONS}/{target}/terminate"))
    assert served.fetch("select from trail where object_id = $1 and name = 'agreement.terminated'", held["id"])


def test_an_asset_that_ended_while_an_order_was_in_flight_stays_ended(api, served):
    held = live(served)
    asset = line_of(held, ONCE)
    change = ordered(served, held, "Change", lines=[{"id": asset["id"], "quantity": 5}])
    ok(api("vendor").post(f"{ASSETS}/{asset['asset']['id']}/terminate"))
    assert finish(served, change)["status"] == "Completed"
    after = agreement(served, held["id"])
    assert [each["status"] for each in after["assets"]] == ["Terminated"]
    assert next(each for each in after["lines"] if each["id"] == asset["id"])["quantity"] == 0
