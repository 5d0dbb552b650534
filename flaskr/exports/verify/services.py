"""Verify a file: read it again, compare it with its manifest, and ask the trail about it."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flask import current_app
from sqlalchemy import select

from flaskr.book.sealing.queries import parse_seal
from flaskr.database.transactions import separate_read
from flaskr.errors import TextError
from flaskr.exports.kept.services import kept_folder
from flaskr.exports.verify.manifests import KnownFile, format_label, known_from_kept
from flaskr.exports.verify.tasks import ReadFacts
from flaskr.exports.verify.trail import TrailOfFile, trail_of_file
from flaskr.files.readers.options import Unreadable
from flaskr.processes.isolation import Limits, WorkError, preload, run_isolated, slot

_READING_MODULE = preload("flaskr.exports.verify.reading")
_READ_FILE = f"{_READING_MODULE}:read_file_facts"
FILES_AT_ONCE = 2
_NOTHING = "nothing"
_UNREADABLE = "cannot be read"
_NOT_CONTAINED = "not in this book"


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
    """The facts of a file, how they compare with its manifest, and what the trail says about it.

    `facts` is None, and `problem` says why, if the file cannot be read; `known` is None if there is
    no manifest.
    """

    size: int
    sha256: str
    facts: ReadFacts | None
    problem: str
    known: KnownFile | None
    comparisons: tuple[Comparison, ...]
    trail: TrailOfFile

    @property
    def differences(self) -> list[Comparison]:
        """The comparisons that are not equal."""
        return [line for line in self.comparisons if not line.is_equal]

    @property
    def is_as_described(self) -> bool:
        """Whether there is a manifest and everything in the file agrees with it."""
        return self.known is not None and not self.differences

    @property
    def is_equal(self) -> bool:
        """Whether the file agrees with its manifest, and the trail with both."""
        return self.is_as_described and self.trail.confirms

    @property
    def is_same_but_bytes(self) -> bool:
        """Whether only the bytes differ, as when a file was opened and saved again."""
        differing = {line.what for line in self.differences}
        return bool(differing) and differing <= {"size", "sha256"}


def verify_file(path: Path, name: str, known: KnownFile | None, limits: Limits) -> Verdict:
    """Read a file and compare it with `known`, else with a kept export of its content or name.

    Raises BusyError when two files are being read already.
    """
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        size = file.tell()
    known = known or known_from_kept(kept_folder(current_app.config), sha256, name)
    facts, problem = _read_isolated(path, limits)
    trail = trail_of_file(sha256, known)
    lines = [*_comparisons(size, sha256, facts, known), *_with_book(known, trail)] if known else []
    return Verdict(size, sha256, facts, problem, known, tuple(lines), trail)


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


def _with_book(known: KnownFile, trail: TrailOfFile) -> Iterator[Comparison]:
    """Yield the comparisons of the manifest with what the trail and the book know of the file."""
    for what, said, recorded in (
        ("as at", known.cut, trail.handed_out.cuts),
        ("manifest", known.digest, trail.handed_out.manifests),
    ):
        if recorded:
            is_known = said in recorded
            yield Comparison(what, said, said if is_known else "; ".join(sorted(recorded)))
    if known.seal:
        is_contained = _is_contained(known.seal)
        yield Comparison("seal", known.seal, known.seal if is_contained else _NOT_CONTAINED)


def _is_contained(seal: str) -> bool:
    """Whether the book contains the seal that a manifest names."""
    try:
        name = parse_seal(seal)
    except TextError:
        return False
    with separate_read() as connection:
        return bool(connection.scalar(select(name.is_contained)))
