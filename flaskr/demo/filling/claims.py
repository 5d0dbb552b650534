"""The claims of a demo book as arrays: their facts, and their ultimate costs."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.random import Generator

from flaskr.demo.filling.days import NONE, Array, BookDays
from flaskr.demo.filling.policies import DemoPolicies
from flaskr.demo.profiles import LARGEST_LOSS, PROFILES, TAIL_INDEX, TAIL_SHARE
from flaskr.facts.closed_lists import Cause

CAUSES = list(Cause)
_NOT_IN_FORCE_SHARE = 0.004
_WITHOUT_POLICY = 0.006
_WITHOUT_LOSS_DATE = 0.002
_WITHOUT_REPORT = 0.001


@dataclass
class DemoClaims:
    """An array per column, in the order of recording: row i is the claim with id i + 1.

    `policy` is a row of the policies. `line` is set for claims without a policy too: it decides
    their cause and cost. `covered` is false only where the policy was not in force at the loss.
    """

    policy: Array
    line: Array
    cause: Array
    loss: Array
    reported: Array
    recorded: Array
    covered: Array

    def take(self, rows: Array) -> "DemoClaims":
        """Return these rows, in this order."""
        return DemoClaims(*(getattr(self, field.name)[rows] for field in fields(self)))


def make_claims(count: int, policies: DemoPolicies, days: BookDays, rng: Generator) -> DemoClaims:
    """Return `count` claims, sorted by the instant of recording.

    Losses that would be recorded after the book's last day are left out.
    """
    parts: list[DemoClaims] = []
    missing = count
    while missing > 0:
        drawn = _draw_claims(missing + missing // 8 + 64, policies, days, rng)
        is_recorded = drawn.recorded < days.end
        parts.append(drawn.take(np.flatnonzero(is_recorded)[:missing]))
        missing -= len(parts[-1].line)
    if not parts:
        parts = [_draw_claims(0, policies, days, rng)]
    joined = DemoClaims(
        *(np.concatenate([getattr(p, field.name) for p in parts]) for field in fields(DemoClaims))
    )
    return _with_gaps(joined.take(np.argsort(joined.recorded, kind="stable")), rng)


def _draw_claims(count: int, policies: DemoPolicies, days: BookDays, rng: Generator) -> DemoClaims:
    """Return claims on policies drawn by exposure and frequency; losses are uniform in cover."""
    cover_end = np.minimum(policies.cover_end, days.until + 1)
    covered_days = np.maximum(cover_end - policies.inception, 0)
    frequency = np.array([profile.frequency for profile in PROFILES])[policies.line]
    exposure = np.cumsum(covered_days * frequency)
    policy = np.searchsorted(exposure, rng.random(count) * exposure[-1], side="right")
    line = policies.line[policy]
    into_cover = (rng.random(count) * covered_days[policy]).astype(np.int32)
    loss = policies.inception[policy] + into_cover
    late = policies.cover_end[policy] + rng.integers(0, 30, count, dtype=np.int32)
    covered = (rng.random(count) >= _NOT_IN_FORCE_SHARE) | (late > days.until)
    loss = np.where(covered, loss, late)
    median = np.array([profile.report_days for profile in PROFILES])[line]
    delay = np.minimum(median * np.exp(rng.normal(0, 1.1, count)), 1500)
    reported = loss + delay.astype(np.int32)
    lag = np.where(rng.random(count) < 0.8, 0, rng.integers(1, 6, count, dtype=np.int32))
    return DemoClaims(
        policy=policy.astype(np.int32),
        line=line,
        cause=_draw_causes(line, rng),
        loss=loss,
        reported=reported,
        recorded=days.instants(reported + lag, rng),
        covered=covered,
    )


def _draw_causes(line: Array, rng: Generator) -> Array:
    """Return a random cause for each line of business, as its position in CAUSES."""
    drawn = rng.random(len(line))
    cause = np.empty(len(line), np.int8)
    for number, profile in enumerate(PROFILES):
        weights = np.cumsum(list(profile.causes.values()))
        codes = np.array([CAUSES.index(each) for each in profile.causes], np.int8)
        of_line = line == number
        drawn_index = np.searchsorted(weights, drawn[of_line] * weights[-1], side="right")
        cause[of_line] = codes[drawn_index]
    return cause


def _with_gaps(claims: DemoClaims, rng: Generator) -> DemoClaims:
    """Return the claims, some without a policy, loss date, reported date or cause."""
    count = len(claims.line)
    without_policy = claims.covered & (rng.random(count) < _WITHOUT_POLICY)
    claims.policy[without_policy] = NONE
    claims.cause[without_policy & (rng.random(count) < 0.5)] = NONE
    claims.loss[claims.covered & (rng.random(count) < _WITHOUT_LOSS_DATE)] = NONE
    claims.reported[claims.covered & (rng.random(count) < _WITHOUT_REPORT)] = NONE
    return claims


def ultimate_costs(line: Array, rng: Generator) -> Array:
    """Return the ultimate cost of each claim in öre: lognormal, a few with a Pareto tail."""
    median = np.array([profile.severity for profile in PROFILES], float)[line]
    spread = np.array([profile.spread for profile in PROFILES])[line]
    cost = median * np.exp(rng.normal(0, 1, len(line)) * spread)
    heavy = rng.random(len(line)) < TAIL_SHARE
    cost[heavy] *= 1 + rng.pareto(TAIL_INDEX, int(heavy.sum()))
    return np.rint(np.clip(cost, 1, LARGEST_LOSS) * 100).astype(np.int64)
