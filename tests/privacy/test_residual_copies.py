"""Copies of what was erased: in the database's file, the spool, kept exports and imports."""

from pathlib import Path

from sqlalchemy import event, text

from flaskr.claims.services import edit_claim
from flaskr.extensions import db
from flaskr.policies.services import edit_policy
from tests.browsing import fields_of
from tests.factories import ACTOR, make_claim, make_policy
from tests.imports.uploading import upload
from tests.privacy.conftest import WHY
from tests.privacy.person import NAME, SAID, TEXTS


def files_with(folder: Path, *texts: str) -> list[str]:
    needles = [each.encode() for each in texts]
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return sorted(path.name for path in paths if any(each in path.read_bytes() for each in needles))


def test_erased_bytes_are_in_no_file_of_the_instance_folder(erase, client, app, session):
    folder = app.config["INSTANCE_FOLDER"]
    erase("H-2", "--yes")
    for address in (
        "/export_policies",
        "/export_claims",
        "/export_ledger",
        "/export_revisions",
        f"/export_policies?text={NAME}",
    ):
        client.get(address, buffered=True)
    if db.engine.dialect.name == "sqlite":
        assert "claimbook.db" in files_with(folder, TEXTS["note"])
    assert len(files_with(folder / "spool", NAME, SAID)) >= 2
    assert len(files_with(folder / "spool", *TEXTS.values())) == 1
    session.remove()

    erase("H-1", "--yes")

    assert files_with(folder, NAME, SAID, *TEXTS.values()) == []


def test_where_sqlite_does_not_overwrite_what_earlier_edits_deleted_goes_too(sqlite_app):
    def never(connection, record) -> None:
        connection.execute("PRAGMA secure_delete=OFF")

    event.listen(db.engine, "connect", never)
    db.engine.dispose()
    policy = make_policy(policy_number="H-1", policyholder=NAME)
    claim = make_claim(policy=policy, claim_reference="W-1", description=SAID * 3)
    edit_policy(policy, {"policyholder": "Short"}, seen_version=1, actor=ACTOR)
    edit_claim(claim, {"description": "Now another"}, seen_version=1, actor=ACTOR)
    db.session.commit()
    db.session.remove()
    db.engine.dispose()  # the last connection writes everything into the file
    folder = sqlite_app.config["INSTANCE_FOLDER"]
    assert files_with(folder, NAME, SAID) == ["claimbook.db"]

    result = sqlite_app.test_cli_runner().invoke(args=["people", "erase", "H-1", "--yes", *WHY])

    assert result.exit_code == 0, result.output
    assert files_with(folder, NAME, SAID, "Short", "Now another") == []
    assert db.session.scalar(text("PRAGMA integrity_check")) == "ok"


def test_while_somebody_reads_the_old_pages_it_says_so(sqlite_app, monkeypatch):
    make_policy(policy_number="H-1", policyholder=NAME)
    db.session.commit()
    db.session.remove()
    event.listen(db.engine, "connect", lambda c, record: c.execute("PRAGMA busy_timeout=50"))
    reading = db.engine.raw_connection()
    reading.cursor().execute("BEGIN").execute("SELECT count(*) FROM policies").fetchone()

    result = sqlite_app.test_cli_runner().invoke(args=["people", "erase", "H-1", "--yes", *WHY])
    reading.rollback()
    reading.close()
    again = sqlite_app.test_cli_runner().invoke(args=["people", "erase", "H-1", "--yes", *WHY])

    assert (result.exit_code, again.exit_code) == (4, 0)
    assert "Run the same command again" in result.output
    assert files_with(sqlite_app.config["INSTANCE_FOLDER"], NAME) == []


def test_it_names_the_kept_exports_and_imports_that_may_have_it(erase, client):
    amounts = "ledger&columns=claim_reference,paid"
    for name, kept in (("With names", "policies"), ("Texts", "ledger"), ("Amounts only", amounts)):
        form = fields_of(client.get(f"/exports?contents={kept}"))
        client.post("/exports", data=form | {"name": name})
    upload(client, ("sent.csv", client.get("/export_policies").data))

    output = erase("H-1", "--yes")

    assert "These kept exports may still have the data:\n" in output
    assert "  With names\n" in output
    assert "  Texts\n" in output
    assert "Amounts only" not in output
    assert "  jobs/" in output
    assert ": sent.csv" in output
    assert "are not reached." in output
