"""Days as files have them: in the forms that programs and people write."""

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

from flaskr.errors import DateError

EARLIEST_YEAR = 1900
HOW_TO_WRITE = "Write the date as 2024-12-31."
NO_SUCH_DATE = f"This date does not exist, or is before {EARLIEST_YEAR}. Correct it."
CHOOSE_ORDER = "This can be two different days. Choose the order of days and months for the file."
_LONG_YEAR = "Write the year with four digits: 2024-12-31."
_HAS_TIME = "This has a time of day. Write the date alone, as 2024-12-31."
# Days by the year first have one reading, and so have those with dots: the day comes first.
_YEAR_FIRST = re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})", re.ASCII)
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})", re.ASCII)
_YEAR_LAST = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4})", re.ASCII)
_SHORT_YEAR = re.compile(r"[0-9]{1,2}([-/. ])([0-9]{1,2}|[^\W\d]+)\1[0-9]{2}")
_DAY_MONTH = re.compile(r"([0-9]{1,2})(?:\. ?|[ -])([^\W\d]+)\.?[ -]([0-9]{4})")
_MONTH_DAY = re.compile(r"([^\W\d]+)\.? ([0-9]{1,2}),? ([0-9]{4})")
_MONTHS = (
    ("jan", "january", "januari"),
    ("feb", "february", "februari"),
    ("mar", "march", "mars"),
    ("apr", "april"),
    ("may", "maj"),
    ("jun", "june", "juni"),
    ("jul", "july", "juli"),
    ("aug", "august", "augusti"),
    ("sep", "sept", "september"),
    ("oct", "october", "okt", "oktober"),
    ("nov", "november"),
    ("dec", "december"),
)
_MONTH_NUMBERS = {name: number for number, names in enumerate(_MONTHS, 1) for name in names}
_TIME = re.compile(
    r"(?P<day>.*[0-9])(?:T| +)(?P<clock>[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?)"
    r" ?(?P<offset>Z|UTC|[+-][0-9]{2}:?[0-9]{2})?",
    re.ASCII,
)
_MIDNIGHT = re.compile(r"00?:00(:00([.,]0+)?)?", re.ASCII)


def read_day(
    text: str, zone: ZoneInfo, is_day_first: bool | None = None, *, hides_time: bool = False
) -> date:
    """Return the day that a text of a file stands for; raises DateError for any other text.

    `is_day_first` says how the file writes 05/01/2024, None when nobody has said it. A midnight in
    `zone` is its day; with `hides_time` so is any time, for the file shows the day only.
    """
    if _ISO.fullmatch(text):  # most days
        return _iso_day(text)
    text = " ".join(text.split())
    if found := _TIME.fullmatch(text):
        return _day_of_time(found, zone, is_day_first, hides_time)
    return _day_alone(text, is_day_first)


def _iso_day(text: str) -> date:
    """Return the day of 2024-12-31; raises DateError for one that does not exist."""
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise DateError(NO_SUCH_DATE) from error
    if day.year < EARLIEST_YEAR:
        raise DateError(NO_SUCH_DATE)
    return day


def _day_of_time(
    found: re.Match[str], zone: ZoneInfo, is_day_first: bool | None, hides_time: bool
) -> date:
    """Return the day of a text with a time, which must be a midnight unless it is hidden."""
    day = _day_alone(found["day"], is_day_first)
    if found["offset"]:
        return _local_midnight(day, found["clock"], found["offset"], zone)
    if not hides_time and not _MIDNIGHT.fullmatch(found["clock"]):
        raise DateError(_HAS_TIME)
    return day


def _local_midnight(day: date, clock: str, offset: str, zone: ZoneInfo) -> date:
    """Return the day that an instant begins in a time zone; raises DateError for another one."""
    offset = "+00:00" if offset in ("Z", "UTC") else offset
    try:
        instant = datetime.fromisoformat(f"{day}T{clock.replace(',', '.'):0>5}{offset}")
        local = instant.astimezone(zone)
    except (ValueError, OverflowError) as error:
        raise DateError(NO_SUCH_DATE) from error
    if (local.hour, local.minute, local.second, local.microsecond) != (0, 0, 0, 0):
        raise DateError(_HAS_TIME)
    return local.date()


def _day_alone(text: str, is_day_first: bool | None) -> date:
    """Return the day of a text without a time."""
    if found := _COMPACT.fullmatch(text):
        return _checked_day(found[1], found[2], found[3])
    if found := _YEAR_FIRST.fullmatch(text):
        return _checked_day(found[1], found[3], found[4])
    if found := _YEAR_LAST.fullmatch(text):
        return _day_in_order(found[1], found[3], found[4], is_day_first, has_dots=found[2] == ".")
    if found := _DAY_MONTH.fullmatch(text):
        return _checked_day(found[3], _month_number(found[2]), found[1])
    if found := _MONTH_DAY.fullmatch(text):
        return _checked_day(found[3], _month_number(found[1]), found[2])
    raise DateError(_LONG_YEAR if _SHORT_YEAR.fullmatch(text) else HOW_TO_WRITE)


def _day_in_order(
    first: str, second: str, year: str, is_day_first: bool | None, *, has_dots: bool
) -> date:
    """Return the day of two numbers and a year: the order is known, or only one is possible."""
    if has_dots:
        is_day_first = True
    elif is_day_first is None:
        is_day_first = int(first) > 12 or first == second
        if not is_day_first and int(second) <= 12:
            raise DateError(CHOOSE_ORDER)
    day, month = (first, second) if is_day_first else (second, first)
    return _checked_day(year, month, day)


def _month_number(name: str) -> int:
    """Return the number of a month by its name in English or Swedish, or its abbreviation."""
    try:
        return _MONTH_NUMBERS[name.casefold()]
    except KeyError:
        raise DateError(HOW_TO_WRITE) from None


def _checked_day(year: str, month: str | int, day: str) -> date:
    """Return a date; raises DateError before EARLIEST_YEAR, too."""
    return _iso_day(f"{year}-{int(month):02}-{int(day):02}")
