import os

import pytest

from flaskr.demo.commands import LAST_DAY
from flaskr.demo.filling.services import load_book, prepare_book
from flaskr.extensions import db
from flaskr.facts.closed_lists import Contents
from tests.exports.golden import FORMS, default_first

# A book of 100,000 takes minutes: CLAIMS=100000 pytest -n 0 tests/exports/test_round_trips.py
CLAIMS = int(os.environ.get("CLAIMS", "150"))
ENDINGS = {"csv-raw": "csv", "excel-sv": "csv", "excel-sv-raw": "csv"}


@pytest.fixture(scope="module")
def filled_app(lasting_app):
    """A generated book with edits, closed and reopened claims, reversals and recoveries."""
    with lasting_app.app_context():
        load_book(prepare_book(max(CLAIMS // 5, 30), CLAIMS, 7, LAST_DAY), lambda rows: None)
        db.session.commit()
        db.session.remove()
    return lasting_app


@pytest.mark.parametrize("contents", Contents)
@pytest.mark.parametrize("form", default_first(FORMS, "csv", "xlsx", "parquet"))
def test_an_exported_file_imported_again_changes_nothing(filled_app, contents, form, tmp_path):
    path = tmp_path / f"{contents}.{ENDINGS.get(form, form)}"
    response = filled_app.test_client().get(f"/export_{contents}?{FORMS[form]}")
    path.write_bytes(response.data)
    rows = int(response.headers["X-Row-Count"])
    options = ["--migration"] * (contents is Contents.LEDGER) + ["--raw"] * form.endswith("raw")

    done = filled_app.test_cli_runner().invoke(args=["import", str(path), *options])

    assert done.exit_code == 0, done.output
    assert rows >= 30
    assert f"{rows} unchanged" in done.output
    assert "0 created" in done.output
    assert "0 refused" in done.output
    assert "changed (" not in done.output.replace("unchanged (", "")
