"""Days and instants in the book's time zone: today, the end of a day, and dates as text."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import current_app

from flaskr.errors import DateError

_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_EARLIEST_YEAR = 1900  # an earlier year is a typing error, and a ledger keeps it forever


def parse_day(text: str) -> date:
    """Parse a date written as 2026-01-31; raises DateError for anything else."""
    try:
        day = date.fromisoformat(text) if _ISO_DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None or day.year < _EARLIEST_YEAR:
        raise DateError(f"“{text[:20]}” is not a date; write it as 2026-01-31.")
    return day


def book_zone() -> ZoneInfo:
    """Return the time zone that the book's days are in."""
    return ZoneInfo(current_app.config["BOOK_TIME_ZONE"])


def utc_now() -> datetime:
    """Return the current instant, in UTC."""
    return datetime.now(UTC)


def stored_in_utc(stored: str | datetime | None) -> datetime | None:
    """Return an instant as a database's driver gives it; SQLite stores it as text, in UTC."""
    if isinstance(stored, str):
        return datetime.fromisoformat(stored).replace(tzinfo=UTC)
    return stored.astimezone(UTC) if stored else None


def local_day(instant: datetime) -> date:
    """Return the calendar day that an instant falls on in the book's time zone."""
    return instant.astimezone(book_zone()).date()


def today() -> date:
    """Return the current day in the book's time zone."""
    return local_day(utc_now())


def day_end(day: date) -> datetime:
    """Return the first instant after `day`, in UTC: the next local midnight."""
    return day_end_in(book_zone(), day)


def day_end_in(zone: ZoneInfo, day: date) -> datetime:
    """Return the first instant after `day` in a time zone, in UTC."""
    if day >= date.max - timedelta(days=1):
        return datetime.max.replace(tzinfo=UTC)
    midnight = datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone)
    return midnight.astimezone(UTC)
