from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from flaskr.values.calendar import day_end, local_day, today

ZONES = (
    "Europe/Stockholm",
    "America/Sao_Paulo",  # midnight itself was skipped each spring
    "Africa/Cairo",
    "America/Havana",  # midnight came twice each autumn
    "Pacific/Apia",  # skipped 2011-12-30
    "Pacific/Kiritimati",
    "Etc/GMT+12",
    "UTC",
)


def clock_of(zone: str) -> Flask:
    app = Flask("clock")
    app.config["BOOK_TIME_ZONE"] = zone
    return app


@given(st.dates(), st.sampled_from(ZONES))
def test_a_day_ends_with_the_first_instant_that_is_not_in_it(day, zone):
    with clock_of(zone).app_context():
        end = day_end(day)

        assert end.tzinfo is UTC
        if end.year < 9999:
            assert local_day(end) > day
            assert local_day(end - timedelta(microseconds=1)) <= day


@given(st.dates(), st.dates(), st.sampled_from(ZONES))
def test_later_days_never_end_earlier(one, other, zone):
    with clock_of(zone).app_context():
        assert day_end(min(one, other)) <= day_end(max(one, other))


@pytest.mark.parametrize(
    ("day", "end"),
    [
        (date(2024, 12, 31), datetime(2024, 12, 31, 23, tzinfo=UTC)),
        (date(2024, 6, 30), datetime(2024, 6, 30, 22, tzinfo=UTC)),
        (date(2024, 3, 31), datetime(2024, 3, 31, 22, tzinfo=UTC)),  # 23 hours long
        (date(2024, 10, 27), datetime(2024, 10, 27, 23, tzinfo=UTC)),  # 25 hours long
    ],
)
def test_days_end_at_midnight_in_stockholm(day, end):
    with clock_of("Europe/Stockholm").app_context():
        assert day_end(day) == end


def test_a_date_skipped_by_the_time_zone_ends_with_the_day_before():
    with clock_of("Pacific/Apia").app_context():
        assert day_end(date(2011, 12, 29)) == day_end(date(2011, 12, 30))


@pytest.mark.parametrize("day", [date.max, date.max - timedelta(days=1)])
def test_the_last_days_of_all_have_an_end_that_databases_can_hold(day):
    with clock_of("Etc/GMT+12").app_context():
        assert day_end(day) == datetime.max.replace(tzinfo=UTC)


def test_today_is_the_day_in_the_books_own_time_zone():
    with (
        clock_of("Europe/Stockholm").app_context(),
        time_machine.travel(datetime(2024, 12, 31, 23, 30, tzinfo=UTC), tick=False),
    ):
        assert today() == date(2025, 1, 1)
