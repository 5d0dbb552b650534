"""Checks of the book itself: its schema and settings, its last commit, and whether it is live."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask import current_app

from flaskr.audit.queries import last_event_id
from flaskr.book.periods import NOT_LIVE, is_live, needs_declaration
from flaskr.book.sealing.queries import watermark
from flaskr.book.services import require_book
from flaskr.database.lost_commits import MISSING_WAL
from flaskr.database.schema_revision import REVISION
from flaskr.operations.doctor.findings import Finding

BACKUP_MARK = "last_backup"  # in the instance folder: touched by the job that backs up
_OLDEST_BACKUP = timedelta(days=2)


def check_schema() -> Iterator[Finding]:
    """Whether the database answers and has a book of this version and these settings."""
    require_book()
    yield Finding.ok("schema", f"The book has this version's schema, {REVISION}, and settings.")


def check_last_commit() -> Iterator[Finding]:
    """What the book ends with, to compare with what was written down."""
    seal, event_id = watermark()["seal"], last_event_id()
    if warning := current_app.extensions.get(MISSING_WAL):
        yield Finding.look("commits", warning)
    yield Finding.ok(
        "commits", f"The last seal is {seal}, and the last event of the trail is {event_id}."
    )


def check_declaration() -> Iterator[Finding]:
    """Whether the book is declared live."""
    if needs_declaration():
        yield Finding.look("live", NOT_LIVE)
    elif is_live():
        yield Finding.ok("live", "The book is declared live.")
    else:
        yield Finding.ok("live", "The book is not declared live, and has no entries yet.")


def check_backup() -> Iterator[Finding]:
    """When the mark was touched that tells of the last backup."""
    mark: Path = current_app.config["INSTANCE_FOLDER"] / BACKUP_MARK
    if not mark.exists():
        yield Finding.look(
            "backup",
            f"The age of the last backup is unknown. Let the job that makes it run: touch {mark}",
        )
        return
    made_at = datetime.fromtimestamp(mark.stat().st_mtime, UTC)
    text = f"The last backup was noted at {made_at:%Y-%m-%d %H:%M} UTC."
    is_old = datetime.now(UTC) - made_at > _OLDEST_BACKUP
    yield (Finding.look if is_old else Finding.ok)("backup", text)
