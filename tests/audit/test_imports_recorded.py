import hashlib
import io
from datetime import UTC, datetime

import pytest

from flaskr.audit.models import Action, Subject
from flaskr.audit.services import NotRecorded, Origin, origin
from flaskr.claims.models import Claim
from flaskr.extensions import db
from flaskr.imports.decision_services import confirm_import, discard_import, read_again
from flaskr.imports.job_folders import jobs_under_way
from flaskr.imports.jobs import Job
from flaskr.imports.loading.services import load_import
from flaskr.imports.loading.tasks import PlanOutdated
from flaskr.imports.services import jobs_folder, receive_uploads, run_in_background, try_import
from flaskr.imports.undo.services import UndoRefused, undo_import
from flaskr.processes.isolation import WorkError
from tests.audit.events import actions, events, only_event, refuse_events, values_of
from tests.factories import WRONG_AMOUNT
from tests.imports.importing import COSTS, Importing

COST_FILE = b"claim reference;claim cost\nA-1;10.00\nA-2;5.50\n"
RECORDED_FILES = [f"{len(COST_FILE)} bytes, sha256 {hashlib.sha256(COST_FILE).hexdigest()[:16]}"]


@pytest.fixture
def importing(session, tmp_path) -> Importing:
    return Importing(tmp_path)


@pytest.fixture
def job(session) -> Job:
    """A job of two claims, sent by Kim."""
    return receive_uploads([("costs.csv", io.BytesIO(COST_FILE))], actor="kim")


def test_sent_files_are_recorded_by_size_and_digest_not_by_name(job):
    event = only_event(Action.IMPORT_SENT)

    assert (event.actor, event.subject_kind, event.subject) == ("kim", Subject.IMPORT, job.name)
    assert values_of(event.after) == {"files": RECORDED_FILES}


def test_files_are_not_accepted_if_that_cannot_be_recorded(session):
    refuse_events(db.engine.dialect.name)

    with pytest.raises(NotRecorded):
        receive_uploads([("costs.csv", io.BytesIO(COST_FILE))], actor="kim")

    assert jobs_under_way(jobs_folder()) == []


def test_reading_again_and_dropping_record_an_event_each(job):
    try_import(job)
    read_again(job, job.outcome_digest, actor="lo", is_migration=True)
    discard_import(job, actor="mi")

    assert [(e.action.value, e.actor, e.subject) for e in events()[1:]] == [
        ("import_read_again", "lo", job.name),
        ("import_dropped", "mi", job.name),
    ]
    assert values_of(only_event(Action.IMPORT_DROPPED).after) == {"files": RECORDED_FILES}


def test_a_job_is_not_read_again_or_dropped_if_that_cannot_be_recorded(job):
    try_import(job)
    digest = job.outcome_digest
    refuse_events(db.engine.dialect.name)

    with pytest.raises(NotRecorded):
        read_again(job, digest, actor="lo", is_migration=True)
    with pytest.raises(NotRecorded):
        discard_import(job, actor="lo")

    assert (job.outcome_digest, job.request.is_migration) == (digest, False)


def test_a_load_records_one_event_by_the_user_who_confirmed_it(job):
    began = datetime.now(UTC)
    try_import(job)
    confirm_import(job, job.outcome_digest, leaves_refused=False, loads_again=False, actor="lo")
    token = origin.set(Origin("page", "192.0.2.7", "abc123"))
    loaded = load_import(job)
    origin.reset(token)

    event = only_event(Action.IMPORT_LOADED)
    assert actions() == ["import_sent", "import_loaded"]
    assert (event.actor, event.subject) == ("lo", str(loaded.import_id))
    assert (event.through, event.address, event.request_id) == ("page", "192.0.2.7", "abc123")
    assert began <= event.recorded_at <= datetime.now(UTC)
    assert values_of(event.after) == {
        "job": job.name,
        "kind": "facts",
        "files": RECORDED_FILES,
        **{"created": 2, "changed": 0, "unchanged": 0, "refused": 0, "entries": 2},
        **{"paid": "0.00", "outstanding": "15.50", "recovered": "0.00"},
    }


def test_a_refused_load_records_no_event(importing):
    job = importing.job(COSTS, ("A-1", 10))
    importing.load(COSTS, ("A-1", 20), name="other.csv")

    job.update_request(is_confirmed=True)
    with pytest.raises(PlanOutdated):
        load_import(job)

    assert actions() == ["import_loaded"]


def test_a_load_that_cannot_be_recorded_loads_no_rows(importing):
    job = importing.job(COSTS, ("A-1", 10))
    refuse_events(db.engine.dialect.name)
    job.update_request(is_confirmed=True)

    with pytest.raises(WorkError):
        load_import(job)

    assert db.session.query(Claim).count() == 0


def test_background_work_has_the_origin_of_its_request(job):
    seen = []
    token = origin.set(Origin("page", "192.0.2.7", "abc123"))
    thread = run_in_background(lambda job: seen.append(origin.get()), job)
    origin.reset(token)
    thread.join()

    assert seen == [Origin("page", "192.0.2.7", "abc123")]


def test_an_undo_is_recorded_with_what_it_reversed(importing):
    importing.load(COSTS, ("A-1", 10), ("A-2", 5))
    undone = undo_import(1, reason_code=WRONG_AMOUNT, actor="eva")
    db.session.commit()
    with pytest.raises(UndoRefused):
        undo_import(1, reason_code=WRONG_AMOUNT, actor="eva")
    db.session.rollback()

    event = only_event(Action.IMPORT_UNDONE)
    assert (event.actor, event.subject) == ("eva", "1")
    assert values_of(event.after) == {
        "entries": 4,
        "claims_declined": 2,
        **{"paid": "0.00", "outstanding": "-15.00", "recovered": "0.00"},
        "undone_by_import": undone.id,
        "reason_code": "wrong_amount",
    }


def test_isolated_processes_record_the_same_columns(importing):
    importing.load(COSTS, ("A-1", 10))
    undo_import(1, reason_code=WRONG_AMOUNT, actor="eva")
    db.session.commit()

    loaded, undone = db.session.execute(
        db.text("SELECT recorded_at, action, subject_kind FROM audit_events ORDER BY id")
    ).all()

    assert type(loaded.recorded_at) is type(undone.recorded_at)
    assert (loaded.action, undone.action) == ("import_loaded", "import_undone")
    assert loaded.subject_kind == undone.subject_kind == "import"
    if isinstance(loaded.recorded_at, str):
        assert len(loaded.recorded_at) == len(undone.recorded_at)
