"""The ledger of a made-up book: all claims live at once, one entry a step, by the same rules."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.random import Generator

from flaskr.claims.ledger.rules import RECOVERY_TYPES, REVERSAL_TYPES
from flaskr.demo.filling.choices import NOTHING, Live, choose_types, code, live_claims
from flaskr.demo.filling.claims import MadeClaims
from flaskr.demo.filling.days import NONE, Array, BookDays
from flaskr.demo.profiles import PROFILES, REOPENING_REASONS
from flaskr.facts.lists import EntryType, Status

_MOST_ENTRIES = 14  # of one claim
_BALANCES = ("paid", "outstanding", "recovered")
_REVERSAL_CODES = tuple(map(code, REVERSAL_TYPES))
_STATUSES = list(Status)
CLOSED, DECLINED, REOPENED = map(_STATUSES.index, (Status.CLOSED, Status.DECLINED, Status.REOPENED))


@dataclass
class MadeLedger:
    """One array a column; `order` lists the rows as they were recorded.

    Entry `order[i]` has id i + 1. `reverses` and `claim` are rows, not ids; NONE for NULL.
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


def make_ledger(claims: MadeClaims, days: BookDays, rng: Generator) -> tuple[MadeLedger, Live]:
    """Return every entry recorded until the last day, and the state that it leaves the claims in.

    Each step gives every claim that is still moving one entry, so a claim's entries are in order.
    """
    state = live_claims(claims, days, rng)
    moving = np.arange(len(claims.line), dtype=np.int32)
    steps: list[MadeLedger] = []
    written = 0
    for step in range(_MOST_ENTRIES):
        types = choose_types(state, moving, step, rng)
        day, recorded = _next_days(state, moving, types, days, rng)
        happens = (types != NOTHING) & (recorded < days.end) & (day <= days.until)
        moving, types = moving[happens], types[happens]
        day, recorded = day[happens], recorded[happens]
        steps.append(_post(state, moving, types, day, recorded, written, rng))
        written += len(moving)
    return _joined(steps), state


def _joined(steps: list[MadeLedger]) -> MadeLedger:
    """Return the steps as one, in the order of recording; each step's column is freed in turn."""
    recorded = np.concatenate([step.recorded for step in steps])
    order = np.argsort(recorded, kind="stable").astype(np.int32)
    place = np.empty_like(order)
    place[order] = np.arange(len(order), dtype=np.int32)
    columns = {}
    for field in fields(MadeLedger):
        column = np.concatenate([getattr(step, field.name) for step in steps])
        for step in steps:
            setattr(step, field.name, None)
        if field.name == "reverses":
            column = np.where(column == NONE, NONE, place[column])
        columns[field.name] = column[order]
    return MadeLedger(**columns)


def _next_days(
    state: Live, moving: Array, types: Array, days: BookDays, rng: Generator
) -> tuple[Array, Array]:
    """Return (transaction day, instant of recording) of each claim's next entry.

    Most are recorded on their day, some later; neither goes back within a claim.
    """
    count = len(moving)
    pace = np.array([profile.settle_days for profile in PROFILES])[state.line[moving]]
    quick = (types == code(EntryType.RESERVE_OPEN)) | (types == code(EntryType.PAYMENT_REVERSAL))
    pace = np.where(quick, 1.5, pace)
    gap = np.minimum(rng.exponential(1.0, count) * pace, 1500).astype(np.int32)
    day = state.day[moving] + gap
    lag = np.where(rng.random(count) < 0.85, 0, rng.integers(1, 21, count, dtype=np.int32))
    typed_on = np.maximum(day + lag, state.typed_on[moving]).astype(np.int32)
    recorded = np.maximum(days.instants(typed_on, rng), state.recorded[moving] + 60)
    return day, recorded


def _post(
    state: Live, moving: Array, types: Array, day: Array, recorded: Array, first: int,
    rng: Generator,
) -> MadeLedger:  # fmt: skip
    """Post one entry to each claim and bring its state along; `first` is the first entry's row."""
    moved = _movements(state, moving, types, rng)
    reverses = np.where(np.isin(types, _REVERSAL_CODES), state.last_row[moving], np.int32(NONE))
    for name, delta in zip(_BALANCES, moved, strict=True):
        getattr(state, name)[moving] += delta
        getattr(state, f"last_{name}")[moving] = delta
    _settle(state, moving, types, day)
    state.day[moving] = day
    state.recorded[moving] = recorded
    state.last_row[moving] = np.arange(first, first + len(moving), dtype=np.int32)
    state.last_type[moving] = types
    reasons = rng.integers(0, len(REOPENING_REASONS), len(moving), dtype=np.int8)
    reopened = types == code(EntryType.RESERVE_REOPEN)
    return MadeLedger(
        claim=moving,
        entry_type=types,
        day=day,
        recorded=recorded,
        **dict(zip(_BALANCES, moved, strict=True)),
        **{f"{name}_after": getattr(state, name)[moving] for name in _BALANCES},
        status_after=state.status[moving],
        closed_after=state.closed[moving],
        reason=np.where(reopened, reasons, np.int8(NONE)),
        reverses=reverses,
    )


def _settle(state: Live, moving: Array, types: Array, day: Array) -> None:
    """Set the status, and the day of settlement, after closing, declining and reopening."""
    for entry_type, status in (
        (EntryType.RESERVE_CLOSE, CLOSED),
        (EntryType.CLAIM_DECLINED, DECLINED),
        (EntryType.RESERVE_REOPEN, REOPENED),
    ):
        chosen = types == code(entry_type)
        state.status[moving[chosen]] = status
        state.closed[moving[chosen]] = NONE if status == REOPENED else day[chosen]


def _movements(
    state: Live, moving: Array, types: Array, rng: Generator
) -> tuple[Array, Array, Array]:
    """Return the signed deltas (paid, outstanding, recovered) of each claim's entry, in öre."""
    paid = np.zeros(len(moving), np.int64)
    outstanding, recovered = paid.copy(), paid.copy()

    def rows(*entry_types: EntryType) -> tuple[Array, Array]:
        """Return where these types are, and which claims those are."""
        chosen = np.flatnonzero(np.isin(types, list(map(code, entry_types))))
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


def _reserve_levels(state: Live, claim: Array, types: Array, rng: Generator) -> Array:
    """Return what the handler now expects to pay, in hundreds of kronor; never the level it has."""
    reopened = types == code(EntryType.RESERVE_REOPEN)
    extra = state.cost[claim] * rng.uniform(0.05, 0.5, len(claim)) + 50_000
    state.target[claim[reopened]] = state.paid[claim[reopened]] + extra[reopened].astype(np.int64)
    left = np.maximum(state.target[claim] - state.paid[claim], 0)
    guessed = np.where(left > 0, left, state.cost[claim] * 0.5)
    level = guessed * np.exp(rng.normal(0, 0.3, len(claim)))
    level = (np.ceil(level / 10_000) * 10_000).astype(np.int64)
    level[~state.covered[claim]] = 0  # nothing may be reserved there
    first = types == code(EntryType.RESERVE_OPEN)
    return np.where(~first & (level == state.outstanding[claim]), level + 10_000, level)


def _payments(state: Live, claim: Array, rng: Generator) -> Array:
    """Return a payment: all that is left to pay, or a part of a larger sum."""
    left = state.target[claim] - state.paid[claim]
    part = (left * rng.uniform(0.2, 0.7, len(claim))).astype(np.int64)
    in_parts = (rng.random(len(claim)) < 0.3) & (left > 500_000)
    return np.where(in_parts, part, left)
