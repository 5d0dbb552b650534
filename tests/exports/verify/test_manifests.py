"""What a manifest says besides its file: compared with what the book recorded of it."""

import json

import pytest

from flaskr.audit.models import Action
from flaskr.exports.kept.files import kept_export
from flaskr.exports.kept.services import kept_folder
from tests.browsing import send
from tests.exports.verify.test_trail import book, changed_together, kept, last_event

__all__ = ["book"]


@pytest.mark.parametrize(
    "facts",
    [
        {"contents": "policies"},
        {"currency": "EUR"},
        {"filter": {"status": "open"}},
        {"query": "status=open"},
        {"made": {"at": "2020-01-01T00:00:00+00:00", "by": "somebody", "versions": {}}},
    ],
    ids=lambda facts: next(iter(facts)),
)
def test_a_manifest_that_says_something_else_of_the_same_file_is_not_equal(book, tmp_path, facts):
    path = book.saved(tmp_path, "columns=claim_reference")
    changed_together(path, b"", b"", **facts)

    code, said = book.verified(path)

    true = json.loads(last_event(Action.MANIFEST_READ).after)["manifest_sha256"]
    assert code == 5
    assert f", file {true}\n" in said.partition("\nmanifest: manifest ")[2]


def test_a_manifest_that_was_only_written_in_another_way_is_equal(book, tmp_path):
    path = book.saved(tmp_path, "columns=claim_reference")
    changed_together(path, b"", b"")

    assert book.verified(path)[0] == 0


def test_the_manifest_of_a_kept_export_is_compared_too_and_may_be_deleted(book, tmp_path):
    export = kept(book, "Q1")
    path = tmp_path / "Q1.csv"
    path.write_bytes(book.client.get("/exports/Q1").data)
    same = book.verified(path)[0]
    send(book.client, "/exports/Q1/delete", reason="not needed")
    deleted = kept_export(kept_folder(book.client.application.config), "Q1")
    after_deletion = book.verified(path)[0]
    (export.folder / "manifest.json").write_text(json.dumps(deleted.manifest | {"currency": "EUR"}))

    assert (same, bool(deleted.deleted_at), after_deletion) == (0, True, 0)
    assert book.verified(path)[0] == 5


def test_the_manifest_that_the_command_wrote_is_known(book, tmp_path):
    path = tmp_path / "claims.csv"
    runner = book.client.application.test_cli_runner()
    written = runner.invoke(args=["exports", "claims", "--to", str(path), "--manifest"])
    beside = path.with_name("claims.csv.manifest.json")
    manifest = json.loads(beside.read_bytes())

    same = runner.invoke(args=["exports", "verify", str(path)])
    beside.write_text(json.dumps(manifest | {"query": "x=y"}))
    other = runner.invoke(args=["exports", "verify", str(path)])

    assert (written.exit_code, same.exit_code, other.exit_code) == (0, 0, 5)


def test_a_seal_that_the_book_does_not_contain_is_a_difference(book, tmp_path):
    path = book.saved(tmp_path, "columns=claim_reference")
    changed_together(path, b"", b"", watermark={"seal": f"1:{'a' * 64}"})

    said = book.verified(path)[1]

    assert f"seal: manifest 1:{'a' * 64}, file not in this book\n" in said


def test_a_manifest_from_before_they_were_recorded_is_not_compared(book, tmp_path, monkeypatch):
    monkeypatch.setattr("flaskr.exports.delivery.manifest_facts", lambda manifest: {})
    path = book.saved(tmp_path, "columns=claim_reference")
    changed_together(path, b"", b"", query="x=y")

    assert book.verified(path)[0] == 0
