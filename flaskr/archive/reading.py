"""Open archives and check them; nothing in them is trusted before it is checked."""

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
    MANIFEST,
    MAX_MANIFEST_BYTES,
    ArchiveError,
    Manifest,
    Member,
    read_manifest,
)
from flaskr.archive.stored_rows import GROUP_ROWS, archive_schema
from flaskr.archive.tables import ArchiveTable
from flaskr.archive.tasks import LoadArchiveTask

_PIECE_BYTES = 1024 * 1024
_ROWS_AT_ONCE = 16_384
_MAX_BATCH_BYTES = 512 * 1024**2  # more than so many valid rows can have
_LOCAL_HEADER = struct.Struct(
    "<4s22xHH"
)  # of zip: signature, lengths of the name and of the extra field
# What Arrow and zipfile raise for broken files.
_BROKEN_FILE_ERRORS = (
    BadZipFile,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    ValueError,
    struct.error,
)


class _Section(io.RawIOBase):
    """A read-only file object for a part of a file."""

    def __init__(self, file: IO[bytes], start: int, size: int) -> None:
        super().__init__()
        self.file, self.start, self.size = file, start, size
        self.at = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position in the part."""
        self.at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self.at, io.SEEK_END: self.size}[whence]
        return self.at

    def tell(self) -> int:
        """Return the position in the part."""
        return self.at

    def readinto(self, buffer: Any) -> int:
        """Read into a buffer, up to the end of the part."""
        length = max(0, min(len(buffer), self.size - self.at))
        self.file.seek(self.start + self.at)
        piece = self.file.read(length)
        buffer[: len(piece)] = piece
        self.at += len(piece)
        return len(piece)


class Archive:
    """An open archive whose members agree with its manifest."""

    def __init__(self, file: IO[bytes], packed: ZipFile, manifest: Manifest) -> None:
        self.file, self.packed, self.manifest = file, packed, manifest

    def batches(self, table: ArchiveTable) -> Iterator[pa.RecordBatch]:
        """Yield a table's rows; raises ArchiveError unless they have the declared schema."""
        member = self.manifest.members[table.member]
        with _explain_broken_file(table.member):
            section = _section_of(self.file, self.packed.getinfo(table.member))
            parquet = pyarrow.parquet.ParquetFile(section)
            _check_footer(parquet, table, member)
            rows = 0
            for batch in parquet.iter_batches(_ROWS_AT_ONCE):
                rows += batch.num_rows
                if rows > member.rows or batch.nbytes > _MAX_BATCH_BYTES:
                    raise ArchiveError(f"{table.member} holds more than the manifest says.")
                batch.validate(full=True)
                yield batch
        if rows != member.rows:
            raise ArchiveError(f"{table.member} holds less than the manifest says.")


@contextmanager
def open_archive(task: LoadArchiveTask) -> Iterator[Archive]:
    """Open an archive and compare its members with its manifest; raises ArchiveError."""
    with _explain_broken_file("The archive"):
        file = task.path.open("rb")
    with file:
        with _explain_broken_file("The archive"):
            archive = _checked_archive(file, task)
        yield archive


def _checked_archive(file: IO[bytes], task: LoadArchiveTask) -> Archive:
    """Return the archive; raises ArchiveError for another schema, currency or time zone."""
    packed = ZipFile(file)
    manifest = read_manifest(_manifest_bytes(packed), task.schema_version)
    _check_book(manifest, task)
    expected = [*(table.member for table in task.tables), MANIFEST]
    if packed.namelist() != expected or sorted(manifest.members) != sorted(expected[:-1]):
        raise ArchiveError("The archive does not contain the expected files in the expected order.")
    for table in task.tables:
        _check_member(packed, table, manifest.members[table.member])
    return Archive(file, packed, manifest)


@contextmanager
def _explain_broken_file(name: str) -> Iterator[None]:
    """Turn the libraries' errors about a broken file into ArchiveError."""
    try:
        yield
    except MemoryError:  # Arrow's own MemoryError is an ArrowException too
        raise
    except (*_BROKEN_FILE_ERRORS, pa.ArrowException) as error:
        raise ArchiveError(f"{name} cannot be read to its end.") from error


def _manifest_bytes(packed: ZipFile) -> bytes:
    """Return the bytes of the manifest; raises KeyError if there is no manifest."""
    info = packed.getinfo(MANIFEST)
    _check_stored(info)
    if info.file_size > MAX_MANIFEST_BYTES:
        raise ArchiveError(f"{MANIFEST} of the archive is too large.")
    return packed.read(info)


def _check_stored(info: ZipInfo) -> None:
    """Raise ArchiveError for a compressed or encrypted member, which could unpack to much more."""
    is_plain = info.compress_type == ZIP_STORED and not info.flag_bits & 1
    if not is_plain or info.compress_size != info.file_size:
        raise ArchiveError(f"{info.filename[:40]!r} of the archive is compressed or encrypted.")


def _check_book(manifest: Manifest, task: LoadArchiveTask) -> None:
    """Raise ArchiveError unless the archive's book has this currency and time zone."""
    for name in ("currency", "time_zone"):
        theirs, ours = getattr(manifest, name), getattr(task, name)
        if theirs != ours:
            raise ArchiveError(
                f"The archive's book has {name.replace('_', ' ')} {theirs}, and this one {ours}. "
                f"Make a book with BOOK_{name.upper()}={theirs} to load it."
            )


def _check_member(packed: ZipFile, table: ArchiveTable, member: Member) -> None:
    """Raise ArchiveError unless a member has the size and the SHA-256 in the manifest."""
    info = packed.getinfo(table.member)
    _check_stored(info)
    digest = hashlib.sha256()
    if info.file_size == member.size:
        with packed.open(info) as file:
            while piece := file.read(_PIECE_BYTES):
                digest.update(piece)
    if digest.hexdigest() != member.sha256:
        raise ArchiveError(f"{table.member} is not the file that the manifest describes.")


def _section_of(file: IO[bytes], info: ZipInfo) -> _Section:
    """Return an uncompressed member as a file object."""
    file.seek(info.header_offset)
    _, name, rest = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
    return _Section(file, info.header_offset + _LOCAL_HEADER.size + name + rest, info.file_size)


def _check_footer(parquet: Any, table: ArchiveTable, member: Member) -> None:
    """Raise ArchiveError unless a Parquet file has the expected schema and number of rows."""
    if not parquet.schema_arrow.equals(archive_schema(table), check_metadata=False):
        raise ArchiveError(f"{table.member} does not have the columns of this version.")
    groups = [parquet.metadata.row_group(at).num_rows for at in range(parquet.num_row_groups)]
    if sum(groups) != member.rows or max(groups, default=0) > GROUP_ROWS:
        raise ArchiveError(
            f"{table.member} does not have the number of rows that the manifest says."
        )
