"""The plan of an import: the rows it will write, as Parquet files, made by the dry run.

Rows are in the order in which they get their ids. Amounts are whole öre, as in the database.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from flaskr.claims.ledger.balances import BALANCES
from flaskr.claims.models import CLAIM_FACTS, ENTRY_TEXTS
from flaskr.facts.claim_columns import CLAIM_COLUMNS
from flaskr.facts.columns import Columns
from flaskr.facts.kinds import Kind
from flaskr.facts.policy_columns import POLICY_COLUMNS
from flaskr.policies.models import POLICY_FACTS

INSTANT = pa.timestamp("us", "UTC")
_BATCH_ROWS = 32_768


def _schema(**types: pa.DataType) -> pa.Schema:
    """Return a schema of columns that may all be null."""
    return pa.schema(list(types.items()))


_PLAN_TYPES = {
    Kind.REFERENCE: pa.string(),
    Kind.TEXT: pa.string(),
    Kind.CHOICE: pa.string(),
    Kind.DAY: pa.date32(),
    Kind.INSTANT: INSTANT,
    Kind.AMOUNT: pa.int64(),
    Kind.NUMBER: pa.int64(),
}


def _planned_types(columns: Columns, names: Iterable[str]) -> dict[str, pa.DataType]:
    """Return the plan's types of some columns; `policy_id` is a column of the plan only."""
    kinds = {column.name: column.kind for column in columns} | {"policy_id": Kind.NUMBER}
    return {name: _PLAN_TYPES[kinds[name]] for name in names}


STATE_COLUMNS = ("status", *BALANCES, "closed_date")
ENTRY_DAYS = ("first_transaction_date", "last_transaction_date", "last_recorded_at")
_CLAIM_TYPES = _planned_types(CLAIM_COLUMNS, CLAIM_FACTS)
_POLICY_TYPES = _planned_types(POLICY_COLUMNS, POLICY_FACTS)
_STATE_TYPES = {
    **_planned_types(CLAIM_COLUMNS, STATE_COLUMNS),
    **dict(zip(ENTRY_DAYS, (pa.date32(), pa.date32(), INSTANT), strict=True)),
}
_BALANCE_TYPES = dict.fromkeys(BALANCES, pa.int64())

# The state after a migrated entry by the booked clock, where its order is another.
_BOOKED_TYPES = {
    **{f"{name}_booked": kind for name, kind in _BALANCE_TYPES.items()},
    "status_booked": pa.string(),
    "closed_date_booked": pa.date32(),
}
BOOKED_COLUMNS = tuple(_BOOKED_TYPES)


def _types_before(facts: dict[str, pa.DataType]) -> dict[str, pa.DataType]:
    """Return the columns of the values that a change replaces."""
    return {f"{name}_before": kind for name, kind in facts.items()}


# `policy_at`, `claim_at` and `entry_at` are positions, from 0, among the rows that the plan
# creates, for rows that have no id yet. A null instant means the instant of loading.
PLAN_SCHEMAS = {
    "policies_created": _schema(
        row=pa.int64(),
        policy_number=pa.string(),
        policy_key=pa.string(),
        policyholder=pa.string(),
        **_POLICY_TYPES,
        recorded_at=INSTANT,
    ),
    "policies_changed": _schema(
        row=pa.int64(),
        id=pa.int64(),
        version=pa.int64(),
        policyholder=pa.string(),
        policyholder_changed=pa.bool_(),
        **_POLICY_TYPES,
        **_types_before(_POLICY_TYPES),
    ),
    "claims_created": _schema(
        row=pa.int64(),
        claim_reference=pa.string(),
        claim_key=pa.string(),
        description=pa.string(),
        policy_at=pa.int64(),
        **_CLAIM_TYPES,
        **_STATE_TYPES,
        recorded_at=INSTANT,
    ),
    "claims_changed": _schema(
        row=pa.int64(),
        id=pa.int64(),
        version=pa.int64(),
        is_edited=pa.bool_(),
        is_moved=pa.bool_(),
        description=pa.string(),
        description_changed=pa.bool_(),
        **_CLAIM_TYPES,
        **_types_before(_CLAIM_TYPES),
        **_STATE_TYPES,
    ),
    "entries": _schema(
        row=pa.int64(),
        claim_id=pa.int64(),
        claim_at=pa.int64(),
        entry_type=pa.string(),
        cost_type=pa.string(),
        transaction_date=pa.date32(),
        recorded_at=INSTANT,
        **_BALANCE_TYPES,
        **{f"{name}_after": kind for name, kind in _BALANCE_TYPES.items()},
        status_after=pa.string(),
        closed_date_after=pa.date32(),
        reason_code=pa.string(),
        reverses_at=pa.int64(),
        exceptions=pa.string(),
        **_BOOKED_TYPES,
    ),
    "entry_texts": _schema(entry_at=pa.int64(), **dict.fromkeys(ENTRY_TEXTS, pa.string())),
    # The rows of the book that the plan depends on: a change of any of them outdates the plan.
    "touched": _schema(
        claim_id=pa.int64(), policy_id=pa.int64(), claim_key=pa.string(), policy_key=pa.string()
    ),
}


def plan_batch(name: str, rows: list[dict[str, Any]]) -> pa.RecordBatch:
    """Return rows as a record batch of one of the plan's tables."""
    return pa.RecordBatch.from_pylist(rows, schema=PLAN_SCHEMAS[name])


class PlanWriter:
    """Writes the tables of a plan into a folder: a file for each, even when it is empty."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.writers = {
            name: pq.ParquetWriter(folder / f"{name}.parquet", schema, compression="zstd")
            for name, schema in PLAN_SCHEMAS.items()
        }
        self.rows = dict.fromkeys(PLAN_SCHEMAS, 0)

    def write(self, name: str, batch: Any) -> None:
        """Append a batch; columns that it lacks are null."""
        schema = PLAN_SCHEMAS[name]
        arrays = [
            batch.column(field.name).cast(field.type)
            if field.name in batch.schema.names
            else pa.nulls(len(batch), field.type)
            for field in schema
        ]
        self.writers[name].write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))
        self.rows[name] += len(batch)

    def close(self) -> None:
        """Finish the files."""
        for writer in self.writers.values():
            writer.close()


@dataclass(frozen=True)
class PlanPart:
    """A table of a plan; with `only`, the rows for which that boolean column is true."""

    folder: Path
    name: str
    only: str = ""

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows."""
        for batch in plan_batches(self.folder, self.name):
            rows = batch.filter(batch.column(self.only)) if self.only else batch
            if len(rows):
                yield rows

    def rows(self) -> int:
        """Return how many rows there are."""
        if not self.only:
            return plan_rows(self.folder, self.name)
        return sum(len(batch) for batch in self.batches())


def entry_sums(folder: Path) -> dict[str, int]:
    """Return the sums of the entries of a plan, in öre."""
    sums = dict.fromkeys(BALANCES, 0)
    for batch in plan_batches(folder, "entries"):
        for name in BALANCES:
            sums[name] += pc.sum(batch.column(name)).as_py() or 0
    return sums


def plan_rows(folder: Path, name: str) -> int:
    """Return how many rows a table of a plan has."""
    return int(pq.read_metadata(folder / f"{name}.parquet").num_rows)


def plan_batches(folder: Path, name: str) -> Iterator[pa.RecordBatch]:
    """Yield the record batches of a table of a plan."""
    with pq.ParquetFile(folder / f"{name}.parquet") as file:
        yield from file.iter_batches(_BATCH_ROWS)
