"""A field that somebody does not see does not exist for them: not in answers, and in no place of a query."""

from collections.abc import Iterator
from typing import Any

import pytest

from entrepot.kernel.field import ACTORS, Field
from entrepot.kernel.noun import Noun, Nouns
from entrepot.kernel.resource import Resource
from entrepot.offers import NOUNS, OFFERS
from tests.access.crowd import CALLERS, Crowd, Row, address, same
from tests.access.oracle import Reader, visible
from tests.access.test_rows import may_list, owner_is_seen, owners
from tests.party import ok
from tests.world import ACCOUNTS

ALL = Nouns(NOUNS)
NOBODY_KNOWS = "zzqqzz"

OF_ACTOR = {ACCOUNTS[who][1].lower(): who for who in ("client", "vendor", "operations")}
RESOURCES = {resource.noun.path: resource for resource in OFFERS if not resource.by and not resource.noun.single}
EACH = [pytest.param(path, actor, id=f"{path} for {actor}") for path in RESOURCES for actor in ACTORS]

FILTERS = (
    "eq({f},1)", "{f}=1", "ne({f},null())", "{f}=empty()", "in({f},(a,b))", "out({f},(a))", "like({f},*a*)",
    "ilike({f},a)", "gt({f},1)", "le({f},'x')", "not(eq({f},1))", "or(eq(id,x),eq({f},1))", "any({f})",
    "any({f},eq(id,1))", "all({f},eq(id,1))", "eq(id,self({f}))", "ne(revision,self({f}))", "self({f})=1",
    "filter({f},1)", "order={f}", "order=-id,-{f}",
)  # fmt: skip
"""Every place of a query in which a field may be named so that the answer depends on it."""

SILENT = ("eq(id,{f})", "id={f}", "gt(revision,{f})", "select={f}", "select=-{f}", "select=id,%2B{f}")
"""Places in which an unknown name is no fault: it is then a value, or nothing that could be shown."""


def unseen(noun: Noun, actor: str) -> list[Field]:
    """Fields that the actor must not know of, secrets among them, which nobody may search for."""
    return [each for each in noun.all_fields if actor not in each.sees]


def renamed(name: str) -> str:
    """A name in the same place that nobody has ever declared."""
    head, dot, _ = name.rpartition(".")
    return f"{head}{dot}{NOBODY_KNOWS}"


def first_address(crowd: Crowd, who: str, resource: Resource) -> str | None:
    """A collection's address that the caller may list."""
    if not may_list(who, resource):
        return None
    for owner in owners(crowd, resource):
        if owner_is_seen(crowd, who, resource, owner):
            return address(resource.address, *owner)
    return None


@pytest.mark.parametrize(("path", "actor"), EACH)
def test_what_is_not_seen_is_told_apart_from_what_does_not_exist_in_no_place_of_a_query(
    crowd: Crowd, path: str, actor: str
) -> None:
    who, noun = OF_ACTOR[actor], ALL[path]
    where = first_address(crowd, who, RESOURCES[path])
    if where is None:
        return
    for each in unseen(noun, actor):
        unknown = renamed(each.name)
        for form in FILTERS:
            hidden = crowd.get(who, f"{where}?{form.format(f=each.name)}")
            never = crowd.get(who, f"{where}?{form.format(f=unknown)}")
            assert hidden.status == 400, (each.name, form)
            assert same(hidden, never, each.name, unknown), (each.name, form)
        for form in SILENT:
            hidden = crowd.get(who, f"{where}?limit=3&{form.format(f=each.name)}")
            never = crowd.get(who, f"{where}?limit=3&{form.format(f=unknown)}")
            assert same(hidden, never, each.name, unknown), (each.name, form)


@pytest.mark.parametrize("noun", [pytest.param(noun, id=noun.path) for noun in NOUNS])
def test_prices_numbers_and_remarks_are_declared_as_the_rules_say(noun: Noun) -> None:
    """Commerce spec 4.2: what the vendor takes, what the client pays, and what lies between them."""
    for each in noun.all_fields:
        last, sees = each.path[-1], each.sees & set(ACTORS)
        if "kernel" in each.sees and not sees:
            continue
        if last in ("unitPP", "PPx1", "PPxM", "PPxY"):
            split = noun.path.endswith("/split/allocations")  # of how bills are split vendors know nothing (3.6)
            assert sees == ({"operations"} if split else {"vendor", "operations"}), each.name
        elif last in ("unitSP", "SPx1", "SPxM", "SPxY"):
            assert sees == {"client", "operations"}, each.name
        elif last in ("markup", "margin", "defaultMarkup", "defaultMargin", "markupSource", "defaultMarkupSource"):
            assert sees == {"operations"}, each.name
        elif noun.module == "commerce" and each.path[0] == "externalIds":
            assert sees == {last}, each.name
        elif each.name in ("comments", "pricingPolicy", "price.source"):
            assert sees == {"operations"}, each.name
        elif last == "billingCurrency":
            assert sees == {"client", "operations"}, each.name


def branches(noun: Noun, actor: str) -> Iterator[tuple[Field, Noun]]:
    """Where one gets from a thing: along references, to parts and along lists of references."""
    for each in noun.all_fields:
        if actor in each.sees and each.kind in ("ref", "refs", "part"):
            yield each, ALL[each.target]


@pytest.mark.parametrize(("path", "actor"), EACH)
def test_what_is_not_seen_of_a_thing_is_not_seen_through_another(crowd: Crowd, path: str, actor: str) -> None:
    who, noun = OF_ACTOR[actor], ALL[path]
    where = first_address(crowd, who, RESOURCES[path])
    if where is None:
        return
    places = 0
    for branch, target in branches(noun, actor):
        for each in unseen(target, actor):
            forms = (
                ("eq({p}.{f},1)", "order={p}.{f}", "eq(id,self({p}.{f}))", "in({p}.{f},(1))", "ne({p}.{f},null())")
                if branch.kind == "ref"
                else ("any({p},eq({f},1))", "any({p},eq(id,self({f})))", "all({p},ne({f},null()))", "filter({p}.{f},1)")
            )
            form = forms[places % len(forms)]
            places += 1
            hidden = crowd.get(who, f"{where}?{form.format(p=branch.name, f=each.name)}")
            never = crowd.get(who, f"{where}?{form.format(p=branch.name, f=renamed(each.name))}")
            assert hidden.status == 400, (branch.name, each.name, form)
            assert same(hidden, never, each.name, renamed(each.name)), (branch.name, each.name, form)
            selected = f"{where}?limit=2&select={branch.name}"
            assert crowd.get(who, f"{selected},{branch.name}.{each.name}").body == crowd.get(who, selected).body


@pytest.mark.parametrize("who", CALLERS)
@pytest.mark.parametrize("resource", [pytest.param(each, id=each.address) for each in OFFERS])
def test_documents_hold_what_their_reader_sees_and_nothing_more(crowd: Crowd, resource: Resource, who: str) -> None:
    """Lists and single things, plain and with everything selected, down two levels of references."""
    actor, noun = Reader(who).actor, resource.noun
    everything = ",".join(["*", *(f.path[0] for f in noun.all_fields), *(two_levels(noun, actor))])
    for owner in owners(crowd, resource)[:3]:
        if not may_list(who, resource) or not owner_is_seen(crowd, who, resource, owner):
            continue
        where = address(resource.address, *owner)
        for query in ("", f"?select={everything}"):
            if noun.single:
                require_seen(noun, actor, ok(crowd.get(who, f"{where}{query}")))
                continue
            for document in crowd.list(who, f"{where}{query}"):
                require_seen(noun, actor, document)
            if resource.lists_only:
                continue
            for document in crowd.list(who, f"{where}?select=-*,id")[:5]:
                single = crowd.get(who, f"{where}/{document['id']}{query}")
                require_seen(noun, actor, single.json)
                for text in resource.texts:
                    assert crowd.get(who, f"{where}/{document['id']}/{text.name}").status == 200


def two_levels(noun: Noun, actor: str) -> list[str]:
    """Everything of everything that a thing refers to."""
    found = [f"{branch.name}.*" for branch, _ in branches(noun, actor)]
    found += [
        f"{branch.name}.{further.name}"
        for branch, target in branches(noun, actor)
        for further, _ in branches(target, actor)
        if branch.kind != "part" or further.kind == "ref"
    ]
    return found[:450]


def require_seen(noun: Noun, actor: str, document: Row, at: str = "") -> None:
    """Each member of the document is a field that the actor sees, down to the last."""
    names = {each.lowered: each for each in noun.all_fields if actor in each.sees}
    omitted = document.get("$meta", {}).get("omitted", [])
    for name in omitted:
        assert any(path[0] == name.lower() for path in names), f"{noun.name}{at}: {name} is told to be omitted"
    for name, value in document.items():
        if name not in ("href", "$meta"):
            _require(names, (name.lower(),), value, noun, actor, f"{at}.{name}")


def _require(names: dict[Any, Field], path: tuple[str, ...], value: Any, noun: Noun, actor: str, at: str) -> None:
    each = names.get(path)
    if each is None:
        assert isinstance(value, dict) and any(p[: len(path)] == path for p in names), f"{noun.name}{at} is shown"
        for name, inner in value.items():
            _require(names, (*path, name.lower()), inner, noun, actor, f"{at}.{name}")
    elif each.kind == "ref":
        require_seen(ALL[each.target], actor, value, at)
    elif each.kind in ("refs", "part"):
        for inner in value:
            require_seen(ALL[each.target], actor, inner, at)


@pytest.mark.parametrize("who", CALLERS)
def test_the_marks_are_found_where_they_may_be(crowd: Crowd, who: str) -> None:
    """Those who may see a mark do find it: what the tests above do not find was there to be found."""
    pages = []
    for resource in OFFERS:
        for owner in owners(crowd, resource):
            if may_list(who, resource) and owner_is_seen(crowd, who, resource, owner):
                where = address(resource.address, *owner)
                everything = ",".join(f.path[0] for f in resource.noun.all_fields)
                pages.append(crowd.get(who, f"{where}?limit=1000&select={everything}").body.decode())
                if resource.texts and visible(crowd, who, resource.noun.path):
                    for each in crowd.list(who, f"{where}?select=-*,id"):
                        pages.append(crowd.get(who, f"{where}/{each['id']}/render").body.decode())
    text = "\n".join(pages)
    mine = {mark for mark, callers in crowd.marks.items() if who in callers}
    assert {mark for mark in mine if mark.startswith("changed by")} <= {mark for mark in mine if mark in text}
    found = {mark for mark in mine if mark in text}
    assert len(found) > 0.6 * len(mine), sorted(mine - found)
