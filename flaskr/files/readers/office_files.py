"""Tell the kinds of office files that are not read, each with what to do about it."""

from typing import IO
from zipfile import ZipFile

from flaskr.files.readers.options import Unreadable

COMPOUND_FILE = b"\xd0\xcf\x11\xe0"  # how older office files begin, and locked ones
_READ_BYTES = 1024**2
_SAVE = "Save the sheet as an Excel workbook (.xlsx) or as CSV."
_OLD_WORKBOOK = f"The file is an old workbook (.xls). {_SAVE}"
# The names of the streams in a compound file tell its kind; the first that is found counts.
_COMPOUND_KINDS = {
    "EncryptedPackage": "The workbook is locked with a password. Save it without one: File, Info, "
    "Protect Workbook, Encrypt with Password, and clear the password.",
    "WordDocument": f"The file is a text document (.doc). {_SAVE}",
    "PowerPoint Document": f"The file is a presentation (.ppt). {_SAVE}",
    "__properties_version1.0": "The file is an e-mail (.msg). Save its attachment.",
}
_ARCHIVE_KINDS = {
    "word/": f"The file is a text document (.docx). {_SAVE}",
    "ppt/": f"The file is a presentation (.pptx). {_SAVE}",
    "Index/": f"The file is of Apple Numbers. {_SAVE}",
    "Index.zip": f"The file is of Apple Numbers. {_SAVE}",
}


def sentence_of_compound_file(file: IO[bytes]) -> str:
    """Return what kind of compound file a file is, and what to do about it."""
    names = {name.encode("utf-16-le"): kind for name, kind in _COMPOUND_KINDS.items()}
    before = b""
    while piece := file.read(_READ_BYTES):
        text = before + piece
        for name, sentence in names.items():
            if name in text:
                return sentence
        before = piece[-64:]
    return _OLD_WORKBOOK


def check_archive(archive: ZipFile) -> None:
    """Raise Unreadable for a zip file that is known to be no workbook."""
    names = archive.namelist()
    if any(name.startswith("xl/") for name in names):
        return
    if "mimetype" in names and "content.xml" in names:
        with archive.open("mimetype") as part:
            is_sheet = b"spreadsheet" in part.read(200)
        kind = "spreadsheet (.ods)" if is_sheet else "file, not a sheet"
        raise Unreadable(f"The file is an OpenDocument {kind}. {_SAVE}")
    for start, sentence in _ARCHIVE_KINDS.items():
        if any(name.startswith(start) for name in names):
            raise Unreadable(sentence)
    if "[Content_Types].xml" not in names:
        raise Unreadable("The file is an archive (zip). Unpack it first.")
