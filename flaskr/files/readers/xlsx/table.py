"""A sheet of a workbook: its titles, and its rows in batches."""

from collections.abc import Iterator

from flaskr.files.readers.cells import CellBatch, Gathering, settled_batch
from flaskr.files.readers.columnar import check_unpacked
from flaskr.files.readers.options import ReadingLimits, Unreadable
from flaskr.files.readers.titles import EMPTY, check_width, is_blank, titles_of
from flaskr.files.readers.xlsx.cells import CellReader
from flaskr.files.readers.xlsx.rows import Cells, SheetRows
from flaskr.files.readers.xlsx.workbook import Workbook


class Sheet:
    """The titles of a sheet, and its rows in batches."""

    def __init__(self, book: Workbook, name: str, limits: ReadingLimits) -> None:
        self.limits = limits
        self.titles: tuple[str, ...] = ()
        self.titles_row = 0
        self.gathering = Gathering(())
        self.characters = 0  # a text that many cells share unpacks to many
        path = book.places[name]
        self.size = max(1, book.archive.getinfo(path).file_size)
        self.fed = 0  # bytes of XML that have been parsed
        reader = CellReader(book.shared_texts(), book.day_styles(), book.is_1904)
        self.rows = SheetRows(reader, limits.cell_length, self.take)
        self.pieces = self.rows.parse(book.archive.open(path))
        self._find_titles()

    @property
    def last_row(self) -> int:
        """The number of the last row that was read."""
        return self.rows.row

    def _find_titles(self) -> None:
        """Read as far as the first row in which anything stands."""
        while not self.titles and (fed := next(self.pieces, 0)):
            self.fed = fed
        if not self.titles:
            raise Unreadable(EMPTY)

    def batches(self) -> Iterator[CellBatch]:
        """Yield the rows below the header."""
        for fed in self.pieces:
            self.fed = fed
            if self.gathering.is_full:
                yield from self.taken()
        yield from self.taken()

    def taken(self) -> Iterator[CellBatch]:
        """Yield what was gathered."""
        self.characters += self.gathering.characters
        check_unpacked(self.characters, self.limits)
        yield from map(settled_batch, self.gathering.taken())

    def take(self, row: int, cells: Cells) -> None:
        """Take a row: as the header, if there is none yet."""
        last = max((column for column, cell in cells.items() if not is_blank(cell)), default=0)
        width = len(self.titles)
        if width and last <= width:
            self.gathering.add(row, [cells.get(column) for column in range(1, width + 1)])
        elif width:
            text = "\t".join(cell or "" for cell in cells.values())[: self.limits.cell_length]
            self.gathering.refuse(
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
            self.gathering = Gathering(self.titles)
