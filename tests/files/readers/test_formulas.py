"""Formulas without a value that can be trusted, and texts with phonetic runs."""

import pytest

from flaskr.files.readers.options import Unreadable
from tests.files.readers.bombs import workbook
from tests.files.readers.reads import read, rows_of
from tests.imports.cases.doors import case

NOT_YET = "not calculated yet"


@pytest.mark.parametrize(
    "value",
    [
        "<c><f>1+1</f><v>0</v></c>",
        "<c><f>1+1</f><v>2</v></c>",
        "<c><f>1+1</f><v></v></c>",
        "<c><f>1+1</f></c>",
        '<c t="str"><f>A1</f><v></v></c>',
        '<c t="str"><f>A1</f><v>x</v></c>',
        '<c t="e"><f>1/0</f><v>#N/A</v></c>',
        '<c t="b"><f>TRUE</f><v>1</v></c>',
        '<c><f t="shared" si="0"/><v>0</v></c>',
    ],
)
def test_a_formula_of_a_workbook_that_was_never_calculated_has_no_value(path, value):
    (cell,) = rows_of(path, workbook(f'<row r="2">{value}</row>', is_saved=False))[0][1]

    assert cell.startswith("\0")
    assert NOT_YET in cell
    assert "Open the workbook in Excel and save it" in cell


def test_the_cells_that_an_array_formula_fills_have_no_value_either(path):
    rows = (
        '<row r="2"><c r="A2"><f t="array" ref="A2:A3">B2:B3*2</f><v>0</v></c></row>'
        '<row r="3"><c r="A3"><v>0</v></c></row><row r="4"><c r="A4"><v>5</v></c></row>'
    )

    cells = [cell for _, (cell,) in rows_of(path, workbook(rows, is_saved=False))]

    assert [NOT_YET in cell for cell in cells] == [True, True, False]
    assert [cell for _, (cell,) in rows_of(path, workbook(rows))] == ["0", "0", "5"]


@pytest.mark.parametrize(
    "value", ["<c><f>1+1</f></c>", "<c><f>1+1</f><v/></c>", '<c t="str"><f>A1</f><v></v></c>']
)
def test_a_formula_without_a_value_has_none_in_a_calculated_workbook_either(path, value):
    content = workbook(f'<row r="2">{value}<c><v>7</v></c></row>', titles="ab")

    ((_, (cell, other)),) = rows_of(path, content)

    assert NOT_YET in cell
    assert other == "7"


def test_a_row_in_which_formulas_give_only_empty_texts_is_blank(path):
    empty = '<c t="str"><f>IF(B2="","",B2)</f><v></v></c>'
    rows = f'<row r="2"><c><v>1</v></c></row><row r="3">{empty}</row>'

    assert rows_of(path, workbook(rows)) == [(2, ("1",))]


def test_the_formulas_of_a_workbook_that_xlsxwriter_wrote_have_no_value():
    _, ((_, (_, day, paid, outstanding)),), _ = read(case(1))

    assert day == "2024-01-05"
    assert NOT_YET in paid
    assert NOT_YET in outstanding


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ('<r><t>Rear-end</t></r><rPh sb="0" eb="1"><t>yomi</t></rPh>', "Rear-end"),
        ('<t>Rear-end</t><rPh sb="0" eb="1"><t>yomi</t></rPh><phoneticPr fontId="1"/>', "Rear-end"),
        (
            '<r><t>Rear</t></r><r><rPr><b/></rPr><t>-end</t></r><rPh sb="0" eb="1"><t>a</t></rPh>'
            '<rPh sb="1" eb="2"><t>b</t></rPh>',
            "Rear-end",
        ),
    ],
)
def test_a_text_that_ends_with_phonetic_runs_keeps_its_text(path, inside, expected):
    row = f'<row r="2"><c t="inlineStr"><is>{inside}</is></c></row>'
    shared = (
        '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f"<si>{inside}</si></sst>"
    )
    cell = '<row r="2"><c t="s"><v>0</v></c></row>'
    parts = {"xl/sharedStrings.xml": shared.encode()}

    assert rows_of(path, workbook(row)) == [(2, (expected,))]
    assert rows_of(path, workbook(cell, **parts)) == [(2, (expected,))]


def test_a_title_that_is_a_formula_without_a_value_is_refused_by_its_column(path):
    title = '<c t="inlineStr"><is><t>a</t></is></c><c><f>"b"</f></c>'
    content = workbook(f'<row r="2">{title}</row><row r="3"><c><v>1</v></c></row>')

    with pytest.raises(Unreadable, match="title of column 2 cannot be read.*not calculated yet"):
        rows_of(path, content, header_row=2)
