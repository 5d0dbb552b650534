"""What an Excel sheet holds, for whoever wants to know before a file is made."""

from flaskr.errors import ClaimBookError

MOST_ROWS = 1_048_575  # below the header
LONGEST_TEXT = 32_767  # UTF-16 units of a cell; the book itself admits no more than 32,000
MOST_BYTES = 2**31 - 1  # of a sheet's XML, above which Excel does not open it


class SheetTooSmall(ClaimBookError):
    """More than a sheet holds; nothing of it is written, since half a book is no book."""


def check_rows(rows: int) -> None:
    """Raise SheetTooSmall for more rows than a sheet has."""
    if rows > MOST_ROWS:
        raise SheetTooSmall(
            f"An Excel sheet holds at most {MOST_ROWS:,} rows, and these are more. Use csv or "
            "parquet instead, or filter to fewer rows."
        )


def check_text(text: str) -> None:
    """Raise SheetTooSmall for a text that a cell would be cut to hold."""
    if len(text) + sum(character > "\uffff" for character in text) > LONGEST_TEXT:
        raise SheetTooSmall(
            f"A text is longer than the {LONGEST_TEXT:,} characters of an Excel cell. Use csv "
            "or parquet instead."
        )


def check_bytes(size: int) -> None:
    """Raise SheetTooSmall for texts that make a sheet larger than Excel opens."""
    if size > MOST_BYTES:
        raise SheetTooSmall(
            "The texts make this Excel sheet larger than 2 GiB, which Excel does not open. Use "
            "csv or parquet instead, filter to fewer rows or leave out the longest texts."
        )
