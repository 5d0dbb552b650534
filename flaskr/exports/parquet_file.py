"""Parquet: zstd, row groups of 65,536, dictionaries for short lists only, pandas' own metadata."""

from typing import IO

import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from flaskr.exports.columns import Column, Kind, names_of
from flaskr.exports.frames import schema_of

GROUP_ROWS = 65_536


class ParquetWriter:
    """Writes frames to a Parquet file, in groups of one size wherever the frames end."""

    def __init__(self, file: IO[bytes], columns: tuple[Column, ...]) -> None:
        empty = schema_of(columns).empty_table().to_pandas(types_mapper=pd.ArrowDtype)
        # with pandas' metadata read_parquet gives decimals and days, not objects
        self.schema = pa.Table.from_pandas(empty, preserve_index=False).schema
        self.waiting: list[pa.Table] = []
        self.writer = pyarrow.parquet.ParquetWriter(
            file,
            self.schema,
            compression="zstd",
            use_dictionary=names_of(columns, Kind.WORD),
            write_page_index=False,
        )

    def write(self, frame: pd.DataFrame) -> None:
        """Append the rows of a frame."""
        table = pa.Table.from_pandas(frame, schema=self.schema, preserve_index=False, nthreads=1)
        self.waiting.append(table.replace_schema_metadata(self.schema.metadata))
        while sum(table.num_rows for table in self.waiting) >= GROUP_ROWS:
            self.write_group(GROUP_ROWS)

    def write_group(self, rows: int) -> None:
        """Write the first `rows` of those that wait as one group."""
        together = pa.concat_tables(self.waiting)
        self.waiting = [together.slice(rows)]
        self.writer.write_table(together.slice(0, rows).combine_chunks(), row_group_size=rows)

    def close(self) -> None:
        """Write what is left, and the footer."""
        if left := sum(table.num_rows for table in self.waiting):
            self.write_group(left)
        self.writer.close()
