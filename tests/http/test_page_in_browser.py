"""The live page in a real browser: its policy lets its own style and script run, and nothing keeps it from updating."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests import purchases
from tests.serving import Served
from tests.world import token

NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture
def dump(tmp_path: Path):
    """What a browser has made of a page some seconds after it was opened; a complaint of its console fails."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        reason = "there is no browser: apt-get install chromium"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)

    def dumped(url: str) -> str:
        done = subprocess.run(
            [
                found, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                f"--user-data-dir={tmp_path / 'browser'}", "--enable-logging=stderr", "--v=0",
                "--virtual-time-budget=7000", "--dump-dom", url,
            ],
            capture_output=True, text=True, timeout=120, check=True,
        )  # fmt: skip
        complaints = re.findall(r"CONSOLE.*", done.stderr)
        assert complaints == []
        return done.stdout

    return dumped


def test_a_link_leads_to_a_page_that_keeps_itself_current(served: Served, dump):
    order = purchases.placed(served)
    dom = dump(served.url + served.parts.site.links.make(token("client")))
    assert order["id"] in dom and "<title>Orders - Entrepot</title>" in dom
    assert re.search(r'<span id="state"[^>]*>Live</span>', dom), "the script fetched the page anew"
    assert re.search(r'<button type="button" id="pause">Pause</button>', dom)


def test_the_form_is_shown_to_a_stranger(served: Served, dump):
    assert 'name="token"' in dump(served.url + "/")
