"""What the isolated process returns about a file to verify."""

from dataclasses import dataclass
from decimal import Decimal

from flaskr.files.formats import FileFormat


@dataclass(frozen=True)
class ReadFacts:
    """The facts of a file that was read.

    `totals` are the sums of the amount columns, or a sentence for a column with something that is
    not an amount: what, and in which row, counted from 1 below the header.
    """

    file_format: FileFormat
    is_excel_csv: bool
    columns: tuple[str, ...]
    rows: int
    totals: dict[str, Decimal | str]
