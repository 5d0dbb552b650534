"""Kept exports of a history that the book does not contain say so, and stay."""

import json

import pytest

from flaskr.exports.kept.files import kept_export, kept_exports
from flaskr.exports.kept.services import kept_folder
from flaskr.extensions import db
from tests.exports.feeds.histories import History
from tests.exports.kept.test_pages import keep
from tests.factories import make_claim

SENTENCE = "made from a history that this book does not contain"
MANY = 12


@pytest.fixture
def put_back(app, client, session, tmp_path):
    """A book put back to a copy of one claim; it kept "Before" then, and "Lost" of two claims."""
    history = History(app, tmp_path)
    make_claim()
    session.commit()
    keep(client, "Before", form="csv")
    history.back_up(0)
    make_claim()
    session.commit()
    keep(client, "Lost", form="csv")
    history.put_back(0)
    keep(client, "After", form="csv")
    yield app
    db.session.remove()


def rows_with_the_sentence(page: str) -> list[str]:
    rows = page.partition("<tbody>")[2].partition("</tbody>")[0].split("</tr>")
    names = ("Before", "Lost", "After")
    return [name for row in rows for name in names if SENTENCE in row and f">{name}</a>" in row]


@pytest.mark.both_databases
def test_the_list_and_the_exports_page_say_so_and_it_downloads(client, put_back):
    page = client.get("/exports").text
    own, other = (client.get(f"/exports/{name}/delete").text for name in ("Before", "Lost"))

    assert rows_with_the_sentence(page) == ["Lost"]
    assert SENTENCE in other
    assert SENTENCE not in own
    assert client.get("/exports/Lost").status_code == 200


def test_the_check_of_the_book_names_it(runner, put_back):
    result = runner.invoke(args=["claims", "check"])

    assert result.exit_code == 5
    assert "kept export “Lost” was made from another history" in result.output
    assert "“Before”" not in result.output


def test_manifests_without_a_seal_and_deleted_files_say_nothing(app, client, put_back):
    export = kept_export(kept_folder(app.config), "Lost")
    older = {**export.manifest, "watermark": {"entries": 1, "claims": 1}}
    (export.folder / "manifest.json").write_text(json.dumps(older), encoding="utf-8")

    assert rows_with_the_sentence(client.get("/exports").text) == []

    deleted = {**export.manifest, "deleted": {"at": "2026-01-01T00:00:00+00:00", "by": "open"}}
    (export.folder / "manifest.json").write_text(json.dumps(deleted), encoding="utf-8")

    assert SENTENCE not in client.get("/exports").text


def test_the_list_asks_once_for_all(app, client, put_back, queries):
    few = count_of_queries(client, queries)
    for number in range(MANY):
        keep(client, f"More {number}", form="csv")

    assert len(kept_exports(kept_folder(app.config))) == MANY + 3
    assert count_of_queries(client, queries) == few


def count_of_queries(client, queries) -> int:
    with queries() as sent:
        client.get("/exports")
    return len([statement for statement in sent if "seals" in statement])
