"""Ids never repeat, look random, and none begins with 0000."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.kernel.ids import Ids, permute

KEY = b"k" * 32


@pytest.mark.parametrize("domain", [1, 2, 3, 7, 10, 64, 100, 257, 1000, 9_999])
def test_every_number_of_a_domain_is_given_exactly_once(domain):
    assert sorted(permute(n, domain, KEY) for n in range(domain)) == list(range(domain))


@given(st.integers(0, 10**12 - 1))
def test_a_permuted_number_stays_in_its_domain(number):
    assert 0 <= permute(number, 10**12, KEY) < 10**12


def test_other_keys_give_another_order():
    orders = {tuple(permute(n, 100, bytes([k]) * 32) for n in range(100)) for k in range(20)}
    assert len(orders) == 20


def test_neighbours_are_not_neighbours_afterwards():
    ids = Ids("ORD", 3)
    numbers = [int(ids.draw(n, KEY)[4:].replace("-", "")) for n in range(1000)]
    close = sum(abs(a - b) < 10**9 for a, b in pairwise(numbers))
    assert close < 20  # about 2 of 1000 by chance


@pytest.mark.parametrize(("prefix", "groups"), [("ORD", 3), ("PRD", 2), ("UNT", 1), ("ALI", 4)])
def test_an_id_is_a_prefix_and_groups_of_four_digits(prefix, groups):
    ids = Ids(prefix, groups)
    for counter in range(300):
        assert re.fullmatch(rf"{prefix}(-\d{{4}}){{{groups}}}", ids.draw(counter, KEY))


def test_no_id_begins_with_0000_even_when_all_are_drawn():
    """`ORD-0000-0000` is what the official client asks for to see a 404."""
    ids = Ids("UNT", 1)
    drawn = [ids.draw(n, KEY) for n in range(9_999)]
    assert len(set(drawn)) == 9_999
    assert "UNT-0000" not in drawn


@given(st.integers(0, 10**15))
def test_the_first_group_is_never_0000(counter):
    assert not Ids("PRD", 2).draw(counter, KEY).startswith("PRD-0000")


def test_two_kinds_draw_different_numbers_for_one_counter():
    drawn = {Ids(prefix, 3).draw(1, KEY)[4:] for prefix in ("ORD", "AGR", "SUB", "AST")}
    assert len(drawn) == 4


def test_a_child_carries_the_digits_of_its_parent():
    assert Ids("ALI", 4, child_of="agreement").child("AGR-1111-2222-3333", 7) == "ALI-1111-2222-3333-0007"
    assert Ids("ITM", 3, child_of="product").child("PRD-1111-2222", 12) == "ITM-1111-2222-0012"
