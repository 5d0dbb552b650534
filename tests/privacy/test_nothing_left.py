"""An erased person is in no byte of the book, its folder or its log, and no file has them back."""

import logging
import subprocess
import sys

import pytest
from sqlalchemy import text

from flaskr.extensions import db
from tests.browsing import fields_of, send
from tests.exports.readers import FORMS
from tests.imports.uploading import load, upload
from tests.privacy.person import NAME, SAID, TEXTS
from tests.privacy.searching import found_in
from tests.privacy.test_erased_for_good import CLAIM_COLUMNS, POLICY, POLICY_COLUMNS

pytestmark = [pytest.mark.slow, pytest.mark.both_databases]

DUMP = "import sqlite3, sys; print(*sqlite3.connect(sys.argv[1]).iterdump(), sep=chr(10))"
WORDS = (NAME, SAID, *TEXTS.values())
POLICIES = ",".join(POLICY_COLUMNS) + "\n" + ",".join((*POLICY, NAME)) + "\n"
CLAIMS = ",".join(CLAIM_COLUMNS) + f"\nW-1,1000.00,{SAID}\n"


def everything_of(app) -> dict[str, bytes]:
    """The files of the instance folder, and the database's rows as text."""
    folder = app.config["INSTANCE_FOLDER"]
    paths = [path for path in folder.rglob("*") if path.is_file()]
    files = {str(path.relative_to(folder)): elsewhere("cat", str(path)) for path in paths}
    files |= {f"name of {name}": name.encode() for name in files}
    return files | {"dump": dump_of_database(app)}


def elsewhere(*command: str) -> bytes:
    """The output of a command: a process that closes SQLite's file itself would lose its locks."""
    return subprocess.run(command, check=True, capture_output=True).stdout  # noqa: S603


def dump_of_database(app) -> bytes:
    if db.engine.dialect.name == "sqlite":
        path = str(app.config["INSTANCE_FOLDER"] / "claimbook.db")
        return elsewhere(sys.executable, "-c", DUMP, path)
    tables = db.session.scalars(
        text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    ).all()
    rows = [str(db.session.execute(text(f'SELECT * FROM "{name}"')).all()) for name in tables]  # noqa: S608
    db.session.remove()
    return "\n".join(rows).encode()


def leave_traces(client, runner, tmp_path) -> None:
    """Put the person wherever the book can have them."""
    page = upload(client, (f"{NAME}.csv", POLICIES.replace("5000.00", "5001.00")))
    load(client, page)
    for form in ("csv", "xlsx", "parquet"):
        asked = fields_of(client.get("/exports?contents=policies"))
        client.post("/exports", data=asked | {"name": f"{NAME} {form}", "form": form, "note": NAME})
    searched = fields_of(client.get(f"/exports?contents=policies&text={NAME}"))
    client.post("/exports", data=searched | {"name": "searched"})
    for form in FORMS:
        client.get(f"/export_ledger?format={form}", buffered=True)
    client.get(f"/export_policies?reason=asked by {NAME}", buffered=True)
    path = tmp_path / "policies.csv"
    command = ["exports", "policies", "--to", str(path), "--reason", f"for {NAME}"]
    assert runner.invoke(args=command).exit_code == 0
    send(client, "/policies/H-1/edit", policyholder=f"{NAME} ", premium="5002")


@pytest.mark.parametrize("way", ["command", "page"])
def test_an_erased_person_is_nowhere(insured, app, client, runner, tmp_path, caplog, way):
    caplog.set_level(logging.DEBUG)
    leave_traces(client, runner, tmp_path)
    db.session.remove()
    before = {name: found_in(each, *WORDS) for name, each in everything_of(app).items()}
    assert {"kept", "jobs", "spool"} <= {
        name.split("/")[0] for name, found in before.items() if found
    }
    assert before["dump"]

    if way == "command":
        options = ["H-1", "--same-name", "--files", "--reason", "asked", "--yes"]
        result = runner.invoke(args=["people", "erase", *options])
        assert result.exit_code == 0, result.output
        assert "have the name for good" not in result.output
    else:
        typed = {"same_name": "y", "files": "y", "reason": "asked", "erase": "y"}
        assert send(client, "/people/erase?policy=H-1", **typed).status_code == 303
    db.session.remove()

    after = {name: found_in(each, *WORDS) for name, each in everything_of(app).items()}
    assert {name: found for name, found in after.items() if found} == {}
    assert found_in(caplog.text.encode(), *WORDS) == []
    send_files_again(client, runner, tmp_path, way)
    assert found_in(dump_of_database(app), *WORDS) == []


def send_files_again(client, runner, tmp_path, way: str) -> None:
    """The next nightly files, with another premium and cost, so that there is something to load."""
    files = {"policies.csv": POLICIES, "claims.csv": CLAIMS.replace("1000", "1200")}
    for name, contents in files.items():
        if way == "page":
            load(client, upload(client, (name, contents)))
            continue
        path = tmp_path / name
        path.write_text(contents)
        done = runner.invoke(args=["import", str(path)])
        assert done.exit_code == 0, done.output
        assert "names a person who was erased" in done.output
