from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from flaskr.claims.as_at_queries import Basis, claims_as_at, ledger_totals_as_at, totals_as_at
from flaskr.claims.check.services import disagreements
from flaskr.claims.models import Claim, LedgerEntry
from flaskr.claims.queries import claim_by_reference, entries_of
from flaskr.extensions import db
from flaskr.facts.closed_lists import Coverage, EntryType, ReasonCode, Status
from flaskr.policies.queries import policy_by_number
from flaskr.values.calendar import utc_now
from tests.imports.importing import GOLDEN, counts

pytestmark = pytest.mark.both_databases

KNOWN, BOOKED = Basis.KNOWN, Basis.BOOKED
# As at, basis: claims, entries, paid, outstanding, claim cost, recovered, net.
TOTALS = {
    ("2023-12-31", KNOWN): (3, 10, "107950.75", "0.00", "107950.75", "15000.00", "92950.75"),
    ("2023-12-31", BOOKED): (3, 10, "107950.75", "0.00", "107950.75", "15000.00", "92950.75"),
    ("2024-03-31", KNOWN): (
        *(5, 16, "117850.70", "272100.05"),
        *("389950.75", "15000.00", "374950.75"),
    ),
    ("2024-03-31", BOOKED): (
        *(5, 17, "117850.70", "277100.05"),
        *("394950.75", "15000.00", "379950.75"),
    ),
    ("2024-12-31", KNOWN): (
        *(5, 21, "209850.69", "260100.55"),
        *("469951.24", "15000.00", "454951.24"),
    ),
    ("2024-12-31", BOOKED): (
        *(5, 22, "209850.69", "256100.55"),
        *("465951.24", "15000.00", "450951.24"),
    ),
    ("2025-01-31", KNOWN): (
        *(6, 23, "209850.69", "296100.55"),
        *("505951.24", "15000.00", "490951.24"),
    ),
    ("2025-01-31", BOOKED): (
        *(6, 23, "209850.69", "296100.55"),
        *("505951.24", "15000.00", "490951.24"),
    ),
}


def valuation(day: str, basis: Basis) -> dict[str, object]:
    """The claims as at a date, by the last part of their reference: SK-2023-0001 -> 2023-0001."""
    rows = db.session.execute(claims_as_at(date.fromisoformat(day), basis))
    return {row.claim_reference[3:]: row for row in rows}


def test_every_total_of_the_acceptance_table_is_met_on_both_bases(golden):
    totals = {(day, basis): totals_as_at(date.fromisoformat(day), basis) for day, basis in TOTALS}

    assert {
        at: (
            *(t.claims, t.entries, str(t.paid), str(t.outstanding)),
            *(str(t.claim_cost), str(t.recovered), str(t.net)),
        )
        for at, t in totals.items()
    } == TOTALS


def test_the_totals_over_claims_are_those_over_the_ledger(golden):
    for day, basis in TOTALS:
        of_claims = totals_as_at(date.fromisoformat(day), basis)

        of_ledger = ledger_totals_as_at(date.fromisoformat(day), basis)

        assert of_ledger == (of_claims.paid, of_claims.outstanding, of_claims.recovered)


def test_each_claim_at_the_end_of_2024_is_as_it_was_known(golden):
    rows = valuation("2024-12-31", KNOWN)

    assert {key: (str(row.paid), str(row.outstanding)) for key, row in rows.items()} == {
        "2023-0001": ("78750.74", "0.00"),
        "2023-0002": ("41200.00", "0.00"),
        "2023-0003": ("80000.00", "245000.50"),
        "2023-0004": ("0.00", "0.00"),
        "2024-0001": ("9899.95", "15100.05"),
    }
    assert {key: str(row.recovered) for key, row in rows.items() if row.recovered} == {
        "2023-0002": "15000.00"
    }


def test_the_known_movement_over_2024_is_what_was_recorded_in_it(golden):
    before = totals_as_at(date(2023, 12, 31), KNOWN)
    after = totals_as_at(date(2024, 12, 31), KNOWN)

    assert after.paid - before.paid == Decimal("101899.94")
    assert after.outstanding - before.outstanding == Decimal("260100.55")


def test_an_evening_entry_is_known_that_day_and_one_after_local_midnight_is_not(golden):
    known = valuation("2024-12-31", KNOWN)
    booked = valuation("2024-12-31", BOOKED)

    assert known["2023-0003"].outstanding == Decimal("245000.50")  # row 14, 23:30 in Stockholm
    assert known["2024-0001"].outstanding == Decimal("15100.05")  # row 22, 00:30 on 1 January
    assert booked["2024-0001"].outstanding == Decimal("11100.05")


def test_the_status_is_that_of_each_day(golden):
    seen = [
        valuation(day, BOOKED)["2023-0001"] for day in ("2023-09-01", "2023-12-31", "2024-03-31")
    ]
    settled = valuation("2024-12-31", KNOWN)

    assert [(row.status, row.closed_date) for row in seen] == [
        (Status.OPEN, None),
        (Status.CLOSED, date(2023, 9, 2)),
        (Status.REOPENED, None),
    ]
    assert {key: row.status for key, row in settled.items()} == {
        "2023-0001": Status.CLOSED,
        "2023-0002": Status.OPEN,
        "2023-0003": Status.OPEN,
        "2023-0004": Status.CLOSED,
        "2024-0001": Status.OPEN,
    }


@pytest.mark.parametrize("basis", list(Basis))
def test_every_loss_of_the_golden_ledger_is_covered_by_its_policy(golden, basis):
    rows = valuation("2025-01-31", basis)

    assert {row.coverage for row in rows.values()} == {Coverage.IN_FORCE}
    assert rows["2023-0003"].line_of_business == "motor"
    assert golden.warnings == ()


def test_the_migrated_book_agrees_with_its_ledger_and_is_in_order_of_recording(golden):
    entries = list(db.session.scalars(select(LedgerEntry).order_by(LedgerEntry.id)))

    assert list(disagreements()) == []
    assert [entry.recorded_at for entry in entries] == sorted(e.recorded_at for e in entries)
    assert {entry.recorded_by for entry in entries} == {"command"}
    assert len({entry.imported_at for entry in entries}) == 1
    assert abs(utc_now() - entries[0].imported_at).total_seconds() < 60


def test_a_reversal_is_paired_with_its_payment_and_a_reopening_says_migrated(golden):
    entries = entries_of(claim_by_reference("SK-2024-0001"))
    reversal = next(e for e in entries if e.entry_type == EntryType.PAYMENT_REVERSAL)
    payments = [e for e in entries if e.entry_type == EntryType.PAYMENT]

    reopened = entries_of(claim_by_reference("SK-2023-0001"))

    assert reversal.reverses == payments[0].id
    assert [e.reason_code for e in reopened if e.reason_code] == [ReasonCode.MIGRATED]
    assert not any(entry.texts or entry.exceptions for entry in (*entries, *reopened))


def test_claims_are_known_from_their_first_entry_and_policies_from_their_inception(golden):
    first = select(func.min(LedgerEntry.recorded_at)).where(LedgerEntry.claim_id == Claim.id)
    differing = select(Claim).where(Claim.recorded_at != first.scalar_subquery())
    policy = policy_by_number("FÖ-2023-000101")

    assert db.session.scalars(differing).all() == []
    assert policy.recorded_at.isoformat() == "2022-12-31T23:00:00+00:00"


def test_the_dry_run_counts_the_rows_and_sums_the_ledger(golden):
    policies, claims, ledger = golden.files

    assert (counts(golden), golden.entries) == ((3 + 6 + 23, 0, 0, 0), 23)
    assert policies.rows_of("created").amounts == {"premium": "17109.50"}
    assert (claims.rows_of("created").rows, claims.rows_of("created").amounts) == (6, {})
    assert ledger.rows_of("created").amounts == {
        "claim_cost": "505951.24",
        "paid": "209850.69",
        "outstanding": "296100.55",
        "recovered": "15000.00",
    }


def test_the_command_loads_the_three_files_in_any_order_and_the_book_agrees(runner):
    files = [str(path) for path in reversed(GOLDEN)]

    result = runner.invoke(args=["import", "--migration", *files])
    again = runner.invoke(args=["import", "--migration", *files])
    check = runner.invoke(args=["claims", "check"])

    assert (result.exit_code, again.exit_code) == (0, 0)
    *lines, reminder = result.output.splitlines()
    assert reminder.startswith("This book has entries and is not declared live")
    assert [line for line in lines if "left out" not in line] == [
        "ledger.csv: 23 created (claim cost 505951.24 SEK), 0 unchanged, 0 refused.",
        "claims.csv: 6 created, 0 unchanged, 0 refused.",
        "policies.csv: 3 created (premium 17109.50 SEK), 0 unchanged, 0 refused.",
        "Loaded as import 1.",
    ]
    assert "ledger.csv: 0 created, 23 unchanged (claim cost 505951.24 SEK)" in again.output
    assert "policies.csv was already loaded on 20" in again.output
    assert "Loaded as" not in again.output
    assert "agrees with its ledger: 6 claims, 23 entries" in check.output
