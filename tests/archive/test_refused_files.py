"""Files that are not a valid archive of this book are refused before rows are loaded."""

import hashlib
import io
import json
from dataclasses import replace
from zipfile import ZIP_DEFLATED

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flaskr.archive.manifest import MANIFEST, ArchiveError
from flaskr.archive.services import import_archive, is_archive
from flaskr.processes.isolation import OutOfMemory
from tests.archive.tampering import manifest_in, members_of, packed, with_member, with_rows
from tests.books import highest_ids
from tests.factories import ACTOR, make_policy

CLAIMS = "claims.parquet"


def with_manifest(given, **changes):
    """The same members with a changed manifest."""
    return {**given, MANIFEST: replace(manifest_in(given), **changes).as_bytes()}


def with_text(members, change):
    return {**members, MANIFEST: change(members[MANIFEST].decode()).encode()}


def of_other_totals(members):
    manifest = manifest_in(members)
    ledger = manifest.members["ledger_entries.parquet"]
    changed = replace(ledger, totals={**ledger.totals, "paid": "1.00"})
    return with_manifest(members, members={**manifest.members, "ledger_entries.parquet": changed})


def with_column(members):
    rows = pq.read_table(io.BytesIO(members[CLAIMS]))
    sink = io.BytesIO()
    pq.write_table(rows.append_column("extra", pa.nulls(rows.num_rows)), sink)
    return with_member(members, CLAIMS, sink.getvalue())


def without_rows(members):
    manifest = manifest_in(members)
    fewer = replace(manifest.members[CLAIMS], rows=manifest.members[CLAIMS].rows - 1)
    return with_manifest(members, members={**manifest.members, CLAIMS: fewer})


def turned(members):
    names = list(members)
    names[0], names[1] = names[1], names[0]
    return {name: members[name] for name in names}


CHANGES = {
    "another schema": (
        lambda m: with_manifest(m, schema_version="0099"),
        "schema 0099 .* has schema 0010",
    ),
    "an older schema": (
        lambda m: with_manifest(m, schema_version="0006"),
        "schema 0006 .* has schema 0010.* Load it with the version that made it",
    ),
    "a first posting that is no instant": (
        lambda m: with_manifest(m, first_posted_at="2024-05-01T00:00:00"),
        "first_posted_at .* is not an instant",
    ),
    "a first posting of no entry": (
        lambda m: with_manifest(m, first_posted_at="2024-05-01T00:00:00+00:00"),
        "the first posting is not that of an entry",
    ),
    "another currency": (
        lambda m: with_manifest(m, currency="EUR"),
        "currency EUR.* BOOK_CURRENCY=EUR",
    ),
    "another zone": (lambda m: with_manifest(m, time_zone="UTC"), "time zone UTC"),
    "another program": (
        lambda m: with_manifest(m, application="Other"),
        "not written by ClaimBook",
    ),
    "other totals": (of_other_totals, "ledger_entries does not add up"),
    "fewer rows": (without_rows, "does not have the number of rows"),
    "another content": (lambda m: {**m, CLAIMS: m[CLAIMS][:-1] + b"x"}, "not the file"),
    "no Parquet": (lambda m: with_hash(m, b"PAR1 no PAR1"), "cannot be read"),
    "a column too many": (with_column, "columns of this version"),
    "a member too many": (lambda m: {**m, "more": b""}, "does not contain the expected files"),
    "a member too few": (lambda m: {n: c for n, c in m.items() if n != CLAIMS}, "does not contain"),
    "another order": (turned, "in the expected order"),
    "no manifest": (lambda m: {n: c for n, c in m.items() if n != MANIFEST}, "cannot be read"),
    "a manifest of nonsense": (lambda m: {**m, MANIFEST: b"[" * 50_000}, "cannot be read"),
    "a manifest of nothing": (lambda m: {**m, MANIFEST: b"null"}, "cannot be read"),
    "a huge manifest": (lambda m: {**m, MANIFEST: b" " * 70_000}, "too large"),
    "a manifest in other words": (lambda m: with_text(m, lambda t: t + " "), "not written by"),
    "a repeated name": (
        lambda m: with_text(m, lambda t: t.replace("{", '{"currency": "X",', 1)),
        "not written by",
    ),
}


def with_hash(members, content):
    manifest = json.loads(members[MANIFEST])
    manifest["members"][CLAIMS] |= {
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    return {**members, CLAIMS: content, MANIFEST: text.encode()}


@pytest.mark.parametrize("name", CHANGES)
def test_an_incomplete_archive_is_refused(sqlite_app, embedded_archive, tmp_path, name):
    change, reason = CHANGES[name]
    path = packed(tmp_path / "changed.zip", change(members_of(embedded_archive)))

    with pytest.raises(ArchiveError, match=reason):
        import_archive(path, actor=ACTOR)

    assert not any(highest_ids())


def test_a_missing_file_is_refused(sqlite_app, tmp_path):
    with pytest.raises(ArchiveError, match="cannot be read"):
        import_archive(tmp_path / "none.zip", actor=ACTOR)


def test_a_compressed_archive_is_refused_without_unpacking_it(
    sqlite_app, embedded_archive, tmp_path
):
    path = packed(tmp_path / "small.zip", members_of(embedded_archive), ZIP_DEFLATED)

    with pytest.raises(ArchiveError, match="compressed or encrypted"):
        import_archive(path, actor=ACTOR)


@pytest.mark.parametrize("part", [0.1, 0.5, 0.999])
def test_a_truncated_archive_is_refused(sqlite_app, embedded_archive, tmp_path, part):
    whole = embedded_archive.read_bytes()
    path = tmp_path / "cut.zip"
    path.write_bytes(whole[: int(len(whole) * part)])

    with pytest.raises(ArchiveError, match="cannot be read"):
        import_archive(path, actor=ACTOR)


def test_a_parquet_bomb_is_refused(sqlite_app, embedded_archive, tmp_path):
    # Takes seconds: the bomb is unpacked until the limit of memory is reached.
    sqlite_app.config["IMPORT_MEMORY_BYTES"] = 512 * 1024**2
    members = members_of(embedded_archive)
    rows = pq.read_table(io.BytesIO(members[CLAIMS]))
    bomb = pa.DictionaryArray.from_arrays(
        pa.array([0] * rows.num_rows, pa.int32()), pa.array(["x" * 4_000_000])
    )
    at = rows.schema.get_field_index("description")
    sink = io.BytesIO()
    schema = rows.schema
    rows = rows.set_column(at, schema.field(at).with_type(bomb.type), bomb)
    pq.write_table(rows, sink, compression="zstd", store_schema=False)
    path = packed(tmp_path / "bomb.zip", with_member(members, CLAIMS, sink.getvalue()))
    assert path.stat().st_size < 300_000

    with pytest.raises((ArchiveError, OutOfMemory), match="more than the|IMPORT_MEMORY_BYTES"):
        import_archive(path, actor=ACTOR)

    assert not any(highest_ids())


def test_an_archive_is_not_loaded_into_a_book_with_rows(session, embedded_archive):
    make_policy()
    session.commit()

    with pytest.raises(ArchiveError, match="into an empty book"):
        import_archive(embedded_archive, actor=ACTOR)

    assert highest_ids() == (0, 0, 1, 0, 0)


def test_an_archive_is_recognised_by_its_first_bytes(sqlite_app, embedded_archive, tmp_path):
    other = packed(tmp_path / "other.zip", {"[Content_Types].xml": b""})
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "short").write_bytes(b"PK\x03\x04")

    assert is_archive(embedded_archive)
    for path in (other, tmp_path / "empty", tmp_path / "short", tmp_path, tmp_path / "none"):
        assert not is_archive(path)


def test_changed_rows_without_their_manifest_are_refused(sqlite_app, embedded_archive, tmp_path):
    crafted = with_rows(embedded_archive, "claims", lambda rows: rows.pop(), tmp_path / "new.zip")
    members = members_of(crafted) | {MANIFEST: members_of(embedded_archive)[MANIFEST]}

    with pytest.raises(ArchiveError, match="not the file that the manifest describes"):
        import_archive(packed(tmp_path / "mixed.zip", members), actor=ACTOR)
