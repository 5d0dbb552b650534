"""Every download is recorded before its first byte is sent, and once per download."""

import hashlib

import pytest
from sqlalchemy import text

from flaskr.audit.services import command_actor
from flaskr.book.sealing.queries import watermark
from flaskr.exports.kept.services import kept_folder
from flaskr.extensions import db
from flaskr.users.models import Role
from tests.browsing import fields_of
from tests.privacy.pseudonyms.readers import (
    NAME,
    REASON,
    file_events,
    reading_client,
    spooled_files,
)

POLICIES = "/export_policies"
SENTENCE = "This must be recorded in the trail, which cannot be written right now"
BROKEN = {
    "sqlite": [
        "CREATE TRIGGER broken BEFORE INSERT ON audit_events "
        "BEGIN SELECT RAISE(ABORT, 'no room'); END"
    ],
    "postgresql": [
        "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'no room'; END $$",
        "CREATE TRIGGER broken BEFORE INSERT ON audit_events "
        "FOR EACH ROW EXECUTE FUNCTION broken()",
    ],
}
REPAIRED = {
    "sqlite": ["DROP TRIGGER broken"],
    "postgresql": ["DROP TRIGGER broken ON audit_events", "DROP FUNCTION broken()"],
}


def run(app, statements: dict[str, list[str]]) -> None:
    with app.app_context():
        for statement in statements[db.engine.dialect.name]:
            db.session.execute(text(statement))
        db.session.commit()
        db.session.remove()


@pytest.fixture
def broken(book):
    """A book whose trail cannot be written; the users signed in before."""
    clients = reading_client(book, Role.HANDLER), reading_client(book, Role.ACTUARY)
    keep(clients[1], "Before")
    run(book, BROKEN)
    yield clients
    run(book, REPAIRED)


def last_seal(app) -> str:
    with app.app_context():
        return watermark()["seal"]


def keep(client, name: str, **typed):
    form = fields_of(client.get("/exports")) | {"name": name, "form": "csv"} | typed
    return client.post("/exports", data=form)


def test_an_export_is_recorded_with_its_contents_and_reason(book, handler):
    body = handler.get(f"{POLICIES}?as_at=2100-01-01&{REASON}")
    assert body.status_code == 400
    body = handler.get(f"{POLICIES}?format=csv&premium_from=1&text=h-&{REASON}").data

    assert file_events(book) == [
        {
            "action": "file_exported",
            "actor": "handler@example.com",
            "subject": "/export_policies?format=csv&premium_from=1.00&text=*",
            "rows": 3,
            "size": len(body),
            "sha256": hashlib.sha256(body).hexdigest(),
            "format": "csv",
            "as_at": None,
            "basis": None,
            "identified": True,
            "seal": last_seal(book),
            "reason": "asked by the person",
        }
    ]


def test_of_references_in_an_address_only_those_of_the_book_are_recorded(book, handler):
    for query in (
        "policy=h-1&event_code=Bo+Ek",
        "policy=Bo+Ek",
        "policy=640823-3234&event_code=A&event_code=B",
    ):
        with handler.get(f"/export_claims?{query}"):
            pass
    with handler.get("/export_ledger?claim=Bo+Ek"):
        pass

    assert [event["subject"] for event in file_events(book)] == [
        "/export_claims?format=csv&event_code=*&policy=h-1",
        "/export_claims?format=csv&policy=*",
        "/export_claims?format=csv&event_code=*&event_code=*&policy=*",
        "/export_ledger?format=csv&claim=*",
    ]


def test_an_export_as_at_a_date_and_a_manifest_are_recorded(book, actuary):
    actuary.get("/export_ledger?as_at=2024-12-31&basis=booked&format=parquet&manifest=1")

    (event,) = file_events(book)
    assert event["action"] == "manifest_read"
    assert event["subject"].startswith("/export_ledger?format=parquet&as_at=2024-12-31")
    assert (event["as_at"], event["basis"]) == ("2024-12-31", "booked")
    assert (event["identified"], "reason" in event) == (False, False)


def test_the_trail_does_not_record_names_searched_for(book, handler):
    handler.get(f"{POLICIES}?text={NAME}")

    assert NAME not in str(file_events(book))


def test_a_response_without_a_file_is_not_recorded(book, actuary):
    tag = actuary.head(POLICIES).headers["ETag"]
    actuary.head(f"{POLICIES}?manifest=1")
    actuary.get(POLICIES, headers={"If-None-Match": tag})
    actuary.get(POLICIES, headers={"If-Match": '"another"'})
    actuary.get(POLICIES, headers={"Range": "bytes=99999999-"})
    actuary.get(f"{POLICIES}?columns=nonsense")

    assert file_events(book) == []


def test_a_download_in_parts_is_recorded_once(book, actuary):
    size = len(actuary.get(POLICIES, headers={"Range": "bytes=-8"}).data)
    for part in ("20-30", "1-5", "40-"):
        answer = actuary.get(POLICIES, headers={"Range": f"bytes={part}"})
        assert answer.status_code == 206

    assert (size, len(file_events(book))) == (8, 1)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Range": "bytes=0-"},
        {"Range": "bytes=0-3"},
        {"Range": "bytes=-99999999"},
        {"Range": "bytes=1-2,4-5"},
        {"Range": "nonsense"},
        {"Range": "bytes=5-9", "If-Range": '"another"'},
        {"If-Match": "{tag}"},
        {"If-Range": "{tag}", "Range": "bytes=0-9"},
    ],
)
def test_a_whole_file_or_its_start_is_recorded_each_time(book, actuary, headers):
    tag = actuary.get(POLICIES).headers["ETag"]
    sent = {name: value.replace("{tag}", tag) for name, value in headers.items()}

    for _ in range(2):
        actuary.get(POLICIES, headers=sent)

    assert len(file_events(book)) == 3


def test_a_head_request_does_not_let_a_file_be_read_unrecorded(book, actuary):
    """A HEAD and then a GET of all but the first byte is a download."""
    actuary.get("/export_policies?format=csv")
    other = reading_client(book, Role.ACTUARY, "other@example.com")
    tag = other.head(POLICIES).headers["ETag"]

    other.get(POLICIES, headers={"Range": "bytes=1-", "If-Range": tag})

    assert [event["actor"] for event in file_events(book)] == [
        "actuary@example.com",
        "other@example.com",
    ]


def test_without_the_trail_every_export_answers_503_and_sends_nothing(book, broken):
    handler, actuary = broken
    for path in spooled_files(book):
        path.unlink()
    addresses = [f"/export_{each}?format={form}" for each in ("claims", "ledger", "policies")
             for form in ("csv", "parquet")]  # fmt: skip
    addresses += [f"{POLICIES}?manifest=1", "/exports/Before"]
    for client, address in [(actuary, each) for each in addresses] + [
        (handler, f"{POLICIES}?{REASON}")
    ]:
        for headers in ({}, {"Range": "bytes=0-99"}, {"Range": "bytes=-9"}, {"Range": "bytes=5-"}):
            answer = client.get(address, headers=headers)
            assert answer.status_code == 503
            assert SENTENCE in answer.text
            assert b"H-1" not in answer.data
            assert "ETag" not in answer.headers

    assert spooled_files(book) == []


def test_without_the_trail_nothing_is_kept_and_nothing_deleted(book, broken):
    _, actuary = broken
    refused = keep(actuary, "After")
    form = fields_of(actuary.get("/exports/Before/delete")) | {"reason": "not needed"}
    deletion = actuary.post("/exports/Before/delete", data=form)

    assert (refused.status_code, deletion.status_code) == (503, 503)
    assert SENTENCE in refused.text
    assert SENTENCE in deletion.text
    folders = [path for path in kept_folder(book.config).iterdir() if path.is_dir()]
    assert len(folders) == 1
    assert len(list(folders[0].iterdir())) == 2


def test_without_the_trail_the_command_writes_nothing(book, broken, tmp_path):
    path = tmp_path / "policies.csv"

    done = book.test_cli_runner().invoke(args=["exports", "policies", "--to", str(path)])

    assert done.exit_code == 4
    assert SENTENCE in done.output
    assert not path.exists()


def test_once_the_trail_is_repaired_the_same_request_is_served(book, broken):
    _, actuary = broken
    assert actuary.get(POLICIES).status_code == 503
    run(book, REPAIRED)

    assert actuary.get(POLICIES).status_code == 200
    run(book, BROKEN)


def test_an_export_by_command_is_recorded(book, tmp_path):
    path = tmp_path / "claims.csv"
    options = ["--as-at", "2024-12-31", "--manifest"]
    book.test_cli_runner().invoke(args=["exports", "claims", "--to", str(path), *options])

    (event,) = file_events(book)
    assert (event["action"], event["actor"]) == ("file_exported", command_actor())
    assert event["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
