"""Search bytes for texts, however they are packed and encoded."""

import gzip
import io
import json
import unicodedata
import zipfile
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq

_FORMS = ("NFC", "NFD")


def unpacked(contents: bytes) -> Iterator[bytes]:
    """Contents themselves, and what is packed in them: zip, gzip, Parquet and Arrow."""
    yield contents
    if contents.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(contents)) as packed:
            for name in packed.namelist():
                yield name.encode()
                yield from unpacked(packed.read(name))
    elif contents.startswith(b"\x1f\x8b"):
        yield from unpacked(gzip.decompress(contents))
    elif contents.startswith(b"PAR1"):
        yield _rows_of(pq.read_table(io.BytesIO(contents)))
    elif contents.startswith((b"ARROW1", b"\xff\xff\xff\xff")):
        opened = pa.ipc.open_file if contents.startswith(b"ARROW1") else pa.ipc.open_stream
        yield _rows_of(opened(io.BytesIO(contents)).read_all())


def _rows_of(table: pa.Table) -> bytes:
    return f"{table.schema.metadata}{table.to_pylist()}".encode()


def needles_of(text: str) -> set[bytes]:
    """A text as it may lie in bytes: composed or not, in UTF-8, UTF-16 and escaped in JSON."""
    forms = {unicodedata.normalize(form, text) for form in _FORMS}
    forms |= {each.casefold() for each in forms} | {each.upper() for each in forms}
    return {
        needle
        for each in forms
        for needle in (
            each.encode(),
            each.encode("utf-16-le"),
            each.encode("utf-16-be"),
            json.dumps(each)[1:-1].encode(),
        )
    }


def found_in(contents: bytes, *texts: str) -> list[str]:
    """Those of the texts that are in contents."""
    parts = list(unpacked(contents))
    return [
        text
        for text in texts
        if any(needle in part for needle in needles_of(text) for part in parts)
    ]
