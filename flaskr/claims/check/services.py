"""Compare the whole book with its rules, and correct what claims store from their ledgers."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from sqlalchemy import update

from flaskr.audit.models import Action, Subject
from flaskr.audit.services import BOOK, record
from flaskr.claims.check.book_rules import book_rules
from flaskr.claims.check.stored_state import wrong_claims
from flaskr.claims.ledger.rules import State
from flaskr.claims.models import Claim
from flaskr.claims.queries import (
    first_transaction_date,
    last_entry,
    last_transaction_date,
    locked_claim,
)
from flaskr.database.transactions import lock_ledger
from flaskr.extensions import db


@dataclass(frozen=True)
class Disagreement:
    """One fault in the book: the claim or another row, and what is wrong with it."""

    subject: str
    text: str


def disagreements() -> Iterator[Disagreement]:
    """Yield every row that breaks a rule of the book, rule by rule."""
    for text, rows in book_rules().items():
        for *names, row_id in db.session.execute(rows):
            yield Disagreement(names[0] if names else f"row {row_id}", f"{text} ({row_id})")


def rebuild_balances(actor: str) -> int:
    """Correct the claims that disagree from their last entry; return how many there were.

    Each claim is locked and its last entry read again: somebody may have posted meanwhile.
    """
    claim_ids = db.session.scalars(wrong_claims().with_only_columns(Claim.id)).all()
    for claim_id in claim_ids:
        claim = locked_claim(claim_id)
        last = last_entry(claim)
        values = asdict(last.state if last else State())
        values["first_transaction_date"] = first_transaction_date(claim)
        values["last_transaction_date"] = last_transaction_date(claim)
        values["last_recorded_at"] = last.recorded_at if last else None
        db.session.execute(update(Claim).where(Claim.id == claim_id).values(values))
    if claim_ids:
        lock_ledger()  # so that the commit is sealed: files of before are out of date
        facts = {"claims": len(claim_ids)}
        record(Action.BALANCES_REBUILT, Subject.BOOK, BOOK, actor=actor, after=facts)
    return len(claim_ids)
