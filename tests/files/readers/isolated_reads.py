"""Read hostile files, one after the other, in the isolated process."""

import resource
from pathlib import Path

import pyarrow as pa

from flaskr.files.readers.cells import ROWS_AT_ONCE
from flaskr.files.readers.dispatch import open_table
from flaskr.files.readers.options import ReadingLimits, ReadingOptions, Unreadable

LIMITS = ReadingLimits(unpacked_bytes=1024**3)
TYPES = {pa.string(), pa.date32(), pa.timestamp("us", "UTC")}
MOST_KEPT = 5


def read_files(report, paths: list[Path], options: dict) -> tuple[list[str], int]:
    """The outcome of each file, and the peak of additional memory in bytes."""
    before = resident()
    outcomes = [outcome_of(path, ReadingOptions(**options)) for path in paths]
    return outcomes, peak() - before


def outcome_of(path: Path, options: ReadingOptions) -> str:
    rows = faults = 0
    try:
        with open_table(path, options, LIMITS) as table:
            assert 0 < len(table.titles) <= LIMITS.columns
            done = table.bytes_done
            for batch in table.batches():
                check(batch, table)
                assert done <= table.bytes_done <= table.size
                done = table.bytes_done
                rows += len(batch.rows)
                faults += len(batch.faults)
    except Unreadable as refusal:
        return f"Unreadable {refusal}"
    except MemoryError:
        return "OutOfMemory"
    return f"cells {rows} {faults}"


def check(batch, table) -> None:
    assert len(batch.rows) == len(batch.cells) <= ROWS_AT_ONCE
    assert batch.cells.schema.names == list(table.titles)
    batch.cells.validate(full=True)
    for column in batch.cells.columns:
        assert column.type in TYPES or str(column.type).startswith("decimal128(38, ")
        column.slice(0, MOST_KEPT).to_pylist()  # raises for invalid dates and invalid UTF-8


def resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
