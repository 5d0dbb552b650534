"""The trail as a file: the rows of its page, in every format; it is not part of the book."""

import io
import zipfile
from datetime import UTC, datetime

import pandas as pd
import pytest
from sqlalchemy import String, cast, func, insert, select

from flaskr.archive.services import write_archive
from flaskr.archive.tables import TABLE_TOTALS
from flaskr.audit.filters import TrailFilter, event_rows
from flaskr.audit.models import Action, AuditEvent, Subject
from flaskr.audit.services import event_values
from flaskr.claims.services import edit_claim
from flaskr.exports.kept.forms import KeepForm
from flaskr.extensions import db
from flaskr.facts.closed_lists import Cause, Contents
from flaskr.facts.trail_columns import TRAIL_COLUMNS
from tests.audit.events import make_event
from tests.exports.readers import EXACT, FORMS, READERS, read
from tests.factories import ACTOR, make_claim, make_policy, pay, reserve

ANNA = "anna@example.com"
NAMES = [column.name for column in TRAIL_COLUMNS]


@pytest.fixture
def trail(app):
    """Events with and without a `before`, unusual letters, and another date."""
    with app.app_context():
        policy = make_policy(policy_number="FÖ-001")
        claim = make_claim(claim_reference='"Ö"; 1,5', policy=policy, description="Rör")
        reserve(claim, "100")
        pay(claim, "10.50")
        edit_claim(claim, {"cause": Cause.FIRE}, seen_version=1, actor=ANNA)
        make_event(Action.REFUSED, Subject.PAGE, "=1+1\tÅsa", actor="nobody", after={"a": '"\n;,'})
        values = event_values(Action.SIGNED_IN, Subject.USER, ANNA, actor=ANNA)
        old = values | {"recorded_at": datetime(2024, 3, 31, 22, 0, 0, 5, tzinfo=UTC)}
        db.session.execute(insert(AuditEvent).values(**old))
        db.session.commit()


def stored_columns(app, wanted: TrailFilter) -> dict[str, list]:
    """The columns of the events as they are in the table."""
    with app.app_context():
        rows = db.session.execute(wanted.rows()).all()
        db.session.remove()
    plain = [
        [v.value if isinstance(v, Action | Subject) else v for v in row._mapping.values()]
        for row in rows
    ]
    return {name: [row[at] for row in plain] for at, name in enumerate(NAMES)}


def get(client, address: str):
    answer = client.get(address, buffered=True)
    assert answer.status_code == 200, answer.text
    return answer


def test_the_columns_of_the_file_are_those_of_the_table(app):
    assert event_rows().selected_columns.keys() == NAMES
    assert all(column.meaning and column.meaning_sv for column in TRAIL_COLUMNS)


@pytest.mark.parametrize("form", FORMS)
def test_every_format_read_back_equals_the_table(app, client, trail, tmp_path, form):
    expected = stored_columns(app, TrailFilter())

    body = get(client, f"/export_trail?format={form}{'&raw=1' * ('csv' in form)}").data

    assert read(body, form, EXACT[form], TRAIL_COLUMNS, tmp_path) == expected
    assert len(expected["event_id"]) == 7
    if form != "xlsx" and "excel" not in form:
        found = read(body, form, "pandas", TRAIL_COLUMNS, tmp_path)
        assert [v or None for v in found["after"]] == expected["after"]
    assert (form, "pandas") in READERS


def test_pandas_reads_instants_numbers_and_words(client, trail):
    frame = pd.read_parquet(io.BytesIO(get(client, "/export_trail?format=parquet").data))

    assert str(frame["recorded_at"].dtype) == "timestamp[us, tz=UTC][pyarrow]"
    assert frame["event_id"].tolist() == [7, 6, 5, 4, 3, 2, 1]
    assert frame["recorded_at"].iloc[0] == pd.Timestamp("2024-03-31 22:00:00.000005", tz="UTC")
    assert frame["action"].iloc[-1] == "policy_recorded"


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        (f"who={ANNA}", 2),
        ("what=entry_posted&what=refused", 3),
        ("kind=claim", 4),
        ("subject=FÖ-001", 1),
        ("day_to=2024-04-01", 1),
        ("day_to=2024-03-31", 0),
        ("text=ÅSA", 1),
        ("sort=recorded", 7),
    ],
)
def test_a_file_has_the_rows_of_the_page(client, trail, asked, count):
    page = client.get(f"/trail?{asked}").text
    answer = get(client, f"/export_trail?{asked}")

    assert answer.headers["X-Row-Count"] == str(count)
    assert page.count("<time ") == count


def test_the_manifest_has_the_watermark_of_the_trail(client, trail, session):
    said = get(client, "/export_trail?manifest=1&what=refused").json

    assert (said["contents"], said["rows"], said["totals"]) == ("trail", 1, {})
    last = said["watermark"].pop("last_at")
    assert said["watermark"] == {"audit_events": 7, "events": 7}
    assert last == session.scalar(
        select(cast(func.max(AuditEvent.recorded_at), String)).where(AuditEvent.id <= 7)
    )
    assert said["filter"] == {"what": ["refused"]}
    assert [column["name"] for column in said["columns"]] == NAMES
    assert said["columns"][3]["meaning_sv"] == "vad som gjordes eller nekades"


def test_the_tag_changes_only_with_the_trail(app, client, trail):
    first = client.head("/export_trail").headers["ETag"]
    again = client.head("/export_trail").headers["ETag"]
    with app.app_context():
        make_event()
        db.session.commit()
    moved = client.head("/export_trail").headers["ETag"]

    assert first == again != moved
    not_modified = client.get("/export_trail", headers={"If-None-Match": moved})
    assert not_modified.status_code == 304


def test_the_tag_changes_when_an_event_gets_an_id_below_the_highest(app, client, trail):
    with app.app_context():
        values = event_values(Action.SIGNED_IN, Subject.USER, ANNA, actor=ANNA)
        db.session.execute(insert(AuditEvent).values(id=900, **values))
        db.session.commit()
    before = client.head("/export_trail").headers["ETag"]
    with app.app_context():
        db.session.execute(insert(AuditEvent).values(id=800, **values))
        db.session.commit()

    assert client.head("/export_trail").headers["ETag"] != before


def test_the_export_of_the_trail_is_in_the_trail(app, client, trail):
    get(client, "/export_trail?format=parquet&who=anna")

    with app.app_context():
        last = db.session.scalar(select(AuditEvent).order_by(AuditEvent.id.desc()))
    assert last.action is Action.FILE_EXPORTED
    assert last.subject == "/export_trail?format=parquet&who=*"


@pytest.mark.parametrize("asked", ["as_at=2024-01-01", "columns=paid", "since=1", "what=x"])
def test_parameters_that_the_trail_does_not_have_are_refused(client, asked):
    assert client.get(f"/export_trail?{asked}").status_code == 400


def test_columns_can_be_chosen(client, trail):
    body = get(client, "/export_trail?columns=actor,event_id&what=refused").text

    assert body.replace('"', "").splitlines() == ["actor,event_id", "nobody,6"]


def test_the_trail_is_neither_imported_nor_kept_nor_archived(app, client, trail, tmp_path):
    assert "trail" not in list(Contents)
    assert "audit_events" not in TABLE_TOTALS
    assert client.get("/exports?contents=trail").status_code == 400
    with app.app_context():
        write_archive(tmp_path / "book.zip", actor=ACTOR)
    with zipfile.ZipFile(tmp_path / "book.zip") as archive:
        assert not any("audit" in name or "trail" in name for name in archive.namelist())
    with app.test_request_context():
        choices = KeepForm().contents.choices
    assert "trail" not in str(choices)
    assert "Keep this file" not in client.get("/trail").text
    assert "/export_trail?format=parquet" in client.get("/trail").text


def test_the_dictionary_has_the_columns_of_the_trail(client):
    page = client.get("/dictionary").text

    assert "/export_trail" in page
    assert "anropets id, som i loggen" in page
