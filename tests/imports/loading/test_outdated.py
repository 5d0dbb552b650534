"""The book changes between the dry run and the loading."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from flaskr.claims.check.services import disagreements
from flaskr.claims.queries import claim_by_reference, claim_totals
from flaskr.claims.services import edit_claim
from flaskr.extensions import db
from flaskr.import_records.models import Import
from flaskr.imports.jobs import Stage
from flaskr.imports.loading.services import load_import
from flaskr.imports.loading.tasks import PlanOutdated
from flaskr.imports.services import try_import
from flaskr.imports.tasks import ImportRefused
from flaskr.policies.queries import policy_by_number
from flaskr.policies.services import edit_policy
from tests.factories import ACTOR, make_claim, make_policy, pay, reserve
from tests.imports.importing import COSTS, Importing, counts, load, register

LOSSES = ("claim", "policy", "loss date", "cost")
POLICY = ("policy", "line", "inception", "expiry", "premium", "deductible")


def edit(name, **changes):
    claim = claim_by_reference(name)
    edit_claim(claim, changes, seen_version=claim.version, actor=ACTOR)


def edit_cover(number, **changes):
    policy = policy_by_number(number)
    edit_policy(policy, changes, seen_version=policy.version, actor=ACTOR)


@pytest.fixture
def book(importing) -> Importing:
    """A reserved claim on a policy, and another of both that no file names."""
    for mark in ("1", "2"):
        policy = make_policy(policy_number=f"H-{mark}")
        reserve(make_claim(claim_reference=f"W-{mark}", policy=policy), "100.00")
    return importing


TOUCHED = {
    "a payment": lambda: pay(claim_by_reference("W-1"), "10"),
    "an edit": lambda: edit("W-1", cause="fire"),
    "an edit of a text": lambda: edit("W-1", description="x"),
    "an edit of its policy": lambda: edit_cover("H-1", expiry_date=date(2024, 2, 1)),
    "the policy that a refused row lacks": lambda: make_policy(policy_number="h-9"),
    "a new claim of the same key": lambda: make_claim(claim_reference="n-1"),
}
OTHERS = {
    "another claim's payment": lambda: pay(claim_by_reference("W-2"), "10"),
    "another claim's edit": lambda: edit("W-2", cause="fire"),
    "another policy's edit": lambda: edit_cover("H-2", premium=Decimal(7)),
    "another claim": lambda: make_claim(claim_reference="n-2"),
    "another policy": lambda: make_policy(policy_number="h-8"),
}


@pytest.mark.parametrize("change", TOUCHED.values(), ids=TOUCHED)
def test_a_change_of_rows_that_the_file_names_causes_a_new_dry_run(book, change):
    job = book.job(LOSSES, ["W-1", "", "", 120], ["N-1", "", "", 5], ["N-3", "H-9", "", 5])
    before = job.outcome_digest
    change()
    db.session.commit()

    with pytest.raises(PlanOutdated, match="check the new dry run"):
        load(job, leaves_refused=True)

    assert (job.stage, job.request.is_confirmed) == (Stage.READY, False)
    assert not job.request.leaves_refused
    assert "The book has changed since the dry run" in job.request.note
    assert job.outcome_digest != before
    assert db.session.scalar(select(func.count()).select_from(Import)) == 0


def test_changes_of_other_claims_and_policies_cause_no_new_dry_run(book):
    rows = ["W-1", "", "", 120], ["N-1", "H-1", "2024-03-01", 5], ["N-3", "H-9", "", 5]
    job = book.job(LOSSES, *rows)
    for change in OTHERS.values():
        change()
        db.session.commit()

    load(job, leaves_refused=True)

    assert job.stage is Stage.LOADED
    assert claim_by_reference("N-3") is None
    assert claim_by_reference("W-1").outstanding == Decimal("120.00")
    assert claim_by_reference("N-1").policy_id == policy_by_number("H-1").id
    assert list(disagreements()) == []


def test_a_new_policy_of_the_same_key_causes_a_new_dry_run(book):
    job = book.job(POLICY, ["H-9", "home", "2024-01-01", "2025-01-01", "1", "1"])
    make_policy(policy_number="h-9")
    db.session.commit()

    with pytest.raises(PlanOutdated):
        load(job)

    assert counts(job.outcome) == (0, 1, 0, 0)


def test_an_edit_of_a_policy_causes_a_new_dry_run(book):
    job = book.job(POLICY, ["H-1", "home", "2024-01-01", "2025-01-01", "1", "1"])
    edit_cover("H-1", premium=Decimal(7))
    db.session.commit()

    with pytest.raises(PlanOutdated):
        load(job)

    [shown] = job.outcome.files[0].rows_of("changed").first
    assert shown.before["premium"] == "7.00"


def test_the_new_dry_run_can_be_loaded(book):
    job = book.job(COSTS, ["W-1", 120])
    pay(claim_by_reference("W-1"), "30")
    db.session.commit()
    with pytest.raises(PlanOutdated):
        load(job)

    load(job)

    claim = claim_by_reference("W-1")
    assert (claim.paid, claim.outstanding) == (Decimal("30.00"), Decimal("90.00"))


def test_a_loaded_import_is_not_loaded_again(book):
    job = book.job(COSTS, ["N-1", 120])
    first = load(job)

    again = load(job)

    assert again == first
    assert claim_totals().claims == 3
    assert job.stage is Stage.LOADED


def test_two_imports_at_once_create_each_claim_once(app, tmp_path):
    orders = {"up.csv": range(1, 31), "down.csv": range(30, 0, -1)}

    def load_file(name: str) -> str:
        with app.app_context():
            path = Importing(tmp_path).write(
                COSTS, *((f"A-{n}", n) for n in orders[name]), name=name
            )
            job = register(path)
            try_import(job)
            job.update_request(is_confirmed=True)
            try:
                load_import(job)
            except (PlanOutdated, ImportRefused):
                return str(counts(job.outcome))
            return "loaded"

    with ThreadPoolExecutor(2) as pool:
        results = set(pool.map(load_file, orders))

    assert results == {"loaded", "(0, 0, 30, 0)"}
    with app.app_context():
        assert claim_totals().claim_cost == Decimal("465.00")
        assert list(disagreements()) == []
