from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaskr.files.writers.frames import INSTANT_TYPE, local_days
from flaskr.values.calendar import day_end_in

ZONES = ("Europe/Stockholm", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "UTC")
BEFORE = datetime(2024, 3, 30, 22, 59, 59, 999_999, tzinfo=UTC)  # the clocks change next night

around_midnight = st.builds(
    lambda zone, day, microseconds: day_end_in(ZoneInfo(zone), day) + timedelta(0, 0, microseconds),
    st.sampled_from(ZONES),
    st.dates(date(1970, 1, 1), date(2100, 1, 1)),
    st.integers(-2, 2),
)
anywhere = st.datetimes(
    datetime(1970, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


def days_of(moments: list[datetime | str], zone: str) -> list[date]:
    kind = pa.string() if isinstance(moments[0], str) else INSTANT_TYPE
    return local_days(pa.array(moments, kind), ZoneInfo(zone)).to_pylist()


@given(st.sampled_from(ZONES), st.lists(around_midnight | anywhere, min_size=1, max_size=20))
def test_an_instant_is_on_the_local_day_that_has_not_ended(zone, moments):
    assert days_of(moments, zone) == [
        moment.astimezone(ZoneInfo(zone)).date() for moment in moments
    ]


def test_a_day_ends_at_local_midnight_in_winter_and_in_summer():
    summer = datetime(2024, 3, 31, 22, tzinfo=UTC)
    moments = [BEFORE, BEFORE + timedelta(0, 0, 1), summer - timedelta(0, 0, 1), summer]

    assert [str(day) for day in days_of(moments, "Europe/Stockholm")] == [
        "2024-03-30",
        "2024-03-31",
        "2024-03-31",
        "2024-04-01",
    ]


def test_instants_may_be_text_as_sqlite_stores_them():
    assert days_of(["2024-03-31 22:00:00.000000"], "Europe/Stockholm") == [date(2024, 4, 1)]


@pytest.mark.parametrize("zone", ["Europe/Stockholm", "America/New_York"])
def test_the_first_and_the_last_instants_stay_within_the_calendar(zone):
    ends = [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]

    assert days_of(ends, zone) == [date.min, date.max]


def test_no_instants_have_no_days():
    assert len(local_days(pa.array([], INSTANT_TYPE), ZoneInfo("Europe/Stockholm"))) == 0
