"""Extensions: who sees them, who may do what with them, and what their keys and tokens open."""

import time
from typing import Any

import pytest

from entrepot.integration import cron
from tests.integration.installing import (
    AUDIT,
    EXTENSIONS,
    INSTALLATIONS,
    MARKETPLACE,
    by,
    claims_of,
    installed,
    key_of,
    made,
    published,
)
from tests.party import Api, at_once, ok
from tests.purchases import placed
from tests.serving import Served
from tests.world import ACCOUNTS, refer

CLAIMS = "https://claims.softwareone.com/"
CREATED = "platform.commerce.order.created"
NIGHTLY = {"id": "nightly", "path": "/nightly", "cron": "0 6 * * *"}
DEFERRABLE = {"path": "/reports", "method": "POST"}
FORGOTTEN_S = 2.2
"""How long a caller is kept in a process, and a little."""


def test_an_extension_begins_private_and_its_key_is_told_once(api: Api) -> None:
    extension = made(api, service={"url": "http://127.0.0.1:9/x"})
    assert extension["status"] == "Private"
    assert len(extension["service"]["secret"]) > 40
    again = ok(api("vendor").get(f"{EXTENSIONS}/{extension['id']}"))
    assert again["service"] == {"url": "http://127.0.0.1:9/x"}
    new = ok(api("vendor").post(f"{EXTENSIONS}/{extension['id']}/regenerate"))
    assert new["service"]["secret"] != extension["service"]["secret"]


def test_what_an_extension_is_published_for(api: Api) -> None:
    extension = made(api)
    path = f"{EXTENSIONS}/{extension['id']}"
    for who in ("client", "other vendor"):
        assert api(who).get(path).status == 404
    assert api("vendor").post(f"{path}/publish").status == 403
    assert ok(api("operations").post(f"{path}/publish"))["status"] == "Public"
    for who in ("client", "other vendor"):
        assert ok(api(who).get(path))["name"] == "Meter"
    assert api("vendor").delete(path).status == 409
    assert ok(api("vendor").post(f"{path}/unpublish"))["status"] == "Private"
    assert api("vendor").delete(path).status == 204
    assert api("vendor").get(path).status == 404


def test_another_vendor_sees_a_public_one_and_can_do_nothing_with_it(api: Api) -> None:
    extension = published(api, service={"url": "https://vendor.example/ext"}, meta={"plugs": [{"id": "x"}]})
    path = f"{EXTENSIONS}/{extension['id']}"
    seen = ok(api("other vendor").get(path))
    assert "service" not in seen
    assert "meta" not in seen
    assert "meta" in ok(api("operations").get(path))
    for method, verb in (
        ("PUT", ""),
        ("DELETE", ""),
        ("POST", "/unpublish"),
        ("POST", "/regenerate"),
        ("POST", "/token"),
    ):
        reply = api("other vendor").served.call(
            "other vendor", method, f"{path}{verb}", {} if method != "DELETE" else None
        )
        assert reply.status == 403, (verb, reply.json)
    for below in ("documents", "media", "terms"):
        assert api("other vendor").post(f"{path}/{below}", {"name": "X", "url": "https://x.example"}).status == 403
    assert api("other vendor").post(f"{path}/instances", {"externalId": "x"}).status == 403


@pytest.mark.parametrize(
    ("meta", "where"),
    [
        ([], "meta"),
        ({"events": {}}, "meta.events"),
        ({"events": [{"event": "order", "path": "/x"}]}, "meta.events[0].event"),
        ({"events": [{"event": CREATED, "path": "x"}]}, "meta.events[0].path"),
        ({"events": [{"event": CREATED, "path": "/x", "task": 1}]}, "meta.events[0].task"),
        ({"events": [{"event": CREATED, "path": "/x", "condition": "eq("}]}, "meta.events[0].condition"),
        ({"events": [{"event": CREATED, "path": "/x"}, 3]}, "meta.events[1]"),
        ({"schedules": [{"id": "a", "path": "/x", "cron": "often"}]}, "meta.schedules[0].cron"),
        ({"schedules": [{**NIGHTLY, "cron": "61 * * * *"}]}, "meta.schedules[0].cron"),
        ({"schedules": [{**NIGHTLY, "cron": "0 0 30 2 *"}]}, "meta.schedules[0].cron"),
        ({"schedules": [{**NIGHTLY, "cron": "0 0 * * * *"}]}, "meta.schedules[0].cron"),
        ({"schedules": [{**NIGHTLY, "cron": f"{'0,' * 500}0 0 * * *"}]}, "meta.schedules[0].cron"),
        ({"schedules": [{**NIGHTLY, "cron": None}]}, "meta.schedules[0].cron"),
        ({"schedules": [{**NIGHTLY, "path": "//x y"}]}, "meta.schedules[0].path"),
        ({"schedules": [{**NIGHTLY, "path": "nightly"}]}, "meta.schedules[0].path"),
        ({"schedules": [{**NIGHTLY, "id": " "}]}, "meta.schedules[0].id"),
        ({"schedules": [{**NIGHTLY, "id": "x" * 201}]}, "meta.schedules[0].id"),
        ({"schedules": [{**NIGHTLY, "name": 1}]}, "meta.schedules[0].name"),
        ({"schedules": [{**NIGHTLY, "description": ["x"]}]}, "meta.schedules[0].description"),
        ({"schedules": [NIGHTLY, NIGHTLY]}, "meta.schedules[1]"),
        ({"schedules": [{**NIGHTLY, "id": str(each)} for each in range(201)]}, "meta.schedules"),
        ({"schedules": "nightly"}, "meta.schedules"),
        ({"deferrables": [{"path": "x", "method": "POST"}]}, "meta.deferrables[0].path"),
        ({"deferrables": [{"path": "/x/{id}", "method": "POST"}]}, "meta.deferrables[0].path"),
        ({"deferrables": [{"path": "/x", "method": "post"}]}, "meta.deferrables[0].method"),
        ({"deferrables": [{"path": "/x", "method": []}]}, "meta.deferrables[0].method"),
        ({"deferrables": [{**DEFERRABLE, "timeouts": {}}]}, "meta.deferrables[0].timeouts"),
        ({"deferrables": [{**DEFERRABLE, "timeouts": {"maxTaskLifespan": 0}}]},
         "meta.deferrables[0].timeouts.maxTaskLifespan"),
        ({"deferrables": [{**DEFERRABLE, "timeouts": {"maxTaskProcessing": True}}]},
         "meta.deferrables[0].timeouts.maxTaskProcessing"),
        ({"deferrables": [DEFERRABLE, DEFERRABLE]}, "meta.deferrables[1]"),
    ],
)  # fmt: skip
def test_what_an_extension_tells_of_itself_is_looked_at(api: Api, meta: Any, where: str) -> None:
    reply = api("vendor").post(EXTENSIONS, {"name": "Meter", "meta": meta})
    assert reply.status == 400
    assert list(reply.json["errors"]) == [where]


def test_so_many_schedules_that_name_no_time_take_no_longer_than_a_few(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everybody waits while they are looked at."""
    looked: list[str] = []
    fault_of = cron.fault_of

    def counted(value: Any) -> str:
        looked.append(value)
        return fault_of(value)

    monkeypatch.setattr(cron, "fault_of", counted)
    schedules = [{**NIGHTLY, "id": str(each), "cron": f"{each % 60} 0 */30 * 1#2"} for each in range(200)]
    reply = api("vendor").post(EXTENSIONS, {"name": "Meter", "meta": {"schedules": schedules}})
    assert reply.status == 400
    assert len(reply.json["errors"]) == len(looked) == 10


def test_calls_that_may_be_put_off_are_kept_as_they_are_told(api: Api) -> None:
    meta = {"deferrables": [DEFERRABLE, {**DEFERRABLE, "method": "GET", "timeouts": None}]}
    assert made(api, meta=meta)["meta"] == meta


def test_the_key_opens_what_the_extension_was_given_and_no_more(api: Api, served: Served) -> None:
    order = placed(served)
    extension = made(api)
    ask = key_of(served, extension)
    assert ok(ask("GET", f"/commerce/orders/{order['id']}"))["id"] == order["id"]
    assert ask("GET", "/audit/records").status == 403
    assert ask("POST", EXTENSIONS, {"name": "Another"}).status == 403
    assert ask("POST", "/accounts/api-tokens", {"name": "T", "modules": [refer(MARKETPLACE)]}).status == 403
    none = made(api, modules=[])
    assert key_of(served, none)("GET", f"/commerce/orders/{order['id']}").status == 403
    assert ok(key_of(served, none)("GET", f"{EXTENSIONS}/{none['id']}"))["id"] == none["id"]


def test_an_old_key_opens_nothing(api: Api, served: Served) -> None:
    extension = made(api)
    ask = key_of(served, extension)
    token = ok(ask("POST", f"{EXTENSIONS}/{extension['id']}/token"))["token"]
    assert by(served, token)("GET", "/commerce/orders").status == 200
    ok(api("vendor").post(f"{EXTENSIONS}/{extension['id']}/regenerate"))
    time.sleep(FORGOTTEN_S)
    assert ask("GET", EXTENSIONS).status == 401
    assert by(served, token)("GET", "/commerce/orders").status == 401


def test_nobody_gives_an_extension_more_than_they_have(api: Api, served: Served) -> None:
    value = ok(api("vendor").post("/accounts/api-tokens", {"name": "Narrow", "modules": [refer("MOD-1756")]}))["token"]
    assert served.call(value, "POST", EXTENSIONS, {"name": "M", "modules": [refer(MARKETPLACE)]}).status == 403


def test_an_instance_tells_where_it_is(api: Api, served: Served) -> None:
    extension = made(api, service={"url": "http://127.0.0.1:9/served"})
    path = f"{EXTENSIONS}/{extension['id']}/instances"
    event = {"event": "platform.commerce.order.created", "condition": "eq(status,Draft)", "path": "/e", "task": True}
    body = {"externalId": "host-1", "version": "1.0.0", "meta": {"openapi": "/x", "events": [event]}, "channel": {}}
    ask = key_of(served, extension)
    first = ok(ask("POST", path, body))
    assert (first["status"], first["channel"], first["id"][:13]) == ("Running", {}, f"INS-{extension['id'][4:]}")
    again = ok(ask("POST", path, {**body, "version": "1.0.1"}))
    assert (again["id"], again["version"]) == (first["id"], "1.0.1")
    assert ok(api("vendor").get(f"{EXTENSIONS}/{extension['id']}"))["meta"]["events"] == [event]
    assert [each["id"] for each in ok(api("vendor").get(path))["data"]] == [first["id"]]
    assert api("client").get(path).status == 403
    assert ask("POST", path, {}).status == 400
    other = made(api)
    assert key_of(served, other)("POST", path, body).status == 403  # one extension does not speak for another
    nameless = ok(api("vendor").post(f"{EXTENSIONS}/{other['id']}/instances", {"externalId": "h"}))
    assert nameless["status"] == "Connecting"


def test_a_vendor_installs_its_own_extension_and_acts_through_it(api: Api, served: Served) -> None:
    extension = made(api)
    installation = installed(api, extension)
    assert (installation["status"], installation["account"]["id"]) == ("Installed", ACCOUNTS["vendor"][0])
    assert [each["id"] for each in installation["modules"]] == [MARKETPLACE]
    assert "invitation" not in installation
    account = installation["account"]["id"]
    token = ok(key_of(served, extension)("POST", f"{INSTALLATIONS}/-/token?account.id={account}"))["token"]
    claims = claims_of(token)
    assert claims[f"{CLAIMS}accountId"] == account
    assert claims[f"{CLAIMS}accountType"] == "Vendor"
    assert claims[f"{CLAIMS}extensionId"] == extension["id"]
    assert claims[f"{CLAIMS}modules"] == {"marketplace": ["read", "write"]}
    assert claims["exp"] > time.time() + 90
    order = placed(served)
    ask = by(served, token)
    assert ok(ask("GET", f"/commerce/orders/{order['id']}"))["status"] == "Processing"
    changed = ok(ask("PUT", f"/commerce/orders/{order['id']}", {"externalIds": {"vendor": "V-1"}}))
    assert changed["audit"]["updated"]["by"]["id"] == extension["id"]
    assert ask("GET", INSTALLATIONS).status == 403
    assert ask("GET", "/audit/records").status == 403
    assert api("vendor").post(INSTALLATIONS, {"extension": refer(extension["id"])}).status == 409
    assert api("vendor").delete(f"{INSTALLATIONS}/{installation['id']}").status == 204
    time.sleep(FORGOTTEN_S)
    assert ask("GET", f"/commerce/orders/{order['id']}").status == 401
    assert key_of(served, extension)("POST", f"{INSTALLATIONS}/-/token?account.id={account}").status == 404


def test_a_client_lets_a_public_extension_in_for_its_own_account_alone(api: Api, served: Served) -> None:
    order, extension = placed(served), published(api)
    installed(api, extension, "client")
    ask = key_of(served, extension)
    client, other = ACCOUNTS["client"][0], ACCOUNTS["other client"][0]
    token = ok(ask("POST", f"{INSTALLATIONS}/-/token?account.id={client}"))["token"]
    assert ok(by(served, token)("GET", f"/commerce/orders/{order['id']}"))["id"] == order["id"]
    unknown = ask("POST", f"{INSTALLATIONS}/-/token?account.id={other}")
    never = ask("POST", f"{INSTALLATIONS}/-/token?account.id=ACC-9999-9999")
    assert unknown.status == never.status == 404
    assert f", account {other}, status Installed was not found." in unknown.json["detail"]
    another = published(api)
    assert key_of(served, another)("POST", f"{INSTALLATIONS}/-/token?account.id={client}").status == 404
    mine = [each["id"] for each in ok(api("client").get(INSTALLATIONS))["data"]]
    assert mine
    assert all(each not in mine for each in (row["id"] for row in ok(api("other client").get(INSTALLATIONS))["data"]))


def test_a_vendors_plain_token_gets_no_token_of_an_installation(api: Api) -> None:
    extension = published(api)
    installation = installed(api, extension, "client")
    assert api("vendor").post(f"{INSTALLATIONS}/{installation['id']}/token").status == 403
    assert api("client").post(f"{INSTALLATIONS}/{installation['id']}/token").status == 403


def test_an_invitation_is_accepted_by_whom_it_is_for(api: Api, served: Served) -> None:
    placed(served)
    extension = made(api)
    client = ACCOUNTS["client"][0]
    invitation = {"message": "Try it", "validity": {"period": "7d"}}
    body = {"extension": refer(extension["id"]), "account": refer(client), "invitation": invitation}
    installation = ok(api("vendor").post(INSTALLATIONS, body))
    told = installation["invitation"]
    assert (installation["status"], told["status"], told["message"]) == ("Invited", "Invited", "Try it")
    assert told["code"] in told["url"]
    path = f"{INSTALLATIONS}/{installation['id']}"
    assert "code" not in ok(api("vendor").get(path))["invitation"]
    assert api("other client").get(path).status == 404
    assert api("vendor").post(f"{path}/redeem").status == 403
    assert api("client").post(f"{path}/redeem", {"code": "wrong"}).status == 400
    assert api("client").post(f"{path}/redeem", {"modules": [refer(AUDIT)]}).status == 400
    terms = ok(api("vendor").post(f"{EXTENSIONS}/{extension['id']}/terms", {"name": "Terms"}))
    ok(api("vendor").post(f"{EXTENSIONS}/{extension['id']}/terms/{terms['id']}/publish"))
    done = ok(api("client").post(f"{path}/redeem", {"code": told["code"]}))
    assert done["status"] == "Installed"
    assert [each["id"] for each in done["terms"]] == [terms["id"]]
    assert api("client").post(f"{path}/redeem").status == 409
    assert ok(api("client").get(f"{EXTENSIONS}/{extension['id']}"))["name"] == "Meter"
    assert ok(api("vendor").get(f"{EXTENSIONS}/{extension['id']}/installations/{installation['id']}"))
    assert api("vendor").put(path, {"modules": []}).status == 403
    assert ok(api("client").put(path, {"modules": [], "configuration": {"a": 1}}))["modules"] == []
    assert api("client").delete(path).status == 204


def test_an_invitation_ends(api: Api, served: Served) -> None:
    placed(served)
    extension = made(api)
    body = {"extension": refer(extension["id"]), "account": refer(ACCOUNTS["client"][0])}
    installation = ok(api("vendor").post(INSTALLATIONS, body))
    served.fetch("update installation set clock_offset = clock_offset + interval '15 days'")
    served.run(served.parts.work.settle(sealed=False))
    ended = ok(api("client").get(f"{INSTALLATIONS}/{installation['id']}"))
    assert (ended["status"], ended["invitation"]["status"]) == ("Expired", "Expired")
    assert ended["audit"]["expired"]["by"]["id"] == "SVC-0002"
    assert api("client").post(f"{INSTALLATIONS}/{installation['id']}/redeem").status == 409


def test_a_vendor_invites_nobody_whom_it_does_not_know(api: Api) -> None:
    extension = made(api, who="other vendor")
    answers = []
    for account in (ACCOUNTS["other client"][0], "ACC-9999-9999"):
        reply = api("other vendor").post(
            INSTALLATIONS, {"extension": refer(extension["id"]), "account": refer(account)}
        )
        answers.append((reply.status, str(reply.json["errors"]).replace(account, "?")))
    assert answers[0] == answers[1]
    assert answers[0][0] == 400


def test_who_may_do_less_lets_nobody_in(api: Api) -> None:
    extension = published(api)
    assert api("restricted").post(INSTALLATIONS, {"extension": refer(extension["id"])}).status == 403
    hidden = made(api)
    assert api("client").post(INSTALLATIONS, {"extension": refer(hidden["id"])}).status == 400
    assert api("client").post(INSTALLATIONS, {}).status == 400


def test_a_token_that_was_tampered_with_opens_nothing(api: Api, served: Served) -> None:
    extension = made(api)
    installed(api, extension)
    account = ACCOUNTS["vendor"][0]
    token = ok(key_of(served, extension)("POST", f"{INSTALLATIONS}/-/token?account.id={account}"))["token"]
    head, body, signature = token.split(".")
    unsigned = "eyJhbGciOiJub25lIn0"
    swapped = signature[:-4] + ("AAAA" if not signature.endswith("AAAA") else "BBBB")
    for forged in (f"{unsigned}.{body}.", f"{unsigned}.{body}.{signature}", f"{head}.{body}.{swapped}", token + "x"):
        assert by(served, forged)("GET", "/commerce/orders").status == 401
    assert by(served, token)("GET", "/commerce/orders").status == 200


def test_of_two_who_install_at_once_one_is_told(api: Api) -> None:
    extension = made(api)
    body = {"extension": refer(extension["id"])}
    replies = at_once(*(lambda: api("vendor").post(INSTALLATIONS, body) for _ in range(3)))
    assert sorted(each.status for each in replies) == [201, 409, 409]


def test_an_instance_that_starts_twice_at_once_is_one(api: Api, served: Served) -> None:
    extension = made(api)
    path = f"{EXTENSIONS}/{extension['id']}/instances"
    ask = key_of(served, extension)
    replies = at_once(*(lambda: ask("POST", path, {"externalId": "http://127.0.0.1:9"}) for _ in range(3)))
    assert {each.status for each in replies} == {201}
    assert len({each.json["id"] for each in replies}) == 1


def test_what_an_extension_may_open_is_taken_from_it_everywhere(api: Api, served: Served) -> None:
    """A module that it asks for no more is closed to its tokens too, within two seconds."""
    extension = made(api)
    installed(api, extension)
    ask = key_of(served, extension)
    token = ok(ask("POST", f"{INSTALLATIONS}/-/token"))["token"]
    assert by(served, token)("GET", "/commerce/orders").status == 200
    ok(api("vendor").put(f"{EXTENSIONS}/{extension['id']}", {"modules": []}))
    time.sleep(FORGOTTEN_S)
    assert by(served, token)("GET", "/commerce/orders").status == 403
    assert ask("GET", "/commerce/orders").status == 403


def test_an_agent_lets_no_program_in(api: Api, served: Served) -> None:
    """Nor does it make one, or ask for its key: what it may do others would do by it."""
    body = {"name": "Agent", "modules": [refer(MARKETPLACE)], "heldBy": "agent"}
    value = ok(api("vendor").post("/accounts/api-tokens", body))["token"]
    extension = made(api)
    ask = by(served, value)
    for method, path, content in (
        ("POST", EXTENSIONS, {"name": "x"}),
        ("POST", f"{EXTENSIONS}/{extension['id']}/regenerate", None),
        ("POST", f"{EXTENSIONS}/{extension['id']}/token", None),
        ("POST", INSTALLATIONS, {"extension": refer(extension["id"])}),
        ("POST", f"{EXTENSIONS}/{extension['id']}/instances", {"externalId": "x"}),
    ):
        assert ask(method, path, content).status == 403, path


def test_no_extension_is_deleted_while_somebody_installs_it(api: Api, served: Served) -> None:
    for _ in range(12):
        extension = made(api)
        replies = at_once(
            lambda path=f"{EXTENSIONS}/{extension['id']}": api("vendor").delete(path),
            lambda own=extension["id"]: api("vendor").post(INSTALLATIONS, {"extension": refer(own)}),
        )
        deleted, installed_by = (each.status for each in replies)
        assert (deleted, installed_by) in ((204, 400), (204, 409), (409, 201)), replies
        (row,) = served.fetch("select status from extensions where id = $1", extension["id"])
        assert (row["status"] == "Deleted") == (deleted == 204)
