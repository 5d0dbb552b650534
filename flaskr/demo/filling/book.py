"""A whole made-up book, as arrays: the same arguments give the same book on any day."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from flaskr.demo.filling.choices import Live
from flaskr.demo.filling.claims import MadeClaims, make_claims
from flaskr.demo.filling.days import NONE, Array, BookDays
from flaskr.demo.filling.ledger import MadeLedger, make_ledger
from flaskr.demo.filling.policies import YEARS, MadePolicies, make_policies
from flaskr.demo.filling.revisions import MadeRevisions, make_claim_revisions


@dataclass(frozen=True)
class MadeBook:
    """Every row of a book; `*_years` and `*_numbers` make the references that the book allots."""

    policies: MadePolicies
    policy_years: Array
    policy_numbers: Array
    claims: MadeClaims
    claim_years: Array
    claim_numbers: Array
    claim_versions: Array
    claim_revisions: MadeRevisions
    ledger: MadeLedger
    state: Live

    @property
    def entry_count(self) -> int:
        """How many ledger entries there are."""
        return len(self.ledger.claim)

    @property
    def row_count(self) -> int:
        """How many rows there are in all tables."""
        edited = int((self.policies.edited != NONE).sum()) + len(self.claim_revisions.claim)
        return len(self.policies.line) + len(self.claims.line) + edited + self.entry_count

    def counters(self) -> dict[str, int]:
        """Return how far the references of each prefix and year have come."""
        reached: dict[str, int] = {}
        for prefix, years in (("P", self.policy_years), ("C", self.claim_years)):
            for year, count in zip(*np.unique(years, return_counts=True), strict=True):
                reached[f"{prefix}-{year:04d}"] = int(count)
        return reached


def make_book(policies: int, claims: int, seed: int, until: date) -> MadeBook:
    """Make up a book whose last entries were recorded on `until`, in the book's time zone.

    Needs an application context for the time zone. Each part draws from a stream of its own.
    """
    days = BookDays(date(until.year - YEARS - 1, 1, 1), until)
    streams = [np.random.default_rng(each) for each in np.random.SeedSequence(seed).spawn(4)]
    made_policies = make_policies(policies, claims / policies, days, streams[0])
    made_claims = make_claims(claims, made_policies, days, streams[1])
    ledger, state = make_ledger(made_claims, days, streams[2])
    revisions = make_claim_revisions(made_claims, made_policies, days, streams[3])
    policy_years = days.local_years(made_policies.recorded)
    claim_years = days.local_years(made_claims.recorded)
    return MadeBook(
        policies=made_policies,
        policy_years=policy_years,
        policy_numbers=_numbered_within(policy_years),
        claims=made_claims,
        claim_years=claim_years,
        claim_numbers=_numbered_within(claim_years),
        claim_versions=1 + np.bincount(revisions.claim, minlength=claims).astype(np.int32),
        claim_revisions=revisions,
        ledger=ledger,
        state=state,
    )


def _numbered_within(years: Array) -> Array:
    """Return 1, 2, 3 ... anew for each year; the years are in order."""
    return np.arange(len(years)) - np.searchsorted(years, years) + 1
