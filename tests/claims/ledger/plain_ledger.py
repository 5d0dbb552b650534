"""A second ledger in plain Python and whole öre, to compare the real one with.

It shares no code with the application, on purpose.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

STOCKHOLM = ZoneInfo("Europe/Stockholm")
LARGEST = 10**14 - 1
LIVE, SETTLED = ("open", "reopened"), ("closed", "declined")
RECOVERIES = ("RECOVERY_SUBROGATION", "RECOVERY_SALVAGE", "RECOVERY_DEDUCTIBLE")


class Refused(Exception):
    """The rules do not allow it."""


def need(allowed: bool) -> None:
    if not allowed:
        raise Refused


def end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), STOCKHOLM).astimezone(UTC)


@dataclass(frozen=True)
class PlainEntry:
    kind: str
    day: date
    at: datetime
    paid: int
    outstanding: int
    recovered: int
    cost: str = "indemnity"
    reverses: int | None = None  # its index in the claim's ledger


@dataclass
class PlainFacts:
    """Facts with their history: (until when, the facts until then) for each edit."""

    now: dict
    at: datetime
    before: list = field(default_factory=list)

    def edit(self, changes: dict, at: datetime) -> None:
        if any(self.now[name] != value for name, value in changes.items()):
            self.before.append((at, self.now))
            self.now = {**self.now, **changes}

    def known_at(self, end: datetime) -> dict:
        return next((facts for until, facts in self.before if until >= end), self.now)


@dataclass(frozen=True)
class Sums:
    paid: int = 0
    outstanding: int = 0
    recovered: int = 0
    status: str = "open"
    closed: date | None = None


def fold(entries: list[PlainEntry]) -> Sums:
    """Add up from the first entry: entries here have no balances."""
    sums = Sums()
    for entry in entries:
        status = {"RESERVE_CLOSE": "closed", "CLAIM_DECLINED": "declined"}.get(entry.kind)
        sums = replace(
            sums,
            paid=sums.paid + entry.paid,
            outstanding=sums.outstanding + entry.outstanding,
            recovered=sums.recovered + entry.recovered,
        )
        if status:
            sums = replace(sums, status=status, closed=entry.day)
        if entry.kind == "RESERVE_REOPEN":
            sums = replace(sums, status="reopened", closed=None)
    return sums


def covered(claim: dict, policies: dict[int, dict]) -> str:
    if claim["policy"] is None or claim["loss"] is None:
        return "unverified"
    policy = policies[claim["policy"]]
    ends = min(policy["expiry"], policy["cancelled"] or policy["expiry"])
    return "in_force" if policy["inception"] <= claim["loss"] < ends else "not_in_force"


@dataclass
class PlainBook:
    policies: list[PlainFacts] = field(default_factory=list)
    claims: list[PlainFacts] = field(default_factory=list)
    ledgers: list[list[PlainEntry]] = field(default_factory=list)
    closed_through: date = date.min

    def policy_facts(self, end: datetime | None = None) -> dict[int, dict]:
        return {n: p.known_at(end) if end else p.now for n, p in enumerate(self.policies)}

    def cover(self, number: int) -> str:
        return covered(self.claims[number].now, self.policy_facts())

    def report(self, facts: dict, now: datetime) -> None:
        check_dates(facts, now)
        self.claims.append(PlainFacts(facts, now))
        self.ledgers.append([])

    def edit(self, number: int, changes: dict, now: datetime, may_uncover: bool) -> None:
        claim, ledger = self.claims[number], self.ledgers[number]
        after, sums = {**claim.now, **changes}, fold(ledger)
        check_dates(after, now)
        for date_ in ("loss", "reported"):  # a date can be corrected, but not removed
            need(after[date_] is not None or claim.now[date_] is None)
        earliest = after["reported"] or after["loss"]
        need(not ledger or not earliest or earliest <= min(entry.day for entry in ledger))
        loses = self.cover(number) != "not_in_force" and (sums.paid or sums.outstanding)
        uncovers = loses and covered(after, self.policy_facts()) == "not_in_force"
        need(may_uncover or not uncovers)
        claim.edit(changes, now)

    def post(self, number: int, entry: PlainEntry) -> None:
        facts, ledger = self.claims[number].now, self.ledgers[number]
        need(entry.day <= entry.at.astimezone(STOCKHOLM).date())
        need(not ledger or entry.day >= max(earlier.day for earlier in ledger))
        need(entry.day > self.closed_through)
        earliest = facts["reported"] or facts["loss"]
        need(not earliest or entry.day >= earliest)
        moved = (entry.paid, entry.outstanding, entry.recovered)
        need(max(map(abs, moved)) <= LARGEST)
        undoes = entry.reverses is not None
        raises = entry.cost == "indemnity" and (entry.paid > 0 or entry.outstanding > 0)
        need(undoes or not raises or self.cover(number) != "not_in_force")
        of_type = fold([e for e in (*ledger, entry) if e.cost == entry.cost])
        need(min(of_type.paid, of_type.outstanding, of_type.recovered) >= 0)
        ledger.append(entry)

    def claims_as_at(self, day: date, basis: str) -> dict[int, tuple]:
        """Each claim as at a date: its facts, coverage, sums and number of entries that count."""
        end, rows = end_of(day), {}
        for number, (claim, ledger) in enumerate(zip(self.claims, self.ledgers, strict=True)):
            facts, policies = claim.now, self.policy_facts()
            days = [entry.day for entry in ledger] + ([facts["reported"]] * bool(facts["reported"]))
            counts = min(days) <= day if days else claim.at < end
            entries = [entry for entry in ledger if entry.day <= day]
            if basis == "known":
                facts, policies = claim.known_at(end), self.policy_facts(end)
                counts = claim.at < end
                entries = [entry for entry in ledger if entry.at < end]
            if counts:
                rows[number] = (facts, covered(facts, policies), fold(entries), len(entries))
        return rows


def check_dates(facts: dict, now: datetime) -> None:
    loss, reported = facts["loss"], facts["reported"]
    today = now.astimezone(STOCKHOLM).date()
    need(not (loss and reported) or loss <= reported)
    need(all(day <= today for day in (loss, reported) if day))
