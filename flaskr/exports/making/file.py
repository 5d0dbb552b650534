"""The workshop: makes one file in the isolated process, whose only imports from here are heavy."""

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from decimal import Decimal
from typing import IO, Any, cast

import pandas as pd
import pyarrow as pa

from flaskr.exports.making.policies import PoliciesByPosition
from flaskr.exports.making.pseudonyms import pseudonyms_of
from flaskr.exports.making.snapshot import Snapshot, book_snapshot
from flaskr.exports.queries import FileSql
from flaskr.exports.tasks import ExportTask, FileFacts, full_disk_told
from flaskr.facts.columns import Columns, total_names
from flaskr.files.formats import ExportError, FileFormat
from flaskr.files.writers.dispatch import writer_for
from flaskr.files.writers.frames import file_frame
from flaskr.files.writers.xlsx.limits import check_rows
from flaskr.isolation import Report
from flaskr.values.money import ZERO, from_ore

_BATCHES_AHEAD = 2


class DigestingFile:
    """A file that knows the SHA-256 and the size of what was written to it."""

    closed = False

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.digest = hashlib.sha256()
        self.size = 0

    def write(self, piece: Any) -> int:
        """Write and digest a piece, all of it: a disk takes a part when it has room for no more."""
        self.digest.update(piece)
        left = memoryview(piece).cast("B")
        self.size += len(left)
        while left:
            left = left[self.file.write(left) :]
        return len(piece)

    def flush(self) -> None:
        """Hand everything to the operating system."""
        self.file.flush()


class _Tally:
    """The rows and amounts of the frames that went into a file."""

    def __init__(self, columns: Columns) -> None:
        self.rows = 0
        self.amounts = dict.fromkeys(total_names(columns), ZERO)

    def add(self, frame: pd.DataFrame) -> None:
        """Count a frame."""
        self.rows += len(frame)
        for name in self.amounts:
            self.amounts[name] += Decimal(frame[name].sum())

    def check(self, control: dict[str, int]) -> None:
        """Raise ExportError unless the database adds up to the same."""
        expected = {name: from_ore(control[name]) for name in self.amounts}
        if (self.rows, self.amounts) != (control["rows"], expected):
            raise ExportError("The file does not add up to the book's totals, so it was discarded.")


def make_file(report: Report, order: ExportTask) -> FileFacts:
    """Write the file that is ordered and return its facts; all of it is read in one transaction.

    Reports (rows written so far, rows in all once they are known). Raises ExportError when the
    file's rows or amounts are not those that the database counts.
    """
    with (
        full_disk_told(),
        book_snapshot(order.address) as snapshot,
        ThreadPoolExecutor(1) as reader,
        order.path.open("wb", buffering=0) as file,
    ):
        digesting = DigestingFile(file)
        watermark = snapshot.row(order.sql.watermark)
        control = _totals_first(snapshot, order)
        policies = (
            PoliciesByPosition(snapshot.batches(order.sql.policies)) if order.sql.policies else None
        )
        tally = _Tally(order.columns)
        with closing(_writer_of(order, digesting)) as writer:
            for batch in _read_ahead(reader, _readings(snapshot, order.sql, control)):
                frame = _frame_of(batch, policies, order)
                tally.add(frame)
                writer.write(frame)
                report((tally.rows, control.get("rows")))
        tally.check(control)
    return FileFacts(
        rows=tally.rows,
        totals=tally.amounts,
        size=digesting.size,
        sha256=digesting.digest.hexdigest(),
        watermark=watermark,
    )


def _totals_first(snapshot: Snapshot, order: ExportTask) -> dict[str, int]:
    """Return the database's totals where the rows must be known before.

    Elsewhere they are read last, because the writer is still busy then, and nobody waits for them.
    """
    is_sheet = order.form.file_format is FileFormat.XLSX
    if not (is_sheet or order.is_counted_first):
        return {}
    control = snapshot.row(order.sql.totals)
    if is_sheet:
        check_rows(control["rows"])
    return control


def _writer_of(order: ExportTask, file: DigestingFile) -> Any:
    """Return the writer of what is ordered."""
    title = order.contents.value.capitalize()
    return writer_for(order.form, order.columns, cast(IO[bytes], file), title)


def _frame_of(
    batch: pa.RecordBatch, policies: PoliciesByPosition | None, order: ExportTask
) -> pd.DataFrame:
    """Return one batch of rows as a frame of the columns of the file."""
    made = policies.columns_of(batch) if policies else {}
    made["currency"] = pa.repeat(order.currency, batch.num_rows)
    for column in order.columns:
        if column.hides:
            made[column.name] = pseudonyms_of(batch[column.hides], order.pseudonym_key)
    return file_frame(batch, made, order.columns)


def _readings(snapshot: Snapshot, sql: FileSql, control: dict[str, int]) -> Iterator[Any]:
    """Yield the batches of rows; then put the database's totals into `control`, if not there."""
    yield from snapshot.batches(sql.rows)
    if not control:
        control.update(snapshot.row(sql.totals))


def _read_ahead(reader: ThreadPoolExecutor, batches: Iterable[Any]) -> Iterator[Any]:
    """Yield the batches while a thread reads the next ones; reading and writing free the GIL."""
    source = iter(batches)
    ahead: deque[Future[Any]] = deque(
        reader.submit(next, source, None) for _ in range(_BATCHES_AHEAD)
    )
    while (batch := ahead.popleft().result()) is not None:
        ahead.append(reader.submit(next, source, None))
        yield batch
