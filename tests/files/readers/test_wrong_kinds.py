"""Files of kinds that are not read: each is told what it is and what to do."""

import gzip
import io
import zipfile

import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pytest

from flaskr.files.readers.options import Unreadable
from tests.files.readers.hostile import zipped
from tests.files.readers.reads import rows_of

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504


def compound(*streams: str) -> bytes:
    """A compound file as far as its directory."""
    entries = (name.encode("utf-16-le").ljust(128, b"\0") for name in ("Root Entry", *streams))
    return OLE + b"x" * 1024**2 + b"".join(entries)


def open_document(kind: str) -> bytes:
    parts = {"mimetype": f"application/vnd.oasis.opendocument.{kind}", "content.xml": "<x/>"}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def feather_1() -> bytes:
    return b"FEA1" + b"\0" * 60 + b"FEA1"


KINDS = {
    "a locked workbook": (compound("EncryptionInfo", "EncryptedPackage"), "locked with a password"),
    "an old workbook": (compound("Workbook"), r"an old workbook \(\.xls\)"),
    "a document": (compound("WordDocument"), r"a text document \(\.doc\)"),
    "a sheet of OpenDocument": (open_document("spreadsheet"), r"OpenDocument spreadsheet \(\.ods"),
    "a text of OpenDocument": (open_document("text"), "an OpenDocument file, not a sheet"),
    "a new document": (
        zipped({"[Content_Types].xml": b"", "word/document.xml": b""}),
        r"a text document \(\.docx\)",
    ),
    "a presentation": (
        zipped({"[Content_Types].xml": b"", "ppt/presentation.xml": b""}),
        r"a presentation \(\.pptx\)",
    ),
    "Numbers": (zipped({"Index/Document.iwa": b"", "preview.jpg": b""}), "of Apple Numbers"),
    "an archive": (zipped({"claims.csv": b"a,b\n1,2\n"}), r"an archive \(zip\)\. Unpack it"),
    "gzip": (gzip.compress(b"a,b\n1,2\n"), r"compressed \(gzip\)"),
    "a page": (b"<html><table><tr><td>1</td></tr></table>", "a web page or XML"),
    "XML of a workbook": (b'<?xml version="1.0"?><Workbook/>', "a web page or XML"),
    "Feather 1": (feather_1(), "the first version of Feather"),
    "encrypted Parquet": (b"PARE\0\0", "The Parquet file is encrypted"),
}


@pytest.mark.parametrize(("content", "said"), KINDS.values(), ids=KINDS)
def test_a_file_of_another_kind_is_refused_by_its_name(path, content, said):
    with pytest.raises(Unreadable, match=said):
        rows_of(path, content)


@pytest.mark.parametrize("compression", ["uncompressed", "lz4", "zstd"])
def test_an_arrow_file_is_read_as_a_stream_is(path, compression):
    frame = pd.DataFrame({"a": ["x", "å", None] * 9, "b": [1.5, 300.29999999999995, 2.0] * 9})
    pyarrow.feather.write_feather(frame, path, compression=compression, chunksize=10)
    content = path.read_bytes()

    rows = rows_of(path, content)

    assert [row for row, _ in rows] == list(range(1, 28))
    assert [cells for _, cells in rows[:3]] == [("x", "1.5"), ("å", "300.3"), (None, "2")]


def test_an_arrow_file_that_polars_wrote_is_read(path):
    polars = pytest.importorskip("polars")
    polars.DataFrame({"a": ["x", "y"], "b": [1.5, None]}).write_ipc(path, compression="zstd")

    assert rows_of(path, path.read_bytes()) == [(1, ("x", "1.5")), (2, ("y", None))]


def test_an_arrow_file_that_is_cut_short_is_refused(path):
    file = io.BytesIO()
    with pa.ipc.new_file(file, pa.schema([("a", pa.string())])) as writer:
        writer.write_batch(pa.record_batch({"a": ["x"] * 100}))
    content = file.getvalue()

    for end in (6, 8, 100, len(content) - 4):
        with pytest.raises(Unreadable, match="starts as arrow, but"):
            rows_of(path, content[:end])
