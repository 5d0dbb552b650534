"""What a demo book keeps beside its claims, policies and entries."""

from decimal import Decimal

import pytest
from sqlalchemy import func, select

from flaskr.book.models import Book
from flaskr.claims.ledger.rules import REASON_REQUIRED
from flaskr.claims.models import Claim, ClaimRevision, EntryTexts, LedgerEntry
from flaskr.claims.queries import claim_totals
from flaskr.demo.profiles import REOPENING_REASONS
from flaskr.facts.closed_lists import EntryType
from flaskr.policies.models import Policy, PolicyRevision

pytestmark = pytest.mark.both_databases


def test_claims_have_the_day_and_instant_of_their_last_entry(filled):
    days, instants = func.max(LedgerEntry.transaction_date), func.max(LedgerEntry.recorded_at)
    last = filled.execute(select(LedgerEntry.claim_id, days, instants).group_by("claim_id")).all()
    kept = filled.execute(select(Claim.id, Claim.last_transaction_date, Claim.last_recorded_at))

    found = {claim_id: tuple(when) for claim_id, *when in kept}

    assert 0 < len(last) < len(found)
    assert found == dict.fromkeys(found, (None, None)) | {
        claim_id: tuple(when) for claim_id, *when in last
    }


@pytest.mark.parametrize(
    ("model", "owner"), [(Claim, ClaimRevision.claim_id), (Policy, PolicyRevision.policy_id)]
)
def test_versions_count_the_revisions(filled, model, owner):
    edits = dict(filled.execute(select(owner, func.count()).group_by(owner)).all())
    versions = filled.execute(select(model.id, model.version)).all()

    assert {row_id: version - 1 for row_id, version in versions if version > 1} == edits


def test_each_reopening_has_a_text_beside_the_ledger_and_what_needs_one_a_code(filled):
    entries = list(filled.scalars(select(LedgerEntry)))
    texts = {each.entry_id: each for each in filled.scalars(select(EntryTexts))}
    reopened = {e.id for e in entries if e.entry_type == EntryType.RESERVE_REOPEN}

    assert set(texts) == reopened
    assert {each.reason for each in texts.values()} == set(REOPENING_REASONS)
    with_code = {entry.entry_type for entry in entries if entry.reason_code}
    assert with_code == set(REASON_REQUIRED) & {entry.entry_type for entry in entries}


def test_filling_a_book_is_not_its_first_posting(filled):
    assert filled.scalar(select(Book.first_posted_at)) is None


def test_premiums_pay_for_the_claims(filled):
    premium = filled.scalar(select(func.sum(Policy.premium)))

    assert Decimal("0.4") < claim_totals().claim_cost / premium < Decimal("1.6")
