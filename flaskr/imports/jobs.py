"""Imports in progress: a folder each under instance/jobs, which every worker can read.

Nothing else can write to the book while an import does, so its progress is kept in a file.
"""

import fcntl
import hashlib
import json
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from flaskr.errors import ClaimBookError
from flaskr.exit_codes import ExitCode
from flaskr.facts.closed_lists import Contents
from flaskr.files.readers.options import Encoding, ReadingOptions
from flaskr.imports.dry_run.result import DryRun
from flaskr.imports.tasks import DayOrder, FileToRead
from flaskr.private_files import open_private

REQUEST, PROGRESS, OUTCOME, LOADED, LOCK = (
    "order.json",
    "progress.json",
    "outcome.json",
    "loaded.json",
    "work.lock",
)


class NoSuchJob(ClaimBookError):
    """An import that does not exist, or not any more."""

    status = 404


class Stage(StrEnum):
    """How far an import has come."""

    READING = "reading"
    INTERRUPTED = "interrupted"  # its process ended before it was done
    REFUSED = "refused"  # the whole import
    MAPPING = "mapping"  # a column is missing
    READY = "ready"  # the dry run can be loaded
    LOADING = "loading"
    LOADED = "loaded"


@dataclass(frozen=True)
class Progress:
    """How far the work is: its phase, rows so far, and how much is done of the whole."""

    what: str = ""
    rows: int = 0
    done: int = 0
    whole: int = 0


@dataclass(frozen=True)
class JobRequest:
    """What was requested of an import, and by whom; the fields are the keys of order.json."""

    actor: str
    started_at: str
    files: tuple[dict[str, Any], ...]
    is_migration: bool = False
    is_confirmed: bool = False
    confirmed_by: str = ""
    leaves_refused: bool = False
    loads_again: bool = False  # though its files were loaded before
    note: str = ""  # why there is a new dry run


@dataclass(frozen=True)
class Job:
    """One import in progress, by its folder."""

    folder: Path

    @property
    def name(self) -> str:
        """Its name in addresses: the folder's."""
        return self.folder.name

    @property
    def request(self) -> JobRequest:
        """What was requested; raises NoSuchJob."""
        values = self.read(REQUEST)
        if values is None:
            raise NoSuchJob("This import is no longer here; files are kept for 30 days.")
        return JobRequest(**{**values, "files": tuple(values["files"])})

    def update_request(self, **changes: Any) -> None:
        """Change the request."""
        self.write(REQUEST, asdict(replace(self.request, **changes)))

    @property
    def files(self) -> tuple[FileToRead, ...]:
        """The files, and how each is to be read."""
        return tuple(
            _file_to_read(self.folder, at, values) for at, values in enumerate(self.request.files)
        )

    @property
    def stage(self) -> Stage:
        """How far it has come."""
        if self.read(LOADED) is not None:
            return Stage.LOADED
        if self.is_locked:
            return Stage.LOADING if self.request.is_confirmed else Stage.READING
        outcome = self.read(OUTCOME)
        if outcome is None:
            return Stage.INTERRUPTED
        if "refused" in outcome:
            return Stage.REFUSED
        return Stage.READY if self.outcome.is_mapped else Stage.MAPPING

    @property
    def progress(self) -> Progress:
        """How far the work is."""
        return Progress(**(self.read(PROGRESS) or {}))

    @property
    def outcome(self) -> DryRun:
        """The outcome of the dry run; raises NoSuchJob before there is one."""
        path = self.folder / OUTCOME
        if not path.exists():
            raise NoSuchJob("There is no dry run of this import yet.")
        return DryRun.from_json(path.read_text(encoding="utf-8"))

    @property
    def refusal_text(self) -> str:
        """Why the whole import is refused; empty when it is not."""
        return str((self.read(OUTCOME) or {}).get("refused", ""))

    @property
    def sheets(self) -> tuple[str, ...]:
        """The sheets to choose from, when the import is refused because none was chosen."""
        return tuple((self.read(OUTCOME) or {}).get("sheets", ()))

    @property
    def outcome_digest(self) -> str:
        """The digest of the outcome, by which a confirmation names it; empty without one."""
        path = self.folder / OUTCOME
        return hashlib.sha256(path.read_bytes()).hexdigest()[:32] if path.exists() else ""

    @property
    def import_id(self) -> int | None:
        """The id of the import that it was loaded as; None before."""
        return (self.read(LOADED) or {}).get("import_id")

    def read(self, name: str) -> dict[str, Any] | None:
        """Return the content of one of the job's files, None without it."""
        try:
            text = (self.folder / name).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        values: dict[str, Any] = json.loads(text)
        return values

    def write(self, name: str, values: Mapping[str, Any]) -> None:
        """Write one of the job's files, completely or not at all."""
        self.write_text(name, json.dumps(values))  # in ASCII: a path may not be valid text

    def write_text(self, name: str, text: str) -> None:
        """Write one of the job's files as text, completely or not at all."""
        new = self.folder / f"{name}.{secrets.token_hex(4)}"
        with open_private(new, "x", encoding="utf-8") as file:
            file.write(text)
        new.replace(self.folder / name)

    def delete_files(self, *names: str) -> None:
        """Delete some of the job's files."""
        for name in names:
            (self.folder / name).unlink(missing_ok=True)

    def remove(self) -> None:
        """Delete the folder with all its files."""
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def is_locked(self) -> bool:
        """Whether a process works on it: the process loses the lock however it ends."""
        try:
            with (self.folder / LOCK).open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the job's lock; raises JobBusy when another process or thread does."""
        with open_private(self.folder / LOCK, "a+b") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise JobBusy("This import is already being processed.") from None
            yield


class JobBusy(ClaimBookError):
    """An import that is already being worked on."""

    status = 409
    exit_code = ExitCode.UNAVAILABLE


def _file_to_read(folder: Path, at: int, values: Mapping[str, Any]) -> FileToRead:
    """Return one file of an import, and how to read it."""
    options = ReadingOptions(
        encoding=Encoding(values.get("encoding") or Encoding.UTF_8),
        sheet=values.get("sheet", ""),
        is_raw=bool(values.get("is_raw")),
        header_row=values.get("header_row", 0),
    )
    contents = Contents(values["contents"]) if values.get("contents") else None
    return FileToRead(
        path=Path(values["path"]) if values.get("path") else folder / f"file-{at}",
        name=values["name"],
        sha256=values["sha256"],
        size=values["size"],
        options=options,
        contents=contents,
        columns=values.get("columns", {}),
        constants=values.get("constants", {}),
        values=values.get("values", {}),
        day_order=DayOrder(values.get("day_order", "")),
        takes_totals=bool(values.get("takes_totals")),
        takes_hidden=bool(values.get("takes_hidden")),
        strips_controls=bool(values.get("strips_controls")),
        takes_identity_numbers=bool(values.get("takes_identity_numbers")),
    )
