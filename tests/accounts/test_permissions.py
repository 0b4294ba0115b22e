"""What modules open, and that the page about it says so."""

import re
from pathlib import Path

import pytest

from entrepot.accounts.people_api import OFFERS
from entrepot.accounts.permission import OPENS, rooms
from entrepot.kernel.access import Caller

PAGE = Path(__file__).parents[2] / "docs" / "permissions.md"


def test_the_page_shows_what_each_module_opens() -> None:
    table = PAGE.read_text().partition("<!-- modules")[2].partition("<!-- end -->")[0]
    told = {
        code: frozenset(opens.split(", ")) for code, opens in re.findall(r"^\| `([\w-]+)` \| (.+) \|$", table, re.M)
    }
    assert told == dict(OPENS)


@pytest.mark.parametrize(
    ("codes", "opened"),
    [
        (None, None),
        ([], {"accounts"}),
        (["Marketplace"], {"accounts", "catalog", "commerce"}),
        (["audit", "something"], {"accounts", "audit", "something"}),
    ],
)
def test_modules_open_rooms(codes: list[str] | None, opened: set[str] | None) -> None:
    assert rooms(codes) == opened


@pytest.mark.parametrize(
    ("held_by", "codes", "manages"),
    [
        ("person", None, True),
        ("service", frozenset(("access-management",)), True),
        ("service", frozenset(("marketplace",)), False),
        ("agent", None, False),
        ("agent", frozenset(("access-management",)), False),
    ],
)
def test_who_manages_people(held_by: str, codes: frozenset[str] | None, manages: bool) -> None:
    caller = Caller("client", "ACC-1", "TKN-1", held_by=held_by, codes=codes)
    assert caller.manages("access-management") is manages


IN_PERSON = {"accept-invite", "set-password", "sso", "sso-check", "expire", "welcome"}
"""What takes a code, that very person, or the platform itself; the rules of each stand beside it."""


def test_every_other_write_to_people_takes_the_module_for_it() -> None:
    for resource in OFFERS:
        for action in resource.offered():
            if action.name in IN_PERSON or (resource.address, action.name) == ("accounts/users", "update"):
                assert not action.needs
            else:
                assert action.needs == "access-management", (resource.address, action.name)
