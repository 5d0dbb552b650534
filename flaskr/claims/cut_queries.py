"""One claim, its ledger and the claims of a policy in a cut, as lists and files of it have them."""

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from flaskr.claims.as_at_queries import claims_as_at, entry_state, is_entry_included
from flaskr.claims.ledger.balances import BALANCES
from flaskr.claims.ledger.rules import State
from flaskr.claims.models import Claim, LedgerEntry
from flaskr.extensions import db
from flaskr.policies.models import Policy
from flaskr.policies.row_queries import policy_facts
from flaskr.values.as_at import Basis, Valuation, copy_as_at
from flaskr.values.calendar import local_day


def claim_as_at(claim: Claim, valuation: Valuation) -> Claim | None:
    """Return a copy of a claim and its policy as at a date; None if the claim does not count yet.

    The copies are not in the session.
    """
    rows = claims_as_at(valuation.day, valuation.basis, with_policy=False)
    row = db.session.execute(rows.where(Claim.id == claim.id)).one_or_none()
    if row is None:
        return None
    then: Claim = copy_as_at(claim, row)
    if policy := db.session.get(Policy, row.policy_id) if row.policy_id else None:
        facts = policy_facts(valuation).where(Policy.id == policy.id)
        then.policy = copy_as_at(policy, db.session.execute(facts).one())
    return then


def entries_as_at(claim: Claim, valuation: Valuation) -> list[tuple[LedgerEntry, State]]:
    """Return the entries of a claim that count, each with the state after it, as its file has them.

    Known they are in the order of recording, booked in the order of their days.
    """
    state = entry_state(LedgerEntry, valuation.basis)
    is_booked = valuation.basis is Basis.BOOKED
    entries = (
        select(LedgerEntry, *(state[name] for name in (*BALANCES, "status", "closed_date")))
        .where(LedgerEntry.claim_id == claim.id)
        .where(is_entry_included(valuation.day, valuation.basis))
        .order_by(*[LedgerEntry.transaction_date] * is_booked, LedgerEntry.id)
        .options(joinedload(LedgerEntry.texts))
    )
    return [(entry, State(*after)) for entry, *after in db.session.execute(entries)]


def why_claim_counts_later(claim: Claim, basis: Basis) -> str:
    """Return a sentence that says from which day a claim counts."""
    reported, first = claim.reported_date, claim.first_transaction_date
    if basis is Basis.KNOWN or (reported is None and first is None):
        return f"It was recorded on {local_day(claim.recorded_at)}."
    if reported is None or (first is not None and first < reported):
        return f"It counts from {first}, the day of its first entry."
    return f"It counts from {reported}, the day it was reported."
