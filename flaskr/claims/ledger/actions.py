"""The actions on a claim's ledger: for each, its form, its service and the texts of its page."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flaskr.claims import forms
from flaskr.claims.ledger import services as ledger_services
from flaskr.claims.ledger.posting import PostedBy
from flaskr.claims.ledger.rules import OPEN_STATUSES, RECOVERY_TYPES, SETTLED_STATUSES
from flaskr.claims.models import Claim, LedgerEntry
from flaskr.facts.closed_lists import Coverage, EntryType


@dataclass(frozen=True)
class LedgerAction:
    """One action, offered when the claim's state allows it."""

    name: str  # the last part of its URL
    title: str
    button: str
    form: type[forms.EntryForm]
    post: Callable[[Claim, Any, PostedBy], LedgerEntry]
    confirmation: str  # shown after posting, followed by the claim's reference
    is_allowed: Callable[[Claim], bool]


def _set_reserve(claim: Claim, form: Any, by: PostedBy) -> LedgerEntry:
    """Set the case reserve to the amount of the form."""
    return ledger_services.set_reserve(claim, form.amount.data, form.transaction_date.data, **by)


def _pay(claim: Claim, form: Any, by: PostedBy) -> LedgerEntry:
    """Post the payment of the form."""
    return ledger_services.post_payment(claim, form.amount.data, form.transaction_date.data, **by)


def _recover(claim: Claim, form: Any, by: PostedBy) -> LedgerEntry:
    """Post the recovery of the form."""
    recovery_type = form.kind.data.entry_type
    return ledger_services.post_recovery(
        claim, recovery_type, form.amount.data, form.transaction_date.data, **by
    )


def _close(claim: Claim, form: Any, by: PostedBy) -> LedgerEntry:
    """Close the claim."""
    return ledger_services.close_claim(claim, form.transaction_date.data, **by)


def _decline(claim: Claim, form: Any, by: PostedBy) -> LedgerEntry:
    """Decline the claim, with the reason of the form."""
    by |= reason_of(form)
    return ledger_services.decline_claim(claim, form.transaction_date.data, **by)


def _reopen(claim: Claim, form: Any, by: PostedBy) -> LedgerEntry:
    """Reopen the claim, with the reserve and the reason of the form."""
    by |= reason_of(form)
    return ledger_services.reopen_claim(claim, form.amount.data, form.transaction_date.data, **by)


def reason_of(form: Any) -> PostedBy:
    """Return the reason of a form: its code and its text."""
    return {"reason_code": form.reason_code.data, "reason": form.reason.data}  # type: ignore[typeddict-item]


def _is_open(claim: Claim) -> bool:
    """Whether the claim is open or reopened."""
    return claim.status in OPEN_STATUSES


def _may_be_paid(claim: Claim) -> bool:
    """Whether the claim is open and its loss is not known to be outside the cover."""
    return _is_open(claim) and claim.coverage != Coverage.NOT_IN_FORCE


def _may_be_reserved(claim: Claim) -> bool:
    """Whether the reserve may be raised, or there is one to lower."""
    return _may_be_paid(claim) or (_is_open(claim) and claim.outstanding > 0)


_ACTIONS = (
    LedgerAction(
        "reserve", "Set case reserve", "Set case reserve", forms.ReserveForm, _set_reserve,
        "Case reserve set on", _may_be_reserved,
    ),
    LedgerAction(
        "pay", "Pay", "Post payment", forms.PaymentForm, _pay, "Payment posted to", _may_be_paid,
    ),
    LedgerAction(
        "recover", "Recover", "Post recovery", forms.RecoveryForm, _recover,
        "Recovery posted to", lambda claim: True,
    ),
    LedgerAction(
        "close", "Close", "Close claim", forms.CloseForm, _close, "Closed claim", _is_open,
    ),
    LedgerAction(
        "decline", "Decline", "Decline claim", forms.DeclineForm, _decline,
        "Declined claim", lambda claim: _is_open(claim) and claim.paid == 0,
    ),
    LedgerAction(
        "reopen", "Reopen", "Reopen claim", forms.ReopenForm, _reopen,
        "Reopened claim", lambda claim: claim.status in SETTLED_STATUSES,
    ),
)  # fmt: skip
ACTIONS_BY_NAME = {action.name: action for action in _ACTIONS}


def allowed_actions(claim: Claim) -> list[LedgerAction]:
    """Return the actions that the claim's state allows, in the order they are usually taken."""
    return [action for action in _ACTIONS if action.is_allowed(claim)]


def reversible_entry_ids(claim: Claim, entries: list[LedgerEntry]) -> set[int]:
    """Return the ids of the entries that can be reversed now."""
    reversed_ids = {entry.reverses for entry in entries}
    types = {*RECOVERY_TYPES, EntryType.PAYMENT} if _is_open(claim) else set(RECOVERY_TYPES)
    return {
        entry.id for entry in entries if entry.entry_type in types and entry.id not in reversed_ids
    }
