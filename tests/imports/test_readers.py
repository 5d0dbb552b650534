import pytest

from flaskr.imports.layouts import CLAIM_COSTS, LEDGER, MIGRATION, laid_out, recognise
from flaskr.imports.readers import MOST_ROWS, RawTable, read_table
from flaskr.imports.refusals import ImportRefused, Refusal


@pytest.mark.parametrize(
    "content",
    [
        b"a,b\n1,x\n",
        "a;b\r\n1;x\r\n".encode("utf-8-sig"),
        "a\tb\n1\tx\n".encode("utf-16"),
    ],
)
def test_csv_files_are_read_whatever_parts_their_cells(tmp_path, content):
    path = tmp_path / "costs.csv"
    path.write_bytes(content)

    assert read_table(path) == RawTable("costs.csv", ("a", "b"), [(2, ["1", "x"])])


def test_blank_rows_are_left_out_and_the_others_keep_their_number(write_csv):
    path = write_csv("costs.csv", "\na,b\n\n1,x\n ,\n2,y\n")

    assert read_table(path).rows == [(4, ["1", "x"]), (6, ["2", "y"])]


def test_text_that_is_not_utf_8_is_refused_and_not_guessed_at(tmp_path):
    path = tmp_path / "costs.csv"
    path.write_bytes("a,b\nÖ,1\n".encode("cp1252"))

    with pytest.raises(ImportRefused, match="UTF-8"):
        read_table(path)


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("", "The file is empty"),
        ("a,b\n1\n", "row 2: The row has 1 cells, the header 2"),
        ("a,b\n1,2,3\n", "row 2: The row has more cells than the header"),
        ('a,b\n"1,2\n', "cannot be read as CSV"),
        (",".join("a" * 101) + "\n", "over 100 columns"),
        ("a\n" + "1\n" * (MOST_ROWS + 1), "over 200,000 rows"),
    ],
)
def test_a_file_that_cannot_be_read_whole_is_refused(write_csv, text, refusal):
    with pytest.raises(ImportRefused, match=refusal):
        read_table(write_csv("costs.csv", text))


def test_other_kinds_of_file_are_refused(write_csv):
    with pytest.raises(ImportRefused, match=r"Only \.xlsx and \.csv"):
        read_table(write_csv("costs.ods", "a,b"))


def test_a_file_too_large_to_read_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "costs.csv"
    with path.open("wb") as file:
        file.truncate(65 * 1024 * 1024)

    with pytest.raises(ImportRefused, match="over 64 MB"):
        read_table(path)


def test_columns_are_known_in_any_case_and_by_the_older_names():
    raw = RawTable("x.csv", ("Claim", "TYPE", "txn date", "recorded_at", "paid", "os", "rec"), [])

    assert recognise(raw, MIGRATION) is LEDGER
    assert laid_out(raw, LEDGER).rows == []


def test_every_missing_unknown_and_doubled_column_is_named():
    raw = RawTable("x.xlsx", ("Claim Reference", "claim_reference", "Notes"), [])

    with pytest.raises(ImportRefused) as refused:
        laid_out(raw, CLAIM_COSTS)

    assert [str(refusal) for refusal in refused.value.refusals] == [
        "x.xlsx, column “claim_reference”: Two columns mean claim_reference. Keep one.",
        "x.xlsx, column “Notes”: A file of claim costs has no such column. "
        "Remove or rename it (claim_reference, claim_cost).",
        "x.xlsx: The column claim_cost is missing. A file of claim costs has it.",
    ]


def test_a_file_without_any_known_column_is_refused_with_those_there_are():
    with pytest.raises(ImportRefused, match="claim costs: claim_reference, claim_cost"):
        recognise(RawTable("x.csv", ("a",), []), (CLAIM_COSTS,))


def test_a_message_quotes_a_value_without_its_control_codes_and_not_at_length():
    refusal = Refusal("No.", "x.csv", 2, "Claim Cost", "\x1b[31m" + "9" * 50)

    assert str(refusal) == f"x.csv, row 2, Claim Cost “\ufffd[31m{'9' * 35}…”: No."


def test_the_first_twenty_refusals_are_told_and_how_many_more_there_are():
    refused = ImportRefused(*(Refusal("No.", "x.csv", row) for row in range(1, 26)))

    lines = str(refused).splitlines()

    assert (len(lines), lines[19], lines[20]) == (21, "x.csv, row 20: No.", "… and 5 more.")
