"""Find the row of the titles among the first rows of a file."""

import re
from collections.abc import Callable, Sequence
from statistics import median

from flaskr.files.readers.options import ReadingOptions, Unreadable
from flaskr.files.readers.titles import is_blank

FirstRow = tuple[int, Sequence[str | None]]  # the number of a row that is not blank, and its cells
KnowsTitle = Callable[[str], bool]
_ROWS_LOOKED_AT = 40
_LAST_PLACE = 25  # the titles are one of so many first rows that are not blank
_LAST_CHOICE = 1000
_COLUMNS_LOOKED_AT = 200
_LONGEST_NOTE = 120
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.]+(?:Z|[-+][0-9:]+)?", re.ASCII)


class HeaderFinder:
    """Finds the titles: in the row that was chosen, else in the first that reads as titles.

    `knows_title` says whether the book has a column of that title.
    """

    def __init__(self, options: ReadingOptions, knows_title: KnowsTitle | None = None) -> None:
        self.chosen = options.header_row
        self.is_exact = options.is_exact
        self.knows_title = knows_title

    def has_enough(self, count: int, row: int) -> bool:
        """Whether so many rows that are not blank, the last with that number, tell the titles."""
        is_told = self.is_exact or count >= _ROWS_LOOKED_AT or row > _LAST_CHOICE
        return is_told and row >= min(self.chosen, _LAST_CHOICE)

    def place(self, rows: Sequence[FirstRow]) -> int:
        """Return the position of the titles in the first rows; raises Unreadable."""
        if self.chosen:
            return self._chosen_place(rows)
        if self.is_exact or len(rows) < 2:
            return 0
        return self._known_place(rows) or self._wide_place(rows)

    def _chosen_place(self, rows: Sequence[FirstRow]) -> int:
        """Return the position of the row that was chosen."""
        for place, (number, _) in enumerate(rows):
            if number == self.chosen:
                return place
        raise Unreadable(
            f"Row {self.chosen} is blank, or not one of the first {_LAST_CHOICE:,}. Choose the row "
            "of the titles."
        )

    def known_titles(self, cells: Sequence[str | None]) -> int:
        """Return how many different titles of the book are in a row."""
        if self.knows_title is None:
            return 0
        texts = {cell.strip() for cell in cells[:_COLUMNS_LOOKED_AT] if cell and not is_blank(cell)}
        return sum(map(self.knows_title, (text for text in texts if _is_title(text))))

    def _known_place(self, rows: Sequence[FirstRow]) -> int:
        """Return the position of the row with most titles that the book knows; 0 if none has."""
        known = [self.known_titles(cells) for _, cells in rows[:_LAST_PLACE]]
        most = max(known)
        if most > 1 or (most and not _is_wide(rows, 0)):
            best = [place for place, count in enumerate(known) if count == most]
            return next((place for place in best if _is_wide(rows, place)), best[0])
        return 0

    def _wide_place(self, rows: Sequence[FirstRow]) -> int:
        """Return the position of the first row of texts as wide as those below; 0 for no doubt."""
        if _is_wide(rows, 0) or (self.known_titles(rows[0][1])):
            return 0
        last = min(_LAST_PLACE, len(rows) - 1)
        return next((at for at in range(last) if _has_titles(rows, at)), 0)


def _is_title(text: str) -> bool:
    """Whether a text can be a title, not a number, a day or a sentence about a fault."""
    has_letter = any(letter.isalpha() for letter in text)
    return has_letter and "\0" not in text and not _INSTANT.fullmatch(text)


def _filled(cells: Sequence[str | None]) -> list[str]:
    """Return the cells of a row that are not blank."""
    return [cell.strip() for cell in cells if cell and not is_blank(cell)]


def _is_wide(rows: Sequence[FirstRow], place: int) -> bool:
    """Whether a row has as many cells as the rows below usually have."""
    below = [len(_filled(cells)) for _, cells in rows[place + 1 :]]
    return not below or len(_filled(rows[place][1])) >= median(below)


def _has_titles(rows: Sequence[FirstRow], place: int) -> bool:
    """Whether a row has several different titles, as many cells as the rows below, and no other."""
    texts = [text.casefold() for text in _filled(rows[place][1])]
    are_titles = all(map(_is_title, texts)) and 2 <= len(set(texts)) == len(texts)
    return are_titles and _is_wide(rows, place)


def note_of_rows_above(rows: Sequence[FirstRow], place: int) -> list[str]:
    """Return a sentence on the rows above the titles, if there are some."""
    if not place:
        return []
    titles_row, above = rows[place][0], rows[:place]
    first, last = above[0][0], above[-1][0]
    which = (
        f"Row {first} above it was" if first == last else f"Rows {first} to {last} above it were"
    )
    text = " · ".join(" ".join(_filled(cells)) for _, cells in above)
    if len(text) > _LONGEST_NOTE:
        text = f"{text[:_LONGEST_NOTE]}…"
    return [f"The titles are in row {titles_row}. {which} left out: “{text}”."]
