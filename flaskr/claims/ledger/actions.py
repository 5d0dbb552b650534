"""What a person can do to a claim's money: each action with its form, its service and its words."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flaskr.claims import forms
from flaskr.claims.ledger import services as ledger_services
from flaskr.claims.ledger.posting import By
from flaskr.claims.ledger.rules import LIVE, RECOVERIES, SETTLED
from flaskr.claims.models import Claim, LedgerEntry
from flaskr.facts.lists import Coverage, EntryType


@dataclass(frozen=True)
class LedgerAction:
    """One thing to do: shown when the claim's state allows it, posted by its service."""

    name: str  # the last part of its address
    title: str
    button: str
    form: type[forms.EntryForm]
    post: Callable[[Claim, Any, By], LedgerEntry]
    done: str
    allowed: Callable[[Claim], bool]


def _set_reserve(claim: Claim, form: Any, by: By) -> LedgerEntry:
    """Post what the reserve form says."""
    return ledger_services.set_reserve(claim, form.amount.data, form.transaction_date.data, **by)


def _pay(claim: Claim, form: Any, by: By) -> LedgerEntry:
    """Post what the payment form says."""
    return ledger_services.post_payment(claim, form.amount.data, form.transaction_date.data, **by)


def _recover(claim: Claim, form: Any, by: By) -> LedgerEntry:
    """Post what the recovery form says."""
    recovery_type = form.kind.data.entry_type
    return ledger_services.post_recovery(
        claim, recovery_type, form.amount.data, form.transaction_date.data, **by
    )


def _close(claim: Claim, form: Any, by: By) -> LedgerEntry:
    """Close the claim."""
    return ledger_services.close_claim(claim, form.transaction_date.data, **by)


def _decline(claim: Claim, form: Any, by: By) -> LedgerEntry:
    """Decline the claim, with the reason given."""
    by["reason"] = form.reason.data
    return ledger_services.decline_claim(claim, form.transaction_date.data, **by)


def _reopen(claim: Claim, form: Any, by: By) -> LedgerEntry:
    """Reopen the claim, with the reserve and the reason given."""
    by["reason"] = form.reason.data
    return ledger_services.reopen_claim(claim, form.amount.data, form.transaction_date.data, **by)


def _is_live(claim: Claim) -> bool:
    """Whether the claim is open or reopened."""
    return claim.status in LIVE


def _can_be_paid(claim: Claim) -> bool:
    """Whether the claim is open and its policy does not rule payments out."""
    return _is_live(claim) and claim.coverage != Coverage.NOT_IN_FORCE


def _can_be_reserved(claim: Claim) -> bool:
    """Whether a reserve could be raised, or one that there is lowered."""
    return _can_be_paid(claim) or (_is_live(claim) and claim.outstanding > 0)


_ACTIONS = (
    LedgerAction(
        "reserve", "Set case reserve", "Set case reserve", forms.ReserveForm, _set_reserve,
        "Case reserve set on", _can_be_reserved,
    ),
    LedgerAction(
        "pay", "Pay", "Post payment", forms.PaymentForm, _pay, "Payment posted to", _can_be_paid,
    ),
    LedgerAction(
        "recover", "Recover", "Post recovery", forms.RecoveryForm, _recover,
        "Recovery posted to", lambda claim: claim.recovered < claim.paid,
    ),
    LedgerAction(
        "close", "Close", "Close claim", forms.CloseForm, _close, "Closed claim", _is_live,
    ),
    LedgerAction(
        "decline", "Decline", "Decline claim", forms.DeclineForm, _decline,
        "Declined claim", lambda claim: _is_live(claim) and claim.paid == 0,
    ),
    LedgerAction(
        "reopen", "Reopen", "Reopen claim", forms.ReopenForm, _reopen,
        "Reopened claim", lambda claim: claim.status in SETTLED,
    ),
)  # fmt: skip
BY_NAME = {action.name: action for action in _ACTIONS}


def allowed_actions(claim: Claim) -> list[LedgerAction]:
    """Return what the claim's state allows, in the order it is usually done."""
    return [action for action in _ACTIONS if action.allowed(claim)]


def reversible(claim: Claim, entries: list[LedgerEntry]) -> set[int]:
    """Return the ids of the entries that can be taken back now."""
    reversed_already = {entry.reverses for entry in entries}
    types = {*RECOVERIES, EntryType.PAYMENT} if _is_live(claim) else set(RECOVERIES)
    return {
        entry.id
        for entry in entries
        if entry.entry_type in types and entry.id not in reversed_already
    }
