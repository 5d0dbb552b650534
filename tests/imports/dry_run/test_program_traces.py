"""What programs make of the book's own texts, told apart from what a person changed."""

import pandas as pd
import pytest

from tests.factories import make_claim, make_policy
from tests.imports.importing import counts

FACTS = ("claim_reference", "description", "event_code")


def parquet(importing, rows: dict) -> list:
    path = importing.folder / "claims.parquet"
    pd.DataFrame(rows).to_parquet(path)
    return [path]


@pytest.mark.both_databases
def test_a_number_is_no_new_claim_where_the_book_has_it_with_zeros_at_the_front(importing):
    make_claim(claim_reference="00123")

    outcome = importing.dry_run(FACTS[:2], ("123", ""), ("124", ""))

    assert counts(outcome) == (1, 0, 0, 1)
    assert "The book has 00123, and programs make the number 123 of it." in outcome.refusals[0].text


def test_a_claim_that_the_book_has_as_a_number_too_is_that_claim(sqlite_importing):
    make_claim(claim_reference="00123")
    make_claim(claim_reference="123")

    assert counts(sqlite_importing.dry_run(FACTS[:2], ("123", ""))) == (0, 0, 1, 0)


def test_a_policy_that_the_book_has_with_zeros_at_the_front_is_named(sqlite_importing):
    make_policy(policy_number="00123")

    (refusal,) = sqlite_importing.refusals(("claim_reference", "policy_number"), ("C1", "123"))

    assert "The book has 00123" in refusal


@pytest.mark.parametrize(
    ("of_book", "of_file"),
    [("007", "7"), ("17", "17.0"), ("17", "17,0"), ("1e5", "100000.0"), ("-5", "-5.00")],
)
def test_a_text_that_became_the_same_number_is_refused(sqlite_importing, of_book, of_file):
    make_claim(claim_reference="C1", description=of_book)

    (refusal,) = sqlite_importing.refusals(FACTS[:2], ("C1", of_file))

    assert f"The book has “{of_book}”, and a program made this number of it." in refusal


@pytest.mark.parametrize(
    ("of_book", "of_file"),
    [
        ("007", "8"),
        ("007", "7 rutor"),
        ("20240100000000000001", "20240100000000000002"),
        ("nan", "NaN"),
    ],
)
def test_another_text_is_a_change(sqlite_importing, of_book, of_file):
    make_claim(claim_reference="C1", description=of_book)

    outcome = sqlite_importing.dry_run(FACTS[:2], ("C1", of_file))

    assert counts(outcome) == (0, 1, 0, 0)


def test_an_apostrophe_of_the_books_csv_is_taken_off_in_another_format(sqlite_importing):
    make_claim(claim_reference="-5", description="=SUM(A1)", event_code="+1")
    rows = dict(zip(FACTS, (["'-5"], ["'=SUM(A1)"], ["'+1"]), strict=True))

    outcome = sqlite_importing.new_job(*parquet(sqlite_importing, rows)).outcome

    assert counts(outcome) == (0, 0, 1, 0)
    assert "In 3 cells an apostrophe" in outcome.files[0].notes[0]


def test_an_apostrophe_that_the_book_has_itself_stays(sqlite_importing):
    make_claim(claim_reference="C1", description="'=x")
    make_claim(claim_reference="C2", description="y")
    rows = {"claim_reference": ["C1", "C2", "'-9"], "description": ["'=x", "'=z", "'=n"]}

    outcome = sqlite_importing.new_job(*parquet(sqlite_importing, rows)).outcome

    assert counts(outcome) == (1, 1, 1, 0)
    assert outcome.files[0].rows_of("changed").first[0].after == {"description": "'=z"}
    assert outcome.files[0].notes == ()


def test_an_apostrophe_that_raw_csv_has_stays(sqlite_importing):
    make_claim(claim_reference="C1", description="=x")
    rows = (FACTS[:2], ("C1", "'=x"))

    assert counts(sqlite_importing.dry_run(*rows, is_raw=True)) == (0, 1, 0, 0)


@pytest.mark.parametrize("text", ["Ã…sa", "sÃ¥g Ã¤lgen", "â‚¬ 5"])
def test_utf_8_that_was_read_as_windows_1252_is_refused(sqlite_importing, text):
    (refusal,) = sqlite_importing.refusals(FACTS[:2], ("C1", text))

    assert f"made this of “{text.encode('cp1252').decode()}”" in refusal


@pytest.mark.parametrize("text", ["São João", "Ãsa", "å Ã¥"])
def test_letters_that_are_not_all_in_such_groups_are_a_text(sqlite_importing, text):
    assert not sqlite_importing.refusals(FACTS[:2], ("C1", text))
