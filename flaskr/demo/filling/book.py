"""A demo book as arrays: the same arguments give the same book on any day."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from flaskr.demo.filling.choices import ClaimStates
from flaskr.demo.filling.claims import DemoClaims, make_claims
from flaskr.demo.filling.days import NONE, Array, BookDays
from flaskr.demo.filling.ledger import DemoLedger, make_ledger
from flaskr.demo.filling.policies import YEARS, DemoPolicies, make_policies
from flaskr.demo.filling.revisions import DemoRevisions, make_claim_revisions


@dataclass(frozen=True)
class DemoBook:
    """Every row of a demo book; `*_years` and `*_numbers` are the parts of its references."""

    policies: DemoPolicies
    policy_years: Array
    policy_numbers: Array
    claims: DemoClaims
    claim_years: Array
    claim_numbers: Array
    claim_versions: Array
    claim_revisions: DemoRevisions
    ledger: DemoLedger
    state: ClaimStates

    @property
    def entry_count(self) -> int:
        """How many ledger entries there are."""
        return len(self.ledger.claim)

    @property
    def row_count(self) -> int:
        """How many rows there are in all tables."""
        texts = int((self.ledger.reason != NONE).sum())
        edited = int((self.policies.edited != NONE).sum()) + len(self.claim_revisions.claim)
        return len(self.policies.line) + len(self.claims.line) + edited + self.entry_count + texts

    def counters(self) -> dict[str, int]:
        """Return the last number of the references of each prefix and year."""
        counters: dict[str, int] = {}
        for prefix, years in (("P", self.policy_years), ("C", self.claim_years)):
            for year, count in zip(*np.unique(years, return_counts=True), strict=True):
                counters[f"{prefix}-{year:04d}"] = int(count)
        return counters


def make_book(policies: int, claims: int, seed: int, until: date) -> DemoBook:
    """Make a demo book whose last entries were recorded on `until`, in the book's time zone.

    Needs an application context for the time zone. Each part has its own random generator.
    """
    days = BookDays(date(until.year - YEARS - 1, 1, 1), until)
    generators = [np.random.default_rng(each) for each in np.random.SeedSequence(seed).spawn(4)]
    made_policies = make_policies(policies, claims / policies, days, generators[0])
    made_claims = make_claims(claims, made_policies, days, generators[1])
    ledger, state = make_ledger(made_claims, days, generators[2])
    revisions = make_claim_revisions(made_claims, made_policies, days, generators[3])
    policy_years = days.local_years(made_policies.recorded)
    claim_years = days.local_years(made_claims.recorded)
    return DemoBook(
        policies=made_policies,
        policy_years=policy_years,
        policy_numbers=_numbers_within(policy_years),
        claims=made_claims,
        claim_years=claim_years,
        claim_numbers=_numbers_within(claim_years),
        claim_versions=1 + np.bincount(revisions.claim, minlength=claims).astype(np.int32),
        claim_revisions=revisions,
        ledger=ledger,
        state=state,
    )


def _numbers_within(years: Array) -> Array:
    """Return 1, 2, 3 ... within each year; the years are sorted."""
    return np.arange(len(years)) - np.searchsorted(years, years) + 1
