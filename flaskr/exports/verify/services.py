"""Verify a file: add it up again and compare it, line by line, with what a manifest says."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flask import current_app

from flaskr.exports.kept.services import kept_folder
from flaskr.exports.verify.manifests import Known, form_name, known_from_kept
from flaskr.exports.verify.read_files import ReadFacts
from flaskr.files.readers.options import Unreadable
from flaskr.isolation import Limits, WorkError, preload, run_isolated, slot

_READING_ROOM = preload("flaskr.exports.verify.reading")
_READ_FILE = f"{_READING_ROOM}:read_given_file"
FILES_AT_ONCE = 2
_NOTHING = "nothing"
_UNREAD = "cannot be read"


@dataclass(frozen=True)
class Line:
    """One thing that is compared, as texts."""

    what: str
    manifest: str
    file: str

    @property
    def is_equal(self) -> bool:
        """Whether file and manifest say the same."""
        return self.manifest == self.file


@dataclass(frozen=True)
class Verdict:
    """What a file is, and how that compares with what is known of it.

    `facts` are None, and `problem` says why, for a file that cannot be read; `known` is None when
    there is no manifest of it.
    """

    size: int
    sha256: str
    facts: ReadFacts | None
    problem: str
    known: Known | None
    lines: tuple[Line, ...]

    @property
    def differences(self) -> list[Line]:
        """What is not as the manifest says."""
        return [line for line in self.lines if not line.is_equal]

    @property
    def is_equal(self) -> bool:
        """Whether everything is as a manifest says; not when there is none."""
        return self.known is not None and not self.differences


def verdict_on(path: Path, name: str, known: Known | None, limits: Limits) -> Verdict:
    """Read a file and compare it with what is known of it: as given, else from a kept export.

    Raises BusyError when two files are being read already.
    """
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        size = file.tell()
    known = known or known_from_kept(kept_folder(current_app.config), sha256, name)
    facts, problem = _read_apart(path, limits)
    lines = tuple(_compared(size, sha256, facts, known)) if known else ()
    return Verdict(size, sha256, facts, problem, known, lines)


def _read_apart(path: Path, limits: Limits) -> tuple[ReadFacts | None, str]:
    """Return what a file holds, or why it cannot be read; it may be made to do harm."""
    with slot(current_app.config["INSTANCE_FOLDER"], "verify", FILES_AT_ONCE):
        try:
            return run_isolated(_READ_FILE, path, limits=limits), ""
        except Unreadable as error:
            return None, f"It cannot be added up. {error}"
        except WorkError as error:
            return None, f"It was not read to the end. {error}"


def _compared(size: int, sha256: str, facts: ReadFacts | None, known: Known) -> Iterator[Line]:
    """Yield everything that a manifest says beside what the file is."""
    yield Line("size", f"{known.size} bytes", f"{size} bytes")
    yield Line("sha256", known.sha256, sha256)
    if facts is None:
        yield Line("rows and totals", "known", _UNREAD)
        return
    yield Line("format", known.form, form_name(facts.file_format, facts.is_excel_csv))
    # An empty file of JSON lines does not name its columns.
    if facts.columns or known.rows:
        yield Line("columns", ", ".join(known.columns), ", ".join(facts.columns))
    yield Line("rows", str(known.rows), str(facts.rows))
    for name in dict.fromkeys([*known.totals, *facts.totals]):
        of_file = facts.totals.get(name, "0.00" if not facts.columns else _NOTHING)
        yield Line(name, str(known.totals.get(name, _NOTHING)), str(of_file))
