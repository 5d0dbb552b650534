import sqlite3
from datetime import date
from decimal import Decimal

import adbc_driver_sqlite.dbapi
import pandas as pd
import pyarrow as pa
import pytest
from sqlalchemy import Date, Integer, String, column, select
from sqlalchemy import table as sa_table
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect

from flaskr.exports.making.policies import PoliciesByPosition
from flaskr.exports.making.snapshot import Snapshot
from flaskr.exports.sql_statements import Sql, compile_rows
from flaskr.facts.claim_columns import CLAIM_COLUMNS
from flaskr.files.formats import ExportError
from flaskr.files.writers.frames import amounts_from_ore, file_frame

DAYS = ("2024-01-01", "2025-01-01")
LARGEST = 10**18 - 1


def policies(*ids: int, per_batch: int = 2) -> PoliciesByPosition:
    rows = [
        {
            "policy_id": n,
            "policy_number": f"P{n}",
            "line_of_business": ("home", "motor", "travel")[n % 3],
            "inception_date": DAYS[0],
            "expiry_date": DAYS[1],
            "cancelled_on": None if n % 2 else "2024-06-01",
        }
        for n in ids
    ]
    schema = pa.schema([("policy_id", pa.int64()), *((n, pa.string()) for n in list(rows[0])[1:])])
    whole = pa.RecordBatch.from_pylist(rows, schema=schema)
    return PoliciesByPosition(whole.slice(at, per_batch) for at in range(0, len(rows), per_batch))


def claims(*policy_ids: int | None, **facts) -> pa.RecordBatch:
    row = {
        "claim_reference": "C",
        "cause": None,
        "event_code": None,
        "status": "open",
        "loss_date": "2024-07-01",
        "reported_date": None,
        "closed_date": None,
        "paid": 1,
        "outstanding": 2,
        "claim_cost": 3,
        "recovered": 0,
        "description": "",
        **facts,
    }
    integers = ("policy_id", "paid", "outstanding", "claim_cost", "recovered")
    names = ["policy_id", *row]
    schema = pa.schema([(n, pa.int64() if n in integers else pa.string()) for n in names])
    return pa.RecordBatch.from_pylist([{"policy_id": n, **row} for n in policy_ids], schema=schema)


def claims_frame(batch: pa.RecordBatch, policies: PoliciesByPosition) -> pd.DataFrame:
    generated = {**policies.columns_of(batch), "currency": pa.repeat("SEK", batch.num_rows)}
    return file_frame(batch, generated, CLAIM_COLUMNS)


@pytest.mark.parametrize("ids", [(1, 2, 3, 5), (1, 2, 3, 4_000_000_000)])
def test_claims_get_the_columns_of_their_own_policy_however_sparse_the_ids_are(ids):
    frame = claims_frame(claims(ids[3], None, 2, 1), policies(*ids))

    last_line = ("home", "motor", "travel")[ids[3] % 3]
    assert list(frame["policy_number"].fillna("-")) == [f"P{ids[3]}", "-", "P2", "P1"]
    assert list(frame["line_of_business"].fillna("-")) == [last_line, "-", "travel", "motor"]
    live = "in_force" if ids[3] % 2 else "not_in_force"
    assert list(frame["coverage"]) == [live, "unverified", "not_in_force", "in_force"]


def test_a_column_without_any_value_keeps_its_declared_type():
    frame = claims_frame(claims(None, loss_date=None), policies(1))

    assert str(frame["policy_number"].dtype) == "string[pyarrow]"
    assert str(frame["loss_date"].dtype) == "date32[day][pyarrow]"
    assert frame["claim_cost"][0] == Decimal("0.03")


@pytest.mark.parametrize("ore", [0, 1, -1, 10, -12345, LARGEST, -LARGEST, None])
def test_ore_become_exact_decimals(ore):
    (amount,) = amounts_from_ore(pa.array([7, ore], pa.int64()).slice(1)).to_pylist()

    assert amount == (None if ore is None else Decimal(ore).scaleb(-2))


@pytest.mark.parametrize("ore", [LARGEST + 1, -LARGEST - 1])
def test_an_amount_over_18_digits_is_refused(ore):
    with pytest.raises(ExportError, match="18 digits"):
        amounts_from_ore(pa.array([ore]))


@pytest.fixture
def snapshot(tmp_path):
    """A table whose first rows are all NULL, read two rows at a time."""
    with sqlite3.connect(tmp_path / "file.db") as connection:
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, day DATE, text TEXT)")
        rows = [(n, None, None) for n in range(1, 8)] + [(8, "2024-02-29", "late")]
        connection.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)
    connection.close()
    with adbc_driver_sqlite.dbapi.connect(f"file:{tmp_path}/file.db?mode=ro") as connection:
        yield Snapshot("", connection, {"adbc.sqlite.query.batch_rows": 2})


def test_the_typed_row_lets_a_text_after_batches_of_nulls_be_read(snapshot):
    rows = select(column("id", Integer), column("day", Date), column("text", String))
    typed = compile_rows(rows.select_from(sa_table("t")).order_by("id"), sqlite_dialect())

    batches = list(snapshot.batches(typed))

    assert [b.num_rows for b in batches] == [1, 2, 2, 2, 1]
    table = pa.Table.from_batches(batches)
    assert table["text"].to_pylist() == [None] * 7 + ["late"]
    assert table["day"].cast(pa.date32()).to_pylist()[7] == date(2024, 2, 29)


def test_without_the_typed_row_a_text_after_batches_of_nulls_cannot_be_read(snapshot):
    with pytest.raises(OSError, match="(?i)type mismatch|invalid"):
        list(snapshot.batches(Sql("SELECT id, day, text FROM t ORDER BY id")))
