"""A body is read field by field: each kind takes what it takes, and says plainly what it does not."""

from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest

from entrepot.kernel.access import Caller
from entrepot.kernel.body import Body, apply, convert, read_body, referenced
from entrepot.kernel.call import Call
from entrepot.kernel.errors import Invalid
from entrepot.kernel.field import day, document, enum, flag, integer, moment, number, text
from entrepot.kernel.thing import Thing
from entrepot.kernel.wire import decode
from tests.kernel.workshop import GADGET, NOUNS

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def a_call(actor="client") -> Call:
    return Call(Caller(actor, "ACC-1", "USR-1"), NOUNS, NOW, lambda noun: "GAD-0001-0001")


def a_gadget(**values) -> Thing:
    now = {each.column: each.default for each in GADGET.all_fields if each.stored}
    now |= {"id": "GAD-0001-0001", "revision": 3, "status": "Draft", **values}
    gadget = Thing(GADGET, now, dict(now))
    gadget.parts.update(pieces=[], friends=[])
    return gadget


def written(body: dict, actor="client", state="Draft", known=()) -> tuple[Thing, dict]:
    call, gadget = a_call(actor), a_gadget(name="Old", colour="Red", size=1)
    call.visible.update(known)
    apply(call, gadget, Body(body), state)
    return gadget, call.faults


# Each kind ------------------------------------------------------------------------------------------

TEXT, WORD, COUNT, AMOUNT = text("a", longest=5), enum("a", "Red Green"), integer("a", least=0), number("a")
SWITCH, TIME, DAY, TREE = flag("a"), moment("a"), day("a"), document("a")

GOOD = [
    (TEXT,   "abc",                        "abc"),
    (TEXT,   "",                           ""),
    (TEXT,   "ÄÖÜß€",                      "ÄÖÜß€"),
    (TEXT,   None,                         None),
    (WORD,   "Red",                        "Red"),
    (WORD,   "gREEN",                      "Green"),
    (COUNT,  0,                            0),
    (COUNT,  7,                            7),
    (COUNT,  "7",                          7),
    (COUNT,  Decimal("7.00"),              7),
    (COUNT,  2**31 - 1,                    2**31 - 1),
    (AMOUNT, 12,                           Decimal(12)),
    (AMOUNT, "12.50",                      Decimal("12.50")),
    (AMOUNT, Decimal("-0.001"),            Decimal("-0.001")),
    (SWITCH, True,                         True),
    (SWITCH, "False",                      False),
    (TIME,   "2026-01-31T23:00:00.000Z",   datetime(2026, 1, 31, 23, tzinfo=UTC)),
    (TIME,   "2026-01-31T23:00:00",        datetime(2026, 1, 31, 23, tzinfo=UTC)),
    (TIME,   "2026-02-01T01:00:00+02:00",  datetime(2026, 1, 31, 23, tzinfo=UTC)),
    (TIME,   "2026-01-31",                 datetime(2026, 1, 31, tzinfo=UTC)),
    (TIME,   "2026-01-31T23:00:00.123456Z", datetime(2026, 1, 31, 23, 0, 0, 123000, tzinfo=UTC)),
    (DAY,    "2026-01-31",                 date(2026, 1, 31)),
    (DAY,    "2026-01-31T23:00:00.000Z",   date(2026, 1, 31)),
    (TREE,   {"a": [1, None, "x"]},        {"a": [1, None, "x"]}),
    (TREE,   [],                           []),
    (TREE,   "text",                       "text"),
    (TREE,   None,                         None),
]  # fmt: skip

NO_TEXT, NO_COUNT, NO_AMOUNT = "A text was expected", "A whole number", "Must be"
NO_SWITCH, NO_TIME, NO_DAY = "True or false was expected", "A time such as", "A date such as"

BAD = [
    (TEXT,   5,                       NO_TEXT),
    (TEXT,   ["abc"],                 NO_TEXT),
    (TEXT,   {"a": 1},                NO_TEXT),
    (TEXT,   True,                    NO_TEXT),
    (TEXT,   "abcdef",                "At most 5 characters"),
    (TEXT,   "a\0b",                  "NUL"),
    (WORD,   "Blue",                  "One of Red, Green was expected"),
    (WORD,   "",                      "One of Red, Green was expected"),
    (WORD,   3,                       "One of Red, Green was expected"),
    (WORD,   ["Red"],                 "One of Red, Green was expected"),
    (COUNT,  -1,                      "At least 0"),
    (COUNT,  Decimal("1.5"),          NO_COUNT),
    (COUNT,  True,                    NO_COUNT),
    (COUNT,  "seven",                 NO_COUNT),
    (COUNT,  2**31,                   NO_COUNT),
    (COUNT,  10**40,                  NO_COUNT),
    (COUNT,  {},                      NO_COUNT),
    (AMOUNT, "abc",                   NO_AMOUNT),
    (AMOUNT, False,                   NO_AMOUNT),
    (AMOUNT, Decimal("NaN"),          NO_AMOUNT),
    (AMOUNT, "1e400",                 NO_AMOUNT),
    (AMOUNT, "9" * 200,               NO_AMOUNT),
    (AMOUNT, [1],                     NO_AMOUNT),
    (SWITCH, 1,                       NO_SWITCH),
    (SWITCH, "yes",                   NO_SWITCH),
    (SWITCH, {},                      NO_SWITCH),
    (TIME,   "yesterday",             NO_TIME),
    (TIME,   1767222000,              NO_TIME),
    (TIME,   "2026-13-01T00:00:00Z",  NO_TIME),
    (TIME,   "9999-12-31T23:59:59-23:00", NO_TIME),
    (TIME,   "2026-01-31T23:00:00Z" + " " * 100, NO_TIME),
    (DAY,    "2026-02-30",            NO_DAY),
    (DAY,    20260131,                NO_DAY),
    (TREE,   {"a": "x\0"},            "NUL"),
    (TREE,   "x" * 70_000,            "At most 65536 bytes"),
]  # fmt: skip


@pytest.mark.parametrize(("each", "value", "stored"), GOOD)
def test_a_good_value_is_taken_in_its_stored_form(each, value, stored):
    call = a_call()
    found = convert(call, each, "a", value)
    assert (found, type(found), call.faults) == (stored, type(stored), {})


@pytest.mark.parametrize(("each", "value", "words"), BAD)
def test_a_bad_value_is_a_fault_at_its_path_and_nothing_else(each, value, words):
    call = a_call()
    assert convert(call, each, "deep[0].a", value) is None
    ((path, messages),) = call.faults.items()
    assert path == "deep[0].a"
    assert words in messages[0]


def test_what_is_required_or_has_a_default_cannot_be_set_to_null():
    for name in ("name", "active"):
        call = a_call()
        convert(call, GADGET.field(name), name, None)
        assert call.faults == {name: ["A value is required."]}


def test_a_required_text_is_more_than_blanks():
    call = a_call()
    convert(call, GADGET.field("name"), "name", "  \t ")
    assert call.faults == {"name": ["A value is required."]}


def test_a_check_of_the_field_itself_adds_its_words():
    call = a_call()
    convert(call, document("a", check=lambda value: ["Not so.", "Nor so."]), "a", {})
    assert call.faults == {"a": ["Not so.", "Nor so."]}


# The whole body -------------------------------------------------------------------------------------


def test_names_are_matched_without_case():
    gadget, faults = written({"NAME": "New", "cOLOUR": "green", "ExternalIDs": {"CLIENT": "PO-1"}})
    assert (gadget.name, gadget.colour, gadget.external_ids_client, faults) == ("New", "Green", "PO-1", {})


def test_what_is_left_out_stays_and_null_clears():
    gadget, faults = written({"size": None})
    assert (gadget.size, gadget.name, faults) == (None, "Old", {})


def test_unknown_and_read_only_fields_are_not_looked_at():
    gadget, faults = written({"status": "Gone", "revision": 99, "id": 5, "nonsense": {"deep": []}, "audit": "x"})
    assert (gadget.status, gadget.revision, gadget.changed(), faults) == ("Draft", 3, [], {})


def test_faults_in_fields_that_are_not_the_callers_are_not_told():
    gadget, faults = written({"price": {"cost": "not a number"}, "verdict": "x\0"}, actor="client")
    assert (gadget.changed(), faults) == ([], {})


def test_a_field_is_only_written_in_the_states_of_its_rule():
    assert written({"colour": "Green"}, state="Judged")[0].colour == "Red"
    assert written({"colour": "Green"}, state="create")[0].colour == "Green"
    assert written({"verdict": 1}, actor="vendor", state="Draft")[0].verdict is None
    assert written({"verdict": 1}, actor="vendor", state="Judged")[0].verdict == 1


def test_all_faults_are_told_at_once_and_nothing_wrong_is_kept():
    gadget, faults = written({"name": 5, "size": -1, "active": "perhaps", "startsAt": "soon", "colour": "Green"})
    assert set(faults) == {"name", "size", "active", "startsAt"}
    assert (gadget.name, gadget.size, gadget.colour) == ("Old", 1, "Green")


@pytest.mark.parametrize("parent", ["text", 5, True, ["PO-1"]])
def test_a_parent_of_the_wrong_kind_is_one_fault(parent):
    gadget, faults = written({"externalIds": parent})
    assert (gadget.changed(), faults) == ([], {"externalIds": ["An object was expected."]})


def test_a_parent_that_is_null_clears_what_is_in_it():
    call, gadget = a_call(), a_gadget(external_ids_client="PO-1", external_ids_vendor="V-1")
    apply(call, gadget, Body({"externalIds": None}), "Draft")
    assert (gadget.external_ids_client, gadget.external_ids_vendor) == (None, "V-1")


MAKERS = "workshop/makers"


def test_a_reference_must_be_one_that_the_caller_may_see():
    gadget, faults = written({"maker": {"id": "MAK-0001"}}, known=[(MAKERS, "MAK-0001")])
    assert (gadget.maker_id, faults) == ("MAK-0001", {})
    gadget, faults = written({"maker": {"id": "MAK-0009"}}, known=[(MAKERS, "MAK-0001")])
    assert (gadget.maker_id, faults) == (None, {"maker.id": ["Maker 'MAK-0009' was not found."]})


@pytest.mark.parametrize("value", ["MAK-0001", {"name": "x"}, {"id": 5}, {"id": ""}, {"id": None}, [{"id": "x"}], 7])
def test_a_reference_is_an_object_with_an_id(value):
    _, faults = written({"maker": value})
    assert set(faults) == {"maker"}


def test_a_reference_set_to_null_is_taken_away():
    call, gadget = a_call(), a_gadget(maker_id="MAK-0001")
    apply(call, gadget, Body({"maker": None}), "Draft")
    assert gadget.maker_id is None


def test_a_list_of_references_is_a_whole_set_without_repeats():
    call, gadget = a_call(), a_gadget()
    call.visible.update({(MAKERS, "MAK-0001"), (MAKERS, "MAK-0002")})
    apply(call, gadget, Body({"friends": [{"id": "MAK-0002"}, {"id": "MAK-0001"}, {"id": "MAK-0002"}]}), "Draft")
    assert gadget.friends == ["MAK-0002", "MAK-0001"]
    assert call.links == {("friends", "GAD-0001-0001"): ["MAK-0002", "MAK-0001"]}


def test_faults_in_a_list_of_references_name_the_place():
    _, faults = written({"friends": [{"id": "MAK-0001"}, {"id": "MAK-0404"}, "x"]}, known=[(MAKERS, "MAK-0001")])
    assert set(faults) == {"friends[1].id", "friends[2]"}
    assert written({"friends": {"id": "MAK-0001"}})[1] == {"friends": ["A list was expected."]}


def test_only_references_that_the_caller_may_write_are_looked_up():
    body = Body({"maker": {"id": "M1"}, "friends": [{"id": "M2"}, {"id": 5}, None], "pieces": [{"id": "P"}]})
    assert list(referenced(a_call("client"), GADGET, None, body, "Draft")) == [(MAKERS, "M1"), (MAKERS, "M2")]
    assert list(referenced(a_call("vendor"), GADGET, None, body, "Draft")) == []
    there = a_gadget(maker_id="M1")
    assert list(referenced(a_call("client"), GADGET, there, body, "Draft")) == [(MAKERS, "M2")]


def test_what_was_loaded_beside_is_not_by_that_the_callers_to_name():
    call, gadget = a_call(), a_gadget(maker_id="MAK-0001")
    call.known.cores[MAKERS, "MAK-0002"] = {"id": "MAK-0002"}
    apply(call, gadget, Body({"maker": {"id": "MAK-0002"}}), "Draft")
    assert (gadget.maker_id, set(call.faults)) == ("MAK-0001", {"maker.id"})


def test_a_reference_may_be_left_as_it_is_whoever_sees_its_target():
    call, gadget = a_call(), a_gadget(maker_id="MAK-0001")
    apply(call, gadget, Body({"maker": {"id": "MAK-0001"}}), "Draft")
    assert (gadget.maker_id, call.faults) == ("MAK-0001", {})


@pytest.mark.parametrize("raw", [[], "text", 5, True, [{}]])
def test_a_body_is_an_object(raw):
    with pytest.raises(Invalid) as refusal:
        read_body(raw)
    assert refusal.value.errors == {"$": ["A JSON object was expected."]}


def test_no_body_and_null_are_an_empty_one():
    assert read_body(None).raw == read_body({}).raw == {}


def test_lists_of_objects_know_where_each_stands():
    call = a_call()
    found = Body({"Lines": [{"Id": 1}, 5, {"id": 2}]}).objects(call, "lines")
    assert found is not None
    assert [each.path("price") for each in found] == ["lines[0].price", "lines[2].price"]
    assert call.faults == {"lines[1]": ["An object was expected."]}
    assert Body({"lines": None}).objects(call, "lines") is None
    assert Body({"lines": 5}).objects(call, "lines") is None
    assert call.faults["lines"] == ["A list was expected."]


def test_an_id_is_a_text_that_a_database_can_hold():
    for bad in ({"id": "a\0b"}, {"id": 5}, {"id": ""}, {}):
        call = a_call()
        assert Body({"item": bad}).id_of(call, "item") is None
        assert call.faults == {"item.id": ["An id was expected."]}
    assert Body({"item": {"ID": "ITM-1"}}).id_of(a_call(), "Item") == "ITM-1"


def test_decimals_keep_their_digits_on_the_way_in():
    gadget, _ = written(decode(b'{"weight": 0.1000000000000000055511}') | {"weight": Decimal("0.10")})
    assert str(gadget.weight) == "0.10"
    assert written(decode(b'{"weight": 1.005}'))[0].weight == Decimal("1.005")


def test_a_call_stops_on_faults_with_all_of_them():
    call = a_call()
    call.stop_on_faults()
    call.fault("a", "one")
    call.fault("a", "two")
    call.fault("b", "three")
    with pytest.raises(Invalid) as refusal:
        call.stop_on_faults()
    assert refusal.value.problem("trace")["errors"] == {"a": ["one", "two"], "b": ["three"]}
    assert SimpleNamespace(**refusal.value.problem("trace")).status == 400
