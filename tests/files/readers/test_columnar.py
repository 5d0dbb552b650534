import io
from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest

from flaskr.files.readers.arrow_values import cells_of
from flaskr.files.readers.options import ReadingLimits, Unreadable
from tests.files.readers.reads import notes_of, read, rows_of

NOON = datetime(2024, 2, 29, 12, 30, 0, 1, tzinfo=UTC)
NAIVE = NOON.replace(tzinfo=None)
MIDNIGHT = datetime(2024, 2, 29)  # noqa: DTZ001
DAY = date(2024, 2, 29)


@pytest.mark.parametrize(
    ("values", "kind", "cells"),
    [
        (["a", "", " ", None], pa.large_string(), ["a", "", None, None]),
        (["a", "b", "a"], pa.dictionary(pa.int8(), pa.string()), ["a", "b", "a"]),
        (["a"], pa.string_view(), ["a"]),
        ([1, -2, None], pa.int16(), ["1", "-2", None]),
        ([2**64 - 1], pa.uint64(), [str(2**64 - 1)]),
        ([123.0, 0.1, -0.0, 1e-7, None], pa.float64(), ["123", "0.1", "0", "0.0000001", None]),
        (
            [300.29999999999995, 100 / 3, 0.1 + 0.2, 999_999_999_999.99, -4.35 * 100],
            pa.float64(),
            ["300.3", "33.333333333333336", "0.3", "999999999999.99", "-435"],
        ),
        ([0.1, 16777216.0], pa.float32(), ["0.1", "16777216"]),
        ([np.float16(0.5)], pa.float16(), ["0.5"]),
        ([Decimal("1.10")], pa.decimal128(5, 2), [Decimal("1.10")]),
        ([Decimal("1.10")], pa.decimal256(50, 2), [Decimal("1.10")]),
        ([DAY, None], pa.date32(), [DAY, None]),
        ([DAY], pa.date64(), [DAY]),
        ([NOON, None], pa.timestamp("us", "Europe/Stockholm"), [NOON, None]),
        ([NOON], pa.timestamp("ns", "UTC"), [NOON]),
        ([MIDNIGHT, None], pa.timestamp("ns"), [DAY, None]),
        ([MIDNIGHT], pa.timestamp("s"), [DAY]),
        ([None, None], pa.null(), [None, None]),
        ([None, None], pa.bool_(), [None, None]),
    ],
)
def test_each_type_is_read_as_what_it_means(values, kind, cells):
    assert cells_of(pa.array(values, kind)).to_pylist() == cells


@pytest.mark.parametrize(
    ("values", "kind", "said"),
    [
        ([float("nan")], pa.float64(), "is not a number"),
        ([float("-inf")], pa.float64(), "is not a number"),
        ([1e15], pa.float64(), "keeps 15 digits"),
        ([True], pa.bool_(), "true or false"),
        ([[1]], pa.list_(pa.int64()), "This is a list or an object"),
        ([{"x": 1}], pa.struct([("x", pa.int64())]), "This is a list or an object"),
        ([NAIVE], pa.timestamp("us"), "without its UTC offset"),
        ([1], pa.timestamp("ns", "UTC"), "finer than a microsecond"),
        ([2**62], pa.timestamp("s", "UTC"), "finer than a microsecond, or not in the years"),
        ([2**31 - 1], pa.date32(), "not in the years 1 to 9999"),
        (["a\0b"], pa.string(), "NUL character"),
        ([b"x"], pa.binary(), "type binary"),
        ([1], pa.duration("s"), r"type duration\[s\]"),
    ],
)
def test_a_value_that_cannot_be_read_becomes_a_sentence(values, kind, said):
    (cell, nothing) = cells_of(pa.array([*values, None], kind)).to_pylist()

    assert cell.startswith("\0")
    assert said.replace("\\", "") in cell
    assert nothing is None


def test_the_index_that_pandas_writes_into_parquet_is_left_out_and_said(path):
    frame = pd.DataFrame({"a": ["x", "y"], "b": [1, 2]}, index=["one", "two"])
    frame.to_parquet(path)

    assert rows_of(path, path.read_bytes()) == [(1, ("x", "1")), (2, ("y", "2"))]
    assert notes_of(path) == (
        "Column 3, “__index_level_0__”, is the index of a data frame: left out.",
    )


def test_values_in_a_column_with_an_unreadable_one_are_texts():
    days = cells_of(pa.array([MIDNIGHT, NAIVE, None], pa.timestamp("us"))).to_pylist()
    instants = cells_of(pa.array([0, 1, None], pa.timestamp("ns", "UTC"))).to_pylist()

    assert (days[0], days[1][0], days[2]) == ("2024-02-29", "\0", None)
    assert (instants[0], instants[1][0], instants[2]) == ("1970-01-01 00:00:00.000000Z", "\0", None)


def parquet(columns, **options) -> bytes:
    file = io.BytesIO()
    pa.parquet.write_table(pa.table(columns), file, **options)
    return file.getvalue()


def test_rows_of_a_parquet_file_are_counted_from_1_and_nested_columns_are_refused(path):
    path.write_bytes(parquet({" a ": ["x", None, "z"], "b.c": [1, None, 3], "d": [[1], None, []]}))

    titles, rows, _ = read(path)

    assert titles == ("a", "b.c", "d")
    assert [(row, cells[:2], cells[2][:15]) for row, cells in rows] == [
        (1, ("x", "1"), "\0This is a list"),
        (2, (None, None), "\0This is a list"),
        (3, ("z", "3"), "\0This is a list"),
    ]


@pytest.mark.parametrize(
    ("columns", "limits", "refusal"),
    [
        ({"a": [1], "A ": [1]}, ReadingLimits(), "Two columns are named"),
        ({"a": [1], "": [1]}, ReadingLimits(), "The last column has no name"),
        ({"a": [1, 2, 3]}, ReadingLimits(rows=2), "over 2 rows"),
        ({"a": [1], "b": [1]}, ReadingLimits(columns=1), "2 columns, over 1"),
        ({"a": ["x" * 10]}, ReadingLimits(cell_length=9), "Row 1, a: a cell has over 9"),
        ({"a": ["x" * 2000]}, ReadingLimits(unpacked_bytes=1000), "unpacks to over"),
        ({"a": [[1]]}, ReadingLimits(), "Every column holds lists"),
    ],
)
def test_a_parquet_file_outside_the_limits_is_refused(path, columns, limits, refusal):
    path.write_bytes(parquet(columns))

    with pytest.raises(Unreadable, match=refusal):
        read(path, limits)


def test_a_column_that_is_only_an_index_is_read(path):
    pa.parquet.write_table(pa.table({"__index_level_0__": ["x"]}), path)

    assert read(path)[0] == ("__index_level_0__",)


@pytest.mark.parametrize("value", [300.29999999999995, 0.1 + 0.2])
def test_the_noise_of_a_float_is_kept_when_it_is_read_exactly(value):
    assert cells_of(pa.array([value]), is_exact=True).to_pylist() == [repr(value)]
