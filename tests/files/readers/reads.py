"""Read files in this process and return their rows."""

from pathlib import Path

from flaskr.files.readers.dispatch import open_table
from flaskr.files.readers.options import ReadingLimits, ReadingOptions

LIMITS = ReadingLimits()


def read(path: Path, limits: ReadingLimits = LIMITS, **options):
    """The titles, the numbered rows and the faults of a file."""
    rows, faults = [], []
    with open_table(path, ReadingOptions(**options), limits) as table:
        for batch in table.batches():
            cells = zip(*(column.to_pylist() for column in batch.cells.columns), strict=True)
            rows += zip(batch.rows.to_pylist(), cells, strict=True)
            faults += [(fault.row, fault.sentence, fault.text) for fault in batch.faults]
    return table.titles, rows, faults


def rows_of(path: Path, content: bytes | str, limits: ReadingLimits = LIMITS, **options):
    """The numbered rows of a file with this content."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read(path, limits, **options)[1]


def notes_of(path: Path, **options) -> tuple[str, ...]:
    """What is said of a file beside its rows."""
    with open_table(path, ReadingOptions(**options), LIMITS) as table:
        for _ in table.batches():
            pass
        return table.notes
