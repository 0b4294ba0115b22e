"""People: groups, members who are invited, users who are blocked, tokens; and nobody hands out more than they have."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from entrepot.storage.clock import advance
from tests.party import Api, at_once, ok
from tests.serving import Served, token_of
from tests.world import BUYER, RESTRICTED_USER, SECOND_BUYER, SECRET, TOKENS, USER, refer

ACCOUNT, OTHER = "ACC-2001-0001", "ACC-2002-0001"
EVERYBODY, FIRST_BUYER = "UGR-2001-0001", "UGR-2001-0002"
MARKETPLACE, MANAGE, AUDIT = "MOD-1001", "MOD-1756", "MOD-1003"
GROUPS, MEMBERS, USERS, KEYS = (
    "/accounts/user-groups",
    "/accounts/account-users",
    "/accounts/users",
    "/accounts/api-tokens",
)
OF_ACCOUNT = f"/accounts/accounts/{ACCOUNT}/users"

LINES = [
    {"$kind": "accounts/modules", "id": "MOD-3001", "name": "Vendors' own", "code": "integration", "accountTypes": ["Vendor"]},
    {"$kind": "accounts/user-groups", "id": "UGR-2002-0001", "name": "Theirs", "account": refer(OTHER)},
    {"$kind": "accounts/user-groups", "id": "UGR-2001-0005", "name": "Managers", "account": refer(ACCOUNT),
     "modules": [refer(MANAGE), refer(MARKETPLACE)], "buyers": [refer(BUYER)]},
    {"$kind": "accounts/users", "id": "USR-2002-0001", "firstName": "Eve", "lastName": "Rest", "status": "Active",
     "email": "Eve@Other.example", "accounts": [refer(OTHER)], "groups": [refer("UGR-2002-0001")]},
    {"$kind": "accounts/users", "id": "USR-2001-0005", "firstName": "Kim", "email": "kim@client.example",
     "status": "Active", "accounts": [refer(ACCOUNT)], "groups": [refer("UGR-2001-0005")]},
    *({"$kind": "accounts/api-tokens", "id": f"TKN-{digits}", "name": "T", "account": refer(account),
       "token": f"idt:TKN-{digits}:{SECRET}", "status": "Active", **more} for digits, account, more in (
        ("2001-0021", ACCOUNT, {"user": refer("USR-2001-0005")}),
        ("2001-0022", ACCOUNT, {"modules": [refer(MANAGE), refer(MARKETPLACE)]}),
        ("2001-0023", ACCOUNT, {"modules": [refer(MARKETPLACE)]}),
        ("2001-0024", ACCOUNT, {"heldBy": "agent"}),
        ("2002-0021", OTHER, {"user": refer("USR-2002-0001")}),
    )),
]  # fmt: skip

MANAGER = f"idt:TKN-2001-0021:{SECRET}"
"""Of a person who manages people, and buys for one buyer."""
LESSER = f"idt:TKN-2001-0022:{SECRET}"
"""Of the account: two modules of three."""
BUYS = f"idt:TKN-2001-0023:{SECRET}"
AGENT = f"idt:TKN-2001-0024:{SECRET}"
EVE = f"idt:TKN-2002-0021:{SECRET}"
"""Of a person of another account."""


@pytest.fixture(scope="module", autouse=True)
def people(served: Served) -> None:
    served.load(LINES)


def invited(api: Api, email: str, who: str = "client", **more: Any) -> Any:
    """The answer to an invitation, with its code."""
    body = {"user": {"email": email, "firstName": "Nia", "lastName": "Bo"}, "groups": [refer(EVERYBODY)], **more}
    return ok(api(who).post(OF_ACCOUNT, body))


def titles(reply: Any) -> tuple[int, str, list[str]]:
    return reply.status, reply.json["title"], sorted(reply.json.get("errors", {}))


# Groups -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["client", "vendor", "operations"])
def test_each_account_keeps_groups_of_its_own(api: Api, who: str) -> None:
    made = api(who).post(GROUPS, {"name": "Buying", "modules": [refer(MARKETPLACE)]})
    group = ok(made)
    assert made.status == 201 and made.headers["location"].endswith(group["id"])
    assert group["account"]["id"] == {"client": ACCOUNT, "vendor": "ACC-3001-0001", "operations": "ACC-1000-0001"}[who]
    path = f"{GROUPS}/{group['id']}"
    assert ok(api(who).put(path, {"name": "Sales", "logo": "l"}))["name"] == "Sales"
    assert ok(api(who).get(path))["users"] == []
    other = "vendor" if who == "client" else "other client"
    assert api(other).get(path).status == api(other).put(path, {}).status == api(other).delete(path).status == 404
    if group["isDefault"]:
        assert api(who).delete(path).status == 409
        ok(api(who).post(GROUPS, {"name": "New default", "isDefault": True}))
    assert api(who).delete(path).status == 204
    assert api(who).get(path).status == 404


def test_operations_make_a_group_for_any_account(api: Api) -> None:
    group = ok(api("operations").post(GROUPS, {"name": "For them", "account": refer(OTHER)}))
    assert group["account"]["id"] == OTHER
    assert api("operations").post(GROUPS, {"name": "X", "account": refer("ACC-9999-9999")}).status == 400
    mine = ok(api("client").post(GROUPS, {"name": "Mine", "account": refer(OTHER)}))
    assert mine["account"]["id"] == ACCOUNT, "whose it is, is not a client's to say"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, (400, "One or more validation errors occurred.", ["name"])),
        ({"name": ""}, (400, "Bad Request", ["name"])),
        ({"name": "G", "modules": [refer("MOD-3001")]}, (400, "Bad Request", ["modules[0].id"])),
        ({"name": "G", "modules": [refer("MOD-9999")]}, (400, "Bad Request", ["modules[0].id"])),
        ({"name": "G", "modules": "all"}, (400, "Bad Request", ["modules"])),
        ({"name": "G", "buyers": [refer("BUY-2002-0001")]}, (400, "Bad Request", ["buyers[0].id"])),
        ({"name": "G", "isDefault": "perhaps"}, (400, "Bad Request", ["isDefault"])),
    ],
)
def test_what_is_wrong_with_a_group(api: Api, body: Any, told: Any) -> None:
    assert titles(api("client").post(GROUPS, body)) == told


def test_buyers_of_another_account_are_not_for_operations_to_mix_in(api: Api) -> None:
    body = {"name": "G", "account": refer(OTHER), "buyers": [refer(BUYER)]}
    assert titles(api("operations").post(GROUPS, body)) == (400, "Bad Request", ["buyers[0].id"])


def test_one_group_of_an_account_is_its_default(api: Api) -> None:
    first = ok(api("other vendor").post(GROUPS, {"name": "A"}))
    second = ok(api("other vendor").post(GROUPS, {"name": "B"}))
    assert (first["isDefault"], second["isDefault"]) == (True, False)
    assert titles(api("other vendor").put(f"{GROUPS}/{first['id']}", {"isDefault": False})) == (
        400, "Bad Request", ["isDefault"])  # fmt: skip
    ok(api("other vendor").put(f"{GROUPS}/{second['id']}", {"isDefault": True}))
    assert ok(api("other vendor").get(f"{GROUPS}/{first['id']}"))["isDefault"] is False
    for _ in range(15):
        at_once(*(lambda each=each: api("other vendor").put(f"{GROUPS}/{each['id']}", {"isDefault": True})
                  for each in (first, second, first, second)))  # fmt: skip
        page = ok(api("other vendor").get(f"{GROUPS}?eq(isDefault,true)"))
        assert page["$meta"]["pagination"]["total"] == 1


def test_a_group_with_people_in_it_stays(api: Api) -> None:
    reply = api("client").delete(f"{GROUPS}/{EVERYBODY}")
    assert reply.status == 409 and "users" in reply.json["detail"]
    assert USER in [each["id"] for each in ok(api("client").get(f"{GROUPS}/{EVERYBODY}"))["users"]]


def test_nobody_joins_a_group_that_is_being_deleted(api: Api, served: Served) -> None:
    for number in range(6):
        group = ok(api("client").post(GROUPS, {"name": "Short", "modules": [refer(MARKETPLACE)]}))["id"]
        at_once(
            lambda gone=group: api("client").delete(f"{GROUPS}/{gone}"),
            lambda gone=group: api("client").post(f"{OF_ACCOUNT}/{USER}/groups", refer(gone)),
        )
        there = api("client").get(f"{GROUPS}/{group}").status == 200
        joined = served.fetch("select from account_users_groups where target_id = $1", group)
        assert there == bool(joined), number


@pytest.mark.parametrize("who", [LESSER, MANAGER])
def test_nobody_makes_or_widens_a_group_beyond_what_they_have(api: Api, who: str) -> None:
    wide = [
        {"name": "G"},
        {"name": "G", "modules": [refer(AUDIT)], "buyers": [refer(BUYER)]},
        {"name": "G", "modules": [refer(MANAGE), refer(AUDIT)], "buyers": [refer(BUYER)]},
    ]
    if who == MANAGER:
        wide += [{"name": "G", "modules": [refer(MARKETPLACE)]},
                 {"name": "G", "modules": [refer(MARKETPLACE)], "buyers": [refer(SECOND_BUYER)]}]  # fmt: skip
    for body in wide:
        assert api(who).post(GROUPS, body).status == 400, body
    fits = {"name": "G", "modules": [refer(MARKETPLACE)], "buyers": [refer(BUYER)]}
    group = ok(api(who).post(GROUPS, fits))["id"]
    for body in wide:
        assert api(who).put(f"{GROUPS}/{group}", {"modules": [], "buyers": []} | body).status == 400, body
    assert api(who).put(f"{GROUPS}/{EVERYBODY}", {"name": "Mine"}).status == 403
    assert ok(api("client").get(f"{GROUPS}/{group}"))["modules"] == [
        {"id": MARKETPLACE, "name": "Marketplace", "code": "marketplace", "paid": False, "revision": 1}]  # fmt: skip


@pytest.mark.parametrize("who", [BUYS, AGENT], ids=["without the module", "agent"])
def test_people_are_managed_with_the_module_for_it_and_never_by_agents(api: Api, who: str) -> None:
    party = api(who)
    token = f"{KEYS}/{who.split(':')[1]}"
    for reply in (
        party.post(GROUPS, {"name": "G"}), party.put(f"{GROUPS}/{EVERYBODY}", {"name": "G"}),
        party.delete(f"{GROUPS}/{FIRST_BUYER}"), party.post(OF_ACCOUNT, {}), party.post(MEMBERS, {}),
        party.put(f"{OF_ACCOUNT}/{USER}", {}), party.delete(f"{OF_ACCOUNT}/{USER}"),
        party.post(f"{OF_ACCOUNT}/{USER}/groups", []), party.put(f"{OF_ACCOUNT}/{USER}/groups", []),
        party.delete(f"{OF_ACCOUNT}/{USER}/groups/{EVERYBODY}"), party.post(f"{OF_ACCOUNT}/{USER}/resend-invite"),
        party.post(KEYS, {"name": "T"}), party.put(token, {"name": "T"}), party.post(f"{token}/disable"),
        party.delete(token), party.put(f"{USERS}/{USER}", {"firstName": "X"}),
        party.post(f"{USERS}/{USER}/set-password", {"password": "long enough"}),
    ):  # fmt: skip
        assert reply.status == 403, reply.json
    assert party.get(f"{OF_ACCOUNT}/{USER}").status == 200


# Members ----------------------------------------------------------------------------------------------


def test_somebody_is_invited_and_says_yes(api: Api) -> None:
    member = invited(api, "Nia.Bo@client.example")
    assert member["invitation"]["status"] == "Invited"
    code = member["invitation"]["code"]
    assert member["invitation"]["url"].endswith(code)
    user = member["user"]["id"]
    assert ok(api("client").get(f"{USERS}/{user}"))["status"] == "Invited"
    for path in (f"{OF_ACCOUNT}/{user}", f"{OF_ACCOUNT}/{member['id']}", f"{MEMBERS}/{member['id']}",
                 f"{MEMBERS}/{user}", f"/accounts/{ACCOUNT}/users/{user}"):  # fmt: skip
        seen = ok(api("client").get(path))
        assert seen["id"] == member["id"]
        assert set(seen["invitation"]) == {"status"}, "the code is told once"
        assert api("other client").get(path).status == api("vendor").get(path).status == 404
    assert api("client").post(f"{OF_ACCOUNT}/{user}/accept-invite").status == 400
    wrong = api("client").post(f"{OF_ACCOUNT}/{user}/accept-invite", {"invitation": {"code": code + "x"}})
    assert titles(wrong) == (400, "Bad Request", ["invitation.code"])
    done = ok(api("client").post(f"{OF_ACCOUNT}/{user}/accept-invite", {"invitation": {"code": code}}))
    assert done["invitation"]["status"] == "Active" and done["audit"]["joined"]["at"]
    found = ok(api("client").get(f"{USERS}/NIA.BO@client.example"))
    assert (found["id"], found["status"], found["name"]) == (user, "Active", "Nia Bo")
    assert found["audit"]["invitationAcceptedAt"]
    again = api("client").post(f"{OF_ACCOUNT}/{user}/accept-invite", {"invitation": {"code": code}})
    assert again.status == 409
    twice = api("client").post(OF_ACCOUNT, {"user": {"email": "nia.bo@CLIENT.example"}, "groups": [refer(EVERYBODY)]})
    assert twice.status == 409


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, (400, "One or more validation errors occurred.", ["groups", "user"])),
        ({"user": {}}, (400, "One or more validation errors occurred.", ["groups", "user.email"])),
        ({"user": "me", "groups": []}, (400, "Bad Request", ["user"])),
        ({"user": {"email": "nobody"}, "groups": [refer(EVERYBODY)]}, (400, "Bad Request", ["user.email"])),
        ({"user": {"email": 7}, "groups": [refer(EVERYBODY)]}, (400, "Bad Request", ["user.email"])),
        ({"user": {"email": "a@b.example"}, "groups": []}, (400, "Bad Request", ["groups"])),
        ({"user": {"email": "a@b.example"}, "groups": [refer("UGR-2002-0001")]}, (400, "Bad Request", ["groups[0].id", "groups"])),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_invitation(api: Api, served: Served, body: Any, told: Any) -> None:
    before = served.fetch("select count(*) from users")
    status, title, errors = titles(api("client").post(OF_ACCOUNT, body))
    assert (status, title) == told[:2] and set(errors) <= set(told[2]) and errors
    assert served.fetch("select count(*) from users") == before


def test_two_who_invite_the_same_person_at_once_invite_one(api: Api, served: Served) -> None:
    body = {"user": {"email": "twin@client.example"}, "groups": [refer(EVERYBODY)]}
    replies = at_once(*(lambda: api("client").post(OF_ACCOUNT, body) for _ in range(4)))
    assert sorted(each.status for each in replies) == [201, 409, 409, 409]
    assert len(served.fetch("select from users where email = 'twin@client.example'")) == 1


def test_a_repeated_invitation_answers_alike_and_keeps_its_code_sealed(api: Api, served: Served) -> None:
    body = {"user": {"email": "again@client.example"}, "groups": [refer(EVERYBODY)]}
    first, second = (api("client").post(OF_ACCOUNT, body, idempotency_key="invite") for _ in range(2))
    code = first.json["invitation"]["code"]
    assert second.json == first.json and second.headers["idempotent-replayed"] == "true"
    kept = served.fetch("select body, sealed from idempotency where key = 'invite'")
    assert kept[0]["sealed"] and code.encode() not in kept[0]["body"]
    trail = served.fetch("select delta::text || details::text from trail where kind = 'accounts/account-users'")
    assert not any(code.split(".")[1] in each[0] or "invitationHash" in each[0] for each in trail)


def test_a_person_of_another_account_accepts_in_person(api: Api, served: Served) -> None:
    """By the link, signed in (tests/http/test_sign_in.py): whoever invites cannot say yes for them."""
    member = invited(api, "eve@other.example")
    assert member["user"]["id"] == "USR-2002-0001"
    code = {"invitation": {"code": member["invitation"]["code"]}}
    assert api("client").get(f"{USERS}/USR-2002-0001").status == 404, "no more than a name until then"
    assert api("client").post(f"{MEMBERS}/{member['id']}/accept-invite", code).status == 403
    assert api("operations").post(f"{MEMBERS}/{member['id']}/accept-invite", code).status == 403
    for who in ("other client", EVE):
        assert api(who).get(f"{MEMBERS}/{member['id']}").status == 404
    served.fetch("update account_users set status = 'Active' where id = $1 returning id", member["id"])
    seen = ok(api("client").get(f"{USERS}/USR-2002-0001?select=*,accounts,groups"))
    assert seen["email"] == "Eve@Other.example"
    assert not {"accounts", "groups", "currentAccount"} & set(seen), "whom else they work for is not told"
    assert api("client").put(f"{USERS}/USR-2002-0001", {"firstName": "Changed"}).status == 403
    assert ok(api(EVE).put(f"{USERS}/USR-2002-0001", {"firstName": "Eva"}))["name"] == "Eva Rest"
    assert api("client").delete(f"{MEMBERS}/{member['id']}").status == 204
    assert ok(api("operations").get(f"{USERS}/USR-2002-0001"))["status"] == "Active", "there is another account"


def test_an_organisation_signs_in_in_place_of_a_password(api: Api, served: Served) -> None:
    user = joined(api, "sso@client.example")
    path, provider = f"{USERS}/{user}", f"/accounts/accounts/{ACCOUNT}/identity-provider"
    assert ok(api("client").post(f"{path}/sso-check")) == ok(api("client").get(f"{path}/sso-check")) == {
        "id": user, "sso": False}  # fmt: skip
    assert api("client").post(f"{path}/sso").status == 409
    ok(api("operations").post(f"{path}/set-password", {"password": "a fine password"}))
    ok(api("client").post(provider, {"issuer": "https://login.client.example", "clientId": "us"}))
    assert ok(api("client").get(f"{path}/sso-check"))["sso"] is False, "operations have not looked at it yet"
    ok(api("operations").put(provider, {"domains": ["client.example"], "enabled": True}))
    assert ok(api("client").get(f"{path}/sso-check"))["sso"] is True
    assert api(BUYS).post(f"{path}/sso").status == 403
    ok(api("client").post(f"{path}/sso"))
    assert not served.fetch("select from users where id = $1 and password_hash is not null", user)
    assert (
        ok(api("vendor").get(f"{USERS}?limit=0"))["data"] == [] and api("vendor").get(f"{path}/sso-check").status == 404
    )
    for bad in ({"issuer": "ftp://x", "clientId": "us"}, {"issuer": 5, "clientId": "us"}, {"clientSecret": 5}):
        assert api("client").put(provider, bad).status == 400
    assert titles(api("operations").put(provider, {"domains": ["Not a domain"]})) == (400, "Bad Request", ["domains"])
    assert api("client").delete(provider).status == 204


def test_a_new_link_takes_the_place_of_the_old_one(api: Api) -> None:
    first = invited(api, "link@client.example")
    path = f"{OF_ACCOUNT}/{first['user']['id']}"
    second = ok(api("client").post(f"{path}/resend-invite"))
    old, new = first["invitation"]["code"], second["invitation"]["code"]
    assert old != new
    assert api("client").post(f"{path}/send-new-invite").status == 409, "only when it has expired"
    assert api("client").post(f"{path}/accept-invite", {"code": old}).status == 400
    assert ok(api("client").post(f"{path}/accept-invite", {"code": new}))["invitation"]["status"] == "Active"
    assert api("client").post(f"{path}/resend-invite").status == 409


def test_whoever_may_do_less_gets_no_link_to_do_more(api: Api) -> None:
    wide = invited(api, "boss@client.example")
    for who in (LESSER, MANAGER):
        body = {"user": {"email": "mine@client.example"}, "groups": [refer(EVERYBODY)]}
        assert titles(api(who).post(OF_ACCOUNT, body))[2] == ["groups[0].id"]
        assert api(who).post(f"{MEMBERS}/{wide['id']}/resend-invite").status == 403
        member = f"{OF_ACCOUNT}/USR-2001-0005"
        assert api(who).post(f"{member}/groups", refer(EVERYBODY)).status == 400
        assert api(who).put(f"{member}/groups", [refer(EVERYBODY)]).status == 400
        assert api(who).put(member, {"groups": [refer(EVERYBODY)]}).status == 400
    fits = {"user": {"email": "desk@client.example"}, "groups": [refer("UGR-2001-0005")]}
    assert ok(api(MANAGER).post(OF_ACCOUNT, fits))["invitation"]["code"]


def test_members_are_in_groups_of_their_account(api: Api) -> None:
    member = invited(api, "groups@client.example")
    path = f"{OF_ACCOUNT}/{member['user']['id']}/groups"
    ids = lambda reply: [each["id"] for each in ok(reply)["groups"]]  # noqa: E731
    assert ids(api("client").post(path, refer(FIRST_BUYER))) == [EVERYBODY, FIRST_BUYER]
    assert ids(api("client").post(path, [refer("UGR-2001-0005")])) == [EVERYBODY, FIRST_BUYER, "UGR-2001-0005"]
    assert ids(api("client").put(path, [refer(FIRST_BUYER)])) == [FIRST_BUYER]
    assert [each["id"] for each in ok(api("client").get(path))["data"]] == [FIRST_BUYER]
    assert ok(api("client").get(f"{path}/{FIRST_BUYER}"))["name"] == "First buyer"
    assert api("client").get(f"{path}/{EVERYBODY}").status == 404
    assert api("client").delete(f"{path}/{FIRST_BUYER}").status == 409, "the last one"
    ok(api("client").post(path, {"groups": [refer(EVERYBODY)]}))
    assert api("client").delete(f"{path}/{FIRST_BUYER}").status == 204
    for bad in ([refer("UGR-2002-0001")], [refer("UGR-9999-9999")]):
        assert titles(api("client").put(path, bad))[:2] == (400, "Bad Request")
        assert api("operations").post(path, bad).status == 400
    assert api("client").put(path, []).status == 400
    assert titles(api("client").put(path, {}))[1:] == ("One or more validation errors occurred.", ["groups"])
    assert api("other client").get(path).status == 404
    assert api("other client").put(path, [refer("UGR-2002-0001")]).status == 404


def test_a_person_without_an_account_is_disabled_and_may_come_back(api: Api) -> None:
    member = invited(api, "leaver@client.example")
    path = f"{OF_ACCOUNT}/{member['user']['id']}"
    ok(api("client").post(f"{path}/accept-invite", {"code": member["invitation"]["code"]}))
    assert api("client").delete(path).status == 204
    assert api("client").get(path).status == api("client").get(f"{USERS}/leaver@client.example").status == 404
    assert ok(api("operations").get(f"{USERS}/leaver@client.example"))["status"] == "Disabled"
    back = invited(api, "leaver@client.example")
    assert back["id"] == member["id"] and back["invitation"]["status"] == "Invited"
    assert ok(api("operations").get(f"{USERS}/leaver@client.example"))["status"] == "Invited"


def test_an_invitation_is_good_for_seven_days(api: Api, served: Served) -> None:
    member = invited(api, "late@client.example")
    path = f"{OF_ACCOUNT}/{member['user']['id']}"
    pass_days(served, 6)
    ok(api("client").post(f"{path}/resend-invite"))
    pass_days(served, 2)
    assert ok(api("client").get(path))["invitation"]["status"] == "Invited", "the days count anew"
    code = ok(api("client").post(f"{path}/resend-invite"))["invitation"]["code"]
    pass_days(served, 8)
    assert ok(api("client").get(path))["invitation"]["status"] == "InvitationExpired"
    assert ok(api("client").get(f"{USERS}/late@client.example"))["status"] == "InvitationExpired"
    assert api("client").post(f"{path}/accept-invite", {"code": code}).status == 409
    assert api("client").post(f"{path}/resend-invite").status == 409
    fresh = ok(api("client").post(f"{path}/send-new-invite"))["invitation"]
    assert fresh["status"] == "Invited" and fresh["code"] != code
    assert ok(api("client").get(f"{USERS}/late@client.example"))["status"] == "Invited"


def pass_days(served: Served, days: int) -> None:
    """Moves the clock, and does what falls due."""
    assert served.run(advance(served.parts.pool, timedelta(days=days), served.parts.work)) == []


# Users ------------------------------------------------------------------------------------------------


def joined(api: Api, email: str) -> str:
    """The id of a new person who has said yes."""
    member = invited(api, email)
    code = {"code": member["invitation"]["code"]}
    return ok(api("client").post(f"{MEMBERS}/{member['id']}/accept-invite", code))["user"]["id"]


def test_a_blocked_user_goes_back_to_where_they_were(api: Api) -> None:
    user = joined(api, "blocked@client.example")
    path = f"{USERS}/{user}"
    assert api("client").post(f"{path}/block").status == 403
    assert ok(api("operations").post(f"{path}/block"))["status"] == "Blocked"
    assert ok(api("operations").post(f"{USERS}/blocked@client.example/unblock"))["status"] == "Active"
    assert api("operations").post(f"{path}/unblock").status == 409
    assert api("client").delete(f"{OF_ACCOUNT}/{user}").status == 204
    assert ok(api("operations").post(f"{path}/block"))["status"] == "Blocked"
    assert ok(api("operations").post(f"{path}/unblock"))["status"] == "Disabled"
    assert api("operations").delete(path).status == 204
    assert "email" not in ok(api("operations").get(path)), "what identifies the person is erased"
    assert api("operations").get(f"{USERS}/blocked@client.example").status == 404
    assert joined(api, "blocked@client.example") != user, "the address is free for somebody else"


def test_an_active_user_is_not_deleted(api: Api) -> None:
    assert api("operations").delete(f"{USERS}/{USER}").status == 409
    assert api("client").delete(f"{USERS}/{USER}").status == 403


def test_a_token_of_a_blocked_or_removed_person_speaks_no_more(api: Api, served: Served) -> None:
    user = joined(api, "speaks@client.example")
    served.load([{"$kind": "accounts/api-tokens", "id": "TKN-2001-0031", "name": "T", "account": refer(ACCOUNT),
                  "user": refer(user), "token": f"idt:TKN-2001-0031:{SECRET}", "status": "Active"}])  # fmt: skip
    value = f"idt:TKN-2001-0031:{SECRET}"
    assert api(value).get(f"{USERS}/{user}").status == 200
    assert api("client").delete(f"{OF_ACCOUNT}/{user}").status == 204
    until(lambda: api(value).get(f"{USERS}/{user}").status == 401)


def until(done: Callable[[], bool], seconds: float = 3.0) -> None:
    """Waits for what takes two seconds at most."""
    ends = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < ends
        time.sleep(0.1)


def test_a_password_is_set_in_person_or_by_operations(api: Api, served: Served) -> None:
    path = f"{USERS}/{USER}/set-password"
    assert ok(api("client").post(path, {"password": "a fine password"}))["id"] == USER
    assert api("operations").post(path, {"password": "another password"}).status == 200
    for who, status in (("restricted", 403), (LESSER, 403), (MANAGER, 403), (AGENT, 403), ("vendor", 404)):
        assert api(who).post(path, {"password": "a fine password"}).status == status, who
    assert titles(api("client").post(path, {})) == (
        400, "One or more validation errors occurred.", ["password"])  # fmt: skip
    for bad in ("short", 5, "x" * 201, "nul\0nul nul"):
        assert titles(api("client").post(path, {"password": bad})) == (400, "Bad Request", ["password"])
    told = served.fetch("select delta::text || details::text from trail where object_id = $1", USER)
    assert not any("argon" in each[0] for each in told)
    body = {"user": {"email": "ada@client.example"}, "groups": [refer("UGR-2002-0001")]}
    member = ok(api("other client").post(f"/accounts/accounts/{OTHER}/users", body))
    time.sleep(2.1)
    refused = api("client").post(path, {"password": "a fine password"})
    assert refused.status == 403, "a token is for one account, a password for all of them"
    assert api("other client").delete(f"/accounts/accounts/{OTHER}/users/{member['id']}").status == 204
    time.sleep(2.1)
    ok(api("client").post(path, {"password": "a fine password"}))


def test_a_picture_and_a_name_of_ones_own(api: Api) -> None:
    changed = ok(api("client").put(f"{USERS}/{USER}", {"firstName": "Adah", "status": "Blocked", "email": "x@y.z"}))
    assert (changed["name"], changed["status"], changed["email"]) == ("Adah Moss", "Active", "ada@client.example")
    assert ok(api("client").put(f"{USERS}/{RESTRICTED_USER}", {"lastName": "Most"}))["name"] == "Ben Most"
    assert api("vendor").put(f"{USERS}/{USER}", {}).status == 404


# Tokens -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["client", "vendor", "operations"])
def test_each_account_keeps_tokens_of_its_own(api: Api, who: str) -> None:
    made = ok(api(who).post(KEYS, {"name": "Robot", "icon": "", "modules": [refer(MARKETPLACE)]}))
    value, path = made["token"], f"{KEYS}/{made['id']}"
    assert value.startswith(f"idt:{made['id']}:") and made["status"] == "Active"
    assert ok(api(who).get(path))["token"] == value
    assert ok(api(value).get(path))["account"]["type"] == made["account"]["type"]
    other = "vendor" if who == "client" else "client"
    assert api(other).get(path).status == 404
    if who != "operations":
        assert api("operations").get(path).status == 404, "not even operations read another account's secrets"
    assert (
        ok(api(who).put(path, {"name": "Other", "token": "x", "status": "Deleted", "heldBy": "person"}))["token"]
        == value
    )
    assert ok(api(who).post(f"{path}/disable"))["status"] == "Disabled"
    until(lambda: api(value).get(path).status == 401)
    assert api(who).post(f"{path}/disable").status == 409
    assert ok(api(who).post(f"{path}/enable"))["status"] == "Active"
    until(lambda: api(value).get(path).status == 200)
    assert api(who).delete(path).status == 204
    until(lambda: api(value).get(path).status == 401)
    assert api(who).get(path).status == (200 if who == "operations" else 404)
    assert api(who).post(f"{path}/enable").status in (404, 409)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, (400, "One or more validation errors occurred.", ["modules", "name"])),
        ({"name": "T", "modules": []}, (400, "Bad Request", ["modules"])),
        ({"name": "T", "modules": [refer("MOD-3001")]}, (400, "Bad Request", ["modules[0].id"])),
        ({"name": "T", "modules": [refer("MOD-9999")]}, (400, "Bad Request", ["modules[0].id"])),
        ({"name": "T", "modules": [refer(AUDIT)], "heldBy": "robot"}, (400, "Bad Request", ["heldBy"])),
    ],
)
def test_what_is_wrong_with_a_token(api: Api, body: Any, told: Any) -> None:
    assert titles(api("client").post(KEYS, body)) == told


def test_a_token_never_makes_sees_or_changes_one_that_reaches_further(api: Api) -> None:
    wide = ok(api("client").post(KEYS, {"name": "Wide", "modules": [refer(AUDIT), refer(MARKETPLACE)]}))
    path = f"{KEYS}/{wide['id']}"
    for who in (LESSER, MANAGER):
        assert api(who).get(path).status == api(who).post(f"{path}/disable").status == 404
        assert api(who).put(path, {"name": "Mine"}).status == api(who).delete(path).status == 404
        assert api(who).post(f"{path}/enable").status == 404
        seen = {each["id"] for each in ok(api(who).get(f"{KEYS}?limit=100"))["data"]}
        assert not seen & {wide["id"], *TOKENS.values()}
        assert api(who).post(KEYS, {"name": "T", "modules": [refer(AUDIT)]}).status == 400
        own = f"{KEYS}/{who.split(':')[1]}"
        assert api(who).put(own, {"modules": [refer(AUDIT), refer(MANAGE)]}).status == 400
        assert api(who).put(own, {"modules": []}).status == (400 if who == LESSER else 200)
    lesser = ok(api(LESSER).post(KEYS, {"name": "T", "modules": [refer(MARKETPLACE)]}))
    assert "user" not in lesser
    assert ok(api(LESSER).get(f"{KEYS}/{lesser['id']}"))["token"] == lesser["token"]


def test_who_is_held_to_some_buyers_makes_keys_that_are_too(api: Api) -> None:
    made = ok(api(MANAGER).post(KEYS, {"name": "T", "modules": [refer(MARKETPLACE)]}))
    assert made["user"]["id"] == "USR-2001-0005"
    assert [each["id"] for each in ok(api(made["token"]).get("/accounts/buyers"))["data"]] == [BUYER]
    restricted = ok(api("restricted").post(KEYS, {"name": "T", "modules": [refer(MANAGE)], "user": refer(USER)}))
    assert restricted["user"]["id"] == RESTRICTED_USER, "whoever it was asked for"


def test_when_a_token_was_last_used_is_kept_to_the_minute(api: Api, served: Served) -> None:
    made = ok(api("client").post(KEYS, {"name": "Used", "modules": [refer(AUDIT)]}))
    path = f"{KEYS}/{made['id']}"
    assert "lastAccessAt" not in ok(api("client").get(path))
    before = ok(api("client").get(path))["revision"]
    api(made["token"]).get(path)
    until(lambda: "lastAccessAt" in ok(api("client").get(path)))
    assert ok(api("client").get(path))["revision"] == before, "that is no change of the token"


def test_a_token_of_every_module_is_not_less_than_its_account(api: Api) -> None:
    every = [refer(MARKETPLACE), refer(MANAGE), refer(AUDIT)]
    made = ok(api("client").post(KEYS, {"name": "All", "modules": every}))["token"]
    assert ok(api(made).post(KEYS, {"name": "Again", "modules": every}))["token"]
    assert token_of("client") not in str(ok(api(made).get(KEYS))), "one that lists no module opens even more"
