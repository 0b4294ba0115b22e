"""One stranger's tour of the house: every way in that comes to mind, one after the other, and what is behind none."""

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from entrepot.kernel.field import Field
from entrepot.kernel.noun import Noun
from entrepot.offers import NOUNS, OFFERS
from tests.access.crowd import Crowd, Row, address, alike
from tests.access.oracle import visible
from tests.access.test_addresses import never_like
from tests.asked import BESIDE, statements
from tests.party import ok
from tests.world import LICENSEE, OTHER_LICENSEE, PRODUCT, TOKENS, purchase, refer

STRANGERS = ("other client", "other vendor", "restricted")
EVERY_MODULE = "/accounts/modules?limit=100"
RIGHT, WRONG = "MOD-1001", "MOD-1756"  # the marketplace; who may manage access
BY_PATH = {noun.path: noun for noun in NOUNS}


# Tokens -----------------------------------------------------------------------------------------------


def token_made(crowd: Crowd, who: str, **said: Any) -> Row:
    return ok(
        crowd.served.call(who, "POST", "/accounts/api-tokens", {"name": "Tour", "modules": [refer(RIGHT)]} | said)
    )


def test_a_token_that_is_ended_opens_nothing_any_more(crowd: Crowd) -> None:
    for ending in ("POST", "DELETE"):
        token = token_made(crowd, "other client")
        assert crowd.served.call(token["token"], "GET", "/commerce/orders").status == 200
        path = f"/accounts/api-tokens/{token['id']}"
        crowd.served.call("other client", ending, f"{path}/disable" if ending == "POST" else path)
        time.sleep(2.1)  # what a process knows of a token is at most two seconds old
        refused = crowd.served.call(token["token"], "GET", "/commerce/orders")
        assert (refused.status, refused.json["title"]) == (401, "Authentication Failed")
        for value in (
            token["token"].lower(),
            token["token"][:-1],
            f"idt:{token['id']}:",
            "idt:TKN-0000-0000:x",
            token["id"],
        ):
            assert crowd.served.call(value, "GET", "/commerce/orders").status == 401


def test_no_token_makes_sees_or_mends_one_that_does_more(crowd: Crowd) -> None:
    small = token_made(crowd, "other client")["token"]
    path = "/accounts/api-tokens"
    for body in (
        {"name": "More", "modules": [refer(RIGHT), refer(WRONG)]},
        {"name": "More", "modules": [refer(WRONG)]},
        {"name": "Theirs", "modules": [refer(RIGHT)], "account": refer("ACC-2001-0001")},
    ):
        assert crowd.served.call(small, "POST", path, body).status == 403  # it has no room for that at all
    mine = token_made(crowd, "other client", account=refer("ACC-2001-0001"), user=refer("USR-2001-0001"))
    assert mine["account"]["id"] == "ACC-2002-0001" and "user" not in mine
    agent = token_made(crowd, "other client", heldBy="agent", modules=[refer(RIGHT), refer(WRONG)])["token"]
    assert crowd.served.call(agent, "POST", path, {"name": "Child", "modules": [refer(RIGHT)]}).status == 403
    for thing_id in (TOKENS["client"], TOKENS["operations"], TOKENS["other client"]):
        for method, way in (("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/disable"), ("POST", "/enable")):
            assert crowd.served.call(agent, method, f"{path}/{thing_id}{way}", {}).status in (403, 404)
            if thing_id != TOKENS["other client"]:
                assert crowd.call("other client", method, f"{path}/{thing_id}{way}", {}).status == 404


# Every thing of another's, by every way -----------------------------------------------------------------


def hidden(crowd: Crowd, who: str, noun: Noun) -> Iterator[Row]:
    """Some rows of a kind that somebody must not learn of."""
    seen = {row["id"] for row in visible(crowd, who, noun.path)}
    return (row for row in crowd.rows[noun.path][:60] if row["id"] not in seen)


COLLECTIONS = [each for each in OFFERS if "{" not in each.address and not each.followed and not each.noun.single]


@pytest.mark.parametrize("who", STRANGERS)
def test_filters_and_orders_tell_nothing_of_what_is_hidden(crowd: Crowd, who: str) -> None:
    """Ids, texts and numbers of hidden rows find nothing; ordering by any field does not tell them apart either."""
    for resource in COLLECTIONS:
        path = address(resource.address)
        if crowd.get(who, f"{path}?limit=1").status != 200:
            continue
        everything = crowd.total(who, path)
        for row in [each for _, each in zip(range(3), hidden(crowd, who, resource.noun), strict=False)]:
            assert crowd.total(who, f"{path}?eq(id,'{row['id']}')") == 0
            assert crowd.total(who, f"{path}?ne(id,'{row['id']}')") == everything
        for each in resource.noun.all_fields:
            if each.kind in ("text", "enum", "integer", "decimal", "timestamp", "ref"):
                named = f"{each.name}.id" if each.kind == "ref" else each.name
                reply = crowd.get(who, f"{path}?order=-{named}&limit=3")
                assert reply.status in (200, 400), (path, named)
                if reply.status == 200:
                    assert reply.json["$meta"]["pagination"]["total"] == everything


@pytest.mark.parametrize("who", STRANGERS)
def test_a_marked_text_is_found_through_no_reference(crowd: Crowd, who: str) -> None:
    """One asks a list of one's own whether what it refers to holds a hidden word: the count would tell."""
    for resource in COLLECTIONS:
        path = address(resource.address)
        if crowd.get(who, f"{path}?limit=1").status != 200:
            continue
        for each in resource.noun.all_fields:
            if each.kind != "ref" or each.target not in BY_PATH:
                continue
            for inner in BY_PATH[each.target].all_fields:
                if inner.kind != "text" or (marks := marks_of(crowd, who, BY_PATH[each.target], inner)) == []:
                    continue
                for mark in marks:
                    reply = crowd.get(who, f"{path}?like({each.name}.{inner.name},'*{quote(mark)}*')&limit=0")
                    told = reply.status == 200 and reply.json["$meta"]["pagination"]["total"]
                    assert not told, (who, path, each.name, inner.name, mark)


def marks_of(crowd: Crowd, who: str, noun: Noun, each: Field) -> list[str]:
    """Marks in a field that somebody must not see."""
    if not each.stored:
        return []
    held = {str(row.get(each.column)) for row in crowd.rows[noun.path]}
    found = [mark for mark, callers in crowd.marks.items() if who not in callers and any(mark in text for text in held)]
    return [mark for mark in found if mark.isascii() and "'" not in mark and "*" not in mark][:2]


@pytest.mark.parametrize("who", ["other client", "other vendor"])
def test_pictures_audit_and_events_are_no_way_round(crowd: Crowd, who: str) -> None:
    for resource in OFFERS:
        if resource.picture and "{" not in resource.address:
            for row in [each for _, each in zip(range(3), hidden(crowd, who, resource.noun), strict=False)]:
                path, never = f"/{resource.address}/{row['id']}", never_like(row["id"])
                reply = crowd.get(who, f"{path}/{resource.picture}")
                none = crowd.get(who, f"/{resource.address}/{never}/{resource.picture}")
                assert alike(reply, row["id"]) == alike(none, never)
    for noun in (BY_PATH["commerce/orders"], BY_PATH["accounts/buyers"], BY_PATH["commerce/agreements"]):
        for row in [each for _, each in zip(range(3), hidden(crowd, who, noun), strict=False)]:
            for feed in ("/audit/records", "/events"):
                reply = crowd.get(who, f"{feed}?eq(object.id,'{row['id']}')")
                assert ok(reply)["data"] == []


def test_a_body_cannot_name_what_is_anothers(crowd: Crowd) -> None:
    """Existing or not, the words are the same."""
    for body, path in (
        (purchase(licensee=LICENSEE), "/commerce/orders"),
        ({"name": "Mine", "buyer": refer("BUY-2001-0001"), "seller": refer("SEL-4001-0001")}, "/accounts/licensees"),
        ({"name": "Mine", "modules": [], "buyers": [refer("BUY-2001-0001")]}, "/accounts/user-groups"),
        ({"licensee": refer(LICENSEE), "lines": []}, "/commerce/baskets"),
    ):
        theirs = next(each for each in (LICENSEE, "BUY-2001-0001") if each in str(body))
        never = never_like(theirs)
        reply = crowd.call("other client", "POST", path, body)
        none = crowd.call("other client", "POST", path, replaced(body, theirs, never))
        assert reply.status == 400, reply.json
        assert alike(reply, theirs) == alike(none, never)
    assert crowd.call("other client", "POST", "/commerce/orders", purchase(licensee=OTHER_LICENSEE)).status == 201


def replaced(value: Any, old: str, new: str) -> Any:
    match value:
        case dict():
            return {key: replaced(each, old, new) for key, each in value.items()}
        case list():
            return [replaced(each, old, new) for each in value]
        case _:
            return new if value == old else value


# Time -------------------------------------------------------------------------------------------------


def test_what_is_hidden_takes_the_same_steps_as_what_is_not_there(crowd: Crowd) -> None:
    """The time of a 404 tells nothing: the same statements are asked, whatever the reason is."""
    compared = 0
    for resource in COLLECTIONS:
        for who in ("other client", "other vendor"):
            row = next(hidden(crowd, who, resource.noun), None)
            if row is None:
                continue
            for method, way in (("GET", ""), ("PUT", ""), ("DELETE", ""), ("GET", "/actions")):
                asked: list[list[str]] = []
                for name in (row["id"], never_like(row["id"]), row["id"]):
                    with statements(crowd.served) as found:
                        status = crowd.call(
                            who, method, f"/{resource.address}/{name}{way}", {} if method == "PUT" else None
                        ).status
                    asked.append([each.query for each in found if not any(word in each.query for word in BESIDE)])
                assert status in (403, 404, 405), (resource.address, method, status)
                assert asked[1] == asked[2], (resource.address, method)
                compared += status == 404
    assert compared > 20
    assert ok(crowd.get("client", f"/catalog/products/{PRODUCT}"))["id"] == PRODUCT
