"""A column is parsed like its cells one by one, on the fast paths too."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flaskr.errors import ClaimBookError
from flaskr.facts.closed_lists import Cause, EntryType
from flaskr.facts.columns import Column
from flaskr.facts.kinds import Kind
from flaskr.imports.dry_run.reading.parsing import (
    ParsedColumn,
    ParsingRules,
    cells,
    ore_parser,
    parse_column,
    reference_keys,
)
from flaskr.values.text import reference_key


class Declared(NamedTuple):
    """A column to parse, and the parser of one of its cells."""

    column: Column
    slow: Callable[[str], Any]
    is_signed: bool = False

    def read(self, cells: pa.Array, shown_as: pa.Array | None = None) -> ParsedColumn:
        return parse_column(cells, self.column, rules(self.is_signed), shown_as)


def rules(is_signed: bool = False) -> ParsingRules:
    """The rules of a Swedish book."""
    return ParsingRules("SEK", "Europe/Stockholm", is_signed=is_signed)


REFERENCE = Declared(Column("x", Kind.REFERENCE), cells.reference_parser())
EVENT = Declared(Column("event_code", Kind.REFERENCE), cells.reference_parser(may_be_day=True))
TEXT = Declared(Column("x", Kind.TEXT), cells.text_parser())
NAME = Declared(Column("x", Kind.TEXT, is_one_line=True), cells.text_parser(is_one_line=True))
AMOUNT = Declared(Column("x", Kind.AMOUNT), ore_parser(rules()))
DELTA = Declared(Column("x", Kind.AMOUNT), ore_parser(rules(is_signed=True)), is_signed=True)
DAY = Declared(Column("x", Kind.DAY), cells.day_parser("Europe/Stockholm"))
INSTANT = Declared(Column("x", Kind.INSTANT), cells.parse_instant)
CAUSE = Declared(Column("x", Kind.CHOICE, choices=Cause), cells.member_parser(Cause))
TYPE = Declared(Column("x", Kind.CHOICE, choices=EntryType), cells.member_parser(EntryType))
EVERY = (REFERENCE, EVENT, TEXT, NAME, AMOUNT, DELTA, DAY, INSTANT, CAUSE, TYPE)

many = settings(max_examples=150)
# Letters of every kind, and those at the limits of the fast paths.
EDGES = "Aaß ÅåÄöøÿÞ÷×İıﬁŒ'\"#/\\?!~@&%{}:$;-−+.,0159 \t\n\r\x00\x1f\x7f\x85"
EDGES += "\xa0\u2009\u202e\u0301\u212b\u200b\xad\x1b="
texts = st.text(st.one_of(st.sampled_from(EDGES), st.characters(exclude_categories=["Cs"])))
amounts = st.from_regex(
    r"(SEK |kr)?[-+−(]?[0-9]{1,19}([ .,'\u202f][0-9]{1,4}){0,3}( kr|:-|\)| EUR|-)?", fullmatch=True
)
days = st.from_regex(
    r"[0-9]{4}-[0-3][0-9]-[0-3][0-9]([T ]00:00(:00)?(Z|\+01:00)?)?"
    r"|[0-3]?[0-9][./-]([01]?[0-9]|jan|Feb)[./-](19|20)[0-9]{2}|(19|20)[0-9]{2}[01][0-9][0-3][0-9]",
    fullmatch=True,
)
turned = st.from_regex(
    r"[0-9]{1,6}[.,]0{1,3}|[0-9]([.,][0-9]{1,5})?[eE][+-]?[0-9]{1,3}|=\"[0-9]{1,5}\""
    r"|[0-3]?[0-9]-(jan|Feb|MAR|okt)|(maj|Dec)-[0-9]{2}|(19|20)[0-9]{2}/[0-9]{1,4}(/[0-9]{1,2})?",
    fullmatch=True,
)
instants = st.from_regex(
    r"(19|20)[0-9]{2}-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-5][0-9](:[0-5][0-9](\.[0-9]{1,7})?)?"
    r"(Z|[+-][0-2][0-9]:[0-9]{2})?",
    fullmatch=True,
)
words = st.sampled_from(
    [
        "water",
        "Damage to-others",
        "vatten",
        "utbetalning",
        " fire",
        "Fire",
        "motor",
        "PAYMENT",
        "ADJUSTMENT ",
        "new",
        "..",
    ]
)
long_texts = st.sampled_from(
    ["x" * 64, "x" * 65, "ö" * 201, "x" * 32_000, "x" * 32_001, "𝄞" * 16_001]
)
cell = st.one_of(st.none(), texts, amounts, days, turned, instants, words, long_texts)
columns = st.lists(cell, max_size=12)


def slowly(column: list[str | None], kind: Declared):
    """The values of a column, the message of each fault, and what is in doubt, cell by cell."""
    values, faults, doubts = [], [], []
    for at, each in enumerate(column):
        try:
            values.append(None if each is None else kind.slow(each))
        except cells.Doubtful as doubt:
            values.append(doubt.value)
            doubts.append((at, str(doubt), doubt.instead))
        except ClaimBookError as error:
            values.append(None)
            faults.append((at, str(error)))
    return values, faults, doubts


def found_in(parsed: ParsedColumn):
    """A parsed column in the same form."""
    faults, doubts = ([tuple(e) for e in each] for each in (parsed.faults, parsed.doubts))
    return parsed.values.to_pylist(), faults, doubts


@many
@given(column=columns, kind=st.sampled_from(EVERY))
@example(["ﬁ", "İ", "ß", "new", "NEW", "a" * 65], REFERENCE)
@example(
    ["new", "NEW", "New-1", "mar-24", "Mar-2", "Marine", "N", "e", "2024-01", "1-234"], REFERENCE
)
@example(["12E+4", "12e-4", "1d", "1E", "7/123", "7/12/2024", "20240131", "S.1", ".1"], REFERENCE)
@example(["1001.0", "1,00", "1.23457E+11", "2024-03-01", "2024/0012", '="00123"', "a=b"], REFERENCE)
@example(["2024-03-01", "1001.0", "mar-24", "5-Jan", "12E4", "31/12/2024 00:00"], EVENT)
@example(["-0", "1,5", "12 345,50", "999999999999.99", "1000000000000", "-5"], DELTA)
@example(["-0", "-0.00", "-1", "+1", "007"], AMOUNT)
@example(["a  b", " a", "a\nb", "a\r\nb", "a\n"], TEXT)
@example(["a  b", "a b", "a\nb"], NAME)
def test_a_column_of_texts_is_parsed_like_its_cells(column, kind):
    column = [None if each and each.startswith("\0") else each for each in column]

    found = kind.read(pa.array(column, pa.string()))

    assert found_in(found) == slowly(column, kind)


@many
@given(
    before=st.integers(0, 3),
    column=st.lists(cell, min_size=4, max_size=9),
    kind=st.sampled_from(EVERY),
)
def test_a_slice_of_a_column_is_parsed_like_the_column(before, column, kind):
    whole = pa.array(column, pa.string())

    part = kind.read(whole.slice(before))

    expected = kind.read(pa.array(column[before:], pa.string()))
    assert found_in(part) == found_in(expected)


def digits_of(number: Decimal | None) -> str | None:
    """A decimal as text with two places, or with more when they are not zero."""
    if number is None:
        return None
    exact = number.quantize(Decimal("0.01"))
    return format(exact if exact == number else number, "f")


@pytest.mark.parametrize("kind", [DELTA, AMOUNT])
@many
@given(
    scale=st.integers(0, 6),
    digits=st.lists(st.none() | st.integers(-(10**20), 10**20), max_size=8),
    start=st.integers(0, 2),
)
@example(scale=2, digits=[10**14 - 1, 10**14, -(10**14), 0, -1, None], start=1)
@example(scale=3, digits=[1000, 1001, None], start=0)
@example(scale=0, digits=[10**20, 5, None], start=0)
def test_a_column_of_decimals_is_parsed_like_its_texts(scale, digits, start, kind):
    column = [None if each is None else Decimal(each).scaleb(-scale) for each in digits]

    found = kind.read(pa.array(column, pa.decimal128(38, scale)).slice(start))

    values, faults, _ = slowly([digits_of(each) for each in column[start:]], kind)
    assert found.values.to_pylist() == values
    assert [at for at, _ in found.faults] == [at for at, _ in faults]


@many
@given(st.lists(st.none() | st.dates(), max_size=8))
@example([date(1899, 12, 31), date(1900, 1, 1), date(9999, 12, 31), None])
def test_a_column_of_dates_is_parsed_like_its_texts(column):
    found = DAY.read(pa.array(column, pa.date32()))

    written = [None if each is None else each.isoformat() for each in column]
    assert found_in(found) == slowly(written, DAY)


@many
@given(st.lists(st.none() | st.datetimes(timezones=st.just(UTC)), max_size=8))
@example([datetime(1899, 12, 31, 23, 59, tzinfo=UTC), datetime(1900, 1, 1, tzinfo=UTC)])
def test_a_column_of_instants_is_parsed_like_its_texts(column):
    found = INSTANT.read(pa.array(column, pa.timestamp("us", "UTC")))

    written = [None if each is None else each.isoformat() for each in column]
    assert found_in(found) == slowly(written, INSTANT)


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize("column", [[], [None], [None, None]])
def test_empty_columns_are_parsed(kind, column):
    found = kind.read(pa.array(column, pa.string()))

    assert (found.values.to_pylist(), found.faults) == (column, [])


@many
@given(st.lists(st.none() | texts.filter(lambda text: "\0" not in text) | long_texts, max_size=12))
@example(["ß", "İ", "ﬁ", "Ö", "O\u0308", " a ", "\u1e9e", "ǅ", "\u0345"])
def test_the_keys_of_a_column_equal_the_keys_of_its_references(references):
    found = reference_keys(pa.array(references, pa.string()))

    keys = [None if each is None else reference_key(each) for each in references]
    assert found.to_pylist() == keys


def test_a_cell_that_the_reader_could_not_read_has_its_message():
    found = DELTA.read(pa.array(["\0Not a number.", "5", None]))

    assert (found.values.to_pylist(), found.faults) == ([None, 500, None], [(0, "Not a number.")])
