"""Parses one cell into one value, or raises an error that says what to correct."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo

from flaskr.errors import ClaimBookError, DateError, MoneyError, TextError
from flaskr.facts.kinds import Kind
from flaskr.facts.words import folded_word, members_by_word
from flaskr.files.readers.cells import DAY, PADDED, PERCENTAGE
from flaskr.imports.tasks import DayOrder
from flaskr.values.currencies import currencies_of, other_currency
from flaskr.values.identity_numbers import IN_TEXT, has_identity_number
from flaskr.values.money import LARGEST_ENTRY, format_money, parse_money
from flaskr.values.spreadsheet_texts import formula_text, misread_letters, turned_by_spreadsheet
from flaskr.values.text import (
    clean_name,
    clean_reference,
    clean_text,
    stored_name,
    stored_reference,
    stored_text,
    without_controls,
)
from flaskr.values.written_days import EARLIEST_YEAR, NO_SUCH_DATE, read_day

_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})",
    re.ASCII,
)

Member = TypeVar("Member", bound=StrEnum)


class Doubtful(ClaimBookError):
    """A cell that is right only if the book has its value as it is.

    `value` is what the book may have; `instead` what the cell means if the book does not have it,
    None if it is then refused.
    """

    def __init__(self, text: str, value: str, instead: str | None = None) -> None:
        super().__init__(text)
        self.value, self.instead = value, instead


def reference_parser(*, may_be_day: bool = False) -> Callable[[str], str]:
    """Return a function that parses a reference; leading zeros are kept."""

    def parse_reference(cell: str) -> str:
        reference = stored_reference(cell)
        inner = formula_text(reference)
        if inner is not None:
            raise Doubtful("", reference, clean_reference(inner))
        if made := turned_by_spreadsheet(reference, may_be_day=may_be_day):
            raise Doubtful(made, reference)
        return _clean_or_doubtful(cell, clean_reference, stored_reference)

    return parse_reference


def _clean_or_doubtful(cell: str, clean: Callable[[str], str], stored: Callable[[str], str]) -> str:
    """Return a clean text; raises Doubtful for one that the book may have from earlier."""
    try:
        text = clean(cell)
    except TextError as error:
        raise Doubtful(str(error), stored(cell)) from error
    if misread := misread_letters(text):
        raise Doubtful(misread, stored(cell))
    return text


def parse_amount(cell: str, currency: str = "") -> Decimal:
    """Parse an amount of either sign, exact to the öre; 1e3 is refused."""
    value = parse_money(_unwrapped(cell), currency)
    if abs(value) > LARGEST_ENTRY:
        raise MoneyError(f"One entry can move at most {format_money(LARGEST_ENTRY)}.")
    return value


def parse_non_negative_amount(cell: str, currency: str = "") -> Decimal:
    """Parse an amount that is zero or more."""
    value = parse_amount(cell, currency)
    if value < 0:
        raise MoneyError("The amount cannot be negative. Correct it.")
    return value


def _unwrapped(cell: str) -> str:
    """Return a cell without the formula around its text, if it has one."""
    inner = formula_text(cell) if "=" in cell else None
    return cell if inner is None else inner


def day_parser(
    time_zone: str, order: DayOrder = DayOrder.UNKNOWN, *, hides_time: bool = False
) -> Callable[[str], date]:
    """Return a function that parses a day; with `hides_time` the sheet shows the day only."""
    zone = ZoneInfo(time_zone)
    is_day_first = None if order is DayOrder.UNKNOWN else order is DayOrder.DAY_FIRST
    return lambda cell: read_day(_unwrapped(cell), zone, is_day_first, hides_time=hides_time)


def parse_instant(cell: str) -> datetime:
    """Parse an instant with a UTC offset, as 2024-12-31T22:30:00+01:00, and return it in UTC.

    A local time without an offset is refused: in autumn one hour occurs twice.
    """
    try:
        if _INSTANT.fullmatch(cell.strip()):
            instant = datetime.fromisoformat(cell.strip())
            if instant.year < EARLIEST_YEAR:
                raise DateError(NO_SUCH_DATE)
            return instant.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise DateError(NO_SUCH_DATE) from error
    raise DateError("Write the time with its UTC offset, as 2024-12-31T22:30:00+01:00.")


def text_parser(
    *,
    is_one_line: bool = False,
    strips_controls: bool = False,
    takes_identity_numbers: bool = False,
) -> Callable[[str], str]:
    """Return a function that parses free text, or a name, which is one line.

    Control letters are refused or taken off, identity numbers refused or taken.
    """
    clean, stored = (clean_name, stored_name) if is_one_line else (clean_text, stored_text)

    def clean_new(cell: str) -> str:
        if not takes_identity_numbers and has_identity_number(cell):
            raise TextError(f"{IN_TEXT}. Remove it, or choose that it is something else.")
        return clean(cell)

    if strips_controls:
        return lambda cell: _clean_or_doubtful(without_controls(cell), clean_new, stored)
    return lambda cell: _clean_or_doubtful(cell, clean_new, stored)


def shown_fault(shown_as: str, kind: Kind, currency: str) -> str:
    """Return what is wrong with a cell that a spreadsheet shows in a way; empty if nothing is."""
    if kind is Kind.REFERENCE and shown_as in (DAY, PADDED):
        how = "as a day" if shown_as == DAY else "with zeros or letters that its cell does not have"
        return (
            f"The sheet shows this reference {how}. Format the column as text, and enter the "
            "reference again."
        )
    if kind is not Kind.AMOUNT or shown_as == PADDED:
        return ""
    if shown_as in (DAY, PERCENTAGE):
        return f"The sheet shows this amount as a {shown_as}. Format the column as a number."
    if currency in currencies_of(shown_as):
        return ""
    other = other_currency(shown_as, currency) or shown_as
    return f"The book is kept in {currency}; the sheet shows this amount in {other}. Convert it."


def member_parser(
    values: type[Member], mapped: Mapping[str, str] | None = None
) -> Callable[[str], Member]:
    """Return a function that parses a member of a closed list, by its value or a word for it.

    Case, blanks, hyphens and underscores do not matter. `mapped` has the values of the file's own
    texts, which come first.
    """
    members = members_by_word(values)
    own = {folded_word(text): value for text, value in (mapped or {}).items()}

    def parse_member(cell: str) -> Member:
        word = folded_word(_unwrapped(cell))
        member = members.get(folded_word(own[word]) if word in own else word)
        if member is None:
            raise TextError(f"This must be one of {', '.join(values)}.")
        return member

    return parse_member
