"""Make one file; runs in the isolated process, and its imports are too heavy for the web."""

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from decimal import Decimal
from typing import IO, Any, cast
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa

from flaskr.book.sealing.queries import OtherHistory
from flaskr.exports.making.claims import ClaimsByPosition
from flaskr.exports.making.policies import PoliciesByPosition
from flaskr.exports.making.pseudonyms import pseudonyms_of
from flaskr.exports.making.snapshot import Snapshot, book_snapshot
from flaskr.exports.queries import FileSql
from flaskr.exports.tasks import ExportTask, FileFacts, explain_full_disk
from flaskr.facts.columns import Columns, total_names
from flaskr.files.formats import ExportError, FileFormat
from flaskr.files.writers.dispatch import writer_for
from flaskr.files.writers.frames import file_frame, local_days
from flaskr.files.writers.xlsx.limits import check_rows
from flaskr.processes.isolation import Report
from flaskr.values.money import ZERO, from_ore

_BATCHES_AHEAD = 2


class DigestingFile:
    """A file that computes the SHA-256 and the size of what is written to it."""

    closed = False

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.digest = hashlib.sha256()
        self.size = 0

    def write(self, piece: Any) -> int:
        """Write and digest a whole piece; a raw write may write only a part of it."""
        self.digest.update(piece)
        left = memoryview(piece).cast("B")
        self.size += len(left)
        while left:
            left = left[self.file.write(left) :]
        return len(piece)

    def flush(self) -> None:
        """Flush to the operating system."""
        self.file.flush()


class _Tally:
    """The number of rows and the sums of the amounts written to a file."""

    def __init__(self, columns: Columns) -> None:
        self.rows = 0
        self.amounts = dict.fromkeys(total_names(columns), ZERO)

    def add(self, frame: pd.DataFrame) -> None:
        """Count a frame."""
        self.rows += len(frame)
        for name in self.amounts:
            self.amounts[name] += Decimal(frame[name].sum())

    def check(self, control: dict[str, int]) -> None:
        """Raise ExportError unless the totals equal the database's."""
        expected = {name: from_ore(control[name]) for name in self.amounts}
        if (self.rows, self.amounts) != (control["rows"], expected):
            raise ExportError("The file does not add up to the book's totals, so it was discarded.")


def make_file(report: Report, task: ExportTask) -> FileFacts:
    """Make the file of a task and return its facts; everything is read in one transaction.

    Reports (rows written so far, rows in all once they are known). Raises ExportError if the file's
    rows or totals differ from the database's.
    """
    with (
        explain_full_disk(),
        book_snapshot(task.address) as snapshot,
        ThreadPoolExecutor(1) as reader,
        task.path.open("wb", buffering=0) as file,
    ):
        digesting = DigestingFile(file)
        watermark = snapshot.row(task.sql.watermark)
        _check_since(snapshot, task)
        control = _totals_first(snapshot, task)
        lookup = _lookup_of(snapshot, task.sql)
        tally = _Tally(task.columns)
        with closing(_writer_of(task, digesting)) as writer:
            for batch in _read_ahead(reader, _batches_then_totals(snapshot, task.sql, control)):
                frame = _frame_of(batch, lookup, task)
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


def _check_since(snapshot: Snapshot, task: ExportTask) -> None:
    """Raise OtherHistory if the file is to continue from a seal that the book does not contain."""
    if task.sql.since and not snapshot.row(task.sql.since)["is_contained"]:
        raise OtherHistory.since()


def _totals_first(snapshot: Snapshot, task: ExportTask) -> dict[str, int]:
    """Return the database's totals if the number of rows must be known first, else {}.

    Otherwise they are read last, while the writer is still busy, which costs no time.
    """
    is_sheet = task.output_format.file_format is FileFormat.XLSX
    if not (is_sheet or task.is_counted_first):
        return {}
    control = snapshot.row(task.sql.totals)
    if is_sheet:
        check_rows(control["rows"])
    return control


def _writer_of(task: ExportTask, file: DigestingFile) -> Any:
    """Return the writer for a task."""
    title = task.contents.value.capitalize()
    return writer_for(task.output_format, task.columns, cast(IO[bytes], file), title)


def _lookup_of(snapshot: Snapshot, sql: FileSql) -> PoliciesByPosition | ClaimsByPosition | None:
    """Read what columns of the rows are looked up in; None if all are in the rows themselves."""
    policies = PoliciesByPosition(snapshot.batches(sql.policies)) if sql.policies else None
    return ClaimsByPosition(snapshot.batches(sql.claims), policies) if sql.claims else policies


def _frame_of(
    batch: pa.RecordBatch,
    lookup: PoliciesByPosition | ClaimsByPosition | None,
    task: ExportTask,
) -> pd.DataFrame:
    """Return one batch of rows as a frame with the columns of the file."""
    computed = lookup.columns_of(batch) if lookup else {}
    computed["currency"] = pa.repeat(task.currency, batch.num_rows)
    for column in task.columns:
        if column.name == "recorded_date":
            computed[column.name] = local_days(batch["recorded_at"], ZoneInfo(task.time_zone))
        if column.hides:
            computed[column.name] = pseudonyms_of(batch[column.hides], task.pseudonym_key)
    return file_frame(batch, computed, task.columns)


def _batches_then_totals(
    snapshot: Snapshot, sql: FileSql, control: dict[str, int]
) -> Iterator[Any]:
    """Yield the batches of rows; then read the database's totals into `control` if it is empty."""
    yield from snapshot.batches(sql.rows)
    if not control:
        control.update(snapshot.row(sql.totals))


def _read_ahead(reader: ThreadPoolExecutor, batches: Iterable[Any]) -> Iterator[Any]:
    """Yield batches while a thread reads the next ones; reading and writing release the GIL."""
    source = iter(batches)
    ahead: deque[Future[Any]] = deque(
        reader.submit(next, source, None) for _ in range(_BATCHES_AHEAD)
    )
    while (batch := ahead.popleft().result()) is not None:
        ahead.append(reader.submit(next, source, None))
        yield batch
