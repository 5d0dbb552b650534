"""Small files made to use all memory or time."""

import io
import struct
import zipfile

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet

from tests.files.readers.hostile import good, parts_of, zipped

SHEET = "xl/worksheets/sheet1.xml"
BOOK = "xl/workbook.xml"
MEGABYTE = 1024**2
LAUGHS = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
LAUGHING = f'<!DOCTYPE x [<!ENTITY e0 "{"x" * 100}">{LAUGHS}]>'
FROM_OUTSIDE = '<!DOCTYPE x [<!ENTITY e9 SYSTEM "file:///etc/passwd">]>'
TOO_MUCH = "unpacks to"


def workbook(
    rows: str = "", before: str = "", is_saved: bool = True, titles: str = "a", **parts: bytes
) -> bytes:
    """A workbook whose sheet has a header, a title a letter, and some rows.

    Unless `is_saved` by a spreadsheet, its formulas are to be calculated when it is opened.
    """
    header = "".join(f'<c t="inlineStr"><is><t>{title}</t></is></c>' for title in titles)
    sheet = (
        f'<?xml version="1.0"?>{before}<worksheet xmlns="http://schemas.openxmlformats.org/'
        f'spreadsheetml/2006/main"><sheetData><row r="1">{header}</row>{rows}</sheetData>'
        "</worksheet>"
    )
    own = parts_of(good("xlsx"))
    if is_saved:
        own[BOOK] = own[BOOK].replace(b' fullCalcOnLoad="1"', b"")
    return zipped({**own, SHEET: sheet.encode(), **parts})


def parquet(columns: dict, **options) -> bytes:
    file = io.BytesIO()
    pa.parquet.write_table(pa.table(columns), file, **options)
    return file.getvalue()


def repeated(value, count: int) -> pa.Array:
    """A column that repeats one value, stored once in a file."""
    return pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), count), [value])


def shared(text: str, cells: int) -> bytes:
    """A workbook in which many cells share one text."""
    rows = "".join(
        f'<row r="{row}"><c r="A{row}" t="s"><v>0</v></c></row>' for row in range(2, cells + 2)
    )
    texts = f'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>{text}</t></si></sst>'
    parts = parts_of(good("xlsx"))
    related = parts["xl/_rels/workbook.xml.rels"].replace(
        b"</Relationships>",
        b'<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
        b'relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
    )
    return workbook(
        rows, **{"xl/_rels/workbook.xml.rels": related, "xl/sharedStrings.xml": texts.encode()}
    )


def lying() -> bytes:
    """A workbook whose directory says that a sheet of 16 MB is small."""
    content = workbook(" " * (16 * MEGABYTE))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        size = archive.getinfo(SHEET).file_size
    return content.replace(struct.pack("<L", size), struct.pack("<L", 5_000))


def locked() -> bytes:
    content = bytearray(workbook())
    at = content.index(b"PK\x01\x02")
    content[at + 8] |= 1
    return bytes(content)


def nested(depth: int) -> bytes:
    kind = pa.int64()
    for _ in range(depth):
        kind = pa.list_(kind)
    return parquet({"a": pa.nulls(1, kind), "b": pa.array([1])})


def arrow_stream(columns: dict, new_writer=pa.ipc.new_stream, **options) -> bytes:
    file = io.BytesIO()
    table = pa.table(columns)
    with new_writer(file, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table)
    return file.getvalue()


def arrow_file(columns: dict, **options) -> bytes:
    return arrow_stream(columns, pa.ipc.new_file, **options)


def many_columns(separator: bytes) -> bytes:
    return separator.join(b"c%d" % n for n in range(10_000)) + b"\n"


# How to make each bomb and what its refusal says; made one at a time, because some are large.
BOMBS = {
    "zip bomb": (lambda: workbook(" " * (40 * MEGABYTE)), "far more than its size"),
    "forged size": (lying, "not a workbook that can be read"),
    "11,000 parts": (
        lambda: zipped({f"{n}": b"" for n in range(11_000)}, zipfile.ZIP_STORED),
        "too many parts",
    ),
    "another compression": (
        lambda: zipped(parts_of(good("xlsx")), zipfile.ZIP_BZIP2),
        "not a workbook that can be read",
    ),
    "locked": (locked, "without a password"),
    "a text that many cells share": (lambda: shared("x" * 60_000, 20_000), TOO_MUCH),
    "a cell at XFD1048576": (
        lambda: workbook('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
        "cells 0 1",
    ),
    "a row below the last": (
        lambda: workbook('<row r="1048577"><c r="A1048577"><v>1</v></c></row>'),
        "not a workbook that can be read",
    ),
    "billion laughs": (
        lambda: workbook('<row r="2"><c r="A2" t="str"><v>&e9;</v></c></row>', LAUGHING),
        "declares XML entities",
    ),
    "external entity": (
        lambda: workbook('<row r="2"><c r="A2" t="str"><v>&e9;</v></c></row>', FROM_OUTSIDE),
        "declares XML entities",
    ),
    "external entity in the list of sheets": (
        lambda: workbook(
            **{"xl/workbook.xml": f"{FROM_OUTSIDE}<workbook>&e9;</workbook>".encode("utf-16")}
        ),
        "declares XML entities",
    ),
    "a tag of 30 MB": (
        lambda: workbook(before=f"<?x {'<y' * (15 * MEGABYTE)}"),
        "far more than its size",
    ),
    "a tag of 7 MB": (
        lambda: workbook(f'<row r="2" x="{"y" * (7 * MEGABYTE)}"/>'),
        "not a workbook that can be read",
    ),
    "a cell of 7 MB": (
        lambda: workbook(f'<row r="2"><c r="A2" t="str"><v>{"y" * (7 * MEGABYTE)}</v></c></row>'),
        "Row 2, a: a cell has over 64,000 characters",
    ),
    "10,000 columns of a sheet": (
        lambda: wide_sheet(),
        "10,000 columns",
    ),
    "10,000 columns of CSV": (lambda: many_columns(b","), "10,000 columns"),
    "10,000 keys": (
        lambda: b"{" + b",".join(b'"c%d":1' % n for n in range(10_000)) + b"}\n",
        "10,000 columns",
    ),
    "10,000 columns of Parquet": (
        lambda: parquet({f"c{n}": pa.nulls(0) for n in range(10_000)}),
        "10,000 columns",
    ),
    "a header of 40 MB": (lambda: b"x" * (40 * MEGABYTE), "does not end within 1 MB"),
    "a quote that is never closed": (
        lambda: b'a,b\n1,"' + b"x\n" * (10 * MEGABYTE),
        "Line 2: the row that begins there has over 16 MB",
    ),
    "a line of 20 MB": (lambda: b'{"a":"' + b"x" * (20 * MEGABYTE), "Row 1 has over 16 MB"),
    "lists in lists": (lambda: b'{"a":' + b"[" * 1_000_000 + b"\n", "cannot be read as JSON"),
    "20,000,000 rows of CSV": (lambda: b"a\n" + b"1\n" * 20_000_000, "over 5,000,000 rows"),
    "rows of nothing": (lambda: b"a\n" + b"\n" * 40_000_000, "cells 0 0"),
    "200,000,000 rows of Parquet": (
        lambda: parquet({"a": pa.nulls(200_000_000, pa.null())}),
        "over 5,000,000 rows",
    ),
    "a Parquet text that many rows share": (
        lambda: parquet({"a": repeated("x" * 60_000, 4_000_000)}),
        TOO_MUCH,
    ),
    "a Parquet page of 100 MB": (
        lambda: parquet(
            {"a": pa.repeat("x" * 50_000, 2_000).cast(pa.large_string())},
            use_dictionary=False,
            compression="zstd",
            data_page_size=1024 * MEGABYTE,
            write_statistics=False,
        ),
        "cells 2000 0",
    ),
    "columns in columns": (lambda: nested(30), "cells 1 0"),
    "an Arrow text of 200 MB": (
        lambda: arrow_stream({"a": pa.repeat("x" * 50_000, 4_000)}, compression="zstd"),
        "cells 4000 0",
    ),
    "an Arrow file with a text of 200 MB": (
        lambda: arrow_file({"a": pa.repeat("x" * 50_000, 4_000)}, compression="zstd"),
        "cells 4000 0",
    ),
    "an Arrow file of many rows of nothing": (
        lambda: arrow_file({"a": pa.nulls(2**31 - 1)}),
        "over 5,000,000 rows",
    ),
    "a JSON list of 40 MB of nothing": (lambda: b"[" + b" " * (40 * MEGABYTE), "has no end"),
    "a JSON list with a text of 20 MB": (
        lambda: b'[{"a":"' + b"x" * (20 * MEGABYTE) + b'"}]',
        "Row 1 has over 16 MB",
    ),
    "lists in a JSON list": (
        lambda: b'[{"a":' + b"[" * 1_000_000 + b"]" * 1_000_000 + b"}]",
        "cannot be read as JSON",
    ),
    "6,000,000 objects of a JSON list": (
        lambda: b"[" + b'{"a":"1"},' * 6_000_000 + b"{}]",
        "over 5,000,000 rows",
    ),
    "formulas that fill whole sheets": (
        lambda: workbook(
            "".join(
                f'<row r="{row}"><c r="A{row}"><f t="array" ref="A{row}:XFD1048576">1</f><v>0</v>'
                "</c></row>"
                for row in range(2, 20_002)
            ),
            is_saved=False,
        ),
        "cells 20000 0",
    ),
    "42 MB that begin as an old workbook": (
        lambda: b"\xd0\xcf\x11\xe0" + b"E\0n\0c\0" * (7 * MEGABYTE),
        "an old workbook",
    ),
    "an Arrow batch of many rows of nothing": (
        lambda: arrow_stream({"a": pa.nulls(2**31 - 1)}),
        "over 5,000,000 rows",
    ),
}


def wide_sheet() -> bytes:
    """A sheet of 10,000 titles."""
    cells = "".join(f'<c t="inlineStr"><is><t>c{n}</t></is></c>' for n in range(10_000))
    sheet = f'<worksheet><sheetData><row r="1">{cells}</row></sheetData></worksheet>'
    return zipped({**parts_of(good("xlsx")), SHEET: sheet.encode()})
