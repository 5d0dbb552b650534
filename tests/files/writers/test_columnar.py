import io
from datetime import date
from decimal import Decimal

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet
import pytest
from hypothesis import given

from flaskr.files.writers import arrow, parquet
from flaskr.files.writers.arrow import ArrowWriter
from flaskr.files.writers.parquet import ParquetWriter
from tests.files.writers.any_rows import (
    LONG_TEXTS,
    SCHEMA,
    Row,
    few,
    frame_of,
    rows,
    rows_of,
    written,
)  # fmt: skip

WRITERS = [ArrowWriter, ParquetWriter]
MADE = ("007", "open", date(1, 2, 3), Decimal("-9999999999999999.99"), None)


def table_of(body: bytes) -> pa.Table:
    if body.startswith(b"PAR1"):
        return pyarrow.parquet.read_table(io.BytesIO(body))
    return pyarrow.ipc.open_stream(body).read_all()


@pytest.mark.parametrize("writer", WRITERS)
@few
@given(rows)
def test_every_row_comes_back_in_its_declared_type(writer, generated):
    table = table_of(written(writer, [frame_of(generated)]))

    assert table.schema.equals(SCHEMA, check_metadata=False)
    assert rows_of(table) == generated


@pytest.mark.parametrize("writer", WRITERS)
@few
@given(rows)
def test_the_same_rows_give_the_same_bytes_whatever_the_size_of_the_frames(writer, generated):
    whole = written(writer, [frame_of(generated)])

    assert written(writer, [frame_of(generated)]) == whole
    assert written(writer, [frame_of([row]) for row in generated]) == whole
    assert written(writer, [frame_of(generated).iloc[n : n + 7] for n in range(0, 30, 7)]) == whole


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("text", LONG_TEXTS)
def test_the_longest_texts_come_back(writer, text):
    generated: list[Row] = [("a", "open", date(2024, 1, 2), Decimal("1.00"), text)]

    assert rows_of(table_of(written(writer, [frame_of(generated)]))) == generated


@pytest.mark.parametrize("writer", WRITERS)
def test_an_empty_file_has_the_whole_schema(writer):
    empty = written(writer, [])

    assert written(writer, [frame_of([])]) == empty
    assert table_of(empty).schema.equals(SCHEMA, check_metadata=False)
    assert table_of(empty).num_rows == 0


@pytest.mark.parametrize("writer", WRITERS)
def test_each_field_has_its_meaning_and_unit(writer):
    schema = table_of(written(writer, [])).schema

    said = [field.metadata for field in schema]
    for metadata in said:
        metadata.pop(b"PARQUET:field_id", None)
    assert said[3] == {b"unit": b"SEK", b"meaning": b"the amount", b"meaning_sv": b"beloppet"}
    assert said[4] == {b"meaning": b"what was said"}


@pytest.mark.parametrize("writer", WRITERS)
def test_pandas_gets_the_types_without_options(writer):
    table = table_of(written(writer, [frame_of([MADE])]))

    frame = table.to_pandas()
    assert [str(frame[name].dtype) for name in ("reference", "day")] == [
        "string",
        "date32[day][pyarrow]",
    ]
    assert (frame["day"][0], frame["amount"][0]) == MADE[2:4]


@pytest.mark.parametrize("writer", WRITERS)
def test_duckdb_reads_it(writer, tmp_path):
    body = written(writer, [frame_of([MADE])])
    found = table_of(body)
    (tmp_path / "file.parquet").write_bytes(body)
    source = f"'{tmp_path}/file.parquet'" if writer is ParquetWriter else "found"

    with duckdb.connect() as connection:
        connection.register("found", found)
        assert connection.execute(f"FROM {source}").fetchall() == [MADE]


@pytest.mark.parametrize(
    ("writer", "module", "size"),
    [(ArrowWriter, arrow, "BATCH_ROWS"), (ParquetWriter, parquet, "GROUP_ROWS")],
)
def test_rows_come_in_groups_of_one_size(writer, module, size):
    many = [(str(n), None, None, None, None) for n in range(getattr(module, size) + 5)]
    body = written(writer, [frame_of(many[:40_000]), frame_of(many[40_000:])])

    if writer is ParquetWriter:
        metadata = pyarrow.parquet.ParquetFile(io.BytesIO(body)).metadata
        sizes = [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)]
    else:
        sizes = [batch.num_rows for batch in pyarrow.ipc.open_stream(body)]
    assert sizes == [65_536, 5]


def test_a_stream_never_contains_the_bytes_under_a_missing_amount():
    def with_secret(secret: int) -> pd.DataFrame:
        frame = frame_of([MADE, MADE, MADE])
        mask = pa.py_buffer(np.packbits([1, 0, 1, secret % 2], bitorder="little"))
        hidden = pa.py_buffer(np.array([1, 0, secret, 0, 1, 0], dtype="<i8"))
        amounts = pa.Array.from_buffers(pa.decimal128(18, 2), 3, [mask, hidden])
        return frame.assign(amount=pd.array(amounts, dtype=frame["amount"].dtype))

    one, other = (written(ArrowWriter, [with_secret(secret)]) for secret in (123, 98_764))

    assert one == other
    assert table_of(one)["amount"].to_pylist() == [Decimal("0.01"), None, Decimal("0.01")]
