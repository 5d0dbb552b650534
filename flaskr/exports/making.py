"""The workshop: makes one file in the isolated process, whose only imports from here are heavy."""

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from decimal import Decimal
from typing import IO, Any, Protocol

import pandas as pd

from flaskr.exports.columns import CLAIM_COLUMNS, Kind, names_of
from flaskr.exports.csv_file import CsvWriter
from flaskr.exports.files import ExportError, FileFacts, FileFormat, FileOrder
from flaskr.exports.frames import Policies, claims_frame
from flaskr.exports.parquet_file import ParquetWriter
from flaskr.exports.queries import ClaimsSql
from flaskr.exports.snapshot import Snapshot, book_snapshot
from flaskr.isolation import Report
from flaskr.money import ZERO, from_ore

AMOUNTS = names_of(CLAIM_COLUMNS, Kind.MONEY)
BATCHES_AHEAD = 2


class FrameWriter(Protocol):
    """What each format's writer does."""

    def write(self, frame: pd.DataFrame) -> None:
        """Append the rows of a frame."""

    def close(self) -> None:
        """Write what is left."""


class DigestingFile:
    """A file that knows the SHA-256 and the size of what was written to it."""

    closed = False

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.digest = hashlib.sha256()
        self.size = 0

    def write(self, piece: Any) -> int:
        """Write and digest a piece."""
        self.digest.update(piece)
        self.size += len(piece)
        return self.file.write(piece)

    def flush(self) -> None:
        """Hand everything to the operating system."""
        self.file.flush()


class Tally:
    """The rows and amounts of the frames that went into a file."""

    def __init__(self) -> None:
        self.rows = 0
        self.amounts = dict.fromkeys(AMOUNTS, ZERO)

    def add(self, frame: pd.DataFrame) -> None:
        """Count a frame."""
        self.rows += len(frame)
        for name in AMOUNTS:
            self.amounts[name] += Decimal(frame[name].sum())

    def check(self, control: dict[str, int]) -> None:
        """Raise ExportError unless the database adds up to the same."""
        expected = {name: from_ore(control[name]) for name in AMOUNTS}
        if (self.rows, self.amounts) != (control["rows"], expected):
            raise ExportError(
                "The file does not add up to the book's own totals, so it is not handed out."
            )


def make_claims_file(report: Report, order: FileOrder) -> FileFacts:
    """Write the file that is ordered and return its facts; all of it is read in one transaction.

    Reports the number of rows written so far. Raises ExportError when the file's rows or amounts
    are not those that the database counts.
    """
    with (
        book_snapshot(order.address) as snapshot,
        ThreadPoolExecutor(1) as reader,
        order.path.open("wb", buffering=0) as file,
    ):
        digesting = DigestingFile(file)
        watermark = snapshot.row(order.sql.watermark)
        policies = Policies(snapshot.batches(order.sql.policies))
        tally = Tally()
        control: dict[str, int] = {}
        with closing(writer_for(order, digesting)) as writer:
            for batch in read_ahead(reader, readings(snapshot, order.sql, control)):
                frame = claims_frame(batch, policies, order.currency)
                tally.add(frame)
                writer.write(frame)
                report(tally.rows)
        tally.check(control)
    return FileFacts(
        rows=tally.rows,
        totals=tally.amounts,
        size=digesting.size,
        sha256=digesting.digest.digest(),
        watermark=watermark,
    )


def writer_for(order: FileOrder, file: Any) -> FrameWriter:
    """Return the writer of the ordered format."""
    if order.file_format is FileFormat.PARQUET:
        return ParquetWriter(file, CLAIM_COLUMNS)
    return CsvWriter(file, CLAIM_COLUMNS, order.is_raw)


def readings(snapshot: Snapshot, sql: ClaimsSql, control: dict[str, int]) -> Iterator[Any]:
    """Yield the batches of claims; then put the database's totals into `control`.

    They are read last because the writer is still busy then, and nobody waits for them.
    """
    yield from snapshot.batches(sql.claims)
    control.update(snapshot.row(sql.totals))


def read_ahead(reader: ThreadPoolExecutor, batches: Iterable[Any]) -> Iterator[Any]:
    """Yield the batches while a thread reads the next ones; reading and writing free the GIL."""
    source = iter(batches)
    ahead: deque[Future[Any]] = deque(
        reader.submit(next, source, None) for _ in range(BATCHES_AHEAD)
    )
    while (batch := ahead.popleft().result()) is not None:
        ahead.append(reader.submit(next, source, None))
        yield batch
