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


def body_of(made: list[Row]) -> bytes:
    return written(JsonLinesWriter, [frame_of(made)])


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
def test_every_row_comes_back_amounts_and_days_as_strings(made):
    assert read_back(body_of(made)) == made


@few
@given(rows)
def test_the_same_rows_give_the_same_bytes_however_they_are_framed(made):
    whole = body_of(made)

    assert body_of(made) == whole
    assert written(JsonLinesWriter, [frame_of([row]) for row in made]) == whole


@pytest.mark.parametrize("text", LONG_TEXTS)
def test_the_longest_texts_come_back(text):
    made = [("a", "open", date(2024, 1, 2), Decimal("1.00"), text)]

    assert read_back(body_of(made)) == made


def test_a_line_is_one_object_in_the_order_of_the_columns():
    made = [("00123", None, date(1, 2, 3), Decimal("-0.05"), 'Å "x"\n\\\x01')]

    assert body_of(made).decode() == (
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
