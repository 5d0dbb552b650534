"""Write an archive from one snapshot of the book; runs in the isolated process."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any, cast
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from flaskr.archive.manifest import APPLICATION, MANIFEST, ArchiveError, Manifest, Member
from flaskr.archive.stored_rows import GROUP_ROWS, archive_rows, archive_schema, last_instant
from flaskr.archive.tables import ArchiveTable
from flaskr.archive.tasks import TableSql, WriteArchiveTask
from flaskr.exports.making.file import DigestingFile
from flaskr.exports.making.snapshot import Snapshot, book_snapshot
from flaskr.exports.tasks import explain_full_disk
from flaskr.processes.isolation import Report
from flaskr.values.calendar import stored_in_utc
from flaskr.values.money import ZERO, from_ore, to_ore

_ZIP_DAY = (
    1980,
    1,
    1,
    0,
    0,
    0,
)  # the earliest that zip allows; the current time would change the bytes


class _Tally:
    """The number of rows, the sums in öre and the last instant of a member of the archive."""

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
        """Raise ArchiveError unless the totals equal the database's."""
        if {"rows": self.rows, **self.sums} != control:
            raise ArchiveError(
                f"The {self.table.name} do not add up to the book's totals, so no archive was "
                "written."
            )

    @property
    def totals(self) -> dict[str, str]:
        """The sums of the amounts, as strings of their exact digits."""
        return {name: str(from_ore(ore)) for name, ore in self.sums.items()}


@dataclass
class _Progress:
    """The number of rows written so far, and in all."""

    report: Report
    in_all: int
    done: int = 0

    def advance(self, rows: int) -> None:
        """Report more rows as written."""
        self.done += rows
        self.report((self.done, self.in_all))


def make_archive(report: Report, task: WriteArchiveTask) -> tuple[dict[str, int], str]:
    """Write the archive of a task, and return its number of rows by table and the last seal.

    Reports (rows written, rows in all). Raises ArchiveError if the totals differ from the
    database's.
    """
    tables = [each.table for each in task.tables]
    with (
        explain_full_disk(),
        book_snapshot(task.address) as snapshot,
        task.path.open("wb") as file,
        ZipFile(file, "w") as archive,
    ):
        watermark = snapshot.row(task.watermark)
        row: Any = snapshot.row(task.first_posted_at)
        first = stored_in_utc(row["first_posted_at"])
        control = [snapshot.row(each.totals) for each in task.tables]
        progress = _Progress(report, sum(totals["rows"] for totals in control))
        tallies = [_Tally(table) for table in tables]
        members = {}
        for each, tally, expected in zip(task.tables, tallies, control, strict=True):
            members[each.table.member] = _write_member(archive, snapshot, each, tally, progress)
            tally.check(expected)
        last = max(filter(None, (tally.last for tally in tallies)), default=None)
        manifest = _manifest_of(task, watermark, members, last, first)
        archive.writestr(member_header(MANIFEST), manifest.as_bytes())
    return {tally.table.name: tally.rows for tally in tallies}, watermark["seal"]


def member_header(name: str) -> ZipInfo:
    """Return the zip header of a member, without the time and the user of packing."""
    header = ZipInfo(name, _ZIP_DAY)
    header.compress_type = ZIP_STORED  # Parquet is compressed already
    header.external_attr = 0o644 << 16
    return header


def _write_member(
    archive: ZipFile, snapshot: Snapshot, table_sql: TableSql, tally: _Tally, progress: _Progress
) -> Member:
    """Write the file of one table, and return its entry in the manifest."""
    table = table_sql.table
    words = [column.name for column in table.columns if column.words]
    with archive.open(member_header(table.member), "w", force_zip64=True) as place:
        file = DigestingFile(place)
        with pyarrow.parquet.ParquetWriter(
            cast(IO[bytes], file), archive_schema(table), compression="zstd", use_dictionary=words
        ) as writer:
            for group in _row_groups(snapshot.batches(table_sql.rows), table):
                tally.add(group)
                writer.write_table(group, row_group_size=GROUP_ROWS)
                progress.advance(group.num_rows)
    return Member(tally.rows, tally.totals, file.size, file.digest.hexdigest())


def _row_groups(batches: Iterable[pa.RecordBatch], table: ArchiveTable) -> Iterator[pa.Table]:
    """Yield the rows in groups of one size, whatever the size of the batches."""
    pending = archive_schema(table).empty_table()
    for batch in batches:
        pending = pa.concat_tables([pending, archive_rows(batch, table)])
        while pending.num_rows >= GROUP_ROWS:
            yield pending.slice(0, GROUP_ROWS).combine_chunks()
            pending = pending.slice(GROUP_ROWS)
    if pending.num_rows:
        yield pending.combine_chunks()


def _manifest_of(
    task: WriteArchiveTask,
    watermark: dict[str, Any],
    members: dict[str, Member],
    last: datetime | None,
    first: datetime | None,
) -> Manifest:
    """Return the manifest of the archive."""
    return Manifest(
        application=APPLICATION,
        version=task.version,
        schema_version=task.schema_version,
        currency=task.currency,
        time_zone=task.time_zone,
        last_recorded_at=last.isoformat() if last else None,
        first_posted_at=first.isoformat() if first else None,
        watermark=watermark,
        members=members,
    )
