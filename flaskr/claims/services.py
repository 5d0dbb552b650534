"""The services that report a claim and edit its facts."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from flaskr.audit.editing import Editing
from flaskr.audit.models import Action, Subject
from flaskr.audit.services import event_facts, record
from flaskr.book.instants import next_instant
from flaskr.book.services import allot_reference
from flaskr.claims.ledger.balances import BALANCES
from flaskr.claims.models import CLAIM_EDITS, CLAIM_FACTS, Claim, ClaimRevision, coverage_of
from flaskr.claims.queries import (
    claim_by_reference,
    locked_claim,
    share_locked_policy,
    with_current_policy,
)
from flaskr.database.transactions import lock_ledger
from flaskr.errors import ClaimBookError, SentTwice
from flaskr.extensions import db
from flaskr.facts.closed_lists import Cause, Coverage, Status
from flaskr.policies.models import Policy
from flaskr.values.calendar import today
from flaskr.values.money import ZERO
from flaskr.values.text import clean_reference, clean_text, is_allotted, reference_key


class ClaimError(ClaimBookError):
    """A claim that cannot be reported or edited as asked."""


class UncoversReserved(ClaimError):
    """An edit that leaves a claim with money uncovered: allowed when the user confirms it."""


def _clean_event_code(code: str | None) -> str | None:
    """Return the code of an event as it is stored: like a reference; None for no event."""
    return clean_reference(code) if code else None


def _trail_facts(claim: Claim, names: Collection[str]) -> dict[str, Any]:
    """Return some of a claim's facts for the audit trail, with its policy's number, not its id."""
    facts = event_facts(claim, names, CLAIM_FACTS)
    if "policy_id" in facts:
        del facts["policy_id"]
        policy = with_current_policy(claim).policy
        facts["policy"] = policy.policy_number if policy else None
    return facts


EDITING = Editing(
    subject=Subject.CLAIM,
    number="claim_reference",
    revisions=ClaimRevision,
    owner_id="claim_id",
    facts=CLAIM_FACTS,
    text="description",
    clean={"description": clean_text, "event_code": _clean_event_code},
    trail_facts=_trail_facts,
)


def report_claim(
    *,
    loss_date: date | None,
    reported_date: date | None,
    cause: Cause | None = None,
    policy: Policy | None = None,
    event_code: str = "",
    description: str = "",
    claim_reference: str = "",
    form_token: str | None = None,
    actor: str,
) -> Claim:
    """Report a claim under the given reference, or else the book's next reference.

    The claim has no ledger entries yet: set its reserve next. Raises ClaimError or TextError when
    its dates contradict one another or the reference is taken, and SentTwice when the form has
    created a claim already.
    """
    check_claim_dates(loss_date, reported_date, today())
    share_locked_policy(policy.id if policy else None)
    lock_ledger()
    _check_sent_once(form_token)
    recorded_at = next_instant()
    reference = _new_reference(claim_reference, recorded_at)
    claim = Claim(
        claim_reference=reference,
        claim_reference_key=reference_key(reference),
        policy=policy,
        cause=cause,
        loss_date=loss_date,
        reported_date=reported_date,
        event_code=_clean_event_code(event_code),
        description=clean_text(description),
        status=Status.OPEN,
        **dict.fromkeys(BALANCES, ZERO),
        recorded_at=recorded_at,
        recorded_by=actor,
        version=1,
        form_token=form_token,
    )
    db.session.add(claim)
    _record_report(claim)
    return claim


def _record_report(claim: Claim) -> None:
    """Record a new claim's facts in the audit trail; the flush loads its policy."""
    db.session.flush()
    facts = _trail_facts(claim, [name for name in CLAIM_EDITS if getattr(claim, name)])
    reference, actor = claim.claim_reference, claim.recorded_by
    record(Action.CLAIM_REPORTED, Subject.CLAIM, reference, actor=actor, after=facts)


def _check_sent_once(form_token: str | None) -> None:
    """Raise SentTwice when the form has created a claim already."""
    earlier = select(Claim.claim_reference).where(Claim.form_token == form_token)
    if form_token and (reference := db.session.scalar(earlier)):
        raise SentTwice(reference)


def _new_reference(typed: str, recorded_at: datetime) -> str:
    """Return the typed reference, or the book's next one if none is typed.

    Raises ClaimError when the typed reference is taken or is one to allot.
    """
    if not typed:
        return allot_reference("C", recorded_at)
    reference = clean_reference(typed)
    if is_allotted(reference):
        raise ClaimError(
            "References like C-2026-000001 are assigned by the book. Leave the field empty."
        )
    if claim_by_reference(reference):
        raise ClaimError(f"Claim {reference} is already in the book.")
    return reference


def check_claim_dates(loss_date: date | None, reported_date: date | None, last_day: date) -> None:
    """Raise ClaimError unless loss <= reported <= `last_day` (today)."""
    if loss_date and reported_date and loss_date > reported_date:
        raise ClaimError(
            f"The loss date ({loss_date}) cannot be after the reported date ({reported_date})."
        )
    if max(loss_date or date.min, reported_date or date.min) > last_day:
        raise ClaimError(
            f"The loss date and the reported date cannot be in the future (today is {last_day})."
        )


def edit_claim(
    claim: Claim,
    changes: Mapping[str, Any],
    *,
    seen_version: int,
    actor: str,
    may_uncover: bool = False,
) -> Claim:
    """Change a claim's facts and keep the earlier ones in a revision.

    Changes to the same values do nothing. Raises ClaimError when the new dates are not valid,
    ChangedMeanwhile when the claim no longer has the version that the editor saw and, unless
    `may_uncover`, UncoversReserved when a claim with money would no longer be covered.
    """
    claim = locked_claim(claim.id)
    changed = EDITING.changes_of(claim, changes, seen_version)
    if not changed:
        return claim
    _check_edited_dates(claim, changed)
    _check_uncovering(claim, changed, may_uncover)
    share_locked_policy(changed.get("policy_id", claim.policy_id))
    EDITING.change(claim, changed, actor=actor, action=Action.CLAIM_EDITED)
    return claim


def _check_edited_dates(claim: Claim, changed: Mapping[str, Any]) -> None:
    """Raise ClaimError when new dates are not valid, or later than the claim's first entry."""
    if not {"loss_date", "reported_date"} & set(changed):
        return
    loss_date = changed.get("loss_date", claim.loss_date)
    reported_date = changed.get("reported_date", claim.reported_date)
    if (claim.loss_date and not loss_date) or (claim.reported_date and not reported_date):
        raise ClaimError("A date cannot be removed once the claim has it. Correct it instead.")
    check_claim_dates(loss_date, reported_date, today())
    before = claim.reported_date or claim.loss_date
    check_report_day(claim.first_transaction_date, reported_date or loss_date, before)


def check_report_day(first_day: date | None, earliest: date | None, before: date | None) -> None:
    """Raise ClaimError when an edit moves the report later, past the claim's first entry.

    `earliest` is the reported date, else the loss date, and `before` is what it was. A migrated
    claim may have entries before its report already.
    """
    is_later = earliest is not None and (before is None or earliest > before)
    if first_day and earliest and is_later and first_day < earliest:
        raise ClaimError(
            f"The claim has an entry dated {first_day}; the reported date cannot be after it."
        )


def _check_uncovering(claim: Claim, changed: Mapping[str, Any], may_uncover: bool) -> None:
    """Raise UncoversReserved when an edit leaves money uncovered without `may_uncover`."""
    has_money = claim.paid > 0 or claim.outstanding > 0
    if may_uncover or not has_money or claim.coverage == Coverage.NOT_IN_FORCE:
        return
    policy = share_locked_policy(changed.get("policy_id", claim.policy_id))
    loss_date = changed.get("loss_date", claim.loss_date)
    if coverage_of(policy, loss_date) == Coverage.NOT_IN_FORCE:
        raise UncoversReserved(
            "With these facts the loss is not covered, but the claim has a reserve or "
            "payments. Tick “Save anyway” if that is right."
        )
