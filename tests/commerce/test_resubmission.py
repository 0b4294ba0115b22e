"""What came to nothing is asked for again (beyond the platform: `POST …/resubmit`)."""

import pytest

from tests.orders import ORDERS, about, finish, line_of, live, ordered
from tests.party import ok
from tests.purchases import completed, draft, failed
from tests.world import MONTHLY, YEARLY, refer


def again(api, order, body=None, who="client"):
    return api(who).post(f"{ORDERS}/{order['id']}/resubmit", body)


def test_a_failed_purchase_becomes_a_new_draft(api, served):
    order = failed(served, notes="Once more, please", externalIds={"client": "PO-9"})
    reply = again(api, order)
    assert reply.status == 201, reply.json
    new = reply.json
    assert reply.headers["location"].endswith(f"/commerce/orders/{new['id']}")
    assert new["status"] == "Draft" and new["id"] != order["id"] and new["agreement"]["id"] != order["agreement"]["id"]
    assert [(each["item"]["id"], each["quantity"]) for each in new["lines"]] == [
        (each["item"]["id"], each["quantity"]) for each in order["lines"]]  # fmt: skip
    assert (new["notes"], new["externalIds"]) == ("Once more, please", {"client": "PO-9"})
    assert new["parameters"]["ordering"][0]["value"] == order["parameters"]["ordering"][0]["value"]
    assert ok(api("client").post(f"{ORDERS}/{new['id']}/process"))["status"] == "Processing"
    assert ok(api("client").get(f"{ORDERS}/{order['id']}"))["status"] == "Failed"


def test_the_client_may_say_something_new(api, served):
    order = failed(served)
    new = ok(
        again(api, order, {"status": "Processing", "notes": "Now", "lines": [{"item": refer(MONTHLY), "quantity": 1}]})
    )
    assert (new["status"], new["notes"], len(new["lines"])) == ("Processing", "Now", 1)
    bad = again(api, order, {"lines": [{"item": refer("ITM-0000-0000-0000"), "quantity": 1}]})
    assert (bad.status, list(bad.json["errors"])) == (400, ["lines[0].item.id"])


def test_a_failed_change_and_a_deleted_termination(api, served):
    held = live(served)
    change = ordered(served, held, "Change",
                     lines=[{"id": line_of(held, YEARLY)["id"], "quantity": 12}, {"item": refer(MONTHLY), "quantity": 2}])  # fmt: skip
    finish(served, change, "fail")
    new = ok(again(api, change))
    assert [(each["oldQuantity"], each["quantity"]) for each in new["lines"]] == [(10, 12), (0, 2)]
    end = ok(api("client").post(
        ORDERS, about(held, "Termination", status="Draft", lines=[{"id": line_of(held, YEARLY)["id"], "quantity": 0}])
    ))  # fmt: skip
    assert api("client").delete(f"{ORDERS}/{end['id']}").status == 204
    assert [each["quantity"] for each in ok(again(api, end))["lines"]] == [0]


@pytest.mark.parametrize("play", [draft, completed])
def test_only_what_came_to_nothing(api, served, play):
    assert again(api, play(served)).status == 409


def test_only_by_its_client(api, served):
    order = failed(served)
    assert [again(api, order, who=who).status for who in ("vendor", "operations", "other client")] == [403, 403, 404]
