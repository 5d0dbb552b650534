"""How a spreadsheet shows a number: as a day, a percentage or a currency."""

import io
from datetime import datetime

import pytest

from flaskr.files.readers.dispatch import open_table
from flaskr.files.readers.options import ReadingOptions
from flaskr.files.readers.xlsx.number_formats import currency_shown
from tests.files.readers.reads import LIMITS, rows_of
from tests.files.readers.test_xlsx import workbook_of
from tests.imports.cases.doors import case
from tests.optional import optional

Workbook = optional("openpyxl").Workbook


def batches_of(path, **options):
    with open_table(path, ReadingOptions(**options), LIMITS) as table:
        return list(table.batches())


def shown_as(path, content: bytes | None = None) -> dict[str, list[str | None]]:
    """By title, how the cells of a file are shown."""
    if content is not None:
        path.write_bytes(content)
    (batch,) = batches_of(path)
    return {title: kinds.to_pylist() for title, kinds in batch.shown_as.items()}


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("[$€-407] #,##0.00", "€"),
        ("#,##0.00\\ [$€-1]", "€"),
        ("[$€-x-euro2] #,##0", "€"),
        ("#,##0.00 [$EUR]", "EUR"),
        ('"EUR" #,##0.00', "EUR"),
        ("#,##0.00\\ \\E\\U\\R", "EUR"),
        ('_-* #,##0.00\\ "kr"_-;\\-* #,##0.00\\ "kr"_-', "kr"),
        ("#,##0.00\\ [$kr-41D]", "SEK"),
        ("#,##0.00\\ [$kr-sv-SE]", "SEK"),
        ("[$kr-414] #,##0.00", "NOK"),
        ("[$kr.-406] #,##0.00", "DKK"),
        ("#,##0.00\\ [$kr-da-DK]", "DKK"),
        ("[$$-409]#,##0.00", "USD"),
        ("[$$-1010409]#,##0.00", "USD"),
        ('"$"#,##0.00_);[Red]\\("$"#,##0.00\\)', "$"),
        ("$#,##0", "$"),
        ("[$£-809]#,##0.00", "£"),
        ('#,##0 "tkr"', "tkr"),
        ('#,##0.00 "zł"', "zł"),
        ("[$-41D]#,##0.00", ""),
        ("General", ""),
        ("0.00E+00", ""),
        ('#,##0.00" st"', ""),
        ("[Red]-#,##0.00;[Blue]0", ""),
        ("_(* #,##0.00_);_(* \\(#,##0.00\\)", ""),
    ],
)
def test_a_number_format_names_its_currency_by_code_or_sign(code, shown):
    assert currency_shown(code) == shown


def test_days_percentages_and_currencies_are_said_by_title_and_other_cells_are_null(path):
    day = datetime(2024, 1, 5)  # noqa: DTZ001
    rows = [["a", "b", "c", "d"], [day, 0.5, 1234.5, 7], ["x", 0.25, 1, 8], [3, 4, 5, 9]]
    content = workbook_of(*rows, A2="yyyy-mm-dd", B2="0%", B3="0.0%", C2='#,##0.00 "EUR"')

    assert shown_as(path, content) == {
        "a": ["day", None, None],
        "b": ["percentage", "percentage", None],
        "c": ["EUR", None, None],
    }
    assert rows_of(path, content)[0] == (2, ("2024-01-05", "0.5", "1234.5", "7"))


def test_a_day_whose_format_hides_the_time_is_that_day_and_another_keeps_it(path):
    noon = datetime(2024, 1, 5, 12, 30)  # noqa: DTZ001
    formats = {"A2": "yyyy-mm-dd", "B2": "dd/mm/yy h:mm", "C2": "[h]:mm", "D2": "d mmm"}
    content = workbook_of(["a", "b", "c", "d"], [noon] * 4, **formats)

    assert rows_of(path, content) == [
        (2, ("2024-01-05", "2024-01-05T12:30:00", "2024-01-05T12:30:00", "2024-01-05"))
    ]
    assert shown_as(path, content) == dict.fromkeys("abcd", ["day"])


def test_the_euro_of_a_sheet_and_a_day_in_the_place_of_a_reference_are_said(path):
    euro, turned = shown_as(case(20)), shown_as(case(18))

    assert (euro["paid"], euro["outstanding"]) == (["€"], ["€"])
    assert turned["claim_reference"] == ["day"]


def test_rows_that_a_filter_hides_are_numbered_and_keep_what_their_cells_show(path):
    book = Workbook()
    for row in (["a", "b"], [1, 0.5], [None, None], [2, 0.5], [3, 0.5]):
        book.active.append(row)
    book.active["B4"].number_format = "0%"
    book.active.row_dimensions[4].hidden = True
    file = io.BytesIO()
    book.save(file)
    path.write_bytes(file.getvalue())

    (batch,) = batches_of(path)

    assert batch.hidden == {4}
    assert batch.rows.to_pylist() == [2, 4, 5]
    assert batch.shown_as["b"].to_pylist() == [None, "percentage", None]
