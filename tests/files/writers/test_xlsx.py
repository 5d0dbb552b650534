import io
import zipfile
from datetime import date, datetime
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaskr.facts.columns import Column
from flaskr.facts.kinds import Kind
from flaskr.files.writers.xlsx.limits import (
    MAX_ROWS,
    MAX_SHEET_BYTES,
    SheetTooSmall,
    check_bytes,
    check_rows,
)
from flaskr.files.writers.xlsx.sheet import SheetWriter
from tests.files.writers.any_rows import (
    COLUMNS,
    LONG_TEXTS,
    ODD_TEXTS,
    Row,
    amounts,
    few,
    frame_of,
    rows,
    written,
)  # fmt: skip
from tests.optional import optional

openpyxl = optional("openpyxl")
unescape = optional("openpyxl.utils.escape").unescape

MADE = ("00123", "open", date(2024, 2, 29), Decimal("-1234.50"), "=1+1")


def body_of(generated: list[Row]) -> bytes:
    return written(SheetWriter, [frame_of(generated)])


def sheet_of(body: bytes):
    return openpyxl.load_workbook(io.BytesIO(body)).active


def text_in(cell) -> str | None:
    """The text that Excel shows: openpyxl does not decode _xHHHH_."""
    return None if cell.value is None else unescape(cell.value)


def day_in(cell) -> date | None:
    if isinstance(cell.value, datetime):
        assert cell.number_format == "yyyy-mm-dd"
        return cell.value.date()
    return cell.value and date.fromisoformat(cell.value)


def amount_in(cell) -> Decimal | None:
    """The amount: the shortest digits of the cell's float, or its text."""
    if isinstance(cell.value, float):
        assert cell.number_format == "#,##0.00"
        return Decimal(repr(cell.value)).quantize(Decimal("0.01"))
    return cell.value and Decimal(cell.value)


def read_back(body: bytes, count: int) -> list[Row]:
    readers = (text_in, text_in, day_in, amount_in, text_in)
    found = list(sheet_of(body).iter_rows(min_row=2, max_row=count + 1)) if count else []
    return [tuple(read(cell) for read, cell in zip(readers, row, strict=True)) for row in found]


@few
@given(rows)
def test_every_row_comes_back_and_missing_values_differ_from_empty_texts(generated):
    assert read_back(body_of(generated), len(generated)) == generated


@few
@given(st.lists(amounts, max_size=60))
def test_every_amount_comes_back_exactly_and_is_text_if_over_15_digits(generated):
    sheet = sheet_of(body_of([("a", None, None, amount, None) for amount in generated]))

    for cell, amount in zip(sheet["D"][1:], generated, strict=True):
        assert amount_in(cell) == amount
        is_long = amount is not None and not -(10**13) < amount < 10**13
        assert (cell.data_type == "s") is is_long


@few
@given(rows)
def test_the_same_rows_give_the_same_bytes_whatever_the_size_of_the_frames(generated):
    whole = body_of(generated)

    assert body_of(generated) == whole
    assert written(SheetWriter, [frame_of([row]) for row in generated]) == whole


@pytest.mark.parametrize("text", [*ODD_TEXTS, *LONG_TEXTS, " \n a \t ", "\r\n", "'", "@a"])
def test_unusual_texts_and_the_longest_come_back_as_text(text):
    cell = sheet_of(body_of([(text, None, None, None, None)]))["A2"]

    assert text_in(cell) == text
    assert (cell.data_type, cell.number_format) == ("s", "@")


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        (date(1, 1, 1), "s"),
        (date(1900, 2, 28), "s"),
        (date(1900, 3, 1), "d"),
        (date(9999, 12, 31), "d"),
    ],
)
def test_dates_that_excel_does_not_have_are_written_as_text(day, kind):
    cell = sheet_of(body_of([("a", None, day, None, None)]))["C2"]

    assert (day_in(cell), cell.data_type) == (day, kind)


def test_the_header_is_bold_and_frozen_and_every_column_has_a_filter():
    sheet = sheet_of(body_of([MADE, MADE]))

    assert [cell.value for cell in sheet[1]] == [column.name for column in COLUMNS]
    assert all(cell.font.bold for cell in sheet[1])
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:E3"
    assert all(sheet.column_dimensions[name].width > 11 for name in "ABCDE")
    assert sheet.title == "Claims"


def test_no_formula_runs_and_no_address_becomes_a_link():
    sheet = sheet_of(body_of([('=HYPERLINK("http://x")', "+1", None, None, "http://x")]))

    assert [cell.data_type for cell in sheet[2] if cell.value] == ["s", "s", "s"]
    assert sheet["E2"].hyperlink is None


def test_an_empty_text_has_a_cell_and_a_missing_one_has_none():
    with zipfile.ZipFile(io.BytesIO(body_of([("", None, None, None, None)]))) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()

    (cells,) = sheet.split('<row r="2">')[1].split("</row>")[:1]
    assert cells.count("<c ") == 1
    assert '<c r="A2"' in cells


def test_an_empty_file_is_a_header():
    sheet = sheet_of(written(SheetWriter, []))

    assert (sheet.max_row, sheet.max_column) == (1, 5)


def test_the_file_does_not_contain_the_time_it_was_made():
    with zipfile.ZipFile(io.BytesIO(body_of([MADE]))) as archive:
        assert archive.testzip() is None
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive.read("docProps/core.xml").count(b"2000-01-01T00:00:00Z") == 2


def test_pandas_and_a_streaming_reader_get_all_rows():
    body = body_of([MADE] * 5000)

    frame = pd.read_excel(io.BytesIO(body), engine="openpyxl", dtype={"reference": str})
    assert (len(frame), frame["reference"][4999], frame["amount"].sum()) == (
        5000, "00123", -6_172_500,
    )  # fmt: skip
    sheet = openpyxl.load_workbook(io.BytesIO(body), read_only=True).active
    assert sum(1 for _ in sheet.iter_rows()) == 5001


def test_columns_beyond_z_and_other_titles_are_right():
    wide = tuple(Column(f"c{n}", Kind.TEXT, "", "") for n in range(30))
    file = io.BytesIO()
    writer = SheetWriter(file, wide, title="Policies")
    writer.write(pd.DataFrame({c.name: pd.array([c.name], "string[pyarrow]") for c in wide}))
    writer.close()

    sheet = sheet_of(file.getvalue())
    assert sheet.title == "Policies"
    assert [cell.value for cell in sheet[2]] == [cell.value for cell in sheet[1]]


def test_more_rows_than_a_sheet_can_have_are_refused():
    check_rows(MAX_ROWS)

    with pytest.raises(SheetTooSmall, match="holds at most 1,048,575 rows.* Use csv or parquet"):
        check_rows(MAX_ROWS + 1)


def test_a_sheet_takes_the_maximum_of_rows_and_refuses_one_more():
    writer = SheetWriter(io.BytesIO(), COLUMNS)
    writer.rows = MAX_ROWS - 1

    writer.write(frame_of([MADE]))
    with pytest.raises(SheetTooSmall):
        writer.write(frame_of([MADE]))
    writer.close()


@pytest.mark.parametrize("text", ["a" * 32_768, "😀" * 16_384])
def test_a_text_that_a_cell_would_truncate_is_refused(text):
    assert text_in(sheet_of(body_of([(text[:-1], None, None, None, None)]))["A2"]) == text[:-1]

    with pytest.raises(SheetTooSmall, match="32,767 characters"):
        body_of([(text, None, None, None, None)])


def test_a_sheet_larger_than_excel_opens_is_refused():
    check_bytes(MAX_SHEET_BYTES)

    with pytest.raises(SheetTooSmall, match="2 GiB"):
        check_bytes(MAX_SHEET_BYTES + 1)
