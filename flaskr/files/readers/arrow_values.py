"""Convert Arrow columns of any type to cells: texts, decimals, dates and instants."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from flaskr.files.readers.cells import NUL_CELL, SENTENCE_MARK, normalise_texts
from flaskr.files.readers.numbers import shortest_digits, without_float_noise

_INSTANT = pa.timestamp("us", "UTC")
_NAIVE = pa.timestamp("us")
FIRST_DAY, LAST_DAY = -719_162, 2_932_896  # 0001-01-01 and 9999-12-31, from 1970
_DAY_MICROSECONDS = 86_400_000_000
NESTED = SENTENCE_MARK + "This is a list or an object. Write a text or a number."
_BOOLEAN = SENTENCE_MARK + "This is true or false. Write a text or a number."
_FAR_DAY = SENTENCE_MARK + "The date is not in the years 1 to 9999."
_FAR_INSTANT = (
    SENTENCE_MARK + "The time is finer than a microsecond, or not in the years 1 to 9999."
)
_NO_OFFSET = (
    SENTENCE_MARK + "This is a time without its UTC offset. Write the date, or add the offset."
)
_OTHER = SENTENCE_MARK + "This is a value of type {kind}. Write a text, a number or a date."


def is_text(kind: pa.DataType) -> bool:
    """Whether a type is a string type."""
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def is_nested(kind: pa.DataType) -> bool:
    """Whether a type is a list, a struct or another nested type."""
    return bool(types.is_nested(_storage(kind)))


def _storage(kind: pa.DataType) -> pa.DataType:
    """Return the storage type of an extension type; other types as they are."""
    return kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind


def cells_of(values: pa.Array, is_exact: bool = False) -> pa.Array:
    """Return a column as cells; a cell that cannot be read has a sentence that says why.

    `is_exact`: floats keep all their digits, also those behind the 15th.
    """
    if isinstance(values.type, pa.BaseExtensionType):
        return cells_of(values.storage, is_exact)
    if types.is_dictionary(values.type):
        return cells_of(values.dictionary_decode(), is_exact)
    if types.is_floating(values.type):
        return _float_cells(values, shortest_digits if is_exact else _digits_of_float)
    for is_type, to_cells in _CELLS:
        if is_type(values.type):
            return to_cells(values)
    return _sentence_cells(values, _OTHER.format(kind=values.type))


def _sentence_cells(values: pa.Array, sentence: str) -> pa.StringArray:
    """Return a sentence in place of each value."""
    return pc.if_else(values.is_valid(), sentence, pa.scalar(None, pa.string()))


def _text_cells(values: pa.Array) -> pa.StringArray:
    """Return texts; a text with a NUL is replaced by a sentence."""
    texts = values.cast(pa.string())
    letters = texts.buffers()[2]
    if letters is not None and not np.frombuffer(letters, dtype=np.uint8).all():
        with_nul = pc.fill_null(pc.match_substring(texts, SENTENCE_MARK), False)
        texts = pc.if_else(with_nul, NUL_CELL, texts)
    return normalise_texts(texts)


def _number_cells(values: pa.Array) -> pa.StringArray:
    """Return whole numbers as their digits."""
    return values.cast(pa.string())


def _decimal_cells(values: pa.Array) -> pa.Array:
    """Return decimals of up to 38 digits, or texts of the digits if some have more."""
    try:
        return values.cast(pa.decimal128(38, values.type.scale))
    except (pa.ArrowInvalid, ValueError):
        return values.cast(pa.string())


def _digits_of_float(text: str) -> str:
    """Return the digits of a float without what arithmetic left behind its 15th digit."""
    return without_float_noise(shortest_digits(text))


def _float_cells(values: pa.Array, to_digits: Callable[[str], str]) -> pa.StringArray:
    """Return floats as digits: the unusual and the long ones by `to_digits`."""
    if types.is_float16(values.type):
        values = values.cast(pa.float32())
    texts = values.cast(pa.string())
    plain = pc.fill_null(pc.match_substring_regex(texts, r"^(-?[1-9]|0$|-?0\.)[0-9.]{0,14}$"), True)
    if pc.all(plain).as_py() is not False:
        return texts
    is_unusual = pc.invert(plain)
    return pc.replace_with_mask(
        texts,
        is_unusual,
        pa.array([to_digits(text) for text in texts.filter(is_unusual).to_pylist()]),
    )


def _boolean_cells(values: pa.Array) -> pa.StringArray:
    """Return a sentence for each boolean: they are not read."""
    return _sentence_cells(values, _BOOLEAN)


def _null_cells(values: pa.Array) -> pa.StringArray:
    """Return only missing cells."""
    return pa.nulls(len(values), pa.string())


def _day_cells(values: pa.Array) -> pa.Array:
    """Return dates, or texts with sentences if some are outside the years 1 to 9999."""
    numbers = values.cast(pa.int32())
    in_range = pc.and_(pc.greater_equal(numbers, FIRST_DAY), pc.less_equal(numbers, LAST_DAY))
    if pc.all(in_range).as_py() is not False:
        return values
    texts = pc.if_else(in_range, numbers, None).cast(pa.date32()).cast(pa.string())
    return pc.if_else(in_range, texts, _FAR_DAY)


def _timestamp_cells(values: pa.Array) -> pa.Array:
    """Return instants in UTC; times without an offset are dates if all are at midnight."""
    kind = _NAIVE if values.type.tz is None else _INSTANT
    instants = values.cast(kind, safe=False)
    numbers = instants.cast(pa.int64())
    back = instants.cast(values.type, safe=False)
    in_range = pc.and_(
        pc.equal(back.cast(pa.int64()), values.cast(pa.int64())),
        pc.and_(
            pc.greater_equal(numbers, FIRST_DAY * _DAY_MICROSECONDS),
            pc.less(numbers, (LAST_DAY + 1) * _DAY_MICROSECONDS),
        ),
    )
    if kind == _NAIVE:
        return _days_at_midnight(numbers, in_range)
    if pc.all(in_range).as_py() is not False:
        return instants
    texts = pc.if_else(in_range, instants, None).cast(pa.string())
    return pc.if_else(in_range, texts, _FAR_INSTANT)


def _days_at_midnight(numbers: pa.Array, in_range: pa.Array) -> pa.Array:
    """Return times without an offset, in microseconds, as dates; a sentence if not at midnight."""
    days = pc.floor(pc.divide(numbers.cast(pa.float64(), safe=False), _DAY_MICROSECONDS))
    days = pc.if_else(in_range, days, None).cast(pa.int32())
    whole = pc.equal(pc.multiply(days.cast(pa.int64()), _DAY_MICROSECONDS), numbers)
    is_day = pc.if_else(numbers.is_valid(), pc.fill_null(whole, False), None)
    dates = pc.if_else(is_day, days, None).cast(pa.date32())
    if pc.all(is_day).as_py() is not False:
        return dates
    return pc.if_else(is_day, dates.cast(pa.string()), _NO_OFFSET)


def _date64_cells(values: pa.Array) -> pa.Array:
    """Return dates stored as milliseconds."""
    return _timestamp_cells(values.cast(pa.timestamp("ms")))


_CELLS: tuple[tuple[Callable[[pa.DataType], bool], Callable[[pa.Array], pa.Array]], ...] = (
    (is_text, _text_cells),
    (types.is_decimal, _decimal_cells),
    (types.is_date32, _day_cells),
    (types.is_timestamp, _timestamp_cells),
    (types.is_integer, _number_cells),
    (types.is_boolean, _boolean_cells),
    (types.is_null, _null_cells),
    (types.is_date64, _date64_cells),
    (types.is_nested, lambda values: _sentence_cells(values, NESTED)),
)
