"""Write Parquet: zstd, row groups of 65,536, dictionaries for closed lists, described fields."""

from typing import IO

import pandas as pd
import pyarrow.parquet

from flaskr.facts.columns import Column, names_of
from flaskr.facts.kinds import Kind
from flaskr.files.writers.columnar import RowGroups, described_schema

GROUP_ROWS = 65_536


class ParquetWriter:
    """Writes frames to a Parquet file, in row groups of one size whatever the frames' size."""

    def __init__(self, file: IO[bytes], columns: tuple[Column, ...]) -> None:
        self.groups = RowGroups(described_schema(columns), GROUP_ROWS)
        self.writer = pyarrow.parquet.ParquetWriter(
            file,
            self.groups.schema,
            compression="zstd",
            use_dictionary=names_of(columns, Kind.CHOICE),
            write_page_index=False,
        )

    def write(self, frame: pd.DataFrame) -> None:
        """Append the rows of a frame."""
        for group in self.groups.add(frame):
            self.writer.write_table(group, row_group_size=GROUP_ROWS)

    def close(self) -> None:
        """Write the last rows and the footer."""
        for group in self.groups.rest():
            self.writer.write_table(group, row_group_size=GROUP_ROWS)
        self.writer.close()
