"""Write the book to an archive, recognise archives, and load one into an empty book."""

import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import Select, select

from flaskr.archive.queries import count_of, table_rows, table_totals
from flaskr.archive.tables import archive_tables
from flaskr.archive.tasks import LoadArchiveTask, LoadedArchive, TableSql, WriteArchiveTask
from flaskr.audit.models import Action, Subject
from flaskr.audit.services import BOOK, event_values, record_separately
from flaskr.book.models import Book
from flaskr.book.sealing.queries import parse_seal, watermark_select
from flaskr.claims.check.book_rules import book_rules
from flaskr.database.engine import driver_url
from flaskr.database.schema import migration_config
from flaskr.exports.services import FILES_AT_ONCE, explain_errors, explain_limits
from flaskr.exports.sql_statements import compile_rows, compile_statement
from flaskr.extensions import db
from flaskr.processes.isolation import Limits, Report, preload, run_isolated, slot
from flaskr.settings import BOOK_VERSION
from flaskr.values.calendar import today

_MAKING_MODULE = preload("flaskr.archive.making")
_LOADING_MODULE = preload("flaskr.archive.loading")
_LOCAL_HEADER = b"PK\x03\x04"
_NAME_OFFSET = 30  # of the first member's name in a zip file, in bytes


@dataclass(frozen=True)
class WrittenArchive:
    """An archive that was written: its rows by table, the book's last seal, size and SHA-256."""

    rows: dict[str, int]
    seal: str
    size: int
    sha256: str


def write_archive(path: Path, *, actor: str, on_progress: Report | None = None) -> WrittenArchive:
    """Write the whole book to a file, which appears only when it is complete.

    Two archives of an unchanged book have the same bytes. Raises BusyError, DiskFull,
    DatabaseUnavailable, ArchiveError if the totals differ from the database's, OutOfTime,
    OutOfMemory or WorkError, and NotRecorded; then there is no archive.
    """
    config = current_app.config
    task = _write_archive_task(path.with_name(f"{path.name}.{secrets.token_hex(4)}.part"))
    with explain_errors(), slot(config["INSTANCE_FOLDER"], "export", FILES_AT_ONCE):
        try:
            rows, seal = run_isolated(
                f"{_MAKING_MODULE}:make_archive",
                task,
                limits=_limits("EXPORT"),
                on_progress=on_progress,
            )
            with task.path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
                os.fsync(file.fileno())
                size = os.fstat(file.fileno()).st_size
            after = {"file": path.name, "size": size, "sha256": sha256, "seal": seal}
            record_separately(Action.BOOK_EXPORTED, Subject.BOOK, BOOK, actor=actor, after=after)
            task.path.rename(path)
        finally:
            task.path.unlink(missing_ok=True)
    return WrittenArchive(rows, seal, size, sha256)


def is_archive(path: Path) -> bool:
    """Whether a file begins like an archive of a book; False if it cannot be read."""
    members = {table.member.encode() for table in archive_tables()}
    try:
        with path.open("rb") as file:
            start = file.read(_NAME_OFFSET + max(map(len, members)))
    except OSError:
        return False
    name_length = int.from_bytes(start[_NAME_OFFSET - 4 : _NAME_OFFSET - 2], "little")
    return (
        start.startswith(_LOCAL_HEADER)
        and start[_NAME_OFFSET : _NAME_OFFSET + name_length] in members
    )


def import_archive(
    path: Path,
    *,
    actor: str,
    expected_seal: str | None = None,
    on_progress: Report | None = None,
) -> LoadedArchive:
    """Load an archive into this book, which must be empty, completely or not at all.

    With `expected_seal`, `ID:DIGEST`, only if that is the archive's last seal: whoever changed rows
    may have computed everything in the archive again, but not to the same seal.

    Reports (rows loaded, rows in all). Ends the session's transaction, because the isolated process
    writes. Raises ArchiveError if the archive is refused, BusyError,
    DatabaseUnavailable, OutOfTime, OutOfMemory or WorkError.
    """
    task = _load_archive_task(path, actor, expected_seal)
    db.session.remove()
    with explain_limits("IMPORT"):
        loaded: LoadedArchive = run_isolated(
            f"{_LOADING_MODULE}:load_archive",
            task,
            limits=_limits("IMPORT"),
            on_progress=on_progress,
        )
    return loaded


def _write_archive_task(path: Path) -> WriteArchiveTask:
    """Return the task to write an archive of this book."""
    dialect = db.engine.dialect
    return WriteArchiveTask(
        address=driver_url(),
        path=path,
        version=BOOK_VERSION,
        schema_version=_schema_version(),
        currency=current_app.config["BOOK_CURRENCY"],
        time_zone=current_app.config["BOOK_TIME_ZONE"],
        watermark=compile_statement(watermark_select(), dialect),
        first_posted_at=compile_statement(select(Book.first_posted_at), dialect),
        tables=tuple(
            TableSql(
                table,
                rows=compile_rows(table_rows(table.name), dialect),
                totals=compile_statement(table_totals(table.name), dialect),
            )
            for table in archive_tables()
        ),
    )


def _load_archive_task(path: Path, actor: str, expected_seal: str | None) -> LoadArchiveTask:
    """Return the task to load an archive into this book."""

    def text(statement: Select[Any]) -> str:
        return compile_statement(statement, db.engine.dialect).text

    tables = archive_tables()
    return LoadArchiveTask(
        address=driver_url("rw"),
        path=path,
        schema_version=_schema_version(),
        currency=current_app.config["BOOK_CURRENCY"],
        time_zone=current_app.config["BOOK_TIME_ZONE"],
        today=today(),
        tables=tables,
        totals={table.name: text(table_totals(table.name)) for table in tables},
        rules={meaning: text(count_of(rule)) for meaning, rule in book_rules().items()},
        event=event_values(Action.BOOK_LOADED, Subject.BOOK, BOOK, actor=actor),
        expected_seal=parse_seal(expected_seal) if expected_seal else None,
    )


def _schema_version() -> str:
    """Return the Alembic revision that this version works with."""
    return str(ScriptDirectory.from_config(migration_config()).get_current_head())


def _limits(work: str) -> Limits:
    """Return the limits of EXPORT or IMPORT from the settings."""
    config = current_app.config
    return Limits(config[f"{work}_SECONDS"], config[f"{work}_MEMORY_BYTES"])
