"""Rows for tests, created by the services themselves."""

from datetime import date
from decimal import Decimal
from itertools import count

from flaskr.book.models import Closing
from flaskr.claims.ledger.balances import Movement
from flaskr.claims.ledger.posting import post_entry
from flaskr.claims.ledger.services import post_payment, post_recovery, set_reserve
from flaskr.claims.models import Claim, LedgerEntry
from flaskr.claims.services import report_claim
from flaskr.facts.closed_lists import Cause, EntryType, LineOfBusiness, ReasonCode
from flaskr.policies.models import Policy
from flaskr.policies.services import record_policy
from flaskr.values.calendar import utc_now
from flaskr.values.money import ZERO

ACTOR = "command"
WRONG_AMOUNT = ReasonCode.WRONG_AMOUNT
numbers = count(1)


def make_policy(**facts) -> Policy:
    """A home policy of 2024."""
    defaults = {
        "line_of_business": LineOfBusiness.HOME,
        "policyholder": "Åsa Öberg",
        "inception_date": date(2024, 1, 1),
        "expiry_date": date(2025, 1, 1),
        "premium": Decimal("5000.00"),
        "deductible": Decimal("1500.00"),
        "policy_number": f"H-{next(numbers)}",
    }
    return record_policy(**{**defaults, **facts}, actor=ACTOR)


def make_claim(**facts) -> Claim:
    """A water claim of March 2024, without a policy unless one is given."""
    defaults = {
        "loss_date": date(2024, 3, 1),
        "reported_date": date(2024, 3, 2),
        "cause": Cause.WATER,
        "claim_reference": f"W-{next(numbers)}",
    }
    return report_claim(**{**defaults, **facts}, actor=ACTOR)


def reserve(claim: Claim, level: str, day: date = date(2024, 3, 2)) -> LedgerEntry:
    """Set the case reserve to a level."""
    return set_reserve(claim, Decimal(level), day, actor=ACTOR)


def recover(
    claim: Claim,
    amount: str,
    day: date = date(2024, 5, 1),
    kind: EntryType = EntryType.RECOVERY_SALVAGE,
) -> LedgerEntry:
    """Recover an amount."""
    return post_recovery(claim, kind, Decimal(amount), day, actor=ACTOR)


def open_elsewhere(claim: Claim, day: date = date(2024, 5, 1)) -> LedgerEntry:
    """Post an opening balance as an import does: 10 paid, 5 outstanding."""
    movement = Movement(paid=Decimal("10.00"), outstanding=Decimal("5.00"))
    return post_entry(claim, EntryType.IMPORT_OPENING, lambda before: movement, day, actor=ACTOR)


def make_closing(closed_through: date) -> Closing:
    """A closing, without its counts and sums."""
    counts = dict.fromkeys(("policies", "claims", "entries"), 0)
    amounts = dict.fromkeys(("premium", "paid", "outstanding", "recovered"), ZERO)
    by = {"recorded_at": utc_now(), "recorded_by": ACTOR}
    return Closing(closed_through=closed_through, **counts, **amounts, **by)


def pay(claim: Claim, amount: str, day: date = date(2024, 4, 1)) -> LedgerEntry:
    """Pay an amount."""
    return post_payment(claim, Decimal(amount), day, actor=ACTOR)
