"""The unpacking room: an archive's members, nothing of which is believed before it is checked."""

import hashlib
import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import pyarrow as pa
import pyarrow.parquet

from flaskr.archive.manifest import (
    LARGEST_MANIFEST,
    MANIFEST,
    ArchiveError,
    Manifest,
    Member,
    read_manifest,
)
from flaskr.archive.stored_rows import GROUP_ROWS, schema_of
from flaskr.archive.tables import ArchiveTable
from flaskr.archive.tasks import LoadArchiveTask

_PIECE = 1024 * 1024
_ROWS_AT_ONCE = 16_384
_LARGEST_BATCH = 512 * 1024**2  # bytes: what so many rows can hold, and no bomb
_LOCAL_HEADER = struct.Struct("<4s22xHH")  # of zip: signature, lengths of the name and of the rest
# What broken files make Arrow and zipfile raise.
_BROKEN = (BadZipFile, EOFError, LookupError, OSError, RuntimeError, ValueError, struct.error)


class _Section(io.RawIOBase):
    """A part of a file as a file of its own, to read only."""

    def __init__(self, file: IO[bytes], start: int, size: int) -> None:
        super().__init__()
        self.file, self.start, self.size = file, start, size
        self.at = 0

    def readable(self) -> bool:
        """Whether it can be read: yes."""
        return True

    def seekable(self) -> bool:
        """Whether it can be read from anywhere: yes."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place in the part."""
        self.at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self.at, io.SEEK_END: self.size}[whence]
        return self.at

    def tell(self) -> int:
        """Return the place in the part."""
        return self.at

    def readinto(self, buffer: Any) -> int:
        """Read what is left of the part, as far as the buffer takes it."""
        wanted = max(0, min(len(buffer), self.size - self.at))
        self.file.seek(self.start + self.at)
        piece = self.file.read(wanted)
        buffer[: len(piece)] = piece
        self.at += len(piece)
        return len(piece)


class Archive:
    """An opened archive whose members are what its manifest says."""

    def __init__(self, file: IO[bytes], packed: ZipFile, manifest: Manifest) -> None:
        self.file, self.packed, self.manifest = file, packed, manifest

    def batches(self, table: ArchiveTable) -> Iterator[pa.RecordBatch]:
        """Yield a table's rows; raises ArchiveError unless they are of the declared schema."""
        said = self.manifest.members[table.member]
        with _told_broken(table.member):
            section = _section_of(self.file, self.packed.getinfo(table.member))
            parquet = pyarrow.parquet.ParquetFile(section)
            _check_footer(parquet, table, said)
            rows = 0
            for batch in parquet.iter_batches(_ROWS_AT_ONCE):
                rows += batch.num_rows
                if rows > said.rows or batch.nbytes > _LARGEST_BATCH:
                    raise ArchiveError(f"{table.member} holds more than the manifest says.")
                batch.validate(full=True)
                yield batch
        if rows != said.rows:
            raise ArchiveError(f"{table.member} holds less than the manifest says.")


@contextmanager
def opened_archive(order: LoadArchiveTask) -> Iterator[Archive]:
    """Open an archive whose members are what its manifest says; raises ArchiveError."""
    with _told_broken("The archive"):
        file = order.path.open("rb")
    with file:
        with _told_broken("The archive"):
            archive = _checked_archive(file, order)
        yield archive


def _checked_archive(file: IO[bytes], order: LoadArchiveTask) -> Archive:
    """Return the archive; raises ArchiveError unless it is of this schema, currency and zone."""
    packed = ZipFile(file)
    manifest = read_manifest(_manifest_bytes(packed), order.schema_version)
    _check_book(manifest, order)
    expected = [*(table.member for table in order.tables), MANIFEST]
    if packed.namelist() != expected or sorted(manifest.members) != sorted(expected[:-1]):
        raise ArchiveError("The archive does not contain the expected files in the expected order.")
    for table in order.tables:
        _check_member(packed, table, manifest.members[table.member])
    return Archive(file, packed, manifest)


@contextmanager
def _told_broken(name: str) -> Iterator[None]:
    """Turn what a broken file makes the libraries raise into a refusal."""
    try:
        yield
    except MemoryError:  # Arrow's is an ArrowException too
        raise
    except (*_BROKEN, pa.ArrowException) as error:
        raise ArchiveError(f"{name} cannot be read to its end.") from error


def _manifest_bytes(packed: ZipFile) -> bytes:
    """Return the manifest as it stands in the archive; raises KeyError without one."""
    found = packed.getinfo(MANIFEST)
    _check_stored(found)
    if found.file_size > LARGEST_MANIFEST:
        raise ArchiveError(f"{MANIFEST} of the archive is too large.")
    return packed.read(found)


def _check_stored(found: ZipInfo) -> None:
    """Raise ArchiveError for a member that is packed in any way, and could be more than it is."""
    is_plain = found.compress_type == ZIP_STORED and not found.flag_bits & 1
    if not is_plain or found.compress_size != found.file_size:
        raise ArchiveError(f"{found.filename[:40]!r} of the archive is compressed or encrypted.")


def _check_book(manifest: Manifest, order: LoadArchiveTask) -> None:
    """Raise ArchiveError unless the archive is of a book of this currency and time zone."""
    for name in ("currency", "time_zone"):
        theirs, ours = getattr(manifest, name), getattr(order, name)
        if theirs != ours:
            raise ArchiveError(
                f"The archive's book has {name.replace('_', ' ')} {theirs}, and this one {ours}. "
                f"Make a book with BOOK_{name.upper()}={theirs} to load it."
            )


def _check_member(packed: ZipFile, table: ArchiveTable, said: Member) -> None:
    """Raise ArchiveError unless a member has the size and the SHA-256 of the manifest."""
    found = packed.getinfo(table.member)
    _check_stored(found)
    digest = hashlib.sha256()
    if found.file_size == said.size:
        with packed.open(found) as member:
            while piece := member.read(_PIECE):
                digest.update(piece)
    if digest.hexdigest() != said.sha256:
        raise ArchiveError(f"{table.member} is not the file that the manifest describes.")


def _section_of(file: IO[bytes], found: ZipInfo) -> _Section:
    """Return a member that is stored as it is as a file of its own."""
    file.seek(found.header_offset)
    _, name, rest = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
    return _Section(file, found.header_offset + _LOCAL_HEADER.size + name + rest, found.file_size)


def _check_footer(parquet: Any, table: ArchiveTable, said: Member) -> None:
    """Raise ArchiveError unless a Parquet file has the schema and the rows that it should."""
    if not parquet.schema_arrow.equals(schema_of(table), check_metadata=False):
        raise ArchiveError(f"{table.member} does not have the columns of this version.")
    groups = [parquet.metadata.row_group(at).num_rows for at in range(parquet.num_row_groups)]
    if sum(groups) != said.rows or max(groups, default=0) > GROUP_ROWS:
        raise ArchiveError(
            f"{table.member} does not have the number of rows that the manifest says."
        )
