"""What can happen to a claim's money: each service posts one entry, by the rules."""

from datetime import date
from decimal import Decimal
from typing import Unpack

from flaskr.claims.ledger.posting import By, post_entry
from flaskr.claims.ledger.rules import RECOVERIES, Movement, State, payment_movement
from flaskr.claims.models import Claim, LedgerEntry
from flaskr.claims.queries import last_entry, locked_claim
from flaskr.errors import LedgerError
from flaskr.facts.lists import EntryType
from flaskr.values.money import checked_amount


def set_reserve(claim: Claim, level: Decimal, day: date, **by: Unpack[By]) -> LedgerEntry:
    """Set the case reserve to a new level; the entry posted is the difference.

    Raises LedgerError when the reserve is at that level already.
    """
    level = checked_amount(level)
    claim = locked_claim(claim.id)
    is_first = last_entry(claim) is None

    def difference(before: State) -> Movement:
        if level < 0:
            raise LedgerError("A reserve cannot be negative.")
        if not is_first and level == before.outstanding:
            raise LedgerError("The reserve is already at that amount.")
        return Movement(outstanding=level - before.outstanding)

    entry_type = EntryType.RESERVE_OPEN if is_first else EntryType.RESERVE_CHANGE
    return post_entry(claim, entry_type, difference, day, **by)


def post_payment(claim: Claim, amount: Decimal, day: date, **by: Unpack[By]) -> LedgerEntry:
    """Post a payment and take what it covers off the case reserve.

    `amount` is above zero, in the book's currency; money coming back is a recovery.
    Raises LedgerError when the claim is closed or not covered, or the date does not fit.
    """
    amount = checked_amount(amount)
    return post_entry(
        claim, EntryType.PAYMENT, lambda before: payment_movement(amount, before), day, **by
    )


def post_recovery(
    claim: Claim, recovery_type: EntryType, amount: Decimal, day: date, **by: Unpack[By]
) -> LedgerEntry:
    """Post money that came back: subrogation, salvage or the deductible.

    All recoveries of a claim are together at most what is paid; raises LedgerError beyond.
    """
    if recovery_type not in RECOVERIES:
        raise ValueError(f"not a recovery: {recovery_type}")
    back = Movement(recovered=checked_amount(amount))
    return post_entry(claim, recovery_type, lambda before: back, day, **by)


def reverse_entry(entry: LedgerEntry, day: date, **by: Unpack[By]) -> LedgerEntry:
    """Take a payment or a recovery back, exactly and once.

    Raises LedgerError for any other kind of entry, and for one that is reversed already.
    """
    if entry.entry_type == EntryType.PAYMENT:
        reversal = EntryType.PAYMENT_REVERSAL
    elif entry.entry_type in RECOVERIES:
        reversal = EntryType.RECOVERY_REVERSAL
    else:
        raise LedgerError("Only a payment or a recovery can be reversed. Set the reserve instead.")
    opposite = -entry.movement
    claim = locked_claim(entry.claim_id)
    return post_entry(claim, reversal, lambda before: opposite, day, reverses=entry, **by)


def close_claim(claim: Claim, day: date, **by: Unpack[By]) -> LedgerEntry:
    """Close a claim; what is still outstanding is released."""
    return post_entry(claim, EntryType.RESERVE_CLOSE, _release, day, **by)


def decline_claim(claim: Claim, day: date, **by: Unpack[By]) -> LedgerEntry:
    """Decline a claim on which nothing is paid; what is outstanding is released."""
    return post_entry(claim, EntryType.CLAIM_DECLINED, _release, day, **by)


def reopen_claim(claim: Claim, reserve: Decimal, day: date, **by: Unpack[By]) -> LedgerEntry:
    """Reopen a closed or declined claim with a reserve of zero or more; a reason is required."""
    opening = Movement(outstanding=checked_amount(reserve))
    return post_entry(claim, EntryType.RESERVE_REOPEN, lambda before: opening, day, **by)


def _release(before: State) -> Movement:
    """Return what takes the whole case reserve off."""
    return Movement(outstanding=-before.outstanding)
