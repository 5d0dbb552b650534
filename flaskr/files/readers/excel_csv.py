"""CSV for Swedish Excel: read like other CSV, recognised by its BOM, with decimal commas."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from flaskr.files.writers.excel_csv import BOM


def is_excel_csv(path: Path) -> bool:
    """Whether a file begins with the BOM that CSV for Excel has and other exported CSV has not."""
    with path.open("rb") as file:
        return file.read(len(BOM)) == BOM


def with_decimal_points(amounts: pa.StringArray) -> pa.StringArray:
    """Return amounts with decimal points for commas; a point becomes `?`, which no amount has."""
    return pc.replace_substring(pc.replace_substring(amounts, ".", "?"), ",", ".")
