from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.kernel.money import percent, rounded, to_decimal

TAKEN = [
    # given, read
    (20, "20"),
    (-3, "-3"),
    ("20.0", "20.0"),
    ("0.20", "0.20"),
    (" 7 ", "7"),
    ("1e3", "1000"),
    ("+5.", "5"),
    (1.5, "1.5"),
    (0.1, "0.1"),
    (Decimal("118.50"), "118.50"),
    (Decimal("1E+3"), "1000"),
    (Decimal("-0.00"), "0"),
    (Decimal("0E+999"), "0"),
    (10**15, "1000000000000000"),
    (Decimal("1E+15"), "1000000000000000"),
    (Decimal("0.000000000001"), "1E-12"),
    (Decimal("1.50000000000000000"), "1.500000000000"),
]


@pytest.mark.parametrize(("given_", "read"), TAKEN)
def test_a_number_is_read_with_its_digits(given_, read):
    assert str(to_decimal(given_)) == read


REFUSED = [
    # given, what the message says
    ("NaN", "number"),
    ("Infinity", "number"),
    (Decimal("NaN"), "number"),
    (Decimal("sNaN"), "number"),
    (Decimal("-Infinity"), "number"),
    (float("nan"), "number"),
    (float("inf"), "number"),
    (True, "number"),
    (None, "number"),
    ([], "number"),
    ({}, "number"),
    ("", "number"),
    (".", "number"),
    ("1_000", "number"),
    ("1,5", "number"),
    ("٣", "number"),
    ("0x10", "number"),
    ("9" * 61, "number"),
    (10**15 + 1, "10^15"),
    (-(10**5000), "10^15"),
    ("1e16", "10^15"),
    (1e300, "10^15"),
    (Decimal("1E+999999999"), "10^15"),
    (Decimal("1000000000000000.1"), "10^15"),
    (Decimal("0.0000000000001"), "12 decimals"),
    (Decimal("1E-999999999"), "12 decimals"),
    (0.1 + 0.2, "12 decimals"),
    (Decimal("1." + "1" * 70), "60 digits"),
]


@pytest.mark.parametrize(("given_", "said"), REFUSED, ids=range(len(REFUSED)))
def test_what_is_no_sensible_number_is_refused_in_few_words(given_, said):
    with pytest.raises(ValueError, match=r"^Must ") as refusal:
        to_decimal(given_)
    assert said in str(refusal.value)


ROUNDED = [
    # amount, precision, result
    ("0.125", 2, "0.13"),
    ("-0.125", 2, "-0.13"),
    ("0.124999", 2, "0.12"),
    ("2.5", 0, "3"),
    ("3.5", 0, "4"),
    ("-0.001", 2, "0.00"),
    ("7", 2, "7.00"),
    ("1.005", 2, "1.01"),
    ("123456789012345678901234567890.5", 0, "123456789012345678901234567891"),
]


@pytest.mark.parametrize(("amount", "precision", "result"), ROUNDED)
def test_amounts_are_rounded_half_up(amount, precision, result):
    assert str(rounded(Decimal(amount), precision)) == result


@pytest.mark.parametrize(
    ("amount", "shown"), [("20.00", "20"), ("100", "100"), ("0", "0"), ("1.96078431372549", "1.9607843137")]
)
def test_a_percentage_keeps_ten_decimals_and_no_idle_zeros(amount, shown):
    assert str(percent(Decimal(amount))) == shown


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.decimals() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(anything)
def test_whatever_is_sent_is_a_bounded_decimal_or_a_value_error(value):
    try:
        number = to_decimal(value)
    except ValueError:
        return
    assert abs(number) <= 10**15
    assert -12 <= number.as_tuple().exponent <= 0


@given(st.decimals(-(10**15), 10**15, places=6), st.integers(0, 6))
def test_a_reduction_is_rounded_like_the_purchase_it_undoes(amount, precision):
    assert rounded(-amount, precision) == -rounded(amount, precision)
