"""Rows and columns at the beginning of a file that are no part of its table."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaskr.files.readers.dispatch import open_table
from flaskr.files.readers.options import ReadingOptions, Unreadable
from tests.files.readers.reads import LIMITS
from tests.files.readers.test_xlsx import workbook_of

TITLES = ["claim_reference", "loss_date", "paid"]
ROW = ["C1", "2024-01-05", "100.50"]
KNOWN = {"claim_reference", "paid", "Skadenummer"}


def as_csv(*rows, separator=",") -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=separator).writerows(rows)
    return file.getvalue().encode()


FORMS = {"csv": as_csv, "xlsx": workbook_of}
either = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)


def table_of(path, content: bytes, knows_title=KNOWN.__contains__, **options):
    """The titles, their row, the numbered rows and the notes of a file."""
    path.write_bytes(content)
    rows = []
    with open_table(path, ReadingOptions(**options), LIMITS, knows_title) as table:
        for batch in table.batches():
            cells = zip(*(column.to_pylist() for column in batch.cells.columns), strict=True)
            rows += zip(batch.rows.to_pylist(), cells, strict=True)
    return table.titles, table.titles_row, rows, " ".join(table.notes)


def without_hook(title: str) -> bool:
    return False


@either
@pytest.mark.parametrize("knows_title", [KNOWN.__contains__, without_hook], ids=["known", "not"])
@pytest.mark.parametrize(
    "above",
    [
        [["Claims bordereau Q4 2024"], []],
        [["Uttag 2024-03-01"]],
        [["Report", "Q4"], ["Period", "2024-10-01", ""], []],
        [[], ["", "Skador"], []],
        [["Claims, paid and open"], ["Paid"], ["Currency", "SEK"]],
    ],
)
def test_title_rows_above_the_titles_are_left_out_and_said(path, form, knows_title, above):
    content = form(*above, TITLES, ROW, ["C2", "", "1"])

    titles, titles_row, rows, notes = table_of(path, content, knows_title)

    assert (titles, titles_row) == (tuple(TITLES), len(above) + 1)
    assert [(number, cells[0]) for number, cells in rows] == [
        (len(above) + 2, "C1"),
        (len(above) + 3, "C2"),
    ]
    assert f"The titles are in row {len(above) + 1}." in notes
    assert next(cell for row in above for cell in row if cell) in notes


@either
def test_a_file_whose_first_row_has_the_titles_is_read_as_always(path, form):
    for rows in (
        [TITLES, ROW],
        [["a"], ["x"], ["y"]],
        [["a", "b"], ["Paid", "Reserve"], ["paid", "claim_reference!"]],
        [["nr", "typ"], ["C1", "paid"], ["C2", "x"]],
        [["2023", "2024"], ["x", "y"]],
        [["claim_reference", "x"], ["only", "two", "three"], ["C1", "y", "z"], ["d", "e", "f"]],
    ):
        titles, titles_row, _, notes = table_of(path, form(*rows))
        assert (list(titles), titles_row, notes) == (rows[0], 1, "")


@either
def test_the_row_of_the_titles_can_be_chosen(path, form):
    content = form(TITLES, ROW, [], ["a", "b", "c"], ["1", "2", "3"])

    titles, titles_row, rows, notes = table_of(path, content, header_row=4)

    assert (titles, titles_row, rows) == (("a", "b", "c"), 4, [(5, ("1", "2", "3"))])
    assert "Rows 1 to 2 above it were left out" in notes
    for blank in (3, 6, 2000):
        with pytest.raises(Unreadable, match=f"Row {blank} is blank"):
            table_of(path, content, header_row=blank)


@either
def test_a_table_that_begins_in_b2_is_read(path, form):
    titles, _, rows, notes = table_of(path, form([], ["", *TITLES], ["", *ROW]))

    assert (titles, rows) == (tuple(TITLES), [(3, tuple(ROW))])
    assert "Column 1 is empty: left out." in notes


@either
def test_empty_columns_between_and_after_are_left_out(path, form):
    rows = [["a", "", "b", "", "c", "", ""], ["1", "", "2", " ", "3", "", ""]]

    titles, _, found, notes = table_of(path, form(*rows))

    assert (titles, found) == (("a", "b", "c"), [(2, ("1", "2", "3"))])
    assert "Columns 2 and 4 are empty: left out." in notes


@either
@pytest.mark.parametrize("title", ["", " ", "Unnamed: 0", "unnamed: 0", "__index_level_0__"])
@pytest.mark.parametrize("labels", [["0", "1"], ["x", "y"], ["", "7"]])
def test_an_index_without_a_title_is_left_out_and_said(path, form, title, labels):
    rows = [[title, *TITLES], [labels[0], *ROW], [labels[1], "C2", "", "2"]]

    titles, _, found, notes = table_of(path, form(*rows))

    assert titles == tuple(TITLES)
    assert [cells[0] for _, cells in found] == ["C1", "C2"]
    assert "Column 1" in notes
    assert "left out" in notes


@either
def test_the_first_cells_of_a_column_that_was_taken_for_an_index_are_shown(path, form):
    rows = [["", *TITLES], ["1500.50", *ROW], ["", "C2", "", "2"], ["note", "C3", "", "2"]]

    notes = table_of(path, form(*rows))[3]

    assert "It was taken for an index and left out: “1500.50”, “note”." in notes


@either
def test_an_index_in_a_table_that_begins_in_b2_is_left_out(path, form):
    rows = [[], ["", "", *TITLES], ["", "0", *ROW], ["", "1", *ROW]]

    titles, _, found, notes = table_of(path, form(*rows))

    assert (titles, [cells for _, cells in found]) == (tuple(TITLES), [tuple(ROW)] * 2)
    assert "Column 2 has no title" in notes
    assert "Column 1 is empty" in notes


@either
def test_an_index_that_was_read_and_written_twice_is_left_out(path, form):
    rows = [["", "Unnamed: 0.1", "Unnamed: 0", *TITLES], ["0", "0", "0", *ROW]]

    assert table_of(path, form(*rows))[0] == tuple(TITLES)


@either
@pytest.mark.parametrize(
    "rows", [[["a", "", "b"], ["1", "2", "3"]], [["", "", "b"], ["1", "2", "3"]]]
)
def test_another_column_without_a_title_that_has_cells_is_refused_by_its_number(path, form, rows):
    with pytest.raises(Unreadable, match="Column 2 has no title, but row 2 has a cell in it"):
        table_of(path, form(*rows))


@either
def test_nothing_is_left_out_of_a_file_that_is_read_exactly(path, form):
    above = form(["Report"], [], TITLES, ROW)
    index = form(["", *TITLES], ["0", *ROW])
    named = form(["Unnamed: 0", *TITLES], ["0", *ROW])

    assert table_of(path, above, is_exact=True, separator=",")[0] == ("Report",)
    with pytest.raises(Unreadable, match="Column 1 has no title"):
        table_of(path, index, is_exact=True)
    assert table_of(path, named, is_exact=True)[0] == ("Unnamed: 0", *TITLES)


words = st.text("abcåäö ,.-0123456789", min_size=1, max_size=12).filter(str.strip)


@given(above=st.lists(st.lists(words, max_size=1), max_size=5), count=st.integers(1, 60))
def test_whatever_single_cells_stand_above_known_titles_the_rows_are_the_same(
    tmp_path_factory, above, count
):
    path = tmp_path_factory.mktemp("above") / "file"
    rows = [[f"C{number}", "2024-01-05", f"{number}.5"] for number in range(count)]

    titles, _, found, _ = table_of(path, as_csv(*above, TITLES, *rows))

    assert titles == tuple(TITLES)
    assert [list(cells) for _, cells in found] == rows


def test_totals_rows_of_tables_are_left_out_and_said(path):
    openpyxl_table = pytest.importorskip("openpyxl.worksheet.table")
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (TITLES, ROW, ["C2", "2024-01-05", "2"], ["Total", None, "102.5"], [], ["C3"]):
        book.active.append(row)
    table = openpyxl_table.Table(displayName="T", ref="A1:C4", totalsRowCount=1)
    book.active.add_table(table)
    file = io.BytesIO()
    book.save(file)

    _, _, rows, notes = table_of(path, file.getvalue())

    assert [cells[0] for _, cells in rows] == ["C1", "C2", "C3"]
    assert notes == "Row 4 is the totals row of the table: left out."
    assert len(table_of(path, file.getvalue(), is_exact=True)[2]) == 4
