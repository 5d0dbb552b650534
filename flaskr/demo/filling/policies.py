"""The policies of a demo book as arrays: customers renew them, and some cancel."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.random import Generator

from flaskr.demo.filling.days import NONE, Array, BookDays
from flaskr.demo.profiles import PREMIUM_LEVEL, PROFILES
from flaskr.facts.closed_lists import LineOfBusiness

YEARS = 7  # in which the policies of a book begin
_LONGEST_CUSTOMER = 5  # policies in a row
_LINES = [profile.line for profile in PROFILES]
_TRAVEL = _LINES.index(LineOfBusiness.TRAVEL)
COMPANIES = (_LINES.index(LineOfBusiness.PROPERTY), _LINES.index(LineOfBusiness.LIABILITY))


@dataclass
class DemoPolicies:
    """An array per column, in the order of recording: row i is the policy with id i + 1.

    Days since 1970, UTC seconds, whole öre; NONE for NULL. `given` and `surname` are numbers of the
    words of a name. `edited` is the instant of the only edit, `first_premium` the one before it.
    """

    line: Array
    given: Array
    surname: Array
    inception: Array
    expiry: Array
    premium: Array
    deductible: Array
    sum_insured: Array
    cancelled: Array
    recorded: Array
    edited: Array
    first_premium: Array

    def take(self, rows: Array) -> "DemoPolicies":
        """Return these rows, in this order."""
        return DemoPolicies(*(getattr(self, field.name)[rows] for field in fields(self)))

    @property
    def cover_end(self) -> Array:
        """The first day without cover."""
        return np.where(self.cancelled == NONE, self.expiry, self.cancelled)


def make_policies(
    count: int, claims_per_policy: float, days: BookDays, rng: Generator
) -> DemoPolicies:
    """Return `count` policies, priced for their claims, sorted by the instant of recording."""
    line, customer, term, month, is_last = _customers(count, days, rng)
    inception, expiry = _periods(line, customer, month, rng)
    recorded = np.minimum(inception - rng.integers(1, 31, count), days.until)
    premium = _premiums(line, customer, term, max(claims_per_policy, 0.3), rng)
    policies = DemoPolicies(
        line=line[customer].astype(np.int8),
        given=rng.integers(0, 1 << 15, len(line))[customer],
        surname=rng.integers(0, 1 << 15, len(line))[customer],
        inception=inception,
        expiry=expiry,
        premium=premium,
        deductible=_deductibles(line, rng)[customer],
        sum_insured=_sums_insured(line[customer], premium),
        cancelled=np.full(count, NONE, np.int32),
        recorded=days.instants(recorded, rng),
        edited=np.full(count, NONE, np.int64),
        first_premium=premium.copy(),
    )
    _cancel_some(policies, is_last, days, rng)
    _edit_some(policies, days, rng)
    return policies.take(np.argsort(policies.recorded, kind="stable"))


def _customers(
    count: int, days: BookDays, rng: Generator
) -> tuple[Array, Array, Array, Array, Array]:
    """Return each customer's line, and the (customer, term, first month, is_last) of each policy.

    Customers renew for some years. Only policies that begin in the book's years are in it; the
    last ones begin in the month after `until`.
    """
    last_month = np.array(days.until, "M8[D]").astype("M8[M]").astype(np.int64) + 1
    line = rng.choice(len(PROFILES), count, p=[profile.share for profile in PROFILES])
    terms = np.where(line == _TRAVEL, 1, rng.integers(1, _LONGEST_CUSTOMER + 1, count))
    months = YEARS * 12 + 12 * (terms - 1)
    start = last_month - (rng.random(count) * months).astype(np.int64)
    start[0] = last_month - 12  # so that the smallest book has a policy in force
    customer = np.repeat(np.arange(count), terms)
    term = np.arange(len(customer)) - (np.cumsum(terms) - terms)[customer]
    month = start[customer] + 12 * term
    # A term is shorter than the book's years, so each customer has a policy in it.
    in_book = np.flatnonzero((month <= last_month) & (month > last_month - YEARS * 12))[:count]
    customer, term, month = customer[in_book], term[in_book], month[in_book]
    return line, customer, term, month, term == terms[customer] - 1


def _periods(line: Array, customer: Array, month: Array, rng: Generator) -> tuple[Array, Array]:
    """Return inception and expiry: one year, or one trip."""
    day = rng.integers(0, 28, len(line))[customer]  # exists in every month
    inception = month.astype("M8[M]").astype("M8[D]").astype(np.int64) + day
    expiry = (month + 12).astype("M8[M]").astype("M8[D]").astype(np.int64) + day
    trip = inception + rng.integers(7, 91, len(line))[customer]
    expiry = np.where(line[customer] == _TRAVEL, trip, expiry)
    return inception.astype(np.int32), expiry.astype(np.int32)


def _premiums(
    line: Array, customer: Array, term: Array, claims_per_policy: float, rng: Generator
) -> Array:
    """Return premiums in öre, of whole kronor: each customer's, raised by 4 % with each term."""
    median = np.array([profile.premium for profile in PROFILES], float)[line]
    first = median * PREMIUM_LEVEL * claims_per_policy * np.exp(rng.normal(0, 0.35, len(line)))
    return np.rint(first[customer] * 1.04**term).astype(np.int64) * 100


def _deductibles(line: Array, rng: Generator) -> Array:
    """Return the deductible that each customer chose, in öre."""
    most_choices = max(len(profile.deductibles) for profile in PROFILES)
    table = np.array(
        [[p.deductibles[i % len(p.deductibles)] for i in range(most_choices)] for p in PROFILES],
        np.int64,
    )
    return table[line, rng.integers(0, most_choices, len(line))] * 100


def _sums_insured(line: Array, premium: Array) -> Array:
    """Return 1,000 times the premium where the line insures a sum, else NONE."""
    insures = np.array([profile.insures_sum for profile in PROFILES])[line]
    return np.where(insures, premium * 1000, NONE)


def _cancel_some(policies: DemoPolicies, is_last: Array, days: BookDays, rng: Generator) -> None:
    """Cancel the last policy of some customers, recorded up to ten days before the date."""
    count = len(policies.line)
    share = (rng.random(count) * (policies.expiry - policies.inception)).astype(np.int32)
    day = policies.inception + share
    edited = days.instants(np.maximum(day - rng.integers(0, 11, count), days.first), rng)
    chosen = is_last & (rng.random(count) < 0.08)
    chosen &= (edited > policies.recorded) & (edited < days.end)
    chosen[0] = False
    policies.cancelled[chosen] = day[chosen]
    policies.edited[chosen] = edited[chosen]


def _edit_some(policies: DemoPolicies, days: BookDays, rng: Generator) -> None:
    """Correct the premium, or only the name, of some policies without another edit."""
    count = len(policies.line)
    edited = policies.recorded + rng.integers(60, 200 * 86_400, count)
    chosen = (policies.edited == NONE) & (rng.random(count) < 0.015) & (edited < days.end)
    policies.edited[chosen] = edited[chosen]
    new_premium = chosen & (rng.random(count) < 0.7)
    policies.first_premium[new_premium] -= policies.premium[new_premium] // 1000 * 100
