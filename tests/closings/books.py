"""Helpers of the tests of closings: a live book, its closed periods, and what came late."""

from datetime import date

from flaskr.book.models import Closing
from flaskr.closings.late_queries import LATE_KINDS
from flaskr.closings.presenters import late_booking
from flaskr.closings.services import close_period, declare_live
from flaskr.extensions import db
from tests.factories import ACTOR

YEAR_END = date(2024, 12, 31)


def go_live() -> None:
    declare_live(actor=ACTOR)
    db.session.commit()


def close(day: date = YEAR_END) -> Closing:
    closing = close_period(day, actor=ACTOR)
    db.session.commit()
    return closing


def late_list(closing: Closing) -> dict[str, list[str]]:
    """The references of the late bookings of each kind that has any."""
    found = {
        name: [late_booking(row).reference for row in kind.rows(closing)]
        for name, kind in LATE_KINDS.items()
    }
    return {name: references for name, references in found.items() if references}


def late_texts(closing: Closing, kind: str) -> list[str]:
    """What the late bookings of one kind say."""
    return [late_booking(row).text for row in LATE_KINDS[kind].rows(closing)]
