"""What may be done with a thing now, what not, why, and who may change that (`GET …/{id}/actions`)."""

import pytest

from tests.orders import ORDERS, about, line_of, live, ordered
from tests.party import Api, Party, ok
from tests.purchases import completed, draft, mapped, placed, queried
from tests.world import YEARLY

CALLS = {"update": "put", "delete": "delete"}


@pytest.fixture
def api(served) -> Api:
    return lambda who: Party(served, who)


def told(api, order, who="client"):
    return {each["name"]: each for each in ok(api(who).get(f"{ORDERS}/{order['id']}/actions"))["actions"]}


def test_a_draft_as_its_client_sees_it(api, served):
    order = draft(served)
    seen = told(api, order)
    assert seen["process"] == {"name": "process", "by": ["client", "operations", "vendor"], "state": "Open"}
    assert (seen["quote"]["state"], seen["delete"]["state"], seen["update"]["state"]) == ("Open", "Open", "Open")
    assert (seen["complete"]["state"], seen["complete"]["unblockedBy"]) == ("Blocked", ["vendor"])
    assert seen["complete"]["reason"]["status"] == 403
    assert "fulfil" not in seen
    again = ok(api("client").get(f"{ORDERS}/{order['id']}"))
    assert again == order | {"audit": again["audit"]}, "nothing was done"


def test_what_is_missing_is_named(api, served):
    order = placed(served)
    seen = told(api, order, "vendor")
    assert seen["complete"]["state"] == "NeedsContent"
    assert list(seen["complete"]["errors"]) == ["lines[0].subscription"]
    assert list(seen["fail"]["errors"]) == ["statusNotes"]
    assert told(api, mapped(served), "vendor")["complete"]["state"] == "Open"


def test_who_may_change_the_state_is_told(api, served):
    order = queried(served)
    complete = told(api, order, "vendor")["complete"]
    assert (complete["state"], complete["reason"]["status"]) == ("Blocked", 409)
    assert complete["unblockedBy"] == ["client", "operations", "vendor"]
    done = told(api, completed(served))
    assert (done["process"]["state"], done["process"]["unblockedBy"]) == ("Blocked", [])


def test_a_rule_beyond_the_state_is_told_too(api, served):
    held = live(served)
    line = {"id": line_of(held, YEARLY)["id"], "quantity": 12}
    waiting = ok(api("client").post(ORDERS, about(held, "Change", status="Draft", lines=[line])))
    assert told(api, waiting)["process"]["state"] == "Open"
    ordered(served, held, "Change", lines=[line])
    blocked = told(api, waiting)["process"]
    assert "in flight" in blocked["reason"]["detail"] and "vendor" in blocked["unblockedBy"]


@pytest.mark.parametrize("who", ["client", "vendor", "operations"])
@pytest.mark.parametrize("play", [draft, placed, queried, mapped, completed])
def test_what_is_open_succeeds_and_what_is_not_is_refused(api, served, play, who):
    names = list(told(api, play(served), who))
    for name in names:
        order = play(served)
        seen = told(api, order, who)[name]
        path = f"{ORDERS}/{order['id']}"
        reply = getattr(api(who), CALLS.get(name, "post"))(path if name in CALLS else f"{path}/{name}")
        if seen["state"] == "Open":
            assert reply.status < 300, (name, reply.json)
        else:
            assert (reply.status, reply.json["detail"]) == (seen["reason"]["status"], reply.json["detail"])


def test_of_others_nothing_is_told(api, served):
    order = draft(served)
    assert api("other client").get(f"{ORDERS}/{order['id']}/actions").status == 404
    assert api("client").get(f"{ORDERS}/ORD-0000-0000-0000/actions").status == 404
    part = mapped(served)
    sub = f"{ORDERS}/{part['id']}/subscriptions/{part['subscriptions'][0]['id']}"
    names = [each["name"] for each in ok(api("vendor").get(f"{sub}/actions"))["actions"]]
    assert names == ["update", "delete"]
    assert (
        api("vendor").get(f"{ORDERS}/{order['id']}/subscriptions/{part['subscriptions'][0]['id']}/actions").status
        == 404
    )
