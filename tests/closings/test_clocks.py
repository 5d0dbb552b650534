"""No clock set back opens the past: every commit has an instant, never before the book's last."""

from datetime import date, datetime

import pytest

from flaskr.book.models import Closing, LiveDeclaration
from flaskr.claims.as_at_queries import totals_as_at
from flaskr.claims.models import Claim, ClaimRevision, LedgerEntry
from flaskr.claims.queries import claim_by_reference
from flaskr.closings.services import close_period, declare_live
from flaskr.extensions import db
from flaskr.facts.closed_lists import Cause
from flaskr.import_records.models import Import
from flaskr.imports.undo.services import undo_import
from flaskr.policies.models import Policy, PolicyRevision
from flaskr.values.as_at import Basis
from tests.claims.clocks import amend, at, edit
from tests.factories import ACTOR, WRONG_AMOUNT, make_claim, make_policy, reserve
from tests.imports.importing import COSTS, Importing

IN_2024 = "2024-06-01 12:00"
PAST = date(2024, 12, 31)
INSTANTS = {
    Policy: "recorded_at",
    Claim: "recorded_at",
    PolicyRevision: "replaced_at",
    ClaimRevision: "replaced_at",
    LedgerEntry: "recorded_at",
    Import: "recorded_at",
    LiveDeclaration: "recorded_at",
    Closing: "recorded_at",
}


def instants() -> dict[tuple[str, int], datetime]:
    """The instant of each row, by its table and id."""
    return {
        (model.__tablename__, number): instant
        for model, name in INSTANTS.items()
        for number, instant in db.session.execute(db.select(model.id, getattr(model, name)))
    }


@pytest.fixture
def last(session, tmp_path):
    """The last instant of a book, which was recorded today."""
    make_policy(policy_number="P")
    reserve(make_claim(claim_reference="A"), "100")
    db.session.commit()
    Importing(tmp_path).load(COSTS, ("IMPORTED", 1))
    return max(instants().values())


def record_policy(tmp_path):
    make_policy()


def record_claim(tmp_path):
    make_claim()


def edit_claim(tmp_path):
    edit(claim_by_reference("A"), cause=Cause.FIRE)


def edit_policy(tmp_path):
    amend(db.session.scalars(db.select(Policy)).one(), cancelled_on=date(2024, 5, 5))


def post_entry(tmp_path):
    reserve(claim_by_reference("A"), "120")


def load_file(tmp_path):
    Importing(tmp_path).load(COSTS, ("A", 130))


def undo(tmp_path):
    undo_import(1, reason_code=WRONG_AMOUNT, actor=ACTOR)


def declare(tmp_path):
    declare_live(actor=ACTOR)


def close(tmp_path):
    declare_live(actor=ACTOR)
    close_period(date(2025, 6, 30), actor=ACTOR)


WORK = (
    *(record_policy, record_claim, edit_claim, edit_policy, post_entry),
    *(load_file, undo, declare, close),
)


@pytest.mark.parametrize("work", WORK, ids=lambda work: work.__name__)
def test_what_is_recorded_with_the_clock_in_2024_is_not_known_in_2024(last, tmp_path, work):
    before, known = instants(), totals_as_at(PAST, Basis.KNOWN)

    with at(IN_2024):
        work(tmp_path)
        db.session.commit()

    new = {row: instant for row, instant in instants().items() if row not in before}
    assert new
    assert min(new.values()) >= last
    assert totals_as_at(PAST, Basis.KNOWN) == known
