"""The separator of CSV: by the line that names it, or by the rows."""

import pytest

from tests.files.readers.test_first_rows import (
    KNOWN,
    TITLES,
    as_csv,
    table_of,
    without_hook,
)
from tests.imports.cases.doors import case


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize(
    ("line", "separator"),
    [
        ("sep=;\r\n", ";"),
        ("SEP=;\n", ";"),
        ('"sep=;"\r\n', ";"),
        ("sep=\t\r\n", "\t"),
        ("sep=\\t\n", "\t"),
        ("sep=,\n", ","),
        ("sep=|\n", "|"),
        ("sep=^\n", "^"),
        ("sep=;;;\n", ";"),
    ],
)
def test_the_line_that_names_the_separator_is_no_row(path, line, separator, encoding):
    text = line + as_csv(TITLES, ["C1", "2024-01-05", "1,5"], separator=separator).decode()

    titles, titles_row, rows, notes = table_of(path, text.encode(encoding))

    assert (titles, titles_row) == (tuple(TITLES), 2)
    assert (rows, notes) == ([(3, ("C1", "2024-01-05", "1,5"))], "")


def test_the_line_of_the_separator_is_a_row_of_a_file_that_is_read_exactly(path):
    content = b"sep=;\nclaim_reference;paid\nC1;1\n"

    assert table_of(path, content, is_exact=True, separator=",")[0] == ("sep=;",)


@pytest.mark.parametrize("knows_title", [KNOWN.__contains__, without_hook], ids=["known", "not"])
@pytest.mark.parametrize(
    ("text", "titles", "last"),
    [
        (case(12).read_text(), ("claim_reference", "paid, SEK", "outstanding, SEK"), "200,00"),
        ("a, b, c;d\n1;2,5\n3;4,5\n", ("a, b, c", "d"), "4,5"),
        ("Skadenummer|Belopp, kr|Not\nC1|1,5|a, b\n", ("Skadenummer", "Belopp, kr", "Not"), "a, b"),
        ("a\tb, c, d\n1\t2,5\n", ("a", "b, c, d"), "2,5"),
        ('"a;b;c",d\n"1;2",3\n', ("a;b;c", "d"), "3"),
        ("Rapport, 2024, alla; öppna\n\na;b;c\n1;2;3,5\n", ("a", "b", "c"), "3,5"),
        ("a,b|c\n1,x|y\n", ("a", "b|c"), "x|y"),
    ],
)
def test_the_separator_gives_the_rows_the_same_number_of_cells(
    path, text, titles, last, knows_title
):
    found = table_of(path, text.encode(), knows_title)

    assert found[0] == titles
    assert found[2][-1][1][-1] == last
