"""Parses one cell into one value, or raises an error that says what to correct."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from flaskr.errors import DateError, MoneyError, TextError
from flaskr.values.money import LARGEST_ENTRY, format_money, parse_money
from flaskr.values.text import clean_name, clean_reference, clean_text

EARLIEST_YEAR = 1900
_NO_SUCH_DATE = f"This date does not exist, or is before {EARLIEST_YEAR}. Correct it."
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})",
    re.ASCII,
)

Member = TypeVar("Member", bound=StrEnum)
Moment = TypeVar("Moment", date, datetime)


def parse_reference(cell: str) -> str:
    """Parse a claim reference or policy number; leading zeros are kept."""
    return clean_reference(cell)


def parse_amount(cell: str) -> Decimal:
    """Parse an amount of either sign, exact to the öre; 1e3 is refused."""
    value = parse_money(cell)
    if abs(value) > LARGEST_ENTRY:
        raise MoneyError(f"One entry can move at most {format_money(LARGEST_ENTRY)}.")
    return value


def parse_non_negative_amount(cell: str) -> Decimal:
    """Parse an amount that is zero or more."""
    value = parse_amount(cell)
    if value < 0:
        raise MoneyError("The amount cannot be negative. Correct it.")
    return value


def parse_date(cell: str) -> date:
    """Parse a date written as 2024-12-31."""
    try:
        if _DAY.fullmatch(cell.strip()):
            return _checked_year(date.fromisoformat(cell.strip()))
    except ValueError as error:
        raise DateError(_NO_SUCH_DATE) from error
    raise DateError("Write the date as 2024-12-31.")


def parse_instant(cell: str) -> datetime:
    """Parse an instant with a UTC offset, as 2024-12-31T22:30:00+01:00, and return it in UTC.

    A local time without an offset is refused: in autumn one hour occurs twice.
    """
    try:
        if _INSTANT.fullmatch(cell.strip()):
            return _checked_year(datetime.fromisoformat(cell.strip())).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise DateError(_NO_SUCH_DATE) from error
    raise DateError("Write the time with its UTC offset, as 2024-12-31T22:30:00+01:00.")


def _checked_year(moment: Moment) -> Moment:
    """Return a date or an instant; raises ValueError for a year before EARLIEST_YEAR."""
    if moment.year < EARLIEST_YEAR:
        raise ValueError(moment)
    return moment


def parse_text(cell: str) -> str:
    """Parse free text."""
    return clean_text(cell)


def parse_name(cell: str) -> str:
    """Parse a name, which is one line."""
    return clean_name(cell)


def member_parser(values: type[Member]) -> Callable[[str], Member]:
    """Return a function that parses a member of a closed list by its exact value."""

    def parse_member(cell: str) -> Member:
        try:
            return values(cell.strip())
        except ValueError as error:
            raise TextError(f"This must be one of {', '.join(values)}.") from error

    return parse_member
