"""One cell into one value of the book, or a refusal in a sentence."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from flaskr.errors import DateError, MoneyError, TextError
from flaskr.money import LARGEST_ENTRY, from_ore, money_text, parse_money, to_ore
from flaskr.text import clean_reference, clean_text

EARLIEST_YEAR = 1900
EXACT_IN_SPREADSHEETS = 10**15  # they keep fifteen digits
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})",
    re.ASCII,
)

Member = TypeVar("Member", bound=StrEnum)
Moment = TypeVar("Moment", date, datetime)


def reference(cell: object) -> str:
    """Read a reference or a policy number: text as it stands, a whole number as its digits."""
    if isinstance(cell, str):
        return clean_reference(cell)
    is_whole = isinstance(cell, int) or (isinstance(cell, float) and cell.is_integer())
    if isinstance(cell, bool) or not isinstance(cell, int | float) or not is_whole or cell < 0:
        raise TextError("A reference is text or a whole number. Format the cell as text.")
    if cell >= EXACT_IN_SPREADSHEETS:
        raise TextError(
            "A spreadsheet keeps 15 digits of a number. Format the cell as text and type it again."
        )
    return str(int(cell))


def amount(cell: object) -> Decimal:
    """Read an amount, exact to the öre, of either sign; text as people write it, never 1e3."""
    if isinstance(cell, str):
        return parse_money(cell)
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        raise MoneyError("An amount is a number. Write it as 12345.50 or 12 345,50.")
    # The shortest digits that make the float, which are those that were typed.
    return from_ore(to_ore(Decimal(repr(cell))))


def amount_of_nought_or_more(cell: object) -> Decimal:
    """Read an amount that is zero or more, and small enough for one entry."""
    read = amount(cell)
    if read < 0:
        raise MoneyError("The amount is zero or more. Correct it.")
    if read > LARGEST_ENTRY:
        raise MoneyError(f"One entry moves at most {money_text(LARGEST_ENTRY)}.")
    return read


def day(cell: object) -> date:
    """Read a day written as 2024-12-31."""
    text = cell.strip() if isinstance(cell, str) else ""
    try:
        if DAY.fullmatch(text):
            return checked_year(date.fromisoformat(text))
    except ValueError as error:
        raise DateError("There is no such day in the book.") from error
    raise DateError("A day is written as 2024-12-31.")


def instant(cell: object) -> datetime:
    """Read an instant with its offset, 2024-12-31T22:30:00+01:00, into UTC.

    A local time alone is refused: in autumn an hour comes twice.
    """
    text = cell.strip() if isinstance(cell, str) else ""
    try:
        if INSTANT.fullmatch(text):
            return checked_year(datetime.fromisoformat(text)).astimezone(UTC)
    except ValueError as error:
        raise DateError("There is no such instant in the book.") from error
    raise DateError("An instant is written with its offset, as 2024-12-31T22:30:00+01:00.")


def checked_year(moment: Moment) -> Moment:
    """Return a day or an instant; raises ValueError for a year that can only be a slip."""
    if moment.year < EARLIEST_YEAR:
        raise ValueError(moment)
    return moment


def text(cell: object) -> str:
    """Read free text."""
    return clean_text(str(cell))


def member(values: type[Member]) -> Callable[[object], Member]:
    """Return what reads a member of a closed list, written as the book writes it."""

    def read(cell: object) -> Member:
        try:
            return values(str(cell).strip())
        except ValueError as error:
            raise TextError(f"This is one of {', '.join(values)}.") from error

    return read
