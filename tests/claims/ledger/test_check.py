"""What `flask claims check` finds in a book that was changed with raw SQL, and what it rebuilds."""

from datetime import date

import pytest
from sqlalchemy import text

from flaskr.claims.check.services import Disagreement, disagreements, rebuild_balances
from flaskr.claims.ledger.services import close_claim, reopen_claim, reverse_entry
from flaskr.claims.queries import claim_by_reference
from flaskr.facts.closed_lists import ReasonCode
from flaskr.values.money import ZERO
from tests.factories import ACTOR, make_claim, pay, recover, reserve

pytestmark = pytest.mark.both_databases

AGREES = "The book agrees with its ledger: "
WRONG_BALANCES = "what a claim stores differs from its ledger"
WRONG_SUMS = "the claims do not add up to the ledger"


@pytest.fixture
def book(rolled_back):
    """One claim with many entries, and one without any."""
    make_book()
    return rolled_back


def make_book() -> None:
    claim = make_claim(claim_reference="W-long")
    reserve(claim, "100")
    pay(claim, "30")
    reverse_entry(pay(claim, "20"), date(2024, 4, 2), actor=ACTOR, reason_code=ReasonCode.OTHER)
    recover(claim, "10")
    close_claim(claim, date(2024, 5, 2), actor=ACTOR)
    reopen_claim(
        claim, ZERO, date(2024, 5, 3), actor=ACTOR, reason="x", reason_code=ReasonCode.OTHER
    )
    close_claim(claim, date(2024, 5, 4), actor=ACTOR)
    make_claim(claim_reference="W-none")


def change_ledger(session, statement: str) -> None:
    """Change the append-only ledger, as somebody could who disables its triggers."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("ALTER TABLE ledger_entries DISABLE TRIGGER USER"))
    else:
        session.execute(text("DROP TRIGGER ledger_entries_no_update"))
    session.execute(text(statement))


def test_a_book_that_agrees_says_so(session, runner):
    make_book()
    session.commit()

    result = runner.invoke(args=["claims", "check"])

    assert result.exit_code == 0
    assert result.output.startswith(AGREES)


def test_an_empty_book_agrees(runner):
    assert "0 claims, 0 entries" in runner.invoke(args=["claims", "check"]).output


@pytest.mark.parametrize(
    ("reference", "corruption"),
    [
        ("W-long", "paid = paid + 1"),
        ("W-long", "recovered = 0"),
        ("W-long", "status = 'reopened'"),
        ("W-long", "closed_date = NULL"),
        ("W-long", "closed_date = '2024-05-02'"),
        ("W-none", "outstanding = 1"),
        ("W-none", "status = 'closed'"),
        ("W-none", "closed_date = '2024-05-02'"),
        ("W-long", "last_transaction_date = '2024-05-03'"),
        ("W-long", "first_transaction_date = '2024-01-01'"),
        ("W-long", "last_recorded_at = '2001-01-01 00:00:00.000000'"),
        (
            "W-long",
            "first_transaction_date = NULL, last_transaction_date = NULL, last_recorded_at = NULL",
        ),
        (
            "W-none",
            "first_transaction_date = '2024-05-02', last_transaction_date = '2024-05-02', "
            "last_recorded_at = '2024-05-02 00:00:00.000000'",
        ),
    ],
)
def test_a_wrong_balance_on_a_claim_is_reported_and_rebuilt(book, reference, corruption):
    book.execute(text(f"UPDATE claims SET {corruption} WHERE claim_reference = '{reference}'"))

    claim = claim_by_reference(reference)
    reports = list(disagreements())
    rebuilt = rebuild_balances(ACTOR)

    assert reports[0] == Disagreement(reference, f"{WRONG_BALANCES} ({claim.id})")
    assert [each.text.removesuffix(" (1)") for each in reports[1:]] in ([], [WRONG_SUMS])
    assert rebuilt == 1
    assert list(disagreements()) == []
    assert rebuild_balances(ACTOR) == 0


def test_the_command_counts_the_faults_and_rebuilds_on_request(session, runner):
    make_book()
    session.execute(text("UPDATE claims SET paid = paid + 1, outstanding = 7"))
    session.commit()

    reports = runner.invoke(args=["claims", "check"])
    rebuilt = runner.invoke(args=["claims", "check", "--rebuild"])
    again = runner.invoke(args=["claims", "check"])

    assert reports.exit_code == 5
    assert f"W-long: {WRONG_BALANCES}" in reports.output
    assert WRONG_SUMS in reports.output
    assert "3 faults found" in reports.output
    assert rebuilt.exit_code == 0
    assert rebuilt.output.startswith("2 claims rebuilt.\n" + AGREES)
    assert again.output.startswith(AGREES)


@pytest.mark.parametrize(
    "corruption",
    [
        "paid_after = paid_after + 1 WHERE entry_type = 'PAYMENT'",
        "outstanding_after = 1 WHERE entry_type = 'RECOVERY_SALVAGE'",
        "recovered_after = 1 WHERE entry_type = 'RECOVERY_SALVAGE'",
        "transaction_date = '2030-01-01' WHERE entry_type = 'RESERVE_OPEN'",
        "recorded_at = '2001-01-01 00:00:00.000000' WHERE entry_type = 'RESERVE_CLOSE'",
        "status_after = 'reopened' WHERE entry_type = 'PAYMENT'",
        "closed_date_after = '2024-06-02' WHERE entry_type = 'RESERVE_CLOSE'",
        "cost_type = 'expense' WHERE entry_type = 'PAYMENT_REVERSAL'",
    ],
)
def test_a_changed_entry_is_reported_and_not_hidden_by_a_rebuild(book, corruption):
    change_ledger(book, f"UPDATE ledger_entries SET {corruption}")
    rebuild_balances(ACTOR)

    assert "does not follow from the entries before it" in next(disagreements()).text


def test_a_reversal_of_another_amount_is_reported(book):
    change_ledger(
        book,
        "UPDATE ledger_entries SET reverses = (SELECT min(id) FROM ledger_entries)"
        " WHERE entry_type = 'PAYMENT_REVERSAL'",
    )

    assert [fault.text.rpartition(" (")[0] for fault in disagreements()] == [
        "a ledger entry is not the opposite of the entry it reverses"
    ]
