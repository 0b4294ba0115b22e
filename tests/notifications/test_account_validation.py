"""Operations validate drafts of accounts: a webhook of theirs is shown them, and says what is wrong."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.notifications.validating import CHOSEN, WEBHOOKS, asked, claims, saying
from tests.party import Party, ok
from tests.serving import Reply
from tests.world import ACCOUNTS, SECRET, refer

Row = dict[str, Any]
Api = Callable[[str], Party]
JSON = {"content-type": "application/json"}
KIND, CLIENT, OPERATIONS = "ValidateAccount", ACCOUNTS["client"][0], ACCOUNTS["operations"][0]
PATH = f"/accounts/accounts/{CLIENT}"
WRONG = {"id": "taxId", "message": "It is no longer registered.", "parameters": {"register": "CH"}}


pytestmark = pytest.mark.usefixtures("forgotten")


def registered(api: Api, url: str, **criteria: str) -> Row:
    return ok(api("operations").post(WEBHOOKS, {"type": KIND, "url": url, "criteria": criteria, "secret": CHOSEN}))


def validate(api: Api, draft: object = None, who: str = "operations", **headers: str) -> Reply:
    return api(who).post(f"{PATH}/validate", draft, **headers)


def told(api: Api, made: Row) -> Row:
    return ok(api("operations").get(f"{WEBHOOKS}/{made['id']}?select=statistics,lastCall"))


def test_the_draft_is_shown_and_what_is_wrong_with_it_is_told_beside_our_own(api, receiver):
    made = registered(api, receiver.url)
    receiver.answer = saying(lambda draft: {**draft, "name": "Mine", "status": "Disabled", "errors": [WRONG]})
    before = ok(api("operations").get(PATH))
    shown = ok(validate(api, {"name": "", "website": "https://northwind.example"}))
    (sent,) = asked(receiver)
    assert (sent["id"], sent["website"], sent["type"]) == (CLIENT, "https://northwind.example", "Client")
    assert "errors" not in sent, "an echo would be an objection anew"
    assert claims(receiver.got[0])["webhook_id"] == made["id"]
    assert [each["id"] for each in shown["errors"]] == ["name", "taxId"] and shown["errors"][1] == WRONG
    assert (shown["website"], shown["status"]) == ("https://northwind.example", before["status"])
    assert "Mine" not in json.dumps(shown)
    assert ok(api("operations").get(PATH)) == before, "nothing of it is kept"
    assert told(api, made)["statistics"]["successes"] == 1
    calls = ok(api("operations").get(f"{WEBHOOKS}/{made['id']}/calls"))["data"]
    assert [each["object"] for each in calls] == [{"id": CLIENT, "objectType": "Account"}]


def test_nothing_wrong_is_told_as_it_was(api, receiver):
    def validated() -> Row:
        return {
            name: value
            for name, value in ok(validate(api, {"website": "https://x.example"})).items()
            if name != "audit"
        }

    plain = validated()
    registered(api, receiver.url)
    assert validated() == plain and plain["errors"] == []
    receiver.answer = saying(lambda _: {})
    assert validated() == plain and len(receiver.got) == 2


@pytest.mark.parametrize("errors", [
    5, "No.", {}, [5], [{"id": "x"}], [{"message": 5}], [{"message": " "}], [{"message": "m" * 4001}], None,
])  # fmt: skip
def test_errors_that_are_none_are_passed_over(api, receiver, errors):
    registered(api, receiver.url)
    receiver.answer = saying(lambda _: {"errors": errors})
    assert ok(validate(api))["errors"] == []


def test_no_more_errors_are_told_than_anybody_reads_and_each_in_its_form(api, receiver):
    registered(api, receiver.url)
    receiver.answer = saying(lambda _: {"errors": [{"id": 5, "message": "Odd.", "parameters": "x", "more": 1}] * 5000})
    assert ok(validate(api))["errors"] == [{"message": "Odd."}] * 100


@pytest.mark.parametrize(("criteria", "hit"), [
    ({}, True), ({"type": "Client"}, True), ({"type": "vendor"}, False), ({"id": CLIENT}, True),
    ({"status": "in(status,(Enabled,Active))"}, True),
])  # fmt: skip
def test_criteria_are_about_accounts(api, receiver, criteria, hit):
    registered(api, receiver.url, **criteria)
    ok(validate(api))
    assert len(receiver.got) == hit


@pytest.mark.parametrize("answer", [
    (500, JSON, b"{}"), (404, {}, b"Not found"), (302, {"location": "http://127.0.0.1:9/"}, b""),
], ids=lambda each: str(each[0]))  # fmt: skip
def test_without_an_answer_the_draft_is_given_back_as_it_is(api, receiver, answer):
    made = registered(api, receiver.url)
    receiver.answer = lambda _: answer
    assert ok(validate(api, {"name": ""}))["errors"][0]["id"] == "name"
    last = told(api, made)["lastCall"]
    assert (last["success"], last["error"]) == (False, f"The receiver answered {answer[0]}.")


def test_a_refusal_is_told_in_its_words(api, receiver):
    registered(api, receiver.url)
    receiver.answer = lambda _: (422, JSON, b'{"message": "The register is closed."}')
    reply = validate(api)
    assert (reply.status, reply.json["detail"]) == (400, "The register is closed.")
    assert reply.json["errors"] == {"account": ["The register is closed."]}


def test_a_dry_run_and_who_may_not_ask_nobody(api, receiver):
    made = registered(api, receiver.url)
    ok(validate(api, {"website": "https://x.example"}, prefer="dry-run"))
    for who in ("client", "vendor"):
        assert validate(api, who=who).status in (403, 404)
    assert validate(api, if_match='"99"').status == 412
    ok(api("operations").post(f"{WEBHOOKS}/{made['id']}/disable"))
    ok(validate(api))
    assert receiver.got == []


def test_the_same_request_twice_asks_once(api, receiver):
    registered(api, receiver.url)
    receiver.answer = saying(lambda _: {"errors": [WRONG]})
    first, second = (validate(api, {}, idempotency_key="account once") for _ in range(2))
    assert first.body == second.body and second.headers["idempotent-replayed"] == "true" and len(receiver.got) == 1


def test_no_vendor_is_shown_accounts_not_even_one_that_a_file_says_so_of(api, served, receiver):
    reply = api("vendor").post(WEBHOOKS, {"type": KIND, "url": receiver.url})
    assert (reply.status, reply.json["errors"]) == (400, {"type": ["Accounts are validated by operations alone."]})
    served.load([{"$kind": "notifications/webhooks", "id": "WBH-3001-0088", "account": refer(ACCOUNTS["vendor"][0]),
                  "type": KIND, "url": receiver.url, "secret": CHOSEN}])  # fmt: skip
    ok(validate(api))
    assert receiver.got == []


def test_of_several_the_oldest_that_is_about_it_is_asked(api, served, receiver):
    other = {
        "$kind": "accounts/accounts",
        "id": "ACC-1000-0099",
        "name": "Second",
        "type": "Operations",
        "status": "Active",
    }
    stamp = {"created": {"at": "2020-01-01T00:00:00.000Z"}}
    served.load([other, {"$kind": "notifications/webhooks", "id": "WBH-1000-0099", "account": refer("ACC-1000-0099"),
                         "type": KIND, "url": f"{receiver.url}?older", "secret": SECRET, "audit": stamp}])  # fmt: skip
    registered(api, f"{receiver.url}?newer")
    ok(validate(api))
    ok(api("operations").put(f"{WEBHOOKS}/WBH-1000-0099", {"criteria": {"type": "Vendor"}}))
    ok(validate(api))
    ok(api("operations").put(f"{WEBHOOKS}/WBH-1000-0099", {"criteria": {}}))
    ok(api("operations").post("/accounts/accounts/ACC-1000-0099/disable"))
    ok(validate(api))
    assert [each.path.partition("?")[2] for each in receiver.got] == ["older", "newer", "newer"]
