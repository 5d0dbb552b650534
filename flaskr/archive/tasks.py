"""What passes between the application and the isolated process that makes or loads an archive."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from flaskr.archive.tables import ArchiveTable
from flaskr.exports.statements import Sql


@dataclass(frozen=True)
class TableSql:
    """What is read of one table."""

    table: ArchiveTable
    rows: Sql
    totals: Sql


@dataclass(frozen=True)
class WriteArchiveTask:
    """An archive to make: the book's address, what it is, what to read of it, the empty file."""

    address: str
    path: Path
    version: str
    schema_version: str
    currency: str
    time_zone: str
    watermark: Sql
    tables: tuple[TableSql, ...]


@dataclass(frozen=True)
class LoadArchiveTask:
    """An archive to load: what book it must be of, and what must hold when it is in.

    `rules` count the rows that break one, by what that means.
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
    event: dict[str, Any]  # of the trail, but for what only the loading knows


@dataclass(frozen=True)
class ArchiveLoaded:
    """An archive that is in the book, with the ledger's amounts together."""

    policies: int
    claims: int
    entries: int
    totals: dict[str, Decimal]
