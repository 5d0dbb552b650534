import pytest

from flaskr.calendar import utc_now
from flaskr.claims.queries import claim_totals
from flaskr.errors import ChangedMeanwhile
from flaskr.imports.checks import policy_row
from flaskr.imports.layouts import Row
from flaskr.imports.migration_facts import new_policy
from flaskr.imports.migration_services import write_facts
from flaskr.imports.refusals import ImportRefused
from flaskr.policies.queries import policy_totals
from tests.factories import ACTOR, make_claim, reserve
from tests.imports.older_system import (
    CLAIMS,
    FUTURE,
    HOME,
    LEDGER,
    OPENED,
    PAID,
    POLICIES,
    TAKEN_BACK,
    WATER,
)


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
        ([OPENED.replace("2024-03-02T10:00+01:00", FUTURE)], "That is in the future"),
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
        (HOME.replace("100,\n", f"100,{FUTURE}\n"), "row 2, recorded_at"),
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
        (WATER.replace("02,\n", f"02,{FUTURE}\n"), "row 2, recorded_at"),
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


def test_facts_that_somebody_recorded_meanwhile_are_refused(bring):
    bring(OPENED)
    again = new_policy(policy_row(home_row()), utc_now(), ACTOR)

    with pytest.raises(ChangedMeanwhile, match="Run the import again"):
        write_facts([again])


def home_row() -> Row:
    cells = dict(zip(POLICIES.strip().split(","), HOME.strip().split(","), strict=True))
    return Row("policies.csv", 2, cells, {name: name for name in cells})


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
