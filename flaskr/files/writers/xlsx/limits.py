"""The limits of an Excel sheet, checked before and while a file is written."""

from flaskr.errors import ClaimBookError

MAX_ROWS = 1_048_575  # below the header
MAX_TEXT_UNITS = 32_767  # UTF-16 units of a cell; the book itself accepts at most 32,000
MAX_SHEET_BYTES = 2**31 - 1  # of a sheet's XML; Excel does not open a larger one


class SheetTooSmall(ClaimBookError):
    """The rows or texts do not fit an Excel sheet; nothing is written."""


def check_rows(rows: int) -> None:
    """Raise SheetTooSmall for more rows than a sheet can have."""
    if rows > MAX_ROWS:
        raise SheetTooSmall(
            f"An Excel sheet holds at most {MAX_ROWS:,} rows, and these are more. Use csv or "
            "parquet instead, or filter to fewer rows."
        )


def check_text(text: str) -> None:
    """Raise SheetTooSmall for a text that a cell would truncate."""
    if len(text) + sum(character > "\uffff" for character in text) > MAX_TEXT_UNITS:
        raise SheetTooSmall(
            f"A text is longer than the {MAX_TEXT_UNITS:,} characters of an Excel cell. Use csv "
            "or parquet instead."
        )


def check_bytes(size: int) -> None:
    """Raise SheetTooSmall for a sheet larger than Excel can open."""
    if size > MAX_SHEET_BYTES:
        raise SheetTooSmall(
            "The texts make this Excel sheet larger than 2 GiB, which Excel does not open. Use "
            "csv or parquet instead, filter to fewer rows or leave out the longest texts."
        )
