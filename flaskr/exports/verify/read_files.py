"""What is found in a file that is given: what the isolated process returns to the web process."""

from dataclasses import dataclass
from decimal import Decimal

from flaskr.files.formats import FileFormat


@dataclass(frozen=True)
class ReadFacts:
    """What was read of a file.

    `totals` are the columns added up; where something that is not an amount stands in one, a
    sentence that says what and in which row, rows counted from 1 below the header.
    """

    file_format: FileFormat
    is_excel_csv: bool
    columns: tuple[str, ...]
    rows: int
    totals: dict[str, Decimal | str]
