"""CSV as ours is read back: texts only, so that no amount passes through a float."""

import csv
from collections.abc import Iterator
from typing import IO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from flaskr.exports.dictionary import ADDED_UP
from flaskr.formats.excel_csv_file import BOM, SEPARATOR

BLOCK_BYTES = 8 * 1024**2  # a row has to fit: one of the longest texts has 96,000 bytes
LONGEST_HEADER = 64 * 1024


def is_excel_csv(first: bytes) -> bool:
    """Whether a CSV file begins as those for Excel do."""
    return first.startswith(BOM)


def csv_batches(file: IO[bytes]) -> tuple[list[str], Iterator[pa.RecordBatch]]:
    """Return the columns of a CSV file, plain or for Excel, and its rows as texts."""
    line = file.readline(LONGEST_HEADER)
    is_excel = is_excel_csv(line)
    separator = SEPARATOR if is_excel else ","
    (names,) = csv.reader([line.decode("utf-8-sig")], delimiter=separator, strict=True)
    if len(set(names)) != len(names) or not line.endswith(b"\n"):
        raise ValueError("the first line does not name columns")
    file.seek(0)
    wanted = [name for name in names if name in ADDED_UP] or names[:1]
    reader = pyarrow.csv.open_csv(
        file,
        read_options=pyarrow.csv.ReadOptions(block_size=BLOCK_BYTES),
        parse_options=pyarrow.csv.ParseOptions(delimiter=separator, newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(
            include_columns=wanted,
            column_types=dict.fromkeys(wanted, pa.string()),
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            null_values=[""],
        ),
    )
    return names, (with_points(batch) if is_excel else batch for batch in reader)


def with_points(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return amounts with decimal points for commas; one that has a point already is none."""
    columns = []
    for values in batch.columns:
        marked = pc.replace_substring(values, ".", "?")
        columns.append(pc.replace_substring(marked, ",", "."))
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
