from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from flaskr.book import allot_reference
from flaskr.calendar import utc_now
from flaskr.claims.check import faults
from flaskr.claims.cut_queries import Basis, totals_as_at
from flaskr.claims.ledger_services import post_payment
from flaskr.claims.models import Coverage
from flaskr.claims.queries import claim_referenced, claim_totals, entries_of
from flaskr.claims.rules import EntryType
from flaskr.imports.refusals import ImportRefused
from flaskr.policies.queries import policy_numbered, policy_totals
from tests.factories import ACTOR, make_claim, make_policy, reserve

POLICIES = (
    "policy_number,line_of_business,inception_date,expiry_date,premium,deductible,recorded_at\n"
)
CLAIMS = "claim_reference,policy_number,loss_date,reported_date,recorded_at\n"
LEDGER = "claim_reference,entry_type,transaction_date,recorded_at,paid,outstanding,recovered\n"

HOME = "H1,home,2024-01-01,2025-01-01,500,100,\n"
WATER = "W1,H1,2024-03-01,2024-03-02,\n"
OPENED = "W1,RESERVE_OPEN,2024-03-02,2024-03-02T10:00+01:00,0,100,0\n"
PAID = "W1,PAYMENT,2024-03-05,2024-03-05T10:00+01:00,40,-40,0\n"
TAKEN_BACK = "W1,PAYMENT_REVERSAL,2024-03-07,2024-03-07T10:00+01:00,-40,40,0\n"


@pytest.fixture
def bring(rolled_back, migrate):
    """Migrate one policy, one claim and the ledger given; each file can be another."""

    def run(*entries: str, policies: str = HOME, claims: str = WATER):
        texts = {"policies": POLICIES + policies, "claims": CLAIMS + claims}
        return migrate(**texts, ledger=LEDGER + "".join(entries))

    return run


def test_entries_are_taken_in_the_order_in_which_they_were_recorded(bring):
    bring(TAKEN_BACK, PAID, OPENED)

    assert [entry.entry_type for entry in entries_of(claim_referenced("W1"))] == [
        EntryType.RESERVE_OPEN,
        EntryType.PAYMENT,
        EntryType.PAYMENT_REVERSAL,
    ]


def test_entries_of_one_instant_keep_the_order_of_the_file(bring):
    at = "2024-03-05,2024-03-05T10:00+01:00"

    bring(OPENED, f"W1,PAYMENT,{at},10,-10,0\n", f"W1,PAYMENT,{at},20,-20,0\n")

    entries = entries_of(claim_referenced("W1"))
    assert [entry.paid for entry in entries] == [0, Decimal("10.00"), Decimal("20.00")]


def test_a_reversal_takes_back_the_last_entry_of_its_amounts_that_still_stands(bring):
    twice = PAID.replace("2024-03-05", "2024-03-06")
    later = TAKEN_BACK.replace("2024-03-07", "2024-03-08")

    bring(OPENED, PAID, twice, TAKEN_BACK, later)

    _, first, second, back, again = entries_of(claim_referenced("W1"))
    assert (back.reverses, again.reverses) == (second.id, first.id)
    assert list(faults()) == []


def test_a_recovery_reversal_takes_back_a_recovery_of_any_kind(bring):
    at = "2024-03-08,2024-03-08T10:00+01:00"

    bring(
        OPENED,
        PAID,
        f"W1,RECOVERY_SALVAGE,{at},0,0,5\n",
        f"W1,RECOVERY_REVERSAL,{at},0,0,-5\n",
    )

    *_, salvage, reversal = entries_of(claim_referenced("W1"))
    assert reversal.reverses == salvage.id


def test_a_migration_may_come_in_parts(rolled_back, migrate):
    policy = make_policy(policy_number="H1")
    make_claim(claim_reference="W1", policy=policy)

    now = utc_now()
    brought = migrate(
        claims=CLAIMS + WATER.replace("W1", "W2"),
        ledger=LEDGER
        + f"W1,RESERVE_OPEN,2024-03-02,{now.isoformat()},0,100,0\n"
        + OPENED.replace("W1", "w2"),
    )

    assert (brought.policies, brought.claims, brought.entries) == (0, 1, 2)
    assert claim_referenced("W2").policy_id == policy.id
    assert claim_referenced("W1").outstanding == Decimal("100.00")


def test_a_claim_that_its_policy_does_not_cover_is_taken_and_flagged(bring):
    brought = bring(OPENED, PAID, policies=HOME.replace("2024-01-01", "2024-03-02"))

    assert brought.uncovered == ["W1"]
    assert claim_referenced("W1").coverage is Coverage.NOT_IN_FORCE
    assert claim_referenced("W1").paid == Decimal("40.00")


def test_a_migrated_claim_is_worked_on_like_any_other(bring):
    bring(OPENED, PAID)
    claim = claim_referenced("W1")

    entry = post_payment(claim, Decimal("10.00"), date(2024, 3, 9), actor=ACTOR)

    assert entry.recorded_at >= entries_of(claim)[0].imported_at
    assert claim.outstanding == Decimal("50.00")


def test_counters_move_past_references_of_the_form_that_the_book_allots(bring):
    now = utc_now()
    claims = f"C-{now.year}-000041,,2024-03-01,2024-03-02,\n"

    bring(policies=HOME.replace("H1", f"P-{now.year}-000007"), claims=claims)

    noon = datetime(now.year, 6, 1, tzinfo=UTC)
    assert allot_reference("C", noon) == f"C-{now.year}-000042"
    assert allot_reference("P", noon) == f"P-{now.year}-000008"


def test_what_was_recorded_when_is_as_the_files_say(bring):
    bring(
        OPENED,
        policies=HOME.replace("100,\n", "100,2023-11-05T08:00Z\n"),
        claims=WATER.replace("02,\n", "02,2024-03-02T09:00+01:00\n"),
    )

    assert policy_numbered("H1").recorded_at == datetime(2023, 11, 5, 8, tzinfo=UTC)
    assert claim_referenced("W1").recorded_at == datetime(2024, 3, 2, 8, tzinfo=UTC)


def test_what_no_file_says_is_known_from_the_import_and_a_policy_from_its_first_claim(bring):
    before = utc_now()
    future = (before.date() + timedelta(days=30)).isoformat()

    bring(
        OPENED,
        policies=HOME.replace("2024-01-01", "2024-06-01")
        + f"H2,motor,{future},2999-01-01,500,100,\n",
        claims=WATER + WATER.replace("W1", "W2"),
    )

    assert policy_numbered("H1").recorded_at == datetime(2024, 3, 2, 9, tzinfo=UTC)
    assert policy_numbered("H2").recorded_at >= before
    assert claim_referenced("W2").recorded_at >= before
    assert totals_as_at(date(2024, 12, 31), Basis.KNOWN).claims == 1


def test_a_changed_payment_of_an_opening_balance_is_a_ledger_too(bring):
    opening = "W1,IMPORT_OPENING,2024-03-02,2024-03-02T10:00+01:00,30,70,10\n"
    adjusted = "W1,ADJUSTMENT,2024-03-03,2024-03-03T10:00+01:00,-5,5,-1\n"

    bring(opening, adjusted)

    claim = claim_referenced("W1")
    assert (claim.paid, claim.outstanding, claim.recovered) == (25, 75, 9)


TOMORROW = (datetime.now(UTC) + timedelta(days=1)).isoformat()


@pytest.mark.parametrize(
    ("entries", "refusal"),
    [
        ([OPENED.replace("W1", "W9")], "row 2, claim_reference “W9”: The claim is neither"),
        ([OPENED, OPENED], "row 3, entry_type “RESERVE_OPEN”: Only a claim's first entry opens"),
        ([OPENED, PAID.replace("40,-40", "-40,40")], "row 3, entry_type “PAYMENT”: A payment must"),
        ([OPENED, PAID.replace("-40", "-30")], "outstanding is −40.00 here"),
        ([OPENED, PAID.replace("PAYMENT", "payed")], "row 3, entry_type “payed”: This is one of"),
        ([OPENED, TAKEN_BACK], "The paid amount cannot go below zero"),
        ([OPENED, PAID, TAKEN_BACK.replace("-40,40", "-30,30")], "No earlier entry of exactly"),
        (
            [OPENED, PAID, TAKEN_BACK, TAKEN_BACK.replace("-07", "-08")],
            "row 5, entry_type “PAYMENT_REVERSAL”: The paid amount cannot go below zero",
        ),
        (
            [OPENED, PAID.replace("2024-03-05,", "2024-03-01,")],
            "row 3, entry_type “PAYMENT”: The claim has an entry of 2024-03-02, and a ledger",
        ),
        ([OPENED.replace("03-02,", "03-01,")], "before the claim was reported"),
        ([OPENED.replace("03-02,", "03-03,")], "row 2, transaction_date “2024-03-03”: That is"),
        ([OPENED.replace("2024-03-02T10:00+01:00", TOMORROW)], "That is in the future"),
        ([OPENED.replace("+01:00", "")], "row 2, recorded_at “2024-03-02T10:00”: An instant is"),
        ([OPENED.replace("03-02,", "02-30,")], "row 2, transaction_date “2024-02-30”: There is"),
        ([OPENED.replace("100", "1e3")], "row 2, outstanding “1e3”: “1e3” is not an amount"),
        ([OPENED.replace("0,100,0", "0,100,")], "row 2, recovered “”: The cell is empty"),
        (
            [OPENED, "W1,RESERVE_CLOSE,2024-03-03,2024-03-03T10:00Z,0,-99,0\n"],
            "These amounts do not make a RESERVE_CLOSE. (Before it the claim is open: paid 0.00, "
            "outstanding 100.00, recovered 0.00.)",
        ),
    ],
)
def test_a_ledger_that_breaks_a_rule_is_refused_by_row(bring, entries, refusal):
    with pytest.raises(ImportRefused) as refused:
        bring(*entries)

    assert refusal in str(refused.value)


@pytest.mark.parametrize(
    ("policies", "refusal"),
    [
        (HOME + HOME.replace("H1", "h1"), "row 3, policy_number “h1”: Row 2 has it already"),
        (HOME.replace("home", "boat"), "row 2, line_of_business “boat”: This is one of motor"),
        (HOME.replace("2025", "2023"), "row 2, policy_number “H1”: The expiry date"),
        (HOME.replace("500", "-1"), "row 2, premium “-1”: The amount is zero or more"),
        (HOME.replace("100,\n", f"100,{TOMORROW}\n"), "row 2, recorded_at"),
        (HOME.replace("2024-01-01", "01/01/24"), "row 2, inception_date “01/01/24”: A day is"),
    ],
)
def test_a_policy_that_does_not_fit_is_refused_by_row(bring, policies, refusal):
    with pytest.raises(ImportRefused) as refused:
        bring(policies=policies)

    assert refusal in str(refused.value)


@pytest.mark.parametrize(
    ("claims", "refusal"),
    [
        (WATER + WATER, "row 3, claim_reference “W1”: Row 2 has it already"),
        (WATER.replace("H1", "H9"), "row 2, policy_number “H9”: The policy is neither"),
        (WATER.replace("03-01", "03-03"), "The loss (2024-03-03) cannot be after the report"),
        (WATER.replace("2024-03-02", "2999-01-01"), "cannot be in the future"),
        (WATER.replace("02,\n", f"02,{TOMORROW}\n"), "row 2, recorded_at"),
        (
            WATER.replace("02,\n", "02,2024-03-02T11:00+01:00\n"),
            "ledger.csv, row 2, recorded_at “2024-03-02T10:00+01:00”: The claim itself was",
        ),
    ],
)
def test_a_claim_that_does_not_fit_is_refused_by_row(bring, claims, refusal):
    with pytest.raises(ImportRefused) as refused:
        bring(OPENED, claims=claims)

    assert refusal in str(refused.value)


def test_a_claim_with_a_ledger_in_the_book_takes_no_other(rolled_back, migrate):
    reserve(make_claim(claim_reference="W1"), "10.00")

    with pytest.raises(ImportRefused, match="has a ledger in the book already"):
        migrate(ledger=LEDGER + OPENED)


def test_entry_numbers_stand_once_and_recorded_days_are_compared(rolled_back, migrate):
    header = LEDGER.strip() + ",seq,rec_local\n"
    rows = [OPENED.strip() + ",1,2024-03-02\n", PAID.strip() + ",1,2024-03-05\n"]

    with pytest.raises(ImportRefused, match="row 3, seq “1”: Row 2 has it already"):
        migrate(claims=CLAIMS + WATER.replace("H1", ""), ledger=header + "".join(rows))
    with pytest.raises(ImportRefused, match="it was recorded on 2024-03-02"):
        migrate(
            claims=CLAIMS + WATER.replace("H1", ""),
            ledger=header + OPENED.strip() + ",1,2024-03-03\n",
        )


def test_files_are_told_apart_by_their_columns_and_each_comes_once(rolled_back, migrate):
    with pytest.raises(ImportRefused, match="Another file holds the claims"):
        migrate(claims=CLAIMS + WATER, ledger=CLAIMS + WATER)
    with pytest.raises(ImportRefused, match=r"claims\.csv, column “recordedat”"):
        migrate(claims=CLAIMS.replace("recorded_at", "recordedat") + WATER)


def test_a_refused_migration_leaves_nothing_in_the_book(runner, write_csv):
    paths = [
        write_csv("policies.csv", POLICIES + HOME),
        write_csv("claims.csv", CLAIMS + WATER),
        write_csv("ledger.csv", LEDGER + OPENED + PAID.replace("-40", "-30")),
    ]

    result = runner.invoke(args=["import", "--migration", *map(str, paths)])

    assert result.exit_code == 1
    assert result.output.startswith("Error: Nothing was imported.\nledger.csv, row 3")
    with runner.app.app_context():
        assert (claim_totals().claims, policy_totals()[0]) == (0, 0)


def test_the_command_says_which_claims_were_taken_without_cover(runner, write_csv):
    paths = [
        write_csv("policies.csv", POLICIES + HOME.replace("2024-01-01", "2024-03-02")),
        write_csv("claims.csv", CLAIMS + WATER),
        write_csv("ledger.csv", LEDGER + OPENED),
    ]

    result = runner.invoke(args=["import", "--migration", *map(str, paths)])

    assert result.output.endswith("the policy was not in force at the loss: W1.\n")
