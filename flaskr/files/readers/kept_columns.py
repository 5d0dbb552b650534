"""Leave out the columns that are no part of a table: an index without a title, empty columns."""

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from flaskr.files.readers.cells import CellBatch, batch_of, is_filled
from flaskr.files.readers.options import Unreadable

# How pandas calls an index that has no name: in CSV that it reads, and in Parquet that it writes.
_INDEX_TITLE = re.compile(r"unnamed: [0-9]+(?:[._][0-9]+)*|__index_level_[0-9]+__", re.IGNORECASE)
_PARQUET_INDEX = re.compile(r"__index_level_[0-9]+__")


class KeptColumns:
    """The columns of a table that are read, from titles that may be blank.

    An index is the first column that has cells, if it has no title, and what pandas calls one at
    the beginning. Another column without a title must have no cells.
    """

    def __init__(self, titles: Sequence[str]) -> None:
        self.blank = [at for at, title in enumerate(titles) if not title]
        named = [
            at for at, title in enumerate(titles) if title and not _INDEX_TITLE.fullmatch(title)
        ]
        self.first = named[0] if named else 0
        self.named_index = [
            at
            for at, title in enumerate(titles)
            if title and (at < self.first or (named and _PARQUET_INDEX.fullmatch(title)))
        ]
        dropped = {*self.blank, *self.named_index}
        self.kept = [at for at in range(len(titles)) if at not in dropped]
        self.all_titles = tuple(titles)
        self.titles = tuple(titles[at] for at in self.kept)
        self.index: int | None = None  # the column without a title that has cells
        self.first_cells = ""  # of the index, as the note shows them

    @property
    def notes(self) -> list[str]:
        """Sentences on the columns that were left out, complete after the last batch."""
        notes = [
            f"Column {at + 1}, “{self.all_titles[at]}”, is the index of a data frame: left out."
            for at in self.named_index
        ]
        if self.index is not None:
            notes.append(
                f"Column {self.index + 1} has no title. It was taken for an index and left out: "
                f"{self.first_cells}."
            )
        if empty := [str(at + 1) for at in self.blank if at != self.index]:
            which = f"Column {empty[0]} is" if len(empty) == 1 else f"Columns {_listed(empty)} are"
            notes.append(f"{which} empty: left out.")
        return notes

    def select(self, batch: CellBatch) -> CellBatch:
        """Return a batch of the kept columns; raises Unreadable for cells without a title."""
        if len(self.kept) == len(self.all_titles):
            return batch
        for at in self.blank:
            self._check_blank(at, batch)
        columns = [batch.cells.column(at) for at in self.kept]
        shown_as = {title: kinds for title, kinds in batch.shown_as.items() if title in self.titles}
        return replace(batch, cells=batch_of(columns, self.titles), shown_as=shown_as)

    def _check_blank(self, at: int, batch: CellBatch) -> None:
        """Raise Unreadable if a column without a title has cells and is not the index."""
        filled = np.flatnonzero(is_filled(batch.cells.column(at)))
        if not len(filled) or at == self.index:
            return
        if self.index is None and at < self.first:
            self.index = at
            self.first_cells = _first_cells(batch, at, filled)
            return
        row = batch.rows[int(filled[0])].as_py()
        raise Unreadable(
            f"Column {at + 1} has no title, but row {row} has a cell in it. Name the column in the "
            "row of the titles, or remove it."
        )


def _first_cells(batch: CellBatch, at: int, filled: np.ndarray) -> str:
    """Return the first cells of a column as a sentence shows them."""
    shown = [f"“{batch.cells.column(at)[int(place)].as_py()!s:.40}”" for place in filled[:2]]
    return ", ".join([*shown, "…"] if len(filled) > 2 else shown)


def _listed(numbers: list[str]) -> str:
    """Return numbers with commas and “and”."""
    return f"{', '.join(numbers[:-1])} and {numbers[-1]}"
