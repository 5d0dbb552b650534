import pytest

from flaskr.files.readers.options import Encoding, Unreadable, parse_encoding
from tests.files.readers.reads import rows_of
from tests.imports.cases.doors import case


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        *[(name, Encoding.CP1252) for name in ("cp1252", "CP1252", "Windows-1252", "windows1252")],
        *[(name, Encoding.CP1252) for name in ("WIN 1252", "ANSI", "Latin-1", "ISO-8859-1")],
        *[(name, Encoding.UTF_8) for name in ("utf-8", "UTF8", "utf-8-sig", "Utf_8", "UTF-16")],
    ],
)
def test_an_encoding_is_what_people_call_so_in_any_case(text, encoding):
    assert parse_encoding(text) is encoding


@pytest.mark.parametrize("text", ["", "mac roman", "iso-8859-15", "cp850", "utf-7", "utf-32"])
def test_another_encoding_is_refused_with_those_that_there_are(text):
    with pytest.raises(Unreadable, match="Choose utf-8 or windows-1252"):
        parse_encoding(text)


def long_text(letters: str, encoding: str, at: int) -> bytes:
    """CSV of some megabytes whose only letters beyond ASCII begin at a byte."""
    head = b"a,b\n"
    filler = b"x,1\n" * ((at - len(head)) // 4)
    return head + filler + letters.encode(encoding) + b",1\n" + b"y,2\n" * 300_000


@pytest.mark.parametrize(
    "content",
    [
        case(22).read_bytes(),
        "a,b\nå,1\n".encode(),
        "a,b\nå,1\n".encode("utf-8-sig"),
        b"\xef\xbb\xbfa,b\nc,1\n",
        "å".encode(),
        long_text("ååå", "utf-8", 1024**2 - 3 + 4),
        long_text("å€😀", "utf-8", 2 * 1024**2 + 4),
    ],
    ids=["case", "line", "BOM", "BOM alone", "letter", "across a block", "late"],
)
def test_utf_8_that_somebody_calls_windows_1252_is_refused_as_what_it_is(path, content):
    with pytest.raises(Unreadable, match="The file is UTF-8, not Windows-1252"):
        rows_of(path, content, encoding="cp1252")


@pytest.mark.parametrize(
    "content",
    [
        b"a,b\nc,1\n",
        "a,b\nå,1\n".encode("cp1252"),
        "a,b\nÃ¤,å\n".encode("cp1252"),
        "a,b\nc,å".encode("cp1252"),
        long_text("å", "cp1252", 3 * 1024**2),
        b"a,b\n" + "å".encode() + "ö,1\n".encode("cp1252"),
    ],
    ids=["ASCII", "letter", "pair and letter", "last letter", "late", "both"],
)
def test_windows_1252_is_read_when_it_is_chosen(path, content):
    assert rows_of(path, content, encoding="cp1252")
