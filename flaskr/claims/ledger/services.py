"""The services that post to a claim's ledger: each checks the rules and posts one entry."""

from datetime import date
from decimal import Decimal
from typing import Unpack

from flaskr.claims.ledger.posting import PostedBy, post_entry
from flaskr.claims.ledger.rules import RECOVERY_TYPES, Movement, State, payment_movement
from flaskr.claims.models import Claim, LedgerEntry
from flaskr.claims.queries import last_entry, locked_claim
from flaskr.errors import LedgerError
from flaskr.facts.closed_lists import EntryType
from flaskr.values.money import checked_amount


def set_reserve(
    claim: Claim, level: Decimal, transaction_date: date, **by: Unpack[PostedBy]
) -> LedgerEntry:
    """Set the case reserve to a new level; the entry posts the difference.

    Raises LedgerError when the reserve is at that level already; a first reserve may be zero.
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
    return post_entry(claim, entry_type, difference, transaction_date, **by)


def post_payment(
    claim: Claim, amount: Decimal, transaction_date: date, **by: Unpack[PostedBy]
) -> LedgerEntry:
    """Post a payment, which reduces the case reserve too, at most to zero.

    `amount` must be above zero, in the book's currency; money coming back is a recovery. Raises
    LedgerError when the claim is settled or not covered, or the date is not allowed.
    """
    amount = checked_amount(amount)
    return post_entry(
        claim,
        EntryType.PAYMENT,
        lambda before: payment_movement(amount, before),
        transaction_date,
        **by,
    )


def post_recovery(
    claim: Claim,
    recovery_type: EntryType,
    amount: Decimal,
    transaction_date: date,
    **by: Unpack[PostedBy],
) -> LedgerEntry:
    """Post money that came back: subrogation, salvage or the deductible.

    Raises LedgerError when the claim's recoveries would be more than its payments.
    """
    if recovery_type not in RECOVERY_TYPES:
        raise ValueError(f"not a recovery: {recovery_type}")
    movement = Movement(recovered=checked_amount(amount))
    return post_entry(claim, recovery_type, lambda before: movement, transaction_date, **by)


def reverse_entry(
    entry: LedgerEntry, transaction_date: date, **by: Unpack[PostedBy]
) -> LedgerEntry:
    """Reverse a payment or a recovery with an entry of exactly the opposite deltas.

    Raises LedgerError for an entry of another type, and for one that is reversed already.
    """
    if entry.entry_type == EntryType.PAYMENT:
        reversal_type = EntryType.PAYMENT_REVERSAL
    elif entry.entry_type in RECOVERY_TYPES:
        reversal_type = EntryType.RECOVERY_REVERSAL
    else:
        raise LedgerError("Only a payment or a recovery can be reversed. Set the reserve instead.")
    opposite = -entry.movement
    claim = locked_claim(entry.claim_id)
    return post_entry(
        claim, reversal_type, lambda before: opposite, transaction_date, reverses=entry, **by
    )


def close_claim(claim: Claim, transaction_date: date, **by: Unpack[PostedBy]) -> LedgerEntry:
    """Close a claim; the outstanding reserve is released."""
    return post_entry(claim, EntryType.RESERVE_CLOSE, _release, transaction_date, **by)


def decline_claim(claim: Claim, transaction_date: date, **by: Unpack[PostedBy]) -> LedgerEntry:
    """Decline a claim that has nothing paid; the outstanding reserve is released."""
    return post_entry(claim, EntryType.CLAIM_DECLINED, _release, transaction_date, **by)


def reopen_claim(
    claim: Claim, reserve: Decimal, transaction_date: date, **by: Unpack[PostedBy]
) -> LedgerEntry:
    """Reopen a closed or declined claim with a reserve of zero or more; a reason is required."""
    movement = Movement(outstanding=checked_amount(reserve))
    return post_entry(
        claim, EntryType.RESERVE_REOPEN, lambda before: movement, transaction_date, **by
    )


def _release(before: State) -> Movement:
    """Return the movement that brings the case reserve to zero."""
    return Movement(outstanding=-before.outstanding)
