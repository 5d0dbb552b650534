"""The ledger of a demo book: in each step every claim gets its next entry, by the book's rules."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.random import Generator

from flaskr.claims.ledger.balances import BALANCES
from flaskr.claims.ledger.rules import RECOVERY_TYPES, REVERSAL_TYPES
from flaskr.demo.filling.choices import (
    NO_ENTRY,
    ClaimStates,
    choose_types,
    initial_states,
    type_code,
)
from flaskr.demo.filling.claims import DemoClaims
from flaskr.demo.filling.days import NONE, Array, BookDays
from flaskr.demo.profiles import PROFILES, REOPENING_REASONS
from flaskr.facts.closed_lists import EntryType, Status

_MOST_ENTRIES = 14  # of one claim
_REVERSAL_CODES = tuple(map(type_code, REVERSAL_TYPES))
_STATUSES = list(Status)
_CLOSED, _DECLINED, _REOPENED = map(
    _STATUSES.index, (Status.CLOSED, Status.DECLINED, Status.REOPENED)
)


@dataclass
class DemoLedger:
    """An array per column, in the order of recording: row i is the entry with id i + 1.

    `reverses` and `claim` are rows, not ids; NONE for NULL.
    """

    claim: Array
    entry_type: Array
    day: Array
    recorded: Array
    paid: Array
    outstanding: Array
    recovered: Array
    paid_after: Array
    outstanding_after: Array
    recovered_after: Array
    status_after: Array
    closed_after: Array
    reason: Array
    reverses: Array


def make_ledger(
    claims: DemoClaims, days: BookDays, rng: Generator
) -> tuple[DemoLedger, ClaimStates]:
    """Return every entry recorded until the last day, and the states of the claims after them.

    A step posts one entry to every claim that goes on, so a claim's entries are in order.
    """
    state = initial_states(claims, days, rng)
    moving = np.arange(len(claims.line), dtype=np.int32)
    steps: list[DemoLedger] = []
    written = 0
    for step in range(_MOST_ENTRIES):
        types = choose_types(state, moving, step, rng)
        day, recorded = _next_days(state, moving, types, days, rng)
        happens = (types != NO_ENTRY) & (recorded < days.end) & (day <= days.until)
        moving, types = moving[happens], types[happens]
        day, recorded = day[happens], recorded[happens]
        steps.append(_post(state, moving, types, day, recorded, written, rng))
        written += len(moving)
    return _joined(steps), state


def _joined(steps: list[DemoLedger]) -> DemoLedger:
    """Return the entries of all steps in the order of recording; frees the steps' columns."""
    recorded = np.concatenate([step.recorded for step in steps])
    by_recording = np.argsort(recorded, kind="stable").astype(np.int32)
    row_of = np.empty_like(by_recording)
    row_of[by_recording] = np.arange(len(by_recording), dtype=np.int32)
    columns = {}
    for field in fields(DemoLedger):
        column = np.concatenate([getattr(step, field.name) for step in steps])
        for step in steps:
            setattr(step, field.name, None)
        if field.name == "reverses":
            column = np.where(column == NONE, NONE, row_of[column])
        columns[field.name] = column[by_recording]
    return DemoLedger(**columns)


def _next_days(
    state: ClaimStates, moving: Array, types: Array, days: BookDays, rng: Generator
) -> tuple[Array, Array]:
    """Return (transaction day, instant of recording) of each claim's next entry.

    Most are recorded on their day, some later; within a claim both never decrease.
    """
    count = len(moving)
    pace = np.array([profile.settle_days for profile in PROFILES])[state.line[moving]]
    quick = (types == type_code(EntryType.RESERVE_OPEN)) | (
        types == type_code(EntryType.PAYMENT_REVERSAL)
    )
    pace = np.where(quick, 1.5, pace)
    gap = np.minimum(rng.exponential(1.0, count) * pace, 1500).astype(np.int32)
    day = state.day[moving] + gap
    lag = np.where(rng.random(count) < 0.85, 0, rng.integers(1, 21, count, dtype=np.int32))
    typed_on = np.maximum(day + lag, state.typed_on[moving]).astype(np.int32)
    recorded = np.maximum(days.instants(typed_on, rng), state.recorded[moving] + 60)
    return day, recorded


def _post(
    state: ClaimStates, moving: Array, types: Array, day: Array, recorded: Array, first: int,
    rng: Generator,
) -> DemoLedger:  # fmt: skip
    """Post one entry to each claim and update its state; `first` is the first entry's row."""
    movements = _movements(state, moving, types, rng)
    reverses = np.where(np.isin(types, _REVERSAL_CODES), state.last_row[moving], np.int32(NONE))
    for name, delta in zip(BALANCES, movements, strict=True):
        getattr(state, name)[moving] += delta
        getattr(state, f"last_{name}")[moving] = delta
    _update_status(state, moving, types, day)
    is_first = state.last_row[moving] == NONE
    state.first_day[moving[is_first]] = day[is_first]
    state.day[moving] = day
    state.recorded[moving] = recorded
    state.last_row[moving] = np.arange(first, first + len(moving), dtype=np.int32)
    state.last_type[moving] = types
    reasons = rng.integers(0, len(REOPENING_REASONS), len(moving), dtype=np.int8)
    reopened = types == type_code(EntryType.RESERVE_REOPEN)
    return DemoLedger(
        claim=moving,
        entry_type=types,
        day=day,
        recorded=recorded,
        **dict(zip(BALANCES, movements, strict=True)),
        **{f"{name}_after": getattr(state, name)[moving] for name in BALANCES},
        status_after=state.status[moving],
        closed_after=state.closed[moving],
        reason=np.where(reopened, reasons, np.int8(NONE)),
        reverses=reverses,
    )


def _update_status(state: ClaimStates, moving: Array, types: Array, day: Array) -> None:
    """Set the status and the closed date after closing, declining and reopening."""
    for entry_type, status in (
        (EntryType.RESERVE_CLOSE, _CLOSED),
        (EntryType.CLAIM_DECLINED, _DECLINED),
        (EntryType.RESERVE_REOPEN, _REOPENED),
    ):
        chosen = types == type_code(entry_type)
        state.status[moving[chosen]] = status
        state.closed[moving[chosen]] = NONE if status == _REOPENED else day[chosen]


def _movements(
    state: ClaimStates, moving: Array, types: Array, rng: Generator
) -> tuple[Array, Array, Array]:
    """Return the signed deltas (paid, outstanding, recovered) of each claim's entry, in öre."""
    paid = np.zeros(len(moving), np.int64)
    outstanding, recovered = paid.copy(), paid.copy()

    def rows(*entry_types: EntryType) -> tuple[Array, Array]:
        """Return the positions of entries of these types, and their claims."""
        chosen = np.flatnonzero(np.isin(types, list(map(type_code, entry_types))))
        return chosen, moving[chosen]

    at, claim = rows(EntryType.RESERVE_OPEN, EntryType.RESERVE_CHANGE, EntryType.RESERVE_REOPEN)
    outstanding[at] = _reserve_levels(state, claim, types[at], rng) - state.outstanding[claim]
    at, claim = rows(EntryType.PAYMENT)
    paid[at] = _payments(state, claim, rng)
    outstanding[at] = -np.minimum(paid[at], state.outstanding[claim])
    at, claim = rows(*REVERSAL_TYPES)
    paid[at] = -state.last_paid[claim]
    outstanding[at] = -state.last_outstanding[claim]
    recovered[at] = -state.last_recovered[claim]
    at, claim = rows(EntryType.RESERVE_CLOSE, EntryType.CLAIM_DECLINED)
    outstanding[at] = -state.outstanding[claim]
    at, claim = rows(*RECOVERY_TYPES)
    left = state.paid[claim] - state.recovered[claim]
    recovered[at] = np.maximum((left * rng.uniform(0.05, 0.6, len(at))).astype(np.int64), 1)
    return paid, outstanding, recovered


def _reserve_levels(state: ClaimStates, claim: Array, types: Array, rng: Generator) -> Array:
    """Return new reserves, in hundreds of kronor; a change never gives the present reserve."""
    reopened = types == type_code(EntryType.RESERVE_REOPEN)
    extra = state.cost[claim] * rng.uniform(0.05, 0.5, len(claim)) + 50_000
    state.target[claim[reopened]] = state.paid[claim[reopened]] + extra[reopened].astype(np.int64)
    left = np.maximum(state.target[claim] - state.paid[claim], 0)
    estimate = np.where(left > 0, left, state.cost[claim] * 0.5)
    level = estimate * np.exp(rng.normal(0, 0.3, len(claim)))
    level = (np.ceil(level / 10_000) * 10_000).astype(np.int64)
    level[~state.covered[claim]] = 0  # nothing may be reserved without cover
    first = types == type_code(EntryType.RESERVE_OPEN)
    return np.where(~first & (level == state.outstanding[claim]), level + 10_000, level)


def _payments(state: ClaimStates, claim: Array, rng: Generator) -> Array:
    """Return payments: all that is left to pay, or a part of a larger sum."""
    left = state.target[claim] - state.paid[claim]
    part = (left * rng.uniform(0.2, 0.7, len(claim))).astype(np.int64)
    in_parts = (rng.random(len(claim)) < 0.3) & (left > 500_000)
    return np.where(in_parts, part, left)
