"""Tampered archives: every digest, size and total is correct, but a row is wrong."""

import hashlib
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from flaskr.archive.making import member_header
from flaskr.archive.manifest import MANIFEST, Manifest, Member, read_manifest

HEAD = "0010"
Rows = list[dict]


def members_of(path: Path) -> dict[str, bytes]:
    with ZipFile(path) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def packed(path: Path, members: dict[str, bytes], compression: int = ZIP_STORED) -> Path:
    with ZipFile(path, "w") as archive:
        for name, content in members.items():
            head = member_header(name)
            head.compress_type = compression
            archive.writestr(head, content)
    return path


def manifest_in(members: dict[str, bytes]) -> Manifest:
    return read_manifest(members[MANIFEST], HEAD)


def with_member(members: dict[str, bytes], name: str, content: bytes) -> dict[str, bytes]:
    """The same members with one changed, and a matching manifest."""
    manifest = manifest_in(members)
    file = pq.ParquetFile(io.BytesIO(content))
    said = manifest.members[name]
    totals = {
        total: str(pc.sum(file.read(columns=[total])[total]).as_py() or "0.00")
        for total in said.totals
    }
    sha256 = hashlib.sha256(content).hexdigest()
    made = Member(file.metadata.num_rows, totals, len(content), sha256)
    changed = replace(manifest, members={**manifest.members, name: made})
    return {**members, name: content, MANIFEST: changed.as_bytes()}


def with_rows(path: Path, table: str, change: Callable[[Rows], object], to: Path) -> Path:
    """The same archive with changed rows in one table, and a matching manifest."""
    members = members_of(path)
    name = f"{table}.parquet"
    before = pq.read_table(io.BytesIO(members[name]))
    rows = before.to_pylist()
    change(rows)
    nullable = pa.schema([field.with_nullable(True) for field in before.schema])
    after = pa.Table.from_pylist(rows, schema=nullable)
    return packed(to, with_member(members, name, parquet(after.cast(nullable), before.schema)))


def parquet(rows: pa.Table, schema: pa.Schema) -> bytes:
    """A Parquet file with a schema that the rows need not fit."""
    sink = io.BytesIO()
    if any(rows[field.name].null_count and not field.nullable for field in schema):
        schema = rows.schema
    pq.write_table(pa.Table.from_arrays(rows.columns, schema=schema), sink, compression="zstd")
    return sink.getvalue()
