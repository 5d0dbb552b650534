"""From the declaration on the book takes no migration, no demo data and no archive."""

import pytest

from flaskr.archive.services import import_archive, write_archive
from flaskr.audit.models import AuditEvent
from flaskr.book.periods import LiveBook
from flaskr.claims.models import Claim
from flaskr.database.modes import transaction_mode
from flaskr.extensions import db
from flaskr.imports.jobs import Stage
from flaskr.imports.loading.services import load_import
from flaskr.imports.services import register_files, try_import
from tests.closings.books import go_live
from tests.factories import ACTOR
from tests.imports.importing import COSTS, GOLDEN, Importing
from tests.imports.uploading import job_of, load, migrate, page_text, read_again, upload

FILES = [(path.name, path.read_bytes()) for path in GOLDEN]
REFUSED = "declared live, so it takes no migration any more"


def claims_in_book() -> int:
    count = db.session.scalar(db.select(db.func.count()).select_from(Claim))
    db.session.remove()
    return count


def golden_job():
    return register_files(
        GOLDEN, actor=ACTOR, is_migration=True, sheet="", encoding="utf-8", is_raw=False,
        columns={}, constants={},
    )  # fmt: skip


@pytest.mark.both_databases
def test_a_migration_is_refused_by_the_dry_run(session):
    go_live()
    job = golden_job()

    with pytest.raises(LiveBook, match=REFUSED):
        try_import(job)

    assert job.stage is Stage.REFUSED
    assert claims_in_book() == 0


@pytest.mark.both_databases
def test_a_dry_run_from_before_the_declaration_cannot_be_loaded(session):
    job = golden_job()
    try_import(job)
    job.update_request(is_confirmed=True)
    go_live()

    with pytest.raises(LiveBook, match=REFUSED):
        load_import(job)

    assert claims_in_book() == 0
    assert not job.request.is_confirmed


def test_pages_refuse_a_migration_of_a_live_book(client, session):
    waiting = migrate(client, *FILES)
    costs = upload(client, ("a.csv", "claim;cost\nA-1;1\n"))
    go_live()

    offered = client.get("/import_claims").text
    sent = migrate(client, *FILES)
    confirmed = load(client, waiting)
    read = read_again(client, costs, migration="yes")

    assert "Migration from an older system" not in offered
    assert (sent.status_code, confirmed.status_code, read.status_code) == (409, 409, 409)
    assert all(REFUSED in page_text(page) for page in (sent, confirmed, read))
    assert claims_in_book() == 0


def test_the_command_refuses_a_migration_of_a_live_book(runner, session):
    go_live()
    db.session.remove()

    refused = runner.invoke(args=["import", "--migration", *map(str, GOLDEN)])

    assert refused.exit_code == 3
    assert REFUSED in refused.output
    assert claims_in_book() == 0


def test_an_ordinary_import_is_loaded_into_a_live_book(session, tmp_path):
    go_live()

    Importing(tmp_path).load(COSTS, ("A-1", 100))

    assert claims_in_book() == 1


@pytest.mark.both_databases
def test_demo_data_is_refused_though_the_book_is_empty(runner, session):
    go_live()
    db.session.remove()

    refused = runner.invoke(args=["demo", "fill", "--policies", "5", "--claims", "5"])

    assert refused.exit_code == 3
    assert "declared live, so it takes no demo data any more" in refused.output
    assert claims_in_book() == 0


@pytest.mark.both_databases
def test_an_archive_is_refused_though_the_book_is_empty(runner, session, tmp_path):
    with transaction_mode("read"):
        write_archive(tmp_path / "book.zip", actor=ACTOR)
    go_live()
    db.session.remove()

    with pytest.raises(LiveBook, match="takes no archive any more"):
        import_archive(tmp_path / "book.zip", actor=ACTOR)
    refused = runner.invoke(args=["import", str(tmp_path / "book.zip")])

    assert refused.exit_code == 3
    actions = set(db.session.scalars(db.select(AuditEvent.action)))
    assert "book_loaded" not in actions


def test_a_job_of_a_refused_migration_stays_to_be_discarded(app, client, session):
    waiting = migrate(client, *FILES)
    go_live()
    load(client, waiting)

    assert job_of(app, waiting).stage is Stage.READY
