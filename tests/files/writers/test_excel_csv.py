import csv
import io
from datetime import date
from decimal import Decimal

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pytest
from hypothesis import given

from flaskr.files.writers.excel_csv import ExcelCsvWriter
from tests.files.writers.any_rows import (
    LONG_TEXTS,
    SCHEMA,
    Row,
    few,
    frame_of,
    rows,
    rows_of,
    written,
)

HEADER = b'\xef\xbb\xbf"reference";"word";"day";"amount";"description"\r\n'


def body_of(generated: list[Row], is_raw: bool = True) -> bytes:
    return written(ExcelCsvWriter, [frame_of(generated)], is_raw)


def read_back(body: bytes) -> list[Row]:
    """The rows as pyarrow reads them: an empty cell without quotes is missing."""
    types = {field.name: field.type for field in SCHEMA}
    types["amount"] = pa.string()
    table = pyarrow.csv.read_csv(
        io.BytesIO(body),
        parse_options=pyarrow.csv.ParseOptions(delimiter=";", newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=types,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    return [
        (*row[:3], None if row[3] is None else Decimal(row[3].replace(",", ".")), row[4])
        for row in rows_of(table)
    ]


@few
@given(rows)
def test_every_row_comes_back_and_missing_values_differ_from_empty_texts(generated):
    assert read_back(body_of(generated)) == generated


@few
@given(rows)
def test_an_escaped_file_comes_back_when_one_apostrophe_is_removed(generated):
    body = body_of(generated, is_raw=False)

    for before, after in zip(generated, read_back(body), strict=True):
        for place in (0, 4):
            text = after[place]
            assert not (text or "").startswith(tuple("=+-@\t\r\n"))
            assert (text[1:] if text and text.startswith("'") else text) == before[place]
        assert after[1:4] == before[1:4]


@few
@given(rows)
def test_the_same_rows_give_the_same_bytes_whatever_the_size_of_the_frames(generated):
    whole = body_of(generated)

    assert body_of(generated) == whole
    frames = [frame_of([row]) for row in generated]
    assert written(ExcelCsvWriter, frames, True) == whole


@pytest.mark.parametrize("text", LONG_TEXTS)
def test_the_longest_texts_come_back(text):
    generated = [("a", "open", date(2024, 1, 2), Decimal("1.00"), text)]

    assert read_back(body_of(generated)) == generated


def test_the_file_has_the_format_that_swedish_excel_opens():
    generated = [
        ("00123", "open", date(2024, 2, 29), Decimal("-1234.50"), 'Åsa; 1 234,50 "rör"\nkök'),
        (None, None, None, None, ""),
    ]

    assert body_of(generated, is_raw=False) == HEADER + (
        '"00123";"open";2024-02-29;-1234,50;"Åsa; 1 234,50 ""rör""\nkök"\r\n;;;;""\r\n'.encode()
    )


def test_numbers_are_never_escaped():
    body = body_of([("-1", "open", None, Decimal("-5.00"), "=1+1")], is_raw=False)

    (row,) = list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), delimiter=";"))[1:]
    assert row == ["'-1", "open", "", "-5,00", "'=1+1"]


def test_an_empty_file_is_a_header():
    assert body_of([]) == written(ExcelCsvWriter, [], False) == HEADER


def test_pandas_and_duckdb_read_it(tmp_path):
    path = tmp_path / "file.csv"
    amount = Decimal("9999999999999999.99")
    path.write_bytes(body_of([("007", "open", date(2024, 2, 29), amount, "a\nb")]))

    frame = pd.read_csv(path, sep=";", encoding="utf-8-sig", dtype=str, keep_default_na=False)
    assert list(frame.loc[0]) == ["007", "open", "2024-02-29", "9999999999999999,99", "a\nb"]
    types = "{'reference': 'VARCHAR', 'word': 'VARCHAR', 'day': 'DATE', 'amount': 'DECIMAL(18,2)', "
    query = f"FROM read_csv('{path}', delim=';', decimal_separator=',', columns={types}"
    query += "'description': 'VARCHAR'}, header=true)"
    with duckdb.connect() as connection:
        assert connection.execute(query).fetchall() == [
            ("007", "open", date(2024, 2, 29), amount, "a\nb")
        ]
