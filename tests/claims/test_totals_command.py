from datetime import date

from flaskr.extensions import db
from tests.factories import make_claim, pay, reserve


def test_the_totals_command_shows_a_day_on_either_basis(session, runner):
    claim = make_claim()
    reserve(claim, "1000.00")
    pay(claim, "300.00", date(2024, 4, 1))
    db.session.commit()

    booked = runner.invoke(
        args=["claims", "totals", "--as-at", "2024-03-31", "--basis", "booked"]
    ).output
    known = runner.invoke(args=["claims", "totals", "--as-at", "2024-03-31"]).output
    now = runner.invoke(args=["claims", "totals"]).output

    assert "outstanding 1\u202f000.00" in booked
    assert "claims      0" in known
    assert "paid        300.00" in now
    assert "outstanding 700.00" in now
