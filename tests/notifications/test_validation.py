"""Vendors validate orders: whom is asked when, what of the answer is taken, and what happens when there is none."""

import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from entrepot import reactions
from tests.notifications.receiving import Got, Inbox, inbox
from tests.notifications.validating import (
    CHOSEN,
    DRAFT,
    FLAGS,
    ORDERS,
    WEBHOOKS,
    asked,
    claims,
    parameter,
    registered,
    same,
    saying,
    validate,
    wants,
)
from tests.orders import live
from tests.party import Party, at_once, ok
from tests.purchases import draft, placed, queried
from tests.serving import Served
from tests.world import ACCOUNTS, DRAFT_ITEM, MONTHLY, ONCE, OTHER_PRODUCT, PRODUCT, YEARLY, refer

Row = dict[str, Any]
Api = Callable[[str], Party]
JSON = {"content-type": "application/json"}
VENDOR, OTHER_VENDOR = (ACCOUNTS[who][0] for who in ("vendor", "other vendor"))


@pytest.fixture(autouse=True)
def afterwards(api: Api, forgotten: None) -> Iterator[None]:
    """Products want nobody asked."""
    yield
    wants(api)
    ok(api("vendor").put(f"/catalog/products/{PRODUCT}/settings", {"itemSelection": False}))


def told(api: Api, made: Row) -> Row:
    """What came of calls."""
    return ok(api("vendor").get(f"{WEBHOOKS}/{made['id']}?select=statistics,lastCall,lastSuccess,lastFailure"))


def seen(api: Api, order: Row, who: str = "vendor") -> Row:
    return ok(api(who).get(f"{ORDERS}/{order['id']}"))


# What is asked -----------------------------------------------------------------------------------------


def test_the_vendor_is_asked_with_the_whole_order_as_it_sees_it_by_a_letter_it_can_verify(api, served, receiver):
    wants(api, DRAFT)
    made = registered(api, receiver.url)
    order = draft(served)
    shown = ok(validate(api, order, {"notes": "Soon, please."}))
    (got,), (sent,) = receiver.got, asked(receiver)
    assert (sent["id"], sent["notes"], sent["type"], sent["status"]) == (
        order["id"],
        "Soon, please.",
        "Purchase",
        "Draft",
    )
    assert sent["lines"][0]["item"]["externalIds"]["vendor"] == "A-1"
    assert sent["lines"][0]["price"]["unitPP"] == 120 and "unitSP" not in sent["lines"][0]["price"]
    assert parameter(sent, "secret")["constraints"]["hidden"]
    assert sent["agreement"]["licensee"]["id"] and sent["buyer"]["address"]["city"] == "Bern"
    assert got.headers["content-type"] == "application/json"
    said = claims(got)
    assert (said["iss"], said["aud"], said["webhook_id"]) == ("mpt", "127.0.0.1", made["id"])
    assert said["exp"] - said["iat"] == 300 and said["nbf"] == said["iat"] and abs(said["iat"] - time.time()) < 30
    with pytest.raises(AssertionError):
        claims(got, "another secret")
    assert shown["validation"] == {"status": "Valid", "at": shown["audit"]["updated"]["at"]}
    assert seen(api, order)["validation"]["webhook"] == {"id": made["id"]}
    assert shown["audit"]["updated"]["by"]["name"] == "Validation by the vendor"


def test_without_the_flag_or_a_webhook_that_is_enabled_nobody_is_asked(api, served, receiver):
    order = draft(served)
    made = registered(api, receiver.url)
    assert "validation" not in ok(validate(api, order))
    wants(api, "ValidateChangeOrderDraft")
    assert "validation" not in ok(validate(api, order))
    wants(api, DRAFT)
    assert api("vendor").post(f"{WEBHOOKS}/{made['id']}/disable").status == 200
    assert "validation" not in ok(validate(api, order))
    assert receiver.got == []
    ok(api("vendor").post(f"{WEBHOOKS}/{made['id']}/enable"))
    assert ok(validate(api, order))["validation"]["status"] == "Valid"


@pytest.mark.parametrize(("criteria", "hit"), [
    ({"status": "Draft"}, True),
    ({"status": "draft"}, True),
    ({"status": "Querying"}, False),
    ({"status": "in(status,(Querying,Draft))"}, True),
    ({"status": "in(status,(Querying,Quoted))"}, False),
    ({"agreement.licensee.id": "LCE-2001-0001-0001"}, True),
    ({"agreement.licensee.id": "LCE-2001-0002-0001", "status": "Draft"}, False),
    ({"buyer.name": "it's nobody's"}, False),
])  # fmt: skip
def test_the_orders_that_criteria_are_about_are_asked_of_and_no_others(api, served, receiver, criteria, hit):
    wants(api, DRAFT)
    registered(api, receiver.url, **criteria)
    assert ok(validate(api, draft(served))).get("validation", {}).get("status") == ("Valid" if hit else None)
    assert len(receiver.got) == hit


def test_another_vendors_webhook_hears_nothing(api, served, receiver):
    wants(api, DRAFT)
    registered(api, receiver.url, who="other vendor", product=OTHER_PRODUCT)
    ok(validate(api, draft(served)))
    assert receiver.got == []


def test_each_kind_of_order_is_asked_of_by_its_own_kind_of_webhook(api, served, receiver):
    wants(api, *FLAGS)
    boxes = {kind: inbox() for kind in FLAGS}
    found = {kind: box.__enter__() for kind, box in boxes.items()}
    try:
        for kind, box in found.items():
            box.answer = saying(same)
            registered(api, box.url, kind)
        held = live(served)
        subscription = refer(held["subscriptions"][0]["id"])
        about = {"agreement": refer(held["id"])}
        change = {**about, "type": "Change", "lines": [{"id": held["lines"][0]["id"], "quantity": 11}]}
        orders = {
            DRAFT: draft(served),
            "ValidatePurchaseOrderQuerying": queried(served),
            "ValidateChangeOrderDraft": ok(api("client").post(ORDERS, change)),
            "ValidateConfigurationOrderDraft": ok(
                api("client").post(ORDERS, {**about, "type": "Configuration", "subscriptions": [subscription]})
            ),
            "ValidateTerminateOrder": ok(
                api("client").post(ORDERS, {**about, "type": "Termination", "subscriptions": [subscription]})
            ),
        }
        for kind, order in orders.items():
            assert ok(validate(api, order))["validation"]["status"] == "Valid", kind
            assert [each["id"] for each in asked(found[kind])] == [order["id"]], kind
        termination = asked(found["ValidateTerminateOrder"])[0]
        assert termination["subscriptions"][0]["id"] == subscription["id"] and termination["lines"]
    finally:
        for box in boxes.values():
            box.__exit__(None, None, None)


def test_what_is_placed_is_not_asked_of(api, served, receiver):
    """Source: spec 2.10: process does not call; a draft may be placed without validation."""
    wants(api, *FLAGS)
    registered(api, receiver.url)
    order = draft(served)
    ok(api("client").post(f"{ORDERS}/{order['id']}/process"))
    assert receiver.got == [] and validate(api, order).status == 409 and receiver.got == []


def test_a_dry_run_and_a_refusal_ask_nobody(api, served, receiver):
    wants(api, DRAFT)
    registered(api, receiver.url)
    order = draft(served)
    assert "validation" not in ok(validate(api, order, {"notes": "x"}, prefer="dry-run"))
    assert "notes" not in seen(api, order)
    assert validate(api, order, {"notes": 5}).status == 400
    assert validate(api, order, {}, if_match='"99"').status == 412
    for who in ("other client", "other vendor"):
        assert validate(api, order, who=who).status == 404
    assert receiver.got == []


# What is taken of the answer ---------------------------------------------------------------------------


def test_parameters_lines_prices_and_errors_are_copied_back(api, served, receiver):
    def answer(order: Row) -> Row:
        company = parameter(order, "company")
        company |= {"value": "Northwind Ltd", "error": {"id": "V1", "message": "Is this it?"}}
        parameter(order, "secret")["value"] = "known to us alone"
        parameter(order, "note")["constraints"] = {"required": True}
        parameter(order, "customerId", "fulfillment")["value"] = "C-1"
        order["lines"][0]["price"]["unitPP"] = 77
        order["lines"].append({"item": {"id": MONTHLY}, "quantity": 3, "price": {"unitPP": 5}})
        order["error"] = {"id": "V0", "message": "Look again."}
        return order

    wants(api, DRAFT)
    registered(api, receiver.url)
    receiver.answer = saying(answer)
    order = draft(served)
    shown = ok(validate(api, order))
    company = parameter(shown, "company")
    assert (company["value"], company["error"]["message"]) == ("Northwind Ltd", "Is this it?")
    assert parameter(shown, "note")["constraints"]["required"] is True
    assert "known to us alone" not in json.dumps(shown), "the client sees nothing of what is hidden"
    assert shown["error"] == {"id": "V0", "message": "Look again."}
    assert shown["validation"]["status"] == "Invalid" and "webhook" not in shown["validation"]
    mine = seen(api, order)
    assert [(line["item"]["id"], line["quantity"], line["price"]["unitPP"]) for line in mine["lines"]] == [
        (YEARLY, 10, 77), (ONCE, 1, 350), (MONTHLY, 3, 5)]  # fmt: skip
    assert mine["price"]["PPxY"] == 77 * 10 + 5 * 3 * 12
    assert parameter(mine, "secret")["value"] == "known to us alone"
    assert parameter(mine, "customerId", "fulfillment")["value"] == "C-1"


def test_an_objection_counts_until_the_vendor_is_asked_again(api, served, receiver):
    def objecting(order: Row) -> Row:
        parameter(order, "company")["error"] = {"id": "V1", "message": "No."}
        return {**order, "error": {"message": "No."}}

    wants(api, DRAFT)
    registered(api, receiver.url)
    receiver.answer = saying(objecting)
    order = draft(served)
    assert ok(validate(api, order))["validation"]["status"] == "Invalid"
    receiver.answer = saying(same)
    shown = ok(validate(api, order))
    assert shown["validation"]["status"] == "Valid" and "error" not in shown
    assert "error" not in parameter(shown, "company")
    again = asked(receiver)[1]
    assert "error" not in again and "error" not in parameter(again, "company")


def test_an_order_to_which_the_vendor_objected_waits_for_its_client_when_it_is_placed(api, served, receiver):
    def objecting(order: Row) -> Row:
        parameter(order, "company")["error"] = {"id": "V1", "message": "No."}
        return order

    wants(api, DRAFT)
    registered(api, receiver.url)
    receiver.answer = saying(objecting)
    order = draft(served)
    ok(validate(api, order))
    assert ok(api("client").post(f"{ORDERS}/{order['id']}/process"))["status"] == "Querying"


def test_nothing_else_of_the_answer_is_taken(api, served, receiver):
    def answer(order: Row) -> Row:
        line = order["lines"][0]
        line |= {"quantity": 99, "oldQuantity": 5}
        line["price"] |= {"unitSP": 1, "markup": 1, "unitPP": line["price"]["unitPP"]}
        return order | {
            "status": "Completed", "notes": "ours", "id": "ORD-1", "type": "Change", "revision": 1,
            "externalIds": {"vendor": "V", "client": "C"}, "client": refer("ACC-2002-0001"), "$outcome": {"status": "x"},
            "validation": {"status": "Refused"}, "audit": None, "agreement": refer("AGR-0"), "template": refer("TPL-0"),
        }  # fmt: skip

    wants(api, DRAFT)
    registered(api, receiver.url)
    receiver.answer = saying(answer)
    order = draft(served)
    before, shown = seen(api, order, "operations"), ok(validate(api, order))
    after = seen(api, order, "operations")
    assert shown["validation"]["status"] == "Valid"
    for each in (before, after):
        for name in ("revision", "audit", "validation"):
            each.pop(name, None)
        for line in each["lines"]:
            line.pop("revision")
    assert after == before


def test_an_answer_may_say_nothing_at_all_about_the_order(api, served, receiver):
    wants(api, DRAFT)
    registered(api, receiver.url)
    receiver.answer = saying(lambda _: {})
    order = draft(served)
    assert len(ok(validate(api, order))["lines"]) == 2


def test_lines_are_selected_by_the_vendor_where_the_client_names_none(api, served, receiver):
    ok(api("vendor").put(f"/catalog/products/{PRODUCT}/settings", {"itemSelection": True}))
    registered(api, receiver.url, "SelectOrderLines")
    receiver.answer = saying(lambda order: {"lines": [{"item": {"id": YEARLY}, "quantity": 2}]})
    order = draft(served, lines=[])
    shown = ok(validate(api, order))
    assert [(line["item"]["id"], line["quantity"]) for line in shown["lines"]] == [(YEARLY, 2)]
    assert "validation" not in ok(validate(api, draft(served))), "there are lines, and nobody wants to validate them"
    assert len(receiver.got) == 1


def test_while_the_client_answers_a_question_no_lines_are_added(api, served, receiver):
    wants(api, "ValidatePurchaseOrderQuerying")
    registered(api, receiver.url, "ValidatePurchaseOrderQuerying")
    receiver.answer = saying(lambda order: {**order, "lines": [{"item": {"id": MONTHLY}, "quantity": 1}]})
    shown = ok(validate(api, queried(served)))
    assert shown["validation"]["status"] == "Unanswered" and len(shown["lines"]) == 2


# When there is no answer, or a bad one -----------------------------------------------------------------

BAD = {
    "no JSON": (lambda got: (200, JSON, b"<html>"), "The answer was no JSON object.", 3),
    "no object": (lambda got: (200, JSON, b"[]"), "The answer was no JSON object.", 3),
    "empty": (lambda got: (200, JSON, b""), "The answer was no JSON object.", 3),
    "nothing of it": (lambda got: (204, JSON, b""), "The answer was no JSON object.", 3),
    "deep": (lambda got: (200, JSON, b"[" * 100_000), "The answer was no JSON object.", 3),
    "too long": (lambda got: (200, JSON, b" " * 4_000_001), "The answer was longer than 4000000 bytes.", 3),
    "elsewhere": (lambda got: (302, {"location": "http://127.0.0.1:9/"}, b""), "The receiver answered 302.", 1),
    "an error without words": (lambda got: (500, JSON, b"{}"), "The receiver answered 500.", 1),
    "an error page": (lambda got: (502, {}, b"<html>Bad gateway</html>"), "The receiver answered 502.", 1),
    "a gateway's own words": (lambda got: (503, JSON, b'{"message": "down"}'), "The receiver answered 503.", 1),
    "not found": (lambda got: (404, {}, b"Not found"), "The receiver answered 404.", 1),
}


@pytest.mark.parametrize("how", BAD)
def test_without_an_answer_that_can_be_read_all_stays_as_it_was_given(api, served, receiver, how, monkeypatch):
    monkeypatch.setattr("entrepot.notifications.webhook_call.BETWEEN_TRIES_S", 0.02)
    answer, reason, calls = BAD[how]
    wants(api, DRAFT)
    made = registered(api, receiver.url)
    receiver.answer = answer
    order = draft(served)
    shown = ok(validate(api, order, {"notes": "kept"}))
    assert (shown["notes"], shown["validation"]["status"], len(shown["lines"])) == ("kept", "Unanswered", 2)
    assert "reason" not in shown["validation"], "what is wrong at the vendor's is the vendor's to know"
    assert seen(api, order)["validation"]["reason"] == reason
    found = told(api, made)
    assert found["statistics"] == {
        "total": calls, "successes": 0, "failures": calls, "failuresSinceLastSuccess": calls}  # fmt: skip
    assert found["lastCall"]["error"] == reason and not found["lastCall"]["success"]
    assert found["lastFailure"] == found["lastCall"] and "lastSuccess" not in found


BAD_CONTENT = [
    ({"parameters": {"ordering": [{"externalId": "nothing", "value": 1}]}}, "parameters.ordering[0]"),
    ({"parameters": {"ordering": [{"externalId": "company", "value": 5}]}}, "parameters.ordering[0].value"),
    ({"parameters": 5}, "parameters"),
    ({"lines": 5}, "lines"),
    ({"lines": [{"id": "ALI-0"}]}, "lines[0].id"),
    ({"lines": [{"item": {"id": "ITM-5002-0001-0001"}, "quantity": 1}]}, "lines[0].item.id"),
    ({"lines": [{"item": {"id": DRAFT_ITEM}, "quantity": 1}]}, "lines[0].item.id"),
    ({"lines": [{"item": {"id": YEARLY}, "quantity": 1}]}, "lines[0].item.id"),
    ({"lines": [{"item": {"id": MONTHLY}}]}, "lines[0].quantity"),
    ({"lines": [{"item": {"id": MONTHLY}, "quantity": 1, "price": {"unitPP": -1}}]}, "lines[0].price.unitPP"),
    ({"lines": [{"item": {"id": MONTHLY}, "quantity": 1}] * 1001}, "lines"),
    ({"error": {"message": 5}}, "error"),
]


@pytest.mark.parametrize(("answer", "path"), BAD_CONTENT, ids=lambda each: str(each)[:40])
def test_an_answer_with_faults_is_as_good_as_none(api, served, receiver, answer, path):
    wants(api, DRAFT)
    registered(api, receiver.url)
    order = draft(served)
    receiver.answer = saying(lambda _: {"parameters": {"ordering": [{"externalId": "note", "value": "x"}]}} | answer)
    before = seen(api, order, "operations")
    shown = ok(validate(api, order))
    assert shown["validation"]["status"] == "Unanswered" and path not in json.dumps(shown["validation"])
    after = seen(api, order, "operations")
    assert after["validation"]["reason"].startswith(f"The answer could not be taken: {path}")
    for each in (before, after):
        for name in ("revision", "audit", "validation"):
            each.pop(name, None)
    assert after == before


def test_an_answer_that_cannot_be_read_is_asked_for_again(api, served, receiver, monkeypatch):
    monkeypatch.setattr("entrepot.notifications.webhook_call.BETWEEN_TRIES_S", 0.02)
    answers = itertools.chain([lambda _: (200, JSON, b"?")] * 2, itertools.repeat(saying(same)))
    receiver.answer = lambda got: next(answers)(got)
    wants(api, DRAFT)
    made = registered(api, receiver.url)
    assert ok(validate(api, draft(served)))["validation"]["status"] == "Valid"
    found = told(api, made)
    assert found["statistics"] == {"total": 3, "successes": 1, "failures": 2, "failuresSinceLastSuccess": 0}
    calls = ok(api("vendor").get(f"{WEBHOOKS}/{made['id']}/calls"))["data"]
    assert sorted(each["success"] for each in calls) == [False, False, True]
    assert found["lastSuccess"]["httpStatusCode"] == 200 and found["lastSuccess"]["reasonPhrase"] == "OK"
    assert found["lastSuccess"]["responseTime"] >= found["lastSuccess"]["callTime"]


@pytest.mark.parametrize("policy", ["accept", "refuse"])
@pytest.mark.parametrize("how", ["closed", "slow", "bad"])
def test_what_follows_when_nobody_answers_is_the_products_to_say(api, served, receiver, policy, how):
    wants(api, DRAFT, whenUnreachable=policy, timeout="PT1S")
    receiver.answer = saying(lambda _: {"lines": 5})
    if how == "slow":
        receiver.answer = lambda got: (time.sleep(2), saying(same)(got))[1]
    registered(api, "http://127.0.0.1:9/hook" if how == "closed" else receiver.url)
    order = draft(served)
    began = time.monotonic()
    reply = validate(api, order, {"notes": "kept"}, idempotency_key=f"{policy} {how}")
    assert time.monotonic() - began < 1.9
    after = seen(api, order)
    assert after["validation"]["status"] == "Unanswered" and after["notes"] == "kept"
    assert after["validation"]["reason"].startswith(
        {"closed": "The connection was refused.", "slow": "There was no reply within", "bad": "The answer could not"}[
            how
        ]
    )
    if policy == "accept":
        assert ok(reply)["validation"]["status"] == "Unanswered"
        return
    assert reply.status == 409 and reply.json["detail"] == (
        "The vendor could not be asked to validate the order; try again later.")  # fmt: skip
    if how == "bad":
        receiver.answer = saying(same)
        again = validate(api, order, {"notes": "kept"}, idempotency_key=f"{policy} {how}")
        assert ok(again)["validation"]["status"] == "Valid" and "idempotent-replayed" not in again.headers


@pytest.mark.parametrize(("status", "body"), [
    (400, {"id": "V1", "message": "We do not deliver there."}),
    (422, {"message": "We do not deliver there."}),
    (500, {"id": "V1", "message": "We do not deliver there."}),
])  # fmt: skip
def test_a_refusal_is_told_to_who_asks_in_the_vendors_words(api, served, receiver, status, body):
    wants(api, DRAFT)
    made = registered(api, receiver.url)
    receiver.answer = lambda _: (status, JSON, json.dumps(body).encode())
    order = draft(served)
    reply = validate(api, order, {"notes": "kept"}, idempotency_key=f"refused {status}")
    assert (reply.status, reply.json["title"], reply.json["detail"]) == (400, "Bad Request", body["message"])
    after = seen(api, order)
    assert after["notes"] == "kept"
    assert (after["validation"]["status"], after["validation"]["reason"]) == ("Refused", body["message"])
    assert seen(api, order, "client")["validation"]["status"] == "Refused"
    assert told(api, made)["lastFailure"]["httpStatusCode"] == status


# Meanwhile ---------------------------------------------------------------------------------------------


def _while_asked(receiver: Inbox, then: Callable[[], object]) -> None:
    """The receiver answers once something else has been done."""

    def answer(got: Got):
        then()
        return saying(same)(got)

    receiver.answer = answer


def test_the_order_can_be_read_and_changed_meanwhile_and_then_the_answer_is_none(api, served, receiver):
    wants(api, DRAFT)
    registered(api, receiver.url)
    order = draft(served)
    path = f"{ORDERS}/{order['id']}"
    _while_asked(receiver, lambda: ok(api("client").put(path, {"notes": "Meanwhile."})))
    reply = validate(api, order)
    assert reply.status == 409 and "changed while the answer was awaited" in reply.json["detail"]
    after = seen(api, order)
    assert (after["notes"], after.get("validation")) == ("Meanwhile.", None)


def test_an_order_that_is_placed_meanwhile_is_placed(api, served, receiver):
    wants(api, DRAFT)
    registered(api, receiver.url)
    order = draft(served)
    _while_asked(receiver, lambda: ok(api("client").post(f"{ORDERS}/{order['id']}/process")))
    assert validate(api, order).status == 409
    assert seen(api, order)["status"] == "Processing"


@pytest.mark.parametrize("answer", ["good", "refusal"])
def test_a_webhook_that_is_removed_meanwhile_was_still_asked(api, served, receiver, answer):
    wants(api, DRAFT)
    made = registered(api, receiver.url)
    order = draft(served)

    def gone(got: Got):
        assert api("vendor").delete(f"{WEBHOOKS}/{made['id']}").status == 204
        return saying(same)(got) if answer == "good" else (400, JSON, b'{"message": "No."}')

    receiver.answer = gone
    assert validate(api, order).status == (200 if answer == "good" else 400)
    assert api("vendor").get(f"{WEBHOOKS}/{made['id']}").status == 404
    assert served.fetch("select count(*) from webhook_calls where webhook_id = $1", made["id"])[0][0] == 0


def test_the_same_request_twice_asks_once(api, served, receiver):
    wants(api, DRAFT)
    registered(api, receiver.url)
    order = draft(served)
    first = validate(api, order, {}, idempotency_key="once")
    second = validate(api, order, {}, idempotency_key="once")
    assert (first.body, second.headers["idempotent-replayed"]) == (second.body, "true")
    assert len(receiver.got) == 1


def test_calls_at_the_same_time_are_all_counted_and_leave_the_webhook_as_it_was(api, served, receiver):
    wants(api, DRAFT)
    made = registered(api, receiver.url)
    orders = [draft(served) for _ in range(12)]
    barrier = threading.Barrier(4, timeout=20)
    receiver.answer = lambda got: (barrier.wait(), saying(same)(got))[1]
    for four in itertools.batched(orders, 4):
        for reply in at_once(*((lambda each=each: validate(api, each)) for each in four)):
            assert ok(reply)["validation"]["status"] == "Valid"
    found = ok(api("vendor").get(f"{WEBHOOKS}/{made['id']}"))
    assert found["revision"] == made["revision"]
    assert told(api, made)["statistics"]["total"] == 12


def test_who_is_slow_has_so_many_calls_under_way_and_no_more(api, served, receiver, monkeypatch):
    monkeypatch.setattr(reactions.ASKING.places, "_most_each", 2)
    wants(api, DRAFT)
    made = registered(api, receiver.url)
    orders = [draft(served) for _ in range(4)]
    enough = threading.Event()
    receiver.answer = lambda got: (enough.wait(20), saying(same)(got))[1]
    with ThreadPoolExecutor(2) as threads:
        slow = [threads.submit(validate, api, each) for each in orders[:2]]
        receiver.wait(lambda got: len(got) == 2)
        for order in orders[2:]:
            assert ok(validate(api, order))["validation"]["status"] == "Unanswered"
            assert seen(api, order)["validation"]["reason"] == "Too many calls were under way."
        enough.set()
        assert [ok(each.result())["validation"]["status"] for each in slow] == ["Valid", "Valid"]
    assert ok(validate(api, orders[2]))["validation"]["status"] == "Valid"
    assert told(api, made)["statistics"]["total"] == 3


def test_a_long_log_of_calls_is_cut(api, served, receiver):
    made = registered(api, receiver.url)
    served.run(served.parts.pool.execute(
        "insert into webhook_calls (id, revision, webhook_id, success, call_time) "
        "select 'WHC-9' || n, 1, $1, true, now() + n * interval '1 second' from generate_series(1, 130) n", made["id"]))  # fmt: skip
    page = ok(api("vendor").get(f"{WEBHOOKS}/{made['id']}/calls?limit=0"))
    assert page["$meta"]["pagination"]["total"] == 100
    assert told(api, made)["statistics"]["total"] == 130


# Secrets and strangers -----------------------------------------------------------------------------------


def test_neither_secret_nor_token_is_told_anywhere(api, served, receiver):
    wants(api, DRAFT)
    made = registered(api, receiver.url)
    receiver.answer = lambda got: (400, {"set-cookie": "a=b", "x-seen": "yes"}, b'{"message": "No."}')
    order = draft(served)
    validate(api, order)
    sent = receiver.got[0].headers["authorization"].split(".")[2]
    for path in (
        f"{WEBHOOKS}/{made['id']}?select=lastCall,lastFailure", f"{WEBHOOKS}/{made['id']}/calls",
        f"{ORDERS}/{order['id']}", "/audit/records?limit=200&select=documents,details", "/events?limit=200",
    ):  # fmt: skip
        for who in ("vendor", "operations"):
            text = json.dumps(ok(api(who).get(path)))
            assert CHOSEN not in text and sent not in text, path
    headers = told(api, made)["lastCall"]["headers"]
    assert "x-seen: yes" in headers and "cookie" not in headers


def test_a_client_learns_neither_where_its_vendor_is_asked_nor_why_it_did_not_answer(api, served, receiver):
    wants(api, DRAFT)
    made = registered(api, "http://127.0.0.1:9/inside")
    order = draft(served)
    ok(validate(api, order))
    for path in (f"{ORDERS}/{order['id']}", f"/audit/records?eq(object.id,{order['id']})&select=documents,details"):
        text = json.dumps(ok(api("client").get(path)))
        assert "127.0.0.1" not in text and "refused" not in text and made["id"] not in text
    assert api("client").get(f"{ORDERS}?eq(validation.reason,x)").status == 400
    assert ok(api("client").get(f"{ORDERS}?eq(validation.status,Unanswered)&limit=0"))["$meta"]["pagination"]["total"]
    assert placed(served)["status"] == "Processing"


def test_every_party_may_have_an_order_validated(api, served: Served, receiver):
    wants(api, DRAFT)
    registered(api, receiver.url)
    for who in ("vendor", "operations", "restricted"):
        assert ok(validate(api, draft(served), who=who))["validation"]["status"] == "Valid"


# By the letter -------------------------------------------------------------------------------------------


def test_two_more_tries_are_made_each_a_second_later(api, served, receiver):
    """Source: spec 2.10."""
    wants(api, DRAFT)
    registered(api, receiver.url)
    receiver.answer = lambda _: (200, JSON, b"?")
    assert ok(validate(api, draft(served)))["validation"]["status"] == "Unanswered"
    first, second, third = (each.at for each in receiver.got)
    assert 1 <= second - first < 1.5 and 1 <= third - second < 1.5


def test_an_answer_that_trickles_in_is_late(api, served, receiver):
    wants(api, DRAFT, timeout="PT1S")
    registered(api, receiver.url)

    receiver.answer, receiver.pace = (lambda _: (200, JSON, b" " * 100)), 0.05
    began = time.monotonic()
    assert ok(validate(api, draft(served)))["validation"]["status"] == "Unanswered"
    assert time.monotonic() - began < 1.9


@pytest.mark.parametrize(("url", "reason"), [
    ("https://nowhere.invalid/hook", "Its name was not found."),
    ("https://xn--\x7e.example/hook", "Its name was not found."),
    ("https://127.0.0.1:99999/hook", "This is no address that can be called."),
])  # fmt: skip
def test_an_address_that_leads_nowhere_is_as_good_as_no_answer(api, served, url, reason):
    wants(api, DRAFT)
    registered(api, url)
    order = draft(served)
    assert ok(validate(api, order))["validation"]["status"] == "Unanswered"
    assert seen(api, order)["validation"]["reason"] == reason


def test_a_secret_that_was_made_for_it_signs_too(api, served, receiver):
    wants(api, DRAFT)
    given = {"type": DRAFT, "url": receiver.url, "criteria": {"product.id": PRODUCT}}
    made = ok(api("vendor").post(WEBHOOKS, given))
    ok(validate(api, draft(served)))
    assert claims(receiver.got[0], made["secret"])["webhook_id"] == made["id"]


def _changing(receiver: Inbox, then: Callable[[], object]) -> None:
    """Whoever is asked objects, once something about the asking has changed."""

    def answer(got: Got):
        then()
        return saying(lambda order: {"error": {"message": "No."}})(got)

    receiver.answer = answer


def test_what_becomes_of_the_webhook_or_the_product_meanwhile_is_for_the_next_time(api, served, receiver):
    wants(api, DRAFT)
    made = registered(api, receiver.url)
    path = f"{WEBHOOKS}/{made['id']}"
    for then in (
        lambda: ok(api("vendor").put(path, {"secret": "rotated"})),
        lambda: ok(api("vendor").put(path, {"url": "http://127.0.0.1:9/"})),
        lambda: ok(api("vendor").post(f"{path}/disable")),
    ):
        _changing(receiver, then)
        assert ok(validate(api, draft(served)))["validation"]["status"] == "Invalid"
        ok(api("vendor").put(path, {"url": receiver.url}))
    assert [claims(each, secret) for each, secret in zip(receiver.got, (CHOSEN, "rotated", "rotated"), strict=True)]
    assert "validation" not in ok(validate(api, draft(served)))
    ok(api("vendor").post(f"{path}/enable"))
    _changing(receiver, lambda: wants(api))
    assert ok(validate(api, draft(served)))["validation"]["status"] == "Invalid"
    assert "validation" not in ok(validate(api, draft(served)))
    assert len(receiver.got) == 4


@pytest.mark.parametrize("how", ["deleted", "without a line"])
@pytest.mark.parametrize("policy", ["answer", "refusal", "silence"])
def test_an_order_that_is_deleted_or_loses_a_line_meanwhile_stays_so(api, served, receiver, how, policy):
    wants(api, DRAFT, whenUnreachable="refuse")
    registered(api, receiver.url)
    order = draft(served)
    path = f"{ORDERS}/{order['id']}"

    def then() -> None:
        if how == "deleted":
            assert api("client").delete(path).status == 204
        else:
            ok(api("client").put(path, {"lines": [{"id": order["lines"][0]["id"], "quantity": 10}]}))

    def answer(got: Got):
        then()
        return {
            "answer": saying(same), "refusal": lambda _: (400, JSON, b'{"message": "No."}'),
            "silence": lambda _: (302, {}, b""),
        }[policy](got)  # fmt: skip

    receiver.answer = answer
    reply = validate(api, order)
    assert reply.status == {"answer": 409, "refusal": 400, "silence": 409}[policy], reply.json
    after = seen(api, order, "operations")
    assert "validation" not in after
    assert (after["status"], len(after["lines"])) == (("Deleted", 2) if how == "deleted" else ("Draft", 1))


def test_another_orders_lines_and_parameters_are_not_found(api, served, receiver):
    wants(api, DRAFT)
    registered(api, receiver.url)
    order, other = draft(served), draft(served)
    before = seen(api, other)
    for answer in (
        {"lines": [{"id": other["lines"][0]["id"], "price": {"unitPP": 1}}]},
        {"parameters": {"ordering": [{"id": "PAR-5002-0001-0001", "value": "x"}]}},
        {"id": other["id"], "lines": before["lines"]},
    ):
        receiver.answer = saying(lambda _, said=answer: said)
        assert ok(validate(api, order))["validation"]["status"] == "Unanswered"
    receiver.answer = saying(lambda _: {"id": other["id"], "agreement": refer(other["agreement"]["id"]),
                                        "error": {"message": "No."}})  # fmt: skip
    shown = ok(validate(api, order))
    assert (shown["id"], shown["validation"]["status"]) == (order["id"], "Invalid")
    assert seen(api, other) == before


def test_constraints_are_the_vendors_to_set_and_hide_what_they_hide(api, served, receiver):
    def answer(order: Row) -> Row:
        parameter(order, "company")["constraints"] = {"readonly": True}
        parameter(order, "company")["value"] = "As we know it"
        parameter(order, "note").update(constraints={"hidden": True}, value="inside")
        return {**order, "error": None}

    wants(api, DRAFT)
    registered(api, receiver.url)
    receiver.answer = saying(answer)
    order = draft(served)
    shown = ok(validate(api, order))
    assert shown["validation"]["status"] == "Valid" and "error" not in shown
    assert parameter(shown, "company")["constraints"]["readonly"] is True
    assert "inside" not in json.dumps(shown) and "note" not in [
        each["externalId"] for each in shown["parameters"]["ordering"]
    ]
    again = validate(api, order, {"parameters": {"ordering": [{"externalId": "company", "value": "Mine"}]}})
    assert parameter(ok(again), "company")["value"] == "As we know it"
    wrong = saying(lambda _: {"parameters": {"ordering": [{"externalId": "note", "constraints": {"hidden": "yes"}}]}})
    receiver.answer = wrong
    assert ok(validate(api, order))["validation"]["status"] == "Unanswered"
    assert "hidden" in seen(api, order)["validation"]["reason"]


def test_nothing_to_object_to_may_be_said_as_null(api, served, receiver):
    def objecting(order: Row) -> Row:
        return {
            "error": {"message": "No."},
            "parameters": {"ordering": [{"externalId": "company", "error": {"message": "No."}}]},
        }

    wants(api, DRAFT)
    registered(api, receiver.url)
    order = draft(served)
    receiver.answer = saying(objecting)
    assert ok(validate(api, order))["validation"]["status"] == "Invalid"
    nothing = {
        "error": None,
        "lines": None,
        "parameters": {"ordering": [{"externalId": "company", "error": None}], "fulfillment": None},
    }
    for said in (nothing, {"error": None, "parameters": None}):
        receiver.answer = saying(lambda _, said=said: said)
        shown = ok(validate(api, order))
        assert shown["validation"]["status"] == "Valid" and "error" not in parameter(shown, "company")


# Hostile ones --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("notes", "criterion", "hit"), [
    ("a&b", "a&b", True), ("50%", "50%", True), ("a+b", "a+b", True), ("%41", "%41", True), ("A", "%41", False),
    ("x", 'x%22)|ne(id,%22x', False), ("x#y", "x#y", True), ("it's", "it's", True), ("ä b", "ä b", True),
    ("a=b", "a=b", True), ("x", "x&limit=5", False), ("(", "(", True), ("in(x,(a,b))!", "in(x,(a,b))!", True),
])  # fmt: skip
def test_criteria_mean_what_they_say_and_nothing_else(api, served, receiver, notes, criterion, hit):
    wants(api, DRAFT)
    registered(api, receiver.url, notes=criterion)
    shown = ok(validate(api, draft(served), {"notes": notes}))
    assert shown.get("validation", {}).get("status") == ("Valid" if hit else None)


def test_the_webhook_of_a_vendor_that_is_disabled_hears_nothing_more(api, served, receiver):
    wants(api, DRAFT)
    registered(api, receiver.url)
    order, vendor = draft(served), f"/accounts/accounts/{VENDOR}"
    ok(api("operations").post(f"{vendor}/disable"))
    try:
        assert "validation" not in ok(validate(api, order, who="operations"))
        assert receiver.got == []
    finally:
        ok(api("operations").post(f"{vendor}/enable"))
    assert ok(validate(api, order))["validation"]["status"] == "Valid"


def test_a_webhook_of_somebody_elses_for_the_same_product_hears_nothing(api, served, receiver):
    """A world file may say so; over the API nobody can."""
    wants(api, DRAFT)
    served.load([{"$kind": "notifications/webhooks", "id": "WBH-3002-0077", "account": refer(OTHER_VENDOR), "type": DRAFT,
                  "url": receiver.url, "secret": CHOSEN, "criteria": {"product.id": PRODUCT}}])  # fmt: skip
    assert "validation" not in ok(validate(api, draft(served)))
    assert receiver.got == []


def test_what_comes_back_is_kept_as_it_was_and_says_nothing_else(api, served, receiver):
    wants(api, DRAFT)
    made = registered(api, receiver.url)
    receiver.reason = "OK\tX-Other: y"
    receiver.answer = lambda _: (200, {"x-long": "h" * 5000, "x-latin": "\xe9\x85"}, b"\xff\x00<script>" + b"x" * 5000)
    validate(api, draft(served))
    last = told(api, made)["lastCall"]
    assert last["reasonPhrase"] == "OK", "it is the standard's, not the receiver's"
    assert len(last["headers"]) <= 2000 and len(last["response"]) <= 2000 and "\0" not in last["response"]
    calls = ok(api("vendor").get(f"{WEBHOOKS}/{made['id']}/calls"))["data"]
    assert calls[0]["response"].startswith("\ufffd<script>")


@pytest.mark.parametrize("said", [
    b'{"message": "\\ud800"}', b'{"message": "a\\u0000b"}', b'{"message": 5}', b'{"message": {}}', b'{"message": ""}',
    b'{"message": "' + b"m" * 100_000 + b'"}', b'{"message": "x", "n": ' + b"9" * 5000 + b"}", b'{"message": null}',
])  # fmt: skip
def test_a_refusal_in_odd_words_is_refused_or_none(api, served, receiver, said):
    wants(api, DRAFT)
    registered(api, receiver.url)
    receiver.answer = lambda _: (400, JSON, said)
    reply = validate(api, draft(served))
    assert reply.status in (200, 400) and len(reply.body) < 20_000
    assert "\\u0000" not in reply.body.decode()


@pytest.mark.parametrize("said", [
    {"lines": [{"item": {"id": MONTHLY}, "quantity": 10**30}]},
    {"lines": [{"item": {"id": MONTHLY}, "quantity": 1, "price": {"unitPP": 1e300}}]},
    {"lines": [{"item": "x", "quantity": 1}]},
    {"lines": {"item": {}}},
    {"error": "No."},
    {"error": {"message": "a\0b"}},
    {"error": {"message": "x", "deep": [[[[[[[[[[]]]]]]]]]]}},
    {"parameters": {"ordering": [{"externalId": "company", "value": "a\0b"}]}},
    {"parameters": {"ordering": [{"externalId": "company", "value": "v" * 3_000_000}]}},
    {"parameters": {"ordering": [{"externalId": "note", "value": "x"}] * 1001}},
], ids=lambda each: str(each)[:50])  # fmt: skip
def test_odd_answers_are_none_and_do_no_harm(api, served, receiver, said):
    wants(api, DRAFT)
    registered(api, receiver.url)
    order = draft(served)
    receiver.answer = saying(lambda _: said)
    assert ok(validate(api, order))["validation"]["status"] in ("Unanswered", "Invalid")
    after = seen(api, order)
    assert len(after["lines"]) == 2 and "a\0b" not in json.dumps(after)
