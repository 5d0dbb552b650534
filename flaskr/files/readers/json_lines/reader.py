"""Read JSON lines, and lists of objects: numbers keep their digits, keys may come in any order."""

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flaskr.files.readers.cells import (
    NUL_CELL,
    ROWS_AT_ONCE,
    SENTENCE_MARK,
    CellBatch,
    batch_of,
    normalise_batch,
    normalise_texts,
    slices_of,
    texts_of,
)
from flaskr.files.readers.json_lines.fast import parse_json_block
from flaskr.files.readers.numbers import without_float_noise
from flaskr.files.readers.options import ReadingLimits, Unreadable
from flaskr.files.readers.text_files import TextFile
from flaskr.files.readers.titles import EMPTY, titles_of

_BLOCK_BYTES = 4 * 1024**2
_MAX_LINE_BYTES = 16 * 1024**2
_NESTED = SENTENCE_MARK + "This is a list or an object. Write a text or a number."
_BOOLEAN = SENTENCE_MARK + "This is true or false. Write a text or a number."
_WHAT_TO_DO = "Write a list of objects, or one object a line, as {“claim_reference”: “C1”, …}."
_ONE_OBJECT = (
    "The file is one JSON object of lists or objects, not of rows. Write a list of objects, which "
    "pandas calls orient=“records”."
)


class _NotANumber(str):
    """A sentence in place of NaN or an infinity; its class distinguishes it from texts."""


class _RepeatedKey(ValueError):
    """A key that occurs twice in one object."""


def _not_a_number(literal: str) -> _NotANumber:
    """Return a sentence for a literal that is not JSON: NaN or an infinity."""
    return _NotANumber(f"{SENTENCE_MARK}{literal} is not a number. Write its digits, or null.")


def _object_from_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; raises _RepeatedKey, where json would keep the last value."""
    value = dict(pairs)
    if len(value) < len(pairs):
        keys = [key for key, _ in pairs]
        raise _RepeatedKey(next(key for key in keys if keys.count(key) > 1))
    return value


def _decoder(parse_float: Callable[[str], str]) -> json.JSONDecoder:
    """Return a decoder of objects whose numbers are texts of their digits."""
    return json.JSONDecoder(
        object_pairs_hook=_object_from_pairs,
        parse_float=parse_float,
        parse_int=str,
        parse_constant=_not_a_number,
    )


_EXACT_DECODER = _decoder(str)
_DECODER = _decoder(without_float_noise)


class JsonLinesReader:
    """The titles of JSON lines (the keys of the first line), and the rows in batches."""

    titles_row = 0

    def __init__(self, text: TextFile, limits: ReadingLimits, is_exact: bool = False) -> None:
        self.text = text
        self.decoder = _EXACT_DECODER if is_exact else _DECODER
        self.last_row = 0  # the number of the last line consumed
        self.keys = list(self._first_object())
        self.known = frozenset(self.keys)
        self.titles = titles_of(self.keys, limits)
        if len(self.titles) != len(self.keys):
            raise Unreadable("A key of the first line is empty. Name it, or leave it out.")

    def _first_object(self) -> dict[str, Any]:
        """Return the object of the first line that is not blank, without consuming it."""
        for row, line in enumerate(self.lines(self._whole_lines()), 1):
            if not line.isspace():
                return self._checked_first(parse_object(line, row, self.decoder))
        raise Unreadable(EMPTY)

    def _checked_first(self, value: dict[str, Any]) -> dict[str, Any]:
        """Return the first object; raises Unreadable if it holds a whole table."""
        if value and all(isinstance(each, dict | list) for each in value.values()):
            raise Unreadable(_ONE_OBJECT)
        return value

    def _whole_lines(self) -> int:
        """Return how many bytes of the buffer are complete lines; 0 at the end of the file."""
        block_size = _BLOCK_BYTES
        while block := self.text.fill(block_size):
            size = len(block) if self.text.is_ended else block.rfind(b"\n") + 1
            if size:
                return size
            block_size *= 2
            if block_size > _MAX_LINE_BYTES:
                raise Unreadable(
                    f"Row {self.last_row + 1} has over {_MAX_LINE_BYTES // 1024**2} MB."
                )
        return 0

    def lines(self, size: int) -> Iterator[str]:
        """Return the lines of the first bytes of the buffer."""
        return io.StringIO(self.text.decode(size), newline="\n")

    def batches(self) -> Iterator[CellBatch]:
        """Yield all rows; one line is one row, the first is number 1."""
        while size := self._whole_lines():
            table = parse_json_block(self.text.buffer[:size], self.keys)
            if table is None:
                yield from self.rows_one_by_one(size)
            else:
                rows = pa.array(np.arange(self.last_row + 1, self.last_row + 1 + len(table)))
                columns = [table.column(key).combine_chunks() for key in self.keys]
                yield from map(
                    normalise_batch, slices_of(CellBatch(rows, batch_of(columns, self.titles)))
                )
                self.last_row += len(table)
            self.text.consume(size)

    def rows_one_by_one(self, size: int) -> Iterator[CellBatch]:
        """Yield the rows of the first bytes of the buffer, parsed by Python."""
        rows: list[int] = []
        objects: list[dict[str, Any]] = []
        for line in self.lines(size):
            self.last_row += 1
            if line.isspace():
                continue
            rows.append(self.last_row)
            objects.append(parse_object(line, self.last_row, self.decoder))
            self._check_keys(objects[-1])
            if len(rows) == ROWS_AT_ONCE:
                yield self._batch(rows, objects)
                rows, objects = [], []
        if rows:
            yield self._batch(rows, objects)

    def _check_keys(self, value: dict[str, Any]) -> None:
        """Raise Unreadable for a key that is not a title: its column would be lost."""
        if not value.keys() <= self.known:
            key = next(key for key in value if key not in self.known)
            raise Unreadable(
                f"Row {self.last_row} has the key “{key[:40]}”, which the first line lacks. "
                "Name every key in the first line, with null where there is no value."
            )

    def _batch(self, rows: list[int], objects: list[dict[str, Any]]) -> CellBatch:
        """Return some objects as a batch."""
        columns = [_cells_of([value.get(key) for value in objects]) for key in self.keys]
        return CellBatch(pa.array(rows, pa.int64()), batch_of(columns, self.titles))


def parse_object(line: str, row: int, decoder: json.JSONDecoder = _DECODER) -> dict[str, Any]:
    """Return the object of a line; raises Unreadable with its number."""
    try:
        value = decoder.decode(line)
    except _RepeatedKey as error:
        raise Unreadable(
            f"Row {row} has the key “{str(error)[:40]}” twice. Keep one of them."
        ) from error
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"Row {row} cannot be read as JSON. {_WHAT_TO_DO}") from error
    if not isinstance(value, dict):
        raise Unreadable(f"Row {row} is not a JSON object. {_WHAT_TO_DO}")
    return value


def _cells_of(values: list[Any]) -> pa.StringArray:
    """Return the values of one key as texts."""
    try:
        texts = pa.array(values, pa.string())
    except (pa.ArrowException, UnicodeEncodeError):
        texts = texts_of([_cell_of(value) for value in values])
    else:
        if pc.any(pc.match_substring(texts, SENTENCE_MARK)).as_py():
            texts = texts_of([_cell_of(value) for value in values])
    return normalise_texts(texts)


def _cell_of(value: Any) -> str | None:
    """Return a value as a cell, or a sentence that says why it cannot be one."""
    if isinstance(value, bool):
        return _BOOLEAN
    if isinstance(value, dict | list):
        return _NESTED
    if value is None or isinstance(value, _NotANumber):
        return value
    return NUL_CELL if SENTENCE_MARK in value else str(value)
