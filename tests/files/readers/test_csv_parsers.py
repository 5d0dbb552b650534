"""Arrow, the strict parser and Python's csv give the same cells."""

import csv
import io

from hypothesis import example, given, settings
from hypothesis import strategies as st

from flaskr.files.readers.csv.fast import block_shape, parse_csv_block
from flaskr.files.readers.csv.strict import MalformedCsv, csv_records

texts = st.text("a \"å'\n\r,;", max_size=40) | st.lists(
    st.sampled_from(['"', '""', ",", "\n", "\r\n", "\r", "a", '"a,b"', '"a\nb"', " "]), max_size=25
).map("".join)
many = settings(max_examples=6 * settings().max_examples)


def strict_rows(text: str, separator: str):
    """The cells of each row that is not blank; None for invalid CSV."""
    try:
        cells = [record.cells for record in csv_records(text, separator, is_last=True)]
    except MalformedCsv:
        return None
    return [row for row in cells if row != [None]]


def arrow_rows(text: str, separator: str, width: int):
    """The same rows parsed by Arrow; None if they are not left to Arrow."""
    block = text.encode()
    shape = block_shape(block, separator, is_last=True)
    if shape is None or shape.size != len(block):
        return None
    table = parse_csv_block(memoryview(block), separator, width)
    if table is None or table.num_rows != len(shape.filled):
        return None
    return [list(row.values()) for row in table.to_pylist()] if table.num_rows else []


@many
@given(text=texts, separator=st.sampled_from(",;\t"))
@example('"a""b",1\r\n,""\r\r"x\r\ny",', ",")
@example('""""\n"",""', ",")
@example('a"b\n"c"\n', ",")
def test_blocks_left_to_arrow_are_read_as_the_strict_parser_reads_them(text, separator):
    strict = strict_rows(text, separator)
    width = len(strict[0]) if strict else 1

    quick = arrow_rows(text, separator, width)

    assert quick is None or quick == strict


@many
@given(text=texts, separator=st.sampled_from(",;\t"))
def test_the_strict_parser_reads_and_refuses_what_pythons_does(text, separator):
    source = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        expected = [row for row in source if row]
    except csv.Error:
        expected = None

    strict = strict_rows(text, separator)

    found = strict and [[cell or "" for cell in row] for row in strict]
    assert found == expected


@given(
    rows=st.lists(
        st.lists(st.text('a,"\n\rå', max_size=5), min_size=3, max_size=3), min_size=1, max_size=20
    ),
    ends=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_valid_csv_is_always_left_to_arrow(rows, ends):
    file = io.StringIO(newline="")
    csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator=ends).writerows(rows)

    assert arrow_rows(file.getvalue(), ",", 3) == rows


@given(text=texts, valuation=st.integers(0, 40))
def test_a_block_that_ends_anywhere_gives_only_complete_rows(text, valuation):
    whole = strict_rows(text, ",")
    try:
        found = list(csv_records(text[:valuation], ",", is_last=False))
    except MalformedCsv:
        return
    if whole is None:
        return

    rest = strict_rows(text[found[-1].end if found else 0 :], ",")

    assert [record.cells for record in found if record.cells != [None]] + rest == whole
