"""Make a file: order it from the isolated process, check what comes back, keep it for a while."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from flask import current_app

from flaskr.database import driver_url
from flaskr.errors import ClaimBookError
from flaskr.exports.manifest import SCHEMA_VERSION, MadeFacts, versions
from flaskr.exports.parameters import FileRequest
from flaskr.exports.queries import file_sql, watermark_of
from flaskr.exports.spool import FilePart, keep, kept, part_in, sweep
from flaskr.exports.tasks import ExportTask, full_disk_told
from flaskr.extensions import db
from flaskr.facts.lists import Contents
from flaskr.files.formats import ExportError
from flaskr.isolation import (
    Limits,
    OutOfMemory,
    OutOfTime,
    Report,
    preload,
    run_isolated,
    slot,
)
from flaskr.values.calendar import today, utc_now

_WORKSHOP = preload("flaskr.exports.making.file")
MAKE_FILE = f"{_WORKSHOP}:make_file"
FILES_AT_ONCE = 2


class _AfterTheEnd(ClaimBookError):
    """A question for what came after an entry that is not in the ledger."""


@dataclass(frozen=True)
class MadeFile:
    """A made file, opened for reading: whoever takes it closes it; and the tag of its bytes."""

    file: IO[bytes]
    facts: MadeFacts
    tag: str


def current_watermark(request: FileRequest) -> dict[str, int]:
    """Return how far the book is, and end the reading: a file takes its own look at the book."""
    mark = dict(db.session.execute(watermark_of(request.wanted)).one()._mapping)
    db.session.remove()
    return mark


def tag_of(request: FileRequest, watermark: Mapping[str, int]) -> str:
    """Return the tag of the bytes that a request gives at a watermark: same tag, same bytes.

    The local day is in it because a filter may go by today.
    """
    said: list[Any] = [request.asked, dict(watermark), str(today())]
    said += [SCHEMA_VERSION, versions(), db.engine.dialect.name]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:40]


def spooled(request: FileRequest, watermark: Mapping[str, int]) -> MadeFile | None:
    """Return the file if it was made already from the book as it is, in the last ten minutes."""
    return spooled_as(request, tag_of(request, watermark))


def spooled_as(request: FileRequest, tag: str) -> MadeFile | None:
    """Return the file of a tag if it is in the spool and is what the request asks for."""
    found = kept(spool_folder(current_app.config), tag)
    if found is None:
        return None
    file, facts = found[0], MadeFacts.from_json(found[1])
    if facts.asked == request.asked:
        return MadeFile(file, facts, tag)
    file.close()
    return None


def made_file(request: FileRequest, on_progress: Report | None = None) -> MadeFile:
    """Return the file that is asked for, from the spool or made now.

    Raises BusyError when two files are being made already, DatabaseAway, DiskFull, ExportError when
    the file does not add up, and OutOfTime, OutOfMemory or WorkError when making it was cut short;
    AfterTheEnd for `since` an entry that is not there yet.
    """
    return file_at(request, current_watermark(request), on_progress)


def file_at(
    request: FileRequest, watermark: Mapping[str, int], on_progress: Report | None = None
) -> MadeFile:
    """Return what `made_file` does, when it is known already how far the book is."""
    config = current_app.config
    _refuse_after_the_end(request, watermark)
    if found := spooled(request, watermark):
        return found
    limits = Limits(config["EXPORT_SECONDS"], config["EXPORT_MEMORY_BYTES"])
    with (
        slot(config["INSTANCE_FOLDER"], "export", FILES_AT_ONCE),
        named_limits(),
        full_disk_told(),
    ):
        sweep_spool(config)
        with part_in(spool_folder(config)) as part:
            order = export_task(request, part.path, is_counted_first=on_progress is not None)
            facts = run_isolated(MAKE_FILE, order, limits=limits, on_progress=on_progress)
            made_at = utc_now().isoformat(timespec="seconds")
            made = MadeFacts(**vars(facts), asked=request.asked, made_at=made_at)
            return _published(part, request, made)


def _published(part: FilePart, request: FileRequest, facts: MadeFacts) -> MadeFile:
    """Keep a made file in the spool under the tag of the book that it shows, and open it."""
    if os.fstat(part.file.fileno()).st_size != facts.size:
        raise ExportError("The file does not have the size that was written. Please try again.")
    tag = tag_of(request, facts.watermark)
    opened = part.path.open("rb")
    keep(part, tag, facts.as_json())
    return MadeFile(opened, facts, tag)


def _refuse_after_the_end(request: FileRequest, watermark: Mapping[str, int]) -> None:
    """Raise AfterTheEnd when the ledger ends before the entry whose followers are asked for."""
    since = getattr(request.wanted, "since", None)
    if request.contents is not Contents.LEDGER or since is None:
        return
    if since > (last := watermark["ledger_entries"]):
        raise _AfterTheEnd(
            f"The ledger ends at entry {last}, before {since}. Is this another book, or an "
            "older copy?"
        )


def export_task(request: FileRequest, path: Path, is_counted_first: bool = False) -> ExportTask:
    """Return the order for a file of this book."""
    config = current_app.config
    return ExportTask(
        address=driver_url(),
        contents=request.contents,
        sql=file_sql(request.wanted, request.columns, db.engine.dialect),
        columns=request.columns,
        form=request.form,
        currency=config["BOOK_CURRENCY"],
        path=path,
        pseudonym_key=None if request.has_names else config["PSEUDONYM_KEY"],
        is_counted_first=is_counted_first,
    )


def spool_folder(config: Mapping[str, Any]) -> Path:
    """Return the folder that files are made in."""
    return config["INSTANCE_FOLDER"] / "spool"


def sweep_spool(config: Mapping[str, Any]) -> None:
    """Remove from the spool what is old, too much, or was left by killed processes."""
    sweep(spool_folder(config), config["SPOOL_BYTES"])


@contextmanager
def plain_errors() -> Iterator[None]:
    """Say what cut the work short, where a sentence can help."""
    with named_limits(), full_disk_told():
        yield


@contextmanager
def named_limits(work: str = "EXPORT") -> Iterator[None]:
    """Say which setting was the limit that cut the work short, by what the settings begin with."""
    try:
        yield
    except OutOfTime as error:
        raise OutOfTime(f"{error} Whoever runs the book can raise {work}_SECONDS.") from error
    except OutOfMemory as error:
        raise OutOfMemory(
            f"{error} Whoever runs the book can raise {work}_MEMORY_BYTES."
        ) from error
