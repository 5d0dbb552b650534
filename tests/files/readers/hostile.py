"""Hostile files: valid ones of each format, damaged by a generator."""

import io
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache

from hypothesis import strategies as st

from flaskr.files.writers.arrow import ArrowWriter
from flaskr.files.writers.csv import CsvWriter
from flaskr.files.writers.excel_csv import ExcelCsvWriter
from flaskr.files.writers.json_lines import JsonLinesWriter
from flaskr.files.writers.parquet import ParquetWriter
from flaskr.files.writers.xlsx.sheet import SheetWriter
from tests.files.writers.any_rows import COLUMNS, OTHER_COLUMNS, frame_of

EVERY_COLUMN = (*COLUMNS, *OTHER_COLUMNS)
WRITERS = {
    "csv": (CsvWriter, (False,)),
    "excel-sv": (ExcelCsvWriter, (False,)),
    "jsonl": (JsonLinesWriter, ()),
    "xlsx": (SheetWriter, ()),
    "parquet": (ParquetWriter, ()),
    "arrow": (ArrowWriter, ()),
}
TOKENS = {
    "csv": [
        b"\0", b'"', b'""', b'"x"y', b",,,,,,,,,,,,", b"\r", b"\n\n", b"\xff\xfe", b"\x81", b"\xe5",
        b"," * 10_000, b"x" * 70_000, b"1e999", b"NaN", b"'=1", b"\xed\xa0\x80", b"\xef\xbb\xbf",
        b'"' + b"a\n" * 500,
    ],
    "jsonl": [
        b"[" * 100_000, b'{"a":' * 5_000, b"NaN", b"-Infinity", b"1e999", b"9" * 5_000, b"null",
        b'"reference":1,"reference":2,', b"\\ud800", b"\\u0000", b"\0", b"\xff", b"}{", b'"', b"\n",
        b'{"new":1}\n', b"x" * 70_000, b"true", b"{}\n", b"\\u00",
    ],
    "xlsx": [
        b'<!DOCTYPE x [<!ENTITY e "ha">]>', b"&e;", b"&#0;", b'r="XFD1048576"', b'r="A1"', b't="s"',
        b"<v>1e999</v>", b"<v>NaN</v>", b"<v>-1</v>", b"</row>", b"<c>", b"<f>1</f>", b"]]>", b"<",
        b'<row r="999999999">', b'<row r="-1">', b'<c r="ZZZ1">', b't="q"', b"<![CDATA[", b"<!--",
        b"_xD800_", b"_x0000_", b'encoding="utf-16"', b"\0", b"x" * 70_000, b"\xff",
    ],
    "parquet": [b"\0" * 8, b"\xff" * 8, b"PAR1", b"\x15\x80\x80\x80\x80\x08", b"\x7f", b"\x19"],
    "arrow": [b"\0" * 8, b"\xff" * 8, b"\xff\xff\xff\xff\xff\xff\xff\x7f", b"\x10\0\0\0"],
}  # fmt: skip
TOKENS["excel-sv"] = TOKENS["csv"]


@cache
def good(form: str) -> bytes:
    """A file of a few rows from our own writer."""
    at = datetime(2024, 2, 29, 12, tzinfo=UTC)
    texts = ["00123", "=1+1", 'a "b"\r\nc', "Åsa; 1 234,50", "_x0041_", "😀", None, ""]
    made = [
        (text, "open", date(2024, 2, 29), Decimal("-1234.50"), text, at, number, None, 0)
        for number, text in enumerate(texts * 4)
    ]
    writer_class, options = WRITERS[form]
    file = io.BytesIO()
    writer = writer_class(file, EVERY_COLUMN, *options)
    writer.write(frame_of(made, EVERY_COLUMN))
    writer.close()
    return file.getvalue()


def places(content: bytes, at: float) -> int:
    return int(at * max(0, len(content) - 1))


@st.composite
def mutated(draw, form: str, content: bytes) -> bytes:
    """A file, or a part of one, after some damage."""
    changed = bytearray(content)
    # the footer of a Parquet file describes it, so it is damaged more often
    at = st.floats(0, 1) | (st.floats(0.6, 1) if form == "parquet" else st.floats(0, 0.3))
    kinds = st.sampled_from(["flip", "flip", "cut", "token", "token", "double", "drop"])
    for kind in draw(st.lists(kinds, min_size=1, max_size=4)):
        place = places(changed, draw(at))
        if not changed:
            break
        if kind == "flip":
            changed[place] ^= 1 << draw(st.integers(0, 7))
        elif kind == "cut":
            del changed[max(8, place) :]
        elif kind == "token":
            changed[place:place] = draw(st.sampled_from(TOKENS[form]))
        elif kind == "double":
            changed[place:place] = changed[place : place + draw(st.integers(1, 400))]
        else:
            del changed[place : place + draw(st.integers(1, 40))]
    return bytes(changed)


def zipped(parts: dict[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", kind) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def parts_of(workbook: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(workbook)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@st.composite
def hostile_files(draw) -> tuple[str, bytes]:
    """The format of a file, and its damaged content; a workbook may have a damaged part."""
    form = draw(st.sampled_from(["csv", "excel-sv", "jsonl", "xlsx", "xlsx", "parquet", "arrow"]))
    content = good(form)
    if form == "xlsx" and draw(st.integers(0, 3)):
        parts = parts_of(content)
        name = draw(st.sampled_from([*parts, *["xl/worksheets/sheet1.xml"] * 12]))
        parts[name] = draw(mutated(form, parts[name]))
        return form, zipped(parts)
    return form, draw(mutated(form, content))
