"""The schema that a columnar file carries, and its rows in groups of one size."""

from collections.abc import Iterator

import pandas as pd
import pyarrow as pa

from flaskr.facts.columns import Column
from flaskr.files.writers.frames import schema_of


def described_schema(columns: tuple[Column, ...]) -> pa.Schema:
    """Return a file's schema with unit, meaning and meaning_sv of each field, and pandas' own.

    With pandas' metadata read_parquet gives days and texts of Arrow's types, not objects; amounts
    are Decimals either way.
    """
    plain = schema_of(columns)
    empty = plain.empty_table().to_pandas(types_mapper=pd.ArrowDtype)
    for_pandas = pa.Table.from_pandas(empty, preserve_index=False).schema.metadata
    fields = [plain.field(c.name).with_metadata(_description(c)) for c in columns]
    return pa.schema(fields, metadata=for_pandas)


def _description(column: Column) -> dict[str, str]:
    """Return what a file says about a column; nothing about what is not declared."""
    said = {"unit": column.unit, "meaning": column.meaning, "meaning_sv": column.meaning_sv}
    return {key: text for key, text in said.items() if text}


class Groups:
    """Brings rows into groups of one size, wherever the frames end that they came in."""

    def __init__(self, schema: pa.Schema, size: int) -> None:
        self.schema = schema
        self.size = size
        self.waiting: list[pa.Table] = []

    def add(self, frame: pd.DataFrame) -> Iterator[pa.Table]:
        """Yield the groups that a frame makes full, each in one chunk."""
        table = pa.Table.from_pandas(frame, schema=self.schema, preserve_index=False, nthreads=1)
        # from_pandas takes the types from the schema, not what it says about them
        self.waiting.append(pa.Table.from_arrays(table.columns, schema=self.schema))
        while self.rows() >= self.size:
            yield self.taken(self.size)

    def rest(self) -> Iterator[pa.Table]:
        """Yield the last group, if rows are left for one."""
        if left := self.rows():
            yield self.taken(left)

    def rows(self) -> int:
        """Return how many rows wait for their group."""
        return sum(table.num_rows for table in self.waiting)

    def taken(self, rows: int) -> pa.Table:
        """Return the first of the rows that wait, as a group; they wait no more."""
        together = pa.concat_tables(self.waiting)
        self.waiting = [together.slice(rows)]
        return together.slice(0, rows).combine_chunks()
