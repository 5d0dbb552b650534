"""Swedish identity numbers are found wherever they stand, and other numbers mostly are not."""

import random
import re
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from flaskr.errors import TextError
from flaskr.values.identity_numbers import (
    POSSIBLE,
    has_identity_number,
    without_identity_numbers,
)
from flaskr.values.text import clean_reference, stored_reference

KNOWN = (  # published examples of the tax agency
    "640823-3234",
    "6408233234",
    "19640823-3234",
    "196408233234",
    "640823+3234",
    "640823 3234",
    "640823 - 3234",
    "640823\u20133234",
    "640823\u20143234",
    "640823\uff0d3234",
    "640823\u00a03234",
    "\uff16\uff14\uff10\uff18\uff12\uff13-3234",
    "640883-3231",  # samordningsnummer
    "19640883-3231",
    "64082\u200b33234",
)
OTHERS = (
    "640823-3235",  # another check digit
    "641323-3234",  # no such month
    "640832-3234",  # no such day
    "640893-3231",
    "29990823-3234",
    "556036-0793",  # an organisation
    "5560360793",
    "165560360793",
    "C-2024-000123",
    "1234567890",
    "+46 70 123 45 67",
    "0701234567",
    "2024-03-01 1 200,00",
    "6408233234999",
    "96640823323",
    "",
)
words = st.text("abcåäö ,.()/:", max_size=10)


def check_digit(nine: str) -> str:
    """The Luhn digit, by its definition: the sum of all digits, doubled from the right."""
    total = 0
    for place, digit in enumerate(reversed(nine)):
        doubled = int(digit) * 2 if place % 2 == 0 else int(digit)
        total += sum(map(int, str(doubled)))
    return str(-total % 10)


@st.composite
def identity_numbers(draw) -> str:
    born = draw(st.dates(date(1910, 1, 1), date(2025, 12, 31)))
    day = born.day + draw(st.sampled_from((0, 60)))
    nine = f"{born:%y%m}{day:02d}{draw(st.integers(1, 999)):03d}"
    century = draw(st.sampled_from(("", str(born.year)[:2])))
    mark = draw(st.sampled_from(("", "-", "+", " ", " - ")))
    return f"{century}{nine[:6]}{mark}{nine[6:]}{check_digit(nine)}"


@pytest.mark.parametrize("text", KNOWN)
def test_known_numbers_are_found(text):
    assert has_identity_number(text)
    assert has_identity_number(f"Ring {text}, tack")


@pytest.mark.parametrize("text", OTHERS)
def test_other_numbers_are_not_found(text):
    assert not has_identity_number(text)
    assert without_identity_numbers(text) == text


@given(identity_numbers(), words, words)
def test_a_number_is_found_wherever_it_stands_and_taken_out(number, before, after):
    text = f"{before}{number}{after}"

    assert has_identity_number(text)
    hidden = without_identity_numbers(text)
    assert not has_identity_number(hidden)
    assert re.sub("[0-9]", "*", text) == re.sub("[0-9]", "*", hidden)
    assert pc.match_substring_regex(pa.array([text]), POSSIBLE).to_pylist() == [True]


@given(identity_numbers(), st.integers(1, 9))
def test_one_other_digit_makes_it_another_number(number, step):
    other = number[:-1] + str((int(number[-1]) + step) % 10)

    assert not has_identity_number(other)


@given(st.text(max_size=40))
def test_any_text_is_read(text):
    assume(not has_identity_number(text))
    assert without_identity_numbers(text) == text


def test_few_other_numbers_of_ten_digits_are_found():
    made = random.Random(7)  # noqa: S311
    numbers = [f"{made.randrange(10**10):010d}" for _ in range(20_000)]
    days = [f"{date(2024, 1, 1) + timedelta(days=n % 700)} {n * 10}.00" for n in range(20_000)]

    assert sum(map(has_identity_number, numbers)) < 200  # the dates are a tenth, and a digit
    assert not any(map(has_identity_number, days))


@pytest.mark.parametrize("text", ["640823-3234", "H-19640823-3234", "6408233234"])
def test_a_new_reference_with_one_is_refused_without_repeating_it(text):
    with pytest.raises(TextError, match="looks like a Swedish identity number") as refusal:
        clean_reference(text)

    assert "3234" not in str(refusal.value)
    assert stored_reference(text) == text  # one that the book has stays readable
