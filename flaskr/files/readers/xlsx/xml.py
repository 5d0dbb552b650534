"""The XML of a workbook, parsed piece by piece; no document types, so no entities either."""

from collections.abc import Callable, Iterator
from typing import IO
from xml.parsers import expat

from flaskr.files.readers.options import Unreadable

_PIECE_BYTES = 16 * 1024  # each may name many long texts, so few cells at once
_LONGEST_TOKEN = 1024**2  # a tag, an attribute or a comment; the parser holds it whole
BROKEN = "This is not a workbook that can be read. Open it and save it again as .xlsx."
Attributes = dict[str, str]


def parsed(
    part: IO[bytes],
    start: Callable[[str, Attributes], None],
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> Iterator[int]:
    """Parse a part, calling back with local names; yield how many bytes have been parsed.

    Raises Unreadable for a document type, wherever it hides, and for a part that is no XML.
    """
    # Names come with their namespace; a workbook's own are told apart by its root's.
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = start
    if end:
        parser.EndElementHandler = end
    if text:
        parser.CharacterDataHandler = text
    fed = 0
    try:
        while piece := part.read(_PIECE_BYTES):
            parser.Parse(piece, False)
            fed += len(piece)
            if fed - parser.CurrentByteIndex > _LONGEST_TOKEN:
                raise Unreadable(BROKEN)
            yield fed
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise Unreadable(BROKEN) from error


def _refuse_doctype(*declared: object) -> None:
    """Refuse a document type: workbooks have none, and it could declare entities."""
    raise Unreadable(
        "The workbook declares XML entities, which a workbook does not need. Save it again as "
        ".xlsx."
    )


def local(name: str) -> str:
    """Return a name without its namespace."""
    return name.rpartition(" ")[2]


def walk(part: IO[bytes], start: Callable[[str, Attributes], None]) -> None:
    """Parse a part that is of elements and attributes only."""
    for _ in parsed(part, start):
        pass
