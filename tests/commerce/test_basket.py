"""Baskets: several products at once, all or nothing, and a state that follows the orders (docs/baskets.md)."""

from datetime import timedelta

import pytest

from entrepot.commerce.basket_progress import folded, state_of
from entrepot.storage.clock import advance
from tests.orders import finish
from tests.party import at_once, ok
from tests.purchases import map_lines
from tests.serving import serving
from tests.world import (
    LICENSEE,
    MONTHLY,
    ONCE,
    OTHER_LICENSEE,
    OTHER_YEARLY,
    PRIVATE_ITEM,
    SECOND_LICENSEE,
    YEARLY,
    refer,
)

BASKETS, ORDERS = "/commerce/baskets", "/commerce/orders"
AUTOMATIC_YEARLY = "ITM-5001-0002-0001"
ANSWERS = {"ordering": [{"externalId": "company", "value": "Northwind"}]}
LATER = "2999-01-01T00:00:00.000Z"


def line(item: str, quantity: object = 5, **more: object) -> dict[str, object]:
    return {"item": refer(item), "quantity": quantity, "parameters": ANSWERS} | more


def basket(*lines, **more):
    return {"licensee": refer(LICENSEE), "lines": list(lines) or [line(YEARLY)]} | more


def started(served, *lines, **more):
    return ok(served.call("client", "POST", BASKETS, basket(*lines, **more)))


def now(served, made, who="client"):
    return ok(served.call(who, "GET", f"{BASKETS}/{made['id']}"))


def states(made):
    return made["status"], [each["status"] for each in made["lines"]]


def order_of(served, each):
    return ok(served.call("client", "GET", f"{ORDERS}/{each['order']['id']}"))


def act(served, made, verb, who="client", body=None):
    return served.call(who, "POST", f"{BASKETS}/{made['id']}/{verb}", body)


def complete(served, each, vendor="vendor"):
    order = order_of(served, each)
    map_lines(served, order, vendor)
    ok(served.call(vendor, "POST", f"{ORDERS}/{order['id']}/complete"))


def count(served, table="orders"):
    return served.fetch(f"select count(*) from {table}")[0][0]


@pytest.fixture(scope="module")
def sandbox(cluster, template):
    """A marketplace of its own: its licensees order by themselves, and its clock is moved."""
    with serving(cluster, template) as server:
        server.run(server.parts.pool.execute("update installation set sandbox = true"))
        for licensee, more in ((LICENSEE, {}), (SECOND_LICENSEE, {"orderApprovalRequired": True})):
            settings = {"settings": {"selfServiceAllowed": True} | more}
            ok(server.call("client", "PUT", f"/accounts/licensees/{licensee}", settings))
        yield server


def days(server, number):
    """So many days go by, with what falls due in them."""
    server.run(advance(server.parts.pool, timedelta(days=number), server.parts.work))


# Placing ----------------------------------------------------------------------------------------------


def test_one_request_becomes_a_purchase_and_an_agreement_for_each_product(api, served):
    made = started(served, line(YEARLY), line(OTHER_YEARLY, 3), line(MONTHLY, 2, parameters=None), notes="All of it")
    assert states(made) == ("Processing", ["Processing"] * 3)
    first, second, third = made["lines"]
    assert first["order"]["id"] == third["order"]["id"] != second["order"]["id"]
    assert [each["number"] for each in made["lines"]] == [1, 2, 3]
    assert (first["price"]["currency"], first["price"]["unitSP"], first["price"]["SPxY"]) == ("EUR", 132, 660)
    order = order_of(served, first)
    assert (order["type"], order["status"], len(order["lines"]), order["notes"]) == (
        "Purchase", "Processing", 2, "All of it")  # fmt: skip
    agreement = ok(api("client").get(f"/commerce/agreements/{order['agreement']['id']}"))
    assert agreement["basket"]["id"] == made["id"]
    assert "basket" not in ok(api("vendor").get(f"/commerce/agreements/{order['agreement']['id']}"))
    assert now(served, made, "operations")["lines"][0]["order"]["id"] == order["id"]


def test_it_is_the_clients_and_no_vendors(api, served):
    made = started(served, externalIds={"client": "PO-1"})
    path = f"{BASKETS}/{made['id']}"
    assert made["externalIds"] == {"client": "PO-1"}
    assert [api(who).get(path).status for who in ("vendor", "other client", "restricted")] == [404, 404, 200]
    assert (api("vendor").get(BASKETS).status, api("vendor").post(BASKETS, basket()).status) == (403, 403)
    assert (api("operations").post(BASKETS, basket()).status, api("operations").post(f"{path}/approve").status) == (
        403, 403)  # fmt: skip
    assert ok(api("client").get(f"{path}/lines"))["data"][0]["id"] == f"BSL-{made['id'][4:]}-0001"


FAULTS = [
    # what is asked                                                    the faults are at
    (basket(lines=[]),                                                 {"lines"}),
    (basket(licensee=None),                                            {"licensee"}),
    (basket(licensee=refer(OTHER_LICENSEE)),                           {"licensee.id"}),
    (basket(lines="all"),                                              {"lines"}),
    (basket(line("ITM-9999-9999-0001")),                               {"lines[0].item.id"}),
    (basket(line(YEARLY), line(YEARLY)),                               {"lines[1].item.id"}),
    (basket(line(YEARLY), line(PRIVATE_ITEM)),                         {"lines[1].item.id"}),
    (basket(line(YEARLY, 0)),                                          {"lines[0].quantity"}),
    (basket(line(YEARLY, "many"), {"item": refer(ONCE)}),              {"lines[0].quantity", "lines[1].quantity"}),
    (basket(line(YEARLY, startDate="soon")),                           {"lines[0].startDate"}),
    (basket(line(YEARLY), line(OTHER_YEARLY, parameters=None)),        {"lines[1].parameters.ordering.company"}),
    (basket(line(YEARLY, parameters={"ordering": [{"externalId": "x"}]})), {"lines[0].parameters.ordering[0]"}),
    (basket(line(YEARLY, number=2), line(ONCE, number=2)),             {"lines[1].number"}),
    (basket(line(YEARLY, parentNumber=7)),                             {"lines[0].parentNumber"}),
    (basket(line(YEARLY, parentNumber=2), line(ONCE, parentNumber=1)), {"lines[0].parentNumber", "lines[1].parentNumber"}),
    (basket(line(YEARLY, startDate=LATER), line(ONCE, parentNumber=1, startDate="2026-01-01T00:00:00Z")),
                                                                       {"lines[1].startDate"}),
    (basket(line(YEARLY, parentSubscription=refer("SUB-9999-9999-9999"))), {"lines[0].parentSubscription.id"}),
    (basket(orderedBy={"type": "Nobody"}),                             {"orderedBy.type"}),
    (basket(orderedBy={"type": "Customer"}),                           {"orderedBy.type"}),
    (basket(line(OTHER_YEARLY, startDate=LATER, parameters=None)),     {"lines[0].parameters.ordering.company"}),
]  # fmt: skip


@pytest.mark.parametrize(("body", "faults"), FAULTS)
def test_all_faults_are_told_and_nothing_is_begun(api, served, body, faults):
    before = count(served), count(served, "agreements"), count(served, "baskets")
    reply = api("client").post(BASKETS, body)
    assert (reply.status, set(reply.json["errors"])) == (400, faults)
    assert (count(served), count(served, "agreements"), count(served, "baskets")) == before


def test_a_dry_run_prices_everything_and_keeps_nothing(api, served):
    before = count(served), count(served, "baskets")
    reply = api("client").post(BASKETS, basket(line(YEARLY, 2), line(OTHER_YEARLY, startDate=LATER)), prefer="dry-run")
    assert [each["price"]["SPxY"] for each in reply.json["lines"]] == [264, 660]
    assert reply.json["status"] == "Processing" and (count(served), count(served, "baskets")) == before


def test_sent_twice_it_is_placed_once(api, served):
    replies = at_once(*[lambda: api("client").post(BASKETS, basket(), idempotency_key="basket-1") for _ in range(3)])
    assert {each.status for each in replies} <= {201, 409}
    assert len({each.json["id"] for each in replies if each.status == 201}) == 1
    assert api("client").post(BASKETS, basket(line(ONCE)), idempotency_key="basket-1").status == 422


# Following its orders ---------------------------------------------------------------------------------


FOLDED = [
    # the lines                                       the basket
    ("Submitted",                                     "Submitted"),
    ("Submitted Processing",                          "Processing"),
    ("Submitted Completed",                           "Processing"),
    ("Processing Failed",                             "Processing"),
    ("Processing PendingManual",                      "PendingManual"),
    ("PendingManual Failed Completed",                "PendingManual"),
    ("Completed Completed",                           "Completed"),
    ("Completed Failed",                              "Failed"),
    ("Failed Failed",                                 "Failed"),
    ("Cancelled Processing",                          "Processing"),
    ("Cancelled Submitted",                           "Submitted"),
    ("Cancelled Completed",                           "Completed"),
    ("Cancelled Failed",                              "Failed"),
    ("Cancelled Cancelled",                           "Cancelled"),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "status"), FOLDED)
def test_a_basket_is_folded_from_its_lines(lines, status):
    assert folded(lines.split()) == status


OF_ORDERS = [
    # the order      fulfilled by    its lines
    ("Processing",   "automatic",    "Processing"),
    ("Processing",   "extension",    "Processing"),
    ("Processing",   "manual",       "PendingManual"),
    ("Querying",     "automatic",    "PendingManual"),
    ("Completed",    "manual",       "Completed"),
    ("Failed",       "manual",       "Failed"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "mode", "line_status"), OF_ORDERS)
def test_a_line_is_where_its_order_is(status, mode, line_status):
    assert state_of(status, mode) == line_status


def test_it_waits_for_a_person_as_long_as_one_is_asked_and_is_done_when_all_is(api, served):
    made = started(served, line(YEARLY), line(OTHER_YEARLY))
    first, second = made["lines"]
    question = {"statusNotes": {"message": "Which site?"}}
    ok(api("vendor").post(f"{ORDERS}/{first['order']['id']}/query", question))
    seen = now(served, made)
    assert states(seen) == ("PendingManual", ["PendingManual", "Processing"])
    assert seen["lines"][0]["reason"] == "Which site?"
    ok(api("client").post(f"{ORDERS}/{first['order']['id']}/process"))
    assert states(now(served, made)) == ("Processing", ["Processing", "Processing"])
    complete(served, first)
    assert states(now(served, made)) == ("Processing", ["Completed", "Processing"])
    complete(served, second, "other vendor")
    seen = now(served, made)
    assert states(seen) == ("Completed", ["Completed", "Completed"]) and "reason" not in seen["lines"][0]
    for each in seen["lines"]:
        held = ok(api("client").get(f"/commerce/subscriptions/{each['subscription']['id']}"))
        assert held["status"] == "Active"
    assert seen["audit"]["completed"]["at"] and seen["audit"]["processing"]["at"]


def test_one_part_that_fails_makes_it_failed_when_all_is_over(api, served):
    made = started(served, line(YEARLY), line(OTHER_YEARLY))
    finish(served, order_of(served, made["lines"][0]), "fail")
    seen = now(served, made)
    assert states(seen) == ("Processing", ["Failed", "Processing"])
    assert seen["lines"][0]["reason"] == "Not to be had."
    complete(served, made["lines"][1], "other vendor")
    assert states(now(served, made)) == ("Failed", ["Failed", "Completed"])


@pytest.mark.parametrize("turn", range(3))
def test_two_parts_that_finish_at_once_finish_the_basket(api, served, turn):
    made = started(served, line(YEARLY), line(OTHER_YEARLY))
    parts = list(zip(made["lines"], ("vendor", "other vendor"), strict=True))
    for each, vendor in parts:
        map_lines(served, order_of(served, each), vendor)
    paths = [(vendor, f"{ORDERS}/{each['order']['id']}/complete") for each, vendor in parts]
    replies = at_once(*[lambda vendor=vendor, path=path: api(vendor).post(path) for vendor, path in paths])
    assert [each.status for each in replies] == [200, 200]
    assert states(now(served, made)) == ("Completed", ["Completed", "Completed"])


def test_the_built_in_fulfiller_and_people_alike(sandbox):
    mode = "update products set settings = jsonb_set(settings, '{fulfilment}', '{\"mode\": \"manual\"}') where id = $1"
    sandbox.run(sandbox.parts.pool.execute(mode, "PRD-5002-0001"))
    made = started(sandbox, line(AUTOMATIC_YEARLY), line(OTHER_YEARLY))
    assert states(made) == ("PendingManual", ["Processing", "PendingManual"])
    assert "person" in made["lines"][1]["reason"]
    days(sandbox, 1)
    assert states(now(sandbox, made)) == ("PendingManual", ["Completed", "PendingManual"])
    complete(sandbox, made["lines"][1], "other vendor")
    assert now(sandbox, made)["status"] == "Completed"


def test_lists_are_filtered_by_state_and_licensee(api, served):
    made = started(served)
    found = ok(api("client").get(f"{BASKETS}?eq(status,Processing)&eq(licensee.id,{LICENSEE})&order=-audit.created.at"))
    assert found["data"][0]["id"] == made["id"] and "lines" not in found["data"][0]
    whole = ok(api("client").get(f"{BASKETS}?eq(id,{made['id']})&select=lines"))["data"][0]
    assert whole["lines"][0]["status"] == "Processing"
    assert ok(api("client").get(f"{BASKETS}?any(lines,eq(order.id,{made['lines'][0]['order']['id']}))"))["data"]


def test_it_leaves_a_trail(api, served):
    made = started(served)
    complete(served, made["lines"][0])
    told = served.fetch("select name from trail where object_id = $1 order by revision, place", made["id"])
    assert [each["name"] for each in told] == ["basket.created", "basket.proceed", "basket.complete"]


# Later ------------------------------------------------------------------------------------------------


def later(sandbox, number):
    """A day of the sandbox's own time, so many days on."""
    moment = sandbox.fetch("select entrepot_now()")[0][0] + timedelta(days=number)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def test_what_is_for_later_is_placed_on_its_day(sandbox):
    made = started(sandbox, line(YEARLY, startDate=later(sandbox, 10)), line(ONCE, 1, parentNumber=1))
    assert states(made) == ("Submitted", ["Submitted", "Submitted"])
    assert "order" not in made["lines"][0] and made["lines"][0]["price"]["SPxY"] == 660
    assert made["lines"][1]["startDate"] == made["lines"][0]["startDate"]
    days(sandbox, 9)
    assert now(sandbox, made)["status"] == "Submitted"
    days(sandbox, 2)
    seen = now(sandbox, made)
    assert states(seen) == ("Processing", ["Processing", "Processing"])
    assert order_of(sandbox, seen["lines"][0])["status"] == "Processing"


def test_each_day_has_its_own_orders(sandbox):
    made = started(sandbox, line(YEARLY), line(OTHER_YEARLY, startDate=later(sandbox, 3)))
    assert states(made) == ("Processing", ["Processing", "Submitted"])
    complete(sandbox, made["lines"][0])
    assert states(now(sandbox, made)) == ("Processing", ["Completed", "Submitted"])
    days(sandbox, 4)
    assert states(now(sandbox, made))[1][0] == "Completed" and "order" in now(sandbox, made)["lines"][1]


def test_what_cannot_be_placed_on_its_day_fails_and_says_why(sandbox):
    made = started(sandbox, line(MONTHLY, startDate=later(sandbox, 5)), line(OTHER_YEARLY, startDate=later(sandbox, 5)))
    withdraw = "update items set status = $2 where id = $1"
    sandbox.run(sandbox.parts.pool.execute(withdraw, MONTHLY, "Unpublished"))
    days(sandbox, 6)
    seen = now(sandbox, made)
    assert states(seen) == ("Failed", ["Failed", "Failed"])
    assert "not for sale" in seen["lines"][0]["reason"]
    sandbox.run(sandbox.parts.pool.execute(withdraw, MONTHLY, "Published"))


def test_until_its_day_it_may_be_changed_and_cancelled(sandbox):
    made = started(sandbox, line(YEARLY, startDate=later(sandbox, 10)))
    path = f"{BASKETS}/{made['id']}"
    changed = [{"id": made["lines"][0]["id"], "quantity": 7}, line(OTHER_YEARLY, startDate=later(sandbox, 10))]
    seen = ok(sandbox.call("client", "PUT", path, {"lines": changed, "licensee": refer(SECOND_LICENSEE)}))
    assert [(each["number"], each["quantity"]) for each in seen["lines"]] == [(1, 7), (2, 5)]
    assert seen["licensee"]["id"] == LICENSEE and seen["lines"][0]["price"]["SPxY"] == 924
    seen = ok(act(sandbox, made, "cancel", body={"statusNotes": {"message": "Not needed"}}))
    assert states(seen) == ("Cancelled", ["Cancelled", "Cancelled"])
    assert seen["statusNotes"]["message"] == "Not needed"
    days(sandbox, 11)
    assert now(sandbox, made)["status"] == "Cancelled"
    assert [act(sandbox, made, verb).status for verb in ("cancel", "approve", "refuse")] == [409] * 3


def test_later_days_are_cancelled_though_a_part_is_placed(sandbox):
    made = started(
        sandbox,
        line(YEARLY),
        line(OTHER_YEARLY, startDate=later(sandbox, 3)),
        line(MONTHLY, startDate=later(sandbox, 6)),
    )
    orders = count(sandbox)
    assert act(sandbox, made, "cancel", "vendor").status == 404
    assert act(sandbox, made, "cancel", "other client").status == 404
    assert act(sandbox, made, "cancel", body={"statusNotes": 5}).status == 400
    seen = ok(act(sandbox, made, "cancel", body={"statusNotes": {"message": "One is enough"}}))
    assert states(seen) == ("Processing", ["Processing", "Cancelled", "Cancelled"])
    assert seen["statusNotes"]["message"] == "One is enough"
    days(sandbox, 7)
    assert states(now(sandbox, made)) == states(seen) and count(sandbox) == orders
    assert act(sandbox, made, "cancel").status == 409
    complete(sandbox, made["lines"][0])
    assert states(now(sandbox, made)) == ("Completed", ["Completed", "Cancelled", "Cancelled"])


def test_a_day_that_comes_while_it_is_cancelled_is_placed_or_not_at_all(sandbox):
    made = started(sandbox, line(YEARLY), line(OTHER_YEARLY, startDate=later(sandbox, 3)))
    sandbox.run(sandbox.parts.pool.execute("update basket_lines set start_date = now() where order_id is null"))
    replies = at_once(lambda: act(sandbox, made, "cancel"), lambda: days(sandbox, 4))
    seen = now(sandbox, made)
    assert replies[0].status in (200, 409)
    assert states(seen)[1][1] == ("Cancelled" if replies[0].status == 200 else "Processing"), states(seen)
    assert ("order" in seen["lines"][1]) is (replies[0].status == 409)


def test_what_is_placed_is_neither_changed_nor_cancelled(api, served):
    made = started(served)
    kept = ok(api("client").put(f"{BASKETS}/{made['id']}", {"notes": "Later", "lines": [line(ONCE)]}))
    assert (kept["notes"], kept["lines"]) == ("Later", made["lines"])
    assert act(served, made, "cancel").status == 409 == act(served, made, "cancel", "operations").status
    assert act(served, made, "cancel", "vendor").status == 404


def test_brought_forward_it_is_placed_at_once(sandbox):
    made = started(sandbox, line(YEARLY, startDate=later(sandbox, 10)))
    soon = {"lines": [{"id": made["lines"][0]["id"], "startDate": None}]}
    assert ok(sandbox.call("client", "PUT", f"{BASKETS}/{made['id']}", soon))["status"] == "Processing"
    days(sandbox, 11)
    assert sandbox.fetch("select count(*) from agreements where basket_id = $1", made["id"])[0][0] == 1


# Approval ---------------------------------------------------------------------------------------------


ASKED = [
    # who ordered     whose licensee       the basket begins as
    ("Partner",       SECOND_LICENSEE,     "Processing"),
    ("Distributor",   SECOND_LICENSEE,     "Processing"),
    ("Customer",      SECOND_LICENSEE,     "PendingApproval"),
    ("Customer",      LICENSEE,            "Processing"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "licensee", "status"), ASKED)
def test_self_service_waits_for_the_partner_where_it_wants_to_be_asked(sandbox, kind, licensee, status):
    by = {"type": kind, "email": "ada@customer.example"}
    made = started(sandbox, licensee=refer(licensee), orderedBy=by)
    assert (made["status"], made["orderedBy"]) == (status, by)


def waiting(sandbox, *lines):
    return started(sandbox, *lines, licensee=refer(SECOND_LICENSEE), orderedBy={"type": "Customer"})


def test_the_partner_approves(sandbox):
    before = count(sandbox)
    made = waiting(sandbox, line(YEARLY), line(OTHER_YEARLY, startDate=later(sandbox, 5)))
    assert states(made) == ("PendingApproval", ["Submitted", "Submitted"]) and count(sandbox) == before
    assert [each["price"]["SPxY"] for each in made["lines"]] == [660, 660]
    days(sandbox, 6)
    assert now(sandbox, made)["status"] == "PendingApproval"
    assert act(sandbox, made, "approve", "restricted").status == 404
    seen = ok(act(sandbox, made, "approve"))
    assert seen["status"] in ("Processing", "PendingManual") and count(sandbox) == before + 2
    assert act(sandbox, made, "approve").status == 409


def test_the_partner_changes_then_approves(sandbox):
    made = waiting(sandbox, line(YEARLY, 50))
    path = f"{BASKETS}/{made['id']}"
    seen = ok(sandbox.call("client", "PUT", path, {"lines": [{"number": 1, "quantity": 4}]}))
    assert (seen["status"], seen["lines"][0]["quantity"], seen["lines"][0]["price"]["SPxY"]) == (
        "PendingApproval", 4, 528)  # fmt: skip
    refused = sandbox.call("client", "PUT", path, {"lines": []})
    assert (refused.status, list(refused.json["errors"])) == (400, ["lines"])
    seen = ok(act(sandbox, made, "approve"))
    assert order_of(sandbox, seen["lines"][0])["lines"][0]["quantity"] == 4


@pytest.mark.parametrize("verb", ["refuse", "cancel"])
def test_the_partner_refuses(sandbox, verb):
    made, before = waiting(sandbox), count(sandbox)
    seen = ok(act(sandbox, made, verb, body={"statusNotes": {"message": "Too many."}}))
    assert (seen["status"], seen["statusNotes"]["message"], count(sandbox)) == ("Cancelled", "Too many.", before)
    assert act(sandbox, made, "approve").status == 409


def test_only_one_of_two_who_decide_at_once_is_heard(sandbox):
    made = waiting(sandbox)
    replies = at_once(lambda: act(sandbox, made, "approve"), lambda: act(sandbox, made, "refuse"))
    assert sorted(each.status for each in replies) == [200, 409]
    orders = sandbox.fetch("select count(*) from agreements where basket_id = $1", made["id"])[0][0]
    assert (now(sandbox, made)["status"] == "Cancelled") == (orders == 0)


def test_what_is_no_longer_for_sale_is_not_approved(sandbox):
    made = waiting(sandbox, line(MONTHLY))
    change = "update items set status = $2 where id = $1"
    sandbox.run(sandbox.parts.pool.execute(change, MONTHLY, "Unpublished"))
    refused = act(sandbox, made, "approve")
    sandbox.run(sandbox.parts.pool.execute(change, MONTHLY, "Published"))
    assert (refused.status, list(refused.json["errors"])) == (400, ["lines[0].item.id"])
    assert now(sandbox, made)["status"] == "PendingApproval"


def test_a_world_file_may_leave_out_what_follows(sandbox):
    sandbox.load([{"$kind": "commerce/baskets", "id": "BSK-1000-0000-0001", "licensee": refer(LICENSEE),
                   "lines": [line(YEARLY), line(OTHER_YEARLY, startDate=later(sandbox, 3))]}])  # fmt: skip
    made = {"id": "BSK-1000-0000-0001"}
    seen = now(sandbox, made)
    assert (seen["client"]["id"], seen["orderedBy"]["type"]) == ("ACC-2001-0001", "Partner")
    assert (states(seen), seen["lines"][1]["id"]) == (("Submitted", ["Submitted"] * 2), "BSL-1000-0000-0001-0002")
    days(sandbox, 4)
    assert all("order" in each for each in now(sandbox, made)["lines"])
