"""Read a sheet of a workbook: its titles, and its rows in batches."""

from collections.abc import Iterator

from flaskr.files.readers.cells import BatchBuilder, CellBatch, normalise_batch
from flaskr.files.readers.columnar import check_unpacked
from flaskr.files.readers.options import ReadingLimits, Unreadable
from flaskr.files.readers.titles import EMPTY, check_width, is_blank, titles_of
from flaskr.files.readers.xlsx.cells import CellReader
from flaskr.files.readers.xlsx.rows import RowParser, SheetRow
from flaskr.files.readers.xlsx.workbook import Workbook


class SheetReader:
    """The titles of a sheet, and its rows in batches."""

    def __init__(self, workbook: Workbook, name: str, limits: ReadingLimits) -> None:
        self.limits = limits
        self.titles: tuple[str, ...] = ()
        self.titles_row = 0
        self.builder = BatchBuilder(())
        self.characters = 0  # with shared strings counted for each cell
        path = workbook.sheet_paths[name]
        self.size = max(1, workbook.archive.getinfo(path).file_size)
        self.parsed_bytes = 0  # of the XML
        reader = CellReader(
            workbook.shared_texts(),
            workbook.number_formats(),
            workbook.is_1904,
            workbook.is_uncalculated,
        )
        self.rows = RowParser(reader, limits.cell_length, self.add_row)
        self.pieces = self.rows.parse(workbook.archive.open(path))
        self._find_titles()

    @property
    def last_row(self) -> int:
        """The number of the last row that was read."""
        return self.rows.row

    def _find_titles(self) -> None:
        """Read as far as the first row that is not blank."""
        while not self.titles and (parsed_bytes := next(self.pieces, 0)):
            self.parsed_bytes = parsed_bytes
        if not self.titles:
            raise Unreadable(EMPTY)

    def batches(self) -> Iterator[CellBatch]:
        """Yield the rows below the header."""
        for parsed_bytes in self.pieces:
            self.parsed_bytes = parsed_bytes
            if self.builder.is_full:
                yield from self._flush()
        yield from self._flush()

    def _flush(self) -> Iterator[CellBatch]:
        """Yield the collected rows, normalised."""
        self.characters += self.builder.characters
        check_unpacked(self.characters, self.limits)
        yield from map(normalise_batch, self.builder.flush())

    def add_row(self, sheet_row: SheetRow) -> None:
        """Add a row; the first one that is not blank has the titles."""
        row, cells = sheet_row.number, sheet_row.cells
        last = max((column for column, cell in cells.items() if not is_blank(cell)), default=0)
        width = len(self.titles)
        if width and last <= width:
            self.builder.add(row, [cells.get(column) for column in range(1, width + 1)])
            if sheet_row.shown_as or sheet_row.is_hidden:
                shown_as = {at - 1: kind for at, kind in sheet_row.shown_as.items() if at <= width}
                self.builder.add_shown(shown_as, sheet_row.is_hidden)
        elif width:
            text = "\t".join(cell or "" for cell in cells.values())[: self.limits.cell_length]
            self.builder.add_fault(
                row,
                (
                    f"The row has a cell in column {last}, the header ends with column {width}. "
                    "Name every column, or clear the cells beyond them."
                ),
                text,
            )
        elif last:
            check_width(last, self.limits)
            self.titles_row = row
            self.titles = titles_of([cells.get(at) for at in range(1, last + 1)], self.limits)
            self.builder = BatchBuilder(self.titles)
