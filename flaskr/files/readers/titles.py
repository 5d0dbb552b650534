"""The titles of a file: its first row, which names the columns."""

from collections.abc import Sequence

from flaskr.files.readers.options import ReadingLimits, Unreadable

EMPTY = "The file is empty. Its first row names the columns."
_LONGEST_TITLE = 200


def is_blank(cell: str | None) -> bool:
    """Whether a cell is missing, empty or only white space."""
    return not cell or cell.isspace()


def filled_width(cells: Sequence[str | None]) -> int:
    """Return the number of cells up to the last one that is not blank."""
    return max((at for at, cell in enumerate(cells, 1) if not is_blank(cell)), default=0)


def titles_of(
    cells: Sequence[str | None], limits: ReadingLimits, allows_blank: bool = False
) -> tuple[str, ...]:
    """Return the titles in a row of cells, trimmed, without blank ones at the end.

    `allows_blank`: titles before the last one may be blank, "". Raises Unreadable for no titles,
    too many, a blank or unreadable one, and two that are equal when case is ignored.
    """
    width = filled_width(cells)
    if not width:
        raise Unreadable(EMPTY)
    check_width(width, limits)
    titles = tuple((cell or "").strip() for cell in cells[:width])
    known: dict[str, str] = {}
    for number, title in enumerate(titles, 1):
        if not title and allows_blank:
            continue
        _check_title(number, title)
        key = title.casefold()
        if key in known:
            raise Unreadable(
                f"Two columns are named “{known[key]}” and “{title}”. Rename or remove one of them."
            )
        known[key] = title
    return titles


def check_width(width: int, limits: ReadingLimits) -> None:
    """Raise Unreadable for more columns than the limit."""
    if width > limits.columns:
        raise Unreadable(
            f"The file has {width:,} columns, over {limits.columns:,}. Keep only those that "
            "are needed."
        )


def _check_title(number: int, title: str) -> None:
    """Raise Unreadable for a title that cannot name a column."""
    if not title:
        raise Unreadable(f"Column {number} has no title. Name it in the first row, or remove it.")
    if "\0" in title:
        why = title.removeprefix("\0").strip() or "It is not a text. Type it as text."
        raise Unreadable(f"The title of column {number} cannot be read. {why}")
    if len(title) > _LONGEST_TITLE:
        raise Unreadable(
            f"The title of column {number} has over {_LONGEST_TITLE} characters. Shorten it: "
            "the first row names the columns."
        )
    if any("\ud800" <= character <= "\udfff" for character in title):
        raise Unreadable(f"The title of column {number} has half a character. Type it again.")
