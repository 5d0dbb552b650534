"""Chooses the next ledger entry of each claim of a demo book."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from flaskr.demo.filling.claims import DemoClaims, ultimate_costs
from flaskr.demo.filling.days import NONE, Array, BookDays
from flaskr.demo.profiles import PROFILES
from flaskr.facts.closed_lists import EntryType, Status

_TYPES = list(EntryType)
_STATUSES = list(Status)
_OPEN_CODES = (_STATUSES.index(Status.OPEN), _STATUSES.index(Status.REOPENED))
NO_ENTRY = -1

_NIL_SHARE = 0.11
_DECLINED_SHARE = 0.06
_CHANGE_SHARE = 0.35  # of the steps of an open claim
_REVERSAL_SHARE = 0.015  # of the payments
_RECOVERY_REVERSAL_SHARE = 0.04
_REOPEN_SHARE = 0.035


def type_code(entry_type: EntryType) -> int:
    """Return the code of an entry type: its position in EntryType."""
    return _TYPES.index(entry_type)


@dataclass
class ClaimStates:
    """The state of each claim, an array per column: balances in öre, days since 1970, UTC seconds.

    `target` is the total to be paid: zero on a claim that will be declined (`refused`) or closed
    without payment. `typed_on` is the day the claim was recorded; `last_*` is the last entry.
    """

    line: Array
    covered: Array
    refused: Array
    cost: Array
    target: Array
    paid: Array
    outstanding: Array
    recovered: Array
    status: Array
    closed: Array
    day: Array
    typed_on: Array
    recorded: Array
    first_day: Array
    last_row: Array
    last_type: Array
    last_paid: Array
    last_outstanding: Array
    last_recovered: Array


def initial_states(claims: DemoClaims, days: BookDays, rng: Generator) -> ClaimStates:
    """Return the states of claims before their first entry."""
    count = len(claims.line)
    cost = ultimate_costs(claims.line, rng)
    kind = rng.random(count)
    refused = ~claims.covered | (kind < _DECLINED_SHARE)
    nil = kind > 1 - _NIL_SHARE
    typed_on = days.local_days(claims.recorded)
    return ClaimStates(
        line=claims.line,
        covered=claims.covered,
        refused=refused,
        cost=cost,
        target=np.where(refused | nil, 0, cost),
        paid=np.zeros(count, np.int64),
        outstanding=np.zeros(count, np.int64),
        recovered=np.zeros(count, np.int64),
        status=np.full(count, _STATUSES.index(Status.OPEN), np.int8),
        closed=np.full(count, NONE, np.int32),
        day=np.where(claims.reported == NONE, typed_on, claims.reported),
        typed_on=typed_on,
        recorded=claims.recorded.copy(),
        first_day=np.full(count, NONE, np.int32),
        last_row=np.full(count, NONE, np.int32),
        last_type=np.full(count, NO_ENTRY, np.int8),
        last_paid=np.zeros(count, np.int64),
        last_outstanding=np.zeros(count, np.int64),
        last_recovered=np.zeros(count, np.int64),
    )


def choose_types(state: ClaimStates, moving: Array, step: int, rng: Generator) -> Array:
    """Return the type of each claim's next entry by the rules, NOTHING for the end."""
    if step == 0:
        return np.full(len(moving), type_code(EntryType.RESERVE_OPEN), np.int8)
    count = len(moving)
    undo, step_draw = rng.random(count), rng.random(count)
    is_open = np.isin(state.status[moving], _OPEN_CODES)
    last = state.last_type[moving]
    paid, recovered = state.paid[moving], state.recovered[moving]
    refused, covered = state.refused[moving], state.covered[moving]
    owing = state.target[moving] > paid
    recovery = _recovery_types(state.line[moving], rng)
    was_recovery = np.isin(last, _RECOVERY_CODES)
    recovery_share = np.array([profile.recovery for profile in PROFILES])[state.line[moving]]
    recovers = (step_draw < recovery_share) & (paid - recovered > 100) & ~was_recovery
    can_undo = (last == type_code(EntryType.PAYMENT)) & (
        paid - state.last_paid[moving] >= recovered
    )
    choices: list[tuple[Array, Array | int]] = [
        (is_open & can_undo & (undo < _REVERSAL_SHARE), type_code(EntryType.PAYMENT_REVERSAL)),
        (was_recovery & (undo < _RECOVERY_REVERSAL_SHARE), type_code(EntryType.RECOVERY_REVERSAL)),
        (is_open & ~covered, type_code(EntryType.CLAIM_DECLINED)),
        (
            is_open & (step_draw < _CHANGE_SHARE) & (owing | (paid == 0)),
            type_code(EntryType.RESERVE_CHANGE),
        ),
        (is_open & owing, type_code(EntryType.PAYMENT)),
        (is_open & refused & (paid == 0), type_code(EntryType.CLAIM_DECLINED)),
        (is_open & (undo > 0.5) & recovers, recovery),
        (is_open, type_code(EntryType.RESERVE_CLOSE)),
        (recovers, recovery),
        (covered & (step_draw > 1 - _REOPEN_SHARE), type_code(EntryType.RESERVE_REOPEN)),
    ]
    happens, types = zip(*choices, strict=True)
    return np.select(happens, types, NO_ENTRY).astype(np.int8)


_RECOVERY_CODES = tuple(
    type_code(each)
    for each in (
        EntryType.RECOVERY_DEDUCTIBLE,
        EntryType.RECOVERY_SUBROGATION,
        EntryType.RECOVERY_SALVAGE,
    )
)


def _recovery_types(line: Array, rng: Generator) -> Array:
    """Return a random recovery type for each claim."""
    return rng.choice(np.array(_RECOVERY_CODES, np.int8), len(line), p=[0.5, 0.3, 0.2])
