from datetime import date

import pyarrow as pa

from flaskr.facts.closed_lists import Cause
from flaskr.facts.columns import Column
from flaskr.facts.kinds import Kind
from flaskr.imports.dry_run.reading.parsing import ParsedColumn, ParsingRules, parse_column

REFERENCE = Column("claim_reference", Kind.REFERENCE)
AMOUNT = Column("paid", Kind.AMOUNT)
DAY = Column("loss_date", Kind.DAY)
CAUSE = Column("cause", Kind.CHOICE, choices=Cause)
NAME = Column("policyholder", Kind.TEXT, is_one_line=True)
TEXT = Column("description", Kind.TEXT)


def read(column: Column, cells: list[str | None], shown: list[str | None]) -> ParsedColumn:
    """A column of a sheet, and how the sheet shows its cells."""
    rules = ParsingRules("SEK", "Europe/Stockholm")
    return parse_column(pa.array(cells), column, rules, pa.array(shown, pa.string()))


def test_an_amount_that_a_sheet_shows_otherwise_than_in_the_currency_of_the_book_is_a_fault():
    shown = ["kr", "EUR", "percentage", "day", None, "SEK", "$", "EUR"]

    found = read(AMOUNT, ["1", "2", "0.5", "2024-03-01", "5", "6", "7", None], shown)

    assert found.values.to_pylist() == [100, None, None, None, 500, 600, None, None]
    assert [fault.at for fault in found.faults] == [1, 2, 3, 6]
    assert "in EUR" in found.faults[0].text
    assert "as a percentage" in found.faults[1].text
    assert "as a day" in found.faults[2].text
    assert "in USD" in found.faults[3].text


def test_a_day_whose_time_the_sheet_does_not_show_is_that_day():
    column = ["2024-01-05T13:45:00", "2024-01-05T13:45:00", "2024-01-06", None, "soon"]

    found = read(DAY, column, ["day", None, "day", "day", "day"])

    assert found.values.to_pylist() == [date(2024, 1, 5), None, date(2024, 1, 6), None, None]
    assert [fault.at for fault in found.faults] == [1, 4]


def test_a_reference_that_a_sheet_shows_as_a_day_is_in_doubt():
    found = read(REFERENCE, ["2024-03-01", "45352", "W-1"], ["day", "day", None])

    assert [(doubt.at, doubt.instead) for doubt in found.doubts] == [(0, None), (1, None)]


def test_values_mapped_for_the_file_come_before_the_words_of_the_book():
    mapped = ParsingRules("SEK", "UTC", values={"cause": {"Vatten ": "storm", "VA-22": "water"}})

    found = parse_column(pa.array(["vatten", "va 22", "Fire", "brand", "x"]), CAUSE, mapped)

    assert found.values.to_pylist() == ["storm", "water", "fire", "fire", None]
    assert "one of collision, glass" in found.faults[0].text


def test_control_letters_are_taken_off_by_choice():
    stripping = ParsingRules("SEK", "UTC", strips_controls=True)
    column = pa.array(["a\x1b[1mb", "\x07", "a\tb", "Åsa"])

    found = [parse_column(column, each, stripping) for each in (TEXT, NAME)]

    assert [each.values.to_pylist() for each in found] == [
        ["a[1mb", "", "a\tb", "Åsa"],
        ["a[1mb", "", "a b", "Åsa"],
    ]
    assert not any((*each.faults, *each.doubts) for each in found)


def test_texts_and_closed_lists_do_not_depend_on_how_they_are_shown():
    assert read(TEXT, ["a", "b"], ["EUR", "day"]).values.to_pylist() == ["a", "b"]
    assert read(CAUSE, ["fire", None], ["EUR", "day"]).values.to_pylist() == ["fire", None]
