import csv
import io
import random

import pytest

from flaskr.files.readers.csv import reader as csv_reader
from flaskr.files.readers.options import EncodingNotChosen, ReadingLimits, Unreadable
from tests.files.readers.reads import notes_of, read, rows_of


@pytest.mark.parametrize(
    "content",
    [
        b"a,b\n1,x\n",
        b"a,b\r1,x",
        "a;b\r\n1;x\r\n".encode("utf-8-sig"),
        "a\tb\n1\tx\n".encode("utf-16"),
        b"\xfe\xff" + "a;b\n1;x\n".encode("utf-16-be"),
        b'"a,;;;","b"\n1,x\n',
    ],
)
def test_files_are_read_whatever_their_separator(path, content):
    assert rows_of(path, content) == [(2, ("1", "x"))]


def test_blank_rows_are_skipped_and_the_others_keep_their_number(path):
    content = '\n ,\n"a",b\n\n1,x\n , \n,\n"",\n2,"y\n\nz"\n3,\n'

    assert rows_of(path, content) == [(5, ("1", "x")), (9, ("2", "y\n\nz")), (10, ("3", None))]


def test_an_empty_cell_is_null_and_an_empty_text_is_not(path):
    assert rows_of(path, 'a,b,c,d\n1,,"",  \n" x ",NA,null,"\u00a0"\n') == [
        (2, ("1", None, "", None)),
        (3, (" x ", "NA", "null", None)),
    ]


@pytest.mark.parametrize("odd", ["", "1,2,3\n"], ids=["all at once", "one by one"])
def test_the_apostrophe_before_a_formula_is_removed_once_and_no_other_is(path, odd):
    content = "a,b\n'=1+1,'t Hooft\n''=x,'\n'-5,'+1\n\"'\n\",'@\n=2,''s\n" + odd

    assert [row for _, row in rows_of(path, content)] == [
        ("=1+1", "'t Hooft"),
        ("'=x", "'"),
        ("-5", "+1"),
        ("\n", "@"),
        ("=2", "'s"),
    ]
    assert rows_of(path, content, is_raw=True)[0] == (2, ("'=1+1", "'t Hooft"))


def test_rows_of_another_length_are_faults_but_blank_cells_beyond_the_header_are_not(path):
    path.write_text("a,b,,\n1,2,,\n1,2,3\n1\n1,2,,,, \n,,,x\n")

    titles, rows, faults = read(path)

    assert (titles, rows) == (("a", "b"), [(2, ("1", "2")), (5, ("1", "2"))])
    assert [(row, said.split(".")[0], text) for row, said, text in faults] == [
        (3, "The row has 3 cells, the header 2", "1,2,3"),
        (4, "The row has 1 cells, the header 2", "1"),
        (6, "The row has 4 cells, the header 2", ",,,x"),
    ]


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"", "The file is empty"),
        (b"\n , \n", "The file is empty"),
        (b"a,,c\n1,,3\n1,2,3\n", "Column 2 has no title, but row 3 has a cell in it"),
        (b"Claim ,b, claim\n", "Two columns are named “Claim” and “claim”"),
        (b'a,b\n\n1,"x\n', "Line 3: a quote is opened and never closed"),
        (b'a,b\n"1\n2",x\n"3"4,5\n', "Line 4: there is text after a closing quote"),
        (b"a,b\n1,\0\n", "Line 2 has a NUL byte"),
        ("a,b\nå,1\n".encode("utf-16-le"), "Line 1 has a NUL byte"),
        (b"\xff\xfea\0,\0b\0\n\0\0\xd8\n\0", "Line 2 has bytes that are not UTF-16"),
        (b"a\n\n\x81\n", "Line 3 has bytes that are not UTF-8"),
        (b"x" * 201, "over 200 characters"),
        (b"a,b\n1,2\n3," + b"x" * 64_001, "Row 3, b: a cell has over 64,000 characters"),
        (b"<!DOCTYPE html><table>", "a web page or XML"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", r"an Excel workbook \(\.xlsx\) or as CSV"),
        (b"%PDF-1.7", r"CSV, Excel workbook \(\.xlsx\), Parquet, Arrow or JSON"),
        (b"PAR1 is no more", "starts as parquet, but"),
        (b"PK\x03\x04", "not a workbook that can be read"),
        (b"\xff\xff\xff\xff\x10\0\0\0", "starts as arrow, but"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_what_to_do(path, content, refusal):
    with pytest.raises(Unreadable, match=refusal):
        rows_of(path, content)


def test_windows_1252_is_read_only_when_it_is_chosen(path):
    content = "a,b\nÖ,€\n".encode("cp1252")

    with pytest.raises(EncodingNotChosen, match="Line 2 .* choose Windows-1252"):
        rows_of(path, content)

    assert rows_of(path, content, encoding="cp1252") == [(2, ("Ö", "€"))]
    with pytest.raises(Unreadable, match="Line 2 has bytes that are not Windows-1252"):
        rows_of(path, b"a\n\x81", encoding="cp1252")


@pytest.mark.parametrize(
    ("limits", "refusal"),
    [
        (ReadingLimits(rows=2), "over 2 rows"),
        (ReadingLimits(columns=1), "2 columns, over 1"),
        (ReadingLimits(cell_length=2), "Row 4, b: a cell has over 2 characters"),
        (ReadingLimits(file_bytes=5), "over 0"),
    ],
)
def test_a_file_over_each_limit_is_refused(path, limits, refusal):
    with pytest.raises(Unreadable, match=refusal):
        rows_of(path, "a,b\n1,åä\n2,x\n3,xyz\n", limits)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_rows_are_complete_wherever_blocks_end(path, monkeypatch, encoding):
    monkeypatch.setattr(csv_reader, "BLOCK_BYTES", 50)
    chance = random.Random(7)
    pieces = ["", "a", "å😀", "x,y", 'q"q', "l\nl", "l\r\nl", "r\rr"]
    made = [[f"{n}"] + [chance.choice(pieces) for _ in range(2)] for n in range(2000)]
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator="\r\n").writerows([["n", "b", "c"], *made])

    rows = rows_of(path, file.getvalue().encode(encoding))

    assert rows == [
        (number, tuple(cell or None for cell in row)) for number, row in enumerate(made, 2)
    ]


@pytest.mark.parametrize("odd", ["", "1,2,3\n"], ids=["all at once", "one by one"])
def test_how_many_apostrophes_were_taken_off_is_said_and_none_where_there_was_none(path, odd):
    path.write_text("a,b\n'=1,'t Hooft\n'-5,'+1\n" + odd)
    said = notes_of(path)
    kept = notes_of(path, is_raw=True)
    path.write_text("a,b\n1,'t Hooft\n")

    assert said[0].startswith("In 3 cells an apostrophe before a sign")
    assert "Choose raw to keep it" in said[0]
    assert kept == notes_of(path) == ()
