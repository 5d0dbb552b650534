"""Parses columns of cells into columns of values, with a message for each cell that is invalid.

Cells in a plain form are parsed a column at a time, for speed; the others one by one by `cells`,
which defines the rules: it accepts every plain form with the same value.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flaskr.errors import ClaimBookError
from flaskr.facts.columns import Column
from flaskr.facts.kinds import Kind
from flaskr.imports.dry_run import cells
from flaskr.imports.tasks import DayOrder
from flaskr.values.money import LARGEST_ENTRY, to_ore
from flaskr.values.text import LONGEST_TEXT, NAME_LENGTH, REFERENCE_LENGTH, RESERVED, reference_key

_INSTANT = pa.timestamp("us", "UTC")
_WIDE = pa.decimal128(38, 2)
_FIRST_DAY = date(cells.EARLIEST_YEAR, 1, 1)
_FIRST_INSTANT = datetime(cells.EARLIEST_YEAR, 1, 1, tzinfo=UTC)
# Letters beyond ASCII whose lower case equals their casefold, and which are in NFC.
_LETTERS = "À-ÖØ-Þà-öø-ÿ"
_IN_REFERENCE = rf'"$-.0->@-\[\]-~{_LETTERS}'  # none of / \ ? #
_PLAIN_REFERENCE = rf"^[!{_IN_REFERENCE}]([ !{_IN_REFERENCE}]*[!{_IN_REFERENCE}])?$"
_PLAIN_TEXT = rf"^[!-~{_LETTERS}]([ -~{_LETTERS}\n]*[!-~{_LETTERS}])?$"
_PLAIN_NAME = rf"^[!-~{_LETTERS}]+( [!-~{_LETTERS}]+)*$"
_Parse = Callable[[str], Any]
_PLAIN_AMOUNT = r"^-?[0-9]{1,12}([.,][0-9]{1,2})?$"


class CellFault(NamedTuple):
    """An invalid cell: its position in the column, and the message."""

    at: int
    text: str


@dataclass(frozen=True)
class ParsedColumn:
    """A column of values, null where a cell is empty or invalid."""

    values: pa.Array
    faults: list[CellFault]


@dataclass(frozen=True)
class ParsingRules:
    """What the values of a file depend on besides its cells.

    With `is_signed` amounts may be below zero. `values` has the values of a closed list by the
    column and the file's texts, as mapped for the whole file.
    """

    currency: str
    time_zone: str
    is_signed: bool = False
    day_order: DayOrder = DayOrder.UNKNOWN
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def parse_column(column: pa.Array, declared: Column, rules: ParsingRules) -> ParsedColumn:
    """Parse a column: amounts in öre as int64, days as date32, texts as string."""
    kind, is_signed = declared.kind, rules.is_signed
    if kind is Kind.AMOUNT:
        return _parse_amounts(column, is_signed)
    if kind is Kind.REFERENCE:
        return _parse_texts(column, _PLAIN_REFERENCE, REFERENCE_LENGTH, cells.parse_reference)
    if kind is Kind.TEXT and declared.is_one_line:
        return _parse_texts(column, _PLAIN_NAME, NAME_LENGTH, cells.parse_name)
    if kind is Kind.TEXT:
        return _parse_texts(column, _PLAIN_TEXT, LONGEST_TEXT, cells.parse_text)
    if kind is Kind.DAY and pa.types.is_date32(column.type) and not _has_early(column, _FIRST_DAY):
        return ParsedColumn(column, [])
    if kind is Kind.INSTANT and column.type == _INSTANT and not _has_early(column, _FIRST_INSTANT):
        return ParsedColumn(column, [])
    if declared.choices:
        return _parse_repeated(_as_text(column), cells.member_parser(declared.choices), pa.string())
    parse, arrow_type = _CELL_PARSERS[kind]
    return _parse_repeated(_as_text(column), parse, arrow_type)


def _as_text(column: pa.Array) -> pa.Array:
    """Return cells as text."""
    return column if pa.types.is_string(column.type) else column.cast(pa.string())


def _has_early(moments: pa.Array, first: date) -> bool:
    """Whether a column has a value before the first day or instant that the book accepts."""
    earliest = pc.min(moments).as_py()
    return earliest is not None and earliest < first


def _parse_repeated(column: pa.Array, parse: _Parse, arrow_type: pa.DataType) -> ParsedColumn:
    """Parse a column whose cells repeat: each distinct text once."""
    encoded = column.dictionary_encode()
    values, problems = _parse_cells(encoded.dictionary.to_pylist(), parse)
    parsed = pa.array(values, arrow_type).take(encoded.indices)
    if not problems:
        return ParsedColumn(parsed, [])
    codes = encoded.indices.fill_null(-1).to_numpy()
    at = np.flatnonzero(np.isin(codes, list(problems)))
    return ParsedColumn(
        parsed, [CellFault(int(place), problems[int(codes[place])]) for place in at]
    )


def _parse_cells(texts: list[str], parse: _Parse) -> tuple[list[Any], dict[int, str]]:
    """Parse cells one by one; return the values, and the messages by position."""
    values: list[Any] = []
    problems: dict[int, str] = {}
    for at, cell in enumerate(texts):
        try:
            values.append(parse(_readable(cell)))
        except ClaimBookError as error:
            values.append(None)
            problems[at] = str(error)
    return values, problems


def _readable(cell: str) -> str:
    """Return a cell; raises ClaimBookError for one that a reader marked with NUL and a message."""
    if cell.startswith("\0"):
        raise ClaimBookError(cell[1:])
    return cell


def _parse_texts(column: pa.Array, plain: str, max_length: int, parse: _Parse) -> ParsedColumn:
    """Parse a column of texts, most of which the book stores unchanged."""
    column = _as_text(column)
    is_plain = pc.match_substring_regex(column, plain)
    is_plain = pc.and_(is_plain, pc.less_equal(pc.utf8_length(column), max_length))
    if parse is cells.parse_reference:
        is_plain = pc.and_(
            is_plain, pc.invert(pc.is_in(pc.utf8_lower(column), pa.array(sorted(RESERVED))))
        )
    return _parse_remaining(column, column, is_plain, parse)


def _parse_amounts(column: pa.Array, is_signed: bool) -> ParsedColumn:
    """Parse a column of amounts."""
    if pa.types.is_decimal(column.type):
        return _parse_decimals(column, is_signed)
    column = _as_text(column)
    is_plain = pc.match_substring_regex(column, _PLAIN_AMOUNT)
    if not is_signed:
        is_plain = pc.and_(is_plain, pc.invert(pc.starts_with(column, "-")))
    plain = pc.replace_substring(pc.if_else(is_plain, column, None), ",", ".")
    return _parse_remaining(column, _ore_of(plain.cast(_WIDE)), is_plain, ore_parser(is_signed))


def _parse_decimals(column: pa.Array, is_signed: bool) -> ParsedColumn:
    """Parse a column of decimals of any scale; a value finer than an öre is refused."""
    lowest = -LARGEST_ENTRY if is_signed else 0
    limits = [pa.scalar(limit, _WIDE) for limit in (lowest, LARGEST_ENTRY)]
    is_finer = column.type.scale > _WIDE.scale
    try:
        exact = column.cast(_WIDE, safe=not is_finer)
    except pa.ArrowInvalid:  # some have more digits than any amount
        return _parse_amounts(column.cast(pa.string()), is_signed)
    is_plain = pc.and_(pc.greater_equal(exact, limits[0]), pc.less_equal(exact, limits[1]))
    if is_finer:
        is_plain = pc.and_(is_plain, pc.equal(exact.cast(column.type), column))
    return _parse_remaining(
        column.cast(pa.string()), _ore_of(exact), is_plain, ore_parser(is_signed)
    )


def _ore_of(amounts: pa.Array) -> pa.Array:
    """Return decimals of two places as whole öre: the lower half of their 16 bytes.

    Correct for values of up to 18 digits; larger ones are faults already.
    """
    wide = np.frombuffer(amounts.buffers()[1], dtype="<i8")
    low = wide[2 * amounts.offset : 2 * (amounts.offset + len(amounts)) : 2]
    return pa.array(low, mask=amounts.is_null().to_numpy(zero_copy_only=False))


def _parse_remaining(
    column: pa.Array, values: pa.Array, is_plain: pa.Array, parse: _Parse
) -> ParsedColumn:
    """Return the values of the plain cells, and parse the others one by one."""
    is_other = pc.fill_null(pc.invert(is_plain), False)
    at = np.flatnonzero(is_other.to_numpy(zero_copy_only=False))
    if not len(at):
        return ParsedColumn(values, [])
    parsed, problems = _parse_cells(column.take(pa.array(at)).to_pylist(), parse)
    replaced = pc.replace_with_mask(values, is_other, pa.array(parsed, values.type))
    return ParsedColumn(
        replaced, [CellFault(int(at[place]), text) for place, text in problems.items()]
    )


def reference_keys(references: pa.Array) -> pa.Array:
    """Return the lookup keys of references, as `reference_key` makes them."""
    is_plain = pc.match_substring_regex(references, _PLAIN_REFERENCE)
    return _parse_remaining(references, pc.utf8_lower(references), is_plain, reference_key).values


def ore_parser(is_signed: bool) -> Callable[[str], int]:
    """Return a function that parses an amount into whole öre."""
    parse = cells.parse_amount if is_signed else cells.parse_non_negative_amount
    return lambda cell: to_ore(parse(cell))


_CELL_PARSERS: dict[Kind, tuple[_Parse, pa.DataType]] = {
    Kind.DAY: (cells.parse_date, pa.date32()),
    Kind.INSTANT: (cells.parse_instant, _INSTANT),
}
