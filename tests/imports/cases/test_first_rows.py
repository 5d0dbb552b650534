"""Files with rows and columns that are no claims, through each door."""

import io

import pytest

from tests.files.readers.test_xlsx import workbook_of
from tests.imports.cases.doors import case

ONE = {"C1": ("100.50", "200.00")}
TITLES = ["claim_reference", "loss_date", "paid", "outstanding"]
ROW = ["C1", "2024-01-05", 100.5, 200]
TABLE = "claim_reference;loss_date;paid;outstanding\r\nC1;2024-01-05;100,50;200,00\r\n"


def test_the_line_of_the_separator_is_no_header(door):
    door.bring(case(8))

    assert door.claims == {"SL1": ("1100.50", "200.00")}


@pytest.mark.parametrize("line", ['"sep=;"\r\n', "SEP=;\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_line_of_the_separator_may_be_written_otherwise(door, write, line, encoding):
    door.bring(write("sep.csv", (line + TABLE).encode(encoding)))

    assert door.claims == ONE


@pytest.mark.parametrize(
    ("suffix", "claims"), [(".csv", ("PI1", "PI2")), (".xlsx", ("PI3", "PI4"))]
)
def test_an_index_without_a_title_is_left_out(door, suffix, claims):
    door.bring(case(9, suffix))

    assert door.claims == dict(zip(claims, [("100.50", "200.00"), ("1.00", "2.00")], strict=True))


def test_an_index_that_pandas_named_and_one_of_labels_are_left_out(door, write):
    door.bring(write("one.csv", f"Unnamed: 0;{TABLE}".replace("C1;", "0;C1;")))
    door.bring(write("two.csv", f";{TABLE}".replace("C1;", "x;C2;")))

    assert door.claims == ONE | {"C2": ONE["C1"]}


def test_title_rows_above_the_header_are_left_out(door):
    door.bring(case(11))

    assert door.claims == {"TI1": ("100.50", "200.00")}


def test_a_report_with_its_period_and_a_table_that_begins_in_b2_are_read(door, write):
    report = [["Skador, uttag"], ["Period:", "2024-03"], [], ["", *TITLES], ["", *ROW]]
    door.bring(write("report.xlsx", workbook_of(*report)))

    door.bring(write("report.csv", f"Uttag 2024-03-01\r\n\r\n{TABLE.replace('C1', 'C2')}"))

    assert door.claims == ONE | {"C2": ONE["C1"]}


def test_a_column_without_a_title_that_is_no_index_is_refused_by_its_number(door, write):
    said = door.bring(write("three.csv", "claim_reference,,paid,outstanding\nC1,x,1,2\n"))

    assert "Column 2 has no title, but row 2 has a cell in it" in said
    assert door.claims == {}


def test_titles_with_commas_are_parted_by_semicolons(door):
    said = door.bring(case(12))

    assert "paid, SEK" in said
    assert set(door.claims) <= {"HC1"}


@pytest.mark.parametrize("separator", ["|", "\t", ";"])
def test_cells_are_parted_by_what_gives_each_row_the_same_number(door, write, separator):
    text = "claim_reference;description;claim_cost\nC1;a, b, c;1,50\nC2;d, e;2,50\n"

    door.bring(write("file.csv", text.replace(";", separator)))

    assert {reference: sum(map(float, both)) for reference, both in door.claims.items()} == {
        "C1": 1.5,
        "C2": 2.5,
    }


def test_the_totals_row_of_a_table_is_no_claim(door, write):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (TITLES, ROW, ["Whole", None, 100.5, 200]):
        book.active.append(row)
    table = openpyxl.worksheet.table.Table(displayName="T", ref="A1:D3", totalsRowCount=1)
    book.active.add_table(table)
    file = io.BytesIO()
    book.save(file)

    door.bring(write("totals.xlsx", file.getvalue()))

    assert door.claims == ONE
