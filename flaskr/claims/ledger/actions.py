"""The actions on a claim's ledger: for each, its form, its service and the texts of its page."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from flaskr.claims import forms
from flaskr.claims.ledger import services as ledger_services
from flaskr.claims.ledger.balances import BalancesByType
from flaskr.claims.ledger.posting import PostedBy
from flaskr.claims.ledger.rules import OPEN_STATUSES, RECOVERY_TYPES, SETTLED_STATUSES
from flaskr.claims.models import Claim, LedgerEntry
from flaskr.facts.closed_lists import CostType, EntryType
from flaskr.values.money import ZERO


@dataclass(frozen=True)
class LedgerAction:
    """One action, offered when the claim's state allows it."""

    name: str  # the last part of its URL
    title: str
    button: str
    form: type[forms.EntryForm]
    post: Callable[[Claim, Any, PostedBy], LedgerEntry]
    confirmation: str  # shown after posting, followed by the claim's reference
    is_allowed: Callable[[Claim, BalancesByType], bool]


def _set_reserve(claim: Claim, form: Any, by: PostedBy) -> LedgerEntry:
    """Set the case reserve of a cost type to the amount of the form."""
    return ledger_services.set_reserve(claim, *_amount_of(form), **by)


def _pay(claim: Claim, form: Any, by: PostedBy) -> LedgerEntry:
    """Post the payment of the form, with its texts."""
    by["payee"], by["payee_reference"] = form.payee.data, form.payee_reference.data
    by["note"] = form.note.data
    return ledger_services.post_payment(claim, *_amount_of(form), **by)


def _repay(claim: Claim, form: Any, by: PostedBy) -> LedgerEntry:
    """Post the repayment of the form."""
    return ledger_services.post_repayment(claim, *_amount_of(form), **by)


def _recover(claim: Claim, form: Any, by: PostedBy) -> LedgerEntry:
    """Post the recovery of the form."""
    recovery_type = form.kind.data.entry_type
    return ledger_services.post_recovery(claim, recovery_type, *_amount_of(form), **by)


def _amount_of(form: Any) -> tuple[Decimal, date, CostType]:
    """Return the amount, the transaction date and the cost type of a form."""
    return form.amount.data, form.transaction_date.data, form.cost_type.data


def _close(claim: Claim, form: Any, by: PostedBy) -> LedgerEntry:
    """Close the claim."""
    return ledger_services.close_claim(claim, form.transaction_date.data, **by)


def _decline(claim: Claim, form: Any, by: PostedBy) -> LedgerEntry:
    """Decline the claim, with the reason of the form."""
    by |= reason_of(form)
    return ledger_services.decline_claim(claim, form.transaction_date.data, **by)


def _reopen(claim: Claim, form: Any, by: PostedBy) -> LedgerEntry:
    """Reopen the claim, with the reserves and the reason of the form."""
    by |= reason_of(form)
    expense_reserve = form.expense_reserve.data or ZERO
    return ledger_services.reopen_claim(
        claim, form.amount.data, form.transaction_date.data, expense_reserve, **by
    )


def reason_of(form: Any) -> PostedBy:
    """Return the reason of a form: its code and its text."""
    return {"reason_code": form.reason_code.data, "reason": form.reason.data}  # type: ignore[typeddict-item]


def _is_open(claim: Claim, by_type: BalancesByType | None = None) -> bool:
    """Whether the claim is open or reopened."""
    return claim.status in OPEN_STATUSES


def _may_be_declined(claim: Claim, by_type: BalancesByType) -> bool:
    """Whether the claim is open and has no indemnity paid; expenses may be."""
    return _is_open(claim) and by_type[CostType.INDEMNITY].paid == 0


_ACTIONS = (
    LedgerAction(
        "reserve", "Set case reserve", "Set case reserve", forms.ReserveForm, _set_reserve,
        "Case reserve set on", _is_open,
    ),
    LedgerAction(
        "pay", "Pay", "Post payment", forms.PaymentForm, _pay, "Payment posted to", _is_open,
    ),
    LedgerAction(
        "repay", "Repayment", "Post a repayment", forms.RepaymentForm, _repay,
        "Repayment posted to", lambda claim, by_type: claim.paid > 0,
    ),
    LedgerAction(
        "recover", "Recover", "Post recovery", forms.RecoveryForm, _recover,
        "Recovery posted to", lambda claim, by_type: True,
    ),
    LedgerAction(
        "close", "Close", "Close claim", forms.CloseForm, _close, "Closed claim", _is_open,
    ),
    LedgerAction(
        "decline", "Decline", "Decline claim", forms.DeclineForm, _decline,
        "Declined claim", _may_be_declined,
    ),
    LedgerAction(
        "reopen", "Reopen", "Reopen claim", forms.ReopenForm, _reopen,
        "Reopened claim", lambda claim, by_type: claim.status in SETTLED_STATUSES,
    ),
)  # fmt: skip
ACTIONS_BY_NAME = {action.name: action for action in _ACTIONS}


def allowed_actions(claim: Claim, by_type: BalancesByType) -> list[LedgerAction]:
    """Return the actions that the claim's state allows, in the order they are usually taken."""
    return [action for action in _ACTIONS if action.is_allowed(claim, by_type)]


def reversible_entry_ids(claim: Claim, entries: list[LedgerEntry]) -> set[int]:
    """Return the ids of the entries that can be reversed now."""
    reversed_ids = {entry.reverses for entry in entries}
    types = {*RECOVERY_TYPES, EntryType.PAYMENT} if _is_open(claim) else set(RECOVERY_TYPES)
    return {
        entry.id for entry in entries if entry.entry_type in types and entry.id not in reversed_ids
    }
