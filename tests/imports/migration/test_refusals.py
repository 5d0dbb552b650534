import pytest

from flaskr.imports.services import try_import
from flaskr.imports.tasks import ImportRefused
from tests.factories import make_claim, reserve
from tests.imports.conftest import files_of
from tests.imports.importing import register
from tests.imports.migration.older_system import (
    CLAIMS,
    CLOSED,
    FUTURE,
    HOME,
    LEDGER,
    OPENED,
    PAID,
    POLICIES,
    REVERSED,
    WATER,
)


@pytest.fixture
def refused(dry_runs):
    """The refusals of a migration of a ledger, with one policy and one claim."""

    def run(*entries, policies=HOME, claims=WATER):
        texts = {"policies": POLICIES + policies, "claims": CLAIMS + claims}
        return said(dry_runs.folder, **texts, ledger=LEDGER + "".join(entries))

    return run


def said(folder, **texts):
    outcome = try_import(register(*files_of(folder, **texts), is_migration=True))
    return [str(refusal) for refusal in outcome.refusals]


@pytest.mark.parametrize(
    ("entries", "refusal"),
    [
        ([OPENED.replace("W1", "W9")], "row 2, claim_reference “W9”: The claim is neither"),
        (
            [OPENED, PAID.replace("40,-40", "0,-40")],
            "row 3, entry_type “PAYMENT”: Claim W1: A payment must be above zero.",
        ),
        ([OPENED, PAID.replace("40,-40,0", "40,-40,5")], "Claim W1: A payment must be above zero"),
        ([OPENED, PAID.replace("-40", "-101")], "Claim W1: The outstanding amount cannot go below"),
        ([OPENED, PAID.replace("PAYMENT", "payed")], "row 3, entry_type “payed”: This must be one"),
        ([OPENED, REVERSED], "Claim W1: The paid amount cannot go below zero"),
        ([OPENED, REVERSED.replace("-40,40", "40,-40")], "not valid for a PAYMENT_REVERSAL"),
        ([OPENED, REVERSED.replace("-40,40,0", "-40,0,5")], "not valid for a PAYMENT_REVERSAL"),
        (
            [OPENED, "W1,RECOVERY_SALVAGE,2024-03-03,2024-03-03T10:00Z,0,0,-5\n"],
            "Claim W1: A recovery must be above zero",
        ),
        (
            [OPENED, "W1,REPAYMENT,2024-03-03,2024-03-03T10:00Z,5,0,0\n"],
            "Claim W1: A repayment must be above zero",
        ),
        (
            [OPENED, "W1,RECOVERY_REVERSAL,2024-03-03,2024-03-03T10:00Z,0,0,-5\n"],
            "Claim W1: The recovered amount cannot go below zero",
        ),
        (
            [OPENED, CLOSED, PAID.replace("40,-40", "40,10")],
            "Claim W1: Nothing can be outstanding on a closed claim. (Before this entry the claim "
            "is closed: paid 0.00, outstanding 0.00, recovered 0.00.)",
        ),
        (
            [OPENED, CLOSED, "W1,RESERVE_REOPEN,2024-03-03,2024-03-06T10:00Z,0,0,0\n"],
            "row 4, transaction_date “2024-03-03”: Claim W1: In the order of recording the claim "
            "ends reopened, and in the order of transaction dates closed on 2024-03-04. Correct "
            "the dates of its entries.",
        ),
        (
            [
                OPENED,
                CLOSED,
                CLOSED.replace("03-04,2024-03-04", "03-03,2024-03-06").replace("-100", "0"),
            ],
            "ends closed on 2024-03-03, and in the order of transaction dates closed on 2024-03-04",
        ),
        (
            [OPENED, PAID, REVERSED, REVERSED.replace("-07", "-08")],
            "row 5, entry_type “PAYMENT_REVERSAL”: Claim W1: The paid amount cannot go below zero",
        ),
        (
            [OPENED.replace("2024-03-02,", "2999-01-01,")],
            "row 2, transaction_date “2999-01-01”: Claim W1: This is in the future. Correct it.",
        ),
        ([OPENED.replace("2024-03-02T10:00+01:00", FUTURE)], "This is in the future"),
        ([OPENED.replace("+01:00", "")], "row 2, recorded_at “2024-03-02T10:00”: Write the time"),
        ([OPENED.replace("03-02,", "02-30,")], "row 2, transaction_date “2024-02-30”: This date"),
        ([OPENED.replace("100", "1e3")], "row 2, outstanding “1e3”: “1e3” is not an amount"),
        ([OPENED.replace("0,100,0", "0,100,")], "row 2, recovered “”: The cell is empty"),
        (
            [OPENED, "W1,RESERVE_CLOSE,2024-03-03,2024-03-03T10:00Z,0,-99,0\n"],
            "Claim W1: Nothing can be outstanding on a closed claim. (Before this entry the claim "
            "is open: paid 0.00, outstanding 100.00, recovered 0.00.)",
        ),
        ([OPENED, CLOSED.replace("0,-100,0", "5,-100,0")], "not valid for a RESERVE_CLOSE"),
    ],
)
def test_a_ledger_that_breaks_a_rule_is_refused_by_row(refused, entries, refusal):
    assert refusal in "\n".join(refused(*entries))


@pytest.mark.parametrize(
    ("policies", "refusal"),
    [
        (HOME + HOME.replace("H1", "h1"), "row 3, policy_number “h1”: It appears in rows 2, 3"),
        (HOME.replace("home", "boat"), "row 2, line_of_business “boat”: This must be one of motor"),
        (HOME.replace("2025", "2023"), "row 2, policy_number “H1”: The expiry date"),
        (HOME.replace("500", "-1"), "row 2, premium “-1”: The amount cannot be negative"),
        (HOME.replace("100,\n", f"100,{FUTURE}\n"), "row 2, recorded_at"),
        (
            HOME.replace("2024-01-01", "01/01/24"),
            "row 2, inception_date “01/01/24”: Write the year with four digits",
        ),
    ],
)
def test_an_invalid_policy_is_refused_by_row(refused, policies, refusal):
    assert refusal in "\n".join(refused(policies=policies))


@pytest.mark.parametrize(
    ("claims", "refusal"),
    [
        (WATER + WATER, "rows 2, 3, claim_reference “W1”: It appears in rows 2, 3"),
        (WATER.replace("H1", "H9"), "row 2, policy_number “H9”: The policy is neither"),
        (
            WATER.replace("03-01", "03-03"),
            "The loss date (2024-03-03) cannot be after the reported",
        ),
        (WATER.replace("2024-03-02", "2999-01-01"), "cannot be in the future"),
        (WATER.replace("02,\n", f"02,{FUTURE}\n"), "row 2, recorded_at"),
        (
            WATER.replace("02,\n", "02,2024-03-02T11:00+01:00\n"),
            "ledger.csv, row 2, recorded_at “2024-03-02T09:00:00+00:00”: Claim W1: The claim "
            "itself was recorded later",
        ),
    ],
)
def test_an_invalid_claim_is_refused_by_row(refused, claims, refusal):
    assert refusal in "\n".join(refused(OPENED, claims=claims))


def test_another_ledger_of_a_claim_in_the_book_is_refused(session, tmp_path):
    reserve(make_claim(claim_reference="W1"), "10.00")

    [refusal] = said(tmp_path, ledger=LEDGER + OPENED)

    assert "has a ledger in the book already, without this entry" in refusal


def test_facts_that_differ_from_the_book_are_refused(session, migrate_ledger, tmp_path):
    migrate_ledger(OPENED)

    refusals = said(
        tmp_path,
        policies=POLICIES + HOME.replace("500", "600"),
        claims=CLAIMS + WATER.replace("03-01", "02-29"),
    )
    moved = said(
        tmp_path,
        policies=POLICIES + HOME.replace("H1", "H2"),
        claims=CLAIMS + WATER.replace("H1", "H2"),
    )

    assert [line.partition("where ")[2] for line in refusals] == [
        "premium is 500.00; a migration changes nothing. Leave the row out.",
        "loss_date is 2024-03-01; a migration changes nothing. Leave the row out.",
    ]
    assert moved[0].endswith("policy_number is H1; a migration changes nothing. Leave the row out.")


def test_repeated_entry_numbers_and_other_recorded_dates_are_refused(dry_runs):
    header = LEDGER.strip() + ",seq,rec_local\n"
    rows = [OPENED.strip() + ",1,2024-03-02\n", PAID.strip() + ",1,2024-03-05\n"]
    claims = CLAIMS + WATER.replace("H1", "")

    twice = said(dry_runs.folder, claims=claims, ledger=header + "".join(rows))
    other = said(dry_runs.folder, claims=claims, ledger=header + OPENED.strip() + ",1,2024-03-03\n")

    assert (
        "rows 2, 3, seq “1”: It appears in rows 2, 3. Each entry has a number that no other has."
        in twice[0]
    )
    assert "it was recorded on 2024-03-02" in other[0]


def test_two_files_of_the_same_contents_are_refused(dry_runs):
    with pytest.raises(ImportRefused, match="another file has claims too"):
        said(dry_runs.folder, claims=CLAIMS + WATER, ledger=CLAIMS + WATER)


def test_a_row_of_the_ledger_without_a_reference_is_refused(refused):
    found = refused(OPENED, ",,,,0,100,0\n")

    assert all("The cell is empty" in line for line in found)
    assert {line.partition(",")[0] for line in found} == {"ledger.csv"}


@pytest.fixture
def with_fees(tmp_path):
    """The files of a migration whose ledger has an unknown column."""
    return files_of(
        tmp_path,
        policies=POLICIES + HOME,
        claims=CLAIMS + WATER,
        ledger=LEDGER.strip() + ",fee\n" + OPENED.strip() + ",7\n",
    )


def test_a_choice_is_for_those_files_of_a_migration_that_have_the_column(session, with_fees):
    choices = {"columns": {"fee": "", "paid": "paid"}, "constants": {"cost_type": "expense"}}

    outcome = try_import(register(*with_fees, is_migration=True, **choices))

    assert outcome.is_mapped
    assert not outcome.refusals
    assert outcome.files[2].classes[0].rows == 1


@pytest.mark.parametrize(
    "choices", [{"columns": {"tax": ""}}, {"constants": {"tax": "1"}}, {"columns": {"fee": "tax"}}]
)
def test_a_choice_for_no_file_of_a_migration_is_refused(session, with_fees, choices):
    with pytest.raises(ImportRefused, match=r"tax"):
        try_import(register(*with_fees, is_migration=True, **choices))
