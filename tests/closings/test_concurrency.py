"""Closing while others post: each entry is either in the closing's figures or after them."""

import threading
from datetime import timedelta

import pytest

from flaskr.claims.as_at_queries import totals_as_at
from flaskr.claims.check.services import disagreements
from flaskr.closings.queries import CLOSING_FIGURES, booked_figures
from flaskr.closings.services import ClosingRefused, close_period, declare_live
from flaskr.errors import LedgerError
from flaskr.extensions import db
from flaskr.values.as_at import Basis
from flaskr.values.calendar import today
from tests.factories import ACTOR, make_claim, make_policy, pay, reserve

pytestmark = [pytest.mark.both_databases, pytest.mark.slow]

POSTERS, POSTINGS = 4, 12


def test_a_closing_that_meets_postings_counts_each_or_refuses_it(app):
    with app.app_context():
        day = today() - timedelta(days=1)
        claims = [make_claim(policy=make_policy()) for _ in range(POSTERS)]
        for claim in claims:
            reserve(claim, "1000")
        ids = [claim.id for claim in claims]
        declare_live(actor=ACTOR)
        db.session.commit()
    posted, refused = [], []
    half_way = threading.Barrier(POSTERS + 1)

    def post(claim_id: int) -> None:
        with app.app_context():
            for number in range(POSTINGS):
                if number == POSTINGS // 2:
                    half_way.wait()
                try:
                    pay(db.session.get_one(type(claims[0]), claim_id), "1", day)
                    db.session.commit()
                    posted.append(claim_id)
                except LedgerError as error:
                    db.session.rollback()
                    refused.append(str(error))

    threads = [threading.Thread(target=post, args=[each]) for each in ids]
    for thread in threads:
        thread.start()
    with app.app_context():
        half_way.wait()
        closing = close_period(day, actor=ACTOR)
        figures = {name: getattr(closing, name) for name in CLOSING_FIGURES}
        db.session.commit()
    for thread in threads:
        thread.join()

    with app.app_context():
        assert len(posted) + len(refused) == POSTERS * POSTINGS
        assert figures["paid"] == len(posted) == totals_as_at(day, Basis.BOOKED).paid
        assert booked_figures(day) == figures
        assert all("The books are closed through" in text for text in refused)
        assert list(disagreements()) == []


def test_of_two_who_close_the_same_period_at_once_one_does(app):
    with app.app_context():
        declare_live(actor=ACTOR)
        db.session.commit()
        day = today() - timedelta(days=1)
    outcomes = []

    def close() -> None:
        with app.app_context():
            try:
                close_period(day, actor=ACTOR)
                db.session.commit()
                outcomes.append("closed")
            except ClosingRefused:
                db.session.rollback()
                outcomes.append("refused")

    threads = [threading.Thread(target=close) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["closed", "refused"]
