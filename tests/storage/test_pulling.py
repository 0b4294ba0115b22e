"""What a token sees of one marketplace, copied into another."""

import json
import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from entrepot.cli.pulling import Pull, PullError
from entrepot.storage.embedded import Embedded
from entrepot.store_forms import FORMS
from tests.access import crowd
from tests.purchases import completed, draft, failed, mapped, placed, queried
from tests.serving import Served, copied, token_of
from tests.storage.test_dumping import dumped
from tests.storage.worlds import HOUSE, loaded
from tests.world import LICENSEE

Lines = dict[tuple[str, str], dict[str, Any]]


def pulled(served: Served, who: str) -> tuple[list[bytes], list[str]]:
    told: list[str] = []
    return list(Pull(served.url, token_of(who), HOUSE, FORMS, told.append).lines()), told


def by_name(lines: list[bytes]) -> Lines:
    found = [json.loads(line) for line in lines]
    return {(each.pop("$kind"), each["id"]): each for each in found}


@pytest.fixture(scope="module")
def worked(served: Served) -> Served:
    """Orders in every state, what came of them, and what lies beside them."""
    served.load(row for row, _, _ in crowd.requests())
    for make in (draft, placed, queried, mapped, failed, completed):
        make(served)
    crowd.basketed(served, "client", LICENSEE, "2999-01-01")
    person = {"firstName": "Ada", "lastName": "Lo", "email": "ada@licensee.example"}
    assert served.call("client", "POST", f"/accounts/licensees/{LICENSEE}/contacts", person).status == 201
    for agreement in served.fetch("select id, client_id, buyer_id, vendor_id from agreements order by id"):
        crowd.attached(served, agreement)
    return served


def test_what_operations_pull_dumps_as_the_original(cluster: Embedded, migrated: str, worked: Served):
    lines, told = pulled(worked, "operations")
    with copied(cluster, migrated) as url:
        loaded(url, [("pull", number, line) for number, line in enumerate(lines, 1)])
        there, here = by_name(dumped(url)), by_name(dumped(worked.database))
    unseen = {key for key in here if key not in there}
    assert {kind.rpartition("/")[2] for kind, _ in unseen} == {
        "api-tokens",
        "messages",
    }  # secrets, words between others
    tokens = {thing_id for kind, thing_id in unseen if kind == "accounts/api-tokens"}
    assert not set(there) - set(here)
    for key, line in there.items():
        assert line == without(here[key], tokens), key
    assert len(told) == 1 and "references to people and tokens" in told[0]


def without(value: Any, tokens: set[str]) -> Any:
    """A line without what names one of the tokens."""
    if isinstance(value, list):
        return [without(each, tokens) for each in value]
    if not isinstance(value, dict):
        return value
    named = [key for key, each in value.items() if isinstance(each, dict) and each.get("id") in tokens]
    return {key: without(each, tokens) for key, each in value.items() if key not in named}


@pytest.mark.parametrize("who", ["vendor", "client", "restricted"])
def test_what_others_pull_can_be_loaded(cluster: Embedded, migrated: str, worked: Served, who: str):
    lines, told = pulled(worked, who)
    with copied(cluster, migrated) as url:
        loaded(url, [("pull", number, line) for number, line in enumerate(lines, 1)])
        there = by_name(dumped(url))
    assert {kind for kind, _ in there} >= {"commerce/orders", "commerce/agreements", "commerce/subscriptions"}
    assert any("only what references tell of it" in line for line in told)
    orders = {thing_id for kind, thing_id in there if kind == "commerce/orders"}
    assert orders == {each["id"] for each in worked.call(who, "GET", "/commerce/orders?limit=100").json["data"]}


def test_a_picture_comes_along(cluster: Embedded, migrated: str, served: Served):
    picture = {"name": "maker.png", "contentType": "image/png", "base64": b64encode(b"not really a picture").decode()}
    icon = "/public/v1/accounts/accounts/ACC-3999-0001/icon"
    maker = {"$kind": "accounts/accounts", "id": "ACC-3999-0001", "name": "Maker", "type": "Vendor", "icon": icon}
    served.load([{**maker, "$file": picture}])
    lines, _ = pulled(served, "operations")
    assert by_name(lines)["accounts/accounts", "ACC-3999-0001"]["$file"] == picture


def test_an_unknown_token_and_a_wrong_address_are_told(served: Served):
    with pytest.raises(PullError, match="token is not known"):
        list(Pull(served.url, "idt:TKN-0000-0000:nobody", HOUSE, FORMS, print).lines())
    with pytest.raises(PullError, match="cannot be reached"):
        list(Pull("http://127.0.0.1:9", "idt:x", HOUSE, FORMS, print, wait_s=0).lines())
    told = run_command("pull", "--from", served.url, "--token", "idt:TKN-0000-0000:nobody")
    assert (told.returncode, told.stdout) == (1, b"")
    assert b"token is not known" in told.stderr


def test_the_command_writes_what_is_loaded(served: Served):
    told = run_command("pull", "--from", f"{served.url}/public/v1/", "--token", token_of("client"))
    assert told.returncode == 0, told.stderr
    assert len(told.stdout.splitlines()) == len(pulled(served, "client")[0])


def run_command(*words: str) -> subprocess.CompletedProcess[bytes]:
    program = Path(sys.executable).with_name("entrepot")
    return subprocess.run([program, *words], capture_output=True, timeout=60, check=False)
