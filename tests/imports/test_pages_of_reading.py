"""Files that need a mapping, a sheet or an encoding that a user chooses."""

import io

from flaskr.claims.queries import claim_by_reference
from tests.imports.uploading import (
    claim_cost_of,
    claim_count,
    load,
    page_text,
    read_again,
    take_step,
    upload,
)
from tests.optional import optional


def test_an_unknown_column_is_shown_and_can_be_mapped(client, app):
    lacking = upload(client, ("a.csv", "Skadenummer;Belopp;Handläggare\nA;5;Åsa\n"))
    half = read_again(client, lacking, **{"column-0-1": "claim_cost"})
    shown = read_again(client, half, **{"column-0-2": ""})
    loaded = load(client, shown)

    assert "a.csv lacks claim cost." in page_text(lacking)
    assert "The book does not know Belopp , Handläggare of a.csv." in page_text(lacking)
    assert "Belopp 5 Choose…" in page_text(lacking)
    assert "The book does not know Handläggare of a.csv." in page_text(half)
    assert "/load" not in half.text
    assert "Claim cost missing" in page_text(lacking)
    assert "/load" not in lacking.text
    assert "Belopp claim cost" in page_text(loaded)
    assert "Handläggare left out" in page_text(loaded)
    assert (claim_count(app), claim_cost_of(app)) == (1, "5.00")


def test_a_missing_column_can_have_one_value_for_all_rows(client, app):
    shown = upload(client, ("a.csv", "Claim;Cost\nA;5\nB;6\n"))
    bad = read_again(client, shown, **{"constant-0-loss_date": "2024-02-30"})
    good = read_again(client, bad, **{"constant-0-loss_date": "2024-02-29"})
    loaded = load(client, good)

    assert "The value of loss_date for all rows:" in page_text(bad)
    assert 'value="2024-02-30"' in bad.text
    assert "one value for all rows: 2024-02-29 loss date" in page_text(loaded)
    with app.app_context():
        assert {str(claim_by_reference(name).loss_date) for name in "AB"} == {"2024-02-29"}


def test_two_columns_with_the_same_meaning_can_be_mapped_by_hand(sqlite_client):
    both = upload(sqlite_client, ("a.csv", "Claim;Cost;Kostnad\nA;5;6\n"))
    shown = read_again(sqlite_client, both, **{"column-0-2": ""})

    assert "the columns Cost and Kostnad both mean claim_cost. Leave one of them out." in page_text(
        both
    )
    assert "Claim cost would change by 5.00 SEK" in page_text(shown)


def test_a_file_without_a_known_column_is_read_as_the_chosen_contents(sqlite_client):
    unknown = upload(sqlite_client, ("a.csv", "Ref;Belopp\nA;5\n"))
    lacking = read_again(sqlite_client, unknown, **{"contents-0": "claims"})
    shown = read_again(
        sqlite_client, lacking, **{"column-0-0": "claim_reference", "column-0-1": "paid"}
    )

    assert "no column of this file is recognised" in page_text(unknown)
    assert "a.csv lacks claim reference." in page_text(lacking)
    assert "created 1 5.00 5.00 0.00 0.00" in page_text(shown)


def workbook_of(**sheets: str) -> bytes:
    """A workbook with one claim on each sheet."""
    file, book = io.BytesIO(), optional("openpyxl").Workbook(write_only=True)
    for name, reference in sheets.items():
        sheet = book.create_sheet(name)
        sheet.append(["Claim Reference", "Claim Cost"])
        sheet.append([reference, 5])
    book.save(file)
    return file.getvalue()


def test_a_sheet_is_chosen_and_read(sqlite_client):
    refused = upload(sqlite_client, ("book.xlsx", workbook_of(Skador="S1", Notes="N1")))
    shown = read_again(sqlite_client, refused, **{"sheet-0": "Skador"})
    other = read_again(sqlite_client, shown, **{"sheet-0": "Notes"})

    assert "Which sheet? Skador Notes" in page_text(refused)
    assert "sheet “Skador”" in page_text(shown)
    assert "S1 " in page_text(shown)
    assert "N1 " in page_text(other)


def test_a_windows_1252_file_is_read_when_that_encoding_is_chosen(sqlite_client):
    refused = upload(sqlite_client, ("a.csv", "Skadenummer;Kostnad\nÅ-1;5\n".encode("cp1252")))
    shown = take_step(sqlite_client, refused, "read", **{"encoding-0": "cp1252"})
    chosen = upload(
        sqlite_client, ("a.csv", "Skadenummer;Kostnad\nÅ-2;5\n".encode("cp1252")), encoding="cp1252"
    )

    assert "Line 2 is not UTF-8." in page_text(refused)
    assert "Read it as Windows-1252" in page_text(refused)
    assert "Å-1" in page_text(shown)
    assert "Å-2" in page_text(chosen)
