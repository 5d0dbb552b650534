"""Columns of cells into columns of values, with a sentence for each cell that cannot be read.

What is written plainly is read by the column; the rest goes cell by cell through `cells`, whose
rules are the only ones: the plain forms are a part of what it takes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flaskr.errors import ClaimBookError
from flaskr.facts.columns import Column
from flaskr.facts.kinds import Kind
from flaskr.imports.dry_run import cells
from flaskr.values.money import LARGEST_ENTRY, to_ore
from flaskr.values.text import LONGEST_TEXT, NAME_LENGTH, REFERENCE_LENGTH, RESERVED, reference_key

_INSTANT = pa.timestamp("us", "UTC")
_WIDE = pa.decimal128(38, 2)
_FIRST_DAY = date(cells.EARLIEST_YEAR, 1, 1)
_FIRST_INSTANT = datetime(cells.EARLIEST_YEAR, 1, 1, tzinfo=UTC)
# Letters beside ASCII whose lower case is their casefold, and which are in NFC already.
_LETTERS = "À-ÖØ-Þà-öø-ÿ"
_IN_REFERENCE = rf'"$-.0->@-\[\]-~{_LETTERS}'  # none of / \ ? #
_PLAIN_REFERENCE = rf"^[!{_IN_REFERENCE}]([ !{_IN_REFERENCE}]*[!{_IN_REFERENCE}])?$"
_PLAIN_TEXT = rf"^[!-~{_LETTERS}]([ -~{_LETTERS}\n]*[!-~{_LETTERS}])?$"
_PLAIN_NAME = rf"^[!-~{_LETTERS}]+( [!-~{_LETTERS}]+)*$"
_PLAIN_AMOUNT = r"^-?[0-9]{1,12}([.,][0-9]{1,2})?$"


class CellFault(NamedTuple):
    """A cell that cannot be read: its position in the column, and why."""

    at: int
    text: str


@dataclass(frozen=True)
class Parsed:
    """A column of values, null where nothing stood or a fault is."""

    values: pa.Array
    faults: list[CellFault]


def parsed(column: pa.Array, declared: Column, *, is_signed: bool = False) -> Parsed:
    """Return the values of a column: amounts in öre as int64, days date32, texts string.

    With `is_signed` amounts may be below zero.
    """
    kind = declared.kind
    if kind is Kind.AMOUNT:
        return _amounts(column, is_signed)
    if kind is Kind.REFERENCE:
        return _texts(column, _PLAIN_REFERENCE, REFERENCE_LENGTH, cells.reference)
    if kind is Kind.TEXT and declared.is_one_line:
        return _texts(column, _PLAIN_NAME, NAME_LENGTH, cells.name)
    if kind is Kind.TEXT:
        return _texts(column, _PLAIN_TEXT, LONGEST_TEXT, cells.text)
    if kind is Kind.DAY and pa.types.is_date32(column.type) and not _has_early(column, _FIRST_DAY):
        return Parsed(column, [])
    if kind is Kind.INSTANT and column.type == _INSTANT and not _has_early(column, _FIRST_INSTANT):
        return Parsed(column, [])
    if declared.choices:
        return _few(_as_text(column), cells.member(declared.choices), pa.string())
    read, made = _ONE_BY_ONE[kind]
    return _few(_as_text(column), read, made)


def _as_text(column: pa.Array) -> pa.Array:
    """Return cells as they would be written."""
    return column if pa.types.is_string(column.type) else column.cast(pa.string())


def _has_early(moments: pa.Array, first: date) -> bool:
    """Whether anything in a column is before the first day or instant that the book takes."""
    earliest = pc.min(moments).as_py()
    return earliest is not None and earliest < first


def _few(column: pa.Array, read: Callable[[str], Any], made: pa.DataType) -> Parsed:
    """Read a column whose cells repeat: each distinct one once."""
    coded = column.dictionary_encode()
    values, problems = _each(coded.dictionary.to_pylist(), read)
    found = pa.array(values, made).take(coded.indices)
    if not problems:
        return Parsed(found, [])
    codes = coded.indices.fill_null(-1).to_numpy()
    at = np.flatnonzero(np.isin(codes, list(problems)))
    return Parsed(found, [CellFault(int(place), problems[int(codes[place])]) for place in at])


def _each(written: list[str], read: Callable[[str], Any]) -> tuple[list[Any], dict[int, str]]:
    """Read cells one by one: the values, and the sentences by position."""
    values: list[Any] = []
    problems: dict[int, str] = {}
    for at, cell in enumerate(written):
        try:
            values.append(read(_readable(cell)))
        except ClaimBookError as error:
            values.append(None)
            problems[at] = str(error)
    return values, problems


def _readable(cell: str) -> str:
    """Return a cell; one that begins with NUL says itself why it cannot be read."""
    if cell.startswith("\0"):
        raise ClaimBookError(cell[1:])
    return cell


def _texts(column: pa.Array, plain: str, longest: int, read: Callable[[str], str]) -> Parsed:
    """Read a column of texts that mostly stand as the book keeps them."""
    column = _as_text(column)
    is_plain = pc.match_substring_regex(column, plain)
    is_plain = pc.and_(is_plain, pc.less_equal(pc.utf8_length(column), longest))
    if read is cells.reference:
        is_plain = pc.and_(
            is_plain, pc.invert(pc.is_in(pc.utf8_lower(column), pa.array(sorted(RESERVED))))
        )
    return _with_odd(column, column, is_plain, read)


def _amounts(column: pa.Array, is_signed: bool) -> Parsed:
    """Read a column of amounts."""
    if pa.types.is_decimal(column.type):
        return _decimals(column, is_signed)
    column = _as_text(column)
    is_plain = pc.match_substring_regex(column, _PLAIN_AMOUNT)
    if not is_signed:
        is_plain = pc.and_(is_plain, pc.invert(pc.starts_with(column, "-")))
    written = pc.replace_substring(pc.if_else(is_plain, column, None), ",", ".")
    return _with_odd(column, _ore_of(written.cast(_WIDE)), is_plain, ore_reader(is_signed))


def _decimals(column: pa.Array, is_signed: bool) -> Parsed:
    """Read a column of decimals, whatever their scale; one finer than an öre is refused."""
    lowest = -LARGEST_ENTRY if is_signed else 0
    limits = [pa.scalar(limit, _WIDE) for limit in (lowest, LARGEST_ENTRY)]
    is_finer = column.type.scale > _WIDE.scale
    try:
        exact = column.cast(_WIDE, safe=not is_finer)
    except pa.ArrowInvalid:  # some have more digits than any amount
        return _amounts(column.cast(pa.string()), is_signed)
    is_plain = pc.and_(pc.greater_equal(exact, limits[0]), pc.less_equal(exact, limits[1]))
    if is_finer:
        is_plain = pc.and_(is_plain, pc.equal(exact.cast(column.type), column))
    return _with_odd(column.cast(pa.string()), _ore_of(exact), is_plain, ore_reader(is_signed))


def _ore_of(amounts: pa.Array) -> pa.Array:
    """Return decimals of two places as whole öre: the lower half of their 16 bytes.

    Right for what fits 18 digits; what is larger is told before.
    """
    wide = np.frombuffer(amounts.buffers()[1], dtype="<i8")
    low = wide[2 * amounts.offset : 2 * (amounts.offset + len(amounts)) : 2]
    return pa.array(low, mask=amounts.is_null().to_numpy(zero_copy_only=False))


def _with_odd(
    column: pa.Array, values: pa.Array, is_plain: pa.Array, read: Callable[[str], Any]
) -> Parsed:
    """Return the values where the cells are plain, and read the other cells one by one."""
    is_odd = pc.fill_null(pc.invert(is_plain), False)
    at = np.flatnonzero(is_odd.to_numpy(zero_copy_only=False))
    if not len(at):
        return Parsed(values, [])
    found, problems = _each(column.take(pa.array(at)).to_pylist(), read)
    replaced = pc.replace_with_mask(values, is_odd, pa.array(found, values.type))
    return Parsed(replaced, [CellFault(int(at[place]), text) for place, text in problems.items()])


def keys_of(references: pa.Array) -> pa.Array:
    """Return the keys that references are looked up by, as `reference_key` makes them."""
    is_plain = pc.match_substring_regex(references, _PLAIN_REFERENCE)
    return _with_odd(references, pc.utf8_lower(references), is_plain, reference_key).values


def ore_reader(is_signed: bool) -> Callable[[str], int]:
    """Return what reads an amount as whole öre."""
    read = cells.amount if is_signed else cells.amount_of_nought_or_more
    return lambda cell: to_ore(read(cell))


_ONE_BY_ONE: dict[Kind, tuple[Callable[[str], Any], pa.DataType]] = {
    Kind.DAY: (cells.day, pa.date32()),
    Kind.INSTANT: (cells.instant, _INSTANT),
}
