"""Parquet: read a few thousand rows at a time; nested columns are refused and not read at all."""

from typing import IO

import pyarrow.parquet

from flaskr.files.readers.arrow_values import is_nested
from flaskr.files.readers.cells import ROWS_AT_ONCE, too_many_rows_error
from flaskr.files.readers.columnar import BYTES_AT_ONCE, ColumnarReader
from flaskr.files.readers.options import ReadingLimits, Unreadable
from flaskr.files.readers.titles import check_width

_BUFFER_BYTES = 1024**2


class ParquetReader(ColumnarReader):
    """The titles of a Parquet file, and its rows in batches; `row_count` is from the footer."""

    def __init__(self, file: IO[bytes], limits: ReadingLimits, is_exact: bool = False) -> None:
        metadata = pyarrow.parquet.read_metadata(file)
        check_width(metadata.num_columns, limits)
        file.seek(0)
        # Dictionary columns stay so: decoded, one long text of a small file could fill the memory.
        parquet = pyarrow.parquet.ParquetFile(
            file,
            read_dictionary=sorted(_dictionary_columns(metadata)),
            buffer_size=_BUFFER_BYTES,
            pre_buffer=False,
            page_checksum_verification=True,
        )
        if metadata.num_rows > limits.rows:
            raise too_many_rows_error(limits)
        schema = parquet.schema_arrow
        flat = [field.name for field in schema if not is_nested(field.type)]
        if not flat:
            raise Unreadable("Every column holds lists or objects. Write texts and numbers.")
        columns = flat if len(flat) < len(schema) else None
        batches = parquet.iter_batches(_rows_at_once(metadata), columns=columns)
        super().__init__(schema, batches, limits, is_exact)
        self.row_count: int = metadata.num_rows


def _dictionary_columns(metadata: pyarrow.parquet.FileMetaData) -> set[str]:
    """Return the text columns that are dictionary-encoded in some row group."""
    groups = (metadata.row_group(at) for at in range(metadata.num_row_groups))
    chunks = (group.column(at) for group in groups for at in range(group.num_columns))
    return {
        chunk.path_in_schema
        for chunk in chunks
        if chunk.physical_type == "BYTE_ARRAY" and chunk.has_dictionary_page
    }


def _rows_at_once(metadata: pyarrow.parquet.FileMetaData) -> int:
    """Return how many rows to read at once, from the row sizes that the footer gives."""
    groups = (metadata.row_group(at) for at in range(metadata.num_row_groups))
    heaviest = max((g.total_byte_size / max(1, g.num_rows) for g in groups), default=1.0)
    return max(1, min(ROWS_AT_ONCE, int(BYTES_AT_ONCE / max(1.0, heaviest))))
