"""The claim revisions of a demo book: facts of claims before they were corrected."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.random import Generator

from flaskr.demo.filling.claims import CAUSES, DemoClaims
from flaskr.demo.filling.days import NONE, Array, BookDays
from flaskr.demo.filling.policies import DemoPolicies

_EDITED_SHARE = 0.01
_REWORDED_SHARE = 0.1  # of those, a second edit, of the description only


@dataclass
class DemoRevisions:
    """An array per column, in the order of editing: the facts until `replaced`; NONE for NULL."""

    claim: Array
    replaced: Array
    reworded: Array
    policy: Array
    cause: Array
    loss: Array
    reported: Array

    def take(self, rows: Array) -> "DemoRevisions":
        """Return these rows, in this order."""
        return DemoRevisions(*(getattr(self, field.name)[rows] for field in fields(self)))


def make_claim_revisions(
    claims: DemoClaims, policies: DemoPolicies, days: BookDays, rng: Generator
) -> DemoRevisions:
    """Return the edits of some claims, of one fact each: loss, report, cause or policy.

    The earlier facts keep the rules too: no entry is dated before the report, and nothing is
    reserved without cover.
    """
    claim = np.flatnonzero(claims.covered & (rng.random(len(claims.line)) < _EDITED_SHARE))
    earlier = DemoRevisions(
        claim=claim.astype(np.int32),
        replaced=claims.recorded[claim] + rng.integers(60, 120 * 86_400, len(claim)),
        reworded=np.zeros(len(claim), bool),
        policy=claims.policy[claim],
        cause=claims.cause[claim],
        loss=claims.loss[claim],
        reported=claims.reported[claim],
    )
    _change_one_fact(earlier, claims, policies, rng)
    names = ("policy", "cause", "loss", "reported")
    differs = [getattr(earlier, name) != getattr(claims, name)[claim] for name in names]
    earlier = earlier.take(np.flatnonzero(np.any(differs, axis=0)))
    both = _joined(earlier, _later_rewordings(earlier, claims, rng))
    both = both.take(np.flatnonzero(both.replaced < days.end))
    return both.take(np.argsort(both.replaced, kind="stable"))


def _change_one_fact(
    earlier: DemoRevisions, claims: DemoClaims, policies: DemoPolicies, rng: Generator
) -> None:
    """Change one fact of each revision to an earlier, wrong value."""
    which = rng.integers(0, 4, len(earlier.claim))
    days_back = rng.integers(1, 11, len(earlier.claim), dtype=np.int32)
    inception = policies.inception[np.maximum(earlier.policy, 0)]
    floor = np.where(earlier.policy == NONE, 0, inception)
    loss = np.where(earlier.loss == NONE, NONE, np.maximum(earlier.loss - days_back, floor))
    reported = np.maximum(earlier.reported - days_back, earlier.loss)
    reported = np.where(earlier.reported == NONE, NONE, reported)
    cause = rng.integers(0, len(CAUSES), len(which), dtype=np.int8)
    earlier.policy = np.where(which == 0, NONE, earlier.policy)
    earlier.cause = np.where(which == 1, cause, earlier.cause)
    earlier.loss = np.where(which == 2, loss, earlier.loss)
    earlier.reported = np.where(which == 3, reported, earlier.reported)


def _later_rewordings(earlier: DemoRevisions, claims: DemoClaims, rng: Generator) -> DemoRevisions:
    """Return second edits, of the description only: their facts are those of the claims."""
    rows = np.flatnonzero(rng.random(len(earlier.claim)) < _REWORDED_SHARE)
    claim = earlier.claim[rows]
    return DemoRevisions(
        claim=claim,
        replaced=earlier.replaced[rows] + rng.integers(60, 30 * 86_400, len(rows)),
        reworded=np.ones(len(rows), bool),
        policy=claims.policy[claim],
        cause=claims.cause[claim],
        loss=claims.loss[claim],
        reported=claims.reported[claim],
    )


def _joined(first: DemoRevisions, second: DemoRevisions) -> DemoRevisions:
    """Return the rows of both."""
    return DemoRevisions(
        *(
            np.concatenate([getattr(first, field.name), getattr(second, field.name)])
            for field in fields(DemoRevisions)
        )
    )
