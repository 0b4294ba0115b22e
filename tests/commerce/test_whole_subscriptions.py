"""Orders about whole subscriptions: their end, whether they renew, their suspension (spec 2.3 to 2.5)."""

import pytest

from tests.orders import ORDERS, about, agreement, finish, line_of, live, ordered, two_subscriptions
from tests.party import ok
from tests.world import MONTHLY, ONCE, YEARLY, refer


def path_of(order):
    return f"{ORDERS}/{order['id']}"


def subscription_of(held, item):
    return refer(line_of(held, item)["subscription"]["id"])


def full(served, subscription, who="client"):
    return ok(served.call(who, "GET", f"/commerce/subscriptions/{subscription['id']}"))


# Termination ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("named", ["subscriptions", "lines", "both"])
def test_a_termination_takes_lines_to_nothing(served, named):
    held = two_subscriptions(served)
    target = subscription_of(held, MONTHLY)
    line = {"id": line_of(held, MONTHLY)["id"], "quantity": 0}
    body = {"subscriptions": [target], "lines": [line]}
    order = ordered(served, held, "Termination", **(body if named == "both" else {named: body[named]}))
    assert [(each["oldQuantity"], each["quantity"]) for each in order["lines"]] == [(4, 0)]
    assert order["price"]["SPxY"] == pytest.approx(-4 * 12 * 10.99)
    assert [(each["id"], each["status"]) for each in order["subscriptions"]] == [(target["id"], "Terminating")]
    assert full(served, target)["status"] == "Terminating"
    done = finish(served, order)
    assert (done["status"], done["subscriptions"][0]["status"]) == ("Completed", "Terminated")
    now = agreement(served, held["id"])
    assert now["status"] == "Active"
    ended = full(served, target)
    assert (ended["status"], ended["autoRenew"], ended["lines"][0]["quantity"]) == ("Terminated", False, 0)
    assert ended["terminationDate"] and ended["audit"]["terminated"]["at"]
    assert now["price"]["SPxY"] == 1320.0


def test_the_last_subscription_ends_the_agreement_and_leaves_its_assets(api, served):
    held = live(served)
    draft = ok(api("client").post(ORDERS, about(held, "Change", status="Draft", lines=[])))
    order = ordered(served, held, "Termination", subscriptions=[subscription_of(held, YEARLY)])
    finish(served, order)
    now = agreement(served, held["id"])
    assert (now["status"], [each["status"] for each in now["assets"]]) == ("Terminated", ["Active"])
    assert {each["item"]["id"]: each["status"] for each in now["lines"]} == {YEARLY: "Terminated", ONCE: "Active"}
    assert now["audit"]["terminated"]["at"]
    assert ok(api("client").get(path_of(draft)))["status"] == "Deleted"
    again = api("client").post(ORDERS, about(held, "Change", lines=[]))
    assert again.status == 409


def test_a_termination_that_fails_is_taken_back(served):
    held = two_subscriptions(served)
    target = subscription_of(held, MONTHLY)
    finish(served, ordered(served, held, "Termination", subscriptions=[target]), "fail")
    now = full(served, target)
    assert (now["status"], now["autoRenew"], now["lines"][0]["quantity"]) == ("Active", True, 4)
    assert agreement(served, held["id"])["status"] == "Active"


FAULTS = [
    # the body                                             the faults are at
    ({"subscriptions": [refer("SUB-0000-0000-0000")]},     ["subscriptions[0].id"]),
    ({"lines": [refer("ALI-0000-0000-0000-0000")]},        ["lines[0].id"]),
    ({},                                                   ["lines"]),
    ({"subscriptions": "all"},                             ["subscriptions"]),
]  # fmt: skip


@pytest.mark.parametrize(("body", "faults"), FAULTS)
def test_what_is_not_held_cannot_be_terminated(api, served, body, faults):
    reply = api("client").post(ORDERS, about(live(served), "Termination", **body))
    assert (reply.status, list(reply.json["errors"])) == (400, faults)


def test_a_termination_leaves_nothing_and_no_asset(api, served):
    held = live(served)
    for item, quantity in ((YEARLY, 3), (ONCE, 0)):
        line = {"id": line_of(held, item)["id"], "quantity": quantity}
        assert api("client").post(ORDERS, about(held, "Termination", lines=[line])).status == 400


# Configuration ----------------------------------------------------------------------------------------


def test_a_configuration_says_whether_a_subscription_renews(api, served):
    held = live(served)
    target = subscription_of(held, YEARLY)
    order = ordered(served, held, "Configuration", subscriptions=[target | {"autoRenew": False}])
    assert [(each["oldQuantity"], each["quantity"]) for each in order["lines"]] == [(10, 10)]
    assert order["subscriptions"][0] | {"status": "Updating", "autoRenew": False} == order["subscriptions"][0]
    assert order["price"]["SPxY"] == 0
    assert full(served, target)["autoRenew"] is True
    finish(served, order)
    assert (full(served, target)["autoRenew"], full(served, target)["status"]) == (False, "Active")
    assert agreement(served, held["id"])["status"] == "Active"


def test_a_configuration_that_fails_changes_nothing(served):
    held = live(served)
    target = subscription_of(held, YEARLY)
    finish(served, ordered(served, held, "Configuration", subscriptions=[target | {"autoRenew": False}]), "fail")
    assert (full(served, target)["autoRenew"], full(served, target)["status"]) == (True, "Active")


def test_a_configuration_changes_no_quantity(api, served):
    held = live(served)
    line = {"id": line_of(held, YEARLY)["id"], "quantity": 11}
    reply = api("client").post(ORDERS, about(held, "Configuration", lines=[line]))
    assert (reply.status, list(reply.json["errors"])) == (400, ["lines[0].quantity"])
    wrong = api("client").post(
        ORDERS, about(held, "Configuration", subscriptions=[subscription_of(held, YEARLY) | {"autoRenew": "often"}])
    )
    assert (wrong.status, list(wrong.json["errors"])) == (400, ["subscriptions[0].autoRenew"])


def test_a_configuration_takes_no_draft_back(api, served):
    held = live(served)
    draft = ok(api("client").post(ORDERS, about(held, "Change", status="Draft", lines=[])))
    finish(served, ordered(served, held, "Configuration", subscriptions=[subscription_of(held, YEARLY)]))
    assert ok(api("client").get(path_of(draft)))["status"] == "Draft"


# Suspension -------------------------------------------------------------------------------------------


def test_operations_suspends_and_resumes(api, served):
    held = two_subscriptions(served)
    target = subscription_of(held, MONTHLY)
    order = ordered(served, held, "Suspend", "operations", subscriptions=[target])
    assert (full(served, target)["status"], order["price"]["SPxM"]) == ("Suspending", 0)
    finish(served, order)
    assert full(served, target)["status"] == "Suspended"
    twice = api("operations").post(ORDERS, about(held, "Suspend", subscriptions=[target]))
    assert twice.status == 409
    other = api("operations").post(ORDERS, about(held, "Resume", subscriptions=[subscription_of(held, YEARLY)]))
    assert other.status == 409
    back = ordered(served, held, "Resume", "operations", subscriptions=[target])
    assert full(served, target)["status"] == "Resuming"
    finish(served, back, "fail")
    assert full(served, target)["status"] == "Suspended"
    finish(served, ordered(served, held, "Resume", "operations", subscriptions=[target]))
    assert full(served, target)["status"] == "Active"
    assert agreement(served, held["id"])["status"] == "Active"


@pytest.mark.parametrize("kind", ["Suspend", "Resume"])
def test_nobody_else_does(api, served, kind):
    held = live(served)
    body = about(held, kind, subscriptions=[subscription_of(held, YEARLY)])
    assert api("client").post(ORDERS, body).status == 403
    assert api("vendor").post(ORDERS, body).status == 403
    draft = ok(api("operations").post(ORDERS, body | {"status": "Draft"}))
    assert api("client").post(f"{path_of(draft)}/process").status == 409
    assert api("operations").post(f"{path_of(draft)}/process").status == (200 if kind == "Suspend" else 409)
