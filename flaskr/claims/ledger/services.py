"""The services that post to a claim's ledger: each checks the rules and posts."""

from datetime import date
from decimal import Decimal
from typing import Unpack

from flaskr.claims.ledger.balances import Balances, Movement, payment_movement
from flaskr.claims.ledger.posting import PostedBy, post_entry
from flaskr.claims.ledger.rules import RECOVERY_TYPES
from flaskr.claims.models import Claim, LedgerEntry
from flaskr.claims.queries import balances_by_type, last_entry, locked_claim
from flaskr.errors import LedgerError
from flaskr.facts.closed_lists import CostType, EntryType
from flaskr.values.money import ZERO, checked_amount

_INDEMNITY, _EXPENSE = CostType.INDEMNITY, CostType.EXPENSE


def set_reserve(
    claim: Claim,
    level: Decimal,
    transaction_date: date,
    cost_type: CostType = _INDEMNITY,
    **by: Unpack[PostedBy],
) -> LedgerEntry:
    """Set the case reserve of a cost type to a new level; the entry posts the difference.

    Raises LedgerError when the reserve is at that level already; a first reserve may be zero.
    """
    level = checked_amount(level)
    claim = locked_claim(claim.id)
    is_first = last_entry(claim) is None

    def difference(of_type: Balances) -> Movement:
        if level < 0:
            raise LedgerError("A reserve cannot be negative.")
        if not is_first and level == of_type.outstanding:
            raise LedgerError("The reserve is already at that amount.")
        return Movement(outstanding=level - of_type.outstanding)

    entry_type = EntryType.RESERVE_OPEN if is_first else EntryType.RESERVE_CHANGE
    return post_entry(claim, entry_type, difference, transaction_date, cost_type=cost_type, **by)


def post_payment(
    claim: Claim,
    amount: Decimal,
    transaction_date: date,
    cost_type: CostType = _INDEMNITY,
    **by: Unpack[PostedBy],
) -> LedgerEntry:
    """Post a payment, which reduces its cost type's case reserve too, at most to zero.

    `amount` must be above zero, in the book's currency; money coming back is a repayment or a
    recovery. Raises LedgerError when the claim is settled or not covered, or the date is not
    allowed.
    """
    amount = checked_amount(amount)
    return post_entry(
        claim,
        EntryType.PAYMENT,
        lambda of_type: payment_movement(amount, of_type),
        transaction_date,
        cost_type=cost_type,
        **by,
    )


def post_repayment(
    claim: Claim,
    amount: Decimal,
    transaction_date: date,
    cost_type: CostType = _INDEMNITY,
    **by: Unpack[PostedBy],
) -> LedgerEntry:
    """Post a part of a payment that its payee gives back; the case reserve stays as it is.

    `amount` must be above zero, and at most what the cost type has paid. Raises LedgerError
    otherwise, or when the date is not allowed.
    """
    movement = Movement(paid=-checked_amount(amount))
    return post_entry(
        claim,
        EntryType.REPAYMENT,
        lambda of_type: movement,
        transaction_date,
        cost_type=cost_type,
        **by,
    )


def post_recovery(
    claim: Claim,
    recovery_type: EntryType,
    amount: Decimal,
    transaction_date: date,
    cost_type: CostType = _INDEMNITY,
    **by: Unpack[PostedBy],
) -> LedgerEntry:
    """Post money that came back: subrogation, salvage or the deductible.

    It may be more than what is paid: a deductible is collected before the payment.
    """
    if recovery_type not in RECOVERY_TYPES:
        raise ValueError(f"not a recovery: {recovery_type}")
    movement = Movement(recovered=checked_amount(amount))
    return post_entry(
        claim, recovery_type, lambda of_type: movement, transaction_date, cost_type=cost_type, **by
    )


def reverse_entry(
    entry: LedgerEntry, transaction_date: date, **by: Unpack[PostedBy]
) -> LedgerEntry:
    """Reverse a payment or a recovery with an entry of exactly the opposite deltas.

    Raises LedgerError for an entry of another type, for one that is reversed already, and without
    a reason.
    """
    if entry.entry_type == EntryType.PAYMENT:
        reversal_type = EntryType.PAYMENT_REVERSAL
    elif entry.entry_type in RECOVERY_TYPES:
        reversal_type = EntryType.RECOVERY_REVERSAL
    else:
        raise LedgerError("Only a payment or a recovery can be reversed. Set the reserve instead.")
    opposite = -entry.movement
    return post_entry(
        locked_claim(entry.claim_id),
        reversal_type,
        lambda of_type: opposite,
        transaction_date,
        cost_type=entry.cost_type,
        reverses=entry,
        **by,
    )


def close_claim(claim: Claim, transaction_date: date, **by: Unpack[PostedBy]) -> LedgerEntry:
    """Close a claim; the outstanding reserve of each cost type is released."""
    return _settle(claim, EntryType.RESERVE_CLOSE, transaction_date, **by)


def decline_claim(claim: Claim, transaction_date: date, **by: Unpack[PostedBy]) -> LedgerEntry:
    """Decline a claim that has no indemnity paid; the outstanding reserve is released.

    Raises LedgerError without a reason.
    """
    return _settle(claim, EntryType.CLAIM_DECLINED, transaction_date, **by)


def _settle(
    claim: Claim, entry_type: EntryType, transaction_date: date, **by: Unpack[PostedBy]
) -> LedgerEntry:
    """Release the reserve of one cost type with a change, and of the other with the last entry."""
    claim = locked_claim(claim.id)
    last = last_entry(claim)
    of_type = balances_by_type(claim.id, last.state if last else Balances())
    # A migrated reserve below zero comes up first, for what is outstanding in all stays above it.
    first, then = _EXPENSE, _INDEMNITY
    if of_type[_INDEMNITY].outstanding < 0:
        first, then = then, first
    if of_type[first].outstanding:
        change = EntryType.RESERVE_CHANGE
        released = post_entry(claim, change, _release, transaction_date, cost_type=first, **by)
        by["seen_entry"] = released.id
    return post_entry(claim, entry_type, _release, transaction_date, cost_type=then, **by)


def reopen_claim(
    claim: Claim,
    reserve: Decimal,
    transaction_date: date,
    expense_reserve: Decimal = ZERO,
    **by: Unpack[PostedBy],
) -> LedgerEntry:
    """Reopen a closed or declined claim with reserves of zero or more; a reason is required."""
    movement = Movement(outstanding=checked_amount(reserve))
    reopened = post_entry(
        claim, EntryType.RESERVE_REOPEN, lambda of_type: movement, transaction_date, **by
    )
    if expense_reserve:
        by["seen_entry"] = reopened.id
        set_reserve(claim, expense_reserve, transaction_date, _EXPENSE, **by)
    return reopened


def _release(of_type: Balances) -> Movement:
    """Return the movement that brings the case reserve of a cost type to zero."""
    return Movement(outstanding=-of_type.outstanding)
