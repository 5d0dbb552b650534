"""Files from our own writers are read back unchanged."""

from decimal import Decimal
from functools import partial

import pytest
from hypothesis import given

from flaskr.files.writers.arrow import ArrowWriter
from flaskr.files.writers.csv import CsvWriter
from flaskr.files.writers.excel_csv import ExcelCsvWriter
from flaskr.files.writers.json_lines import JsonLinesWriter
from flaskr.files.writers.parquet import ParquetWriter
from flaskr.files.writers.xlsx.sheet import SheetWriter
from tests.files.readers.reads import rows_of
from tests.files.writers.any_rows import LONG_TEXTS, few, frame_of, rows, written

WRITERS = {
    "csv": (partial(written, CsvWriter), {}),
    "csv raw": (partial(written, CsvWriter), {"is_raw": True}),
    "excel-sv": (partial(written, ExcelCsvWriter), {}),
    "excel-sv raw": (partial(written, ExcelCsvWriter), {"is_raw": True}),
    "xlsx": (partial(written, SheetWriter), {}),
    "jsonl": (partial(written, JsonLinesWriter), {}),
    "parquet": (partial(written, ParquetWriter), {}),
    "arrow": (partial(written, ArrowWriter), {}),
}
TYPED = ("parquet", "arrow")


def as_read(form, row):
    """The row as it should come back: all texts if the format has only texts."""
    reference, word, day, amount, description = row
    if form not in TYPED:
        day = None if day is None else day.isoformat()
        amount = None if amount is None else amount_text(form, amount)
    return (reference, word, day, amount, description)


def amount_text(form, amount):
    text = f"{amount:.2f}"
    if form.startswith("excel"):
        return text.replace(".", ",")
    if form == "xlsx" and len(text.lstrip("-")) <= 16:  # a number, without what is not needed
        plain = format(Decimal(text).normalize(), "f")
        return "0" if plain == "-0" else plain
    return text


@pytest.mark.parametrize("form", WRITERS)
@few
@given(generated=rows)
def test_every_row_comes_back_under_its_number(form, generated, tmp_path_factory):
    write, options = WRITERS[form]
    raw = (options.get("is_raw", False),) if "csv" in form or "excel" in form else ()
    content = write([frame_of(generated)], *raw)
    path = tmp_path_factory.mktemp("file") / "file"
    if not content:
        return  # JSON lines without rows have no titles

    found = rows_of(path, content, **options)

    first = 2 if form not in ("jsonl", *TYPED) else 1
    numbered = [(number, as_read(form, row)) for number, row in enumerate(generated, first)]
    assert found == [
        (number, row) for number, row in numbered if any(v not in (None, "") for v in row)
    ]


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize("text", LONG_TEXTS, ids=range(len(LONG_TEXTS)))
def test_the_longest_texts_come_back(form, text, path):
    write, options = WRITERS[form]
    raw = (options.get("is_raw", False),) if "csv" in form or "excel" in form else ()

    ((_, row),) = rows_of(
        path, write([frame_of([(text, None, None, None, None)])], *raw), **options
    )

    assert row == (text, None, None, None, None)
