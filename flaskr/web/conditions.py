"""Conditions that lists are filtered by: ranges, and text found whatever its capitals."""

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Text, func


def between(
    column: ColumnElement[Any], lowest: date | Decimal | None, highest: date | Decimal | None
) -> list[ColumnElement[bool]]:
    """Return the conditions that a column lies in a range, both ends included."""
    bounds = [column >= lowest] if lowest is not None else []
    return [*bounds, column <= highest] if highest is not None else bounds


def has_text(column: ColumnElement[Any], sought: str) -> ColumnElement[bool]:
    """Return the condition that a text is in a column, in capitals or not, on both databases alike.

    The databases fold A to Z (PostgreSQL no more than SQLite, for the column's collation is "C");
    of other letters those that the sought text has are folded here, where capital and small letter
    are one character each: all of Å, Ä, Ö, É, Æ, Ø, but not ß.
    """
    folded: Any = func.lower(column)
    for letter in sorted({case for each in sought for case in (each, each.upper())}):
        small = letter.lower()
        if not letter.isascii() and len(letter) == len(small) == 1 and letter != small:
            folded = func.replace(folded, letter, small, type_=Text())
    return folded.contains("".join(map(_small_letter, sought)), autoescape=True)


def _small_letter(letter: str) -> str:
    """Return a letter's small form where that is one character."""
    return letter.lower() if len(letter.lower()) == 1 else letter
