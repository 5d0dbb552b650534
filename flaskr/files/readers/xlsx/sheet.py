"""Read a sheet of a workbook: its titles, and its rows in batches."""

from collections.abc import Iterator

from flaskr.files.readers.cells import BatchBuilder, CellBatch, normalise_batch
from flaskr.files.readers.columnar import check_unpacked
from flaskr.files.readers.header import HeaderFinder, note_of_rows_above
from flaskr.files.readers.options import ReadingLimits, ReadingOptions, Unreadable
from flaskr.files.readers.titles import EMPTY, check_width, is_blank, titles_of
from flaskr.files.readers.xlsx.cells import CellReader
from flaskr.files.readers.xlsx.rows import RowParser, SheetRow
from flaskr.files.readers.xlsx.tables import totals_rows
from flaskr.files.readers.xlsx.workbook import Workbook

_MOST_FIRST_CHARACTERS = 4 * 1024**2


class SheetReader:
    """The titles of a sheet, and its rows in batches."""

    def __init__(
        self,
        workbook: Workbook,
        name: str,
        options: ReadingOptions,
        limits: ReadingLimits,
        finder: HeaderFinder,
    ) -> None:
        self.is_exact = options.is_exact
        self.limits = limits
        self.finder = finder
        self.notes: list[str] = []
        self.first_rows: list[SheetRow] = []  # until the titles are found among them
        self.first_characters = 0
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
            self.is_exact,
        )
        self.totals = {} if self.is_exact else totals_rows(workbook, path)
        self.rows = RowParser(reader, limits.cell_length, self.add_row)
        self.pieces = self.rows.parse(workbook.archive.open(path))
        self._find_titles()

    @property
    def last_row(self) -> int:
        """The number of the last row that was read."""
        return self.rows.row

    def _find_titles(self) -> None:
        """Read the first rows, and find the titles among them."""
        while not self.titles and (parsed_bytes := next(self.pieces, 0)):
            self.parsed_bytes = parsed_bytes
        if not self.titles:
            self._begin_table()

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

    def add_row(self, row: SheetRow) -> None:
        """Add a row; the first ones that are not blank are kept until the titles are known."""
        if self.titles:
            self._add_below(row)
        elif _last_column(row):
            self.first_rows.append(row)
            self.first_characters += sum(len(cell or "") for cell in row.cells.values())
            is_much = self.first_characters > _MOST_FIRST_CHARACTERS
            if is_much or self.finder.has_enough(len(self.first_rows), row.number):
                self._begin_table()

    def _begin_table(self) -> None:
        """Find the titles among the first rows, and add the rows below them."""
        if not self.first_rows:
            raise Unreadable(EMPTY)
        rows = [(row.number, _cells_of(row)) for row in self.first_rows]
        place = self.finder.place(rows)
        self.notes += note_of_rows_above(rows, place)
        self.titles_row, cells = rows[place]
        check_width(len(cells), self.limits)
        self.titles = titles_of(cells, self.limits, allows_blank=not self.is_exact)
        self.builder = BatchBuilder(self.titles)
        below = self.first_rows[place + 1 :]
        self.first_rows = []
        for row in below:
            self._add_below(row)

    def _add_below(self, row: SheetRow) -> None:
        """Add a row below the titles, unless it is the totals row of a table."""
        cells, width = row.cells, len(self.titles)
        if row.number in self.totals and _is_within(row, self.totals[row.number]):
            self.notes.append(f"Row {row.number} is the totals row of the table: left out.")
        elif (last := _last_column(row)) <= width:
            self.builder.add(row.number, [cells.get(column) for column in range(1, width + 1)])
            if row.shown_as or row.is_hidden:
                self.builder.add_shown(row.shown_as, row.is_hidden)
        else:
            text = "\t".join(cell or "" for cell in cells.values())[: self.limits.cell_length]
            self.builder.add_fault(
                row.number,
                (
                    f"The row has a cell in column {last}, the header ends with column {width}. "
                    "Name every column, or clear the cells beyond them."
                ),
                text,
            )


def _last_column(row: SheetRow) -> int:
    """Return the number of the last column that is not blank in a row, 0 if all are blank."""
    return max((column for column, cell in row.cells.items() if not is_blank(cell)), default=0)


def _is_within(row: SheetRow, columns: range) -> bool:
    """Whether all the cells of a row that are not blank are in these columns."""
    return all(column in columns for column, cell in row.cells.items() if not is_blank(cell))


def _cells_of(row: SheetRow) -> list[str | None]:
    """Return the cells of a row as a list, as far as the last that is not blank."""
    return [row.cells.get(column) for column in range(1, _last_column(row) + 1)]
