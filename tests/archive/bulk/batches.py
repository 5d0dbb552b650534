"""Batches of claims and entries, and how to insert them."""

from datetime import UTC, date, datetime

import pyarrow as pa

from flaskr.archive.bulk.connections import book_transaction, take_ledger_lock
from flaskr.archive.bulk.loading import insert_rows, move_sequence
from flaskr.archive.bulk.tables import TableRows

RECORDED = datetime(2024, 3, 2, 22, 59, 59, 123456, tzinfo=UTC)
INSTANT = pa.timestamp("us", "UTC")


def claim_batch(first: int, *references: str) -> pa.RecordBatch:
    """Every other claim is complete; the others have only the required columns."""
    ids = list(range(first, first + len(references)))
    odd = [at % 2 == 0 for at in range(len(references))]

    def some(value, kind):
        return pa.array([value if each else None for each in odd], kind)

    return pa.RecordBatch.from_pydict(
        {
            "id": pa.array(ids),
            "claim_reference": pa.array(references),
            "claim_reference_key": pa.array([each.casefold() for each in references]),
            "description": pa.array(['Åsa; "1 234,50"\nkök, \\N' if each else "" for each in odd]),
            "status": pa.array(["closed" if each else "open" for each in odd]),
            "paid": pa.array([99_999_999_999_999_999 if each else 0 for each in odd]),
            "outstanding": pa.array([0] * len(odd), pa.int64()),
            "recovered": pa.array([1 if each else 0 for each in odd], pa.int64()),
            "closed_date": some(date(2024, 3, 3), pa.date32()),
            "first_transaction_date": some(date(2024, 3, 3), pa.date32()),
            "last_transaction_date": some(date(2024, 3, 3), pa.date32()),
            "last_recorded_at": some(RECORDED, INSTANT),
            "recorded_at": pa.array([RECORDED.replace(microsecond=0)] * len(odd), INSTANT),
            "recorded_by": pa.array(["command"] * len(odd)).dictionary_encode().cast(pa.string()),
            "version": pa.array([1] * len(odd), pa.int32()),
            "policy_id": some(1, pa.int64()),
            "cause": some("fire", pa.string()),
            "loss_date": some(date(1, 1, 1), pa.date32()),
            "reported_date": pa.nulls(len(odd), pa.date32()),
        }
    )


def entry_batch(first: int, claims: list[int]) -> pa.RecordBatch:
    count = len(claims)
    amounts = ("paid", "outstanding", "recovered")
    zeros = pa.array([0] * count, pa.int64())
    return pa.RecordBatch.from_pydict(
        {
            "id": pa.array(range(first, first + count), pa.int64()),
            "claim_id": pa.array(claims),
            "entry_type": pa.array(["RESERVE_OPEN"] * count),
            "cost_type": pa.array(["indemnity"] * count),
            "transaction_date": pa.array([date(2024, 3, 2)] * count),
            "recorded_at": pa.array([RECORDED] * count, INSTANT),
            "recorded_by": pa.array(["command"] * count),
            **dict.fromkeys(amounts, zeros),
            **{f"{name}_after": zeros for name in amounts},
            "status_after": pa.array(["open"] * count),
        }
    )


def rows_of(name: str, *batches: pa.RecordBatch) -> TableRows:
    return TableRows(name, sum(batch.num_rows for batch in batches), lambda: iter(batches))


def insert(address: str, name: str, *batches: pa.RecordBatch) -> list[int]:
    told: list[int] = []
    with book_transaction(address) as connection:
        take_ledger_lock(connection)
        insert_rows(connection, rows_of(name, *batches), told.append)
        move_sequence(connection, name, batches[-1]["id"][-1].as_py())
    return told
