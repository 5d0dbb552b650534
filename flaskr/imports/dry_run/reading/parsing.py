"""Parses columns of cells into columns of values, with a message for each cell that is invalid.

Cells in a plain form are parsed a column at a time, for speed; the others one by one by `cells`,
which defines the rules: it accepts every plain form with the same value.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flaskr.facts.columns import Column
from flaskr.facts.kinds import Kind
from flaskr.imports.dry_run.reading import cells
from flaskr.imports.dry_run.reading.parsed_columns import (
    CellDoubt as CellDoubt,
)
from flaskr.imports.dry_run.reading.parsed_columns import (
    ParseCell,
    ParsedColumn,
    ParsingRules,
    as_text,
    parse_remaining,
    parse_repeated,
    with_shown,
)
from flaskr.values.identity_numbers import POSSIBLE, has_identity_number
from flaskr.values.money import LARGEST_ENTRY, to_ore
from flaskr.values.spreadsheet_texts import DAYS, DECIMAL_NUMBERS, MISSING
from flaskr.values.text import LONGEST_TEXT, NAME_LENGTH, REFERENCE_LENGTH, RESERVED, reference_key
from flaskr.values.written_days import EARLIEST_YEAR

_INSTANT = pa.timestamp("us", "UTC")
_WIDE = pa.decimal128(38, 2)
_FIRST_DAY = date(EARLIEST_YEAR, 1, 1)
_FIRST_INSTANT = datetime(EARLIEST_YEAR, 1, 1, tzinfo=UTC)
# Letters beyond ASCII whose lower case equals their casefold, and which are in NFC.
_LETTERS = "À-ÖØ-Þà-öø-ÿ"
_IN_REFERENCE = rf'"$-<>@-\[\]-~{_LETTERS}'  # none of \ ? #, nor = as in a formula
_PLAIN_REFERENCE = rf"^[!{_IN_REFERENCE}]([ !{_IN_REFERENCE}]*[!{_IN_REFERENCE}])?$"
# Most references are of a form that no spreadsheet makes of anything, and that is not reserved: no
# digit first, or digits around one mark; and a short one does not begin like a month, or like new.
_ANY = f"[ !{_IN_REFERENCE}]*[!{_IN_REFERENCE}]"
_SURE_REFERENCE = (
    f"^([BCEGHIKLPQRTUVWXYZbceghiklpqrtuvwxyz_{_LETTERS}]({_ANY})?"
    f"|[A-Za-z]([-0-9_]({_ANY})?|[ !{_IN_REFERENCE}]{{5,}}[!{_IN_REFERENCE}])"
    f"|[0-9]+([-/][0-9]{{3,}}|[A-DF-Za-df-z]({_ANY})?)?)$"
)
_TURNED_REFERENCE = f"^({DECIMAL_NUMBERS}|{DAYS}|{MISSING})$"
_PLAIN_TEXT = rf"^[!-~{_LETTERS}]([ -~{_LETTERS}\n]*[!-~{_LETTERS}])?$"
_PLAIN_NAME = rf"^[!-~{_LETTERS}]+( [!-~{_LETTERS}]+)*$"
_EVENT = "event_code"  # the day of an occurrence is a natural code for it
_PLAIN_AMOUNT = r"^-?[0-9]{1,12}([.,][0-9]{1,2})?$"


def parse_column(
    column: pa.Array,
    declared: Column,
    rules: ParsingRules,
    shown_as: pa.StringArray | None = None,
) -> ParsedColumn:
    """Parse a column: amounts in öre as int64, days as date32, texts as string.

    `shown_as` says how a spreadsheet shows each cell, as in CellBatch.
    """
    parsed = _parse_plain(column, declared, rules)
    if shown_as is None or shown_as.null_count == len(shown_as):
        return parsed
    return with_shown(parsed, column, declared, rules, shown_as)


def _parse_plain(column: pa.Array, declared: Column, rules: ParsingRules) -> ParsedColumn:
    """Parse a column by its cells alone."""
    kind = declared.kind
    if kind is Kind.AMOUNT:
        return _parse_amounts(column, rules)
    if kind is Kind.REFERENCE:
        return _parse_references(column, may_be_day=declared.name == _EVENT)
    if kind is Kind.TEXT:
        parse = cells.text_parser(
            is_one_line=declared.is_one_line,
            strips_controls=rules.strips_controls,
            takes_identity_numbers=rules.takes_identity_numbers,
        )
        plain, longest = (_PLAIN_TEXT, LONGEST_TEXT)
        if declared.is_one_line:
            plain, longest = (_PLAIN_NAME, NAME_LENGTH)
        return _parse_texts(column, plain, longest, parse)
    if kind is Kind.DAY and pa.types.is_date32(column.type) and not _has_early(column, _FIRST_DAY):
        return ParsedColumn(column, [])
    if kind is Kind.INSTANT and column.type == _INSTANT and not _has_early(column, _FIRST_INSTANT):
        return ParsedColumn(column, [])
    if declared.choices:
        parse_member = cells.member_parser(declared.choices, rules.values.get(declared.name))
        return parse_repeated(as_text(column), parse_member, pa.string())
    if kind is Kind.INSTANT:
        return parse_repeated(as_text(column), cells.parse_instant, _INSTANT)
    parse_day = cells.day_parser(rules.time_zone, rules.day_order)
    return parse_repeated(as_text(column), parse_day, pa.date32())


def _has_early(moments: pa.Array, first: date) -> bool:
    """Whether a column has a value before the first day or instant that the book accepts."""
    earliest = pc.min(moments).as_py()
    return earliest is not None and earliest < first


def _parse_texts(column: pa.Array, plain: str, max_length: int, parse: ParseCell) -> ParsedColumn:
    """Parse a column of texts, most of which the book stores unchanged."""
    column = as_text(column)
    is_plain = pc.match_substring_regex(column, plain)
    is_plain = pc.and_(is_plain, pc.less_equal(pc.utf8_length(column), max_length))
    is_plain = _without_numbers(column, is_plain)
    return parse_remaining(column, column, is_plain, parse)


def _parse_references(column: pa.Array, *, may_be_day: bool) -> ParsedColumn:
    """Parse a column of references, most of which the book stores unchanged."""
    column = as_text(column)
    is_plain = pc.match_substring_regex(column, _SURE_REFERENCE)
    is_other = pc.fill_null(pc.invert(is_plain), False)
    if pc.any(is_other).as_py():
        is_plain = pc.replace_with_mask(is_plain, is_other, _plain_among(column.filter(is_other)))
    is_plain = pc.and_(is_plain, pc.less_equal(pc.utf8_length(column), REFERENCE_LENGTH))
    is_plain = _without_numbers(column, is_plain)
    return parse_remaining(column, column, is_plain, cells.reference_parser(may_be_day=may_be_day))


def _without_numbers(column: pa.Array, is_plain: pa.Array) -> pa.Array:
    """Return which texts are plain and have no identity number; few need more than a first look."""
    is_possible = pc.fill_null(pc.match_substring_regex(column, POSSIBLE), False)
    if not pc.any(is_possible).as_py():
        return is_plain
    has_none = [not has_identity_number(text) for text in column.filter(is_possible).to_pylist()]
    is_sure = pc.replace_with_mask(pc.invert(is_possible), is_possible, pa.array(has_none))
    return pc.and_(is_plain, is_sure)


def _plain_among(references: pa.Array) -> pa.Array:
    """Return which references are stored unchanged, among those that are not surely so."""
    is_plain = pc.match_substring_regex(references, _PLAIN_REFERENCE)
    is_reserved = pc.is_in(pc.utf8_lower(references), pa.array(sorted(RESERVED)))
    is_turned = pc.match_substring_regex(references, _TURNED_REFERENCE)
    return pc.and_not(is_plain, pc.or_(is_reserved, is_turned))


def _parse_amounts(column: pa.Array, rules: ParsingRules) -> ParsedColumn:
    """Parse a column of amounts."""
    if pa.types.is_decimal(column.type):
        return _parse_decimals(column, rules)
    is_signed = rules.is_signed
    column = as_text(column)
    is_plain = pc.match_substring_regex(column, _PLAIN_AMOUNT)
    if not is_signed:
        is_plain = pc.and_(is_plain, pc.invert(pc.starts_with(column, "-")))
    plain = pc.replace_substring(pc.if_else(is_plain, column, None), ",", ".")
    return parse_remaining(column, _ore_of(plain.cast(_WIDE)), is_plain, ore_parser(rules))


def _parse_decimals(column: pa.Array, rules: ParsingRules) -> ParsedColumn:
    """Parse a column of decimals of any scale; a value finer than an öre is refused."""
    is_signed = rules.is_signed
    lowest = -LARGEST_ENTRY if is_signed else 0
    limits = [pa.scalar(limit, _WIDE) for limit in (lowest, LARGEST_ENTRY)]
    is_finer = column.type.scale > _WIDE.scale
    try:
        exact = column.cast(_WIDE, safe=not is_finer)
    except pa.ArrowInvalid:  # some have more digits than any amount
        return _parse_amounts(column.cast(pa.string()), rules)
    is_plain = pc.and_(pc.greater_equal(exact, limits[0]), pc.less_equal(exact, limits[1]))
    if is_finer:
        is_plain = pc.and_(is_plain, pc.equal(exact.cast(column.type), column))
    return parse_remaining(column.cast(pa.string()), _ore_of(exact), is_plain, ore_parser(rules))


def _ore_of(amounts: pa.Array) -> pa.Array:
    """Return decimals of two places as whole öre: the lower half of their 16 bytes.

    Correct for values of up to 18 digits; larger ones are faults already.
    """
    wide = np.frombuffer(amounts.buffers()[1], dtype="<i8")
    low = wide[2 * amounts.offset : 2 * (amounts.offset + len(amounts)) : 2]
    return pa.array(low, mask=amounts.is_null().to_numpy(zero_copy_only=False))


def reference_keys(references: pa.Array) -> pa.Array:
    """Return the lookup keys of references, as `reference_key` makes them."""
    is_plain = pc.match_substring_regex(references, _PLAIN_REFERENCE)
    return parse_remaining(references, pc.utf8_lower(references), is_plain, reference_key).values


def ore_parser(rules: ParsingRules) -> Callable[[str], int]:
    """Return a function that parses an amount into whole öre."""
    parse = cells.parse_amount if rules.is_signed else cells.parse_non_negative_amount
    return lambda cell: to_ore(parse(cell, rules.currency))
