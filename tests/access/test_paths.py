"""What somebody may not read of a thing cannot be worked out along the references that lead to it."""

from collections.abc import Iterator
from itertools import batched
from typing import Any

import pytest

from entrepot.kernel.field import Field
from entrepot.kernel.noun import Noun, Nouns
from entrepot.kernel.resource import Resource
from entrepot.offers import NOUNS
from tests.access.crowd import CALLERS, Crowd, Row, address
from tests.access.oracle import SEES, Reader, listed, visible
from tests.access.test_rows import LISTS, may_list, owner_is_seen, owners, rows_at
from tests.party import ok

ALL = Nouns(NOUNS)
BRANCHES = ("ref", "refs", "part")
EACH = [
    pytest.param(resource, who, id=f"{resource.address} by {who}")
    for resource in LISTS
    for who in CALLERS
    if who != "operations"
]


def has_a_value(path: str, each: Field) -> str | None:
    """A condition that holds for every value of a field, and for none when there is no value."""
    match each.kind:
        case "text" | "id":
            return f"like({path},*)"
        case "enum":
            return f"in({path},({','.join(each.members)}))"
        case "integer" | "decimal":
            return f"or(ge({path},0),lt({path},0))"
        case "boolean":
            return f"in({path},(true,false))"
        case "timestamp" | "date":
            return f"gt({path},1900-01-01)"
    return None


def askable(noun: Noun, actor: str) -> Iterator[Field]:
    """Fields of a thing about which the actor may ask, where it sees the thing."""
    for each in noun.all_fields:
        if actor in each.sees and each.stored and each.filterable and not each.secret:
            yield each


def targets(crowd: Crowd, noun: Noun, row: Row, each: Field) -> list[Row]:
    """What a reference, or a list of them, leads to."""
    there = crowd.rows[each.target]
    if each.kind == "refs":
        linked = crowd.linked(noun.link(each).name).get(row["id"], [])
        return [found for found in there if found["id"] in linked]
    if each.kind == "part":
        return [
            found
            for found in there
            if found[each.by] == row["id"] and (not each.also or found[each.also] == row[each.also])
        ]
    wanted = row[each.column]
    return [found for found in there if found["id"] == wanted and (not each.also or found[each.also] == row[each.also])]


@pytest.mark.parametrize(("resource", "who"), EACH)
def test_beyond_its_core_a_thing_is_searched_by_those_alone_who_see_it(
    crowd: Crowd, resource: Resource, who: str
) -> None:
    """Counts rows by every value of everything that they refer to, and compares with what may be counted."""
    noun, reader = resource.noun, Reader(who)
    if not may_list(who, resource):
        return
    mine = [row for row in visible(crowd, who, noun.path) if listed(noun.path, row)]
    for owner in owners(crowd, resource)[:2]:
        if not owner_is_seen(crowd, who, resource, owner):
            continue
        here = rows_at(crowd, resource, owner, mine)
        for branch in noun.all_fields:
            if branch.kind not in BRANCHES or reader.actor not in branch.sees or branch.via:
                continue
            target = ALL[branch.target]
            for core in (True, False):
                fields = [each for each in askable(target, reader.actor) if each.core is core]
                asked, conditions = question(branch, fields)
                if not asked:
                    continue
                expected = sum(
                    any(holds(crowd, reader, target, found, conditions) for found in targets(crowd, noun, row, branch))
                    for row in here
                )
                where = f"{address(resource.address, *owner)}?{asked}"
                assert crowd.total(who, where) == expected, (branch.name, "core" if core else "more", where[:300])


FOLLOWED = 12
"""How many fields one question is about: a query follows so many references and no more (kernel/scope.py)."""


def question(branch: Field, fields: list[Field], before: str = "") -> tuple[str, list[Field]]:
    """One filter that holds where any of the fields of what the branch leads to has a value."""
    prefix = f"{before}{branch.name}." if branch.kind == "ref" else ""
    asked = [each for each in fields if has_a_value(each.name, each)]
    conditions = [str(has_a_value(f"{prefix}{each.name}", each)) for each in asked]
    if not conditions:
        return "", []
    several = f"or({','.join(conditions)})" if len(conditions) > 1 else conditions[0]
    return (several if branch.kind == "ref" else f"any({before}{branch.name},{several})"), asked


def holds(crowd: Crowd, reader: Reader, noun: Noun, row: Row, fields: list[Field], *, shown: bool = False) -> bool:
    """Whether the row has a value that the reader may search by: of its core, or of a thing that it sees."""
    return any(
        row[each.column] is not None and (shown or each.core or SEES[noun.path](crowd, reader, row)) for each in fields
    )


def test_the_questions_above_would_tell_if_they_were_answered(crowd: Crowd) -> None:
    """There are references to things that are not seen, and these do have values beyond their core."""
    orders = len(visible(crowd, "client", "commerce/orders"))
    assert orders > 4
    assert crowd.total("client", "/commerce/orders?like(vendor.name,*)") == orders  # core: it travels
    assert crowd.total("client", "/commerce/orders?like(vendor.description,*)") == 0
    assert crowd.total("operations", "/commerce/orders?like(vendor.description,*)") > orders
    assert crowd.total("client", "/commerce/orders?like(client.description,*)") == orders


@pytest.mark.parametrize("who", [who for who in CALLERS if who != "operations"])
@pytest.mark.parametrize("first", ["agreement", "licensee", "product", "listing", "authorization", "buyer", "vendor"])
def test_two_steps_away_the_same_holds(crowd: Crowd, first: str, who: str) -> None:
    """From an order over what it refers to, to what that refers to, holds or lists."""
    reader, noun = Reader(who), ALL["commerce/orders"]
    rows, step = visible(crowd, who, noun.path), noun.field(first)
    middle = ALL[step.target]
    for second in middle.all_fields:
        if second.kind not in BRANCHES or reader.actor not in second.sees or second.via:
            continue
        last = ALL[second.target]
        reached = [
            found
            for core in (True, False)
            for found in batched((f for f in askable(last, reader.actor) if f.core is core), FOLLOWED)
        ]
        for some in reached:
            asked, fields = question(second, list(some), f"{first}.")
            if not asked:
                continue
            expected = sum(
                any(
                    holds(crowd, reader, last, found, fields, shown=second.kind == "part")
                    for between in targets(crowd, noun, row, step)
                    if SEES[middle.path](crowd, reader, between)
                    for found in targets(crowd, middle, between, second)
                )
                for row in rows
            )
            assert crowd.total(who, f"/commerce/orders?{asked}") == expected, (second.name, asked[:300])


def test_an_order_by_what_is_not_seen_is_an_order_by_nothing(crowd: Crowd) -> None:
    """Vendors' descriptions differ, but a client that sees neither vendor learns nothing by sorting."""
    ids = "select=-*,id&limit=1000"
    plain = ok(crowd.get("client", f"/commerce/orders?order=id&{ids}"))["data"]
    assert ok(crowd.get("client", f"/commerce/orders?order=vendor.description,id&{ids}"))["data"] == plain
    told = ok(crowd.get("operations", f"/commerce/orders?order=vendor.description,id&{ids}"))["data"]
    assert told != ok(crowd.get("operations", f"/commerce/orders?order=id&{ids}"))["data"]


@pytest.mark.parametrize("who", ["client", "vendor"])
def test_a_property_that_is_not_seen_cannot_be_compared_with_one_that_is(crowd: Crowd, who: str) -> None:
    own, other = ("SPxY", "PPxY") if who == "client" else ("PPxY", "SPxY")
    for operator in ("eq", "ne", "gt", "le"):
        for value in (f"price.{other}", f"self(price.{other})"):
            hidden = crowd.get(who, f"/commerce/orders?{operator}(price.{own},{value})")
            never = crowd.get(who, f"/commerce/orders?{operator}(price.{own},{value.replace(other, 'QQxY')})")
            assert hidden.status == never.status == 400
            assert hidden.json["errors"] == _put(never.json["errors"], "QQxY", other)
    assert crowd.total("operations", "/commerce/orders?ne(price.PPxY,price.SPxY)") > 0


def _put(errors: dict[str, Any], never: str, name: str) -> dict[str, Any]:
    return {key.replace(never, name): [each.replace(never, name) for each in value] for key, value in errors.items()}


# Hidden parameters ------------------------------------------------------------------------------------

HIDDEN = [
    # the list, its hidden parameter, and what the vendor wrote into it
    ("ordering", "secret", "hush"),
    ("fulfillment", "dueDate", "2031-05-06"),
]


@pytest.fixture(scope="module")
def whispered(crowd: Crowd) -> Iterator[str]:
    """An order in which the vendor noted what the client is not to know, and hid one more question from it."""
    from tests.purchases import placed

    order = placed(crowd.served)
    values = {bag: [{"externalId": name, "value": value}] for bag, name, value in HIDDEN}
    values["ordering"] += [{"externalId": "note", "constraints": {"hidden": True}, "value": "behindtheback"}]
    ok(crowd.served.call("vendor", "PUT", f"/commerce/orders/{order['id']}", {"parameters": values}))
    yield order["id"]


@pytest.mark.parametrize(("bag", "name", "value"), [*HIDDEN, ("ordering", "note", "behindtheback")])
def test_a_hidden_parameter_answers_no_question_of_the_client(
    crowd: Crowd, whispered: str, bag: str, name: str, value: str
) -> None:
    where = f"/commerce/orders?eq(id,{whispered})&"
    for condition in (f"eq(externalId,{name})", f"eq(displayValue,'{value}')", f"like(displayValue,*{value[2:]})",
                      f"eq(value,'{value}')", f"and(eq(externalId,{name}),ne(displayValue,null()))"):  # fmt: skip
        assert crowd.total("vendor", f"{where}any(parameters.{bag},{condition})") == 1, condition
        assert crowd.total("client", f"{where}any(parameters.{bag},{condition})") == 0, condition
        assert crowd.total("client", f"{where}not(any(parameters.{bag},{condition}))") == 1, condition
        assert crowd.total("client", f"{where}all(parameters.{bag},not({condition}))") == 1, condition
        assert crowd.total("client", f"{where}filter(parameters.{bag}.externalId,{name})") == 0
        through = f"/commerce/agreements?any(parameters.{bag},{condition})"
        assert crowd.total("client", through) == 0


def test_a_hidden_parameter_is_in_no_text_and_no_document_of_the_client(crowd: Crowd, whispered: str) -> None:
    words = [value for *_, value in HIDDEN] + ["behindtheback"]
    path = f"/commerce/orders/{whispered}"
    for where in (path, f"{path}/render", f"{path}/template", f"{path}?select=parameters", f"{path}/lines",
                  f"/commerce/orders?eq(id,{whispered})&select=parameters,agreement.parameters",
                  f"/audit/records?eq(object.id,'{whispered}')&select=details,documents,object"):  # fmt: skip
        text = crowd.get("client", where).body.decode()
        assert not [word for word in words if word in text], where
        assert "secret" not in text.lower() or "/render" in where or "/template" in where
    assert all(word in crowd.get("vendor", path).body.decode() for word in words)
    assert "secret hush" in crowd.get("vendor", f"{path}/render").body.decode()
    assert "For Northwind, secret ." in crowd.get("client", f"{path}/render").body.decode()


def test_the_client_cannot_write_what_is_hidden_from_it(crowd: Crowd) -> None:
    from tests.purchases import draft

    order = draft(crowd.served)
    body = {"parameters": {"ordering": [{"externalId": "secret", "value": "mine"}]}}
    assert crowd.call("client", "PUT", f"/commerce/orders/{order['id']}", body).status == 200
    ordering = ok(crowd.served.call("vendor", "GET", f"/commerce/orders/{order['id']}"))["parameters"]["ordering"]
    assert "value" not in next(each for each in ordering if each["externalId"] == "secret")
