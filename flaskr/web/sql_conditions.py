"""SQL conditions for filters: ranges, and text compared without regard to case."""

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Text, func
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction


class _JsonText(GenericFunction[str]):
    """The text under a name in a column of JSON; NULL without one."""

    name = "json_text"
    type = Text()
    inherit_cache = True


@compiles(_JsonText)
def _compile_json_extract(element: _JsonText, compiler: SQLCompiler, **options: Any) -> str:
    """Compile to SQLite's function."""
    column, name = (compiler.process(each, **options) for each in element.clauses)
    return f"json_extract({column}, '$.' || {name})"


@compiles(_JsonText, "postgresql")
def _compile_json_operator(element: _JsonText, compiler: SQLCompiler, **options: Any) -> str:
    """Compile to PostgreSQL's operator."""
    column, name = (compiler.process(each, **options) for each in element.clauses)
    return f"(CAST({column} AS json) ->> {name})"


def json_text(column: ColumnElement[Any], name: str) -> ColumnElement[str]:
    """Return the text under a name in a column of JSON objects."""
    return _JsonText(column, name)


def between(
    column: ColumnElement[Any], lowest: date | Decimal | None, highest: date | Decimal | None
) -> list[ColumnElement[bool]]:
    """Return the conditions that a column is in a range, both ends included."""
    bounds = [column >= lowest] if lowest is not None else []
    return [*bounds, column <= highest] if highest is not None else bounds


def has_text(column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    """Return the condition that a column contains a text, without regard to case.

    Both databases lower A to Z only (PostgreSQL too, for the column's collation is "C"). Other
    letters of the text are lowered here where both cases are one character: Å, Ä, Ö, É, Æ, Ø, but
    not ß.
    """
    folded: Any = func.lower(column)
    for letter in sorted({case for each in text for case in (each, each.upper())}):
        small = letter.lower()
        if not letter.isascii() and len(letter) == len(small) == 1 and letter != small:
            folded = func.replace(folded, letter, small, type_=Text())
    return folded.contains("".join(map(_small_letter, text)), autoescape=True)


def _small_letter(letter: str) -> str:
    """Return a letter in lower case if that is one character."""
    return letter.lower() if len(letter.lower()) == 1 else letter
