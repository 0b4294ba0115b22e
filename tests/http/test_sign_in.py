"""People sign in: by password, by the link of an invitation, at their own organisation; with a real jar of cookies."""

import asyncio
import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import asyncpg
import httpx2
import pytest

from entrepot.http.openid import NotSignedIn, OpenId, Provider
from entrepot.kernel.letter import Letter
from entrepot.kernel.letter import Reply as Answer
from entrepot.storage.vault import Vault, digest
from tests.http.signing_in import ACCOUNT, ADA, BEN, PASSWORD, TWO, organisation, verifier
from tests.party import Api, ok
from tests.serving import KEY, Served
from tests.world import BUYER, RESTRICTED_USER, USER, refer

OTHER = "ACC-2002-0001"
ORDERS = "/public/v1/commerce/orders"


@pytest.fixture(scope="module", autouse=True)
def people(served: Served) -> None:
    """Ada and Ben with passwords, somebody of two accounts, and somebody blocked."""
    word = verifier()
    served.run(served.parts.pool.execute("update users set password_hash = $1", word))
    group = {"$kind": "accounts/user-groups", "id": "UGR-2002-0001", "name": "Theirs", "account": refer(OTHER)}
    both = {"accounts": [refer(ACCOUNT), refer(OTHER)], "groups": [refer("UGR-2001-0001"), refer("UGR-2002-0001")]}
    served.load([
        group,
        {"$kind": "accounts/users", "id": "USR-2001-0011", "name": "Two", "email": TWO, "status": "Active",
         "passwordHash": word, **both},
        {"$kind": "accounts/users", "id": "USR-2001-0012", "name": "Out", "email": "out@client.example",
         "status": "Blocked", "passwordHash": word, "accounts": [refer(ACCOUNT)], "groups": [refer("UGR-2001-0001")]},
        {"$kind": "accounts/users", "id": "USR-2001-0013", "name": "Bare", "email": "bare@client.example",
         "status": "Active", "accounts": [refer(ACCOUNT)], "groups": [refer("UGR-2001-0001")]},
    ])  # fmt: skip


@pytest.fixture(autouse=True)
def forgiven(served: Served) -> None:
    """What one test got wrong is not held against the next."""
    served.run(served.parts.pool.execute("delete from sign_in_failures"))


class Browser(httpx2.Client):
    """Keeps cookies, and says where it comes from as browsers do."""

    def __init__(self, served: Served):
        super().__init__(base_url=served.url, headers={"Origin": served.url}, follow_redirects=False, timeout=30)

    def sign_in(self, email: str, password: str = PASSWORD) -> httpx2.Response:
        return self.post("/auth/sign-in", json={"email": email, "password": password})


@pytest.fixture
def browser(served: Served) -> Iterator[Browser]:
    with Browser(served) as found:
        yield found


# Password ---------------------------------------------------------------------------------------------


def test_a_person_signs_in_acts_and_signs_out(browser: Browser, served: Served) -> None:
    assert browser.get("/auth/session").status_code == browser.get(ORDERS).status_code == 401
    signed = browser.sign_in("Ada@Client.example")
    assert signed.status_code == 200, signed.text
    told = signed.json()
    assert (told["user"]["id"], told["account"]["id"], told["modules"]) == (USER, ACCOUNT, None)
    cookie = signed.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; ")) and "Secure" not in cookie
    assert browser.get("/auth/session").json() == told
    group = browser.post("/public/v1/accounts/user-groups", json={"name": "By hand"})
    assert group.status_code == 201
    assert group.json()["audit"]["created"]["by"]["id"] == USER
    secret = browser.cookies["entrepot_session"]
    assert served.fetch("select from sessions where id = $1", digest(secret)), "its hash alone is kept"
    assert not served.fetch("select from sessions where id = $1", secret)
    assert browser.post("/auth/sign-out").status_code == 204
    assert browser.get("/auth/session").status_code == 401
    assert browser.get(ORDERS, headers={"Cookie": f"entrepot_session={secret}"}).status_code == 401, "not kept alive"
    assert browser.post("/auth/sign-out").status_code == 204


def test_a_session_reaches_as_far_as_the_groups_of_the_person(browser: Browser) -> None:
    assert browser.sign_in(BEN).json()["user"]["id"] == RESTRICTED_USER
    assert [each["id"] for each in browser.get("/public/v1/accounts/buyers").json()["data"]] == [BUYER]
    wide = browser.post("/public/v1/accounts/user-groups", json={"name": "Wide"})
    assert wide.status_code == 400, "nobody hands out more than they have"


@pytest.mark.parametrize(
    ("email", "password"),
    [
        (ADA, "wrong"),
        ("nobody@client.example", PASSWORD),
        ("out@client.example", PASSWORD),
        ("bare@client.example", PASSWORD),
        ("bare@client.example", ""),
        ("", PASSWORD),
        (ADA, "x" * 5000),
        ("' or 1=1 --", PASSWORD),
    ],
)
def test_what_is_wrong_is_told_in_the_same_words(browser: Browser, email: str, password: str) -> None:
    reply = browser.sign_in(email, password)
    assert (reply.status_code, reply.json()["detail"]) == (401, "This e-mail and password do not belong together.")
    assert "set-cookie" not in reply.headers


def test_an_unknown_email_takes_as_long_as_a_wrong_password(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told by what is done, not by a watch: either way one password is checked against one verifier."""
    from argon2 import PasswordHasher

    checked: list[str] = []
    verify = PasswordHasher.verify

    def counted(self: PasswordHasher, hash: Any, password: Any) -> bool:
        checked.append(str(hash).split("$")[3])
        return verify(self, hash, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    with Browser(served) as browser:
        for email in (ADA, "nobody@client.example", "out@client.example", "bare@client.example"):
            browser.sign_in(email, "wrong")
    assert len(checked) == 4 and len(set(checked)) == 1, "of equal cost"


def test_guessing_has_an_end_even_many_at_a_time(served: Served) -> None:
    def guess(number: int) -> int:
        with Browser(served) as browser:
            return browser.sign_in(BEN, f"guess {number}").status_code

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(guess, range(30)))
    assert found.count(401) <= 18 and set(found) == {401, 429}
    with Browser(served) as browser:
        refused = browser.sign_in(BEN)
        assert refused.status_code == 429 and int(refused.headers["retry-after"]) > 0
        assert browser.sign_in(ADA).status_code == 200, "it is about that e-mail"
    served.run(served.parts.pool.execute("update sign_in_failures set at = at - interval '16 minutes'"))
    with Browser(served) as browser:
        assert browser.sign_in(BEN).status_code == 200


def test_people_behind_one_address_sign_in_as_often_as_they_like(browser: Browser, served: Served) -> None:
    for _ in range(3):
        assert browser.sign_in(ADA).status_code == 200
    assert served.fetch("select count(*) from sign_in_failures")[0][0] == 0


# Cookies ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {},
    ],
)
def test_a_cookie_writes_from_this_very_site_alone(browser: Browser, headers: dict[str, str]) -> None:
    browser.sign_in(ADA)
    del browser.headers["Origin"]
    path = "/public/v1/accounts/user-groups"
    assert browser.post(path, json={"name": "Forged"}, headers=headers).status_code == 403
    assert browser.post("/auth/sign-out", headers=headers).status_code == 403
    assert browser.post("/auth/account", json={"account": OTHER}, headers=headers).status_code == 403
    if "Origin" in headers or headers.get("Sec-Fetch-Site"):
        assert browser.post("/auth/sign-in", json={}, headers=headers).status_code == 403
    assert browser.get(path, headers=headers).status_code == 200
    names = [each["name"] for each in browser.get(path).json()["data"]]
    assert "Forged" not in names
    assert browser.post(path, json={"name": "Mine"}, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 201


def test_a_token_in_the_header_goes_before_a_cookie(browser: Browser) -> None:
    browser.sign_in(ADA)
    assert browser.get(ORDERS, headers={"Authorization": "Bearer idt:TKN-9999-9999:x"}).status_code == 401


def test_it_is_secure_where_the_site_is(served: Served) -> None:
    from entrepot.http import session

    assert "; Secure" in session.write("x", secure=True)


@pytest.mark.parametrize(
    "ended",
    [
        "update sessions set seen_at = seen_at - interval '13 hours'",
        "update sessions set began_at = began_at - interval '8 days'",
        "update users set password_hash = null where id = 'USR-2001-0001'",
        "update users set status = 'Blocked' where id = 'USR-2001-0001'",
        "update account_users set status = 'Removed' where user_id = 'USR-2001-0001'",
        "update accounts set status = 'Disabled' where id = 'ACC-2001-0001'",
    ],
)
def test_a_session_ends_by_itself_within_two_seconds(browser: Browser, served: Served, ended: str) -> None:
    assert browser.sign_in(ADA).status_code == 200
    before = served.fetch("select password_hash from users where id = $1", USER)[0][0]
    try:
        served.run(served.parts.pool.execute(ended))
        asyncio.run(asyncio.sleep(2.1))
        assert browser.get("/auth/session").status_code == 401
    finally:
        for text in ("update users set status = 'Active' where id = 'USR-2001-0001'",
                     "update account_users set status = 'Active' where user_id = 'USR-2001-0001'",
                     "update accounts set status = 'Active'"):  # fmt: skip
            served.run(served.parts.pool.execute(text))
        served.run(served.parts.pool.execute("update users set password_hash = $1 where id = $2", before, USER))


def test_a_new_password_ends_all_other_sessions(served: Served) -> None:
    with Browser(served) as here, Browser(served) as there:
        assert here.sign_in(TWO).status_code == there.sign_in(TWO).status_code == 200
        path = "/public/v1/accounts/users/USR-2001-0011/set-password"
        assert here.post(path, json={"password": "a new password"}).status_code == 200
        asyncio.run(asyncio.sleep(2.1))
        assert here.get("/auth/session").status_code == there.get("/auth/session").status_code == 401
        assert there.sign_in(TWO).status_code == 401
        assert there.sign_in(TWO, "a new password").status_code == 200
    word = verifier()
    served.run(served.parts.pool.execute("update users set password_hash = $1 where id = 'USR-2001-0011'", word))


def test_a_person_goes_on_for_another_account(browser: Browser) -> None:
    first = browser.sign_in(TWO).json()
    assert {each["id"] for each in first["accounts"]} == {ACCOUNT, OTHER}
    before = browser.cookies["entrepot_session"]
    other = next(each["id"] for each in first["accounts"] if each["id"] != first["account"]["id"])
    switched = browser.post("/auth/account", json={"account": {"id": other}})
    assert switched.json()["account"]["id"] == other
    assert browser.cookies["entrepot_session"] != before
    accounts = browser.get("/public/v1/accounts/accounts").json()["data"]
    assert [each["id"] for each in accounts] == [other]
    assert browser.post("/auth/account", json={"account": {"id": "ACC-3001-0001"}}).status_code == 404
    assert browser.post("/auth/account", json={}).status_code == 404
    browser.post("/auth/account", json={"account": {"id": ACCOUNT}})
    assert browser.get(ORDERS, headers={"Cookie": f"entrepot_session={before}"}).status_code == 401


def test_pages_without_a_script(browser: Browser) -> None:
    page = browser.get("/auth/sign-in", headers={"Accept": "text/html"})
    assert 'action="/auth/sign-in"' in page.text and "content-security-policy" in page.headers
    wrong = browser.post("/auth/sign-in", data={"email": '"><b>', "password": "x"}, headers={"Accept": "text/html"})
    assert wrong.status_code == 401 and "<b>" not in wrong.text and "do not belong together" in wrong.text
    right = browser.post("/auth/sign-in", data={"email": ADA, "password": PASSWORD})
    assert (right.status_code, right.headers["location"]) == (303, "/")
    assert "Orders" in browser.get("/").text
    assert browser.post("/sign-out").status_code == 303
    assert browser.get("/auth/session").status_code == 401


@pytest.mark.parametrize(
    "body", [b"[]", b"{", b'{"email": 5, "password": null}', b"x" * 20_000, b'{"email": "a\\u0000"}']
)
def test_bad_bodies_are_refused(browser: Browser, body: bytes) -> None:
    reply = browser.post("/auth/sign-in", content=body, headers={"Content-Type": "application/json"})
    assert reply.status_code in (400, 401)


# Invitations ------------------------------------------------------------------------------------------


def invited(api: Api, email: str) -> Any:
    body = {"user": {"email": email}, "groups": [refer("UGR-2001-0001")]}
    return ok(api("client").post(f"/accounts/accounts/{ACCOUNT}/users", body))["invitation"]


def test_a_new_person_follows_the_link_and_chooses_a_password(api: Api, browser: Browser) -> None:
    link = invited(api, "new@client.example")
    page = browser.get(link["url"])
    assert page.status_code == 200 and "new@client.example" in page.text and "Choose a password" in page.text
    short = browser.post("/auth/invitation", data={"code": link["code"], "password": "short"})
    assert short.status_code == 400 and "characters" in short.text
    done = browser.post("/auth/invitation", data={"code": link["code"], "password": PASSWORD})
    assert done.status_code == 303, done.text
    assert done.headers["location"] == "/"
    assert browser.get("/auth/session").json()["user"]["email"] == "new@client.example"
    with httpx2.Client(base_url=str(browser.base_url)) as again:
        assert again.get(link["url"]).status_code == 404, "spent"
    person = browser.get("/public/v1/accounts/users/new@client.example").json()
    assert person["status"] == "Active" and person["lastLoginAt"]
    joined = browser.get(f"/public/v1/accounts/accounts/{ACCOUNT}/users/{person['id']}").json()
    assert joined["audit"]["updated"]["by"]["id"] == person["id"], "said in person"


@pytest.mark.parametrize("code", ["", "x", "AUSR-2001-0001-2001-0001.x", "AUSR-2001-0001-2001-0001.", "\u00e9"])
def test_a_link_that_is_made_up_opens_nothing(browser: Browser, code: str) -> None:
    assert browser.get("/auth/invitation", params={"code": code}).status_code == 404
    assert browser.post("/auth/invitation", json={"code": code, "password": PASSWORD}).status_code == 404


def test_who_has_a_password_already_says_yes_in_person(api: Api, browser: Browser, served: Served) -> None:
    body = {"user": {"email": ADA}, "groups": [refer("UGR-2002-0001")]}
    link = ok(api("other client").post(f"/accounts/accounts/{OTHER}/users", body))["invitation"]
    assert "Sign in" in browser.get(link["url"]).text
    stolen = browser.post("/auth/invitation", json={"code": link["code"], "password": "taken over"})
    assert stolen.status_code == 403, "whoever invites cannot become that person"
    browser.sign_in(BEN)
    assert browser.post("/auth/invitation", json={"code": link["code"]}).status_code == 403
    browser.sign_in(ADA)
    accepted = browser.post("/auth/invitation", json={"code": link["code"]})
    assert accepted.json()["account"]["id"] == OTHER
    assert browser.sign_in(ADA).status_code == 200, "the password is the old one"
    served.run(
        served.parts.pool.execute("update account_users set status = 'Removed' where id = 'AUSR-2001-0001-2002-0001'")
    )


# At one's own organisation ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def provider(served: Served, people: None) -> Iterator[str]:
    with organisation(served) as issuer:
        yield issuer


def authorized(browser: Browser, person: str, email: str = ADA) -> str:
    """Where the provider sends the browser back to."""
    begun = browser.post("/auth/organisation", json={"email": email})
    assert begun.status_code == 200, begun.text
    address = begun.json()["url"]
    asked = parse_qs(urlsplit(address).query)
    assert asked["code_challenge_method"] == ["S256"] and asked["nonce"] and asked["state"]
    back = httpx2.post(address, data={"sub": person}, follow_redirects=False)
    assert back.status_code in (302, 303), back.text
    return back.headers["location"]


def test_a_person_signs_in_at_their_organisation(provider: str, browser: Browser) -> None:
    page = browser.get(authorized(browser, "ada"))
    assert page.status_code == 200
    told = browser.get("/auth/session").json()
    assert (told["user"]["id"], told["account"]["id"]) == (USER, ACCOUNT)


def test_the_form_leads_to_the_organisation_as_browsers_let_it(provider: str, browser: Browser) -> None:
    """A redirect of the form would be against the page's own policy: `form-action` is held to redirects as well."""
    assert "form-action 'self'" in browser.get("/auth/sign-in").headers["content-security-policy"]
    answer = browser.post("/auth/organisation", data={"email": ADA})
    assert answer.status_code == 200 and "entrepot_openid=" in answer.headers["set-cookie"]
    found = re.search('<meta http-equiv="refresh" content="0; url=([^"]+)">', answer.text)
    assert found is not None
    back = httpx2.post(unescape(found[1]), data={"sub": "ada"}, follow_redirects=False)
    assert browser.get(back.headers["location"]).status_code == 200
    assert browser.get("/auth/session").json()["user"]["id"] == USER


def test_an_organisation_signs_in_for_its_own_account_alone(provider: str, browser: Browser) -> None:
    browser.get(authorized(browser, "two"))
    told = browser.get("/auth/session").json()
    assert [each["id"] for each in told["accounts"]] == [ACCOUNT]
    assert browser.post("/auth/account", json={"account": {"id": OTHER}}).status_code == 404


def test_who_is_vouched_for_gets_no_further_than_the_account(provider: str, browser: Browser, api: Api) -> None:
    """Else an organisation could become its people wherever else they work."""
    browser.get(authorized(browser, "two"))
    path = "/public/v1/accounts/users/USR-2001-0011"
    assert browser.post(f"{path}/set-password", json={"password": "taken over"}).status_code == 403
    assert browser.post(f"{path}/sso").status_code == 403
    third, all_of_it = "ACC-3002-0001", ok(api("other vendor").post("/accounts/user-groups", {"name": "All of it"}))
    body = {"user": {"email": TWO}, "groups": [refer(all_of_it["id"])]}
    member = ok(api("other vendor").post(f"/accounts/accounts/{third}/users", body))
    accepted = browser.post("/auth/invitation", json={"code": member["invitation"]["code"]})
    assert (accepted.status_code, accepted.json()["account"]["id"]) == (200, ACCOUNT)
    assert [each["id"] for each in browser.get("/auth/session").json()["accounts"]] == [ACCOUNT]
    for other in (OTHER, third):
        assert browser.post("/auth/account", json={"account": {"id": other}}).status_code == 404
    assert api("other vendor").delete(f"/accounts/accounts/{third}/users/{member['id']}").status == 204


def test_a_session_by_a_provider_ends_with_the_provider(provider: str, browser: Browser, served: Served) -> None:
    browser.get(authorized(browser, "ada"))
    assert browser.get("/auth/session").status_code == 200
    path = f"/accounts/accounts/{ACCOUNT}/identity-provider"
    assert served.call("operations", "PUT", path, {"enabled": False}).status == 200
    time.sleep(2.1)
    assert browser.get("/auth/session").status_code == 401
    assert served.call("operations", "PUT", path, {"enabled": True}).status == 200


def test_what_nobody_sends_is_refused_like_the_rest(provider: str, browser: Browser) -> None:
    back = authorized(browser, "ada")
    assert browser.get(re.sub("state=[^&]*", "state=%C3%A9", back)).status_code == 401
    assert (
        browser.get("/auth/callback?code=x&state=%C3%A9", headers={"Cookie": "entrepot_openid=%C3"}).status_code == 401
    )
    assert browser.get("/auth/invitation?code=AUSR%00.x").status_code == 404
    for path, field in (
        ("sign-in", "email"),
        ("sign-in", "password"),
        ("organisation", "email"),
        ("invitation", "code"),
    ):
        sent = {"email": ADA, "password": PASSWORD, "code": "x"} | {field: "a\0b"}
        assert browser.post(f"/auth/{path}", data=sent).status_code in (400, 401, 404), (path, field)
    for origin in ("http://[", "null", "https://evil.example"):
        sent = {"email": ADA, "password": PASSWORD}
        assert browser.post("/auth/sign-in", json=sent, headers={"Origin": origin}).status_code == 403, origin


@pytest.mark.parametrize(
    ("issuer", "told", "fine"),
    [
        ("http://idp.example", "http://idp.example/go", True),
        ("http://idp.example", "https://login.example/go", True),
        ("https://idp.example", "https://login.example/go?x=1", True),
        ("https://idp.example", "http://login.example/go", False),
        ("http://idp.example", "javascript:alert(1)//", False),
        ("https://idp.example", "data:text/html,x", False),
        ("https://idp.example", None, False),
    ],
)
def test_a_provider_sends_browsers_to_web_addresses_alone(issuer: str, told: str | None, fine: bool) -> None:
    async def says(letter: Letter) -> Answer:
        document = {"issuer": issuer, "authorization_endpoint": told, "token_endpoint": issuer, "jwks_uri": issuer}
        return Answer(200, {}, json.dumps(document).encode(), 0.0)

    openid = OpenId(cast("asyncpg.Pool", None), Vault(KEY), says)
    found = openid._discovered(Provider("IDP-1", ACCOUNT, issuer, "us", "", []))
    if fine:
        assert asyncio.run(found)["authorization_endpoint"] == told
    else:
        with pytest.raises(NotSignedIn):
            asyncio.run(found)


@pytest.mark.parametrize("person", ["unsure", "silent", "stranger", "foreign"])
def test_who_is_not_vouched_for_is_not_let_in(provider: str, browser: Browser, person: str) -> None:
    assert browser.get(authorized(browser, person)).status_code == 401
    assert browser.get("/auth/session").status_code == 401


def test_what_comes_back_must_be_what_was_asked_for(provider: str, browser: Browser, served: Served) -> None:
    back = authorized(browser, "ada")
    with Browser(served) as other:
        assert other.get(back).status_code == 401, "another browser than the one that asked"
        authorized(other, "ada")
        assert other.get(back).status_code == 401, "the state of another request"
    assert browser.get(back.replace("state=", "state=x")).status_code == 401
    assert browser.get("/auth/callback?error=access_denied").status_code == 401
    assert browser.get("/auth/session").status_code == 401
    assert browser.get(back).status_code == 200
    assert browser.get(back).status_code == 401, "a code is good once"


def test_a_provider_that_is_switched_off_or_changed_lets_nobody_in(
    provider: str, browser: Browser, served: Served
) -> None:
    path = f"/accounts/accounts/{ACCOUNT}/identity-provider"
    back = authorized(browser, "ada")
    changed = served.call("client", "PUT", path, {"issuer": f"{provider}/other"}).json
    assert changed["enabled"] is False, "another issuer is looked at anew"
    assert browser.get(back).status_code == 401
    assert browser.post("/auth/organisation", json={"email": ADA}).status_code == 400
    back_again = {"issuer": provider, "enabled": True}
    assert served.call("operations", "PUT", path, back_again).status == 200
    for email in ("x@elsewhere.example", "nonsense", ""):
        assert browser.post("/auth/organisation", json={"email": email}).status_code == 400
    assert served.call("vendor", "GET", path).status == 404
    assert served.call("client", "POST", path, {"issuer": provider, "clientId": "x"}).status == 409
