"""How many seats may be held, and when there may be fewer: rules on plain values."""

from datetime import UTC, datetime, timedelta

import pytest

from entrepot.catalog.seat_rules import check, may_decrease, may_end, opens, quantity_fault, rules_of, told

START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)

DECREASES = [
    # what is declared of `decrease`                 term   days after the start   fewer?
    (None,                                           None,    100,                 True),
    (None,                                           "1m",    100,                 True),
    (None,                                           "1y",      6,                 True),
    (None,                                           "1y",      7,                 False),
    (None,                                           "1y",    334,                 False),
    (None,                                           "1y",    335,                 True),
    (None,                                           "3y",    100,                 False),
    ({},                                             "1y",    100,                 False),
    ({"anyTime": True},                              "1y",    100,                 True),
    ({"anyTime": False},                             "1m",    100,                 False),
    ({"daysAfterStart": 0},                          "1y",      0,                 False),
    ({"daysAfterStart": 30},                         "1y",     29,                 True),
    ({"daysBeforeEnd": 0},                           "1y",    364,                 False),
    ({"daysBeforeEnd": 366, "daysAfterStart": 0},    "3y",      0,                 True),
]  # fmt: skip


@pytest.mark.parametrize(("declared", "term", "days", "allowed"), DECREASES)
def test_fewer_seats(declared, term, days, allowed):
    rules = rules_of({} if declared is None else {"decrease": declared}, term)
    assert may_decrease(rules, START + timedelta(days=days), START, END) is allowed
    assert rules.declares_decrease is (declared is not None)


ENDS = [
    # what is declared                                          term   days on   may it end?
    ({},                                                        None,    100,    True),
    ({},                                                        "1y",      6,    True),
    ({},                                                        "1y",    100,    False),
    ({},                                                        "1y",    340,    True),
    ({"earlyTermination": True},                                "1y",    100,    True),
    ({"earlyTermination": True, "decrease": {}},                "3y",    100,    True),
    ({"earlyTermination": False},                               "1m",    100,    False),
    ({"earlyTermination": False, "decrease": {"anyTime": True}}, "1y",   100,    False),
    ({"earlyTermination": False, "decrease": {"anyTime": True}}, "1y",     6,    True),
    ({"decrease": {"anyTime": True}},                           "1y",    100,    True),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "term", "days", "allowed"), ENDS)
def test_the_end_before_a_term_ends(settings, term, days, allowed):
    rules = rules_of(settings, term)
    assert may_end(rules, START + timedelta(days=days), START, END) is allowed
    assert rules.declares_end is bool(settings)


def test_rules_are_told_as_they_hold():
    assert told(rules_of({}, "1y")) == {
        "requires": [],
        "increase": {"anyTime": True},
        "decrease": {"anyTime": False, "daysAfterStart": 7, "daysBeforeEnd": 30},
        "earlyTermination": False,
    }
    declared = {"minQuantity": 1, "maxQuantity": 300, "requires": [{"id": "ITM-1"}], "decrease": {"daysAfterStart": 14}}
    assert told(rules_of(declared, "1m")) == declared | {
        "increase": {"anyTime": True},
        "decrease": {"anyTime": True, "daysAfterStart": 14, "daysBeforeEnd": 30},
        "earlyTermination": True,
    }


def test_without_a_term_that_is_known_nothing_opens():
    rules = rules_of({}, "1y")
    assert not may_decrease(rules, START, None, None) and opens(rules, None) is None
    assert opens(rules, END) == END - timedelta(days=30)


QUANTITIES = [
    # least, most,  asked   what is said
    (None,   None,     1,   None),
    (None,   300,    300,   None),
    (None,   300,    500,   'Quantity 500 exceeds maximum of 300 for "Mail"'),
    (5,      None,     4,   'Quantity 4 is below minimum of 5 for "Mail"'),
    (5,      300,      5,   None),
]  # fmt: skip


@pytest.mark.parametrize(("least", "most", "asked", "words"), QUANTITIES)
def test_bounds(least, most, asked, words):
    assert quantity_fault(rules_of({"minQuantity": least, "maxQuantity": most}, "1y"), asked, "Mail") == words


SETTINGS = [
    # what a vendor writes                                              how many faults
    ({},                                                                0),
    ({"minQuantity": 1, "maxQuantity": 300, "requires": [{"id": "ITM-1"}], "decrease": {"daysAfterStart": 7}}, 0),
    ([],                                                                1),
    ({"minQuantity": -1, "maxQuantity": "many"},                        2),
    ({"minQuantity": 9, "maxQuantity": 3},                              1),
    ({"requires": "ITM-1"},                                             1),
    ({"requires": ["ITM-1"]},                                           1),
    ({"decrease": 5},                                                   1),
    ({"earlyTermination": "no"},                                        1),
    ({"decrease": {"anyTime": 1, "daysAfterStart": 1000, "daysBeforeEnd": True}}, 3),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "faults"), SETTINGS)
def test_what_a_vendor_declares_is_checked(settings, faults):
    assert len(check(settings)) == faults


@pytest.mark.parametrize("settings", [None, {"decrease": 5, "requires": {"id": 1}, "minQuantity": True}])
def test_what_came_some_other_way_and_says_nothing_rules_nothing(settings):
    assert rules_of(settings, None) == rules_of({}, None)
