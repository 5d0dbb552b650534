"""Parse the XML of a workbook in small pieces; document types, and so entities, are refused."""

from collections.abc import Callable, Iterator
from typing import IO
from xml.parsers import expat

from flaskr.files.readers.options import Unreadable

_PIECE_BYTES = 16 * 1024  # small, because each cell may refer to a long shared string
_MAX_TOKEN_BYTES = 1024**2  # a tag, an attribute or a comment, which the parser keeps in memory
BROKEN_WORKBOOK = "This is not a workbook that can be read. Open it and save it again as .xlsx."
Attributes = dict[str, str]
TRUE = ("1", "true")


def parse_part(
    part: IO[bytes],
    start: Callable[[str, Attributes], None],
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> Iterator[int]:
    """Parse a part with these callbacks; yield how many bytes have been parsed so far.

    Raises Unreadable for a document type and for a part that is not XML. Element names are passed
    as "namespace name".
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = start
    if end:
        parser.EndElementHandler = end
    if text:
        parser.CharacterDataHandler = text
    parsed_bytes = 0
    try:
        while piece := part.read(_PIECE_BYTES):
            parser.Parse(piece, False)
            parsed_bytes += len(piece)
            if parsed_bytes - parser.CurrentByteIndex > _MAX_TOKEN_BYTES:
                raise Unreadable(BROKEN_WORKBOOK)
            yield parsed_bytes
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise Unreadable(BROKEN_WORKBOOK) from error


def _refuse_doctype(*declared: object) -> None:
    """Refuse a document type: it could declare entities, and workbooks have none."""
    raise Unreadable(
        "The workbook declares XML entities, which a workbook does not need. Save it again as "
        ".xlsx."
    )


def local_name(name: str) -> str:
    """Return a name without its namespace."""
    return name.rpartition(" ")[2]


def parse_elements(part: IO[bytes], start: Callable[[str, Attributes], None]) -> None:
    """Parse a part of which only elements and attributes matter."""
    for _ in parse_part(part, start):
        pass
