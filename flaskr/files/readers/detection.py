"""What a file is, told by its first bytes and not by its name."""

import codecs
import re
from typing import IO

from flaskr.files.formats import FileFormat
from flaskr.files.readers.options import Unreadable
from flaskr.files.readers.titles import EMPTY

_FIRST_BYTES = 4096
_TAKEN = "Save it as CSV, Excel workbook (.xlsx), Parquet, JSON lines or an Arrow stream."
_OTHERS = {
    b"\xd0\xcf\x11\xe0": "The file is an old or a locked workbook (.xls). Save it as .xlsx, "
    "without a password.",
    b"%PDF": f"The file is a PDF. {_TAKEN}",
    b"\x1f\x8b": "The file is compressed (gzip). Unpack it first.",
    b"BZh": "The file is compressed (bzip2). Unpack it first.",
    b"\xfd7zXZ": "The file is compressed (xz). Unpack it first.",
    b"\x28\xb5\x2f\xfd": "The file is compressed (zstd). Unpack it first.",
    b"7z\xbc\xaf": "The file is compressed (7z). Unpack it first.",
    b"Rar!": "The file is compressed (rar). Unpack it first.",
    b"PK\x05\x06": f"The file is an empty archive. {_TAKEN}",
    b"\x89PNG": f"The file is a picture. {_TAKEN}",
    b"\xff\xd8\xff": f"The file is a picture. {_TAKEN}",
    b"GIF8": f"The file is a picture. {_TAKEN}",
    b"SQLite format 3": f"The file is a database. {_TAKEN}",
    b"ARROW1": f"The file is an Arrow file (Feather). {_TAKEN}",
    b"ORC": f"The file is an ORC file. {_TAKEN}",
    b"Obj\x01": f"The file is an Avro file. {_TAKEN}",
    b"{\\rtf": f"The file is a text document. {_TAKEN}",
}
_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_MARKUP = re.compile(r"<(?:\?xml|!doctype|html|table)", re.IGNORECASE)
_JSON_LIST = re.compile(r"\[\s*(?:[\[{]|$)")


def kind_of(file: IO[bytes]) -> FileFormat:
    """Return the form of a file and leave it at its start; raises Unreadable for none of these."""
    first = file.read(_FIRST_BYTES)
    file.seek(0)
    if not first:
        raise Unreadable(EMPTY)
    if first.startswith(b"PAR1"):
        return FileFormat.PARQUET
    if first.startswith(b"PK\x03\x04"):
        return FileFormat.XLSX
    if first.startswith(b"\xff\xff\xff\xff"):
        return FileFormat.ARROW
    for beginning, sentence in _OTHERS.items():
        if first.startswith(beginning) and _is_binary(beginning, first):
            raise Unreadable(sentence)
    return _kind_of_text(first)


def _is_binary(beginning: bytes, first: bytes) -> bool:
    """Whether what begins as a binary file is one: a title may be ORC too."""
    return not beginning.isalnum() or any(byte < 9 or byte > 126 for byte in first[:64])


def _kind_of_text(first: bytes) -> FileFormat:
    """Return the form of a text file."""
    encoding = next((_MARKS[mark] for mark in _MARKS if first.startswith(mark)), "utf-8")
    text = first.decode(encoding, "replace").lstrip("\ufeff \t\r\n")
    if _MARKUP.match(text):
        raise Unreadable(f"The file is a web page or XML, whatever its name says. {_TAKEN}")
    if _JSON_LIST.match(text):
        raise Unreadable("The file is a JSON list. Write JSON lines: one object a line.")
    return FileFormat.JSON_LINES if text.startswith("{") else FileFormat.CSV
