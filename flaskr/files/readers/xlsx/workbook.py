"""The parts of a workbook: sheets, styles and shared strings; sizes are checked first."""

import posixpath
import struct
from typing import IO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from flaskr.files.readers.columnar import check_unpacked
from flaskr.files.readers.office_files import check_archive
from flaskr.files.readers.options import ReadingLimits, SheetNotChosen, Unreadable
from flaskr.files.readers.xlsx.number_formats import NumberFormats
from flaskr.files.readers.xlsx.shared_strings import SharedStrings
from flaskr.files.readers.xlsx.xml import (
    BROKEN_WORKBOOK,
    TRUE,
    Attributes,
    local_name,
    parse_elements,
)

_DEFAULT_SHEET = "Claims"
_MAX_PARTS = 10_000
_MAX_RATIO = 200  # unpacked to packed; an ordinary sheet packs to about a tenth
_RATIO_FROM = 8 * 1024**2
_DIRECTORY_END = b"PK\x05\x06"
_LONGEST_DIRECTORY_END = 22 + 65_535


def _check_directory(file: IO[bytes], size: int) -> None:
    """Raise Unreadable for a zip file whose directory alone would use much memory."""
    file.seek(max(0, size - _LONGEST_DIRECTORY_END))
    end = file.read()
    at = end.rfind(_DIRECTORY_END)
    if at < 0 or len(end) < at + 22:
        raise Unreadable(BROKEN_WORKBOOK)
    (parts,) = struct.unpack("<H", end[at + 10 : at + 12])
    (length,) = struct.unpack("<L", end[at + 12 : at + 16])
    if parts > _MAX_PARTS or length > _MAX_PARTS * 1024:
        raise Unreadable("The workbook has too many parts. Save only the rows as a new workbook.")


def _check_sizes(archive: ZipFile, size: int, limits: ReadingLimits) -> None:
    """Raise Unreadable for a workbook that would unpack to too much, or is locked.

    zipfile stops reading a part at the size that its directory gives, so that size can be trusted.
    """
    parts = archive.infolist()
    if any(part.compress_type not in (ZIP_STORED, ZIP_DEFLATED) for part in parts):
        raise Unreadable(BROKEN_WORKBOOK)
    if any(part.flag_bits & 1 for part in parts):
        raise Unreadable("The workbook is locked. Save it without a password.")
    unpacked = sum(part.file_size for part in parts)
    check_unpacked(unpacked, limits)
    if unpacked > _RATIO_FROM and unpacked > _MAX_RATIO * size:
        raise Unreadable(
            "The workbook unpacks to far more than its size. Save only the rows as a new workbook."
        )


class Workbook:
    """An open workbook; `sheets` are the names of its visible sheets, or all if none is visible."""

    def __init__(self, file: IO[bytes], size: int, limits: ReadingLimits) -> None:
        _check_directory(file, size)
        self.archive = ZipFile(file)
        check_archive(self.archive)
        _check_sizes(self.archive, size, limits)
        self.limits = limits
        self.path = self._main_path()
        self.is_1904 = False
        self.is_uncalculated = False  # its formulas are to be calculated when it is opened
        self.sheet_paths: dict[str, str] = {}  # the path of each sheet's part, by its name
        self.hidden: set[str] = set()
        self.relations = self._relations(self.path)
        with self.archive.open(self.path) as part:
            parse_elements(part, self.note)
        self.sheets = tuple(name for name in self.sheet_paths if name not in self.hidden)
        self.sheets = self.sheets or tuple(self.sheet_paths)

    def _main_path(self) -> str:
        """Return the name of the part that lists the sheets."""
        for kind, path in self._relations("").values():
            if kind == "officeDocument" and path in self.archive.NameToInfo:
                if path.endswith(".bin"):
                    raise Unreadable("This is a binary workbook (.xlsb). Save it as .xlsx.")
                return path
        raise Unreadable(BROKEN_WORKBOOK)

    def _relations(self, path: str) -> dict[str, tuple[str, str]]:
        """Return the type and the path of each part that a part refers to, by relationship id."""
        folder, name = posixpath.split(path)
        relations: dict[str, tuple[str, str]] = {}

        def note(element: str, attributes: Attributes) -> None:
            if local_name(element) == "Relationship":
                target = posixpath.join("/", folder, attributes.get("Target", ""))
                kind = posixpath.basename(attributes.get("Type", ""))
                relations[attributes.get("Id", "")] = kind, posixpath.normpath(target).lstrip("/")

        with self.archive.open(posixpath.join(folder, "_rels", f"{name}.rels")) as part:
            parse_elements(part, note)
        return relations

    def note(self, element: str, attributes: Attributes) -> None:
        """Handle an element of the part that lists the sheets."""
        kind = local_name(element)
        if kind == "workbookPr":
            self.is_1904 = attributes.get("date1904") in TRUE
        if kind == "calcPr":
            self.is_uncalculated = attributes.get("fullCalcOnLoad") in TRUE
        if kind != "sheet":
            return
        key = next((value for name, value in attributes.items() if local_name(name) == "id"), "")
        kind, path = self.relations.get(key, ("", ""))
        if kind == "worksheet":
            name = attributes.get("name", "")
            self.sheet_paths[name] = path
            if attributes.get("state", "visible") != "visible":
                self.hidden.add(name)

    def choose_sheet(self, wanted_sheet: str) -> str:
        """Return the wanted sheet, else the one named “Claims”, else the only one.

        Raises SheetNotChosen when there are several, or the wanted one does not exist.
        """
        if wanted_sheet in self.sheet_paths:
            return wanted_sheet
        if not wanted_sheet and _DEFAULT_SHEET in self.sheet_paths:
            return _DEFAULT_SHEET
        if not wanted_sheet and len(self.sheets) == 1:
            return self.sheets[0]
        if not self.sheets:
            raise Unreadable("The workbook has no sheet of cells.")
        problem = f"has no sheet “{wanted_sheet[:40]}”" if wanted_sheet else "has several sheets"
        names = ", ".join(self.sheets[:10]) + (", …" if len(self.sheets) > 10 else "")
        raise SheetNotChosen(f"The workbook {problem}. Choose one of them: {names}.", self.sheets)

    def _related_path(self, kind: str) -> str:
        """Return the path of a part of the workbook, empty when there is no such part."""
        return next((path for each, path in self.relations.values() if each == kind), "")

    def related_paths(self, path: str, kind: str) -> set[str]:
        """Return the paths of the parts of a kind that a part refers to."""
        folder, name = posixpath.split(path)
        if posixpath.join(folder, "_rels", f"{name}.rels") not in self.archive.NameToInfo:
            return set()
        related = self._relations(path).values()
        return {each for of, each in related if of == kind and each in self.archive.NameToInfo}

    def number_formats(self) -> NumberFormats:
        """Return what the cell styles show."""
        found = NumberFormats()
        path = self._related_path("styles")
        if not path:
            return found
        codes: dict[int, str] = {}
        styles, inside = list[int](), [False]

        def note(element: str, attributes: Attributes) -> None:
            kind = local_name(element)
            if kind == "numFmt":
                codes[int(attributes.get("numFmtId", "0"))] = attributes.get("formatCode", "")
            if kind in ("cellXfs", "cellStyles", "cellStyleXfs", "dxfs"):
                inside[0] = kind == "cellXfs"
            if kind == "xf" and inside[0]:
                styles.append(int(attributes.get("numFmtId", "0")))

        with self.archive.open(path) as part:
            parse_elements(part, note)
        for style, number in enumerate(styles):
            found.add(str(style), number, codes.get(number))
        return found

    def shared_texts(self) -> SharedStrings:
        """Return the shared strings of the workbook."""
        texts = SharedStrings(self.limits.cell_length)
        path = self._related_path("sharedStrings")
        if path:
            with self.archive.open(path) as part:
                texts.read(part)
        return texts
