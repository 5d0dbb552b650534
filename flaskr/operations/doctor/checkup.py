"""All checks of the doctor, in order, each of which gives its sentences whatever is broken."""

from collections.abc import Callable, Iterator

from flaskr.database.failures import DATABASE_ERRORS, failure_of
from flaskr.database.modes import transaction_mode
from flaskr.errors import ClaimBookError
from flaskr.extensions import db
from flaskr.operations.doctor import (
    book_state,
    database_rights,
    environment,
    folder_rights,
    free_disk,
    who_may,
)
from flaskr.operations.doctor.findings import Finding, Level

_Check = Callable[[], Iterator[Finding]]
# By subject. The first is about the database; if it is wrong, those that ask it are left out, each
# of which would wait for a server that does not answer.
_SCHEMA: tuple[str, _Check] = ("schema", book_state.check_schema)
_WITH_BOOK: tuple[tuple[str, _Check], ...] = (
    ("rights", database_rights.check_rights),
    ("triggers", database_rights.check_triggers),
    ("commits", book_state.check_last_commit),
    ("live", book_state.check_declaration),
    ("disk", free_disk.check_free_disk),
    ("wal", free_disk.check_wal),
    ("people", who_may.check_people),
    ("second factor", who_may.check_second_factors),
    ("tokens", who_may.check_tokens_and_links),
)
_WITHOUT_BOOK: tuple[tuple[str, _Check], ...] = (
    ("access", who_may.check_access),
    ("proxies", environment.check_proxies),
    ("keys", folder_rights.check_keys),
    ("folder", folder_rights.check_folder),
    ("backup", book_state.check_backup),
    ("time zone", environment.check_time_zone),
    ("process", environment.check_separate_process),
)


def all_findings() -> Iterator[Finding]:
    """Yield what every check finds; a book that is broken gives sentences, not errors."""
    schema = _findings_of(*_SCHEMA)
    yield from schema
    if all(finding.level is not Level.WRONG for finding in schema):
        for subject, check in _WITH_BOOK:
            yield from _findings_of(subject, check)
    for subject, check in _WITHOUT_BOOK:
        yield from _findings_of(subject, check)


def _findings_of(subject: str, check: _Check) -> list[Finding]:
    """Return what one check finds, or why it could not look."""
    try:
        with transaction_mode("read"):
            try:
                return list(check())
            finally:
                db.session.rollback()
    except ClaimBookError as error:
        return [Finding.wrong(subject, str(error))]
    except (*DATABASE_ERRORS, OSError) as error:
        failure = failure_of(error)
        why = failure.sentence if failure else "The database refused to say."
        driver = " ".join(str(getattr(error, "orig", error)).split())
        return [Finding.wrong(subject, f"{why} ({driver})")]
