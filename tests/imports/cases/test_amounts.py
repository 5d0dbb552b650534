import pytest

from tests.imports.cases.doors import case

GOOD = "--good-rows"


def test_13_two_different_marks_leave_one_reading(door):
    said = door.bring(case(13), GOOD)

    assert door.claims == {"TS1": ("1234.50", "12345.00")}
    assert "Write it as 1234.00 if it is 1234" in said


def test_14_the_currency_of_the_book_is_read_and_another_one_refused(door):
    said = door.bring(case(14), GOOD)

    assert door.claims == {"KR1": ("0.00", "1234.50"), "KR2": ("0.00", "12000.00")}
    assert "The book is kept in SEK; this amount is in EUR." in said


def test_15_zeros_after_the_second_decimal_are_no_decimals(door):
    said = door.bring(case(15), GOOD)

    assert door.claims == {"M41": ("1234.50", "12345.00")}
    assert "at most two decimals" in said


READ = {
    "1,234,567.80": "1234567.80",
    "1'234.50": "1234.50",
    "SEK 12.345,60": "12345.60",
    "kr 7": "7.00",
    "7 kr": "7.00",
    "12 345:-": "12345.00",
    "99.9000000": "99.90",
    "300.29999999999995": "300.30",
}
REFUSED = {
    "1,234": "Write it as 1234.00",
    "1.234.56": "is not an amount",
    "$5": "is in USD",
    "5 NOK": "is in NOK",
    "33.333333333333336": "at most two decimals",
    "(5)": "cannot be negative",
    "5 apples": "is not an amount",
    "1.23E+5": "is not an amount",
}


@pytest.mark.parametrize("title", ["paid", "outstanding"])
def test_amounts_as_programs_and_people_write_them(door, write, title):
    rows = "".join(f"R{at};{text}\n" for at, text in enumerate((*READ, *REFUSED)))

    said = door.bring(write("amounts.csv", f"claim_reference;{title}\n{rows}"), GOOD)

    at = ("paid", "outstanding").index(title)
    assert [amounts[at] for amounts in door.claims.values()] == list(READ.values())
    assert all(sentence in said for sentence in REFUSED.values())


def test_a_premium_is_read_like_any_amount(door, write):
    facts = "home;2024-01-01;2025-01-01"
    rows = f"H-1;{facts};1.234,50 kr;0\nH-2;{facts};1,234;0\nH-3;{facts};5 EUR;0\n"
    titles = "policy_number;line_of_business;inception_date;expiry_date;premium;deductible\n"

    said = door.bring(write("policies.csv", titles + rows), GOOD)

    shown = door.app.test_client().get("/policies/H-1").text
    assert "1\u202f234.50" in shown
    assert "Write it as 1234.00" in said
    assert "The book is kept in SEK; this amount is in EUR." in said
