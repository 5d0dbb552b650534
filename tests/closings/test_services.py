from datetime import date
from decimal import Decimal

import pytest

from flaskr.audit.models import Action
from flaskr.book.models import Closing, LiveDeclaration
from flaskr.book.periods import LiveBook, is_live, needs_declaration
from flaskr.closings.queries import all_closings, booked_figures
from flaskr.closings.services import ClosingRefused, close_period, declare_live
from flaskr.errors import LedgerError
from flaskr.extensions import db
from tests.audit.events import only_event, values_of
from tests.claims.clocks import at
from tests.closings.books import YEAR_END, close, go_live
from tests.factories import ACTOR, make_claim, make_policy, pay, recover, reserve

pytestmark = pytest.mark.both_databases

FIGURES = {
    "policies": 1,
    "claims": 1,
    "entries": 3,
    "premium": Decimal("5000.00"),
    "paid": Decimal("40.00"),
    "outstanding": Decimal("60.00"),
    "recovered": Decimal("5.00"),
}


def fill() -> None:
    """A claim of 2024 with 40 paid, 60 outstanding and 5 recovered; and a payment of 2025."""
    claim = make_claim(claim_reference="A-1", policy=make_policy())
    reserve(claim, "100")
    pay(claim, "40")
    recover(claim, "5")
    pay(claim, "7", date(2025, 1, 2))
    make_claim(loss_date=date(2025, 1, 1), reported_date=date(2025, 1, 1))
    make_policy(inception_date=date(2025, 1, 1), expiry_date=date(2026, 1, 1))
    db.session.commit()


def test_a_declaration_is_one_row_and_an_event(session):
    assert not needs_declaration()
    fill()
    assert needs_declaration()

    with at("2026-02-03 10:00"):
        declare_live(actor="eva@example.com")
        db.session.commit()

    declaration = db.session.get_one(LiveDeclaration, 1)
    event = only_event(Action.BOOK_DECLARED_LIVE)
    assert is_live()
    assert not needs_declaration()
    assert declaration.recorded_by == event.actor == "eva@example.com"
    assert event.subject == "book"


def test_a_book_is_declared_live_once(session):
    go_live()

    with pytest.raises(LiveBook, match="declared live already") as refused:
        declare_live(actor=ACTOR)

    assert refused.value.status == 409


def test_a_closing_keeps_what_was_booked_at_its_last_day(session):
    fill()
    go_live()

    closing = close()

    event = only_event(Action.PERIOD_CLOSED)
    assert {name: getattr(closing, name) for name in FIGURES} == FIGURES
    assert booked_figures(YEAR_END) == FIGURES
    assert (closing.closed_through, closing.recorded_by) == (YEAR_END, ACTOR)
    recorded = values_of(event.after)
    assert recorded.pop("closed_through") == "2024-12-31"
    assert {name: Decimal(value) for name, value in recorded.items()} == FIGURES


def test_an_empty_period_is_closed_with_zeros(session):
    go_live()

    closing = close()

    assert (closing.policies, closing.claims, closing.premium, closing.paid) == (0, 0, 0, 0)


def test_only_a_live_book_closes_a_period(session):
    with pytest.raises(ClosingRefused, match="Only a live book closes periods"):
        close_period(YEAR_END, actor=ACTOR)


def test_a_day_is_closed_when_it_has_ended_in_the_books_time_zone(session):
    with at("2024-12-31 22:59"):
        go_live()
        with pytest.raises(ClosingRefused, match="2024-12-31 has not ended .today is 2024-12-31"):
            close()
    with at("2024-12-31 23:01"):
        assert close().closed_through == YEAR_END


def test_closings_only_go_forward(session):
    go_live()
    close()
    for day in (YEAR_END, date(2024, 6, 30)):
        with pytest.raises(ClosingRefused, match="closed through 2024-12-31 already"):
            close(day)

    close(date(2025, 1, 31))

    assert [each.closed_through for each in all_closings()] == [date(2025, 1, 31), YEAR_END]


def test_no_entry_is_dated_in_a_closed_period(session):
    claim = make_claim(policy=make_policy())
    reserve(claim, "100")
    go_live()
    close()

    with pytest.raises(LedgerError, match="Date a late document on 2025-01-01, the first open day"):
        pay(claim, "1", YEAR_END)
    db.session.rollback()

    assert pay(claim, "1", date(2025, 1, 1)).paid == 1


def test_a_closing_is_never_edited_or_deleted(session):
    go_live()
    close()

    for statement in ("UPDATE closings SET paid = 1", "DELETE FROM closings"):
        with pytest.raises(db.exc.DBAPIError, match="append-only"):
            db.session.execute(db.text(statement))
        db.session.rollback()

    assert db.session.scalar(db.select(Closing.paid)) == 0
