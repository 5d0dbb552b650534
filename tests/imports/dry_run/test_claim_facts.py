from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from flaskr.claims.check.services import disagreements
from flaskr.claims.models import ClaimRevision
from flaskr.claims.queries import claim_by_reference, entries_of
from flaskr.extensions import db
from flaskr.facts.closed_lists import Cause, EntryType
from flaskr.values.calendar import today
from tests.factories import make_claim, make_policy, pay, recover, reserve
from tests.imports.importing import COSTS, counts

FACTS = ("skadenummer", "Policy No", "Orsak", "Skadedag", "Anmälningsdag", "Beskrivning")


def balances(reference: str) -> tuple[str, ...]:
    claim = claim_by_reference(reference)
    return tuple(str(each) for each in (claim.paid, claim.outstanding, claim.recovered))


@pytest.fixture
def known(importing):
    """A claim with 40 paid, 60 outstanding and 10 recovered, on a policy."""
    claim = make_claim(claim_reference="W-1", policy=make_policy(policy_number="H-1"))
    reserve(claim, "100.00")
    pay(claim, "40.00")
    recover(claim, "10.00")
    return importing


def test_a_new_claim_has_the_facts_of_its_row(importing):
    make_policy(policy_number="H-1")

    found = importing.load(
        (*FACTS, "paid", "outstanding", "recovered"),
        ["W-1", "h-1", "water", "2024-03-01", "2024-03-02", "Taket, köket", "30", "70,5", "5"],
        ["W-2", "", "", "", "", "", "0", "0", "0"],
    )

    claim = claim_by_reference("W-1")
    assert (claim.policy_id is not None, claim.cause, claim.description) == (
        *(True, Cause.WATER),
        "Taket, köket",
    )
    assert (claim.loss_date, claim.reported_date) == (date(2024, 3, 1), date(2024, 3, 2))
    assert balances("W-1") == ("30.00", "70.50", "5.00")
    [opening] = entries_of(claim)
    assert opening.entry_type == EntryType.IMPORT_OPENING
    assert found.files[0].rows_of("created").amounts == {
        **{"claim_cost": "100.50", "paid": "30.00", "outstanding": "70.50", "recovered": "5.00"}
    }
    assert found.files[0].rows_of("created").first[0].after["policy_number"] == "H-1"
    assert claim_by_reference("W-2").cause is None
    assert list(disagreements()) == []


@pytest.mark.parametrize(
    ("names", "amounts", "expected"),
    [
        (("paid",), (50,), ("50.00", "60.00", "10.00")),
        (("outstanding",), (5,), ("40.00", "5.00", "10.00")),
        (("recovered",), (40,), ("40.00", "60.00", "40.00")),
        (("claim_cost",), (100,), ("40.00", "60.00", "10.00")),
        (("claim_cost",), (150,), ("40.00", "110.00", "10.00")),
        (("paid", "claim_cost"), (70, 80), ("70.00", "10.00", "10.00")),
        (("outstanding", "claim_cost"), (60, 100), ("40.00", "60.00", "10.00")),
        (("paid", "outstanding"), (45, 0), ("45.00", "0.00", "10.00")),
        (("paid", "outstanding", "claim_cost"), (45, 5, 50), ("45.00", "5.00", "10.00")),
        (("recovered", "claim_cost"), (0, 40), ("40.00", "0.00", "0.00")),
    ],
)
def test_a_claim_has_the_amounts_of_the_file_after_the_import(known, names, amounts, expected):
    before = entries_of(claim_by_reference("W-1"))

    found = known.dry_run(("claim", *names), ["W-1", *amounts])
    if found.changes:
        known.load(("claim", *names), ["W-1", *amounts])

    assert balances("W-1") == expected
    assert len(entries_of(claim_by_reference("W-1"))) - len(before) == found.changes
    assert list(disagreements()) == []


def test_invalid_amounts_are_refused(known):
    header = ("claim", "paid", "outstanding", "claim_cost", "recovered")

    said = known.refusals(
        header,
        ["W-1", 40, 60, 99, 10],
        ["N-1", 5, 5, 11, 0],
        ["N-3", 5, 5, 10, ""],
        ["N-4", -5, 5, 0, 0],
    )

    assert [line.removeprefix("claims.csv, row ") for line in said] == [
        "2, claim_cost “99.00”: This is not paid plus outstanding. Correct one of the three.",
        "3, claim_cost “11.00”: This is not paid plus outstanding. Correct one of the three.",
        "4, recovered “”: The cell is empty. Fill it in.",
        "5, paid “-5”: The amount cannot be negative. Correct it.",
    ]


def test_a_claim_cost_without_what_is_paid_is_paid_after_what_is_outstanding(known):
    known.load(("claim", "outstanding", "claim_cost"), ["W-1", 60, 95], ["N-1", 5, 11])

    assert balances("W-1")[:2] == ("35.00", "60.00")
    assert balances("N-1")[:2] == ("6.00", "5.00")


@pytest.mark.parametrize("given", ["paid", "outstanding"])
def test_a_claim_cost_below_one_of_its_parts_is_refused(known, given):
    said = known.refusals(("claim", given, "claim_cost"), ["W-1", 60, 59], ["N-1", 5, 4])

    assert [line.removeprefix("claims.csv, row ") for line in said] == [
        f"{row}, claim_cost “{cost}.00”: This is less than what is paid or outstanding of it. "
        "Correct one of them."
        for row, cost in ((2, 59), (3, 4))
    ]


def test_more_may_be_recovered_than_is_paid(known):
    header = ("claim", "paid", "outstanding", "recovered")

    known.load(header, ["W-1", 40, 60, 70], ["N-1", 0, 5, 6])

    assert balances("W-1") == ("40.00", "60.00", "70.00")
    assert balances("N-1") == ("0.00", "5.00", "6.00")
    assert list(disagreements()) == []


def test_an_event_code_is_a_fact_of_a_file_of_claims(known):
    known.load(("claim", "event"), ["W-1", "GUDRUN"], ["N-1", "ALFRIDA"])
    known.load(("claim", "händelse"), ["W-1", "PER"])

    claim = claim_by_reference("W-1")
    assert (claim.event_code, claim_by_reference("N-1").event_code) == ("PER", "ALFRIDA")
    assert claim.version == 3


def test_an_empty_cell_leaves_what_the_book_has(known):
    found = known.dry_run(FACTS, ["W-1", "", "", "", "", ""])

    assert counts(found) == (0, 0, 1, 0)


def test_changed_facts_are_shown_before_and_after_and_recorded_as_a_revision(known):
    make_policy(policy_number="H-2")

    found = known.load(FACTS, ["w-1", "H-2", "fire", "2024-02-28", "", "Ny text"])

    [shown] = found.files[0].rows_of("changed").first
    assert (shown.name, dict(shown.before)) == (
        "W-1",
        {
            **{"policy_number": "H-1", "cause": "water", "loss_date": "2024-03-01"},
            "description": "",
        },
    )
    assert dict(shown.after) == {
        **{"policy_number": "H-2", "cause": "fire", "loss_date": "2024-02-28"},
        "description": "Ny text",
    }
    claim = claim_by_reference("W-1")
    [revision] = db.session.scalars(select(ClaimRevision))
    assert (claim.version, claim.cause, claim.description) == (2, Cause.FIRE, "Ny text")
    assert (revision.cause, revision.loss_date) == (Cause.WATER, date(2024, 3, 1))
    assert (revision.description_changed, revision.reported_date) == (True, date(2024, 3, 2))
    assert found.entries == 0
    assert balances("W-1") == ("40.00", "60.00", "10.00")


def test_a_row_may_change_facts_and_amounts_at_once(known):
    known.load(("claim", "cause", "paid"), ["W-1", "storm", 90])

    claim = claim_by_reference("W-1")
    assert (claim.version, claim.cause, claim.paid) == (2, Cause.STORM, Decimal("90.00"))
    assert list(disagreements()) == []


def test_invalid_facts_are_refused(known):
    said = known.refusals(
        FACTS,
        ["W-1", "", "", "", "2024-05-01", ""],  # the ledger begins before
        ["N-1", "H-9", "", "", "", ""],
        ["N-2", "", "", "2024-03-03", "2024-03-02", ""],
        ["N-3", "", "", "2999-01-01", "", ""],
        ["N-4", "", "wind", "", "", ""],
        ["N-5", "", "", "1/3 2024", "", ""],
        ["N-6", "", "", "2023-02-29", "", ""],
    )

    assert [line.removeprefix("claims.csv, row ") for line in said] == [
        "2, Anmälningsdag “2024-05-01”: The claim has an entry dated 2024-03-02; "
        "the reported date cannot be after it.",
        "3, Policy No “H-9”: The policy is not in the book. Add it first, or leave the cell empty.",
        "4, Skadedag “2024-03-03”: The loss date (2024-03-03) cannot be after "
        "the reported date (2024-03-02).",
        "5, Skadedag “2999-01-01”: The loss date and the reported date cannot be in the future "
        f"(today is {today()}).",
        "6, Orsak “wind”: This must be one of collision, glass, theft, vandalism, fire, water, "
        "storm, breakage, injury, illness, damage_to_others, cancellation, luggage, other.",
        "7, Skadedag “1/3 2024”: Write the date as 2024-12-31.",
        "8, Skadedag “2023-02-29”: This date does not exist, or is before 1900. Correct it.",
    ]


def test_facts_that_uncover_a_reserved_claim_are_accepted_with_a_warning(known):
    found = known.load(("claim", "loss_date"), ["W-1", "2023-12-31"])

    assert found.warnings == (
        "With these facts the loss is not covered, but the claim has a reserve or payments: W-1.",
    )


def test_another_currency_is_refused_by_row(dry_runs):
    header = (*COSTS, "Valuta kod", "currency")

    found = dry_runs.dry_run(header, ["A", 1, "", "SEK"], ["B", 1, "", "EUR"], ["C", 1, "", ""])

    assert [str(each) for each in found.refusals] == [
        "claims.csv, row 3, currency “EUR”: Amounts must be in the book's currency, SEK."
    ]
    assert counts(found) == (2, 0, 0, 1)


def test_a_constant_fills_a_column_that_the_file_lacks(importing):
    importing.load(COSTS, ["A", 1], constants={"loss_date": "2024-03-01", "cause": "fire"})

    claim = claim_by_reference("A")
    assert (claim.loss_date, claim.cause) == (date(2024, 3, 1), Cause.FIRE)


def test_many_rows_are_compared_with_the_whole_table(importing):
    rows = [[f"A-{n}", 1] for n in range(2_100)]
    importing.load(COSTS, *rows)

    found = importing.dry_run(COSTS, *rows, ["B", 2])

    assert counts(found) == (1, 0, 2_100, 0)
