from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaskr.errors import DateError, MoneyError, TextError
from flaskr.facts.closed_lists import EntryType
from flaskr.imports.dry_run.reading import cells

parse_day = cells.day_parser("Europe/Stockholm")
AMOUNTS = st.integers(0, 10**14 - 1).map(lambda ore: Decimal(ore).scaleb(-2))


@given(AMOUNTS, st.sampled_from([" ", "\u00a0", "\u202f"]), st.sampled_from(",."))
def test_an_amount_written_with_grouped_thousands_is_read_back_exactly(written, space, point):
    text = f"{written:,.2f}".replace(".", point if point == "." else "¤")
    text = text.replace(",", space).replace("¤", point)

    assert cells.parse_amount(text) == written


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("12 345,50", "12345.50"),
        ("12345.50", "12345.50"),
        ("83356", "83356.00"),
        ("\u22120,1", "-0.10"),
    ],
)
def test_amounts_are_read_as_people_write_them(cell, amount):
    assert str(cells.parse_amount(cell)) == amount


@pytest.mark.parametrize(
    "cell", ["1e3", "1E+3", "NaN", "-inf", "1,234", "1.23.567", "0.001", "--1", "", "kr 5"]
)
def test_inexact_amounts_are_refused(cell):
    with pytest.raises(MoneyError):
        cells.parse_amount(cell)


@pytest.mark.parametrize("cell", ["-1", "-0,01", "1000000000000"])
def test_a_cost_is_zero_or_more_and_fits_one_entry(cell):
    with pytest.raises(MoneyError):
        cells.parse_non_negative_amount(cell)


@pytest.mark.parametrize(
    ("cell", "reference"),
    [("00123", "00123"), (" Å-1 ", "Å-1"), ("A\u030a-1", "Å-1"), ("0", "0")],
)
def test_a_reference_is_text_with_its_leading_zeros(cell, reference):
    assert cells.reference_parser()(cell) == reference


@pytest.mark.parametrize("cell", ["a?b", "new", "..", " ", "a\u202eb", "x" * 65])
def test_invalid_references_are_refused(cell):
    with pytest.raises(TextError):
        cells.reference_parser()(cell)


def test_dates_are_iso_dates():
    assert parse_day(" 2024-02-29 ") == date(2024, 2, 29)


@pytest.mark.parametrize("cell", ["2023-02-29", "20240230", "1/2/24", "2024-W01-1", "0001-01-01"])
def test_other_dates_are_refused(cell):
    with pytest.raises(DateError):
        parse_day(cell)


@pytest.mark.parametrize(
    "cell", ["2024-12-31T23:30+01:00", "2024-12-31 22:30:00Z", "2024-12-31T22:30:00.000+00:00"]
)
def test_instants_are_converted_to_utc(cell):
    assert cells.parse_instant(cell) == datetime(2024, 12, 31, 22, 30, tzinfo=UTC)
    assert cells.parse_instant(cell).tzinfo is UTC


@pytest.mark.parametrize("cell", ["2024-12-31T22:30", "2024-12-31", "0001-01-01T00:00+01:00", "1"])
def test_instants_without_an_offset_or_out_of_range_are_refused(cell):
    with pytest.raises(DateError):
        cells.parse_instant(cell)


def test_a_member_of_a_closed_list_is_parsed_by_its_value_or_a_word_for_it():
    assert cells.member_parser(EntryType)(" PAYMENT ") is EntryType.PAYMENT
    assert cells.member_parser(EntryType)("reserve-open") is EntryType.RESERVE_OPEN
    assert cells.member_parser(EntryType)("Utbetalning") is EntryType.PAYMENT
    with pytest.raises(TextError, match="RESERVE_OPEN, RESERVE_CHANGE"):
        cells.member_parser(EntryType)("payed")
