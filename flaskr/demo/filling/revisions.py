"""Edited facts of a made-up book: what claims said before somebody corrected them."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.random import Generator

from flaskr.demo.filling.claims import CAUSES, MadeClaims
from flaskr.demo.filling.days import NONE, Array, BookDays
from flaskr.demo.filling.policies import MadePolicies

_EDITED_SHARE = 0.01
_REWORDED_SHARE = 0.1  # of those, a second edit, of the description only


@dataclass
class MadeRevisions:
    """One array a column, in the order of editing: the facts until `replaced`; NONE for NULL."""

    claim: Array
    replaced: Array
    reworded: Array
    policy: Array
    cause: Array
    loss: Array
    reported: Array

    def taken(self, rows: Array) -> "MadeRevisions":
        """Return these rows, in this order."""
        return MadeRevisions(*(getattr(self, field.name)[rows] for field in fields(self)))


def make_claim_revisions(
    claims: MadeClaims, policies: MadePolicies, days: BookDays, rng: Generator
) -> MadeRevisions:
    """Return the edits of some claims, one fact each: the loss, the report, the cause, the policy.

    The facts before are as possible as those after: no entry was dated before the report, nor
    reserved without cover.
    """
    claim = np.flatnonzero(claims.covered & (rng.random(len(claims.line)) < _EDITED_SHARE))
    earlier = MadeRevisions(
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
    earlier = earlier.taken(np.flatnonzero(np.any(differs, axis=0)))
    both = _joined(earlier, _later_rewordings(earlier, claims, rng))
    both = both.taken(np.flatnonzero(both.replaced < days.end))
    return both.taken(np.argsort(both.replaced, kind="stable"))


def _change_one_fact(
    earlier: MadeRevisions, claims: MadeClaims, policies: MadePolicies, rng: Generator
) -> None:
    """Put what was wrong at first into the facts before the edit."""
    which = rng.integers(0, 4, len(earlier.claim))
    back = rng.integers(1, 11, len(earlier.claim), dtype=np.int32)
    inception = policies.inception[np.maximum(earlier.policy, 0)]
    floor = np.where(earlier.policy == NONE, 0, inception)
    loss = np.where(earlier.loss == NONE, NONE, np.maximum(earlier.loss - back, floor))
    reported = np.maximum(earlier.reported - back, earlier.loss)
    reported = np.where(earlier.reported == NONE, NONE, reported)
    cause = rng.integers(0, len(CAUSES), len(which), dtype=np.int8)
    earlier.policy = np.where(which == 0, NONE, earlier.policy)
    earlier.cause = np.where(which == 1, cause, earlier.cause)
    earlier.loss = np.where(which == 2, loss, earlier.loss)
    earlier.reported = np.where(which == 3, reported, earlier.reported)


def _later_rewordings(earlier: MadeRevisions, claims: MadeClaims, rng: Generator) -> MadeRevisions:
    """Return second edits, of the description alone: their facts are those of today."""
    rows = np.flatnonzero(rng.random(len(earlier.claim)) < _REWORDED_SHARE)
    claim = earlier.claim[rows]
    return MadeRevisions(
        claim=claim,
        replaced=earlier.replaced[rows] + rng.integers(60, 30 * 86_400, len(rows)),
        reworded=np.ones(len(rows), bool),
        policy=claims.policy[claim],
        cause=claims.cause[claim],
        loss=claims.loss[claim],
        reported=claims.reported[claim],
    )


def _joined(first: MadeRevisions, second: MadeRevisions) -> MadeRevisions:
    """Return the rows of both."""
    return MadeRevisions(
        *(
            np.concatenate([getattr(first, field.name), getattr(second, field.name)])
            for field in fields(MadeRevisions)
        )
    )
