"""What a reference shows, sorts by and compares with: the core of the thing, and the rest to those who see it."""

from collections.abc import Iterator
from datetime import date, datetime
from itertools import batched
from typing import Any

import pytest

from entrepot.kernel.field import Field
from entrepot.kernel.noun import Noun, Nouns
from entrepot.kernel.resource import Resource
from entrepot.offers import NOUNS
from tests.access.crowd import Crowd, Row, address
from tests.access.oracle import SEES, Reader, listed, visible
from tests.access.test_fields import branches
from tests.access.test_paths import EACH, askable, question, targets
from tests.access.test_rows import GROWING, TRAIL, may_list, owner_is_seen, owners, rows_at

ALL = Nouns(NOUNS)
SORTED = ("text", "id", "integer", "decimal", "timestamp", "date")
"""Kinds whose order Python tells the same way as the database: enums have one of their own."""


def places(crowd: Crowd, resource: Resource, who: str) -> Iterator[tuple[str, list[Row]]]:
    """Addresses of a collection that the caller may list, with the rows that it finds there."""
    if not may_list(who, resource) or resource.noun.path in GROWING:
        return
    mine = [row for row in visible(crowd, who, resource.noun.path) if listed(resource.noun.path, row)]
    for owner in owners(crowd, resource)[:2]:
        if owner_is_seen(crowd, who, resource, owner):
            yield address(resource.address, *owner), rows_at(crowd, resource, owner, mine)


def seen_ids(crowd: Crowd, who: str, noun: Noun) -> set[str]:
    return {str(row["id"]) for row in visible(crowd, who, noun.path)}


@pytest.mark.parametrize(("resource", "who"), EACH)
def test_a_selection_through_a_reference_shows_the_core_of_what_is_not_seen(
    crowd: Crowd, resource: Resource, who: str
) -> None:
    """With everything selected, one level down and two."""
    actor = Reader(who).actor
    for where, _ in places(crowd, resource, who):
        for branch, target in branches(resource.noun, actor):
            deeper = [further for further, _ in branches(target, actor)]
            names = ",".join(f"{branch.name}.{further.name}.*" for further in deeper)
            for document in crowd.list(who, f"{where}?select=-*,id,{branch.name}.*,{names}"):
                for shown in reached(document, branch):
                    require_core(crowd, who, target, shown, own=branch.kind == "part")
                    for further in deeper:
                        for inner in reached(shown, further):
                            require_core(crowd, who, ALL[further.target], inner, own=further.kind == "part")


def reached(document: Any, branch: Field) -> list[Row]:
    """What stands at the branch's place of a document."""
    for step in branch.path:
        document = document.get(step) if isinstance(document, dict) else None
    found = document if isinstance(document, list) else [document]
    return [each for each in found if isinstance(each, dict)]


def require_core(crowd: Crowd, who: str, noun: Noun, shown: Row, *, own: bool) -> None:
    """Of a thing that the caller does not see, its core and nothing more; parts are their owner's."""
    if own or "id" not in shown or shown["id"] in seen_ids(crowd, who, noun):
        return
    core = {each.path[0] for each in noun.all_fields if each.core} | {"href", "$meta"}
    assert set(shown) <= core, f"{who} is shown {sorted(set(shown) - core)} of {shown['id']}"


def key(value: object) -> tuple[int, Any]:
    """Nulls last; texts as bytes."""
    if value is None:
        return 1, 0
    if isinstance(value, str):
        return 0, value.encode()
    if isinstance(value, datetime | date):
        return 0, value.isoformat()
    return 0, value


@pytest.mark.parametrize(("resource", "who"), EACH)
def test_an_order_does_not_tell_what_is_not_seen(crowd: Crowd, resource: Resource, who: str) -> None:
    """By the fields whose order would tell most: what is not seen sorts as if it had no value."""
    reader, noun = Reader(who), resource.noun
    for where, rows in places(crowd, resource, who):
        for branch in noun.all_fields:
            if branch.kind != "ref" or reader.actor not in branch.sees or branch.via:
                continue
            for each, told, silent in telling(crowd, reader, noun, rows, branch):
                given = [
                    row["id"] for row in crowd.list(who, f"{where}?select=-*,id&order={branch.name}.{each.name},id")
                ]
                assert given != told, (branch.name, each.name)
                assert given == silent, (branch.name, each.name)


def telling(
    crowd: Crowd, reader: Reader, noun: Noun, rows: list[Row], branch: Field
) -> Iterator[tuple[Field, list[str], list[str]]]:
    """Fields of the target by which an order would differ if it told; with both orders. A few will do."""
    target, found = ALL[branch.target], 0
    there = {str(row["id"]): next(iter(targets(crowd, noun, row, branch)), None) for row in rows}
    seen = {thing_id for thing_id, row in there.items() if row and SEES[target.path](crowd, reader, row)}
    for each in askable(target, reader.actor):
        if each.core or each.kind not in SORTED or found == 3:
            continue

        def ordered(value: Any, of: Field = each) -> list[str]:
            return sorted(there, key=lambda thing_id: (key(value(thing_id, of)), thing_id))

        told = ordered(lambda thing_id, of: (there[thing_id] or {}).get(of.column))
        silent = ordered(lambda thing_id, of: (there[thing_id] or {}).get(of.column) if thing_id in seen else None)
        if told != silent:
            found += 1
            yield each, told, silent


def test_there_were_orders_that_would_have_told(crowd: Crowd) -> None:
    """Otherwise the test above would show nothing."""
    found = [
        (resource.address, branch.name, each.name)
        for resource, who in (param.values for param in EACH)
        for _, rows in places(crowd, resource, who)
        for branch in resource.noun.all_fields
        if branch.kind == "ref" and Reader(who).actor in branch.sees and not branch.via
        for each, _, _ in telling(crowd, Reader(who), resource.noun, rows, branch)
    ]
    assert len(found) > 20, found


@pytest.mark.parametrize(("resource", "who"), EACH)
def test_a_comparison_of_two_properties_is_with_what_is_seen(crowd: Crowd, resource: Resource, who: str) -> None:
    """No value is less than itself, but where it is not seen there is none. All do, where none does not."""
    reader, noun = Reader(who), resource.noun
    for where, rows in places(crowd, resource, who):
        for branch in noun.all_fields:
            if branch.kind not in ("ref", "refs", "part") or reader.actor not in branch.sees or branch.via:
                continue
            target = ALL[branch.target]
            every = [each for each in askable(target, reader.actor) if not each.core and each.kind in SORTED]
            for fields in batched(every, AT_ONCE):
                require_same_answers(crowd, reader, where, noun, rows, branch, list(fields))


AT_ONCE = 12
"""Each is followed twice, and a query may follow 32."""


def require_same_answers(
    crowd: Crowd, reader: Reader, where: str, noun: Noun, rows: list[Row], branch: Field, fields: list[Field]
) -> None:
    """Counts the rows of which some field of what the branch leads to has a value: compared with itself, and by all()."""
    who, target = reader.who, ALL[branch.target]
    expected = sum(
        any(
            found[each.column] is not None and SEES[target.path](crowd, reader, found)
            for found in targets(crowd, noun, row, branch)
            for each in fields
        )
        for row in rows
    )
    prefix = f"{branch.name}." if branch.kind == "ref" else ""
    same = [f"ge({prefix}{each.name},self({prefix}{each.name}))" for each in fields]
    itself = f"or({','.join(same)})" if len(same) > 1 else same[0]
    if branch.kind == "ref":
        assert crowd.total(who, f"{where}?{itself}") == expected, branch.name
        return
    assert crowd.total(who, f"{where}?any({branch.name},{itself})") == expected, branch.name
    assert crowd.total(who, f"{where}?not(all({branch.name},not({itself})))") == expected, branch.name
    asked, _ = question(branch, fields)
    condition = asked.removeprefix(f"any({branch.name},").removesuffix(")")
    assert crowd.total(who, f"{where}?not(all({branch.name},not({condition})))") == expected, branch.name


@pytest.mark.parametrize("who", sorted({param.values[1] for param in EACH}))
def test_a_record_tells_of_fields_that_its_reader_sees(crowd: Crowd, who: str) -> None:
    """Whatever was changed, by name, in documents and in sentences."""
    actor, kinds = Reader(who).actor, {row["id"]: row["object_kind"] for row in crowd.rows[TRAIL]}
    told = 0
    for record in crowd.list(who, "/audit/records?select=documents,details"):
        noun = ALL.get(kinds.get(record["id"], ""))
        changes = record.get("documents", {}).get("changes", {})
        if noun is None:
            continue
        hidden = [each.name for each in noun.all_fields if actor not in each.sees or each.secret]
        for name in changes:
            told += 1
            assert name not in hidden, (record["id"], name)
            assert name == "lines" or noun.by_name[name.lower()]
        for name in hidden:
            assert f"; {name}: " not in f"; {record.get('details', '')}", (record["id"], name)
    assert told > 10
