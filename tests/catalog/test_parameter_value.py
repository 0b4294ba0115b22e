import time
from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.catalog.parameter_value import (
    CHARACTERS_MAX,
    DEPTH_MAX,
    DISPLAY_MAX,
    MEMBERS_MAX,
    SHAPES,
    display,
    faults,
    is_empty,
    storage_faults,
)


@dataclass
class Definition:
    type: str = "SingleLineText"
    options: dict | None = None
    constraints: dict | None = None
    multiple: bool = False
    id: str = "PAR-4242-1717-0001"
    external_id: str | None = "companyName"
    name: str = "Company name"
    phase: str = "Order"
    scope: str = "Agreement"
    context: str | None = None


def listed(*values, **more):
    return {"optionsList": [{"label": value.title(), "value": value} for value in values], **more}


ADDRESS = {
    "addressLine1": "Long Lane 1",
    "postCode": "00-001",
    "city": "Warsaw",
    "state": "MZ",
    "country": "PL",
}
CONTACT = {
    "firstName": "Ada",
    "lastName": "Moss",
    "email": "ada@example.org",
    "phone": {"prefix": "+48", "number": "600700800"},
}

GOOD = [
    # type, options, value
    ("SingleLineText", None, "Northwind"),
    ("SingleLineText", {"minChar": 3, "maxChar": 3}, "abc"),
    ("SingleLineText", {"minChar": None, "maxChar": Decimal(3)}, "abc"),
    ("SingleLineText", {"minChar": "three", "maxChar": True}, "abcdef"),
    ("SingleLineText", {"pattern": r"^\d+$"}, "123"),
    ("SingleLineText", {"pattern": r"(?=look)around"}, "not tried"),
    ("SingleLineText", {"pattern": "("}, "not tried"),
    ("SingleLineText", {"pattern": ""}, "x"),
    ("SingleLineText", None, "x" * 4_000),
    ("MultiLineText", None, "one\ntwo"),
    ("MultiLineText", None, "x" * 100_000),
    ("Address", None, ADDRESS),
    ("Address", None, ADDRESS | {"addressLine2": None, "extra": 1}),
    ("Contact", None, CONTACT),
    ("Contact", None, {"name": "Ada Moss", "email": "ada@example.org", "phone": None}),
    ("Contact", {"phoneMandatory": True}, CONTACT),
    ("Contact", None, CONTACT | {"phone": {"prefix": None, "number": "1"}}),
    ("Checkbox", listed("yes", "no"), ["yes", "no"]),
    ("Checkbox", None, ["Yes"]),
    ("Checkbox", None, True),
    ("Choice", listed("yes", "no"), "no"),
    ("Choice", None, "free"),
    ("DropDown", listed("yes"), "yes"),
    ("Subdomain", {"domainSuffix": ".example.org"}, "north-wind"),
    ("Email", None, "ada.moss+test@mail.example.org"),
    ("Email", None, "ada@bücher.example"),
    ("DataObject", None, {"any": [1, 2.5, None, True, {"deep": "er"}]}),
    ("DataObject", None, 0),
    ("DataObject", {"objectType": "Xml"}, "<a/>"),
    ("Date", None, "2026-05-31"),
    ("Date", None, {"date": "2026-05-31"}),
    ("Date", None, {"start": "2026-05-31", "end": "2026-05-31"}),
    ("Date", {"dateRange": True}, {"start": "2026-05-31", "end": "2026-06-01"}),
    ("Date", {"dateRange": False}, {"date": "2026-05-31"}),
    ("Date", {"minAvailableDate": "2026-05-31", "maxAvailableDate": "2026-05-31"}, "2026-05-31"),
    ("Date", {"minAvailableDate": "soon"}, "2026-05-31"),
    ("DateAndTime", None, "2026-05-31T08:00:00.000Z"),
    ("DateAndTime", None, "2026-05-31T08:00"),
    ("DateAndTime", None, "2026-05-31T08:00:00.1234567+02:00"),
    ("Collection", None, [{"a": 1}, 2]),
    ("SomethingNew", None, {"any": "thing"}),
]


@pytest.mark.parametrize(("type_", "options", "value"), GOOD, ids=range(len(GOOD)))
def test_a_value_of_the_right_shape_has_no_faults(type_, options, value):
    assert faults(Definition(type_, options), value) == []


BAD = [
    # type, options, value, what the message says
    ("SingleLineText", None, 5, "text"),
    ("SingleLineText", None, True, "text"),
    ("SingleLineText", None, ["a"], "text"),
    ("SingleLineText", None, "one\ntwo", "single line"),
    ("SingleLineText", None, "x" * 4_001, "at most 4000"),
    ("SingleLineText", {"minChar": 3}, "ab", "at least 3"),
    ("SingleLineText", {"maxChar": 3}, "abcd", "at most 3"),
    ("SingleLineText", {"pattern": r"^\d+$"}, "12a", "pattern"),
    ("SingleLineText", None, "a\0b", "NUL"),
    ("SingleLineText", None, "a\ud800b", "half a character"),
    ("MultiLineText", {"minChar": 3}, "ab", "at least 3"),
    ("MultiLineText", None, "x" * 100_001, "at most"),
    ("Address", None, "Long Lane 1", "an address"),
    ("Address", None, ADDRESS | {"city": " "}, "city is required"),
    ("Address", None, ADDRESS | {"city": 5}, "city must be text"),
    ("Address", None, {"addressLine1": "x"}, "postCode is required"),
    ("Contact", None, "Ada", "a contact"),
    ("Contact", None, {"email": "bad"}, "email: Must be"),
    ("Contact", None, {"email": "bad"}, "e-mail"),
    ("Contact", None, {"title": "x"}, "A name, an email or a phone is required."),
    ("Contact", None, CONTACT | {"phone": "+48 600"}, "phone: Must be"),
    ("Contact", None, CONTACT | {"phone": {"prefix": "+48"}}, "number is required"),
    ("Contact", {"phoneMandatory": True}, CONTACT | {"phone": None}, "phone is required"),
    ("Contact", {"phoneMandatory": True}, CONTACT | {"phone": {"number": ""}}, "phone is required"),
    ("Checkbox", listed("yes"), "yes", "list of option values"),
    ("Checkbox", listed("yes"), True, "list of option values"),
    ("Checkbox", listed("yes"), ["no"], "one of the options"),
    ("Checkbox", listed("yes"), ["yes", "yes"], "twice"),
    ("Checkbox", listed("yes"), [["yes"]], "value of an option"),
    ("Checkbox", listed("yes"), ["yes", {}], "value of an option"),
    ("Choice", listed("yes"), "Yes", "one of the options"),
    ("Choice", listed("yes"), ["yes"], "value of an option"),
    ("DropDown", listed("yes"), "no", "one of the options"),
    ("Subdomain", None, "north.wind", '"."'),
    ("Subdomain", None, "north wind", '"."'),
    ("Subdomain", None, "x" * 64, "at most 63"),
    ("Subdomain", None, 1, "text"),
    ("Email", None, "bad", "e-mail"),
    ("Email", None, "@example.org", "e-mail"),
    ("Email", None, "a b@example.org", "e-mail"),
    ("Email", None, "a@b@example.org", "e-mail"),
    ("Email", None, "a@localhost", "e-mail"),
    ("Email", None, "a@example..org", "e-mail"),
    ("Email", None, "x" * 65 + "@example.org", "e-mail"),
    ("Email", None, "a@exam ple.org", "e-mail"),
    ("Email", None, "Ada <ada@example.org>", "e-mail"),
    ("Email", None, 3, "text"),
    ("DataObject", {"objectType": "Xml"}, {"a": 1}, "XML"),
    ("DataObject", None, {"a": "\0"}, "NUL"),
    ("DataObject", None, {"\0": 1}, "NUL"),
    ("DataObject", None, [0] * (MEMBERS_MAX + 1), "members"),
    ("DataObject", None, [[]] * (MEMBERS_MAX + 1), "members"),
    ("DataObject", None, ["x" * 1_001] * 100, "characters"),
    ("DataObject", None, {"n": float("nan")}, "numbers"),
    ("DataObject", None, 10**60, "numbers"),
    ("DataObject", None, Decimal("1E+500"), "numbers"),
    ("DataObject", None, {1: 2}, "JSON"),
    ("DataObject", None, {"a": {1, 2}}, "JSON"),
    ("Date", None, "31.05.2026", "a date"),
    ("Date", None, "20260531", "a date"),
    ("Date", None, "2026-02-30", "a date"),
    ("Date", None, "2026-05-31T00:00:00Z", "a date"),
    ("Date", None, 20260531, "a date"),
    ("Date", None, {"start": "2026-05-31"}, "a date"),
    ("Date", None, {"date": 1}, "a date"),
    ("Date", None, {"start": "2026-06-01", "end": "2026-05-31"}, "end before"),
    ("Date", {"dateRange": True}, "2026-05-31", "a start and an end"),
    ("Date", {"dateRange": False}, {"start": "2026-05-31", "end": "2026-06-01"}, "one date"),
    ("Date", {"minAvailableDate": "2026-06-01"}, "2026-05-31", "before 2026-06-01"),
    ("Date", {"maxAvailableDate": "2026-05-31"}, {"start": "2026-05-31", "end": "2026-06-01"}, "after"),
    ("DateAndTime", None, "2026-05-31", "a date and a time"),
    ("DateAndTime", None, "2026-05-31T25:00", "a date and a time"),
    ("DateAndTime", {"maxAvailableDate": "2026-05-30"}, "2026-05-31T08:00Z", "after"),
    ("DateAndTime", None, 5, "a date and a time"),
    ("Collection", None, {"a": 1}, "list"),
    ("Heading", None, "x", "no value"),
]


@pytest.mark.parametrize(("type_", "options", "value", "said"), BAD, ids=range(len(BAD)))
def test_a_value_of_the_wrong_shape_is_told_so(type_, options, value, said):
    assert said in " ".join(faults(Definition(type_, options), value))


EMPTY = [None, "", "  \n", [], {}, [None, ""], {"a": None, "b": {"c": " "}}, [[[]]]]
FULL = [0, False, "x", [0], {"a": False}, Decimal(0), {"a": [None, "x"]}]


@pytest.mark.parametrize("value", EMPTY, ids=repr)
def test_an_empty_value_is_empty_and_faultless_and_shows_nothing(value):
    assert is_empty(value)
    for type_ in SHAPES:
        assert faults(Definition(type_, multiple=True), value) == []
        assert display(Definition(type_), value) is None


@pytest.mark.parametrize("value", FULL, ids=repr)
def test_false_and_zero_are_values(value):
    assert not is_empty(value)


SEVERAL = [
    # type, capacity, value, what the message says
    ("SingleLineText", None, ["a", "b"], ""),
    ("SingleLineText", None, "a", "Must be a list"),
    ("SingleLineText", None, ["a", 5, None], "Value 2: Must be text. Value 3: Must be text."),
    ("SingleLineText", {"max": 1}, ["a", "b"], "at most 1 values"),
    ("SingleLineText", {"min": 2, "max": 3}, ["a"], "2 to 3 values"),
    ("SingleLineText", {"min": 2, "max": 3}, ["a", "b", "c"], ""),
    ("SingleLineText", {"min": None, "max": None}, ["a"] * 100, ""),
    ("SingleLineText", {"max": 500}, ["a"] * 101, "at most 100 values"),
    ("SingleLineText", "junk", ["a"], ""),
    ("Address", None, [ADDRESS, ADDRESS], ""),
    ("Address", None, ADDRESS, "Must be a list"),
    ("Date", None, ["2026-05-31", "soon"], "Value 2: Must be a date"),
    ("Checkbox", {"max": 1}, ["a", "b"], "at most 1 values"),
    ("Checkbox", None, ["a", "b"], ""),
]


@pytest.mark.parametrize(("type_", "capacity", "value", "said"), SEVERAL)
def test_a_parameter_that_takes_several_values_takes_a_list_within_its_capacity(type_, capacity, value, said):
    found = faults(Definition(type_, constraints={"capacity": capacity}, multiple=True), value)
    assert said in " ".join(found)
    assert bool(found) is bool(said)


def test_the_capacity_of_the_instance_goes_before_the_definitions():
    definition = Definition(constraints={"capacity": {"max": 1}}, multiple=True)
    assert faults(definition, ["a", "b"])
    assert faults(definition, ["a", "b"], {"capacity": {"max": 2}}) == []


SHOWN = [
    # type, multiple, value, displayed
    ("SingleLineText", False, "Northwind", "Northwind"),
    ("SingleLineText", True, ["a", "b"], "a, b"),
    ("Checkbox", False, ["Yes", "No"], "Yes, No"),
    ("Checkbox", False, True, "true"),
    ("Choice", False, "yes", "yes"),
    ("Address", False, ADDRESS | {"addressLine2": None}, "Long Lane 1, 00-001, Warsaw, MZ, PL"),
    ("Contact", False, CONTACT, "Ada Moss, ada@example.org, +48 600700800"),
    ("Contact", False, {"name": "Ada Moss", "email": "ada@example.org"}, "Ada Moss, ada@example.org"),
    ("Contact", False, {"email": "bad"}, "bad"),
    ("Date", False, "2026-05-31", "2026-05-31"),
    ("Date", False, {"date": "2026-05-31"}, "2026-05-31"),
    ("Date", False, {"start": "2026-05-31", "end": "2026-06-01"}, "2026-05-31 - 2026-06-01"),
    ("DataObject", False, {"a": [1, Decimal("1.50"), "ü"]}, '{"a":[1,1.50,"ü"]}'),
    ("DataObject", False, {}, None),
    ("DataObject", False, "text", "text"),
    ("Collection", False, [1, 2], "[1,2]"),
    ("SingleLineText", False, 5, "5"),
    ("MultiLineText", False, "x" * 5_000, "x" * DISPLAY_MAX),
    ("SingleLineText", False, "a\0", None),
]


@pytest.mark.parametrize(("type_", "multiple", "value", "shown"), SHOWN, ids=range(len(SHOWN)))
def test_a_value_is_shown_as_one_flat_string(type_, multiple, value, shown):
    assert display(Definition(type_, multiple=multiple), value) == shown


def test_nothing_is_kept_that_is_deeper_than_the_bound():
    value = "x"
    for _ in range(DEPTH_MAX):
        value = [value]
    assert storage_faults(value) == []
    assert "levels deep" in storage_faults([value])[0]


def test_a_very_deep_or_very_large_value_is_judged_without_falling_over():
    deep = "x"
    for _ in range(100_000):
        deep = [deep]
    assert faults(Definition("DataObject"), deep)
    assert faults(Definition("DataObject"), "x" * (CHARACTERS_MAX + 1))
    assert display(Definition("DataObject"), deep) is None


def test_a_cruel_pattern_does_not_hold_up_an_order():
    definition = Definition(options={"pattern": r"^(a|aa)+$.*a.{300}!|b"}, multiple=True)
    started = time.process_time()
    assert faults(definition, ["a" * 990 + "!"] * 100)
    assert time.process_time() - started < 1


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.decimals(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text() | st.sampled_from(["date", "start", "end", "email", "phone", "number", "city", "country"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
option_keys = st.sampled_from(
    [
        "minChar",
        "maxChar",
        "pattern",
        "optionsList",
        "phoneMandatory",
        "dateRange",
        "minAvailableDate",
        "objectType",
    ]
)


@given(
    st.sampled_from([*SHAPES, "Other"]),
    st.none() | st.dictionaries(option_keys, json_values),
    st.none() | st.dictionaries(st.just("capacity"), json_values),
    st.booleans(),
    json_values,
)
def test_no_value_and_no_options_make_the_rules_fall_over(type_, options, constraints, multiple, value):
    definition = Definition(type_, options, constraints, multiple)
    assert all(isinstance(each, str) for each in faults(definition, value))
    shown = display(definition, value)
    assert shown is None or 0 < len(shown) <= DISPLAY_MAX
