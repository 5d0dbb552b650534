"""Workbooks: their parts, sizes, sheets, styles and shared texts, read with care."""

import posixpath
import re
import struct
from typing import IO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from flaskr.files.readers.columnar import check_unpacked
from flaskr.files.readers.options import ReadingLimits, SheetNotChosen, Unreadable
from flaskr.files.readers.xlsx.shared_texts import SharedTexts
from flaskr.files.readers.xlsx.xml import BROKEN, Attributes, local, walk

_SHEET = "Claims"
_MOST_PARTS = 10_000
_MOST_RATIO = 200  # unpacked to packed; a plain sheet of numbers packs to about a tenth
_RATIO_FROM = 8 * 1024**2
_DIRECTORY_END = b"PK\x05\x06"
_LONGEST_DIRECTORY_END = 22 + 65_535
# Numbers of the formats that are built in and show days.
_DAY_FORMATS = {14, 15, 16, 17, 18, 19, 20, 21, 22, *range(27, 37), 45, 46, 47, *range(50, 59)}
_NO_PART_OF_A_DAY = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.|_.|\*.')


def _check_directory(file: IO[bytes], size: int) -> None:
    """Raise Unreadable for a zip file whose directory alone would take much memory."""
    file.seek(max(0, size - _LONGEST_DIRECTORY_END))
    end = file.read()
    at = end.rfind(_DIRECTORY_END)
    if at < 0 or len(end) < at + 22:
        raise Unreadable(BROKEN)
    (parts,) = struct.unpack("<H", end[at + 10 : at + 12])
    (length,) = struct.unpack("<L", end[at + 12 : at + 16])
    if parts > _MOST_PARTS or length > _MOST_PARTS * 1024:
        raise Unreadable("The workbook has too many parts. Save only the rows as a new workbook.")


def _check_sizes(archive: ZipFile, size: int, limits: ReadingLimits) -> None:
    """Raise Unreadable for a workbook that would unpack to too much.

    zipfile stops reading a part at the size that its directory gives, so that size can be trusted.
    """
    parts = archive.infolist()
    if any(part.compress_type not in (ZIP_STORED, ZIP_DEFLATED) for part in parts):
        raise Unreadable(BROKEN)
    if any(part.flag_bits & 1 for part in parts):
        raise Unreadable("The workbook is locked. Save it without a password.")
    unpacked = sum(part.file_size for part in parts)
    check_unpacked(unpacked, limits)
    if unpacked > _RATIO_FROM and unpacked > _MOST_RATIO * size:
        raise Unreadable(
            "The workbook unpacks to far more than its size. Save only the rows as a new workbook."
        )


class Workbook:
    """What a workbook says of its sheets; `sheets` are the names of those that are seen."""

    def __init__(self, file: IO[bytes], size: int, limits: ReadingLimits) -> None:
        _check_directory(file, size)
        self.archive = ZipFile(file)
        _check_sizes(self.archive, size, limits)
        self.limits = limits
        self.path = self._main_path()
        self.is_1904 = False
        self.places: dict[str, str] = {}  # a sheet's name to the part it is in
        self.hidden: set[str] = set()
        self.related = self._relations(self.path)
        with self.archive.open(self.path) as part:
            walk(part, self.note)
        self.sheets = tuple(name for name in self.places if name not in self.hidden)
        self.sheets = self.sheets or tuple(self.places)

    def _main_path(self) -> str:
        """Return the name of the part that lists the sheets."""
        for kind, path in self._relations("").values():
            if kind == "officeDocument" and path in self.archive.NameToInfo:
                if path.endswith(".bin"):
                    raise Unreadable("This is a binary workbook (.xlsb). Save it as .xlsx.")
                return path
        raise Unreadable(BROKEN)

    def _relations(self, path: str) -> dict[str, tuple[str, str]]:
        """Return the kind and the path of what a part refers to, by id."""
        folder, name = posixpath.split(path)
        found: dict[str, tuple[str, str]] = {}

        def note(element: str, attributes: Attributes) -> None:
            if local(element) == "Relationship":
                target = posixpath.join("/", folder, attributes.get("Target", ""))
                kind = posixpath.basename(attributes.get("Type", ""))
                found[attributes.get("Id", "")] = kind, posixpath.normpath(target).lstrip("/")

        with self.archive.open(posixpath.join(folder, "_rels", f"{name}.rels")) as part:
            walk(part, note)
        return found

    def note(self, element: str, attributes: Attributes) -> None:
        """Note what the list of sheets says."""
        kind = local(element)
        if kind == "workbookPr":
            self.is_1904 = attributes.get("date1904") in ("1", "true")
        if kind != "sheet":
            return
        key = next((value for name, value in attributes.items() if local(name) == "id"), "")
        form, path = self.related.get(key, ("", ""))
        if form == "worksheet":
            name = attributes.get("name", "")
            self.places[name] = path
            if attributes.get("state", "visible") != "visible":
                self.hidden.add(name)

    def chosen(self, wanted: str) -> str:
        """Return the sheet that is wanted, else the one named “Claims”, else the only one."""
        if wanted in self.places:
            return wanted
        if not wanted and _SHEET in self.places:
            return _SHEET
        if not wanted and len(self.sheets) == 1:
            return self.sheets[0]
        if not self.sheets:
            raise Unreadable("The workbook has no sheet of cells.")
        said = f"has no sheet “{wanted[:40]}”" if wanted else "has several sheets"
        raise SheetNotChosen(f"The workbook {said}. Choose one of them.", self.sheets)

    def _related_path(self, kind: str) -> str:
        """Return the path of a part of the workbook, empty when it has none."""
        return next((path for form, path in self.related.values() if form == kind), "")

    def day_styles(self) -> frozenset[str]:
        """Return the numbers of the styles in which a number shows as a day."""
        path = self._related_path("styles")
        if not path:
            return frozenset()
        formats, styles, inside = set(_DAY_FORMATS), list[int](), [False]

        def note(element: str, attributes: Attributes) -> None:
            kind = local(element)
            if kind == "numFmt" and _shows_day(attributes.get("formatCode", "")):
                formats.add(int(attributes.get("numFmtId", "0")))
            if kind in ("cellXfs", "cellStyles", "cellStyleXfs", "dxfs"):
                inside[0] = kind == "cellXfs"
            if kind == "xf" and inside[0]:
                styles.append(int(attributes.get("numFmtId", "0")))

        with self.archive.open(path) as part:
            walk(part, note)
        return frozenset(str(place) for place, number in enumerate(styles) if number in formats)

    def shared_texts(self) -> SharedTexts:
        """Return the texts that cells share."""
        texts = SharedTexts(self.limits.cell_length)
        path = self._related_path("sharedStrings")
        if path:
            with self.archive.open(path) as part:
                texts.read(part)
        return texts


def _shows_day(code: str) -> bool:
    """Whether a format shows a day or a time, of which its letters are."""
    return any(letter in "dmyhs" for letter in _NO_PART_OF_A_DAY.sub("", code.lower()))
