import pyarrow
import pyarrow.parquet
import pytest

from tests.imports.cases.doors import case


@pytest.mark.parametrize(
    "title", ["Paid (SEK)", "PAID IN SEK", "Utbetalt, kr", "paid [kr]", "Paid\nSEK"]
)
def test_the_books_currency_as_a_unit_does_not_matter(door, write, title):
    path = write("a.csv", f'Claim;"{title}";Loss date (YYYY-MM-DD)\nA;5;2024-01-05\n')

    door.bring(path)

    assert door.claims == {"A": ("5.00", "0.00")}


@pytest.mark.parametrize(
    "title", ["Paid (EUR)", "Paid (tkr)", "Paid, MSEK", "Paid in 1000 SEK", "Paid (%)", "Paid USD"]
)
def test_another_unit_makes_another_column(door, write, title):
    said = door.bring(write("a.csv", f'Claim;"{title}";Reserve\nA;5;6\n'))

    assert f"the book does not know the column {title}" in said or (
        f"The book does not know {title} of a.csv" in said
    )
    assert door.claims == {}


def test_all_amounts_are_read_under_their_titles(door):
    door.bring(case(25))

    assert door.claims == {"AM1": ("5000.00", "200.00")}


def test_an_amount_to_date_is_what_is_paid(door):
    door.bring(case(3))

    assert door.claims == {"PU1": ("5000.00", "200.00")}


@pytest.mark.parametrize("title", ["Net incurred", "Paid last month", "Belopp", "IBNR"])
def test_a_title_that_may_mean_something_else_is_decided_first(door, write, title):
    path = write("a.csv", f"Claim;Reserve;{title}\nA;1;5\n")

    before = door.bring(path), door.claims
    left_out = door.bring(path, "--column", f"{title}=")

    assert title in before[0]
    assert before[1] == {}
    assert "left out" in left_out
    assert door.claims == {"A": ("0.00", "1.00")}


@pytest.mark.parametrize(
    ("titles", "amounts"),
    [
        ("Claim No.;Total paid;Case reserve", ("5.00", "6.00")),
        ("CLAIM-NUMBER;Paid to date;Outstanding reserve", ("5.00", "6.00")),
        ("Skadenr;Utbetalt hittills;Kvarstående reserv", ("5.00", "6.00")),
        ("Skadenummer;Utbetalt belopp (kr);Reservation", ("5.00", "6.00")),
        ("claim ref;Gross paid;O/S", ("5.00", "6.00")),
        ("Claim\xa0ID;Paid;Total incurred", ("5.00", "1.00")),
        ("Skada;Betalt;Skadekostnad", ("5.00", "1.00")),
    ],
)
def test_the_titles_that_insurers_use_are_known(door, write, titles, amounts):
    door.bring(write("a.csv", f"{titles}\nA;5;6\n"))

    assert door.claims == {"A": amounts}


def test_days_with_slashes_are_read_when_their_order_is_said(door):
    refused = door.bring(case(24))
    before = door.claims
    door.bring(case(24), "--day-order", "day-first")

    assert "05/01/2024" in refused
    assert before == {}
    assert set(door.claims) == {"DF1", "DF2", "DF3", "DF4", "DF5"}


def test_a_word_of_the_files_own_is_mapped_once(door, write):
    path = write("a.csv", "Claim;Cost;Cause\nA;5;Åska\nB;6;Åska\nC;7;brand\n")

    refused = door.bring(path)
    before = door.claims
    door.bring(path, "--value", "cause:Åska=other")

    assert "Åska" in refused
    assert before == {}
    assert set(door.claims) == {"A", "B", "C"}


def test_the_row_of_the_titles_can_be_chosen(door, write):
    path = write("a.csv", "Claim;Cost\nA;1\nClaim;Cost\nB;2\n")

    door.bring(path, "--header-row", "3")

    assert door.claims == {"B": ("0.00", "2.00")}


def test_empty_texts_of_a_columnar_file_are_empty_cells(door, tmp_path):
    columns = {"claim_reference": ["A"], "policy_number": [""], "loss_date": [""], "paid": ["5"]}
    pyarrow.parquet.write_table(pyarrow.table(columns), tmp_path / "a.parquet")

    door.bring(tmp_path / "a.parquet")

    assert door.claims == {"A": ("5.00", "0.00")}


@pytest.mark.parametrize(
    "title", ["Paid date", "Reserve (date)", "Betalt datum", "Claim date", "Policy (SEK)"]
)
def test_a_day_or_an_amount_in_a_title_is_no_unit_of_another_kind(door, write, title):
    path = write("a.csv", f"Claim number;Incurred;{title}\nA;5;20240131\n")

    said = door.bring(path)

    assert f"the book does not know the column {title}" in said or (
        f"The book does not know {title} of a.csv" in said
    )
    assert door.claims == {}


def test_underscores_part_a_unit_from_its_title(door, write):
    door.bring(write("a.csv", "claim_number,paid_SEK,reserve_in_kr\nA,5,6\n"))

    assert door.claims == {"A": ("5.00", "6.00")}


@pytest.mark.parametrize("title", ["currency", "Valuta", "Ccy", "Currency code"])
def test_a_column_of_currencies_is_known_and_has_the_books_by_code_or_sign(door, write, title):
    own = "".join(f"A{at};{at};{word}\n" for at, word in enumerate(("SEK", "sek", "kr", "Kr.", "")))
    path = write("a.csv", f"Claim;Paid;{title}\n{own}B;5;EUR\nC;5;tkr\n")

    said = door.bring(path, "--good-rows")

    assert said.count("Amounts must be in the book's currency, SEK") >= 2
    assert set(door.claims) == {"A0", "A1", "A2", "A3", "A4"}
