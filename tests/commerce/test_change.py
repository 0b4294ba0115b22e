"""Change orders: more seats, fewer, a new item, and what becomes of it all (spec 2.3 to 2.5)."""

from decimal import Decimal

import pytest

from tests.orders import ORDERS, about, agreement, finish, line_of, live, ordered, two_subscriptions
from tests.party import at_once, ok
from tests.world import MONTHLY, ONCE, OTHER_YEARLY, PRIVATE_ITEM, YEARLY, purchase, refer


def seats(held, item, quantity):
    return {"id": line_of(held, item)["id"], "quantity": quantity}


def new(item, quantity):
    return {"item": refer(item), "quantity": quantity}


def path_of(order):
    return f"{ORDERS}/{order['id']}"


def without(document, *names):
    """The document, and all within, without some members."""
    if isinstance(document, list):
        return [without(each, *names) for each in document]
    if isinstance(document, dict):
        return {name: without(value, *names) for name, value in document.items() if name not in names}
    return document


def test_a_change_shows_what_was_and_what_is_to_be(served):
    held = live(served)
    order = ordered(served, held, "Change", lines=[seats(held, YEARLY, 15), new(MONTHLY, 3)])
    first, second = order["lines"]
    assert (first["oldQuantity"], first["quantity"], second["oldQuantity"], second["quantity"]) == (10, 15, 0, 3)
    subscription = held["subscriptions"][0]["id"]
    assert first["subscription"]["id"] == subscription and "subscription" not in second
    assert second["id"] == f"ALI-{held['id'][4:]}-0003"
    assert (order["type"], order["status"]) == ("Change", "Processing")
    assert [(each["id"], each["status"]) for each in order["subscriptions"]] == [(subscription, "Updating")]
    now = agreement(served, held["id"])
    assert (now["status"], now["subscriptions"][0]["status"]) == ("Updating", "Updating")
    assert line_of(now, YEARLY)["quantity"] == 10


@pytest.mark.parametrize("backwards", [False, True])
def test_what_was_bought_once_has_one_line_in_a_change(api, served, backwards):
    held = live(served)
    lines = [seats(held, ONCE, 3), new(ONCE, 1)]
    reply = api("client").post(ORDERS, about(held, "Change", lines=lines[::-1] if backwards else lines))
    assert (reply.status, list(reply.json["errors"])) == (400, [f"lines[{0 if backwards else 1}].item.id"])


def test_its_price_is_what_it_adds(served):
    held = live(served)
    order = ordered(served, held, "Change", lines=[seats(held, YEARLY, 15), new(MONTHLY, 3)])
    assert order["price"]["SPxY"] == pytest.approx(5 * 132 + 12 * 3 * 10.99)
    fewer = finish(served, order, "fail")
    assert fewer["status"] == "Failed"
    down = ordered(served, held, "Change", lines=[seats(held, YEARLY, 4)])
    assert (down["lines"][0]["price"]["SPxY"], down["price"]["SPxY"]) == (-792.0, -792.0)
    assert ok(served.call("vendor", "GET", path_of(down)))["price"]["PPxY"] == -720.0


def test_completed_it_holds(api, served):
    held = live(served)
    order = ordered(served, held, "Change", lines=[seats(held, YEARLY, 15), new(MONTHLY, 3)])
    refused = api("vendor").post(f"{path_of(order)}/complete")
    assert (refused.status, list(refused.json["errors"])) == (400, ["lines[1].subscription"])
    made = {"name": "Monthly seats", "lines": [refer(order["lines"][1]["id"])]}
    second = ok(api("vendor").post(f"{path_of(order)}/subscriptions", made))
    assert finish(served, order)["status"] == "Completed"
    now = agreement(served, held["id"])
    assert now["status"] == "Active"
    assert {(each["item"]["id"], each["quantity"], each["status"]) for each in now["lines"]} == {
        (YEARLY, 15, "Active"), (ONCE, 1, "Active"), (MONTHLY, 3, "Active")}  # fmt: skip
    assert {each["id"]: each["status"] for each in now["subscriptions"]} == {
        held["subscriptions"][0]["id"]: "Active", second["id"]: "Active"}  # fmt: skip
    assert Decimal(str(now["price"]["SPxY"])) == Decimal("1980.00") + Decimal("395.64")
    live_one = ok(api("client").get(f"/commerce/subscriptions/{held['subscriptions'][0]['id']}"))
    assert (live_one["price"]["SPxY"], live_one["lines"][0]["price"]["SPxY"]) == (1980.0, 1980.0)
    done = ok(api("client").get(path_of(order)))
    assert {each["status"] for each in done["subscriptions"]} == {"Active"}
    assert "updating" in live_one["audit"] and live_one["audit"]["active"]["by"]["id"] == "TKN-3001-0001"


def test_a_new_line_may_join_a_subscription_that_runs(api, served):
    held = live(served, (YEARLY, 10))
    order = ordered(served, held, "Change", lines=[seats(held, YEARLY, 10), new(PRIVATE_ITEM, 2)])
    subscription = f"{path_of(order)}/subscriptions/{held['subscriptions'][0]['id']}"
    first, second = (refer(each["id"]) for each in order["lines"])
    alone = api("vendor").put(subscription, {"lines": [second]})
    assert (alone.status, list(alone.json["errors"])) == (400, ["lines"])
    ok(api("vendor").put(subscription, {"lines": [first, second], "name": "All seats"}))
    finish(served, order)
    now = ok(api("client").get(f"/commerce/subscriptions/{held['subscriptions'][0]['id']}"))
    assert (now["name"], [each["quantity"] for each in now["lines"]]) == ("All seats", [10, 2])


def test_failed_everything_is_as_it_was(served):
    held = live(served)
    order = ordered(served, held, "Change", lines=[seats(held, YEARLY, 15), new(MONTHLY, 3)])
    assert finish(served, order, "fail")["status"] == "Failed"
    now = agreement(served, held["id"])
    assert without(now, "revision", "audit") == without(held, "revision", "audit")


def test_a_line_at_nothing_ends_and_the_last_one_ends_its_subscription(api, served):
    held = two_subscriptions(served)
    order = ordered(served, held, "Change", lines=[seats(held, MONTHLY, 0)])
    assert order["lines"][0]["price"]["SPxM"] == pytest.approx(-4 * 10.99)
    finish(served, order)
    now = agreement(served, held["id"])
    line = next(each for each in now["lines"] if each["item"]["id"] == MONTHLY)
    assert (line["status"], line["quantity"], line["price"]["SPxM"]) == ("Terminated", 0, 0)
    ended = next(each for each in now["subscriptions"] if each["id"] == line["subscription"]["id"])
    full = ok(api("client").get(f"/commerce/subscriptions/{ended['id']}"))
    assert (full["status"], full["autoRenew"], "terminationDate" in full) == ("Terminated", False, True)
    assert (now["status"], now["price"]["SPxY"]) == ("Active", 1320.0)


def test_a_dead_line_gives_way_when_its_item_is_ordered_anew(served):
    held = two_subscriptions(served)
    finish(served, ordered(served, held, "Change", lines=[seats(held, MONTHLY, 0)]))
    order = ordered(served, held, "Change", lines=[new(MONTHLY, 2)])
    made = {"name": "Again", "lines": [refer(order["lines"][0]["id"])]}
    ok(served.call("vendor", "POST", f"{path_of(order)}/subscriptions", made))
    finish(served, order)
    lines = [each for each in agreement(served, held["id"])["lines"] if each["item"]["id"] == MONTHLY]
    assert [(each["status"], each["quantity"]) for each in lines] == [("Deleted", 0), ("Active", 2)]
    assert lines[0]["id"] != lines[1]["id"]


def test_what_would_leave_nothing_has_to_be_a_termination(api, served):
    held = live(served)
    reply = api("client").post(ORDERS, about(held, "Change", lines=[seats(held, YEARLY, 0)]))
    assert (reply.status, list(reply.json["errors"])) == (400, ["lines"])
    draft = ok(api("client").post(ORDERS, about(held, "Change", status="Draft", lines=[seats(held, YEARLY, 0)])))
    assert api("client").post(f"{path_of(draft)}/process").status == 400
    assert agreement(served, held["id"])["status"] == "Active"


FAULTS = [
    # the lines                                     the faults are at
    ([],                                            ["lines"]),
    ([{"id": "ALI-0000-0000-0000-0001"}],           ["lines[0].id"]),
    ([{"item": refer(YEARLY), "quantity": 3}],      ["lines[0].item.id"]),
    ([{"item": refer(OTHER_YEARLY), "quantity": 3}], ["lines[0].item.id"]),
    ([{"item": refer(MONTHLY), "quantity": 0}],     ["lines[0].quantity"]),
    ([{"item": refer(MONTHLY)}],                    ["lines[0].quantity"]),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "faults"), FAULTS)
def test_bad_lines_are_told(api, served, lines, faults):
    held = live(served)
    reply = api("client").post(ORDERS, about(held, "Change", lines=lines))
    assert (reply.status, list(reply.json["errors"])) == (400, faults)
    assert agreement(served, held["id"])["revision"] == held["revision"]


def test_the_set_of_lines_of_a_draft_is_what_was_given_last(api, served):
    held = two_subscriptions(served)
    draft = ok(api("client").post(ORDERS, about(held, "Change", status="Draft", lines=[seats(held, YEARLY, 12)])))
    assert len(draft["subscriptions"]) == 1
    other = ok(api("client").put(path_of(draft), {"lines": [seats(held, MONTHLY, 1)]}))
    assert [each["item"]["id"] for each in other["lines"]] == [MONTHLY]
    assert [each["id"] for each in other["subscriptions"]] == [other["lines"][0]["subscription"]["id"]]
    assert ok(api("client").put(path_of(draft), other))["lines"] == other["lines"]
    negative = ok(api("client").put(path_of(draft), {"lines": [seats(held, MONTHLY, -3)]}))
    assert negative["lines"][0]["quantity"] == 0


def test_a_completed_change_takes_back_the_other_drafts(api, served):
    held = live(served)
    drafts = [ok(api("client").post(ORDERS, about(held, kind, status=status, lines=[])))
              for kind, status in (("Change", "Draft"), ("Configuration", "Quoted"))]  # fmt: skip
    order = ordered(served, held, "Change", lines=[seats(held, YEARLY, 11)])
    assert {ok(api("client").get(path_of(each)))["status"] for each in drafts} == {"Draft", "Quoted"}
    finish(served, order)
    for each in drafts:
        found = ok(api("client").get(path_of(each)))
        assert found["status"] == "Deleted" and found["audit"]["deleted"]["by"]["id"] == "TKN-3001-0001"
        told = ok(api("client").get(f"/audit/records?eq(object.id,{each['id']})&order=-timestamp&limit=1"))["data"]
        assert told[0]["event"] == "platform.commerce.order.deleted"


def test_one_order_in_flight_for_an_agreement(api, served):
    held = live(served)
    drafts = [
        ok(api("client").post(ORDERS, about(held, "Change", status="Draft", lines=[seats(held, YEARLY, 11 + n)])))
        for n in range(4)
    ]
    replies = at_once(*(lambda d=d: api("client").post(f"{path_of(d)}/process") for d in drafts))
    assert sorted(each.status for each in replies) == [200, 409, 409, 409]
    again = api("client").post(ORDERS, about(held, "Change", lines=[seats(held, YEARLY, 20)]))
    assert again.status == 409


@pytest.mark.parametrize("who", ["vendor", "operations"])
def test_only_the_client_orders_a_change(api, served, who):
    held = live(served)
    assert api(who).post(ORDERS, about(held, "Change", lines=[seats(held, YEARLY, 11)])).status == 403


def test_an_agreement_of_others_is_not_there(api, served):
    held = live(served)
    for agreement_id in (held["id"], "AGR-0000-0000-0000"):
        reply = api("other client").post(ORDERS, {"type": "Change", "agreement": refer(agreement_id), "lines": []})
        assert (reply.status, reply.json["errors"]) == (400, {"agreement.id": ["This agreement was not found."]})
    nothing = api("client").post(ORDERS, {"type": "Change"})
    assert (nothing.status, list(nothing.json["errors"])) == (400, ["agreement"])


def test_an_agreement_that_is_not_active_cannot_be_changed(api, served):
    for status in ("Draft", "Processing"):
        begun = ok(api("client").post(ORDERS, purchase(status=status)))
        assert api("client").post(ORDERS, about(begun["agreement"], "Change", lines=[])).status == 409


def test_a_dry_run_of_a_change_leaves_nothing(api, served):
    held = live(served)
    body = about(held, "Change", lines=[seats(held, YEARLY, 15)])
    tried = api("client").post(ORDERS, body, Prefer="dry-run")
    assert (tried.status, tried.json["price"]["SPxY"]) == (201, 660.0)
    assert agreement(served, held["id"]) == held
