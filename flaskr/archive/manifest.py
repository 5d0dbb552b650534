"""The manifest of an archive: what it is of, and how to tell that it is whole."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from flaskr.errors import ClaimBookError

MANIFEST = "manifest.json"
LARGEST_MANIFEST = 64 * 1024
APPLICATION = "ClaimBook"


class ArchiveError(ClaimBookError):
    """An archive that cannot be made or taken in; nothing was written."""


@dataclass(frozen=True)
class Member:
    """One table's file: its rows and amounts together, size in bytes, SHA-256."""

    rows: int
    totals: dict[str, str]
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What an archive says of itself; amounts are strings of their exact digits.

    `last_recorded_at` is the last instant in the book: two archives of one book have the same
    bytes, whenever they were made.
    """

    application: str
    version: str
    schema_version: str
    currency: str
    time_zone: str
    last_recorded_at: str | None
    watermark: dict[str, int]
    members: dict[str, Member]

    def as_bytes(self) -> bytes:
        """Return it as JSON for people too, always in the same words."""
        return (json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n").encode()


def read_manifest(content: bytes, schema_version: str) -> Manifest:
    """Return the manifest that was written so; raises ArchiveError for any other.

    One of another schema may look otherwise in every way but its version, so that comes first.
    """
    try:
        said: dict[str, Any] = json.loads(content)
        _check_schema(said, schema_version)
        members = {str(name): Member(**member) for name, member in said.pop("members").items()}
        manifest = Manifest(members=members, **said)
        is_same = manifest.as_bytes() == content
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise ArchiveError(f"{MANIFEST} of the archive cannot be read.") from error
    if manifest.application != APPLICATION or not is_same:
        raise ArchiveError(f"{MANIFEST} of the archive was not written by ClaimBook.")
    return manifest


def _check_schema(said: dict[str, Any], schema_version: str) -> None:
    """Raise ArchiveError for an archive of another schema, naming both."""
    theirs = str(said["schema_version"])[:40]
    if theirs != schema_version:
        raise ArchiveError(
            f"The archive has schema {theirs} of ClaimBook, and this book has schema "
            f"{schema_version}. Load it with the version that made it, then upgrade that book."
        )
