"""Verify a file: read it again and compare it with its manifest."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flask import current_app

from flaskr.exports.kept.services import kept_folder
from flaskr.exports.verify.manifests import KnownFile, format_label, known_from_kept
from flaskr.exports.verify.tasks import ReadFacts
from flaskr.files.readers.options import Unreadable
from flaskr.isolation import Limits, WorkError, preload, run_isolated, slot

_READING_MODULE = preload("flaskr.exports.verify.reading")
_READ_FILE = f"{_READING_MODULE}:read_file_facts"
FILES_AT_ONCE = 2
_NOTHING = "nothing"
_UNREADABLE = "cannot be read"


@dataclass(frozen=True)
class Comparison:
    """One fact of a file compared with the manifest, as texts."""

    what: str
    manifest: str
    file: str

    @property
    def is_equal(self) -> bool:
        """Whether file and manifest agree."""
        return self.manifest == self.file


@dataclass(frozen=True)
class Verdict:
    """The facts of a file, and how they compare with its manifest.

    `facts` is None, and `problem` says why, if the file cannot be read; `known` is None if there is
    no manifest.
    """

    size: int
    sha256: str
    facts: ReadFacts | None
    problem: str
    known: KnownFile | None
    comparisons: tuple[Comparison, ...]

    @property
    def differences(self) -> list[Comparison]:
        """The comparisons that are not equal."""
        return [line for line in self.comparisons if not line.is_equal]

    @property
    def is_equal(self) -> bool:
        """Whether there is a manifest and everything agrees with it."""
        return self.known is not None and not self.differences


def verify_file(path: Path, name: str, known: KnownFile | None, limits: Limits) -> Verdict:
    """Read a file and compare it with `known`, else with a kept export of its content or name.

    Raises BusyError when two files are being read already.
    """
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        size = file.tell()
    known = known or known_from_kept(kept_folder(current_app.config), sha256, name)
    facts, problem = _read_isolated(path, limits)
    comparisons = tuple(_comparisons(size, sha256, facts, known)) if known else ()
    return Verdict(size, sha256, facts, problem, known, comparisons)


def _read_isolated(path: Path, limits: Limits) -> tuple[ReadFacts | None, str]:
    """Read a file, which may be hostile, in the isolated process; return its facts or problem."""
    with slot(current_app.config["INSTANCE_FOLDER"], "verify", FILES_AT_ONCE):
        try:
            return run_isolated(_READ_FILE, path, limits=limits), ""
        except Unreadable as error:
            return None, f"It cannot be added up. {error}"
        except WorkError as error:
            return None, f"It was not read to the end. {error}"


def _comparisons(
    size: int, sha256: str, facts: ReadFacts | None, known: KnownFile
) -> Iterator[Comparison]:
    """Yield the comparisons of everything in the manifest with the file."""
    yield Comparison("size", f"{known.size} bytes", f"{size} bytes")
    yield Comparison("sha256", known.sha256, sha256)
    if facts is None:
        yield Comparison("rows and totals", "known", _UNREADABLE)
        return
    yield Comparison(
        "format", known.format_name, format_label(facts.file_format, facts.is_excel_csv)
    )
    # JSON lines without rows do not name the columns.
    if facts.columns or known.rows:
        yield Comparison("columns", ", ".join(known.columns), ", ".join(facts.columns))
    yield Comparison("rows", str(known.rows), str(facts.rows))
    for name in dict.fromkeys([*known.totals, *facts.totals]):
        of_file = facts.totals.get(name, "0.00" if not facts.columns else _NOTHING)
        yield Comparison(name, str(known.totals.get(name, _NOTHING)), str(of_file))
