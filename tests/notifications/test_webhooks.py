"""Webhooks over HTTP: what happens is sent to whoever asked for it, signed, in order, until it has arrived."""

import itertools
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tests.notifications.receiving import OK, Got, Inbox, inbox, working
from tests.party import Party, ok
from tests.purchases import placed
from tests.serving import Served
from tests.world import LICENSEE, SECOND_LICENSEE, purchase, refer

Api = Callable[[str], Party]
Line = dict[str, Any]
SUBSCRIPTIONS = "/notifications/event-subscriptions"
ORDER_EVENTS = ["platform.commerce.order.*"]
UNKNOWN = "EVS-9999-9999"


@pytest.fixture(scope="module", autouse=True)
def at_work(served: Served) -> Iterator[None]:
    with working(served):
        yield


@pytest.fixture
def receiver() -> Iterator[Inbox]:
    with inbox() as found:
        yield found


@pytest.fixture(autouse=True)
def afterwards(api: Api, at_work: None) -> Iterator[None]:
    """Subscriptions of one test do not hear of the next."""
    yield
    for who in ("client", "vendor", "operations", "other client"):
        for each in ok(api(who).get(f"{SUBSCRIPTIONS}?limit=1000"))["data"]:
            assert api(who).delete(f"{SUBSCRIPTIONS}/{each['id']}").status == 204


def subscribe(party: Party, url: str, **more: Any) -> Line:
    return ok(party.post(SUBSCRIPTIONS, {"url": url, "events": ORDER_EVENTS, **more}))


def draft(party: Party, **more: Any) -> Line:
    return ok(party.post("/commerce/orders", purchase(**more)))


def state(party: Party, made: Line) -> str:
    return ok(party.get(f"{SUBSCRIPTIONS}/{made['id']}"))["status"]


def deliveries(party: Party, made: Line, query: str = "") -> list[Line]:
    return ok(party.get(f"/notifications/deliveries?eq(subscription.id,{made['id']}){query}"))["data"]


def until(holds: Callable[[], object], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


# What arrives ------------------------------------------------------------------------------------------


def test_what_happens_arrives_in_an_envelope_that_can_be_verified(api: Api, receiver: Inbox):
    made = subscribe(api("client"), receiver.url, name="Ours")
    order = draft(api("client"))
    got = receiver.wait(len)[0]
    assert got.path == "/hook"
    event = Webhook(made["secret"]).verify(got.raw.decode(), got.headers)
    assert event["type"] == event["data"]["event"] == "platform.commerce.order.created"
    assert got.about == (order["id"], 1)
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + "A" * 43 + "=").verify(got.raw.decode(), got.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(made["secret"]).verify(got.raw.decode().replace("Draft", "Other") + " ", got.headers)


def test_each_is_sent_what_its_account_may_read_as_it_may_read_it(api: Api):
    with inbox() as client, inbox() as vendor, inbox() as other:
        for who, box in (("client", client), ("vendor", vendor), ("other client", other)):
            subscribe(api(who), box.url, events=["*"], condition="eq(object.objectType,Order)")
        order = placed(api("client").served)
        path = f"/commerce/orders/{order['id']}"
        ok(api("vendor").put(path, {"externalIds": {"vendor": "a secret of the vendor"}}))
        ok(api("client").put(path, {"externalIds": {"client": "a secret of the client"}}))
        for box in (client, vendor):
            box.wait(lambda got: any(about(each) == (order["id"], 5) for each in got) or len(got) >= 4)
        feed = {who: ok(api(who).get(f"/events?eq(object.id,{order['id']})"))["data"] for who in ("client", "vendor")}
        for who, box in (("client", client), ("vendor", vendor)):
            box.wait(lambda got, who=who: len(got) >= len(feed[who]))
            assert [each.data for each in box.got] == feed[who]
        assert b"a secret of the vendor" not in b"".join(each.raw for each in client.got)
        assert b"a secret of the client" not in b"".join(each.raw for each in vendor.got)
        assert other.got == []


def about(got: Got) -> tuple[str, int]:
    return got.about


def test_who_is_held_to_one_buyer_is_sent_of_that_one_alone(api: Api, receiver: Inbox):
    made = subscribe(api("restricted"), receiver.url)
    assert [each["id"] for each in made["buyers"]] == ["BUY-2001-0001"]
    draft(api("client"), licensee=SECOND_LICENSEE)
    mine = draft(api("client"), licensee=LICENSEE)
    got = receiver.wait(len)
    time.sleep(0.3)
    assert [each.about[0] for each in receiver.got] == [mine["id"]] == [got[0].about[0]]


@pytest.mark.parametrize(("asked", "heard"), [
    ({"events": ["platform.commerce.order.created"]}, ["created"]),
    ({"events": ["platform.commerce.order.status_changed"]}, ["status_changed"]),
    ({"events": ["platform.commerce.*"], "condition": "eq(object.objectType,Order)"}, ["created", "status_changed"]),
    ({"events": ["*"], "condition": "eq(object.objectType,Order)&like(event,*changed)"}, ["status_changed"]),
    ({"events": ORDER_EVENTS, "condition": "eq(object.id,ORD-0) | like(event,*.created)"}, ["created"]),
    ({"events": ["platform.commerce.order.created", "platform.commerce.order.status_changed"]}, ["created", "status_changed"]),
], ids=lambda each: "")  # fmt: skip
def test_what_was_asked_for_is_sent(api: Api, receiver: Inbox, asked: Line, heard: list[str]):
    subscribe(api("client"), receiver.url, **asked)
    order = draft(api("client"))
    ok(api("client").post(f"/commerce/orders/{order['id']}/process"))
    receiver.wait(lambda got: len(got) >= len(heard))
    time.sleep(0.2)
    mine = [each.data["event"].rpartition(".")[2] for each in receiver.got if each.about[0] == order["id"]]
    assert mine == heard


# Order, repetition, patience -----------------------------------------------------------------------------


def test_what_was_refused_comes_again_with_its_id_and_what_follows_waits_for_it(api: Api, receiver: Inbox):
    answers = itertools.chain([(500, {"retry-after": "1"}, b"not now")], itertools.repeat(OK))
    receiver.answer = lambda _: next(answers)
    made = subscribe(api("client"), receiver.url)
    order = draft(api("client"))
    receiver.wait(len)
    ok(api("client").post(f"/commerce/orders/{order['id']}/process"))
    other = draft(api("client"))
    got = receiver.wait(lambda got: len(got) >= 4)
    assert [each.about for each in got] == [(order["id"], 1), (other["id"], 1), (order["id"], 1), (order["id"], 2)]
    assert got[0].id == got[2].id and got[0].raw == got[2].raw
    assert 0.9 < got[2].at - got[0].at < 5
    until(lambda: all(each["status"] == "Delivered" for each in deliveries(api("client"), made)))
    (log,) = [each for each in deliveries(api("client"), made, "&select=attempts") if each["id"] == got[0].id]
    assert [each["status"] for each in log["attempts"]] == [500, 200]
    assert log["attempts"][0]["answer"] == "not now"
    assert log["attempts"][0]["error"] == "The receiver answered 500."
    assert log["tries"] == 2 and log["delivered"] >= log["created"]


def test_while_it_is_disabled_nothing_is_lost(api: Api, receiver: Inbox):
    made = subscribe(api("client"), receiver.url)
    path = f"{SUBSCRIPTIONS}/{made['id']}"
    assert ok(api("client").post(f"{path}/disable"))["status"] == "Disabled"
    orders = [draft(api("client")) for _ in range(3)]
    time.sleep(0.5)
    assert receiver.got == []
    assert ok(api("client").post(f"{path}/enable"))["status"] == "Active"
    got = receiver.wait(lambda got: len(got) >= 3)
    assert {each.about[0] for each in got} == {each["id"] for each in orders}
    assert api("client").post(f"{path}/enable").status == 409


def test_a_receiver_that_wants_no_more_is_paused_and_its_account_is_told(api: Api, receiver: Inbox):
    receiver.answer = lambda _: (410, {}, b"")
    made = subscribe(api("client"), receiver.url)
    order = draft(api("client"))
    until(lambda: state(api("client"), made) == "Paused")
    query = f"eq(object.id,{made['id']})&like(event,*status_changed)"
    until(lambda: ok(api("client").get(f"/events?{query}"))["data"])
    event = ok(api("client").get(f"/events?{query}"))["data"][-1]
    why = "The receiver answered that it wants no more."
    assert event["documents"]["changes"]["pauseReason"] == [None, why]
    assert ok(api("client").get(f"{SUBSCRIPTIONS}/{made['id']}"))["pauseReason"] == why
    receiver.answer = lambda _: OK
    ok(api("client").post(f"{SUBSCRIPTIONS}/{made['id']}/enable"))
    until(lambda: [each["status"] for each in deliveries(api("client"), made)] == ["Delivered"])
    assert {each.about for each in receiver.got} == {(order["id"], 1)}


def test_a_door_that_is_closed_holds_up_nobody_else(api: Api, receiver: Inbox):
    dead = subscribe(api("client"), "http://127.0.0.1:9/")
    subscribe(api("client"), receiver.url)
    for _ in range(10):
        draft(api("client"))
    receiver.wait(lambda got: len(got) >= 10)
    until(lambda: any(each["tries"] for each in deliveries(api("client"), dead)))
    told = ok(api("client").get(f"{SUBSCRIPTIONS}/{dead['id']}?select=statistics"))["statistics"]
    assert told["delivered"] == 0 and told["pending"] == 10 and told["failuresSinceLastSuccess"] >= 1
    log = deliveries(api("client"), dead, "&select=attempts&gt(tries,0)")
    assert log[0]["attempts"][0]["error"] == "The connection was refused."
    assert log[0]["nextAttempt"] > log[0]["created"]


def test_a_delivery_can_be_sent_again(api: Api, receiver: Inbox):
    made = subscribe(api("client"), receiver.url)
    draft(api("client"))
    until(lambda: [each["status"] for each in deliveries(api("client"), made)] == ["Delivered"])
    (done,) = deliveries(api("client"), made)
    again = ok(api("client").post(f"/notifications/deliveries/{done['id']}/redeliver"))
    assert (again["status"], again.get("delivered")) == ("Pending", None)
    got = receiver.wait(lambda got: len(got) >= 2)
    assert got[0].id == got[1].id == done["id"] and got[0].raw == got[1].raw
    for who in ("vendor", "other client", "operations"):
        assert api(who).post(f"/notifications/deliveries/{done['id']}/redeliver").status == 404
        assert api(who).get(f"/notifications/deliveries/{done['id']}").status == 404


def test_what_is_under_way_is_not_sent_again_by_hand(api: Api):
    made = subscribe(api("client"), "http://127.0.0.1:9/")
    draft(api("client"))
    until(lambda: deliveries(api("client"), made))
    (one,) = deliveries(api("client"), made)
    assert api("client").post(f"/notifications/deliveries/{one['id']}/redeliver").status == 409


def test_a_ping_is_sent_even_to_a_receiver_that_is_paused(api: Api, receiver: Inbox):
    made = subscribe(api("client"), receiver.url)
    path = f"{SUBSCRIPTIONS}/{made['id']}"
    ok(api("client").post(f"{path}/disable"))
    sent = ok(api("client").post(f"{path}/test"))["delivery"]["id"]
    got = receiver.wait(len)[0]
    assert got.id == sent
    body = Webhook(made["secret"]).verify(got.raw.decode(), got.headers)
    assert body["type"] == "platform.notifications.event_subscription.ping"
    until(lambda: ok(api("client").get(f"/notifications/deliveries/{sent}"))["status"] == "Delivered")
    one = ok(api("client").get(f"/notifications/deliveries/{sent}"))
    assert one["attempts"][0]["status"] == 200 and one["payload"]["id"] == made["id"]


def test_an_account_that_is_closed_is_sent_nothing_until_it_is_open_again(api: Api, receiver: Inbox):
    made = subscribe(api("other client"), receiver.url)
    order = draft(api("other client"), licensee="LCE-2002-0001-0001")
    receiver.wait(len)
    ok(api("operations").post("/accounts/accounts/ACC-2002-0001/disable"))
    time.sleep(1.2)  # what a worker knows of a subscription is at most a second old
    ok(api("operations").put(f"/commerce/orders/{order['id']}", {"externalIds": {"operations": "x"}}))
    time.sleep(0.5)
    assert len(receiver.got) == 1
    ok(api("operations").post("/accounts/accounts/ACC-2002-0001/enable"))
    until(lambda: len(receiver.got) == 2, 40)
    assert receiver.got[1].about[0] == order["id"]
    assert made["account"]["id"] == "ACC-2002-0001"


# Secrets -------------------------------------------------------------------------------------------------


def test_a_secret_is_shown_when_it_is_made_and_when_it_is_asked_for(api: Api):
    made = subscribe(api("client"), "https://hooks.example/in")
    path = f"{SUBSCRIPTIONS}/{made['id']}"
    assert made["secret"].startswith("whsec_")
    seen = ok(api("client").get(path))
    assert "secret" not in seen and "secret" in seen["$meta"]["omitted"]
    assert ok(api("client").get(f"{path}?select=secret"))["secret"] == made["secret"]
    assert "secret" not in ok(api("client").get(SUBSCRIPTIONS))["data"][0]
    assert "secret" not in ok(api("client").put(path, {"name": "New"}))
    assert "secret" not in ok(api("client").post(f"{path}/disable"))
    (row,) = api("client").served.fetch("select secret from event_subscriptions where id = $1", made["id"])
    assert made["secret"][6:] not in row[0], "it is kept sealed"
    trail = ok(api("client").get(f"/audit/records?eq(object.id,{made['id']})&select=documents,details"))
    assert made["secret"] not in json.dumps(trail)
    for who in ("operations", "vendor", "other client", "restricted"):
        assert api(who).get(f"{path}?select=secret").status == 404


def test_after_a_rotation_both_secrets_sign_for_a_day(api: Api, receiver: Inbox):
    own = "whsec_" + "QUJD" * 8
    made = subscribe(api("client"), receiver.url, secret=own)
    assert made["secret"] == own
    turned = ok(api("client").post(f"{SUBSCRIPTIONS}/{made['id']}/rotate-secret"))
    assert turned["secret"] != own
    draft(api("client"))
    got = receiver.wait(len)[0]
    assert len(got.headers["webhook-signature"].split(" ")) == 2
    for secret in (own, turned["secret"]):
        assert Webhook(secret).verify(got.raw.decode(), got.headers)
    api("client").served.run(api("client").served.parts.pool.execute(
        "update event_subscriptions set former_secret_until = now() - interval '1 second'"))  # fmt: skip
    time.sleep(1.2)  # what is known of a subscription is at most a second old
    draft(api("client"))
    last = receiver.wait(lambda got: len(got) >= 2)[1]
    assert Webhook(turned["secret"]).verify(last.raw.decode(), last.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(own).verify(last.raw.decode(), last.headers)


# Refusals ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("body", "path"), [
    ({"events": ["*"]}, "url"),
    ({"url": "ftp://x.example/"}, "url"),
    ({"url": "https://"}, "url"),
    ({"url": "https://user:pass@x.example/"}, "url"),
    ({"url": "https://x.example/\nHost: y"}, "url"),
    ({"url": "https://ümlaut.example/"}, "url"),
    ({"url": "https://" + "x" * 2000}, "url"),
    ({"url": 5}, "url"),
    ({"events": []}, "events"),
    ({"events": "platform.*"}, "events"),
    ({"events": ["platform.commerce.order.created') or eq(event,'x"]}, "events"),
    ({"events": ["Order*"]}, "events"),
    ({"events": ["*"] * 51}, "events"),
    ({"events": [7]}, "events"),
    ({"condition": "eq(unknown,1)"}, "condition"),
    ({"condition": "eq(delta,1)"}, "condition"),
    ({"condition": "eq(event"}, "condition"),
    ({"condition": "limit=5"}, "condition"),
    ({"condition": "x" * 2001}, "condition"),
    ({"secret": "short"}, "secret"),
    ({"secret": "whsec_QUJD"}, "secret"),
    ({"secret": 5}, "secret"),
    ({"secret": "whsec_" + "!" * 44}, "secret"),
])  # fmt: skip
def test_what_cannot_be_subscribed_to_is_told(api: Api, body: Line, path: str):
    whole = {"url": "https://hooks.example/in"} | body
    if path == "url" and "url" not in body:
        whole = body
    reply = api("client").post(SUBSCRIPTIONS, whole)
    assert reply.status == 400, reply.body
    assert list(reply.json["errors"]) == [path]
    assert ok(api("client").get(f"{SUBSCRIPTIONS}?limit=0"))["$meta"]["pagination"]["total"] == 0


def test_a_change_is_held_to_the_same(api: Api):
    made = subscribe(api("client"), "https://hooks.example/in")
    path = f"{SUBSCRIPTIONS}/{made['id']}"
    assert list(api("client").put(path, {"url": "x"}).json["errors"]) == ["url"]
    assert list(api("client").put(path, {"condition": "eq(nothing,1)"}).json["errors"]) == ["condition"]
    assert list(api("client").post(f"{path}/rotate-secret", {"secret": "x"}).json["errors"]) == ["secret"]
    changed = ok(
        api("client").put(
            path, {"condition": None, "events": ["*"], "status": "Paused", "account": refer("ACC-2002-0001")}
        )
    )
    assert (changed["events"], changed["status"], changed["account"]["id"]) == (["*"], "Active", "ACC-2001-0001")


def test_a_subscription_is_its_accounts_alone(api: Api):
    made = subscribe(api("client"), "https://hooks.example/in")
    path = f"{SUBSCRIPTIONS}/{made['id']}"
    for who in ("vendor", "other client", "operations", "restricted"):
        assert ok(api(who).get(SUBSCRIPTIONS))["data"] == []
        never = api(who).get(f"{SUBSCRIPTIONS}/{UNKNOWN}")
        for method, below in (("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/enable"), ("POST", "/disable"),
                              ("POST", "/test"), ("POST", "/rotate-secret"), ("POST", "/fault")):  # fmt: skip
            reply = api(who).served.call(who, method, path + below, {} if method != "GET" else None)
            assert (reply.status, reply.json["detail"].replace(made["id"], UNKNOWN)) == (404, never.json["detail"])
    assert api("client").post(f"{path}/pause").status == 404, "that is the platform's own"


def test_what_is_removed_is_gone_with_what_was_under_way(api: Api):
    made = subscribe(api("client"), "http://127.0.0.1:9/")
    draft(api("client"))
    until(lambda: deliveries(api("client"), made))
    assert api("client").delete(f"{SUBSCRIPTIONS}/{made['id']}").status == 204
    assert deliveries(api("client"), made) == []
    assert api("client").served.fetch("select count(*) from receivers where id = $1", made["id"])[0][0] == 0


# Faults --------------------------------------------------------------------------------------------------


def test_in_a_sandbox_a_receiver_can_be_made_to_fail(api: Api, receiver: Inbox):
    made = subscribe(api("client"), receiver.url)
    path = f"{SUBSCRIPTIONS}/{made['id']}"
    told = ok(api("client").post(f"{path}/fault", {"kind": "twice", "times": 1}))
    assert (told["fault"]["kind"], told["fault"]["times"]) == ("twice", 1)
    draft(api("client"))
    got = receiver.wait(lambda got: len(got) >= 2)
    assert got[0].id == got[1].id
    ok(api("client").post(f"{path}/fault", {"kind": "error"}))
    draft(api("client"))
    until(lambda: any(each["tries"] for each in deliveries(api("client"), made, "&eq(status,Pending)")))
    assert len(receiver.got) == 2
    assert "fault" not in ok(api("client").post(f"{path}/fault", {}))
    for body, name in (({"kind": "explode"}, "kind"), ({"kind": "error", "times": 0}, "times")):
        assert list(api("client").post(f"{path}/fault", body).json["errors"]) == [name]


def test_an_account_has_a_hundred_at_most(api: Api):
    api("other client").served.load(
        {"$kind": "notifications/event-subscriptions", "id": f"EVS-7000-{n:04}", "account": refer("ACC-2002-0001"),
         "url": "https://hooks.example/in", "secret": "whsec_" + "QUJD" * 8, "status": "Disabled"}
        for n in range(1, 101)
    )  # fmt: skip
    reply = api("other client").post(SUBSCRIPTIONS, {"url": "https://hooks.example/in"})
    assert (reply.status, reply.json["detail"]) == (409, "An account has 100 event subscriptions at most.")
    assert api("client").post(SUBSCRIPTIONS, {"url": "https://hooks.example/in"}).status == 201


def test_what_was_loaded_from_a_file_is_sent_what_happens_from_there_on(api: Api, receiver: Inbox):
    secret = "whsec_" + "QUJD" * 8
    draft(api("client"))
    api("client").served.load([
        {"$kind": "notifications/event-subscriptions", "id": "EVS-7001-0001", "account": refer("ACC-2001-0001"),
         "url": receiver.url, "secret": secret, "events": ORDER_EVENTS}])  # fmt: skip
    later = draft(api("client"))
    got = receiver.wait(lambda got: any(each.about[0] == later["id"] for each in got))
    assert all(Webhook(secret).verify(each.raw.decode(), each.headers) for each in got)


def test_a_token_with_some_modules_has_no_more_sent_than_they_open(api: Api, receiver: Inbox):
    api("client").served.load([{"$kind": "accounts/modules", "id": "MOD-7001", "name": "N", "code": "notifications"}])
    token = ok(api("other client").post("/accounts/api-tokens", {
        "name": "Hooks", "modules": [refer("MOD-7001"), refer("MOD-1003")]}))  # fmt: skip
    narrow = Party(api("client").served, token["token"])
    made = ok(narrow.post(SUBSCRIPTIONS, {"url": receiver.url, "events": ["*"]}))
    assert {each["code"] for each in made["modules"]} == {"notifications", "audit"}
    wide = subscribe(api("other client"), "https://hooks.example/in", events=["*"])
    assert [each["id"] for each in ok(narrow.get(SUBSCRIPTIONS))["data"]] == [made["id"]]
    assert narrow.get(f"{SUBSCRIPTIONS}/{wide['id']}").status == 404
    draft(api("other client"), licensee="LCE-2002-0001-0001")
    ok(narrow.put(f"{SUBSCRIPTIONS}/{made['id']}", {"name": "Ours"}))
    receiver.wait(lambda got: any(each.data["event"].endswith("event_subscription.updated") for each in got))
    rooms = {each.data["event"].split(".")[1] for each in receiver.got}
    assert rooms <= {"notifications", "accounts", "audit"}
