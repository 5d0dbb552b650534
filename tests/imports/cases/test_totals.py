import pytest

from tests.imports.cases.doors import case


def test_a_row_called_total_is_held(door):
    refused = door.bring(case(2))
    before = door.claims
    door.bring(case(2), "--good-rows")

    assert "looks like a total" in refused
    assert "rows 4, 4" not in refused
    assert before == {}
    assert set(door.claims) == {"TR1", "TR2"}


@pytest.mark.parametrize(
    "word",
    [
        "TOTAL",
        "Summa:",
        "Totalt",
        "Sub-total",
        "Delsumma",
        "Grand Total",
        "Totalsumma",
        "Summa 2024",
        "Summa summarum",
        "Gesamt",
        "Zwischensumme",
        "Yhteensä",
        "I alt",
        "Totaal",
        "Total général",
        "Suma",
    ],
)
def test_words_for_totals_are_held(door, write, word):
    path = write("a.csv", f"Claim;Paid\nA;1\nB;2\n{word};3\n")

    said = door.bring(path)

    assert "looks like a total" in said
    assert door.claims == {}


def test_a_row_without_a_reference_that_adds_up_the_others_is_left_out(door, write):
    path = write("a.csv", "Claim;Paid;Reserve\nA;1;10\nB;2;20\n;3;30\nC;4;40\n;4;40\n;7;70\n")

    said = door.bring(path)

    assert "left out: 4, 6, 7" in said
    assert set(door.claims) == {"A", "B", "C"}


def test_a_row_without_a_reference_with_other_amounts_is_refused(door, write):
    said = door.bring(write("a.csv", "Claim;Paid;Reserve\nA;1;10\nB;2;20\n;3;31\n"))

    assert "The cell is empty" in said
    assert door.claims == {}


@pytest.mark.parametrize(
    "word", ["Total claims", "Grand total SEK", "Totalt 2 st", "Sub Total P-1", "Delsumma motor"]
)
def test_sums_whose_reference_begins_with_a_word_for_totals_are_held(door, write, word):
    said = door.bring(write("a.csv", f"Claim;Paid\nA;1\nB;2\n{word};3\n"))

    assert "looks like a total" in said
    assert door.claims == {}


@pytest.mark.parametrize("word", ["Celkem", "合計", "Stockholm", "Ack."])
def test_sums_whose_reference_alone_has_no_digit_are_held(door, write, word):
    path = write("a.csv", f"Claim;Paid;Reserve\nC1;1;0\nC2;2;5\n{word};3;5\n")

    said = door.bring(path)
    door.bring(path, "--take-totals")

    assert "looks like a total" in said
    assert door.claims[word] == ("3.00", "5.00")


def test_a_reference_without_a_digit_that_adds_nothing_up_is_a_claim(door, write):
    door.bring(write("a.csv", "Claim;Paid\nC1;1\nC2;2\nTotal loss of Ada;4\nAda;5\n"))

    assert set(door.claims) == {"C1", "C2", "Total loss of Ada", "Ada"}


def test_references_without_digits_are_claims_where_others_have_none_either(door, write):
    door.bring(write("a.csv", "Claim;Paid\nC1;1\nC2;2\nAda;5\nBerta;3\nCesar;8\n"))

    assert set(door.claims) == {"C1", "C2", "Ada", "Berta", "Cesar"}


def test_a_row_without_a_reference_that_has_a_day_is_refused(door, write):
    lines = "Claim;Loss date;Paid\nA;2024-01-01;1\nB;2024-01-02;2\n;2024-01-03;3\n"

    said = door.bring(write("a.csv", lines))

    assert "The cell is empty" in said
    assert door.claims == {}


def test_a_claim_that_happens_to_be_the_sum_of_others_stays_a_claim(door, write):
    door.bring(write("a.csv", "Claim;Paid\nA;1\nB;2\nC;3\nTOTAL-1;6\nSummers;12\n"))

    assert set(door.claims) == {"A", "B", "C", "TOTAL-1", "Summers"}


def test_a_claim_with_the_name_of_a_total_is_taken_when_somebody_says_so(door, write):
    path = write("a.csv", "Claim;Paid\nA;1\nTotal;3\n")

    door.bring(path, "--take-totals")
    again = door.bring(write("b.csv", "Claim;Paid\nA;2\nTotal;3\n"))

    assert door.claims == {"A": ("2.00", "0.00"), "Total": ("3.00", "0.00")}
    assert "looks like a total" not in again


def test_several_rows_of_a_claim_are_to_be_added_up(door):
    said = door.bring(case(21), "--column", "section=")

    assert "Add the amounts up in one row" in said
    assert "Keep one" not in said
    assert door.claims == {}


def test_many_rows_of_one_reference_are_refused_with_the_first_of_them(door, write):
    path = write("a.csv", "Claim;Paid\n" + "A;1\n" * 6000)

    said = door.bring(path)

    assert "2, 3, 4, 5, 6, 7, 8, 9, 10, 11" in said
    assert door.claims == {}
