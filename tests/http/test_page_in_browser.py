"""The pages in a real browser: their policy lets their own style and script run, and their forms be sent."""

import os
import re
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests import purchases
from tests.http.signing_in import ACCOUNT, ADA, PASSWORD, organisation, verifier
from tests.party import Api, ok
from tests.serving import Served
from tests.world import refer, token

NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The one that the machine has."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        reason = "there is no browser: apt-get install chromium"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser, served: Served) -> Iterator[Page]:
    """Somebody who was never here before; what the browser complains of fails, but for refusals that are shown and
    pages of others."""
    complaints: list[str] = []

    def said(message: ConsoleMessage) -> None:
        ours = message.location["url"].startswith((served.url, "about:")) or not message.location["url"]
        refused = re.search("responded with a status of 40[01]", message.text)
        if message.type in ("error", "warning") and ours and not refused:
            complaints.append(message.text)

    with browser.new_context(base_url=served.url) as context:
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", said)
        page.on("pageerror", lambda fault: complaints.append(str(fault)))
        yield page
    assert complaints == []


@pytest.fixture(scope="module", autouse=True)
def people(served: Served) -> None:
    """They have passwords."""
    served.run(served.parts.pool.execute("update users set password_hash = $1", verifier()))


def test_a_link_leads_to_a_page_that_keeps_itself_current(served: Served, page: Page) -> None:
    order = purchases.placed(served)
    page.goto(served.parts.site.links.make(token("client")))
    expect(page).to_have_title("Orders - Entrepot")
    expect(page.get_by_text(order["id"]).first).to_be_visible()
    expect(page.locator("#state")).to_have_text("Live")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    later = purchases.placed(served)
    expect(page.get_by_text(later["id"]).first).to_be_visible()


def test_somebody_comes_in_with_a_token_and_goes(served: Served, page: Page) -> None:
    page.goto("/")
    page.locator("[name=token]").fill("idt:TKN-9999-9999:x")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.locator("[name=token]").fill(token("client"))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Orders")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("[name=token]")).to_be_visible()


def test_a_person_comes_in_by_password_and_goes(page: Page) -> None:
    page.goto("/auth/sign-in")
    page.get_by_label("E-mail").fill(ADA)
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("do not belong together")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Orders")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.goto("/")
    expect(page.locator("[name=token]")).to_be_visible()


def test_a_new_person_follows_an_invitation(api: Api, page: Page) -> None:
    body = {"user": {"email": "new@client.example"}, "groups": [refer("UGR-2001-0001")]}
    page.goto(ok(api("client").post(f"/accounts/accounts/{ACCOUNT}/users", body))["invitation"]["url"])
    page.get_by_label("Choose a password").fill(PASSWORD)
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("heading", name="Orders")).to_be_visible()


def test_a_person_comes_in_by_their_organisation(served: Served, page: Page) -> None:
    with organisation(served) as issuer:
        page.goto("/auth/sign-in")
        page.get_by_label("Or at your own organisation").fill(ADA)
        page.get_by_role("button", name="Go on").click()
        page.wait_for_url(f"{issuer}/**")
        page.get_by_role("button", name="Authorize as ada").click()
        page.wait_for_url(f"{served.url}/")
        expect(page.get_by_role("heading", name="Orders")).to_be_visible()
