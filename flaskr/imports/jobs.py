"""Imports under way: a folder each under instance/jobs, which any worker can read at any time.

Nothing else can write to the book while an import does, so how far it is stands in a file.
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
from flaskr.facts.lists import Contents
from flaskr.files.readers.options import Encoding, ReadingOptions
from flaskr.imports.dry_run_result import DryRun
from flaskr.imports.tasks import FileToRead

ORDER, PROGRESS, OUTCOME, LOADED, LOCK = (
    "order.json",
    "progress.json",
    "outcome.json",
    "loaded.json",
    "work.lock",
)


class NoSuchJob(ClaimBookError):
    """An import that is not there, or no longer."""

    status = 404


class Stage(StrEnum):
    """How far an import has come."""

    READING = "reading"
    CUT_SHORT = "cut short"  # whoever worked at it is gone
    REFUSED = "refused"  # as a whole
    MAPPING = "mapping"  # a column is missing
    SHOWN = "shown"
    LOADING = "loading"
    LOADED = "loaded"


@dataclass(frozen=True)
class Progress:
    """How far the work is: what is done, rows so far, and the done part of the whole."""

    what: str = ""
    rows: int = 0
    done: int = 0
    whole: int = 0


@dataclass(frozen=True)
class Asked:
    """What was asked of an import, by whom."""

    actor: str
    started_at: str
    files: tuple[dict[str, Any], ...]
    is_migration: bool = False
    is_confirmed: bool = False
    confirmed_by: str = ""
    leaves_refused: bool = False
    note: str = ""  # why there is a new dry run


@dataclass(frozen=True)
class Job:
    """One import under way, by its folder."""

    folder: Path

    @property
    def name(self) -> str:
        """What stands in its address."""
        return self.folder.name

    @property
    def asked(self) -> Asked:
        """What was asked."""
        said = self.read(ORDER)
        if said is None:
            raise NoSuchJob("This import is no longer here; files are kept for 30 days.")
        return Asked(**{**said, "files": tuple(said["files"])})

    def ask(self, **changes: Any) -> None:
        """Change what is asked."""
        self.write(ORDER, asdict(replace(self.asked, **changes)))

    @property
    def files(self) -> tuple[FileToRead, ...]:
        """The files, and how each is to be read."""
        return tuple(
            _file_to_read(self.folder, at, said) for at, said in enumerate(self.asked.files)
        )

    @property
    def stage(self) -> Stage:
        """How far it has come."""
        if self.read(LOADED) is not None:
            return Stage.LOADED
        if self.is_worked_at:
            return Stage.LOADING if self.asked.is_confirmed else Stage.READING
        outcome = self.read(OUTCOME)
        if outcome is None:
            return Stage.CUT_SHORT
        if "refused" in outcome:
            return Stage.REFUSED
        return Stage.SHOWN if self.outcome.is_mapped else Stage.MAPPING

    @property
    def progress(self) -> Progress:
        """How far the work is."""
        return Progress(**(self.read(PROGRESS) or {}))

    @property
    def outcome(self) -> DryRun:
        """What the dry run found; raises NoSuchJob when there is none."""
        path = self.folder / OUTCOME
        if not path.exists():
            raise NoSuchJob("There is no dry run of this import yet.")
        return DryRun.from_json(path.read_text(encoding="utf-8"))

    @property
    def refused_because(self) -> str:
        """Why the import is refused as a whole."""
        return str((self.read(OUTCOME) or {}).get("refused", ""))

    @property
    def sheets(self) -> tuple[str, ...]:
        """The sheets to choose from, when that is why the import is refused."""
        return tuple((self.read(OUTCOME) or {}).get("sheets", ()))

    @property
    def shown(self) -> str:
        """The mark of what is shown: a confirmation names it, so that it means just that."""
        path = self.folder / OUTCOME
        return hashlib.sha256(path.read_bytes()).hexdigest()[:32] if path.exists() else ""

    @property
    def loaded_as(self) -> int | None:
        """The number under which it was loaded."""
        return (self.read(LOADED) or {}).get("import_id")

    def read(self, name: str) -> dict[str, Any] | None:
        """Return what stands in one of the files, None without it."""
        try:
            text = (self.folder / name).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        said: dict[str, Any] = json.loads(text)
        return said

    def write(self, name: str, said: Mapping[str, Any]) -> None:
        """Write one of the files, at once or not at all."""
        self.write_text(name, json.dumps(said))  # in ASCII: a path may be no text

    def write_text(self, name: str, text: str) -> None:
        """Write one of the files as text."""
        made = self.folder / f"{name}.{secrets.token_hex(4)}"
        made.write_text(text, encoding="utf-8")
        made.replace(self.folder / name)

    def forget(self, *names: str) -> None:
        """Take files away."""
        for name in names:
            (self.folder / name).unlink(missing_ok=True)

    def remove(self) -> None:
        """Delete the folder, and with it the files that are in it."""
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def is_worked_at(self) -> bool:
        """Whether somebody works at it: they hold its lock, and lose it however they end."""
        try:
            with (self.folder / LOCK).open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    @contextmanager
    def work(self) -> Iterator[None]:
        """Be the one who works at it; raises JobBusy when somebody does."""
        with (self.folder / LOCK).open("a+b") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise JobBusy("This import is already being processed.") from None
            yield


class JobBusy(ClaimBookError):
    """An import that somebody works at."""

    status = 409


def _file_to_read(folder: Path, at: int, said: Mapping[str, Any]) -> FileToRead:
    """Return one file of an import, and how it is to be read."""
    options = ReadingOptions(
        encoding=Encoding(said.get("encoding") or Encoding.UTF_8),
        sheet=said.get("sheet", ""),
        is_raw=bool(said.get("is_raw")),
    )
    contents = Contents(said["contents"]) if said.get("contents") else None
    return FileToRead(
        path=Path(said["path"]) if said.get("path") else folder / f"file-{at}",
        name=said["name"],
        sha256=said["sha256"],
        size=said["size"],
        options=options,
        contents=contents,
        columns=said.get("columns", {}),
        constants=said.get("constants", {}),
    )
