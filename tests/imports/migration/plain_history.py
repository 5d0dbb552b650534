"""Histories of an older system, and what the book takes of them, in plain Python and whole kronor.

It shares no code with the application, on purpose.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta

from hypothesis import strategies as st

REPORTED = date(2024, 3, 4)
FIRST_DAY = date(2024, 3, 1)
DAYS = [FIRST_DAY + timedelta(days=n) for n in range(-1, 32)]
RECOVERIES = ("RECOVERY_SUBROGATION", "RECOVERY_SALVAGE", "RECOVERY_DEDUCTIBLE")
NEEDS_OPEN = ["RESERVE_OPEN", "RESERVE_CHANGE", "PAYMENT", "PAYMENT_REVERSAL", "RESERVE_CLOSE"]
NEEDS_OPEN += ["CLAIM_DECLINED", "IMPORT_OPENING"]
BECOMES = {"RESERVE_CLOSE": "closed", "CLAIM_DECLINED": "declined", "RESERVE_REOPEN": "reopened"}
Sums = tuple[int, int, int]  # paid, outstanding, recovered
End = tuple[Sums, str, date | None]  # balances, status, closed date
NOTHING: Sums = (0, 0, 0)


def plus(a: Sums, b: Sums) -> Sums:
    return (a[0] + b[0], a[1] + b[1], a[2] + b[2])


@dataclass(frozen=True)
class Row:
    """An entry as the older system has it; `recorded` is the day, in the book's time zone."""

    kind: str
    cost: str
    recorded: date
    day: date
    delta: Sums


@dataclass
class Taken:
    """An entry as the book takes it: its type, exceptions, and the state after it by each clock."""

    row: Row
    kind: str
    exceptions: set[str]
    reverses: int | None
    after: End
    booked: End | None = None


@dataclass
class History:
    """What the book takes of one claim's rows, in the order of recording; None when it refuses."""

    taken: list[Taken] = field(default_factory=list)
    totals: dict[str, Sums] = field(default_factory=lambda: dict.fromkeys("ie", NOTHING))
    end: End = (NOTHING, "open", None)

    def add(self, row: Row) -> bool:
        """Take one more row; False when it does not add up."""
        (paid, outstanding, recovered), kind, reverses = row.delta, row.kind, None
        if kind.endswith("REVERSAL"):
            reverses = self._opposite(row)
        if reverses is None and kind.endswith("REVERSAL") or (kind == "PAYMENT" and paid < 0):
            if kind == "RECOVERY_REVERSAL":
                is_back = paid == outstanding == 0 and recovered < 0
            else:
                is_back = paid < 0 and recovered == 0
            if not is_back:
                return False
            kind = "REPAYMENT" if outstanding == recovered == 0 else "ADJUSTMENT"
        after = moved(self.end, kind, row)
        is_settled = after[1] in ("closed", "declined")
        if not may_be(kind, row.delta) or min(after[0]) < 0 or (is_settled and after[0][1]):
            return False
        self.taken.append(Taken(row, kind, self._broken(row, kind), reverses, after))
        self.totals[row.cost[0]] = plus(self.totals[row.cost[0]], row.delta)
        self.end = after
        return True

    def _opposite(self, row: Row) -> int | None:
        kinds = ("PAYMENT",) if row.kind == "PAYMENT_REVERSAL" else RECOVERIES
        reversed_before = {each.reverses for each in self.taken}
        for at in reversed(range(len(self.taken))):
            each = self.taken[at]
            is_opposite = plus(each.row.delta, row.delta) == NOTHING
            is_alike = each.kind in kinds and each.row.cost == row.cost
            if is_alike and is_opposite and at not in reversed_before:
                return at
        return None

    def _broken(self, row: Row, kind: str) -> set[str]:
        (paid, outstanding, _), status = row.delta, self.end[1]
        before = self.totals[row.cost[0]]
        after = plus(before, row.delta)
        is_settled = status in ("closed", "declined")
        covered = min(paid, max(before[1], 0))
        broken = {
            "status": is_settled if kind in NEEDS_OPEN else kind in BECOMES and not is_settled,
            "not_first": bool(self.taken) and kind in ("RESERVE_OPEN", "IMPORT_OPENING"),
            "reserve": kind == "PAYMENT" and outstanding != -covered,
            "declined_paid": kind == "CLAIM_DECLINED" and self.totals["i"][0] != 0,
            "before_report": row.day < REPORTED,
            "after_recording": row.day > row.recorded,
            "out_of_order": any(each.row.day > row.day for each in self.taken),
            "other_type": kind != row.kind,
            "below_zero": any(a < 0 and d < 0 for a, d in zip(after, row.delta, strict=True)),
        }
        return {name for name, is_broken in broken.items() if is_broken}


def moved(before: End, kind: str, row: Row) -> End:
    sums, status, closed = before
    status = BECOMES.get(kind, status)
    if kind in BECOMES:
        closed = None if status == "reopened" else row.day
    return plus(sums, row.delta), status, closed


def may_be(kind: str, delta: Sums) -> bool:
    paid, outstanding, recovered = delta
    if kind in ("RESERVE_OPEN", "RESERVE_REOPEN"):
        return paid == recovered == 0 and outstanding >= 0
    if kind in ("RESERVE_CHANGE", "RESERVE_CLOSE", "CLAIM_DECLINED"):
        return paid == recovered == 0
    if kind == "PAYMENT":
        return paid > 0 and recovered == 0
    if kind == "REPAYMENT":
        return paid < 0 and outstanding == recovered == 0
    if kind in RECOVERIES:
        return paid == outstanding == 0 and recovered > 0
    return kind != "IMPORT_OPENING" or min(delta) >= 0


def history_of(rows: list[Row]) -> list[Taken] | None:
    """What the book takes of a claim's rows, given in the file's order; None when it refuses it."""
    history = History()
    if not all(map(history.add, sorted(rows, key=lambda row: row.recorded))):
        return None
    taken = history.taken
    if any("out_of_order" in each.exceptions for each in taken):
        end: End = (NOTHING, "open", None)
        for each in sorted(taken, key=lambda each: each.row.day):
            end = each.booked = moved(end, each.kind, each.row)
        if end != history.end:
            return None
    return taken


def state_at(taken: list[Taken], day: date, is_known: bool) -> End:
    """A claim's balances, status and closed date at the end of a day, by either clock."""
    end: End = (NOTHING, "open", None)
    rows = taken if is_known else sorted(taken, key=lambda each: each.row.day)
    for each in rows:
        if (each.row.recorded if is_known else each.row.day) <= day:
            end = moved(end, each.kind, each.row)
    return end


REVERSALS = {"PAYMENT": "PAYMENT_REVERSAL", **dict.fromkeys(RECOVERIES, "RECOVERY_REVERSAL")}
AMOUNTS = st.sampled_from([0, 1, 1, 2, 5, 10])
KINDS = (
    *("RESERVE_CHANGE", "PAYMENT", "PAYMENT", "BACK", "PAYMENT_REVERSAL", "REPAYMENT"),
    *("RECOVERY_SALVAGE", "RECOVERY_DEDUCTIBLE", "RECOVERY_REVERSAL", "RESERVE_CLOSE"),
    *("RESERVE_CLOSE", "CLAIM_DECLINED", "RESERVE_REOPEN", "RESERVE_OPEN", "IMPORT_OPENING"),
    *("ADJUSTMENT", "UNDO", "UNDO", "UNDO"),
)


def delta_of(kind: str, a: int, b: int, outstanding: int) -> Sums:
    """Deltas of an entry: most add up, some do not."""
    if kind in ("RESERVE_CLOSE", "CLAIM_DECLINED"):
        return (0, -outstanding, 0)
    return {
        "RESERVE_OPEN": (0, a, 0),
        "RESERVE_REOPEN": (0, a if a > 5 else 0, 0),
        "RESERVE_CHANGE": (0, a - b, 0),
        "PAYMENT": (a, -min(b, outstanding), 0),
        "BACK": (-a, b, 0),
        "PAYMENT_REVERSAL": (-a, b, 0),
        "REPAYMENT": (-a, 0, 0),
        "RECOVERY_SALVAGE": (0, 0, a),
        "RECOVERY_DEDUCTIBLE": (0, 0, a),
        "RECOVERY_REVERSAL": (0, 0, -a),
        "IMPORT_OPENING": (a, b, 0),
        "ADJUSTMENT": (a - b, b, a - 1),
    }[kind]


@st.composite
def older_rows(draw) -> list[Row]:
    """The rows of one claim: opened, then anything, recorded forwards and dated anyhow."""
    recorded = FIRST_DAY + timedelta(days=draw(st.integers(0, 4)))
    cost = st.sampled_from(["indemnity", "indemnity", "expense"])
    rows = [Row("RESERVE_OPEN", draw(cost), recorded, recorded, (0, 20, 0))]
    outstanding = 20
    for _ in range(draw(st.integers(0, 7))):
        kind, of_type = draw(st.sampled_from(KINDS)), draw(cost)
        undone = draw(st.sampled_from(rows))
        if kind == "UNDO":
            kind = REVERSALS.get(undone.kind, "RESERVE_CHANGE")
            of_type, delta = undone.cost, tuple(-each for each in undone.delta)
        else:
            delta = delta_of(kind, draw(AMOUNTS), draw(AMOUNTS), outstanding)
        recorded += timedelta(days=draw(st.integers(0, 3)))
        day = recorded - timedelta(days=draw(st.sampled_from([0, 0, 0, 1, 4, -1])))
        kind = "PAYMENT" if kind == "BACK" else kind
        rows.append(Row(kind, of_type, recorded, day, delta))
        outstanding = max(outstanding + delta[1], 0)
    return rows
