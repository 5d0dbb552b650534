"""A file that is not understood by itself is read as a person says."""

import io

from flaskr.claims.queries import claim_by_reference
from tests.imports.uploading import (
    claims_in,
    cost_in,
    load,
    read_again,
    said,
    take_step,
    upload,
)
from tests.optional import optional


def test_a_column_that_nobody_knows_is_shown_and_can_be_told_by_hand(client, app):
    lacking = upload(client, ("a.csv", "Skadenummer;Belopp;Handläggare\nA;5;Åsa\n"))
    shown = read_again(client, lacking, **{"column-0-1": "claim_cost"})
    loaded = load(client, shown)

    assert "a.csv lacks claim cost." in said(lacking)
    assert "not known: left out" in said(lacking)
    assert "Claim cost missing" in said(lacking)
    assert "/load" not in lacking.text
    assert "Unknown columns, left out: Handläggare ." in said(shown)
    assert "Belopp claim cost" in said(loaded)
    assert "Handläggare left out" in said(loaded)
    assert (claims_in(app), cost_in(app)) == (1, "5.00")


def test_a_column_that_is_not_there_can_have_one_value_for_all_rows(client, app):
    shown = upload(client, ("a.csv", "Claim;Cost\nA;5\nB;6\n"))
    bad = read_again(client, shown, **{"constant-0-loss_date": "2024-02-30"})
    good = read_again(client, bad, **{"constant-0-loss_date": "2024-02-29"})
    loaded = load(client, good)

    assert "The value of loss_date for all rows:" in said(bad)
    assert 'value="2024-02-30"' in bad.text
    assert "one value for all rows: 2024-02-29 loss date" in said(loaded)
    with app.app_context():
        assert {str(claim_by_reference(name).loss_date) for name in "AB"} == {"2024-02-29"}


def test_two_columns_that_mean_the_same_are_told_apart_by_hand(lone_client):
    both = upload(lone_client, ("a.csv", "Claim;Cost;Kostnad\nA;5;6\n"))
    shown = read_again(lone_client, both, **{"column-0-2": ""})

    assert "the columns Cost and Kostnad both mean claim_cost. Leave one of them out." in said(both)
    assert "Claim cost would change by 5.00 SEK" in said(shown)


def test_a_file_of_which_no_column_is_known_is_read_as_what_one_says(lone_client):
    unknown = upload(lone_client, ("a.csv", "Ref;Belopp\nA;5\n"))
    lacking = read_again(lone_client, unknown, **{"contents-0": "claims"})
    shown = read_again(
        lone_client, lacking, **{"column-0-0": "claim_reference", "column-0-1": "paid"}
    )

    assert "no column of this file is recognised" in said(unknown)
    assert "a.csv lacks claim reference." in said(lacking)
    assert "created 1 5.00 5.00 0.00 0.00" in said(shown)


def workbook_of(**sheets: str) -> bytes:
    """A workbook of a claim a sheet."""
    file, book = io.BytesIO(), optional("openpyxl").Workbook(write_only=True)
    for name, reference in sheets.items():
        sheet = book.create_sheet(name)
        sheet.append(["Claim Reference", "Claim Cost"])
        sheet.append([reference, 5])
    book.save(file)
    return file.getvalue()


def test_a_sheet_is_chosen_and_read(lone_client):
    refused = upload(lone_client, ("book.xlsx", workbook_of(Skador="S1", Notes="N1")))
    shown = read_again(lone_client, refused, **{"sheet-0": "Skador"})
    other = read_again(lone_client, shown, **{"sheet-0": "Notes"})

    assert "Which sheet? Skador Notes" in said(refused)
    assert "sheet “Skador”" in said(shown)
    assert "S1 " in said(shown)
    assert "N1 " in said(other)


def test_a_text_of_older_windows_programs_is_read_when_that_is_said(lone_client):
    refused = upload(lone_client, ("a.csv", "Skadenummer;Kostnad\nÅ-1;5\n".encode("cp1252")))
    shown = take_step(lone_client, refused, "read", **{"encoding-0": "cp1252"})
    chosen = upload(
        lone_client, ("a.csv", "Skadenummer;Kostnad\nÅ-2;5\n".encode("cp1252")), encoding="cp1252"
    )

    assert "Line 2 is not UTF-8." in said(refused)
    assert "Read it as Windows-1252" in said(refused)
    assert "Å-1" in said(shown)
    assert "Å-2" in said(chosen)
