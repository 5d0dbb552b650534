"""The plan of an import: what it will write, as Parquet files, from the dry run to the loading.

Rows are in the order in which they get their ids. Amounts are whole öre, as in the database.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from flaskr.claims.ledger.rules import BALANCES
from flaskr.claims.models import CLAIM_FACTS
from flaskr.facts.claims import CLAIM_COLUMNS
from flaskr.facts.columns import Columns
from flaskr.facts.kinds import Kind
from flaskr.facts.policies import POLICY_COLUMNS
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
    """Return the plan's types of some columns; the id of a policy is no column of a file."""
    kinds = {column.name: column.kind for column in columns} | {"policy_id": Kind.NUMBER}
    return {name: _PLAN_TYPES[kinds[name]] for name in names}


STATE = ("status", *BALANCES, "closed_date")
_CLAIM_TYPES = _planned_types(CLAIM_COLUMNS, CLAIM_FACTS)
_POLICY_TYPES = _planned_types(POLICY_COLUMNS, POLICY_FACTS)
_STATE_TYPES = {
    **_planned_types(CLAIM_COLUMNS, STATE),
    "last_transaction_date": pa.date32(),
    "last_recorded_at": INSTANT,
}
_MOVED_TYPES = dict.fromkeys(BALANCES, pa.int64())


def _before(facts: dict[str, pa.DataType]) -> dict[str, pa.DataType]:
    """Return the columns of what a change replaces."""
    return {f"{name}_before": kind for name, kind in facts.items()}


# `policy_at` and `claim_at` are places, from 0, among the rows that the plan creates; they stand
# where there is no id yet. An instant that is null is that of the loading.
SCHEMAS = {
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
        **_before(_POLICY_TYPES),
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
        **_before(_CLAIM_TYPES),
        **_STATE_TYPES,
    ),
    "entries": _schema(
        row=pa.int64(),
        claim_id=pa.int64(),
        claim_at=pa.int64(),
        entry_type=pa.string(),
        transaction_date=pa.date32(),
        recorded_at=INSTANT,
        **_MOVED_TYPES,
        **{f"{name}_after": kind for name, kind in _MOVED_TYPES.items()},
        status_after=pa.string(),
        closed_date_after=pa.date32(),
        reason=pa.string(),
        reverses_at=pa.int64(),
    ),
    # What the plan was made from, beside what it creates: a change of any of it outdates the plan.
    "touched": _schema(
        claim_id=pa.int64(), policy_id=pa.int64(), claim_key=pa.string(), policy_key=pa.string()
    ),
}


def table_of(name: str, rows: list[dict[str, Any]]) -> pa.RecordBatch:
    """Return rows as a batch of one of the plan's tables."""
    return pa.RecordBatch.from_pylist(rows, schema=SCHEMAS[name])


class PlanWriter:
    """Writes the tables of a plan into a folder; each is there at the end, perhaps empty."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.writers = {
            name: pq.ParquetWriter(folder / f"{name}.parquet", schema, compression="zstd")
            for name, schema in SCHEMAS.items()
        }
        self.rows = dict.fromkeys(SCHEMAS, 0)

    def write(self, name: str, batch: Any) -> None:
        """Append a batch; columns that it lacks are null."""
        schema = SCHEMAS[name]
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
    """A table of a plan; with `only`, a column, just the rows for which that says so."""

    folder: Path
    name: str
    only: str = ""

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows."""
        for batch in plan_batches(self.folder, self.name):
            some = batch.filter(batch.column(self.only)) if self.only else batch
            if len(some):
                yield some

    def rows(self) -> int:
        """Return how many rows there are."""
        if not self.only:
            return plan_rows(self.folder, self.name)
        return sum(len(batch) for batch in self.batches())


def entry_sums(folder: Path) -> dict[str, int]:
    """Return what the entries of a plan move together, in öre."""
    sums = dict.fromkeys(BALANCES, 0)
    for batch in plan_batches(folder, "entries"):
        for name in BALANCES:
            sums[name] += pc.sum(batch.column(name)).as_py() or 0
    return sums


def plan_rows(folder: Path, name: str) -> int:
    """Return how many rows a table of a plan has."""
    return int(pq.read_metadata(folder / f"{name}.parquet").num_rows)


def plan_batches(folder: Path, name: str) -> Iterator[pa.RecordBatch]:
    """Yield a table of a plan."""
    with pq.ParquetFile(folder / f"{name}.parquet") as file:
        yield from file.iter_batches(_BATCH_ROWS)
