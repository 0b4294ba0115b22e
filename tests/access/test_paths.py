"""What somebody may not read of a thing cannot be worked out along the references that lead to it."""

from collections.abc import Iterator
from typing import Any

import pytest

from entrepot.kernel.field import Field
from entrepot.kernel.noun import Noun, Nouns
from entrepot.kernel.resource import Resource
from entrepot.offers import NOUNS, OFFERS
from tests.access.crowd import CALLERS, Crowd, Row, address
from tests.access.oracle import SEES, Reader, listed, visible
from tests.access.test_rows import may_list, owner_is_seen, owners, rows_at
from tests.party import ok

ALL = Nouns(NOUNS)
EACH = [
    pytest.param(resource, who, id=f"{resource.address} by {who}")
    for resource in OFFERS
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
        table = noun.link(each).name
        linked = crowd.served.fetch(f"select target_id from {table} where owner_id = $1", row["id"])
        return [found for found in there if found["id"] in {target for (target,) in linked}]
    wanted = row[each.column]
    return [
        found for found in there if found["id"] == wanted and (not each.also or found[each.also] == row[each.also])
    ]


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
            if branch.kind not in ("ref", "refs") or reader.actor not in branch.sees or branch.via:
                continue
            target = ALL[branch.target]
            for core in (True, False):
                fields = [each for each in askable(target, reader.actor) if each.core is core]
                asked, expected = question(crowd, reader, noun, branch, target, fields, here)
                if asked:
                    where = f"{address(resource.address, *owner)}?{asked}"
                    assert crowd.total(who, where) == expected, (branch.name, "core" if core else "more", where[:300])


def question(
    crowd: Crowd, reader: Reader, noun: Noun, branch: Field, target: Noun, fields: list[Field], rows: list[Row]
) -> tuple[str, int]:
    """One filter that holds where any of the fields has a value, and for how many rows it may hold."""
    prefix = "" if branch.kind == "refs" else f"{branch.name}."
    named = [(each, condition) for each in fields if (condition := has_a_value(f"{prefix}{each.name}", each))]
    if not named:
        return "", 0
    several = f"or({','.join(condition for _, condition in named)})" if len(named) > 1 else named[0][1]
    rule = SEES[target.path]
    expected = 0
    for row in rows:
        expected += any(
            found[each.column] is not None and (each.core or rule(crowd, reader, found))
            for found in targets(crowd, noun, row, branch)
            for each, _ in named
        )
    return (f"any({branch.name},{several})" if branch.kind == "refs" else several), expected


def test_the_questions_above_would_tell_if_they_were_answered(crowd: Crowd) -> None:
    """There are references to things that are not seen, and these do have values beyond their core."""
    orders = len(visible(crowd, "client", "commerce/orders"))
    assert orders > 4
    assert crowd.total("client", "/commerce/orders?like(vendor.name,*)") == orders  # core: it travels
    assert crowd.total("client", "/commerce/orders?like(vendor.description,*)") == 0
    assert crowd.total("operations", "/commerce/orders?like(vendor.description,*)") > orders
    assert crowd.total("client", "/commerce/orders?like(client.description,*)") == orders


@pytest.mark.parametrize("who", [who for who in CALLERS if who != "operations"])
def test_two_steps_away_the_same_holds(crowd: Crowd, who: str) -> None:
    """From an order over its agreement, licensee, product or listing to what these refer to."""
    reader = Reader(who)
    noun = ALL["commerce/orders"]
    rows = visible(crowd, who, noun.path)
    for first in (noun.field(name) for name in ("agreement", "licensee", "product", "listing", "authorization")):
        middle = ALL[first.target]
        for second in middle.all_fields:
            if second.kind != "ref" or reader.actor not in second.sees or second.via:
                continue
            last = ALL[second.target]
            for each in askable(last, reader.actor):
                condition = has_a_value(f"{first.name}.{second.name}.{each.name}", each)
                if condition is None or each.column.startswith("audit_"):
                    continue
                expected = 0
                for row in rows:
                    for between in targets(crowd, noun, row, first):
                        if not SEES[middle.path](crowd, reader, between):
                            continue
                        expected += any(
                            found[each.column] is not None
                            and (each.core or second.name.startswith("audit.") or SEES[last.path](crowd, reader, found))
                            for found in targets(crowd, middle, between, second)
                        )
                assert crowd.total(who, f"/commerce/orders?{condition}") == expected, condition


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
    assert "hush" in crowd.get("vendor", f"{path}?select=parameters").body.decode()


def test_the_client_cannot_write_what_is_hidden_from_it(crowd: Crowd) -> None:
    from tests.purchases import draft

    order = draft(crowd.served)
    body = {"parameters": {"ordering": [{"externalId": "secret", "value": "mine"}]}}
    assert crowd.call("client", "PUT", f"/commerce/orders/{order['id']}", body).status == 200
    ordering = ok(crowd.served.call("vendor", "GET", f"/commerce/orders/{order['id']}"))["parameters"]["ordering"]
    assert "value" not in next(each for each in ordering if each["externalId"] == "secret")
