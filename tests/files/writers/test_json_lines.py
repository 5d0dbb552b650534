import io
import json
from datetime import date
from decimal import Decimal

import duckdb
import pandas as pd
import pytest
from hypothesis import given

from flaskr.files.writers.json_lines import JsonLinesWriter
from tests.files.writers.any_rows import COLUMNS, LONG_TEXTS, Row, few, frame_of, rows, written


def body_of(generated: list[Row]) -> bytes:
    return written(JsonLinesWriter, [frame_of(generated)])


def read_back(body: bytes) -> list[Row]:
    lines = body.decode().split("\n")
    assert lines.pop() == ""
    objects = [json.loads(line, parse_float=pytest.fail, parse_int=pytest.fail) for line in lines]
    assert all(list(found) == [column.name for column in COLUMNS] for found in objects)
    return [
        (
            found["reference"],
            found["word"],
            found["day"] and date.fromisoformat(found["day"]),
            found["amount"] and Decimal(found["amount"]),
            found["description"],
        )
        for found in objects
    ]


@few
@given(rows)
def test_every_row_comes_back_with_amounts_and_dates_as_strings(generated):
    assert read_back(body_of(generated)) == generated


@few
@given(rows)
def test_the_same_rows_give_the_same_bytes_whatever_the_size_of_the_frames(generated):
    whole = body_of(generated)

    assert body_of(generated) == whole
    assert written(JsonLinesWriter, [frame_of([row]) for row in generated]) == whole


@pytest.mark.parametrize("text", LONG_TEXTS)
def test_the_longest_texts_come_back(text):
    generated = [("a", "open", date(2024, 1, 2), Decimal("1.00"), text)]

    assert read_back(body_of(generated)) == generated


def test_a_line_is_one_object_in_the_order_of_the_columns():
    generated = [("00123", None, date(1, 2, 3), Decimal("-0.05"), 'Å "x"\n\\\x01')]

    assert body_of(generated).decode() == (
        '{"reference":"00123","word":null,"day":"0001-02-03","amount":"-0.05",'
        '"description":"Å \\"x\\"\\n\\\\\\u0001"}\n'
    )


def test_an_empty_file_has_no_line():
    assert body_of([]) == written(JsonLinesWriter, []) == b""


def test_pandas_and_duckdb_read_it(tmp_path):
    path = tmp_path / "file.jsonl"
    amount = Decimal("9999999999999999.99")
    path.write_bytes(body_of([("007", None, date(2024, 2, 29), amount, "a\nb")]))

    frame = pd.read_json(io.BytesIO(path.read_bytes()), lines=True, dtype=False)
    assert [frame["reference"][0], frame["amount"][0]] == ["007", "9999999999999999.99"]
    types = "{'reference': 'VARCHAR', 'word': 'VARCHAR', 'day': 'DATE', 'amount': 'DECIMAL(18,2)'}"
    with duckdb.connect() as connection:
        assert connection.execute(f"FROM read_json('{path}', columns={types})").fetchall() == [
            ("007", None, date(2024, 2, 29), amount)
        ]
