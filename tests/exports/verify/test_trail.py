"""What the trail says about a file to verify."""

import hashlib
import io
import json
from pathlib import Path

import pytest
from flask import Flask

from flaskr.audit.models import Action, AuditEvent
from flaskr.audit.queries import events_of_file
from flaskr.exports.kept.files import kept_export
from flaskr.exports.kept.services import kept_folder
from flaskr.extensions import db
from flaskr.users.models import Role
from tests.browsing import fields_of, send
from tests.exports.golden import GoldenBook
from tests.factories import make_claim
from tests.users.people import signed_in_client

CLAIMS = b'"claim_reference"\n"A"\n"B"\n'


@pytest.fixture
def book(sqlite_app: Flask) -> GoldenBook:
    """An embedded book with two claims, which each test may change."""
    make_claim(claim_reference="A")
    make_claim(claim_reference="B")
    db.session.commit()
    return GoldenBook(sqlite_app)


def changed_together(path: Path, old: bytes, new: bytes, **facts) -> None:
    """Change a file, and its manifest so that it fits."""
    path.write_bytes(path.read_bytes().replace(old, new))
    beside = path.with_name("given.manifest.json")
    manifest = json.loads(beside.read_bytes()) | facts
    manifest["file"] |= {
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "size": path.stat().st_size,
    }
    beside.write_text(json.dumps(manifest))


def last_event(action: Action) -> AuditEvent:
    newest = db.select(AuditEvent).where(AuditEvent.action == action).order_by(AuditEvent.id.desc())
    return db.session.scalars(newest).first()


def kept(book: GoldenBook, name: str, columns: str = "claim_reference"):
    """Keep a CSV file of claims."""
    query = {"query": f"columns={columns}", "form": "csv"}
    assert send(book.client, "/exports", name=name, **query).status_code == 303
    return kept_export(kept_folder(book.client.application.config), name)


def test_a_file_is_shown_with_the_events_by_which_the_book_gave_it(book, tmp_path):
    path = book.saved(tmp_path, "columns=claim_reference")
    book.client.get("/export_claims?columns=claim_reference")

    code, said = book.verified(path)

    event = last_event(Action.FILE_EXPORTED)
    assert code == 0
    assert "This book made exactly this file:\n" in said
    assert said.count("file exported by open, /export_claims?format=csv&columns=claim_ref") == 2
    assert f"event {event.id}: " in said
    assert "manifest read by open" in said
    assert said.endswith("Everything is equal.\n")


def test_a_file_and_its_manifest_that_were_changed_together_are_not_equal(book, tmp_path):
    path = book.saved(tmp_path, "columns=claim_reference")
    changed_together(path, b'"B"', b'"C"')

    code, said = book.verified(path)

    assert code == 5
    assert "has no file with this SHA-256" in said
    assert "or it was changed together with its manifest" in said
    assert "Error: The file agrees with its manifest, but not with the trail." in said
    assert "Everything is equal" not in said


@pytest.mark.parametrize("content", [CLAIMS.replace(b"B", b"C"), b'"cause"\n"water"\n"water"\n'])
def test_a_kept_file_and_its_manifest_that_were_changed_together_are_not_equal(
    book, tmp_path, content
):
    # The second content is that of another file which this book gave: its SHA-256 is in the trail.
    assert book.client.get("/export_claims?columns=cause").data == b'"cause"\n"water"\n"water"\n'
    export = kept(book, "Q1")
    export.path.write_bytes(content)
    manifest = export.manifest
    manifest["columns"][0]["name"] = content.split(b'"')[1].decode()
    manifest["file"] |= {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    (export.folder / "manifest.json").write_text(json.dumps(manifest))
    path = tmp_path / "Q1.csv"
    path.write_bytes(book.client.get("/exports/Q1").data)

    code, said = book.verified(path)

    event = last_event(Action.EXPORT_KEPT)
    true = json.loads(event.after)["sha256"]
    assert code == 5
    assert f"A file with the SHA-256 {true} was kept as “Q1”:\nevent {event.id}: " in said
    assert "but not with the trail" in said


def test_a_file_that_was_saved_again_is_shown_with_the_events_of_the_one_it_was(book, tmp_path):
    path = book.saved(tmp_path, "columns=claim_reference,paid")
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))

    code, said = book.verified(path)

    assert code == 5
    assert "This book made the file that the manifest describes:\nevent " in said
    assert "file exported by open" in said
    assert "The file differs from its manifest." in said


def test_a_manifest_with_another_date_than_the_file_was_made_for_is_a_difference(book, tmp_path):
    path = book.saved(tmp_path, "columns=claim_reference")
    changed_together(path, b"", b"", as_at="2020-12-31", basis="known")

    code, said = book.verified(path)

    assert code == 5
    assert "as at: manifest 2020-12-31, known, file no date" in said


def test_a_file_without_a_manifest_is_looked_for_in_the_trail(book, tmp_path):
    path = book.saved(tmp_path, "columns=claim_reference")
    (tmp_path / "given.manifest.json").unlink()

    code, said = book.verified(path)

    assert code == 3
    assert "This book made exactly this file:\nevent " in said
    assert "There is no known manifest of this file" in said


def test_of_many_events_the_first_and_the_last_are_shown(book, tmp_path):
    path = book.saved(tmp_path, "columns=claim_reference")
    for _ in range(8):
        book.client.get("/export_claims?columns=claim_reference")

    code, said = book.verified(path)

    assert code == 0
    assert "\n8 more\n" in said
    assert said.count("\nevent ") == 2
    assert f"event {last_event(Action.FILE_EXPORTED).id}: " in said


@pytest.mark.parametrize(
    ("events", "begins"), [("no events", ""), ("one event", ", which begins 20")]
)
def test_a_file_of_another_book_or_of_before_the_trail_gets_a_true_sentence(
    golden_book, sqlite_app, tmp_path, events, begins
):
    path = golden_book.saved(tmp_path, "columns=claim_reference")
    if events == "one event":
        make_claim()
        db.session.commit()

    code, said = GoldenBook(sqlite_app).verified(path)

    assert code == 5
    assert f"\nThe trail of this book{begins}" in said
    assert "has no file with this SHA-256. The file is from another book, from before the" in said


@pytest.mark.both_databases
def test_events_are_found_by_the_sha_256_of_the_file(client, session):
    make_claim(claim_reference="A")
    session.commit()
    content = client.get("/export_claims?columns=claim_reference").data
    client.get("/export_claims?columns=paid")

    (event,) = session.execute(events_of_file(hashlib.sha256(content).hexdigest())).all()

    assert (event.action, event.subject) == (
        Action.FILE_EXPORTED,
        "/export_claims?format=csv&columns=claim_reference",
    )
    assert session.execute(events_of_file("0" * 64)).all() == []


def verified_by(client, content: bytes, manifest: bytes) -> str:
    """What the page says about a file, with its white space joined."""
    form = fields_of(client.get("/exports/verify"))
    form |= {"file": (io.BytesIO(content), "f"), "manifest": (io.BytesIO(manifest), "m")}
    answer = client.post("/exports/verify", data=form)
    assert answer.status_code == 200
    return " ".join(answer.text.split())


def given_to(client, query: str) -> tuple[bytes, bytes]:
    address = f"/export_claims?{query}"
    return client.get(address).data, client.get(f"{address}&manifest=1").data


def test_who_may_see_the_trail_sees_who_was_given_a_file_and_a_link(signed_in_app):
    actuary, administrator = (
        signed_in_client(signed_in_app, role) for role in (Role.ACTUARY, Role.ADMINISTRATOR)
    )
    given = given_to(actuary, "columns=paid")

    said = verified_by(administrator, *given)

    with signed_in_app.app_context():
        event = last_event(Action.FILE_EXPORTED)
    link = f'<a href="/trail?after={event.id + 1}">event {event.id}</a>:'
    assert f"{link} " in said
    assert "file exported by actuary@example.com, /export_claims?" in said
    assert f"event {event.id}" in administrator.get(f"/trail?after={event.id + 1}").text


def test_who_may_not_see_the_trail_sees_when_and_whether_it_was_they(signed_in_app):
    actuary, handler = (
        signed_in_client(signed_in_app, role) for role in (Role.ACTUARY, Role.HANDLER)
    )
    given = given_to(actuary, "columns=paid")

    own, others = verified_by(actuary, *given), verified_by(handler, *given)

    assert "file exported by you" in own
    assert "file exported by another user" in others
    assert "An administrator can see in the trail who it was." in others
    assert "actuary@example.com" not in others
    assert "/trail" not in others


def test_the_page_does_not_call_a_file_equal_that_the_book_never_made(book):
    content, manifest = given_to(book.client, "columns=claim_reference")
    changed, facts = content.replace(b'"B"', b'"C"'), json.loads(manifest)
    facts["file"]["sha256"] = hashlib.sha256(changed).hexdigest()

    said = verified_by(book.client, changed, json.dumps(facts).encode())

    assert "f matches its manifest, but not the trail." in said
    assert "byte for byte" not in said
    assert "has no file with this SHA-256" in said
