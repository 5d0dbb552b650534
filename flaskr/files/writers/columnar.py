"""What the writers of Parquet and Arrow share: the described schema and rows in groups."""

from collections.abc import Iterator

import pandas as pd
import pyarrow as pa

from flaskr.facts.columns import Column
from flaskr.files.writers.frames import schema_of


def described_schema(columns: tuple[Column, ...]) -> pa.Schema:
    """Return a file's schema, with unit, meaning and meaning_sv of each field and pandas metadata.

    With the pandas metadata, read_parquet gives dates and texts Arrow types instead of object;
    amounts are Decimals either way.
    """
    plain = schema_of(columns)
    empty = plain.empty_table().to_pandas(types_mapper=pd.ArrowDtype)
    for_pandas = pa.Table.from_pandas(empty, preserve_index=False).schema.metadata
    fields = [plain.field(c.name).with_metadata(_description(c)) for c in columns]
    return pa.schema(fields, metadata=for_pandas)


def _description(column: Column) -> dict[str, str]:
    """Return the metadata of a column, without what is not declared."""
    metadata = {"unit": column.unit, "meaning": column.meaning, "meaning_sv": column.meaning_sv}
    return {key: text for key, text in metadata.items() if text}


class RowGroups:
    """Collects rows into groups of one size, whatever the size of the frames."""

    def __init__(self, schema: pa.Schema, size: int) -> None:
        self.schema = schema
        self.size = size
        self.pending: list[pa.Table] = []

    def add(self, frame: pd.DataFrame) -> Iterator[pa.Table]:
        """Add a frame and yield the groups that are now full, each in one chunk."""
        table = pa.Table.from_pandas(frame, schema=self.schema, preserve_index=False, nthreads=1)
        # from_pandas takes the types from the schema, but not the metadata of its fields
        self.pending.append(pa.Table.from_arrays(table.columns, schema=self.schema))
        while self.pending_rows() >= self.size:
            yield self.take(self.size)

    def rest(self) -> Iterator[pa.Table]:
        """Yield the last group, if there are rows left."""
        if left := self.pending_rows():
            yield self.take(left)

    def pending_rows(self) -> int:
        """Return how many rows are not in a group yet."""
        return sum(table.num_rows for table in self.pending)

    def take(self, count: int) -> pa.Table:
        """Remove the first pending rows and return them as a group."""
        together = pa.concat_tables(self.pending)
        self.pending = [together.slice(count)]
        return together.slice(0, count).combine_chunks()
