"""The live page over HTTP: who gets in, what each party sees there, and that nothing breaks out of it."""

from collections.abc import Iterator

import httpx2
import pytest

from entrepot.http.markup import Html, html, together
from entrepot.http.sign_in import COOKIE, LINK_LIVES_S, LINKS_MAX, SIGNED_IN_S, Cookies, OneTimeLinks
from entrepot.storage.vault import Vault
from tests import purchases
from tests.serving import KEY, Served
from tests.world import TOKENS, token

FRAGMENT = {"X-Fragment": "1"}


class Browser(httpx2.Client):
    """Whoever looks at the page: keeps cookies, follows nothing by itself."""

    def sign_in(self, who: str) -> httpx2.Response:
        """By the form."""
        return self.post("/sign-in", data={"token": token(who)})


@pytest.fixture
def browser(served: Served) -> Iterator[Browser]:
    with Browser(base_url=served.url, timeout=30) as client:
        yield client


@pytest.fixture
def browsing(served: Served) -> Iterator:
    """Browsers of several parties, each signed in."""
    opened: dict[str, Browser] = {}

    def of(who: str) -> Browser:
        if who not in opened:
            opened[who] = Browser(base_url=served.url, timeout=30)
            assert opened[who].sign_in(who).status_code == 303
        return opened[who]

    yield of
    for each in opened.values():
        each.close()


# Getting in -----------------------------------------------------------------------------------------


def test_a_stranger_is_asked_for_a_token_and_shown_nothing_else(browser: Browser):
    answer = browser.get("/")
    assert answer.status_code == 200
    assert 'name="token"' in answer.text and "ORD-" not in answer.text
    assert browser.get("/orders/ORD-7001-0001-0001").text == answer.text
    assert browser.get("/", headers=FRAGMENT).status_code == 401


def test_pages_are_kept_nowhere_and_run_nothing_but_their_own(browser: Browser):
    headers = browser.get("/").headers
    assert headers["cache-control"] == "private, no-store"
    assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


def test_a_token_signs_in_and_the_browser_is_not_given_it(browser: Browser):
    answer = browser.sign_in("client")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=") and "; HttpOnly; SameSite=Strict" in cookie and "Secure" not in cookie
    assert "TKN" not in cookie
    assert "Client 2001-0001" in browser.get("/").text


def test_behind_tls_the_cookie_is_for_tls_alone(browser: Browser):
    cookie = browser.post("/sign-in", data={"token": token("client")}, headers={"X-Forwarded-Proto": "https"}).headers[
        "set-cookie"
    ]
    assert cookie.endswith("; Secure")


@pytest.mark.parametrize(
    "given", ["", "nonsense", f"idt:{TOKENS['client']}:wrong", "idt:TKN-9999-9999:x", "x" * 9000, "\0", "idt:\r\nX: y"]
)
def test_another_token_does_not_sign_in(browser: Browser, given: str):
    answer = browser.post("/sign-in", data={"token": given})
    assert answer.status_code == 401
    assert 'role="alert"' in answer.text and "set-cookie" not in answer.headers


@pytest.mark.parametrize("path", ["/sign-in", "/sign-out"])
@pytest.mark.parametrize(
    "headers", [{"Origin": "https://elsewhere.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_a_form_from_another_site_is_refused(browser: Browser, path: str, headers: dict[str, str]):
    answer = browser.post(path, data={"token": token("client")}, headers=headers)
    assert answer.status_code == 403 and "set-cookie" not in answer.headers


def test_a_form_of_this_site_is_taken(browser: Browser, served: Served):
    page = browser.get("/")
    answer = browser.post("/sign-in", data={"token": token("client")}, headers={"Origin": origin_after(page, served)})
    assert answer.status_code == 303
    page = browser.get("/")
    assert browser.post("/sign-out", headers={"Origin": origin_after(page, served)}).status_code == 303


@pytest.mark.parametrize("path", ["/auth/sign-in", "/auth/invitation?code=x"])
def test_a_form_of_people_who_sign_in_is_taken(browser: Browser, served: Served, path: str):
    headers = {"Origin": origin_after(browser.get(path), served)}
    answer = browser.post("/auth/sign-in", data={"email": "no@body.example", "password": "wrong"}, headers=headers)
    assert answer.status_code == 401 and "do not belong together" in answer.text


def origin_after(page: httpx2.Response, served: Served) -> str:
    """What a browser says of where a form of the page comes from (Fetch Standard, "append a request Origin header")."""
    return "null" if page.headers["referrer-policy"] == "no-referrer" else served.url


def test_signing_out_takes_the_cookie_away(browser: Browser):
    browser.sign_in("client")
    answer = browser.post("/sign-out")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert COOKIE not in browser.cookies
    assert 'name="token"' in browser.get("/").text


def test_a_cookie_opens_no_api(browser: Browser):
    browser.sign_in("client")
    value = browser.cookies[COOKIE]
    assert browser.get("/public/v1/commerce/orders").status_code == 401
    answer = browser.get("/public/v1/commerce/orders", headers={"Authorization": f"Bearer {value}"})
    assert answer.status_code == 401


def test_a_token_that_is_disabled_shows_nothing_more(browser: Browser, served: Served):
    browser.sign_in("other vendor")
    try:
        served.fetch("update api_tokens set status = 'Disabled' where id = $1", TOKENS["other vendor"])
        served.parts.callers._known.clear()
        assert 'name="token"' in browser.get("/").text
        assert browser.get("/", headers=FRAGMENT).status_code == 401
    finally:
        served.fetch("update api_tokens set status = 'Active' where id = $1", TOKENS["other vendor"])


# Links that sign in once ----------------------------------------------------------------------------


def test_a_link_signs_in_once(served: Served, browser: Browser):
    link = served.parts.site.links.make(token("vendor"))
    assert browser.head(link).status_code == 200 and COOKIE not in browser.cookies
    answer = browser.get(link)
    assert answer.status_code == 200 and 'content="0; url=/"' in answer.text
    assert COOKIE in browser.cookies and "no-store" in answer.headers["cache-control"]
    assert browser.get(link).headers["location"] == "/", "who is in already goes on"
    with Browser(base_url=served.url) as another:
        spent = another.get(link)
        assert spent.status_code == 401 and COOKIE not in another.cookies


def test_a_link_with_a_made_up_code_does_not_sign_in(browser: Browser):
    for path in ("/sign-in", "/sign-in?once=", "/sign-in?once=x&once=y"):
        assert browser.get(path).status_code == 401


def test_links_die_after_ten_minutes_and_never_pile_up():
    now = [0.0]
    links = OneTimeLinks(lambda: now[0])
    code = links.make("t").partition("=")[2]
    now[0] = LINK_LIVES_S
    assert links.take(code) is None
    codes = [links.make(str(n)).partition("=")[2] for n in range(LINKS_MAX + 5)]
    assert [links.take(code) for code in codes[:5]] == [None] * 5
    assert links.take(codes[5]) == "5" and links.take(codes[5]) is None


def test_a_cookie_works_for_twelve_hours_for_the_page_alone_and_only_unchanged():
    now = [1000.0]
    vault = Vault(KEY)
    cookies = Cookies(vault, lambda: now[0])
    kept = cookies.write("idt:TKN-1-1:x", secure=False).partition(";")[0]
    assert cookies.read(f"other=1; {kept}") == "idt:TKN-1-1:x"
    now[0] += SIGNED_IN_S
    assert cookies.read(kept) is None
    now[0] = 1000.0
    for wrong in ("", f"{COOKIE}=", f"{COOKIE}=idt:TKN-1-1:x", kept[:-4] + "AAA=", f"{COOKIE}={vault.seal('idt:x')}"):
        assert cookies.read(wrong) is None
    assert Cookies(Vault("another key"), lambda: now[0]).read(kept) is None


# What is shown --------------------------------------------------------------------------------------


def test_each_party_sees_the_order_at_its_own_prices(served: Served, browsing):
    order = purchases.placed(served)
    shown = {who: browsing(who).get(f"/orders/{order['id']}").text for who in ("client", "vendor", "operations")}
    for who, text in shown.items():
        assert order["id"] in text and "Alpha Suite" in text
        line = served.call(who, "GET", f"/commerce/orders/{order['id']}").json["lines"][0]["price"]
        assert ("unitSP" in line) == ("You get" not in text)
    sale, purchase = (
        f"{served.call(who, 'GET', '/commerce/orders/' + order['id']).json['lines'][0]['price'][name]:,.2f}"
        for who, name in (("client", "unitSP"), ("vendor", "unitPP"))
    )
    assert sale in shown["client"] and purchase not in shown["client"]
    assert purchase in shown["vendor"] and sale not in shown["vendor"]
    assert sale in shown["operations"] and purchase in shown["operations"]


def test_the_newest_orders_come_first_and_their_pages_are_a_click_away(served: Served, browsing):
    first, second = purchases.draft(served), purchases.draft(served)
    text = browsing("client").get("/").text
    assert text.index(second["id"]) < text.index(first["id"])
    assert f'href="/orders/{second["id"]}"' in text


def test_what_is_not_mine_is_not_there(served: Served, browsing):
    order = purchases.placed(served)
    for who in ("other client", "other vendor"):
        assert order["id"] not in browsing(who).get("/").text
        answer = browsing(who).get(f"/orders/{order['id']}")
        assert answer.status_code == 404 and "Not Found" in answer.text


def test_an_order_page_tells_of_lines_parameters_subscriptions_assets_and_trail(served: Served, browsing):
    order = purchases.completed(served)
    text = browsing("vendor").get(f"/orders/{order['id']}").text
    found = served.call("vendor", "GET", f"/commerce/orders/{order['id']}").json
    for each in (*found["lines"], *found["subscriptions"], *found["assets"], found["agreement"]):
        assert each["id"] in text
    assert "Northwind" in text and '<span class="pill green">Completed</span>' in text
    for event in ("was created.", "was completed.", "status: Processing → Completed"):
        assert event in text


def test_hidden_parameters_are_not_shown_to_the_client(served: Served, browsing):
    order = purchases.placed(served)
    assert "Secret" in browsing("vendor").get(f"/orders/{order['id']}").text
    assert "Secret" not in browsing("client").get(f"/orders/{order['id']}").text


def test_whatever_is_written_is_shown_as_text(served: Served, browsing):
    evil = "</td><script>alert(1)</script>\" onload='x' {rows} &amp;"
    order = purchases.draft(served, notes=evil, externalIds={"client": evil})
    for path in ("/", f"/orders/{order['id']}"):
        text = browsing("client").get(path).text
        assert "<script>alert" not in text and "onload='x'" not in text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text and "{rows}" in text and "&amp;amp;" in text


def test_the_script_is_given_the_middle_of_the_page(served: Served, browsing):
    order = purchases.draft(served)
    for path in ("/", f"/orders/{order['id']}"):
        answer = browsing("client").get(path, headers=FRAGMENT)
        assert answer.headers["x-fragment"] == "1" and order["id"] in answer.text
        assert "<html" not in answer.text and "<script" not in answer.text


@pytest.mark.parametrize("wanted", ["ORD-9999-9999-9999", "nonsense", "%00", "a'b", "%F0%9F%92%A9", "{id}"])
def test_an_order_that_is_not_there_is_a_404(browsing, wanted: str):
    assert browsing("client").get(f"/orders/{wanted}").status_code == 404


def test_an_empty_marketplace_says_so(browsing):
    assert "There are no orders yet" in browsing("other vendor").get("/").text


# Markup ---------------------------------------------------------------------------------------------


def test_values_are_escaped_and_html_is_not():
    assert html("<b>{a}{b}{c}</b>", a="<'\"&", b=Html("<i>"), c=None) == "<b>&lt;&#x27;&quot;&amp;<i></b>"
    assert isinstance(together([html("{x}", x="<"), Html("<br>")]), Html)
