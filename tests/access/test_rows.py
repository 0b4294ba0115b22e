"""Nobody sees, lists, counts, gets or finds a row that is not theirs: each collection, for each caller."""

from typing import Any

import pytest

from entrepot.kernel.resource import Resource
from entrepot.offers import NOUNS, OFFERS
from tests.access.crowd import CALLERS, UNKNOWN, Crowd, Row, address, alike
from tests.access.oracle import SEES, Reader, listed, visible

LISTS = [resource for resource in OFFERS if not resource.followed and not resource.noun.single]
EACH = [pytest.param(resource, who, id=f"{resource.address} by {who}") for resource in LISTS for who in CALLERS]
SINGLE = [each for each in EACH if not each.values[0].lists_only]


def test_every_kind_of_thing_has_a_rule_about_who_sees_it() -> None:
    assert {noun.path for noun in NOUNS} == set(SEES)


def test_the_world_has_something_to_hide_in_every_collection(crowd: Crowd) -> None:
    """Otherwise the tests of this file would show nothing."""
    for path in {resource.noun.path for resource in OFFERS} - {"accounts/modules"}:
        hidden = {who: len(crowd.rows[path]) - len(visible(crowd, who, path)) for who in CALLERS}
        assert any(hidden.values()), path
        assert crowd.rows[path], path


def owners(crowd: Crowd, resource: Resource) -> list[tuple[str, ...]]:
    """The ids that an address of the collection may hold: one chain for each owner with something below it."""
    return crowd.once(("owners", resource.address), lambda: _owners(crowd, resource))


def _owners(crowd: Crowd, resource: Resource) -> list[tuple[str, ...]]:
    if "{" not in resource.address:
        return [()]
    if resource.among is not None:
        above = {row["id"]: row for row in crowd.rows[resource.owner_noun_path]}
        found = dict.fromkeys(owner for owner, _ in named_by(crowd, resource))
        column = resource.among[0].owner_column
        return [(above[each][column], each) if resource.address.count("{") == 2 else (each,) for each in found]
    found = dict.fromkeys(
        str(row[resource.owner_column]) for row in crowd.rows[resource.noun.path] if row[resource.owner_column]
    )
    if resource.address.count("{") == 1:
        return [(owner,) for owner in found]
    above = next(noun for noun in NOUNS if noun.path == resource.owner_noun_path)
    whose = {row["id"]: row[above.owner_column] for row in crowd.rows[above.path]}
    return [(whose[owner], owner) for owner in found]


def rows_at(crowd: Crowd, resource: Resource, owner: tuple[str, ...], rows: list[Row]) -> list[Row]:
    """Those of the rows that stand below that owner."""
    if resource.among is not None:
        named = {target for owner_id, target in named_by(crowd, resource) if owner_id == owner[-1]}
        return [row for row in rows if row["id"] in named]
    return [row for row in rows if not owner or row[resource.owner_column] == owner[-1]]


def named_by(crowd: Crowd, resource: Resource) -> list[tuple[str, str]]:
    """Owners with what their lists of references name, where a collection is such a list."""
    assert resource.among is not None
    owner, name = resource.among
    linked = crowd.linked(owner.link(owner.field(name)).name)
    return [(each, target) for each, targets in linked.items() for target in targets]


def owner_is_seen(crowd: Crowd, who: str, resource: Resource, owner: tuple[str, ...]) -> bool:
    if not owner:
        return True
    path = resource.owner_noun_path
    return owner[-1] in crowd.once(("ids", who, path), lambda: {row["id"] for row in visible(crowd, who, path)})


TRAIL = "audit/records"
GROWING = (TRAIL, "audit/event-types")
"""Whatever other tests write adds to these."""


def may_list(who: str, resource: Resource) -> bool:
    return Reader(who).actor in resource.reads & resource.lists


@pytest.mark.parametrize(("resource", "who"), EACH)
def test_a_list_gives_and_counts_what_is_the_callers_and_nothing_else(
    crowd: Crowd, resource: Resource, who: str
) -> None:
    seen = visible(crowd, who, resource.noun.path)
    for owner in owners(crowd, resource):
        path = address(resource.address, *owner)
        if not may_list(who, resource):
            assert crowd.get(who, path).status == 403
            continue
        if not owner_is_seen(crowd, who, resource, owner):
            unknown = address(resource.address, *owner[:-1], UNKNOWN)
            assert alike(crowd.get(who, path), *owner) == alike(crowd.get(who, unknown), *owner[:-1], UNKNOWN)
            assert crowd.get(who, path).status == 404
            continue
        expected = [row["id"] for row in rows_at(crowd, resource, owner, seen) if listed(resource.noun.path, row)]
        given = [each["id"] for each in crowd.list(who, f"{path}?select=-*,id")]
        if resource.noun.path in GROWING:
            first = {row["id"] for row in crowd.rows[resource.noun.path]}
            assert sorted(each for each in given if each in first) == sorted(expected), path
            continue
        assert sorted(given) == sorted(expected), path
        assert crowd.total(who, path) == len(expected)


@pytest.mark.parametrize(("resource", "who"), SINGLE)
def test_what_is_not_the_callers_is_not_there_in_the_very_words_of_what_never_was(
    crowd: Crowd, resource: Resource, who: str
) -> None:
    noun = resource.noun
    seen = {_key(noun, row) for row in visible(crowd, who, noun.path)}
    for owner in owners(crowd, resource):
        base = address(resource.address, *owner)
        for row in few(rows_at(crowd, resource, owner, crowd.rows[noun.path]), seen, noun):
            reply = crowd.get(who, f"{base}/{row['id']}")
            everywhere = who == "operations" and resource.among is None  # what a list names is found by its owner alone
            may = _key(noun, row) in seen and (everywhere or owner_is_seen(crowd, who, resource, owner))
            if may and Reader(who).actor in resource.reads:
                assert reply.status == 200, (base, row["id"])
                assert reply.json["id"] == row["id"]
                continue
            never = crowd.get(who, f"{base}/{UNKNOWN}")
            assert never.status == 404
            assert alike(reply, str(row["id"]), *owner) == alike(never, UNKNOWN, *owner)


@pytest.mark.parametrize(("resource", "who"), EACH)
def test_no_filter_by_id_finds_what_is_not_the_callers(crowd: Crowd, resource: Resource, who: str) -> None:
    if not may_list(who, resource):
        return
    noun = resource.noun
    seen = {_key(noun, row) for row in visible(crowd, who, noun.path)}
    for owner in owners(crowd, resource)[:6]:
        if not owner_is_seen(crowd, who, resource, owner):
            continue
        path = address(resource.address, *owner)
        rows = crowd.rows[noun.path]
        hidden = [str(row["id"]) for row in rows if _key(noun, row) not in seen]
        here = {str(row["id"]) for row in rows_at(crowd, resource, owner, rows) if _key(noun, row) in seen}
        hidden = [each for each in dict.fromkeys(hidden) if each not in here][:200]
        if not hidden:
            continue
        several = ",".join(hidden)
        for query in (f"in(id,({several}))", f"eq(id,{hidden[0]})", f"id={hidden[-1]}", f"like(id,*{hidden[0][4:]})",
                      f"or(eq(id,{hidden[0]}),eq(id,'{hidden[-1]}'))", f"filter(id,{hidden[0]})"):  # fmt: skip
            assert crowd.total(who, f"{path}?{query}") == 0, query
        assert crowd.total(who, f"{path}?out(id,({several}))") == crowd.total(who, path)


@pytest.mark.parametrize(("resource", "who"), SINGLE)
def test_what_stands_below_another_owner_is_not_there(crowd: Crowd, resource: Resource, who: str) -> None:
    """Own address, foreign thing; foreign address, own thing."""
    chains = owners(crowd, resource)
    if not chains[0]:
        return
    seen = visible(crowd, who, resource.noun.path)
    for chain in chains[:8]:
        for other in chains[:8]:
            if chain == other:
                continue
            foreign = rows_at(crowd, resource, other, crowd.rows[resource.noun.path])
            here = {row["id"] for row in rows_at(crowd, resource, chain, seen)}
            for row in foreign[:2]:
                if row["id"] not in here:
                    assert crowd.get(who, f"{address(resource.address, *chain)}/{row['id']}").status == 404


def few(rows: list[Row], seen: set[Any], noun: Any) -> list[Row]:
    """Some that the caller sees and some that it does not."""
    mine = [row for row in rows if _key(noun, row) in seen]
    others = [row for row in rows if _key(noun, row) not in seen]
    return mine[:4] + others[:8]


def _key(noun: Any, row: Row) -> Any:
    return (row[noun.owner_column], row["id"]) if noun.shared else row["id"]
