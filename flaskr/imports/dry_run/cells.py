"""One cell into one value of the book, or a refusal in a sentence."""

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


def reference(cell: str) -> str:
    """Read a reference or a policy number as it stands, leading zeros and all."""
    return clean_reference(cell)


def amount(cell: str) -> Decimal:
    """Read an amount, exact to the öre, of either sign, as people write it; never 1e3."""
    read = parse_money(cell)
    if abs(read) > LARGEST_ENTRY:
        raise MoneyError(f"One entry can move at most {format_money(LARGEST_ENTRY)}.")
    return read


def amount_of_nought_or_more(cell: str) -> Decimal:
    """Read an amount that is zero or more."""
    read = amount(cell)
    if read < 0:
        raise MoneyError("The amount cannot be negative. Correct it.")
    return read


def day(cell: str) -> date:
    """Read a day written as 2024-12-31."""
    try:
        if _DAY.fullmatch(cell.strip()):
            return _checked_year(date.fromisoformat(cell.strip()))
    except ValueError as error:
        raise DateError(_NO_SUCH_DATE) from error
    raise DateError("Write the date as 2024-12-31.")


def instant(cell: str) -> datetime:
    """Read an instant with its offset, 2024-12-31T22:30:00+01:00, into UTC.

    A local time alone is refused: in autumn an hour comes twice.
    """
    try:
        if _INSTANT.fullmatch(cell.strip()):
            return _checked_year(datetime.fromisoformat(cell.strip())).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise DateError(_NO_SUCH_DATE) from error
    raise DateError("Write the time with its UTC offset, as 2024-12-31T22:30:00+01:00.")


def _checked_year(moment: Moment) -> Moment:
    """Return a day or an instant; raises ValueError for a year that can only be a slip."""
    if moment.year < EARLIEST_YEAR:
        raise ValueError(moment)
    return moment


def text(cell: str) -> str:
    """Read free text."""
    return clean_text(cell)


def name(cell: str) -> str:
    """Read a name, which stands on one line."""
    return clean_name(cell)


def member(values: type[Member]) -> Callable[[str], Member]:
    """Return what reads a member of a closed list, written as the book writes it."""

    def read(cell: str) -> Member:
        try:
            return values(cell.strip())
        except ValueError as error:
            raise TextError(f"This must be one of {', '.join(values)}.") from error

    return read
