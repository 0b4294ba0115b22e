"""Ten who want the same at once: exactly one gets it, and each of the others is told why not."""

from collections import Counter
from typing import Any

import pytest

from tests.party import Api, Party, at_once, ok
from tests.purchases import draft, mapped, placed
from tests.serving import Served, serving
from tests.world import order_line_of, purchase

ORDERS = "/commerce/orders"


def path_of(order: Any) -> str:
    return f"{ORDERS}/{order['id']}"


def crowded(number: int, *states: str) -> list[dict[str, Any]]:
    """One agreement with an order in each of these states."""
    agreement, _ = order_line_of(states[0], number)
    orders: list[dict[str, Any]] = []
    for at, state in enumerate(states):
        _, order = order_line_of(state, number)
        order["id"] = f"{order['id'][:-4]}{at + 1:04d}"
        order["lines"][0]["id"] = f"ALI-{agreement['id'][4:]}-{at + 1:04d}"
        orders.append(order)
    return [agreement, *orders]


@pytest.mark.parametrize("again", range(3))
def test_ten_who_place_one_draft_place_it_once(api, served, again):
    order = draft(served)
    replies = at_once(*[lambda: api("client").post(f"{path_of(order)}/process")] * 10)
    assert Counter(each.status for each in replies) == {200: 1, 409: 9}
    found = ok(api("client").get(path_of(order)))
    assert (found["status"], found["revision"], found["agreement"]["status"]) == ("Processing", 2, "Provisioning")
    placed_rows = served.fetch("select from trail where object_id = $1 and name = 'order.placed'", order["id"])
    assert len(placed_rows) == 1


@pytest.mark.parametrize("again", range(3))
def test_of_ten_drafts_of_one_agreement_one_is_placed(api, served, again):
    lines = crowded(900 + again, *["Draft"] * 10)
    served.load(lines)
    paths = [path_of(each) for each in lines[1:]]
    replies = at_once(*[lambda path=path: api("client").post(f"{path}/process") for path in paths])
    assert Counter(each.status for each in replies) == {200: 1, 409: 9}
    assert all("in flight" in each.json["detail"] for each in replies if each.status == 409)
    states = Counter(ok(api("client").get(path))["status"] for path in paths)
    assert states == {"Processing": 1, "Draft": 9}
    (row,) = served.fetch("select revision, status from agreements where id = $1", lines[0]["id"])
    assert tuple(row) == (2, "Provisioning")


@pytest.mark.parametrize("again", range(2))
def test_ten_creates_with_one_key_make_one_order(api, served, again):
    body, key = purchase(notes=f"once{again}"), f"race {again}"
    replies = at_once(*[lambda: api("client").post(ORDERS, body, idempotency_key=key)] * 10)
    assert {each.status for each in replies} == {201}
    assert len({each.body for each in replies}) == len({each.etag for each in replies}) == 1
    assert Counter(each.headers.get("idempotent-replayed") for each in replies) == {None: 1, "true": 9}
    found = ok(api("client").get(f"{ORDERS}?eq(notes,'once{again}')&limit=0"))
    assert found["$meta"]["pagination"]["total"] == 1


@pytest.mark.parametrize("again", range(5))
def test_completing_one_order_while_another_of_its_agreement_is_placed_ends_for_both(api, served, again):
    lines = crowded(950 + again, "Processing", "Draft")
    served.load(lines)
    first, second = (path_of(each) for each in lines[1:])
    done, refused = at_once(
        lambda: api("vendor").post(f"{first}/complete"), lambda: api("client").post(f"{second}/process")
    )
    assert (done.status, refused.status) == (200, 409), (done.json, refused.json)
    assert ok(api("client").get(first))["agreement"]["status"] == "Active"
    assert ok(api("client").get(second))["status"] == "Draft"


@pytest.mark.parametrize("again", range(3))
def test_of_ten_edits_of_one_revision_one_counts(api, served, again):
    order = draft(served)
    edits = [
        lambda n=n: api("client").put(path_of(order), {"notes": f"by {n}"}, if_match=f'"{order["revision"]}"')
        for n in range(10)
    ]
    replies = at_once(*edits)
    assert Counter(each.status for each in replies) == {200: 1, 412: 9}
    (winner,) = [each.json for each in replies if each.status == 200]
    found = ok(api("client").get(path_of(order)))
    assert (found["revision"], found["notes"]) == (2, winner["notes"])


def test_edits_of_different_parties_at_once_are_all_kept(api: Api, served):
    order = placed(served)
    actors = ("client", "vendor", "operations")
    replies = at_once(*[lambda a=a: api(a).put(path_of(order), {"externalIds": {a: f"by {a}"}}) for a in actors])
    assert [each.status for each in replies] == [200, 200, 200]
    assert [ok(api(a).get(path_of(order)))["externalIds"] for a in actors] == [{a: f"by {a}"} for a in actors]
    assert ok(api("client").get(path_of(order)))["revision"] == order["revision"] + 3


def test_completing_and_failing_at_once_do_one_of_the_two(api, served: Served):
    order = mapped(served)
    notes = {"statusNotes": {"message": "No."}}
    replies = at_once(
        lambda: api("vendor").post(f"{path_of(order)}/complete"),
        lambda: api("operations").post(f"{path_of(order)}/fail", notes),
    )
    assert sorted(each.status for each in replies) == [200, 409]
    found = ok(api("client").get(path_of(order)))
    live = api("client").get(f"/commerce/subscriptions/{order['subscriptions'][0]['id']}").status
    assert (found["status"], found["agreement"]["status"], live) in [
        ("Completed", "Active", 200),
        ("Failed", "Failed", 404),
    ]


def test_an_agreement_stays_while_another_of_its_orders_is_under_way(api, served):
    lines = crowded(980, "Draft", "Draft")
    served.load(lines)
    first, second = (path_of(each) for each in lines[1:])
    ok(api("client").delete(first))
    assert ok(api("client").get(second))["agreement"]["status"] == "Draft"
    ok(api("client").delete(second))
    assert ok(api("client").get(second))["agreement"]["status"] == "Deleted"


@pytest.mark.parametrize("again", range(5))
def test_an_agreement_goes_with_the_last_of_its_orders_when_all_are_given_up_at_once(api, served, again):
    lines = crowded(981 + again, *["Draft"] * 4)
    served.load(lines)
    replies = at_once(*[lambda each=each: api("client").delete(path_of(each)) for each in lines[1:]])
    assert {each.status for each in replies} <= {204, 409}
    for each in lines[1:]:
        assert api("client").delete(path_of(each)).status in (204, 409)
    (row,) = served.fetch("select status from agreements where id = $1", lines[0]["id"])
    assert row["status"] == "Deleted"


def test_two_orders_numbered_at_once_under_one_agreement_share_no_line(api, served):
    lines = crowded(990, "Draft", "Draft")
    served.load(lines)
    more = [{"item": {"id": "ITM-5001-0001-0001"}, "quantity": 1}]
    replies = at_once(*[lambda each=each: api("client").put(path_of(each), {"lines": more}) for each in lines[1:]] * 3)
    assert {each.status for each in replies} <= {200, 409}
    ids = [ok(api("client").get(path_of(each)))["lines"][0]["id"] for each in lines[1:]]
    assert len(set(ids)) == 2


def test_a_line_may_go_to_one_subscription_only_however_many_try(api, served):
    order = placed(served)
    body = {"name": "S", "lines": [{"id": order["lines"][0]["id"]}]}
    replies = at_once(*[lambda: api("vendor").post(f"{path_of(order)}/subscriptions", body)] * 6)
    assert Counter(each.status for each in replies) == {201: 1, 400: 5}
    assert len(ok(api("vendor").get(path_of(order)))["subscriptions"]) == 1


def test_the_database_itself_forbids_two_orders_in_flight(served: Served):
    lines = crowded(995, "Processing", "Draft")
    served.load(lines)
    with pytest.raises(Exception, match="orders_one_in_flight"):
        served.fetch("update orders set status = 'Querying' where id = $1", lines[2]["id"])


def test_the_revision_check_holds_without_the_indexes_that_stand_behind_it(cluster: Any, template: str):
    with serving(cluster, template) as alone:
        for index in ("trail_object", "orders_one_in_flight"):
            alone.fetch(f"drop index {index}")
        client = Party(alone, "client")
        lines = crowded(900, *["Draft"] * 10)
        alone.load(lines)
        paths = [path_of(each) for each in lines[1:]]
        replies = at_once(*[lambda path=path: client.post(f"{path}/process") for path in paths])
        assert Counter(each.status for each in replies) == {200: 1, 409: 9}
        draft_path = path_of(draft(alone))
        edits = [lambda n=n: client.put(draft_path, {"notes": f"by {n}"}, if_match='"1"') for n in range(10)]
        assert Counter(each.status for each in at_once(*edits)) == {200: 1, 412: 9}
