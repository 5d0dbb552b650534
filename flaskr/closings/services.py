"""Declare the book live, and close a period; neither can be taken back."""

from datetime import date, timedelta

from flaskr.audit.models import Action, Subject
from flaskr.audit.services import BOOK, record
from flaskr.book.instants import next_instant
from flaskr.book.models import Closing, LiveDeclaration
from flaskr.book.periods import LiveBook, closed_through, is_live
from flaskr.closings.queries import booked_figures
from flaskr.database.transactions import lock_ledger
from flaskr.errors import ClaimBookError
from flaskr.extensions import db
from flaskr.values.calendar import local_day


class ClosingRefused(ClaimBookError):
    """A period that cannot be closed."""


def declare_live(*, actor: str) -> LiveDeclaration:
    """Declare the book live: it takes no migration, no demo data and no archive any more.

    Raises LiveBook when it was declared live already.
    """
    lock_ledger()
    if is_live():
        raise LiveBook("This book was declared live already.")
    declaration = LiveDeclaration(id=1, recorded_at=next_instant(), recorded_by=actor)
    db.session.add(declaration)
    record(Action.BOOK_DECLARED_LIVE, Subject.BOOK, BOOK, actor=actor)
    db.session.flush()
    return declaration


def close_period(day: date, *, actor: str) -> Closing:
    """Close the books through a day: no entry can be dated on it or before any more.

    Raises ClosingRefused in a book that is not live, for a day that has not ended, and for one that
    is closed already.
    """
    lock_ledger()
    _check_closable(day)
    # Later than everything recorded before, even if the clock was set back: what has this instant
    # or a later one was recorded after the closing.
    recorded_at = next_instant() + timedelta(microseconds=1)
    figures = booked_figures(day)
    closing = Closing(closed_through=day, recorded_at=recorded_at, recorded_by=actor, **figures)
    db.session.add(closing)
    after = {"closed_through": day, **figures}
    record(Action.PERIOD_CLOSED, Subject.BOOK, BOOK, actor=actor, after=after)
    db.session.flush()
    return closing


def _check_closable(day: date) -> None:
    """Raise ClosingRefused unless the books can be closed through a day; the ledger is locked."""
    if not is_live():
        raise ClosingRefused(
            "Only a live book closes periods: until it is declared live, a migration can still "
            "change the past."
        )
    today = local_day(next_instant())
    if day >= today:
        raise ClosingRefused(
            f"The day {day} has not ended (today is {today}). Close through an earlier day."
        )
    last = closed_through()
    if last and day <= last:
        raise ClosingRefused(f"The books are closed through {last} already.")
