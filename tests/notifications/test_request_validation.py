"""Vendors validate requests: when theirs is asked, what of the answer is taken, and what happens when there is none."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.notifications.receiving import Got
from tests.notifications.validating import WEBHOOKS, asked, claims, registered, same, saying
from tests.orders import live
from tests.party import Party, at_once, ok
from tests.serving import Reply, Served
from tests.world import ACCOUNTS, PRODUCT, refer

Row = dict[str, Any]
Api = Callable[[str], Party]
JSON = {"content-type": "application/json"}
REQUESTS, KIND = "/commerce/requests", "ValidateRequest"
CLIENT, VENDOR, OPERATIONS = (ACCOUNTS[who][0] for who in ("client", "vendor", "operations"))
REASON, INSIDE = "PAR-5001-0001-0021", "PAR-5001-0001-0023"


@pytest.fixture(scope="module", autouse=True)
def questions(served: Served) -> None:
    """What the product asks of whoever makes a request."""
    below = {"$kind": f"catalog/products/{PRODUCT}/parameters", "type": "SingleLineText", "phase": "Order",
             "scope": "Request", "status": "Active"}  # fmt: skip
    served.load([
        {**below, "id": REASON, "name": "Reason", "externalId": "reason", "constraints": {"required": True}},
        {**below, "id": INSIDE, "name": "Inside", "externalId": "inside",
         "constraints": {"required": False, "hidden": True}},
    ])  # fmt: skip
    live(served)


@pytest.fixture(autouse=True)
def afterwards(api: Api, forgotten: None) -> Iterator[None]:
    """The product wants nobody asked."""
    yield
    wants(api, False)


def wants(api: Api, asked: bool = True, **more: object) -> None:
    """Whether the product wants its vendor asked about requests."""
    said = {"productRequest": asked, "whenUnreachable": None, "timeout": None, **more}
    ok(api("vendor").put(f"/catalog/products/{PRODUCT}/settings", {"preValidation": said}))


def request(api: Api, **more: Any) -> Row:
    """A request of the client's to the vendor."""
    return ok(api("client").post(REQUESTS, {
        "from": refer(CLIENT), "to": refer(VENDOR), "name": "Move us", "status": "Draft", "product": refer(PRODUCT),
        "parameters": [{"parameterDefinitionId": REASON, "value": "We moved"}], **more}))  # fmt: skip


def validate(api: Api, made: Row, who: str = "client", body: object = None, **headers: str) -> Reply:
    return api(who).post(f"{REQUESTS}/{made['id']}/validate", body, **headers)


def seen(api: Api, made: Row, who: str = "vendor") -> Row:
    return ok(api(who).get(f"{REQUESTS}/{made['id']}?select=parameters,audit"))


def given(made: Row, name: str = "reason") -> Row:
    return next(each for each in made["parameters"] if each["externalId"] == name)


# What is asked -----------------------------------------------------------------------------------------


def test_the_vendor_is_asked_with_the_request_as_it_sees_it(api, receiver):
    wants(api)
    webhook = registered(api, receiver.url, KIND)
    made = request(api)
    assert ok(validate(api, made)) == {"parameters": [
        {"id": REASON, "externalId": "reason", "value": "We moved", "isValid": True}]}  # fmt: skip
    (sent,) = asked(receiver)
    assert (sent["id"], sent["name"], sent["status"], sent["client"]["id"]) == (made["id"], "Move us", "Draft", CLIENT)
    assert (sent["product"]["id"], given(sent)["value"]) == (PRODUCT, "We moved") and given(sent, "inside")
    assert claims(receiver.got[0])["webhook_id"] == webhook["id"]
    after = seen(api, made)
    assert after["validation"] == {
        "status": "Valid",
        "at": after["audit"]["updated"]["at"],
        "webhook": refer(webhook["id"]),
    }
    assert after["audit"]["updated"]["by"]["name"] == "Validation by the vendor"
    assert set(seen(api, made, "client")["validation"]) == {"status", "at"}
    calls = ok(api("vendor").get(f"{WEBHOOKS}/{webhook['id']}/calls"))["data"]
    assert [each["object"] for each in calls] == [{"id": made["id"], "objectType": "Request"}]


def test_without_the_flag_the_webhook_or_the_state_nobody_is_asked(api, receiver):
    made = request(api)
    webhook = registered(api, receiver.url, KIND)
    ok(validate(api, made))
    wants(api)
    ok(api("vendor").post(f"{WEBHOOKS}/{webhook['id']}/disable"))
    ok(validate(api, made))
    ok(api("vendor").post(f"{WEBHOOKS}/{webhook['id']}/enable"))
    for status, verb in (("Processing", None), ("Processing", "complete")):
        other = request(api, status=status)
        if verb is not None:
            assert api("vendor").post(f"{REQUESTS}/{other['id']}/{verb}").status == 204
        ok(validate(api, other))
    to_operations = request(api, to=refer(OPERATIONS))
    ok(validate(api, to_operations))
    ok(validate(api, request(api, product=None, parameters=None)))
    assert receiver.got == [] and "validation" not in seen(api, made)
    querying = request(api, status="Processing")
    assert api("vendor").post(f"{REQUESTS}/{querying['id']}/query").status == 204
    ok(validate(api, querying))
    assert [each["status"] for each in asked(receiver)] == ["Querying"]


@pytest.mark.parametrize(("criteria", "hit"), [
    ({"name": "Move us"}, True), ({"status": "in(status,(Draft,Querying))"}, True), ({"status": "Querying"}, False),
])  # fmt: skip
def test_criteria_are_about_requests(api, receiver, criteria, hit):
    wants(api)
    registered(api, receiver.url, KIND, **criteria)
    ok(validate(api, request(api)))
    assert len(receiver.got) == hit


def test_criteria_about_orders_are_none_about_requests(api):
    path = {"product.id": PRODUCT, "agreement.id": "AGR-1"}
    reply = api("vendor").post(WEBHOOKS, {"type": KIND, "url": "https://x.example/", "criteria": path})
    assert (reply.status, list(reply.json["errors"])) == (400, ["criteria"])


def test_a_dry_run_and_a_stranger_ask_nobody(api, receiver):
    wants(api)
    registered(api, receiver.url, KIND)
    made = request(api)
    ok(validate(api, made, prefer="dry-run"))
    for who in ("other client", "other vendor"):
        assert validate(api, made, who).status == 404
    assert validate(api, made, if_match='"99"').status == 412
    assert receiver.got == []


# What is taken of the answer ---------------------------------------------------------------------------


@pytest.mark.parametrize("objection", [
    {"errorMessage": "Which house?", "errorCode": "V1"},
    {"error": {"id": "V1", "message": "Which house?"}},
    {"isValid": False, "error": "Which house?"},
], ids=["as requests", "as orders", "as validations"])  # fmt: skip
@pytest.mark.parametrize("whole", ["Look again.", {"id": "V0", "message": "Look again."}], ids=["text", "object"])
def test_values_and_errors_are_copied_back_in_whatever_words_they_come(api, receiver, objection, whole):
    def answer(sent: Row) -> Row:
        return {"error": whole, "parameters": [
            {"id": REASON, "value": "We have moved", **objection}, {"externalId": "inside", "value": "ours"}]}  # fmt: skip

    wants(api)
    registered(api, receiver.url, KIND)
    receiver.answer = saying(answer)
    made = request(api)
    assert ok(validate(api, made)) == {"error": "Look again.", "parameters": [
        {"id": REASON, "externalId": "reason", "value": "We have moved", "isValid": False, "error": "Which house?"}]}  # fmt: skip
    after = seen(api, made)
    assert (after["error"], after["validation"]["status"]) == ("Look again.", "Invalid")
    assert (given(after)["errorMessage"], given(after)["value"], given(after, "inside")["value"]) == (
        "Which house?", "We have moved", "ours")  # fmt: skip
    assert given(after).get("errorCode") == (None if "isValid" in objection else "V1")
    assert "ours" not in json.dumps(seen(api, made, "client"))
    receiver.answer = saying(same)
    assert ok(validate(api, made)) == {"parameters": [
        {"id": REASON, "externalId": "reason", "value": "We have moved", "isValid": True}]}  # fmt: skip
    assert "errorMessage" not in given(asked(receiver)[1]) and "error" not in asked(receiver)[1]
    assert seen(api, made)["validation"]["status"] == "Valid"


def test_what_the_vendor_objects_to_is_not_sent_off(api, receiver):
    wants(api)
    registered(api, receiver.url, KIND)
    receiver.answer = saying(lambda _: {"parameters": [{"id": REASON, "isValid": False}]})
    made = request(api)
    assert ok(validate(api, made))["parameters"][0]["error"] == "The value is not accepted."
    refused = api("client").post(f"{REQUESTS}/{made['id']}/process")
    assert (refused.status, list(refused.json["errors"])) == (400, ["parameters.reason"])
    receiver.answer = saying(same)
    ok(validate(api, made))
    assert api("client").post(f"{REQUESTS}/{made['id']}/process").status == 204


def test_constraints_go_round_as_they_are_read(api, receiver):
    wants(api)
    registered(api, receiver.url, KIND)
    receiver.answer = saying(lambda _: {"parameters": [
        {"id": REASON, "value": None, "constraints": {"isReadonly": True, "isOptional": True}}]})  # fmt: skip
    made = request(api)
    assert ok(validate(api, made))["parameters"] == [{"id": REASON, "externalId": "reason", "isValid": True}]
    assert given(seen(api, made))["constraints"] == {"isReadonly": True, "isOptional": True}
    receiver.answer = saying(same)
    ok(validate(api, made))
    assert given(seen(api, made))["constraints"] == {"isReadonly": True, "isOptional": True}
    assert ok(api("vendor").put(f"{REQUESTS}/{made['id']}", {"parameters": [{"id": REASON, "errorMessage": "Why?"}]}))
    back = ok(api("vendor").put(f"{REQUESTS}/{made['id']}", {"parameters": seen(api, made)["parameters"]}))
    assert given(back)["errorMessage"] == "Why?", "what is read may be written back"
    gone = ok(api("vendor").put(f"{REQUESTS}/{made['id']}", {"parameters": [{"id": REASON, "errorMessage": None}]}))
    assert "errorMessage" not in given(gone)


def test_nothing_else_of_the_answer_is_taken(api, receiver):
    def answer(sent: Row) -> Row:
        return sent | {
            "name": "Ours", "status": "Completed", "externalId": "X", "to": refer(OPERATIONS), "product": None,
            "assignee": refer("USR-1"), "externalIds": {"vendor": "V"}, "validation": {"status": "Refused"},
            "$outcome": {"status": "x"}, "id": "REQ-1", "messages": [{"content": "Hello"}],
        }  # fmt: skip

    wants(api)
    registered(api, receiver.url, KIND)
    receiver.answer = saying(answer)
    made = request(api)
    before = seen(api, made, "operations")
    ok(validate(api, made))
    after = seen(api, made, "operations")
    assert after.pop("validation")["status"] == "Valid"
    for each in (before, after):
        for name in ("revision", "audit"):
            each.pop(name)
    assert after == before


@pytest.mark.parametrize(("answer", "path"), [
    ({"error": 5}, "error"), ({"error": {"message": 5}}, "error"), ({"error": "e" * 4001}, "error"),
    ({"parameters": 5}, "parameters"), ({"parameters": [5]}, "parameters[0]"),
    ({"parameters": [{"id": "PAR-5001-0001-0001", "value": "x"}]}, "parameters[0]"),
    ({"parameters": [{"id": REASON, "value": 5}]}, "parameters[0].value"),
    ({"parameters": [{"id": REASON, "errorMessage": 5}]}, "parameters[0].error.message"),
    ({"parameters": [{"id": REASON, "constraints": {"isOptional": "no"}}]}, "parameters[0].constraints.required"),
    ({"parameters": {"ordering": []}}, "parameters"),
], ids=lambda each: str(each)[:40])  # fmt: skip
def test_an_answer_with_faults_is_as_good_as_none(api, receiver, answer, path):
    wants(api)
    registered(api, receiver.url, KIND)
    made = request(api)
    receiver.answer = saying(lambda _: {"error": "Half done."} | answer)
    told = ok(validate(api, made))
    assert told["parameters"][0]["isValid"] and "error" not in told
    after = seen(api, made)
    assert after["validation"]["status"] == "Unanswered"
    assert after["validation"]["reason"].startswith(f"The answer could not be taken: {path}")


# When there is no answer, and meanwhile ----------------------------------------------------------------


@pytest.mark.parametrize("policy", ["accept", "refuse"])
def test_what_follows_when_nobody_answers_is_the_products_to_say(api, policy):
    wants(api, whenUnreachable=policy)
    registered(api, "http://127.0.0.1:9/hook", KIND)
    made = request(api)
    reply = validate(api, made, idempotency_key=f"request {policy}")
    if policy == "accept":
        assert ok(reply)["parameters"][0]["isValid"]
    else:
        assert (reply.status, reply.json["detail"]) == (
            409, "The vendor could not be asked to validate the request; try again later.")  # fmt: skip
    after = seen(api, made)
    assert after["validation"]["reason"] == "The connection was refused."
    assert after["validation"]["status"] == "Unanswered"
    for address in (f"{REQUESTS}/{made['id']}", f"/audit/records?eq(object.id,{made['id']})&select=documents,details"):
        text = json.dumps(ok(api("client").get(address)))
        assert "Unanswered" in text and "refused" not in text and "WBH-" not in text


def test_a_refusal_is_told_to_who_asks_in_the_vendors_words(api, receiver):
    wants(api)
    registered(api, receiver.url, KIND)
    receiver.answer = lambda _: (400, JSON, b'{"id": "V1", "message": "Not there."}')
    made = request(api)
    reply = validate(api, made)
    assert (reply.status, reply.json["detail"], reply.json["errors"]) == (
        400,
        "Not there.",
        {"request": ["Not there."]},
    )
    assert seen(api, made, "client")["validation"]["status"] == "Refused"


def test_who_changes_it_meanwhile_wins(api, receiver):
    wants(api)
    registered(api, receiver.url, KIND)
    for verb, path in (("put", ""), ("post", "/process")):
        made = request(api)

        def answer(got: Got, made: Row = made, verb: str = verb, path: str = path):
            done = getattr(api("operations"), verb)(
                f"{REQUESTS}/{made['id']}{path}", {"externalId": "X"} if not path else {}
            )
            assert done.status < 300, done.json
            return saying(lambda _: {"error": "No."})(got)

        receiver.answer = answer
        reply = validate(api, made)
        assert reply.status == 409 and "changed while the answer was awaited" in reply.json["detail"]
        assert {"error", "validation"}.isdisjoint(seen(api, made))


def test_the_same_request_twice_asks_once_and_of_many_at_once_one_counts(api, receiver):
    wants(api)
    registered(api, receiver.url, KIND)
    made = request(api)
    first, second = (validate(api, made, idempotency_key="once") for _ in range(2))
    assert (first.body, second.headers["idempotent-replayed"], len(receiver.got)) == (second.body, "true", 1)
    replies = at_once(*(lambda: validate(api, made) for _ in range(6)))
    assert {each.status for each in replies} <= {200, 409} and 200 in {each.status for each in replies}
