"""flask doctor says a sentence for each thing it looks at, whatever is broken."""

import os
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from sqlalchemy import text

from flaskr.database.commit_note import LastCommit, _written
from flaskr.database.modes import transaction_mode
from flaskr.database.schema_revision import REVISION
from flaskr.extensions import db
from flaskr.operations.doctor import environment, free_disk
from flaskr.settings import BOOK_FILE, PROJECT_FOLDER
from tests.books import create_database, make_settings
from tests.factories import make_claim, reserve
from tests.operations.doctor.examining import begins, examine

SET_REVISION = text("UPDATE alembic_version SET version_num = :revision")


@pytest.fixture
def settings(book_settings):
    return replace(book_settings, secret_key="", pseudonym_key="")


def test_a_book_that_is_well_says_so_in_one_sentence_each(settings, make_app):
    app = make_app(settings)

    code, found = examine(app)

    assert code == 0, found
    assert begins(found, "schema", "ok: The book has this version's schema")
    assert begins(found, "triggers", "ok: ")
    assert begins(found, "commits", "ok: The last seal is 0:")
    assert begins(found, "live", "ok: The book is not declared live, and has no entries")
    assert begins(found, "access", "look at: The book is open")
    assert begins(found, "proxies", "ok: An open book refuses")
    assert begins(found, "folder", "ok: ")
    assert begins(found, "keys", "ok: SECRET_KEY is there", "ok: PSEUDONYM_KEY is there")
    assert begins(found, "backup", "look at: The age of the last backup is unknown")
    assert begins(found, "process", "ok: The process of exports and imports started")
    assert "Europe/Stockholm is known from" in found["time zone"][0]
    printed = app.test_cli_runner().invoke(args=["doctor"]).stdout
    assert "\nlook at  access: The book is open" in printed


@pytest.mark.both_databases
def test_a_book_with_another_schema_is_wrong_and_the_rest_is_looked_at(app):
    with app.app_context():
        db.session.execute(SET_REVISION, {"revision": "0009"})
        db.session.commit()
        code, found = examine(app)
        with transaction_mode("migrate"):
            db.session.execute(SET_REVISION, {"revision": REVISION})
            db.session.commit()

    assert code == 5
    assert begins(found, "schema", "wrong: The database's schema is behind this version.")
    assert "folder" in found
    assert "triggers" not in found


@pytest.mark.both_databases
def test_a_trigger_that_is_gone_is_wrong(app):
    with app.app_context():
        kind = db.engine.dialect.name
        on = " ON seals" if kind == "postgresql" else ""
        name = "seals_no_change" if kind == "postgresql" else "seals_no_delete"
        db.session.execute(text(f"DROP TRIGGER {name}{on}"))
        db.session.commit()

        code, found = examine(app)

    assert code == 5
    assert begins(found, "triggers", "wrong: Rows can be changed, for triggers are missing")


def test_a_server_that_is_not_there_is_wrong_and_the_rest_is_looked_at(tmp_path, make_app):
    url = "postgresql://book@127.0.0.1:1/book"

    code, found = examine(make_app(make_settings(tmp_path, database_url=url, secret_key="")))

    assert code == 5
    assert found["schema"][0].startswith("wrong: The database does not answer.")
    assert {"folder", "keys", "process", "time zone"} <= found.keys()


def test_a_missing_book_is_wrong(tmp_path, make_app):
    (tmp_path / "kept" / "1").mkdir(parents=True)

    code, found = examine(make_app(make_settings(tmp_path, secret_key="")))

    assert code == 5
    assert begins(found, "schema", "wrong: There is no book in")


def test_a_file_that_lacks_commits_is_wrong(sqlite_app, book_folder):
    (book_folder / f"{BOOK_FILE}-writers").write_bytes(_written(LastCommit(5, "a" * 64, 9)))

    code, found = examine(sqlite_app)

    assert code == 5
    assert begins(found, "schema", "wrong: The book's file lacks commits: it ends with no seal")


def test_settings_that_are_wrong_are_one_sentence(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "flask", "-A", "flaskr:create_app", "doctor"],
        env={"PATH": os.environ["PATH"], "INSTANCE_FOLDER": str(tmp_path), "BOOK_ACCESS": "x"},
        cwd=PROJECT_FOLDER,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert done.stderr.startswith("Error: BOOK_ACCESS is 'x'")
    assert "Traceback" not in done.stderr


def test_a_database_of_other_settings_is_wrong(postgres, template_database, make_app, tmp_path):
    url = create_database(postgres, tmp_path.name, template_database)
    app = make_app(make_settings(tmp_path, database_url=url, book_currency="EUR"))

    _, found = examine(app)

    assert begins(found, "schema", "wrong: This book was made with BOOK_CURRENCY=SEK")


def test_keys_folder_and_backup(sqlite_app, book_folder):
    sqlite_app.config["SECRET_KEY"] = "changeme" * 8
    (book_folder / "kept").mkdir(mode=0o755)
    (book_folder / "last_backup").touch()
    code, found = examine(sqlite_app)
    assert code == 5
    assert begins(found, "keys", "wrong: SECRET_KEY is a placeholder.", "ok: PSEUDONYM_KEY")
    assert begins(found, "folder", f"wrong: Other users of this machine may use {book_folder}/kept")
    assert begins(found, "backup", "ok: The last backup was noted at")

    os.utime(book_folder / "last_backup", times=(time.time() - 3 * 86400,) * 2)

    assert begins(examine(sqlite_app)[1], "backup", "look at: The last backup was noted at")


def test_a_small_disk_and_a_network_disk(sqlite_app, book_folder, monkeypatch, tmp_path):
    mounts = tmp_path / "mounts"
    mounts.write_text(f"server:/books {book_folder} nfs4 rw 0 0\n")
    monkeypatch.setattr("flaskr.database.network_disks._MOUNTS", mounts)
    monkeypatch.setattr(free_disk, "_LEAST_BYTES", 2**60)

    _, found = examine(sqlite_app)

    assert begins(found, "wal", "wrong: The book is on a network disk (nfs4)")
    assert all(
        each.startswith("wrong: ") and " MiB are free for " in each for each in found["disk"]
    )

    monkeypatch.setattr(free_disk, "_LEAST_BYTES", 0)
    sqlite_app.config["IMPORT_BYTES"] = 2**60
    assert examine(sqlite_app)[1]["disk"][0].startswith("look at: ")


def test_a_large_log(sqlite_app, monkeypatch):
    monkeypatch.setattr(free_disk, "_LARGE_WAL_BYTES", -1)

    assert "look at: " in examine(sqlite_app)[1]["wal"][0]


def test_old_time_zone_data_and_a_process_that_cannot_start(sqlite_app, monkeypatch, tmp_path):
    (tmp_path / "Europe").mkdir()
    (tmp_path / "Europe" / "Stockholm").touch()
    (tmp_path / "tzdata.zi").write_text("# version 2019c\n")
    monkeypatch.setattr(environment.zoneinfo, "TZPATH", (str(tmp_path),))
    sqlite_app.config["EXPORT_MEMORY_BYTES"] = 1

    code, found = examine(sqlite_app)

    assert code == 5
    assert found["time zone"] == [
        f"look at: Europe/Stockholm is known from {tmp_path}, release 2019c."
    ]
    assert begins(found, "process", "wrong: Exports and imports cannot run: ")


@pytest.mark.both_databases
def test_a_book_with_entries_is_reminded_to_go_live(session, app):
    reserve(make_claim(), "10.00")
    session.commit()

    _, found = examine(app)

    assert begins(found, "live", "look at: This book has entries and is not declared live")
