"""The manifest of an archive: what book it is of, and how to check that it is complete."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from flaskr.errors import ClaimBookError

MANIFEST = "manifest.json"
MAX_MANIFEST_BYTES = 64 * 1024
APPLICATION = "ClaimBook"


class ArchiveError(ClaimBookError):
    """An archive cannot be written or loaded; nothing was written."""


@dataclass(frozen=True)
class Member:
    """One table's file: its number of rows, totals, size in bytes, SHA-256."""

    rows: int
    totals: dict[str, str]
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """The manifest of an archive; amounts are strings of their exact digits.

    `last_recorded_at` is the last instant in the book, not the time of writing, so that two
    archives of one book have the same bytes. `first_posted_at` is the book's own, None without.
    """

    application: str
    version: str
    schema_version: str
    currency: str
    time_zone: str
    last_recorded_at: str | None
    first_posted_at: str | None
    watermark: dict[str, Any]
    members: dict[str, Member]

    def as_bytes(self) -> bytes:
        """Return the manifest as readable JSON; the same manifest gives the same bytes."""
        return (json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n").encode()


def read_manifest(content: bytes, schema_version: str) -> Manifest:
    """Parse a manifest that `as_bytes` wrote; raises ArchiveError for any other.

    The schema version is checked first, because the rest may differ in another schema.
    """
    try:
        fields: dict[str, Any] = json.loads(content)
        _check_schema(fields, schema_version)
        members = {str(name): Member(**member) for name, member in fields.pop("members").items()}
        manifest = Manifest(members=members, **fields)
        is_same = manifest.as_bytes() == content
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise ArchiveError(f"{MANIFEST} of the archive cannot be read.") from error
    if manifest.application != APPLICATION or not is_same:
        raise ArchiveError(f"{MANIFEST} of the archive was not written by ClaimBook.")
    return manifest


def _check_schema(fields: dict[str, Any], schema_version: str) -> None:
    """Raise ArchiveError, naming both schemas, for an archive of another schema."""
    theirs = str(fields["schema_version"])[:40]
    if theirs != schema_version:
        raise ArchiveError(
            f"The archive has schema {theirs} of ClaimBook, and this book has schema "
            f"{schema_version}. Load it with the version that made it, then upgrade that book."
        )
