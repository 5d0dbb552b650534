import io
from datetime import UTC, datetime

import pytest

from flaskr.files.readers.options import ReadingLimits, SheetNotChosen, Unreadable
from tests.files.readers.bombs import SHEET, workbook
from tests.files.readers.hostile import good, parts_of, zipped
from tests.files.readers.reads import read, rows_of
from tests.optional import optional

Workbook = optional("openpyxl").Workbook


def workbook_of(*rows, sheets=("Blad1",), **formats) -> bytes:
    """A workbook that openpyxl wrote, the rows in its first sheet."""
    book = Workbook()
    book.active.title = sheets[0]
    for row in rows:
        book.active.append(row)
    for place, code in formats.items():
        book.active[place].number_format = code
    for name in sheets[1:]:
        book.create_sheet(name).append(["in " + name])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def value(path, xml: str) -> str | None:
    """The value that one cell of a sheet is read as."""
    ((_, (cell,)),) = rows_of(path, workbook(f'<row r="2">{xml}</row>'))
    return cell


def test_numbers_are_read_as_their_shortest_digits_and_texts_as_texts(path):
    content = workbook_of(
        ["a", "b", "c", "d"], ["00123", 123, 123.0, 0.1], [1e-7, -2.5, 10**14, "1,50"]
    )

    assert rows_of(path, content) == [
        (2, ("00123", "123", "123", "0.1")),
        (3, ("0.0000001", "-2.5", "100000000000000", "1,50")),
    ]


def test_dates_are_read_as_iso_dates_and_a_time_of_day_is_kept(path):
    noon = datetime(2024, 2, 29, 12, 30, tzinfo=UTC).replace(tzinfo=None)
    days = [datetime(2024, 2, 29), datetime(1900, 3, 1), datetime(1900, 1, 1), noon]  # noqa: DTZ001
    content = workbook_of(["a", "b", "c", "d", "e"], [*days, 45351], E2='yyyy"-"mm"-"dd')

    assert rows_of(path, content) == [
        (2, ("2024-02-29", "1900-03-01", "1900-01-01", "2024-02-29T12:30:00", "2024-02-29"))
    ]


def test_a_workbook_with_the_1904_date_system_gives_the_same_dates(path):
    book = Workbook()
    book.epoch = datetime(1904, 1, 1)  # noqa: DTZ001
    book.active.append(["a"])
    book.active.append([datetime(2024, 2, 29)])  # noqa: DTZ001
    book.save(path)

    assert read(path)[1] == [(2, ("2024-02-29",))]


@pytest.mark.parametrize("code", ['#,##0.00" dm"', "[Red]0", "0.00E+00", "General", "_d0"])
def test_numbers_whose_format_has_letters_stay_numbers(path, code):
    assert rows_of(path, workbook_of(["a"], [1.5], A2=code)) == [(2, ("1.5",))]


@pytest.mark.parametrize(
    ("xml", "said"),
    [
        ("<c><v>1000000000000000</v></c>", "keeps 15 digits"),
        ("<c><v>-1E+999</v></c>", "keeps 15 digits"),
        ("<c><v>NaN</v></c>", "is not a number"),
        ("<c><v>1_0</v></c>", "is not a number"),
        ('<c t="b"><v>1</v></c>', "TRUE or FALSE"),
        ('<c t="e"><v>#N/A</v></c>', "error #N/A"),
        ("<c><f>A1+1</f></c>", "not calculated yet"),
        ('<c t="str"><v>a_x0000_b</v></c>', "NUL character"),
        ('<c t="str"><v>_xD800_</v></c>', "half a character"),
    ],
)
def test_a_cell_that_cannot_be_read_becomes_a_sentence(path, xml, said):
    cell = value(path, xml)

    assert cell.startswith("\0")
    assert said in cell


@pytest.mark.parametrize(
    ("xml", "expected"),
    [
        ("<c><f>A1</f><v>2.50</v></c>", "2.5"),
        ('<c t="str"><f>A1</f><v>x</v></c>', "x"),
        ("<c><v>-0</v></c>", "0"),
        ("<c><v>999999999999999</v></c>", "999999999999999"),
        ("<c><v>0.30000000000000004</v></c>", "0.3"),
        ("<c><v>0.10000000000000001</v></c>", "0.1"),
        ('<c t="d"><v>2024-02-29T00:00:00.000Z</v></c>', "2024-02-29"),
        ('<c t="d"><v>2024-02-29T12:00:00</v></c>', "2024-02-29T12:00:00"),
        ('<c t="str"><v>_x005F_x0041_ _x0041_</v></c>', "_x0041_ A"),
        ('<c t="str"><v>_xD83D__xDE00_</v></c>', "😀"),
        (
            '<c t="inlineStr"><is><r><t>a</t></r><rPh sb="0" eb="1"><t>x</t></rPh>'
            '<r><t xml:space="preserve"> b</t></r></is></c>',
            "a b",
        ),
    ],
)
def test_a_cell_is_read_as_a_spreadsheet_shows_it(path, xml, expected):
    assert value(path, xml) == expected


def test_blank_rows_and_gaps_are_skipped_and_counted(path):
    rows = '<row r="4"/><row r="7"><c r="A7"><v>1</v></c><c r="C7" s="1"/></row>'

    assert rows_of(path, workbook(rows)) == [(7, ("1",))]


def test_a_cell_beyond_the_header_is_a_fault_with_its_row(path):
    path.write_bytes(workbook('<row r="3"><c r="A3"><v>1</v></c><c r="D3"><v>2</v></c></row>'))

    titles, rows, ((row, said, text),) = read(path)

    assert (titles, rows, row, text) == (("a",), [], 3, "1\t2")
    assert "a cell in column 4, the header ends with column 1" in said


def test_the_only_sheet_the_one_named_claims_or_the_chosen_one_is_read(path):
    three = workbook_of(["a"], [1], sheets=("One", "Claims", "Three"))
    two = workbook_of(["a"], [1], sheets=("One", "Two"))

    assert rows_of(path, workbook_of(["a"], [1])) == [(2, ("1",))]
    assert rows_of(path, three, sheet="One") == [(2, ("1",))]
    path.write_bytes(three)
    assert read(path)[0] == ("in Claims",)
    for sheet in ("", "Claims"):
        with pytest.raises(SheetNotChosen) as refused:
            rows_of(path, two, sheet=sheet)
        assert refused.value.sheets == ("One", "Two")


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="2"><c r="A3"><v>1</v></c></row>',
        '<row r="2"><c r="B2"><v>1</v></c><c r="A2"><v>1</v></c></row>',
        '<row r="2"/><row r="2"/>',
        '<row r="2"><c r="ZZZ2"><v>1</v></c></row>',
        '<row r="2"><c r="2"><v>1</v></c></row>',
        '<row r="2"><c t="s"><v>9999</v></c></row>',
        '<row r="2"><c t="q"><v>0</v></c></row>',
        '<row r="x"/>',
        "<row>",
    ],
)
def test_an_invalid_sheet_is_refused(path, rows):
    with pytest.raises(Unreadable, match="not a workbook that can be read"):
        rows_of(path, workbook(rows))


def test_a_truncated_workbook_or_one_without_a_part_is_refused(path):
    whole = good("xlsx")
    parts = parts_of(whole)
    valuation = [whole[:end] for end in range(4, len(whole), len(whole) // 30)]
    missing = ("xl/workbook.xml", "_rels/.rels", "xl/_rels/workbook.xml.rels", SHEET)
    without = [zipped({n: parts[n] for n in parts if n != name}) for name in missing]

    for content in [*valuation, *without]:
        with pytest.raises(Unreadable, match="not a workbook that can be read"):
            rows_of(path, content)


def test_a_workbook_that_unpacks_to_too_much_is_refused(path):
    with pytest.raises(Unreadable, match="unpacks to over 0 MB"):
        rows_of(path, good("xlsx"), ReadingLimits(unpacked_bytes=1000))
