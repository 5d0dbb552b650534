import io
import re
import time
import zipfile
from datetime import date
from pathlib import Path

import pytest

from flaskr.imports.readers import read_table
from flaskr.imports.refusals import ImportRefused
from tests.imports.conftest import FILES

SHEET = "xl/worksheets/sheet1.xml"
BROKEN = "not a workbook that can be read"


def rewritten(source: Path, target: Path, change) -> Path:
    """A workbook with the text of its sheet changed."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            content = old.read(part)
            new.writestr(part, change(content.decode()) if part == SHEET else content)
    return target


def sheet_data(rows: str):
    """What replaces the rows of a sheet."""
    return lambda xml: re.sub(
        r"<sheetData>.*</sheetData>", f"<sheetData>{rows}</sheetData>", xml, flags=re.DOTALL
    )


@pytest.fixture
def plain(write_workbook) -> Path:
    return write_workbook(["Claim Reference", "Claim Cost"], ["A", 1], name="plain.xlsx")


def test_cells_keep_their_kind(write_workbook):
    path = write_workbook(["a", "b", "c", "d"], ["00123", 123, 1.5, True], [None], ["x", None, 2])

    raw = read_table(path)

    assert raw.header == ("a", "b", "c", "d")
    assert raw.rows == [(2, ["00123", 123, 1.5, True]), (4, ["x", None, 2, None])]


def test_the_only_sheet_is_read_whatever_its_name(write_workbook):
    assert read_table(write_workbook(["a"], [1], sheet="Blad1")).rows == [(2, [1])]


def test_of_several_sheets_the_one_named_claims_is_read(tmp_path):
    from openpyxl import Workbook

    book = Workbook()
    book.active.append(["other"])
    book.create_sheet("Claims").append(["a"])
    book.save(tmp_path / "named.xlsx")
    book["Claims"].title = "Blad2"
    book.save(tmp_path / "unnamed.xlsx")

    assert read_table(tmp_path / "named.xlsx").header == ("a",)
    with pytest.raises(ImportRefused, match="none is named Claims"):
        read_table(tmp_path / "unnamed.xlsx")


def test_a_sheet_that_states_a_smaller_size_is_read_to_its_end(tmp_path):
    source = FILES / "claims_data_to_import.xlsx"

    def shrink(xml: str) -> str:
        assert '<dimension ref="A1:B21"/>' in xml
        return xml.replace('ref="A1:B21"', 'ref="A1:A3"')

    raw = read_table(rewritten(source, tmp_path / "lying.xlsx", shrink))

    assert len(raw.rows) == 20


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut", b"\xd0\xcf\x11\xe0 an old .xls"])
def test_a_broken_workbook_is_refused_with_what_to_do(tmp_path, content):
    path = tmp_path / "broken.xlsx"
    path.write_bytes(content)

    with pytest.raises(ImportRefused, match=BROKEN):
        read_table(path)


def test_a_workbook_cut_short_anywhere_is_refused(plain):
    whole = plain.read_bytes()
    for end in range(0, len(whole), len(whole) // 40):
        plain.write_bytes(whole[:end])

        with pytest.raises(ImportRefused, match=BROKEN):
            read_table(plain)


def test_a_workbook_without_its_parts_is_refused(tmp_path, plain):
    with zipfile.ZipFile(plain) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    for missing in ("[Content_Types].xml", "xl/workbook.xml", SHEET):
        path = tmp_path / "parts.xlsx"
        with zipfile.ZipFile(path, "w") as book:
            for name in parts.keys() - {missing}:
                book.writestr(name, parts[name])

        with pytest.raises(ImportRefused):
            read_table(path)


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="1"><c r="A1"><v>NaN</v></c></row>',
        '<row r="1"><c r="A1" t="s"><v>99</v></c></row>',
        '<row r="x"><c r="A1"><v>1</v></c></row>',
        "<row",
    ],
)
def test_a_sheet_that_makes_no_sense_is_refused(tmp_path, plain, rows):
    path = rewritten(plain, tmp_path / "odd.xlsx", sheet_data(rows))

    with pytest.raises(ImportRefused, match=BROKEN):
        read_table(path)


@pytest.mark.parametrize("cell", ["XFD1048576", "A999999999"])
def test_one_cell_far_away_costs_little(tmp_path, plain, cell):
    row = cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    far = f'<row r="1"><c r="A1"><v>1</v></c></row><row r="{row}"><c r="{cell}"><v>1</v></c></row>'
    path = rewritten(plain, tmp_path / "far.xlsx", sheet_data(far))
    started = time.monotonic()

    with pytest.raises(ImportRefused, match="too large|more cells than the header"):
        read_table(path)

    assert time.monotonic() - started < 30  # not as long as a billion rows


def test_a_workbook_that_unpacks_to_too_much_is_refused_unread(tmp_path, plain):
    path = rewritten(plain, tmp_path / "bomb.xlsx", lambda xml: xml + " " * (64 * 1024 * 1024))
    assert path.stat().st_size < 100_000

    with pytest.raises(ImportRefused, match="unpacks to too much"):
        read_table(path)


def test_a_workbook_that_lies_about_its_sizes_is_refused(tmp_path, plain):
    path = rewritten(plain, tmp_path / "bomb.xlsx", lambda xml: xml + " " * (16 * 1024 * 1024))
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        stated = book.getinfo(SHEET).file_size.to_bytes(4, "little")
    content = content.replace(stated, (5_000).to_bytes(4, "little"))
    path.write_bytes(content)

    with pytest.raises(ImportRefused, match=BROKEN):
        read_table(path)


def test_entities_that_multiply_are_refused(tmp_path, plain):
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE x [<!ENTITY e0 "{"x" * 100}">{entities}]>'
    path = rewritten(
        plain,
        tmp_path / "entities.xlsx",
        lambda xml: bomb + sheet_data('<row r="1"><c t="str"><v>&e9;</v></c></row>')(xml),
    )

    with pytest.raises(ImportRefused, match=BROKEN):
        read_table(path)


def test_a_day_in_a_cell_stays_a_day(write_workbook):
    [(number, cells)] = read_table(write_workbook(["a"], [date(2024, 2, 29)])).rows

    assert (number, str(cells[0])) == (2, "2024-02-29 00:00:00")
