"""Write the book as one archive, tell whether a file is one, and load one into an empty book."""

import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import Select

from flaskr.archive.queries import counted, rules_to_hold, table_rows, table_totals
from flaskr.archive.tables import archive_tables
from flaskr.archive.tasks import ArchiveLoaded, LoadArchiveTask, TableSql, WriteArchiveTask
from flaskr.audit.models import Action, Subject
from flaskr.audit.services import BOOK, event_values, record_separately
from flaskr.claims.queries import watermark_select
from flaskr.database import driver_url, migration_config
from flaskr.exports.services import FILES_AT_ONCE, named_limits, plain_errors
from flaskr.exports.statements import compiled, compiled_rows
from flaskr.extensions import db
from flaskr.isolation import Limits, Report, preload, run_isolated, slot
from flaskr.settings import BOOK_VERSION
from flaskr.values.calendar import today

_PACKING = preload("flaskr.archive.making")
_LOADING = preload("flaskr.archive.loading")
_LOCAL_HEADER = b"PK\x03\x04"
_NAME_AT = 30  # bytes from the beginning of a zip to its first member's name


@dataclass(frozen=True)
class ArchiveWritten:
    """An archive in its place: its rows by table, size in bytes and SHA-256."""

    rows: dict[str, int]
    size: int
    sha256: str


def write_archive(path: Path, *, actor: str, on_progress: Report | None = None) -> ArchiveWritten:
    """Write the whole book to a file, beside its place first, then there in one step.

    Two archives of a book that stood still have the same bytes. Raises BusyError, DatabaseAway,
    DiskFull, ArchiveError when it does not add up, and OutOfTime, OutOfMemory or WorkError; also
    NotRecorded, and then there is no archive.
    """
    config = current_app.config
    order = _write_archive_task(path.with_name(f"{path.name}.{secrets.token_hex(4)}.part"))
    with plain_errors(), slot(config["INSTANCE_FOLDER"], "export", FILES_AT_ONCE):
        try:
            rows = run_isolated(
                f"{_PACKING}:make_archive",
                order,
                limits=_limits("EXPORT"),
                on_progress=on_progress,
            )
            with order.path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
                os.fsync(file.fileno())
                size = os.fstat(file.fileno()).st_size
            said = {"file": path.name, "size": size, "sha256": sha256}
            record_separately(Action.BOOK_EXPORTED, Subject.BOOK, BOOK, actor=actor, after=said)
            order.path.rename(path)
        finally:
            order.path.unlink(missing_ok=True)
    return ArchiveWritten(rows, size, sha256)


def is_archive(path: Path) -> bool:
    """Whether a file begins as an archive of a book does; False for one that cannot be read."""
    members = {table.member.encode() for table in archive_tables()}
    try:
        with path.open("rb") as file:
            start = file.read(_NAME_AT + max(map(len, members)))
    except OSError:
        return False
    name_length = int.from_bytes(start[_NAME_AT - 4 : _NAME_AT - 2], "little")
    return start.startswith(_LOCAL_HEADER) and start[_NAME_AT : _NAME_AT + name_length] in members


def import_archive(path: Path, *, actor: str, on_progress: Report | None = None) -> ArchiveLoaded:
    """Load an archive into this book, which must be empty, whole or not at all.

    Reports (rows loaded, rows in all). Ends the session's transaction: the isolated process is
    the one that writes. Raises ArchiveError for what is refused, BusyError, DatabaseAway, and
    OutOfTime, OutOfMemory or WorkError.
    """
    order = _load_archive_task(path, actor)
    db.session.remove()
    with named_limits("IMPORT"):
        loaded: ArchiveLoaded = run_isolated(
            f"{_LOADING}:load_archive",
            order,
            limits=_limits("IMPORT"),
            on_progress=on_progress,
        )
    return loaded


def _write_archive_task(path: Path) -> WriteArchiveTask:
    """Return the order for an archive of this book."""
    dialect = db.engine.dialect
    return WriteArchiveTask(
        address=driver_url(),
        path=path,
        version=BOOK_VERSION,
        schema_version=_schema_version(),
        currency=current_app.config["BOOK_CURRENCY"],
        time_zone=current_app.config["BOOK_TIME_ZONE"],
        watermark=compiled(watermark_select(), dialect),
        tables=tuple(
            TableSql(
                table,
                rows=compiled_rows(table_rows(table.name), dialect),
                totals=compiled(table_totals(table.name), dialect),
            )
            for table in archive_tables()
        ),
    )


def _load_archive_task(path: Path, actor: str) -> LoadArchiveTask:
    """Return the order for loading an archive into this book."""

    def text(statement: Select[Any]) -> str:
        return compiled(statement, db.engine.dialect).text

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
        rules={said: text(counted(rule)) for said, rule in rules_to_hold().items()},
        event=event_values(Action.BOOK_LOADED, Subject.BOOK, BOOK, actor=actor),
    )


def _schema_version() -> str:
    """Return the schema that this version works on, as Alembic calls it."""
    return str(ScriptDirectory.from_config(migration_config()).get_current_head())


def _limits(work: str) -> Limits:
    """Return how much time and memory an archive may take, out or in: EXPORT or IMPORT."""
    config = current_app.config
    return Limits(config[f"{work}_SECONDS"], config[f"{work}_MEMORY_BYTES"])
