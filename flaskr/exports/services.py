"""Export a file: make it in the isolated process, check it, and store it in the spool."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from flask import current_app

from flaskr.book.sealing.queries import OtherHistory, contains_seal, parse_seal
from flaskr.book.sealing.since import Since
from flaskr.database.engine import driver_url
from flaskr.errors import ClaimBookError
from flaskr.exports.manifest import SCHEMA_VERSION, ExportFacts, versions
from flaskr.exports.parameters import FileRequest
from flaskr.exports.queries import file_sql, seal_since, watermark_of_file
from flaskr.exports.spool import (
    TemporaryFile,
    remove_expired,
    store_file,
    stored_file,
    temporary_file,
)
from flaskr.exports.tasks import ExportTask, explain_full_disk
from flaskr.extensions import db
from flaskr.files.formats import ExportError
from flaskr.processes.isolation import (
    Limits,
    OutOfMemory,
    OutOfTime,
    Report,
    preload,
    run_isolated,
    slot,
)
from flaskr.values.calendar import today, utc_now

_MAKING_MODULE = preload("flaskr.exports.making.file")
MAKE_FILE = f"{_MAKING_MODULE}:make_file"
FILES_AT_ONCE = 2


class _AfterLastEntry(ClaimBookError):
    """The parameter `since` names an entry that is not in the ledger."""

    status = 409


@dataclass(frozen=True)
class ExportedFile:
    """An exported file, open for reading (the caller closes it), and the tag of its content."""

    file: IO[bytes]
    facts: ExportFacts
    tag: str


def current_watermark(request: FileRequest) -> dict[str, Any]:
    """Return the watermark of the book, and end the session: a file is read in its own snapshot.

    Raises OtherHistory if the request continues from a seal that the book does not contain.
    """
    mark = dict(db.session.execute(watermark_of_file(request.row_filter)).one()._mapping)
    seal = seal_since(request.row_filter)
    if seal and not contains_seal(seal):
        raise OtherHistory.since()
    db.session.remove()
    return mark


def tag_of(request: FileRequest, watermark: Mapping[str, Any]) -> str:
    """Return the tag of a request at a watermark: the same tag means the same bytes.

    It includes the local date, because a filter may depend on it.
    """
    parts: list[Any] = [request.cache_key, dict(watermark), str(today())]
    parts += [SCHEMA_VERSION, versions(), db.engine.dialect.name]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:40]


def spooled_file(request: FileRequest, watermark: Mapping[str, Any]) -> ExportedFile | None:
    """Return the file if it was made from the current book in the last ten minutes."""
    return spooled_file_by_tag(request, tag_of(request, watermark))


def spooled_file_by_tag(request: FileRequest, tag: str) -> ExportedFile | None:
    """Return the spooled file with a tag, if it is what the request asks for, and of this book.

    A book that was put back to an older copy may not have what the file shows.
    """
    stored = stored_file(spool_folder(current_app.config), tag)
    if stored is None:
        return None
    file, facts = stored[0], ExportFacts.from_json(stored[1])
    if facts.asked == request.cache_key and _is_of_this_book(facts):
        return ExportedFile(file, facts, tag)
    file.close()
    return None


def _is_of_this_book(facts: ExportFacts) -> bool:
    """Whether the book contains the seal that a file was made at; a file of the trail has none."""
    seal = facts.watermark.get("seal")
    return seal is None or contains_seal(parse_seal(seal))


def export_file(request: FileRequest, on_progress: Report | None = None) -> ExportedFile:
    """Return the requested file, from the spool or newly made.

    Raises BusyError if two files are being made already, DatabaseUnavailable, DiskFull,
    ExportError if the totals differ from the database's, OutOfTime, OutOfMemory or WorkError if the
    work was stopped, and an error for a `since` after the last entry.
    """
    return export_file_at(request, current_watermark(request), on_progress)


def export_file_at(
    request: FileRequest, watermark: Mapping[str, Any], on_progress: Report | None = None
) -> ExportedFile:
    """Do what `export_file` does, for a watermark that is already known."""
    config = current_app.config
    _check_since(request, watermark)
    if stored := spooled_file(request, watermark):
        return stored
    limits = Limits(config["EXPORT_SECONDS"], config["EXPORT_MEMORY_BYTES"])
    with (
        slot(config["INSTANCE_FOLDER"], "export", FILES_AT_ONCE),
        explain_errors(),
    ):
        sweep_spool(config)
        with temporary_file(spool_folder(config)) as part:
            task = export_task(request, part.path, is_counted_first=on_progress is not None)
            facts = run_isolated(MAKE_FILE, task, limits=limits, on_progress=on_progress)
            made_at = utc_now().isoformat(timespec="seconds")
            made = ExportFacts(**vars(facts), asked=request.cache_key, made_at=made_at)
            return _publish(part, request, made)


def _publish(part: TemporaryFile, request: FileRequest, facts: ExportFacts) -> ExportedFile:
    """Store a file in the spool under the tag of the book that it shows, and open it."""
    if os.fstat(part.file.fileno()).st_size != facts.size:
        raise ExportError("The file does not have the size that was written. Please try again.")
    tag = tag_of(request, facts.watermark)
    opened = part.path.open("rb")
    store_file(part, tag, facts.as_json())
    return ExportedFile(opened, facts, tag)


def _check_since(request: FileRequest, watermark: Mapping[str, Any]) -> None:
    """Raise _AfterLastEntry if `since` is the number of an entry after the last."""
    since: Since | None = getattr(request.row_filter, "since", None)
    if since and since.entry > (last := watermark["ledger_entries"]):
        raise _AfterLastEntry(
            f"The ledger ends at entry {last}, before {since}. Is this another book, or an "
            "older copy? Begin again without “since”."
        )


def export_task(request: FileRequest, path: Path, is_counted_first: bool = False) -> ExportTask:
    """Return the task for the isolated process."""
    config = current_app.config
    return ExportTask(
        address=driver_url(),
        contents=request.contents,
        sql=file_sql(request.row_filter, request.columns, db.engine.dialect),
        columns=request.columns,
        output_format=request.output_format,
        currency=config["BOOK_CURRENCY"],
        time_zone=config["BOOK_TIME_ZONE"],
        path=path,
        pseudonym_key=None if request.has_names else config["PSEUDONYM_KEY"],
        is_counted_first=is_counted_first,
    )


def spool_folder(config: Mapping[str, Any]) -> Path:
    """Return the folder of the spool."""
    return config["INSTANCE_FOLDER"] / "spool"


def sweep_spool(config: Mapping[str, Any]) -> None:
    """Remove old and surplus files from the spool, and what killed processes left."""
    remove_expired(spool_folder(config), config["SPOOL_BYTES"])


@contextmanager
def explain_errors() -> Iterator[None]:
    """Explain the limit or the full disk that stopped the work."""
    with explain_limits(), explain_full_disk():
        yield


@contextmanager
def explain_limits(work: str = "EXPORT") -> Iterator[None]:
    """Name the setting whose limit stopped the work; `work` is how the settings' names begin."""
    try:
        yield
    except OutOfTime as error:
        raise OutOfTime(f"{error} Whoever runs the book can raise {work}_SECONDS.") from error
    except OutOfMemory as error:
        raise OutOfMemory(
            f"{error} Whoever runs the book can raise {work}_MEMORY_BYTES."
        ) from error
