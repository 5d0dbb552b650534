from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaskr.files.readers.numbers import shortest_digits, without_float_noise

MOST = 99_999_999_999_999  # in öre: 12 digits before the decimals


@given(first=st.integers(-MOST, MOST), second=st.integers(-MOST, MOST))
def test_each_amount_of_a_float_keeps_its_digits(first, second):
    amount = Decimal(first) / 100

    assert Decimal(without_float_noise(shortest_digits(repr(float(amount))))) == amount


@given(first=st.integers(1, 10**9), second=st.integers(1, 10**9))
def test_a_sum_of_amounts_in_floats_is_the_sum_of_the_amounts(first, second):
    digits = shortest_digits(repr(first / 100 + second / 100))

    assert Decimal(without_float_noise(digits)) == Decimal(first + second) / 100


@pytest.mark.parametrize(
    ("digits", "expected"),
    [
        ("300.29999999999995", "300.3"),
        ("434.99999999999994", "435"),
        ("-0.30000000000000004", "-0.3"),
        ("33.333333333333336", "33.333333333333336"),
        ("1234567890.123456", "1234567890.123456"),
        ("0.0000001", "0.0000001"),
        ("123456789012345.67", "123456789012345.67"),
        ("100000000000000.01", "100000000000000.01"),
        ("999999999999.9999", "1000000000000"),
        ("\0A spreadsheet keeps 15 digits. Type it.", "\0A spreadsheet keeps 15 digits. Type it."),
        ("1.0000000000000002e-7", "1.0000000000000002e-7"),
    ],
)
def test_noise_behind_the_fifteenth_digit_is_left_out_and_nothing_else_is(digits, expected):
    assert without_float_noise(digits) == expected
