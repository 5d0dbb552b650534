"""Erase what was written in free text about a claim and its ledger entries."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select, update

from flaskr.audit.models import Action, Subject
from flaskr.audit.services import CHANGED, record
from flaskr.claims.models import ENTRY_TEXTS, Claim, EntryTexts, LedgerEntry
from flaskr.claims.queries import locked_claim
from flaskr.claims.services import EDITING
from flaskr.extensions import db
from flaskr.values.calendar import utc_now


@dataclass(frozen=True)
class ErasedTexts:
    """How many texts of a claim were erased."""

    descriptions: int = 0
    entry_texts: int = 0

    def __add__(self, other: "ErasedTexts") -> "ErasedTexts":
        """Return the sums."""
        return ErasedTexts(
            self.descriptions + other.descriptions, self.entry_texts + other.entry_texts
        )


def erase_claim_texts(claim: Claim, *, actor: str) -> ErasedTexts:
    """Mark a claim as erased, and blank its description and the texts of its ledger entries.

    Where nothing was left nothing is recorded. The commit is sealed, so that files with the texts
    are no longer up to date, and the version is another, so that no form or dry run from before
    brings a text back.
    """
    claim = locked_claim(claim.id)
    of_entries = _counts_by_name(claim)
    erased = ErasedTexts(int(bool(claim.description)), sum(of_entries.values()))
    if claim.erased_at and erased == ErasedTexts():
        return erased
    names = ["description"] if claim.description else []
    EDITING.keep_facts(claim, names, actor)
    claim.description = ""
    claim.erased_at = claim.erased_at or utc_now()
    blank = dict.fromkeys(ENTRY_TEXTS)
    db.session.execute(update(EntryTexts).where(_is_of(claim)).values(blank))
    names += [name for name, number in of_entries.items() if number]
    after = dict.fromkeys(names, CHANGED)
    record(Action.PERSON_ERASED, Subject.CLAIM, claim.claim_reference, actor=actor, after=after)
    return erased


def _counts_by_name(claim: Claim) -> dict[str, int]:
    """Return how many entries of a claim have each of the texts."""
    counts = [func.count(getattr(EntryTexts, name)).label(name) for name in ENTRY_TEXTS]
    return dict(db.session.execute(select(*counts).where(_is_of(claim))).one()._mapping)


def _is_of(claim: Claim) -> ColumnElement[bool]:
    """Return the condition that texts are of a claim's entries."""
    entry_ids = select(LedgerEntry.id).where(LedgerEntry.claim_id == claim.id)
    return EntryTexts.entry_id.in_(entry_ids)
