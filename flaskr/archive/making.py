"""The packing room: writes one archive in the isolated process, of one reading of the book."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any, cast
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from flaskr.archive.manifest import APPLICATION, MANIFEST, ArchiveError, Manifest, Member
from flaskr.archive.stored_rows import GROUP_ROWS, archived, last_instant, schema_of
from flaskr.archive.tables import ArchiveTable
from flaskr.archive.tasks import TableSql, WriteArchiveTask
from flaskr.exports.making.file import DigestingFile
from flaskr.exports.making.snapshot import Snapshot, book_snapshot
from flaskr.exports.tasks import full_disk_told
from flaskr.isolation import Report
from flaskr.values.money import ZERO, from_ore, to_ore

_ZIP_DAY = (1980, 1, 1, 0, 0, 0)  # zip's first: the time of packing would differ each time


class _Tally:
    """The rows, amounts in öre and last instant of what went into a member."""

    def __init__(self, table: ArchiveTable) -> None:
        self.table = table
        self.rows = 0
        self.sums = dict.fromkeys(table.totals, 0)
        self.last: datetime | None = None

    def add(self, rows: Any) -> None:
        """Count some rows of the archive."""
        self.rows += rows.num_rows
        for name in self.sums:
            self.sums[name] += to_ore(pc.sum(rows[name]).as_py() or ZERO)
        self.last = max(filter(None, (self.last, last_instant(rows, self.table))), default=None)

    def check(self, control: dict[str, int]) -> None:
        """Raise ArchiveError unless the database adds up to the same."""
        if {"rows": self.rows, **self.sums} != control:
            raise ArchiveError(
                f"The {self.table.name} do not add up to the book's totals, so no archive was "
                "written."
            )

    @property
    def totals(self) -> dict[str, str]:
        """The amounts together, as strings of their exact digits."""
        return {name: str(from_ore(ore)) for name, ore in self.sums.items()}


@dataclass
class _Progress:
    """How many rows were written, of how many."""

    report: Report
    in_all: int
    done: int = 0

    def advance(self, rows: int) -> None:
        """Tell that so many more are written."""
        self.done += rows
        self.report((self.done, self.in_all))


def make_archive(report: Report, order: WriteArchiveTask) -> dict[str, int]:
    """Write the archive that is ordered, and return its rows by table.

    Reports (rows written, rows in all). Raises ArchiveError when what is read is not what the
    database adds up to.
    """
    tables = [each.table for each in order.tables]
    with (
        full_disk_told(),
        book_snapshot(order.address) as snapshot,
        order.path.open("wb") as file,
        ZipFile(file, "w") as archive,
    ):
        watermark = snapshot.row(order.watermark)
        control = [snapshot.row(each.totals) for each in order.tables]
        progress = _Progress(report, sum(found["rows"] for found in control))
        tallies = [_Tally(table) for table in tables]
        members = {}
        for each, tally, expected in zip(order.tables, tallies, control, strict=True):
            members[each.table.member] = _write_member(archive, snapshot, each, tally, progress)
            tally.check(expected)
        last = max(filter(None, (tally.last for tally in tallies)), default=None)
        manifest = _manifest_of(order, watermark, members, last)
        archive.writestr(entry(MANIFEST), manifest.as_bytes())
    return {tally.table.name: tally.rows for tally in tallies}


def entry(name: str) -> ZipInfo:
    """Return the head of a member: nothing in it tells when or by whom it was packed."""
    head = ZipInfo(name, _ZIP_DAY)
    head.compress_type = ZIP_STORED  # Parquet is compressed already
    head.external_attr = 0o644 << 16
    return head


def _write_member(
    archive: ZipFile, snapshot: Snapshot, wanted: TableSql, tally: _Tally, progress: _Progress
) -> Member:
    """Write one table's file, and return what it is."""
    table = wanted.table
    words = [column.name for column in table.columns if column.words]
    with archive.open(entry(table.member), "w", force_zip64=True) as place:
        file = DigestingFile(place)
        with pyarrow.parquet.ParquetWriter(
            cast(IO[bytes], file), schema_of(table), compression="zstd", use_dictionary=words
        ) as writer:
            for group in _grouped(snapshot.batches(wanted.rows), table):
                tally.add(group)
                writer.write_table(group, row_group_size=GROUP_ROWS)
                progress.advance(group.num_rows)
    return Member(tally.rows, tally.totals, file.size, file.digest.hexdigest())


def _grouped(batches: Iterable[pa.RecordBatch], table: ArchiveTable) -> Iterator[pa.Table]:
    """Yield the rows in groups of one size, wherever the batches end that they came in."""
    waiting = schema_of(table).empty_table()
    for batch in batches:
        waiting = pa.concat_tables([waiting, archived(batch, table)])
        while waiting.num_rows >= GROUP_ROWS:
            yield waiting.slice(0, GROUP_ROWS).combine_chunks()
            waiting = waiting.slice(GROUP_ROWS)
    if waiting.num_rows:
        yield waiting.combine_chunks()


def _manifest_of(
    order: WriteArchiveTask,
    watermark: dict[str, int],
    members: dict[str, Member],
    last: datetime | None,
) -> Manifest:
    """Return the manifest of what was written."""
    return Manifest(
        application=APPLICATION,
        version=order.version,
        schema_version=order.schema_version,
        currency=order.currency,
        time_zone=order.time_zone,
        last_recorded_at=last.isoformat() if last else None,
        watermark=watermark,
        members=members,
    )
