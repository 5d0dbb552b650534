from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaskr.errors import DateError
from flaskr.values.written_days import read_day

STOCKHOLM = ZoneInfo("Europe/Stockholm")
DAY = date(2024, 1, 31)


@pytest.mark.parametrize(
    "text",
    [
        *("2024-01-31", "31.01.2024", "31.1.2024", "20240131", "2024/01/31", "2024-1-31"),
        *("2024.01.31", "31/01/2024", "01/31/2024", "31-01-2024", "31 Jan 2024", "31-Jan-2024"),
        *("31 januari 2024", "31. jan. 2024", "January 31, 2024", "Jan 31 2024", " 31 JAN 2024 "),
        *("2024-01-31 00:00:00", "2024-01-31T00:00:00.000000", "2024-01-31T00:00"),
        *("31.01.2024 00:00", "2024-01-31T00:00:00+01:00", "2024-01-30T23:00:00Z"),
        *("2024-01-30 23:00:00.000000Z", "2024-01-31 00:00:00+0100", "31/01/2024 0:00:00"),
    ],
)
def test_a_day_with_one_reading_is_read(text):
    assert read_day(text, STOCKHOLM) == DAY


@pytest.mark.parametrize(
    "text", ["05/01/2024", "5/1/2024", "05-01-2024", "1-12-2024", "05/01/2024 00:00:00"]
)
def test_a_day_with_two_readings_is_refused_until_the_order_is_chosen(text):
    with pytest.raises(DateError, match="Choose the order of days and months"):
        read_day(text, STOCKHOLM)


@given(st.dates(date(1900, 1, 1), date(2200, 1, 1)), st.sampled_from("/-"))
def test_a_day_is_read_in_the_order_that_the_file_has(day, mark):
    assert read_day(day.strftime(f"%d{mark}%m{mark}%Y"), STOCKHOLM, True) == day
    assert read_day(day.strftime(f"%m{mark}%d{mark}%Y"), STOCKHOLM, False) == day


@given(st.dates(date(1900, 1, 1), date(2200, 1, 1)))
def test_a_day_with_dots_or_equal_numbers_needs_no_order(day):
    assert read_day(day.strftime("%d.%m.%Y"), STOCKHOLM) == day
    same = date(day.year, day.month, day.month)
    assert read_day(same.strftime("%d/%m/%Y"), STOCKHOLM) == same


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("31/01/24", "four digits"),
        ("24-01-31", "four digits"),
        ("31-jan-24", "four digits"),
        ("30/02/2024", "does not exist"),
        ("20241301", "does not exist"),
        ("1899-12-31", "does not exist"),
        ("2024-01-31 13:45", "time of day"),
        ("2024-01-31T00:00:00Z", "time of day"),
        ("2024-01-31T00:00:01", "time of day"),
        ("2024-01", "Write the date"),
        ("45322", "Write the date"),
        ("31 smarch 2024", "Write the date"),
        ("soon", "Write the date"),
        ("٣١.٠١.٢٠٢٤", "Write the date"),
    ],
)
def test_any_other_text_is_refused_with_what_to_do(text, said):
    with pytest.raises(DateError, match=said):
        read_day(text, STOCKHOLM)


def test_a_day_out_of_the_order_of_the_file_is_refused():
    with pytest.raises(DateError, match="does not exist"):
        read_day("31/01/2024", STOCKHOLM, is_day_first=False)


def test_a_time_that_the_file_does_not_show_is_left_out():
    assert read_day("2024-01-31T13:45:00", STOCKHOLM, hides_time=True) == DAY


@given(st.text())
def test_any_other_text_is_a_day_or_refused(text):
    try:
        day = read_day(text, STOCKHOLM)
    except DateError:
        return

    assert day.year >= 1900


def test_dots_say_that_the_day_comes_first_whatever_the_order_of_slashes():
    assert read_day("05.01.2024", STOCKHOLM, False) == date(2024, 1, 5)
    assert read_day("05/01/2024", STOCKHOLM, False) == date(2024, 5, 1)
