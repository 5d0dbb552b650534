"""Random sequences of imports, undos and people's work: nothing that an undo left looks open."""

import random
import re
from decimal import Decimal

import pytest
from sqlalchemy import select

from flaskr.claims.check.services import disagreements
from flaskr.claims.ledger.balances import BALANCES
from flaskr.claims.ledger.rules import OPEN_STATUSES, SETTLED_STATUSES
from flaskr.claims.ledger.services import close_claim, decline_claim, post_payment, reopen_claim
from flaskr.claims.models import Claim, LedgerEntry
from flaskr.errors import ClaimBookError
from flaskr.extensions import db
from flaskr.facts.closed_lists import EntryType, ReasonCode
from flaskr.import_records.models import Import
from flaskr.import_records.queries import imports_in_effect
from flaskr.imports.undo.services import UndoRefused, undo_import, undo_preview
from flaskr.values.calendar import today
from tests.factories import ACTOR, WRONG_AMOUNT
from tests.imports.importing import Importing

pytestmark = [pytest.mark.both_databases, pytest.mark.slow]

NAMES = [f"A-{number}" for number in range(6)]
TITLES = ("claim_reference", "cause", "paid", "outstanding", "recovered")
WHY = {"actor": ACTOR, "reason_code": ReasonCode.NEW_INFORMATION}


def import_some(rng: random.Random, importing: Importing) -> None:
    rows = [
        (name, rng.choice(["fire", "storm"]), *(rng.choice([0, 0, 5, 70]) for _ in BALANCES))
        for name in rng.sample(NAMES, rng.randint(1, len(NAMES)))
    ]
    job = importing.job(TITLES, *rows)
    if job.outcome.changes:
        importing.load(TITLES, *rows, leaves_refused=bool(job.outcome.refusal_count))


def undo_some(rng: random.Random) -> None:
    numbers = list(db.session.scalars(select(Import.id).order_by(Import.id)))
    in_effect = sorted(record.id for record in db.session.scalars(imports_in_effect()))
    if not numbers:
        return
    # Mostly the newest, for which an undo is not refused.
    number = in_effect[-1] if in_effect and rng.random() < 0.7 else rng.choice(numbers)
    shown = undo_preview(db.session.get_one(Import, number))
    if shown.problem:
        with pytest.raises(UndoRefused, match=re.escape(shown.problem)):
            undo_import(number, reason_code=WRONG_AMOUNT, actor=ACTOR)
        db.session.rollback()
        return
    record = undo_import(number, reason_code=WRONG_AMOUNT, actor=ACTOR)
    db.session.commit()
    assert (record.changed, record.entries) == (shown.size.claims, shown.size.entries)
    assert all(getattr(record, name) == amounts_of(record)[name] for name in BALANCES)


def amounts_of(record: Import) -> dict[str, Decimal]:
    entries = db.session.scalars(select(LedgerEntry).where(LedgerEntry.import_id == record.id))
    found = list(entries)
    assert len(found) == record.entries
    return {name: sum((getattr(e, name) for e in found), Decimal(0)) for name in BALANCES}


def work(rng: random.Random) -> None:
    claims = list(db.session.scalars(select(Claim).order_by(Claim.id)))
    if not claims:
        return
    claim = rng.choice(claims)
    try:
        rng.choice(
            [
                lambda: close_claim(claim, today(), **WHY),
                lambda: decline_claim(claim, today(), **WHY),
                lambda: reopen_claim(claim, Decimal(3), today(), **WHY),
                lambda: post_payment(claim, Decimal(1), today(), actor=ACTOR),
            ]
        )()
    except ClaimBookError:
        db.session.rollback()
    else:
        db.session.commit()


def looks_open_for_nothing() -> list[str]:
    """The open claims without an import in effect, or a person, that speaks for them."""
    in_effect = {record.id for record in db.session.scalars(imports_in_effect())}
    entries = db.session.execute(select(LedgerEntry.claim_id, LedgerEntry.import_id)).all()
    spoken_for = {claim for claim, number in entries if number is None or number in in_effect}
    return [
        claim.claim_reference
        for claim in db.session.scalars(select(Claim))
        if claim.status in OPEN_STATUSES
        and claim.import_id not in in_effect
        and claim.id not in spoken_for
    ]


def reopened_after_a_person() -> list[int]:
    """The entries by which an import reopened what somebody else than an undo had settled."""
    wrong, last = [], {}
    for entry in db.session.scalars(select(LedgerEntry).order_by(LedgerEntry.id)):
        before = last.get(entry.claim_id)
        if entry.entry_type is EntryType.RESERVE_REOPEN and entry.import_id:
            is_of_undo = before.reason_code is ReasonCode.IMPORT_UNDONE and before.import_id
            wrong += [] if is_of_undo and before.status_after in SETTLED_STATUSES else [entry.id]
        last[entry.claim_id] = entry
    return wrong


@pytest.mark.parametrize("seed", range(6))
def test_nothing_looks_open_whatever_is_imported_undone_and_worked_on(importing, seed):
    rng = random.Random(seed)
    for _ in range(14):
        step = rng.choice(["import", "undo", "import", "undo", "import", "undo", "work"])
        if step == "import":
            import_some(rng, importing)
        elif step == "undo":
            undo_some(rng)
        else:
            work(rng)
        assert list(disagreements()) == []
        assert looks_open_for_nothing() == []
        assert reopened_after_a_person() == []
