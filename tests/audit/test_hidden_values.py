"""A record never shows an actor a value that the thing would hide from it: of every kind of thing, field by field."""

import json
from typing import Any

import pytest

from entrepot.kernel.field import ACTORS, Field
from entrepot.kernel.noun import Noun
from entrepot.offers import NOUNS
from entrepot.storage.sealer import seal
from tests.party import Api, ok
from tests.serving import Served
from tests.world import ACCOUNTS

KINDS = [noun for noun in NOUNS if noun.trailed]
PARTIES = {actor: ACCOUNTS[actor][0] for actor in ACTORS}
FACTS = {"file": "fact of all", "reason": "fact of vendors", "userId": "fact of operations"}


def thing_of(noun: Noun) -> str:
    """The id of a thing that never was."""
    return f"XXX-{KINDS.index(noun):04d}-0001"


def mark(each: Field, when: str) -> str:
    """What stands for a value of the field."""
    return f"<{when} {each.name}>"


def stored(noun: Noun) -> list[Field]:
    return [each for each in noun.all_fields if each.stored and each.name not in ("id", "revision")]


@pytest.fixture(scope="module")
def trail(served: Served) -> None:
    """For each kind a change of all its fields, told to everybody, and one of all fields of its parts."""
    rows = []
    for noun in KINDS:
        delta: dict[str, Any] = {each.name: [mark(each, "was"), mark(each, "now")] for each in stored(noun)}
        parts = [kind for kind in NOUNS if kind.owned_quietly and kind.owner_field.target == noun.path]
        if parts:
            delta["lines"] = {f"{kind.table_name}-1": {each.name: [mark(each, f"{kind.table_name} was"), mark(each, f"{kind.table_name} now")]
                                                       for each in stored(kind)} for kind in parts}  # fmt: skip
        rows.append((noun.path, thing_of(noun), f"platform.{noun.module}.thing.status_changed", json.dumps(delta)))
    served.run(served.parts.pool.executemany(
        "insert into trail (kind, object_id, revision, place, event, name, at, actor_id, account_id, accounts, delta, details)"
        " values ($1, $2, 1, 0, $3, 'thing.status_changed', now(), 'SVC-0001', null, $5, $4, $6)",
        [(*row, list(PARTIES.values()), json.dumps(FACTS)) for row in rows],
    ))  # fmt: skip
    while served.run(seal(served.parts.pool, "tests")):
        pass


def told(api: Api, actor: str, noun: Noun) -> str:
    """All that an actor is told of the thing, by the record and by the event."""
    thing = thing_of(noun)
    (record,) = ok(api(actor).get(f"/audit/records?eq(object.id,'{thing}')&select=object,actor,details,documents,request"))["data"]  # fmt: skip
    whole = ok(api(actor).get(f"/audit/records/{record['id']}?render()"))
    events = ok(api(actor).get(f"/events?cursor=0&limit=1000&eq(object.id,'{thing}')"))
    return json.dumps([record, whole, events], ensure_ascii=False)


@pytest.mark.parametrize("noun", KINDS, ids=lambda noun: noun.path)
@pytest.mark.parametrize("actor", ACTORS)
def test_a_record_shows_what_the_thing_shows_and_nothing_else(trail: None, api: Api, noun: Noun, actor: str):
    words = told(api, actor, noun)
    for each in stored(noun):
        hidden = actor not in each.sees or each.secret
        for when in ("was", "now"):
            assert not (hidden and mark(each, when) in words), each.name
    for kind in NOUNS:
        if kind.owned_quietly:
            for each in stored(kind):
                shown = mark(each, f"{kind.table_name} now") in words
                assert not (shown and (actor not in each.sees or each.secret)), (kind.path, each.name)
    assert ("fact of all" in words) and ("fact of operations" in words) == (actor == "operations")
    assert ("fact of vendors" in words) == (actor != "client")


@pytest.mark.parametrize("noun", KINDS, ids=lambda noun: noun.path)
def test_what_operations_may_see_of_a_thing_is_told_to_them(trail: None, api: Api, noun: Noun):
    """So that the test above cannot pass by telling nothing."""
    words = told(api, "operations", noun)
    shown = [each for each in stored(noun) if "operations" in each.sees and not each.secret and each.kind != "bag"]
    missing = [each.name for each in shown if mark(each, "now") not in words]
    assert not missing


def test_the_marks_are_there(trail: None, served: Served):
    (row,) = served.fetch("select count(*) from trail where object_id like 'XXX-%'")
    assert row[0] == len(KINDS) > 30
