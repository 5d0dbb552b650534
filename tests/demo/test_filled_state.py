"""The last entry and the version that a demo book keeps of each claim and policy."""

import pytest
from sqlalchemy import func, select

from flaskr.claims.models import Claim, ClaimRevision, LedgerEntry
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
