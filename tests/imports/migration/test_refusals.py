import pytest

from flaskr.claims.queries import claim_totals
from flaskr.imports.services import try_import
from flaskr.imports.tasks import ImportRefused
from flaskr.policies.queries import policy_totals
from tests.factories import make_claim, reserve
from tests.imports.conftest import files_of
from tests.imports.importing import register
from tests.imports.migration.older_system import (
    CLAIMS,
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
        ([OPENED, OPENED], "row 3, entry_type “RESERVE_OPEN”: Only the first entry of a claim can"),
        ([OPENED, PAID.replace("40,-40", "-40,40")], "row 3, entry_type “PAYMENT”: A payment must"),
        ([OPENED, PAID.replace("-40", "-30")], "outstanding must be −40.00 here"),
        ([OPENED, PAID.replace("PAYMENT", "payed")], "row 3, entry_type “payed”: This must be one"),
        ([OPENED, REVERSED], "The paid amount cannot go below zero"),
        ([OPENED, PAID, REVERSED.replace("-40,40", "-30,30")], "no earlier entry of exactly"),
        (
            [OPENED, PAID, REVERSED, REVERSED.replace("-07", "-08")],
            "row 5, entry_type “PAYMENT_REVERSAL”: The paid amount cannot go below zero",
        ),
        (
            [OPENED, PAID.replace("2024-03-05,", "2024-03-01,")],
            "row 3, entry_type “PAYMENT”: The claim already has an entry dated",
        ),
        ([OPENED.replace("03-02,", "03-01,")], "before the claim was reported"),
        ([OPENED.replace("03-02,", "03-03,")], "row 2, transaction_date “2024-03-03”: This is"),
        ([OPENED.replace("2024-03-02T10:00+01:00", FUTURE)], "This is in the future"),
        ([OPENED.replace("+01:00", "")], "row 2, recorded_at “2024-03-02T10:00”: Write the time"),
        ([OPENED.replace("03-02,", "02-30,")], "row 2, transaction_date “2024-02-30”: This date"),
        ([OPENED.replace("100", "1e3")], "row 2, outstanding “1e3”: “1e3” is not an amount"),
        ([OPENED.replace("0,100,0", "0,100,")], "row 2, recovered “”: The cell is empty"),
        (
            [OPENED, "W1,RESERVE_CLOSE,2024-03-03,2024-03-03T10:00Z,0,-99,0\n"],
            "These amounts are not valid for a RESERVE_CLOSE. (Before this entry the claim is "
            "open: paid 0.00, outstanding 100.00, recovered 0.00.)",
        ),
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
            "row 2, inception_date “01/01/24”: Write the date",
        ),
    ],
)
def test_an_invalid_policy_is_refused_by_row(refused, policies, refusal):
    assert refusal in "\n".join(refused(policies=policies))


@pytest.mark.parametrize(
    ("claims", "refusal"),
    [
        (WATER + WATER, "row 3, claim_reference “W1”: It appears in rows 2, 3"),
        (WATER.replace("H1", "H9"), "row 2, policy_number “H9”: The policy is neither"),
        (
            WATER.replace("03-01", "03-03"),
            "The loss date (2024-03-03) cannot be after the reported",
        ),
        (WATER.replace("2024-03-02", "2999-01-01"), "cannot be in the future"),
        (WATER.replace("02,\n", f"02,{FUTURE}\n"), "row 2, recorded_at"),
        (
            WATER.replace("02,\n", "02,2024-03-02T11:00+01:00\n"),
            "ledger.csv, row 2, recorded_at “2024-03-02T09:00:00+00:00”: The claim itself was",
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

    assert "row 3, seq “1”: It appears in rows 2, 3. Keep one of them." in twice[1]
    assert "it was recorded on 2024-03-02" in other[0]


def test_two_files_of_the_same_contents_are_refused(dry_runs):
    with pytest.raises(ImportRefused, match="another file has claims too"):
        said(dry_runs.folder, claims=CLAIMS + WATER, ledger=CLAIMS + WATER)


def test_a_migration_with_refused_rows_cannot_be_loaded_in_part(runner, tmp_path):
    paths = files_of(
        tmp_path,
        policies=POLICIES + HOME,
        claims=CLAIMS + WATER,
        ledger=LEDGER + OPENED + PAID.replace("-40", "-30"),
    )

    result = runner.invoke(args=["import", "--migration", "--good-rows", *map(str, paths)])

    assert result.exit_code == 1
    assert "ledger.csv, row 3, type “PAYMENT”: A payment reduces" in result.output.replace(
        "entry_type", "type"
    )
    assert result.output.endswith(
        "Error: Nothing was imported.\nA migration is loaded completely or "
        "not at all: correct the refused rows first.\n"
    )
    with runner.app.app_context():
        assert (claim_totals().claims, policy_totals()[0]) == (0, 0)
