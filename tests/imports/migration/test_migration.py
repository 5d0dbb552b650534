from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from flaskr.book.services import allot_reference
from flaskr.claims.as_at_queries import Basis, totals_as_at
from flaskr.claims.check.services import disagreements
from flaskr.claims.ledger.services import post_payment
from flaskr.claims.queries import claim_by_reference, entries_of
from flaskr.facts.closed_lists import Cause, Contents, Coverage, EntryType
from flaskr.import_records.models import Import, ImportFile, ImportKind
from flaskr.imports.services import try_import
from flaskr.imports.tasks import ImportRefused
from flaskr.policies.queries import policy_by_number
from flaskr.values.calendar import utc_now
from tests.factories import ACTOR, make_claim, make_policy
from tests.imports.conftest import files_of
from tests.imports.importing import counts, register
from tests.imports.migration.older_system import (
    CLAIMS,
    HOME,
    LEDGER,
    OPENED,
    PAID,
    POLICIES,
    REVERSED,
    WATER,
)


def test_entries_are_posted_in_the_order_of_recording(migrate_ledger):
    migrate_ledger(REVERSED, PAID, OPENED)

    assert [entry.entry_type for entry in entries_of(claim_by_reference("W1"))] == [
        EntryType.RESERVE_OPEN,
        EntryType.PAYMENT,
        EntryType.PAYMENT_REVERSAL,
    ]


def test_entries_of_one_instant_keep_the_order_of_the_file(migrate_ledger):
    at = "2024-03-05,2024-03-05T10:00+01:00"

    migrate_ledger(OPENED, f"W1,PAYMENT,{at},10,-10,0\n", f"W1,PAYMENT,{at},20,-20,0\n")

    entries = entries_of(claim_by_reference("W1"))
    assert [entry.paid for entry in entries] == [0, Decimal("10.00"), Decimal("20.00")]


def test_a_reversal_reverses_the_last_unreversed_entry_of_its_amounts(migrate_ledger):
    twice = PAID.replace("2024-03-05", "2024-03-06")
    later = REVERSED.replace("2024-03-07", "2024-03-08")

    migrate_ledger(OPENED, PAID, twice, REVERSED, later)

    _, first, second, back, again = entries_of(claim_by_reference("W1"))
    assert (back.reverses, again.reverses) == (second.id, first.id)
    assert list(disagreements()) == []


def test_a_recovery_reversal_reverses_a_recovery_of_any_type(migrate_ledger):
    at = "2024-03-08,2024-03-08T10:00+01:00"

    migrate_ledger(
        OPENED,
        PAID,
        f"W1,RECOVERY_SALVAGE,{at},0,0,5\n",
        f"W1,RECOVERY_REVERSAL,{at},0,0,-5\n",
    )

    *_, salvage, reversal = entries_of(claim_by_reference("W1"))
    assert reversal.reverses == salvage.id


def test_a_migration_can_be_loaded_in_parts(session, migrate):
    policy = make_policy(policy_number="H1")
    make_claim(claim_reference="W1", policy=policy)
    session.flush()
    now, policy_id = utc_now(), policy.id

    brought = migrate(
        claims=CLAIMS + WATER.replace("W1", "W2"),
        ledger=LEDGER
        + f"W1,RESERVE_OPEN,2024-03-02,{now.isoformat()},0,100,0\n"
        + OPENED.replace("W1", "w2"),
    )

    claims, ledger = (found.rows_of("created").rows for found in brought.files)
    assert (claims, ledger, brought.entries) == (1, 2, 2)
    assert claim_by_reference("W2").policy_id == policy_id
    assert claim_by_reference("W1").outstanding == Decimal("100.00")


def test_a_claim_that_is_not_covered_is_accepted_and_flagged(migrate_ledger):
    brought = migrate_ledger(OPENED, PAID, policies=HOME.replace("2024-01-01", "2024-03-02"))

    assert brought.warnings == (
        "These claims are accepted, though the policy was not in force at the loss: W1.",
    )
    assert claim_by_reference("W1").coverage is Coverage.NOT_IN_FORCE
    assert claim_by_reference("W1").paid == Decimal("40.00")


def test_a_migrated_claim_takes_further_entries(migrate_ledger):
    migrate_ledger(OPENED, PAID)
    claim = claim_by_reference("W1")

    entry = post_payment(claim, Decimal("10.00"), date(2024, 3, 9), actor=ACTOR)

    assert entry.recorded_at >= entries_of(claim)[0].imported_at
    assert claim.outstanding == Decimal("50.00")


def test_counters_move_past_references_in_the_books_own_pattern(migrate_ledger):
    now = utc_now()
    claims = f"C-{now.year}-000041,,2024-03-01,2024-03-02,\n"

    migrate_ledger(policies=HOME.replace("H1", f"P-{now.year}-000007"), claims=claims)

    noon = datetime(now.year, 6, 1, tzinfo=UTC)
    assert allot_reference("C", noon) == f"C-{now.year}-000042"
    assert allot_reference("P", noon) == f"P-{now.year}-000008"


def test_recorded_instants_are_those_of_the_files(migrate_ledger):
    migrate_ledger(
        OPENED,
        policies=HOME.replace("100,\n", "100,2023-11-05T08:00Z\n"),
        claims=WATER.replace("02,\n", "02,2024-03-02T09:00+01:00\n"),
    )

    assert policy_by_number("H1").recorded_at == datetime(2023, 11, 5, 8, tzinfo=UTC)
    assert claim_by_reference("W1").recorded_at == datetime(2024, 3, 2, 8, tzinfo=UTC)


def test_missing_instants_are_the_imports_and_a_policys_is_its_first_claims(
    migrate_ledger,
):
    before = utc_now()
    future = (before.date() + timedelta(days=30)).isoformat()

    migrate_ledger(
        OPENED,
        policies=HOME.replace("2024-01-01", "2024-06-01")
        + f"H2,motor,{future},2999-01-01,500,100,\n",
        claims=WATER + WATER.replace("W1", "W2"),
    )

    assert policy_by_number("H1").recorded_at == datetime(2024, 3, 2, 9, tzinfo=UTC)
    assert policy_by_number("H2").recorded_at >= before
    assert claim_by_reference("W2").recorded_at >= before
    assert totals_as_at(date(2024, 12, 31), Basis.KNOWN).claims == 1


def test_an_opening_balance_and_an_adjustment_are_a_valid_ledger(migrate_ledger):
    opening = "W1,IMPORT_OPENING,2024-03-02,2024-03-02T10:00+01:00,30,70,10\n"
    adjusted = "W1,ADJUSTMENT,2024-03-03,2024-03-03T10:00+01:00,-5,5,-1\n"

    migrate_ledger(opening, adjusted)

    claim = claim_by_reference("W1")
    assert (claim.paid, claim.outstanding, claim.recovered) == (25, 75, 9)


def test_the_command_lists_claims_accepted_without_cover(runner, tmp_path):
    paths = files_of(
        tmp_path,
        policies=POLICIES + HOME.replace("2024-01-01", "2024-03-02"),
        claims=CLAIMS + WATER,
        ledger=LEDGER + OPENED,
    )

    result = runner.invoke(args=["import", "--migration", *map(str, paths)])

    taken = "These claims are accepted, though the policy was not in force at the loss: W1."
    assert f"{taken}\nLoaded as import 1.\n" in result.output


def test_optional_columns_are_loaded_when_the_file_has_them(migrate):
    migrate(
        policies=POLICIES.replace(",recorded_at", ",sum_insured,cancelled_on,policyholder")
        + HOME.replace("100,\n", '100,"1 000,50",2024-06-01,Åsa Öberg\n'),
        claims=CLAIMS.replace(",recorded_at", ",cause,description")
        + WATER.replace("02,\n", '02,water,"Taket, köket"\n'),
    )

    policy, claim = policy_by_number("H1"), claim_by_reference("W1")
    assert (policy.sum_insured, policy.policyholder) == (Decimal("1000.50"), "Åsa Öberg")
    assert policy.cancelled_on == date(2024, 6, 1)
    assert (claim.cause, claim.description) == (Cause.WATER, "Taket, köket")


def test_a_migration_loaded_again_changes_nothing(migrate_ledger):
    migrate_ledger(OPENED, PAID, REVERSED)

    with pytest.raises(ImportRefused, match="There is nothing to load"):
        migrate_ledger(REVERSED, OPENED, PAID)


def test_a_ledger_can_be_imported_after_its_claims(migrate):
    migrate(claims=CLAIMS + WATER.replace("H1", ""))
    at = utc_now()

    found = migrate(ledger=LEDGER + f"W1,RESERVE_OPEN,{at.date()},{at.isoformat()},0,7,0\n")

    assert counts(found) == (1, 0, 0, 0)
    assert claim_by_reference("W1").outstanding == Decimal("7.00")
    assert list(disagreements()) == []


def test_a_migration_is_recorded_with_the_file_of_each_row(session, migrate_ledger):
    migrate_ledger(OPENED, PAID)

    [made] = session.scalars(select(Import))
    entries = entries_of(claim_by_reference("W1"))
    assert (made.kind, made.created, made.entries) == (ImportKind.MIGRATION, 4, 2)
    assert (made.paid, made.outstanding) == (Decimal("40.00"), Decimal("60.00"))
    assert [(entry.import_id, entry.import_row) for entry in entries] == [(1, 2), (1, 3)]
    assert {entry.imported_at for entry in entries} == {made.recorded_at}
    files = session.scalars(select(ImportFile).order_by(ImportFile.id))
    assert [(file.file_name, file.contents) for file in files] == [
        ("policies.csv", Contents.POLICIES),
        ("claims.csv", Contents.CLAIMS),
        ("ledger.csv", Contents.LEDGER),
    ]


def test_a_migration_of_claims_with_amounts_and_no_ledger_says_that_they_are_not_loaded(
    session, tmp_path
):
    claims = CLAIMS.strip() + ",paid,outstanding\n" + WATER.replace("H1", "").strip() + ",40,60\n"
    plain = CLAIMS + WATER.replace("H1", "")

    warned = try_import(register(*files_of(tmp_path, claims=claims), is_migration=True)).warnings
    others = [
        try_import(register(*files_of(tmp_path, **texts), is_migration=True)).warnings
        for texts in ({"claims": plain}, {"claims": claims, "ledger": LEDGER + OPENED})
    ]

    assert "The amounts of the claims are not loaded" in warned[0]
    assert others == [(), ()]
