"""Any file and any small book: an import loads what its dry run said, and keeps the rules."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from flaskr.claims.check.services import disagreements
from flaskr.claims.ledger.services import close_claim
from flaskr.claims.models import Claim, LedgerEntry
from flaskr.extensions import db
from flaskr.imports.services import try_import
from flaskr.values.calendar import today
from tests.factories import ACTOR, make_claim, make_policy, pay, recover, reserve
from tests.imports.importing import load

some = settings(
    max_examples=8,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
BALANCES = ("paid", "outstanding", "recovered")
REFERENCES = [*(f"{letter}-{n}" for letter in "Ww" for n in range(8)), "ÖST 1", "", "C-2024-000001"]
days = st.sampled_from(["", "2024-02-29", "2024-03-01", "2024-03-02", "2025-03-01", "2999-01-01"])
amounts = st.sampled_from(["", "0", "5", "40,00", "60", "100.00", "100", "1 234,50", "-1", "x"])
# Files have some of these columns, and rows of the book some of these values.
CELLS = {
    "policy_number": st.sampled_from(["", "", "H-1", "h-2", "H-9"]),
    "cause": st.sampled_from(["", "fire", "water"]),
    "loss_date": days,
    "reported_date": days,
    "description": st.sampled_from(["", "a", "Taket; köket", "=1+1"]),
    **dict.fromkeys(("paid", "outstanding", "claim_cost", "recovered"), amounts),
}


@st.composite
def files(draw) -> list[list[str]]:
    names = draw(st.lists(st.sampled_from(list(CELLS)), min_size=1, unique=True))
    row = st.tuples(st.sampled_from(REFERENCES), *(CELLS[name] for name in names))
    return [["claim_reference", *names], *draw(st.lists(row, min_size=1, max_size=12))]


@pytest.fixture
def small_book(importing):
    """Claims in every state: open, paid, closed, without a ledger, with and without cover."""
    home = make_policy(policy_number="H-1")
    past = make_policy(policy_number="H-2", inception_date=date(2023, 1, 1))
    past.expiry_date = date(2024, 1, 1)
    db.session.flush()
    for number, policy in enumerate([home, home, None, None]):
        claim = make_claim(claim_reference=f"W-{number}", policy=policy)
        reserve(claim, "100.00")
        if number % 2:
            pay(claim, "40.00")
            recover(claim, "5.00")
    closed = make_claim(claim_reference="W-4", policy=home)
    reserve(closed, "5.00")
    close_claim(closed, date(2024, 5, 1), actor=ACTOR)
    make_claim(claim_reference="W-5", policy=past)
    return importing


def ledger_sums() -> dict[str, Decimal]:
    sums = (func.coalesce(func.sum(getattr(LedgerEntry, name)), 0) for name in BALANCES)
    found = db.session.execute(select(*sums)).one()
    return dict(zip(BALANCES, map(Decimal, found), strict=True))


def dry_run_sums(outcome) -> dict[str, Decimal]:
    [file] = outcome.files
    classes = [file.rows_of(name).amounts for name in ("created", "changed")]
    return {name: sum(Decimal(each.get(name, 0)) for each in classes) for name in BALANCES}


@some
@given(rows=files())
def test_the_loaded_rows_equal_the_dry_run_and_a_second_import_changes_nothing(small_book, rows):
    before, claims = ledger_sums(), db.session.scalar(select(func.count()).select_from(Claim))
    entries = db.session.scalar(select(func.count()).select_from(LedgerEntry))
    job = small_book.job(*rows)
    outcome = job.outcome
    counted = sum(outcome.count(name) for name in ("created", "changed", "unchanged", "refused"))

    if outcome.changes:
        load(job, leaves_refused=True)
        again = try_import(job)

        assert again.changes == 0
        assert again.count("refused") == outcome.count("refused")
    after = ledger_sums()
    assert {name: after[name] - before[name] for name in BALANCES} == dry_run_sums(outcome)
    assert counted == outcome.files[0].rows
    made = db.session.scalar(select(func.count()).select_from(Claim)) - claims
    posted = db.session.scalar(select(func.count()).select_from(LedgerEntry)) - entries
    assert (made, posted) == (outcome.count("created"), outcome.entries)
    late = select(Claim.id).where(Claim.loss_date > today())
    assert (list(disagreements()), db.session.scalars(late).all()) == ([], [])
