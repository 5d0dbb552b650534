"""Columns of parsed values: plain cells a column at a time, the others one by one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flaskr.errors import ClaimBookError
from flaskr.facts.columns import Column
from flaskr.facts.kinds import Kind
from flaskr.files.readers.cells import DAY
from flaskr.imports.dry_run.reading import cells
from flaskr.imports.tasks import DayOrder

ParseCell = Callable[[str], Any]


class CellFault(NamedTuple):
    """An invalid cell: its position in the column, and the message."""

    at: int
    text: str


class CellDoubt(NamedTuple):
    """A cell that is right only if the book has its value as it is.

    `instead` is what the cell means if not, and `text` the message if that is None.
    """

    at: int
    text: str
    instead: str | None


@dataclass(frozen=True)
class ParsedColumn:
    """A column of values, null where a cell is empty or invalid.

    The value of a cell in doubt is the one that the book may have.
    """

    values: pa.Array
    faults: list[CellFault]
    doubts: list[CellDoubt] = field(default_factory=list)


@dataclass(frozen=True)
class ParsingRules:
    """What the values of a file depend on besides its cells.

    With `is_signed` amounts may be below zero. `values` has the values of a closed list by the
    column and the file's texts, as mapped for the whole file. With `strips_controls` texts lose
    their control letters, instead of being refused; with `takes_identity_numbers` they may have
    what looks like identity numbers.
    """

    currency: str
    time_zone: str
    is_signed: bool = False
    day_order: DayOrder = DayOrder.UNKNOWN
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    strips_controls: bool = False
    takes_identity_numbers: bool = False


def as_text(column: pa.Array) -> pa.Array:
    """Return cells as text."""
    return column if pa.types.is_string(column.type) else column.cast(pa.string())


def parse_repeated(column: pa.Array, parse: ParseCell, arrow_type: pa.DataType) -> ParsedColumn:
    """Parse a column whose cells repeat: each distinct text once."""
    encoded = column.dictionary_encode()
    values, errors = _parse_cells(encoded.dictionary.to_pylist(), parse)
    parsed = pa.array(values, arrow_type).take(encoded.indices)
    if not errors:
        return ParsedColumn(parsed, [])
    problems = {code: str(error) for code, error in errors.items()}
    codes = encoded.indices.fill_null(-1).to_numpy()
    at = np.flatnonzero(np.isin(codes, list(problems)))
    return ParsedColumn(
        parsed, [CellFault(int(place), problems[int(codes[place])]) for place in at]
    )


def _parse_cells(texts: list[str], parse: ParseCell) -> tuple[list[Any], dict[int, ClaimBookError]]:
    """Parse cells one by one; return the values, and the errors by position."""
    values: list[Any] = []
    errors: dict[int, ClaimBookError] = {}
    for at, cell in enumerate(texts):
        try:
            values.append(parse(_readable(cell)))
        except ClaimBookError as error:
            values.append(error.value if isinstance(error, cells.Doubtful) else None)
            errors[at] = error
    return values, errors


def _readable(cell: str) -> str:
    """Return a cell; raises ClaimBookError for one that a reader marked with NUL and a message."""
    if cell.startswith("\0"):
        raise ClaimBookError(cell[1:])
    return cell


def parse_remaining(
    column: pa.Array, values: pa.Array, is_plain: pa.Array, parse: ParseCell
) -> ParsedColumn:
    """Return the values of the plain cells, and parse the others one by one."""
    is_other = pc.fill_null(pc.invert(is_plain), False)
    at = np.flatnonzero(is_other.to_numpy(zero_copy_only=False))
    if not len(at):
        return ParsedColumn(values, [])
    parsed, errors = _parse_cells(column.take(pa.array(at)).to_pylist(), parse)
    replaced = pc.replace_with_mask(values, is_other, pa.array(parsed, values.type))
    faults, doubts = [], []
    for place, error in errors.items():
        if isinstance(error, cells.Doubtful):
            doubts.append(CellDoubt(int(at[place]), str(error), error.instead))
        else:
            faults.append(CellFault(int(at[place]), str(error)))
    return ParsedColumn(replaced, faults, doubts)


def with_shown(
    parsed: ParsedColumn,
    column: pa.Array,
    declared: Column,
    rules: ParsingRules,
    shown_as: pa.StringArray,
) -> ParsedColumn:
    """Return a parsed column after how a spreadsheet shows its cells: days, percentages, money."""
    if declared.kind is Kind.DAY:
        return _with_hidden_times(parsed, column, rules, shown_as)
    sentences = {
        each: cells.shown_fault(each, declared.kind, rules.currency)
        for each in pc.unique(shown_as.drop_null()).to_pylist()
    }
    filled = pc.and_(shown_as.is_valid(), column.is_valid())
    places = pc.indices_nonzero(filled).to_pylist() if any(sentences.values()) else []
    shown = shown_as.to_pylist()
    wrong = {at: sentences[shown[at]] for at in places if sentences[shown[at]]}
    if declared.kind is Kind.REFERENCE:
        known = {each.at for each in parsed.faults} | {each.at for each in parsed.doubts}
        doubts = [CellDoubt(at, text, None) for at, text in wrong.items() if at not in known]
        return ParsedColumn(parsed.values, parsed.faults, [*parsed.doubts, *doubts])
    others = [fault for fault in parsed.faults if fault.at not in wrong]
    faults = sorted([*others, *(CellFault(at, text) for at, text in wrong.items())])
    mask = pa.array(np.isin(np.arange(len(column)), list(wrong)))
    values = pc.if_else(mask, pa.scalar(None, parsed.values.type), parsed.values)
    return ParsedColumn(values, faults, parsed.doubts)


def _with_hidden_times(
    parsed: ParsedColumn, column: pa.Array, rules: ParsingRules, shown_as: pa.StringArray
) -> ParsedColumn:
    """Return days, with those of the cells that have a time which the sheet does not show."""
    hidden = {fault.at for fault in parsed.faults if shown_as[fault.at].as_py() == DAY}
    if not hidden:
        return parsed
    at = sorted(hidden)
    parse = cells.day_parser(rules.time_zone, rules.day_order, hides_time=True)
    days = parse_repeated(as_text(column).take(pa.array(at)), parse, pa.date32())
    mask = np.isin(np.arange(len(column)), at)
    values = pc.replace_with_mask(parsed.values, pa.array(mask), days.values)
    faults = [fault for fault in parsed.faults if fault.at not in hidden]
    faults += [CellFault(at[fault.at], fault.text) for fault in days.faults]
    return ParsedColumn(values, sorted(faults))
