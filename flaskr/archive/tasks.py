"""What the application and the isolated process exchange to write or load an archive."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from flaskr.archive.tables import ArchiveTable
from flaskr.book.sealing.queries import SealName
from flaskr.database.schema_revision import REVISION
from flaskr.exports.sql_statements import Sql


@dataclass(frozen=True)
class TableSql:
    """The statements that read one table."""

    table: ArchiveTable
    rows: Sql
    totals: Sql


@dataclass(frozen=True)
class WriteArchiveTask:
    """An archive to write: the book's address, the file, facts of the book, the statements."""

    address: str
    path: Path
    version: str
    schema_version: str
    currency: str
    time_zone: str
    watermark: Sql
    first_posted_at: Sql
    tables: tuple[TableSql, ...]


@dataclass(frozen=True)
class LoadArchiveTask:
    """An archive to load: the book's address, the file, what must agree, and the checks afterwards.

    `rules` are statements that count violations, by the sentence about them.
    """

    address: str
    path: Path
    schema_version: str
    currency: str
    time_zone: str
    today: date
    tables: tuple[ArchiveTable, ...]
    totals: dict[str, str]
    rules: dict[str, str]
    event: dict[str, Any]  # of the trail, without what is known only after loading
    expected_seal: SealName | None  # the last one, if the user knows it
    revision: str = REVISION  # of the process that makes the task


@dataclass(frozen=True)
class LoadedArchive:
    """An archive that was loaded, with the totals of the ledger."""

    policies: int
    claims: int
    entries: int
    totals: dict[str, Decimal]
