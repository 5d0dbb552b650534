"""History that breaks rules of how people work is taken as it was, and what it brings besides."""

from datetime import date
from decimal import Decimal

import pytest

from flaskr.claims.check.services import disagreements
from flaskr.claims.ledger.services import post_payment
from flaskr.claims.queries import claim_by_reference, entries_of
from flaskr.claims.services import edit_claim
from flaskr.errors import ClaimBookError
from flaskr.facts.closed_lists import EntryType, Status
from flaskr.imports.services import try_import
from tests.factories import ACTOR
from tests.imports.conftest import files_of
from tests.imports.importing import Importing, counts, register
from tests.imports.migration.older_system import (
    CLAIMS,
    CLOSED,
    LEDGER,
    OPENED,
    PAID,
    REVERSED,
    WATER,
)

LATE = "W1,PAYMENT,2024-03-08,2024-03-08T10:00+01:00,40,0,0\n"
AT = "2024-03-09,2024-03-09T10:00+01:00"


RULES = [
    *("status", "not_first", "reserve", "declined_paid", "before_report", "after_recording"),
    *("out_of_order", "other_type", "below_zero"),
]
EXCEPTIONS = {
    "status": (OPENED, CLOSED, LATE),
    "status after a second closing": (OPENED, CLOSED, f"W1,RESERVE_CLOSE,{AT},0,0,0\n"),
    "status of reopening an open claim": (OPENED, f"W1,RESERVE_REOPEN,{AT},0,5,0\n"),
    "not_first": (OPENED, f"W1,RESERVE_OPEN,{AT},0,5,0\n"),
    "reserve": (OPENED, PAID.replace("-40", "-30")),
    "reserve raised by a payment": (OPENED, PAID.replace("-40", "30")),
    "declined_paid": (OPENED, PAID, f"W1,CLAIM_DECLINED,{AT},0,-60,0\n"),
    "before_report": (OPENED.replace("03-02,", "02-27,"),),
    "after_recording": (OPENED, PAID.replace("2024-03-05,", "2024-03-06,")),
    "out_of_order before_report": (OPENED, PAID.replace("2024-03-05,", "2024-03-01,")),
    "other_type of a part": (OPENED, PAID, REVERSED.replace("-40,40", "-30,30")),
    "other_type of a negative payment": (OPENED, PAID, f"W1,PAYMENT,{AT},-40,0,0\n"),
}


@pytest.mark.parametrize("name", EXCEPTIONS)
def test_an_entry_that_breaks_a_rule_is_taken_with_the_rules_name(migrate_ledger, name):
    expected = [word for word in name.split() if word in RULES]

    migrate_ledger(*EXCEPTIONS[name])

    *earlier, last = entries_of(claim_by_reference("W1"))
    assert last.broken_rules == [*sorted(expected, key=RULES.index)]
    assert not any(entry.exceptions for entry in earlier)
    assert list(disagreements()) == []


def test_a_second_closing_sets_the_closed_date_anew(migrate_ledger):
    migrate_ledger(OPENED, CLOSED, f"W1,RESERVE_CLOSE,{AT},0,0,0\n")

    claim = claim_by_reference("W1")
    assert (claim.status, claim.closed_date) == (Status.CLOSED, date(2024, 3, 9))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("row", "entry_type"),
    [
        (f"W1,PAYMENT,{AT},-40,0,0\n", EntryType.REPAYMENT),
        (f"W1,PAYMENT,{AT},-30,30,0\n", EntryType.ADJUSTMENT),
        (f"W1,PAYMENT_REVERSAL,{AT},-30,0,0\n", EntryType.REPAYMENT),
        (f"W1,PAYMENT_REVERSAL,{AT},-30,30,0\n", EntryType.ADJUSTMENT),
        (f"W1,RECOVERY_REVERSAL,{AT},0,0,-2\n", EntryType.ADJUSTMENT),
        (f"W1,REPAYMENT,{AT},-40,0,0\n", EntryType.REPAYMENT),
    ],
)
def test_money_that_comes_back_without_its_payment(migrate_ledger, tmp_path, row, entry_type):
    salvage = f"W1,RECOVERY_SALVAGE,{AT},0,0,5\n"
    migrate_ledger(OPENED, PAID, salvage, row)
    again = load_ledger_again(tmp_path, OPENED, PAID, salvage, row)

    last = entries_of(claim_by_reference("W1"))[-1]
    is_other = not row.startswith("W1,REPAYMENT")
    assert (last.entry_type, bool(last.exceptions)) == (entry_type, is_other)
    assert (last.reverses, list(disagreements())) == (None, [])
    assert again == (0, 0, 5, 0)


def load_ledger_again(folder, *entries: str) -> tuple[int, ...]:
    """The counts of a dry run of a claim and its ledger."""
    paths = files_of(folder, claims=CLAIMS + WATER, ledger=LEDGER + "".join(entries))
    return counts(try_import(register(*paths, is_migration=True)))


def test_the_books_own_file_of_a_migrated_ledger_changes_nothing(migrate_ledger, tmp_path):
    migrate_ledger(OPENED, PAID, f"W1,PAYMENT,{AT},-40,0,0\n")

    assert load_ledger_again(tmp_path, OPENED, PAID, f"W1,REPAYMENT,{AT},-40,0,0\n") == (0, 0, 4, 0)


def test_another_type_of_an_entry_that_the_book_has_is_refused(migrate_ledger, tmp_path):
    migrate_ledger(OPENED, PAID, f"W1,REPAYMENT,{AT},-40,0,0\n")

    found = load_ledger_again(tmp_path, OPENED, PAID, f"W1,ADJUSTMENT,{AT},-40,0,0\n")

    assert found == (0, 0, 0, 4)


def test_a_claim_that_was_migrated_out_of_order_takes_further_entries(migrate_ledger):
    migrate_ledger(OPENED, PAID, "W1,RESERVE_CHANGE,2024-03-03,2024-03-10T10:00Z,0,5,0\n")
    claim = claim_by_reference("W1")

    with pytest.raises(ClaimBookError, match="entry dated 2024-03-05, and a new entry cannot"):
        post_payment(claim, Decimal(1), date(2024, 3, 4), actor=ACTOR)
    post_payment(claim, Decimal(10), date(2024, 3, 5), actor=ACTOR)

    assert (claim.paid, claim.outstanding) == (50, 55)
    assert (claim.first_transaction_date, claim.last_transaction_date) == (
        date(2024, 3, 2),
        date(2024, 3, 5),
    )
    assert list(disagreements()) == []


def test_a_claim_with_entries_before_its_report_can_be_edited(migrate_ledger):
    migrate_ledger(OPENED.replace("03-02,", "02-27,"))
    claim = claim_by_reference("W1")

    edited = edit_claim(
        claim, {"loss_date": date(2024, 2, 20)}, seen_version=claim.version, actor=ACTOR
    )

    assert edited.loss_date == date(2024, 2, 20)
    assert list(disagreements()) == []


def test_a_file_moves_the_report_earlier_but_not_later_past_the_first_entry(
    migrate_ledger, tmp_path
):
    migrate_ledger(OPENED.replace("03-02,", "02-27,"))
    importing = Importing(tmp_path)
    header = ("claim", "loss date", "reported date")

    [refusal] = importing.refusals(header, ["W1", "2024-03-01", "2024-03-03"])
    importing.load(header, ["W1", "2024-02-20", "2024-03-01"])

    assert "has an entry dated 2024-02-27; the reported date cannot be after it" in refusal
    assert claim_by_reference("W1").reported_date == date(2024, 3, 1)
    assert list(disagreements()) == []
