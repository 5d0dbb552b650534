"""Detect the format of a file from its first bytes, not from its name."""

import codecs
import re
from typing import IO

from flaskr.files.formats import FileFormat
from flaskr.files.readers.arrow import FILE_SIGNATURE
from flaskr.files.readers.office_files import COMPOUND_FILE, sentence_of_compound_file
from flaskr.files.readers.options import Unreadable
from flaskr.files.readers.titles import EMPTY

_FIRST_BYTES = 4096
_SUPPORTED = "Save it as CSV, Excel workbook (.xlsx), Parquet, Arrow or JSON lines."
_UNSUPPORTED = {
    b"%PDF": f"The file is a PDF. {_SUPPORTED}",
    b"\x1f\x8b": "The file is compressed (gzip). Unpack it first.",
    b"BZh": "The file is compressed (bzip2). Unpack it first.",
    b"\xfd7zXZ": "The file is compressed (xz). Unpack it first.",
    b"\x28\xb5\x2f\xfd": "The file is compressed (zstd). Unpack it first.",
    b"7z\xbc\xaf": "The file is compressed (7z). Unpack it first.",
    b"Rar!": "The file is compressed (rar). Unpack it first.",
    b"PK\x05\x06": f"The file is an empty archive. {_SUPPORTED}",
    b"\x89PNG": f"The file is a picture. {_SUPPORTED}",
    b"\xff\xd8\xff": f"The file is a picture. {_SUPPORTED}",
    b"GIF8": f"The file is a picture. {_SUPPORTED}",
    b"SQLite format 3": f"The file is a database. {_SUPPORTED}",
    b"FEA1": f"The file is of the first version of Feather. Write it again as Arrow. {_SUPPORTED}",
    b"PARE": "The Parquet file is encrypted. Write it without a key.",
    b"ORC": f"The file is an ORC file. {_SUPPORTED}",
    b"Obj\x01": f"The file is an Avro file. {_SUPPORTED}",
    b"{\\rtf": f"The file is a text document. {_SUPPORTED}",
}
_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_MARKUP = re.compile(r"<(?:\?xml|!doctype|html|table)", re.IGNORECASE)
_JSON_LIST = re.compile(r"\[\s*(?:[\[{\]]|$)")


def detect_format(file: IO[bytes]) -> FileFormat:
    """Return the format of a file and rewind it; raises Unreadable for other formats."""
    first = file.read(_FIRST_BYTES)
    file.seek(0)
    if not first:
        raise Unreadable(EMPTY)
    if first.startswith(b"PAR1"):
        return FileFormat.PARQUET
    if first.startswith(b"PK\x03\x04"):
        return FileFormat.XLSX
    if first.startswith((b"\xff\xff\xff\xff", FILE_SIGNATURE)):
        return FileFormat.ARROW
    if first.startswith(COMPOUND_FILE):
        raise Unreadable(sentence_of_compound_file(file))
    for signature, message in _UNSUPPORTED.items():
        if first.startswith(signature) and _is_binary(signature, first):
            raise Unreadable(message)
    return _detect_text_format(first)


def _is_binary(signature: bytes, first: bytes) -> bool:
    """Whether a file that begins like a binary one is binary: a CSV title may be “ORC” too."""
    return not signature.isalnum() or any(byte < 9 or byte > 126 for byte in first[:64])


def is_json_list(file: IO[bytes]) -> bool:
    """Whether a text file begins as a JSON list of objects or lists; it is rewound."""
    first = file.read(_FIRST_BYTES)
    file.seek(0)
    return bool(_JSON_LIST.match(_first_text(first)))


def _first_text(first: bytes) -> str:
    """Return the first bytes of a text file as text, without white space before it."""
    encoding = next(
        (_BYTE_ORDER_MARKS[mark] for mark in _BYTE_ORDER_MARKS if first.startswith(mark)), "utf-8"
    )
    return first.decode(encoding, "replace").lstrip("\ufeff \t\r\n")


def _detect_text_format(first: bytes) -> FileFormat:
    """Return the format of a text file."""
    text = _first_text(first)
    if _MARKUP.match(text):
        raise Unreadable(f"The file is a web page or XML, whatever its name says. {_SUPPORTED}")
    is_json = text.startswith("{") or _JSON_LIST.match(text)
    return FileFormat.JSON_LINES if is_json else FileFormat.CSV
