"""Refusals of people who are not signed in are counted by the minute, and fill no trail."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError

from flaskr.audit.models import AuditEvent, RefusalCount
from flaskr.audit.refusal_counts import RETENTION, count_refusal
from flaskr.extensions import db
from flaskr.users.models import Role
from flaskr.values.calendar import utc_now
from tests.users.people import PASSWORD, add_user, sign_in, signed_in_client

pytestmark = pytest.mark.both_databases


def counts(app) -> dict[tuple[str, int], int]:
    """The counted refusals, by page and status, of all minutes."""
    columns = RefusalCount.page, RefusalCount.status
    with app.app_context():
        rows = db.session.execute(
            select(*columns, func.sum(RefusalCount.count)).group_by(*columns)
        ).all()
        return {(page, status): int(count) for page, status, count in rows}


def number_of_events(app) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(AuditEvent))


def test_refusals_of_nobody_are_counted_and_leave_no_event(signed_in_app):
    stranger, before = signed_in_app.test_client(), number_of_events(signed_in_app)

    for number in range(3):
        stranger.post(f"/claims/Anna-{number}/edit")
        stranger.get("/export_claims", headers={"Authorization": f"Bearer claimbook_{number}"})
        stranger.open(f"/imports/{number}/undo", method="POST")
        stranger.open("/claims", method=f"METHOD{number}")

    assert counts(signed_in_app) == {
        ("POST /claims/<reference>/edit", 401): 3,
        ("GET /export_claims", 401): 3,
        ("POST /imports/<number>/undo", 401): 3,
        ("other (no such page)", 405): 3,
    }
    assert number_of_events(signed_in_app) == before


def test_failures_to_sign_in_with_unknown_addresses_are_counted(signed_in_app):
    viewer, before = add_user(signed_in_app, Role.VIEWER), number_of_events(signed_in_app)

    for address in ("a@example.com", "b@example.com", viewer):
        assert sign_in(signed_in_app.test_client(), address, f"not {PASSWORD}").status_code == 422

    assert counts(signed_in_app) == {("POST /sign_in", 422): 2}
    assert number_of_events(signed_in_app) == before + 1  # the viewer's failure


def test_refusals_at_the_same_time_are_counted_exactly(signed_in_app):
    def refuse(number: int) -> None:
        with signed_in_app.test_client() as stranger:
            for _ in range(20):
                stranger.post("/claims/new")

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(refuse, range(6)))

    assert counts(signed_in_app) == {("POST /claims/new", 401): 120}


def test_what_the_database_does_not_take_is_counted_later(signed_in_app):
    stranger = signed_in_app.test_client()
    with signed_in_app.app_context():
        db.session.execute(text("ALTER TABLE refusal_counts RENAME TO away"))
        db.session.commit()
    assert stranger.post("/claims/new").status_code == 401
    with signed_in_app.app_context():
        db.session.execute(text("ALTER TABLE away RENAME TO refusal_counts"))
        db.session.commit()

    stranger.post("/claims/new")

    assert counts(signed_in_app) == {("POST /claims/new", 401): 2}


def test_old_counts_are_deleted(signed_in_app):
    with signed_in_app.app_context():
        for age in (RETENTION + timedelta(days=1), RETENTION - timedelta(days=1)):
            old = {"minute": utc_now() - age, "status": 401, "page": "POST /old", "count": 1}
            db.session.add(RefusalCount(**old))
        db.session.commit()

    signed_in_app.test_client().post("/claims/new")

    assert counts(signed_in_app) == {("POST /claims/new", 401): 1, ("POST /old", 401): 1}


def test_administrators_find_the_counts_by_day_and_by_minute(signed_in_app):
    administrator = signed_in_client(signed_in_app, Role.ADMINISTRATOR)
    with signed_in_app.app_context():
        for minute in ("21:58", "22:00", "22:01"):  # local midnight in winter is at 23:00 UTC
            instant = datetime.fromisoformat(f"2026-07-01T{minute}").replace(tzinfo=UTC)
            values = {"minute": instant, "status": 401, "page": "GET /x", "count": 1000}
            db.session.add(RefusalCount(**values))
        db.session.add(RefusalCount(**values | {"status": 429}))
        db.session.commit()

    days = administrator.get("/trail/refusals").text
    minutes = administrator.get("/trail/refusals?day=2026-07-02&status=401").text

    assert "/trail/refusals" in administrator.get("/trail").text
    assert days.index("2026-07-02") < days.index("2\u202f000") < days.index("2026-07-01")
    assert "429" in days
    assert minutes.count("GET /x") == 2
    assert "00:01" in minutes


@pytest.mark.parametrize("query", ["day=today", "status=x", "status=7", "page=2"])
def test_an_unknown_day_or_status_is_refused_with_a_sentence(signed_in_app, query):
    administrator = signed_in_client(signed_in_app, Role.ADMINISTRATOR)

    assert administrator.get(f"/trail/refusals?{query}").status_code == 400


def test_a_count_does_not_wait_long_for_another_writer(sqlite_app):
    with db.engine.connect() as other:
        other.execute(text("UPDATE users SET name = name"))
        started = utc_now()
        with pytest.raises(OperationalError):
            count_refusal("GET /x", 403, 0.05)
        waited = utc_now() - started

    assert waited < timedelta(seconds=1)
