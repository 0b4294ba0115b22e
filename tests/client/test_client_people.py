"""What the official client does with users, groups, members of accounts and tokens, as each party."""

from collections.abc import Callable
from io import BytesIO
from itertools import count
from typing import Any

import pytest
from mpt_api_client.exceptions import MPTAPIError

from tests.serving import Served
from tests.world import BUYER, USER

PARTIES = {"client": "ACC-2001-0001", "vendor": "ACC-3001-0001", "operations": "ACC-1000-0001"}
MARKETPLACE, AUDIT = "MOD-1001", "MOD-1003"
Speak = Callable[[str], Any]
NUMBERS = count(1)
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


@pytest.fixture(params=PARTIES)
def who(request: pytest.FixtureRequest) -> str:
    """Each party in turn."""
    return request.param


def refused(status: int, call: Callable[[], Any]) -> None:
    with pytest.raises(MPTAPIError) as caught:
        call()
    assert caught.value.status_code == status


def group_of(client: Any) -> str:
    """A new group."""
    return client.accounts.user_groups.create({"name": f"G{next(NUMBERS)}", "modules": [{"id": MARKETPLACE}]}).id


def test_user_groups(speak: Speak, who: str) -> None:
    groups = speak(who).accounts.user_groups
    made = groups.create({"name": "Made", "modules": [{"id": MARKETPLACE}], "buyers": []})
    assert groups.get(made.id).name == "Made"
    assert groups.update(made.id, {"name": "Named"}).to_dict()["name"] == "Named"
    assert made.id in [each.id for each in groups.iterate()]
    refused(400, lambda: groups.create({"name": ""}))
    other = speak("vendor" if who != "vendor" else "client").accounts.user_groups
    refused(404, lambda: other.get(made.id))
    if not made.to_dict()["isDefault"]:
        groups.delete(made.id)
        refused(404, lambda: groups.get(made.id))


def test_members_of_an_account(speak: Speak, who: str) -> None:
    client = speak(who)
    members = client.accounts.accounts.users(PARTIES[who])
    group, second = group_of(client), group_of(client)
    email = f"person{next(NUMBERS)}@{who}.example"
    person = {"firstName": "Jo", "lastName": "Doe", "email": email}
    made = members.create({"user": person, "groups": [{"id": group}], "invitation": {"status": "Invited"}})
    user = made.to_dict()["user"]["id"]
    assert members.get(made.id).id == members.get(user).id == made.id
    assert made.id in [each.id for each in members.iterate()]
    again = members.resend_invite(user).to_dict()
    refused(409, lambda: members.send_new_invite(user))
    refused(400, lambda: members.accept_invite(user, {"invitation": {"code": "x"}}))
    accepted = members.accept_invite(user, {"invitation": {"code": again["invitation"]["code"]}})
    assert accepted.to_dict()["invitation"]["status"] == "Active"
    assert members.update(user, {"groups": [{"id": group}, {"id": second}]}).id == made.id
    groups = members.groups(user)
    assert {each.id for each in groups.iterate()} == {group, second}
    assert groups.get(group).id == group
    groups.delete(group)
    refused(404, lambda: groups.get(group))
    assert groups.create({"id": group}).id == made.id
    assert groups.update([{"id": second}]).id == made.id
    refused(409, lambda: groups.delete(second))
    strangers = speak("vendor" if who == "client" else "client").accounts.accounts.users(PARTIES[who])
    refused(404, lambda: strangers.get(made.id))
    members.delete(made.id)
    refused(404, lambda: members.get(made.id))
    if who == "operations":
        speak(who).accounts.users.delete(user)


def test_an_invitation_that_has_expired_is_sent_anew(speak: Speak, served: Served) -> None:
    client = speak("client")
    members = client.accounts.accounts.users(PARTIES["client"])
    body = {"user": {"email": f"late{next(NUMBERS)}@client.example"}, "groups": [{"id": group_of(client)}]}
    made = members.create(body)
    served.fetch("update account_users set status = 'InvitationExpired' where id = $1 returning id", made.id)
    assert members.send_new_invite(made.id).to_dict()["invitation"]["status"] == "Invited"


def test_users(speak: Speak) -> None:
    users = speak("client").accounts.users
    assert users.get(USER).id == users.get("ada@client.example").id == USER
    assert USER in [each.id for each in users.iterate()]
    picture = ("icon.png", BytesIO(PNG), "image/png")
    assert users.update(USER, {"firstName": "Ada"}, file=picture).to_dict()["icon"]
    assert users.sso_check(USER).to_dict()["sso"] is False
    refused(409, lambda: users.sso(USER))
    assert users.set_password(USER, "a fine password").id == USER
    refused(403, lambda: users.block(USER))
    refused(403, lambda: users.delete(USER))
    operations = speak("operations").accounts.users
    assert operations.block(USER).to_dict()["status"] == "Blocked"
    assert operations.unblock(USER).to_dict()["status"] == "Active"
    refused(409, lambda: operations.delete(USER))
    refused(404, lambda: speak("vendor").accounts.users.get(USER))


def test_tokens(speak: Speak, who: str) -> None:
    tokens = speak(who).accounts.api_tokens
    made = tokens.create({"name": "Robot", "icon": "", "description": "d", "modules": [{"id": AUDIT}]})
    value = made.to_dict()["token"]
    assert tokens.get(made.id).to_dict()["token"] == value
    assert tokens.update(made.id, {"name": "Named"}).to_dict()["name"] == "Named"
    assert tokens.disable(made.id).to_dict()["status"] == "Disabled"
    assert tokens.enable(made.id).to_dict()["status"] == "Active"
    assert made.id in [each.id for each in tokens.iterate()]
    refused(400, lambda: tokens.create({"name": "No modules"}))
    refused(404, lambda: speak("vendor" if who != "vendor" else "client").accounts.api_tokens.get(made.id))
    tokens.delete(made.id)
    if who != "operations":
        refused(404, lambda: tokens.get(made.id))


def test_a_person_who_is_held_to_a_buyer_hands_out_no_more(speak: Speak) -> None:
    restricted = speak("restricted").accounts
    refused(400, lambda: restricted.user_groups.create({"name": "Wide"}))
    fits = restricted.user_groups.create({"name": "Fits", "buyers": [{"id": BUYER}]})
    assert restricted.user_groups.get(fits.id).id == fits.id
