"""Make a file of claims: order it from the isolated process, and check what comes back."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from flask import current_app

from flaskr.exports.files import ExportError, FileFacts, FileFormat, FileOrder
from flaskr.exports.queries import claims_sql
from flaskr.exports.spool import spooled_file, sweep
from flaskr.extensions import db
from flaskr.isolation import Limits, OutOfMemory, OutOfTime, place, run_isolated

WORKSHOP = "flaskr.exports.making"
MAKE_CLAIMS = f"{WORKSHOP}:make_claims_file"
FILES_AT_ONCE = 2


@dataclass(frozen=True)
class MadeFile:
    """A made file: opened for reading, without a name; whoever takes it closes it."""

    file: IO[bytes]
    facts: FileFacts


def make_claims_file(file_format: FileFormat, is_raw: bool = False) -> MadeFile:
    """Make a file of all claims as they are now, in the order in which they were recorded.

    Raises BusyError when two files are being made already, DatabaseAway, ExportError when the file
    does not add up, and OutOfTime, OutOfMemory or WorkError when making it was cut short.
    """
    config = current_app.config
    limits = Limits(config["EXPORT_SECONDS"], config["EXPORT_MEMORY_BYTES"])
    with place(config["INSTANCE_FOLDER"], "export", FILES_AT_ONCE), named_limits():
        sweep_spool(config)
        with spooled_file(spool_folder(config), file_format.value) as (path, file):
            order = claims_order(file_format, is_raw, path)
            facts = run_isolated(MAKE_CLAIMS, order, limits=limits, preload=[WORKSHOP])
            if os.fstat(file.fileno()).st_size != facts.size:
                raise ExportError("The file is not what was written. Please try again.")
            return MadeFile(file, facts)


def claims_order(file_format: FileFormat, is_raw: bool, path: Path) -> FileOrder:
    """Return the order for a file of all claims of this book."""
    return FileOrder(
        address=book_address(),
        sql=claims_sql(db.engine.dialect),
        currency=current_app.config["BOOK_CURRENCY"],
        file_format=file_format,
        is_raw=is_raw,
        path=path,
    )


def spool_folder(config: Mapping[str, Any]) -> Path:
    """Return the folder that files are made in."""
    return config["INSTANCE_FOLDER"] / "spool"


def sweep_spool(config: Mapping[str, Any]) -> None:
    """Remove what killed processes left in the spool."""
    sweep(spool_folder(config), config["SPOOL_BYTES"])


@contextmanager
def named_limits() -> Iterator[None]:
    """Say which setting was the limit that cut the work short."""
    try:
        yield
    except OutOfTime as error:
        raise OutOfTime(f"{error} Whoever runs the book can raise EXPORT_SECONDS.") from error
    except OutOfMemory as error:
        raise OutOfMemory(
            f"{error} Whoever runs the book can raise EXPORT_MEMORY_BYTES."
        ) from error


def book_address() -> str:
    """Return the book's address for ADBC: libpq's, or the SQLite file's, to read only."""
    url = db.engine.url
    if db.engine.dialect.name == "sqlite":
        return f"file:{quote(str(url.database))}?mode=ro"
    return url.set(drivername="postgresql").render_as_string(hide_password=False)
